//! Gates for requests and tokens a minute, first come, first served; rate and concurrency found by trying; the budget
//! of a run; token estimates.

mod budget;
mod clock;
mod estimate;
mod gate;
mod gates;
mod pace;
mod places;
mod spec;

pub use budget::{Budget, Exhausted, Reservation};
pub use estimate::{BYTES_PER_TOKEN, OUTPUT_TOKENS, TokenEstimator, most_tokens};
pub use gates::{Grant, Limits, Need, PerMinute, Used};
pub use spec::LimitSpec;
