//! What of the files has to be read: groups of files in which anything changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::model::{IngestReport, ThisIngest};
use super::previous::Previous;
use super::salt::Salt;
use super::sources::{Known, PathKey, Source, State, path_key};
use super::store::CorpusError;
use crate::ingest::{BadFile, FileKind, FoundFile, Group, connected, discover, mask_file};
use crate::session::Format;

/// Files that are compared with the corpus at once.
const AT_ONCE: usize = 4096;

/// Files that are read in one go, because they may hold the same records, or did.
#[derive(Debug)]
pub(super) struct Job {
    /// Files that are there, in groups that share records; with each the places of its sources.
    pub groups: Vec<(Group, Vec<usize>)>,
    /// Places of the sources that are not there, but belong to it.
    pub absent: Vec<usize>,
    /// The groups in the corpus that it replaces.
    pub stored: Vec<i64>,
}

impl Job {
    /// How many files it reads.
    pub fn files(&self) -> u64 {
        self.groups.iter().map(|(group, _)| group.files.len() as u64).sum()
    }

    /// About how much there is to read, in bytes.
    pub fn bytes(&self) -> u64 {
        self.groups.iter().map(|(group, _)| group.bytes()).sum()
    }
}

/// What an ingest has to do.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Every file that was found, and every file of a session that was not.
    pub sources: Vec<Source>,
    /// The places of the sources of each job.
    jobs: Vec<Box<[usize]>>,
    /// Files that are gone and had no session: they are forgotten.
    pub forgotten: Vec<PathKey>,
    /// Files that had a session and cannot be opened now.
    pub blocked: Vec<BadFile>,
    /// Groups of which no file is there.
    pub fixed: HashSet<i64>,
    /// Folders with copies out of git repositories; the jobs can be read until this is dropped.
    _copies: Vec<tempfile::TempDir>,
}

impl Changes {
    /// Looks at the files below `paths`, compares them with the corpus, and opens those that are new or changed. With
    /// `only`, sessions of other formats are left out.
    pub fn find(
        paths: &[PathBuf],
        only: Option<Format>,
        previous: Option<&Previous>,
        salt: &Salt,
    ) -> Result<Self, CorpusError> {
        // A corpus that cannot tell this cannot tell what it knows of the file either, which is an error below.
        let known = |real: &Path| previous?.known(&path_key(salt, real)).ok().flatten();
        let found = discover(paths, &|real| known(real).map_or(0, |known| known.depth))?;
        let mut changes = Self { _copies: found.copies, ..Self::default() };
        changes.sources.reserve_exact(found.files.len());
        for part in divided(found.files) {
            let with_known = |file: FoundFile| {
                let key = path_key(salt, file.real());
                let known = previous.map_or(Ok(None), |previous| previous.known(&key))?;
                Ok((file, key, known))
            };
            let part = part.into_iter().map(with_known).collect::<Result<Vec<_>, CorpusError>>()?;
            let look = |(file, key, known): (FoundFile, PathKey, Option<Known>)| look(file, key, known.as_ref(), only);
            for (source, blocked) in part.into_par_iter().map(look).collect::<Vec<_>>() {
                changes.sources.push(source);
                changes.blocked.extend(blocked);
            }
        }
        if let Some(previous) = previous {
            changes.add_missing(previous, &found.roots, salt)?;
        }
        changes.plan(only, &previous.map(|previous| previous.shadowed.clone()).unwrap_or_default());
        Ok(changes)
    }

    /// Adds the files that the corpus knows and that were not found.
    fn add_missing(&mut self, previous: &Previous, roots: &[PathBuf], salt: &Salt) -> Result<(), CorpusError> {
        let found: HashSet<PathKey> = self.sources.iter().map(|source| source.key).collect();
        let roots: HashSet<PathKey> = roots.iter().map(|root| path_key(salt, root)).collect();
        for known in previous.missing(&found)? {
            let gone = previous.above(&known.key)?.chunks(16).any(|key| roots.contains(key));
            if known.group.is_none() && gone {
                self.forgotten.push(known.key);
            } else if known.group.is_some() {
                let state = if gone { State::Gone } else { State::Elsewhere };
                let Known { key, kind, group, read, .. } = known;
                self.sources.push(Source { key, file: None, kind, group, read, state });
            }
        }
        Ok(())
    }

    /// Puts together what shares links, or was read together, and chooses what has to be read.
    fn plan(&mut self, only: Option<Format>, shadowed: &HashSet<i64>) {
        let takes_part = |source: &Source| match &source.kind {
            FileKind::Session(format, _) => source.group.is_some() || only.is_none_or(|only| only == *format),
            // What was a session and is none any more still belongs to its old group.
            _ => source.group.is_some(),
        };
        let places: Vec<usize> = (0..self.sources.len()).filter(|at| takes_part(&self.sources[*at])).collect();
        let mut parts = connected(places.len(), |at| links(&self.sources[places[at]]));
        parts.iter_mut().flatten().for_each(|at| *at = places[*at]);
        let any = parts.iter().any(|part| self.changed(part));
        for part in parts {
            let present = part.iter().any(|at| self.sources[*at].file.is_some());
            let again = || any && present && self.stored(&part).iter().any(|group| shadowed.contains(group));
            if self.changed(&part) || again() {
                self.jobs.push(part);
            } else if !present {
                self.fixed.extend(self.stored(&part));
            }
        }
    }

    /// What has to be read, in order.
    pub fn jobs(&self) -> impl Iterator<Item = Job> {
        self.jobs.iter().map(|part| self.job(part))
    }

    /// Places of the files that have to be read.
    pub fn read(&self) -> impl Iterator<Item = usize> {
        let session = |source: &Source| source.file.is_some() && matches!(source.kind, FileKind::Session(..));
        self.jobs.iter().flatten().copied().filter(move |at| session(&self.sources[*at]))
    }

    /// Lets go what of the sources is needed no more once they are saved.
    pub fn slim(&mut self) {
        let joined: HashSet<usize> = self.jobs.iter().filter(|part| part.len() > 1).flatten().copied().collect();
        for (at, source) in self.sources.iter_mut().enumerate() {
            if let Some(file) = &mut source.file {
                file.stamp = Box::default();
            }
            if let (FileKind::Session(_, links), false) = (&mut source.kind, joined.contains(&at)) {
                *links = Box::default();
            }
        }
    }

    fn stored(&self, part: &[usize]) -> Vec<i64> {
        let mut stored: Vec<i64> = part.iter().filter_map(|at| self.sources[*at].group).collect();
        stored.sort_unstable();
        stored.dedup();
        stored
    }

    fn changed(&self, part: &[usize]) -> bool {
        let new = |source: &Source| {
            source.file.is_some() && (source.state != State::Unchanged || source.group.is_none() || !source.read)
        };
        let some_present = part.iter().any(|at| self.sources[*at].file.is_some());
        some_present && (self.stored(part).len() > 1 || part.iter().any(|at| new(&self.sources[*at])))
    }

    fn job(&self, part: &[usize]) -> Job {
        let (present, absent): (Vec<usize>, Vec<usize>) = part.iter().partition(|at| self.sources[**at].file.is_some());
        let sessions = present.into_iter().filter_map(|at| {
            let source = &self.sources[at];
            let FileKind::Session(format, links) = &source.kind else { return None };
            let file = source.file.as_ref()?;
            Some((at, *format, links, file))
        });
        let sessions: Vec<_> = sessions.collect();
        let parts = connected(sessions.len(), |at| sessions[at].2.iter().copied());
        let group = |part: &[usize]| {
            let places = part.iter().map(|at| sessions[*at].0).collect();
            (Group::new(sessions[part[0]].1, part.iter().map(|at| sessions[*at].3)), places)
        };
        Job { groups: parts.iter().map(|part| group(part)).collect(), absent, stored: self.stored(part) }
    }

    /// Whether the corpus stays as it is.
    pub fn is_nothing(&self) -> bool {
        let touched = |source: &Source| matches!(source.state, State::New | State::Changed);
        self.jobs.is_empty() && self.forgotten.is_empty() && !self.sources.iter().any(touched)
    }

    /// The groups that are read again, or fall apart.
    pub fn replaced(&self) -> Vec<i64> {
        self.jobs.iter().flat_map(|part| self.stored(part)).collect()
    }

    /// Adds to the report of a corpus what this ingest did.
    pub fn report(&self, mut report: IngestReport) -> IngestReport {
        let count = |state: State| self.sources.iter().filter(|source| source.state == state).count() as u64;
        let looked_into = |source: &Source| {
            let unopened = source.file.as_ref().is_none_or(|file| file.kind.is_some());
            !unopened && matches!(source.state, State::New | State::Changed)
        };
        let read: HashSet<usize> = self.read().collect();
        let opened = |(at, source): &(usize, &Source)| read.contains(at) || looked_into(source);
        report.this_ingest = Some(ThisIngest {
            read_files: self.sources.iter().enumerate().filter(opened).count() as u64,
            new: count(State::New),
            changed: count(State::Changed),
            unchanged: count(State::Unchanged),
            gone: count(State::Gone) + self.forgotten.len() as u64,
            elsewhere: count(State::Elsewhere),
        });
        report.bad_files.extend(self.blocked.iter().cloned());
        report
    }

    /// What there is instead of sessions.
    pub fn looked_at(&self) -> IngestReport {
        let mut report = IngestReport::default();
        for source in &self.sources {
            report.files += u64::from(!matches!(source.kind, FileKind::Unreachable(_)));
            match (&source.kind, &source.file) {
                (FileKind::Other(reason), _) => *report.skipped_files.entry(reason.clone()).or_default() += 1,
                (FileKind::Unreadable(reason) | FileKind::Unreachable(reason), Some(file)) => {
                    let file = mask_file(&file.name(), None);
                    report.bad_files.push(BadFile { file, lines: Vec::new(), reason: reason.clone() });
                }
                _ => {}
            }
        }
        report
    }

    /// Whether there is, or was, a session below the given paths.
    pub fn any_session(&self) -> bool {
        let session = |source: &Source| matches!(source.kind, FileKind::Session(..));
        self.sources.iter().any(|source| session(source) && (source.file.is_some() || source.state == State::Gone))
    }
}

/// `files` in parts that are let go one by one.
fn divided(files: Vec<FoundFile>) -> Vec<Vec<FoundFile>> {
    let mut files = files.into_iter();
    let part = || Some(files.by_ref().take(AT_ONCE).collect()).filter(|part: &Vec<_>| !part.is_empty());
    std::iter::from_fn(part).collect()
}

/// One file compared with what the corpus knows of it; with the reason where it cannot be opened any more.
fn look(file: FoundFile, key: PathKey, known: Option<&Known>, only: Option<Format>) -> (Source, Option<BadFile>) {
    let same_name = |known: &Known| known.depth == file.depth();
    let as_it_was = known.filter(|known| known.current && known.stamp == file.stamp && same_name(known));
    // Whether a file can be opened is not told by its stamp.
    let unopened = as_it_was.filter(|known| {
        matches!(known.kind, FileKind::Session(..) | FileKind::Other(_))
            && file.kind.as_ref().is_none_or(|kind| *kind == known.kind)
    });
    let kind = match (unopened, &file.kind) {
        (Some(known), _) => known.kind.clone(),
        (None, Some(kind)) => kind.clone(),
        (None, None) => FileKind::of(&file.path, &file.name()),
    };
    let (group, read) = known.map_or((None, false), |known| (known.group, known.read));
    let state = match (known, as_it_was) {
        (None, _) => State::New,
        (_, Some(known)) if known.kind == kind => State::Unchanged,
        _ => State::Changed,
    };
    if let (FileKind::Unreadable(reason) | FileKind::Unreachable(reason), Some(known), Some(_)) = (&kind, known, group)
    {
        let bad = BadFile { file: mask_file(&file.name(), None), lines: Vec::new(), reason: reason.clone() };
        return (Source { key, file: None, kind: known.kind.clone(), group, read, state: State::Elsewhere }, Some(bad));
    }
    let wanted = |only| matches!(&kind, FileKind::Session(format, _) if *format == only);
    if group.is_some() && !only.is_none_or(wanted) {
        return (Source { key, file: None, kind, group, read, state: State::Elsewhere }, None);
    }
    (Source { key, file: Some(file), kind, group, read, state }, None)
}

/// What a source has in common with others: what its records name, and the stored group it was read in.
fn links(source: &Source) -> impl Iterator<Item = u64> {
    let links = if let FileKind::Session(_, links) = &source.kind { links.as_ref() } else { &[] };
    links.iter().copied().chain(source.group.map(group_link))
}

/// What the files of one stored group have in common.
fn group_link(group: i64) -> u64 {
    let hash = blake3::hash(format!("stored group {group}").as_bytes());
    hash.as_bytes().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}
