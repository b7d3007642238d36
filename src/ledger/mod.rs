//! The store of calls, verdicts and runs: one `SQLite` file shared by all runs of a project.
//!
//! Paid work is committed here before it is counted. One process writes at a time, guarded by a lock file; reading needs
//! no lock. Keys are never stored.

mod batch;
mod check;
mod error;
mod model;
mod open;
mod read;
mod write;

pub use batch::{Batch, BatchCall, BatchEntry};
pub use error::LedgerError;
pub use model::{Call, Decision, Entry, Intent, LabelCount, Lengths, Paid, Place, StoredCall, Usage};
pub use open::{Ledger, Writer};

#[cfg(test)]
mod tests;
