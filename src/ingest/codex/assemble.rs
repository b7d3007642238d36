//! From the records of one thread to the session.

use std::collections::HashSet;

use serde_json::Value;

use super::record::{Record, content_text};
use super::{output, prompts, scope};
use crate::ingest::builder::Builder;
use crate::session::{ActionStatus, Format, Losses, Note, PromptKind, Session, TokenUsage};

/// How many tool calls there are in some records.
pub(super) fn actions(records: &[Record]) -> u64 {
    let calls = records.iter().filter(|record| is_call(record)).enumerate();
    let ids: HashSet<String> = calls.map(|(at, record)| call_id(record, at)).collect();
    ids.len() as u64
}

/// Builds the session `id` from the own records of its thread in order. `losses` are those of reading.
pub(super) fn assemble(
    id: String,
    file: String,
    meta: &Value,
    records: Vec<Record>,
    losses: Losses,
    key: &[u8; 32],
) -> Session {
    let mut builder = Builder::new(Format::CodexRollout, id, file, losses);
    let turn_cwd = records.iter().find(|record| record.kind() == "turn_context").and_then(|record| record.text("cwd"));
    if let Some(cwd) = meta.get("cwd").and_then(Value::as_str).or(turn_cwd) {
        builder.place(cwd, key);
    }
    builder.version(meta.get("cli_version").and_then(Value::as_str));
    let mut assembly = Assembly {
        prompts_are_events: records.iter().any(|record| record.is_event("user_message")),
        spoken: spoken(&records),
        builder,
        calls: 0,
        counted: TokenUsage::default(),
        in_task: false,
        asked: false,
    };
    for record in records {
        assembly.builder.at(record.timestamp());
        assembly.add(record);
    }
    let (entrypoint, scope, rule) = scope::decide(meta);
    assembly.builder.finish(entrypoint, scope, rule)
}

/// All text that stands twice, once as an event and once as a response item: of the agent as items hold it, of the person
/// as events hold it. The other of the two is left out.
fn spoken(records: &[Record]) -> HashSet<blake3::Hash> {
    let mut texts = HashSet::new();
    for record in records {
        if record.is_message("assistant") {
            texts.insert(hash(&content_text(record.payload.get("content").unwrap_or(&Value::Null))));
        } else if record.payload_type() == "reasoning" {
            texts.extend(reasoning(record).iter().map(|text| hash(text)));
        } else if record.is_event("user_message") {
            texts.insert(hash(record.text("message").unwrap_or_default()));
        }
    }
    texts
}

fn hash(text: &str) -> blake3::Hash {
    blake3::hash(text.trim().as_bytes())
}

/// The readable parts of a reasoning item: its text, or else the summary of it.
fn reasoning(record: &Record) -> Vec<String> {
    let parts = |key: &str| record.payload.get(key).and_then(Value::as_array).filter(|parts| !parts.is_empty());
    let texts = parts("content").or_else(|| parts("summary")).map_or(&[][..], Vec::as_slice);
    texts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).map(ToOwned::to_owned).collect()
}

fn is_call(record: &Record) -> bool {
    record.kind() == "response_item" && record.payload_type().ends_with("_call")
}

/// The identifier of a call; searches have none in some versions, and get one from their place.
fn call_id(record: &Record, at: usize) -> String {
    let recorded = record.text("call_id").or_else(|| record.text("id")).filter(|id| !id.is_empty());
    recorded.map_or_else(|| format!("{} {}", record.payload_type(), at + 1), ToOwned::to_owned)
}

/// The session as far as it is built.
struct Assembly {
    builder: Builder,
    /// Whether prompts stand in events, as they have since 2025; their mirrors among the response items are then left out.
    prompts_are_events: bool,
    spoken: HashSet<blake3::Hash>,
    calls: usize,
    /// Tokens as last counted, which grow over the whole thread.
    counted: TokenUsage,
    in_task: bool,
    /// Whether the task that runs has its prompt already.
    asked: bool,
}

impl Assembly {
    fn add(&mut self, record: Record) {
        match record.kind() {
            "response_item" => self.item(record),
            "event_msg" => self.event(&record),
            "turn_context" => self.builder.model(record.text("model")),
            "compacted" => {
                let summary = record.text("message").unwrap_or_default().to_owned();
                self.builder.note(Note::Compacted(summary));
            }
            "session_meta" => self.builder.version(record.text("cli_version")),
            "world_state" | "inter_agent_communication_metadata" => {}
            other => self.builder.unknown(other),
        }
    }

    fn item(&mut self, mut record: Record) {
        match record.payload_type() {
            _ if is_call(&record) => self.call(&mut record),
            "message" => self.message(&record),
            "reasoning" => reasoning(&record).into_iter().for_each(|text| self.builder.think(text)),
            "agent_message" => self.builder.excluded("agent-message"),
            "compaction" | "compaction_summary" | "context_compaction" | "ghost_snapshot" => {}
            kind if kind.ends_with("_output") => {
                let (text, status) = output::read(&record.payload);
                self.builder.result(record.text("call_id").unwrap_or_default(), text, status);
            }
            kind => {
                let name = format!("response_item/{kind}");
                self.builder.unknown(&name);
            }
        }
    }

    fn message(&mut self, record: &Record) {
        let content = record.payload.get("content").unwrap_or(&Value::Null);
        let text = content_text(content);
        match record.text("role") {
            Some("assistant") => self.builder.say(text),
            Some("user") => match prompts::injected(&text) {
                Some(prompts::Injected::Shell(line)) => {
                    self.builder.excluded("human-shell");
                    self.builder.note(Note::HumanShell(line));
                }
                // A prompt that looks injected stands in an event too.
                Some(prompts::Injected::Text(reason)) if !self.spoken.contains(&hash(&text)) => {
                    self.builder.excluded(&reason);
                }
                _ if !self.prompts_are_events => self.prompt(&text, false),
                _ => {}
            },
            _ => {}
        }
    }

    fn prompt(&mut self, text: &str, has_images: bool) {
        let text = prompts::own_words(text);
        let text = if text.is_empty() && has_images { "[image]" } else { text };
        if text.is_empty() {
            return self.builder.excluded("no-text");
        }
        let kind = match prompts::hands_over_plan(text) {
            true => PromptKind::PlanHandOff,
            false if self.in_task && self.asked => PromptKind::Queued,
            false => PromptKind::Typed,
        };
        self.asked = true;
        self.builder.turn(kind, text.to_owned());
    }

    fn call(&mut self, record: &mut Record) {
        let id = call_id(record, self.calls);
        self.calls += 1;
        let tool = match (record.text("namespace"), record.text("name")) {
            (Some(space), Some(name)) => format!("{}__{}", space.trim_end_matches('_'), name.trim_start_matches('_')),
            (None, Some(name)) => name.to_owned(),
            _ => record.payload_type().trim_end_matches("_call").to_owned(),
        };
        // A search has no output of its own.
        let ended = (record.text("call_id").is_none() && record.text("status") == Some("completed"))
            .then_some(ActionStatus::Done);
        let recorded = ["arguments", "input", "action"].into_iter().find(|key| record.payload.get(key).is_some());
        let field = recorded.and_then(|key| record.payload.get_mut(key));
        let input = match field.map(Value::take).unwrap_or_default() {
            Value::String(text) => serde_json::from_str(&text)
                .ok()
                .filter(|value| matches!(value, Value::Object(_) | Value::Array(_)))
                .unwrap_or(Value::String(text)),
            input => input,
        };
        self.builder.act(id.clone(), tool, input);
        if let Some(status) = ended {
            self.builder.result(&id, String::new(), status);
        }
    }

    fn event(&mut self, record: &Record) {
        let text = |key: &str| record.text(key).unwrap_or_default();
        match record.payload_type() {
            "user_message" => {
                let images =
                    |key| record.payload.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
                self.prompt(text("message"), images("images") || images("local_images"));
            }
            "agent_message" if !self.spoken.contains(&hash(text("message"))) => {
                self.builder.say(text("message").to_owned());
            }
            "agent_reasoning" if !self.spoken.contains(&hash(text("text"))) => {
                self.builder.think(text("text").to_owned());
            }
            "task_started" => (self.in_task, self.asked) = (true, false),
            "task_complete" => self.in_task = false,
            "turn_aborted" => {
                self.in_task = false;
                if matches!(text("reason"), "interrupted" | "") {
                    self.builder.note(Note::Interrupted);
                }
            }
            "thread_rolled_back" => {
                let turns = record.payload.get("num_turns").and_then(Value::as_u64).unwrap_or_default();
                self.builder.rewind(usize::try_from(turns).unwrap_or(usize::MAX));
            }
            "error" => self.builder.note(Note::ApiError(text("message").to_owned())),
            "token_count" => self.count(&record.payload, false),
            // The last count of a parent whose history this thread replays.
            "token_baseline" => self.count(&record.payload, true),
            // Every other event mirrors a response item, or tells of the program's state.
            _ => {}
        }
    }

    /// Adds what was used since the last count. A count that fell began anew.
    fn count(&mut self, payload: &Value, baseline: bool) {
        let Some(total) = payload.pointer("/info/total_token_usage") else { return };
        let field = |name: &str| total.get(name).and_then(Value::as_u64).unwrap_or_default();
        let cached = field("cached_input_tokens");
        let now = TokenUsage {
            input: field("input_tokens").saturating_sub(cached),
            output: field("output_tokens"),
            cache_read: cached,
            cache_write: 0,
        };
        let before = std::mem::replace(&mut self.counted, now);
        if baseline {
            return;
        }
        let fell = now.output < before.output || now.input + now.cache_read < before.input + before.cache_read;
        let before = if fell { TokenUsage::default() } else { before };
        // A count that did not grow only repeats the last one.
        if now != before {
            self.builder.answered(TokenUsage {
                input: now.input.saturating_sub(before.input),
                output: now.output.saturating_sub(before.output),
                cache_read: now.cache_read.saturating_sub(before.cache_read),
                cache_write: 0,
            });
        }
    }
}
