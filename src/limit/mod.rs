//! Gates for requests and tokens a minute, first come, first served; rate and concurrency found by trying; token
//! estimates.

mod estimate;
mod gate;
mod gates;
mod pace;
mod places;
mod spec;

pub use estimate::TokenEstimator;
pub use gates::{Grant, Limits, Need, PerMinute, Used};
pub use spec::LimitSpec;
