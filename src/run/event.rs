//! Events of a run: progress bar, plain lines, JSON output and `tracing` all read these.

use serde::Serialize;

use crate::provider::TokenCounts;
use crate::verdict::Verdict;

use super::batch::BatchStage;
/// Version of the form of events as JSON.
pub(super) const EVENTS_VERSION: u32 = 1;

/// What did not go as hoped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warned {
    /// A form of asking is not supported.
    Form,
    /// Too many requests or tokens.
    RateLimited,
    /// The provider is overloaded.
    Overloaded,
    /// A request failed for another reason.
    Failed,
    /// The model declined.
    Refused,
    /// An answer was cut off.
    CutOff,
    /// An answer could not be used.
    Unusable,
    /// The answer has still to be written by others.
    Pending,
}

impl Warned {
    /// The name in files and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::RateLimited => "rate_limited",
            Self::Overloaded => "overloaded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::CutOff => "cut_off",
            Self::Unusable => "unusable",
            Self::Pending => "pending",
        }
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The plan is made.
    Planned {
        /// Version of the form of all events of a run.
        version: u32,
        /// The run.
        run: String,
        /// Units in all that this command asks for.
        units: u64,
        /// Units whose verdict the run already holds.
        recorded: u64,
        /// Calls that were under way when an earlier run was killed: perhaps paid for, never answered.
        lost_calls: u64,
    },
    /// Priced postings were read for the judge.
    Calibrated {
        /// What was kept, what was dropped and why, and what was chosen.
        summary: String,
    },
    /// Units of a rubric wait for verdicts that it needs and that are not decided yet.
    Waiting {
        /// The rubric.
        rubric: String,
        /// Units.
        units: u64,
    },
    /// A call was answered.
    Answered {
        /// The judge.
        judge: String,
        /// The rubric.
        rubric: String,
        /// Tokens as reported.
        tokens: TokenCounts,
        /// Cost in millionths of a dollar, where the price is known.
        micro_dollars: Option<u64>,
        /// Whether the answer came from the ledger, unpaid.
        recorded: bool,
    },
    /// A unit has its verdict, committed.
    Verdict {
        /// The verdict.
        verdict: Verdict,
        /// Whether it was in the ledger before.
        recorded: bool,
    },
    /// Something about a batch at a provider.
    Batch {
        /// The judge's model, `provider/model`.
        model: String,
        /// The provider's id of it.
        batch: String,
        /// Calls in it.
        calls: u64,
        /// What about it.
        #[serde(flatten)]
        stage: BatchStage,
    },
    /// A call did not go as hoped, and what is done about it; told once of one model and matter.
    Warning {
        /// The judge.
        judge: String,
        /// What kind of thing.
        kind: Warned,
        /// What happened.
        message: String,
    },
    /// Judges that cannot be used any further are asked no more.
    GivenUp {
        /// The judges: those of a model, or all of a provider.
        judges: Vec<String>,
        /// What happened.
        message: String,
        /// Whether others are still asked.
        goes_on: bool,
    },
    /// The run stops early; calls under way are awaited.
    Draining {
        /// Calls under way.
        in_flight: usize,
    },
    /// The run stopped because its next call might have cost more than was left of the budget.
    OverBudget {
        /// The run.
        run: String,
        /// The budget, in millionths of a dollar, as all that follow.
        budget: u64,
        /// What the run paid, restarts included.
        paid: u64,
        /// The most that the next call could have cost.
        short_of: u64,
    },
    /// The run ended.
    Finished {
        /// The run.
        run: String,
        /// Units of the whole run with a label or a value.
        labels: u64,
        /// Units without, those not reached included.
        no_verdicts: u64,
        /// Requests sent now, retries included.
        calls_sent: u64,
        /// Whether the person stopped it.
        interrupted: bool,
    },
}
