//! The neutral form of the conformance suite (`tests/conformance/README.md`), and this program's sessions in it.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod input;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assize::session::{Action, Note, Session, Step, Turn};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::reading::ingest;

/// What is left in place of prompts, but for these: results stand with their calls, side chains with their subagents.
const NOT_LISTED: [&str; 2] = ["tool-result", "sidechain"];

/// What reading one case comes to. A key that is missing is empty.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outcome {
    sessions: Vec<Read>,
    persons: usize,
    bad: Vec<Bad>,
    merged_files: u64,
    split: usize,
    dropped: BTreeMap<String, u64>,
    skipped: BTreeMap<String, u64>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Read {
    id: String,
    format: String,
    scope: String,
    scope_rule: String,
    project: String,
    slug: String,
    planned_in: String,
    prompts: Vec<Prompt>,
    tool_calls: Vec<Call>,
    replies: Vec<Reply>,
    said: Vec<String>,
    interrupts: u64,
    compactions: u64,
    human_shell: Vec<String>,
    pull_requests: Vec<String>,
    server_tools: Vec<String>,
    models: Vec<String>,
    versions: Vec<String>,
    tokens: Tokens,
    subagent_tool_calls: u64,
    dead_branches: Vec<Branch>,
    left_out: BTreeMap<String, u64>,
    unknown_records: BTreeMap<String, u64>,
    repaired_lines: u64,
    checkpoints: Vec<String>,
    commits: usize,
    attribution: Attribution,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prompt {
    kind: String,
    text: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    id: String,
    tool: String,
    status: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    call: String,
    kind: String,
    text: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Branch {
    after: u32,
    prompts: Vec<Prompt>,
    tool_calls: Vec<Call>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Tokens {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Attribution {
    agent_lines: u64,
    human_added: u64,
    human_modified: u64,
    human_removed: u64,
    total_committed: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bad {
    file: String,
    lines: Vec<u64>,
}

impl Outcome {
    /// What this program reads below `input`. Links to planning sessions are looked up only where `plans` asks for them:
    /// they exist in a corpus alone.
    pub fn of(input: &Path, plans: bool) -> Self {
        let made = input::made(input);
        let input = made.as_ref().map_or(input, tempfile::TempDir::path);
        let read = ingest(input);
        let links = if plans { planned_in(input) } else { BTreeMap::new() };
        let persons: BTreeSet<_> = read.sessions.iter().filter_map(|session| session.person.as_ref()).collect();
        let bad = |bad: &assize::ingest::BadFile| Bad { file: bad.file.clone(), lines: bad.lines.clone() };
        let mut bad: Vec<Bad> = read.tally.bad.iter().map(bad).collect();
        bad.sort_by(|one, other| one.file.cmp(&other.file));
        Self {
            persons: persons.len(),
            bad,
            merged_files: read.tally.merged_files,
            split: read.sessions.iter().filter(|session| session.id.contains('#')).count(),
            dropped: dashed(&read.tally.dropped),
            skipped: dashed(&read.skipped),
            sessions: read.sessions.iter().map(|session| Read::of(session, links.get(&session.id))).collect(),
        }
    }

    /// Whether a session is expected to be linked to the one in which it was planned.
    pub fn asks_for_plans(&self) -> bool {
        self.sessions.iter().any(|session| !session.planned_in.is_empty())
    }

    /// Where `other` is not the same, a line each.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        compare("", &serde_json::to_value(self).unwrap(), &serde_json::to_value(other).unwrap(), &mut lines);
        lines
    }
}

fn compare(at: &str, expected: &Value, read: &Value, lines: &mut Vec<String>) {
    match (expected, read) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            let value = |map: &serde_json::Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or_default();
            for key in keys {
                compare(&format!("{at}.{key}"), &value(one, key), &value(other, key), lines);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for number in 0..one.len().max(other.len()) {
                let value = |list: &[Value]| list.get(number).cloned().unwrap_or_default();
                compare(&format!("{at}[{number}]"), &value(one), &value(other), lines);
            }
        }
        _ if expected != read => lines.push(format!("{at}: expected {expected}, read {read}")),
        _ => {}
    }
}

/// Reasons as single words.
fn dashed(reasons: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    reasons.iter().map(|(reason, count)| (reason.replace(' ', "-"), *count)).collect()
}

/// The rule that decided the scope, without the words that are ours.
fn rule(words: &str) -> &str {
    match words {
        "no human prompt" => "no-prompt",
        "source subagent" => "subagent",
        "no entrypoint, a prompt marked as human" => "marked-human",
        "no entrypoint, prompts from an sdk without origin" => "sdk-without-origin",
        "no entrypoint" | "no originator and no source" => "nothing-said",
        _ if words.ends_with("does not say how it was started") => "nothing-said",
        _ if words.ends_with("does not say how the agent was started") => "nothing-said",
        _ if words.starts_with("entrypoint ") => "entrypoint",
        _ if words.starts_with("originator ") => "originator",
        _ if words.starts_with("specstory export") || words.starts_with("atif trajectory") => "export",
        _ => words,
    }
}

/// A name as our JSON has it.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

impl Read {
    fn of(session: &Session, planned_in: Option<&String>) -> Self {
        let (mut interrupts, mut compactions) = (0, 0);
        let (mut said, mut human_shell) = (Vec::new(), Vec::new());
        let (mut pull_requests, mut server_tools) = (Vec::new(), Vec::new());
        for step in session.steps() {
            match step {
                Step::Say(text) => said.push(text.clone()),
                Step::Note(Note::Interrupted) => interrupts += 1,
                Step::Note(Note::Compacted(_)) => compactions += 1,
                Step::Note(Note::HumanShell(line)) => human_shell.push(line.clone()),
                Step::Note(Note::PullRequest(address)) => pull_requests.push(address.clone()),
                Step::Note(Note::ServerTool(call)) => server_tools.push(call.clone()),
                Step::Think(_) | Step::Act(_) | Step::Note(Note::ApiError(_)) => {}
            }
        }
        let reply = |action: &Action| {
            let reply = action.reply.as_ref()?;
            Some(Reply { call: action.id.clone(), kind: word(reply.kind), text: reply.text.clone() })
        };
        let attribution = session.recorder.as_ref().and_then(|recorder| recorder.attribution).unwrap_or_default();
        let mut left_out = session.losses.excluded_prompts.clone();
        left_out.retain(|reason, _| !NOT_LISTED.contains(&reason.as_str()));
        Self {
            id: session.id.clone(),
            format: word(session.format),
            scope: word(session.scope),
            scope_rule: rule(&session.scope_rule).to_owned(),
            project: session.project.clone().unwrap_or_default(),
            slug: session.slug.clone().unwrap_or_default(),
            planned_in: planned_in.cloned().unwrap_or_default(),
            prompts: session.turns.iter().map(prompt).collect(),
            tool_calls: session.actions().map(call).collect(),
            replies: session.actions().filter_map(reply).collect(),
            said,
            interrupts,
            compactions,
            human_shell,
            pull_requests,
            server_tools,
            models: session.models.clone(),
            versions: session.agent_versions.clone(),
            tokens: Tokens {
                input: session.tokens.input,
                output: session.tokens.output,
                cache_read: session.tokens.cache_read,
                cache_write: session.tokens.cache_write,
            },
            subagent_tool_calls: session.subagent_actions,
            dead_branches: session.dead_branches.iter().map(Branch::of).collect(),
            left_out,
            unknown_records: session.losses.unknown_records.clone(),
            repaired_lines: session.losses.repaired_lines,
            checkpoints: session.recorder.as_ref().map(|recorder| recorder.checkpoints.clone()).unwrap_or_default(),
            commits: session.recorder.as_ref().map_or(0, |recorder| recorder.commits.len()),
            attribution: Attribution {
                agent_lines: attribution.agent_lines,
                human_added: attribution.human_added,
                human_modified: attribution.human_modified,
                human_removed: attribution.human_removed,
                total_committed: attribution.total_committed,
            },
        }
    }
}

impl Branch {
    fn of(branch: &assize::session::Branch) -> Self {
        let actions = branch.turns.iter().flat_map(|turn| &turn.steps).filter_map(|step| match step {
            Step::Act(action) => Some(call(action)),
            _ => None,
        });
        Self { after: branch.after, prompts: branch.turns.iter().map(prompt).collect(), tool_calls: actions.collect() }
    }
}

fn prompt(turn: &Turn) -> Prompt {
    Prompt { kind: word(turn.kind), text: turn.prompt.clone() }
}

fn call(action: &Action) -> Call {
    Call { id: action.id.clone(), tool: action.tool.clone(), status: word(action.status) }
}

/// The session in which each session was planned, as the program lists it.
fn planned_in(input: &Path) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("assize").unwrap();
        command.args(arguments).current_dir(folder.path()).output().unwrap()
    };
    run(&["ingest", input.to_str().unwrap(), "--into", "datasets/case"]);
    let listing: Value =
        serde_json::from_slice(&run(&["sessions", "datasets/case", "--format", "json"]).stdout).unwrap();
    let link = |row: &Value| Some((row["id"].as_str()?.to_owned(), row["planned_in"].as_str()?.to_owned()));
    listing["sessions"].as_array().unwrap().iter().filter_map(link).collect()
}
