//! One line of a rollout, read leniently: every field may be absent or of an unexpected shape.

use serde::Deserialize;
use serde_json::Value;

use crate::ingest::lenient::Text;

/// `{timestamp, type, payload}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::ingest) struct Record {
    timestamp: Text,
    #[serde(rename = "type")]
    kind: Text,
    /// What the line holds.
    pub payload: Value,
}

impl Record {
    /// RFC 3339 time of writing; a replayed line carries the time of the replay.
    pub fn timestamp(&self) -> Option<&str> {
        self.timestamp.as_str()
    }

    /// `session_meta`, `response_item`, `event_msg`, ...
    pub fn kind(&self) -> &str {
        self.kind.as_str().unwrap_or_default()
    }

    /// The type of the payload of response items and events.
    pub fn payload_type(&self) -> &str {
        self.text("type").unwrap_or_default()
    }

    /// A text field of the payload.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.payload.get(key).and_then(Value::as_str)
    }

    /// Whether it is an event of this type.
    pub fn is_event(&self, name: &str) -> bool {
        self.kind() == "event_msg" && self.payload_type() == name
    }

    /// Whether it is a message of this role among the response items.
    pub fn is_message(&self, role: &str) -> bool {
        self.kind() == "response_item" && self.payload_type() == "message" && self.text("role") == Some(role)
    }

    /// Marks a token count as the last of a replay, from which the thread's own counts go on.
    pub fn mark_as_baseline(&mut self) {
        self.payload["type"] = Value::from("token_baseline");
    }

    /// What tells this line from others: when it was written, and all that it says.
    pub fn identity(&self) -> blake3::Hash {
        let mut line = format!("{}\n{}", self.timestamp().unwrap_or_default(), self.kind()).into_bytes();
        // Writing a JSON value to memory cannot fail.
        let _ = serde_json::to_writer(&mut line, &self.payload);
        blake3::hash(&line)
    }
}

/// The thread that started this one, where the payload of a `session_meta` names it: one field since 2026, a deeper one before.
pub(super) fn parent(meta: &Value) -> Option<&str> {
    let spawned = meta.pointer("/source/subagent/thread_spawn/parent_thread_id").and_then(Value::as_str);
    spawned.or_else(|| meta.get("parent_thread_id").and_then(Value::as_str))
}

/// Whether the payload of a `session_meta` is that of a subagent.
pub(super) fn is_subagent(meta: &Value) -> bool {
    meta.pointer("/source/subagent").is_some() || meta.get("thread_source").and_then(Value::as_str) == Some("subagent")
}

/// What files that belong together with the one holding `value` have in common with it; none if only another format has
/// such a record.
pub(in crate::ingest) fn links(value: &Value) -> Option<Vec<String>> {
    let meta = value.get("payload")?;
    if value.get("type")?.as_str()? != "session_meta" {
        return None;
    }
    let own = meta.get("id").and_then(Value::as_str);
    let parent = if is_subagent(meta) { parent(meta) } else { None };
    Some([own, parent].into_iter().flatten().map(|id| format!("codex {id}")).collect())
}

/// All text of a content list, its parts one below the other, images marked as `[image]`.
pub(super) fn content_text(content: &Value) -> String {
    let part = |part: &Value| {
        let image = part.get("type").and_then(Value::as_str).is_some_and(|kind| kind.contains("image"));
        let text = part.get("text").and_then(Value::as_str).or_else(|| part.as_str());
        text.map(ToOwned::to_owned).or_else(|| image.then(|| "[image]".to_owned()))
    };
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(part).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}
