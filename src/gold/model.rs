//! Ratings in long form: one row a label (design.md section 5).

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::verdict::NoVerdict;

use super::error::{GoldError, Problem, did_you_mean, differs_by_case_or_spaces};

/// One label by one rater.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// What was rated: a session id, or a file below the ingested root.
    pub item: String,
    /// Who rated.
    pub rater: String,
    /// The label.
    pub label: String,
    /// The rubric, where the file holds several.
    pub rubric: Option<String>,
    /// The unit of clustering, such as the person.
    pub cluster: Option<String>,
    /// Sampling weight.
    pub weight: Option<f64>,
    /// The stratum that the item was drawn from.
    pub stratum: Option<String>,
    /// Replicate number.
    pub replicate: Option<u32>,
    /// Data split, such as `dev` or `test`.
    pub split: Option<String>,
    /// Whether the rater saw no judge's answer.
    pub blind: Option<bool>,
    /// A remark.
    pub note: Option<String>,
    /// When, RFC 3339.
    pub at: Option<String>,
    /// The probability that the rater gives to its label, 0 to 1.
    pub confidence: Option<f64>,
    /// The options as they were shown to the rater, first to last; empty where that is not told.
    pub shown: Vec<String>,
    /// Lengths of what the options stand for, in the same order; empty where not told.
    pub lengths: Vec<f64>,
    /// The label that stands for the rater's own answer.
    pub own: Option<String>,
    /// Line of the file, from 1; 0 where it did not come from a file.
    pub line: u64,
}

/// A rater asked about an item without coming to a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What was to be rated.
    pub item: String,
    /// Who was asked.
    pub rater: String,
    /// The rubric, where the file holds several.
    pub rubric: Option<String>,
    /// The unit of clustering.
    pub cluster: Option<String>,
    /// Replicate number.
    pub replicate: Option<u32>,
    /// Why there is no label.
    pub kind: NoVerdict,
}

/// Checked ratings: no (item, rater, rubric, replicate) twice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ratings {
    /// The rows, in file order.
    pub rows: Vec<Rating>,
    /// No-verdicts, in file order.
    pub missing: Vec<Missing>,
    /// The file they came from, for messages; empty where there is none.
    pub source: String,
    /// Columns of the file that were not read.
    pub unread_columns: Vec<String>,
}

/// What a file of ratings is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Items, sorted.
    pub items: BTreeSet<String>,
    /// Rubrics that are named, sorted.
    pub rubrics: BTreeSet<String>,
}

/// What may occur only once.
type Key<'a> = (&'a str, &'a str, Option<&'a str>, u32);

impl Ratings {
    /// Raters, sorted by name, those without a single label included.
    #[must_use]
    pub fn raters(&self) -> BTreeSet<&str> {
        let missing = self.missing.iter().map(|missing| missing.rater.as_str());
        self.rows.iter().map(|row| row.rater.as_str()).chain(missing).collect()
    }

    /// Rubrics named in the rows, sorted.
    #[must_use]
    pub fn rubrics(&self) -> BTreeSet<&str> {
        let missing = self.missing.iter().filter_map(|missing| missing.rubric.as_deref());
        self.rows.iter().filter_map(|row| row.rubric.as_deref()).chain(missing).collect()
    }

    /// The part that belongs to the rubric `name`: its rows, and rows that name no rubric.
    #[must_use]
    pub fn of_rubric(&self, name: &str) -> Self {
        let is_part = |rubric: &Option<String>| rubric.as_deref().is_none_or(|rubric| rubric == name);
        Self {
            rows: self.rows.iter().filter(|row| is_part(&row.rubric)).cloned().collect(),
            missing: self.missing.iter().filter(|missing| is_part(&missing.rubric)).cloned().collect(),
            source: self.source.clone(),
            unread_columns: self.unread_columns.clone(),
        }
    }

    /// Checks that no (item, rater, rubric, replicate) occurs twice; a replicate that is not given is the first.
    ///
    /// # Errors
    /// Names each repetition and where the first one stands.
    pub fn check_duplicates(&self) -> Result<(), GoldError> {
        let mut seen: HashMap<Key<'_>, u64> = HashMap::new();
        let mut problems = Vec::new();
        let rows = self.rows.iter().map(|row| {
            ((row.item.as_str(), row.rater.as_str(), row.rubric.as_deref(), row.replicate.unwrap_or(1)), row.line)
        });
        let missing = self
            .missing
            .iter()
            .map(|row| ((row.item.as_str(), row.rater.as_str(), row.rubric.as_deref(), row.replicate.unwrap_or(1)), 0));
        for (key, line) in rows.chain(missing) {
            if let Some(first) = seen.insert(key, line) {
                let of_rubric = key.2.map_or(String::new(), |rubric| format!(" for {rubric}"));
                let place = if first == 0 { String::new() } else { format!(", first on line {first}") };
                problems.push(Problem::new(line, format!("{} rated {} twice{of_rubric}{place}", key.1, key.0)));
            }
        }
        GoldError::of(&self.source, problems, "keep one row, or number the repeats in a replicate column")
    }

    /// Checks every label against the declared ones.
    ///
    /// # Errors
    /// Names each unknown label, its line, and the label that was probably meant.
    pub fn check_labels(&self, declared: &[String]) -> Result<(), GoldError> {
        let known: BTreeSet<&str> = declared.iter().map(String::as_str).collect();
        let problems = (self.rows.iter())
            .filter(|row| !known.contains(row.label.as_str()))
            .map(|row| Problem::new(row.line, unknown_label(&row.label, declared)))
            .collect();
        let hint = format!("declared are: {}", declared.join(", "));
        GoldError::of(&self.source, problems, &hint)
    }
}

/// The message for a label that is not declared.
pub(super) fn unknown_label(label: &str, declared: &[String]) -> String {
    let names = || declared.iter().map(String::as_str);
    match differs_by_case_or_spaces(label, names()) {
        Some(known) => format!("unknown label {label:?}: it differs from {known:?} by letter case or spaces only"),
        None => format!("unknown label {label:?}{}", did_you_mean(label, names())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(label: &str) -> Ratings {
        let rating = Rating {
            item: "s1".to_owned(),
            rater: "ann".to_owned(),
            label: label.to_owned(),
            line: 7,
            ..Rating::default()
        };
        Ratings { rows: vec![rating], source: "gold.csv".to_owned(), ..Ratings::default() }
    }

    #[test]
    fn unknown_labels_are_named_with_the_likely_one() {
        let declared = ["fix".to_owned(), "understand".to_owned()];
        let message = |label: &str| labelled(label).check_labels(&declared).unwrap_err().to_string();
        assert!(labelled("fix").check_labels(&declared).is_ok());
        assert_eq!(
            message("Fix "),
            "gold.csv:7: unknown label \"Fix \": it differs from \"fix\" by letter case or spaces only\n\
             (declared are: fix, understand)"
        );
        assert!(message("understanding").contains("did you mean \"understand\"?"));
        assert!(!message("zzz").contains("did you mean"));
    }
}
