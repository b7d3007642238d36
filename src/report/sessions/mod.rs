//! The judged sessions of a run as one compact table: what was measured on each, and what every judge and gold say of it.
//!
//! A row is some tens of bytes and two bytes an answer, so that half a million sessions and ten rubrics fit into memory;
//! [`TableBuilder`] fills it from streams of verdicts and corpus rows.

mod builder;
mod columns;
mod table;
mod tier;

pub use builder::TableBuilder;
pub(super) use columns::{Answer, Column};
pub(super) use table::Facts;
pub use table::{NumberColumn, StudyTable};
