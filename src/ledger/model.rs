//! Rows of the ledger.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::verdict::{Fingerprint, Outcome, Repair};

use super::batch::BatchEntry;

/// Something to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A call is about to be sent.
    Intent(Intent),
    /// A call ended without an answer.
    Withdrawn(Fingerprint),
    /// A call was answered; an answer already held is kept.
    Call(Call),
    /// A unit was decided; a final decision already held is kept.
    Verdict {
        /// Where it is used.
        place: Place,
        /// What came out.
        decision: Decision,
        /// RFC 3339 time.
        decided_at: String,
    },
    /// Something about calls in batches.
    Batch(BatchEntry),
    /// A run began or changed.
    Run {
        /// Its identifier.
        id: String,
        /// Its record, JSON.
        record: String,
    },
}

/// A call about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Fingerprint of the call.
    pub fingerprint: Fingerprint,
    /// The model asked.
    pub model: String,
    /// RFC 3339 time.
    pub sent_at: String,
}

/// An answered call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// BLAKE3 of the exact request and the replicate number.
    pub fingerprint: Fingerprint,
    /// The model asked, `provider/model`.
    pub model: String,
    /// How JSON was asked for, in the provider room's word.
    pub form: String,
    /// Replicate number, from 1.
    pub replicate: u32,
    /// The whole response body; compressed when stored.
    pub body: Vec<u8>,
    /// Why the model stopped, in the provider room's word.
    pub stop: String,
    /// Input tokens, cached ones excluded; none where not reported, as below.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
    /// Input tokens read from the provider's cache.
    pub cache_read: Option<u64>,
    /// Input tokens written to the provider's cache.
    pub cache_write: Option<u64>,
    /// Cost in millionths of a dollar at the list price of the day; none where not known.
    pub micro_dollars: Option<u64>,
    /// The model that answered, as it reported itself.
    pub answered_by: Option<String>,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// RFC 3339 time of the first attempt.
    pub sent_at: String,
    /// RFC 3339 time of the answer.
    pub answered_at: String,
    /// Requests sent until it was answered.
    pub attempts: u32,
}

/// What the ledger kept of an answered call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCall {
    /// The whole response body.
    pub body: Vec<u8>,
}

/// Where a run uses a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The run.
    pub run: String,
    /// Session id.
    pub session: String,
    /// Rubric name.
    pub rubric: String,
    /// Judge name.
    pub judge: String,
    /// Replicate number, from 1.
    pub replicate: u32,
    /// Fingerprint of the unit.
    pub unit: Fingerprint,
    /// Pseudonym of the person, where known.
    pub person: Option<String>,
}

/// What a run itself paid for, restarts included: also calls that no verdict rests on, and never calls that it found in the
/// ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// Answered calls.
    pub calls: u64,
    /// Requests sent for them; those that brought no answer are all but one of each call.
    pub requests: u64,
    /// Cost in millionths of a dollar of the calls whose cost is known.
    pub micro_dollars: u64,
    /// Calls whose cost is not known.
    pub calls_without_cost: u64,
}

/// Tokens of answered calls of one model on one rubric, in any run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lengths {
    /// Units decided.
    pub units: u64,
    /// Calls behind them.
    pub calls: u64,
    /// Output tokens of each call, from the shortest to the longest.
    pub output_tokens: Vec<u64>,
}

/// What came out of a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Label, value or no-verdict.
    pub outcome: Outcome,
    /// What had to be done to read the answer.
    pub repairs: BTreeSet<Repair>,
    /// The calls behind it, in order.
    pub calls: Vec<Fingerprint>,
}

/// How many units of a run ended in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelCount {
    /// Judge name.
    pub judge: String,
    /// Rubric name.
    pub rubric: String,
    /// `label` or `value`, or the name of the kind of no-verdict.
    pub kind: String,
    /// Units.
    pub units: u64,
}

/// Calls and tokens behind the verdicts of one judge on one rubric in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Judge name.
    pub judge: String,
    /// Rubric name.
    pub rubric: String,
    /// The model asked.
    pub model: String,
    /// Distinct answered calls.
    pub calls: u64,
    /// Calls whose input or output tokens are not known.
    pub calls_without_tokens: u64,
    /// Input tokens, cached ones excluded; as below, the sum of the known ones.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write: u64,
    /// Requests sent for these calls.
    pub requests: u64,
    /// Cost in millionths of a dollar; none where that of any call is not known.
    pub micro_dollars: Option<u64>,
    /// Models that answered, as they reported themselves, sorted.
    pub answered_by: BTreeSet<String>,
}
