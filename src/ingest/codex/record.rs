//! One line of a rollout, read leniently: every field may be absent or of an unexpected shape.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

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
    fn identity(&self) -> blake3::Hash {
        let mut line = format!("{}\n{}", self.timestamp().unwrap_or_default(), self.kind()).into_bytes();
        // Writing a JSON value to memory cannot fail.
        let _ = serde_json::to_writer(&mut line, &self.payload);
        blake3::hash(&line)
    }
}

/// The records that were kept so far, to tell copies of them.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Position of the first record of a kind and time, until there is a second: most are alone, and never looked at whole.
    alone: HashMap<String, Option<usize>>,
    together: HashSet<blake3::Hash>,
}

impl Kept {
    /// Whether `record` is none of the records that were `kept`; it is then to be put at their end.
    pub fn is_new(&mut self, record: &Record, kept: &[Record]) -> bool {
        let written = record.timestamp().unwrap_or_default();
        match self.alone.entry(format!("{written} {} {}", record.kind(), record.payload_type())) {
            Entry::Vacant(entry) => {
                entry.insert(Some(kept.len()));
                true
            }
            Entry::Occupied(mut entry) => {
                if let Some(first) = entry.get_mut().take().and_then(|at| kept.get(at)) {
                    self.together.insert(first.identity());
                }
                self.together.insert(record.identity())
            }
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_kept_once_however_many_were_written_at_its_time() {
        let record = |text: &str| -> Record {
            serde_json::from_value(
                json!({"timestamp": "t", "type": "event_msg", "payload": {"type": "a", "text": text}}),
            )
            .unwrap()
        };
        let (mut seen, mut kept) = (Kept::default(), Vec::new());
        for text in ["1", "2", "1", "2", "3", "1"] {
            let record = record(text);
            if seen.is_new(&record, &kept) {
                kept.push(record);
            }
        }
        let texts: Vec<_> = kept.iter().map(|record| record.text("text").unwrap()).collect();
        assert_eq!(texts, ["1", "2", "3"]);
    }
}
