//! Totals of a run, from the ledger alone, restarts included.

use std::path::Path;

use crate::ledger::Ledger;
use crate::verdict::NoVerdict;

use super::error::RunError;
use super::record::{JudgeTotals, RunRecord};

/// Totals of one judge on one rubric.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Cell {
    /// Judge name.
    pub judge: String,
    /// Rubric name.
    pub rubric: String,
    /// The totals.
    pub totals: JudgeTotals,
}

/// Totals of the run `record` by judge and rubric, in the experiment's order, from the ledger of the folder `results`.
///
/// # Errors
/// When the ledger cannot be read.
pub fn cells(results: &Path, record: &RunRecord) -> Result<Vec<Cell>, RunError> {
    of_ledger(&Ledger::open(&super::folder::ledger(results))?, record)
}

/// As [`cells`], from an open ledger.
pub(super) fn of_ledger(ledger: &Ledger, record: &RunRecord) -> Result<Vec<Cell>, RunError> {
    let counts = ledger.counts(&record.id)?;
    let usage = ledger.usage(&record.id)?;
    let mut cells = Vec::new();
    for judge in &record.experiment.judges {
        for rubric in record.rubrics.iter().filter(|rubric| judge.answers(&rubric.name)) {
            let mut totals = JudgeTotals { micro_dollars: Some(0), ..JudgeTotals::default() };
            for count in counts.iter().filter(|count| count.judge == judge.name() && count.rubric == rubric.name) {
                match NoVerdict::ALL.iter().find(|kind| kind.as_str() == count.kind) {
                    Some(kind) => *totals.no_verdicts.entry(*kind).or_default() += count.units,
                    None => totals.labels += count.units,
                }
            }
            let planned = record.sessions * u64::from(judge.repeats);
            let reached = totals.labels + totals.no_verdicts.values().sum::<u64>();
            if planned > reached {
                *totals.no_verdicts.entry(NoVerdict::Stopped).or_default() += planned - reached;
            }
            for usage in usage.iter().filter(|usage| usage.judge == judge.name() && usage.rubric == rubric.name) {
                totals.add(&JudgeTotals {
                    calls: usage.calls,
                    requests: usage.requests,
                    calls_without_tokens: usage.calls_without_tokens,
                    input_tokens: usage.input_tokens,
                    output_tokens: usage.output_tokens,
                    cache_read_tokens: usage.cache_read,
                    cache_write_tokens: usage.cache_write,
                    micro_dollars: usage.micro_dollars,
                    answered_by: usage.answered_by.iter().cloned().collect(),
                    ..JudgeTotals::default()
                });
            }
            cells.push(Cell { judge: judge.name().to_owned(), rubric: rubric.name.clone(), totals });
        }
    }
    Ok(cells)
}

/// Sums of `cells` by judge, in their order.
#[must_use]
pub fn by_judge(cells: &[Cell]) -> Vec<(String, JudgeTotals)> {
    let mut judges: Vec<(String, JudgeTotals)> = Vec::new();
    for cell in cells {
        match judges.iter_mut().find(|(judge, _)| *judge == cell.judge) {
            Some((_, totals)) => totals.add(&cell.totals),
            None => judges.push((cell.judge.clone(), cell.totals.clone())),
        }
    }
    judges
}
