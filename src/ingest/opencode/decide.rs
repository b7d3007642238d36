//! What the person decided on a tool call.

use serde_json::Value;

use super::record::text;
use crate::session::{ActionStatus, Reply, ReplyKind};

/// How the sentence begins that stands for a refusal; its end has changed.
const REJECTED: &str = "The user rejected permission to use this";
const FEEDBACK: &str = "with the following feedback: ";
const DECLINED: &str = "The user declined this tool call";
const DISMISSED: &str = "The user dismissed this question";

/// How a call of `tool` ended, by the `state` of its part: what came out, and what the person had to say to it.
pub(super) fn read(tool: &str, state: &Value) -> (String, ActionStatus, Option<Reply>) {
    let reply = |kind, text: &str| Some(Reply { kind, text: text.to_owned() });
    match text(state, "status") {
        Some("completed") => {
            let output = text(state, "output").unwrap_or_default().to_owned();
            let metadata = state.get("metadata").unwrap_or(&Value::Null);
            let decided = match tool {
                "question" => reply(ReplyKind::Answered, &answers(metadata)),
                "plan_exit" => reply(ReplyKind::PlanApproved, ""),
                _ => None,
            };
            // A command that failed is a call that was carried out.
            let failed = metadata.get("exit").and_then(Value::as_i64).is_some_and(|code| code != 0);
            (output, if failed { ActionStatus::Error } else { ActionStatus::Done }, decided)
        }
        Some("error") => {
            let error = text(state, "error").unwrap_or_default();
            let refused = match tool {
                "plan_exit" => ReplyKind::PlanRefused,
                _ => ReplyKind::Refused,
            };
            if error.contains(REJECTED) {
                let words = error.split_once(FEEDBACK).map_or("", |(_, words)| words.trim());
                (error.to_owned(), ActionStatus::Refused, reply(refused, words))
            } else if error.contains(DISMISSED) || error.contains(DECLINED) {
                (error.to_owned(), ActionStatus::Refused, reply(refused, ""))
            } else {
                (error.to_owned(), ActionStatus::Error, None)
            }
        }
        _ => (String::new(), ActionStatus::Missing, None),
    }
}

/// The options chosen or words typed, one question a line.
fn answers(metadata: &Value) -> String {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let line = |answer: &Value| {
        list(answer).iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>().join(", ")
    };
    list(&metadata["answers"]).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("bash", json!({"status": "completed", "output": "x", "metadata": {"exit": 0}}), ActionStatus::Done, None)]
    #[case("bash", json!({"status": "completed", "output": "x", "metadata": {"exit": 2}}), ActionStatus::Error, None)]
    #[case("bash", json!({"status": "running"}), ActionStatus::Missing, None)]
    #[case("edit", json!({"status": "error", "error": format!("{REJECTED} specific tool call.")}), ActionStatus::Refused, Some((ReplyKind::Refused, "")))]
    #[case("edit", json!({"status": "error", "error": format!("{REJECTED} specific tool call {FEEDBACK}use wool")}), ActionStatus::Refused, Some((ReplyKind::Refused, "use wool")))]
    #[case("edit", json!({"status": "error", "error": "The user rejected permission to use this functionality"}), ActionStatus::Refused, Some((ReplyKind::Refused, "")))]
    #[case("edit", json!({"status": "error", "error": DECLINED}), ActionStatus::Refused, Some((ReplyKind::Refused, "")))]
    #[case("question", json!({"status": "error", "error": format!("{DISMISSED}: \"colour\"")}), ActionStatus::Refused, Some((ReplyKind::Refused, "")))]
    #[case("shell", json!({"status": "error", "error": "Permission denied: shell"}), ActionStatus::Error, None)]
    #[case("edit", json!({"status": "error", "error": "The user has specified a rule which prevents you"}), ActionStatus::Error, None)]
    #[case("plan_exit", json!({"status": "completed", "output": "ok"}), ActionStatus::Done, Some((ReplyKind::PlanApproved, "")))]
    #[case("plan_exit", json!({"status": "error", "error": DISMISSED}), ActionStatus::Refused, Some((ReplyKind::PlanRefused, "")))]
    #[case("question", json!({"status": "completed", "output": "...", "metadata": {"answers": [["red", "blue"], ["wool"]]}}), ActionStatus::Done, Some((ReplyKind::Answered, "red, blue\nwool")))]
    fn decisions(
        #[case] tool: &str,
        #[case] state: Value,
        #[case] status: ActionStatus,
        #[case] expected: Option<(ReplyKind, &str)>,
    ) {
        let (_, found, reply) = read(tool, &state);
        assert_eq!(found, status);
        assert_eq!(reply.as_ref().map(|reply| (reply.kind, reply.text.as_str())), expected);
    }
}
