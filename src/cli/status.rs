//! `assize status`.

use std::path::PathBuf;

use crate::run::{self, Cell, JudgeTotals, OpenBatch, RunRecord, RunState};

use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, csv, table};
use super::settings::Settings;
use super::summary;

/// Arguments of `assize status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// A run: its identifier, a unique beginning of it, or its folder. All runs where absent.
    run: Option<String>,
    /// Folder of the ledger and of the runs' folders.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints how one run or all runs stand, from the ledger alone.
pub fn run(args: &StatusArgs, _settings: &Settings, printer: Printer) -> CliResult {
    match &args.run {
        Some(run) => one(args, run, printer)?,
        None => all(args, printer)?,
    }
    Ok(Exit::Done)
}

fn one(args: &StatusArgs, run: &str, printer: Printer) -> Result<(), CliError> {
    let (results, record) = run::find(&args.results, run)?;
    let cells = run::cells(&results, &record)?;
    let mut batches = run::open_batches(&results)?;
    batches.retain(|batch| batch.run == record.id);
    match args.format {
        Format::Json => {
            printer.json(&serde_json::json!({ "version": 1, "run": record, "cells": cells, "batches": batches }))?;
        }
        Format::Csv => {
            let row = |cell: &Cell| {
                let (labels, without) = (cell.totals.labels, cell.totals.without_label());
                let cost = cell.totals.micro_dollars.map_or_else(String::new, |micro| micro.to_string());
                vec![cell.judge.clone(), cell.rubric.clone(), labels.to_string(), without.to_string(), cost]
            };
            let rows: Vec<_> = cells.iter().map(row).collect();
            printer.out(&csv(&["judge", "rubric", "labels", "no_verdicts", "micro_dollars"], &rows)?)?;
        }
        Format::Table => {
            printer.out(&summary::totals(&cells, None))?;
            if let Some(line) = summary::paid(&record) {
                printer.say(&line);
            }
            for batch in &batches {
                printer.say(&summary::in_batch(batch));
            }
            let (state, id) = (state(&record, &batches), &record.id);
            printer.say(&format!("{id}: {state}, begun {}, changed {}", record.started_at, record.updated_at));
        }
    }
    Ok(())
}

fn all(args: &StatusArgs, printer: Printer) -> Result<(), CliError> {
    let runs = run::list(&args.results)?;
    let batches = run::open_batches(&args.results)?;
    let header = ["run", "state", "judged", "units", "labels", "paid", "changed"];
    let row = |record: &RunRecord| {
        let totals = || record.totals.iter().map(|(_, totals)| totals);
        let judged: u64 = totals().map(JudgeTotals::decided).sum();
        let labels: u64 = totals().map(|totals| totals.labels).sum();
        let counts = [judged, record.units, labels].map(|count| count.to_string());
        let mut row = vec![record.id.clone(), state(record, &batches).to_owned()];
        row.extend(counts);
        row.push(match record.paid {
            paid if paid.calls_without_cost > 0 => "unknown".to_owned(),
            paid => summary::dollars(paid.micro_dollars),
        });
        row.push(record.updated_at.clone());
        row
    };
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    match args.format {
        Format::Json => printer.json(&serde_json::json!({ "version": 1, "runs": runs, "batches": batches }))?,
        Format::Csv => printer.out(&csv(&header, &rows)?)?,
        Format::Table => printer.out(&table(&header, &rows))?,
    }
    Ok(())
}

fn state(record: &RunRecord, batches: &[OpenBatch]) -> &'static str {
    match record.state {
        RunState::Running | RunState::Interrupted if batches.iter().any(|batch| batch.run == record.id) => "in batch",
        RunState::Running => "running or killed",
        RunState::Interrupted => "not finished",
        RunState::Done => "done",
    }
}
