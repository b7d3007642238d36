//! OpenCode's SQLite database, read and never written: tables `session`, `message` and `part`, and those of OpenCode 2, `session_v2`
//! (first also `session`) and `session_message`; messages and parts are JSON in `data`.
//!
//! The only SQL in the readers: a foreign store is an input format, and all that is known of it stands here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use serde_json::{Value, json};

use super::current;
use super::family::Family;
use super::record::{Thread, link, time};

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

/// Messages of OpenCode 2 in order; its first versions did not number them.
const CURRENT: [&str; 2] = [
    "SELECT id, data, type, time_created FROM session_message WHERE session_id = ?1 ORDER BY seq",
    "SELECT id, data, type, time_created FROM session_message WHERE session_id = ?1 ORDER BY time_created, id",
];

/// When prompts were sent, by the identifiers of the messages they became: the queue of the first versions, and the log of
/// events. Logs grow to many gigabytes; one without its index is left alone.
const SENT: [&str; 2] = [
    "SELECT id, time_created FROM session_input WHERE session_id = ?1",
    "SELECT CASE WHEN json_valid(data) THEN coalesce(json_extract(data, '$.inboxID'), json_extract(data, '$.inputID')) END, created
     FROM event INDEXED BY event_aggregate_seq_idx WHERE aggregate_id = ?1
     AND (type LIKE 'session.inbox.enqueued%' OR type LIKE 'session.input.admitted%')",
];

/// How many prompts were never delivered, in the queues of all versions.
const WAITING: [&str; 3] = [
    "SELECT count(*) FROM session_inbox WHERE session_id = ?1 AND type = 'user'",
    "SELECT count(*) FROM session_pending WHERE session_id = ?1 AND type = 'user'",
    "SELECT count(*) FROM session_input WHERE session_id = ?1 AND promoted_seq IS NULL AND delivery IS NOT NULL",
];

/// The tables of a database that are OpenCode's.
struct Tables {
    /// Those of sessions, the one to believe first.
    sessions: Vec<&'static str>,
    /// Whether there are those of messages and their parts.
    older: bool,
    /// Of [`CURRENT`], what the database can answer, where it has messages of OpenCode 2.
    current: Option<&'static str>,
    /// Of [`SENT`].
    sent: Vec<&'static str>,
    /// Of [`WAITING`].
    waiting: Vec<&'static str>,
}

impl Tables {
    fn of(connection: &Connection) -> Self {
        let answered = |sql: &&str| connection.prepare(sql).is_ok();
        let session = |table: &&str| answered(&format!("SELECT id, parent_id, directory FROM {table}").as_str());
        let older = ["SELECT session_id, data FROM message", "SELECT message_id, data FROM part"];
        Self {
            sessions: ["session_v2", "session"].into_iter().filter(session).collect(),
            older: older.iter().all(answered),
            current: CURRENT.into_iter().find(answered),
            sent: SENT.into_iter().filter(answered).collect(),
            waiting: WAITING.into_iter().filter(answered).collect(),
        }
    }
}

/// What the older tables hold of a session, to tell copies of it from what OpenCode 2 added.
#[derive(Default)]
struct Held {
    /// Whether OpenCode 2 imported the session.
    imported: bool,
    ids: HashSet<String>,
    /// When its messages were made (ms since 1970).
    times: HashSet<i64>,
    /// From when to when it was worked on, in order, none meeting another.
    spans: Vec<(i64, i64)>,
}

/// Milliseconds between the two writings of one message by a program that wrote both tables.
const TWICE_WRITTEN: i64 = 1000;

impl Held {
    /// Whether a message of the newer table stands for one that is held. An import keeps identifiers, and the time of a
    /// message of which it made two. Without one, the older program wrote both tables while it worked, under other
    /// identifiers.
    fn copied(&self, id: &str, created: Option<i64>) -> bool {
        if self.imported {
            return self.ids.contains(id) || created.is_some_and(|created| self.times.contains(&created));
        }
        let Some(created) = created else { return !self.spans.is_empty() };
        let begun = self.spans.partition_point(|(since, _)| *since <= created);
        begun.checked_sub(1).is_some_and(|at| created <= self.spans[at].1)
    }

    /// Notes when the messages of `thread` were made and completed.
    fn work(&mut self, thread: &Thread) {
        let span = |message: &Value| {
            let created = time(message, "created")?;
            let completed = time(message, "completed").unwrap_or(created).max(created);
            Some((created.saturating_sub(TWICE_WRITTEN), completed.saturating_add(TWICE_WRITTEN)))
        };
        let mut spans: Vec<_> = thread.messages.iter().filter_map(|(message, _)| span(message)).collect();
        spans.sort_unstable();
        for (since, until) in spans {
            match self.spans.last_mut() {
                Some((_, last)) if since <= *last => *last = until.max(*last),
                _ => self.spans.push((since, until)),
            }
        }
    }
}

/// A database that is open for reading.
pub(super) struct Database {
    connection: Connection,
    tables: Tables,
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
            return Ok(Self::of(connect(path, "immutable=1")?, None));
        }
        if beside("-shm").is_file() {
            return Ok(Self::of(connect(path, "readonly_shm=1")?, None));
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
        Ok(Self::of(connection, Some(folder)))
    }

    fn of(connection: Connection, copy: Option<tempfile::TempDir>) -> Self {
        Self { tables: Tables::of(&connection), connection, _copy: copy }
    }

    /// Which session began which; none where these are another program's tables.
    pub fn family(&self) -> Result<Option<Family>, String> {
        let tables = &self.tables;
        if tables.sessions.is_empty() || !(tables.older || tables.current.is_some()) {
            // A damaged database is not another program's.
            self.rows("SELECT name FROM sqlite_schema", None, |_| Ok(()))?;
            return Ok(None);
        }
        let mut pairs: BTreeMap<String, Option<String>> = BTreeMap::new();
        for table in &tables.sessions {
            let sql = format!("SELECT id, parent_id FROM {table}");
            for (id, parent) in self.rows(&sql, None, |row| Ok((row.get(0)?, row.get(1)?)))? {
                pairs.entry(id).or_insert(parent);
            }
        }
        Ok(Some(Family::new(pairs)))
    }

    /// One session with its messages and their parts.
    ///
    /// What the older tables hold of it comes from there, since they tell more: steps, what was undone, commands of the
    /// person. The newer table then has copies of it, and what OpenCode 2 added.
    pub fn thread(&self, id: &str) -> Result<Thread, String> {
        // Named one by one: a version may lack one, and names in a damaged schema need not be text.
        let field = |table: &str, name: &str| {
            let values =
                self.rows(&format!("SELECT {name} FROM {table} WHERE id = ?1"), Some(id), |row| Ok(value(row)));
            values.map(|mut values| values.pop())
        };
        let holds = |table: &&str| field(table, "id").is_ok_and(|id| id.is_some());
        let table = self.tables.sessions.iter().copied().find(holds).unwrap_or("session");
        let needed = |name: &str| field(table, name).map(Option::unwrap_or_default);
        let optional = |name: &str| needed(name).unwrap_or_default();
        let info = json!({
            "id": id, "parentID": needed("parent_id")?, "directory": needed("directory")?, "version": optional("version"),
            "time": {"created": optional("time_created"), "updated": optional("time_updated")},
        });
        let mut thread = Thread { info, ..Thread::default() };
        let mut held = if self.tables.older { self.older(id, &mut thread)? } else { Held::default() };
        let known = thread.messages.len();
        if let Some(sql) = self.tables.current {
            held.imported = table == "session_v2";
            self.current(sql, id, &held, &mut thread)?;
            // Somebody may have gone on with either program.
            if known > 0 && thread.messages.len() > known {
                thread.messages.sort_by_key(|(message, _)| time(message, "created"));
            }
        }
        let reverted = |table: &str| -> Option<Value> {
            serde_json::from_str(field(table, "revert").ok()??.as_str()?).ok().filter(Value::is_object)
        };
        // An import forgets what was undone before; whoever went on after it went on with all.
        let before = || if thread.messages.len() > known { None } else { reverted("session") };
        thread.info["revert"] = reverted(table).or_else(before).unwrap_or_default();
        Ok(thread)
    }

    /// Adds the messages of a session in the tables of before OpenCode 2.
    fn older(&self, id: &str, thread: &mut Thread) -> Result<Held, String> {
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
        let mut held = Held::default();
        if self.tables.current.is_some() {
            let sql = "SELECT id, time_created FROM message WHERE session_id = ?1";
            for (id, created) in self.rows(sql, Some(id), |row| Ok((row.get::<_, String>(0)?, integer(row, 1))))? {
                held.ids.insert(id);
                held.times.extend(created);
            }
            held.work(thread);
        }
        Ok(held)
    }

    /// Adds the messages of a session in the table of OpenCode 2 that are no copies of those `held`.
    fn current(&self, sql: &str, id: &str, held: &Held, thread: &mut Thread) -> Result<(), String> {
        let rows = self.rows(sql, Some(id), |row| {
            let id: String = row.get(0)?;
            if held.copied(&id, integer(row, 3)) {
                return Ok(None);
            }
            let kind = row.get_ref(2)?.as_str().unwrap_or_default().to_owned();
            Ok(Some((id.clone(), with_id(data(row, 1), id), kind)))
        })?;
        let mut sent: HashMap<String, i64> = HashMap::new();
        // The log of a session that has nothing new may be long.
        for sql in self.tables.sent.iter().filter(|_| rows.iter().any(Option::is_some)) {
            let rows =
                self.rows(sql, Some(id), |row| Ok(value(row).as_str().map(ToOwned::to_owned).zip(integer(row, 1))))?;
            sent.extend(rows.into_iter().flatten());
        }
        for row in rows {
            match row {
                None => thread.copies += 1,
                Some((_, None, _)) => thread.damaged += 1,
                Some((id, Some(data), kind)) => {
                    thread.messages.push(current::message(data, &kind, sent.get(&id).copied()));
                }
            }
        }
        for sql in &self.tables.waiting {
            let counts = self.rows(sql, Some(id), |row| Ok(integer(row, 0)))?;
            thread.waiting += counts.into_iter().flatten().filter_map(|count| u64::try_from(count).ok()).sum::<u64>();
        }
        Ok(())
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
    fn a_message_without_a_time_is_a_copy_unless_an_import_tells_it_by_its_identifier() {
        let ids = HashSet::from(["a".to_owned()]);
        let held = |imported| Held { imported, ids: ids.clone(), spans: vec![(0, 9)], ..Held::default() };
        let copied = |imported, id| held(imported).copied(id, None);
        assert!(copied(true, "a") && !copied(true, "b") && copied(false, "b"));
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
