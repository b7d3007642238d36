//! `assize agree --consensus`: what an annotator model makes of the raters.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::agreement::{ConsensusItem, ConsensusRater, ConsensusReport, Model, consensus};

use super::agree::Request;
use super::agree_input::{InputArgs, declared, of_rubric};
use super::compare_input::load;
use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, csv, table};
use super::settings::Settings;

/// An annotator model.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ModelName {
    /// One confusion matrix per rater.
    DawidSkene,
    /// One accuracy per rater.
    OneCoin,
    /// Raters know the label or make one up.
    Mace,
    /// Raters have skill, items are easy or hard.
    Glad,
}

/// Prints the consensus of every rubric: raters as a table, items as CSV, all as JSON.
pub(super) fn run(
    request: &Request<'_>,
    input: &InputArgs,
    model: ModelName,
    format: Format,
    settings: &Settings,
    printer: Printer,
) -> CliResult {
    let model = match model {
        ModelName::DawidSkene => Model::DawidSkene,
        ModelName::OneCoin => Model::OneCoin,
        ModelName::Mace => Model::Mace,
        ModelName::Glad => Model::Glad,
    };
    let loaded = load(&[request.source.to_owned()], request.gold, input, settings)?;
    let mut reports = Vec::new();
    for name in loaded.comparable(request, settings, printer)? {
        let declared =
            declared(request, name.as_deref().filter(|_| loaded.is_run || request.rubric.is_some()), settings)?;
        let mut ratings = loaded.judges_of(name.as_deref());
        let gold = loaded.gold_of(name.as_deref());
        ratings.rows.extend(gold.rows);
        ratings.missing.extend(gold.missing);
        let report = consensus(&ratings, name.as_deref(), &declared, &request.options, model);
        reports.push(report.map_err(|error| of_rubric(name.as_deref(), error))?);
    }
    match format {
        Format::Table => printer.out(&reports.iter().map(text).collect::<Vec<_>>().join("\n\n"))?,
        Format::Csv => printer.out(&items(&reports)?)?,
        Format::Json if reports.len() == 1 => printer.json(&reports[0])?,
        Format::Json => {
            let named: BTreeMap<_, _> = reports.iter().map(|of| (of.rubric.clone().unwrap_or_default(), of)).collect();
            printer.json(&serde_json::json!({"version": 1, "rubrics": named}))?;
        }
    }
    // A model that did not come to rest has no result to build on.
    Ok(if reports.iter().all(|report| report.converged) { Exit::Done } else { Exit::Inconclusive })
}

fn decimal(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"))
}

fn text(report: &ConsensusReport) -> String {
    let rest = if report.converged { "came to rest" } else { "did not come to rest" };
    let undecided = report.items.iter().filter(|item| item.label.is_none()).count();
    let heading = format!(
        "{}: {} items ({undecided} undecided), {} raters; {rest} after {} rounds, log-likelihood {:.3}",
        report.rubric.as_deref().unwrap_or("consensus"),
        report.items.len(),
        report.raters.len(),
        report.iterations,
        report.log_likelihood,
    );
    let shares =
        report.categories.iter().zip(&report.shares).map(|(name, share)| vec![name.clone(), format!("{share:.3}")]);
    let rater = |of: &ConsensusRater| {
        let diagonal = of.confusion.iter().enumerate().map(|(at, row)| decimal(row.as_ref().map(|row| row[at])));
        [of.rater.clone(), of.n.to_string(), decimal(of.accuracy), decimal(of.skill)]
            .into_iter()
            .chain(diagonal)
            .collect()
    };
    let header: Vec<&str> =
        ["rater", "n", "accuracy", "skill"].into_iter().chain(report.categories.iter().map(String::as_str)).collect();
    let rows: Vec<Vec<String>> = report.raters.iter().map(rater).collect();
    let mut blocks = vec![
        heading,
        table(&["category", "share"], &shares.collect::<Vec<_>>()),
        format!("Raters, with the probability of a right label by category\n{}", table(&header, &rows)),
        "items: --format csv".to_owned(),
    ];
    blocks.extend(report.notes.iter().map(|note| format!("note: {note}")));
    blocks.join("\n\n")
}

/// One row an item and category.
fn items(reports: &[ConsensusReport]) -> Result<String, CliError> {
    let mut rows = Vec::new();
    for report in reports {
        let of_item = |item: &ConsensusItem| {
            let row = |(category, p): (&String, &f64)| {
                let rubric = report.rubric.clone().unwrap_or_default();
                let label = item.label.clone().unwrap_or_default();
                vec![
                    rubric,
                    item.item.clone(),
                    label,
                    category.clone(),
                    p.to_string(),
                    item.ratings.to_string(),
                    item.known.to_string(),
                ]
            };
            report.categories.iter().zip(&item.posterior).map(row).collect::<Vec<_>>()
        };
        rows.extend(report.items.iter().flat_map(of_item));
    }
    csv(&["rubric", "item", "label", "category", "probability", "ratings", "known"], &rows)
}
