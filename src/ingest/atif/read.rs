//! From trajectories to sessions.
//!
//! A file is one JSON document. Files of one session id are continuations of each other, or copies: they are put in the
//! order of their first steps, and a step that an earlier file holds is counted once.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::write::EXTRA;
use crate::ingest::builder::Builder;
use crate::ingest::claude_code::{Class, classify_text};
use crate::ingest::lines::read_text;
use crate::ingest::person::mask_file;
use crate::ingest::read::{BadFile, Tally};
use crate::ingest::reply::REFUSALS;
use crate::session::{ActionStatus, Format, Losses, Note, Reply, ReplyKind, Scope, Session, Step, TokenUsage, Turn};

/// Characters in which a trajectory says that it is one; writers put the version first.
const HEAD: usize = 4096;

static VERSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*\{[^\[]*?"schema_version"\s*:\s*"ATIF-v1\.\d"#).ok());

static SESSION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""session_id"\s*:\s*"([^"]+)""#).ok());

/// Whether a file that begins with `head` is a trajectory.
pub(in crate::ingest) fn recognises(head: &str) -> bool {
    VERSION.as_ref().is_some_and(|version| version.is_match(begin(head)))
}

/// What other files of the same session have in common with one that begins with `head`.
pub(in crate::ingest) fn links(head: &str) -> Vec<String> {
    let found = SESSION.as_ref().and_then(|session| session.captures(begin(head)));
    found.map(|found| format!("atif session {}", &found[1])).into_iter().collect()
}

fn begin(head: &str) -> &str {
    head.char_indices().nth(HEAD).map_or(head, |(end, _)| &head[..end])
}

/// Reads the files of one group into sessions, ordered by id.
pub(in crate::ingest) fn read(files: &[(PathBuf, String)], tally: &mut Tally) -> Vec<Session> {
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
    let session = match files.iter().position(|(_, value)| value["extra"].get(EXTRA).is_some()) {
        // A session that we wrote; other documents of it are copies.
        Some(ours) => restored(files.swap_remove(ours).1).map_err(|error| {
            let reason = format!("extra.{EXTRA} is not that of a session: {error}");
            tally.bad.push(BadFile { file: mask_file(&id, None), lines: Vec::new(), reason });
        }),
        None => Ok(foreign(id, files)),
    };
    let session = session.ok()?;
    if session.turns.is_empty() && session.preamble.is_empty() && session.dead_branches.is_empty() {
        *tally.dropped.entry("no conversation in it".to_owned()).or_default() += count;
        return None;
    }
    tally.merged_files += count - 1;
    Some(session)
}

/// The session that some documents of another program hold.
fn foreign(id: String, files: Vec<(String, Value)>) -> Session {
    let (name, first) = files.first().map_or(("", &Value::Null), |(name, value)| (name.as_str(), value));
    let agent = text(&first["agent"], "name").unwrap_or("unknown").to_owned();
    let builder = Builder::new(Format::Atif, id, mask_file(name, None), Losses::default());
    let mut assembly = Assembly { builder, model: None, ours: false };
    let mut seen = HashSet::new();
    for (_, value) in files {
        assembly.file(value, &mut seen);
    }
    let rule = format!("atif trajectory of {agent}");
    assembly.builder.finish(Some(format!("atif:{agent}")), Scope::Unknown, rule)
}

/// The session that a document of our own holds.
fn restored(mut document: Value) -> serde_json::Result<Session> {
    let session: Session = serde_json::from_value(document["extra"][EXTRA].take())?;
    let mut builder = Builder::new(session.format, String::new(), String::new(), Losses::default());
    builder.session = session;
    let mut assembly = Assembly { builder, model: None, ours: true };
    for step in document["steps"].as_array_mut().into_iter().flatten() {
        assembly.step(step);
    }
    Ok(assembly.builder.session)
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
    builder: Builder,
    /// Model of the trajectory, for steps that name none.
    model: Option<String>,
    /// Whether we wrote the document: then what is counted and when it was is known already.
    ours: bool,
}

impl Assembly {
    /// Adds one document; `seen` holds the steps and subagents of those before it.
    fn file(&mut self, mut document: Value, seen: &mut HashSet<blake3::Hash>) {
        self.model = text(&document["agent"], "model_name").map(str::to_owned);
        self.builder.version(text(&document["agent"], "version"));
        self.builder.session.subagent_actions += subagent_calls(&document, seen);
        let Value::Array(steps) = document["steps"].take() else { return };
        let (mut own, mut metered) = (Vec::new(), false);
        for mut step in steps {
            if let Some(fields) = step.as_object_mut() {
                // A copy of a step is numbered anew.
                fields.remove("step_id");
            }
            let hash = hash(&step);
            if seen.contains(&hash) || step["is_copied_context"] == Value::Bool(true) {
                self.builder.session.losses.duplicate_records += 1;
                continue;
            }
            own.push(hash);
            metered |= step["metrics"].is_object();
            self.step(&mut step);
        }
        // The totals of a copy are those of what it is a copy of.
        if !metered && !own.is_empty() {
            let total = &document["final_metrics"];
            let total = tokens(total, ["total_prompt_tokens", "total_completion_tokens", "total_cached_tokens"]);
            let sum = &mut self.builder.session.tokens;
            (sum.input, sum.output) = (sum.input + total.input, sum.output + total.output);
            (sum.cache_read, sum.cache_write) =
                (sum.cache_read + total.cache_read, sum.cache_write + total.cache_write);
        }
        seen.extend(own);
    }

    fn step(&mut self, step: &mut Value) {
        if !self.ours {
            self.builder.at(text(step, "timestamp"));
            self.builder.happened();
        }
        let kept = step["extra"].get_mut(EXTRA).filter(|_| self.ours).map(Value::take).unwrap_or_default();
        match text(step, "source") {
            Some("user") => self.user(&content(&step["message"]), kept),
            Some("agent") => self.agent(step, &kept),
            Some("system") => match kept.get("note").cloned().map(serde_json::from_value::<Note>) {
                Some(Ok(note)) => self.builder.note(note),
                _ => self.builder.excluded("system-source"),
            },
            other => {
                let name = format!("source {}", other.unwrap_or("missing"));
                self.builder.unknown(&name);
            }
        }
        let only = list(&step["tool_calls"]).first().filter(|_| list(&step["tool_calls"]).len() == 1);
        let only = only.and_then(|call| text(call, "tool_call_id")).map(str::to_owned);
        for result in list(&step["observation"]["results"]) {
            let id = text(result, "source_call_id").or(only.as_deref());
            self.result(id.unwrap_or_default(), result);
        }
    }

    fn user(&mut self, text: &str, kept: Value) {
        if let Ok(turn) = serde_json::from_value::<Turn>(kept) {
            self.builder.session.turns.push(Turn { prompt: text.to_owned(), ..turn });
            return;
        }
        let class = classify_text(text, false, || None);
        if let Some(reason) = class.reason() {
            self.builder.excluded(reason);
        }
        match class {
            Class::Prompt(kind, prompt) => self.builder.turn(kind, prompt),
            Class::Interrupt => self.builder.note(Note::Interrupted),
            Class::Shell(line) => self.builder.note(Note::HumanShell(line)),
            Class::ToolResult(_) | Class::CompactSummary(_) | Class::Excluded(_) => {}
        }
    }

    fn agent(&mut self, step: &mut Value, kept: &Value) {
        if !self.ours {
            let model = text(step, "model_name").or(self.model.as_deref()).map(str::to_owned);
            self.builder.model(model.as_deref());
            let tokens = tokens(&step["metrics"], ["prompt_tokens", "completion_tokens", "cached_tokens"]);
            match step["llm_call_count"].as_u64() {
                Some(0) => self.builder.spent(tokens),
                _ => self.builder.answered(tokens),
            }
        }
        if let Some(reasoning) = text(step, "reasoning_content") {
            self.builder.step(Step::Think(reasoning.to_owned()));
        }
        let said = content(&step["message"]);
        if !said.trim().is_empty() {
            self.builder.step(Step::Say(said));
        }
        for call in step["tool_calls"].as_array_mut().into_iter().flatten() {
            let number = self.builder.session.actions().count() + 1;
            let id = text(call, "tool_call_id").map_or_else(|| format!("call-{number}"), str::to_owned);
            if self.builder.action(&id).is_some() {
                self.builder.session.losses.duplicate_records += 1;
                continue;
            }
            let tool = text(call, "function_name").unwrap_or_default().to_owned();
            let mut input = call["arguments"].take();
            if list(&kept["bare_inputs"]).iter().any(|bare| bare.as_str() == Some(&id)) {
                input = input["input"].take();
            }
            self.builder.act(id, tool, input);
        }
    }

    fn result(&mut self, id: &str, result: &Value) {
        let text = content(&result["content"]);
        let failed = result["extra"]["is_error"] == Value::Bool(true) || text.starts_with("<tool_use_error>");
        let refused = REFUSALS.iter().any(|start| text.starts_with(start));
        let kept = result["extra"].get(EXTRA).filter(|_| self.ours);
        let kept_status = kept.and_then(|kept| serde_json::from_value(kept["status"].clone()).ok());
        let kept_reply: Option<Reply> =
            kept.and_then(|kept| serde_json::from_value(kept["reply"].clone()).ok()).flatten();
        // The time of the step is that of its results.
        self.builder.result(id, String::new(), ActionStatus::Missing);
        let Some(action) = self.builder.action(id) else {
            return self.builder.unknown("observation without a tool call");
        };
        let told = match (refused, failed) {
            (true, _) => ActionStatus::Refused,
            (false, true) => ActionStatus::Error,
            (false, false) => ActionStatus::Done,
        };
        action.status = kept_status.unwrap_or(told);
        // A call may have several results.
        if !action.result.is_empty() {
            action.result.push('\n');
        }
        action.result.push_str(&text);
        let refusal = (refused && kept.is_none()).then(|| Reply { kind: ReplyKind::Refused, text: String::new() });
        action.reply = kept_reply.or(refusal);
    }
}

/// Tokens in metrics with these names; prompt tokens include the cached ones.
fn tokens(metrics: &Value, [prompt, completion, cached]: [&str; 3]) -> TokenUsage {
    let number = |key: &str| metrics[key].as_u64().unwrap_or_default();
    TokenUsage {
        input: number(prompt).saturating_sub(number(cached)),
        output: number(completion),
        cache_read: number(cached),
        cache_write: metrics["extra"]["cache_creation_input_tokens"].as_u64().unwrap_or_default(),
    }
}
