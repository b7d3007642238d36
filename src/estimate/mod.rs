//! What a run says of the population, raw and corrected for the judge's errors as measured on gold.
//!
//! [`estimate`] is one report per rubric and judge, [`estimate_derived`] the same for the study's derived measures;
//! [`plan`] says how many labels more would reach a half-width, and where; [`regression`] has the study's regressions.
//! The numbers come from [`crate::stats::estimate`].

mod decisions;
mod derived;
mod error;
mod group;
mod input;
mod method;
mod model;
mod plan;
mod rate;
pub mod regression;
mod report;
mod rows;
mod task_value;

pub use decisions::{DecisionCounts, Division, NotDecisions};
pub use derived::{
    DecisionShares, DerivedMeasure, DerivedReports, LeftOut, MachineTwin, Measured, Part, SessionParts, Shares,
    Standing, add_decision_shares, decision_shares, derived_ratings, derived_verdicts, estimate_derived,
};
pub use error::EstimateError;
pub use input::{Source, reference_rater};
pub use method::{CorrectedShares, Method};
pub use model::{Comparison, EstimateReport, EstimateReports, Row, VERSION, Value};
pub use plan::{HalfWidth, JudgePower, KappaAbove, NextLabels, Plan, PlanOptions, Plans, plan};
pub use report::{Options, estimate};
pub use rows::{corrected, corrected_rate};
pub use task_value::{ORDINAL, PriceReport, PriceRow, price_reports};
