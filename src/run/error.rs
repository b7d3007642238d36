//! Why a run could not go on.

use std::path::PathBuf;

use crate::corpus::CorpusError;
use crate::ledger::LedgerError;
use crate::postings::PostingsError;
use crate::prompt::PromptError;
use crate::provider::ProviderError;
use crate::rubric::RubricError;
use crate::sample::SampleError;
use crate::verdict::Unreadable;

use super::engine::GivenUp;
use super::experiment::ExperimentError;

/// Why a run could not start or go on. Everything committed before it is kept.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The experiment file cannot be used.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The corpus cannot be used.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A rubric cannot be used.
    #[error(transparent)]
    Rubric(#[from] RubricError),
    /// A template cannot be used.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// Priced postings cannot be used.
    #[error("calibration: {0}")]
    Postings(#[from] PostingsError),
    /// A judge cannot be made.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// No sample can be drawn.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The ledger failed during the run.
    #[error("{error} ({})", match kept {
        Some(kept) => format!("{kept} verdicts of this run are kept"),
        None => "what was committed before is kept".to_owned(),
    })]
    Store {
        /// What happened.
        error: LedgerError,
        /// Verdicts of the run in the ledger, where it can still be read.
        kept: Option<u64>,
    },
    /// A file of the run's folder cannot be written.
    #[error("the run's folder cannot be written: {0}; free it, or use another --results folder")]
    Folder(#[from] std::io::Error),
    /// A rubric's answers cannot be read.
    #[error("rubric {rubric}: {error}")]
    Schema {
        /// The rubric.
        rubric: String,
        /// What is wrong with its schema.
        error: Unreadable,
    },
    /// The command asks for something the experiment does not have.
    #[error("{0}")]
    Selection(String),
    /// Models could not be used any further.
    #[error("{}; {kept} verdicts are kept, and the same command goes on from there", reasons(given_up))]
    Stopped {
        /// The judges, and what happened.
        given_up: Vec<GivenUp>,
        /// Verdicts of the run in the ledger.
        kept: u64,
    },
    /// There is no such run, or several.
    #[error("{0}")]
    NoRun(String),
    /// A run's record cannot be read.
    #[error("run {id} in {ledger}: {message}")]
    Record {
        /// The run.
        id: String,
        /// The ledger.
        ledger: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A thread or task of the run ended by a fault in assize.
    #[error("a fault in assize ended the run: {0}; what was committed is kept")]
    Fault(String),
}

/// Who was given up for which reason; a message that begins with the only judge's name does not say it twice.
fn reasons(given_up: &[GivenUp]) -> String {
    let reason = |GivenUp { judges, message }: &GivenUp| match judges.as_slice() {
        [judge] if message.starts_with(judge.as_str()) => message.clone(),
        judges => format!("{}: {message}", judges.join(", ")),
    };
    given_up.iter().map(reason).collect::<Vec<_>>().join("; ")
}
