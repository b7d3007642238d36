//! What derived measures are made of, and what comes out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::corpus::SessionRow;

/// What a derived measure says of a session; where a part of it is not known, it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In the base, and it holds.
    Yes,
    /// In the base, and it does not hold.
    No,
    /// Not in the base of the rate.
    Outside,
}

impl Standing {
    /// All of them, in the order of [`DerivedMeasure::rubric`](super::DerivedMeasure::rubric)'s labels.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::Outside];

    /// The label in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Outside => "outside",
        }
    }

    /// The same among the sessions of which `base` holds, such as those that hit trouble: the others are outside.
    #[must_use]
    pub fn among(self, base: Self) -> Self {
        if base == Self::Yes { self } else { Self::Outside }
    }

    /// Yes or no.
    pub(super) fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

/// What a rater said on one rubric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// The label given.
    Label(&'a str),
    /// The rubric's own "unclear".
    Abstained,
}

/// Shares of the person's decisions in one session, from 0 to 1; none where the session has no decision of that type.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DecisionShares {
    /// The person's share of planning decisions.
    pub planning_user: Option<f64>,
    /// The person's share of execution decisions.
    pub execution_user: Option<f64>,
}

/// The measured columns that derived measures read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// Lines added by successful edits.
    pub lines_added: u64,
    /// Lines removed by successful edits.
    pub lines_removed: u64,
    /// Success by machine evidence alone; none where there is neither evidence for it nor against it.
    pub machine_success: Option<bool>,
}

impl From<&SessionRow> for Measured {
    fn from(row: &SessionRow) -> Self {
        let (lines_added, lines_removed) = (row.measures.lines_added, row.measures.lines_removed);
        Self { lines_added, lines_removed, machine_success: row.evidence.machine_success }
    }
}

/// What one rater, and the measures, say of one session. What is not there is not known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionParts<'a> {
    /// Answers by rubric.
    pub answers: BTreeMap<&'a str, Part<'a>>,
    /// Measured columns.
    pub measured: Option<Measured>,
    /// Shares of decisions, computed from the rater's list of decisions.
    pub shares: Option<DecisionShares>,
}
