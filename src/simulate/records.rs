//! Writing a scripted session as Claude Code writes its own (sessions.md section 1).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::dialogue::{Exchange, folder};
use super::plan::Planned;
use super::random::Random;
use super::tools::Block;

/// Versions of the agent program and its models by month, from October 2025.
const VERSIONS: [(&str, &str); 7] = [
    ("2.0.14", "claude-sonnet-4-5"),
    ("2.0.37", "claude-sonnet-4-5"),
    ("2.0.67", "claude-opus-4-5"),
    ("2.1.9", "claude-opus-4-5"),
    ("2.1.42", "claude-opus-4-6"),
    ("2.1.63", "claude-sonnet-4-6"),
    ("2.1.98", "claude-opus-4-7"),
];

/// Path of the session's file below the simulation's folder.
pub(super) fn file(planned: &Planned) -> String {
    let slug: String = folder(planned).chars().map(|c| if matches!(c, '/' | '.') { '-' } else { c }).collect();
    format!("projects/{slug}/{}.jsonl", planned.id)
}

/// The session as JSON lines.
pub(super) fn jsonl(planned: &Planned, script: &[Exchange], seed: u64) -> String {
    let month = planned.start.to_string();
    // October is month 10 and first in the table, April month 4 and last.
    let number: usize = month.get(5..7).and_then(|month| month.parse().ok()).unwrap_or(10);
    let (version, model) = VERSIONS[(number + 2) % 12 % VERSIONS.len()];
    let mut log = Log {
        random: Random::of(seed, "records", &planned.id),
        lines: Vec::new(),
        parent: None,
        now: planned.start,
        session: &planned.id,
        folder: folder(planned),
        version,
        model,
    };
    let first = log.random.uuid();
    log.lines.push(json!({"type": "file-history-snapshot", "messageId": first, "snapshot": {"messageId": first, "trackedFileBackups": {}, "timestamp": log.time()}, "isSnapshotUpdate": false}));
    for exchange in script {
        log.wait(20, 240);
        log.record("user", &json!({"role": "user", "content": exchange.prompt}), json!({}));
        for blocks in &exchange.messages {
            log.message(blocks);
        }
    }
    log.lines.iter().fold(String::new(), |text, line| text + &line.to_string() + "\n")
}

/// A session file being written.
struct Log<'a> {
    random: Random,
    lines: Vec<Value>,
    parent: Option<String>,
    now: Timestamp,
    session: &'a str,
    folder: String,
    version: &'static str,
    model: &'static str,
}

impl Log<'_> {
    fn time(&self) -> String {
        format!("{:.3}", self.now)
    }

    fn wait(&mut self, from: usize, to: usize) {
        let milliseconds = from * 1_000 + self.random.below((to - from) * 1_000);
        self.now += Duration::from_millis(milliseconds as u64);
    }

    /// Appends a record that continues the chain; `more` adds fields to it.
    fn record(&mut self, kind: &str, message: &Value, more: Value) {
        let uuid = self.random.uuid();
        let mut record = json!({
            "parentUuid": self.parent, "isSidechain": false, "userType": "external", "entrypoint": "cli",
            "cwd": self.folder, "sessionId": self.session, "version": self.version, "gitBranch": "main", "type": kind,
            "message": message, "uuid": uuid, "timestamp": self.time(),
        });
        if let (Some(record), Value::Object(more)) = (record.as_object_mut(), more) {
            record.extend(more);
        }
        self.lines.push(record);
        self.parent = Some(uuid);
    }

    /// Appends one agent message, a line a block, and the results of its tool calls.
    fn message(&mut self, blocks: &[Block]) {
        let (id, request) = (self.random.id("msg"), self.random.id("req"));
        let calls: Vec<String> = blocks.iter().map(|_| self.random.id("toolu")).collect();
        let cached = 12_000 + self.random.below(60_000);
        let mut output = 0;
        for (position, (block, call)) in blocks.iter().zip(&calls).enumerate() {
            self.wait(1, 9);
            let content = match block {
                Block::Think(thinking) => json!({"type": "thinking", "thinking": thinking, "signature": ""}),
                Block::Say(text) => json!({"type": "text", "text": text}),
                Block::Act(act) => json!({"type": "tool_use", "id": call, "name": act.tool, "input": act.input}),
            };
            // Streaming: each line knows the tokens so far; the last one knows all.
            output += content.to_string().len() / 4;
            let last = position + 1 == blocks.len();
            let stop = match (last, block) {
                (false, _) => Value::Null,
                (true, Block::Act(_)) => json!("tool_use"),
                (true, _) => json!("end_turn"),
            };
            let usage = json!({
                "input_tokens": 6, "cache_creation_input_tokens": 400, "cache_read_input_tokens": cached,
                "output_tokens": output, "service_tier": "standard",
            });
            let message = json!({
                "model": self.model, "id": id, "type": "message", "role": "assistant", "content": [content],
                "stop_reason": stop, "stop_sequence": null, "usage": usage,
            });
            self.record("assistant", &message, json!({"requestId": request}));
        }
        for (block, call) in blocks.iter().zip(&calls) {
            let Block::Act(act) = block else { continue };
            self.wait(1, 20);
            let mut result = json!({"tool_use_id": call, "type": "tool_result", "content": act.result});
            if act.error {
                result["is_error"] = json!(true);
            }
            let source = self.parent.clone();
            let more = json!({"toolUseResult": act.result, "sourceToolAssistantUUID": source});
            self.record("user", &json!({"role": "user", "content": [result]}), more);
        }
    }
}
