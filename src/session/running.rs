//! Commands that go on after their call, and end in a later call that waits for them or reads their output (Codex, Claude
//! Code, Copilot CLI).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::edit::field;
use super::model::{Action, ActionStatus};
use super::script;

/// What the result of a command says that goes on, and under which number.
static GOES_ON: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"Process running with session ID (\w+)|Script running with (cell) ID (\w+)",
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

/// What stands before the number of a script that goes on: commands have numbers of their own.
const CELL: &str = "cell ";

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
    /// Whether it was stopped by a key: then `status` says nothing about what it was to find out.
    pub interrupted: bool,
    /// Under which number it may still go on, where nothing says that it has ended.
    pub number: Option<String>,
}

/// The commands that go on, by number.
#[derive(Debug, Default)]
pub(super) struct Running<'s>(HashMap<String, Begun<'s>>);

#[derive(Debug, Clone)]
struct Begun<'s> {
    action: &'s Action,
    outputs: Vec<Cow<'s, str>>,
    interrupted: bool,
}

impl<'s> Begun<'s> {
    fn new(action: &'s Action, outputs: Vec<Cow<'s, str>>) -> Self {
        Self { action, outputs, interrupted: false }
    }

    fn output(mut self) -> Cow<'s, str> {
        match self.outputs.len() {
            1 => self.outputs.swap_remove(0),
            _ => Cow::Owned(self.outputs.join("\n")),
        }
    }
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
            let begun = Begun::new(action, vec![Cow::Borrowed(&action.result)]);
            if let Some(number) = goes_on(&action.result) {
                self.0.insert(number, begun);
                return None;
            }
            if let Value::String(script) = &action.input {
                return self.script(script, begun, action.status);
            }
            let (status, certain) = status(action);
            let output = Cow::Borrowed(action.result.as_str());
            return Some(Ended { action, output, status, certain, interrupted: false, number: None });
        };
        begun.interrupted |= field(&action.input, "chars").and_then(Value::as_str).is_some_and(script::interrupts);
        let number = match wait {
            Some(Wait::More(number)) => {
                begun.outputs.push(Cow::Borrowed(&action.result));
                number
            }
            Some(Wait::Whole(number) | Wait::File(number)) => {
                begun.outputs = vec![Cow::Borrowed(&action.result)];
                number
            }
            None => return None,
        };
        let more = ["session_id", "cell_id"].iter().any(|key| field(&action.input, key).is_some());
        let running = window(&action.result, true).contains("<status>running</status>");
        if running || goes_on(&action.result).is_some() {
            self.0.insert(number, begun);
            return None;
        }
        if let Value::String(script) = &begun.action.input
            && number.starts_with(CELL)
        {
            return self.script(script, begun, action.status);
        }
        let (status, certain) = status(action);
        // Whoever reads a file learns nothing about the end of the command that writes it.
        let own = more && certain && !begun.action.input.is_string();
        let told = own || exit_code(&action.result).is_some();
        let number = (!told).then_some(number);
        let (action, interrupted) = (begun.action, begun.interrupted);
        Some(Ended { action, output: begun.output(), status, certain: told, interrupted, number })
    }

    /// What ended with a script that ran to its end: itself, or the command of an earlier script that it waited for; none
    /// while a command goes on.
    fn script(&mut self, script: &str, itself: Begun<'s>, status: ActionStatus) -> Option<Ended<'s>> {
        let action = itself.action;
        let (text, exit_code, mut sessions) = match itself.output() {
            Cow::Borrowed(result) => {
                let printed = script::printed(script, result);
                (printed.text, printed.exit_code, printed.sessions)
            }
            Cow::Owned(result) => {
                let printed = script::printed(script, &result);
                (Cow::Owned(printed.text.into_owned()), printed.exit_code, printed.sessions)
            }
        };
        let calls = script::calls(script);
        let begins = calls.iter().any(|call| call.tool == script::COMMAND);
        let mut interrupts = false;
        for call in calls.iter().filter(|call| call.interrupts) {
            match call.session.as_ref().and_then(|session| self.0.get_mut(session)) {
                Some(begun) => begun.interrupted = true,
                None => interrupts = true,
            }
        }
        let waited: Vec<String> = calls.into_iter().filter_map(|call| call.session).collect();
        let number = if begins {
            // What an earlier command is waited for beside new ones stays its own.
            sessions.retain(|session| !waited.contains(session));
            None
        } else {
            waited.into_iter().find(|number| self.0.contains_key(number))
        };
        let known = number.as_ref().and_then(|number| self.0.remove(number));
        let mut begun = known.unwrap_or_else(|| Begun::new(action, Vec::new()));
        begun.outputs.push(text);
        begun.interrupted |= interrupts;
        // Of several commands that go on nobody knows which one an output belongs to.
        if let [session] = sessions.as_slice() {
            self.0.insert(session.clone(), begun);
            return None;
        }
        let commands = |script: &str| script.matches(script::COMMAND).count();
        let exit_code = exit_code.filter(|_| begun.action.input.as_str().is_none_or(|script| commands(script) == 1));
        let status = match exit_code {
            Some(0) => ActionStatus::Done,
            Some(_) => ActionStatus::Error,
            // A script ends well whatever became of the commands it ran.
            None => status,
        };
        let number = number.filter(|_| exit_code.is_none());
        let (action, certain, interrupted) = (begun.action, exit_code.is_some(), begun.interrupted);
        Some(Ended { action, output: begun.output(), status, certain, interrupted, number })
    }

    /// Goes on waiting for a command that nothing was learned about.
    pub fn keep(&mut self, ended: &Ended<'s>) {
        if let Some(number) = &ended.number {
            let begun = Begun { interrupted: ended.interrupted, ..Begun::new(ended.action, Vec::new()) };
            self.0.insert(number.clone(), begun);
        }
    }
}

/// Whether the input of `action` may hold a command.
fn runs_something(action: &Action) -> bool {
    action.input.is_string() || ["command", "cmd"].iter().any(|key| field(&action.input, key).is_some())
}

fn waited_for(action: &Action) -> Option<Wait> {
    let named = |keys: &[&str]| {
        keys.iter().find_map(|key| match field(&action.input, key)? {
            Value::String(number) => Some(number.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let text = |key: &str| field(&action.input, key).and_then(Value::as_str);
    let Some(read) = text("file_path").or_else(|| text("command")) else {
        return named(&["cell_id"])
            .map(|number| Wait::More(format!("{CELL}{number}")))
            .or_else(|| named(&["session_id", "bash_id", "shellId"]).map(Wait::More))
            .or_else(|| named(&["task_id"]).map(Wait::Whole));
    };
    let file = OUTPUT_FILE.as_ref().filter(|_| read.contains(".output")).and_then(|pattern| pattern.captures(read))?;
    Some(Wait::File(file[1].to_owned()))
}

/// The number under which a command goes on, where its result says so.
fn goes_on(result: &str) -> Option<String> {
    let find = |part| {
        let found = GOES_ON.as_ref()?.captures(part)?;
        let words: Vec<&str> = found.iter().skip(1).flatten().map(|word| word.as_str()).collect();
        Some(words.join(" "))
    };
    // What the command itself printed may say the same words anywhere else.
    find(window(result, true)).or_else(|| if result.len() > EDGE { find(window(result, false)) } else { None })
}

fn status(action: &Action) -> (ActionStatus, bool) {
    match exit_code(&action.result) {
        Some(0) => (ActionStatus::Done, true),
        Some(_) => (ActionStatus::Error, true),
        None => (action.status, true),
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

    fn script(script: &str, result: &str) -> Action {
        action(json!(script), result, ActionStatus::Done)
    }

    #[test]
    fn a_command_is_followed_through_scripts() {
        let mut running = Running::default();
        let start = script(
            "const r = await tools.exec_command({cmd:'cargo test'}); text(JSON.stringify(r))",
            "Script running with cell ID 7",
        );
        assert_eq!(running.ended(&start), None);
        let cell =
            |number: u64, result: &str| action(json!({"cell_id": number.to_string()}), result, ActionStatus::Done);
        let waits = cell(7, "Script completed\nOutput:\n\n{\"session_id\":7,\"output\":\"a\\n\"}");
        assert_eq!(running.ended(&waits), None, "the script ended, its command did not");
        let asks = script(
            "const r = await tools.write_stdin({session_id:7,chars:''}); text(JSON.stringify(r))",
            "Script running with cell ID 8",
        );
        assert_eq!(running.ended(&asks), None);
        let ends = cell(8, "Script completed\nOutput:\n\n{\"exit_code\":1,\"output\":\"test result: FAILED.\\r\\n\"}");
        let ended = running.ended(&ends).unwrap();
        assert_eq!((ended.action, ended.status, ended.certain), (&start, ActionStatus::Error, true));
        assert!(
            ended.output.contains("\na\n") && ended.output.contains("\ntest result: FAILED.\n"),
            "{}",
            ended.output
        );
        assert_eq!(running.ended(&cell(8, "x")), None);
    }

    #[test]
    fn a_command_that_a_key_stopped_is_known() {
        let mut running = Running::default();
        let begins = action(json!({"cmd": "x"}), "Process running with session ID 7", ActionStatus::Done);
        assert_eq!(running.ended(&begins), None);
        let stops =
            action(json!({"session_id": 7, "chars": "\u{3}"}), "Process exited with code 0", ActionStatus::Done);
        assert_eq!(running.ended(&stops).map(|ended| ended.interrupted), Some(true));
        let asks = |chars: &str, result: &str| {
            script(&format!("text(JSON.stringify(await tools.write_stdin({{session_id:7,chars:'{chars}'}})))"), result)
        };
        let (goes_on, ends) = (r#"{"session_id":7,"output":""}"#, r#"{"exit_code":0,"output":""}"#);
        let begins = script("text(JSON.stringify(await tools.exec_command({cmd:'x'})))", goes_on);
        let (waits, goes) = (asks("", ends), [(asks("y", goes_on), false), (asks("\\u0003", goes_on), true)]);
        for (writes, interrupted) in &goes {
            let mut running = Running::default();
            assert_eq!((running.ended(&begins), running.ended(writes)), (None, None));
            assert_eq!(running.ended(&waits).map(|ended| ended.interrupted), Some(*interrupted));
        }
    }

    #[test]
    fn a_script_that_waits_and_begins_keeps_the_two_apart() {
        let mut running = Running::default();
        let server =
            script("text(JSON.stringify(await tools.exec_command({cmd:'serve'})))", r#"{"session_id":7,"output":""}"#);
        assert_eq!(running.ended(&server), None);
        let both = "text(JSON.stringify([await tools.write_stdin({session_id:7}), await tools.exec_command({cmd:'cargo test'})]))";
        let both = script(both, r#"[{"session_id":7,"output":"up"},{"exit_code":0,"output":"test result: ok."}]"#);
        assert_eq!(running.ended(&both).map(|ended| ended.action), Some(&both));
        let stop = script(
            "text(JSON.stringify(await tools.write_stdin({session_id:7})))",
            r#"{"exit_code":0,"output":"down"}"#,
        );
        assert_eq!(running.ended(&stop).map(|ended| ended.action), Some(&server));
    }

    #[test]
    fn the_exit_code_of_a_script_is_that_of_its_only_command() {
        let record = "Output:\n{\"exit_code\":1,\"output\":\"\"}";
        let ended =
            |source: &str| Running::default().ended(&script(source, record)).map(|ended| (ended.status, ended.certain));
        let one = "text(JSON.stringify(await tools.exec_command({cmd:'a'})))";
        assert_eq!(ended(one), Some((ActionStatus::Error, true)));
        let two = "await tools.exec_command({cmd:'a'}); text(JSON.stringify(await tools.exec_command({cmd:'b'})))";
        assert_eq!(ended(two), Some((ActionStatus::Done, false)));
    }

    #[rstest]
    #[case("Command running in background with ID: b1. Output is being written to: /tmp/tasks/b1.output", Some("b1"))]
    #[case("Command was manually backgrounded by user with ID: b2. Output is being written to: x", Some("b2"))]
    #[case("The command was moved to the background (ID: b3). Output is being written to: x", Some("b3"))]
    #[case("<command with shellId: 22 is still running after 30 seconds.>", Some("22"))]
    #[case("Script running with cell ID 4\nWall time 1 seconds", Some("cell 4"))]
    #[case("nothing", None)]
    fn commands_that_go_on(#[case] result: &str, #[case] number: Option<&str>) {
        assert_eq!(super::goes_on(result).as_deref(), number);
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
