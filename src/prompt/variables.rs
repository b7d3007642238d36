//! What a template receives; documented for people in `prompts/README.md`.

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use crate::rubric::{Abstain, AnswerKind, AnswerOption, MAX_EVIDENCE, ReasonKind, Rubric};

/// What a template may read of one rubric, made once for all sessions.
#[derive(Debug, Clone)]
pub struct RubricValues(Value);

/// The rubric without what a judge must not see: published shares would pull it towards them.
#[derive(Serialize)]
struct RubricVariables<'a> {
    name: &'a str,
    version: u32,
    title: &'a str,
    question: &'a str,
    kind: AnswerKind,
    options: Vec<OptionVariables<'a>>,
    abstain: Option<&'a Abstain>,
    guidance: &'a [String],
    tie_breaks: &'a [String],
    reason: bool,
    evidence: bool,
    max_evidence: usize,
    labels: Vec<&'a str>,
}

#[derive(Serialize)]
struct OptionVariables<'a> {
    id: &'a str,
    title: &'a str,
    definition: &'a str,
    includes: &'a [String],
    excludes: &'a [String],
}

impl RubricValues {
    /// The values of `rubric`.
    #[must_use]
    pub fn of(rubric: &Rubric) -> Self {
        Self(Value::from(Serde(RubricVariables::of(rubric))))
    }

    /// Everything a template may read: these, and a session's view with the nonce in its markers.
    pub(super) fn with(&self, view: &str, nonce: &str) -> Value {
        context! { rubric => self.0.clone(), session => context! { text => view, nonce => nonce } }
    }
}

impl<'a> RubricVariables<'a> {
    fn of(rubric: &'a Rubric) -> Self {
        let option = |option: &'a AnswerOption| OptionVariables {
            id: &option.id,
            title: &option.title,
            definition: &option.definition,
            includes: &option.includes,
            excludes: &option.excludes,
        };
        Self {
            name: &rubric.name,
            version: rubric.version,
            title: &rubric.title,
            question: &rubric.question,
            kind: rubric.answer.kind,
            options: rubric.answer.options.iter().map(option).collect(),
            abstain: rubric.answer.abstain.as_ref(),
            guidance: &rubric.guidance,
            tie_breaks: &rubric.tie_breaks,
            reason: rubric.answer.reason == ReasonKind::Short,
            evidence: rubric.answer.evidence,
            max_evidence: MAX_EVIDENCE,
            labels: rubric.labels().into_iter().chain(rubric.abstain_id()).collect(),
        }
    }
}
