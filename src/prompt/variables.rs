//! What a template receives; documented for people in `prompts/README.md`.

use std::collections::BTreeMap;

use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use crate::rubric::{
    Abstain, AnswerKind, AnswerOption, Field, FieldOption, MAX_EVIDENCE, NumberForm, ReasonKind, Rubric, TextForm,
    TextsForm,
};

/// What a prompt receives beside the rubric and the session.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// What the judge of each rubric that is needed answered, by the rubric's name.
    pub needs: BTreeMap<String, Need>,
    /// Examples shown to the judge; none where the experiment names none, which a template that reads them takes for an error.
    pub calibration: Option<Examples>,
}

/// An answer to a rubric that another one needs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Need {
    /// The label or value.
    pub answer: serde_json::Value,
    /// Its rationale, where there is one.
    pub reason: Option<String>,
}

/// Examples, converted once for all prompts.
#[derive(Debug, Clone)]
pub struct Examples(Value);

impl Examples {
    /// Examples as a template sees them.
    #[must_use]
    pub fn new<T: Serialize>(examples: &[T]) -> Self {
        Self(Value::from(Serde(examples)))
    }
}

/// Everything a template may read.
pub(super) fn variables(rubric: &Rubric, view: &str, nonce: &str, extras: &Extras) -> Value {
    let rubric = Value::from(Serde(RubricVariables::new(rubric)));
    let session = Value::from(Serde(SessionVariables { text: view, nonce }));
    let needs = Value::from(Serde(&extras.needs));
    let calibration = extras.calibration.as_ref().map_or(Value::UNDEFINED, |Examples(examples)| examples.clone());
    minijinja::context! { rubric, session, needs, calibration }
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
    labels: Vec<&'a str>,
    number: Option<NumberVariables<'a>>,
    text: Option<&'a TextForm>,
    fields: Vec<FieldVariables<'a>>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
struct NumberVariables<'a> {
    minimum: f64,
    maximum: f64,
    unit: Option<&'a str>,
    whole: bool,
}

/// A field of an object or of a list's items; every key is there, so that a template may ask for each.
#[derive(Serialize)]
struct FieldVariables<'a> {
    name: &'a str,
    definition: &'a str,
    choice: Option<&'a [FieldOption]>,
    number: Option<NumberVariables<'a>>,
    text: Option<&'a TextForm>,
    texts: Option<&'a TextsForm>,
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

impl<'a> NumberVariables<'a> {
    fn new(form: &'a NumberForm) -> Self {
        Self { minimum: form.minimum, maximum: form.maximum, unit: form.unit.as_deref(), whole: form.whole }
    }
}

impl<'a> FieldVariables<'a> {
    fn new(field: &'a Field) -> Self {
        Self {
            name: &field.name,
            definition: &field.definition,
            choice: field.choice.as_deref(),
            number: field.number.as_ref().map(NumberVariables::new),
            text: field.text.as_ref(),
            texts: field.texts.as_ref(),
        }
    }
}

impl<'a> RubricVariables<'a> {
    fn new(rubric: &'a Rubric) -> Self {
        let answer = &rubric.answer;
        let option = |option: &'a AnswerOption| OptionVariables {
            id: &option.id,
            title: &option.title,
            definition: &option.definition,
            includes: &option.includes,
            excludes: &option.excludes,
        };
        let fields = (answer.object.iter().flat_map(|form| &form.fields))
            .chain(answer.list.iter().flat_map(|form| &form.items))
            .map(FieldVariables::new);
        Self {
            name: &rubric.name,
            version: rubric.version,
            title: &rubric.title,
            question: &rubric.question,
            kind: answer.kind,
            options: answer.options.iter().map(option).collect(),
            abstain: answer.abstain.as_ref(),
            guidance: &rubric.guidance,
            tie_breaks: &rubric.tie_breaks,
            reason: answer.reason == ReasonKind::Short,
            evidence: answer.evidence,
            max_evidence: MAX_EVIDENCE,
            labels: rubric.labels().into_iter().chain(rubric.abstain_id()).collect(),
            number: answer.number.as_ref().map(NumberVariables::new),
            text: answer.text.as_ref(),
            fields: fields.collect(),
            max_items: answer.list.as_ref().map(|form| form.max_items),
        }
    }
}
