//! Finding the files below some paths.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::entire::{Copied, checkouts};
use super::group::FileKind;
use super::person::mask_file;
use super::read::plain;
use super::recorder::beside;
use super::swe_chat::{self, Table};

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

/// One file below the given paths, or something in their way. There may be millions: what follows from its path is not kept.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundFile {
    /// Where it is opened.
    pub path: Box<Path>,
    /// Parts of its name.
    depth: u32,
    /// Its real path and its name, where they do not follow from `path`.
    apart: Option<Box<Apart>>,
    /// Size and time of change of the file and of what belongs to it; a file that has the same stamp again is unchanged.
    pub stamp: Box<str>,
    /// What it is, where that is known without opening it.
    pub kind: Option<FileKind>,
    /// The session table of the dataset that it is part of.
    pub(super) table: Option<Arc<Table>>,
}

/// Real path and name of a file that was found through a link, that is a copy, or that cannot be reached.
#[derive(Debug, Clone, PartialEq)]
struct Apart {
    real: PathBuf,
    name: String,
}

/// What lies below some paths.
#[derive(Debug, Default)]
pub struct Found {
    /// Every file, sorted by name.
    pub files: Vec<FoundFile>,
    /// The given files and folders without links, with those that patterns stand for.
    pub roots: Vec<PathBuf>,
    /// Folders with copies out of git repositories, which some of the files are; removed when dropped.
    pub copies: Vec<tempfile::TempDir>,
}

/// Finds every file below `paths`, each a file, a folder or a glob pattern, and opens none. A file reached twice is found
/// once, under its longest name, or under as many folders as `depth` says of its real path, if that is longer: so that a
/// file has the same name whether paths are given together or one after the other.
///
/// # Errors
/// When a path matches nothing.
pub fn discover(paths: &[PathBuf], depth: &dyn Fn(&Path) -> u32) -> Result<Found, IngestError> {
    let (mut files, mut bad) = (Vec::new(), Vec::new());
    let roots: Vec<PathBuf> =
        roots(paths, &mut bad)?.into_iter().map(|root| fs_err::canonicalize(&root).unwrap_or(root)).collect();
    for root in &roots {
        // What git keeps for itself are no files of a person; the recorder's branches in it are read through git.
        let walk = walkdir::WalkDir::new(root).follow_links(true).into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git") {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => files.push(FoundFile::below(root, entry.path())),
                Err(error) => {
                    let path = error.path().map_or_else(PathBuf::new, Path::to_owned);
                    let name = mask_file(&name_below(root, &path), None);
                    let reason = error.io_error().map_or_else(|| "links to itself".to_owned(), plain);
                    bad.push(FoundFile::unreachable(path, name, reason));
                }
            }
        }
    }
    // By real path, so that overlapping paths and their order change nothing; the longest name wins.
    let reached = |file: &FoundFile| (file.name().len(), file.name().into_owned(), file.path.clone());
    files.sort_by(|one, other| one.by_real(other).then_with(|| reached(one).cmp(&reached(other))));
    files.dedup_by(|later, earlier| {
        let same = later.real() == earlier.real();
        if same {
            std::mem::swap(later, earlier);
        }
        same
    });
    for file in &mut files {
        file.deepen(depth(file.real()));
    }
    files.par_iter_mut().for_each(|file| {
        (file.kind, file.stamp) = (known_unopened(&file.path, &file.name()), stamp(&file.path));
    });
    let checkouts = checkouts(paths);
    files.extend(checkouts.files.into_iter().map(FoundFile::copied));
    files.extend(checkouts.bad.into_iter().map(|bad| FoundFile::unreachable(bad.real, bad.name, bad.reason)));
    files.append(&mut bad);
    swe_chat::attach(&mut files);
    files.sort_by(FoundFile::by_real);
    files.sort_by_cached_key(|file| file.name().into_owned());
    Ok(Found { files, roots, copies: checkouts.folders })
}

impl FoundFile {
    /// The file at `path`, found below `root`, whose path has no links.
    fn below(root: &Path, path: &Path) -> Self {
        let real = fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let name = name_below(root, path);
        let apart = (real != path).then(|| Box::new(Apart { real, name: name.clone() }));
        Self { path: path.into(), depth: depth(&name), apart, stamp: Box::default(), kind: None, table: None }
    }

    fn unreachable(path: PathBuf, name: String, reason: String) -> Self {
        Self {
            path: path.as_path().into(),
            depth: depth(&name),
            apart: Some(Box::new(Apart { real: path, name })),
            stamp: Box::default(),
            kind: Some(FileKind::Unreachable(reason)),
            table: None,
        }
    }

    /// A copy out of a repository, known again by its name there, and unchanged while its content is.
    fn copied(copy: Copied) -> Self {
        let Copied { path, real, name, object } = copy;
        // The note beside it also tells which commits carry its checkpoint, which its own object does not.
        let note = |note: PathBuf| fs_err::read(note).map_or_else(|_| "-".to_owned(), |bytes| hash(&bytes));
        let stamp = std::iter::once(object).chain(beside(&path).map(note)).collect::<Vec<_>>().join(", ");
        let kind = known_unopened(&path, &name);
        let (depth, apart) = (depth(&name), Some(Box::new(Apart { real, name })));
        Self { path: path.into(), depth, apart, stamp: stamp.into(), kind, table: None }
    }

    /// A file that is not there, to try out what only looks at names.
    #[cfg(test)]
    pub(super) fn named(name: &str) -> Self {
        Self::below(Path::new(""), Path::new(name))
    }

    /// Its path without links, by which it is known again.
    #[must_use]
    pub fn real(&self) -> &Path {
        self.apart.as_ref().map_or(&self.path, |apart| &apart.real)
    }

    /// Its name below the path it was found through, `/` between folders.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.apart.as_ref().map_or_else(|| last(&self.path, self.depth), |apart| Cow::Borrowed(&apart.name))
    }

    /// Parts of its name.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Gives it the name with `depth` parts of its real path, if that is longer than the one it has.
    fn deepen(&mut self, depth: u32) {
        if depth > self.depth && self.real().components().nth(depth as usize).is_some() {
            self.depth = depth;
            if let Some(apart) = &mut self.apart {
                apart.name = last(&apart.real, depth).into_owned();
            }
        }
    }

    fn by_real(&self, other: &Self) -> Ordering {
        self.real().as_os_str().cmp(other.real().as_os_str())
    }
}

/// Parts of a name.
fn depth(name: &str) -> u32 {
    name.split('/').fold(0, |depth, _| depth + 1)
}

/// The last `parts` parts of `path`, `/` between them.
fn last(path: &Path, parts: u32) -> Cow<'_, str> {
    let below = path.ancestors().nth(parts as usize).and_then(|folder| path.strip_prefix(folder).ok()).unwrap_or(path);
    let text = below.to_string_lossy();
    if MAIN_SEPARATOR == '/' { text } else { Cow::Owned(text.replace(MAIN_SEPARATOR, "/")) }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Size and time of change, in nanoseconds since 1970, of the file, of a recorder's notes on it, and of the log that
/// `SQLite` writes before it changes a file.
fn stamp(path: &Path) -> Box<str> {
    let log = path.file_name().map(|name| path.with_file_name(format!("{}-wal", name.to_string_lossy())));
    let files = [Some(path.to_owned()), beside(path), log.filter(|log| log.is_file())];
    let stamps = files.into_iter().flatten().map(|file| {
        let Ok(data) = fs_err::metadata(file) else { return "-".to_owned() };
        let since = data.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        format!("{} {}", data.len(), since.unwrap_or_default().as_nanos())
    });
    stamps.collect::<Vec<_>>().join(", ").into()
}

/// The files and folders that `paths` name; folders that a pattern could not look into are put into `bad`.
fn roots(paths: &[PathBuf], bad: &mut Vec<FoundFile>) -> Result<Vec<PathBuf>, IngestError> {
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
                Err(error) => {
                    let name = mask_file(&error.path().to_string_lossy(), None);
                    bad.push(FoundFile::unreachable(error.path().to_owned(), name, plain(error.error())));
                }
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
    let parts = path.strip_prefix(root).map_or(0, |below| below.components().fold(0, |parts, _| parts + 1));
    last(path, parts.max(1)).into_owned()
}

/// What is told by kind and name alone: files that lie beside sessions.
fn known_unopened(path: &Path, name: &str) -> Option<FileKind> {
    let other = |reason: &str| Some(FileKind::Other(reason.to_owned()));
    if path.is_file() { other(known_by_name(name)?) } else { other("not a regular file") }
}

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
        let found = discover(&paths, &|_| 0).unwrap();
        assert_eq!(found.files.len(), 4);
        let unopened: Vec<_> = found.files.iter().filter(|file| file.kind.is_none()).collect();
        assert_eq!(unopened.iter().map(|file| file.name()).collect::<Vec<_>>(), ["sub/a.jsonl"]);
        let alone = discover(&paths[..1], &|_| 2).unwrap();
        assert_eq!(alone.files[0].name(), "sub/a.jsonl", "the longer name holds");
    }

    #[test]
    fn a_change_of_a_file_or_of_the_notes_on_it_changes_its_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.jsonl");
        fs_err::write(&file, "{}").unwrap();
        let first = stamp(&file);
        assert_eq!(stamp(&file), first);
        fs_err::write(folder.path().join("a.meta.json"), "{}").unwrap();
        let noted = stamp(&file);
        assert_ne!(noted, first);
        fs_err::write(&file, "{} ").unwrap();
        assert_ne!(stamp(&file), noted);
    }

    #[test]
    fn a_path_that_matches_nothing_is_an_error() {
        assert!(matches!(discover(&[PathBuf::from("no/such/*.jsonl")], &|_| 0), Err(IngestError::NotFound(_))));
    }
}
