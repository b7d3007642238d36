//! What a run would send and cost, as a table: one row a judge and rubric, and one in all.

use crate::run::{self, Amounts, Estimate, Interrupts, Mode, Order};

use super::error::{CliResult, Exit};
use super::job::{Job, JobArgs, JobFormat};
use super::printer::{Printer, table};
use super::settings::Settings;
use super::summary::dollars;

/// Prints what `job` would send and cost.
pub(super) fn foretell(job: &Job<'_>, args: &JobArgs, settings: &Settings, printer: Printer) -> CliResult {
    let order = Order {
        experiment: job.experiment,
        folder: &settings.folder,
        results: job.results,
        access: &settings.access(),
        selection: job.selection,
        resumes: None,
        interrupts: Interrupts::Ignore,
        forget_batches: false,
    };
    let estimate = run::estimate(order)?;
    match args.format {
        JobFormat::Json => printer.json(&estimate)?,
        JobFormat::Table => printer.out(&rows(&estimate))?,
    }
    let budget = args.budget.or(job.experiment.budget);
    for line in basis(&estimate, budget) {
        printer.say(&line);
    }
    Ok(Exit::Done)
}

/// The table of `estimate`.
fn rows(estimate: &Estimate) -> String {
    let header = [
        "judge",
        "rubric",
        "units",
        "in ledger",
        "calls",
        "tokens in",
        "from cache",
        "tokens out",
        "cost",
        "low",
        "high",
    ];
    let row = |names: [&str; 2], counts: [u64; 2], [low, expected, high]: [&Amounts; 3]| {
        let tokens_in = expected.input_tokens + expected.cache_read_tokens + expected.cache_write_tokens;
        let amounts = [expected.calls, tokens_in, expected.cache_read_tokens, expected.output_tokens];
        let cost = |amounts: &Amounts| amounts.micro_dollars.map_or_else(|| "unknown".to_owned(), dollars);
        let mut row = names.map(str::to_owned).to_vec();
        row.extend(counts.iter().chain(&amounts).map(u64::to_string));
        row.extend([expected, low, high].map(cost));
        row
    };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for cell in &estimate.cells {
        let amounts = [&cell.low, &cell.expected, &cell.high];
        rows.push(row([&cell.judge, &cell.rubric], [cell.units, cell.recorded], amounts));
    }
    let (units, recorded) =
        estimate.cells.iter().fold((0, 0), |(units, recorded), cell| (units + cell.units, recorded + cell.recorded));
    rows.push(row(["in all", ""], [units, recorded], [&estimate.low, &estimate.expected, &estimate.high]));
    table(&header, &rows)
}

/// What the numbers rest on, and whether `budget` dollars are enough.
fn basis(estimate: &Estimate, budget: Option<f64>) -> Vec<String> {
    let mut lines = vec![format!("run {}: nothing was sent, nothing written", estimate.run)];
    let (sessions, rendered) = (estimate.sessions, estimate.rendered_sessions);
    if rendered < sessions {
        lines.push(format!(
            "from the prompts of {rendered} of {sessions} sessions, evenly spaced by id; the others are taken to be like them"
        ));
    }
    let learned: u64 = estimate.cells.iter().map(|cell| cell.learned_from).sum();
    lines.push(if learned > 0 {
        format!("the length of answers is learned from {learned} earlier calls")
    } else {
        "no earlier calls to learn the length of answers from: at the high end every answer is as long as it may be; \
         `--limit 20` first makes the estimate better"
            .to_owned()
    });
    let of_batches = if estimate.mode == Mode::Batch { " in batches" } else { "" };
    if estimate.mode == Mode::Batch {
        lines.push(
            "asked in batches: the cost is at the price of batches, and finds in the cache only at the low end"
                .to_owned(),
        );
    }
    if estimate.expected.micro_dollars.is_none() {
        lines.push(format!(
            "unknown: the catalogue has no price of that model{of_batches}; models.yaml in the working folder may name it"
        ));
    }
    if let (Some(budget), Some(expected), Some(high)) =
        (budget, estimate.expected.micro_dollars, estimate.high.micro_dollars)
    {
        let left = budget - estimate.paid_micro_dollars as f64 / 1e6;
        let verdict = match left {
            left if left >= high as f64 / 1e6 => "is enough even at the high end",
            left if left >= expected as f64 / 1e6 => "is enough for what is expected, not for the high end",
            _ => "is less than what is expected: the run would stop before its end",
        };
        let paid = dollars(estimate.paid_micro_dollars);
        lines.push(format!("the budget of ${budget}, of which {paid} is paid, {verdict}"));
    }
    lines
}
