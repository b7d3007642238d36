//! One run at work, for the commands that start one or go on with one.

use std::path::Path;

use crate::run::{self, Experiment, Interrupts, Order, RunRecord, RunState, Selection};

use super::error::{CliError, CliResult, Exit};
use super::printer::Printer;
use super::progress::Progress;
use super::settings::Settings;
use super::summary;
use super::tally::Tally;

/// How a run ends and what it prints.
#[derive(Debug, clap::Args)]
pub struct JobArgs {
    /// Exit with 2 when more than this part of a judge's units has no label.
    #[arg(long, value_name = "PART", default_value_t = 0.5, value_parser = part)]
    max_no_verdict: f64,
    /// Dollars that the run may cost in all, what it paid before included; wins over the experiment's `budget`.
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub(super) budget: Option<f64>,
    /// Buy the calls of batches anew that the provider does not know any more.
    #[arg(long)]
    forget_batches: bool,
    /// Table at the end, or events as JSON lines while it runs.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: JobFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum JobFormat {
    #[default]
    Table,
    Json,
}

fn part(text: &str) -> Result<f64, String> {
    let part: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&part) { Ok(part) } else { Err("must lie between 0 and 1".to_owned()) }
}

fn dollars(text: &str) -> Result<f64, String> {
    let dollars: f64 = text.trim_start_matches('$').parse().map_err(|_| "not a number".to_owned())?;
    if dollars.is_finite() && dollars > 0.0 { Ok(dollars) } else { Err("give dollars above 0".to_owned()) }
}

/// What is to be run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) results: &'a Path,
    pub(super) selection: &'a Selection,
    /// The run to go on with, where it must not become another one.
    pub(super) resumes: Option<&'a RunRecord>,
    /// The command that goes on with the run.
    pub(super) again: &'a str,
}

/// Runs `job`, or goes on with it, and prints what it has come to.
pub(super) fn perform(job: &Job<'_>, args: &JobArgs, settings: &Settings, printer: Printer) -> CliResult {
    let mut progress = Progress::new(printer, args.format == JobFormat::Json);
    let experiment = Experiment { budget: args.budget.or(job.experiment.budget), ..job.experiment.clone() };
    let order = Order {
        experiment: &experiment,
        folder: &settings.folder,
        results: job.results,
        access: &settings.access(),
        selection: job.selection,
        resumes: job.resumes,
        interrupts: Interrupts::Listen,
        forget_batches: args.forget_batches,
    };
    let result = run::execute(order, &mut |event| progress.on(event));
    let shown = progress.finish();
    let record = result?;
    let tally = shown?;
    let cells = run::cells(job.results, &record)?;
    match args.format {
        JobFormat::Json => printer.json_line(&serde_json::json!({
            "event": "summary", "version": 1, "run": record.id, "state": record.state, "cells": cells,
        }))?,
        JobFormat::Table => {
            printer.out(&summary::totals(&cells, Some(&|judge, rubric| tally.answered(judge, rubric))))?;
        }
    }
    if let Some(line) = summary::paid(&record) {
        printer.say(&line);
    }
    printer.say(&format!("{}", job.results.join(&record.id).display()));
    if record.state == RunState::Interrupted {
        let batches = run::open_batches(job.results)?;
        for batch in batches.iter().filter(|batch| batch.run == record.id) {
            printer.say(&summary::in_batch(batch));
        }
        let budget = match args.budget {
            _ if tally.over_budget() => " --budget USD, with more dollars".to_owned(),
            Some(budget) => format!(" --budget {budget}"),
            None => String::new(),
        };
        printer.say(&format!("not all units are judged yet; to go on: {}{budget}", job.again));
    }
    exit(args, &record, &tally, printer)
}

/// What the run's state and labels mean for those who called.
fn exit(args: &JobArgs, record: &RunRecord, tally: &Tally, printer: Printer) -> CliResult {
    if tally.interrupted() && record.state != RunState::Done {
        return Ok(Exit::Interrupted);
    }
    if let Some(judge) = record.failed_judge() {
        return Err(all_failed(record, judge, tally));
    }
    if tally.over_budget() {
        return Ok(Exit::Inconclusive);
    }
    match record.no_verdict_rate() {
        Some((judge, rate)) if rate > args.max_no_verdict => {
            let (rate, most) = (rate * 100.0, args.max_no_verdict * 100.0);
            printer.say(&format!(
                "{rate:.1} % of the units that {judge} judged have no label, more than {most:.1} %: inconclusive"
            ));
            Ok(Exit::Inconclusive)
        }
        _ if tally.awaited() > 0 => {
            printer.say(&format!("{} units wait for an answer: inconclusive", tally.awaited()));
            Ok(Exit::Inconclusive)
        }
        _ => Ok(Exit::Done),
    }
}

/// The error of a run in which `judge` failed on every unit.
pub(super) fn all_failed(record: &RunRecord, judge: &str, tally: &Tally) -> CliError {
    let last = tally.failure(judge).map_or_else(String::new, |detail| format!("; the last one: {detail}"));
    CliError::new(format!("run {}: every call of {judge} failed{last}", record.id))
        .hint("all reasons are in verdicts.jsonl; when they are gone, the same command asks again")
}

/// `word` as a shell takes it.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
