//! What OpenCode keeps: sessions, their messages, and the parts of those, whichever way they are stored.

use serde_json::Value;

/// One session with its messages in order, each with its parts in order.
#[derive(Debug, Default)]
pub(super) struct Thread {
    /// The session: `id`, `parentID`, `directory`, `version`, `time.created` (ms since 1970), `revert`.
    pub info: Value,
    /// Messages, each with its parts.
    pub messages: Vec<(Value, Vec<Value>)>,
    /// Records that are not valid JSON.
    pub damaged: u64,
    /// Records left out because another table holds them too.
    pub copies: u64,
    /// Prompts that were never delivered.
    pub waiting: u64,
}

impl Thread {
    /// The working directory: of the session, or where that does not tell it, of its first answer.
    pub fn directory(&self) -> Option<&str> {
        let place = || self.info.pointer("/location/directory")?.as_str();
        let of_answer = || self.messages.iter().find_map(|(message, _)| message.pointer("/path/cwd")?.as_str());
        text(&self.info, "directory").or_else(place).or_else(of_answer)
    }
}

/// What a JSON file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A session without its messages.
    Session,
    /// A message; before 2025-07 with its parts.
    Message,
    /// A part of a message.
    Part,
    /// A session with all its messages, as `opencode export` prints it.
    Export,
}

/// A text field that is not empty.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A time of a message, `created` or `completed` (ms since 1970).
pub(super) fn time(message: &Value, key: &str) -> Option<i64> {
    message.get("time")?.get(key)?.as_i64()
}

/// The values of a list, taken out of an object.
pub(super) fn list(object: &mut Value, name: &str) -> Vec<Value> {
    match object.get_mut(name).map(Value::take) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}

/// The session that a message or a part says it belongs to.
pub(super) fn session_of(value: &Value) -> Option<&str> {
    text(value, "sessionID").or_else(|| text(value.get("metadata")?, "sessionID"))
}

/// The kind of a JSON document, by the prefixes of its identifiers.
pub(super) fn kind(value: &Value) -> Option<Kind> {
    let id = |value: &Value, prefix: &str| text(value, "id").is_some_and(|id| id.starts_with(prefix));
    let of_session = session_of(value).is_some_and(|id| id.starts_with("ses"));
    // The first versions kept no folder.
    let placed = || text(value, "directory").is_some();
    let dated = || text(value, "version").is_some() && value.pointer("/time/created").is_some_and(Value::is_i64);
    if value.get("info").is_some_and(|info| id(info, "ses")) && value.get("messages").is_some_and(Value::is_array) {
        Some(Kind::Export)
    } else if id(value, "prt") && of_session && text(value, "messageID").is_some() {
        Some(Kind::Part)
    } else if id(value, "msg") && of_session && text(value, "role").is_some() {
        Some(Kind::Message)
    } else if id(value, "ses") && (placed() || dated()) {
        Some(Kind::Session)
    } else {
        None
    }
}

/// What files of one session have in common; none if only another format has such a document.
pub(in crate::ingest) fn links(value: &Value) -> Option<Vec<String>> {
    let ids = match kind(value)? {
        Kind::Session => vec![text(value, "id"), text(value, "parentID")],
        Kind::Export => vec![text(&value["info"], "id"), text(&value["info"], "parentID")],
        Kind::Message | Kind::Part => vec![session_of(value)],
    };
    Some(ids.into_iter().flatten().map(link).collect())
}

/// How files of session `id` are linked.
pub(super) fn link(id: &str) -> String {
    format!("opencode {id}")
}

/// Whether the first lines of a file may begin a document that [`links`] knows, written over many lines.
pub(in crate::ingest) fn may_begin(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let known = |prefix: &str| head.contains(&format!("\"id\": \"{prefix}_"));
    head.trim_start().starts_with('{') && (known("ses") || known("msg") || known("prt"))
}

/// The session that a document which is not valid JSON names before the damage.
pub(in crate::ingest) fn links_of_damaged(head: &[u8]) -> Vec<String> {
    let head = String::from_utf8_lossy(head);
    let id = head.split_once("\"sessionID\": \"").and_then(|(_, rest)| rest.split_once('"'));
    id.map(|(id, _)| link(id)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_told_by_their_identifiers() {
        let session = json!({"id": "ses_1", "directory": "/w", "parentID": "ses_0"});
        assert_eq!(kind(&session), Some(Kind::Session));
        assert_eq!(links(&session).unwrap(), ["opencode ses_1", "opencode ses_0"]);
        assert_eq!(kind(&json!({"id": "msg_1", "sessionID": "ses_1", "role": "user"})), Some(Kind::Message));
        let first = json!({"id": "msg_1", "role": "user", "parts": [], "metadata": {"sessionID": "ses_1"}});
        assert_eq!((kind(&first), links(&first).unwrap()), (Some(Kind::Message), vec!["opencode ses_1".to_owned()]));
        let first = json!({"id": "ses_1", "title": "Weaving", "version": "0.1.100", "time": {"created": 1}});
        assert_eq!(kind(&first), Some(Kind::Session));
        assert_eq!(kind(&json!({"id": "prt_1", "sessionID": "ses_1", "messageID": "msg_1"})), Some(Kind::Part));
        assert_eq!(kind(&json!({"info": session, "messages": []})), Some(Kind::Export));
        assert_eq!(kind(&json!({"id": "ses_1", "title": "somebody else's"})), None);
        assert_eq!(links_of_damaged(b"{\n  \"sessionID\": \"ses_1\",\n  \"te"), ["opencode ses_1"]);
    }
}
