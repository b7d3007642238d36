//! Hard evidence found in a session without a model: test runs, builds, commits, pushes, pull requests, errors that nobody got
//! past, the person's own words.
//!
//! The patterns are few and strict: a missed piece is better than a false one. What they find is evidence that a reader
//! can check, not a verdict.

mod builds;
mod find;
mod git;
mod model;
mod nested;
mod reaction;
mod shell;
mod tests_run;
mod work;

pub use model::{Detail, Evidence, EvidenceItem, EvidenceKind, Unrecovered};
