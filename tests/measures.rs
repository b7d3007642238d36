//! Measures and evidence: as whole commands print them, and as `docs/measures.md` defines them.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assize::corpus::{BuildOptions, Salt, build};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A corpus of all Claude Code fixtures in `folder`.
fn corpus(folder: &Path) {
    build(&[root().join("tests/fixtures/claude-code")], folder, &BuildOptions::quiet(Salt::fixed([7; 32]))).unwrap();
}

fn sessions(folder: &Path, more: &[&str]) -> std::process::Output {
    let mut command = assert_cmd::Command::cargo_bin("assize").unwrap();
    command.arg("sessions").arg(folder).args(more).output().unwrap()
}

/// Rows of a CSV, each by column.
fn rows(folder: &Path, more: &[&str]) -> Vec<BTreeMap<String, String>> {
    let output = sessions(folder, &[&["--format", "csv"], more].concat());
    assert!(output.status.success());
    csv::Reader::from_reader(output.stdout.as_slice()).deserialize().map(Result::unwrap).collect()
}

#[test]
fn every_column_has_one_definition() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let page = fs_err::read_to_string(root().join("docs/measures.md")).unwrap();
    let cells = page.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let mut defined = BTreeSet::new();
    for name in cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`').to_owned()) {
        assert!(defined.insert(name.clone()), "{name} is defined twice");
    }
    let printed: BTreeSet<String> = [rows(folder.path(), &[]), rows(folder.path(), &["--turns"])]
        .iter()
        .flat_map(|rows| rows[0].keys().cloned())
        .collect();
    assert_eq!(
        printed.difference(&defined).collect::<Vec<_>>(),
        [""; 0],
        "columns without a definition in docs/measures.md"
    );
    assert_eq!(defined.difference(&printed).collect::<Vec<_>>(), [""; 0], "definitions without a column");
}

#[test]
fn turns_sum_to_their_sessions() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let turns = rows(folder.path(), &["--turns"]);
    for session in rows(folder.path(), &[]) {
        let of_session = turns.iter().filter(|turn| turn["session"] == session["id"]);
        for name in ["prompts", "actions", "all_actions", "output_words", "output_tokens", "lines_added", "refusals"] {
            let sum: u64 = of_session.clone().map(|turn| turn[name].parse::<u64>().unwrap()).sum();
            assert_eq!(sum.to_string(), session[name], "{name} of {}", session["file"]);
        }
        assert_eq!(of_session.count().to_string(), (session["prompts"].parse::<u64>().unwrap() + 1).to_string());
    }
}

#[test]
fn turns_are_printed_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path());
    let count = rows(folder.path(), &["--turns"]).len();
    let table = sessions(folder.path(), &["--turns"]);
    assert_eq!(String::from_utf8(table.stdout).unwrap().lines().count(), count + 2);
    let json: serde_json::Value =
        serde_json::from_slice(&sessions(folder.path(), &["--turns", "--format", "json"]).stdout).unwrap();
    assert_eq!((json["version"].as_u64(), json["turns"].as_array().map(Vec::len)), (Some(1), Some(count)));
    assert!(json["turns"][0]["measures"]["actions"].is_u64() && json["turns"][0]["session"].is_string());
    let refused = sessions(folder.path(), &["--turns", "--format", "jsonl"]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("jsonl"));
}
