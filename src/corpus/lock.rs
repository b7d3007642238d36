//! One ingest at a time into one folder.

use std::fs::TryLockError;
use std::path::Path;

use super::store::CorpusError;

/// The right to write into a folder, given back when dropped. It is a lock on the folder itself, so that no file is left
/// behind by a program that was killed.
#[derive(Debug)]
pub(super) struct Lock {
    _folder: Option<fs_err::File>,
}

impl Lock {
    /// Takes the lock on `folder`.
    ///
    /// # Errors
    /// When another ingest has it. Systems that lock no folders give it to everybody; the writer finds out there whether
    /// the corpus was replaced meanwhile.
    pub fn take(folder: &Path) -> Result<Self, CorpusError> {
        let file = fs_err::File::open(folder).ok();
        match file.as_ref().map(|file| file.file().try_lock()) {
            Some(Err(TryLockError::WouldBlock)) => Err(CorpusError::Busy(folder.to_owned())),
            _ => Ok(Self { _folder: file }),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_until_the_lock_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        assert!(matches!(Lock::take(folder.path()), Err(CorpusError::Busy(_))));
        drop(first);
        assert!(Lock::take(folder.path()).is_ok());
    }
}
