//! Regressions whose errors follow from the influence core: least squares with fixed effects, and logistic.

mod absorb;
mod linear;
mod logit;

pub use linear::{Linear, LinearSample};
pub use logit::Logit;
