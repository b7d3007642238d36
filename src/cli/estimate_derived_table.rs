//! Derived measures as text for people, and as CSV.

use crate::estimate::{DerivedReports, EstimateReport, EstimateReports, MachineTwin, Row};
use crate::stats::Undefined;

use super::error::CliError;
use super::estimate_table::{csv as reports_csv, notes, number};
use super::printer::table;

/// All measures as text: one table of rates, then those that nothing but measures decides, then machine evidence.
pub fn text(all: &DerivedReports) -> String {
    let grouped = all.reports.iter().chain(&all.measured).any(|report| report.by.is_some());
    let mut header =
        vec!["measure", "judge", "in base", "gold (yes)", "raw rate", "method", "corrected", "raw at worst"];
    if grouped {
        header.insert(2, "group");
    }
    let rates = |report: &EstimateReport| -> Vec<Vec<String>> {
        let rows = report.rows.iter().filter(|row| row.label == "rate");
        rows.flat_map(|row| lines(report, row, grouped)).collect()
    };
    let rows: Vec<Vec<String>> = all.reports.iter().chain(&all.measured).flat_map(rates).collect();
    let mut blocks = vec![format!(
        "Derived measures of run {}: yes among yes and no; {:.0} % intervals\n{}",
        all.run,
        all.confidence * 100.0,
        table(&header, &rows)
    )];
    blocks.extend(all.twins.iter().map(twin));
    let said = all.left_out.iter().map(|one| format!("{} by {}: {}", one.measure.as_str(), one.judge, one.why));
    let own = all.reports.iter().filter_map(|report| {
        let why = report.inconclusive.as_ref()?;
        Some(format!("{} by {} is inconclusive: {why}", report.rubric, report.judge))
    });
    blocks.extend(notes(&all.notes.iter().cloned().chain(own).chain(said).collect::<Vec<_>>()));
    blocks.join("\n\n")
}

/// One line a method; what belongs to the rate stands on the first. Where nothing is corrected there is one line.
fn lines(report: &EstimateReport, row: &Row, grouped: bool) -> Vec<Vec<String>> {
    let worst = row.raw_worst.map_or_else(|| "-".to_owned(), |(low, high)| format!("{low:.3} to {high:.3}"));
    let gold =
        if row.corrected.is_empty() { "-".to_owned() } else { format!("{} ({})", row.gold, row.gold_with_label) };
    let mut first = vec![report.rubric.clone(), report.judge.clone()];
    if grouped {
        first.push(row.group.clone().unwrap_or_else(|| "all".to_owned()));
    }
    first.extend([row.judged.to_string(), gold, number(&row.raw)]);
    let blank = vec![String::new(); first.len()];
    let mut corrected: Vec<[String; 2]> =
        row.corrected.iter().map(|value| [value.method.clone(), number(value)]).collect();
    if corrected.is_empty() {
        corrected.push(["measured".to_owned(), "-".to_owned()]);
    }
    let line = |(at, [method, value]): (usize, [String; 2])| {
        let (start, end) = if at == 0 { (&first, worst.clone()) } else { (&blank, String::new()) };
        start.iter().cloned().chain([method, value, end]).collect()
    };
    corrected.into_iter().enumerate().map(line).collect()
}

fn twin(twin: &MachineTwin) -> String {
    let row = |name: &str, at: usize| {
        let [yes, no] = twin.counts[at];
        vec![name.to_owned(), yes.to_string(), no.to_string()]
    };
    let rows = [row("verified", 0), row("not verified", 1)];
    let one = |name: &str| {
        let found = twin.coefficients.iter().find(|coefficient| coefficient.name == name);
        match found.and_then(|one| Some((one.value?, one.low.zip(one.high)))) {
            Some((value, Some((low, high)))) => format!("{value:.3} [{low:.3}, {high:.3}]"),
            Some((value, None)) => format!("{value:.3}"),
            None => found.and_then(|one| one.undefined).map_or("-", Undefined::as_str).to_owned(),
        }
    };
    format!(
        "Verified success by {} beside machine evidence: {} sessions, {} without a clear goal left out\n{}\npercent agreement {}, Cohen's kappa {}",
        twin.rater,
        twin.counts.iter().flatten().sum::<u64>(),
        twin.outside,
        table(&["", "machine: yes", "machine: no"], &rows),
        one("percent_agreement"),
        one("cohen_kappa"),
    )
}

/// One row a number, as for rubrics; the judge `measured` stands for measured columns.
pub fn csv(all: &DerivedReports) -> Result<String, CliError> {
    let reports = all.reports.iter().chain(&all.measured).cloned().collect();
    let (run, gold, notes) = (all.run.clone(), all.gold.clone(), all.notes.clone());
    reports_csv(&EstimateReports { version: all.version, run, gold, confidence: all.confidence, notes, reports })
}
