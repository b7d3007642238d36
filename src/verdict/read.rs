//! From answer text to a checked reading.

use std::collections::BTreeSet;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::rubric::{Answer, AnswerSchema, Rubric};

use super::json::{self, Fault};
use super::model::{NoVerdict, Outcome, Repair};
use super::value;

/// Faults of one answer that an error names.
const NAMED_FAULTS: usize = 5;

/// Characters of an answer's own text that an error repeats.
const QUOTED_CHARS: usize = 80;

/// Reads answers to one rubric; compiles its schema once.
#[derive(Debug)]
pub struct Reader {
    labels: Vec<String>,
    abstain: Option<String>,
    answer: Answer,
    /// The key of the label or value where one schema serves several rubrics, which is the rubric's name, and the keys of the others.
    key: String,
    other_keys: Vec<String>,
    validator: Validator,
}

/// A valid answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// A label or an abstention.
    ///
    /// Turn numbers are kept as cited: whether the session has such turns is not checked here.
    pub outcome: Outcome,
    /// What had to be done to read it.
    pub repairs: BTreeSet<Repair>,
}

/// Why an answer cannot be used, in words to show the model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unreadable {
    /// What is wrong with it.
    pub error: String,
}

impl Reader {
    /// A reader of answers to `rubric`.
    ///
    /// # Errors
    /// When the answer schema cannot be compiled.
    pub fn new(rubric: &Rubric) -> Result<Self, Unreadable> {
        let validator = jsonschema::validator_for(&AnswerSchema::of(rubric).full)
            .map_err(|error| Unreadable { error: format!("the answer schema of {}: {error}", rubric.name) })?;
        let labels = rubric.labels().into_iter().map(ToOwned::to_owned).collect();
        let abstain = rubric.abstain_id().map(ToOwned::to_owned);
        let (answer, key) = (rubric.answer.clone(), rubric.name.clone());
        Ok(Self { labels, abstain, answer, key, other_keys: Vec::new(), validator })
    }

    /// The key of the label or value in the rubric's own schema.
    fn own_key(&self) -> &'static str {
        self.answer.kind.answer_key()
    }

    /// Reads also answers in the schema of a family of rubrics ([`AnswerSchema::of_family`]), `others` being the rest of it.
    pub fn relate(&mut self, others: impl IntoIterator<Item = String>) {
        self.other_keys = others.into_iter().collect();
    }

    /// Reads one complete answer. Truncated answers must not be passed in: nothing is closed for the model.
    ///
    /// # Errors
    /// When the text holds no JSON object, several different ones, one that breaks the schema, or the same key twice.
    pub fn read(&self, text: &str) -> Result<Reading, Unreadable> {
        let parsed = |key: &str| {
            let mut repairs = BTreeSet::new();
            json::read(text, key, &mut repairs).map(|value| (value, repairs))
        };
        let own = self.own_key();
        let parsed = if self.other_keys.is_empty() { parsed(own) } else { parsed(&self.key).or_else(|_| parsed(own)) };
        let (mut value, mut repairs) = parsed.map_err(|fault| Unreadable { error: explain(&fault, own) })?;
        self.rename(&mut value);
        if let Some(given) = value.get_mut(own) {
            if self.answer.kind.has_labels() {
                self.match_label(given, &mut repairs);
            } else {
                value::mend(given, &self.answer, &mut repairs);
            }
        }
        // Most answers are good, and to see that costs less than to name faults.
        if !self.validator.is_valid(&value) {
            let errors = self.validator.iter_errors(&value).take(NAMED_FAULTS).map(|error| name_fault(&error));
            return Err(Unreadable { error: errors.collect::<Vec<_>>().join("; ") });
        }
        Ok(Reading { outcome: self.outcome(&value)?, repairs })
    }

    /// Brings an answer in the schema of a family into the form of the rubric's own.
    fn rename(&self, value: &mut Value) {
        let Some(answer) =
            value.as_object_mut().filter(|answer| !self.other_keys.is_empty() && !answer.contains_key(self.own_key()))
        else {
            return;
        };
        if let Some(label) = answer.shift_remove(&self.key) {
            answer.insert(self.own_key().to_owned(), label);
            self.other_keys.iter().for_each(|key| drop(answer.shift_remove(key)));
        }
    }

    /// Replaces a label by the rubric's own where it differs only in letter case or in being a number.
    fn match_label(&self, label: &mut Value, repairs: &mut BTreeSet<Repair>) {
        let (given, repair) = match &*label {
            Value::String(text) => (text.to_lowercase(), Repair::LabelCase),
            Value::Number(number) => (number.to_string(), Repair::LabelNumber),
            _ => return,
        };
        let known = self.labels.iter().chain(&self.abstain);
        // Rubric files are refused where two ids differ in letter case only, so that one match at most is found.
        if let Some(own) = known.into_iter().find(|own| own.to_lowercase() == given)
            && label.as_str() != Some(own)
        {
            repairs.insert(repair);
            *label = Value::String(own.clone());
        }
    }

    fn outcome(&self, value: &Value) -> Result<Outcome, Unreadable> {
        let missing = || Unreadable { error: format!("`{}` is missing", self.own_key()) };
        let given = value.get(self.own_key()).ok_or_else(missing)?;
        let reason = value.get("reason").and_then(Value::as_str).map(ToOwned::to_owned);
        let turns = value.get("evidence").and_then(Value::as_array).into_iter().flatten();
        let evidence = turns.filter_map(turn_number).collect();
        if !self.answer.kind.has_labels() {
            return Ok(Outcome::Value { value: given.clone(), reason, evidence });
        }
        let label = given.as_str().ok_or_else(missing)?;
        if self.abstain.as_deref() == Some(label) {
            return Ok(Outcome::None { kind: NoVerdict::Abstained, detail: reason.unwrap_or_default() });
        }
        let confidence = value.get("confidence").and_then(Value::as_f64);
        Ok(Outcome::Label { label: label.to_owned(), reason, evidence, confidence })
    }
}

/// The schema admits small whole numbers only, also as `3.0`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the schema bounds the number")]
fn turn_number(value: &Value) -> Option<u32> {
    value.as_f64().map(|number| number as u32)
}

fn explain(fault: &Fault, key: &str) -> String {
    match fault {
        Fault::NoJson(message) => {
            format!("the answer holds no complete JSON object with the key `{key}` ({message})")
        }
        Fault::DuplicateKey(key) => format!("the key `{}` occurs twice in the answer", quoted(key)),
        Fault::Ambiguous => "the answer holds several JSON objects that differ; give exactly one".to_owned(),
    }
}

/// Which key is wrong, what was given and what was expected.
fn name_fault(error: &ValidationError) -> String {
    let place = place(error.instance_path().as_str());
    let key = if place.is_empty() { "the answer".to_owned() } else { format!("`{place}`") };
    let inside = if place.is_empty() { String::new() } else { format!(" in `{place}`") };
    let given = quoted(&error.instance().to_string());
    match error.kind() {
        ValidationErrorKind::Required { property } => format!("the key {property} is missing{inside}"),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            format!("unknown keys{inside}: {}", quoted(&unexpected.join(", ")))
        }
        ValidationErrorKind::Enum { options } => format!("{key} is {given}; it must be one of {options}"),
        ValidationErrorKind::MinLength { .. } => format!("{key} is empty"),
        ValidationErrorKind::MaxLength { limit } => format!("{key} is longer than {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("{key} has fewer than {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("{key} has more than {limit} items"),
        ValidationErrorKind::Minimum { limit } => format!("{key} is {given}; it must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("{key} is {given}; it must be at most {limit}"),
        _ => format!("{key}: {}", error.masked_with(given)),
    }
}

/// A JSON pointer as people write it: `value[3].turn`.
fn place(pointer: &str) -> String {
    let mut place = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            place.extend(["[", part, "]"]);
        } else {
            place.push_str(if place.is_empty() { "" } else { "." });
            place.push_str(part);
        }
    }
    place
}

fn quoted(text: &str) -> String {
    let short: String = text.chars().take(QUOTED_CHARS).collect();
    if short.len() < text.len() { short + "..." } else { short }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
