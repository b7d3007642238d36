//! JSON Schemas of answers: the full one that answers are checked against, and the subset each provider accepts.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::model::{ReasonKind, Rubric};
use super::value_schema;

/// Most turns that an answer may cite.
pub const MAX_EVIDENCE: usize = 20;

/// Most characters of a rationale.
const MAX_REASON_CHARS: usize = 2_000;

/// Keys of the label or value in answers.
const ANSWER_KEYS: [&str; 2] = ["label", "value"];

/// Most rubrics in one schema: Anthropic takes 24 optional keys (providers.md 1.4).
const MAX_FAMILY: usize = 20;

/// Highest turn number that an answer may cite; no session comes near it.
const MAX_TURN: u32 = 100_000;

/// A provider's subset of JSON Schema (providers.md 1.4, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `output_config.format` of Anthropic Messages.
    Anthropic,
    /// `response_format.json_schema` of Chat Completions, with `strict`.
    OpenAi,
}

/// The schema of a rubric's answers.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerSchema {
    /// The full schema, draft 2020-12.
    pub full: Value,
    anthropic: Value,
    openai: Value,
}

/// The form of every answer. The reason comes first, so that it is written before the label is chosen; confidence comes after it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used; answers are read as JSON values")]
struct AnswerForm {
    /// One or two sentences: what in the session decides the label.
    reason: String,
    /// Numbers of the turns that decide it.
    evidence: Vec<u32>,
    /// The label chosen.
    label: String,
    /// Probability that the label is right.
    confidence: f64,
}

impl AnswerSchema {
    /// Schema of the answers to `rubric`: `reason`, then `evidence`, then `label` or `value`, then `confidence`, as far as the rubric asks for them.
    #[must_use]
    pub fn of(rubric: &Rubric) -> Self {
        let generator = SchemaSettings::draft2020_12().with_transform(ForRubric::new(rubric)).into_generator();
        Self::new(generator.into_root_schema_for::<AnswerForm>().to_value())
    }

    /// The schema `full`, draft 2020-12.
    #[must_use]
    pub fn new(full: Value) -> Self {
        let part = |mut dialect: Dialect| {
            let mut value = full.clone();
            if let Ok(schema) = <&mut Schema>::try_from(&mut value) {
                dialect.transform(schema);
            }
            value
        };
        Self { anthropic: part(Dialect::Anthropic), openai: part(Dialect::OpenAi), full }
    }

    /// The part of the schema that the provider accepts.
    #[must_use]
    pub fn wire(&self, dialect: Dialect) -> &Value {
        match dialect {
            Dialect::Anthropic => &self.anthropic,
            Dialect::OpenAi => &self.openai,
        }
    }

    /// One schema for the answers to several rubrics, by name: the keys that they have in common, and for each rubric the key
    /// of its name in place of `label` or `value`. Requests that carry it can share a provider's prompt cache.
    ///
    /// None where the rubrics ask for different keys, a name is already a key, or there are more than providers take.
    #[must_use]
    pub fn of_family(rubrics: &[(&str, &Self)]) -> Option<Self> {
        let (_, first) = rubrics.first()?;
        let mut family = without_answer(&first.full)?;
        let same = rubrics.iter().all(|(_, schema)| without_answer(&schema.full).as_ref() == Some(&family));
        if !same || rubrics.len() > MAX_FAMILY {
            return None;
        }
        let properties = family.get_mut("properties")?.as_object_mut()?;
        for (name, schema) in rubrics {
            if ANSWER_KEYS.contains(name) || properties.contains_key(*name) {
                return None;
            }
            properties.insert((*name).to_owned(), schema.answer()?.clone());
        }
        Some(Self::new(family))
    }

    /// The schema of the label or value alone.
    fn answer(&self) -> Option<&Value> {
        let properties = self.full.get("properties")?;
        ANSWER_KEYS.iter().find_map(|key| properties.get(*key))
    }
}

/// `schema` without its label or value.
fn without_answer(schema: &Value) -> Option<Value> {
    let mut schema = schema.clone();
    for key in ANSWER_KEYS {
        schema.get_mut("properties")?.as_object_mut()?.shift_remove(key);
        schema.get_mut("required")?.as_array_mut()?.retain(|required| required != key);
    }
    Some(schema)
}

/// Fits the general form to one rubric: its labels, its bounds, and only the keys that it asks for.
#[derive(Clone)]
struct ForRubric {
    labels: Vec<String>,
    /// The schema of the value that stands in place of the label.
    value: Option<Value>,
    unused: Vec<&'static str>,
}

impl ForRubric {
    fn new(rubric: &Rubric) -> Self {
        let reason = (rubric.answer.reason == ReasonKind::None).then_some("reason");
        let evidence = (!rubric.answer.evidence).then_some("evidence");
        let confidence = (!rubric.answer.confidence).then_some("confidence");
        Self {
            labels: rubric.labels().into_iter().chain(rubric.abstain_id()).map(ToOwned::to_owned).collect(),
            value: value_schema::of(&rubric.answer),
            unused: reason.into_iter().chain(evidence).chain(confidence).collect(),
        }
    }
}

impl Transform for ForRubric {
    fn transform(&mut self, schema: &mut Schema) {
        for name in ["$schema", "title", "description"] {
            schema.remove(name);
        }
        let mut bound = |pointer: &str, bounds: Value| {
            if let (Some(Value::Object(part)), Value::Object(bounds)) = (schema.pointer_mut(pointer), bounds) {
                part.extend(bounds);
            }
        };
        bound("/properties/reason", json!({"maxLength": MAX_REASON_CHARS}));
        bound("/properties/evidence", json!({"maxItems": MAX_EVIDENCE}));
        bound("/properties/evidence/items", json!({"minimum": 1, "maximum": MAX_TURN}));
        bound("/properties/label", json!({"enum": self.labels}));
        bound("/properties/confidence", json!({"minimum": 0, "maximum": 1}));
        if let Some(Value::Object(items)) = schema.pointer_mut("/properties/evidence/items") {
            // `uint32` is a format of Rust's, and the bounds say the same.
            items.shift_remove("format");
        }
        if let Some(Value::Object(confidence)) = schema.pointer_mut("/properties/confidence") {
            // So is `double`.
            confidence.shift_remove("format");
        }
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.retain(|name, _| !self.unused.contains(&name.as_str()));
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            required.retain(|name| !self.unused.iter().any(|unused| name == unused));
        }
        if let Some(value) = self.value.take() {
            let [label, key] = ANSWER_KEYS;
            if let Some(Value::Object(properties)) = schema.get_mut("properties") {
                properties.shift_remove(label);
                properties.insert(key.to_owned(), value);
            }
            if let Some(Value::Array(required)) = schema.get_mut("required") {
                required.retain(|name| name != label);
                required.push(json!(key));
            }
        }
    }
}

/// Drops what the provider would refuse; what is dropped is checked against the full schema afterwards.
impl Transform for Dialect {
    fn transform(&mut self, schema: &mut Schema) {
        let refused: &[&str] = match self {
            Self::Anthropic => &["minimum", "maximum", "minLength", "maxLength", "maxItems", "uniqueItems"],
            Self::OpenAi => &["minLength", "maxLength", "uniqueItems"],
        };
        for keyword in refused {
            schema.remove(*keyword);
        }
        // Anthropic takes no other least number of items than 0 and 1.
        if *self == Self::Anthropic && schema.get("minItems").and_then(Value::as_u64).is_some_and(|least| least > 1) {
            schema.remove("minItems");
        }
        transform_subschemas(self, schema);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::rubric::{BUILT_IN, load};

    #[test]
    fn rubrics_of_one_form_have_one_schema_with_a_key_for_each() {
        let schema = |labels: &[&str], reason: bool| {
            let mut full = json!({"type": "object", "properties": {"label": {"type": "string", "enum": labels}},
                                  "required": ["label"], "additionalProperties": false});
            if reason {
                full["properties"]["reason"] = json!({"type": "string"});
            }
            AnswerSchema::new(full)
        };
        let (a, b) = (schema(&["x", "y"], false), schema(&["y", "z"], false));
        let family = AnswerSchema::of_family(&[("a", &a), ("b", &b)]).unwrap();
        let keys = json!({"a": {"type": "string", "enum": ["x", "y"]}, "b": {"type": "string", "enum": ["y", "z"]}});
        let expected = json!({"type": "object", "properties": keys, "required": [], "additionalProperties": false});
        assert_eq!(family.full, expected);
        assert_eq!(AnswerSchema::of_family(&[("a", &a), ("b", &schema(&["x"], true))]), None, "other keys");
        assert_eq!(AnswerSchema::of_family(&[("a", &a), ("label", &b)]), None, "a name that is a key");
    }

    #[test]
    fn schemas_of_the_built_in_rubrics() {
        for name in BUILT_IN.into_iter().chain(["decisions", "task_posting", "task_value"]) {
            let schema = AnswerSchema::of(&load(name, Path::new("/nowhere")).unwrap());
            insta::assert_json_snapshot!(format!("{name}_full"), schema.full);
            insta::assert_json_snapshot!(format!("{name}_anthropic"), schema.wire(Dialect::Anthropic));
            insta::assert_json_snapshot!(format!("{name}_openai"), schema.wire(Dialect::OpenAi));
        }
    }

    #[test]
    fn only_what_the_rubric_asks_for_is_asked_for() {
        let mut rubric = load("outcome", Path::new("/nowhere")).unwrap();
        rubric.answer.reason = ReasonKind::None;
        rubric.answer.evidence = false;
        let full = AnswerSchema::of(&rubric).full;
        assert_eq!(full["required"], json!(["label"]));
        assert_eq!(full["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["label"]);
        rubric.answer.confidence = true;
        let schema = AnswerSchema::of(&rubric);
        assert_eq!(schema.full["required"], json!(["label", "confidence"]));
        let number = json!({"description": "Probability that the label is right.", "type": "number"});
        assert_eq!(schema.wire(Dialect::Anthropic)["properties"]["confidence"], number);
        assert_eq!(schema.full["properties"]["confidence"]["maximum"], json!(1));
    }

    fn value(kind: &str, form: &str) -> Rubric {
        let text = format!(
            "{{name: v, version: 1, title: V, question: V?, prompt: p, answer: {{kind: {kind}, {kind}: {form}, reason: short}}}}"
        );
        serde_saphyr::from_str(&text).unwrap()
    }

    #[test]
    fn values_have_the_bounds_of_their_form_and_every_key_is_required() {
        let full = AnswerSchema::of(&value("number", "{minimum: 10, maximum: 50000, unit: US dollars}")).full;
        assert_eq!(full["required"], json!(["reason", "value"]));
        assert_eq!(full["properties"]["value"], json!({"type": "number", "minimum": 10, "maximum": 50000}));
        let list = "{max_items: 60, items: [{name: turn, definition: d, number: {minimum: 1, maximum: 9, whole: true}},
            {name: by, definition: d, choice: [{id: user, definition: d}, {id: agent, definition: d}]},
            {name: tags, definition: d, texts: {min_items: 3, max_items: 8, max_chars: 20}}]}";
        let schema = AnswerSchema::of(&value("list", list));
        let item = &schema.full["properties"]["value"]["items"];
        assert_eq!(schema.full["properties"]["value"]["maxItems"], 60);
        assert_eq!(item["required"], json!(["turn", "by", "tags"]));
        assert_eq!(item["additionalProperties"], false);
        assert_eq!(item["properties"]["turn"], json!({"type": "integer", "minimum": 1, "maximum": 9}));
        assert_eq!(item["properties"]["tags"]["minItems"], 3);
        // What providers refuse is left out on the wire, and checked afterwards.
        let wire = schema.wire(Dialect::Anthropic).to_string();
        for refused in ["minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength"] {
            assert!(!wire.contains(refused), "{refused} in {wire}");
        }
        let wire = schema.wire(Dialect::OpenAi).to_string();
        assert!(wire.contains("minItems") && wire.contains("minimum") && !wire.contains("Length"), "{wire}");
    }

    #[test]
    fn values_and_labels_share_a_family_by_the_names_of_their_rubrics() {
        let number = AnswerSchema::of(&value("number", "{minimum: 0, maximum: 1}"));
        let mut outcome = load("outcome", Path::new("/nowhere")).unwrap();
        outcome.answer.evidence = false;
        let outcome = AnswerSchema::of(&outcome);
        let family = AnswerSchema::of_family(&[("outcome", &outcome), ("v", &number)]).unwrap().full;
        assert_eq!(family["required"], json!(["reason"]));
        let keys: Vec<_> = family["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["reason", "outcome", "v"]);
        assert_eq!(family["properties"]["v"], json!({"type": "number", "minimum": 0, "maximum": 1}));
    }
}
