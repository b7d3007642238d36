//! Charts, one a file, drawn under one theme.

mod forest;
mod shares;
mod study;
mod theme;

pub(super) use forest::forest;
pub(super) use shares::shares;
pub(super) use study::{Drawn, panels};
