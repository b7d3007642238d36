//! Why the ledger cannot be used.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the ledger cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// There is none.
    #[error("no ledger at {0}: nothing was run with this results folder yet")]
    NotFound(PathBuf),
    /// Another process writes to it.
    #[error(
        "another run is writing to {ledger}: it holds the lock {lock}; wait for it, or use another --results folder"
    )]
    InUse {
        /// The ledger.
        ledger: PathBuf,
        /// The lock file.
        lock: PathBuf,
    },
    /// It was written by a newer version.
    #[error(
        "{path} was written by a newer assize (format {found}, this one knows {known}): update assize, or use another --results folder"
    )]
    Newer {
        /// The ledger.
        path: PathBuf,
        /// Format of the file.
        found: i64,
        /// Newest format that this version knows.
        known: i64,
    },
    /// The file is not a ledger, or its content is damaged.
    #[error("{path} is not an assize ledger or is damaged: {message}; restore it from a copy, or move it away")]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What was found.
        message: String,
    },
    /// The disk is full.
    #[error("the disk is full: {path} cannot grow; free some space and run the same command again")]
    Full {
        /// The ledger.
        path: PathBuf,
    },
    /// The file or its folder cannot be written.
    #[error("{path} cannot be written: {message}; make it writable, or use another --results folder")]
    Unwritable {
        /// The ledger or its lock file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// Anything else.
    #[error("{path}: {message}")]
    Other {
        /// The ledger.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
}

impl LedgerError {
    /// What `error` means for the ledger at `path`.
    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, message) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged { path, message },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::Unwritable { path, message }
            }
            Some(ErrorCode::SystemIoFailure) => {
                let message = format!("{message}: is the disk full, a quota used up, or the drive gone?");
                Self::Other { path, message }
            }
            _ => Self::Other { path, message },
        }
    }

    /// A stored value that does not read as what it should be.
    pub(super) fn damaged(path: &Path, message: impl std::fmt::Display) -> Self {
        Self::Damaged { path: path.to_owned(), message: message.to_string() }
    }
}
