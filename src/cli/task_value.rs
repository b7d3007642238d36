//! `assize estimate --task-value`: how well the prices of a holdout run were told.

use serde::Serialize;

use crate::estimate::{PriceReport, PriceRow, price_reports};
use crate::postings;
use crate::run;
use crate::stats::Estimate;

use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, csv, table};
use super::report::RESULTS;
use super::settings::Settings;

/// Version of the JSON form.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct All<'a> {
    version: u32,
    run: &'a str,
    /// The file of postings.
    postings: String,
    reports: &'a [PriceReport],
}

/// Prints the scores of every judge of `run`, or of one.
pub(super) fn run(name: &str, judge: Option<&str>, format: Format, settings: &Settings, printer: Printer) -> CliResult {
    let (record, mut verdicts) = run::load(&settings.folder.join(RESULTS), name)?;
    let Some(spec) = record.experiment.calibration.as_ref().filter(|_| record.experiment.holdout) else {
        return Err(CliError::new(format!("run {} priced sessions, and no postings held out", record.id))
            .hint("`assize run EXPERIMENT --holdout` prices those of its calibration file; name that run here"));
    };
    let judges: Vec<&str> = record.totals.iter().map(|(judge, _)| judge.as_str()).collect();
    if let Some(judge) = judge {
        if !judges.contains(&judge) {
            let known = judges.join(", ");
            return Err(
                CliError::new(format!("run {} has no judge {judge}", record.id)).hint(format!("it has: {known}"))
            );
        }
        verdicts.retain(|verdict| verdict.judge == judge);
    }
    let chosen = postings::choose(spec, &settings.folder)?;
    let synthetic = spec.file.to_string_lossy().contains("synthetic");
    let reports = price_reports(&verdicts, &chosen.holdout, spec.seed, synthetic)?;
    match format {
        Format::Json => {
            let postings = spec.file.display().to_string();
            printer.json(&All { version: VERSION, run: &record.id, postings, reports: &reports })?;
        }
        Format::Csv => printer.out(&rows(&reports)?)?,
        Format::Table => printer.out(&reports.iter().map(text).collect::<Vec<_>>().join("\n\n"))?,
    }
    Ok(if reports.iter().any(|report| report.rows.iter().any(|row| row.n > 0)) {
        Exit::Done
    } else {
        Exit::Inconclusive
    })
}

fn text(report: &PriceReport) -> String {
    let missing = report.no_verdicts.iter().map(|(kind, count)| format!("{count} {}", kind.as_str()));
    let mut missing: Vec<String> = missing.collect();
    if report.not_judged > 0 {
        missing.push(format!("{} not priced yet", report.not_judged));
    }
    let missing = if missing.is_empty() { String::new() } else { format!(" ({})", missing.join(", ")) };
    let heading = format!(
        "{}: {} postings held out{missing}; 95 % intervals over 1,000 draws of postings\n",
        report.judge, report.holdout
    );
    let header = ["tier ($)", "n", "log R2", "level R2", "bias (x)", "median predicted", "median actual"];
    let line = |row: &PriceRow| {
        let scores = &row.scores;
        let medians = [&scores.median_predicted, &scores.median_actual].map(|of| number(of, 0));
        let [log, level, bias] = [&scores.log_r2, &scores.level_r2, &scores.bias].map(|of| number(of, 2));
        [vec![row.tier.clone(), row.n.to_string(), log, level, bias], medians.to_vec()].concat()
    };
    let notes: Vec<String> = report.notes.iter().map(|note| format!("note: {note}")).collect();
    format!("{heading}{}\n\n{}", table(&header, &report.rows.iter().map(line).collect::<Vec<_>>()), notes.join("\n"))
}

fn number(of: &Estimate, digits: usize) -> String {
    match (of.value, of.low, of.high, of.undefined) {
        (Some(value), Some(low), Some(high), _) => format!("{value:.digits$} [{low:.digits$}, {high:.digits$}]"),
        (Some(value), ..) => format!("{value:.digits$}"),
        (None, .., Some(why)) => why.as_str().to_owned(),
        (None, .., None) => "-".to_owned(),
    }
}

fn rows(reports: &[PriceReport]) -> Result<String, CliError> {
    let header = ["judge", "tier", "score", "value", "low", "high", "n", "method", "undefined"];
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let mut rows = Vec::new();
    for report in reports {
        for PriceRow { tier, scores, .. } in &report.rows {
            let named = [
                ("log_r2", &scores.log_r2),
                ("level_r2", &scores.level_r2),
                ("bias", &scores.bias),
                ("median_predicted", &scores.median_predicted),
                ("median_actual", &scores.median_actual),
            ];
            rows.extend(named.map(|(name, of)| {
                let why = of.undefined.map_or_else(String::new, |why| why.as_str().to_owned());
                let numbers = [cell(of.value), cell(of.low), cell(of.high), of.n.to_string(), of.method.clone(), why];
                [report.judge.clone(), tier.clone(), name.to_owned()].into_iter().chain(numbers).collect()
            }));
        }
    }
    csv(&header, &rows)
}
