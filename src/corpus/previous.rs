//! The corpus that an ingest goes on from.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::salt::Salt;
use super::sources::{Known, PathKey, each_known, find, unpack};
use super::store::{Corpus, CorpusError, FILE, READ_ONLY, connect};

/// The corpus that is there, and what it was read from.
#[derive(Debug)]
pub(super) struct Previous {
    /// Its file.
    pub path: PathBuf,
    /// Size and time of change of its file, to find out whether another ingest replaced it.
    pub stamp: Option<(u64, std::time::SystemTime)>,
    /// A connection for reading.
    pub connection: Connection,
}

/// A session that may not be readable again: its id, its records.
pub(super) type Old = (String, Vec<u64>);

impl Previous {
    /// The corpus in `folder`, where there is one.
    ///
    /// # Errors
    /// When it cannot be read, or its pseudonyms were made under another key.
    pub fn open(folder: &Path, salt: &Salt) -> Result<Option<Self>, CorpusError> {
        let path = folder.join(FILE);
        let stamp = stamp(&path);
        if stamp.is_none() {
            return Ok(None);
        }
        // Checks that it is a corpus, and of this version.
        drop(Corpus::open(folder)?);
        let fail = |error: rusqlite::Error| CorpusError::sqlite(&path, &error);
        let connection = connect(&path, READ_ONLY).map_err(fail)?;
        let made_under: String =
            connection.query_row("SELECT salt FROM reports", [], |row| row.get(0)).map_err(fail)?;
        if made_under != salt.id() {
            return Err(CorpusError::OtherSalt(path));
        }
        Ok(Some(Self { path, stamp, connection }))
    }

    /// What it knows of a file.
    pub fn known(&self, key: &PathKey) -> Result<Option<Known>, CorpusError> {
        find(&self.connection, key).map_err(|error| self.fail(&error))
    }

    /// Hands every file it was read from to `each`, in the order of their keys.
    pub fn each_known(&self, each: impl FnMut(Known) -> Result<(), CorpusError>) -> Result<(), CorpusError> {
        each_known(&self.connection, |error| self.fail(error), each)
    }

    /// Hands every group with sessions that others were preferred to to `each`.
    pub fn each_shadowed(&self, mut each: impl FnMut(i64) -> Result<(), CorpusError>) -> Result<(), CorpusError> {
        let query = self.connection.prepare("SELECT grp FROM groups WHERE shadowed > 0");
        let mut query = query.map_err(|error| self.fail(&error))?;
        let mut groups = query.query_map([], |row| row.get(0)).map_err(|error| self.fail(&error))?;
        groups.try_for_each(|group| each(group.map_err(|error| self.fail(&error))?))
    }

    /// The highest number of a group.
    pub fn last_group(&self) -> Result<i64, CorpusError> {
        let last = self.connection.query_row("SELECT IFNULL(MAX(grp), 0) FROM sources", [], |row| row.get(0));
        last.map_err(|error| self.fail(&error))
    }

    /// The keys of a file and of the folders above it.
    pub fn above(&self, key: &PathKey) -> Result<Vec<u8>, CorpusError> {
        let query = self.connection.prepare_cached("SELECT above FROM sources WHERE path = ?");
        let above = query.and_then(|mut query| query.query_row([key], |row| row.get(0)));
        above.map_err(|error| self.fail(&error))
    }

    /// The sessions of `groups`.
    pub fn sessions(&self, groups: &[i64]) -> Result<Vec<Old>, CorpusError> {
        sessions(&self.connection, groups, "TRUE").map_err(|error| self.fail(&error))
    }

    fn fail(&self, error: &rusqlite::Error) -> CorpusError {
        CorpusError::sqlite(&self.path, error)
    }
}

/// The sessions of `groups` for which `condition` holds.
pub(super) fn sessions(connection: &Connection, groups: &[i64], condition: &str) -> rusqlite::Result<Vec<Old>> {
    let query = format!("SELECT id, records FROM origins WHERE grp = ? AND {condition} ORDER BY id");
    let mut query = connection.prepare_cached(&query)?;
    let mut sessions = Vec::new();
    for group in groups {
        let rows = query.query_map([group], |row| Ok((row.get(0)?, unpack(&row.get::<_, Vec<u8>>(1)?))))?;
        for session in rows {
            sessions.push(session?);
        }
    }
    Ok(sessions)
}

/// Size and time of change of the file at `path`, where there is one.
pub(super) fn stamp(path: &Path) -> Option<(u64, std::time::SystemTime)> {
    let data = fs_err::metadata(path).ok()?;
    Some((data.len(), data.modified().ok()?))
}
