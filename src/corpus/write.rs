//! Writing a corpus file under a temporary name, and putting it in place when it is whole.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params_from_iter, types::Value};

use super::model::{IngestReport, SessionRow, name};
use super::schema::{EVIDENCE_COLUMNS, migrate};
use super::store::{CorpusError, FILE};

/// A session ready to be stored.
#[derive(Debug)]
pub(super) struct Stored {
    /// Its columns.
    pub row: SessionRow,
    /// The recorder's word for how it was started.
    pub entrypoint: Option<String>,
    /// RFC 3339 time of the last record.
    pub ended_at: Option<String>,
    /// Compressed transcript.
    pub zstd: Vec<u8>,
}

/// A corpus being written. Dropped before [`Writer::finish`], it leaves the folder as it was.
#[derive(Debug)]
pub(super) struct Writer {
    connection: Option<Connection>,
    partial: PathBuf,
    target: PathBuf,
}

impl Writer {
    /// Begins a corpus for `folder`, which is made where it is missing.
    pub fn create(folder: &Path) -> Result<Self, CorpusError> {
        let target = folder.join(FILE);
        let unusable = |error: &dyn std::fmt::Display| CorpusError::Store {
            path: target.clone(),
            message: format!("the folder cannot be written: {error}"),
        };
        fs_err::create_dir_all(folder).map_err(|error| unusable(&error))?;
        // The process number keeps two ingests into one folder apart; the last to finish wins.
        let partial = folder.join(format!(".{FILE}.{}.partial", std::process::id()));
        if partial.exists() {
            fs_err::remove_file(&partial).map_err(|error| unusable(&error))?;
        }
        let connection = Connection::open(&partial).map_err(|error| unusable(&error))?;
        let writer = Self { connection: Some(connection), partial, target };
        let connection = writer.connection()?;
        // Nobody reads the file before it is whole, so that a journal would protect nothing.
        connection
            .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 16384;")
            .map_err(|error| writer.fail(&error))?;
        migrate(connection, &writer.target)?;
        connection.execute_batch("BEGIN").map_err(|error| writer.fail(&error))?;
        Ok(writer)
    }

    fn connection(&self) -> Result<&Connection, CorpusError> {
        let closed = || CorpusError::Store { path: self.target.clone(), message: "already closed".to_owned() };
        self.connection.as_ref().ok_or_else(closed)
    }

    fn fail(&self, error: &rusqlite::Error) -> CorpusError {
        CorpusError::sqlite(&self.target, error)
    }

    /// Adds a session.
    pub fn add(&self, stored: &Stored) -> Result<(), CorpusError> {
        let row = &stored.row;
        let json =
            |error: serde_json::Error| CorpusError::Store { path: self.target.clone(), message: error.to_string() };
        let evidence = serde_json::to_string(&row.evidence).map_err(json)?;
        let recorder = row.recorder.as_ref().map(serde_json::to_string).transpose().map_err(json)?;
        let text = |text: &str| Value::Text(text.to_owned());
        let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        let number = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let mut columns = vec![
            ("id", text(&row.id)),
            ("file", text(&row.file)),
            ("format", text(&name(&row.format))),
            ("person", optional(&row.person)),
            ("project", optional(&row.project)),
            ("entrypoint", optional(&stored.entrypoint)),
            ("scope", text(&name(&row.scope))),
            ("scope_rule", text(&row.scope_rule)),
            ("started_at", optional(&row.started_at)),
            ("ended_at", optional(&stored.ended_at)),
        ];
        columns.extend(row.measures.columns().map(|(name, value)| (name, value.map_or(Value::Null, number))));
        columns.extend(EVIDENCE_COLUMNS.map(|(kind, name)| (name, number(row.evidence.count(kind) as u64))));
        columns.extend([
            (
                "machine_success",
                row.evidence.machine_success.map_or(Value::Null, |success| Value::Integer(success.into())),
            ),
            ("evidence", Value::Text(evidence)),
            ("recorder", optional(&recorder)),
            ("content_hash", text(&row.content_hash)),
        ]);
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let connection = self.connection()?;
        let insert = format!("INSERT INTO sessions ({}) VALUES ({marks})", names.join(", "));
        connection
            .prepare_cached(&insert)
            .and_then(|mut insert| insert.execute(params_from_iter(columns.into_iter().map(|(_, value)| value))))
            .map_err(|error| self.fail(&error))?;
        connection
            .prepare_cached("INSERT INTO transcripts (id, zstd) VALUES (?, ?)")
            .and_then(|mut insert| insert.execute((&row.id, &stored.zstd)))
            .map_err(|error| self.fail(&error))?;
        Ok(())
    }

    /// Adds the report, makes the file durable and puts it in place of any corpus there was.
    pub fn finish(mut self, report: &IngestReport) -> Result<(), CorpusError> {
        let fail = |message: String| CorpusError::Store { path: self.target.clone(), message };
        let report = serde_json::to_string(report).map_err(|error| fail(error.to_string()))?;
        let connection = self.connection()?;
        connection.execute("INSERT INTO reports (report) VALUES (?)", [report]).map_err(|error| self.fail(&error))?;
        connection.execute_batch("COMMIT").map_err(|error| self.fail(&error))?;
        if let Some(connection) = self.connection.take() {
            connection.close().map_err(|(_, error)| CorpusError::sqlite(&self.target, &error))?;
        }
        let place = || {
            fs_err::OpenOptions::new().write(true).open(&self.partial)?.sync_all()?;
            fs_err::rename(&self.partial, &self.target)
        };
        place().map_err(|error| CorpusError::Store { path: self.target.clone(), message: error.to_string() })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.connection = None;
        // After a finish there is nothing to remove; after a failure the error that led here is the one to report.
        let _ = fs_err::remove_file(&self.partial);
    }
}
