//! Calibration: whether a stated confidence is the share of being right, and what makes it so.

mod distance;
mod isotonic;
mod map;
mod reliability;
mod scaling;

pub use distance::calibration_errors;
pub use isotonic::Isotonic;
pub use map::{Map, MapKind, NEAREST, Stated};
pub use reliability::{Bin, Brier, Reliability};
pub use scaling::{Platt, Temperature};
