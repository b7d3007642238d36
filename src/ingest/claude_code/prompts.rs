//! Which user records are human prompts (sessions.md 1.4), and why the others are not.

use std::sync::LazyLock;

use regex::Regex;

use super::record::{Kind, Record};
use crate::session::PromptKind;

/// What a user record of the main chain is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ingest) enum Class {
    /// A human prompt, injected text stripped.
    Prompt(PromptKind, String),
    /// Results of tool calls, with what the person wrote while allowing one of them.
    ToolResult(Option<String>),
    /// The person stopped the agent.
    Interrupt,
    /// The model-written summary after a compaction.
    CompactSummary(String),
    /// A shell command of the person.
    Shell(String),
    /// Anything else, by reason.
    Excluded(String),
}

impl Class {
    /// Why the record is not counted as a prompt; none where it is one.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Prompt(..) => None,
            Self::ToolResult(None) => Some("tool-result"),
            Self::ToolResult(Some(_)) => Some("tool-feedback"),
            Self::Interrupt => Some("interrupt"),
            Self::CompactSummary(_) => Some("compact-summary"),
            Self::Shell(_) => Some("human-shell"),
            Self::Excluded(reason) => Some(reason),
        }
    }
}

/// Elements that the program puts into the user's text; what is left without them is a prompt (sessions.md 1.4).
const INJECTED: [&str; 11] = [
    "system-reminder",
    "local-command-stdout",
    "local-command-stderr",
    "local-command-caveat",
    "task-notification",
    "ide_opened_file",
    "ide_selection",
    "bash-stdout",
    "bash-stderr",
    "ci-monitor-event",
    "agent-message",
];

/// Further elements in which messages of other agents stand.
const PEER_MESSAGES: [&str; 2] = ["teammate-message", "cross-session-message"];

/// How the program leads to the messages of other agents, and what it says after them.
const PEER_FRAME: [&str; 2] = [
    r"Another Claude session sent a message(?: while you were working)?:",
    r"This came from another Claude session[^\n]*",
];

/// What the program says after a notification about a task.
const TASK_FRAME: &str = r"(?:Read the output file to retrieve the result|Full transcript available at):[^\n]*";

/// How a record begins in which a hook of the program speaks in the person's place.
const HOOKS: [&str; 2] = ["Operation stopped by hook:", "Stop hook feedback:"];

/// Commands that the program carries out itself, without a prompt to the model.
const LOCAL_COMMANDS: &[&str] = &[
    "add-dir",
    "agents",
    "allowed-tools",
    "bashes",
    "bug",
    "chrome",
    "clear",
    "compact",
    "config",
    "context",
    "copy",
    "cost",
    "doctor",
    "effort",
    "exit",
    "export",
    "extra-usage",
    "fast",
    "feedback",
    "help",
    "hooks",
    "ide",
    "install-github-app",
    "install-slack-app",
    "keybindings",
    "login",
    "logout",
    "mcp",
    "memory",
    "model",
    "output-style",
    "passes",
    "permissions",
    "plan",
    "plugin",
    "plugins",
    "privacy-settings",
    "quit",
    "rate-limit-options",
    "release-notes",
    "reload-plugins",
    "remote-control",
    "remote-env",
    "rename",
    "resume",
    "rewind",
    "sandbox",
    "skills",
    "stats",
    "status",
    "statusline",
    "stickers",
    "tasks",
    "teleport",
    "terminal-setup",
    "theme",
    "think-back",
    "todos",
    "upgrade",
    "usage",
    "vim",
];

static INJECTED_ELEMENT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("(?s){}", INJECTED.map(element).join("|"))).ok());

fn element(name: &str) -> String {
    format!(r"<{name}(?:\s[^>]*)?>.*?</{name}>")
}

static FRAMED_ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    // What the program says about an element goes with it, and nowhere else: a person may write the same words.
    let framed = |name: &str| {
        let element = element(name);
        match name {
            "task-notification" => format!(r"{element}(?:\s*{TASK_FRAME})?"),
            "agent-message" | "teammate-message" | "cross-session-message" => {
                format!(r"(?:{}\s*)?{element}(?:\s*{})?", PEER_FRAME[0], PEER_FRAME[1])
            }
            _ => element,
        }
    };
    let elements: Vec<String> = INJECTED.into_iter().chain(PEER_MESSAGES).map(framed).collect();
    Regex::new(&format!("(?s){}", elements.join("|"))).ok()
});

static ELEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = ["command-name", "command-message", "command-args", "bash-input"];
    Regex::new(&format!("(?s){}", names.map(|name| format!("<{name}>(.*?)</{name}>")).join("|"))).ok()
});

/// How a record begins that shows what a local command printed.
const LOCAL_OUTPUT: &str = "<local-command-stdout>";

/// The line that stands where the person stopped the agent.
const INTERRUPT: &str = "[Request interrupted by user";

/// Tells what a user record of the main chain is; `next` is the user record after it.
pub(super) fn classify(record: &Record, next: Option<&Record>) -> Class {
    let excluded = |reason: &str| Class::Excluded(reason.to_owned());
    if record.is_meta() {
        return excluded("meta");
    }
    if record.is_compact_summary() {
        return Class::CompactSummary(record.text());
    }
    if let Some(origin) = record.origin().filter(|origin| *origin != "human") {
        return Class::Excluded(format!("origin-{origin}"));
    }
    if record.prompt_source() == Some("system") {
        return excluded("system-source");
    }
    let text = record.text();
    if record.has_tool_result() {
        let feedback = strip_injected(&text.replace("[image]", ""));
        let said = !feedback.is_empty() && !feedback.starts_with(INTERRUPT);
        return Class::ToolResult(said.then_some(feedback));
    }
    classify_text(&text, record.has_plan(), || next.map(Record::text))
}

/// Tells what the text of a user is that carries no marks; `next` gives the text of the user record after it.
pub(in crate::ingest) fn classify_text(text: &str, has_plan: bool, next: impl FnOnce() -> Option<String>) -> Class {
    let excluded = |reason: &str| Class::Excluded(reason.to_owned());
    if text.trim_start().starts_with(INTERRUPT) && text.trim().lines().count() == 1 {
        return Class::Interrupt;
    }
    let stripped = strip_injected(text);
    if stripped.is_empty() {
        let rest = strip(&INJECTED_ELEMENT, text);
        return if rest.is_empty() {
            excluded(if text.trim().is_empty() { "no-text" } else { "injected-text" })
        } else {
            Class::Prompt(PromptKind::Relayed, rest)
        };
    }
    if HOOKS.iter().any(|start| stripped.starts_with(start)) {
        return Class::Prompt(PromptKind::Relayed, stripped);
    }
    if is_local_command_line(&stripped) {
        return excluded("local-command");
    }
    let answered_locally = || next().is_some_and(|next| next.trim_start().starts_with(LOCAL_OUTPUT));
    match command(&stripped) {
        Some(Command::Shell(line)) => Class::Shell(line),
        Some(Command::Slash(name, _)) if is_local(&name) || answered_locally() => excluded("local-command"),
        Some(Command::Slash(name, rest)) => {
            Class::Prompt(PromptKind::SlashCommand, format!("/{name} {rest}").trim().to_owned())
        }
        None if has_plan || stripped.starts_with("Implement the following plan:") => {
            Class::Prompt(PromptKind::PlanHandOff, stripped)
        }
        None => Class::Prompt(PromptKind::Typed, stripped),
    }
}

/// What each user record is; none for other records.
pub(super) fn classify_all(records: &[Record]) -> Vec<Option<Class>> {
    let mut classes: Vec<Option<Class>> = vec![None; records.len()];
    let mut next = None;
    for (at, record) in records.iter().enumerate().rev().filter(|(_, record)| record.kind() == Kind::User) {
        classes[at] = Some(classify(record, next));
        next = Some(record);
    }
    classes
}

fn is_local(name: &str) -> bool {
    LOCAL_COMMANDS.binary_search(&name).is_ok()
}

/// Whether a text is nothing but a command as it was typed, which the program writes before it carries it out.
fn is_local_command_line(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(|name| is_local(name) || name.starts_with("compact "))
}

/// The text without what the program put into it, and without what it says about that.
pub(super) fn strip_injected(text: &str) -> String {
    strip(&FRAMED_ELEMENT, text)
}

fn strip(elements: &LazyLock<Option<Regex>>, text: &str) -> String {
    match elements.as_ref() {
        Some(pattern) if text.contains('<') => pattern.replace_all(text, "").trim().to_owned(),
        _ => text.trim().to_owned(),
    }
}

enum Command {
    Slash(String, String),
    Shell(String),
}

/// The command that a text is, where it begins with the elements that a command is written in.
fn command(text: &str) -> Option<Command> {
    if !text.starts_with("<command-") && !text.starts_with("<bash-input>") {
        return None;
    }
    let pattern = ELEMENT.as_ref()?;
    let (mut name, mut arguments, mut shell) = (None, String::new(), None);
    for found in pattern.captures_iter(text) {
        let group = |at: usize| found.get(at).map(|part| part.as_str().trim());
        name = name.or_else(|| group(1));
        if let Some(given) = group(3) {
            given.clone_into(&mut arguments);
        }
        shell = shell.or_else(|| group(4));
    }
    if let Some(name) = name {
        let outside = pattern.replace_all(text, "");
        let rest = format!("{arguments}\n{}", outside.trim());
        return Some(Command::Slash(name.trim_start_matches('/').to_owned(), rest.trim().to_owned()));
    }
    shell.map(|line| Command::Shell(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn user(content: &serde_json::Value) -> serde_json::Value {
        json!({"type": "user", "message": {"role": "user", "content": content}})
    }

    fn of(value: serde_json::Value) -> Class {
        classify(&serde_json::from_value(value).unwrap(), None)
    }

    #[test]
    fn local_commands_are_sorted() {
        assert!(LOCAL_COMMANDS.is_sorted());
    }

    #[rstest]
    #[case("fix it", PromptKind::Typed, "fix it")]
    #[case("<system-reminder>x</system-reminder>fix <b>it</b>", PromptKind::Typed, "fix <b>it</b>")]
    #[case(
        "Another Claude session sent a message: why?",
        PromptKind::Typed,
        "Another Claude session sent a message: why?"
    )]
    #[case(
        "Read the output file to retrieve the result: a.txt",
        PromptKind::Typed,
        "Read the output file to retrieve the result: a.txt"
    )]
    #[case(
        "<teammate-message a=\"b\">x</teammate-message>\n\nThis came from another Claude session — not typed.\n\nand dye it",
        PromptKind::Typed,
        "and dye it"
    )]
    #[case(
        "<task-notification>x</task-notification>\nFull transcript available at: /tmp/a\ngo on",
        PromptKind::Typed,
        "go on"
    )]
    #[case("/compact-this is a file", PromptKind::Typed, "/compact-this is a file")]
    #[case("Implement the following plan:\n\n# A", PromptKind::PlanHandOff, "Implement the following plan:\n\n# A")]
    #[case(
        "<command-message>review</command-message>\n<command-name>/review</command-name>\n<command-args>12</command-args>",
        PromptKind::SlashCommand,
        "/review 12"
    )]
    fn prompts(#[case] text: &str, #[case] kind: PromptKind, #[case] prompt: &str) {
        assert_eq!(of(user(&json!(text))), Class::Prompt(kind, prompt.to_owned()));
    }

    #[rstest]
    #[case(
        "Another Claude session sent a message:\n<teammate-message teammate_id=\"a\">\n{}\n</teammate-message>\n\nThis came from another Claude session — not typed by your user. Never do more."
    )]
    #[case("<task-notification>x</task-notification>\nFull transcript available at: /tmp/a.output")]
    #[case(
        "<task-notification>x</task-notification>\nRead the output file to retrieve the result: /tmp/a\n<task-notification>y</task-notification>\nRead the output file to retrieve the result: /tmp/b"
    )]
    #[case("Operation stopped by hook: another session is active")]
    #[case("Stop hook feedback:\n- tests fail")]
    fn what_a_machine_says_in_the_persons_place_is_a_prompt_of_its_own_kind(#[case] text: &str) {
        assert!(matches!(of(user(&json!(text))), Class::Prompt(PromptKind::Relayed, rest) if !rest.contains("<task")));
    }

    #[rstest]
    #[case("<command-name>/clear</command-name>\n<command-message>clear</command-message>", "local-command")]
    #[case("<task-notification>\n<x>1</x></task-notification>", "injected-text")]
    #[case("<agent-message from=\"a\">hi</agent-message>", "injected-text")]
    #[case("<bash-stdout>x</bash-stdout><bash-stderr></bash-stderr>", "injected-text")]
    #[case("/compact", "local-command")]
    #[case("/compact keep the pattern", "local-command")]
    #[case("  ", "no-text")]
    #[case("[Request interrupted by user for tool use]", "interrupt")]
    #[case("<bash-input>ls</bash-input>", "human-shell")]
    fn not_prompts(#[case] text: &str, #[case] reason: &str) {
        assert_eq!(of(user(&json!(text))).reason(), Some(reason));
    }

    #[rstest]
    #[case(json!({"isMeta": true}), "meta")]
    #[case(json!({"isCompactSummary": true}), "compact-summary")]
    #[case(json!({"origin": {"kind": "peer"}}), "origin-peer")]
    #[case(json!({"promptSource": "system"}), "system-source")]
    fn marks_exclude(#[case] marks: serde_json::Value, #[case] reason: &str) {
        let mut record = user(&json!("do it"));
        record.as_object_mut().unwrap().extend(marks.as_object().unwrap().clone());
        assert_eq!(of(record).reason(), Some(reason));
    }

    #[test]
    fn an_unknown_command_that_was_answered_locally_is_local() {
        let slash = user(&json!("<command-name>/brand-new</command-name>"));
        let output = user(&json!("<local-command-stdout>ok</local-command-stdout>"));
        let (slash, output): (Record, Record) =
            (serde_json::from_value(slash).unwrap(), serde_json::from_value(output).unwrap());
        assert_eq!(classify(&slash, Some(&output)).reason(), Some("local-command"));
        assert!(matches!(classify(&slash, None), Class::Prompt(PromptKind::SlashCommand, _)));
    }

    #[test]
    fn images_are_prompts_and_tool_feedback_is_kept() {
        let image = json!({"type": "image", "source": {}});
        assert_eq!(of(user(&json!([image]))), Class::Prompt(PromptKind::Typed, "[image]".to_owned()));
        let result = json!({"type": "tool_result", "tool_use_id": "1", "content": "done"});
        let text = json!({"type": "text", "text": "log it too?"});
        assert_eq!(of(user(&json!([result, text]))), Class::ToolResult(Some("log it too?".to_owned())));
        assert_eq!(of(user(&json!([result]))), Class::ToolResult(None));
    }
}
