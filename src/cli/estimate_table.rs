//! Estimates and plans as text for people, and as CSV.

use crate::estimate::{Comparison, EstimateReport, EstimateReports, Plan, Plans, Row, Value};

use super::error::CliError;
use super::printer::{csv as write_csv, table};

/// All reports as text.
pub fn text(all: &EstimateReports) -> String {
    let mut blocks: Vec<String> = all.reports.iter().map(|report| one(report, all.confidence)).collect();
    blocks.extend(notes(&all.notes));
    blocks.join("\n\n")
}

fn one(report: &EstimateReport, confidence: f64) -> String {
    let missing = report.no_verdicts.values().sum::<u64>() + report.not_judged;
    let weighted = if report.weighted { ", weighted" } else { "" };
    let mut blocks = vec![format!(
        "{} by {}: {} sessions judged, {missing} without a verdict, {} with gold by {}; {:.0} % intervals by {}{weighted}",
        report.rubric,
        report.judge,
        report.judged,
        report.gold,
        report.gold_rater,
        confidence * 100.0,
        report.clustering,
    )];
    let by = report.by.as_deref();
    let mut header = vec!["label", "judged", "gold (with it)", "raw", "method", "corrected", "worst case"];
    header.splice(0..0, by);
    let rows: Vec<Vec<String>> = report.rows.iter().flat_map(|row| lines(row, by.is_some())).collect();
    blocks.push(table(&header, &rows));
    if !report.comparisons.is_empty() {
        let rows: Vec<Vec<String>> = report.comparisons.iter().flat_map(differences).collect();
        blocks.push(format!("Differences\n{}", table(&["groups", "label", "raw", "method", "corrected"], &rows)));
    }
    if report.rows.iter().flat_map(|row| &row.corrected).any(|value| value.moved) {
        blocks.push("* the estimate lay outside 0 to 1 and was moved to the nearest possible one".to_owned());
    }
    blocks.extend(notes(&report.notes));
    blocks.join("\n\n")
}

pub(super) fn notes(notes: &[String]) -> Option<String> {
    let lines: Vec<String> = notes.iter().map(|note| format!("note: {note}")).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// One line a method; what belongs to the label stands on the first.
fn lines(row: &Row, grouped: bool) -> Vec<Vec<String>> {
    let bounds = |ends: Option<(f64, f64)>| match ends.filter(|(low, high)| high - low > 1e-9) {
        Some((low, high)) => format!("{low:.3} to {high:.3}"),
        None => "-".to_owned(),
    };
    let line = |(at, value): (usize, &Value)| {
        let first = |text: String| if at == 0 { text } else { String::new() };
        let mut cells = vec![
            first(row.label.clone()),
            first(row.judged.to_string()),
            first(format!("{} ({})", row.gold, row.gold_with_label)),
            first(number(&row.raw)),
            value.method.clone(),
            number(value),
            first(bounds(row.corrected_worst)),
        ];
        if grouped {
            cells.insert(0, first(row.group.clone().unwrap_or_else(|| "all".to_owned())));
        }
        cells
    };
    row.corrected.iter().enumerate().map(line).collect()
}

fn differences(comparison: &Comparison) -> Vec<Vec<String>> {
    let line = |(at, value): (usize, &Value)| {
        let first = |text: String| if at == 0 { text } else { String::new() };
        vec![
            first(format!("{} less {}", comparison.group, comparison.less)),
            first(comparison.label.clone()),
            first(number(&comparison.raw)),
            value.method.clone(),
            number(value),
        ]
    };
    comparison.corrected.iter().enumerate().map(line).collect()
}

/// `0.123 [0.100, 0.150]`, or why there is no number.
pub(super) fn number(value: &Value) -> String {
    let star = if value.moved { "*" } else { "" };
    match (value.value, value.low.zip(value.high)) {
        (Some(number), Some((low, high))) => format!("{number:.3} [{low:.3}, {high:.3}]{star}"),
        _ => value.undefined.map_or("-", crate::stats::Undefined::as_str).to_owned(),
    }
}

/// One row a number, all methods.
pub fn csv(all: &EstimateReports) -> Result<String, CliError> {
    let header = [
        "rubric",
        "judge",
        "group",
        "less",
        "label",
        "judged",
        "gold",
        "gold_with_label",
        "method",
        "value",
        "se",
        "low",
        "high",
        "moved",
        "lambda",
        "condition",
        "worst_low",
        "worst_high",
        "undefined",
    ];
    let mut rows = Vec::new();
    for report in &all.reports {
        let own = |cells: [String; 6], value: &Value, worst: Option<(f64, f64)>| {
            let number = |number: Option<f64>| number.map(|number| number.to_string()).unwrap_or_default();
            let mut row = vec![report.rubric.clone(), report.judge.clone()];
            row.extend(cells);
            row.push(value.method.clone());
            row.extend([value.value, value.se, value.low, value.high].map(number));
            row.push(value.moved.to_string());
            row.extend([value.lambda, value.condition, worst.map(|ends| ends.0), worst.map(|ends| ends.1)].map(number));
            row.push(value.undefined.map_or("", crate::stats::Undefined::as_str).to_owned());
            row
        };
        for row in &report.rows {
            let (group, counts) = (row.group.clone().unwrap_or_default(), [row.judged, row.gold, row.gold_with_label]);
            let cells = || {
                let [judged, gold, with_label] = counts.map(|count| count.to_string());
                [group.clone(), String::new(), row.label.clone(), judged, gold, with_label]
            };
            rows.push(own(cells(), &row.raw, row.raw_worst));
            let worst = |at: usize| row.corrected_worst.filter(|_| at == 0);
            rows.extend(row.corrected.iter().enumerate().map(|(at, value)| own(cells(), value, worst(at))));
        }
        for comparison in &report.comparisons {
            let Comparison { group, less, label, .. } = comparison;
            let none = String::new;
            let cells = || [group.clone(), less.clone(), label.clone(), none(), none(), none()];
            let values = std::iter::once(&comparison.raw).chain(&comparison.corrected);
            rows.extend(values.map(|value| own(cells(), value, None)));
        }
    }
    write_csv(&header, &rows)
}

/// Plans as text.
pub fn plans(all: &Plans) -> String {
    let blocks: Vec<String> = all.plans.iter().map(|plan| one_plan(plan, all)).collect();
    blocks.join("\n\n")
}

fn one_plan(plan: &Plan, all: &Plans) -> String {
    let optional = |number: Option<f64>| number.map_or("-".to_owned(), |number| format!("{number:.3}"));
    let count = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let needed: Vec<Vec<String>> = (plan.needed.iter())
        .map(|one| {
            let why = one.undefined.map_or("", crate::stats::Undefined::as_str).to_owned();
            let numbers = [one.pilot, one.r_squared, one.design_effect].map(optional);
            let [pilot, r_squared, effect] = numbers;
            vec![one.what.clone(), pilot, r_squared, effect, count(one.classical), count(one.ppi_plus_plus), why]
        })
        .collect();
    let next: Vec<Vec<String>> = (plan.next.iter())
        .map(|one| {
            let counts = [one.sessions, one.labelled, one.next].map(|count| count.to_string());
            [vec![one.group.clone().unwrap_or_else(|| "all".to_owned()), one.judged_as.clone()], counts.to_vec()]
                .concat()
        })
        .collect();
    let mut blocks = vec![
        format!("{} by {}: {} gold labels, {} sessions judged", plan.rubric, plan.judge, plan.gold, plan.judged),
        format!(
            "Gold labels in all for a half-width of {} at {:.0} % confidence\n{}",
            all.half_width,
            all.confidence * 100.0,
            table(
                &["what", "pilot", "r squared", "design effect", "without judge", "with PPI++", "undefined"],
                &needed
            )
        ),
        format!("The next labels\n{}", table(&["group", "judged as", "sessions", "labelled", "next"], &next)),
    ];
    if let Some(of) = &plan.above {
        let why = of.undefined.map_or("", crate::stats::Undefined::as_str).to_owned();
        let counts = [of.influence, of.flack, of.cantor, of.donner_eliasziw].map(count);
        let header = ["pilot", "by influence", "Flack", "Cantor", "Donner-Eliasziw", "undefined"];
        let row = [vec![optional(of.pilot)], counts.to_vec(), vec![why]].concat();
        let what = format!("Gold labels in all that show kappa above {} (one-sided 5 %, power 80 %)", of.null);
        blocks.push(format!("{what}\n{}", table(&header, &[row])));
    }
    if !plan.judges.is_empty() {
        let rows: Vec<Vec<String>> = (plan.judges.iter())
            .map(|one| {
                let shares = [one.only_this, one.only_other, one.power].map(|share| format!("{share:.3}"));
                [vec![one.other.clone(), one.n.to_string()], shares.to_vec(), vec![count(one.needed)]].concat()
            })
            .collect();
        let header = ["other judge", "sessions", "only this right", "only the other", "power", "sessions for 80 %"];
        blocks.push(format!("Against the run's other judges\n{}", table(&header, &rows)));
    }
    blocks.join("\n\n")
}
