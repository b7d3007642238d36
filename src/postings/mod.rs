//! Job postings with prices: what a judge of task value is calibrated with, and what its prices are checked on.
//!
//! The study's method (report.md 7): fixed-price postings of $10 to $50,000 with descriptions of 50 characters or more, in four
//! tiers; as many examples of each tier, in a shuffled order.

mod choose;
mod model;
mod read;

pub use choose::{Chosen, choose};
pub use model::{Posting, PostingsError, PostingsSpec, TIERS, Tier, tier};
pub use read::{Drop, Postings, read};
