//! The conformance suite: every case of `tests/conformance/` read by this program and compared with what is expected.
//! `tests/conformance/README.md` describes the cases and the neutral form of the results, for other tools too.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod neutral;
mod reading;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use neutral::Outcome;
use rstest::rstest;

/// Cases that fail because of something known that is not there yet. Each has to fail: one that passes is taken off.
const WAITING: &[&str] = &[
    // Copies whose records were all given new identifiers are not found.
    "007-copy-under-new-identifiers",
    // Attempts taken back are only counted.
    "124-gemini-lines-that-change-lines",
    "054-clear-in-the-middle",
];

fn suite() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Names of the cases in order.
fn cases() -> BTreeSet<String> {
    let folders = fs_err::read_dir(suite()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

#[rstest]
fn case(#[files("tests/conformance/*/expected.json")] path: PathBuf) {
    let folder = path.parent().unwrap();
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap();
    let expected: Outcome = serde_json::from_str(&fs_err::read_to_string(&path).unwrap()).unwrap();
    let differences = expected.differences(&Outcome::of(&folder.join("input"), expected.asks_for_plans()));
    if WAITING.contains(&name) {
        assert!(!differences.is_empty(), "{name} passes now: take it off WAITING");
        return;
    }
    assert!(differences.is_empty(), "{name}\n  {}", differences.join("\n  "));
}

#[test]
fn cases_are_numbered_without_gaps_and_stand_in_the_table() {
    let readme = fs_err::read_to_string(suite().join("README.md")).unwrap();
    for (at, name) in cases().iter().enumerate() {
        assert!(name.starts_with(&format!("{:03}-", at + 1)), "{name} is case {}", at + 1);
        assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the README's table");
    }
    let rows = readme.lines().filter(|line| line.starts_with("| `0") || line.starts_with("| `1")).count();
    assert_eq!(rows, cases().len(), "the README's table names a case that is not there");
}

#[test]
fn what_waits_is_a_case() {
    let cases = cases();
    assert!(WAITING.iter().all(|name| cases.contains(*name)));
}
