//! Which files have to be read together, because they may hold the same records.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::detect::{Head, detect};
use super::discover::{IngestError, discover};
use super::found::FoundFile;
use super::person::mask_file;
use super::read::{BadFile, plain};
use super::seen::short_hash;
use super::swe_chat::Table;
use crate::session::Format;

/// Files of one format that name the same session or begin with the same records; most groups are one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Their format.
    pub format: Format,
    /// Path of each file, and its name below the folder it was found through, sorted by name.
    pub files: Vec<(PathBuf, String)>,
    /// The session table of the dataset that they are part of; of the first that has one.
    pub(super) table: Option<Arc<Table>>,
}

impl Group {
    /// A group of `files`, which have `format`.
    #[must_use]
    pub fn new(format: Format, files: impl IntoIterator<Item = FoundFile>) -> Self {
        let mut group = Self { format, files: Vec::new(), table: None };
        for file in files {
            group.files.push((file.path, file.name));
            group.table = group.table.or(file.table);
        }
        group
    }

    /// About how many bytes of text the files hold; what cannot be measured counts as nothing.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let size = |(path, _): &(PathBuf, String)| {
            let size = fs_err::metadata(path).map_or(0, |data| data.len());
            if path.extension().is_some_and(|extension| extension == "gz") { size * GZIP_RATIO } else { size }
        };
        self.files.iter().map(size).sum()
    }
}

/// How much smaller gzip makes a session, about.
const GZIP_RATIO: u64 = 6;

/// What lies below some paths.
#[derive(Debug, Default)]
pub struct Survey {
    /// Files in groups, each to be read in one go, ordered by their first file's name.
    pub groups: Vec<Group>,
    /// Files looked at.
    pub files: u64,
    /// Files that are not sessions, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Files that cannot be opened.
    pub bad: Vec<BadFile>,
    /// Folders with copies out of git repositories; the groups can be read until this is dropped.
    pub copies: Vec<tempfile::TempDir>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A session, or part of one: its format, and hashes of what files that share records with it have in common with it.
    Session(Format, Box<[u64]>),
    /// Not a session, and why.
    Other(String),
    /// A file that cannot be opened, and why.
    Unreadable(String),
    /// Something on the way to files that cannot be entered, and why.
    Unreachable(String),
}

impl FileKind {
    /// What the file at `path`, named `name`, is, by its head.
    #[must_use]
    pub fn of(path: &Path, name: &str) -> Self {
        match detect(path, name) {
            Ok(Head::Session(format, links)) => {
                Self::Session(format, links.iter().map(|link| short_hash(link)).collect())
            }
            Ok(Head::Other(reason)) => Self::Other(reason.to_owned()),
            Err(error) => Self::Unreadable(plain(&error)),
        }
    }
}

/// Finds the files below `paths` and groups the sessions among them. Reads only the head of each file.
///
/// # Errors
/// When a path matches nothing, or what is noted of the files cannot be kept.
pub fn survey(paths: &[PathBuf]) -> Result<Survey, IngestError> {
    let found = discover(paths, &|_| 0)?;
    let mut survey = Survey::default();
    let mut sessions = Vec::new();
    for files in found.parts() {
        let files = files?;
        let kind = |file: &FoundFile| file.kind.clone().unwrap_or_else(|| FileKind::of(&file.path, &file.name));
        let kinds: Vec<_> = files.par_iter().map(kind).collect();
        for (file, kind) in files.into_iter().zip(kinds) {
            survey.files += u64::from(!matches!(kind, FileKind::Unreachable(_)));
            match kind {
                FileKind::Session(format, links) => sessions.push((format, links, file)),
                FileKind::Other(reason) => *survey.skipped.entry(reason).or_default() += 1,
                FileKind::Unreadable(reason) | FileKind::Unreachable(reason) => {
                    survey.bad.push(BadFile { file: mask_file(&file.name, None), lines: Vec::new(), reason });
                }
            }
        }
    }
    survey.groups = grouped(sessions).into_iter().map(|(format, files)| Group::new(format, files)).collect();
    survey.copies = found.copies;
    Ok(survey)
}

/// Sessions that share a link, directly or through others, put together, in the order of the first of each: of every session
/// its format, its links and what is to be put together.
#[must_use]
pub fn grouped<T>(sessions: Vec<(Format, Box<[u64]>, T)>) -> Vec<(Format, Vec<T>)> {
    let mut sets = Sets::new(u32::try_from(sessions.len()).unwrap_or(u32::MAX));
    let mut holders: HashMap<u64, u32> = HashMap::new();
    for (at, (_, links, _)) in (0..).zip(&sessions) {
        for other in links.iter().filter_map(|link| holders.insert(*link, at)) {
            sets.join(other, at);
        }
    }
    let mut groups: BTreeMap<u32, (Format, Vec<T>)> = BTreeMap::new();
    for (at, (format, _, session)) in (0..).zip(sessions) {
        groups.entry(sets.first(at)).or_insert_with(|| (format, Vec::new())).1.push(session);
    }
    groups.into_values().collect()
}

/// Disjoint sets of numbers, four bytes each.
#[derive(Debug)]
pub struct Sets(Vec<u32>);

impl Sets {
    /// Every number below `count` in a set of its own.
    #[must_use]
    pub fn new(count: u32) -> Self {
        Self((0..count).collect())
    }

    /// Makes one set of those of `one` and `other`.
    pub fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other) as usize] = one.min(other);
    }

    /// The lowest number of the set that `at` is in.
    pub fn first(&mut self, mut at: u32) -> u32 {
        while self.0[at as usize] != at {
            self.0[at as usize] = self.0[self.0[at as usize] as usize];
            at = self.0[at as usize];
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_share_a_link_are_one_group() {
        let session = |name: &'static str, links: &[u64]| (Format::ClaudeCode, links.into(), name);
        let sessions = vec![session("a", &[1]), session("b", &[2]), session("c", &[3, 1]), session("d", &[3])];
        let groups: Vec<_> = grouped(sessions).into_iter().map(|(_, names)| names).collect();
        assert_eq!(groups, [vec!["a", "c", "d"], vec!["b"]]);
    }
}
