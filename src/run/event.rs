//! Events of a run: progress bar, plain lines and JSON output all read these.

use serde::Serialize;

use crate::provider::TokenCounts;
use crate::verdict::Verdict;

use super::batch::BatchStage;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The plan is made.
    Planned {
        /// The run.
        run: String,
        /// Units in all that this command asks for.
        units: u64,
        /// Units whose verdict the run already holds.
        recorded: u64,
        /// Calls that were under way when an earlier run was killed: perhaps paid for, never answered.
        lost_calls: u64,
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
        /// What happened.
        message: String,
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
        /// Units of the whole run with a label.
        labels: u64,
        /// Units without, those not reached included.
        no_verdicts: u64,
        /// Requests sent now, retries included.
        calls_sent: u64,
        /// Whether the person stopped it.
        interrupted: bool,
    },
}
