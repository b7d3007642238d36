//! Regressions whose errors follow from the influence core: least squares with fixed effects, and logistic.

mod absorb;
mod columns;
mod linear;
mod logit;

pub use columns::independent_columns;
pub use linear::{Linear, LinearSample};
pub use logit::Logit;
