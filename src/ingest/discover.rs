//! Finding the files below some paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::entire::checkouts;
use super::person::mask_file;
use super::read::{BadFile, plain};

/// Why nothing can be ingested.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A path or pattern that matches nothing.
    #[error("{0}: no such file or folder; check the path, or quote a pattern so that the shell leaves it alone")]
    NotFound(PathBuf),
    /// A pattern that is not one.
    #[error("{pattern}: not a valid pattern")]
    Pattern {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        source: glob::PatternError,
    },
}

/// The files below the given paths.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// File and its name below the path it was found through, sorted by name.
    pub files: Vec<(PathBuf, String)>,
    /// How many files there are in all.
    pub seen: u64,
    /// Files left out by their name, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Files and folders that cannot be read.
    pub bad: Vec<BadFile>,
    /// Folders with copies out of git repositories, which some of the files are; removed when dropped.
    pub copies: Vec<tempfile::TempDir>,
}

/// Finds every file below `paths`, each a file, a folder or a glob pattern. A file reached twice is found once.
///
/// # Errors
/// When a path matches nothing.
pub(super) fn discover(paths: &[PathBuf]) -> Result<Found, IngestError> {
    let mut found = Found::default();
    // By real path, so that overlapping paths and their order change nothing; the longest name wins.
    let mut names: BTreeMap<PathBuf, BTreeSet<(usize, String, PathBuf)>> = BTreeMap::new();
    for root in roots(paths, &mut found.bad)? {
        for entry in walkdir::WalkDir::new(&root).follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    let name = name_below(&root, entry.path());
                    let real = fs_err::canonicalize(entry.path()).unwrap_or_else(|_| entry.path().to_owned());
                    names.entry(real).or_default().insert((name.len(), name, entry.into_path()));
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(_) => {
                    found.seen += 1;
                    *found.skipped.entry("not a regular file".to_owned()).or_default() += 1;
                }
                Err(error) => {
                    let file = error.path().map_or_else(String::new, |path| mask_file(&name_below(&root, path), None));
                    let reason = error.io_error().map_or_else(|| "links to itself".to_owned(), plain);
                    found.bad.push(BadFile { file, lines: Vec::new(), reason });
                }
            }
        }
    }
    let checkouts = checkouts(paths);
    (found.copies, found.seen) = (checkouts.folders, found.seen + (names.len() + checkouts.files.len()) as u64);
    found.bad.extend(checkouts.bad);
    let files = names.into_values().filter_map(|names| names.into_iter().next_back());
    let copies = checkouts.files.into_iter().map(|(path, name)| (0, name, path));
    for (_, name, path) in files.chain(copies) {
        match known_by_name(&name) {
            Some(reason) => *found.skipped.entry(reason.to_owned()).or_default() += 1,
            None => found.files.push((path, name)),
        }
    }
    found.files.sort_by(|one, other| one.1.cmp(&other.1));
    found.bad.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}

/// The files and folders that `paths` name; folders that a pattern could not look into are put into `bad`.
fn roots(paths: &[PathBuf], bad: &mut Vec<BadFile>) -> Result<Vec<PathBuf>, IngestError> {
    let mut roots = Vec::new();
    for path in paths {
        if path.exists() {
            roots.push(path.clone());
            continue;
        }
        let pattern = path.to_string_lossy();
        let matches = glob::glob(&pattern)
            .map_err(|source| IngestError::Pattern { pattern: pattern.clone().into_owned(), source })?;
        let before = (roots.len(), bad.len());
        for found in matches {
            match found {
                Ok(root) => roots.push(root),
                Err(error) => bad.push(BadFile {
                    file: mask_file(&error.path().to_string_lossy(), None),
                    lines: Vec::new(),
                    reason: plain(error.error()),
                }),
            }
        }
        if (roots.len(), bad.len()) == before {
            return Err(IngestError::NotFound(path.clone()));
        }
    }
    Ok(roots)
}

/// The name of `path` below `root` with `/` between folders; the file name where `root` is the file itself.
fn name_below(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).ok().filter(|below| below.components().next().is_some());
    let below = below.or_else(|| path.file_name().map(Path::new)).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Files that lie beside sessions and are told by their name.
fn known_by_name(name: &str) -> Option<&'static str> {
    let file = name.rsplit('/').next().unwrap_or(name);
    let file = file.strip_suffix(".gz").unwrap_or(file);
    match file {
        "journal.jsonl" => Some("workflow journal"),
        "history.jsonl" => Some("prompt history"),
        "metadata.json" => Some("recorder metadata"),
        _ if file.ends_with(".meta.json") => Some("recorder metadata"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_paths_find_a_file_once() {
        let folder = tempfile::tempdir().unwrap();
        let sub = folder.path().join("sub");
        fs_err::create_dir_all(&sub).unwrap();
        for name in ["a.jsonl", "journal.jsonl", "a.meta.json", "history.jsonl"] {
            fs_err::write(sub.join(name), "{}").unwrap();
        }
        let paths = [sub.join("a.jsonl"), folder.path().to_owned(), folder.path().join("*")];
        let found = discover(&paths).unwrap();
        assert_eq!(found.files.len(), 1);
        assert_eq!((found.files[0].1.as_str(), found.seen), ("sub/a.jsonl", 4));
        assert_eq!(found.skipped.values().sum::<u64>(), 3);
    }

    #[test]
    fn a_path_that_matches_nothing_is_an_error() {
        assert!(matches!(discover(&[PathBuf::from("no/such/*.jsonl")]), Err(IngestError::NotFound(_))));
    }
}
