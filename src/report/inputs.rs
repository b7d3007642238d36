//! What a report is made from, already loaded.

use crate::agreement::AgreementReport;
use crate::gold::Ratings;
use crate::rubric::Rubric;
use crate::run::RunRecord;

use super::sessions::StudyTable;

/// Everything a report is made from.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The run.
    pub run: RunRecord,
    /// The run's sessions with what was measured on them, and what judges and gold say of them.
    pub table: StudyTable,
    /// The rubrics of the run, in the experiment's order.
    pub rubrics: Vec<Rubric>,
    /// Labels of other raters to compare with.
    pub gold: Option<Ratings>,
    /// Agreement among judges and other raters, one for each rubric that has any.
    pub agreement: Vec<AgreementReport>,
    /// The least that a cell of a breakdown must hold to be shown.
    pub floors: Floors,
}

/// The least that a cell of a breakdown must hold to be shown; a cell below either is withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// Persons; not looked at where no person is known.
    pub persons: u64,
    /// Sessions.
    pub sessions: u64,
}

impl Floors {
    /// No floor: nothing is withheld.
    pub const NONE: Self = Self { persons: 0, sessions: 0 };
}

impl Default for Floors {
    /// Those of the Anthropic Economic Index: 5 accounts and 15 conversations (report.md 11.2).
    fn default() -> Self {
        Self { persons: 5, sessions: 15 }
    }
}
