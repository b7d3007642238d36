//! From the block of one tool call to the action.
//!
//! An export shows calls for people: a description, the command or path between backticks, what was written in a fence,
//! the result in a last fence. What is not shown, such as the two texts of an edit, is not in the action either.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::document::fence_after;
use crate::ingest::reply::REFUSALS;
use crate::session::{Action, ActionStatus};

static ATTRIBUTE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"data-tool-(type|name)="([^"]*)""#).ok());

static SUMMARY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)<summary>(.*?)</summary>").ok());

/// How the result of a failed shell command begins.
static EXIT_CODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^Exit code [1-9]\d*\b").ok());

/// How a call begins that an export of a resumed session shows as plain text.
const FLATTENED: &str = "Tool use: **";

/// Reads a block: its opening tag, and the lines up to the closing one.
pub(super) fn action(id: String, tag: &str, lines: &[String]) -> Action {
    let attribute = |wanted: &str| {
        let mut found = ATTRIBUTE.iter().flat_map(|pattern| pattern.captures_iter(tag));
        found.find(|found| &found[1] == wanted).map(|found| found[2].to_owned()).unwrap_or_default()
    };
    let (name, kind) = (attribute("name"), attribute("type"));
    let text = lines.join("\n");
    let text = text.trim().trim_start_matches("<details>").trim_end_matches("</details>");
    let summary = SUMMARY.as_ref().and_then(|pattern| pattern.captures(text));
    let (said, body) = match summary.as_ref().and_then(|found| Some((found.get(0)?, found.get(1)?))) {
        Some((element, inside)) => (inside.as_str(), &text[element.end()..]),
        None => ("", text),
    };
    let said = said.trim().trim_start_matches(&format!("{FLATTENED}{name}**"));
    let said = said.trim_matches(|letter: char| letter.is_whitespace() || letter == '•');
    read(id, name, &kind, said, body)
}

/// Reads a call shown as plain text: `` Tool use: **NAME** `COMMAND` `` and its result in a fence.
pub(super) fn flattened(id: String, text: &str) -> Option<Action> {
    let (name, rest) = text.strip_prefix(FLATTENED)?.split_once("**")?;
    Some(read(id, name.to_owned(), "shell", "", rest))
}

fn read(id: String, tool: String, kind: &str, said: &str, body: &str) -> Action {
    let lines: Vec<&str> = body.lines().collect();
    let first = lines.iter().position(|line| fence_after(None, line).is_some()).unwrap_or(lines.len());
    let (lead, mut fenced) = lines.split_at(first);
    let mut input = Map::new();
    let mut put = |key: &str, text: &str| {
        if !text.is_empty() {
            input.insert(key.to_owned(), Value::String(text.to_owned()));
        }
    };
    put("summary", said);
    let (mut description, mut answer, mut failed, mut command) = (Vec::new(), Vec::new(), false, false);
    for line in lead.iter().map(|line| line.trim()) {
        let quoted = line.strip_prefix('`').and_then(|line| line.strip_suffix('`')).filter(|line| !line.is_empty());
        if !answer.is_empty() || line.starts_with("**Answer:**") {
            answer.push(line);
        } else if let Some(quoted) = quoted {
            command = true;
            put(if kind == "shell" { "command" } else { "file_path" }, quoted);
        } else if let Some((key, value)) = line.strip_prefix("- ").and_then(|line| line.split_once(": `")) {
            put(key, value.trim_end_matches('`'));
        } else if matches!(line, "**Result:**" | "**Input:**" | "**Error:**") {
            failed |= line == "**Error:**";
        } else {
            description.push(line);
        }
    }
    put("description", description.join("\n").trim());
    let given = match kind {
        "shell" if !command => Some("command"),
        "write" => Some("content"),
        _ => None,
    };
    if let Some(key) = given
        && let Some((inside, rest)) = input_fence(fenced)
    {
        put(key, &inside.join("\n"));
        fenced = rest;
    }
    let result = if answer.is_empty() { unfenced(fenced) } else { answer.join("\n") };
    let status = status(&result, failed);
    Action { result, status, ..Action::new(id, tool, Value::Object(input)) }
}

/// A fence with input, which another fence or nothing follows, and what comes after it. A single fence is the result,
/// unless it names a language.
fn input_fence<'l, 't>(lines: &'l [&'t str]) -> Option<(&'l [&'t str], &'l [&'t str])> {
    let length = fence_after(None, lines.first()?)?;
    let language = !matches!(lines[0].trim().trim_start_matches('`'), "" | "text");
    let closes = |at: &usize| fence_after(Some(length), lines[*at]).is_none();
    let after = |at: usize| lines[at + 1..].iter().position(|line| !line.trim().is_empty()).map(|next| at + 1 + next);
    let opens = |at: &usize| after(*at).is_some_and(|next| fence_after(None, lines[next]).is_some());
    let end = (1..lines.len()).filter(closes).find(opens);
    let end = end.or_else(|| (1..lines.len()).rfind(closes).filter(|_| language))?;
    let rest = after(end).map_or(&lines[lines.len()..], |next| &lines[next..]);
    Some((&lines[1..end], rest))
}

/// Lines without the fence around them.
fn unfenced(lines: &[&str]) -> String {
    let mut lines = lines;
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines = &lines[..lines.len() - 1];
    }
    if let Some(length) = lines.first().and_then(|line| fence_after(None, line)) {
        let closed = lines.len() > 1 && lines.last().is_some_and(|line| fence_after(Some(length), line).is_none());
        lines = &lines[1..lines.len() - usize::from(closed)];
    }
    lines.join("\n")
}

fn status(result: &str, failed: bool) -> ActionStatus {
    if result.trim().is_empty() && !failed {
        ActionStatus::Missing
    } else if REFUSALS.iter().any(|start| result.starts_with(start)) {
        ActionStatus::Refused
    } else if failed
        || result.starts_with("<tool_use_error>")
        || EXIT_CODE.as_ref().is_some_and(|code| code.is_match(result))
    {
        ActionStatus::Error
    } else {
        ActionStatus::Done
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(kind: &str, name: &str, body: &str) -> Action {
        let tag = format!(r#"<tool-use data-tool-type="{kind}" data-tool-name="{name}"><details>"#);
        let lines: Vec<String> = body.lines().map(str::to_owned).collect();
        action("1".to_owned(), &tag, &lines)
    }

    #[test]
    fn a_summary_of_an_editor_is_kept() {
        let body = "<details>\n<summary>Tool use: **grep** • Searched \"warp\"</summary>\n\n</details>";
        let action = of("search", "grep", body);
        assert_eq!(action.input, json!({"summary": "Searched \"warp\""}));
        assert_eq!(action.status, ActionStatus::Missing, "no result is shown");
    }

    #[test]
    fn fields_of_a_tool_the_exporter_does_not_know_are_kept() {
        let body = "<summary>Tool use: **spin**</summary>\n\n**Input:**\n\n- speed: `3`\n- way: `left`\n\n**Error:**\n\n```\nno wool\n```";
        let action = of("generic", "spin", body);
        assert_eq!(action.input, json!({"speed": "3", "way": "left"}));
        assert_eq!((action.result.as_str(), action.status), ("no wool", ActionStatus::Error));
    }

    #[test]
    fn a_result_that_holds_fences_is_whole() {
        let body =
            "<summary>Tool use: **Bash**</summary>\n`cat a.md`\n\n```text\none\n```\ntwo\n```sh\nthree\n```\n```\n";
        let action = of("shell", "Bash", body);
        assert_eq!(action.result, "one\n```\ntwo\n```sh\nthree\n```");
    }

    #[test]
    fn answers_and_refusals_are_results() {
        let answered =
            of("generic", "AskUserQuestion", "**Which colour?**\n\nOptions:\n- **Red** - warm\n\n**Answer:** Red\n");
        assert_eq!((answered.result.as_str(), answered.status), ("**Answer:** Red", ActionStatus::Done));
        let refused = of("write", "Edit", &format!("```text\n{}.\n```", REFUSALS[0]));
        assert_eq!(refused.status, ActionStatus::Refused);
        assert_eq!(of("write", "Edit", "```text\nupdated\n```").input, json!({}));
    }
}
