//! Ingests one after the other into one folder: only what changed is read, and what is gone stays.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use assize::corpus::{BuildOptions, Corpus, CorpusError, IngestReport, Salt, SessionRow, ThisIngest, build};
use proptest::prelude::*;

/// Options with the key of all tests.
fn options() -> BuildOptions<'static> {
    BuildOptions::quiet(Salt::fixed([7; 32]))
}

/// A synthetic session id.
fn id(session: u8) -> String {
    format!("00000000-0000-4000-8000-0000000000{session:02x}")
}

/// One synthetic prompt with its answer: record `number` of `session`, by day and minute in order.
fn records(session: u8, number: u32) -> String {
    let (id, at) = (id(session), format!("2026-03-{:02}T10:{number:02}", session + 1));
    let parent = |number: u32| format!("{session}-{number}-a");
    let before = if number == 0 { "null".to_owned() } else { format!("\"{}\"", parent(number - 1)) };
    let common = format!(r#""sessionId":"{id}","cwd":"/home/ana/loom""#);
    format!(
        "{{\"type\":\"user\",\"uuid\":\"{session}-{number}-u\",\"parentUuid\":{before},{common},\"timestamp\":\"{at}:00Z\",\"message\":{{\"content\":\"prompt {number} of {session}\"}}}}\n\
         {{\"type\":\"assistant\",\"uuid\":\"{session}-{number}-a\",\"parentUuid\":\"{session}-{number}-u\",{common},\"timestamp\":\"{at}:30Z\",\"message\":{{\"id\":\"m{session}-{number}\",\"content\":[{{\"type\":\"text\",\"text\":\"answer\"}}]}}}}\n"
    )
}

/// The first `length` prompts of `session`.
fn session(session: u8, length: u32) -> String {
    (0..length).map(|number| records(session, number)).collect()
}

/// Writes a file with a time of change that no write before had.
fn write(folder: &Path, name: &str, text: &str, clock: &mut u64) {
    *clock += 1;
    let path = folder.join(name);
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(&path, text).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000 + *clock);
    fs_err::OpenOptions::new().write(true).open(&path).unwrap().file().set_modified(time).unwrap();
}

/// All sessions with their content, without what only tells how they were counted.
fn content(folder: &Path) -> BTreeMap<String, SessionRow> {
    Corpus::open(folder).unwrap().rows().unwrap().into_iter().map(|row| (row.id.clone(), row)).collect()
}

fn prompts(folder: &Path) -> u64 {
    content(folder).values().map(|row| row.measures.prompts).sum()
}

fn this(report: &IngestReport) -> (u64, u64, u64, u64, u64, u64) {
    let ThisIngest { read_files, new, changed, unchanged, gone, elsewhere } = report.this_ingest.unwrap();
    (read_files, new, changed, unchanged, gone, elsewhere)
}

/// The report without what the last ingest did.
fn whole(report: &IngestReport) -> IngestReport {
    IngestReport { this_ingest: None, ..report.clone() }
}

#[test]
fn a_second_ingest_opens_only_what_changed() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (paths, clock) = ([from.path().to_owned()], &mut 0);
    write(from.path(), "p/a.jsonl", &session(1, 2), clock);
    write(from.path(), "p/b.jsonl", &session(2, 1), clock);
    write(from.path(), "p/notes.txt", "no session", clock);
    write(from.path(), "p/journal.jsonl", "{}", clock);
    let first = build(&paths, into.path(), &options()).unwrap();
    assert_eq!(this(&first), (3, 4, 0, 0, 0, 0));
    let stamp = || fs_err::metadata(into.path().join("corpus.sqlite")).unwrap().modified().unwrap();
    let written = stamp();
    let second = build(&paths, into.path(), &options()).unwrap();
    assert_eq!(this(&second), (0, 0, 0, 4, 0, 0), "no file is opened");
    assert_eq!((whole(&second), stamp()), (whole(&first), written));
    write(from.path(), "p/b.jsonl", &session(2, 3), clock);
    let third = build(&paths, into.path(), &options()).unwrap();
    assert_eq!(this(&third), (1, 0, 1, 3, 0, 0));
    assert_eq!((third.sessions, third.prompts, prompts(into.path())), (2, 5, 5));
    assert_eq!(Corpus::open(into.path()).unwrap().report().unwrap(), whole(&third), "what this ingest did is not kept");
    let fresh = tempfile::tempdir().unwrap();
    let fresh_report = build(&paths, fresh.path(), &options()).unwrap();
    assert_eq!((content(into.path()), whole(&third)), (content(fresh.path()), whole(&fresh_report)));
}

#[test]
fn what_is_gone_stays_and_a_copy_that_goes_on_counts_nothing_twice() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (paths, clock) = ([from.path().to_owned()], &mut 0);
    let fork = |own: u32| format!("{}{}", session(1, 2), session(2, own));
    write(from.path(), &format!("{}.jsonl", id(1)), &session(1, 2), clock);
    write(from.path(), &format!("{}.jsonl", id(2)), &fork(1), clock);
    build(&paths, into.path(), &options()).unwrap();
    assert_eq!(prompts(into.path()), 3);
    let before = content(into.path());
    fs_err::remove_file(from.path().join(format!("{}.jsonl", id(1)))).unwrap();
    let gone = build(&paths, into.path(), &options()).unwrap();
    assert_eq!((this(&gone), content(into.path())), ((0, 0, 0, 1, 1, 0), before.clone()));
    write(from.path(), &format!("{}.jsonl", id(2)), &fork(4), clock);
    let report = build(&paths, into.path(), &options()).unwrap();
    assert_eq!((report.sessions, report.prompts, report.frozen_sessions), (2, 6, 0));
    let after = content(into.path());
    assert_eq!((&after[&id(1)], after[&id(2)].measures.prompts), (&before[&id(1)], 4));
    let kept = Corpus::open(into.path()).unwrap().session(&id(1)).unwrap();
    assert_eq!(kept.turns.len(), 2, "its transcript is there too");
    // A fork that is found only after its original is gone.
    write(from.path(), &format!("{}.jsonl", id(3)), &format!("{}{}", session(1, 2), session(3, 2)), clock);
    let report = build(&paths, into.path(), &options()).unwrap();
    assert_eq!((report.sessions, report.prompts), (3, 8));
    // The original comes back: everything is as in one ingest again.
    write(from.path(), &format!("{}.jsonl", id(1)), &session(1, 2), clock);
    build(&paths, into.path(), &options()).unwrap();
    let fresh = tempfile::tempdir().unwrap();
    build(&paths, fresh.path(), &options()).unwrap();
    assert_eq!(content(into.path()), content(fresh.path()));
}

#[test]
fn a_session_is_not_cut_when_part_of_its_files_is_gone() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (paths, clock) = ([from.path().to_owned()], &mut 0);
    let main = format!("{}.jsonl", id(1));
    write(from.path(), &main, &session(1, 2), clock);
    let subagent = r#"{"type":"assistant","uuid":"s1","isSidechain":true,"sessionId":"ID","timestamp":"2026-03-02T10:00:40Z","message":{"id":"sm","content":[{"type":"tool_use","id":"t1","name":"Read","input":{}}]}}"#;
    let beside = format!("{}/subagents/agent-a.jsonl", id(1));
    write(from.path(), &beside, &subagent.replace("ID", &id(1)), clock);
    build(&paths, into.path(), &options()).unwrap();
    let before = content(into.path());
    assert_eq!(before[&id(1)].measures.subagent_actions, 1);
    fs_err::remove_file(from.path().join(&beside)).unwrap();
    write(from.path(), &main, &session(1, 3), clock);
    let report = build(&paths, into.path(), &options()).unwrap();
    assert_eq!((report.frozen_sessions, report.lost().len()), (1, 1));
    assert_eq!(content(into.path()), before);
    // A file that only moved is no loss.
    write(from.path(), &beside.replace("agent-a", "agent-b"), &subagent.replace("ID", &id(1)), clock);
    let report = build(&paths, into.path(), &options()).unwrap();
    assert_eq!((report.frozen_sessions, prompts(into.path())), (0, 3));
}

#[test]
fn other_paths_add_and_overlapping_ones_add_nothing() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = &mut 0;
    write(from.path(), "a/x.jsonl", &session(1, 2), clock);
    write(from.path(), "b/y.jsonl", &session(2, 3), clock);
    let (a, b, both) = (from.path().join("a"), from.path().join("b"), from.path().to_owned());
    build(std::slice::from_ref(&a), into.path(), &options()).unwrap();
    let second = build(std::slice::from_ref(&b), into.path(), &options()).unwrap();
    assert_eq!((this(&second), second.sessions, second.prompts), ((1, 1, 0, 0, 0, 1), 2, 5));
    let third = build(std::slice::from_ref(&both), into.path(), &options()).unwrap();
    assert_eq!((third.this_ingest.unwrap().changed, third.sessions), (2, 2), "their names are longer from here");
    let again = build(&[a.clone(), b], into.path(), &options()).unwrap();
    assert_eq!(this(&again), (0, 0, 0, 2, 0, 0), "and stay so");
    let fresh = tempfile::tempdir().unwrap();
    build(&[a, both], fresh.path(), &options()).unwrap();
    assert_eq!(content(into.path()), content(fresh.path()));
}

#[test]
fn one_id_in_unlinked_files_is_one_session_in_any_order() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = &mut 0;
    write(from.path(), "first/x.jsonl", &session(1, 2), clock);
    let first = from.path().join("first");
    build(std::slice::from_ref(&first), into.path(), &options()).unwrap();
    let exported = Corpus::open(into.path()).unwrap().session(&id(1)).unwrap();
    let line = assize::ingest::session_line(&exported).unwrap();
    write(from.path(), "second/exported.jsonl", &line, clock);
    write(from.path(), "second/other.jsonl", &session(2, 1), clock);
    let second = from.path().join("second");
    let orders: [[PathBuf; 2]; 2] = [[first.clone(), second.clone()], [second, first]];
    for order in &orders {
        let (steps, once) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let reports: Vec<_> =
            order.iter().map(|path| build(std::slice::from_ref(path), steps.path(), &options()).unwrap()).collect();
        let whole_report = build(order, once.path(), &options()).unwrap();
        assert_eq!(content(steps.path()), content(once.path()));
        assert_eq!(reports[1].sessions, 2);
        assert_eq!(whole_report.dropped_files.get("session id of another session"), Some(&1));
    }
}

#[test]
fn of_one_session_in_two_formats_the_fuller_one_stays() {
    let export = format!(
        "<!-- Generated by SpecStory, Markdown v2.1.0 -->\n\n# loom\n\n<!-- Claude Code Session {} (2026-03-02 10:00:00Z) -->\n\n\
         _**User (2026-03-02 10:00:00Z)**_\n\nprompt 0 of 1\n\n---\n\n_**Agent (m 2026-03-02 10:00:30Z)**_\n\nanswer\n",
        id(1)
    );
    // The export has the first name.
    for apart in [false, true] {
        let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (paths, clock) = ([from.path().to_owned()], &mut 0);
        write(from.path(), "a/loom.md", &export, clock);
        if apart {
            build(&paths, into.path(), &options()).unwrap();
            assert_eq!(content(into.path())[&id(1)].measures.model_calls, 0);
        }
        write(from.path(), &format!("b/{}.jsonl", id(1)), &session(1, 1), clock);
        let report = build(&paths, into.path(), &options()).unwrap();
        assert_eq!((report.sessions, content(into.path())[&id(1)].measures.model_calls), (1, 1));
        assert_eq!(report.dropped_files.get("session id of another session"), Some(&1));
        assert_eq!(report.lost(), []);
    }
}

#[test]
fn an_ingest_that_fails_or_is_stopped_changes_nothing() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let clock = &mut 0;
    write(from.path(), "a.jsonl", &session(1, 2), clock);
    let paths = [from.path().to_owned()];
    let salt = into.path().join("salt");
    let new_salt = || BuildOptions::quiet(Salt::read_or_new(&salt).unwrap());
    let empty = tempfile::tempdir().unwrap();
    let corpus = into.path().join("x");
    assert!(build(&[empty.path().to_owned()], &corpus, &new_salt()).is_err());
    assert!(!salt.exists() && !corpus.exists(), "no new key and no folder");
    build(&paths, &corpus, &new_salt()).unwrap();
    assert!(salt.exists());
    let bytes = fs_err::read(corpus.join("corpus.sqlite")).unwrap();
    write(from.path(), "a.jsonl", &session(1, 5), clock);
    // Stopped in the middle: what is left of a killed ingest is a file under another name.
    let stops = |_: u64, _: u64| std::panic::panic_any("killed");
    let stopped = BuildOptions { progress: &stops, ..new_salt() };
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(&paths, &corpus, &stopped)));
    assert!(result.is_err());
    assert_eq!(fs_err::read(corpus.join("corpus.sqlite")).unwrap(), bytes);
    fs_err::write(corpus.join(".corpus.sqlite.partial"), &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(build(&paths, &corpus, &new_salt()).unwrap().prompts, 5);
}

#[cfg(unix)]
#[test]
fn of_two_ingests_at_once_one_is_refused() {
    let (from, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(from.path(), "a.jsonl", &session(1, 2), &mut 0);
    let paths = [from.path().to_owned()];
    let second = |_: u64, _: u64| {
        let refused = build(&paths, into.path(), &options());
        assert!(matches!(refused, Err(CorpusError::Busy(_))), "{refused:?}");
    };
    let first = build(&paths, into.path(), &BuildOptions { progress: &second, ..options() }).unwrap();
    assert_eq!((first.sessions, prompts(into.path())), (1, 2));
}

/// One step of a property test: what happens to the file of a session.
#[derive(Debug, Clone)]
enum Step {
    Grow(u8, u32),
    Fork(u8, u8, u32),
    Delete(u8),
    Ingest,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_u8, 1..4_u32).prop_map(|(session, by)| Step::Grow(session, by)),
        2 => (0..5_u8, 5..8_u8, 1..3_u32).prop_map(|(of, fork, own)| Step::Fork(of, fork, own)),
        2 => (0..8_u8).prop_map(Step::Delete),
        3 => Just(Step::Ingest),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn steps_come_to_what_one_ingest_of_everything_comes_to(steps in prop::collection::vec(step(), 1..14)) {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| root.path().join(name);
        let (from, into) = (folder("from"), folder("into"));
        let file = |which: u8| format!("{}.jsonl", id(which));
        let ingest = || build(std::slice::from_ref(&from), &into, &options()).unwrap();
        let clock = &mut 0;
        // What the file of each session holds, or held last, and its own prompts; one session is never touched.
        let mut files: BTreeMap<u8, (String, u32)> = [0, 1, 2, 3, 4, 9].map(|which| (which, (session(which, 1), 1))).into();
        let mut there: BTreeSet<u8> = files.keys().copied().collect();
        for (which, (text, _)) in &files {
            write(&from, &file(*which), text, clock);
        }
        for step in steps {
            let changed = match step {
                Step::Grow(which, by) if there.contains(&which) => {
                    let (text, length) = files.get_mut(&which).unwrap();
                    text.extend((*length..*length + by).map(|number| records(which, number)));
                    *length += by;
                    which
                }
                Step::Fork(of, fork, own) if there.contains(&of) && !files.contains_key(&fork) => {
                    let text = format!("{}{}", files[&of].0, session(fork, own));
                    files.insert(fork, (text, own));
                    there.insert(fork);
                    fork
                }
                Step::Delete(which) if there.remove(&which) => {
                    // As in life, what is deleted was ingested before.
                    ingest();
                    fs_err::remove_file(from.join(file(which))).unwrap();
                    continue;
                }
                Step::Ingest => {
                    ingest();
                    continue;
                }
                _ => continue,
            };
            write(&from, &file(changed), &files[&changed].0, clock);
        }
        ingest();
        for (which, (text, _)) in &files {
            write(&folder("all"), &file(*which), text, clock);
        }
        build(&[folder("all")], &folder("fresh"), &options()).unwrap();
        let measures = |folder: &Path| content(folder).into_values().map(|row| (row.id, row.measures)).collect::<Vec<_>>();
        prop_assert_eq!(measures(&into), measures(&folder("fresh")), "nothing is lost and nothing counted twice");
        if there.len() == files.len() {
            prop_assert_eq!(content(&into), content(&folder("fresh")));
        }
        prop_assert_eq!(ingest().this_ingest.unwrap().read_files, 0);
    }
}
