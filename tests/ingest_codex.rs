//! Codex rollouts: real sessions against the counts that came with them, and every trap.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail and may say so")]

mod reading;
mod shared;

use std::path::{Path, PathBuf};

use assize::session::{
    ActionStatus, Evidence, EvidenceKind, Format, Measures, Note, PromptKind, ReplyKind, Scope, Session, Step,
};
use reading::{Ingested, ingest};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
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

fn counts(file: &Path) -> (usize, usize) {
    let sessions = ingest(file).sessions;
    let actions = sessions.iter().map(|session| session.actions().count()).sum();
    (sessions.iter().map(|session| session.turns.len()).sum(), actions)
}

#[test]
fn counts_of_real_sessions_are_those_that_came_with_them() {
    let Some(folder) = shared::folder("sessions") else { return };
    let mut table = csv::Reader::from_path(folder.join("SESSIONS.csv")).unwrap();
    let (mut codex, mut copilot) = (0, 0);
    for row in table.deserialize::<std::collections::HashMap<String, String>>() {
        let row = row.unwrap();
        match row["format"].as_str() {
            "codex-rollout" => codex += 1,
            "copilot-cli" => copilot += 1,
            _ => continue,
        }
        let theirs = (row["human_prompts"].parse().unwrap(), row["tool_calls"].parse().unwrap());
        assert_eq!(counts(&folder.join(&row["file"])), theirs, "{}", row["file"]);
    }
    assert_eq!((codex, copilot), (20, 3));
}

#[test]
fn a_rollout_is_counted_once() {
    let session = session("codex/traps.jsonl");
    assert_eq!((session.format, session.scope), (Format::CodexRollout, Scope::Interactive));
    assert_eq!((session.entrypoint.as_deref(), session.project.as_deref()), (Some("codex-tui|cli"), Some("loom")));
    let expected = [
        (PromptKind::Typed, "weave a scarf"),
        (PromptKind::Queued, "and oil it"),
        (PromptKind::Typed, "<task>review it</task>"),
    ];
    assert_eq!(prompts(&session), expected);
    let actions: Vec<_> = session.actions().map(|action| (action.tool.as_str(), action.status)).collect();
    let expected = [
        ("exec_command", ActionStatus::Done),
        ("web_search", ActionStatus::Done),
        ("web_search", ActionStatus::Done),
        ("apply_patch", ActionStatus::Done),
        ("local_shell", ActionStatus::Refused),
        ("exec", ActionStatus::Error),
        ("exec_command", ActionStatus::Missing),
    ];
    assert_eq!(actions, expected);
    let texts = session.steps().filter(|step| matches!(step, Step::Say(_) | Step::Think(_))).count();
    assert_eq!(texts, 2, "events and items mirror each other");
    let excluded: Vec<_> =
        session.losses.excluded_prompts.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    let expected = [("agents-instructions", 1), ("environment-context", 1), ("human-shell", 1), ("turn-aborted", 1)];
    assert_eq!(excluded, expected);
    let unknown: Vec<_> = session.losses.unknown_records.keys().map(String::as_str).collect();
    assert_eq!(unknown, ["brand_new", "response_item/brand_new"]);
    assert!(!serde_json::to_string(&session).unwrap().contains("\"ana\""));
}

#[test]
fn a_rollout_is_measured() {
    let session = session("codex/traps.jsonl");
    let measures = Measures::of(&session);
    assert_eq!((session.tokens.input, session.tokens.cache_read, session.tokens.output), (90, 160, 30));
    assert_eq!((measures.lines_added, measures.lines_removed), (2, 1));
    assert_eq!((measures.interrupts, measures.refusals, measures.compactions), (1, 1, 1));
    assert_eq!(Evidence::of(&session).count(EvidenceKind::TestsPassed), 1);
    assert_eq!(session.models, ["model-c"]);
    assert!(session.steps().any(|step| *step == Step::Note(Note::HumanShell("ls".to_owned()))));
    assert!(session.steps().any(|step| *step == Step::Note(Note::Compacted("We wove.".to_owned()))));
}

#[test]
fn what_a_fork_replays_is_its_parents() {
    let session = session("codex/fork.jsonl");
    assert_eq!(prompts(&session), [(PromptKind::Typed, "weave a hat instead")]);
    assert_eq!((session.actions().count(), session.losses.duplicate_records), (1, 6));
    assert_eq!((session.tokens.input, session.tokens.cache_read, session.tokens.output), (20, 20, 7));
    assert!(session.started_at.unwrap().starts_with("2026-05-04T11:00:06"));
    let Ingested { sessions, tally, .. } = ingest(&fixture("codex/fork-empty.jsonl"));
    assert!(sessions.is_empty());
    assert_eq!(tally.dropped.get("no conversation in it"), Some(&1), "nothing was asked in it yet");
}

#[test]
fn subagents_of_subagents_belong_to_the_person() {
    let Ingested { sessions, tally, skipped } = ingest(&fixture("codex/subagents"));
    assert_eq!((sessions.len(), tally.merged_files, skipped.len()), (1, 2, 0));
    assert_eq!(prompts(&sessions[0]), [(PromptKind::Typed, "spin and dye")]);
    assert_eq!((sessions[0].actions().count(), sessions[0].subagent_actions), (1, 3));
    assert_eq!(sessions[0].actions().next().unwrap().tool, "collaboration__spawn_agent");
    let orphan = session("codex/orphan.jsonl");
    assert_eq!((orphan.scope, orphan.scope_rule.as_str()), (Scope::Headless, "source subagent"));
}

#[test]
fn programs_that_start_codex_are_no_persons() {
    let session = session("codex/headless.jsonl");
    assert_eq!((session.scope, session.scope_rule.as_str()), (Scope::Headless, "originator codex_exec|exec"));
}

#[test]
fn either_half_of_what_is_mirrored_is_enough() {
    let session = session("codex/items-only.jsonl");
    assert_eq!(prompts(&session), [(PromptKind::Typed, "shear the sheep")]);
    assert_eq!(Measures::of(&session).visible_words, 1);
    let action = session.actions().next().unwrap();
    assert_eq!((action.command().as_deref(), action.result.as_str()), (Some("shear"), "baa"));
    assert_eq!(action.status, ActionStatus::Error);
}

#[test]
fn a_prompt_that_was_taken_back_is_left_out() {
    let session = session("codex/rewound.jsonl");
    assert_eq!(prompts(&session), [(PromptKind::Typed, "dye it blue"), (PromptKind::Typed, "dye it green")]);
    assert_eq!((session.turns[1].number, session.losses.abandoned_records), (2, 2));
    let [branch] = &session.dead_branches[..] else { panic!() };
    assert_eq!((branch.after, branch.turns.len()), (1, 1), "kept as evidence of the attempt");
}

/// Answers of the model and output tokens of each turn, and the end of the first.
fn by_turn(session: &Session) -> (Vec<(u64, u64)>, Option<&str>) {
    let turns = session.turns.iter().map(|turn| (turn.model_calls, turn.tokens.output)).collect();
    (turns, session.turns[0].ended_at.as_deref().and_then(|at| at.get(11..19)))
}

#[test]
fn turns_tell_answers_tokens_and_their_end() {
    let codex = session("codex/traps.jsonl");
    assert_eq!(by_turn(&codex), (vec![(1, 10), (1, 20), (0, 0)], Some("10:00:08")));
    let copilot = session("copilot-cli");
    assert_eq!(by_turn(&copilot), (vec![(1, 15), (0, 0)], Some("10:00:08")));
    let gemini = ingest(&fixture("gemini-cli")).sessions.remove(0);
    assert_eq!(by_turn(&gemini), (vec![(1, 15), (1, 0)], Some("10:00:04")));
    for session in [codex, copilot, gemini] {
        assert_eq!(session.model_calls, session.turns.iter().map(|turn| turn.model_calls).sum::<u64>());
        let replies: Vec<_> = session.actions().filter_map(|action| action.reply.as_ref()).collect();
        assert_eq!(replies.iter().map(|reply| reply.kind).collect::<Vec<_>>(), [ReplyKind::Refused]);
    }
}

#[test]
fn copilot_events_are_read() {
    let session = session("copilot-cli");
    assert_eq!((session.format, session.scope), (Format::CopilotCli, Scope::Unknown));
    assert_eq!(prompts(&session), [(PromptKind::Typed, "weave a scarf"), (PromptKind::Queued, "and oil it")]);
    let actions: Vec<_> = session.actions().map(|action| (action.tool.as_str(), action.status)).collect();
    let expected = [
        ("bash", ActionStatus::Error),
        ("create", ActionStatus::Done),
        ("bash", ActionStatus::Refused),
        ("task", ActionStatus::Done),
    ];
    assert_eq!(actions, expected);
    let measures = Measures::of(&session);
    assert_eq!((measures.lines_added, measures.visible_words, measures.subagent_actions), (2, 2, 1));
    assert_eq!((measures.interrupts, measures.compactions), (1, 1));
    assert_eq!((session.tokens.input, session.tokens.cache_read, session.tokens.output), (60, 40, 15));
    assert_eq!(session.losses.excluded_prompts.keys().collect::<Vec<_>>(), ["source-skill-wool"]);
    assert_eq!(session.losses.unknown_records.keys().collect::<Vec<_>>(), ["brand.new"]);
    assert!(session.steps().any(|step| *step == Step::Note(Note::HumanShell("ls".to_owned()))));
    assert_eq!(Evidence::of(&session).count(EvidenceKind::TestsFailed), 1);
}

#[test]
fn gemini_chats_are_read_as_one_object_and_as_lines() {
    let Ingested { sessions, tally, .. } = ingest(&fixture("gemini-cli"));
    assert_eq!((sessions.len(), tally.merged_files, tally.bad.len()), (2, 1, 0));
    let [object, lines] = &sessions[..] else { panic!() };
    assert_eq!(prompts(object), [(PromptKind::Typed, "weave a scarf"), (PromptKind::Typed, "now oil it")]);
    let status: Vec<_> = object.actions().map(|action| action.status).collect();
    assert_eq!(status, [ActionStatus::Done, ActionStatus::Error, ActionStatus::Refused]);
    let measures = Measures::of(object);
    assert_eq!((measures.lines_added, measures.visible_words, measures.subagent_actions), (2, 4, 1));
    assert_eq!((measures.interrupts, object.tokens.input, object.tokens.output), (1, 70, 15));
    assert!(object.steps().any(|step| *step == Step::Note(Note::ApiError("quota".to_owned()))));
    assert_eq!(Evidence::of(object).count(EvidenceKind::TestsFailed), 1);
    assert_eq!(prompts(lines), [(PromptKind::Typed, "weave a scarf"), (PromptKind::Typed, "now paint it")]);
    assert_eq!((lines.actions().count(), lines.losses.abandoned_records), (3, 2));
    assert_eq!(lines.project.as_deref(), Some("loom"));
}

#[test]
fn a_damaged_object_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat.json");
    let whole = fs_err::read(fixture("gemini-cli/chats/session-2026-05-04T10-00-6e310000.json")).unwrap();
    fs_err::write(&file, &whole[..whole.len() - 20]).unwrap();
    let Ingested { sessions, tally, .. } = ingest(&file);
    assert!(sessions.is_empty());
    assert_eq!((tally.bad.len(), tally.bad[0].reason.as_str()), (1, "not valid JSON"));
}
