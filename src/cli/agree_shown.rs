//! What the analyses of `assize agree` share: one report a rubric, printed as text, CSV or JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::agreement::{AgreementError, Declared};
use crate::gold::Ratings;

use super::agree::Request;
use super::agree_input::{InputArgs, declared, of_rubric};
use super::compare_input::load;
use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, csv};
use super::settings::Settings;

/// A report on one rubric.
pub(super) trait Shown: Serialize {
    /// Header of its CSV form; the rubric comes before.
    const HEADER: &'static [&'static str];

    /// The rubric, where known.
    fn rubric(&self) -> Option<&str>;

    /// The report for people.
    fn text(&self) -> String;

    /// Rows of the CSV form, without the rubric.
    fn rows(&self) -> Vec<Vec<String>>;

    /// What the command ends with.
    fn exit(&self) -> Exit;
}

/// One report a rubric that was asked for; `make` gets the judges, the label file's part, the rubric and its scale.
pub(super) fn each<T>(
    request: &Request<'_>,
    input: &InputArgs,
    settings: &Settings,
    printer: Printer,
    make: impl Fn(&Ratings, &Ratings, Option<&str>, &Declared) -> Result<T, AgreementError>,
) -> Result<Vec<T>, CliError> {
    let loaded = load(&[request.source.to_owned()], request.gold, input, settings)?;
    let rule = input.rule()?;
    let mut reports = Vec::new();
    for name in loaded.comparable(request, settings, printer)? {
        let name = name.as_deref();
        let by_name = name.filter(|_| loaded.is_run || request.scale.rubric().is_some());
        let declared = declared(request, by_name, settings)?;
        let (mut judges, mut gold) = (loaded.judges_of(name), loaded.gold_of(name));
        for side in [&mut judges, &mut gold] {
            rule.apply(side).map_err(|error| of_rubric(name, error))?;
        }
        reports.push(make(&judges, &gold, name, &declared).map_err(|error| of_rubric(name, error))?);
    }
    Ok(reports)
}

/// Prints reports; the worst of their exits.
pub(super) fn show<T: Shown>(reports: &[T], format: Format, printer: Printer) -> CliResult {
    match format {
        Format::Table => printer.out(&reports.iter().map(Shown::text).collect::<Vec<_>>().join("\n\n"))?,
        Format::Json => by_rubric(reports, T::rubric, printer)?,
        Format::Csv => {
            let rows = reports.iter().flat_map(|report| {
                let rubric = report.rubric().unwrap_or_default().to_owned();
                report.rows().into_iter().map(move |row| [vec![rubric.clone()], row].concat())
            });
            let header: Vec<&str> = std::iter::once("rubric").chain(T::HEADER.iter().copied()).collect();
            printer.out(&csv(&header, &rows.collect::<Vec<_>>())?)?;
        }
    }
    let exits: Vec<Exit> = reports.iter().map(Shown::exit).collect();
    let worst = [Exit::GateFailed, Exit::Inconclusive].into_iter().find(|exit| exits.contains(exit));
    Ok(worst.unwrap_or(Exit::Done))
}

/// One report as itself, several under their rubrics.
pub(super) fn by_rubric<T: Serialize>(
    reports: &[T],
    rubric: impl Fn(&T) -> Option<&str>,
    printer: Printer,
) -> std::io::Result<()> {
    if let [report] = reports {
        return printer.json(report);
    }
    let named: BTreeMap<&str, &T> = reports.iter().map(|of| (rubric(of).unwrap_or_default(), of)).collect();
    printer.json(&serde_json::json!({"version": 1, "rubrics": named}))
}

/// A number for a table.
pub(super) fn decimal(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"))
}

/// A number for CSV; empty where there is none.
pub(super) fn exact(number: Option<f64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// A p-value for a table.
pub(super) fn p_value(p: Option<f64>) -> String {
    match p {
        None => "-".to_owned(),
        Some(p) if p < 0.0001 => "<0.0001".to_owned(),
        Some(p) => format!("{p:.4}"),
    }
}

/// `[0.100, 0.200]`, or nothing.
pub(super) fn ends(interval: Option<(f64, f64)>) -> String {
    interval.map_or_else(String::new, |(low, high)| format!("[{low:.3}, {high:.3}]"))
}
