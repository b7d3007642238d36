//! Pure numbers: coefficients of agreement, intervals, bootstrap. No I/O.
//!
//! Conventions are those of agreement.md section 7: undefined has a reason, never NaN; nothing depends on the order of
//! rows, raters or items. [`Influence`] is the core that standard errors, differences and comparisons are made of;
//! docs/statistics.md has every definition with its source.

mod alpha;
mod alternative;
pub mod annotators;
pub mod bias;
mod bootstrap;
pub mod calibration;
mod ceiling;
mod chance;
mod cochran;
mod coefficient;
mod coefficients;
pub mod conformal;
mod confusion;
mod difference;
mod draws;
pub mod estimate;
mod icc;
mod influence;
mod interval;
mod joint;
mod location;
mod macro_kappa;
mod mean_kappa;
mod moments;
mod multiple;
mod rank;
pub mod regression;
mod share;
mod statistic;
mod suspicion;
mod symmetry;
mod table;
mod test;
mod weighting;

pub use alternative::{AgainstPerson, Alternative, AlternativeTest};
pub use bootstrap::{Bootstrap, IntervalKind, Units};
pub use ceiling::mean_over_pairs;
pub use cochran::cochran_q;
pub use coefficient::{Coefficient, Undefined};
pub use coefficients::{Errors, Method, Unit, coefficients};
pub use confusion::ConfusionMatrix;
pub use difference::{Contrast, Difference, Equivalence, Verdict, equivalence};
pub use icc::{Icc, IccModel};
pub use influence::{Design, Influence, StandardError};
pub use interval::{CONFIDENCE, Interval, normal_interval, t_interval, wilson_interval};
pub use location::{Weighed, geometric_mean, mean, quantiles, ratio_of_means};
pub use macro_kappa::{macro_cohen_kappa, macro_influence};
pub use multiple::Adjustment;
pub use share::{Estimate, Numbered, Observation, shares, shares_at, shares_numbered};
pub use statistic::Statistic;
pub use suspicion::{Finding, Sight, sight};
pub use symmetry::{bowker, mcnemar, mcnemar_clustered, stuart_maxwell, symmetry_tests};
pub use table::{Pattern, RatingTable, Scale};
pub use test::Test;
pub use weighting::{Basis, Weighting};
