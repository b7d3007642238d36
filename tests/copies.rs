//! Copies of a session that was resumed under another id: whatever is lost of either file, each record counts once.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::collections::BTreeSet;
use std::path::Path;

use assize::corpus::{BuildOptions, Corpus, Salt, SessionRow, build};
use assize::session::{Session, Step, Turn};
use proptest::prelude::*;
use serde_json::{Value, json};

const ORIGINAL: &str = "00000000-0000-4000-8000-000000000001";
const RESUMED: &str = "00000000-0000-4000-8000-000000000002";

/// The records of `turns` turns of `session`, told apart by `tag`, from `second` on. Synthetic.
fn records(session: &str, tag: &str, turns: u32, second: u32) -> Vec<Value> {
    let mut records: Vec<Value> = Vec::new();
    for turn in 0..turns {
        let bodies = [
            ("user", json!({"role": "user", "content": format!("{tag}: prompt {turn}")})),
            (
                "assistant",
                json!({"role": "assistant", "id": format!("msg_{tag}{turn}"), "content": [
                    {"type": "text", "text": format!("{tag}: answer {turn}")},
                    {"type": "tool_use", "id": format!("toolu_{tag}{turn}"), "name": "Bash", "input": {"command": "ls"}}]}),
            ),
            (
                "user",
                json!({"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": format!("toolu_{tag}{turn}"), "content": "done"}]}),
            ),
        ];
        for (kind, message) in bodies {
            let at = second + u32::try_from(records.len()).unwrap();
            records.push(json!({
                "type": kind, "uuid": format!("{tag}-{}", records.len()), "sessionId": session, "message": message,
                "parentUuid": records.last().map(|last| last["uuid"].clone()), "cwd": "/home/ana/code/loom",
                "timestamp": format!("2026-03-01T10:{:02}:{:02}.000Z", at / 60, at % 60),
            }));
        }
    }
    records
}

/// A session, and the copy of it that another one begins with and goes on from.
fn resumed() -> [Vec<Value>; 2] {
    let original = records(ORIGINAL, "a", 6, 0);
    let mut copy = original.clone();
    for record in &mut copy {
        record["sessionId"] = json!(RESUMED);
    }
    copy.extend(records(RESUMED, "b", 3, 600));
    [original, copy]
}

/// The same records under other identifiers.
fn renamed(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        for name in ["uuid", "parentUuid"] {
            let new = record[name].as_str().map(|uuid| json!(format!("new-{uuid}")));
            record[name] = new.unwrap_or_default();
        }
    }
    records
}

/// What happens to the lines of one file.
#[derive(Debug, Clone)]
enum Damage {
    None,
    HeadGone(usize),
    TailGone(usize),
    HeadUnreadable(usize),
    BehindIndex(usize),
    Turned,
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::None),
        (1..14_usize).prop_map(Damage::HeadGone),
        (1..14_usize).prop_map(Damage::TailGone),
        (1..14_usize).prop_map(Damage::HeadUnreadable),
        (60..1100_usize).prop_map(Damage::BehindIndex),
        Just(Damage::Turned),
    ]
}

impl Damage {
    fn of(&self, records: &[Value]) -> Vec<Result<Value, String>> {
        let whole = || records.iter().cloned().map(Ok);
        let length = records.len();
        match self {
            Self::None => whole().collect(),
            Self::HeadGone(lines) => whole().skip((*lines).min(length - 1)).collect(),
            Self::TailGone(lines) => whole().take(length.saturating_sub(*lines).max(1)).collect(),
            Self::HeadUnreadable(lines) => {
                let lines = (*lines).min(length - 1);
                let broken = (0..lines).map(|_| Err("{\"broken".to_owned()));
                broken.chain(whole().skip(lines)).collect()
            }
            Self::BehindIndex(lines) => {
                let row = |at| Ok(json!({"type": "summary", "summary": "Weaving", "leafUuid": format!("leaf-{at}")}));
                (0..*lines).map(row).chain(whole()).collect()
            }
            Self::Turned => whole().rev().collect(),
        }
    }
}

fn write(folder: &Path, session: &str, lines: &[Result<Value, String>]) {
    let text = |line: &Result<Value, String>| match line {
        Ok(record) => format!("{record}\n"),
        Err(broken) => format!("{broken}\n"),
    };
    fs_err::write(folder.join(format!("{session}.jsonl")), lines.iter().map(text).collect::<String>()).unwrap();
}

fn ingest(from: &Path, into: &Path) {
    build(&[from.to_owned()], into, &BuildOptions::quiet(Salt::fixed([7; 32]))).unwrap();
}

fn rows(corpus: &Path) -> Vec<SessionRow> {
    Corpus::open(corpus).unwrap().rows().unwrap()
}

/// Prompts and calls of the whole corpus, with those of rewound attempts.
fn counted(into: &Path) -> (usize, usize) {
    let corpus = Corpus::open(into).unwrap();
    let sessions = rows(into).into_iter().map(|row| corpus.session(&row.id).unwrap());
    let of = |session: Session| {
        let branches = session.dead_branches.iter().flat_map(|branch| &branch.turns);
        let turns: Vec<&Turn> = session.turns.iter().chain(branches).collect();
        let steps = session.preamble.iter().chain(turns.iter().flat_map(|turn| &turn.steps));
        (turns.len(), steps.filter(|step| matches!(step, Step::Act(_))).count())
    };
    sessions.map(of).fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn a_resumed_copy_counts_once_whatever_is_lost_of_it(original in damage(), copy in damage(), apart in any::<bool>()) {
        let [whole_original, whole_copy] = resumed();
        let (one, two) = (original.of(&whole_original), copy.of(&whole_copy));
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(from.path(), ORIGINAL, &one);
        if apart {
            ingest(from.path(), into.path());
        }
        write(from.path(), RESUMED, &two);
        ingest(from.path(), into.path());
        let left: Vec<&Value> = one.iter().chain(&two).filter_map(|line| line.as_ref().ok()).collect();
        let of = |is: fn(&Value) -> bool| {
            let records = left.iter().filter(|record| is(record)).map(|record| record["uuid"].to_string());
            records.collect::<BTreeSet<_>>().len()
        };
        let there = (of(|record| record["message"]["content"].is_string()), of(|record| record["type"] == "assistant"));
        prop_assert_eq!(counted(into.path()), there);
        // What the first ingest knew is of no account.
        let again = tempfile::tempdir().unwrap();
        ingest(from.path(), again.path());
        prop_assert_eq!(rows(into.path()), rows(again.path()));
    }

    #[test]
    fn a_copy_with_new_identifiers_counts_once_where_the_original_is_deleted(copy in damage(), both in any::<bool>()) {
        let [original, copied] = resumed();
        let copied = copy.of(&renamed(copied));
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(from.path(), ORIGINAL, &original.iter().cloned().map(Ok).collect::<Vec<_>>());
        let own = copied.iter().filter_map(|line| line.as_ref().ok()).filter(|record| {
            record["uuid"].as_str().is_some_and(|uuid| uuid.starts_with("new-b"))
        });
        let own: Vec<&Value> = own.collect();
        if both {
            // The last turn of the copy comes later: a copy is written in one go.
            write(from.path(), RESUMED, &copied[..copied.len() - own.len().min(3)]);
        }
        ingest(from.path(), into.path());
        fs_err::remove_file(from.path().join(format!("{ORIGINAL}.jsonl"))).unwrap();
        write(from.path(), RESUMED, &copied);
        ingest(from.path(), into.path());
        let prompts = own.iter().filter(|record| record["message"]["content"].is_string()).count();
        let calls = own.iter().filter(|record| record["type"] == "assistant").count();
        prop_assert_eq!(counted(into.path()), (6 + prompts, 6 + calls));
    }
}
