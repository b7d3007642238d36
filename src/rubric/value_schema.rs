//! JSON Schemas of values: numbers, texts, lists and objects within their bounds.

use serde_json::{Map, Value, json};

use super::form::{Field, ListForm, NumberForm, TextForm, TextsForm};
use super::model::Answer;

/// Schema of the value that `answer` asks for; none where it asks for a label. Every key is required and no other is
/// allowed, as strict modes of providers demand (providers.md 1.4, 3.1).
pub(super) fn of(answer: &Answer) -> Option<Value> {
    let number = answer.number.as_ref().map(number);
    let text = || answer.text.as_ref().map(text);
    let object = || answer.object.as_ref().map(|form| object(&form.fields));
    let list = || answer.list.as_ref().map(list);
    number.or_else(text).or_else(object).or_else(list)
}

fn list(form: &ListForm) -> Value {
    json!({"type": "array", "items": object(&form.items), "maxItems": form.max_items})
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.clone(), field_schema(field))).collect();
    let required: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties, "required": required})
}

fn field_schema(field: &Field) -> Value {
    let choice = field.choice.as_ref().map(|options| {
        let ids: Vec<&str> = options.iter().map(|option| option.id.as_str()).collect();
        json!({"type": "string", "enum": ids})
    });
    let number = || field.number.as_ref().map(number);
    let text = || field.text.as_ref().map(text);
    let texts = || field.texts.as_ref().map(texts);
    // A field without a form is refused when the file is read.
    choice.or_else(number).or_else(text).or_else(texts).unwrap_or(Value::Bool(false))
}

fn number(form: &NumberForm) -> Value {
    let kind = if form.whole { "integer" } else { "number" };
    json!({"type": kind, "minimum": plain(form.minimum), "maximum": plain(form.maximum)})
}

fn text(form: &TextForm) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": form.max_chars})
}

fn texts(form: &TextsForm) -> Value {
    let item = json!({"type": "string", "minLength": 1, "maxLength": form.max_chars});
    json!({"type": "array", "items": item, "minItems": form.min_items, "maxItems": form.max_items})
}

/// A bound as people write it: `10`, not `10.0`.
#[expect(clippy::cast_possible_truncation, reason = "whole and within the exact range of a double")]
fn plain(bound: f64) -> Value {
    if bound.fract() == 0.0 && bound.abs() < 9.0e15 { json!(bound as i64) } else { json!(bound) }
}
