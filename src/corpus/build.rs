//! From session files to a corpus: read, join, scrub, measure, store.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use super::model::{IngestReport, REPORT_VERSION, SessionRow, add};
use super::pack::pack;
use super::pipeline::in_order;
use super::salt::Salt;
use super::store::CorpusError;
use super::write::{Stored, Writer};
use crate::ingest::{Group, Survey, Tally, read, survey};
use crate::session::{Evidence, Losses, Measures, Session};
use crate::view::{ScrubCounts, Scrubber};

/// How to build a corpus.
#[derive(Clone)]
pub struct BuildOptions<'o> {
    /// Key for the pseudonyms of persons.
    pub salt: Salt,
    /// Called from time to time with files read and files in all.
    pub progress: &'o (dyn Fn(u64, u64) + Sync),
}

impl std::fmt::Debug for BuildOptions<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("BuildOptions").field("salt", &self.salt).finish_non_exhaustive()
    }
}

impl BuildOptions<'_> {
    /// Options with `salt` that tell nobody how far the work is.
    #[must_use]
    pub fn quiet(salt: Salt) -> Self {
        Self { salt, progress: &|_, _| {} }
    }
}

/// Reads the session files below `paths` (files, folders, glob patterns) into `folder/corpus.sqlite`, in place of any
/// corpus there was. The result is the same for any order of paths and any number of threads.
///
/// # Errors
/// When a path matches nothing, when there is no session in any of them, or when the corpus cannot be written; the folder
/// is then left as it was.
pub fn build(paths: &[PathBuf], folder: &Path, options: &BuildOptions<'_>) -> Result<IngestReport, CorpusError> {
    let survey = found(paths)?;
    let writer = Writer::create(folder)?;
    let report = work(survey, options, |stored| writer.add(stored))?;
    some_session(paths, &report)?;
    writer.finish(&report)?;
    Ok(report)
}

/// Does all that [`build`] does, except writing.
///
/// # Errors
/// When a path matches nothing, or when there is no session in any of them.
pub fn dry_run(paths: &[PathBuf], options: &BuildOptions<'_>) -> Result<IngestReport, CorpusError> {
    let report = work(found(paths)?, options, |_| Ok(()))?;
    some_session(paths, &report)?;
    Ok(report)
}

fn found(paths: &[PathBuf]) -> Result<Survey, CorpusError> {
    let survey = survey(paths)?;
    if survey.groups.is_empty() {
        let report = IngestReport {
            files: survey.files,
            skipped_files: survey.skipped,
            bad_files: survey.bad,
            ..IngestReport::default()
        };
        return Err(CorpusError::no_sessions(paths, &report));
    }
    Ok(survey)
}

fn some_session(paths: &[PathBuf], report: &IngestReport) -> Result<(), CorpusError> {
    if report.sessions == 0 { Err(CorpusError::no_sessions(paths, report)) } else { Ok(()) }
}

/// What reading one group gave.
struct Batch {
    sessions: Vec<(Stored, Losses, ScrubCounts)>,
    tally: Tally,
    files: u64,
}

fn work(
    survey: Survey,
    options: &BuildOptions<'_>,
    mut store: impl FnMut(&Stored) -> Result<(), CorpusError>,
) -> Result<IngestReport, CorpusError> {
    let mut report = IngestReport {
        version: REPORT_VERSION,
        files: survey.files,
        skipped_files: survey.skipped,
        bad_files: survey.bad,
        ..IngestReport::default()
    };
    let scrubber = Scrubber::new();
    let total = survey.groups.iter().map(|group| group.files.len() as u64).sum();
    let (mut ids, mut persons, mut done) = (HashSet::new(), HashSet::new(), 0);
    let read = |group: &Group| one_group(group, &options.salt, &scrubber);
    in_order(&survey.groups, Group::bytes, read, |batch| {
        let batch = batch?;
        report.add_tally(batch.tally);
        for (stored, losses, counts) in batch.sessions {
            if !ids.insert(stored.row.id.clone()) {
                let again = BTreeMap::from([("session id of another session", 1)]);
                add(&mut report.dropped_files, again);
                continue;
            }
            persons.extend(stored.row.person.clone());
            report.add_session(&stored.row, losses);
            add(&mut report.scrubbed, counts);
            store(&stored)?;
        }
        done += batch.files;
        (options.progress)(done, total);
        Ok::<(), CorpusError>(())
    })?;
    report.persons = persons.len() as u64;
    report.bad_files.sort_by(|one, other| (&one.file, &one.reason).cmp(&(&other.file, &other.reason)));
    Ok(report)
}

fn one_group(group: &Group, salt: &Salt, scrubber: &Scrubber) -> Result<Batch, CorpusError> {
    let reading = read(group, salt.key());
    let sessions: Result<_, _> = reading.sessions.into_iter().map(|session| prepare(session, scrubber)).collect();
    Ok(Batch { sessions: sessions?, tally: reading.tally, files: group.files.len() as u64 })
}

/// Measures the session as it was, then scrubs it; evidence is found after that, so that an excerpt that cuts a secret in
/// half cannot hide it from the scrubber.
fn prepare(mut session: Session, scrubber: &Scrubber) -> Result<(Stored, Losses, ScrubCounts), CorpusError> {
    let mut counts = ScrubCounts::new();
    let measures = Measures::of(&session);
    scrubber.session(&mut session, &mut counts);
    let evidence = Evidence::of(&session);
    let packed = pack(&session)
        .map_err(|error| CorpusError::Store { path: PathBuf::from(&session.file), message: error.to_string() })?;
    let row = SessionRow {
        id: session.id.clone(),
        file: session.file.clone(),
        format: session.format,
        person: session.person.clone(),
        project: session.project.clone(),
        scope: session.scope,
        scope_rule: session.scope_rule.clone(),
        started_at: session.started_at.clone(),
        measures,
        evidence,
        recorder: session.recorder.clone(),
        content_hash: packed.hash.to_hex().to_string(),
    };
    let stored = Stored { row, entrypoint: session.entrypoint, ended_at: session.ended_at, zstd: packed.zstd };
    Ok((stored, session.losses, counts))
}
