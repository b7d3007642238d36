//! Prompts typed while the agent worked, which may stand nowhere but in the queue's own records (sessions.md 1.4).

use super::message::Attachment;
use super::prompts::strip_injected;
use super::record::Record;

/// What waits to be delivered: text, and whether a person typed it.
#[derive(Debug)]
struct Entry {
    text: String,
    human: bool,
}

/// The queue of one session, replayed.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Vec<Entry>,
    /// Entries taken out to become user records that have not come yet.
    due: usize,
}

impl Queue {
    /// Replays one queue operation; the text of a prompt that was delivered in the middle of a turn comes back.
    pub fn apply(&mut self, record: &Record) -> Option<String> {
        let content = record.content.as_str();
        match record.operation()? {
            "enqueue" => self.waiting.push(entry(content.unwrap_or_default())),
            "dequeue" => self.due += 1,
            "popAll" => self.take_back(content),
            "remove" => return self.remove(content),
            _ => {}
        }
        None
    }

    /// A user record came: the entry that it delivers is no longer waiting.
    pub fn delivered(&mut self, text: &str, human: bool) {
        if self.due == 0 {
            return;
        }
        self.due -= 1;
        let same = self.waiting.iter().position(|entry| !entry.text.is_empty() && text.contains(&entry.text));
        if let Some(at) = same.or_else(|| self.waiting.iter().position(|entry| entry.human == human)) {
            self.waiting.remove(at);
        }
    }

    /// Pulled back into the editor: not sent.
    fn take_back(&mut self, content: Option<&str>) {
        match content.and_then(|content| self.waiting.iter().position(|entry| entry.text == content.trim())) {
            Some(at) => drop(self.waiting.remove(at)),
            None => self.waiting.retain(|entry| !entry.human),
        }
    }

    /// Delivered mid-turn. Where the record does not say which, the person's oldest goes before the program's.
    fn remove(&mut self, content: Option<&str>) -> Option<String> {
        let named = content.and_then(|content| self.waiting.iter().position(|entry| entry.text == content.trim()));
        let at = named
            .or_else(|| self.waiting.iter().position(|entry| entry.human))
            .or((!self.waiting.is_empty()).then_some(0))?;
        let entry = self.waiting.remove(at);
        let text = strip_injected(&entry.text);
        (entry.human && !text.is_empty()).then_some(text)
    }
}

fn entry(content: &str) -> Entry {
    let text = content.trim();
    let machine = text.starts_with("{\"task_id\"") || (!text.is_empty() && strip_injected(text).is_empty());
    Entry { text: text.to_owned(), human: !machine }
}

/// The prompt in an attachment of a queued command, where a person sent it.
pub(super) fn queued_command(attachment: &Attachment) -> Option<String> {
    let ours = attachment.kind.as_str() == Some("queued_command")
        && attachment.origin.kind.as_str().is_none_or(|origin| origin == "human")
        && attachment.mode.as_str().is_none_or(|mode| mode == "prompt")
        && !attachment.is_meta.0;
    let text = ours.then(|| strip_injected(&attachment.prompt.prompt_text()));
    text.filter(|text| !text.is_empty())
}

/// Whether `text` stands in `other` as whole words.
pub(super) fn stands_in(text: &str, other: &str) -> bool {
    other.match_indices(text).any(|(at, _)| {
        let before = other[..at].chars().next_back();
        let after = other[at + text.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replay(queue: &mut Queue, operation: &str, content: Option<&str>) -> Option<String> {
        let record = json!({"type": "queue-operation", "operation": operation, "content": content});
        queue.apply(&serde_json::from_value(record).unwrap())
    }

    #[test]
    fn only_what_was_removed_was_delivered_mid_turn() {
        let mut queue = Queue::default();
        replay(&mut queue, "enqueue", Some("one"));
        replay(&mut queue, "enqueue", Some("two"));
        replay(&mut queue, "dequeue", None);
        queue.delivered("one", true);
        assert_eq!(replay(&mut queue, "remove", None).as_deref(), Some("two"));
        assert_eq!(replay(&mut queue, "remove", None), None);
    }

    #[test]
    fn the_programs_own_entries_are_not_prompts() {
        let mut queue = Queue::default();
        replay(&mut queue, "enqueue", Some(r#"{"task_id":"b1"}"#));
        replay(&mut queue, "enqueue", Some("<task-notification>x</task-notification>"));
        replay(&mut queue, "enqueue", Some("and this"));
        assert_eq!(replay(&mut queue, "remove", None).as_deref(), Some("and this"));
        assert_eq!(replay(&mut queue, "remove", None), None);
    }

    #[test]
    fn what_went_back_into_the_editor_was_not_sent() {
        let mut queue = Queue::default();
        replay(&mut queue, "enqueue", Some("hal"));
        replay(&mut queue, "popAll", Some("hal"));
        assert_eq!(replay(&mut queue, "remove", None), None);
    }

    #[test]
    fn attachments_carry_prompts_of_people_only() {
        let human = json!({"type": "queued_command", "prompt": "also this", "commandMode": "prompt"});
        let queued_command = |attachment| queued_command(&serde_json::from_value(attachment).unwrap());
        assert_eq!(queued_command(human).as_deref(), Some("also this"));
        for other in [
            json!({"type": "queued_command", "prompt": "<task-notification>x</task-notification>"}),
            json!({"type": "queued_command", "prompt": "x", "commandMode": "task-notification"}),
            json!({"type": "queued_command", "prompt": "x", "origin": {"kind": "peer"}}),
            json!({"type": "file", "prompt": "x"}),
        ] {
            assert_eq!(queued_command(other), None);
        }
    }

    #[test]
    fn words_are_found_whole() {
        assert!(stands_in("do it", "please do it (now)"));
        assert!(!stands_in("ok", "look"));
    }
}
