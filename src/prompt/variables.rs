//! What a template receives; documented for people in `prompts/README.md`.

use serde::Serialize;

use crate::rubric::{Abstain, AnswerKind, AnswerOption, MAX_EVIDENCE, ReasonKind, Rubric};

/// Everything a template may read.
#[derive(Serialize)]
pub(super) struct Variables<'a> {
    rubric: RubricVariables<'a>,
    session: SessionVariables<'a>,
}

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
    confidence: bool,
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

#[derive(Serialize)]
struct SessionVariables<'a> {
    text: &'a str,
    nonce: &'a str,
}

impl<'a> Variables<'a> {
    pub(super) fn new(rubric: &'a Rubric, view: &'a str, nonce: &'a str) -> Self {
        let option = |option: &'a AnswerOption| OptionVariables {
            id: &option.id,
            title: &option.title,
            definition: &option.definition,
            includes: &option.includes,
            excludes: &option.excludes,
        };
        Self {
            rubric: RubricVariables {
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
                confidence: rubric.answer.confidence,
                labels: rubric.labels().into_iter().chain(rubric.abstain_id()).collect(),
            },
            session: SessionVariables { text: view, nonce },
        }
    }
}
