//! The study's figures and tables made anew from a run (report.md section 10): one [`Study`] a judge, each exhibit as data.
//!
//! Numbers come from [`crate::estimate`] and [`crate::stats`]; charts of the same data are drawn in `charts`.

mod breakdowns;
mod build;
mod checks;
mod controls;
mod decisions;
mod dimension;
mod expertise;
mod model;
mod occupation;
mod outcomes;
mod published;
mod regressions;
mod sample;
mod signals;
mod source;
mod withhold;
mod work;

pub(super) use build::build;
pub(super) use checks::build as checks;
pub use model::{Cell, Exhibit, Form, Need, Panel, PublishedNumber, Study, Unit, Withheld};
pub(super) use published::published_values;
pub(super) use sample::{CORRECTION, label_shares, persons, weighed};
pub(super) use source::cell as share_cell;
pub(super) use withhold::{Held, Totals, withheld};
