//! Reading a corpus file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};
use serde::de::DeserializeOwned;

use super::model::{IngestReport, SessionRow};
use super::pack;
use super::schema::{APPLICATION, VERSION, version};
use super::unit::SessionUnit;
use crate::ingest::IngestError;
use crate::session::{Measures, Session};

/// Name of the corpus file in its folder.
pub(super) const FILE: &str = "corpus.sqlite";

/// Largest transcript that is unpacked, in bytes: more than any session, less than a bomb.
const LARGEST_TRANSCRIPT: u64 = 4 << 30;

/// Why a corpus cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// There is none.
    #[error("no corpus in {0}: corpus.sqlite is missing; make one with `assize ingest PATH --into {0}`")]
    NotFound(PathBuf),
    /// The file is damaged, locked, read-only, full, or of a newer version.
    #[error("{path}: {message}")]
    Store {
        /// The file.
        path: PathBuf,
        /// What happened.
        message: String,
    },
    /// No such session, or several.
    #[error("no session {id} in {path}; `assize sessions` lists those that there are")]
    NoSession {
        /// The id or file asked for.
        id: String,
        /// The corpus.
        path: PathBuf,
    },
    /// A beginning of an id, or a file, that fits several sessions.
    #[error("{id} fits several sessions in {path}: {matches}; give more of the id")]
    Ambiguous {
        /// What was asked for.
        id: String,
        /// The corpus.
        path: PathBuf,
        /// The first ids that fit.
        matches: String,
    },
    /// Nothing to ingest.
    #[error(
        "no sessions in {paths}: {looked_at}; name a folder with Claude Code's .jsonl files, such as ~/.claude/projects"
    )]
    NoSessions {
        /// Where was looked.
        paths: String,
        /// What was there instead.
        looked_at: String,
    },
    /// The corpus was made under another key.
    #[error(
        "{0}: its persons have pseudonyms under another salt, so that old and new sessions could not be told to be of one person; name the salt file it was made with by --salt, or read everything again with --fresh, which drops sessions whose files are gone"
    )]
    OtherSalt(PathBuf),
    /// Two ingests at once.
    #[error("{0}: another ingest is writing here; when it has ended, run this one again. Nothing was changed")]
    Busy(PathBuf),
    /// The key for pseudonyms cannot be kept.
    #[error(transparent)]
    Salt(#[from] super::salt::SaltError),
    /// The paths to ingest cannot be used.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl CorpusError {
    /// What `SQLite` says, in words that tell what to do.
    pub(super) fn sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let code = error.sqlite_error_code();
        let message = match code {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                format!("not a corpus, or damaged ({error}); ingest the sessions again")
            }
            Some(ErrorCode::DiskFull) => "the disk is full; free some space and ingest again".to_owned(),
            Some(ErrorCode::SystemIoFailure) => {
                format!("reading or writing failed ({error}); is the disk full or the drive gone?")
            }
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                format!("cannot be opened or written ({error}); check the permissions of its folder")
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "in use by another program; try again when that has ended".to_owned()
            }
            _ => error.to_string(),
        };
        Self::Store { path: path.to_owned(), message }
    }

    /// Nothing was found: says what was there instead.
    pub(super) fn no_sessions(paths: &[PathBuf], report: &IngestReport) -> Self {
        let mut looked_at = vec![format!("{} files looked at", report.files)];
        let skipped = report.skipped_files.iter().chain(&report.dropped_files);
        looked_at.extend(skipped.map(|(reason, count)| format!("{count} {reason}")));
        looked_at.extend(report.bad_files.iter().take(3).map(|bad| format!("{}: {}", bad.file, bad.reason)));
        let paths = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
        Self::NoSessions { paths, looked_at: looked_at.join("; ") }
    }
}

/// How a corpus is opened that nobody changes.
pub(super) const READ_ONLY: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens the database at `path`; one of `SQLite`'s own, which ends with the connection, where the path is empty.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    // Else a cached statement is prepared again each time it is used.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// An open corpus: `FOLDER/corpus.sqlite`, read only.
#[derive(Debug)]
pub struct Corpus {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Corpus {
    /// Opens `folder/corpus.sqlite`.
    ///
    /// # Errors
    /// When it is missing, damaged or of a newer version.
    pub fn open(folder: &Path) -> Result<Self, CorpusError> {
        let path = folder.join(FILE);
        if !path.is_file() {
            return Err(CorpusError::NotFound(folder.to_owned()));
        }
        let fail = |error: rusqlite::Error| CorpusError::sqlite(&path, &error);
        let connection = connect(&path, READ_ONLY).map_err(fail)?;
        let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(fail)?;
        let store = |message: String| CorpusError::Store { path: path.clone(), message };
        if application != APPLICATION {
            return Err(store("an SQLite file, but not a corpus; ingest the sessions again".to_owned()));
        }
        if version(&connection, &path)? < VERSION {
            return Err(store("written by an older assize; ingest the sessions again with --fresh".to_owned()));
        }
        // An ingest writes a new file and puts it in place of this one, which nobody changes: it is locked once, and what is
        // read of it stays good, instead of both being seen to for every session.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(fail)?;
        Ok(Self { path, connection: Mutex::new(connection) })
    }

    /// All sessions without their transcripts, sorted by id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rows(&self) -> Result<Vec<SessionRow>, CorpusError> {
        let mut rows = Vec::new();
        self.each_row(|row| rows.push(row))?;
        Ok(rows)
    }

    /// Hands all sessions without their transcripts to `each`, one by one, sorted by id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_row(&self, mut each: impl FnMut(SessionRow)) -> Result<(), CorpusError> {
        let fail = |error: rusqlite::Error| CorpusError::sqlite(&self.path, &error);
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        // Named and counted: looking each of some forty columns up by name takes longer than reading it.
        let measures: Vec<&str> = Measures::default().columns().into_iter().map(|(name, _)| name).collect();
        let columns = [&COLUMNS[..], &measures].concat().join(", ");
        let query = format!("SELECT {columns} FROM sessions ORDER BY id");
        let mut statement = connection.prepare_cached(&query).map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            each(session_row(row, &measures).map_err(fail)?.map_err(|error| self.unreadable(&error))?);
        }
        Ok(())
    }

    /// All sessions as samples are drawn from, sorted by id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn units(&self) -> Result<Vec<SessionUnit>, CorpusError> {
        let read = |row: &Row<'_>| {
            let (id, person, project, started_at) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let (scope, work) = (variant(row.get(4)?), row.get(5)?);
            Ok(scope.map(|scope| SessionUnit { id, person, project, started_at, scope, work }))
        };
        let query = "SELECT id, person, project, started_at, scope, work FROM sessions ORDER BY id";
        self.query(query, [], read)?.into_iter().map(|unit| unit.map_err(|error| self.unreadable(&error))).collect()
    }

    fn unreadable(&self, error: &serde_json::Error) -> CorpusError {
        let message = format!("a row cannot be read ({error}); ingest the sessions again");
        CorpusError::Store { path: self.path.clone(), message }
    }

    /// One whole session, by exact id, unique beginning of an id, or file.
    ///
    /// # Errors
    /// When there is none, or several.
    pub fn session(&self, id: &str) -> Result<Session, CorpusError> {
        let packed = |id: &str| {
            let read = |row: &Row<'_>| row.get::<_, Vec<u8>>(0);
            Ok(self.query("SELECT zstd FROM transcripts WHERE id = ?", [id], read)?.pop())
        };
        // An exact id, which it mostly is, needs no looking up.
        let (id, packed) = match packed(id)? {
            Some(found) => (id.to_owned(), Some(found)),
            None => self.find(id).and_then(|id| packed(&id).map(|packed| (id, packed)))?,
        };
        let Some(packed) = packed else {
            return Err(CorpusError::NoSession { id, path: self.path.clone() });
        };
        let damaged = |error: String| CorpusError::Store {
            path: self.path.clone(),
            message: format!("the transcript of {id} is damaged ({error}); ingest the sessions again"),
        };
        let json = pack::unpack(&packed, LARGEST_TRANSCRIPT).map_err(|error| damaged(error.to_string()))?;
        serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))
    }

    /// How the corpus was made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn report(&self) -> Result<IngestReport, CorpusError> {
        let store = |message: String| CorpusError::Store { path: self.path.clone(), message };
        let text = self.query("SELECT report FROM reports", [], |row| row.get::<_, String>(0))?.pop();
        let text = text.ok_or_else(|| store("has no ingest report; ingest the sessions again".to_owned()))?;
        serde_json::from_str(&text).map_err(|error| store(format!("the ingest report cannot be read ({error})")))
    }

    /// BLAKE3 over ids and content hashes of all sessions, hexadecimal.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn content_hash(&self) -> Result<String, CorpusError> {
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        let mut hasher = blake3::Hasher::new();
        for (id, hash) in self.query("SELECT id, content_hash FROM sessions ORDER BY id", [], read)? {
            hasher.update(format!("{id}\0{hash}\n").as_bytes());
        }
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// The id of the one session that `asked` names.
    fn find(&self, asked: &str) -> Result<String, CorpusError> {
        let read = |row: &Row<'_>| row.get::<_, String>(0);
        let rank = "SELECT id FROM sessions WHERE id = ?1";
        let file = "SELECT id FROM sessions WHERE file = ?1 ORDER BY id LIMIT 4";
        let begins = "SELECT id FROM sessions WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 4";
        let no_session = || CorpusError::NoSession { id: asked.to_owned(), path: self.path.clone() };
        if asked.is_empty() {
            return Err(no_session());
        }
        for query in [rank, file, begins] {
            let mut found = self.query(query, [asked], read)?;
            if found.len() > 1 {
                let (id, path) = (asked.to_owned(), self.path.clone());
                return Err(CorpusError::Ambiguous { id, path, matches: found.join(", ") });
            }
            if let Some(id) = found.pop() {
                return Ok(id);
            }
        }
        Err(no_session())
    }

    fn query<T>(
        &self,
        query: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, CorpusError> {
        // A reader that panicked left nothing half done: the file is read only.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement =
            connection.prepare_cached(query).map_err(|error| CorpusError::sqlite(&self.path, &error))?;
        let rows = statement.query_map(parameters, read).and_then(Iterator::collect);
        rows.map_err(|error| CorpusError::sqlite(&self.path, &error))
    }
}

/// Columns of `sessions` before those of the measures, in the order in which [`session_row`] reads them.
const COLUMNS: [&str; 15] = [
    "format",
    "scope",
    "evidence",
    "id",
    "file",
    "person",
    "project",
    "started_at",
    "scope_rule",
    "content_hash",
    "scope_doubt",
    "planned_in",
    "work",
    "recorder",
    "model_names",
];

/// A row of `sessions`; the inner error is a value that this program does not know.
fn session_row(row: &Row<'_>, names: &[&str]) -> rusqlite::Result<Result<SessionRow, serde_json::Error>> {
    let mut measures = serde_json::Map::new();
    for (place, name) in names.iter().enumerate() {
        measures.insert((*name).to_owned(), row.get::<_, Option<i64>>(COLUMNS.len() + place)?.into());
    }
    let (format, scope): (String, String) = (row.get(0)?, row.get(1)?);
    let (evidence, id, file): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let (person, project, started_at) = (row.get(5)?, row.get(6)?, row.get(7)?);
    let (scope_rule, content_hash) = (row.get(8)?, row.get(9)?);
    let (scope_doubt, planned_in, work) = (row.get(10)?, row.get(11)?, row.get(12)?);
    let recorder: Option<String> = row.get(13)?;
    let models: String = row.get(14)?;
    let built = || {
        Ok(SessionRow {
            id,
            file,
            format: variant(format)?,
            person,
            project,
            scope: variant(scope)?,
            scope_rule,
            scope_doubt,
            planned_in,
            work,
            started_at,
            models: serde_json::from_str(&models)?,
            measures: serde_json::from_value(measures.into())?,
            evidence: serde_json::from_str(&evidence)?,
            recorder: recorder.map(|recorder| serde_json::from_str(&recorder)).transpose()?,
            content_hash,
        })
    };
    Ok(built())
}

fn variant<T: DeserializeOwned>(name: String) -> serde_json::Result<T> {
    serde_json::from_value(serde_json::Value::String(name))
}
