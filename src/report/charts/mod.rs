//! Charts, one a file, drawn under one theme.

mod forest;
mod reliability;
mod shares;
mod study;
mod theme;

pub(super) use forest::forest;
pub use reliability::reliability_diagram;
pub(super) use shares::shares;
pub(super) use study::{Drawn, panels};
