//! The study's derived measures (report.md 5.3): one definition each, for whoever rates, so that they can be corrected.
//!
//! [`DerivedMeasure::of`] holds the definitions; [`derived_verdicts`] and [`derived_ratings`] apply them to a judge's verdicts
//! and to gold; [`estimate_derived`] gives raw and corrected rates. docs/derived-measures.md lists them.

mod apply;
mod measure;
mod parts;
mod report;
mod twin;

pub use apply::{Shares, add_decision_shares, decision_shares, derived_ratings, derived_verdicts};
pub use measure::DerivedMeasure;
pub use parts::{DecisionShares, Measured, Part, SessionParts, Standing};
pub use report::{DerivedReports, LeftOut, estimate_derived};
pub use twin::MachineTwin;
