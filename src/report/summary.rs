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
    pub header: [&'static str; 7],
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
    let heading = format!("{}{label}: {sessions} sessions, shares uncorrected, 95 % intervals", report.run.id);
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
                rows.push(vec![
                    rubric.name.clone(),
                    judge.judge.clone(),
                    row.label.clone(),
                    format!("{}/{}", row.count, row.share.n),
                    decimal(percent(row.share.value), 1),
                    range(percent(row.share.low), percent(row.share.high), 1),
                    label.published.map_or("-".to_owned(), |published| decimal(Some(published.percent), 1)),
                ]);
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
    let header = ["rubric", "judge", "label", "n", "share %", "interval", "published %"];
    Summary { heading, header, rows, notes: below }
}
