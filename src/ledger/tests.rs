//! The contract of the ledger: what is kept, what is replaced, what a failed commit leaves.

use std::collections::BTreeSet;
use std::path::Path;

use crate::verdict::{Fingerprint, NoVerdict, Outcome, Repair};

use super::{
    Batch, BatchCall, BatchEntry, Call, Decision, Entry, Intent, Ledger, LedgerError, Lengths, Paid, Place, Writer,
};

fn fingerprint(name: &str) -> Fingerprint {
    Fingerprint::of(&[name.as_bytes()])
}

fn call(name: &str, body: &[u8]) -> Entry {
    Entry::Call(Call {
        fingerprint: fingerprint(name),
        model: "openai/tiny".to_owned(),
        form: "json_schema".to_owned(),
        replicate: 1,
        body: body.to_vec(),
        stop: "end".to_owned(),
        input_tokens: Some(100),
        output_tokens: Some(7),
        cache_read: None,
        cache_write: None,
        micro_dollars: (name == "a").then_some(5),
        answered_by: Some("tiny,2026".to_owned()),
        request_id: None,
        sent_at: "2026-01-01T00:00:00Z".to_owned(),
        answered_at: "2026-01-01T00:00:01Z".to_owned(),
        attempts: 1,
    })
}

fn place(session: &str, unit: &str) -> Place {
    Place {
        run: "r".to_owned(),
        session: session.to_owned(),
        rubric: "mood".to_owned(),
        judge: "tiny".to_owned(),
        replicate: 1,
        unit: fingerprint(unit),
        person: Some("p1".to_owned()),
    }
}

fn verdict(session: &str, unit: &str, outcome: Outcome, calls: &[&str]) -> Entry {
    let decision = Decision {
        outcome,
        repairs: BTreeSet::from([Repair::Fence]),
        calls: calls.iter().map(|name| fingerprint(name)).collect(),
    };
    Entry::Verdict { place: place(session, unit), decision, decided_at: "2026-01-01T00:00:02Z".to_owned() }
}

fn label(label: &str) -> Outcome {
    Outcome::Label { label: label.to_owned(), reason: None, evidence: vec![1], confidence: None }
}

fn failed() -> Outcome {
    Outcome::None { kind: NoVerdict::Failed, detail: "500".to_owned() }
}

fn open(folder: &Path) -> Writer {
    Writer::open(&folder.join("ledger.sqlite")).unwrap()
}

#[test]
fn an_answer_is_kept_whole_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    let intent = |name: &str| {
        let sent_at = "2026-01-01T00:00:00Z".to_owned();
        Entry::Intent(Intent { fingerprint: fingerprint(name), model: "openai/tiny".to_owned(), sent_at })
    };
    writer.commit(&[intent("a"), intent("b"), intent("c")]).unwrap();
    assert_eq!(writer.ledger().open_intents().unwrap(), 3);
    writer.commit(&[call("a", b"first"), Entry::Withdrawn(fingerprint("b"))]).unwrap();
    writer.commit(&[call("a", b"second")]).unwrap();
    drop(writer);

    let ledger = Ledger::open(&folder.path().join("ledger.sqlite")).unwrap();
    assert_eq!(ledger.call(&fingerprint("a")).unwrap().unwrap().body, b"first");
    assert_eq!(ledger.call(&fingerprint("b")).unwrap(), None);
    assert_eq!(ledger.open_intents().unwrap(), 1);
}

#[test]
fn a_failed_unit_is_replaced_and_a_real_answer_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    writer.commit(&[verdict("s1", "u1", failed(), &[])]).unwrap();
    assert_eq!(writer.ledger().decision(&fingerprint("u1")).unwrap(), None);
    writer.commit(&[verdict("s1", "u1", label("glad"), &["a"])]).unwrap();
    writer.commit(&[verdict("s1", "u1", label("sad"), &["b"])]).unwrap();
    writer.commit(&[verdict("s1", "u1", failed(), &[])]).unwrap();
    let decision = writer.ledger().decision(&fingerprint("u1")).unwrap().unwrap();
    assert_eq!(decision.outcome, label("glad"));
    assert_eq!(decision.calls, [fingerprint("a")]);
}

#[test]
fn a_run_is_read_in_order_and_a_shared_call_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    let entries = [
        call("a", b"1"),
        call("b", b"2"),
        verdict("s2", "u1", label("glad"), &["a"]),
        verdict("s1", "u1", label("glad"), &["a"]),
        verdict("s3", "u2", Outcome::None { kind: NoVerdict::Invalid, detail: "x".to_owned() }, &["a", "b"]),
        Entry::Run { id: "r".to_owned(), record: "{}".to_owned() },
    ];
    writer.commit(&entries).unwrap();

    let ledger = writer.ledger();
    let mut seen = Vec::new();
    ledger
        .verdicts("r", |verdict, person| -> Result<(), LedgerError> {
            seen.push((verdict.session, verdict.outcome.label().map(str::to_owned), person));
            Ok(())
        })
        .unwrap();
    let person = Some("p1".to_owned());
    let glad = Some("glad".to_owned());
    let expected = [("s1", glad.clone(), person.clone()), ("s2", glad, person.clone()), ("s3", None, person)];
    assert_eq!(seen, expected.map(|(session, label, person)| (session.to_owned(), label, person)));

    let counts = ledger.counts("r").unwrap();
    assert_eq!(
        counts.iter().map(|count| (count.kind.as_str(), count.units)).collect::<Vec<_>>(),
        [("invalid", 1), ("label", 2)]
    );
    let usage = ledger.usage("r").unwrap();
    assert_eq!((usage.len(), usage[0].calls, usage[0].input_tokens, usage[0].output_tokens), (1, 2, 200, 14));
    assert_eq!(usage[0].micro_dollars, None, "a part of the cost is not the cost");
    assert_eq!(usage[0].answered_by, BTreeSet::from(["tiny,2026".to_owned()]));
    assert_eq!((ledger.runs().unwrap(), ledger.run("r").unwrap()), (vec!["r".to_owned()], Some("{}".to_owned())));
}

#[test]
fn what_a_run_paid_for_is_told_from_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    writer.charge("earlier");
    writer.commit(&[call("a", b"1")]).unwrap();
    drop(writer);
    let mut writer = open(folder.path());
    writer.charge("r");
    // "a" is held already, "b" has no known cost, and "c" stands behind no verdict.
    let entries =
        [call("a", b"again"), call("b", b"2"), call("c", b"3"), verdict("s1", "u1", label("glad"), &["a", "b"])];
    writer.commit(&entries).unwrap();
    let ledger = writer.ledger();
    let paid =
        |calls, micro_dollars, calls_without_cost| Paid { calls, requests: calls, micro_dollars, calls_without_cost };
    assert_eq!(ledger.paid("earlier").unwrap(), paid(1, 5, 0));
    assert_eq!(ledger.paid("r").unwrap(), paid(2, 0, 2));
    assert_eq!(ledger.paid("nobody").unwrap(), Paid::default());
    assert_eq!(ledger.usage("r").unwrap()[0].requests, 2);
    let lengths = ledger.lengths("openai/tiny", "mood", 10).unwrap();
    assert_eq!(lengths, Lengths { units: 1, calls: 2, output_tokens: vec![7, 7] });
    assert_eq!(ledger.lengths("openai/other", "mood", 10).unwrap(), Lengths::default());
    assert_eq!(ledger.input_tokens(&fingerprint("a")).unwrap(), Some(100));
}

#[test]
fn a_ledger_of_format_1_is_brought_forward_with_its_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("schema-1.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO calls (fingerprint, model, form, replicate, body, stop, sent_at, answered_at, attempts)
         VALUES ('f', 'm', 'plain', 1, x'28b52ffd0000', 'end', 't', 't', 1); PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let writer = open(folder.path());
    assert_eq!((writer.answers(), writer.ledger().paid("r").unwrap()), (1, Paid::default()));
}

#[test]
fn a_ledger_of_format_2_is_brought_forward_and_still_knows_who_paid() {
    let folder = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(folder.path().join("ledger.sqlite")).unwrap();
    old.execute_batch(include_str!("schema-1.sql")).unwrap();
    old.execute_batch(include_str!("schema-2.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO calls (fingerprint, model, form, replicate, body, stop, sent_at, answered_at, attempts, run)
         VALUES ('f', 'm', 'plain', 1, x'28b52ffd0000', 'end', 't', 't', 1, 'r'); PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(old);
    let writer = open(folder.path());
    assert_eq!((writer.answers(), writer.ledger().paid("r").unwrap().calls), (1, 1));
    assert_eq!(writer.ledger().open_batches().unwrap(), []);
}

#[test]
fn a_batch_is_known_from_before_it_is_sent_until_all_of_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    writer.charge("later");
    let batch = Batch {
        key: "k".to_owned(),
        run: "r".to_owned(),
        model: "openai/tiny".to_owned(),
        server: "http://a/v1".to_owned(),
        calls: 3,
        begun_at: "2026-01-01T00:00:00Z".to_owned(),
        id: None,
    };
    let batch_call = |name: &str| BatchCall {
        call: fingerprint(name),
        judge: "tiny".to_owned(),
        rubric: "mood".to_owned(),
        form: "json_schema".to_owned(),
        replicate: 1,
        roomier: name == "c",
        attempts: 1,
        micro_dollars: Some(7),
        has_result: false,
    };
    let calls = ["a", "b", "c"].map(batch_call).to_vec();
    let entry = |entry: BatchEntry| [Entry::Batch(entry)];
    let key = || "k".to_owned();
    writer.commit(&entry(BatchEntry::Begun { batch: batch.clone(), calls })).unwrap();
    assert_eq!(writer.ledger().open_batches().unwrap(), [(batch.clone(), 3)]);
    writer.commit(&entry(BatchEntry::Id { key: key(), id: Some("batch_1".to_owned()) })).unwrap();
    let Entry::Call(answer) = call("a", b"1") else { unreachable!() };
    writer.commit(&entry(BatchEntry::Answer { key: key(), call: answer })).unwrap();
    writer.commit(&entry(BatchEntry::NoAnswer { key: key(), call: fingerprint("b") })).unwrap();
    drop(writer);

    let mut writer = open(folder.path());
    let named = Batch { id: Some("batch_1".to_owned()), ..batch };
    assert_eq!(writer.ledger().open_batches().unwrap(), [(named, 1)]);
    let open: Vec<_> = writer.ledger().batch_calls("k").unwrap().into_iter().filter(|call| !call.has_result).collect();
    assert_eq!(open, [batch_call("c")]);
    assert_eq!(writer.ledger().paid("r").unwrap().calls, 1, "the run of the batch pays, whoever reads it");
    writer.commit(&entry(BatchEntry::Closed { key: key(), at: "2026-01-02T00:00:00Z".to_owned() })).unwrap();
    let ledger = writer.ledger();
    assert_eq!((ledger.open_batches().unwrap(), ledger.batch_calls("k").unwrap()), (Vec::new(), Vec::new()));
    assert!(ledger.knows_batch("batch_1").unwrap() && !ledger.knows_batch("batch_2").unwrap());
}

#[test]
fn a_full_disk_is_named_and_leaves_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    writer.commit(&[call("kept", b"an answer")]).unwrap();
    writer.allow_no_more_pages();

    // Noise, because what compresses well would fit.
    let noise: Vec<u8> =
        (0_u32..40_000).flat_map(|n| blake3::hash(&n.to_le_bytes()).as_bytes()[..4].to_vec()).collect();
    let error = writer.commit(&[call("small", b"x"), call("large", &noise)]).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }), "{error}");
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(writer.ledger().call(&fingerprint("small")).unwrap(), None, "a commit is all or nothing");
    drop(writer);
    assert!(open(folder.path()).ledger().call(&fingerprint("kept")).unwrap().is_some());
}

#[test]
fn answers_reach_the_disk_before_they_count_and_intents_alone_are_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    let setting = |writer: &Writer, name: &str| -> String {
        let query = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
        writer.ledger.connection.query_row(&query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(setting(&writer, "journal_mode"), "wal");
    let intent = Intent { fingerprint: fingerprint("a"), model: "m".to_owned(), sent_at: "now".to_owned() };
    writer.commit(&[Entry::Intent(intent.clone())]).unwrap();
    assert_eq!(setting(&writer, "synchronous"), "1");
    writer.commit(&[Entry::Intent(intent), call("a", b"{}")]).unwrap();
    assert_eq!(setting(&writer, "synchronous"), "2");
}
