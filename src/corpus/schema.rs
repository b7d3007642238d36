//! Tables of the corpus file, their versions, and the way from older ones.

use std::path::Path;

use rusqlite::Connection;

use super::store::CorpusError;
use crate::session::EvidenceKind;

/// Version of the tables, kept in `user_version`.
pub(super) const VERSION: i64 = 2;

/// `assz`, kept in `application_id`, tells a corpus from other `SQLite` files.
pub(super) const APPLICATION: i64 = 0x6173_737a;

/// What each version adds to the one before it; a new version appends one step and never changes an old one.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY NOT NULL,
        file TEXT NOT NULL,
        format TEXT NOT NULL,
        person TEXT,
        project TEXT,
        entrypoint TEXT,
        scope TEXT NOT NULL,
        scope_rule TEXT NOT NULL,
        scope_doubt INTEGER NOT NULL,
        planned_in TEXT,
        work TEXT NOT NULL,
        started_at TEXT,
        ended_at TEXT,
        prompts INTEGER NOT NULL,
        relayed_prompts INTEGER NOT NULL,
        actions INTEGER NOT NULL,
        successful_actions INTEGER NOT NULL,
        subagent_actions INTEGER NOT NULL,
        all_actions INTEGER NOT NULL,
        model_calls INTEGER NOT NULL,
        prompt_words INTEGER NOT NULL,
        visible_words INTEGER NOT NULL,
        thinking_words INTEGER NOT NULL,
        tool_input_words INTEGER NOT NULL,
        output_words INTEGER NOT NULL,
        input_tokens INTEGER NOT NULL,
        output_tokens INTEGER NOT NULL,
        cache_read_tokens INTEGER NOT NULL,
        cache_write_tokens INTEGER NOT NULL,
        lines_added INTEGER NOT NULL,
        lines_removed INTEGER NOT NULL,
        interrupts INTEGER NOT NULL,
        refusals INTEGER NOT NULL,
        replies INTEGER NOT NULL,
        answers INTEGER NOT NULL,
        plan_approvals INTEGER NOT NULL,
        plan_refusals INTEGER NOT NULL,
        reasoned_refusals INTEGER NOT NULL,
        compactions INTEGER NOT NULL,
        dead_branches INTEGER NOT NULL,
        models INTEGER,
        seconds INTEGER,
        active_seconds INTEGER,
        tests_passed INTEGER NOT NULL,
        tests_failed INTEGER NOT NULL,
        builds_passed INTEGER NOT NULL,
        builds_failed INTEGER NOT NULL,
        commits INTEGER NOT NULL,
        pushes INTEGER NOT NULL,
        pull_requests INTEGER NOT NULL,
        pull_requests_merged INTEGER NOT NULL,
        final_errors INTEGER NOT NULL,
        affirmations INTEGER NOT NULL,
        rejections INTEGER NOT NULL,
        machine_success INTEGER,
        evidence TEXT NOT NULL,
        recorder TEXT,
        content_hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX sessions_file ON sessions (file);
    CREATE TABLE transcripts (
        id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id),
        zstd BLOB NOT NULL
    ) STRICT;
    CREATE TABLE reports (report TEXT NOT NULL, salt TEXT NOT NULL) STRICT;
    CREATE TABLE sources (
        path BLOB PRIMARY KEY NOT NULL,
        above BLOB NOT NULL,
        name TEXT NOT NULL,
        depth INTEGER NOT NULL,
        stamp TEXT NOT NULL,
        kind TEXT NOT NULL,
        reason TEXT,
        links BLOB,
        grp INTEGER,
        read INTEGER NOT NULL,
        reader TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE groups (grp INTEGER PRIMARY KEY NOT NULL, tally TEXT NOT NULL, shadowed INTEGER NOT NULL) STRICT;
    CREATE TABLE origins (
        id TEXT PRIMARY KEY NOT NULL,
        grp INTEGER NOT NULL,
        kept INTEGER NOT NULL,
        facts TEXT NOT NULL,
        records BLOB NOT NULL
    ) STRICT;
    CREATE INDEX origins_grp ON origins (grp);
",
    "ALTER TABLE sessions ADD COLUMN model_names TEXT NOT NULL DEFAULT '[]';",
];

/// Brings an empty or older file to [`VERSION`].
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), CorpusError> {
    let version = version(connection, path)?;
    let fail = |error: rusqlite::Error| CorpusError::sqlite(path, &error);
    for (step, number) in STEPS.iter().zip(1_i64..).filter(|(_, number)| *number > version) {
        let work = connection.unchecked_transaction().map_err(fail)?;
        work.execute_batch(step).map_err(fail)?;
        work.pragma_update(None, "user_version", number).map_err(fail)?;
        work.commit().map_err(fail)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION).map_err(fail)
}

/// The version of the tables; one that is newer than this program is an error.
pub(super) fn version(connection: &Connection, path: &Path) -> Result<i64, CorpusError> {
    let version = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| CorpusError::sqlite(path, &error))?;
    if version > VERSION {
        let message = format!(
            "written by a newer assize (corpus version {version}, this program reads up to {VERSION}): update assize, or ingest again into another folder"
        );
        return Err(CorpusError::Store { path: path.to_owned(), message });
    }
    Ok(version)
}

/// Columns of the counts of evidence, in the order of the table.
pub(super) const EVIDENCE_COLUMNS: [(EvidenceKind, &str); 11] = [
    (EvidenceKind::TestsPassed, "tests_passed"),
    (EvidenceKind::TestsFailed, "tests_failed"),
    (EvidenceKind::BuildPassed, "builds_passed"),
    (EvidenceKind::BuildFailed, "builds_failed"),
    (EvidenceKind::Commit, "commits"),
    (EvidenceKind::Push, "pushes"),
    (EvidenceKind::PullRequest, "pull_requests"),
    (EvidenceKind::PullRequestMerged, "pull_requests_merged"),
    (EvidenceKind::FinalError, "final_errors"),
    (EvidenceKind::Affirmation, "affirmations"),
    (EvidenceKind::Rejection, "rejections"),
];
