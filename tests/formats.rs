//! `assize ingest` of what is not Claude Code's own: SpecStory exports, trajectories, our own form, recorder notes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod reading;
mod shared;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use assize::corpus::{BuildOptions, Corpus, Salt, build};
use assize::session::{ActionStatus, Evidence, EvidenceKind, Format, Measures, Note, PromptKind, Scope, Session, Step};
use reading::{Ingested, KEY, ingest};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn prompts(session: &Session) -> Vec<(PromptKind, &str)> {
    session.turns.iter().map(|turn| (turn.kind, turn.prompt.lines().next().unwrap())).collect()
}

fn excluded(session: &Session) -> Vec<(&str, u64)> {
    session.losses.excluded_prompts.iter().map(|(reason, count)| (reason.as_str(), *count)).collect()
}

#[test]
fn an_export_gives_its_prompts_and_calls_and_nothing_that_it_quotes() {
    let Ingested { sessions, tally, .. } = ingest(&fixture("specstory/loom.md"));
    let session = &sessions[0];
    assert_eq!((sessions.len(), tally.bad.len()), (1, 0));
    assert_eq!(session.id, "00000000-0000-4000-8000-000000000101");
    assert_eq!((session.format, session.scope), (Format::SpecstoryMd, Scope::Unknown));
    assert_eq!(session.entrypoint.as_deref(), Some("specstory:Claude Code"));
    assert_eq!(
        prompts(session),
        [
            (PromptKind::Typed, "Explain this older export:"),
            (PromptKind::SlashCommand, "/review 12"),
            (PromptKind::Typed, "[Image #1] here is a fence that I never closed:"),
        ]
    );
    assert!(session.turns[0].prompt.contains("warp the loom") && session.turns[0].prompt.ends_with("run the tests"));
    assert_eq!(excluded(session), [("injected-text", 1), ("interrupt", 1), ("local-command", 1), ("meta", 3)]);
    assert_eq!(session.models, ["weaver-2"]);
    assert_eq!(session.subagent_actions, 1);
    assert_eq!(session.turns[2].at.as_deref(), Some("2026-03-01T10:02:00Z"));
    let last = &session.turns[2].steps;
    assert_eq!(last, &[Step::Note(Note::ApiError("The limit is reached.".to_owned()))]);
    assert!(session.steps().any(|step| *step == Step::Think("The threads come first.".to_owned())));
}

#[test]
fn an_export_gives_what_it_shows_of_a_call() {
    let sessions = ingest(&fixture("specstory/loom.md")).sessions;
    let actions: Vec<_> = sessions[0].actions().collect();
    let names: Vec<_> = actions.iter().map(|action| (action.tool.as_str(), action.status)).collect();
    let done = ActionStatus::Done;
    assert_eq!(names, [("Bash", done), ("Read", done), ("Write", done), ("Bash", ActionStatus::Error)]);
    assert_eq!(actions[0].input, serde_json::json!({"command": "cargo test", "description": "Run the tests"}));
    assert_eq!(actions[0].result, "test result: ok. 3 passed; 0 failed");
    assert_eq!(actions[1].input["file_path"], "/home/ana/loom/notes.md");
    assert!(actions[1].result.ends_with("and one that looks like an answer"), "{}", actions[1].result);
    assert_eq!(actions[2].input["content"], "fn weave() {}\n\nfn warp() {}");
    assert_eq!(actions[3].input["command"], "git diff \\\n  --stat");
    assert_eq!(Evidence::of(&sessions[0]).count(EvidenceKind::TestsPassed), 1);
    assert_eq!(Measures::of(&sessions[0]).lines_added, 3);
    assert!(sessions[0].person.is_some(), "the only home folder in its calls");
}

#[test]
fn a_session_saved_under_two_titles_is_one() {
    let Ingested { sessions, tally, skipped } = ingest(&fixture("specstory"));
    assert_eq!((sessions.len(), tally.merged_files, skipped.len()), (3, 1, 0));
    let alone = ingest(&fixture("specstory/loom.md")).sessions.remove(0);
    let both = sessions.into_iter().find(|session| session.id == alone.id).unwrap();
    assert_eq!(both.losses.duplicate_records, 10);
    assert_eq!((both.turns, both.preamble), (alone.turns, alone.preamble));
}

#[test]
fn exports_of_editors_have_no_times_and_no_id() {
    let sessions = ingest(&fixture("specstory/editor.md")).sessions;
    assert_eq!((sessions[0].id.as_str(), sessions[0].scope), ("editor", Scope::Ide));
    assert_eq!(
        prompts(&sessions[0]),
        [(PromptKind::Typed, "How do I warp it?"), (PromptKind::Typed, "Thanks, it works")]
    );
    assert_eq!(Measures::of(&sessions[0]).visible_words, 4);
}

#[test]
fn editor_exports_that_only_begin_alike_are_two_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let begin = "_**User**_\n\nhi\n\n---\n\n_**Assistant**_\n\nHello.\n";
    let more = |text: &str| format!("{begin}\n---\n\n_**User**_\n\n{text}\n");
    for (name, text) in [("a.md", begin.to_owned()), ("b.md", more("spin")), ("c.md", more("weave"))] {
        fs_err::write(folder.path().join(name), text).unwrap();
    }
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    assert_eq!(sessions.iter().map(|session| session.turns.len()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(tally.merged_files, 1);
}

#[test]
fn calls_of_a_resumed_session_stand_as_text() {
    let sessions = ingest(&fixture("specstory/resumed.md")).sessions;
    let action = sessions[0].actions().next().unwrap();
    assert_eq!((action.tool.as_str(), action.input["command"].as_str()), ("exec_command", Some("ls threads")));
    assert_eq!(action.result, "red\ngreen");
    assert_eq!(sessions[0].preamble.len(), 1);
}

#[test]
fn an_export_cut_anywhere_is_read_as_far_as_it_goes() {
    let whole = fs_err::read_to_string(fixture("specstory/loom.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.md");
    for cut in (0..whole.len()).step_by(37) {
        fs_err::write(&file, &whole[..cut]).unwrap();
        let sessions = ingest(&file).sessions;
        let turns: usize = sessions.iter().map(|session| session.turns.len()).sum();
        // Without its closing line, the quoted fence is one that was never closed.
        assert!(turns <= 4, "{turns} turns of {cut} bytes");
    }
}

#[test]
fn trajectories_are_read_with_their_continuation() {
    let Ingested { sessions, tally, .. } = ingest(&fixture("atif"));
    let session = &sessions[0];
    assert_eq!((sessions.len(), tally.merged_files, tally.bad.len()), (1, 1, 0));
    assert_eq!((session.id.as_str(), session.format), ("weave-1", Format::Atif));
    assert_eq!(prompts(session), [(PromptKind::Typed, "Run the tests, then warp."), (PromptKind::Typed, "thanks")]);
    let statuses: Vec<_> = session.actions().map(|action| action.status).collect();
    assert_eq!(statuses, [ActionStatus::Done, ActionStatus::Error]);
    assert_eq!((session.subagent_actions, session.losses.duplicate_records), (1, 1));
    assert_eq!(session.losses.unknown_records.get("observation without a tool call"), Some(&1));
    assert_eq!((session.tokens.input, session.tokens.cache_read, session.tokens.output), (50, 60, 25));
    assert_eq!((session.models.len(), session.agent_versions.len()), (1, 2));
    assert_eq!(Evidence::of(session).count(EvidenceKind::TestsPassed), 1);
    assert_eq!(Measures::of(session).seconds, Some(302));
}

#[test]
fn a_broken_trajectory_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs_err::read_to_string(fixture("atif/weave.json")).unwrap();
    fs_err::write(folder.path().join("cut.json"), &whole[..whole.len() / 2]).unwrap();
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    assert_eq!((sessions.len(), tally.bad.len()), (0, 1));
    assert!(tally.bad[0].reason.starts_with("not valid JSON"));
}

#[test]
fn a_recorder_gives_commit_links_and_attribution_but_not_the_format() {
    let folder = tempfile::tempdir().unwrap();
    build(&[fixture("entire")], folder.path(), &BuildOptions::quiet(Salt::fixed(KEY))).unwrap();
    let row = Corpus::open(folder.path()).unwrap().rows().unwrap().remove(0);
    assert_eq!(row.format, Format::ClaudeCode, "the label says otherwise and is wrong");
    let columns: HashMap<_, _> = row.columns().into_iter().collect();
    let shown = ["recorder_agent", "checkpoints", "files_touched", "agent_lines", "human_added", "agent_percentage"];
    assert_eq!(shown.map(|name| columns[name].as_str()), ["Gemini CLI", "abcdef012345", "1", "9", "1", "90.00"]);
    assert!(!columns["branch"].contains("ana"), "{}", columns["branch"]);
    assert_eq!(Corpus::open(folder.path()).unwrap().session(&row.id).unwrap().recorder, row.recorder);
}

fn assize(arguments: &[&str], folder: &Path) -> std::process::Output {
    assert_cmd::Command::cargo_bin("assize").unwrap().args(arguments).current_dir(folder).output().unwrap()
}

#[test]
fn sessions_printed_as_json_lines_are_the_same_when_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| Corpus::open(&folder.path().join(name)).unwrap();
    let all = fixture("");
    assert_eq!(assize(&["ingest", all.to_str().unwrap(), "--into", "one"], folder.path()).status.code(), Some(0));
    let printed = assize(&["sessions", "one", "--format", "jsonl"], folder.path());
    fs_err::write(folder.path().join("sessions.jsonl"), &printed.stdout).unwrap();
    assert_eq!(assize(&["ingest", "sessions.jsonl", "--into", "two"], folder.path()).status.code(), Some(0));
    assert_eq!(open("one").content_hash().unwrap(), open("two").content_hash().unwrap());
    for row in open("one").rows().unwrap() {
        assert_eq!(open("one").session(&row.id).unwrap(), open("two").session(&row.id).unwrap());
    }
}

/// User headings and tool blocks of each real export, and human prompts in it. SESSIONS.csv counts headings and blocks;
/// headings are also written for local commands, what those print, caveats, bodies of commands, notes on images,
/// interrupts and resumptions, and blocks also stand in what a tool read.
const EXPORTS: [(&str, usize, usize); 11] = [
    ("2026-01-16_16-46-41Z-command-name-exit-command.md", 0, 0),
    ("2026-01-23_20-42-06Z-command-name-pr-review.md", 6, 0),
    ("2026-02-24_21-21-18Z-command-message-pr-review.md", 5, 9),
    ("2026-03-02_22-47-49Z-take-a-look-at.md", 1, 0),
    ("2026-03-02_23-16-17Z-implement-the-following-plan.md", 6, 0),
    ("2026-06-11_15-44-15Z.md", 0, 0),
    ("2026-06-11_15-44-34Z.md.gz", 34, 1),
    ("2026-06-18_15-52-09Z-read-docs-git-provenance.md", 4, 0),
    ("2026-06-24_21-24-30Z.md", 0, 0),
    ("2026-06-29_13-59-53Z-for-obs-8-do.md.gz", 5, 0),
    ("2026-07-06_21-57-38Z-in-the-search-resume.md.gz", 8, 0),
];

#[test]
fn real_exports_differ_from_the_counts_that_came_with_them_for_known_reasons() {
    let Some(folder) = shared::folder("sessions") else { return };
    let mut table = csv::Reader::from_path(folder.join("SESSIONS.csv")).unwrap();
    let mut files = 0;
    for row in table.deserialize::<HashMap<String, String>>().map(Result::unwrap) {
        if row["format"] != "specstory-md" {
            continue;
        }
        files += 1;
        let name = row["file"].rsplit('/').next().unwrap();
        let (_, prompts, quoted) = EXPORTS.into_iter().find(|(file, ..)| *file == name).unwrap();
        let (headings, blocks): (u64, u64) =
            (row["human_prompts"].parse().unwrap(), row["tool_calls"].parse().unwrap());
        let Ingested { sessions, tally, .. } = ingest(&folder.join(&row["file"]));
        let Some(session) = sessions.first() else {
            assert_eq!((prompts, headings, tally.dropped.len()), (0, 3, 1), "{name}: one local command and no more");
            continue;
        };
        let left_out: u64 = session.losses.excluded_prompts.values().sum();
        assert_eq!(session.turns.len(), prompts, "{name}");
        assert_eq!(session.turns.len() as u64 + left_out, headings, "{name}: every heading is a prompt or left out");
        let calls = session.actions().count() as u64 + session.subagent_actions;
        assert_eq!(calls + quoted as u64, blocks, "{name}: blocks of agent, subagents and quoted ones");
    }
    assert_eq!(files, 11);
}
