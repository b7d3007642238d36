//! Finding runs again, and reading their verdicts.

use std::path::{Path, PathBuf};

use crate::gold::{Missing, Rating, Ratings};
use crate::ledger::{Ledger, LedgerError};
use crate::verdict::{Outcome, Verdict};

use super::error::RunError;
use super::folder;
use super::record::{RunRecord, RunState};
use super::totals;

/// The record and the verdicts of a run: `run` is its identifier, a unique beginning of it, or the path of its folder.
///
/// Verdicts come by session, rubric, judge and replicate. Units that the run did not reach have none.
///
/// # Errors
/// When there is no such run, or several, or the ledger cannot be read.
pub fn load(results: &Path, run: &str) -> Result<(RunRecord, Vec<Verdict>), RunError> {
    let mut verdicts = Vec::new();
    let run = stream(results, run, |verdict| {
        verdicts.push(verdict);
        Ok::<(), RunError>(())
    })?;
    Ok((run, verdicts))
}

/// The record of a run, named as for [`load`]; its verdicts are handed to `each` one by one, in the order of [`load`].
///
/// # Errors
/// As [`load`], and those of `each`.
pub fn stream<E: From<RunError>>(
    results: &Path,
    run: &str,
    each: impl FnMut(Verdict) -> Result<(), E>,
) -> Result<RunRecord, E> {
    stream_on(None, results, run, each)
}

/// As [`stream`], but only the verdicts on `rubrics` where they are given: others are not read at all.
///
/// # Errors
/// As [`stream`].
pub fn stream_on<E: From<RunError>>(
    rubrics: Option<&[&str]>,
    results: &Path,
    run: &str,
    mut each: impl FnMut(Verdict) -> Result<(), E>,
) -> Result<RunRecord, E> {
    let (ledger, id) = locate(results, run)?;
    let passed = ledger.0.verdicts_on(rubrics, &id, |verdict, _| each(verdict).map_err(Passed::Other));
    passed.map_err(|passed| match passed {
        Passed::Ledger(error) => RunError::from(error).into(),
        Passed::Other(error) => error,
    })?;
    Ok(record(&ledger, &id)?)
}

/// What ended a stream.
enum Passed<E> {
    Ledger(LedgerError),
    Other(E),
}

impl<E> From<LedgerError> for Passed<E> {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// The record of a run, named as for [`load`], and the folder of its ledger.
///
/// # Errors
/// As [`load`].
pub fn find(results: &Path, run: &str) -> Result<(PathBuf, RunRecord), RunError> {
    let (ledger, id) = locate(results, run)?;
    let folder = ledger.1.parent().unwrap_or(results).to_owned();
    Ok((folder, record(&ledger, &id)?))
}

/// The labels of a run as ratings: the judge is the rater, the person the cluster. Units without a label are kept
/// apart, with their kind.
///
/// # Errors
/// As [`load`].
pub fn ratings(results: &Path, run: &str) -> Result<Ratings, RunError> {
    let (ledger, id) = locate(results, run)?;
    let weights = record(&ledger, &id)?.weights;
    let mut ratings = Ratings::default();
    ledger.0.verdicts(&id, |verdict, person| -> Result<(), RunError> {
        let (rubric, replicate) = (Some(verdict.rubric), Some(verdict.replicate));
        let (item, rater, cluster) = (verdict.session, verdict.judge, person);
        if let Outcome::None { kind, .. } = verdict.outcome {
            ratings.missing.push(Missing { item, rater, rubric, cluster, replicate, kind });
        } else if let Some(label) = verdict.outcome.cell() {
            let (label, weight) = (label.into_owned(), weights.get(&item).copied());
            let confidence = verdict.outcome.confidence();
            ratings.rows.push(Rating {
                item,
                rater,
                label,
                rubric,
                cluster,
                weight,
                replicate,
                confidence,
                ..Rating::default()
            });
        }
        Ok(())
    })?;
    Ok(ratings)
}

/// The records of all runs in the folder `results`, the last changed first.
///
/// # Errors
/// When there is no ledger or it cannot be read.
pub fn list(results: &Path) -> Result<Vec<RunRecord>, RunError> {
    let ledger = open(results)?;
    let mut runs = ledger.0.runs()?.iter().map(|id| record(&ledger, id)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by(|a, b| b.updated_at.cmp(&a.updated_at));
    Ok(runs)
}

/// The identifier of the run changed last in the folder `results`.
///
/// # Errors
/// When there is none, or the ledger cannot be read.
pub fn latest(results: &Path) -> Result<String, RunError> {
    let runs = list(results)?;
    let none = || RunError::NoRun(format!("no run in {} yet", folder::ledger(results).display()));
    runs.into_iter().next().map(|run| run.id).ok_or_else(none)
}

/// A ledger with its path.
type Opened = (Ledger, PathBuf);

fn open(results: &Path) -> Result<Opened, RunError> {
    let path = folder::ledger(results);
    Ok((Ledger::open(&path)?, path))
}

fn locate(results: &Path, run: &str) -> Result<(Opened, String), RunError> {
    let path = Path::new(run);
    if path.join("run.json").is_file()
        && let (Some(parent), Some(name)) = (path.parent(), path.file_name())
    {
        return Ok((open(parent)?, name.to_string_lossy().into_owned()));
    }
    let ledger = open(results)?;
    let runs = ledger.0.runs()?;
    if runs.iter().any(|id| id == run) {
        return Ok((ledger, run.to_owned()));
    }
    let fitting: Vec<String> = runs.iter().filter(|id| id.starts_with(run)).cloned().collect();
    match fitting.as_slice() {
        [id] => Ok((ledger, id.clone())),
        [] => Err(RunError::NoRun(format!(
            "no run {run:?} in {}: it holds {}",
            ledger.1.display(),
            if runs.is_empty() { "none".to_owned() } else { runs.join(", ") }
        ))),
        several => Err(RunError::NoRun(format!("several runs begin with {run:?}: {}", several.join(", ")))),
    }
}

fn record((ledger, path): &Opened, id: &str) -> Result<RunRecord, RunError> {
    let text = ledger.run(id)?.ok_or_else(|| RunError::NoRun(format!("no run {id:?} in {}", path.display())))?;
    let mut record = parse(&text, id, path)?;
    if record.state == RunState::Running {
        // The record was written when the run began.
        record.totals = totals::by_judge(&totals::of_ledger(ledger, &record)?);
        record.paid = ledger.paid(id)?;
    }
    Ok(record)
}

/// A record as the ledger keeps it.
pub(super) fn parse(text: &str, id: &str, ledger: &Path) -> Result<RunRecord, RunError> {
    serde_json::from_str(text).map_err(|error| RunError::Record {
        id: id.to_owned(),
        ledger: ledger.to_owned(),
        message: error.to_string(),
    })
}
