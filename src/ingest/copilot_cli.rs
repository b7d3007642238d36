//! Reader of Copilot CLI events (sessions.md 2, row 8): one `events.jsonl` a session.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::builder::Builder;
use super::person::home_name;
use super::read::{FileRecords, Tally};
use crate::session::{ActionStatus, Format, Losses, Note, PromptKind, Scope, Session, TokenUsage};

/// One event, read leniently.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "type")]
    kind: Value,
    id: Value,
    timestamp: Value,
    data: Value,
}

impl Event {
    fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// The call of the main agent whose subagent it belongs to.
    fn is_subagents(&self) -> bool {
        self.text("parentToolCallId").is_some()
    }
}

/// What files of the session that `value` begins have in common; none if only another format has such a record.
pub(super) fn links(value: &Value) -> Option<Vec<String>> {
    let known = ["session.", "user.", "assistant.", "tool.", "hook.", "system.", "permission."];
    let kind = value.get("type")?.as_str()?;
    let data = value.get("data")?.as_object()?;
    if !known.iter().any(|start| kind.starts_with(start)) || value.get("parentId").is_none() {
        return None;
    }
    let id = data.get("sessionId").and_then(Value::as_str).filter(|_| kind == "session.start");
    Some(id.map(|id| format!("copilot {id}")).into_iter().collect())
}

/// Joins the files of one group into sessions, ordered by id. Copies give the events that no file before them gave.
pub(super) fn join(files: Vec<FileRecords<Event>>, key: &[u8; 32], tally: &mut Tally) -> Vec<Session> {
    let mut by_session: BTreeMap<String, Vec<FileRecords<Event>>> = BTreeMap::new();
    for mut file in files {
        let start = file.records.iter().find(|event| event.kind() == "session.start");
        let id = start.and_then(|start| start.text("sessionId")).map(ToOwned::to_owned);
        let name = start.and_then(cwd).and_then(home_name).map(ToOwned::to_owned);
        file.report(name.as_deref(), tally);
        // Without its beginning a file is known by its folder, which is named after the session.
        by_session.entry(id.unwrap_or_else(|| file.name.clone())).or_default().push(file);
    }
    let mut sessions = Vec::new();
    for (id, mut files) in by_session {
        files.sort_by_key(|file| (Reverse(file.records.len()), file.name.clone()));
        let number = files.len() as u64;
        let session = one(id, files, key);
        if session.turns.is_empty() && session.preamble.is_empty() {
            *tally.dropped.entry("no conversation in it".to_owned()).or_default() += number;
        } else {
            tally.merged_files += number - 1;
            sessions.push(session);
        }
    }
    sessions
}

fn cwd(start: &Event) -> Option<&str> {
    start.data.pointer("/context/cwd").and_then(Value::as_str)
}

fn one(id: String, files: Vec<FileRecords<Event>>, key: &[u8; 32]) -> Session {
    let name = files.first().map(|file| file.name.clone()).unwrap_or_default();
    let mut losses = Losses::default();
    let (mut seen, mut events) = (HashSet::new(), Vec::new());
    for file in files {
        losses.bad_lines.extend(file.bad_lines);
        losses.repaired_lines += file.repaired_lines;
        for event in file.records {
            if event.id.as_str().is_none_or(|id| seen.insert(id.to_owned())) {
                events.push(event);
            } else {
                losses.duplicate_records += 1;
            }
        }
    }
    let mut assembly = Assembly {
        builder: Builder::new(Format::CopilotCli, id, name, losses),
        denied: events.iter().filter_map(denied).map(ToOwned::to_owned).collect(),
        by_person: HashSet::new(),
        by_subagents: HashSet::new(),
        in_turn: false,
    };
    for event in events {
        assembly.builder.at(event.timestamp.as_str());
        assembly.add(event, key);
    }
    assembly.builder.session.subagent_actions = assembly.by_subagents.len() as u64;
    let rule = "Copilot CLI does not say how it was started".to_owned();
    assembly.builder.finish(Some("copilot-cli".to_owned()), Scope::Unknown, rule)
}

/// The call that the person did not allow.
fn denied(event: &Event) -> Option<&str> {
    let kind = event.data.pointer("/result/kind").and_then(Value::as_str)?;
    (event.kind() == "permission.completed" && kind.starts_with("denied") && kind.contains("user"))
        .then(|| event.text("toolCallId"))?
}

struct Assembly {
    builder: Builder,
    /// Calls that the person did not allow.
    denied: HashSet<String>,
    /// Calls that the person made.
    by_person: HashSet<String>,
    /// Calls that subagents made.
    by_subagents: HashSet<String>,
    /// Whether the agent is at work.
    in_turn: bool,
}

impl Assembly {
    fn add(&mut self, mut event: Event, key: &[u8; 32]) {
        match event.kind() {
            "session.start" | "session.resume" => {
                if let Some(cwd) = cwd(&event) {
                    self.builder.place(cwd, key);
                }
                self.builder.version(event.text("copilotVersion"));
            }
            "user.message" => self.prompt(&event),
            "assistant.turn_start" => self.in_turn = true,
            "assistant.turn_end" => self.in_turn = false,
            "assistant.message" => self.message(&mut event),
            "tool.user_requested" => {
                self.by_person.extend(event.text("toolCallId").map(ToOwned::to_owned));
                let command = event.data.pointer("/arguments/command").and_then(Value::as_str).unwrap_or_default();
                self.builder.note(Note::HumanShell(command.to_owned()));
            }
            "tool.execution_start" => {
                let subagents = event.is_subagents();
                self.call(&mut event.data, "toolName", subagents);
            }
            "tool.execution_complete" => self.result(&event),
            "abort" => {
                self.in_turn = false;
                self.builder.note(Note::Interrupted);
            }
            "session.error" => {
                let text = event.text("message").unwrap_or_default().to_owned();
                self.builder.note(Note::ApiError(text));
            }
            "session.compaction_complete" => {
                let summary = event.text("summaryContent").unwrap_or_default().to_owned();
                self.builder.note(Note::Compacted(summary));
            }
            "session.shutdown" => self.count_tokens(&event.data),
            kind if ["session.", "assistant.", "tool.", "hook.", "system.", "permission.", "subagent.", "skill."]
                .iter()
                .any(|state| kind.starts_with(state)) => {}
            kind => self.builder.unknown(kind),
        }
    }

    fn prompt(&mut self, event: &Event) {
        let text = event.text("content").unwrap_or_default().trim();
        match event.text("source").filter(|source| *source != "user") {
            Some(source) => self.builder.excluded(&format!("source-{source}")),
            None if event.is_subagents() => self.builder.excluded("sidechain"),
            None if text.is_empty() => self.builder.excluded("no-text"),
            None => {
                let kind = if self.in_turn { PromptKind::Queued } else { PromptKind::Typed };
                self.builder.turn(kind, text.to_owned());
            }
        }
    }

    fn message(&mut self, event: &mut Event) {
        let subagents = event.is_subagents();
        if !subagents {
            self.builder.model(event.text("model"));
            self.builder.think(event.text("reasoningText").unwrap_or_default().to_owned());
            self.builder.say(event.text("content").unwrap_or_default().to_owned());
        }
        let output = event.data.get("outputTokens").and_then(Value::as_u64).unwrap_or_default();
        if subagents {
            self.builder.session.tokens.output += output;
        } else {
            self.builder.answered(TokenUsage { output, ..TokenUsage::default() });
        }
        let requests = event.data.get_mut("toolRequests").and_then(Value::as_array_mut);
        for request in requests.into_iter().flatten() {
            self.call(request, "name", subagents);
        }
    }

    /// Adds a call, which stands in the message that asks for it and in the event that starts it.
    fn call(&mut self, call: &mut Value, name: &str, subagents: bool) {
        let text = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, tool) = (text("toolCallId"), text(name));
        if subagents {
            self.by_subagents.insert(id);
        } else if !self.by_person.contains(&id) {
            let input = call.get_mut("arguments").map(Value::take).unwrap_or_default();
            self.builder.act(id, tool, input);
        }
    }

    fn result(&mut self, event: &Event) {
        let id = event.text("toolCallId").unwrap_or_default();
        let error = event.data.pointer("/error/message").and_then(Value::as_str);
        let text = event.data.pointer("/result/content").and_then(Value::as_str).or(error).unwrap_or_default();
        let status = if self.denied.contains(id) {
            ActionStatus::Refused
        } else if event.data.get("success") == Some(&Value::Bool(false)) || failed(text) {
            ActionStatus::Error
        } else {
            ActionStatus::Done
        };
        self.builder.result(id, text.to_owned(), status);
    }

    /// Takes input tokens from the last account that a session closed with; output tokens stand in every message.
    fn count_tokens(&mut self, account: &Value) {
        let models = account.get("modelMetrics").and_then(Value::as_object);
        let sum = |name: &str| -> u64 {
            let usage = models.into_iter().flat_map(|models| models.values());
            usage.filter_map(|model| model.pointer(&format!("/usage/{name}"))?.as_u64()).sum()
        };
        let (read, write) = (sum("cacheReadTokens"), sum("cacheWriteTokens"));
        let output = self.builder.session.tokens.output;
        let input = sum("inputTokens").saturating_sub(read);
        self.builder.session.tokens = TokenUsage { input, output, cache_read: read, cache_write: write };
    }
}

/// Whether the line after a command's output tells that it failed: `<... completed with exit code 1>`.
fn failed(text: &str) -> bool {
    let last = text.trim_end().lines().next_back().unwrap_or_default();
    last.rsplit_once(" exit code ").is_some_and(|(_, code)| last.starts_with('<') && code != "0>")
}
