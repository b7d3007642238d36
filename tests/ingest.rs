//! `assize ingest`: real sessions against the counts that came with them, and every kind of damage.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod reading;
mod shared;

use std::path::{Path, PathBuf};

use assize::corpus::{BuildOptions, Corpus, IngestReport, Salt, build};
use assize::ingest::{read, survey};
use assize::session::{
    ActionStatus, Evidence, EvidenceKind, Measures, Note, PromptKind, ReplyKind, Scope, Session, Step,
};
use reading::{Ingested, KEY, ingest};

/// Human prompts and tool calls of one file read alone.
fn counts(file: &Path) -> (usize, usize) {
    let survey = survey(&[file.to_owned()]).unwrap();
    let sessions: Vec<_> = survey.groups.iter().flat_map(|group| read(group, &KEY).sessions).collect();
    (
        sessions.iter().map(|session| session.turns.len()).sum(),
        sessions.iter().map(|session| session.actions().count()).sum(),
    )
}

/// Files in which the table that came with the sessions is wrong: how many prompts it has too few, and why.
const DIFFERENT: [(&str, i64, &str); 8] = [
    ("8ebc42a2", -1, "/plan, carried out by the program, is counted as a prompt"),
    ("a032db5a", -1, "/remote-env, carried out by the program, is counted as a prompt"),
    ("da81b1d5", -2, "/compact, as typed before the program carries it out, is counted as a prompt"),
    ("8ecab05f", 1, "a prompt taken out of the queue in the middle of a turn is missing"),
    ("b6b20c21", 1, "the same; only a summary of the conversation, hours later, repeats its words"),
    ("c010174c", 2, "the same, twice"),
    ("f022dad1", 3, "the same, three times; the words of one were also typed two hours before"),
    ("1c341e47", 1, "the same; the agent began to do it before the person wrote it again with more words"),
];

#[test]
fn counts_of_real_sessions_are_those_that_came_with_them() {
    let Some(folder) = shared::folder("sessions") else { return };
    let mut table = csv::Reader::from_path(folder.join("SESSIONS.csv")).unwrap();
    let (mut files, mut different) = (0, 0);
    for row in table.deserialize::<std::collections::HashMap<String, String>>() {
        let row = row.unwrap();
        if row["format"] != "claude-code" {
            continue;
        }
        files += 1;
        let theirs: (i64, usize) = (row["human_prompts"].parse().unwrap(), row["tool_calls"].parse().unwrap());
        let (prompts, actions) = counts(&folder.join(&row["file"]));
        let wrong = DIFFERENT.iter().find(|(id, ..)| row["file"].contains(id));
        different += usize::from(wrong.is_some());
        let right = (theirs.0 + wrong.map_or(0, |(_, prompts, _)| *prompts), theirs.1);
        assert_eq!((i64::try_from(prompts).unwrap(), actions), right, "{}", row["file"]);
    }
    println!("{} of {files} equal", files - different);
    assert_eq!((files, different), (116, DIFFERENT.len()));
}

#[test]
fn a_plan_of_a_real_session_is_linked_to_the_one_that_carries_it_out() {
    let Some(folder) = shared::folder("sessions") else { return };
    let into = tempfile::tempdir().unwrap();
    let salt = Salt::fixed(KEY);
    build(&[folder.join("PackmindHub__context-evaluator")], into.path(), &BuildOptions::quiet(salt)).unwrap();
    let corpus = Corpus::open(into.path()).unwrap();
    let rows = corpus.rows().unwrap();
    let handed_over = |id: &str| corpus.session(id).unwrap().turns.first().unwrap().kind == PromptKind::PlanHandOff;
    let links: Vec<_> = rows.iter().filter_map(|row| Some((&row.id, row.planned_in.as_ref()?))).collect();
    println!("{} plans were made in a session that is there: {links:?}", links.len());
    assert!(!links.is_empty());
    for (id, planner) in links {
        assert!(handed_over(id) && id != planner && rows.iter().any(|row| &row.id == planner), "{id}");
    }
}

/// The fixtures: made by hand, one file or folder a trap.
fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/claude-code").join(name)
}

/// The only session of a fixture.
fn session(name: &str) -> Session {
    let mut sessions = ingest(&fixture(name)).sessions;
    assert_eq!(sessions.len(), 1, "{name}");
    sessions.remove(0)
}

fn prompts(session: &Session) -> Vec<(PromptKind, &str)> {
    session.turns.iter().map(|turn| (turn.kind, turn.prompt.as_str())).collect()
}

#[test]
fn one_message_on_many_lines_is_one_message() {
    let session = session("split-message.jsonl");
    let measures = Measures::of(&session);
    assert_eq!((measures.prompts, measures.actions, measures.successful_actions), (2, 1, 1));
    assert_eq!((session.tokens.output, session.tokens.input, session.tokens.cache_read), (13, 6, 14));
    assert_eq!((measures.visible_words, measures.output_words), (5, 5 + 2 + 6));
    assert_eq!((measures.lines_added, measures.lines_removed), (2, 1));
    assert_eq!(measures.seconds, Some(8));
    assert_eq!(Evidence::of(&session).count(EvidenceKind::Affirmation), 1);
    assert_eq!((session.project.as_deref(), session.scope), (Some("loom"), Scope::Unknown));
    assert!(!serde_json::to_string(&session).unwrap().contains("/home/ana"));
}

#[test]
fn prompts_typed_while_the_agent_worked_are_found() {
    let session = session("queued.jsonl");
    let expected = [
        (PromptKind::Typed, "start the loom"),
        (PromptKind::Queued, "and oil it"),
        (PromptKind::Typed, "next one"),
        (PromptKind::Queued, "also paint it"),
    ];
    assert_eq!(prompts(&session), expected);
    assert_eq!(Evidence::of(&session).count(EvidenceKind::TestsPassed), 1);
}

#[test]
fn what_only_stands_in_the_persons_place_is_counted_by_reason() {
    let session = session("injected.jsonl");
    assert_eq!(prompts(&session), [(PromptKind::Typed, "weave a scarf"), (PromptKind::SlashCommand, "/review 12")]);
    let excluded: Vec<_> =
        session.losses.excluded_prompts.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    let expected = [
        ("human-shell", 1),
        ("injected-text", 2),
        ("interrupt", 1),
        ("local-command", 1),
        ("meta", 2),
        ("origin-peer", 1),
        ("origin-task-notification", 1),
        ("system-source", 1),
    ];
    assert_eq!(excluded, expected);
    assert_eq!(Measures::of(&session).interrupts, 1);
    assert!(session.steps().any(|step| *step == Step::Note(Note::HumanShell("ls".to_owned()))));
}

#[test]
fn a_compaction_is_noted_and_its_summary_is_no_prompt() {
    let session = session("compaction.jsonl");
    assert_eq!(session.turns.len(), 1);
    assert_eq!(session.turns[0].kind, PromptKind::PlanHandOff);
    assert_eq!(Measures::of(&session).compactions, 1);
    assert_eq!(Measures::of(&session).visible_words, 2, "the program's own text is not the agent's");
    assert_eq!(session.models, ["model-a"]);
    let evidence = Evidence::of(&session);
    assert_eq!((evidence.count(EvidenceKind::PullRequest), evidence.items[0].turn), (1, 1));
    assert!(session.steps().any(|step| matches!(step, Step::Note(Note::ApiError(_)))));
}

#[test]
fn refusals_keep_what_the_person_said() {
    let session = session("refused.jsonl");
    let status: Vec<_> = session.actions().map(|action| action.status).collect();
    assert_eq!(status, [ActionStatus::Refused, ActionStatus::Done, ActionStatus::Error, ActionStatus::Refused]);
    let results: Vec<_> = session.actions().map(|action| action.result.as_str()).collect();
    assert!(results[0].ends_with("use scissors") && results[1].ends_with("The user said:\ngently please"));
    let replies = session.actions().map(|action| action.reply.as_ref().map(|reply| (reply.kind, reply.text.as_str())));
    let expected = [
        Some((ReplyKind::Refused, "use scissors")),
        Some((ReplyKind::Allowed, "gently please")),
        None,
        Some((ReplyKind::PlanRefused, "")),
    ];
    assert_eq!(replies.collect::<Vec<_>>(), expected);
    assert_eq!(Measures::of(&session).refusals, 1, "a plan refused at the very end is usually an approval");
    assert_eq!(Evidence::of(&session).count(EvidenceKind::FinalError), 0);
}

#[test]
fn subagents_are_apart_and_orphans_are_counted() {
    let Ingested { sessions, tally, skipped } = ingest(&fixture("subagents"));
    assert_eq!(sessions.len(), 1);
    assert_eq!((sessions[0].actions().count(), sessions[0].subagent_actions), (1, 3));
    assert_eq!(tally.merged_files, 1);
    assert_eq!(tally.dropped.get("subagent without its session"), Some(&1));
    assert_eq!(skipped.values().sum::<u64>(), 2, "journal and recorder metadata");
}

#[test]
fn copies_and_resumed_copies_are_counted_once() {
    let Ingested { sessions, tally, .. } = ingest(&fixture("copies"));
    let counts: Vec<_> = sessions.iter().map(|session| (session.turns.len(), session.actions().count())).collect();
    assert_eq!(counts, [(1, 1), (1, 1)]);
    assert_eq!(tally.merged_files, 1);
    assert_eq!(sessions.iter().map(|session| session.losses.duplicate_records).sum::<u64>(), 6);
}

#[test]
fn a_rewound_attempt_is_left_out_and_counted() {
    let session = session("rewound.jsonl");
    assert_eq!(prompts(&session), [(PromptKind::Typed, "dye it red"), (PromptKind::Typed, "dye it green")]);
    assert_eq!((session.actions().count(), session.losses.abandoned_records), (0, 3));
    let branch = &session.dead_branches[0];
    let turns: Vec<_> = branch.turns.iter().map(|turn| (turn.number, turn.prompt.as_str())).collect();
    assert_eq!((branch.after, turns, session.dead_branches.len()), (1, vec![(2, "dye it blue")], 1));
    assert!(branch.turns[0].steps.iter().any(|step| matches!(step, Step::Act(_))));
    assert_eq!(session.model_calls, session.turns.iter().map(|turn| turn.model_calls).sum::<u64>());
}

/// One record of a made-up session: `second` is its time and its identifier, and it follows the one a second before.
fn record(second: u32, kind: &str, rest: &str) -> String {
    let before = second - 1;
    format!(
        r#"{{"type":"{kind}","uuid":"u{second}","parentUuid":"u{before}","sessionId":"s1","timestamp":"2026-03-01T10:00:{second:02}.000Z",{rest}}}"#
    )
}

fn said(second: u32, text: &str) -> String {
    record(second, "user", &format!(r#""message":{{"content":"{text}"}}"#))
}

fn answered(second: u32, id: &str, tokens: u32) -> String {
    let message = format!(
        r#""message":{{"id":"{id}","model":"model-a","content":[{{"type":"text","text":"at {second}"}}],"usage":{{"output_tokens":{tokens}}}}}"#
    );
    record(second, "assistant", &message)
}

#[test]
fn turns_have_their_own_times_tokens_and_calls_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s1.jsonl");
    let lines = [
        answered(1, "m0", 1),
        said(2, "warp"),
        answered(3, "m1", 2),
        answered(4, "m1", 5),
        answered(5, "m2", 7),
        said(6, "weft"),
        answered(7, "m2", 9),
        answered(8, "m3", 11),
    ];
    fs_err::write(&file, lines.join("\n")).unwrap();
    let survey = survey(std::slice::from_ref(&file)).unwrap();
    let session = &read(&survey.groups[0], &KEY).sessions[0];
    assert_eq!((session.model_calls, session.tokens.output), (4, 1 + 5 + 9 + 11));
    let turns: Vec<_> =
        session.turns.iter().map(|turn| (turn.model_calls, turn.tokens.output, turn.ended_at.as_deref())).collect();
    let expected = [(2, 5 + 9, Some("2026-03-01T10:00:05.000Z")), (1, 11, Some("2026-03-01T10:00:08.000Z"))];
    assert_eq!(turns, expected);
}

#[test]
fn a_clear_between_two_conversations_begins_another_session() {
    let folder = tempfile::tempdir().unwrap();
    let clear = |second| said(second, "<command-name>/clear</command-name>\\n<command-message>clear</command-message>");
    let lines =
        [clear(1), said(2, "warp"), answered(3, "m1", 5), clear(4), clear(5), said(6, "weft"), answered(7, "m2", 7)];
    fs_err::write(folder.path().join("s1.jsonl"), format!("{}\n{{half", lines.join("\n"))).unwrap();
    let agents = folder.path().join("s1/subagents");
    fs_err::create_dir_all(&agents).unwrap();
    let call = r#""isSidechain":true,"message":{"id":"m9","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{}}]}"#;
    fs_err::write(agents.join("agent-a1.jsonl"), record(7, "assistant", call).replace("\"u7\"", "\"a7\"")).unwrap();
    let survey = survey(&[folder.path().to_owned()]).unwrap();
    let reading = read(&survey.groups[0], &KEY);
    let facts: Vec<_> = reading
        .sessions
        .iter()
        .map(|session| {
            let prompts: Vec<_> = session.turns.iter().map(|turn| turn.prompt.as_str()).collect();
            (
                session.id.as_str(),
                prompts,
                session.tokens.output,
                session.subagent_actions,
                session.losses.bad_lines.len(),
            )
        })
        .collect();
    assert_eq!(facts, [("s1", vec!["warp"], 5, 0, 1), ("s1#2", vec!["weft"], 7, 1, 0)]);
    assert_eq!((reading.tally.split, reading.tally.merged_files), (1, 1));
    assert_eq!(reading.sessions[1].started_at.as_deref(), Some("2026-03-01T10:00:04.000Z"));
}

#[test]
fn headless_sessions_are_told_apart() {
    let session = session("headless.jsonl");
    assert_eq!((session.scope, session.scope_rule.as_str()), (Scope::Headless, "entrypoint sdk-cli"));
    assert_eq!(session.person, None);
}

#[test]
fn damage_is_skipped_counted_and_located() {
    let Ingested { sessions, tally, .. } = ingest(&fixture("damaged.jsonl"));
    let said: Vec<_> = sessions[0]
        .steps()
        .filter_map(|step| match step {
            Step::Say(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(said, ["first", "second", "nul", "th\u{1b}ird \u{fffd}", "tail"]);
    assert_eq!(tally.bad.len(), 1);
    assert_eq!(tally.bad[0].lines, [3, 6, 9]);
    assert_eq!(sessions[0].losses.bad_lines, [3, 6, 9]);
    assert_eq!(sessions[0].losses.repaired_lines, 3);
}

#[test]
fn a_line_of_twenty_megabytes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("long.jsonl");
    let text = "word ".repeat(4_200_000);
    let line =
        format!(r#"{{"type":"user","uuid":"u1","sessionId":"s1","message":{{"role":"user","content":"{text}"}}}}"#);
    fs_err::write(&file, format!("{line}\n{line}\n")).unwrap();
    assert_eq!(counts(&file), (1, 0), "the same line twice is one prompt");
}

#[test]
fn a_broken_archive_gives_what_can_be_read_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cut.jsonl.gz");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    let plain = fs_err::read(fixture("split-message.jsonl")).unwrap().repeat(40);
    std::io::Write::write_all(&mut encoder, &plain).unwrap();
    let whole = encoder.finish().unwrap();
    fs_err::write(&file, &whole[..whole.len() / 2]).unwrap();
    let survey = survey(std::slice::from_ref(&file)).unwrap();
    let reading = read(&survey.groups[0], &KEY);
    assert_eq!(reading.sessions.len(), 1);
    assert!(reading.tally.bad[0].reason.starts_with("cannot be read beyond line"));
    assert!(!reading.tally.bad[0].reason.contains(folder.path().to_str().unwrap()), "a path may hold a name");
    assert_eq!(reading.sessions[0].losses.unfinished_files, 1, "the session says so");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_or_cannot_be_reached_is_counted_and_named_without_names_of_people() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    let project = root.join("home/lovelace/.claude/projects/-home-lovelace-engine");
    fs_err::create_dir_all(&project).unwrap();
    let record = r#"{"type":"user","uuid":"u1","sessionId":"s1","cwd":"/home/lovelace/engine","message":{"role":"user","content":"hi"}}"#;
    fs_err::write(project.join("s.jsonl"), format!("{record}\n{{half")).unwrap();
    symlink(&root, project.join("up")).unwrap();
    symlink("/no/such/file", project.join("gone.jsonl")).unwrap();
    drop(std::os::unix::net::UnixListener::bind(project.join("socket")).unwrap());
    let survey = survey(&[root]).unwrap();
    assert_eq!(survey.skipped.get("not a regular file"), Some(&1));
    let bad: Vec<_> = survey.bad.iter().map(|bad| (bad.file.as_str(), bad.reason.as_str())).collect();
    let below = "home/~/.claude/projects/-home-~-engine";
    assert_eq!(bad.len(), 2);
    assert_eq!(bad[0].0, format!("{below}/gone.jsonl"));
    assert_eq!(bad[1], (format!("{below}/up").as_str(), "links to itself"));
    let reading = read(&survey.groups[0], &KEY);
    assert_eq!(reading.sessions[0].file, format!("{below}/s.jsonl"));
    assert_eq!(reading.tally.bad[0].file, format!("{below}/s.jsonl"));
    assert_eq!(reading.tally.bad[0].lines, [2]);
}

#[test]
fn secrets_in_names_and_in_what_is_counted_are_nowhere_in_corpus_and_report() {
    let (folder, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let project = folder.path().join(&key);
    fs_err::create_dir_all(&project).unwrap();
    // The reader keeps 40 characters of an unknown type: a part of the key, if it were cut before it is masked.
    let records = format!(
        r#"{{"type":"user","uuid":"u1","sessionId":"s1","version":"{key}","slug":"{key}","message":{{"role":"user","content":"hi"}}}}
{{"type":"a new kind of record, {key}","uuid":"u2","sessionId":"s1"}}
{{half"#
    );
    fs_err::write(project.join(format!("{key}.jsonl")), records).unwrap();
    fs_err::write(project.join(format!("{key}.jsonl.gz")), [0x1f, 0x8b, 8, 0, 1, 2, 3]).unwrap();
    let all = [folder.path().to_owned()];
    let report = build(&all, into.path(), &BuildOptions::quiet(Salt::fixed(KEY))).unwrap();
    assert_eq!((report.sessions, report.bad_lines, report.bad_files.len()), (1, 1, 2), "{report:?}");
    let name = "[secret:github-token]/[secret:github-token].jsonl";
    assert_eq!(report.bad_files[0].file, name);
    assert_eq!(report.bad_files[1].file, format!("{name}.gz"));
    let again = build(&all, into.path(), &BuildOptions::quiet(Salt::fixed(KEY))).unwrap();
    assert_eq!(
        IngestReport { this_ingest: None, ..again.clone() },
        IngestReport { this_ingest: None, ..report.clone() }
    );
    let kept = fs_err::read(into.path().join("corpus.sqlite")).unwrap();
    for told in [String::from_utf8_lossy(&kept).into_owned(), format!("{report:?}"), format!("{again:?}")] {
        assert!(!told.contains(&key[..12]), "{}", &told[told.find(&key[..12]).unwrap_or_default()..][..80]);
    }
}

#[test]
fn what_is_no_time_begins_no_session() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("times.jsonl");
    let record = |uuid: &str, time: &str| {
        format!(
            r#"{{"type":"user","uuid":"{uuid}","sessionId":"s1","timestamp":"{time}","message":{{"role":"user","content":"hi"}}}}"#
        )
    };
    let lines = [
        record("u1", "0000-never"),
        record("u2", "2026-03-01T11:00:00+02:00"),
        record("u3", "2026-03-01T10:00:00.000Z"),
        record("u4", "soon"),
    ];
    fs_err::write(&file, lines.join("\n")).unwrap();
    let survey = survey(std::slice::from_ref(&file)).unwrap();
    let session = &read(&survey.groups[0], &KEY).sessions[0];
    let times = (session.started_at.as_deref(), session.ended_at.as_deref());
    assert_eq!(times, (Some("2026-03-01T11:00:00+02:00"), Some("2026-03-01T10:00:00.000Z")));
}

#[test]
fn a_session_whose_prompts_were_all_queued_has_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queued.jsonl");
    let lines = [
        r#"{"type":"assistant","uuid":"a1","sessionId":"s1","message":{"id":"m1","content":[{"type":"text","text":"ok"}]}}"#,
        r#"{"type":"attachment","uuid":"q1","parentUuid":"a1","sessionId":"s1","attachment":{"type":"queued_command","prompt":"and this","commandMode":"prompt"}}"#,
    ];
    fs_err::write(&file, lines.join("\n")).unwrap();
    let survey = survey(std::slice::from_ref(&file)).unwrap();
    let session = &read(&survey.groups[0], &KEY).sessions[0];
    assert_eq!((session.turns.len(), session.scope), (1, assize::session::Scope::Unknown));
}

/// Runs the program in an empty folder.
fn assize(arguments: &[&str], folder: &Path) -> std::process::Output {
    let mut command = assert_cmd::Command::cargo_bin("assize").unwrap();
    command.args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn nothing_to_ingest_is_an_error_that_says_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("empty")).unwrap();
    fs_err::create_dir(folder.path().join("other")).unwrap();
    fs_err::write(folder.path().join("other/notes.md"), "# notes\n").unwrap();
    fs_err::write(folder.path().join("other/data.jsonl"), "{\"a\":1}\n").unwrap();
    fs_err::write(folder.path().join("other/nothing"), "").unwrap();
    fs_err::write(folder.path().join("other/image.png"), [0x89, 0x50, 0, 1, 2, 0xff]).unwrap();
    for (path, said) in [
        ("empty", "0 files looked at"),
        ("other", "4 files looked at; 1 JSON of another kind; 1 empty file; 2 not JSON Lines"),
        ("missing", "no such file or folder"),
    ] {
        let output = assize(&["ingest", path, "--into", "datasets/x"], folder.path());
        assert_eq!(output.status.code(), Some(3), "{path}");
        assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
        assert!(!folder.path().join("datasets/x").exists(), "nothing is left behind");
    }
}

#[test]
fn the_report_tells_everything_and_strict_gates_on_losses() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = fixture("damaged.jsonl");
    let arguments = ["ingest", damaged.to_str().unwrap(), "--into", "datasets/x", "--format", "json"];
    let output = assize(&arguments, folder.path());
    assert_eq!(output.status.code(), Some(0));
    let report: IngestReport = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report.version, report.sessions, report.bad_lines, report.lines), (2, 1, 3, 8));
    assert_eq!(report.bad_files[0].file, "damaged.jsonl");
    let strict = assize(&[&arguments[..4], &["--strict"]].concat(), folder.path());
    assert_eq!(strict.status.code(), Some(1));
    assert!(text(&strict.stdout).contains("damaged.jsonl:3,6,9: not valid JSON"), "{}", text(&strict.stdout));
    assert!(text(&strict.stderr).contains("--strict: lost 1 files not read, or not whole"), "{}", text(&strict.stderr));
}

#[test]
fn strict_names_a_subagent_without_its_session_and_what_is_not_known() {
    let folder = tempfile::tempdir().unwrap();
    let prompt = r#"{"type":"user","uuid":"u1","sessionId":"s1","message":{"role":"user","content":"hi"}}"#;
    let unknown = r#"{"type":"weft","uuid":"u2","sessionId":"s1"}"#;
    let orphan = r#"{"type":"assistant","uuid":"a1","sessionId":"s2","isSidechain":true,"message":{"id":"m","content":[{"type":"tool_use","id":"t1","name":"Read","input":{}}]}}"#;
    let strict = |files: &[(&str, String)]| {
        for (name, content) in files {
            fs_err::write(folder.path().join(name), content).unwrap();
        }
        assize(&["ingest", "logs", "--into", "datasets/x", "--fresh", "--strict"], folder.path())
    };
    fs_err::create_dir(folder.path().join("logs")).unwrap();
    assert_eq!(strict(&[("logs/s1.jsonl", prompt.to_owned())]).status.code(), Some(0));
    let output =
        strict(&[("logs/s1.jsonl", format!("{prompt}\n{unknown}")), ("logs/agent-1.jsonl", orphan.to_owned())]);
    assert_eq!(output.status.code(), Some(1));
    let said = "--strict: lost 1 files of subagents without their session, 1 records of unknown type";
    assert!(text(&output.stderr).contains(said), "{}", text(&output.stderr));
}

#[test]
fn counts_as_csv_are_quoted_and_hold_no_control_characters() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        r#"{"type":"user","uuid":"u1","sessionId":"s1","message":{"role":"user","content":"hi"}}"#,
        r#"{"type":"new, \u001b[2J\"kind\"","uuid":"u2","sessionId":"s1"}"#,
    ];
    fs_err::write(folder.path().join("s1.jsonl"), lines.join("\n")).unwrap();
    let output = assize(&["ingest", "s1.jsonl", "--into", "x", "--format", "csv"], folder.path());
    let printed = text(&output.stdout);
    assert!(printed.starts_with("what,count\nfiles,1\n"), "{printed}");
    assert!(printed.contains(r#""unknown record: new, [2J""kind""",1"#), "{printed}");
}

#[test]
fn places_of_agents_are_found_and_one_format_can_be_chosen() {
    let home = tempfile::tempdir().unwrap();
    let project = home.path().join("claude/projects/p");
    fs_err::create_dir_all(&project).unwrap();
    fs_err::copy(fixture("queued.jsonl"), project.join("queued.jsonl")).unwrap();
    let ingest = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("assize").unwrap();
        command.args([&["ingest", "--into", "datasets/x"], arguments].concat()).current_dir(home.path());
        command.env("HOME", home.path()).env("CLAUDE_CONFIG_DIR", home.path().join("claude"));
        command.env_remove("CODEX_HOME").env_remove("XDG_DATA_HOME").output().unwrap()
    };
    assert_eq!(ingest(&[]).status.code(), Some(3), "nothing to read is a usage error");
    let codex = ingest(&["--installed", "--source", "codex", "--format", "json"]);
    assert_eq!(codex.status.code(), Some(3), "{}", text(&codex.stderr));
    let output = ingest(&["--installed", "--format", "json"]);
    let said = text(&output.stderr);
    assert!(said.contains("claude/projects found") && said.contains(".codex/sessions not there"), "{said}");
    let report: IngestReport = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report.sessions, report.this_ingest.unwrap().read_files), (1, 1));
    let other = fixture("../codex/items-only.jsonl");
    let other = other.to_str().unwrap();
    let output = ingest(&["--installed", other, "--source", "codex", "--format", "json"]);
    let report: IngestReport = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report.sessions, report.this_ingest.unwrap().elsewhere), (2, 1), "what was read before stays");
    let fresh = ingest(&["--installed", other, "--source", "codex", "--fresh"]);
    assert!(text(&fresh.stdout).contains("claude-code, left out by choice"), "{}", text(&fresh.stdout));
}

#[test]
fn a_dry_run_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = fixture("queued.jsonl");
    let output = assize(&["ingest", path.to_str().unwrap(), "--into", "datasets/x", "--dry-run"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("datasets"), "a file").unwrap();
    let path = fixture("queued.jsonl");
    let salt = folder.path().join("salt");
    let arguments = ["ingest", path.to_str().unwrap(), "--into", "datasets/x", "--salt", salt.to_str().unwrap()];
    let output = assize(&arguments, folder.path());
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("datasets/x/corpus.sqlite"), "{}", text(&output.stderr));
}

#[test]
fn threads_and_order_of_paths_change_no_byte() {
    let into = tempfile::tempdir().unwrap();
    let mut paths = vec![fixture("copies"), fixture("queued.jsonl"), fixture("subagents"), fixture("")];
    let hash = |paths: &[PathBuf], threads: usize| {
        let folder = into.path().join(format!("{threads}{}", paths.len()));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = BuildOptions::quiet(Salt::fixed(KEY));
        let report = pool.install(|| build(paths, &folder, &options)).unwrap();
        let corpus = Corpus::open(&folder).unwrap();
        let report = IngestReport { this_ingest: None, ..report };
        assert_eq!(corpus.report().unwrap(), report);
        (corpus.content_hash().unwrap(), report)
    };
    let one = hash(&paths, 1);
    assert_eq!((one.1.sessions, one.1.merged_files), (11, 2));
    paths.reverse();
    assert_eq!(hash(&paths, 4), one);
    assert_eq!(hash(&[fixture("")], 2), one);
}
