//! What the study published, from `published.csv`, and where it contradicts itself (report.md sections 10 and 12).

use serde::Deserialize;

use crate::report::error::ReportError;
use crate::rubric::PublishedKind;

use super::model::{Exhibit, PublishedNumber, Unit};

/// One row of the file.
#[derive(Debug, Deserialize)]
struct Row {
    exhibit: String,
    panel: String,
    group: String,
    measure: String,
    value: f64,
    known: PublishedKind,
    note: Option<String>,
}

/// The month that the study's changes are since.
const FIRST_MONTH: &str = "2025-10";

/// Contradictions of the study by exhibit.
const CONTRADICTIONS: [(&str, &str); 9] = [
    (
        "figure_2",
        "The study's text speaks of means and its caption of the typical session: which of them is plotted is not resolved.",
    ),
    ("figure_4", "The growth of value is 27 % in the study's body and about 25 % in its key findings."),
    (
        "figure_5",
        "Trouble begins at failure signal 3 here, as in the study's PDF and appendix; its web caption says above 3. The main text calls trouble verified evidence of failure, though a score of 3 has no hard signal.",
    ),
    (
        "figure_5",
        "Abandoned means no line added in the study's appendix, and no line added or modified in its text; here: no line added.",
    ),
    ("figure_6", "At least partial success of software occupations is 94 % in the figure and 89 % in the web text."),
    ("figure_6", "Two readings of the row of sales differ: 28 or 26 % verified, 58 or 51 % judged."),
    ("figure_6", "The appendix says that Table A2 underlies Figure 6; by its content it is Figure 5."),
    (
        "table_a1",
        "The caption counts 375,687 sessions, the table 359,586; all sessions less those without a clear goal are about 367,500.",
    ),
    ("figure_1", "The prompt on testing names test infrastructure in two places, under testing and under building."),
];

/// Puts what was published beside every cell of `exhibits`, and contradictions below.
///
/// # Errors
/// When the file inside the binary cannot be read, which is an error in assize.
pub(super) fn annotate(exhibits: &mut [Exhibit]) -> Result<(), ReportError> {
    let rows = rows()?;
    for exhibit in exhibits {
        let own: Vec<&Row> = rows.iter().filter(|row| row.exhibit == exhibit.id).collect();
        for panel in &mut exhibit.panels {
            // A change since another month is another number.
            let is_since = exhibit.id != "figure_4" || panel.unit != Unit::Change;
            if !is_since && panel.cells.first().is_none_or(|cell| cell.group != FIRST_MONTH) {
                continue;
            }
            for cell in &mut panel.cells {
                let found = own
                    .iter()
                    .find(|row| row.panel == panel.id && row.group == cell.group && row.measure == cell.measure);
                if let Some(row) = found {
                    let note = row.note.clone().filter(|note| !note.is_empty());
                    cell.published = Some(PublishedNumber { value: row.value, known: row.known, note });
                }
            }
        }
        let own = CONTRADICTIONS.iter().filter(|(id, _)| *id == exhibit.id);
        exhibit.notes.extend(own.map(|(_, text)| (*text).to_owned()));
    }
    Ok(())
}

/// Every number that the study published.
///
/// # Errors
/// When the file inside the binary cannot be read, which is an error in assize.
pub(in crate::report) fn published_values() -> Result<Vec<f64>, ReportError> {
    Ok(rows()?.into_iter().map(|row| row.value).collect())
}

fn rows() -> Result<Vec<Row>, ReportError> {
    let mut reader = csv::Reader::from_reader(include_str!("published.csv").as_bytes());
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| ReportError::Draw(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::model::{Cell, Exhibit, Form, Panel, Unit};
    use super::{annotate, rows};

    #[test]
    fn growth_since_another_month_is_not_held_against_the_published_one() {
        let published = |first: &str| {
            let cell = |month: &str| Cell::new((month, month), ("all", "All modes"));
            let (id, title) = ("value".to_owned(), String::new());
            let panel = Panel { id, title, unit: Unit::Change, cells: vec![cell(first), cell("2026-04")] };
            let mut exhibits = [Exhibit {
                id: "figure_4".to_owned(),
                number: String::new(),
                title: String::new(),
                caption: String::new(),
                form: Form::Lines,
                needs: vec![],
                correction: None,
                panels: vec![panel],
                notes: vec![],
            }];
            annotate(&mut exhibits).unwrap();
            exhibits[0].panels[0].cells[1].published.as_ref().map(|one| one.value)
        };
        assert_eq!((published("2025-10"), published("2026-01")), (Some(0.27), None));
    }

    // Sums that the study's own numbers have to fulfil (report.md 1.1, 5.4, 5.5).
    #[test]
    fn published_numbers_are_told_once_and_fit_together() {
        let rows = rows().unwrap();
        let keys: BTreeSet<_> = rows.iter().map(|row| (&row.exhibit, &row.panel, &row.group, &row.measure)).collect();
        assert_eq!(keys.len(), rows.len());
        let get = |exhibit: &str, panel: &str, group: &str| {
            let mut own = rows.iter().filter(|row| row.exhibit == exhibit && row.panel == panel && row.group == group);
            own.find(|row| row.measure == "verified_success").unwrap().value
        };
        for level in ["2", "3", "4", "5"] {
            let rise = get("figure_5", "all", level) - get("figure_5", "all", "1");
            assert!((rise - get("table_a2", "differences", level)).abs() < 1.1e-3, "level {level}");
        }
        let sizes = [5_911.0, 73_858.0, 96_516.0, 146_879.0, 36_422.0];
        let sum: f64 = sizes.iter().zip(1..).map(|(n, level)| n * get("table_a2", "rates", &level.to_string())).sum();
        assert!((sum / sizes.iter().sum::<f64>() - get("table_2", "measures", "all")).abs() < 1e-3);
    }
}
