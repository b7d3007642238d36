//! Reader of the Agent Trajectory Interchange Format, versions 1.0 to 1.7 (Harbor RFC 0001; sessions.md 2, row 5).
//!
//! A file is one JSON document. Files of one session id are continuations of each other, or copies: they are put in the
//! order of their first steps, and a step that an earlier file holds is counted once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::claude_code::{Class, REFUSALS, classify_text};
use super::lines::read_text;
use super::person::mask_file;
use super::read::{BadFile, Tally};
use crate::session::{Action, ActionStatus, Format, Note, Scope, Session, Step, Turn};

/// Characters in which a trajectory says that it is one; writers put the version first.
const HEAD: usize = 4096;

static VERSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*\{[^\[]*?"schema_version"\s*:\s*"ATIF-v1\.\d"#).ok());

static SESSION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""session_id"\s*:\s*"([^"]+)""#).ok());

/// Whether a file that begins with `head` is a trajectory.
pub(super) fn recognises(head: &str) -> bool {
    VERSION.as_ref().is_some_and(|version| version.is_match(begin(head)))
}

/// What other files of the same session have in common with one that begins with `head`.
pub(super) fn links(head: &str) -> Vec<String> {
    let found = SESSION.as_ref().and_then(|session| session.captures(begin(head)));
    found.map(|found| format!("atif session {}", &found[1])).into_iter().collect()
}

fn begin(head: &str) -> &str {
    head.char_indices().nth(HEAD).map_or(head, |(end, _)| &head[..end])
}

/// Reads the files of one group into sessions, ordered by id.
pub(super) fn read(files: &[(PathBuf, String)], tally: &mut Tally) -> Vec<Session> {
    let mut sessions: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (path, name) in files {
        let text = read_text(path);
        tally.lines += text.content.lines().filter(|line| !line.trim().is_empty()).count() as u64;
        let bad = |reason: String| BadFile { file: mask_file(name, None), lines: Vec::new(), reason };
        tally.bad.extend(text.damage.map(bad));
        match serde_json::from_str::<Value>(&text.content) {
            Ok(value) => {
                let id = ["session_id", "trajectory_id"].iter().find_map(|key| value[key].as_str());
                sessions.entry(id.unwrap_or(name).to_owned()).or_default().push((name.clone(), value));
            }
            Err(error) => tally.bad.push(bad(format!("not valid JSON: {error}"))),
        }
    }
    sessions.into_iter().filter_map(|(id, files)| one(id, files, tally)).collect()
}

fn one(id: String, mut files: Vec<(String, Value)>, tally: &mut Tally) -> Option<Session> {
    // A continuation may begin with the steps of the document that it continues, and ends after it.
    files.sort_by_cached_key(|(name, value)| {
        let steps = list(&value["steps"]);
        let time = |step: Option<&Value>| step.and_then(|step| text(step, "timestamp")).map(str::to_owned);
        (time(steps.first()), time(steps.last()), name.clone())
    });
    let count = files.len() as u64;
    let (name, first) = files.first()?;
    let agent = text(&first["agent"], "name").unwrap_or("unknown").to_owned();
    let session = Session {
        entrypoint: Some(format!("atif:{agent}")),
        scope_rule: format!("atif trajectory of {agent}"),
        ..Session::new(id, mask_file(name, None), Format::Atif)
    };
    let mut assembly = Assembly { session, calls: HashMap::new(), model: None };
    let mut seen = HashSet::new();
    for (_, value) in files {
        assembly.file(value, &mut seen);
    }
    let mut session = assembly.session;
    if session.turns.is_empty() {
        session.scope = Scope::Headless;
        "no human prompt".clone_into(&mut session.scope_rule);
    }
    if session.turns.is_empty() && session.preamble.is_empty() {
        *tally.dropped.entry("no conversation in it".to_owned()).or_default() += count;
        return None;
    }
    tally.merged_files += count - 1;
    Some(session)
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A message or result: text, or since version 1.6 a list of parts.
fn content(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let part = |part: &Value| text(part, "text").map_or_else(|| "[image]".to_owned(), str::to_owned);
            parts.iter().map(part).collect::<Vec<_>>().join("\n")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn hash(value: &Value) -> blake3::Hash {
    blake3::hash(value.to_string().as_bytes())
}

/// Tool calls in trajectories of subagents that are part of the document, nested ones included; those that are in `seen`
/// stand in an earlier document.
fn subagent_calls(trajectory: &Value, seen: &mut HashSet<blake3::Hash>) -> u64 {
    let mut calls = 0;
    for subagent in list(&trajectory["subagent_trajectories"]) {
        if seen.insert(hash(subagent)) {
            calls += list(&subagent["steps"]).iter().map(|step| list(&step["tool_calls"]).len() as u64).sum::<u64>();
            calls += subagent_calls(subagent, seen);
        }
    }
    calls
}

struct Assembly {
    session: Session,
    /// Turn (none before the first) and step of each tool call.
    calls: HashMap<String, (Option<usize>, usize)>,
    /// Model of the trajectory, for steps that name none.
    model: Option<String>,
}

impl Assembly {
    /// Adds one document; `seen` holds the steps and subagents of those before it.
    fn file(&mut self, mut document: Value, seen: &mut HashSet<blake3::Hash>) {
        self.model = text(&document["agent"], "model_name").map(str::to_owned);
        if let Some(version) = text(&document["agent"], "version") {
            add_once(&mut self.session.agent_versions, version);
        }
        self.session.subagent_actions += subagent_calls(&document, seen);
        let Value::Array(steps) = document["steps"].take() else { return };
        let (mut own, mut metered) = (Vec::new(), false);
        for mut step in steps {
            if let Some(fields) = step.as_object_mut() {
                // A copy of a step is numbered anew.
                fields.remove("step_id");
            }
            let hash = hash(&step);
            if seen.contains(&hash) || step["is_copied_context"] == Value::Bool(true) {
                self.session.losses.duplicate_records += 1;
                continue;
            }
            own.push(hash);
            metered |= step["metrics"].is_object();
            self.step(&mut step);
        }
        // The totals of a copy are those of what it is a copy of.
        if !metered && !own.is_empty() {
            let total = &document["final_metrics"];
            self.tokens(total, ["total_prompt_tokens", "total_completion_tokens", "total_cached_tokens"]);
        }
        seen.extend(own);
    }

    fn tokens(&mut self, metrics: &Value, [prompt, completion, cached]: [&str; 3]) {
        let number = |key: &str| metrics[key].as_u64().unwrap_or_default();
        let tokens = &mut self.session.tokens;
        // Prompt tokens include the cached ones.
        tokens.input += number(prompt).saturating_sub(number(cached));
        tokens.cache_read += number(cached);
        tokens.output += number(completion);
        tokens.cache_write += metrics["extra"]["cache_creation_input_tokens"].as_u64().unwrap_or_default();
    }

    fn step(&mut self, step: &mut Value) {
        let at = text(step, "timestamp").map(str::to_owned);
        if let Some(at) = &at {
            self.session.started_at.get_or_insert_with(|| at.clone());
            self.session.ended_at = Some(at.clone());
        }
        match text(step, "source") {
            Some("user") => self.user(&content(&step["message"]), at),
            Some("agent") => self.agent(step),
            Some("system") => self.exclude("system-source"),
            other => {
                let name = format!("source {}", other.unwrap_or("missing"));
                self.unknown(&name);
            }
        }
        let only = list(&step["tool_calls"]).first().filter(|_| list(&step["tool_calls"]).len() == 1);
        let only = only.and_then(|call| text(call, "tool_call_id")).map(str::to_owned);
        for result in list(&step["observation"]["results"]) {
            let id = text(result, "source_call_id").or(only.as_deref());
            self.result(id.unwrap_or_default(), result);
        }
    }

    fn user(&mut self, text: &str, at: Option<String>) {
        let class = classify_text(text, false, || None);
        if let Some(reason) = class.reason() {
            self.exclude(reason);
        }
        match class {
            Class::Prompt(kind, prompt) => {
                let number = u32::try_from(self.session.turns.len() + 1).unwrap_or(u32::MAX);
                self.session.turns.push(Turn::new(number, kind, prompt, at));
            }
            Class::Interrupt => self.steps().push(Step::Note(Note::Interrupted)),
            Class::Shell(line) => self.steps().push(Step::Note(Note::HumanShell(line))),
            Class::ToolResult(_) | Class::CompactSummary(_) | Class::Excluded(_) => {}
        }
    }

    fn agent(&mut self, step: &mut Value) {
        if let Some(model) = text(step, "model_name").or(self.model.as_deref()) {
            add_once(&mut self.session.models, model);
        }
        self.tokens(&step["metrics"], ["prompt_tokens", "completion_tokens", "cached_tokens"]);
        if let Some(reasoning) = text(step, "reasoning_content") {
            self.steps().push(Step::Think(reasoning.to_owned()));
        }
        let said = content(&step["message"]);
        if !said.trim().is_empty() {
            self.steps().push(Step::Say(said));
        }
        for call in step["tool_calls"].as_array_mut().into_iter().flatten() {
            let id = text(call, "tool_call_id").map_or_else(|| format!("call-{}", self.calls.len() + 1), str::to_owned);
            if self.calls.contains_key(&id) {
                self.session.losses.duplicate_records += 1;
                continue;
            }
            let tool = text(call, "function_name").unwrap_or_default().to_owned();
            let (turn, input) = (self.session.turns.len().checked_sub(1), call["arguments"].take());
            let action = Action::new(id.clone(), tool, input);
            self.steps().push(Step::Act(action));
            let place = self.steps().len() - 1;
            self.calls.insert(id, (turn, place));
        }
    }

    fn result(&mut self, id: &str, result: &Value) {
        let Some(action) = self.call(id) else { return self.unknown("observation without a tool call") };
        let text = content(&result["content"]);
        let failed = result["extra"]["is_error"] == Value::Bool(true) || text.starts_with("<tool_use_error>");
        action.status = if REFUSALS.iter().any(|start| text.starts_with(start)) {
            ActionStatus::Refused
        } else if failed {
            ActionStatus::Error
        } else {
            ActionStatus::Done
        };
        // A call may have several results.
        if !action.result.is_empty() {
            action.result.push('\n');
        }
        action.result.push_str(&text);
    }

    fn call(&mut self, id: &str) -> Option<&mut Action> {
        let (turn, step) = *self.calls.get(id)?;
        self.session.action_mut(turn, step)
    }

    fn steps(&mut self) -> &mut Vec<Step> {
        match self.session.turns.last_mut() {
            Some(turn) => &mut turn.steps,
            None => &mut self.session.preamble,
        }
    }

    fn exclude(&mut self, reason: &str) {
        *self.session.losses.excluded_prompts.entry(reason.to_owned()).or_default() += 1;
    }

    fn unknown(&mut self, name: &str) {
        *self.session.losses.unknown_records.entry(name.to_owned()).or_default() += 1;
    }
}

fn add_once(known: &mut Vec<String>, text: &str) {
    if !known.iter().any(|known| known == text) {
        known.push(text.to_owned());
    }
}
