//! Answers of the rules to rubrics that ask for a value instead of a label: decisions, `task_posting` and `task_value`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::provider::model::Ask;

use super::decide::VERSION;
use super::decisions::{self, Decided};
use super::memory::Memory;
use super::posting::{self, Work};
use super::value::{self, Neighbour};

/// What was measured for one of these rubrics: the exact input of the rule.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "rubric", rename_all = "snake_case")]
enum Measured {
    /// What was decided, by rule.
    Decisions { decisions: Vec<Decided> },
    /// What a posting says.
    TaskPosting { work: Work },
    /// The examples nearest to the posting.
    TaskValue { neighbours: Vec<Neighbour> },
}

#[derive(Debug, Serialize, Deserialize)]
struct Question {
    judge: String,
    rules_version: u32,
    rubric_version: u32,
    measured: Measured,
}

/// Whether the rule for `rubric` reads the prompt; all others measure the session.
pub(in crate::provider) fn reads_prompt(rubric: &str) -> bool {
    rubric == "task_value"
}

/// The input for a rubric of this file; none for all others.
pub(super) fn request(ask: &Ask<'_>, memory: &Memory) -> Option<Vec<u8>> {
    let measured = match ask.rubric.name.as_str() {
        "decisions" => Measured::Decisions { decisions: decisions::of(ask.session) },
        "task_posting" => Measured::TaskPosting { work: Work::of(ask.session) },
        "task_value" => {
            let examples = memory.examples(&ask.prompt.system);
            Measured::TaskValue { neighbours: examples.neighbours(&ask.prompt.session) }
        }
        _ => return None,
    };
    let question = Question {
        judge: "baseline/rules".to_owned(),
        rules_version: VERSION,
        rubric_version: ask.rubric.version,
        measured,
    };
    Some(json!(question).to_string().into_bytes())
}

/// The answer to an input of this file as JSON text; none for all others.
pub(super) fn answer(request: &[u8]) -> Option<Result<String, String>> {
    let Question { measured, .. } = serde_json::from_slice(request).ok()?;
    let answer: Result<Value, String> = match measured {
        Measured::Decisions { decisions } => Ok(json!({ "value": decisions })),
        Measured::TaskPosting { work } => Ok(json!({ "value": posting::write(&work) })),
        Measured::TaskValue { neighbours } => {
            value::price(&neighbours).map(|(reason, value)| json!({ "reason": reason, "value": value }))
        }
    };
    Some(answer.map(|answer| answer.to_string()))
}
