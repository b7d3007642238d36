//! `assize sessions --format atif`: what is written is read again the same.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::path::{Path, PathBuf};

use assize::corpus::Corpus;
use assize::ingest::{atif_document, read, survey};
use assize::session::Session;
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn sessions(path: &Path) -> Vec<Session> {
    let survey = survey(&[path.to_owned()]).unwrap();
    assert_eq!(survey.bad, vec![]);
    let readings = survey.groups.iter().map(|group| read(group, &[7; 32]));
    let mut sessions: Vec<_> = readings.flat_map(|reading| reading.sessions).collect();
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    sessions
}

#[test]
fn every_session_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let before = sessions(&fixtures());
    assert!(before.len() > 15);
    for (at, session) in before.iter().enumerate() {
        let document = atif_document(session).unwrap();
        fs_err::write(folder.path().join(format!("{at}.json")), document.to_string()).unwrap();
    }
    let after = sessions(folder.path());
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
}

/// Takes out what we keep beside.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(extra) = fields.get_mut("extra").and_then(Value::as_object_mut) {
                extra.remove("assize");
            }
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// What other tools see of it, without what we keep beside.
#[test]
fn other_tools_see_prompts_calls_results_tokens_and_times() {
    let before = sessions(&fixtures().join("atif")).remove(0);
    let mut document = atif_document(&before).unwrap();
    strip(&mut document);
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("a.json"), document.to_string()).unwrap();
    let after = sessions(folder.path()).remove(0);
    let seen = |session: &Session| -> Vec<_> {
        session
            .turns
            .iter()
            .map(|turn| (turn.prompt.clone(), turn.at.clone(), turn.tokens, turn.steps.clone()))
            .collect()
    };
    assert_eq!(seen(&before), seen(&after));
    assert_eq!((before.tokens, before.id, before.models), (after.tokens, after.id, after.models));
    assert_eq!(document["final_metrics"]["total_prompt_tokens"], 110);
    let steps = document["steps"].as_array().unwrap();
    assert!(steps.iter().enumerate().all(|(at, step)| step["step_id"] == at + 1));
    assert!(steps.iter().all(|step| ["user", "agent", "system"].contains(&step["source"].as_str().unwrap())));
}

#[test]
fn a_corpus_is_written_as_trajectories_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let assize = |arguments: &[&str]| {
        assert_cmd::Command::cargo_bin("assize").unwrap().args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let all = fixtures();
    assert_eq!(assize(&["ingest", all.to_str().unwrap(), "--into", "one"]).status.code(), Some(0));
    assert_eq!(assize(&["sessions", "one", "--format", "atif"]).status.code(), Some(3), "where to?");
    assert_eq!(assize(&["sessions", "one", "--format", "atif", "--out", "out"]).status.code(), Some(0));
    assert_eq!(assize(&["ingest", "out", "--into", "two"]).status.code(), Some(0));
    let open = |name: &str| Corpus::open(&folder.path().join(name)).unwrap();
    let rows = open("one").rows().unwrap();
    assert_eq!(rows.len(), open("two").rows().unwrap().len());
    for row in rows {
        assert_eq!(open("one").session(&row.id).unwrap(), open("two").session(&row.id).unwrap());
    }
}
