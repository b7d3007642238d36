//! Probabilities of all labels: one row an item, rater and label.

use std::collections::BTreeMap;
use std::path::Path;

use super::columns::Columns;
use super::error::{GoldError, Problem};
use super::long::probability;
use super::model::unknown_label;
use super::source::Table;

/// How far the probabilities of one item may be from a sum of 1: they are printed with few digits.
const ROUNDING: f64 = 0.01;

/// What raters give to every label of an item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Probabilities {
    of: BTreeMap<(String, String), BTreeMap<String, f64>>,
    source: String,
    lines: BTreeMap<String, u64>,
}

impl Probabilities {
    /// Reads a CSV file of `item,rater,label,probability`, one row a label; labels of an item that are not named have 0.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, names a label twice, or holds no probabilities that sum to 1.
    pub fn read(path: &Path, columns: &Columns) -> Result<Self, GoldError> {
        let mut table = Table::open(path, fs_err::File::open(path)?)?;
        let item = table.required(columns.item.as_ref(), "item")?;
        let rater = table.required(columns.rater.as_ref(), "rater")?;
        let label = table.required(columns.label.as_ref(), "label")?;
        let place = table.required(None, "probability")?;
        let mut found = Self { source: path.display().to_string(), ..Self::default() };
        let mut problems = Vec::new();
        let mut first: BTreeMap<(String, String), u64> = BTreeMap::new();
        table.rows(|line, record| {
            let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
            let (whose, name) = ((cell(item), cell(rater)), cell(label));
            match probability(&cell(place)) {
                Err(message) => problems.push(Problem::new(line, message)),
                Ok(share) => {
                    first.entry(whose.clone()).or_insert(line);
                    found.lines.entry(name.clone()).or_insert(line);
                    if found.of.entry(whose.clone()).or_default().insert(name.clone(), share).is_some() {
                        problems
                            .push(Problem::new(line, format!("{name:?} of {} by {} stands twice", whose.0, whose.1)));
                    }
                }
            }
        })?;
        for ((item, rater), shares) in &found.of {
            let sum: f64 = shares.values().sum();
            if (sum - 1.0).abs() > ROUNDING {
                let line = first[&(item.clone(), rater.clone())];
                problems.push(Problem::new(line, format!("the probabilities of {item} by {rater} sum to {sum:.3}")));
            }
        }
        GoldError::of(&found.source, problems, "the probabilities of one item by one rater sum to 1")?;
        if found.of.is_empty() { Err(GoldError::Empty(path.to_owned())) } else { Ok(found) }
    }

    /// What `rater` gives to each of `labels` on `item`, scaled to a sum of 1.
    #[must_use]
    pub fn of(&self, item: &str, rater: &str, labels: &[String]) -> Option<Vec<f64>> {
        let shares = self.of.get(&(item.to_owned(), rater.to_owned()))?;
        let row: Vec<f64> = labels.iter().map(|label| shares.get(label).copied().unwrap_or(0.0)).collect();
        let sum: f64 = row.iter().sum();
        (sum > 0.0).then(|| row.iter().map(|share| share / sum).collect())
    }

    /// Checks every label against the declared ones.
    ///
    /// # Errors
    /// Names each unknown label, its first line, and the label that was probably meant.
    pub fn check_labels(&self, declared: &[String]) -> Result<(), GoldError> {
        let unknown = self.lines.iter().filter(|(label, _)| !declared.contains(label));
        let problems = unknown.map(|(label, line)| Problem::new(*line, unknown_label(label, declared))).collect();
        GoldError::of(&self.source, problems, &format!("declared are: {}", declared.join(", ")))
    }
}
