//! Pure numbers: coefficients of agreement, intervals, bootstrap. No I/O.
//!
//! Conventions are those of agreement.md section 7: undefined has a reason, never NaN; nothing depends on the order of
//! rows, raters or items. [`Influence`] is the core that standard errors, differences and comparisons are made of;
//! docs/statistics.md has every definition with its source.

mod alpha;
mod bootstrap;
mod chance;
mod coefficient;
mod coefficients;
mod confusion;
mod draws;
mod icc;
mod influence;
mod interval;
mod joint;
mod location;
mod macro_kappa;
mod mean_kappa;
mod moments;
mod rank;
mod share;
mod statistic;
mod table;
mod weighting;

pub use bootstrap::{Bootstrap, IntervalKind, Units};
pub use coefficient::{Coefficient, Undefined};
pub use coefficients::{Errors, Method, Unit, coefficients};
pub use confusion::ConfusionMatrix;
pub use icc::{Icc, IccModel};
pub use influence::{Design, Influence, StandardError};
pub use interval::{CONFIDENCE, Interval, normal_interval, t_interval, wilson_interval};
pub use location::mean_and_median;
pub use macro_kappa::macro_cohen_kappa;
pub use share::{Estimate, Observation, shares};
pub use statistic::Statistic;
pub use table::{Pattern, RatingTable, Scale};
pub use weighting::{Basis, Weighting};
