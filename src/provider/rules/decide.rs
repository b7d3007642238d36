//! From an ask to the judge's exact input, and from that input to its answer.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::provider::model::Ask;

use super::features::Features;
use super::memory::Memory;
use super::{codebase, expertise, occupation, outcome, signals, values, work_mode};

/// Raised with every change of a rule, so that old verdicts are not taken for new ones.
pub(in crate::provider) const VERSION: u32 = 2;

/// A label with the rule that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// The label.
    pub(super) label: &'static str,
    /// The rule's number in `docs/baseline-rules.md`.
    pub(super) rule: &'static str,
    /// What was measured.
    pub(super) because: String,
    /// Turns that speak for it.
    pub(super) turns: Vec<u32>,
}

/// The input of a rule that gives a label, its features as they are written or read.
#[derive(Serialize, Deserialize)]
struct Question<'a, F> {
    #[serde(borrow)]
    judge: Cow<'a, str>,
    rules_version: u32,
    #[serde(borrow)]
    rubric: Cow<'a, str>,
    rubric_version: u32,
    features: F,
}

#[derive(Serialize)]
struct Answer {
    reason: String,
    evidence: Vec<u32>,
    label: &'static str,
}

/// The judge's input as bytes: rules version, rubric and features. Identifies the call like a request body does.
pub(in crate::provider) fn request(ask: &Ask<'_>, memory: &Memory) -> Vec<u8> {
    if let Some(request) = values::request(ask, memory) {
        return request;
    }
    let question = |features: Arc<RawValue>| {
        serde_json::to_vec(&Question {
            judge: "baseline/rules".into(),
            rules_version: VERSION,
            rubric: ask.rubric.name.as_str().into(),
            rubric_version: ask.rubric.version,
            features: &*features,
        })
    };
    // Numbers and maps by name always become JSON.
    memory.features(ask.session).and_then(question).unwrap_or_default()
}

/// The answer to `request` as JSON text.
///
/// # Errors
/// When the rubric has no rules, or the bytes are not from [`request`].
pub(in crate::provider) fn answer(request: &[u8]) -> Result<String, String> {
    if let Some(answer) = values::answer(request) {
        return answer;
    }
    let question: Question<'_, Features> =
        serde_json::from_slice(request).map_err(|error| format!("not an input of baseline/rules: {error}"))?;
    let decide = match &*question.rubric {
        "work_mode" => work_mode::decide,
        "expertise" => expertise::decide,
        "outcome" => outcome::decide,
        "success_signal" => signals::success,
        "failure_signal" => signals::failure,
        "occupation_user" => occupation::user,
        "occupation_work" => occupation::work,
        "codebase_context" => codebase::decide,
        other => {
            let known = "work_mode, expertise, outcome, success_signal, failure_signal, occupation_user, occupation_work, \
                         codebase_context, decisions, task_posting and task_value";
            return Err(format!("baseline/rules has no rules for the rubric {other}; it knows {known}"));
        }
    };
    let Decision { label, rule, because, turns } = decide(&question.features);
    let answer = Answer { reason: format!("Rule {rule}: {because}."), evidence: turns, label };
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}
