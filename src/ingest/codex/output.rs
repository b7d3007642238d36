//! The result of a tool call, in the forms that Codex has written over time.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::record::content_text;
use crate::session::{ActionStatus, Reply, ReplyKind};

/// The exit code in the lines above the output of a command.
static EXIT_CODE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)\A(?:[^\n]*\n){0,4}?(?:Process exited with code|Exit code:) (-?\d+)").ok());

/// How the text of a call begins that could not be carried out.
const FAILURES: [&str; 8] = [
    "Script failed",
    "aborted by user",
    "apply_patch verification failed",
    "err:",
    "exec_command failed",
    "failed to parse",
    "tool call error",
    "unsupported call",
];

/// Text and status of the payload of an output item.
pub(super) fn read(payload: &Value) -> (String, ActionStatus) {
    let output = payload.get("output").unwrap_or(&Value::Null);
    match output {
        // A text that holds `{"output": ..., "metadata": {"exit_code": ...}}`, as the shell tools of 2025 wrote it.
        Value::String(text) if text.starts_with("{\"output\":") => match serde_json::from_str::<Value>(text) {
            Ok(inner) => {
                let code = inner.pointer("/metadata/exit_code").and_then(Value::as_i64);
                let text = content_text(&inner["output"]);
                let status = status(&text, code);
                (text, status)
            }
            Err(_) => (text.clone(), status(text, None)),
        },
        Value::Object(fields) => {
            let text = fields.get("content").or_else(|| fields.get("body")).map(content_text).unwrap_or_default();
            let failed = fields.get("success") == Some(&Value::Bool(false));
            let status = status(&text, failed.then_some(1));
            (text, status)
        }
        // The parts that a script put out; a command's own record says how it ended.
        Value::Array(parts) => {
            let code = parts.iter().rev().find_map(|part| recorded_code(part.get("text")?.as_str()?));
            let text = content_text(output);
            let status = status(&text, code);
            (text, status)
        }
        Value::Null => {
            let found = payload.get("tools").map(ToString::to_string).unwrap_or_default();
            (found, ActionStatus::Done)
        }
        other => {
            let text = content_text(other);
            let status = status(&text, None);
            (text, status)
        }
    }
}

/// What the person answered to a call of `tool`, by its result.
pub(super) fn reply(tool: &str, text: &str, status: ActionStatus) -> Option<Reply> {
    if status == ActionStatus::Refused {
        return Some(Reply { kind: ReplyKind::Refused, text: String::new() });
    }
    if tool != "request_user_input" || status != ActionStatus::Done {
        return None;
    }
    // `{"answers": {QUESTION: {"answers": [...]}}}`; a person who closed the questions answered none.
    let result: Value = serde_json::from_str(text).ok()?;
    let questions = result.get("answers")?.as_object()?;
    let words = |answer: &Value| {
        let chosen = answer.get("answers").unwrap_or(answer).as_array().cloned().unwrap_or_default();
        chosen.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let answers: Vec<String> = questions.values().map(words).filter(|words| !words.is_empty()).collect();
    (!answers.is_empty()).then(|| Reply { kind: ReplyKind::Answered, text: answers.join("\n") })
}

fn recorded_code(text: &str) -> Option<i64> {
    if !text.starts_with('{') || !text.contains("\"exit_code\"") {
        return None;
    }
    serde_json::from_str::<Value>(text).ok()?.get("exit_code")?.as_i64()
}

fn status(text: &str, code: Option<i64>) -> ActionStatus {
    let first = text.lines().next().unwrap_or_default().trim();
    if first.ends_with("rejected by user") || first == "user rejected MCP tool call" {
        return ActionStatus::Refused;
    }
    let printed = || EXIT_CODE.as_ref()?.captures(text)?.get(1)?.as_str().parse().ok();
    let failed = code.or_else(printed).is_some_and(|code: i64| code != 0);
    if failed || FAILURES.iter().any(|start| first.starts_with(start)) {
        ActionStatus::Error
    } else {
        ActionStatus::Done
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!("Chunk ID: 1\nWall time: 1 seconds\nProcess exited with code 0\nOutput:\nok"), ActionStatus::Done)]
    #[case(json!("Chunk ID: 1\nWall time: 1 seconds\nProcess exited with code 2\nOutput:\nno"), ActionStatus::Error)]
    #[case(json!("Exit code: 1\nWall time: 0 seconds\nOutput:\n"), ActionStatus::Error)]
    #[case(json!("Exit code: 0\nOutput:\na\nExit code: 3"), ActionStatus::Done)]
    #[case(json!("{\"output\":\"x\",\"metadata\":{\"exit_code\":1}}"), ActionStatus::Error)]
    #[case(json!({"content": "x", "success": false}), ActionStatus::Error)]
    #[case(json!([{"type": "input_text", "text": "Script completed"}, {"type": "input_text", "text": "{\"exit_code\":127,\"output\":\"\"}"}]), ActionStatus::Error)]
    #[case(json!([{"type": "input_text", "text": "Script failed\nScript error:"}]), ActionStatus::Error)]
    #[case(json!("exec command rejected by user"), ActionStatus::Refused)]
    #[case(json!("aborted by user after 2.1s"), ActionStatus::Error)]
    #[case(json!("Plan updated"), ActionStatus::Done)]
    #[case(Value::Null, ActionStatus::Done)]
    fn results_tell_how_the_call_ended(#[case] output: Value, #[case] expected: ActionStatus) {
        assert_eq!(read(&json!({ "output": output })).1, expected);
    }

    #[test]
    fn answers_to_questions_are_the_persons() {
        let result = r#"{"answers":{"colour":{"answers":["red","blue"]},"yarn":{"answers":["wool"]}}}"#;
        let answered = Reply { kind: ReplyKind::Answered, text: "red, blue\nwool".to_owned() };
        assert_eq!(reply("request_user_input", result, ActionStatus::Done), Some(answered));
        assert_eq!(reply("request_user_input", r#"{"answers":{}}"#, ActionStatus::Done), None);
        assert_eq!(reply("exec_command", result, ActionStatus::Done), None);
        let refused = Reply { kind: ReplyKind::Refused, text: String::new() };
        assert_eq!(reply("exec_command", "exec command rejected by user", ActionStatus::Refused), Some(refused));
    }
}
