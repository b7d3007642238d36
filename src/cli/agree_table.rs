//! The report of `assize agree` as text for people, and as CSV.

use std::fmt::Write as _;

use crate::agreement::{AgreementReport, Decision, PairAgreement, ScaleOrigin, level_name};
use crate::stats::{Coefficient, Statistic, Test};

use super::agree_shown::{decimal, exact};
use super::printer::table;

/// Raters listed before the rest is only counted.
const RATERS: usize = 50;
/// Pairs listed in full before the rest is only counted.
const PAIRS: usize = 30;
/// Pairs up to which matrices and label scores are shown.
const PAIRS_IN_DETAIL: usize = 3;
/// Categories up to which a matrix is shown.
const MATRIX: usize = 12;

/// One report as text.
pub fn text(report: &AgreementReport) -> String {
    let mut blocks = vec![heading(report), raters(report)];
    // With two raters the pair says it all.
    if let [pair] = report.pairs.as_slice() {
        let [first, second] = &pair.raters;
        let alone = match pair.unpaired {
            0 => String::new(),
            unpaired => format!(" ({unpaired} items rated by one of them only do not count)"),
        };
        blocks.push(format!("{second} against {first}{alone}\n{}", coefficients(report, &pair.coefficients)));
    } else {
        blocks.extend(all_raters(report));
        blocks.push(pairs(report));
    }
    blocks.extend(ceilings(report));
    if report.pairs.len() <= PAIRS_IN_DETAIL {
        for pair in &report.pairs {
            blocks.extend(matrix(pair));
            blocks.push(labels(pair));
            blocks.extend(tests(pair));
        }
    }
    blocks.extend(gates(report));
    if !report.notes.is_empty() {
        // Warnings say so themselves.
        let line = |note: &String| if note.starts_with("warning: ") { note.clone() } else { format!("note: {note}") };
        blocks.push(report.notes.iter().map(line).collect::<Vec<_>>().join("\n"));
    }
    blocks.join("\n\n")
}

fn heading(report: &AgreementReport) -> String {
    let origin = match report.scale {
        ScaleOrigin::Declared => "declared",
        ScaleOrigin::Observed => "observed",
    };
    let clusters = report.clusters.map_or(String::new(), |clusters| format!(" in {clusters} clusters"));
    format!(
        "{}: {} items{clusters}, {} raters, {} {origin} categories, {} level",
        report.rubric.as_deref().unwrap_or("agreement"),
        report.items,
        report.raters.len(),
        report.categories.len(),
        level_name(report.level),
    )
}

fn raters(report: &AgreementReport) -> String {
    let rows: Vec<Vec<String>> = (report.raters_detail.iter().take(RATERS))
        .map(|detail| {
            let kinds: Vec<String> =
                detail.no_verdicts.iter().map(|(kind, n)| format!("{} {n}", kind.as_str())).collect();
            let missing = if kinds.is_empty() { "-".to_owned() } else { kinds.join(", ") };
            vec![detail.rater.clone(), detail.n.to_string(), missing]
        })
        .collect();
    let mut text = table(&["rater", "items", "no verdict"], &rows);
    if report.raters.len() > RATERS {
        let _ = write!(text, "\n... and {} more raters; --format json has them all", report.raters.len() - RATERS);
    }
    text
}

fn all_raters(report: &AgreementReport) -> Option<String> {
    (!report.coefficients.is_empty()).then(|| format!("All raters\n{}", coefficients(report, &report.coefficients)))
}

fn coefficients(report: &AgreementReport, coefficients: &[Coefficient]) -> String {
    numbers(report.confidence, coefficients)
}

/// Numbers with their intervals, one a row.
pub(super) fn numbers(confidence: f64, coefficients: &[Coefficient]) -> String {
    let rows: Vec<Vec<String>> = (coefficients.iter())
        .map(|of| vec![of.name.clone(), value(of), interval(of), decimal(of.se), of.n.to_string(), of.method.clone()])
        .collect();
    table(&["coefficient", "value", &format!("{} interval", percent(confidence)), "se", "n", "method"], &rows)
}

/// The confidence of the intervals, such as `95 %`.
fn percent(confidence: f64) -> String {
    // Rounded, because 0.95 is not a binary number.
    format!("{} %", (confidence * 1e8).round() / 1e6)
}

/// Coefficients that fit beside each other in one row a pair.
const COLUMNS: usize = 6;

fn pairs(report: &AgreementReport) -> String {
    let Some(first) = report.pairs.first() else { return "no pairs".to_owned() };
    let mut names: Vec<&str> = first.coefficients.iter().map(|coefficient| coefficient.name.as_str()).collect();
    let all = names.len();
    if all > COLUMNS {
        let few: Vec<String> = Statistic::of_pair(report.level).into_iter().map(Statistic::name).collect();
        names.retain(|name| few.iter().any(|one| one == name));
        names.truncate(COLUMNS);
    }
    let header: Vec<&str> = ["first", "second", "n", "unpaired"].into_iter().chain(names.iter().copied()).collect();
    let row = |pair: &PairAgreement| {
        let shown = pair.coefficients.iter().filter(|of| names.contains(&of.name.as_str()));
        let cells = shown.map(|of| match of.low {
            Some(_) => format!("{} [{}]", value(of), interval(of)),
            None => value(of),
        });
        let [first, second] = pair.raters.clone();
        [first, second, pair.items.to_string(), pair.unpaired.to_string()].into_iter().chain(cells).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = report.pairs.iter().take(PAIRS).map(row).collect();
    let mut lines = vec![format!("Pairs ({} interval in brackets)", percent(report.confidence)), table(&header, &rows)];
    if names.len() < all {
        lines.push(format!("{} more coefficients of each pair: --format csv or json", all - names.len()));
    }
    if report.pairs.len() > PAIRS {
        lines.push(format!("... and {} more pairs; --format csv has them all", report.pairs.len() - PAIRS));
    }
    // One method for all pairs but for remarks on single ones, which CSV and JSON hold.
    let with_interval = |name: &str| {
        let of_pairs = report.pairs.iter().flat_map(|pair| &pair.coefficients);
        of_pairs.filter(|of| of.name == name).find(|of| of.low.is_some())
    };
    let methods: Vec<&Coefficient> = names.iter().filter_map(|name| with_interval(name)).collect();
    match methods.first().filter(|of| methods.iter().all(|other| other.method == of.method)) {
        Some(of) => lines.push(format!("intervals: {}", of.method)),
        None => lines.extend(methods.iter().map(|of| format!("{}: {}", of.name, of.method))),
    }
    lines.join("\n")
}

fn matrix(pair: &PairAgreement) -> Option<String> {
    let labels = &pair.confusion.labels;
    if labels.is_empty() || labels.len() > MATRIX {
        return None;
    }
    let [first, second] = &pair.raters;
    let header: Vec<&str> = [""].into_iter().chain(labels.iter().map(String::as_str)).collect();
    let rows: Vec<Vec<String>> = (labels.iter().zip(&pair.confusion.counts))
        .map(|(label, counts)| [label.clone()].into_iter().chain(counts.iter().map(u64::to_string)).collect())
        .collect();
    Some(format!("Labels of {first} (rows) against {second} (columns)\n{}", table(&header, &rows)))
}

fn labels(pair: &PairAgreement) -> String {
    let [first, second] = &pair.raters;
    let mut header = vec!["label", "support", "predicted", "precision", "recall", "f1"];
    let by_label: Vec<&Coefficient> = pair.labels.iter().flat_map(|label| &label.coefficients).collect();
    if !by_label.is_empty() {
        header.push("cohen_kappa");
    }
    let rows: Vec<Vec<String>> = (pair.labels.iter())
        .map(|of| {
            let counts = [of.label.clone(), of.support.to_string(), of.predicted.to_string()];
            let scores = [of.precision, of.recall, of.f1].map(decimal);
            counts.into_iter().chain(scores).chain(of.coefficients.iter().map(value)).collect()
        })
        .collect();
    format!("{second} held against {first}, by label\n{}", table(&header, &rows))
}

/// What the pair's tests say, one a row; none where items carry several labels.
fn tests(pair: &PairAgreement) -> Option<String> {
    let p = |test: &Test| match test.undefined {
        Some(reason) => format!("undefined: {}", reason.as_str()),
        None => test.p.map_or("-".to_owned(), |p| if p < 0.0001 { "<0.0001".to_owned() } else { format!("{p:.4}") }),
    };
    let row = |test: &Test| {
        let df = test.df.map_or("-".to_owned(), |df| df.to_string());
        vec![test.name.clone(), decimal(test.statistic), df, p(test), test.n.to_string(), test.method.clone()]
    };
    let rows: Vec<Vec<String>> = pair.tests.iter().map(row).collect();
    let [first, second] = &pair.raters;
    (!rows.is_empty()).then(|| {
        format!("Tests of {second} and {first}\n{}", table(&["test", "statistic", "df", "p", "n", "method"], &rows))
    })
}

/// How far people agree with each other, judge by judge.
fn ceilings(report: &AgreementReport) -> Option<String> {
    let first = report.ceilings.first()?;
    let names: Vec<&str> = first.coefficients.iter().map(|of| of.name.as_str()).collect();
    let header: Vec<&str> = ["beside", "n"].into_iter().chain(names).collect();
    let cell = |of: &Coefficient| match of.low {
        Some(_) => format!("{} [{}]", value(of), interval(of)),
        None => value(of),
    };
    let row = |ceiling: &crate::agreement::Ceiling| {
        let n = ceiling.coefficients.first().map_or(0, |of| of.n).to_string();
        [ceiling.judge.clone(), n].into_iter().chain(ceiling.coefficients.iter().map(cell)).collect()
    };
    let rows: Vec<Vec<String>> = report.ceilings.iter().map(row).collect();
    let people = first.people.join(", ");
    Some(format!(
        "Ceiling: agreement of {people} with each other on the items of each judge\n{}",
        table(&header, &rows)
    ))
}

/// What the gates decided, one a line.
pub fn gates(report: &AgreementReport) -> Option<String> {
    let line = |gate: &crate::agreement::GateResult| {
        let decision = match gate.decision {
            Decision::Pass => "pass",
            Decision::Inconclusive => "inconclusive",
            Decision::Fail => "fail",
        };
        let raters = if gate.raters.is_empty() { "all raters".to_owned() } else { gate.raters.join(" - ") };
        format!("gate {decision}: {} >= {} for {raters}: {}", gate.coefficient, gate.threshold, gate.reason)
    };
    (!report.gates.is_empty()).then(|| report.gates.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn value(of: &Coefficient) -> String {
    match of.undefined {
        Some(reason) => format!("undefined: {}", reason.as_str()),
        None => decimal(of.value),
    }
}

fn interval(of: &Coefficient) -> String {
    match (of.low, of.high) {
        (Some(low), Some(high)) => format!("{low:.3}, {high:.3}"),
        _ => "-".to_owned(),
    }
}

/// All coefficients of all reports, one per row; raters are empty where all are meant.
pub fn csv(reports: &[AgreementReport]) -> csv::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "rubric",
        "first",
        "second",
        "label",
        "name",
        "value",
        "se",
        "low",
        "high",
        "n",
        "method",
        "undefined",
    ])?;
    for report in reports {
        let all = report.coefficients.iter().map(|of| ("", "", "", of));
        let pairs = report.pairs.iter().flat_map(|pair| {
            let [first, second] = [pair.raters[0].as_str(), pair.raters[1].as_str()];
            let labels =
                pair.labels.iter().flat_map(|label| label.coefficients.iter().map(|of| (label.label.as_str(), of)));
            let whole = pair.coefficients.iter().map(|of| ("", of));
            whole.chain(labels).map(move |(label, of)| (first, second, label, of)).collect::<Vec<_>>()
        });
        for (first, second, label, of) in all.chain(pairs) {
            writer.write_record([
                report.rubric.as_deref().unwrap_or_default(),
                first,
                second,
                label,
                &of.name,
                &exact(of.value),
                &exact(of.se),
                &exact(of.low),
                &exact(of.high),
                &of.n.to_string(),
                &of.method,
                of.undefined.map_or("", crate::stats::Undefined::as_str),
            ])?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}
