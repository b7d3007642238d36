//! OpenCode's SQLite database, read and never written: tables `session`, `message` and `part`, and those of OpenCode 2, `session_v2`
//! (first also `session`) and `session_message`; messages and parts are JSON in `data`.
//!
//! The only SQL in the readers: a foreign store is an input format, and all that is known of it stands here.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Value, json};

use super::current;
use super::family::Family;
use super::record::{Thread, link, text};

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
    Ok(family.map(|family| family.ids().map(link).collect()))
}

/// The tables of a database that are OpenCode's.
struct Tables {
    /// Those of sessions, the one to believe first.
    sessions: Vec<&'static str>,
    /// Whether there are those of messages and their parts.
    older: bool,
    /// Whether there is that of messages whose parts are inside, of OpenCode 2.
    current: bool,
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
        let tables = self.tables();
        if tables.sessions.is_empty() || !(tables.older || tables.current) {
            // A damaged database is not another program's.
            self.rows("SELECT name FROM sqlite_schema", None, |_| Ok(()))?;
            return Ok(None);
        }
        let mut pairs: BTreeMap<String, Option<String>> = BTreeMap::new();
        for table in tables.sessions {
            let sql = format!("SELECT id, parent_id FROM {table}");
            for (id, parent) in self.rows(&sql, None, |row| Ok((row.get(0)?, row.get(1)?)))? {
                pairs.entry(id).or_insert(parent);
            }
        }
        Ok(Some(Family::new(pairs)))
    }

    /// One session with its messages and their parts.
    ///
    /// What the older tables hold of a session was written by the older program, and they tell more of it: steps, what was
    /// undone, commands of the person. The newer table then holds copies of it, and what OpenCode 2 added.
    pub fn thread(&self, id: &str) -> Result<Thread, String> {
        let tables = self.tables();
        // Named one by one: a version may lack one, and names in a damaged schema need not be text.
        let field = |table: &str, name: &str| {
            let values =
                self.rows(&format!("SELECT {name} FROM {table} WHERE id = ?1"), Some(id), |row| Ok(value(row)));
            values.map(|mut values| values.pop())
        };
        let holds = |table: &&str| field(table, "id").is_ok_and(|id| id.is_some());
        let table = tables.sessions.iter().copied().find(holds).unwrap_or("session");
        let needed = |name: &str| field(table, name).map(Option::unwrap_or_default);
        let optional = |name: &str| needed(name).unwrap_or_default();
        let reverted = |table: &str| -> Option<Value> {
            serde_json::from_str(field(table, "revert").ok()??.as_str()?).ok().filter(Value::is_object)
        };
        let info = json!({
            "id": id, "parentID": needed("parent_id")?, "directory": needed("directory")?, "version": optional("version"),
            "time": {"created": optional("time_created"), "updated": optional("time_updated")},
        });
        let mut thread = Thread { info, ..Thread::default() };
        let mut written = None;
        if tables.older {
            self.older(id, &mut thread)?;
        }
        if tables.current {
            if !thread.messages.is_empty() {
                let latest = "SELECT max(max(time_created, time_updated)) FROM message WHERE session_id = ?1";
                written = self.rows(latest, Some(id), |row| Ok(integer(row, 0)))?.pop().flatten();
            }
            let known = thread.messages.len();
            self.current(id, written, &mut thread)?;
            // The copy is not told what was undone before it was made.
            let went_on = thread.messages.len() > known;
            let revert = reverted(table).or_else(|| if went_on { None } else { reverted("session") });
            thread.info["revert"] = revert.unwrap_or_default();
            thread.waiting = self.waiting(id)?;
        } else {
            thread.info["revert"] = reverted(table).unwrap_or_default();
        }
        Ok(thread)
    }

    /// Adds the messages of a session in the tables of before OpenCode 2.
    fn older(&self, id: &str, thread: &mut Thread) -> Result<(), String> {
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
        Ok(())
    }

    /// Adds the messages of a session in the table of OpenCode 2 that were made after `written` (ms since 1970): earlier ones
    /// are copies.
    fn current(&self, id: &str, written: Option<i64>, thread: &mut Thread) -> Result<(), String> {
        // The first versions had no numbers.
        let order = if self.has("session_message", "seq") { "seq" } else { "time_created, id" };
        let sql =
            format!("SELECT id, data, type, time_created FROM session_message WHERE session_id = ?1 ORDER BY {order}");
        let rows = self.rows(&sql, Some(id), |row| {
            if written.is_some_and(|written| integer(row, 3).is_none_or(|created| created <= written)) {
                return Ok(None);
            }
            let id = row.get::<_, String>(0)?;
            Ok(Some((id.clone(), with_id(data(row, 1), id), row.get::<_, String>(2)?)))
        })?;
        let sent = if rows.iter().flatten().next().is_some() { self.sent(id)? } else { BTreeMap::new() };
        for row in rows {
            match row {
                None => thread.copies += 1,
                Some((_, None, _)) => thread.damaged += 1,
                Some((id, Some(data), kind)) => {
                    thread.messages.push(current::message(data, &kind, sent.get(&id).copied()));
                }
            }
        }
        Ok(())
    }

    /// When each prompt of a session was sent (ms since 1970), by the identifier of the message it became: as far as the
    /// log of events, or the queue of the first versions, tells.
    fn sent(&self, id: &str) -> Result<BTreeMap<String, i64>, String> {
        let mut sent = BTreeMap::new();
        if self.has("session_input", "id, session_id, time_created") {
            let sql = "SELECT id, time_created FROM session_input WHERE session_id = ?1";
            let rows = self.rows(sql, Some(id), |row| Ok((row.get::<_, String>(0)?, integer(row, 1))))?;
            sent.extend(rows.into_iter().filter_map(|(id, sent)| Some((id, sent?))));
        }
        // Logs grow to many gigabytes: without its index one is left alone.
        let log = "event INDEXED BY event_aggregate_seq_idx";
        if self.has(log, "aggregate_id, type, data, created") {
            let sql = format!(
                "SELECT data, created FROM {log} WHERE aggregate_id = ?1 \
                 AND (type LIKE 'session.inbox.enqueued%' OR type LIKE 'session.input.admitted%')"
            );
            for (event, created) in self.rows(&sql, Some(id), |row| Ok((data(row, 0), integer(row, 1))))? {
                let event = event.unwrap_or_default();
                let id = text(&event, "inboxID").or_else(|| text(&event, "inputID"));
                sent.extend(id.map(ToOwned::to_owned).zip(created));
            }
        }
        Ok(sent)
    }

    /// How many prompts of a session were never delivered.
    fn waiting(&self, id: &str) -> Result<u64, String> {
        let mut waiting = 0;
        for (table, condition) in [
            ("session_inbox", "type = 'user'"),
            ("session_pending", "type = 'user'"),
            ("session_input", "promoted_seq IS NULL AND delivery IS NOT NULL"),
        ] {
            let sql = format!("SELECT count(*) FROM {table} WHERE session_id = ?1 AND {condition}");
            if self.connection.prepare(&sql).is_ok() {
                let count = self.rows(&sql, Some(id), |row| Ok(integer(row, 0)))?.pop().flatten();
                waiting += count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default();
            }
        }
        Ok(waiting)
    }

    fn tables(&self) -> Tables {
        let session = |table: &&str| self.has(table, "id, parent_id, directory");
        Tables {
            sessions: ["session_v2", "session"].into_iter().filter(session).collect(),
            older: self.has("message", "session_id, data") && self.has("part", "message_id, data"),
            current: self.has("session_message", "session_id, type, data"),
        }
    }

    fn has(&self, table: &str, columns: &str) -> bool {
        self.connection.prepare(&format!("SELECT {columns} FROM {table} LIMIT 0")).is_ok()
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

fn integer(row: &Row<'_>, at: usize) -> Option<i64> {
    row.get_ref(at).ok()?.as_i64().ok()
}

/// The JSON object in a column.
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
