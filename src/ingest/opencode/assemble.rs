//! From the messages of one thread to the session.

use std::collections::HashSet;

use serde_json::Value;

use super::decide;
use super::record::{Thread, text};
use crate::ingest::builder::Builder;
use crate::session::{ActionStatus, Format, Losses, Note, PromptKind, Scope, Session, TokenUsage};

/// What the program writes in the person's place when they run a command themselves ("!").
const RUN_BY_PERSON: &str = "The following tool was executed by the user";

/// How many tool calls there are in a thread.
pub(super) fn actions(thread: &Thread) -> u64 {
    let parts = thread.messages.iter().flat_map(|(_, parts)| parts);
    parts.filter(|part| text(part, "type") == Some("tool")).count() as u64
}

/// Builds a session. `orphan` says that another one began it that is not there.
pub(super) fn assemble(thread: Thread, file: String, orphan: bool, key: &[u8; 32]) -> Session {
    let directory = thread.directory().unwrap_or_default().to_owned();
    let Thread { info, messages, damaged, copies, waiting } = thread;
    let id = text(&info, "id").unwrap_or_default().to_owned();
    let mut builder = Builder::new(Format::OpenCode, id, file, Losses::default());
    builder.place(&directory, key);
    builder.version(text(&info, "version"));
    if damaged > 0 {
        builder.session.losses.unknown_records.insert("record that is not valid JSON".to_owned(), damaged);
    }
    builder.session.losses.duplicate_records = copies;
    for _ in 0..waiting {
        builder.excluded("undelivered");
    }
    let reverted = text(&info["revert"], "messageID").map(ToOwned::to_owned);
    let mut assembly = Assembly {
        builder,
        began: milliseconds(&info, "created"),
        shell: HashSet::new(),
        busy_until: None,
        goes_on: false,
        stopped: false,
    };
    let mut kept = None;
    for (message, parts) in messages {
        if reverted.is_some() && reverted.as_deref() == text(&message, "id") {
            let session = &assembly.builder.session;
            kept = Some((session.turns.len(), session.tokens));
        }
        match kept {
            // What was undone of a turn that stands is gone for the agent too.
            Some((kept, _))
                if text(&message, "role") != Some("user") && assembly.builder.session.turns.len() == kept =>
            {
                assembly.builder.session.losses.abandoned_records += 1 + parts.len() as u64;
            }
            _ => assembly.message(&message, parts),
        }
    }
    let mut builder = assembly.builder;
    if let Some((kept, tokens)) = kept {
        let undone = builder.session.turns.len() - kept;
        builder.rewind(undone);
        builder.session.tokens = tokens;
    }
    let unknown = (Scope::Unknown, "OpenCode does not say how it was started");
    let (scope, rule) = if orphan { (Scope::Headless, "subagent without its session") } else { unknown };
    builder.finish(Some("opencode".to_owned()), scope, rule.to_owned())
}

struct Assembly {
    builder: Builder,
    /// When the session began; a fork holds copies of older messages.
    began: Option<i64>,
    /// Prompts that stand for commands which the person ran.
    shell: HashSet<String>,
    /// When the answer that came last was complete.
    busy_until: Option<i64>,
    /// Whether that answer said that another one follows.
    goes_on: bool,
    /// Whether the person ended it: stopped the agent, or refused a call.
    stopped: bool,
}

/// A time of a record in milliseconds since 1970.
fn milliseconds(record: &Value, name: &str) -> Option<i64> {
    record.get("time")?.get(name)?.as_i64()
}

/// A time as RFC 3339 with milliseconds, so that text order is time order.
fn rfc3339(milliseconds: Option<i64>) -> Option<String> {
    Some(format!("{:.3}", jiff::Timestamp::from_millisecond(milliseconds?).ok()?))
}

impl Assembly {
    fn at(&mut self, milliseconds: Option<i64>) {
        self.builder.at(rfc3339(milliseconds).as_deref());
    }

    fn message(&mut self, message: &Value, parts: Vec<Value>) {
        let created = milliseconds(message, "created");
        if created.zip(self.began).is_some_and(|(created, began)| created < began) {
            self.builder.session.losses.duplicate_records += 1 + parts.len() as u64;
            return;
        }
        self.at(created);
        match text(message, "role") {
            Some("user") => self.prompt(message, &parts, created),
            Some("assistant") if text(message, "parentID").is_some_and(|id| self.shell.contains(id)) => {
                let commands = parts.iter().filter_map(|part| part.pointer("/state/input/command")?.as_str());
                for command in commands.map(ToOwned::to_owned).collect::<Vec<_>>() {
                    self.builder.note(Note::HumanShell(command));
                }
            }
            Some("assistant") => self.answer(message, parts),
            Some("shell") => {
                self.builder.excluded("human-shell");
                self.builder.note(Note::HumanShell(text(message, "command").unwrap_or_default().to_owned()));
            }
            Some("skill") => {
                let name = text(message, "skill").or_else(|| text(message, "name")).unwrap_or_default();
                self.builder.turn(PromptKind::SlashCommand, format!("/{name}"));
            }
            Some("compaction") => self.compaction(message),
            Some("idle") => self.idle(message),
            Some(role @ ("synthetic" | "system")) => self.builder.excluded(role),
            Some("agent-switched" | "model-switched" | "location-switched") => {}
            other => self.builder.unknown(&format!("role {}", other.unwrap_or("missing"))),
        }
    }

    fn prompt(&mut self, message: &Value, parts: &[Value], created: Option<i64>) {
        let of = |kind: &'static str| parts.iter().filter(move |part| text(part, "type") == Some(kind));
        let marked = |part: &Value, mark: &str| part.get(mark) == Some(&Value::Bool(true));
        let own = of("text").filter(|part| !marked(part, "synthetic") && !marked(part, "ignored"));
        let words = own.filter_map(|part| text(part, "text")).collect::<Vec<_>>().join("\n");
        if let Some(subtask) = of("subtask").next() {
            let command = text(subtask, "command").map(|name| format!("/{name}"));
            let prompt = command.or_else(|| text(subtask, "prompt").map(ToOwned::to_owned)).unwrap_or_default();
            if prompt.trim().is_empty() {
                return self.builder.excluded("no-text");
            }
            return self.builder.turn(PromptKind::SlashCommand, prompt);
        }
        if of("compaction").next().is_some() {
            return self.builder.excluded("compaction");
        }
        if words.trim().is_empty() {
            if of("text").any(|part| text(part, "text") == Some(RUN_BY_PERSON)) {
                self.shell.extend(text(message, "id").map(ToOwned::to_owned));
                return self.builder.excluded("human-shell");
            }
            if of("text").next().is_some() {
                return self.builder.excluded("synthetic");
            }
            let image = |part: &Value| text(part, "mime").is_some_and(|kind| kind.starts_with("image/"));
            if of("file").any(image) {
                return self.builder.turn(PromptKind::Typed, "[image]".to_owned());
            }
            return self.builder.excluded("no-text");
        }
        let sent = message.get("sent").and_then(Value::as_i64);
        let early = sent.or(created).zip(self.busy_until).is_some_and(|(sent, until)| sent < until);
        let queued = early || (sent.is_none() && self.goes_on);
        self.at(sent.or(created));
        let kind = if queued { PromptKind::Queued } else { PromptKind::Typed };
        self.builder.turn(kind, words.trim().to_owned());
    }

    fn answer(&mut self, message: &Value, parts: Vec<Value>) {
        let completed = milliseconds(message, "completed");
        self.busy_until = self.busy_until.max(completed);
        self.goes_on = message.get("goes_on") == Some(&Value::Bool(true));
        self.stopped = false;
        self.builder.model(text(message, "modelID"));
        self.count(message, &parts);
        if message.get("summary") == Some(&Value::Bool(true)) {
            let summary: Vec<_> = parts.iter().filter_map(|part| text(part, "text")).collect();
            return self.builder.note(Note::Compacted(summary.join("\n")));
        }
        for part in parts {
            self.part(part);
        }
        self.at(completed);
        if let Some(error) = message.get("error").filter(|error| error.is_object()) {
            let said = error.pointer("/data/message").and_then(Value::as_str);
            match text(error, "name").unwrap_or_default() {
                "MessageAbortedError" => self.builder.note(Note::Interrupted),
                "aborted" => self.stop(),
                name => self.builder.note(Note::ApiError(said.unwrap_or(name).to_owned())),
            }
        }
    }

    /// The agent was stopped. OpenCode 2 says it up to three times, also of an answer that ended with a refusal.
    fn stop(&mut self) {
        if !self.stopped {
            self.builder.note(Note::Interrupted);
        }
        self.stopped = true;
    }

    /// What OpenCode 2 keeps of a compaction: one that failed has an error in place of the summary.
    fn compaction(&mut self, message: &Value) {
        if message.get("tokens").is_some_and(Value::is_object) {
            self.count(message, &[]);
        }
        match text(message, "status") {
            None | Some("completed") => {
                let summary = text(message, "summary").unwrap_or_default();
                self.builder.note(Note::Compacted(summary.to_owned()));
            }
            Some("failed") if message.pointer("/error/type").is_some_and(|kind| kind == "aborted") => self.stop(),
            Some("failed") => {
                let said = message.pointer("/error/message").and_then(Value::as_str);
                self.builder.note(Note::ApiError(said.unwrap_or("compaction failed").to_owned()));
            }
            // It goes on, or its program died.
            _ => {}
        }
    }

    /// The agent has nothing more to do.
    fn idle(&mut self, message: &Value) {
        self.goes_on = false;
        if text(message, "outcome") == Some("interrupted") {
            self.stop();
        }
        self.stopped = false;
    }

    /// Counts the answers of the model in a message. Steps tell their own tokens; the message has those of its last step.
    fn count(&mut self, message: &Value, parts: &[Value]) {
        let steps: Vec<_> = parts.iter().filter(|part| text(part, "type") == Some("step-finish")).collect();
        let counted = if steps.is_empty() { vec![message] } else { steps };
        for step in counted {
            let count = |path: &str| step.pointer(path).and_then(Value::as_u64).unwrap_or_default();
            self.builder.answered(TokenUsage {
                input: count("/tokens/input"),
                output: count("/tokens/output") + count("/tokens/reasoning"),
                cache_read: count("/tokens/cache/read"),
                cache_write: count("/tokens/cache/write"),
            });
        }
    }

    fn part(&mut self, mut part: Value) {
        let words = |part: &Value| text(part, "text").unwrap_or_default().to_owned();
        match text(&part, "type").unwrap_or_default() {
            "text" if part.get("ignored") == Some(&Value::Bool(true)) => {}
            "text" => self.builder.say(words(&part)),
            "reasoning" => self.builder.think(words(&part)),
            "tool" => {
                let id = text(&part, "callID").or_else(|| text(&part, "id")).unwrap_or_default().to_owned();
                let tool = text(&part, "tool").unwrap_or_default().to_owned();
                let mut state = part.get_mut("state").map(Value::take).unwrap_or_default();
                let (result, status, reply) = decide::read(&tool, &state);
                self.stopped |= status == ActionStatus::Refused;
                let input = state.get_mut("input").map(Value::take).unwrap_or_default();
                self.at(milliseconds(&state, "start"));
                self.builder.act(id.clone(), tool, input);
                self.at(milliseconds(&state, "end"));
                self.builder.result(&id, result, status);
                self.builder.replied(&id, reply);
            }
            "retry" => {
                let said = part.pointer("/error/data/message").and_then(Value::as_str).unwrap_or("retry");
                self.builder.note(Note::ApiError(said.to_owned()));
            }
            "step-start" | "step-finish" | "snapshot" | "patch" | "file" | "agent" | "subtask" | "compaction" => {}
            other => self.builder.unknown(&format!("part {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{current, earliest};
    use super::*;

    /// JSON of the names that the readers look at, in any shape.
    fn value() -> impl Strategy<Value = Value> {
        let word =
            prop::sample::select(vec!["user", "tool", "error", "completed", "aborted", "interrupted", "result", ""]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            word.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 64, 8, |inner| {
            let lists = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
            prop_oneof![lists, object(inner)]
        })
    }

    fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
        let names = "type role text time created completed content state status input error message metadata structured \
            parts files model id name tokens cache output summary tool toolInvocation toolCallId assistant outcome";
        let names: Vec<_> = names.split_whitespace().collect();
        let fields = prop::collection::btree_map(prop::sample::select(names), values, 0..8);
        fields.prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    proptest! {
        #[test]
        fn no_shape_of_a_record_stops_the_reader(
            records in prop::collection::vec((0_usize..9, object(value())), 0..6),
        ) {
            let kinds = ["user", "assistant", "shell", "skill", "compaction", "idle", "synthetic", "brand-new"];
            let read = |(kind, record): (usize, Value)| match kinds.get(kind) {
                Some(kind) => current::message(record, kind, None),
                None => earliest::message(record),
            };
            let messages: Vec<_> = records.into_iter().map(read).collect();
            let given: usize = messages.iter().map(|(_, parts)| parts.len()).sum();
            let session = assemble(Thread { messages, ..Thread::default() }, "file".to_owned(), false, &[0; 32]);
            prop_assert!(session.actions().count() <= given);
        }
    }
}
