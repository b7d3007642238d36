//! Reading one job: the sessions of files that are read in one go, and those that stay because their files are gone.

use std::path::PathBuf;

use super::changes::Job;
use super::model::SessionRow;
use super::pack::pack;
use super::previous::Old;
use super::salt::Salt;
use super::sources::PathKey;
use super::store::CorpusError;
use super::write::{Facts, Stored};
use crate::ingest::{Group, Opening, PlanPart, Reading, Tally, read, read_each, read_without};
use crate::session::{Evidence, Format, Measures, Session};
use crate::view::{ScrubCounts, Scrubber};

/// What becomes one group of the corpus.
#[derive(Default)]
pub(super) struct Part {
    /// Sessions read, with where they came from and their records.
    pub sessions: Vec<(Stored, Facts, Vec<u64>)>,
    /// Sessions that stay as they are, with their records.
    pub kept: Vec<Old>,
    /// What reading came to.
    pub tally: Tally,
    /// The files that were read.
    pub sources: Vec<PathKey>,
}

/// What reading one job gave.
pub(super) struct Batch {
    /// Its groups. One where some of its files are gone, so that the others are never read without a look at what stays.
    pub parts: Vec<Part>,
    /// Files that are not there, but belong to it.
    pub absent: Vec<PathKey>,
    /// How many files were read.
    pub files: u64,
}

/// Reads a job. `old` are the sessions that its stored groups have, where some of its files are gone: those that the files
/// that are left do not hold whole stay as they are, and their records are left out of all others.
pub(super) fn read_job(job: &Job, old: &[Old], salt: &Salt, scrubber: &Scrubber) -> Result<Batch, CorpusError> {
    let mut kept = Vec::new();
    let parts: Result<Vec<Part>, CorpusError> = if old.is_empty() {
        job.groups.iter().map(|(group, sources)| stream(group, sources, salt, scrubber)).collect()
    } else {
        let (readings, staying) = compared(job, old, salt);
        kept = staying;
        let groups = readings.into_iter().zip(&job.groups);
        groups.map(|(reading, (_, sources))| part(reading, sources, scrubber)).collect()
    };
    let parts = parts?;
    if job.absent.is_empty() {
        return Ok(Batch { parts, absent: Vec::new(), files: job.files() });
    }
    let mut whole = Part { kept, ..Part::default() };
    for part in parts {
        whole.sessions.extend(part.sessions);
        whole.sources.extend(part.sources);
        whole.tally.add(part.tally);
    }
    Ok(Batch { parts: vec![whole], absent: job.absent.clone(), files: job.files() })
}

/// Reads one group. Of a session that was read only its stored form stays in memory.
fn stream(group: &Group, sources: &[PathKey], salt: &Salt, scrubber: &Scrubber) -> Result<Part, CorpusError> {
    let mut sessions = Vec::new();
    let tally = read_each(group, salt.key(), &[], &mut |session, records| {
        sessions.push(prepare(session, scrubber).map(|(stored, facts)| (stored, facts, records)));
    });
    whole(sessions, tally, sources, scrubber)
}

/// Reads the groups of a job without what only its old sessions hold whole; and those of them that stay.
fn compared(job: &Job, old: &[Old], salt: &Salt) -> (Vec<Reading>, Vec<Old>) {
    let readings: Vec<Reading> = job.groups.iter().map(|(group, _)| read(group, salt.key())).collect();
    let lost = |old: &&Old| !job.groups.iter().zip(&readings).any(|((group, _), now)| is_in(old, now, group.format));
    let kept: Vec<Old> = old.iter().filter(lost).cloned().collect();
    if kept.is_empty() {
        return (readings, kept);
    }
    let held: Vec<u64> = kept.iter().flat_map(|(_, records)| records).copied().collect();
    let again = job.groups.iter().map(|(group, _)| {
        let mut reading = read_without(group, salt.key(), &held);
        stay(&mut reading, &kept);
        reading
    });
    (again.collect(), kept)
}

fn part(reading: Reading, sources: &[PathKey], scrubber: &Scrubber) -> Result<Part, CorpusError> {
    let mut records = reading.records;
    let sessions = reading.sessions.into_iter().map(|session| {
        let records = records.remove(&session.id).unwrap_or_default();
        let (stored, facts) = prepare(session, scrubber)?;
        Ok((stored, facts, records))
    });
    whole(sessions, reading.tally, sources, scrubber)
}

/// The part that the sessions of one group make, where all could be prepared.
fn whole(
    sessions: impl IntoIterator<Item = Result<(Stored, Facts, Vec<u64>), CorpusError>>,
    mut tally: Tally,
    sources: &[PathKey],
    scrubber: &Scrubber,
) -> Result<Part, CorpusError> {
    let sessions = sessions.into_iter().collect::<Result<_, CorpusError>>()?;
    scrub_tally(&mut tally, scrubber);
    Ok(Part { sessions, kept: Vec::new(), tally, sources: sources.to_vec() })
}

/// Whether one session that was read now holds all records of an old one. Only Claude Code copies records between
/// sessions of different ids; elsewhere another id is another name.
fn is_in((id, records): &Old, now: &Reading, format: Format) -> bool {
    now.sessions.iter().any(|session| {
        let may = session.id == *id || (format != Format::ClaudeCode && !records.is_empty());
        may && now.records.get(&session.id).is_some_and(|now| holds(now, records))
    })
}

/// Whether all of `some` are in `all`, both sorted.
pub(super) fn holds(all: &[u64], some: &[u64]) -> bool {
    some.iter().all(|one| all.binary_search(one).is_ok())
}

/// Takes out what belongs to a session that stays as it is; what it would have added is counted.
fn stay(reading: &mut Reading, kept: &[Old]) {
    let before = reading.sessions.len();
    let old = |id: &str| kept.iter().find(|(old, _)| old == id);
    let mut more = 0;
    for session in &reading.sessions {
        let now = reading.records.get(&session.id);
        let new = |(_, old): &Old| now.is_some_and(|now| !holds(old, now));
        more += u64::from(old(&session.id).is_some_and(new));
    }
    reading.sessions.retain(|session| old(&session.id).is_none());
    reading.tally.frozen += more;
    reading.tally.merged_files += (before - reading.sessions.len()) as u64;
}

/// Names of files, and what is told of them, may hold secrets as texts do.
fn scrub_tally(tally: &mut Tally, scrubber: &Scrubber) {
    let scrub = |text: &str| scrubber.text(text, &mut ScrubCounts::new()).into_owned();
    for bad in &mut tally.bad {
        (bad.file, bad.reason) = (scrub(&bad.file), scrub(&bad.reason));
    }
    let dropped = std::mem::take(&mut tally.dropped);
    for (reason, count) in dropped {
        *tally.dropped.entry(scrub(&reason)).or_default() += count;
    }
}

/// Measures the session as it was, then scrubs it; evidence is found after that, so that an excerpt that cuts a secret in
/// half cannot hide it from the scrubber.
fn prepare(mut session: Session, scrubber: &Scrubber) -> Result<(Stored, Facts), CorpusError> {
    let mut counts = ScrubCounts::new();
    // Before masking, which may hide the name of the session that made the plan.
    let (mut plan, opening) = (PlanPart::of(&session), Opening::of(&session));
    let measures = Measures::of(&session);
    scrubber.session(&mut session, &mut counts);
    plan.slug.clone_from(&session.slug);
    plan.named = plan.named.filter(|id| scrubber.text(id, &mut ScrubCounts::new()) == id.as_str());
    let evidence = Evidence::of(&session);
    let fail = |message: String| CorpusError::Store { path: PathBuf::from(&session.file), message };
    let packed = pack(&session).map_err(|error| fail(error.to_string()))?;
    let row = SessionRow {
        id: session.id.clone(),
        file: session.file.clone(),
        format: session.format,
        person: session.person.clone(),
        project: session.project.clone(),
        scope: session.scope,
        scope_rule: session.scope_rule.clone(),
        scope_doubt: false,
        planned_in: None,
        work: session.id.clone(),
        started_at: session.started_at.clone(),
        models: session.models.clone(),
        measures,
        evidence,
        recorder: session.recorder.clone(),
        content_hash: packed.hash.to_hex().to_string(),
    };
    let stored = Stored { row, entrypoint: session.entrypoint, ended_at: session.ended_at, zstd: packed.zstd };
    Ok((
        stored,
        Facts { losses: session.losses, scrubbed: counts, agent_versions: session.agent_versions, plan, opening },
    ))
}
