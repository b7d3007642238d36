//! The run's folder: `run.json`, `verdicts.jsonl` and `ratings.csv`, always rebuilt whole from the ledger.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use fs_err::File;

use crate::ledger::Ledger;
use crate::verdict::{NoVerdict, Verdict};

use super::error::RunError;
use super::record::RunRecord;

/// The ledger of the folder `results`.
pub(super) fn ledger(results: &Path) -> PathBuf {
    results.join("ledger.sqlite")
}

/// Makes `results/RUN`, so that a path that cannot be written shows before any work is done.
pub(super) fn prepare(results: &Path, run: &str) -> Result<PathBuf, RunError> {
    let folder = results.join(run);
    fs_err::create_dir_all(&folder)?;
    Ok(folder)
}

/// Writes the files of a run.
pub(super) fn write(folder: &Path, ledger: &Ledger, record: &RunRecord) -> Result<(), RunError> {
    replace(&folder.join("verdicts.jsonl"), |verdicts| {
        replace(&folder.join("ratings.csv"), |ratings| {
            // Both from one reading of the ledger.
            let mut ratings = Ratings::begin(ratings)?;
            ledger.verdicts(&record.id, |verdict, person| {
                write_verdict(&verdict, verdicts)?;
                ratings.add(&verdict, person.as_deref())
            })?;
            ratings.end()
        })
    })?;
    replace(&folder.join("run.json"), |file| {
        serde_json::to_writer_pretty(&mut *file, record).map_err(io::Error::from)?;
        Ok(file.write_all(b"\n")?)
    })
}

/// Writes a file beside `path` and puts it in its place, so that readers see the old one or the new one.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), RunError>) -> Result<(), RunError> {
    let beside = path.with_extension("tmp");
    let mut file = BufWriter::new(File::create(&beside)?);
    write(&mut file)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(fs_err::rename(&beside, path)?)
}

/// Writes the verdicts of `run` as `verdicts.jsonl` has them, from the ledger of the folder `results`.
///
/// # Errors
/// When the ledger cannot be read or `out` not be written.
pub fn write_jsonl(results: &Path, run: &RunRecord, out: &mut dyn Write) -> Result<(), RunError> {
    Ledger::open(&ledger(results))?.verdicts(&run.id, |verdict, _| write_verdict(&verdict, out))
}

/// Writes the verdicts of `run` as `ratings.csv` has them, from the ledger of the folder `results`.
///
/// # Errors
/// When the ledger cannot be read or `out` not be written.
pub fn write_csv(results: &Path, run: &RunRecord, out: &mut dyn Write) -> Result<(), RunError> {
    let mut ratings = Ratings::begin(out)?;
    Ledger::open(&ledger(results))?.verdicts(&run.id, |verdict, person| ratings.add(&verdict, person.as_deref()))?;
    ratings.end()
}

/// Writes a line of `verdicts.jsonl`.
fn write_verdict(verdict: &Verdict, out: &mut dyn Write) -> Result<(), RunError> {
    serde_json::to_writer(&mut *out, verdict).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// `ratings.csv` while it is written.
struct Ratings<'a> {
    rows: csv::Writer<&'a mut dyn Write>,
}

impl<'a> Ratings<'a> {
    fn begin(out: &'a mut dyn Write) -> Result<Self, RunError> {
        let mut rows = csv::Writer::from_writer(out);
        let header = ["item", "rater", "label", "rubric", "cluster", "replicate", "no_verdict", "confidence"];
        rows.write_record(header).map_err(io::Error::from)?;
        Ok(Self { rows })
    }

    fn add(&mut self, verdict: &Verdict, person: Option<&str>) -> Result<(), RunError> {
        let (replicate, cell) = (verdict.replicate.to_string(), verdict.outcome.cell());
        let confidence = verdict.outcome.confidence().map_or_else(String::new, |confidence| confidence.to_string());
        let row = [
            verdict.session.as_str(),
            verdict.judge.as_str(),
            cell.as_deref().unwrap_or_default(),
            verdict.rubric.as_str(),
            person.unwrap_or_default(),
            replicate.as_str(),
            verdict.outcome.no_verdict().map_or("", NoVerdict::as_str),
            confidence.as_str(),
        ];
        self.rows.write_record(row).map_err(|error| RunError::Folder(io::Error::from(error)))
    }

    fn end(mut self) -> Result<(), RunError> {
        Ok(self.rows.flush()?)
    }
}
