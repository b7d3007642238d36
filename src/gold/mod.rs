//! Labels by people and other raters: files, checks, joins.
//!
//! A file is read in long form (`item,rater,label`, one row a label) or in wide form (one column per rater). Everything
//! that is wrong with it is an error that names file and line; nothing is guessed.

mod columns;
mod distances;
mod error;
mod join;
mod labels;
mod long;
mod model;
mod probabilities;
mod source;
mod wide;

pub use columns::{Columns, Shape};
pub use distances::Distances;
pub use error::{GoldError, Problem};
pub use join::{Join, Known};
pub use labels::{LabelRule, LabelSet, LabelSets};
pub use model::{Missing, Outline, Rating, Ratings};
pub use probabilities::Probabilities;
pub use source::{outline, read, read_rubric};
