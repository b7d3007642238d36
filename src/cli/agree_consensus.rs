//! `assize agree --consensus`: what an annotator model makes of the raters.

use clap::ValueEnum;

use crate::agreement::{ConsensusItem, ConsensusRater, ConsensusReport, Model, consensus};

use super::agree::Request;
use super::agree_input::InputArgs;
use super::agree_shown::{Shown, decimal, each, show};
use super::error::{CliResult, Exit};
use super::printer::{Format, Printer, table};
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
    let reports = each(request, input, settings, printer, |judges, gold, rubric, declared| {
        let mut ratings = judges.clone();
        ratings.rows.extend(gold.rows.iter().cloned());
        ratings.missing.extend(gold.missing.iter().cloned());
        consensus(&ratings, rubric, declared, &request.options, model)
    })?;
    show(&reports, format, printer)
}

impl Shown for ConsensusReport {
    const HEADER: &'static [&'static str] = &["item", "label", "category", "probability", "ratings", "known"];

    fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    fn text(&self) -> String {
        text(self)
    }

    fn rows(&self) -> Vec<Vec<String>> {
        items(self)
    }

    // A model that did not come to rest has no result to build on.
    fn exit(&self) -> Exit {
        if self.converged { Exit::Done } else { Exit::Inconclusive }
    }
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
fn items(report: &ConsensusReport) -> Vec<Vec<String>> {
    let of_item = |item: &'_ ConsensusItem| {
        let row = |(category, p): (&String, &f64)| {
            let label = item.label.clone().unwrap_or_default();
            let numbers = [p.to_string(), item.ratings.to_string(), item.known.to_string()];
            [vec![item.item.clone(), label, category.clone()], numbers.to_vec()].concat()
        };
        report.categories.iter().zip(&item.posterior).map(row).collect::<Vec<_>>()
    };
    report.items.iter().flat_map(of_item).collect()
}
