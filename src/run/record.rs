//! What `results/RUN/run.json` holds: the frozen experiment, versions, hashes, totals.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::corpus::IngestReport;
use crate::ledger::Paid;
use crate::session::Scope;
use crate::verdict::NoVerdict;

use super::experiment::Experiment;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Under way, or killed.
    Running,
    /// Stopped before every unit was decided, to be resumed: interrupted, limited, or given up.
    Interrupted,
    /// Every unit is decided.
    Done,
}

/// A rubric as it was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RubricRecord {
    /// Name.
    pub name: String,
    /// Version.
    pub version: u32,
    /// BLAKE3 of the rubric's canonical JSON.
    pub hash: String,
    /// BLAKE3 of its answer schema.
    pub schema_hash: String,
    /// BLAKE3 of its prompt, rendered for an empty session.
    pub prompt_hash: String,
}

/// Totals of one judge over a run, restarts included.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct JudgeTotals {
    /// Units with a label or a value.
    pub labels: u64,
    /// Units without, by kind; those that the run did not reach are `stopped`.
    pub no_verdicts: BTreeMap<NoVerdict, u64>,
    /// Calls answered, in this run and before, that its verdicts rest on.
    pub calls: u64,
    /// Requests sent for these calls, those that brought no answer included.
    #[serde(default)]
    pub requests: u64,
    /// Input tokens, cached ones excluded; unknown ones not counted.
    pub input_tokens: u64,
    /// Output tokens.
    pub output_tokens: u64,
    /// Input tokens read from the provider's cache.
    pub cache_read_tokens: u64,
    /// Input tokens written to the provider's cache.
    pub cache_write_tokens: u64,
    /// Calls whose tokens the provider did not report.
    pub calls_without_tokens: u64,
    /// Cost in millionths of a dollar; none where the model's price is not known.
    pub micro_dollars: Option<u64>,
    /// Models that answered, as they reported themselves.
    pub answered_by: Vec<String>,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of this form.
    pub version: u32,
    /// Identifier: the experiment's name and eight characters of its hash.
    pub id: String,
    /// How it stands.
    pub state: RunState,
    /// RFC 3339 time of the first start.
    pub started_at: String,
    /// RFC 3339 time of the last change.
    pub updated_at: String,
    /// Version of assize.
    pub assize: String,
    /// The experiment, frozen.
    pub experiment: Experiment,
    /// BLAKE3 over the content of the corpus.
    pub corpus_hash: String,
    /// How the corpus was made.
    pub ingest: IngestReport,
    /// Rubrics as used.
    pub rubrics: Vec<RubricRecord>,
    /// Sessions in the corpus.
    pub sessions_in_corpus: u64,
    /// Sessions that fall out by scope, by scope.
    pub out_of_scope: BTreeMap<Scope, u64>,
    /// Sessions judged.
    pub sessions: u64,
    /// Units in all: sessions x rubrics x judges x replicates.
    pub units: u64,
    /// Inclusion weights of sampled sessions that are not 1, by session.
    pub weights: BTreeMap<String, f64>,
    /// Totals by judge, in the experiment's order.
    pub totals: Vec<(String, JudgeTotals)>,
    /// What the run itself paid for.
    #[serde(default)]
    pub paid: Paid,
}

impl JudgeTotals {
    /// Units that the run reached.
    #[must_use]
    pub fn decided(&self) -> u64 {
        let without = self.no_verdicts.iter().filter(|(kind, _)| **kind != NoVerdict::Stopped);
        self.labels + without.map(|(_, units)| units).sum::<u64>()
    }

    /// Units that the judge answered: all that a rerun does not ask again.
    #[must_use]
    pub fn answered(&self) -> u64 {
        let without = self.no_verdicts.iter().filter(|(kind, _)| !kind.is_retryable());
        self.labels + without.map(|(_, units)| units).sum::<u64>()
    }

    /// Units without a label, for whatever reason.
    #[must_use]
    pub fn without_label(&self) -> u64 {
        self.no_verdicts.values().sum()
    }

    /// Adds `other`; the cost is known only where both are.
    pub fn add(&mut self, other: &Self) {
        self.labels += other.labels;
        for (kind, units) in &other.no_verdicts {
            *self.no_verdicts.entry(*kind).or_default() += units;
        }
        self.calls += other.calls;
        self.requests += other.requests;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.cache_read_tokens += other.cache_read_tokens;
        self.cache_write_tokens += other.cache_write_tokens;
        self.calls_without_tokens += other.calls_without_tokens;
        self.micro_dollars = self.micro_dollars.zip(other.micro_dollars).map(|(a, b)| a + b);
        let models: BTreeSet<String> = self.answered_by.drain(..).chain(other.answered_by.iter().cloned()).collect();
        self.answered_by = models.into_iter().collect();
    }
}

impl RunRecord {
    /// The judge with the largest part of its units reached without a label, and that part; none where no unit was
    /// reached. Judges are not pooled: one that always answers would hide one that never does.
    #[must_use]
    pub fn no_verdict_rate(&self) -> Option<(&str, f64)> {
        let part = |totals: &JudgeTotals| (totals.decided() - totals.labels) as f64 / totals.decided() as f64;
        let reached = self.totals.iter().filter(|(_, totals)| totals.decided() > 0);
        reached.map(|(judge, totals)| (judge.as_str(), part(totals))).max_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// A judge whose every unit reached failed, if there is one.
    #[must_use]
    pub fn failed_judge(&self) -> Option<&str> {
        let failed = |totals: &JudgeTotals| totals.no_verdicts.get(&NoVerdict::Failed).copied().unwrap_or_default();
        let all = |(_, totals): &&(String, JudgeTotals)| totals.decided() > 0 && failed(totals) == totals.decided();
        self.totals.iter().find(all).map(|(judge, _)| judge.as_str())
    }
}
