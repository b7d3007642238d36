//! OpenCode's SQLite database, read and never written: tables `session`, `message` and `part`, the latter two with JSON in `data`.
//!
//! The only SQL in the readers: a foreign store is an input format, and all that is known of it stands here.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Value, json};

use super::record::{Thread, link};

/// How every SQLite database begins.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Whether a file that begins with `head`, without its NULs, may be an SQLite database.
pub(in crate::ingest) fn may_be_database(head: &str) -> bool {
    head.as_bytes().starts_with(&MAGIC[..MAGIC.len() - 1])
}

/// Whether a file is an SQLite database.
pub(in crate::ingest) fn is_database(path: &Path) -> bool {
    let mut head = [0; MAGIC.len()];
    fs_err::File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == MAGIC
}

/// Whether a file lies beside a database and belongs to it, by its name and the name of that database.
pub(in crate::ingest) fn is_part_of_database(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let of = ["-wal", "-shm", "-journal"].iter().find_map(|end| name.strip_suffix(end));
    of.is_some_and(|database| is_database(Path::new(database)))
}

/// The links of all sessions in the database at `path`; none where the tables are another program's.
///
/// # Errors
/// When it cannot be read.
pub(in crate::ingest) fn links_of_database(path: &Path) -> std::io::Result<Option<Vec<String>>> {
    let family = Database::open(path).and_then(|database| database.family()).map_err(std::io::Error::other)?;
    Ok(family.map(|family| family.parents.keys().map(|id| link(id)).collect()))
}

/// Which session began which.
#[derive(Debug, Default)]
pub(super) struct Family {
    parents: BTreeMap<String, Option<String>>,
}

impl Family {
    /// From pairs of a session and the one that began it.
    pub fn new(pairs: impl IntoIterator<Item = (String, Option<String>)>) -> Self {
        Self { parents: pairs.into_iter().collect() }
    }

    /// Sessions that no other of them began; of those that began each other, the first.
    pub fn roots(&self) -> Vec<String> {
        let known = |parent: &Option<String>| parent.as_ref().is_some_and(|parent| self.parents.contains_key(parent));
        let mut roots: Vec<_> =
            self.parents.iter().filter(|(_, parent)| !known(parent)).map(|(id, _)| id.clone()).collect();
        let mut reached: BTreeSet<String> = roots.iter().flat_map(|root| self.below(root)).collect();
        for id in self.parents.keys() {
            if !reached.contains(id) {
                reached.extend(self.below(id));
                roots.push(id.clone());
            }
        }
        roots
    }

    /// A session, and those below it.
    pub fn below(&self, root: &str) -> Vec<String> {
        let mut found = vec![root.to_owned()];
        let mut at = 0;
        while let Some(id) = found.get(at).cloned() {
            let of = |parent: &Option<String>| parent.as_deref() == Some(id.as_str());
            let children = self.parents.iter().filter(|(_, parent)| of(parent)).map(|(child, _)| child);
            let new: Vec<_> = children.filter(|child| !found.contains(child)).cloned().collect();
            found.extend(new);
            at += 1;
        }
        found
    }
}

/// A database that is open for reading.
pub(super) struct Database {
    connection: Connection,
    /// Where it was copied to, removed with it.
    _copy: Option<tempfile::TempDir>,
}

impl Database {
    /// Opens a database so that nothing is written, no lock of a running program is waited for, and none is left.
    ///
    /// Without a write-ahead log the file holds everything and is read as it is. With one and the shared memory of a
    /// program beside it, both are read as that program's other readers do. With a log alone, SQLite would have to write
    /// beside it: then a copy is read.
    pub fn open(path: &Path) -> Result<Self, String> {
        let beside = |end: &str| PathBuf::from(format!("{}{end}", path.to_string_lossy()));
        let logged = beside("-wal").metadata().is_ok_and(|log| log.len() > 0);
        if !logged {
            return Ok(Self { connection: connect(path, "immutable=1")?, _copy: None });
        }
        if beside("-shm").is_file() {
            return Ok(Self { connection: connect(path, "readonly_shm=1")?, _copy: None });
        }
        let copy = || -> std::io::Result<tempfile::TempDir> {
            let folder = tempfile::tempdir()?;
            fs_err::copy(path, folder.path().join("copy"))?;
            fs_err::copy(beside("-wal"), folder.path().join("copy-wal"))?;
            Ok(folder)
        };
        let folder = copy().map_err(|error| error.to_string())?;
        // The copy is ours: SQLite may put its shared memory beside it.
        let connection = connect(&folder.path().join("copy"), "")?;
        Ok(Self { connection, _copy: Some(folder) })
    }

    /// Which session began which; none where these are another program's tables.
    pub fn family(&self) -> Result<Option<Family>, String> {
        for (table, columns) in
            [("session", "id, parent_id, directory"), ("message", "session_id, data"), ("part", "message_id, data")]
        {
            if self.connection.prepare(&format!("SELECT {columns} FROM {table} LIMIT 0")).is_err() {
                // A damaged database is not another program's.
                self.rows("SELECT name FROM sqlite_schema", None, |_| Ok(()))?;
                return Ok(None);
            }
        }
        let pairs = self.rows("SELECT id, parent_id FROM session", None, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Some(Family::new(pairs)))
    }

    /// One session with its messages and their parts.
    pub fn thread(&self, id: &str) -> Result<Thread, String> {
        // Named one by one: a version may lack one, and names in a damaged schema need not be text.
        let field = |name: &str| {
            let values =
                self.rows(&format!("SELECT {name} FROM session WHERE id = ?1"), Some(id), |row| Ok(value(row)));
            values.map(|mut values| values.pop().unwrap_or_default())
        };
        let optional = |name: &str| field(name).unwrap_or_default();
        let revert = optional("revert");
        let info = json!({
            "id": id, "parentID": field("parent_id")?, "directory": field("directory")?, "version": optional("version"),
            "time": {"created": optional("time_created"), "updated": optional("time_updated")},
            "revert": revert.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()),
        });
        let mut thread = Thread { info, ..Thread::default() };
        let record = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, data(row, 1)));
        let messages = self.rows(
            "SELECT id, data FROM message WHERE session_id = ?1 ORDER BY time_created, id",
            Some(id),
            record,
        )?;
        for (message, data) in messages {
            let mut parts = Vec::new();
            let rows =
                self.rows("SELECT id, data FROM part WHERE message_id = ?1 ORDER BY id", Some(&message), record)?;
            for (part, data) in rows {
                match with_id(data, part) {
                    Some(data) => parts.push(data),
                    None => thread.damaged += 1,
                }
            }
            match with_id(data, message) {
                Some(data) => thread.messages.push((data, parts)),
                None => thread.damaged += 1 + parts.len() as u64,
            }
        }
        Ok(thread)
    }

    fn rows<T>(
        &self,
        sql: &str,
        key: Option<&str>,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, String> {
        let work = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(key), read)?;
            rows.collect::<rusqlite::Result<Vec<T>>>()
        };
        work().map_err(|error| format!("the database cannot be read: {error}"))
    }
}

fn connect(path: &Path, how: &str) -> Result<Connection, String> {
    // Signs that have a meaning in an address.
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(format!("file:{escaped}?mode=ro&{how}"), flags)
        .map_err(|error| format!("the database cannot be opened for reading: {error}"))
}

/// The first column of a row.
fn value(row: &Row<'_>) -> Value {
    match row.get_ref(0) {
        Ok(ValueRef::Integer(number)) => Value::from(number),
        Ok(ValueRef::Real(number)) => Value::from(number),
        Ok(ValueRef::Text(text)) => Value::from(String::from_utf8_lossy(text).into_owned()),
        _ => Value::Null,
    }
}

fn data(row: &Row<'_>, at: usize) -> Option<Value> {
    let (ValueRef::Text(bytes) | ValueRef::Blob(bytes)) = row.get_ref(at).ok()? else { return None };
    serde_json::from_slice(bytes).ok().filter(Value::is_object)
}

/// The record with its identifier, which stands in a column of its own.
fn with_id(data: Option<Value>, id: String) -> Option<Value> {
    let mut data = data?;
    data["id"] = Value::from(id);
    Some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_began_each_other_are_not_lost() {
        let pair = |id: &str, parent: &str| (id.to_owned(), (!parent.is_empty()).then(|| parent.to_owned()));
        let family = Family::new([
            pair("a", ""),
            pair("b", "a"),
            pair("c", "b"),
            pair("d", "gone"),
            pair("x", "y"),
            pair("y", "x"),
        ]);
        assert_eq!(family.roots(), ["a", "d", "x"]);
        assert_eq!(family.below("a"), ["a", "b", "c"]);
        assert_eq!(family.below("x"), ["x", "y"]);
    }

    #[test]
    fn a_column_whose_name_is_no_text_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("opencode.db");
        let connection = Connection::open(&path).unwrap();
        let tables = "CREATE TABLE session (id TEXT, parent_id TEXT, directory TEXT, odd_name TEXT);
            CREATE TABLE message (id TEXT, session_id TEXT, time_created INTEGER, data TEXT);
            CREATE TABLE part (id TEXT, message_id TEXT, data TEXT);
            INSERT INTO session VALUES ('ses_1', NULL, '/work/loom', 'x');";
        connection.execute_batch(tables).unwrap();
        connection.close().unwrap();
        let mut bytes = fs_err::read(&path).unwrap();
        let at = bytes.windows(8).position(|window| window == b"odd_name").unwrap();
        bytes[at + 3] = 0xff;
        fs_err::write(&path, bytes).unwrap();
        let thread = Database::open(&path).unwrap().thread("ses_1").unwrap();
        assert_eq!(thread.info["directory"], "/work/loom");
        assert_eq!(thread.info["version"], Value::Null);
    }
}
