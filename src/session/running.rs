//! Commands that go on after their call, and end in a later call that waits for them or reads their output (Codex, Claude
//! Code, Copilot CLI).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::model::{Action, ActionStatus};

/// What the result of a command says that goes on, and under which number.
static GOES_ON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:Process running with session|Script running with cell) ID (\w+)",
        r"|(?:running in (?:the )?background|backgrounded by user) with ID: ?(\w+)|moved to (?:the )?background \(ID: (\w+)\)",
        r"|<command with shellId: (\w+) is still running|<command started [^>\n]* with shellId: (\w+)",
    ))
    .ok()
});

/// The file into which Claude Code writes the output of a command that goes on.
static OUTPUT_FILE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[/\\]tasks[/\\](\w+)\.output\b").ok());

/// How a command ended, in the words of its result: Claude Code, Copilot CLI, Gemini CLI.
static EXIT_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)<exit_code>(\d+)</exit_code>|(?:completed|exited) with exit code (\d+)>\s*$|^Exit Code: (\d+)\s*$")
        .ok()
});

/// How much of the beginning and of the end of a result is looked at: the program's own words stand there.
const EDGE: usize = 1_000;

/// A command and how it ended.
#[derive(Debug, PartialEq)]
pub(super) struct Ended<'s> {
    /// The action that began it.
    pub action: &'s Action,
    /// Its output, of all calls.
    pub output: Cow<'s, str>,
    /// How it ended.
    pub status: ActionStatus,
    /// Whether `status` is that of the command and not just that of the call.
    pub certain: bool,
    /// Under which number it may still go on, where nothing says that it has ended.
    pub number: Option<String>,
}

/// The commands that go on, by number.
#[derive(Debug, Default)]
pub(super) struct Running<'s>(HashMap<String, Begun<'s>>);

#[derive(Debug, Clone)]
struct Begun<'s> {
    action: &'s Action,
    outputs: Vec<&'s str>,
}

/// How a call asks about a command that goes on.
enum Wait {
    /// For what was printed since the last call.
    More(String),
    /// For everything printed so far.
    Whole(String),
    /// By reading its file.
    File(String),
}

impl<'s> Running<'s> {
    /// What ended with `action`: itself, or the command it waited for with the output of all calls; none while that goes on.
    pub fn ended(&mut self, action: &'s Action) -> Option<Ended<'s>> {
        let (wait, begun) = match waited_for(action) {
            Some(wait) => {
                let (Wait::More(number) | Wait::Whole(number) | Wait::File(number)) = &wait;
                let begun = self.0.remove(number);
                (Some(wait), begun)
            }
            None => (None, None),
        };
        let Some(mut begun) = begun else {
            if !runs_something(action) {
                return None;
            }
            if let Some(number) = goes_on(&action.result) {
                self.0.insert(number.to_owned(), Begun { action, outputs: vec![&action.result] });
                return None;
            }
            let (status, certain) = status(action);
            return Some(Ended { action, output: Cow::Borrowed(&action.result), status, certain, number: None });
        };
        let number = match wait {
            Some(Wait::More(number)) => {
                begun.outputs.push(&action.result);
                number
            }
            Some(Wait::Whole(number) | Wait::File(number)) => {
                begun.outputs = vec![&action.result];
                number
            }
            None => return None,
        };
        let more = ["session_id", "cell_id"].iter().any(|key| action.input.get(key).is_some());
        let running = window(&action.result, true).contains("<status>running</status>");
        if running || goes_on(&action.result).is_some() {
            self.0.insert(number, begun);
            return None;
        }
        let (status, certain) = status(action);
        let output = match begun.outputs.as_slice() {
            [one] => Cow::Borrowed(*one),
            several => Cow::Owned(several.join("\n")),
        };
        // Whoever reads a file learns nothing about the end of the command that writes it.
        let own = more && certain && !begun.action.input.is_string();
        let told = own || exit_code(&action.result).is_some();
        Some(Ended { action: begun.action, output, status, certain: told, number: (!told).then_some(number) })
    }

    /// Goes on waiting for a command that nothing was learned about.
    pub fn keep(&mut self, ended: &Ended<'s>) {
        if let Some(number) = &ended.number {
            self.0.insert(number.clone(), Begun { action: ended.action, outputs: Vec::new() });
        }
    }
}

/// Whether the input of `action` may hold a command.
fn runs_something(action: &Action) -> bool {
    action.input.is_string() || ["command", "cmd"].iter().any(|key| action.input.get(key).is_some())
}

fn waited_for(action: &Action) -> Option<Wait> {
    let named = |keys: &[&str]| {
        keys.iter().find_map(|key| match action.input.get(key)? {
            Value::String(number) => Some(number.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let text = |key: &str| action.input.get(key).and_then(Value::as_str);
    let Some(read) = text("file_path").or_else(|| text("command")) else {
        return named(&["session_id", "cell_id", "bash_id", "shellId"])
            .map(Wait::More)
            .or_else(|| named(&["task_id"]).map(Wait::Whole));
    };
    let file = OUTPUT_FILE.as_ref().filter(|_| read.contains(".output")).and_then(|pattern| pattern.captures(read))?;
    Some(Wait::File(file[1].to_owned()))
}

/// The number under which a command goes on, where its result says so.
fn goes_on(result: &str) -> Option<&str> {
    let find = |part| GOES_ON.as_ref()?.captures(part)?.iter().skip(1).flatten().next().map(|number| number.as_str());
    // What the command itself printed may say the same words anywhere else.
    find(window(result, true)).or_else(|| if result.len() > EDGE { find(window(result, false)) } else { None })
}

fn status(action: &Action) -> (ActionStatus, bool) {
    match exit_code(&action.result) {
        Some(0) => (ActionStatus::Done, true),
        Some(_) => (ActionStatus::Error, true),
        // A script ends well whatever became of the commands it ran.
        None => (action.status, !action.input.is_string()),
    }
}

fn exit_code(result: &str) -> Option<u64> {
    let find = |part| EXIT_CODE.as_ref()?.captures(part)?.iter().skip(1).flatten().next()?.as_str().parse().ok();
    find(window(result, false)).or_else(|| if result.len() > EDGE { find(window(result, true)) } else { None })
}

/// The first or last part of `text`.
fn window(text: &str, first: bool) -> &str {
    if text.len() <= EDGE {
        return text;
    }
    let boundary = |near: &usize| text.is_char_boundary(*near);
    if first {
        &text[..(0..=EDGE).rev().find(boundary).unwrap_or(0)]
    } else {
        &text[(text.len() - EDGE..=text.len()).find(boundary).unwrap_or(0)..]
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn action(input: Value, result: &str, status: ActionStatus) -> Action {
        Action { result: result.to_owned(), status, ..Action::new("1".to_owned(), "x".to_owned(), input) }
    }

    #[test]
    fn every_pattern_compiles() {
        assert!([&GOES_ON, &OUTPUT_FILE, &EXIT_CODE].iter().all(|pattern| pattern.is_some()));
    }

    #[test]
    fn a_command_is_followed_to_its_end() {
        let mut running = Running::default();
        let goes_on = "Chunk ID: 1\nWall time: 1 seconds\nProcess running with session ID 7\nOutput:\na";
        let start = action(json!({"cmd": "cargo test"}), goes_on, ActionStatus::Done);
        assert_eq!(running.ended(&start), None);
        let other = action(json!({"cmd": "ls"}), "b", ActionStatus::Done);
        let ended = running.ended(&other).unwrap();
        assert_eq!((ended.action, ended.output.as_ref(), ended.certain), (&other, "b", true));
        let wait = action(json!({"session_id": 7, "chars": ""}), goes_on, ActionStatus::Done);
        assert_eq!(running.ended(&wait), None);
        let end = action(json!({"session_id": 7, "chars": ""}), "Process exited with code 1", ActionStatus::Error);
        let ended = running.ended(&end).unwrap();
        assert_eq!((ended.action, ended.status, ended.certain), (&start, ActionStatus::Error, true));
        assert!(ended.output.starts_with("Chunk ID") && ended.output.ends_with("Process exited with code 1"));
        assert_eq!(running.ended(&end), None, "a wait for nothing known runs nothing");
    }

    #[rstest]
    #[case("Command running in background with ID: b1. Output is being written to: /tmp/tasks/b1.output", Some("b1"))]
    #[case("Command was manually backgrounded by user with ID: b2. Output is being written to: x", Some("b2"))]
    #[case("The command was moved to the background (ID: b3). Output is being written to: x", Some("b3"))]
    #[case("<command with shellId: 22 is still running after 30 seconds.>", Some("22"))]
    #[case("Script running with cell ID 4\nWall time 1 seconds", Some("4"))]
    #[case("nothing", None)]
    fn commands_that_go_on(#[case] result: &str, #[case] number: Option<&str>) {
        assert_eq!(super::goes_on(result), number);
        let long = format!("{}\n{result}\n{}", "é".repeat(5_000), "é".repeat(5_000));
        assert_eq!(super::goes_on(&long), None, "in the middle of an output the words are not the program's");
    }

    #[rstest]
    #[case("out\n<shellId: 3 completed with exit code 2>", ActionStatus::Error)]
    #[case("Command: x\nExit Code: 0\nSignal: (none)", ActionStatus::Done)]
    #[case("<status>completed</status>\n<exit_code>1</exit_code>", ActionStatus::Error)]
    fn exit_codes_stand_in_the_result(#[case] result: &str, #[case] expected: ActionStatus) {
        assert_eq!(status(&action(json!({"command": "x"}), result, ActionStatus::Done)), (expected, true));
    }
}
