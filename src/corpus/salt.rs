//! The secret key under which persons get pseudonyms.
//!
//! It is kept beside the corpora of a project (`datasets/.salt`), so that one person has one pseudonym in all of them, and
//! nobody without the file can find out whether a pseudonym is a given name. It never goes into a corpus or a report.

use std::io::Write;
use std::path::{Path, PathBuf};

/// A key of 32 bytes.
#[derive(Clone)]
pub struct Salt {
    key: [u8; 32],
    /// Where a new key will be kept, once there is a corpus that needs it.
    unsaved: Option<PathBuf>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum SaltError {
    /// The file cannot be read or written.
    #[error("salt file: {0}")]
    File(#[from] std::io::Error),
    /// The file holds something else.
    #[error(
        "{0}: not a salt file, which is 64 hexadecimal digits; name another with --salt, or remove it to get new pseudonyms"
    )]
    Damaged(PathBuf),
    /// Another ingest made one while this one worked.
    #[error("{0}: another ingest made this salt file in the meantime; run the command again, which will use it")]
    Overtaken(PathBuf),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes for a new salt: {0}")]
    Random(getrandom::Error),
}

impl Salt {
    /// A key of the caller's, for synthetic data and tests.
    #[must_use]
    pub fn fixed(key: [u8; 32]) -> Self {
        Self { key, unsaved: None }
    }

    /// A new random key that is kept nowhere.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn random() -> Result<Self, SaltError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(SaltError::Random)?;
        Ok(Self::fixed(key))
    }

    /// Where the key of the corpus in `folder` is kept unless another file is named: `.salt` beside the folder.
    #[must_use]
    pub fn beside(folder: &Path) -> PathBuf {
        folder.parent().unwrap_or(Path::new("")).join(".salt")
    }

    /// Reads the key in `path`.
    ///
    /// # Errors
    /// When the file cannot be read or is no salt file.
    pub fn read(path: &Path) -> Result<Self, SaltError> {
        let text = fs_err::read_to_string(path)?;
        let hash = blake3::Hash::from_hex(text.trim()).map_err(|_| SaltError::Damaged(path.to_owned()))?;
        Ok(Self::fixed(*hash.as_bytes()))
    }

    /// Reads the key in `path`, or makes one that will be kept there as soon as a corpus needs it: an ingest that fails
    /// leaves none.
    ///
    /// # Errors
    /// When the file is no salt file or cannot be read, or the system gives no random bytes.
    pub fn read_or_new(path: &Path) -> Result<Self, SaltError> {
        if path.exists() {
            return Self::read(path);
        }
        Ok(Self { unsaved: Some(path.to_owned()), ..Self::random()? })
    }

    /// Keeps a new key in its file, which only its owner may read; returns the file where one was made.
    ///
    /// # Errors
    /// When it cannot be written, or another ingest made one in the meantime.
    pub(super) fn save(&self) -> Result<Option<&Path>, SaltError> {
        let Some(path) = self.unsaved.as_deref() else { return Ok(None) };
        if path.exists() {
            // Made by this program a moment ago, for another corpus, or by another one.
            let same = Self::read(path)?.key == self.key;
            return if same { Ok(None) } else { Err(SaltError::Overtaken(path.to_owned())) };
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs_err::create_dir_all(folder)?;
        }
        let mut options = fs_err::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = match options.open(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(SaltError::Overtaken(path.to_owned()));
            }
            other => other?,
        };
        writeln!(file, "{}", blake3::Hash::from_bytes(self.key).to_hex())?;
        file.sync_all()?;
        Ok(Some(path))
    }

    /// What tells this key from others and does not give it away.
    pub(super) fn id(&self) -> String {
        blake3::keyed_hash(&self.key, b"which salt this is").to_hex()[..16].to_owned()
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }
}

impl std::fmt::Debug for Salt {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Salt(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_made_once_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = Salt::beside(&folder.path().join("datasets/mine"));
        let first = Salt::read_or_new(&path).unwrap();
        assert!(!path.exists(), "nothing needs it yet");
        assert_eq!(first.save().unwrap(), Some(path.as_path()));
        assert_eq!(first.key(), Salt::read_or_new(&path).unwrap().key());
        assert_eq!(first.save().unwrap(), None);
        let other = Salt { unsaved: Some(path.clone()), ..Salt::random().unwrap() };
        assert!(matches!(other.save(), Err(SaltError::Overtaken(_))));
        assert_ne!(first.key(), Salt::random().unwrap().key());
        #[cfg(unix)]
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&fs_err::metadata(&path).unwrap().permissions()) & 0o777,
            0o600
        );
        assert!(!format!("{first:?}").contains(&blake3::Hash::from_bytes(*first.key()).to_hex()[..8]));
    }

    #[test]
    fn another_file_is_not_taken_for_a_salt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        fs_err::write(&path, "hello").unwrap();
        assert!(matches!(Salt::read_or_new(&path), Err(SaltError::Damaged(_))));
        assert_eq!(fs_err::read_to_string(&path).unwrap(), "hello");
    }
}
