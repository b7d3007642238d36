//! Prompts typed while the agent worked, which may stand nowhere but in the queue's own records (sessions.md 1.4).

use std::ops::Range;

use jiff::Timestamp;

use super::message::Attachment;
use super::prompts::strip_injected;
use super::record::Record;

/// What waits to be delivered: text, whether a person typed it, and when it was put in.
#[derive(Debug)]
struct Entry {
    text: String,
    human: bool,
    at: Option<Timestamp>,
}

/// A prompt that was delivered in the middle of a turn.
#[derive(Debug, PartialEq)]
pub(super) struct Delivered {
    /// Its text.
    pub text: String,
    /// When it was put into the queue, and when it was taken out.
    between: (Option<Timestamp>, Option<Timestamp>),
}

impl Delivered {
    /// Where it stands in `said`, if that is the record of it: its text fills whole lines there, and it was written not
    /// before the person typed it and not long after it was delivered. Equal words at another time are another prompt.
    fn place_in(&self, said: &Said) -> Option<Range<usize>> {
        let (since, until) = self.between;
        let too_early = said.at.zip(since).is_some_and(|(at, since)| at < since);
        let too_late = said.at.zip(until).is_some_and(|(at, until)| at.as_second() - until.as_second() > SOON);
        if too_early || too_late { None } else { whole_lines(&self.text, &said.text) }
    }
}

/// Seconds after which the record of a delivered prompt does not come any more.
const SOON: i64 = 60;

/// Text of a user record in which a queued prompt may also stand, and its time.
#[derive(Debug)]
pub(super) struct Said {
    text: String,
    at: Option<Timestamp>,
}

impl Said {
    /// What a record says.
    pub fn new(text: String, record: &Record) -> Self {
        Self { text, at: time(record) }
    }

    /// Takes `delivered` out of the record of it among `all`, where there is one; several prompts may stand in one record.
    pub fn take(all: &mut [Self], delivered: &Delivered) -> bool {
        let found = all.iter_mut().find_map(|said| delivered.place_in(said).map(|place| (said, place)));
        found.map(|(said, place)| said.text.replace_range(place, "")).is_some()
    }
}

fn time(record: &Record) -> Option<Timestamp> {
    record.timestamp()?.parse().ok()
}

/// The queue of one session, replayed.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Vec<Entry>,
    /// Entries taken out to become user records that have not come yet.
    due: usize,
}

impl Queue {
    /// Replays one queue operation; a prompt that was delivered in the middle of a turn comes back.
    pub fn apply(&mut self, record: &Record) -> Option<Delivered> {
        let content = record.content.as_str();
        match record.operation()? {
            "enqueue" => self.waiting.push(entry(content.unwrap_or_default(), time(record))),
            "dequeue" => self.due += 1,
            "popAll" => self.take_back(content),
            "remove" => return self.remove(content, time(record)),
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
    fn remove(&mut self, content: Option<&str>, at: Option<Timestamp>) -> Option<Delivered> {
        let named = content.and_then(|content| self.waiting.iter().position(|entry| entry.text == content.trim()));
        let place = named
            .or_else(|| self.waiting.iter().position(|entry| entry.human))
            .or((!self.waiting.is_empty()).then_some(0))?;
        let entry = self.waiting.remove(place);
        let text = strip_injected(&entry.text);
        (entry.human && !text.is_empty()).then_some(Delivered { text, between: (entry.at, at) })
    }
}

fn entry(content: &str, at: Option<Timestamp>) -> Entry {
    let text = content.trim();
    let machine = text.starts_with("{\"task_id\"") || (!text.is_empty() && strip_injected(text).is_empty());
    Entry { text: text.to_owned(), human: !machine, at }
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

/// Where `text` stands in `other` as whole lines.
fn whole_lines(text: &str, other: &str) -> Option<Range<usize>> {
    let mut places = other.match_indices(text).map(|(at, _)| at..at + text.len());
    places.find(|place| {
        let (before, after) = (&other[..place.start], &other[place.end..]);
        (before.is_empty() || before.ends_with('\n')) && (after.is_empty() || after.starts_with('\n'))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn replay(queue: &mut Queue, operation: &str, content: Option<&str>) -> Option<String> {
        let record = json!({"type": "queue-operation", "operation": operation, "content": content});
        queue.apply(&serde_json::from_value(record).unwrap()).map(|delivered| delivered.text)
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
    fn a_record_of_a_delivered_prompt_has_its_lines_and_comes_at_its_time() {
        let record = |at: &str| -> Record { serde_json::from_value(json!({"type": "user", "timestamp": at})).unwrap() };
        let time = |second: u32| format!("2026-03-01T10:{:02}:{:02}Z", second / 60, second % 60);
        let between = (time(10).parse().ok(), time(20).parse().ok());
        let said = |text: &str, at: &str| {
            let delivered = Delivered { text: "yes".to_owned(), between };
            Said::take(&mut [Said::new(text.to_owned(), &record(at))], &delivered)
        };
        assert!(said("yes", &time(20)) && said("first\nyes\nlast", &time(10)) && said("yes", &time(80)));
        assert!(said("yes", ""), "a record without a time may be the one");
        assert!(!said("yes and more", &time(20)) && !said("oh yes", &time(20)), "other words");
        assert!(!said("yes", &time(9)) && !said("yes", &time(81)), "said at another time");
    }

    #[test]
    fn words_of_a_record_stand_for_one_delivered_prompt() {
        let record = serde_json::from_value(json!({"type": "user"})).unwrap();
        let mut all = vec![Said::new("yes".to_owned(), &record), Said::new("go on\nand push".to_owned(), &record)];
        let mut take = |text: &str| {
            let delivered = Delivered { text: text.to_owned(), between: (None, None) };
            Said::take(&mut all, &delivered)
        };
        assert!(take("yes") && !take("yes"));
        assert!(take("and push") && take("go on") && !take("go on"), "two prompts in one record");
    }
}
