//! Values as judges write them, brought into the rubric's own form where nothing has to be guessed.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::rubric::{Answer, Field};

use super::model::Repair;

/// Reads numbers given as text as numbers, gives labels of fields the rubric's letter case, and puts the keys of objects in
/// the rubric's order. What does not fit stays as it is, for the schema to refuse.
pub(super) fn mend(value: &mut Value, answer: &Answer, repairs: &mut BTreeSet<Repair>) {
    if answer.number.is_some() {
        mend_number(value, repairs);
    } else if let Some(form) = &answer.object {
        mend_object(value, &form.fields, repairs);
    } else if let (Some(form), Value::Array(items)) = (&answer.list, value) {
        for item in items {
            mend_object(item, &form.items, repairs);
        }
    }
}

fn mend_object(value: &mut Value, fields: &[Field], repairs: &mut BTreeSet<Repair>) {
    let Value::Object(object) = value else { return };
    let mut sorted = Map::new();
    for field in fields {
        let Some(mut part) = object.shift_remove(&field.name) else { continue };
        if field.number.is_some() {
            mend_number(&mut part, repairs);
        }
        if let Some(options) = &field.choice {
            mend_choice(&mut part, options.iter().map(|option| option.id.as_str()), repairs);
        }
        sorted.insert(field.name.clone(), part);
    }
    // Keys that the rubric does not know stay, so that the error can name them.
    sorted.append(object);
    *object = sorted;
}

/// A text that is a JSON number to the last character.
fn mend_number(value: &mut Value, repairs: &mut BTreeSet<Repair>) {
    let Value::String(text) = &*value else { return };
    if let Ok(number) = serde_json::from_str::<serde_json::Number>(text.trim()) {
        repairs.insert(Repair::NumberText);
        *value = Value::Number(number);
    }
}

/// A label that differs from one of the field's in letter case only; files are refused where two of them do.
fn mend_choice<'a>(value: &mut Value, ids: impl Iterator<Item = &'a str>, repairs: &mut BTreeSet<Repair>) {
    let Value::String(given) = &*value else { return };
    let lower = given.to_lowercase();
    if let Some(own) = ids.into_iter().find(|own| own.to_lowercase() == lower).filter(|own| *own != given) {
        repairs.insert(Repair::LabelCase);
        *value = Value::String(own.to_owned());
    }
}
