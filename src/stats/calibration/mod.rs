//! Calibration: whether a stated confidence is the share of being right, and what makes it so.

mod isotonic;
mod reliability;
mod scaling;

pub use isotonic::Isotonic;
pub use reliability::{Bin, Brier, Reliability};
pub use scaling::{Platt, Temperature};
