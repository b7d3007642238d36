//! Reading a repository through the `git` program: commands that only read, and nothing that calls hooks, a pager or the
//! network.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Variables that would turn git to another repository than the one asked for.
const ELSEWHERE: [&str; 6] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
];

/// Whether a folder is a work tree or a bare repository, by what lies in it.
pub(super) fn is_repository(folder: &Path) -> bool {
    folder.join(".git").exists() || ["HEAD", "objects", "refs"].iter().all(|name| folder.join(name).exists())
}

/// A git command in `folder`.
fn git(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false"]);
    command.args(arguments);
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0");
    // Grafts and replaced objects would show what was never recorded.
    command.env("GIT_NO_REPLACE_OBJECTS", "1").env("LC_ALL", "C");
    for name in ELSEWHERE {
        command.env_remove(name);
    }
    command
}

/// What a failed start or a failed command means to the person.
fn failed(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        "git is needed to read the checkpoints of a repository and was not found: install it, or ingest a checkout of \
         the branch entire/checkpoints/v1"
            .to_owned()
    } else {
        format!("git cannot be run: {error}")
    }
}

/// All that a command prints.
///
/// # Errors
/// When git is not there, or says that something is wrong with the repository.
pub(super) fn output(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = git(folder, arguments).stdin(Stdio::null()).output().map_err(|error| failed(&error))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let first = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    let command = arguments.first().copied().unwrap_or_default();
    Err(format!("git {command} failed, is the repository damaged? {first}"))
}

/// Objects of a repository, one after the other.
pub(super) struct Blobs {
    child: Child,
    ask: ChildStdin,
    answer: BufReader<ChildStdout>,
}

impl Blobs {
    /// Starts the program that hands them out.
    pub fn open(folder: &Path) -> Result<Self, String> {
        let mut command = git(folder, &["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(ask), Some(answer)) => Ok(Self { child, ask, answer: BufReader::new(answer) }),
            _ => Err("git cat-file has no input or output".to_owned()),
        }
    }

    /// Copies the blob `id` to `to`.
    pub fn copy(&mut self, id: &str, to: &mut impl Write) -> Result<(), String> {
        let mut copy = || -> std::io::Result<Option<String>> {
            writeln!(self.ask, "{id}")?;
            self.ask.flush()?;
            let mut head = String::new();
            self.answer.read_line(&mut head)?;
            // `ID blob SIZE`, or `ID missing`.
            let mut words = head.split_ascii_whitespace().skip(1);
            let (kind, size) = (words.next(), words.next().and_then(|size| size.parse::<u64>().ok()));
            let (Some("blob"), Some(size)) = (kind, size) else {
                return Ok(Some(format!("object {id} cannot be read: {}", kind.unwrap_or("git ended"))));
            };
            if std::io::copy(&mut self.answer.by_ref().take(size), to)? != size {
                return Ok(Some(format!("object {id} breaks off")));
            }
            self.answer.read_exact(&mut [0])?;
            Ok(None)
        };
        match copy() {
            Ok(None) => Ok(()),
            Ok(Some(reason)) => Err(reason),
            Err(error) => Err(format!("object {id} cannot be read: {error}")),
        }
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // It only reads; ending it early loses nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
