//! The ingest report of a whole corpus, from what is kept of every file, group and session.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;

use super::model::{IngestReport, REPORT_VERSION, add};
use super::sources::READER;
use super::store::CorpusError;
use super::write::Facts;
use crate::ingest::{BadFile, Tally};

/// Why a session is not the one of its id.
const SHADOWED: &str = "session id of another session";

/// The report of the corpus that is open at `path`, without what the last ingest did.
pub(super) fn totals(connection: &Connection, path: &Path) -> Result<IngestReport, CorpusError> {
    let mut report = IngestReport { version: REPORT_VERSION, ..IngestReport::default() };
    let mut work = || -> rusqlite::Result<()> {
        of_sources(connection, &mut report)?;
        of_groups(connection, &mut report)?;
        of_sessions(connection, &mut report)
    };
    work().map_err(|error| CorpusError::sqlite(path, &error))?;
    report.bad_files.sort_by(|one, other| (&one.file, &one.reason).cmp(&(&other.file, &other.reason)));
    report.bad_lines = report.bad_files.iter().map(|bad| bad.lines.len() as u64).sum();
    Ok(report)
}

fn of_sources(connection: &Connection, report: &mut IngestReport) -> rusqlite::Result<()> {
    let mut query = connection.prepare("SELECT kind, name, reason, grp IS NULL FROM sources")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, reason): (String, Option<String>) = (row.get(0)?, row.get(2)?);
        let reason = reason.unwrap_or_default();
        report.files += u64::from(kind != "unreachable");
        match kind.as_str() {
            "other" => *report.skipped_files.entry(reason).or_default() += 1,
            "unreadable" | "unreachable" => {
                report.bad_files.push(BadFile { file: row.get(1)?, lines: Vec::new(), reason });
            }
            _ if row.get(3)? => *report.skipped_files.entry(format!("{kind}, left out by choice")).or_default() += 1,
            _ => {}
        }
    }
    Ok(())
}

fn of_groups(connection: &Connection, report: &mut IngestReport) -> rusqlite::Result<()> {
    let mut query = connection.prepare("SELECT tally, shadowed FROM groups ORDER BY grp")?;
    let mut rows = query.query([])?;
    let (mut sum, mut shadowed) = (Tally::default(), 0);
    while let Some(row) = rows.next()? {
        sum.add(from_json(&row.get::<_, String>(0)?)?);
        shadowed += number(row, 1)?;
    }
    report.lines = sum.lines;
    report.merged_files = sum.merged_files;
    report.split_sessions = sum.split;
    report.frozen_sessions = sum.frozen;
    report.dropped_files = sum.dropped;
    if shadowed > 0 {
        *report.dropped_files.entry(SHADOWED.to_owned()).or_default() += shadowed;
    }
    report.bad_files.extend(sum.bad);
    Ok(())
}

fn of_sessions(connection: &Connection, report: &mut IngestReport) -> rusqlite::Result<()> {
    let mut query = connection
        .prepare("SELECT format, scope, scope_rule, prompts, actions, facts FROM sessions JOIN origins USING (id)")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (format, scope, rule): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let facts: Facts = from_json(&row.get::<_, String>(5)?)?;
        report.sessions += 1;
        report.prompts += number(row, 3)?;
        report.actions += number(row, 4)?;
        *report.scope_rules.entry(scope.clone()).or_default().entry(rule).or_default() += 1;
        *report.scopes.entry(scope).or_default() += 1;
        let versions = report.agent_versions.entry(format.clone()).or_default();
        add(versions, facts.agent_versions.into_iter().map(|version| (version, 1)).collect::<BTreeMap<_, _>>());
        *report.formats.entry(format).or_default() += 1;
        report.repaired_lines += facts.losses.repaired_lines;
        report.duplicate_records += facts.losses.duplicate_records;
        report.abandoned_records += facts.losses.abandoned_records;
        add(&mut report.unknown_records, facts.losses.unknown_records);
        add(&mut report.excluded_prompts, facts.losses.excluded_prompts);
        add(&mut report.scrubbed, facts.scrubbed);
    }
    report.agent_versions.retain(|_, versions| !versions.is_empty());
    let count = |query: &str, parameters: &[&str]| {
        connection.query_row(query, rusqlite::params_from_iter(parameters), |row| number(row, 0))
    };
    report.persons = count("SELECT COUNT(DISTINCT person) FROM sessions", &[])?;
    let older = "SELECT COUNT(*) FROM origins WHERE grp NOT IN
        (SELECT grp FROM sources WHERE grp IS NOT NULL AND reader = ?)";
    report.older_reader_sessions = count(older, &[READER])?;
    Ok(())
}

fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}

/// Reads a JSON column.
pub(super) fn from_json<T: DeserializeOwned>(json: &str) -> rusqlite::Result<T> {
    let failed = |error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    };
    serde_json::from_str(json).map_err(failed)
}
