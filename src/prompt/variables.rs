//! What a template receives; documented for people in `prompts/README.md`.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;

use crate::rubric::{
    Abstain, AnswerKind, AnswerOption, Field, FieldOption, MAX_EVIDENCE, NumberForm, OptionOrder, ReasonKind, Rubric,
    TextForm, TextsForm,
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

/// What a template may read of one rubric, made once for all sessions.
#[derive(Debug, Clone)]
pub struct RubricValues(Value);

fn in_order<T>(mut list: Vec<T>, order: OptionOrder) -> Vec<T> {
    if order == OptionOrder::Reversed {
        list.reverse();
    }
    list
}

/// The rubric without what a judge must not see: published shares would pull it towards them.
#[expect(clippy::struct_excessive_bools, reason = "a template asks each by its name")]
#[derive(Serialize)]
struct RubricVariables<'a> {
    name: &'a str,
    version: u32,
    title: &'a str,
    question: &'a str,
    kind: AnswerKind,
    options: Vec<OptionVariables<'a>>,
    reversed: bool,
    abstain: Option<&'a Abstain>,
    guidance: &'a [String],
    tie_breaks: &'a [String],
    reason: bool,
    evidence: bool,
    max_evidence: usize,
    confidence: bool,
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

impl RubricValues {
    /// The values of `rubric`, its labels in `order`.
    #[must_use]
    pub fn of(rubric: &Rubric, order: OptionOrder) -> Self {
        Self(Value::from(Serde(RubricVariables::of(rubric, order))))
    }

    /// Everything a template may read: these, a session's view with the nonce in its markers, and `extras`.
    pub(super) fn with(&self, view: &str, nonce: &str, extras: &Extras) -> Value {
        context! {
            rubric => self.0.clone(),
            session => context! { text => view, nonce => nonce },
            needs => Value::from(Serde(&extras.needs)),
            calibration => extras.calibration.as_ref().map_or(Value::UNDEFINED, |Examples(examples)| examples.clone()),
        }
    }
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
    fn of(rubric: &'a Rubric, order: OptionOrder) -> Self {
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
            options: in_order(answer.options.iter().map(option).collect(), order),
            reversed: order == OptionOrder::Reversed,
            abstain: answer.abstain.as_ref(),
            guidance: &rubric.guidance,
            tie_breaks: &rubric.tie_breaks,
            reason: answer.reason == ReasonKind::Short,
            evidence: answer.evidence,
            max_evidence: MAX_EVIDENCE,
            confidence: answer.confidence,
            labels: in_order(rubric.labels(), order).into_iter().chain(rubric.abstain_id()).collect(),
            number: answer.number.as_ref().map(NumberVariables::new),
            text: answer.text.as_ref(),
            fields: fields.collect(),
            max_items: answer.list.as_ref().map(|form| form.max_items),
        }
    }
}
