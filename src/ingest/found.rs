//! The files below some paths, listed on disk: there may be more of them than memory should hold.

use std::ops::Range;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;

use bstr::ByteSlice;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row};

use super::discover::IngestError;
use super::group::FileKind;
use super::swe_chat::{Table, Tables};

/// One file below the given paths, or something in their way.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFile {
    /// Where it is opened.
    pub path: PathBuf,
    /// Its path without links, by which it is known again.
    pub real: PathBuf,
    /// Its name below the path it was found through, `/` between folders.
    pub name: String,
    /// Size and time of change of the file and of what belongs to it; a file that has the same stamp again is unchanged.
    pub stamp: String,
    /// What it is, where that is known without opening it: anything but a session.
    pub kind: Option<FileKind>,
    /// The session table of the dataset that it is part of.
    pub(super) table: Option<Arc<Table>>,
}

impl FoundFile {
    /// A file whose stamp and kind are not known yet.
    pub(super) fn new(path: PathBuf, real: PathBuf, name: String) -> Self {
        Self { path, real, name, stamp: String::new(), kind: None, table: None }
    }

    /// What cannot be reached, and why.
    pub(super) fn unreachable(path: PathBuf, name: String, reason: String) -> Self {
        Self { kind: Some(FileKind::Unreachable(reason)), ..Self::new(path.clone(), path, name) }
    }

    /// Parts of its name.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.name.split('/').fold(0, |depth, _| depth + 1)
    }

    /// Gives it the name with `depth` parts of its real path, if that is longer than the one it has.
    pub(super) fn deepen(&mut self, depth: u32) {
        if depth > self.depth() && self.real.components().nth(depth as usize).is_some() {
            self.name = last(&self.real, depth);
        }
    }
}

/// The last `parts` parts of `path`, `/` between them.
pub(super) fn last(path: &Path, parts: u32) -> String {
    let below = path.ancestors().nth(parts as usize).and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path);
    let text = below.to_string_lossy();
    if MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(MAIN_SEPARATOR, "/") }
}

/// What lies below some paths.
#[derive(Debug)]
pub struct Found {
    list: Connection,
    tables: Tables,
    /// The given files and folders without links, with those that patterns stand for.
    pub roots: Vec<PathBuf>,
    /// How many files there are.
    pub count: u32,
    /// Folders with copies out of git repositories, which some of the files are; removed when dropped.
    pub copies: Vec<tempfile::TempDir>,
}

impl Found {
    /// All files, some thousands at once, sorted by name.
    pub fn parts(&self) -> impl Iterator<Item = Result<Vec<FoundFile>, IngestError>> {
        (0..self.count).step_by(AT_ONCE as usize).map(|from| self.files(from..from.saturating_add(AT_ONCE)))
    }

    fn files(&self, places: Range<u32>) -> Result<Vec<FoundFile>, IngestError> {
        let query = format!("SELECT {COLUMNS} FROM files WHERE place >= ? AND place < ? ORDER BY place");
        let mut query = self.list.prepare_cached(&query)?;
        let files = query.query_map([places.start, places.end], file)?;
        files.map(|file| Ok(self.tables.attach(file?))).collect()
    }

    /// The file at `place`, counted from 0 in the order of the names.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn file(&self, place: u32) -> Result<FoundFile, IngestError> {
        let mut query = self.list.prepare_cached(&format!("SELECT {COLUMNS} FROM files WHERE place = ?"))?;
        Ok(self.tables.attach(query.query_row([place], file)?))
    }
}

impl From<rusqlite::Error> for IngestError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Notes(error.to_string())
    }
}

/// Files that are being listed, each once.
#[derive(Debug)]
pub(super) struct Listing {
    list: Connection,
}

impl Listing {
    /// An empty list in a file of `SQLite`'s own, which nobody else sees and which ends with the list.
    pub fn new() -> Result<Self, IngestError> {
        let list = Connection::open("")?;
        // Else a cached statement is prepared again each time it is used.
        list.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        list.execute_batch(
            "PRAGMA journal_mode = OFF;
            CREATE TABLE reached (
                real BLOB PRIMARY KEY NOT NULL, path BLOB NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL,
                other TEXT, unreachable TEXT
            ) STRICT, WITHOUT ROWID;
            BEGIN;",
        )?;
        Ok(Self { list })
    }

    /// Adds `file`. Of a file that is reached twice, the longest name stays, so that overlapping paths and their order
    /// change nothing.
    pub fn add(&self, file: &FoundFile) -> Result<(), IngestError> {
        let insert = format!(
            "INSERT INTO reached ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (real) DO UPDATE SET path = excluded.path, name = excluded.name
            WHERE (octet_length(excluded.name), excluded.name, excluded.path) > (octet_length(name), name, path)"
        );
        let (real, path) = (bytes(&file.real), bytes(&file.path));
        let (other, unreachable) = reasons(file.kind.as_ref());
        let columns = (real, path, &file.name, &file.stamp, other, unreachable);
        self.list.prepare_cached(&insert)?.execute(columns)?;
        Ok(())
    }

    /// Hands the files to `look`, a few thousand at once, and keeps what it makes of them.
    pub fn look(&self, mut look: impl FnMut(&mut [FoundFile])) -> Result<(), IngestError> {
        let query = format!("SELECT {COLUMNS} FROM reached WHERE real > ? ORDER BY real LIMIT {AT_ONCE}");
        let mut query = self.list.prepare(&query)?;
        let update = "UPDATE reached SET name = ?2, stamp = ?3, other = ?4, unreachable = ?5 WHERE real = ?1";
        let mut update = self.list.prepare(update)?;
        let mut after = PathBuf::new();
        loop {
            let mut files = query.query_map([bytes(&after)], file)?.collect::<rusqlite::Result<Vec<_>>>()?;
            let Some(last) = files.last() else { return Ok(()) };
            after.clone_from(&last.real);
            look(&mut files);
            for file in &files {
                let (other, unreachable) = reasons(file.kind.as_ref());
                update.execute((bytes(&file.real), &file.name, &file.stamp, other, unreachable))?;
            }
        }
    }

    /// The whole list, sorted by name.
    pub fn finish(
        self,
        roots: Vec<PathBuf>,
        tables: Tables,
        copies: Vec<tempfile::TempDir>,
    ) -> Result<Found, IngestError> {
        self.list.execute_batch(&format!(
            "CREATE TABLE files (
                place INTEGER PRIMARY KEY, real BLOB NOT NULL, path BLOB NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL,
                other TEXT, unreachable TEXT
            ) STRICT;
            INSERT INTO files SELECT ROW_NUMBER() OVER (ORDER BY name, real) - 1, {COLUMNS} FROM reached;
            DROP TABLE reached;"
        ))?;
        let count = self.list.query_row("SELECT COUNT(*) FROM files", [], |row| row.get(0))?;
        Ok(Found { list: self.list, tables, roots, count, copies })
    }
}

/// Files that are held in memory at once.
const AT_ONCE: u32 = 4096;

const COLUMNS: &str = "real, path, name, stamp, other, unreachable";

fn file(row: &Row<'_>) -> rusqlite::Result<FoundFile> {
    let path = |column: &str| Ok::<_, rusqlite::Error>(row.get_ref(column)?.as_blob()?.to_path_lossy().into_owned());
    let (other, unreachable): (Option<String>, Option<String>) = (row.get("other")?, row.get("unreachable")?);
    Ok(FoundFile {
        path: path("path")?,
        real: path("real")?,
        name: row.get("name")?,
        stamp: row.get("stamp")?,
        kind: other.map(FileKind::Other).or(unreachable.map(FileKind::Unreachable)),
        table: None,
    })
}

/// Why a file is no session, and why it cannot be reached.
fn reasons(kind: Option<&FileKind>) -> (Option<&str>, Option<&str>) {
    match kind {
        Some(FileKind::Other(reason)) => (Some(reason), None),
        Some(FileKind::Unreachable(reason)) => (None, Some(reason)),
        _ => (None, None),
    }
}

/// A path whose bytes are no text is kept as it is; where the system's paths are none, it cannot be opened, which is said.
fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}
