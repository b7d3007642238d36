//! The house of CONTRIBUTING.md: rooms import from lower floors only, and each power stays in its room.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that cannot read the source has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by floor, from the ground up.
const FLOORS: [&[&str]; 6] = [
    &["session", "rubric"],
    &["ingest", "sample", "view", "prompt", "verdict", "stats"],
    &["corpus", "ledger", "gold", "postings", "provider", "limit"],
    &["run", "agreement", "estimate", "simulate"],
    &["report", "review"],
    &["cli"],
];

/// Words that may stand in some rooms only, and why.
const POWERS: [(&str, &[&str], &str); 6] = [
    // OpenCode keeps its sessions in a database: a foreign store is an input format, read in one file. The list of files that
    // were found is one too: it may be larger than memory.
    ("rusqlite", &["ledger", "corpus", "ingest/opencode/database.rs", "ingest/found.rs"], "SQL lives in the stores"),
    ("reqwest", &["provider"], "HTTP to models lives in provider"),
    ("jsonschema", &["verdict"], "one room knows the validator"),
    ("governor", &["limit"], "one room knows the rate limiter"),
    ("env::var", &["cli/settings.rs"], "the environment is read in one file"),
    ("plotters", &["report"], "charts live in the report"),
];

const LONGEST_FILE: usize = 700;
const LONGEST_COMMAND: usize = 150;

fn source_files() -> Vec<(PathBuf, String)> {
    rust_files("src")
}

/// Every Rust file below `folder` of the package, with its text.
fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files = Vec::new();
    walk(&root, &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(&root).unwrap().to_owned(), text)
    };
    files.into_iter().map(read).collect()
}

fn room_of(path: &Path) -> String {
    let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Names that follow `crate::` in code, also inside braces: `use crate::{a::B, c}` names `a` and `c`.
fn imported_rooms(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut rooms = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut fresh = true;
            for character in group.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => fresh = true,
                    _ => {}
                }
                if fresh && (character.is_alphanumeric() || character == '_') {
                    word.push(character);
                } else if !word.is_empty() {
                    rooms.push(std::mem::take(&mut word));
                    fresh = character == ',' && depth == 0;
                }
            }
            rooms.extend((!word.is_empty()).then_some(word));
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
}

#[test]
fn the_import_reader_sees_groups() {
    assert_eq!(imported_rooms("use crate::{stats::{A, B}, gold};\nuse crate::view::X;"), ["stats", "gold", "view"]);
    assert_eq!(imported_rooms("/// [`crate::cli`]\n// use crate::run"), Vec::<String>::new());
}

#[test]
fn imports_go_downward_only() {
    let floor: BTreeMap<&str, usize> =
        FLOORS.iter().enumerate().flat_map(|(floor, rooms)| rooms.iter().map(move |room| (*room, floor))).collect();
    let mut breaches = Vec::new();
    for (path, text) in source_files() {
        let room = room_of(&path);
        if room == "main" || room == "lib" {
            continue;
        }
        let here = *floor.get(room.as_str()).unwrap_or_else(|| panic!("{room} has no floor: add it to FLOORS"));
        for imported in imported_rooms(&text) {
            match floor.get(imported.as_str()) {
                _ if imported == room => {}
                Some(there) if *there < here => {}
                Some(_) => breaches.push(format!("{}: {room} may not import {imported}", path.display())),
                None => breaches.push(format!("{}: crate::{imported} is not a room", path.display())),
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn powers_stay_in_their_rooms() {
    let mut breaches = Vec::new();
    for (path, text) in source_files() {
        let shown = path.to_str().unwrap().replace('\\', "/");
        for (word, rooms, reason) in POWERS {
            let used = text.lines().any(|line| !line.trim_start().starts_with("//") && names(line, word));
            if used && !rooms.iter().any(|room| shown.starts_with(room)) {
                breaches.push(format!("{shown} names {word}: {reason}"));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Whether `line` uses the path `word`, as opposed to containing its letters.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at + word.len()..];
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"')
            && (rest.starts_with("::") || word.contains("::"))
    })
}

#[test]
fn mod_files_hold_no_logic() {
    for (path, text) in source_files() {
        if path.file_name().is_some_and(|name| name == "mod.rs") {
            let logic = text.lines().find(|line| {
                let line = line.trim_start();
                ["fn ", "pub fn ", "impl ", "struct ", "pub struct ", "enum ", "pub enum "]
                    .iter()
                    .any(|start| line.starts_with(start))
            });
            assert!(logic.is_none(), "{}: {}", path.display(), logic.unwrap_or_default());
        }
    }
}

#[test]
fn files_stay_small() {
    let files = source_files();
    let mut lengths: Vec<usize> = files.iter().map(|(_, text)| text.lines().count()).collect();
    for ((path, text), length) in files.iter().zip(&lengths) {
        assert!(*length <= LONGEST_FILE, "{} has {length} lines", path.display());
        let command = path.starts_with("cli") && text.contains("pub fn run(args: &");
        assert!(!command || *length <= LONGEST_COMMAND, "{} has {length} lines", path.display());
    }
    for (path, text) in rust_files("tests") {
        let length = text.lines().count();
        assert!(length <= LONGEST_FILE, "tests/{} has {length} lines", path.display());
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median < 180, "the median file has {median} lines");
}
