//! From session files to a corpus: read what changed, join, scrub, measure, store; keep the rest as it is.

use std::path::{Path, PathBuf};

use super::admit::Admission;
use super::changes::{Changes, Job};
use super::copies::Copies;
use super::job::{Batch, read_job};
use super::model::IngestReport;
use super::pipeline::in_order;
use super::previous::{Old, Previous};
use super::salt::Salt;
use super::sources::{forget, save, save_absent, save_read};
use super::store::CorpusError;
use super::totals::totals;
use super::work::join_work;
use super::write::Writer;
use crate::session::Format;
use crate::view::Scrubber;

/// How to build a corpus.
#[derive(Clone)]
pub struct BuildOptions<'o> {
    /// Key for the pseudonyms of persons.
    pub salt: Salt,
    /// Begin anew: forget the corpus that is there, with the sessions whose files are gone.
    pub fresh: bool,
    /// Read only sessions of this format; files of others are left out, and counted.
    pub only: Option<Format>,
    /// Called from time to time with files read and files in all.
    pub progress: &'o (dyn Fn(u64, u64) + Sync),
}

impl std::fmt::Debug for BuildOptions<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("BuildOptions").field("salt", &self.salt).finish_non_exhaustive()
    }
}

impl BuildOptions<'_> {
    /// Options with `salt` that read every format, go on from the corpus that is there, and tell nobody how far they are.
    #[must_use]
    pub fn quiet(salt: Salt) -> Self {
        Self { salt, fresh: false, only: None, progress: &|_, _| {} }
    }
}

/// Reads the session files below `paths` (files, folders, glob patterns) into `folder/corpus.sqlite`. Of a corpus that is
/// there, what did not change stays as it is, and so do sessions whose files are gone or lie elsewhere. As long as nothing
/// is gone, the sessions are those of one ingest of everything, whatever the order of paths, ingests and threads.
///
/// # Errors
/// When a path matches nothing, when there is no session in any of them, when the corpus there was made under another
/// key, when another ingest is at work in the folder, or when the corpus cannot be written; the folder is then left as it
/// was, and a new key is not kept.
pub fn build(paths: &[PathBuf], folder: &Path, options: &BuildOptions<'_>) -> Result<IngestReport, CorpusError> {
    let (previous, changes) = compare(paths, folder, options)?;
    if let Some(previous) = &previous
        && changes.list.is_nothing()?
    {
        return changes.report(totals(&previous.connection, &previous.path)?);
    }
    let writer = Writer::create(folder, previous.as_ref(), changes.list.replaced())?;
    let report = work(&changes, previous.as_ref(), &writer, options)?;
    some_session(paths, &report)?;
    writer.finish(&report, &options.salt)?;
    Ok(report)
}

/// Does all that [`build`] does, except writing.
///
/// # Errors
/// As [`build`], but for those of writing.
pub fn dry_run(paths: &[PathBuf], folder: &Path, options: &BuildOptions<'_>) -> Result<IngestReport, CorpusError> {
    let (previous, changes) = compare(paths, folder, options)?;
    let writer = Writer::tried_out(previous.as_ref(), changes.list.replaced())?;
    let report = work(&changes, previous.as_ref(), &writer, options)?;
    some_session(paths, &report)?;
    Ok(report)
}

/// The corpus that is there, and what has changed since.
fn compare(
    paths: &[PathBuf],
    folder: &Path,
    options: &BuildOptions<'_>,
) -> Result<(Option<Previous>, Changes), CorpusError> {
    let previous = if options.fresh { None } else { Previous::open(folder, &options.salt)? };
    let changes = Changes::find(paths, options.only, previous.as_ref(), &options.salt)?;
    if !changes.list.any_session()? {
        return Err(CorpusError::no_sessions(paths, &changes.looked_at()?));
    }
    Ok((previous, changes))
}

fn some_session(paths: &[PathBuf], report: &IngestReport) -> Result<(), CorpusError> {
    if report.sessions == 0 { Err(CorpusError::no_sessions(paths, report)) } else { Ok(()) }
}

/// Reads what has changed and writes it; the report is of the whole corpus.
fn work(
    changes: &Changes,
    previous: Option<&Previous>,
    writer: &Writer,
    options: &BuildOptions<'_>,
) -> Result<IngestReport, CorpusError> {
    let scrubber = Scrubber::new();
    let connection = writer.connection()?;
    save_sources(changes, writer, &options.salt)?;
    let total = changes.list.to_read()?;
    let (first, mut done) = (previous.map_or(Ok(0), Previous::last_group)? + 1, 0);
    let old = |job: &Job| match previous {
        Some(previous) if !job.absent.is_empty() => previous.sessions(&job.stored),
        _ => Ok(Vec::new()),
    };
    let jobs = changes.jobs().map(|job| job.and_then(|job| old(&job).map(|old| (job, old))));
    let round = Round { changes, writer, salt: &options.salt, scrubber: &scrubber };
    let next = round.store(jobs, first, |files| {
        done += files;
        (options.progress)(done, total);
    })?;
    if next > first {
        let copies = Copies::find(changes, writer, first)?;
        round.store(copies.jobs(), next, |_| {})?;
    }
    join_work(connection).map_err(|error| writer.fail(&error))?;
    changes.report(totals(connection, writer.target())?)
}

/// What reading jobs and storing their sessions takes.
struct Round<'r> {
    changes: &'r Changes,
    writer: &'r Writer,
    salt: &'r Salt,
    scrubber: &'r Scrubber,
}

impl Round<'_> {
    /// Reads jobs, each with old sessions that it may not replace, and stores their sessions in groups from number `next`
    /// on; tells how many files each job read, and returns the number after the last group.
    fn store(
        &self,
        jobs: impl Iterator<Item = Result<(Job, Vec<Old>), CorpusError>>,
        mut next: i64,
        mut read_files: impl FnMut(u64),
    ) -> Result<i64, CorpusError> {
        let admission = Admission { writer: self.writer, list: &self.changes.list };
        let read = |job: Result<(Job, Vec<Old>), CorpusError>| {
            job.and_then(|(job, old)| read_job(&job, &old, self.salt, self.scrubber))
        };
        in_order(
            jobs,
            |job| job.as_ref().map_or(0, |(job, _)| job.bytes()),
            read,
            |batch| {
                let batch = batch?;
                read_files(batch.files);
                for key in &batch.absent {
                    let saved = save_absent(self.writer.connection()?, key, next);
                    saved.map_err(|error| self.writer.fail(&error))?;
                }
                next = store(&admission, batch, next)?;
                Ok::<(), CorpusError>(())
            },
        )?;
        Ok(next)
    }
}

/// Writes what is known of the files that are new or changed.
fn save_sources(changes: &Changes, writer: &Writer, salt: &Salt) -> Result<(), CorpusError> {
    let connection = writer.connection()?;
    let fail = |error: rusqlite::Error| writer.fail(&error);
    for key in changes.list.forgotten()? {
        forget(connection, &key).map_err(fail)?;
    }
    changes.touched(|source, file| save(connection, salt, source, file).map_err(fail))
}

/// Writes the sessions of one job, beginning with group number `next`; returns the number after the last one it used.
fn store(admission: &Admission<'_>, batch: Batch, mut next: i64) -> Result<i64, CorpusError> {
    let writer = admission.writer;
    for part in batch.parts {
        writer.add_group(next, &part.tally)?;
        for key in part.sources {
            save_read(writer.connection()?, &key, next).map_err(|error| writer.fail(&error))?;
        }
        for (id, records) in part.kept {
            admission.keep(&id, &records, next)?;
        }
        for (stored, facts, records) in part.sessions {
            admission.add(&stored, next, &facts, &records)?;
        }
        next += 1;
    }
    Ok(next)
}
