//! What is told of batches: events while a run works, and how they stand by the ledger alone.

use std::path::Path;

use serde::Serialize;

use crate::ledger::Ledger;

use crate::run::error::RunError;
use crate::run::folder;

/// What there is to say about a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum BatchStage {
    /// It was created.
    Created,
    /// It was created by an earlier run, or one that was killed, and is gone on with.
    PickedUp,
    /// The provider works on it.
    Working {
        /// Calls that are done; none where the provider does not tell before the end.
        done: Option<u64>,
    },
    /// It ended, and its results are committed.
    Read {
        /// Calls answered.
        answered: u64,
        /// Calls without an answer that are to be asked again: expired, cancelled, missing, or failed for now.
        again: u64,
        /// Calls that failed for good.
        failed: u64,
    },
}

/// A batch that may still hold answers not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenBatch {
    /// The run that pays for it.
    pub run: String,
    /// The model asked, `provider/model`.
    pub model: String,
    /// The provider's id; none where a run was stopped before it was known.
    pub id: Option<String>,
    /// Calls in it.
    pub calls: u64,
    /// Calls whose result is not read yet.
    pub waiting: u64,
    /// RFC 3339 time at which it was begun.
    pub since: String,
}

/// The batches of the folder `results` that may still hold answers not read, the oldest first, from the ledger alone.
///
/// # Errors
/// When the ledger cannot be read.
pub fn open_batches(results: &Path) -> Result<Vec<OpenBatch>, RunError> {
    let open = Ledger::open(&folder::ledger(results))?.open_batches()?;
    let shown = open.into_iter().map(|(batch, waiting)| OpenBatch {
        run: batch.run,
        model: batch.model,
        id: batch.id,
        calls: batch.calls,
        waiting,
        since: batch.begun_at,
    });
    Ok(shown.collect())
}
