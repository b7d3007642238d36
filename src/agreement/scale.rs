//! The scale of a report: declared, taken from a rubric, or observed.

use std::collections::BTreeMap;

use crate::gold::{Distances, Ratings};
use crate::rubric::{Level, Rubric};
use crate::stats::Scale;

use super::error::AgreementError;
use super::model::ScaleOrigin;

/// More labels than this are free text or numbers from the wrong column.
const MOST_CATEGORIES: usize = 1000;

/// Groups of names alike that are told one by one.
const LOOK_ALIKES: usize = 5;

/// What is said about the scale before any rating is seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Declared {
    /// Categories in scale order; those that occur where none are declared.
    pub categories: Option<Vec<String>>,
    /// Level of measurement; nominal where none is declared.
    pub level: Option<Level>,
    /// The label that says that nothing can be said: a no-verdict, not a category.
    pub abstain: Option<String>,
    /// Distances of the categories, for the coefficients `..._custom`.
    pub distances: Option<Distances>,
}

/// Categories and scale of one report.
#[derive(Debug)]
pub(super) struct Resolved {
    pub categories: Vec<String>,
    pub scale: Scale,
    pub origin: ScaleOrigin,
    pub notes: Vec<String>,
}

impl Declared {
    /// What a rubric says about its scale. The categories of a number are those that occur.
    ///
    /// # Errors
    /// When its answers are texts, lists or objects, of which two can hardly ever be the same.
    pub fn of_rubric(rubric: &Rubric) -> Result<Self, AgreementError> {
        let kind = rubric.answer.kind;
        let labels = || rubric.labels().into_iter().map(str::to_owned).collect();
        match rubric.level() {
            Some(level) => Ok(Self {
                categories: kind.has_labels().then(labels),
                level: Some(level),
                abstain: rubric.abstain_id().map(str::to_owned),
                distances: None,
            }),
            None => Err(AgreementError::NotComparable { rubric: rubric.name.clone(), kind: kind.as_str() }),
        }
    }

    /// The scale of `ratings`, whose labels are checked against the declared categories.
    ///
    /// # Errors
    /// When a label is not declared, the categories are not a scale, or there is no order where one is needed.
    pub(super) fn resolve(&self, ratings: &Ratings) -> Result<Resolved, AgreementError> {
        let level = self.level.unwrap_or(Level::Nominal);
        let (categories, origin, notes) = if let Some(categories) = &self.categories {
            check_declared(categories)?;
            ratings.check_labels(categories)?;
            (categories.clone(), ScaleOrigin::Declared, Vec::new())
        } else {
            let categories = observed(ratings.rows.iter().map(|row| row.label.as_str()));
            let notes = look_alikes(&categories);
            (categories, ScaleOrigin::Observed, notes)
        };
        if categories.len() > MOST_CATEGORIES {
            return Err(AgreementError::TooManyCategories(categories.len(), MOST_CATEGORIES));
        }
        let values = categories.iter().map(|category| number(category)).collect::<Option<Vec<f64>>>();
        if origin == ScaleOrigin::Observed && level == Level::Ordinal && values.is_none() {
            return Err(AgreementError::NoOrder { level: "ordinal", labels: categories.join(", ") });
        }
        let distances = self.distances.as_ref().map(|declared| declared.between(&categories)).transpose()?;
        let scale = Scale { level, categories: categories.len(), values, distances: distances.map(Into::into) };
        Ok(Resolved { categories, scale, origin, notes })
    }
}

/// The word for a level.
#[must_use]
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Nominal => "nominal",
        Level::Ordinal => "ordinal",
        Level::Interval => "interval",
        Level::Ratio => "ratio",
    }
}

fn check_declared(categories: &[String]) -> Result<(), AgreementError> {
    let wrong = (categories.iter().enumerate()).find_map(|(at, category)| {
        if category.is_empty() {
            Some("one is empty".to_owned())
        } else {
            categories[..at].contains(category).then(|| format!("{category} is declared twice"))
        }
    });
    wrong.map_or(Ok(()), |message| Err(AgreementError::BadCategories(message)))
}

/// The labels that occur, sorted as numbers where all are numbers.
pub(super) fn observed<'a>(labels: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut labels: Vec<String> =
        labels.collect::<std::collections::BTreeSet<_>>().into_iter().map(str::to_owned).collect();
    if labels.iter().all(|label| number(label).is_some()) {
        labels.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    }
    labels
}

fn number(label: &str) -> Option<f64> {
    label.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Says which observed labels may be one label typed in two ways.
pub(super) fn look_alikes(categories: &[String]) -> Vec<String> {
    let one = |category: &str| match number(category) {
        Some(value) => value.to_string(),
        None => category.split_whitespace().collect::<String>().to_lowercase(),
    };
    said_apart("labels", categories.iter().map(String::as_str), one)
}

/// Says which raters, and which items, may be one typed in two ways: apart, their ratings do not meet.
pub(super) fn look_alike_names<'a>(raters: &[String], items: impl Iterator<Item = &'a str>) -> Vec<String> {
    let one = |name: &str| name.trim().to_lowercase();
    let mut notes = said_apart("raters", raters.iter().map(String::as_str), one);
    notes.extend(said_apart("items", items, one));
    notes
}

fn said_apart<'a>(what: &str, names: impl Iterator<Item = &'a str>, one: impl Fn(&str) -> String) -> Vec<String> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in names {
        groups.entry(one(name)).or_default().push(name);
    }
    let alike: Vec<&Vec<&str>> = groups.values().filter(|group| group.len() > 1).collect();
    let note = |group: &&Vec<&str>| format!("counted as different {what}, though they look like one: {group:?}");
    let more = alike.len().saturating_sub(LOOK_ALIKES);
    let rest = (more > 0).then(|| format!("{more} more groups of {what} look like one"));
    alike.iter().take(LOOK_ALIKES).map(note).chain(rest).collect()
}
