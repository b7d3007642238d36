//! The report in a few lines, for a terminal.

use super::error::ReportError;
use super::figures::{count, decimal, range};
use super::model::{Relation, Report};

/// Scales with more labels than this are shown without the labels that no session has.
const LONG: usize = 10;

/// A short table and the lines around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What this is, with the data label.
    pub heading: String,
    /// Column names.
    pub header: Vec<&'static str>,
    /// One row a rubric and judge and label.
    pub rows: Vec<Vec<String>>,
    /// What must be said below the table.
    pub notes: Vec<String>,
}

impl Summary {
    /// The table as CSV.
    ///
    /// # Errors
    /// When a row cannot be written, which is an error in assize.
    pub fn csv(&self) -> Result<String, ReportError> {
        super::csv::table(&self.header, self.rows.iter())
    }
}

/// Sums `report` up.
#[must_use]
pub fn summary(report: &Report) -> Summary {
    let label = report.data_label.as_deref().map(|label| format!(" [{label} data]")).unwrap_or_default();
    let sessions = count(report.sample.found);
    let corrected = report.rubrics.iter().flat_map(|rubric| &rubric.judges).any(|judge| judge.correction.is_some());
    let shares = if corrected { "shares raw and corrected" } else { "shares uncorrected" };
    let heading = format!("{}{label}: {sessions} sessions, {shares}, 95 % intervals", report.run.id);
    let mut rows = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    let mut left_out = 0;
    for rubric in &report.rubrics {
        for judge in &rubric.judges {
            for (row, label) in judge.shares.iter().zip(&rubric.labels) {
                // A long scale would fill the screen with zeros; the report itself has every label.
                if rubric.labels.len() > LONG && row.count == 0 && label.published.is_none() {
                    left_out += 1;
                    continue;
                }
                let percent = |share: Option<f64>| share.map(|share| share * 100.0);
                let mut columns = vec![
                    rubric.name.clone(),
                    judge.judge.clone(),
                    row.label.clone(),
                    format!("{}/{}", row.count, row.share.n),
                    decimal(percent(row.share.value), 1),
                    range(percent(row.share.low), percent(row.share.high), 1),
                ];
                if corrected {
                    let value = row.corrected.as_ref();
                    let (low, high) = value.map_or((None, None), |value| (value.low, value.high));
                    columns.push(decimal(percent(value.and_then(|value| value.value)), 1));
                    columns.push(range(percent(low), percent(high), 1));
                }
                columns.push(label.published.map_or("-".to_owned(), |published| decimal(Some(published.percent), 1)));
                rows.push(columns);
            }
        }
        let pairs = rubric.agreement.iter().flat_map(|section| section.pairs.iter().map(move |pair| (section, pair)));
        for (section, pair) in pairs.filter(|(_, pair)| pair.relation == Relation::JudgeWithReference) {
            let Some(one) = pair.coefficients.iter().find(|one| one.name == section.headline) else { continue };
            let tag = report.tags.get(&pair.raters[0]).map(|tag| format!(" ({tag})")).unwrap_or_default();
            let names = format!("{}, {} with {}{tag}", rubric.name, pair.raters[1], pair.raters[0]);
            let (value, ends) = (decimal(one.value, 2), range(one.low, one.high, 2));
            notes.push(format!("{}: {names}: {value} ({ends}), n = {}", one.name, one.n));
        }
    }
    let mut below = Vec::new();
    if left_out > 0 {
        below.push(format!(
            "{left_out} labels that no session has are left out here, of rubrics with more than {LONG}."
        ));
    }
    if !notes.is_empty() {
        below.push(notes.join("\n"));
    }
    below.extend(
        report
            .tags
            .iter()
            .filter(|(name, _)| report.judges.iter().any(|judge| judge.name == **name))
            .map(|(name, tag)| format!("{name}: {tag}.")),
    );
    below.extend(report.notes.iter().cloned());
    let mut header = vec!["rubric", "judge", "label", "n", "share %", "interval"];
    if corrected {
        header.extend(["corrected %", "interval"]);
    }
    header.push("published %");
    Summary { heading, header, rows, notes: below }
}
