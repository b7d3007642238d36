//! A report that may be shared: rounded numbers of cells that are large enough, in words that are known beforehand.
//!
//! [`publish`] makes a [`PublicReport`] from a [`Report`](super::Report); nothing else of a run is in it, so that its forms, which are
//! drawn from it alone, cannot hold more. [`check`] reads the forms back and finds what should not be there; it shares
//! neither the rounding nor the withholding with what made them.

mod check;
mod forms;
mod leaks;
mod lines;
mod model;
mod numbers;
mod parts;
mod publish;
mod round;
mod rules;
mod tables;
mod vocabulary;

pub use check::{Breach, check};
pub use forms::{files, write};
pub use leaks::Leaks;
pub use model::{
    Hidden, PublicCell, PublicJudge, PublicNumber, PublicPanel, PublicReport, PublicSample, PublicTable, Rounding,
};
pub use publish::{LEAST, publish};
pub use vocabulary::Vocabulary;
