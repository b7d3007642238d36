//! Why a report cannot be made.

use super::inputs::Floors;

/// Why a report cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A verdict carries a label outside its rubric's scale.
    #[error(
        "{judge} gave {session} the label {label:?}, which rubric {rubric} does not have: was the rubric changed after the run?"
    )]
    UnknownLabel {
        /// The judge.
        judge: String,
        /// The session.
        session: String,
        /// The rubric.
        rubric: String,
        /// The label.
        label: String,
    },
    /// Two verdicts for one unit.
    #[error("two verdicts of {judge} on {session} for rubric {rubric}, replicate {replicate}: the ledger is damaged")]
    Duplicate {
        /// The judge.
        judge: String,
        /// The session.
        session: String,
        /// The rubric.
        rubric: String,
        /// The replicate.
        replicate: u32,
    },
    /// A verdict, or agreement, names a rubric that was not loaded.
    #[error("rubric {0} has verdicts but was not loaded: give the rubrics that the run used")]
    NoRubric(String),
    /// A verdict names a judge that the run's experiment does not have.
    #[error("judge {0} has verdicts but is not in the experiment of the run")]
    NoJudge(String),
    /// Gold cannot be used.
    #[error(transparent)]
    Gold(#[from] crate::estimate::EstimateError),
    /// Cells of a public report would be too small.
    #[error("a public report withholds cells below {} sessions or {} persons at least, so that floors cannot be lower", .0.sessions, .0.persons)]
    LowFloors(Floors),
    /// A template or chart failed; an error in assize.
    #[error("cannot draw the report: {0}")]
    Draw(String),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
}
