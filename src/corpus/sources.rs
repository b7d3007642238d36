//! The files that a corpus was read from: by a keyed hash of their path, since paths hold names of people.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;

use super::model::name;
use super::salt::Salt;
use crate::ingest::{FileKind, FoundFile, mask_file};
use crate::session::Format;
use crate::view::{ScrubCounts, Scrubber};

/// What reads, by its version: a file that another one read is read again. Raised with every change of what is read from
/// the same files: readers, measures, evidence, scrubbing.
pub(super) const READER: &str = concat!(env!("CARGO_PKG_VERSION"), "/6");

/// Keyed hash of a path.
pub(super) type PathKey = [u8; 16];

/// How a file stands, compared with the last ingest that saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Not seen before.
    New,
    /// Its stamp or name is another, or another version of the program read it.
    Changed,
    /// As it was.
    Unchanged,
    /// Below the given paths, and not there any more.
    Gone,
    /// Not below the given paths, or left out by choice of one format.
    Elsewhere,
}

/// A file as the corpus knows it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Keyed hash of its path.
    pub key: PathKey,
    /// Parts of its name.
    pub depth: u32,
    /// Its stamp when it was seen last.
    pub stamp: String,
    /// What it is.
    pub kind: FileKind,
    /// The group of files it was read in, where it was.
    pub group: Option<i64>,
    /// Whether it was there when that group was read last.
    pub read: bool,
    /// Whether this version of the program read it.
    pub current: bool,
}

/// A file that takes part in an ingest.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Keyed hash of its path.
    pub key: PathKey,
    /// Its place among the files that were found, where it is there and wanted.
    pub file: Option<u32>,
    /// What it is.
    pub kind: FileKind,
    /// The group of files it was read in last, where it was.
    pub group: Option<i64>,
}

/// What looking at a source came to.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// The source.
    pub source: Source,
    /// Whether it was there when its group was read last.
    pub read: bool,
    /// How it stands.
    pub state: State,
    /// Whether it was opened to find that out.
    pub opened: bool,
}

/// Keyed hash of `path`.
pub(super) fn path_key(salt: &Salt, path: &Path) -> PathKey {
    let mut key = [0; 16];
    let hash = blake3::keyed_hash(salt.key(), path.as_os_str().as_encoded_bytes());
    key.copy_from_slice(&hash.as_bytes()[..16]);
    key
}

/// The keys of `path` and of every folder above it, one after the other: whether it lies below a folder can be told
/// without its name.
fn above(salt: &Salt, path: &Path) -> Vec<u8> {
    path.ancestors().flat_map(|folder| path_key(salt, folder)).collect()
}

/// Numbers as bytes, in the order of their bytes.
pub(super) fn pack(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The numbers that [`pack`] wrote.
pub(super) fn unpack(bytes: &[u8]) -> Vec<u64> {
    numbers(bytes).collect()
}

/// The same one after the other.
pub(super) fn numbers(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks(8).map(|bytes| bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// How a kind is stored: its name, its reason, its links.
pub(super) fn kind_columns(kind: &FileKind) -> (String, Option<&str>, Option<Vec<u8>>) {
    match kind {
        FileKind::Session(format, links) => (name(format), None, Some(pack(links))),
        FileKind::Other(reason) => ("other".to_owned(), Some(reason), None),
        FileKind::Unreadable(reason) => ("unreadable".to_owned(), Some(reason), None),
        FileKind::Unreachable(reason) => ("unreachable".to_owned(), Some(reason), None),
    }
}

/// The name of a file as it is stored and told, without names of persons and without secrets.
pub(super) fn shown_name(name: &str) -> String {
    Scrubber::new().text(&mask_file(name, None), &mut ScrubCounts::new()).into_owned()
}

/// Writes how a file stands over what was known of it; it is in no group until it is read.
pub(super) fn save(connection: &Connection, salt: &Salt, source: &Source, file: &FoundFile) -> rusqlite::Result<()> {
    let (kind, reason, links) = kind_columns(&source.kind);
    let name = shown_name(&file.name);
    let insert = "INSERT OR REPLACE INTO sources (path, above, name, depth, stamp, kind, reason, links, read, reader)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)";
    let above = above(salt, &file.real);
    let columns = (source.key, above, name, file.depth(), &file.stamp, kind, reason, links, READER);
    connection.prepare_cached(insert)?.execute(columns).map(drop)
}

/// Notes the group that a file was read in.
pub(super) fn save_read(connection: &Connection, key: &PathKey, group: i64) -> rusqlite::Result<()> {
    let update = "UPDATE sources SET grp = ?, read = 1 WHERE path = ?";
    connection.prepare_cached(update)?.execute((group, key)).map(drop)
}

/// Notes that a file was not there when its group was read.
pub(super) fn save_absent(connection: &Connection, key: &PathKey, group: i64) -> rusqlite::Result<()> {
    let update = "UPDATE sources SET grp = ?, read = 0 WHERE path = ?";
    connection.prepare_cached(update)?.execute((group, key)).map(drop)
}

/// Hands every file that belongs to a group to `each`, with the group.
pub(super) fn each_read(connection: &Connection, mut each: impl FnMut(PathKey, i64)) -> rusqlite::Result<()> {
    let mut query = connection.prepare("SELECT path, grp FROM sources WHERE grp IS NOT NULL")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        each(row.get(0)?, row.get(1)?);
    }
    Ok(())
}

/// Forgets a file.
pub(super) fn forget(connection: &Connection, key: &PathKey) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM sources WHERE path = ?")?.execute([key]).map(drop)
}

/// What is known of the file with `key`.
pub(super) fn find(connection: &Connection, key: &PathKey) -> rusqlite::Result<Option<Known>> {
    let query = format!("{KNOWN} WHERE path = ?");
    connection.prepare_cached(&query)?.query_row([key], known).optional()
}

/// Hands every file that is known to `each`, in the order of their keys.
pub(super) fn each_known<E>(
    connection: &Connection,
    fail: impl Fn(&rusqlite::Error) -> E,
    mut each: impl FnMut(Known) -> Result<(), E>,
) -> Result<(), E> {
    let mut query = connection.prepare(&format!("{KNOWN} ORDER BY path")).map_err(|error| fail(&error))?;
    let mut rows = query.query_map([], known).map_err(|error| fail(&error))?;
    rows.try_for_each(|row| each(row.map_err(|error| fail(&error))?))
}

const KNOWN: &str = "SELECT path, depth, stamp, kind, reason, links, grp, read, reader FROM sources";

fn known(row: &Row<'_>) -> rusqlite::Result<Known> {
    let (kind, current) = kind(row)?;
    Ok(Known {
        key: row.get("path")?,
        depth: row.get("depth")?,
        stamp: row.get("stamp")?,
        kind,
        group: row.get("grp")?,
        read: row.get("read")?,
        current: current && row.get::<_, String>("reader")? == READER,
    })
}

/// The kind that [`kind_columns`] wrote, and whether this version knows it; a format that it does not is looked at again.
pub(super) fn kind(row: &Row<'_>) -> rusqlite::Result<(FileKind, bool)> {
    let (kind, reason): (String, Option<String>) = (row.get("kind")?, row.get("reason")?);
    let (reason, links): (_, Option<Vec<u8>>) = (reason.unwrap_or_default(), row.get("links")?);
    Ok(match kind.as_str() {
        "other" => (FileKind::Other(reason), true),
        "unreadable" => (FileKind::Unreadable(reason), true),
        "unreachable" => (FileKind::Unreachable(reason), true),
        _ => match serde_json::from_value::<Format>(serde_json::Value::String(kind)) {
            Ok(format) => (FileKind::Session(format, unpack(&links.unwrap_or_default()).into()), true),
            Err(_) => (FileKind::Other(String::new()), false),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_packed_without_loss() {
        let numbers = [0, 1, u64::MAX, 0x0102_0304_0506_0708];
        assert_eq!(unpack(&pack(&numbers)), numbers);
    }

    #[test]
    fn a_file_lies_below_every_folder_above_it_and_no_other() {
        let salt = Salt::fixed([1; 32]);
        let above = above(&salt, Path::new("/a/b/c.jsonl"));
        let below = |folder: &str| above.chunks(16).any(|key| key == path_key(&salt, Path::new(folder)));
        assert!(below("/a") && below("/a/b") && below("/a/b/c.jsonl"));
        assert!(!below("/a/c") && !below("/a/b/c"));
    }
}
