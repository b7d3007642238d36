//! The sources that take part in an ingest, listed on disk, and which of them have to be read together.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};

use super::model::name;
use super::sources::{Look, PathKey, Source, State, kind, kind_columns, unpack};
use super::store::connect;
use crate::ingest::{IngestError, Sets};

const TABLES: &str = "
    PRAGMA journal_mode = OFF;
    CREATE TABLE sources (
        at INTEGER PRIMARY KEY, key BLOB NOT NULL, file INTEGER, kind TEXT NOT NULL, reason TEXT, links BLOB,
        opened INTEGER NOT NULL, grp INTEGER, read INTEGER NOT NULL, state TEXT NOT NULL, part INTEGER
    ) STRICT;
    CREATE TABLE links (link INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE TABLE forgotten (key BLOB NOT NULL) STRICT;
    CREATE TABLE shadowed (grp INTEGER PRIMARY KEY) STRICT;
    BEGIN;
";

/// A part is a job where a file of it is there and anything changed: a file is new or changed, was not read with its group,
/// or groups have come together. Where there is a job, parts are read again of which sessions gave way to others.
/// A group is fixed where no file of its part is there.
const PLAN: &str = "
    CREATE INDEX parts ON sources (part);
    CREATE TABLE jobs (part INTEGER PRIMARY KEY) STRICT;
    INSERT INTO jobs SELECT part FROM sources WHERE part IS NOT NULL GROUP BY part HAVING MAX(file IS NOT NULL)
        AND (COUNT(DISTINCT grp) > 1 OR MAX(file IS NOT NULL AND (state <> 'unchanged' OR grp IS NULL OR NOT read)));
    INSERT OR IGNORE INTO jobs SELECT part FROM sources WHERE part IS NOT NULL AND EXISTS (SELECT 1 FROM jobs)
        GROUP BY part HAVING MAX(file IS NOT NULL) AND MAX(grp IN (SELECT grp FROM shadowed));
    CREATE TABLE replaced (grp INTEGER PRIMARY KEY) STRICT;
    INSERT OR IGNORE INTO replaced SELECT grp FROM sources WHERE grp IS NOT NULL AND part IN (SELECT part FROM jobs);
    CREATE TABLE fixed (grp INTEGER PRIMARY KEY) STRICT;
    INSERT OR IGNORE INTO fixed SELECT grp FROM sources WHERE grp IS NOT NULL AND part IN
        (SELECT part FROM sources WHERE part IS NOT NULL GROUP BY part HAVING NOT MAX(file IS NOT NULL));
";

/// Sources that are read: sessions whose files are there.
const READ: &str = "file IS NOT NULL AND links IS NOT NULL AND part IN (SELECT part FROM jobs)";

/// Every file that was found, and every file of a session that was not; in a file of `SQLite`'s own that nobody else sees.
#[derive(Debug)]
pub(super) struct List {
    connection: Connection,
    count: u32,
}

impl List {
    /// An empty list.
    pub fn new() -> Result<Self, IngestError> {
        let connection = connect(Path::new(""), OpenFlags::default())?;
        connection.execute_batch(TABLES)?;
        Ok(Self { connection, count: 0 })
    }

    /// Adds a source; one that takes part is read with those that share a link with it, or a stored group.
    pub fn add(&mut self, look: &Look, takes_part: bool) -> Result<(), IngestError> {
        let Look { source: Source { key, file, kind, group }, read, state, opened } = look;
        let ((kind, reason, links), at) = (kind_columns(kind), self.count);
        let part = takes_part.then_some(at);
        let insert = "INSERT INTO sources (at, key, file, kind, reason, links, grp, read, state, opened, part)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let columns = (at, key, file, kind, reason, &links, group, read, name(state), opened, part);
        self.connection.prepare_cached(insert)?.execute(columns)?;
        if takes_part {
            let mut insert = self.connection.prepare_cached("INSERT INTO links VALUES (?, ?)")?;
            for link in unpack(&links.unwrap_or_default()).into_iter().chain(group.map(group_link)) {
                insert.execute((link.cast_signed(), at))?;
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Notes a file that is gone and had no session.
    pub fn forget(&self, key: &PathKey) -> Result<(), IngestError> {
        self.connection.prepare_cached("INSERT INTO forgotten VALUES (?)")?.execute([key])?;
        Ok(())
    }

    /// Notes a stored group with sessions that others were preferred to.
    pub fn shadow(&self, group: i64) -> Result<(), IngestError> {
        self.connection.prepare_cached("INSERT INTO shadowed VALUES (?)")?.execute([group])?;
        Ok(())
    }

    /// Makes looking for keys quick, once all that was found is added.
    pub fn index(&self) -> Result<(), IngestError> {
        Ok(self.connection.execute_batch("CREATE INDEX IF NOT EXISTS keys ON sources (key)")?)
    }

    /// Whether the file with `key` is among the sources.
    pub fn holds(&self, key: &PathKey) -> Result<bool, IngestError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM sources WHERE key = ?")?.exists([key])?)
    }

    /// Puts together what shares links, or was read together, and chooses what has to be read.
    pub fn plan(&self) -> Result<(), IngestError> {
        let mut sets = Sets::new(self.count);
        let mut links = self.connection.prepare("SELECT link, at FROM links ORDER BY link, at")?;
        let (mut rows, mut before) = (links.query([])?, None);
        while let Some(row) = rows.next()? {
            let (link, at): (i64, u32) = (row.get(0)?, row.get(1)?);
            if let Some((_, other)) = before.filter(|(other, _)| *other == link) {
                sets.join(other, at);
            }
            before = Some((link, at));
        }
        let mut update = self.connection.prepare("UPDATE sources SET part = ? WHERE at = ?")?;
        for at in 0..self.count {
            let first = sets.first(at);
            if first != at {
                update.execute((first, at))?;
            }
        }
        Ok(self.connection.execute_batch(PLAN)?)
    }

    /// The parts that have to be read, in the order of their first files.
    pub fn jobs(&self) -> impl Iterator<Item = Result<i64, IngestError>> {
        self.ascending("SELECT MIN(part) FROM jobs WHERE part > ?")
    }

    /// The stored groups that are read again, or fall apart.
    pub fn replaced(&self) -> impl Iterator<Item = Result<i64, IngestError>> {
        self.ascending("SELECT MIN(grp) FROM replaced WHERE grp > ?")
    }

    /// The numbers that `next` gives one after the other; nothing stays open between them.
    fn ascending(&self, next: &'static str) -> impl Iterator<Item = Result<i64, IngestError>> {
        let mut after = i64::MIN;
        std::iter::from_fn(move || {
            let query = self.connection.prepare_cached(next);
            let found = query.and_then(|mut query| query.query_row([after], |row| row.get::<_, Option<i64>>(0)));
            found.map(|found| found.inspect(|found| after = *found)).map_err(IngestError::from).transpose()
        })
    }

    /// The sources of one part, in order.
    pub fn part(&self, part: i64) -> Result<Vec<Source>, IngestError> {
        let mut query = self.connection.prepare_cached("SELECT * FROM sources WHERE part = ? ORDER BY at")?;
        let sources = query.query_map([part], source)?.collect::<rusqlite::Result<_>>()?;
        Ok(sources)
    }

    /// The sources with `keys`, in order.
    pub fn with_keys(&self, keys: &[PathKey]) -> Result<Vec<Source>, IngestError> {
        self.index()?;
        let mut query = self.connection.prepare_cached("SELECT * FROM sources WHERE key = ?")?;
        let mut sources = Vec::new();
        for key in keys {
            let read = |row: &Row<'_>| Ok((row.get::<_, u32>("at")?, source(row)?));
            sources.push(query.query_row([key], read)?);
        }
        sources.sort_by_key(|(at, _)| *at);
        Ok(sources.into_iter().map(|(_, source)| source).collect())
    }

    /// Hands every source whose file is there to `each`, in order.
    pub fn there<E: From<IngestError>>(&self, each: impl FnMut(Source) -> Result<(), E>) -> Result<(), E> {
        self.each("file IS NOT NULL", each)
    }

    /// The same for those that are new or changed.
    pub fn touched<E: From<IngestError>>(&self, each: impl FnMut(Source) -> Result<(), E>) -> Result<(), E> {
        self.each("file IS NOT NULL AND state <> 'unchanged'", each)
    }

    fn each<E: From<IngestError>>(&self, which: &str, mut each: impl FnMut(Source) -> Result<(), E>) -> Result<(), E> {
        let query = self.connection.prepare(&format!("SELECT * FROM sources WHERE {which} ORDER BY at"));
        let mut query = query.map_err(IngestError::from)?;
        let mut sources = query.query_map([], source).map_err(IngestError::from)?;
        sources.try_for_each(|source| each(source.map_err(IngestError::from)?))
    }

    /// The files that are forgotten.
    pub fn forgotten(&self) -> Result<Vec<PathKey>, IngestError> {
        let mut query = self.connection.prepare("SELECT key FROM forgotten")?;
        let keys = query.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(keys)
    }

    /// Whether no file of `group` is there.
    pub fn is_fixed(&self, group: i64) -> Result<bool, IngestError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM fixed WHERE grp = ?")?.exists([group])?)
    }

    /// Whether the corpus stays as it is.
    pub fn is_nothing(&self) -> Result<bool, IngestError> {
        let any = "SELECT EXISTS (SELECT 1 FROM jobs) OR EXISTS (SELECT 1 FROM forgotten)
            OR EXISTS (SELECT 1 FROM sources WHERE state IN ('new', 'changed'))";
        Ok(self.connection.query_row(any, [], |row| Ok(!row.get::<_, bool>(0)?))?)
    }

    /// Whether there is, or was, a session below the given paths.
    pub fn any_session(&self) -> Result<bool, IngestError> {
        let any = "SELECT 1 FROM sources WHERE links IS NOT NULL AND (file IS NOT NULL OR state = 'gone') LIMIT 1";
        Ok(self.connection.prepare(any)?.exists([])?)
    }

    /// How many files have to be read.
    pub fn to_read(&self) -> Result<u64, IngestError> {
        self.count(&format!("sources WHERE {READ}"))
    }

    /// How many files are read or looked into.
    pub fn opened(&self) -> Result<u64, IngestError> {
        self.count(&format!("sources WHERE opened OR ({READ})"))
    }

    /// How many files stand in `state`.
    pub fn standing(&self, state: State) -> Result<u64, IngestError> {
        let forgotten = if state == State::Gone { self.count("forgotten")? } else { 0 };
        Ok(self.count(&format!("sources WHERE state = '{}'", name(&state)))? + forgotten)
    }

    fn count(&self, which: &str) -> Result<u64, IngestError> {
        let query = format!("SELECT COUNT(*) FROM {which}");
        Ok(self.connection.query_row(&query, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }
}

fn source(row: &Row<'_>) -> rusqlite::Result<Source> {
    let (kind, _) = kind(row)?;
    Ok(Source { key: row.get("key")?, file: row.get("file")?, kind, group: row.get("grp")? })
}

/// What the files of one stored group have in common.
fn group_link(group: i64) -> u64 {
    let hash = blake3::hash(format!("stored group {group}").as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
