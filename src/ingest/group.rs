//! Which files have to be read together, because they may hold the same records.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use rayon::prelude::*;

use super::detect::{Head, detect};
use super::discover::{IngestError, discover};
use super::person::mask_file;
use super::read::{BadFile, plain};
use crate::session::Format;

/// Files of one format that name the same session or begin with the same records; most groups are one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their format.
    pub format: Format,
    /// Path of each file, and its name below the folder it was found through, sorted by name.
    pub files: Vec<(PathBuf, String)>,
}

impl Group {
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
}

/// Finds the files below `paths` and groups the sessions among them. Reads only the head of each file.
///
/// # Errors
/// When a path matches nothing.
pub fn survey(paths: &[PathBuf]) -> Result<Survey, IngestError> {
    let found = discover(paths)?;
    let heads: Vec<_> = found.files.par_iter().map(|(path, name)| detect(path, name)).collect();
    let mut survey = Survey { files: found.seen, skipped: found.skipped, bad: found.bad, groups: Vec::new() };
    let mut sessions = Vec::new();
    for ((path, name), head) in found.files.into_iter().zip(heads) {
        match head {
            Ok(Head::Session(format, links)) => sessions.push((format, links, (path, name))),
            Ok(Head::Other(reason)) => *survey.skipped.entry(reason.to_owned()).or_default() += 1,
            Err(error) => {
                let (file, reason) = (mask_file(&name, None), plain(&error));
                survey.bad.push(BadFile { file, lines: Vec::new(), reason });
            }
        }
    }
    survey.groups = group(sessions);
    Ok(survey)
}

/// Joins files that share a link, by union of disjoint sets; the order of files decides nothing but the order of groups.
fn group(sessions: Vec<(Format, Vec<String>, (PathBuf, String))>) -> Vec<Group> {
    let mut root: Vec<usize> = (0..sessions.len()).collect();
    let mut first_with: HashMap<blake3::Hash, usize> = HashMap::new();
    for (at, (_, links, _)) in sessions.iter().enumerate() {
        for link in links {
            let other = *first_with.entry(blake3::hash(link.as_bytes())).or_insert(at);
            let (one, other) = (find(&mut root, at), find(&mut root, other));
            // The lower number stays the root, so that groups keep the order of their first files.
            let (low, high) = (one.min(other), one.max(other));
            root[high] = low;
        }
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for (at, (format, _, file)) in sessions.into_iter().enumerate() {
        let at = find(&mut root, at);
        groups.entry(at).or_insert_with(|| Group { format, files: Vec::new() }).files.push(file);
    }
    groups.into_values().collect()
}

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
        let file = |name: &str, links: &[&str]| {
            let links = links.iter().map(ToString::to_string).collect();
            (Format::ClaudeCode, links, (PathBuf::from(name), name.to_owned()))
        };
        let groups = group(vec![file("a", &["1"]), file("b", &["2"]), file("c", &["3", "1"]), file("d", &["3"])]);
        let names: Vec<Vec<&str>> =
            groups.iter().map(|group| group.files.iter().map(|(_, name)| name.as_str()).collect()).collect();
        assert_eq!(names, [vec!["a", "c", "d"], vec!["b"]]);
    }
}
