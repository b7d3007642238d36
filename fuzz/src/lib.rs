//! What the fuzz targets share: files made of bytes, the way through the house's door, and what must hold for any bytes.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use assize::ingest::{Reading, read, session_line, survey};
use assize::session::{Session, Step};

/// Ends one file and begins the next one: a byte that JSON and Markdown never hold as it is.
pub const NEXT_FILE: u8 = 0x1e;

/// Most bytes of one input; what is slow beyond them is a matter for the benchmark.
const MOST_BYTES: usize = 1 << 16;

const KEY: [u8; 32] = [7; 32];

/// A folder in memory where the machine has one.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

/// Reads `data` as files of `names` and checks every session. What is left over goes to the last name.
pub fn ingest(data: &[u8], names: &[&str]) {
    read_files(data, names).iter().for_each(check);
}

/// The same for sessions that another program may have written: they are taken as they are.
pub fn import(data: &[u8], names: &[&str]) {
    read_files(data, names);
}

/// Writes `data`, split at [`NEXT_FILE`], under `names` and reads the folder; checks what is told of bad lines, and that
/// export and import lose nothing.
fn read_files(data: &[u8], names: &[&str]) -> Vec<Session> {
    let data = &data[..data.len().min(MOST_BYTES)];
    let folder = folder();
    for (name, bytes) in names.iter().zip(data.splitn(names.len(), |byte| *byte == NEXT_FILE)) {
        let path = folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    let readings = read_all(&folder.path().join("in"));
    let lines = data.iter().filter(|byte| **byte == b'\n').count() as u64 + names.len() as u64;
    for reading in &readings {
        let bad = reading.tally.bad.iter().flat_map(|bad| &bad.lines);
        bad.for_each(|line| assert!((1..=lines).contains(line), "no line {line}"));
    }
    let sessions: Vec<Session> = readings.into_iter().flat_map(|reading| reading.sessions).collect();
    export_and_import(&sessions, &folder.path().join("out.jsonl"));
    sessions
}

/// Reads every session below `path`.
pub fn read_all(path: &Path) -> Vec<Reading> {
    let survey = survey(&[PathBuf::from(path)]).expect("the path is there");
    survey.groups.iter().map(|group| read(group, &KEY)).collect()
}

/// What holds for every session.
fn check(session: &Session) {
    let mut ids = HashSet::new();
    for action in session.actions() {
        assert!(ids.insert(&action.id), "the call {:?} is counted twice", action.id);
    }
    for (at, turn) in session.turns.iter().enumerate() {
        assert_eq!(turn.number as usize, at + 1, "turns are numbered from 1");
        assert!(!turn.prompt.trim().is_empty(), "a prompt without a word is no prompt");
    }
    assert!(session.steps().all(|step| !matches!(step, Step::Say(text) if text.trim().is_empty())));
    assert!(!session.scope_rule.is_empty(), "a scope says by which rule");
}

/// Our own form holds all of every session.
fn export_and_import(sessions: &[Session], path: &Path) {
    if sessions.is_empty() {
        return;
    }
    let lines: Vec<String> = sessions.iter().map(|session| session_line(session).expect("a line")).collect();
    fs::write(path, lines.join("\n")).expect("a file");
    let mut again: Vec<Session> = read_all(path).into_iter().flat_map(|reading| reading.sessions).collect();
    let mut sessions = sessions.to_vec();
    for sessions in [&mut again, &mut sessions] {
        sessions.sort_by_key(|session| session_line(session).expect("a line"));
    }
    assert_eq!(again, sessions, "export and import lose nothing");
}
