//! Decisions of the person that stand inside results of tool calls (sessions.md 0.3 and 1.4).

use serde_json::Value;

use crate::session::{Action, ActionStatus, Reply, ReplyKind};

/// How a refused call's result begins.
pub(super) const REFUSALS: [&str; 4] = [
    "The user doesn't want to proceed with this tool use",
    "The user doesn't want to take this action right now",
    "The agent proposed a plan that was rejected by the user",
    "User declined to answer questions",
];

/// What stands before the person's words in a refusal; the first letter differs between versions.
const WORDS: &str = "he user said:";

/// What the program writes after the words of a refusal, or in their place.
const NOT_THE_PERSONS: [&str; 2] =
    ["Note: The user's next message may contain", "The user wants to clarify these questions"];

/// What the program writes after the answers to questions.
const AFTER_ANSWERS: [&str; 2] = [" You can now continue with", " Read the answers carefully"];

/// What the person decided in the result that `action` has just got; none where they were not asked.
pub(super) fn reply(action: &Action) -> Option<Reply> {
    let plan = action.tool == "ExitPlanMode";
    let (kind, text) = match action.status {
        ActionStatus::Refused => {
            (if plan { ReplyKind::PlanRefused } else { ReplyKind::Refused }, words(&action.result).to_owned())
        }
        ActionStatus::Done if plan && action.result.starts_with("User has approved") => {
            (ReplyKind::PlanApproved, String::new())
        }
        ActionStatus::Done if action.tool == "AskUserQuestion" => {
            (ReplyKind::Answered, answers(&action.input, &action.result)?)
        }
        ActionStatus::Done if action.tool == "request_user_input" => {
            (ReplyKind::Answered, codex_answers(&action.result)?)
        }
        _ => return None,
    };
    Some(Reply { kind, text })
}

/// Adds what the person wrote beside the result of `action`: to their reply, or as one that came with allowing the call.
pub(super) fn said(action: &mut Action, words: &str) {
    action.result = format!("{}\n\nThe user said:\n{words}", action.result);
    let allowed = || Reply { kind: ReplyKind::Allowed, text: String::new() };
    let reply = action.reply.get_or_insert_with(allowed);
    let separator = if reply.text.is_empty() { "" } else { "\n\n" };
    reply.text = [&reply.text, separator, words].concat();
}

/// The person's words in the result of a refused call.
fn words(result: &str) -> &str {
    let words = result.split_once(WORDS).map_or("", |(_, words)| words);
    let end = NOT_THE_PERSONS.iter().filter_map(|text| words.find(text)).min().unwrap_or(words.len());
    words[..end].trim()
}

/// The answers, one below the other in the order of the questions; none where nobody answered.
///
/// A result reads `"QUESTION"="ANSWER", "QUESTION"="ANSWER"` between two sentences that differ between versions. The
/// questions are known from the call, so that quotes and commas inside an answer do not end it.
fn answers(input: &Value, result: &str) -> Option<String> {
    let end = AFTER_ANSWERS.iter().filter_map(|text| result.rfind(text)).min().unwrap_or(result.len());
    let result = result[..end].trim_end().trim_end_matches('.');
    let questions = input.get("questions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let questions = questions.iter().filter_map(|question| question.get("question").and_then(Value::as_str));
    let mut found: Vec<(usize, usize)> = questions
        .filter_map(|question| {
            let start = format!("\"{question}\"=\"");
            result.find(&start).map(|at| (at, at + start.len()))
        })
        .collect();
    found.sort_unstable();
    if found.is_empty() {
        // The questions were changed by a redactor: the sentence is left, and what is quoted in it.
        let (sentence, rest) = result.split_once(": ")?;
        return (sentence.contains("answered") && !rest.is_empty()).then(|| rest.to_owned());
    }
    let ends = found.iter().skip(1).map(|(next, _)| *next).chain([result.len()]);
    let answers: Vec<&str> = found.iter().zip(ends).map(|((_, start), end)| answer(&result[*start..end])).collect();
    Some(answers.join("\n"))
}

/// The answers in the form of Codex: `{"answers": {"ID": {"answers": ["TEXT"]}}}`, in the order of the identifiers.
fn codex_answers(result: &str) -> Option<String> {
    let result: Value = serde_json::from_str(result).ok()?;
    let given = result.get("answers")?.as_object()?.values();
    let lists = given.filter_map(|answer| answer.get("answers").unwrap_or(answer).as_array());
    let answers: Vec<&str> = lists.flatten().filter_map(Value::as_str).collect();
    (!answers.is_empty()).then(|| answers.join("\n"))
}

/// One answer without the quote and comma that end it.
fn answer(text: &str) -> &str {
    let text = text.trim_end().trim_end_matches(',');
    text.strip_suffix('"').unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn action(tool: &str, status: ActionStatus, result: &str) -> Action {
        let input = json!({"questions": [{"question": "Wool?"}, {"question": "Which \"dye\", if any?"}]});
        Action { result: result.to_owned(), status, ..Action::new("1".to_owned(), tool.to_owned(), input) }
    }

    #[rstest]
    #[case(
        "User has answered your questions: \"Wool?\"=\"Yes, \"merino\", thin\". You can now continue with the user's answers in mind.",
        "Yes, \"merino\", thin"
    )]
    #[case(
        "Your questions have been answered: \"Wool?\"=\"No\", \"Which \"dye\", if any?\"=\"red. You can see it\". You can now continue with these answers in mind.",
        "No\nred. You can see it"
    )]
    #[case("The user answered: \"Wool?\"=\"later \". Read the answers carefully and follow them.", "later")]
    #[case(
        "Your questions have been answered: \"[masked]\"=\"blue\". You can now continue with these answers in mind.",
        "\"[masked]\"=\"blue\""
    )]
    fn questions_are_answered(#[case] result: &str, #[case] text: &str) {
        let reply = reply(&action("AskUserQuestion", ActionStatus::Done, result)).unwrap();
        assert_eq!((reply.kind, reply.text.as_str()), (ReplyKind::Answered, text));
    }

    #[rstest]
    #[case(
        "Bash",
        "The user doesn't want to proceed with this tool use. To tell you how to proceed, the user said:\nuse\n\nscissors",
        ReplyKind::Refused,
        "use\n\nscissors"
    )]
    #[case(
        "Bash",
        "The user doesn't want to proceed with this tool use. STOP what you are doing and wait.",
        ReplyKind::Refused,
        ""
    )]
    #[case(
        "Bash",
        "The user doesn't want to proceed with this tool use. The user said:\nno\n\nNote: The user's next message may contain a correction.",
        ReplyKind::Refused,
        "no"
    )]
    #[case(
        "AskUserQuestion",
        "The user doesn't want to proceed with this tool use. To tell you how to proceed, the user said:\nThe user wants to clarify these questions.\n  x",
        ReplyKind::Refused,
        ""
    )]
    #[case(
        "ExitPlanMode",
        "The user doesn't want to proceed with this tool use. The user said:\nshorter",
        ReplyKind::PlanRefused,
        "shorter"
    )]
    fn calls_are_refused_with_and_without_words(
        #[case] tool: &str,
        #[case] result: &str,
        #[case] kind: ReplyKind,
        #[case] text: &str,
    ) {
        let reply = reply(&action(tool, ActionStatus::Refused, result)).unwrap();
        assert_eq!((reply.kind, reply.text.as_str()), (kind, text));
    }

    #[test]
    fn a_plan_is_approved_and_silence_is_no_answer() {
        let approved =
            action("ExitPlanMode", ActionStatus::Done, "User has approved your plan. You can now start coding.");
        assert_eq!(reply(&approved).map(|reply| reply.kind), Some(ReplyKind::PlanApproved));
        let silence =
            action("AskUserQuestion", ActionStatus::Done, "No response after 300s — go on as you think best.");
        assert_eq!(reply(&silence), None);
        assert_eq!(reply(&action("Bash", ActionStatus::Done, "the user said: hi")), None);
        let codex = r#"{"answers":{"dye":{"answers":["red","user_note: dark"]},"size":{"answers":[]}}}"#;
        let answered = reply(&action("request_user_input", ActionStatus::Done, codex)).unwrap();
        assert_eq!((answered.kind, answered.text.as_str()), (ReplyKind::Answered, "red\nuser_note: dark"));
    }

    #[test]
    fn what_is_said_beside_a_result_belongs_to_the_reply() {
        let mut call = action("Edit", ActionStatus::Done, "edited");
        said(&mut call, "gently");
        assert_eq!(call.reply, Some(Reply { kind: ReplyKind::Allowed, text: "gently".to_owned() }));
        assert_eq!(call.result, "edited\n\nThe user said:\ngently");
        let mut plan = action("ExitPlanMode", ActionStatus::Done, "User has approved your plan.");
        plan.reply = reply(&plan);
        said(&mut plan, "start small");
        assert_eq!(plan.reply, Some(Reply { kind: ReplyKind::PlanApproved, text: "start small".to_owned() }));
    }
}
