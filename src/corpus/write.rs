//! Writing a corpus file under a temporary name, and putting it in place when it is whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags, params_from_iter, types::Value};
use serde::{Deserialize, Serialize};

use super::lock::Lock;
use super::model::{IngestReport, SessionRow, name};
use super::previous::{Previous, stamp};
use super::salt::Salt;
use super::schema::{EVIDENCE_COLUMNS, migrate};
use super::sources::pack;
use super::store::{CorpusError, FILE, connect};
use crate::ingest::{IngestError, Opening, PlanPart, Tally};
use crate::session::Losses;

/// What stays of the corpus before: everything but the sessions of replaced groups.
const TAKE_OVER: &str = "
    INSERT INTO main.groups SELECT * FROM old.groups WHERE grp NOT IN (SELECT grp FROM replaced);
    INSERT INTO main.sources SELECT * FROM old.sources;
    UPDATE main.sources SET grp = NULL WHERE grp IN (SELECT grp FROM replaced);
    INSERT INTO main.origins SELECT * FROM old.origins WHERE grp NOT IN (SELECT grp FROM replaced);
    INSERT INTO main.sessions SELECT * FROM old.sessions WHERE id IN (SELECT id FROM main.origins);
";

/// The same for transcripts.
const TAKE_TRANSCRIPTS: &str =
    "INSERT INTO main.transcripts SELECT * FROM old.transcripts WHERE id IN (SELECT id FROM main.origins);";

/// Takes one group out, its sessions before what tells them.
const REMOVE_GROUP: [&str; 4] = [
    "DELETE FROM transcripts WHERE id IN (SELECT id FROM origins WHERE grp = ?)",
    "DELETE FROM sessions WHERE id IN (SELECT id FROM origins WHERE grp = ?)",
    "DELETE FROM origins WHERE grp = ?",
    "DELETE FROM groups WHERE grp = ?",
];

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

/// What came with a session and is in no column of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Facts {
    /// What reading it lost or left out.
    pub losses: Losses,
    /// What was masked in it, by kind.
    pub scrubbed: BTreeMap<String, u64>,
    /// Versions of the agent program.
    pub agent_versions: Vec<String>,
    /// What links it to a plan made elsewhere.
    pub plan: PlanPart,
    /// How it begins, where that may be a template.
    pub opening: Option<Opening>,
}

/// A corpus being written. Dropped before [`Writer::finish`], it leaves the folder as it was.
#[derive(Debug)]
pub(super) struct Writer {
    connection: Option<Connection>,
    /// Where it is written, and where it goes; none where it is only tried out.
    place: Option<(PathBuf, Lock)>,
    target: PathBuf,
    /// The corpus that was there when this one was begun.
    before: Option<(u64, SystemTime)>,
    made_folder: bool,
}

impl Writer {
    /// Begins a corpus for `folder`, which is made where it is missing, from `previous` without the groups in `replaced`.
    pub fn create(
        folder: &Path,
        previous: Option<&Previous>,
        replaced: impl Iterator<Item = Result<i64, IngestError>>,
    ) -> Result<Self, CorpusError> {
        let target = folder.join(FILE);
        let unusable = |error: &dyn std::fmt::Display| CorpusError::Store {
            path: target.clone(),
            message: format!("the folder cannot be written: {error}"),
        };
        let made_folder = !folder.exists();
        fs_err::create_dir_all(folder).map_err(|error| unusable(&error))?;
        let lock = Lock::take(folder)?;
        let before = previous.map_or_else(|| stamp(&target), |previous| previous.stamp);
        if before != stamp(&target) {
            return Err(CorpusError::Busy(target));
        }
        let partial = folder.join(format!(".{FILE}.partial"));
        // Left by an ingest that was killed: the lock says that none is at work.
        if partial.exists() {
            fs_err::remove_file(&partial).map_err(|error| unusable(&error))?;
        }
        let connection = connect(&partial, OpenFlags::default()).map_err(|error| unusable(&error))?;
        let place = Some((partial, lock));
        let writer = Self { connection: Some(connection), place, target, before, made_folder };
        writer.begin(previous, replaced)?;
        Ok(writer)
    }

    /// Begins a corpus that is never put in place, in a temporary file of `SQLite`'s own.
    pub fn tried_out(
        previous: Option<&Previous>,
        replaced: impl Iterator<Item = Result<i64, IngestError>>,
    ) -> Result<Self, CorpusError> {
        let target = PathBuf::from("temporary file");
        let connection = connect(Path::new(""), OpenFlags::default());
        let connection = Some(connection.map_err(|error| CorpusError::sqlite(&target, &error))?);
        let writer = Self { connection, place: None, target, before: None, made_folder: false };
        writer.begin(previous, replaced)?;
        Ok(writer)
    }

    /// Makes the tables and takes over what stays, in SQL: nothing is unpacked.
    fn begin(
        &self,
        previous: Option<&Previous>,
        replaced: impl Iterator<Item = Result<i64, IngestError>>,
    ) -> Result<(), CorpusError> {
        let connection = self.connection()?;
        let work = || -> rusqlite::Result<()> {
            // Nobody reads the file before it is whole, so that a journal would protect nothing.
            connection
                .execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 16384;")?;
            if let Some(previous) = previous {
                connection.execute("ATTACH ? AS old", [previous.path.to_string_lossy()])?;
            }
            Ok(())
        };
        work().map_err(|error| self.fail(&error))?;
        migrate(connection, &self.target)?;
        let run = |sql: &str| connection.execute_batch(sql).map_err(|error| self.fail(&error));
        run("BEGIN")?;
        if previous.is_some() {
            run("CREATE TEMP TABLE replaced (grp INTEGER PRIMARY KEY)")?;
            for group in replaced {
                let insert = connection.prepare_cached("INSERT INTO replaced VALUES (?)");
                let group = group?;
                insert.and_then(|mut insert| insert.execute([group])).map_err(|error| self.fail(&error))?;
            }
            run(TAKE_OVER)?;
            if self.place.is_some() {
                run(TAKE_TRANSCRIPTS)?;
            }
        }
        Ok(())
    }

    /// The tables as they are by now.
    pub fn connection(&self) -> Result<&Connection, CorpusError> {
        let closed = || CorpusError::Store { path: self.target.clone(), message: "already closed".to_owned() };
        self.connection.as_ref().ok_or_else(closed)
    }

    /// An error of `SQLite` in words.
    pub fn fail(&self, error: &rusqlite::Error) -> CorpusError {
        CorpusError::sqlite(&self.target, error)
    }

    /// Removes a session.
    pub fn remove(&self, id: &str) -> Result<(), CorpusError> {
        let connection = self.connection()?;
        let delete = |table: &str| {
            connection.prepare_cached(&format!("DELETE FROM {table} WHERE id = ?")).and_then(|mut it| it.execute([id]))
        };
        ["origins", "transcripts", "sessions"]
            .map(delete)
            .into_iter()
            .try_for_each(|done| done.map(drop).map_err(|error| self.fail(&error)))
    }

    /// Removes groups with their sessions; their files have to be given another group.
    pub fn remove_groups(&self, groups: &[i64]) -> Result<(), CorpusError> {
        let connection = self.connection()?;
        let remove = |(group, sql): (&i64, &str)| connection.prepare_cached(sql)?.execute([group]).map(drop);
        let all = groups.iter().flat_map(|group| REMOVE_GROUP.map(|sql| (group, sql)));
        all.into_iter().try_for_each(remove).map_err(|error| self.fail(&error))
    }

    /// Takes over a session of a replaced group, now of `group`.
    pub fn keep(&self, id: &str, group: i64) -> Result<(), CorpusError> {
        let connection = self.connection()?;
        let copy = |table: &str| {
            let insert = format!("INSERT INTO main.{table} SELECT * FROM old.{table} WHERE id = ?");
            connection.prepare_cached(&insert).and_then(|mut insert| insert.execute([id]))
        };
        let tables =
            if self.place.is_some() { &["sessions", "origins", "transcripts"][..] } else { &["sessions", "origins"] };
        let copied = tables.iter().try_for_each(|table| copy(table).map(drop)).and_then(|()| {
            connection.execute("UPDATE origins SET grp = ?, kept = 1 WHERE id = ?", (group, id)).map(drop)
        });
        copied.map_err(|error| self.fail(&error))
    }

    /// Adds a session.
    pub fn add(&self, stored: &Stored) -> Result<(), CorpusError> {
        let row = &stored.row;
        let json =
            |error: serde_json::Error| CorpusError::Store { path: self.target.clone(), message: error.to_string() };
        let evidence = serde_json::to_string(&row.evidence).map_err(json)?;
        let models = serde_json::to_string(&row.models).map_err(json)?;
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
            ("scope_doubt", Value::Integer(row.scope_doubt.into())),
            ("planned_in", optional(&row.planned_in)),
            ("work", text(&row.work)),
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
            ("model_names", Value::Text(models)),
        ]);
        let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
        let marks = vec!["?"; names.len()].join(", ");
        let connection = self.connection()?;
        let insert = format!("INSERT INTO sessions ({}) VALUES ({marks})", names.join(", "));
        connection
            .prepare_cached(&insert)
            .and_then(|mut insert| insert.execute(params_from_iter(columns.into_iter().map(|(_, value)| value))))
            .map_err(|error| self.fail(&error))?;
        if self.place.is_none() {
            return Ok(());
        }
        connection
            .prepare_cached("INSERT INTO transcripts (id, zstd) VALUES (?, ?)")
            .and_then(|mut insert| insert.execute((&row.id, &stored.zstd)))
            .map_err(|error| self.fail(&error))?;
        Ok(())
    }

    /// Where it goes.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Adds a group of files that were read in one go.
    pub fn add_group(&self, group: i64, tally: &Tally) -> Result<(), CorpusError> {
        let tally = serde_json::to_string(tally)
            .map_err(|error| CorpusError::Store { path: self.target.clone(), message: error.to_string() })?;
        let insert = self.connection()?.prepare_cached("INSERT INTO groups (grp, tally, shadowed) VALUES (?, ?, 0)");
        insert.and_then(|mut insert| insert.execute((group, tally))).map_err(|error| self.fail(&error))?;
        Ok(())
    }

    /// Adds where a session came from.
    pub fn add_origin(&self, id: &str, group: i64, facts: &Facts, records: &[u64]) -> Result<(), CorpusError> {
        let facts = serde_json::to_string(facts)
            .map_err(|error| CorpusError::Store { path: self.target.clone(), message: error.to_string() })?;
        let insert = "INSERT INTO origins (id, grp, kept, facts, records) VALUES (?, ?, 0, ?, ?)";
        let connection = self.connection()?;
        let insert = connection.prepare_cached(insert);
        insert
            .and_then(|mut insert| insert.execute((id, group, facts, pack(records))))
            .map_err(|error| self.fail(&error))?;
        Ok(())
    }

    /// Adds the report and puts the file in place, unless it was only tried out.
    pub fn finish(mut self, report: &IngestReport, salt: &Salt) -> Result<(), CorpusError> {
        let Some((partial, lock)) = self.place.take() else { return Ok(()) };
        let placed = self.place_at(&partial, report, salt);
        if placed.is_err() {
            self.place = Some((partial, lock));
        } else {
            self.made_folder = false;
        }
        placed
    }

    /// Makes the file durable and puts it in place of any corpus there was; the key before it, since pseudonyms without
    /// their key are lost.
    fn place_at(&mut self, partial: &Path, report: &IngestReport, salt: &Salt) -> Result<(), CorpusError> {
        let fail = |message: String| CorpusError::Store { path: self.target.clone(), message };
        let report = IngestReport { this_ingest: None, ..report.clone() };
        let report = serde_json::to_string(&report).map_err(|error| fail(error.to_string()))?;
        let connection = self.connection()?;
        let done = connection
            .execute("INSERT INTO reports (report, salt) VALUES (?, ?)", (report, salt.id()))
            .and_then(|_| connection.execute_batch("COMMIT"));
        done.map_err(|error| self.fail(&error))?;
        if let Some(connection) = self.connection.take() {
            connection.close().map_err(|(_, error)| CorpusError::sqlite(&self.target, &error))?;
        }
        let sync = fs_err::OpenOptions::new().write(true).open(partial).and_then(|file| file.sync_all());
        sync.map_err(|error| CorpusError::Store { path: self.target.clone(), message: error.to_string() })?;
        if self.before != stamp(&self.target) {
            return Err(CorpusError::Busy(self.target.clone()));
        }
        let salt_file = salt.save()?;
        fs_err::rename(partial, &self.target).map_err(|error| {
            if let Some(path) = salt_file {
                // The error that led here is the one to report.
                let _ = fs_err::remove_file(path);
            }
            CorpusError::Store { path: self.target.clone(), message: error.to_string() }
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.connection = None;
        // After a finish there is nothing to remove; after a failure the error that led here is the one to report.
        if let Some((partial, _)) = &self.place {
            let _ = fs_err::remove_file(partial);
        }
        if self.made_folder
            && let Some(folder) = self.target.parent()
        {
            let _ = fs_err::remove_dir(folder);
        }
    }
}
