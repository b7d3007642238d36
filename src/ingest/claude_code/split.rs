//! `/clear` in the middle of a file: what follows is another session (sessions.md 1.4).

use super::prompts::{Class, classify_all};
use super::queue::queued_command;
use super::record::Record;

/// Positions of the records at which another session begins: a `/clear` with a human prompt before it, since the last such
/// one, and one after it. A `/clear` before any prompt, or after the last, splits nothing.
pub(super) fn starts(records: &[Record]) -> Vec<usize> {
    let cleared: Vec<usize> =
        (0..records.len()).filter(|at| records[*at].is_clear() && !records[*at].is_sidechain()).collect();
    if cleared.is_empty() {
        return cleared;
    }
    let classes = classify_all(records);
    let is_prompt = |at: &usize| match &classes[*at] {
        Some(class) => matches!(class, Class::Prompt(..)) && !records[*at].is_sidechain(),
        None => queued_command(&records[*at].attachment).is_some(),
    };
    let prompts: Vec<usize> = (0..records.len()).filter(is_prompt).collect();
    let mut starts: Vec<usize> = Vec::new();
    for at in cleared {
        let before = starts.last().copied().unwrap_or_default()..at;
        if prompts.iter().any(|prompt| before.contains(prompt)) && prompts.last() > Some(&at) {
            starts.push(at);
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_clear_between_two_conversations_splits() {
        let clear = "<command-name>/clear</command-name>\n<command-message>clear</command-message>";
        let positions = |texts: &[&str]| {
            let record = |text: &&str| json!({"type": "user", "message": {"content": text}});
            starts(&texts.iter().map(|text| serde_json::from_value(record(text)).unwrap()).collect::<Vec<Record>>())
        };
        assert_eq!(positions(&[clear, "a", clear]), Vec::<usize>::new());
        assert_eq!(
            positions(&["a", clear, clear, "b", "about <command-name>/clear</command-name>", clear, "c"]),
            [1, 5]
        );
    }
}
