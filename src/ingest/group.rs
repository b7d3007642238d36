//! Which files have to be read together, because they may hold the same records.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::detect::{Head, detect};
use super::discover::{FoundFile, IngestError, discover};
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
    pub fn new<'a>(format: Format, files: impl IntoIterator<Item = &'a FoundFile>) -> Self {
        let (mut group, mut table) = (Self { format, files: Vec::new(), table: None }, None);
        for file in files {
            group.files.push((file.path.to_path_buf(), file.name().into_owned()));
            table = table.or_else(|| file.table.clone());
        }
        Self { table, ..group }
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
/// When a path matches nothing.
pub fn survey(paths: &[PathBuf]) -> Result<Survey, IngestError> {
    let found = discover(paths, &|_| 0)?;
    let kinds: Vec<_> = found
        .files
        .par_iter()
        .map(|file| file.kind.clone().unwrap_or_else(|| FileKind::of(&file.path, &file.name())))
        .collect();
    let mut survey = Survey { copies: found.copies, ..Survey::default() };
    let mut sessions = Vec::new();
    for (file, kind) in found.files.into_iter().zip(kinds) {
        survey.files += u64::from(!matches!(kind, FileKind::Unreachable(_)));
        match kind {
            FileKind::Session(format, links) => sessions.push((format, links, file)),
            FileKind::Other(reason) => *survey.skipped.entry(reason).or_default() += 1,
            FileKind::Unreadable(reason) | FileKind::Unreachable(reason) => {
                survey.bad.push(BadFile { file: mask_file(&file.name(), None), lines: Vec::new(), reason });
            }
        }
    }
    survey.groups = groups(&sessions);
    Ok(survey)
}

/// The groups of `sessions`: format and links of each file, sorted by name.
fn groups(sessions: &[(Format, Box<[u64]>, FoundFile)]) -> Vec<Group> {
    let parts = connected(sessions.len(), |at| sessions[at].1.iter().copied());
    let group = |part: &[usize]| Group::new(sessions[part[0]].0, part.iter().map(|at| &sessions[*at].2));
    parts.iter().map(|part| group(part)).collect()
}

/// The places of what shares a link, directly or through others, by union of disjoint sets; parts and places in order.
/// `links` gives those of each of `count` places, and is called several times so that few links are in memory at once.
#[must_use]
pub fn connected<L: Iterator<Item = u64>>(count: usize, links: impl Fn(usize) -> L) -> Vec<Box<[usize]>> {
    let mut root: Vec<usize> = (0..count).collect();
    for pass in 0..PASSES {
        let of = |at| links(at).filter(move |link| link % PASSES == pass).map(move |link| (link, at));
        let mut held: Vec<(u64, usize)> = (0..count).flat_map(of).collect();
        held.sort_unstable();
        for pair in held.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let (one, other) = (find(&mut root, pair[0].1), find(&mut root, pair[1].1));
            // The lower number stays the root, so that parts keep the order of their first places.
            root[one.max(other)] = one.min(other);
        }
    }
    let mut places: Vec<(usize, usize)> = (0..count).map(|at| (find(&mut root, at), at)).collect();
    places.sort_unstable();
    let part = |part: &[(usize, usize)]| part.iter().map(|(_, at)| *at).collect();
    places.chunk_by(|one, next| one.0 == next.0).map(part).collect()
}

/// In how many passes links are compared.
const PASSES: u64 = 16;

fn find(root: &mut [usize], mut at: usize) -> usize {
    while root[at] != at {
        root[at] = root[root[at]];
        at = root[at];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_share_a_link_are_one_group() {
        let file = |name: &str, links: &[u64]| (Format::ClaudeCode, links.into(), FoundFile::named(name));
        let groups = groups(&[file("a", &[1]), file("b", &[2]), file("c", &[3, 1]), file("d", &[3])]);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.files.iter().map(|(_, name)| name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["a", "c", "d"], vec!["b"]]);
    }
}
