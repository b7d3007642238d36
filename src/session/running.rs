//! Commands that go on after their call, and end in a later call that waits for them (Codex).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::model::Action;

/// The line above the output that says under which number a command goes on.
static GOES_ON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\A(?:[^\n]*\n){0,4}?(?:Process running with session|Script running with cell) ID (\w+)").ok()
});

/// The commands that go on, by number, with their output so far.
#[derive(Debug, Default)]
pub(super) struct Running(HashMap<String, Action>);

impl Running {
    /// The action that ended with `action`: itself, or the one it waited for with the output of both; none while that goes on.
    pub fn ended<'a>(&mut self, action: &'a Action) -> Option<Cow<'a, Action>> {
        let waited_for = ["session_id", "cell_id"].iter().find_map(|key| match action.input.get(key)? {
            Value::String(number) => Some(number.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let whole = match waited_for.and_then(|number| self.0.remove(&number)) {
            Some(mut started) => {
                started.result = format!("{}\n{}", started.result, action.result);
                started.status = action.status;
                Cow::Owned(started)
            }
            None => Cow::Borrowed(action),
        };
        let number = GOES_ON.as_ref().and_then(|pattern| pattern.captures(&action.result));
        if let Some(number) = number.and_then(|found| found.get(1)) {
            self.0.insert(number.as_str().to_owned(), whole.into_owned());
            return None;
        }
        Some(whole)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::ActionStatus;

    fn action(input: Value, result: &str, status: ActionStatus) -> Action {
        Action { result: result.to_owned(), status, ..Action::new("1".to_owned(), "x".to_owned(), input) }
    }

    #[test]
    fn a_command_is_followed_to_its_end() {
        let mut running = Running::default();
        let goes_on = "Chunk ID: 1\nWall time: 1 seconds\nProcess running with session ID 7\nOutput:\na";
        let start = action(json!({"cmd": "cargo test"}), goes_on, ActionStatus::Done);
        assert_eq!(running.ended(&start), None);
        let other = action(json!({"cmd": "ls"}), "b", ActionStatus::Done);
        assert_eq!(running.ended(&other), Some(Cow::Borrowed(&other)));
        let wait = action(json!({"session_id": 7, "chars": ""}), goes_on, ActionStatus::Done);
        assert_eq!(running.ended(&wait), None);
        let end = action(json!({"session_id": 7, "chars": ""}), "Process exited with code 1", ActionStatus::Error);
        let whole = running.ended(&end).unwrap();
        assert_eq!((whole.command().as_deref(), whole.status), (Some("cargo test"), ActionStatus::Error));
        assert!(whole.result.ends_with("Process exited with code 1") && whole.result.starts_with("Chunk ID"));
        assert_eq!(running.ended(&end), Some(Cow::Borrowed(&end)), "a wait for nothing known is itself");
    }
}
