//! Checkpoints of a git repository as files: its branch `entire/checkpoints/v1`, its own or a remote's, and since 2026 one
//! ref for each checkpoint, `refs/entire/checkpoints/SHARD/ID`.
//!
//! They are copied into a private folder that is removed after the ingest, and keep the names they have in git. The
//! repository is not changed.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::git::{Blobs, is_repository, output};
use crate::ingest::person::mask_file;

/// The name under which the recorder keeps checkpoints.
const REFS: &str = "entire/checkpoints";

/// What a commit says that a checkpoint led to.
const TRAILER: &str = "Entire-Checkpoint:";

/// Checkpoints copied out of repositories.
#[derive(Debug, Default)]
pub(in crate::ingest) struct Checkouts {
    /// Folders in which the copies lie until this is dropped.
    pub folders: Vec<tempfile::TempDir>,
    /// The copies.
    pub files: Vec<Copied>,
    /// Repositories, and files in them, that could not be read.
    pub bad: Vec<Unread>,
}

/// A file of a checkpoint, copied.
#[derive(Debug)]
pub(in crate::ingest) struct Copied {
    /// The copy.
    pub path: PathBuf,
    /// Where it would lie if its name were one below the repository: the same at every ingest.
    pub real: PathBuf,
    /// Its name in the repository: branch or ref, and path.
    pub name: String,
    /// Its object there, which is another one as soon as a byte of it changes.
    pub object: String,
}

/// What could not be read of a repository.
#[derive(Debug)]
pub(in crate::ingest) struct Unread {
    /// As of [`Copied`].
    pub real: PathBuf,
    /// Its name, without names of people.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A file of a checkpoint: where it was found, and its object.
type Found = (String, String);

/// Copies the checkpoints out of those of `paths` that are git repositories.
pub(in crate::ingest) fn checkouts(paths: &[PathBuf]) -> Checkouts {
    let mut all = Checkouts::default();
    for path in paths.iter().filter(|path| is_repository(path)) {
        if let Err(reason) = one(path, &mut all) {
            let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
            let (real, name) = (canonical(path), mask_file(&name, None));
            all.bad.push(Unread { real, name, reason });
        }
    }
    all
}

fn one(repository: &Path, all: &mut Checkouts) -> Result<(), String> {
    let found = files(repository)?;
    if found.is_empty() {
        return Ok(());
    }
    let commits = commits(repository)?;
    let folder = tempfile::tempdir().map_err(|error| format!("no private folder for a copy: {error}"))?;
    let root = canonical(repository);
    let mut blobs = Blobs::open(repository)?;
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (path, (at, object)) in found {
        let (parent, file) = path.rsplit_once('/').unwrap_or(("", &path));
        // Numbered folders: no name in a repository can lead out of the private one.
        let next = numbers.len();
        let number = *numbers.entry(parent.to_owned()).or_insert(next);
        let copy = folder.path().join(number.to_string()).join(file);
        let name = format!("{at}:{path}");
        let real = root.join(&name);
        match copy_out(&mut blobs, &object, &copy, &commits) {
            Ok(()) => all.files.push(Copied { path: copy, real, name, object }),
            Err(reason) => all.bad.push(Unread { real, name: mask_file(&name, None), reason }),
        }
    }
    all.folders.push(folder);
    Ok(())
}

fn canonical(path: &Path) -> PathBuf {
    fs_err::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn copy_out(
    blobs: &mut Blobs,
    object: &str,
    copy: &Path,
    commits: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    let plain = |error: std::io::Error| error.to_string();
    if let Some(parent) = copy.parent() {
        fs_err::create_dir_all(parent).map_err(plain)?;
    }
    if copy.ends_with("metadata.json") {
        let mut note = Vec::new();
        blobs.copy(object, &mut note)?;
        return fs_err::write(copy, with_commits(note, commits)).map_err(plain);
    }
    let mut file = std::io::BufWriter::new(fs_err::File::create(copy).map_err(plain)?);
    blobs.copy(object, &mut file)?;
    file.flush().map_err(plain)
}

/// A note with the commits that carry its checkpoint, where `recorder` looks for them.
fn with_commits(note: Vec<u8>, commits: &BTreeMap<String, Vec<String>>) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice::<Value>(&note) else { return note };
    let found = value.get("checkpoint_id").and_then(Value::as_str).and_then(|id| commits.get(id));
    match (found, value.as_object_mut()) {
        (Some(found), Some(fields)) => {
            fields.insert("_commits".to_owned(), Value::from(found.clone()));
            value.to_string().into_bytes()
        }
        _ => note,
    }
}

/// Transcripts and notes of all checkpoints, by their path on the branch. What the own branch, a remote's and a ref all
/// hold is there once.
fn files(repository: &Path) -> Result<BTreeMap<String, Found>, String> {
    let refs = output(repository, &["for-each-ref", "--format=%(refname)"])?;
    let refs = String::from_utf8_lossy(&refs).into_owned();
    // The own branch comes before what is known of others.
    let mut refs: Vec<&str> = refs.lines().filter(|name| place(name).is_some()).collect();
    refs.sort_by_key(|name| (name.starts_with("refs/remotes/"), !name.starts_with("refs/heads/"), *name));
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for name in refs {
        let Some((at, checkpoint)) = place(name) else { continue };
        let tree = output(repository, &["ls-tree", "-r", "-z", "--full-tree", name])?;
        for (object, path) in String::from_utf8_lossy(&tree).split('\0').filter_map(entry) {
            let path = format!("{}{path}", checkpoint.as_deref().unwrap_or_default());
            found.entry(path).or_insert_with(|| (at.to_owned(), object.to_owned()));
        }
    }
    // The short form is derived from the agent's own transcript.
    let own: Vec<String> =
        found.keys().filter_map(|path| Some(format!("{}transcript.jsonl", path.strip_suffix("full.jsonl")?))).collect();
    for short in own {
        found.remove(&short);
    }
    Ok(found)
}

/// The name by which a ref is shown and, for a checkpoint's own ref, the folder that its files have on the branch.
fn place(name: &str) -> Option<(&str, Option<String>)> {
    let at = name.find(REFS)?;
    let (before, shown) = name.split_at(at);
    let known = matches!(before, "refs/heads/" | "refs/") || before.starts_with("refs/remotes/");
    let rest = shown.strip_prefix(REFS)?.strip_prefix('/').filter(|_| known)?;
    let checkpoint = rest.split_once('/').filter(|(shard, id)| {
        let is_id = matches!(id.len(), 12 | 26) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_id && shard.len() == 2 && id.ends_with(shard)
    });
    // Both kinds of identifiers get the folders of the branch, so that a checkpoint that was moved is there once.
    Some((shown, checkpoint.map(|(_, id)| format!("{}/{}/", &id[..2], &id[2..]))))
}

/// Object and path of a line of `ls-tree` that is a transcript or a note with a plain name.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (head, path) = line.split_once('\t')?;
    let mut words = head.split_ascii_whitespace();
    let (mode, kind, object) = (words.next()?, words.next()?, words.next()?);
    let file = path.rsplit('/').next()?;
    let plain = file.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    // A long transcript goes on in `full.jsonl.001`.
    let number = |end: &str| end.is_empty() || end.strip_prefix('.').is_some_and(|end| end.parse::<u32>().is_ok());
    let transcript = file.split_once(".jsonl").is_some_and(|(_, end)| number(end));
    let wanted = transcript || file == "metadata.json";
    (mode.starts_with("100") && kind == "blob" && plain && wanted && !file.starts_with('.')).then_some((object, path))
}

/// The commits that carry each checkpoint, on all branches but the recorder's, each list sorted.
fn commits(repository: &Path) -> Result<BTreeMap<String, Vec<String>>, String> {
    let grep = format!("--grep={TRAILER}");
    let arguments = [
        "rev-list",
        &grep,
        "--format=%x1e%H%x1f%B",
        "--exclude=refs/heads/entire/*",
        "--exclude=refs/remotes/*/entire/*",
        "--exclude=refs/entire/*",
        "--all",
    ];
    let log = output(repository, &arguments)?;
    let mut commits: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for commit in String::from_utf8_lossy(&log).split('\u{1e}') {
        let Some((hash, message)) = commit.split_once('\u{1f}') else { continue };
        // A squashed commit carries the trailers of all that are in it, anywhere.
        for id in message.lines().filter_map(|line| line.trim().strip_prefix(TRAILER)) {
            commits.entry(id.trim().to_owned()).or_default().push(hash.to_owned());
        }
    }
    for hashes in commits.values_mut() {
        hashes.sort();
        hashes.dedup();
    }
    Ok(commits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_of_the_recorder_are_told_by_their_names() {
        assert_eq!(place("refs/heads/entire/checkpoints/v1"), Some(("entire/checkpoints/v1", None)));
        assert_eq!(place("refs/remotes/origin/entire/checkpoints/v1"), Some(("entire/checkpoints/v1", None)));
        let id = "01M3WE2VX9HQC3NVY9BWYCW6JV";
        let own = place(&format!("refs/entire/checkpoints/JV/{id}")).map(|(_, folder)| folder);
        assert_eq!(own, Some(Some("01/M3WE2VX9HQC3NVY9BWYCW6JV/".to_owned())));
        assert_eq!(place("refs/entire/checkpoints/v2/main").map(|(_, folder)| folder), Some(None));
        assert_eq!(place("refs/heads/main"), None);
        assert_eq!(place("refs/tags/entire/checkpoints/v1"), None);
    }

    #[test]
    fn only_plain_files_of_known_names_are_copied() {
        let line = |mode: &str, path: &str| format!("{mode} blob 1234\t{path}");
        assert_eq!(entry(&line("100644", "ab/cd/0/full.jsonl")), Some(("1234", "ab/cd/0/full.jsonl")));
        assert_eq!(entry(&line("100644", "ab/cd/0/full.jsonl.001")), Some(("1234", "ab/cd/0/full.jsonl.001")));
        assert_eq!(entry(&line("100644", "ab/cd/0/metadata.json")), Some(("1234", "ab/cd/0/metadata.json")));
        for (mode, path) in [
            ("120000", "a/full.jsonl"),
            ("100644", "a/prompt.txt"),
            ("100644", "a/..jsonl"),
            ("100644", "a/x\\y.jsonl"),
        ] {
            assert_eq!(entry(&line(mode, path)), None, "{path}");
        }
    }
}
