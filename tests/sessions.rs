//! `assize sessions`, and the corpus it reads.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::path::{Path, PathBuf};

use assize::corpus::{BuildOptions, Corpus, CorpusError, Salt, build};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude-code")
}

/// A corpus of all fixtures in `folder`.
fn corpus(folder: &Path) -> Corpus {
    build(&[fixtures()], folder, &BuildOptions::quiet(Salt::fixed([7; 32]))).unwrap();
    Corpus::open(folder).unwrap()
}

fn sessions(folder: &Path, more: &[&str]) -> std::process::Output {
    let mut command = assert_cmd::Command::cargo_bin("assize").unwrap();
    command.arg("sessions").arg(folder).args(more).output().unwrap()
}

#[test]
fn every_session_is_one_row_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let rows = corpus(folder.path()).rows().unwrap();
    assert!(rows.is_sorted_by(|one, other| one.id < other.id));
    let json = sessions(folder.path(), &["--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["sessions"].as_array().unwrap().len(), rows.len());
    let csv = sessions(folder.path(), &["--format", "csv"]);
    let mut table = csv::Reader::from_reader(csv.stdout.as_slice());
    let prompts = table.headers().unwrap().iter().position(|name| name == "prompts").unwrap();
    assert!(rows.iter().any(|row| !row.models.is_empty()));
    for row in &rows {
        assert_eq!(corpus(folder.path()).session(&row.id).unwrap().models, row.models);
    }
    assert!(String::from_utf8_lossy(&csv.stdout).lines().next().unwrap().ends_with(",content_hash,model_names"));
    let sum: u64 = table.records().map(|row| row.unwrap()[prompts].parse::<u64>().unwrap()).sum();
    assert_eq!(sum, rows.iter().map(|row| row.measures.prompts).sum::<u64>());
    let counted = sessions(folder.path(), &["--counted"]);
    assert_eq!(String::from_utf8(counted.stdout).unwrap().lines().count(), rows.len() - 1 + 2, "one is headless");
    let excluded = sessions(folder.path(), &["--excluded"]);
    let excluded = String::from_utf8(excluded.stdout).unwrap();
    assert!(excluded.lines().count() == 3 && excluded.contains("entrypoint sdk-cli"), "{excluded}");
}

#[test]
fn a_session_is_found_by_id_beginning_or_file() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = corpus(folder.path());
    let row = corpus.rows().unwrap().into_iter().find(|row| row.file == "queued.jsonl").unwrap();
    let session = corpus.session(&row.id).unwrap();
    assert_eq!(corpus.session("queued.jsonl").unwrap(), session);
    assert_eq!(corpus.session(&row.id[..36]).unwrap(), session);
    let stored = serde_json::to_vec(&session).unwrap();
    assert_eq!(blake3::hash(&stored).to_hex().as_str(), row.content_hash);
    assert!(matches!(corpus.session("0000"), Err(CorpusError::Ambiguous { .. })));
    assert!(matches!(corpus.session("none"), Err(CorpusError::NoSession { .. })));
    assert!(matches!(corpus.session(""), Err(CorpusError::NoSession { .. })));
}

#[test]
fn a_corpus_is_one_file_and_a_fresh_ingest_replaces_it_whole() {
    let folder = tempfile::tempdir().unwrap();
    let first = corpus(folder.path()).content_hash().unwrap();
    let options = BuildOptions { fresh: true, ..BuildOptions::quiet(Salt::fixed([7; 32])) };
    build(&[fixtures().join("queued.jsonl")], folder.path(), &options).unwrap();
    assert_eq!(Corpus::open(folder.path()).unwrap().rows().unwrap().len(), 1);
    let empty = folder.path().join("empty");
    fs_err::create_dir(&empty).unwrap();
    assert!(matches!(
        build(std::slice::from_ref(&empty), folder.path(), &options),
        Err(CorpusError::NoSessions { .. })
    ));
    fs_err::remove_dir(empty).unwrap();
    assert_eq!(Corpus::open(folder.path()).unwrap().rows().unwrap().len(), 1, "a failed ingest changes nothing");
    assert_eq!(corpus(folder.path()).content_hash().unwrap(), first);
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn files_that_are_no_corpus_of_ours_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corpus.sqlite");
    let says = |part: &str| {
        let output = sessions(folder.path(), &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(said.contains("corpus.sqlite") && said.contains(part), "{said}");
    };
    says("assize ingest");
    fs_err::write(&path, "this is not a database, but it is long enough to be looked at".repeat(40)).unwrap();
    says("not a corpus, or damaged");
    fs_err::remove_file(&path).unwrap();
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    says("not a corpus");
    fs_err::remove_file(&path).unwrap();
    drop(corpus(folder.path()));
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    says("newer assize");
}

#[test]
fn persons_have_one_pseudonym_and_no_name() {
    let folder = tempfile::tempdir().unwrap();
    let rows = corpus(folder.path()).rows().unwrap();
    let persons: std::collections::BTreeSet<_> = rows.iter().filter_map(|row| row.person.clone()).collect();
    assert_eq!(persons.len(), 1);
    let options = BuildOptions::quiet(Salt::fixed([8; 32]));
    assert!(matches!(build(&[fixtures()], folder.path(), &options), Err(CorpusError::OtherSalt(_))));
    build(&[fixtures()], folder.path(), &BuildOptions { fresh: true, ..options }).unwrap();
    let other = Corpus::open(folder.path()).unwrap().rows().unwrap().into_iter().find_map(|row| row.person);
    assert_ne!(persons.into_iter().next(), other, "another key gives other pseudonyms");
}
