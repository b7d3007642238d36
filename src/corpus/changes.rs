//! What of the files has to be read: groups of files in which anything changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::list::List;
use super::model::{IngestReport, ThisIngest};
use super::previous::Previous;
use super::salt::Salt;
use super::sources::{Known, Look, PathKey, Source, State, path_key, shown_name};
use super::store::CorpusError;
use crate::ingest::{BadFile, FileKind, Found, FoundFile, Group, discover, grouped};
use crate::session::Format;

/// Files that are read in one go, because they may hold the same records, or did.
#[derive(Debug)]
pub(super) struct Job {
    /// Files that are there, in groups that share records, with the keys of their paths.
    pub groups: Vec<(Group, Vec<PathKey>)>,
    /// Files that are not there, but belong to it.
    pub absent: Vec<PathKey>,
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
#[derive(Debug)]
pub(super) struct Changes {
    found: Found,
    /// What was found, and what the corpus knows of files that were not.
    pub list: List,
    /// Files that had a session and cannot be opened now.
    blocked: Vec<BadFile>,
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
        let (mut list, mut blocked) = (List::new()?, Vec::new());
        let mut places = 0..found.count;
        for files in found.parts() {
            let with_known = |(file, place): (FoundFile, u32)| {
                let key = path_key(salt, &file.real);
                let known = previous.map_or(Ok(None), |previous| previous.known(&key))?;
                Ok((file, place, key, known))
            };
            let files = files?.into_iter().zip(&mut places).map(with_known).collect::<Result<Vec<_>, CorpusError>>()?;
            let looks: Vec<_> = files
                .into_par_iter()
                .map(|(file, place, key, known)| look(&file, place, key, known.as_ref(), only))
                .collect();
            for (look, bad) in looks {
                list.add(&look, takes_part(&look.source, only))?;
                blocked.extend(bad);
            }
        }
        let mut changes = Self { found, list, blocked };
        if let Some(previous) = previous {
            changes.add_missing(previous, salt)?;
            previous.each_shadowed(|group| Ok(changes.list.shadow(group)?))?;
        }
        changes.list.plan()?;
        Ok(changes)
    }

    /// Adds the files that the corpus knows and that were not found.
    fn add_missing(&mut self, previous: &Previous, salt: &Salt) -> Result<(), CorpusError> {
        self.list.index()?;
        let roots: HashSet<PathKey> = self.found.roots.iter().map(|root| path_key(salt, root)).collect();
        previous.each_known(|Known { key, kind, group, read, .. }| {
            if self.list.holds(&key)? {
                return Ok(());
            }
            let gone = previous.above(&key)?.chunks(16).any(|key| roots.contains(key));
            if group.is_none() && gone {
                self.list.forget(&key)?;
            } else if group.is_some() {
                let state = if gone { State::Gone } else { State::Elsewhere };
                let source = Source { key, file: None, kind, group };
                self.list.add(&Look { source, read, state, opened: false }, true)?;
            }
            Ok(())
        })
    }

    /// What has to be read, in order.
    pub fn jobs(&self) -> impl Iterator<Item = Result<Job, CorpusError>> {
        self.list.jobs().map(|part| self.job(part?))
    }

    fn job(&self, part: i64) -> Result<Job, CorpusError> {
        let (mut sessions, mut absent, mut stored) = (Vec::new(), Vec::new(), Vec::new());
        for Source { key, file, kind, group } in self.list.part(part)? {
            stored.extend(group);
            match (file, kind) {
                (None, _) => absent.push(key),
                (Some(file), FileKind::Session(format, links)) => {
                    sessions.push((format, links, (key, self.found.file(file)?)));
                }
                _ => {}
            }
        }
        stored.sort_unstable();
        stored.dedup();
        let group = |(format, sources): (Format, Vec<(PathKey, FoundFile)>)| {
            let (keys, files): (_, Vec<FoundFile>) = sources.into_iter().unzip();
            (Group::new(format, files), keys)
        };
        Ok(Job { groups: grouped(sessions).into_iter().map(group).collect(), absent, stored })
    }

    /// What the Claude Code files with `keys` come to when they are read in one go instead of as the groups `stored`; none
    /// where none of them is there.
    pub fn job_of(&self, keys: &[PathKey], stored: &[i64]) -> Result<Option<Job>, CorpusError> {
        let (mut files, mut there, mut absent) = (Vec::new(), Vec::new(), Vec::new());
        for source in self.list.with_keys(keys)? {
            match source.file {
                Some(file) => {
                    files.push(self.found.file(file)?);
                    there.push(source.key);
                }
                None => absent.push(source.key),
            }
        }
        let groups = vec![(Group::new(Format::ClaudeCode, files), there)];
        Ok((!groups[0].1.is_empty()).then(|| Job { groups, absent, stored: stored.to_vec() }))
    }

    /// Hands the sources that are new or changed to `each`, with their files.
    pub fn touched(
        &self,
        mut each: impl FnMut(&Source, &FoundFile) -> Result<(), CorpusError>,
    ) -> Result<(), CorpusError> {
        self.list.touched(|source| match source.file {
            Some(file) => each(&source, &self.found.file(file)?),
            None => Ok(()),
        })
    }

    /// Adds to the report of a corpus what this ingest did.
    pub fn report(&self, mut report: IngestReport) -> Result<IngestReport, CorpusError> {
        report.this_ingest = Some(ThisIngest {
            read_files: self.list.opened()?,
            new: self.list.standing(State::New)?,
            changed: self.list.standing(State::Changed)?,
            unchanged: self.list.standing(State::Unchanged)?,
            gone: self.list.standing(State::Gone)?,
            elsewhere: self.list.standing(State::Elsewhere)?,
        });
        report.bad_files.extend(self.blocked.iter().cloned());
        Ok(report)
    }

    /// What there is instead of sessions.
    pub fn looked_at(&self) -> Result<IngestReport, CorpusError> {
        let mut report = IngestReport::default();
        self.list.there(|source| {
            report.files += u64::from(!matches!(source.kind, FileKind::Unreachable(_)));
            match (source.kind, source.file) {
                (FileKind::Other(reason), _) => *report.skipped_files.entry(reason).or_default() += 1,
                (FileKind::Unreadable(reason) | FileKind::Unreachable(reason), Some(file)) => {
                    let file = shown_name(&self.found.file(file)?.name);
                    report.bad_files.push(BadFile { file, lines: Vec::new(), reason });
                }
                _ => {}
            }
            Ok::<(), CorpusError>(())
        })?;
        Ok(report)
    }
}

/// Whether a source is read, with what it has links to.
fn takes_part(source: &Source, only: Option<Format>) -> bool {
    let wanted =
        |kind: &FileKind| matches!(kind, FileKind::Session(format, _) if only.is_none_or(|only| only == *format));
    // What was a session and is none any more still belongs to its old group.
    source.group.is_some() || wanted(&source.kind)
}

/// One file compared with what the corpus knows of it; with the reason where it cannot be opened any more.
fn look(
    file: &FoundFile,
    place: u32,
    key: PathKey,
    known: Option<&Known>,
    only: Option<Format>,
) -> (Look, Option<BadFile>) {
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
        (None, None) => FileKind::of(&file.path, &file.name),
    };
    let (group, read) = known.map_or((None, false), |known| (known.group, known.read));
    let state = match (known, as_it_was) {
        (None, _) => State::New,
        (_, Some(known)) if known.kind == kind => State::Unchanged,
        _ => State::Changed,
    };
    let elsewhere = |kind: &FileKind| {
        let source = Source { key, file: None, kind: kind.clone(), group };
        Look { source, read, state: State::Elsewhere, opened: false }
    };
    if let (FileKind::Unreadable(reason) | FileKind::Unreachable(reason), Some(known), Some(_)) = (&kind, known, group)
    {
        let bad = BadFile { file: shown_name(&file.name), lines: Vec::new(), reason: reason.clone() };
        return (elsewhere(&known.kind), Some(bad));
    }
    let wanted = |only| matches!(&kind, FileKind::Session(format, _) if *format == only);
    if group.is_some() && !only.is_none_or(wanted) {
        return (elsewhere(&kind), None);
    }
    let opened = file.kind.is_none() && state != State::Unchanged;
    (Look { source: Source { key, file: Some(place), kind, group }, read, state, opened }, None)
}
