//! Forms of answers that are no label: numbers, texts, lists and objects, with their bounds.

use serde::{Deserialize, Serialize};

/// What a `number` may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberForm {
    /// Least number allowed.
    pub minimum: f64,
    /// Largest number allowed.
    pub maximum: f64,
    /// What it counts, for people and judge, such as `US dollars`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether only whole numbers are allowed.
    #[serde(default)]
    pub whole: bool,
}

/// What a `text` may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextForm {
    /// Most characters; the least is one.
    pub max_chars: usize,
}

/// What several short texts may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextsForm {
    /// Least number of texts.
    #[serde(default)]
    pub min_items: usize,
    /// Largest number of texts.
    pub max_items: usize,
    /// Most characters of each.
    pub max_chars: usize,
}

/// What a `list` may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListForm {
    /// Fields of each item.
    pub items: Vec<Field>,
    /// Largest number of items; a list may be empty.
    pub max_items: usize,
}

/// What an `object` may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectForm {
    /// Its fields.
    pub fields: Vec<Field>,
}

/// A named part of an object or of a list's item: exactly one of `choice`, `number`, `text` and `texts`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Key in the answer.
    pub name: String,
    /// What belongs there.
    pub definition: String,
    /// One of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Vec<FieldOption>>,
    /// A number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberForm>,
    /// A text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextForm>,
    /// Several texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<TextsForm>,
}

/// One label of a field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldOption {
    /// The label.
    pub id: String,
    /// What it means.
    pub definition: String,
}

impl NumberForm {
    fn check(&self, place: &str) -> Result<(), String> {
        let Self { minimum, maximum, .. } = self;
        if !minimum.is_finite() || !maximum.is_finite() || minimum >= maximum {
            return Err(format!("{place}: minimum {minimum} is not below maximum {maximum}"));
        }
        if self.whole && (minimum.fract() != 0.0 || maximum.fract() != 0.0) {
            return Err(format!("{place}: whole numbers need whole bounds, not {minimum} and {maximum}"));
        }
        Ok(())
    }
}

impl TextForm {
    fn check(&self, place: &str) -> Result<(), String> {
        if self.max_chars == 0 { Err(format!("{place}: max_chars is 0; nothing could be answered")) } else { Ok(()) }
    }
}

impl Field {
    fn check(&self, place: &str) -> Result<(), String> {
        let place = format!("{place}, field {}", self.name);
        let forms = [self.choice.is_some(), self.number.is_some(), self.text.is_some(), self.texts.is_some()];
        if forms.iter().filter(|form| **form).count() != 1 {
            return Err(format!("{place}: give exactly one of choice, number, text and texts"));
        }
        if let Some(options) = &self.choice {
            let ids = options.iter().map(|option| option.id.as_str());
            if options.len() < 2 {
                return Err(format!("{place}: a choice needs at least two options"));
            }
            check_names(&place, ids)?;
        }
        if let Some(texts) = &self.texts
            && (texts.max_items == 0 || texts.min_items > texts.max_items || texts.max_chars == 0)
        {
            return Err(format!("{place}: min_items, max_items and max_chars allow no text at all"));
        }
        self.number.as_ref().map_or(Ok(()), |form| form.check(&place))?;
        self.text.as_ref().map_or(Ok(()), |form| form.check(&place))
    }
}

/// Checks the forms of one answer, of which the one that `kind` names must be there and no other.
pub(super) fn check(
    kind: &str,
    number: Option<&NumberForm>,
    text: Option<&TextForm>,
    list: Option<&ListForm>,
    object: Option<&ObjectForm>,
) -> Result<(), String> {
    let forms = [
        ("number", number.is_some()),
        ("text", text.is_some()),
        ("list", list.is_some()),
        ("object", object.is_some()),
    ];
    for (name, is_given) in forms {
        if is_given && name != kind {
            return Err(format!("answer.{name} belongs to the kind {name}, and the kind is {kind}; leave one out"));
        }
        if !is_given && name == kind {
            return Err(format!("the kind is {kind}, and answer.{name} with its bounds is missing"));
        }
    }
    number.map_or(Ok(()), |form| form.check("answer.number"))?;
    text.map_or(Ok(()), |form| form.check("answer.text"))?;
    if let Some(list) = list {
        check_fields("answer.list", &list.items)?;
        if list.max_items == 0 {
            return Err("answer.list: max_items is 0; no item could be answered".to_owned());
        }
    }
    object.map_or(Ok(()), |object| check_fields("answer.object", &object.fields))
}

fn check_fields(place: &str, fields: &[Field]) -> Result<(), String> {
    if fields.is_empty() {
        return Err(format!("{place} has no fields; name at least one"));
    }
    check_names(place, fields.iter().map(|field| field.name.as_str()))?;
    fields.iter().try_for_each(|field| field.check(place))
}

fn check_names<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut known = std::collections::BTreeSet::new();
    for name in names {
        if name.trim().is_empty() || name.trim() != name {
            return Err(format!("{place}: the name `{name}` is empty or begins or ends with a blank"));
        }
        // Labels are matched without regard to letter case, so that two such names could not be told apart.
        if !known.insert(name.to_lowercase()) {
            return Err(format!("{place}: `{name}` occurs twice (letter case does not count)"));
        }
    }
    Ok(())
}
