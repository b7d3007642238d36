//! The study's figures, one form a file: each panel is a chart of its own, so that a page can set them side by side or, on a
//! phone, one below the other.

mod bars;
mod boxes;
mod dots;
mod frame;
mod histogram;
mod lines;
mod panels;
mod steps;

pub(in crate::report) use panels::{Drawn, panels};
