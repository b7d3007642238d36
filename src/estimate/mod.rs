//! What a run says of the population, raw and corrected for the judge's errors as measured on gold.
//!
//! [`estimate`] is one report per rubric and judge; [`plan`] says how many labels more would reach a half-width, and where.
//! [`regression`] has the study's regressions. The numbers come from [`crate::stats::estimate`].

mod error;
mod group;
mod input;
mod method;
mod model;
mod plan;
pub mod regression;
mod report;
mod rows;

pub use error::EstimateError;
pub use input::{Source, reference_rater};
pub use method::{CorrectedShares, Method};
pub use model::{Comparison, EstimateReport, EstimateReports, Row, VERSION, Value};
pub use plan::{HalfWidth, JudgePower, NextLabels, Plan, PlanOptions, Plans, plan};
pub use report::{Options, estimate};
pub use rows::corrected;
