//! Finding the files below some paths.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::entire::{Copied, checkouts};
use super::found::{Found, FoundFile, Listing, last};
use super::group::FileKind;
use super::person::mask_file;
use super::read::plain;
use super::recorder::beside;
use super::swe_chat::Tables;

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
    /// What an ingest notes of the files while it works cannot be kept.
    #[error(
        "what is noted of the files cannot be kept in the folder for temporary files: {0}; free some space there, or name another folder in TMPDIR"
    )]
    Notes(String),
}

/// Finds every file below `paths`, each a file, a folder or a glob pattern, and opens none. A file reached twice is found
/// once, under its longest name, or under as many folders as `depth` says of its real path, if that is longer: so that a
/// file has the same name whether paths are given together or one after the other.
///
/// # Errors
/// When a path matches nothing, or what is noted of the files cannot be kept.
pub fn discover(paths: &[PathBuf], depth: &dyn Fn(&Path) -> u32) -> Result<Found, IngestError> {
    let listing = Listing::new()?;
    let mut bad = Vec::new();
    let roots: Vec<PathBuf> =
        roots(paths, &mut bad)?.into_iter().map(|root| fs_err::canonicalize(&root).unwrap_or(root)).collect();
    for root in &roots {
        // What git keeps for itself are no files of a person; the recorder's branches in it are read through git.
        let walk = walkdir::WalkDir::new(root).follow_links(true).into_iter();
        for entry in walk.filter_entry(|entry| entry.depth() == 0 || entry.file_name() != ".git") {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => listing.add(&below(root, entry.into_path()))?,
                Err(error) => {
                    let path = error.path().map_or_else(PathBuf::new, Path::to_owned);
                    let name = mask_file(&name_below(root, &path), None);
                    let reason = error.io_error().map_or_else(|| "links to itself".to_owned(), plain);
                    bad.push(FoundFile::unreachable(path, name, reason));
                }
            }
        }
    }
    let mut tables = Tables::default();
    listing.look(|files| {
        for file in files.iter_mut() {
            file.deepen(depth(&file.real));
        }
        files.par_iter_mut().for_each(|file| {
            (file.kind, file.stamp) = (known_unopened(&file.path, &file.name), stamp(&file.path));
        });
        for file in files.iter() {
            tables.note(file);
        }
    })?;
    let checkouts = checkouts(paths);
    bad.extend(checkouts.bad.into_iter().map(|bad| FoundFile::unreachable(bad.real, bad.name, bad.reason)));
    checkouts.files.into_iter().map(copied).chain(bad).try_for_each(|file| listing.add(&file))?;
    listing.finish(roots, tables.read(), checkouts.folders)
}

/// The file at `path`, found below `root`, whose path has no links.
fn below(root: &Path, path: PathBuf) -> FoundFile {
    let real = fs_err::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let name = name_below(root, &path);
    FoundFile::new(path, real, name)
}

/// A copy out of a repository, known again by its name there, and unchanged while its content is.
fn copied(copy: Copied) -> FoundFile {
    let Copied { path, real, name, object } = copy;
    // The note beside it also tells which commits carry its checkpoint, which its own object does not.
    let note = |note: PathBuf| fs_err::read(note).map_or_else(|_| "-".to_owned(), |bytes| hash(&bytes));
    let stamp = std::iter::once(object).chain(beside(&path).map(note)).collect::<Vec<_>>().join(", ");
    FoundFile { kind: known_unopened(&path, &name), stamp, ..FoundFile::new(path, real, name) }
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// Size and time of change, in nanoseconds since 1970, of the file, of a recorder's notes on it, and of the log that
/// `SQLite` writes before it changes a file.
fn stamp(path: &Path) -> String {
    let log = path.file_name().map(|name| path.with_file_name(format!("{}-wal", name.to_string_lossy())));
    let files = [Some(path.to_owned()), beside(path), log.filter(|log| log.is_file())];
    let stamps = files.into_iter().flatten().map(|file| {
        let Ok(data) = fs_err::metadata(file) else { return "-".to_owned() };
        let since = data.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        format!("{} {}", data.len(), since.unwrap_or_default().as_nanos())
    });
    stamps.collect::<Vec<_>>().join(", ")
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
    last(path, parts.max(1))
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
        let files = found.parts().next().unwrap().unwrap();
        let names: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.kind.is_none())).collect();
        let expected = ["a.jsonl", "a.meta.json", "history.jsonl", "journal.jsonl"];
        assert_eq!(
            names,
            expected
                .map(|name| (format!("sub/{name}"), name == "a.jsonl"))
                .each_ref()
                .map(|(name, none)| (name.as_str(), *none))
        );
        assert_eq!(found.file(2).unwrap(), files[2]);
        let alone = discover(&paths[..1], &|_| 2).unwrap();
        assert_eq!(alone.file(0).unwrap().name, "sub/a.jsonl", "the longer name holds");
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
