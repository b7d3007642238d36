//! The types of a report: what `--format json` prints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agreement::{Confusion, LabelScore, RaterDetail};
use crate::corpus::IngestReport;
use crate::estimate::Value;
use crate::rubric::{AnswerKind, Published};
use crate::run::{Experiment, JudgeTotals, RubricRecord, RunState};
use crate::sample::SampleSpec;
use crate::session::Scope;
use crate::stats::{Coefficient, Estimate};
use crate::verdict::NoVerdict;

use super::study::{Exhibit, Study};

/// A report on one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this form.
    pub version: u32,
    /// What the data is, where it must be said wherever its numbers appear: `synthetic`.
    pub data_label: Option<String>,
    /// What must be said of a judge or rater wherever its name appears, by name.
    pub tags: BTreeMap<String, String>,
    /// What the reader must know first, such as that the run is not done.
    pub notes: Vec<String>,
    /// The run.
    pub run: RunFacts,
    /// What was sampled and what dropped.
    pub sample: SampleFacts,
    /// Other raters that the judges are compared with.
    pub reference: Option<ReferenceFacts>,
    /// One section a rubric, in the experiment's order.
    pub rubrics: Vec<RubricSection>,
    /// The judges, their calls, tokens and cost.
    pub judges: Vec<JudgeFacts>,
    /// Measures of the judged sessions, beside the study's.
    pub measures: Vec<MeasureRow>,
    /// The study's figures and tables made anew, one set a judge.
    pub study: Vec<Study>,
    /// What the study lacked: judges that differ in view, order of labels, planted text or model, and repeats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Exhibit>,
}

/// Identity and versions of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Identifier.
    pub id: String,
    /// How it stands.
    pub state: RunState,
    /// RFC 3339 time of the first start.
    pub started_at: String,
    /// RFC 3339 time of the last change.
    pub updated_at: String,
    /// Version of assize that ran it.
    pub assize: String,
    /// BLAKE3 over the content of the corpus.
    pub corpus_hash: String,
    /// Rubrics as used.
    pub rubrics: Vec<RubricRecord>,
    /// The experiment, frozen.
    pub experiment: Experiment,
}

/// What was sampled and what dropped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SampleFacts {
    /// How the corpus was made.
    pub ingest: IngestReport,
    /// Sessions in the corpus.
    pub sessions_in_corpus: u64,
    /// Sessions that fall out by scope.
    pub out_of_scope: BTreeMap<Scope, u64>,
    /// Sessions chosen to be judged.
    pub sessions: u64,
    /// How they were chosen; all where absent.
    pub spec: Option<SampleSpec>,
    /// Whether shares are weighted by inclusion weights.
    pub weighted: bool,
    /// Judged sessions found in the corpus.
    pub found: u64,
    /// Persons among them.
    pub persons: u64,
    /// Judged sessions whose person is not known.
    pub without_person: u64,
    /// Judged sessions of unknown scope, counted as interactive.
    pub unknown_scope: u64,
    /// Judged sessions by month of their first record; those without a time under `unknown`.
    pub months: BTreeMap<String, u64>,
    /// The unit that intervals are clustered by.
    pub clustering: String,
}

/// Kinds of rater in a label file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RaterKind {
    /// Made by `assize simulate`.
    Simulated,
    /// As named in the label file, which alone knows who it is.
    Reference,
}

/// The label file that judges are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceFacts {
    /// Its raters, by name.
    pub raters: Vec<RaterFacts>,
    /// Items it labels.
    pub items: u64,
    /// Items that are no judged session.
    pub unmatched: u64,
    /// Labels for rubrics that the run does not have; not used.
    pub other_rubrics: u64,
}

/// One rater of the label file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaterFacts {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: RaterKind,
    /// Labels given for the rubrics of the run.
    pub labels: u64,
}

/// One rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RubricSection {
    /// Name.
    pub name: String,
    /// Version.
    pub version: u32,
    /// Heading.
    pub title: String,
    /// The question put to the judges.
    pub question: String,
    /// Kind of answer.
    pub kind: AnswerKind,
    /// The labels in scale order.
    pub labels: Vec<LabelFacts>,
    /// What the published shares are shares of.
    pub published_base: Option<String>,
    /// Shares by judge, in the experiment's order.
    pub judges: Vec<JudgeShares>,
    /// Agreement, where there are two raters or more.
    pub agreement: Option<AgreementSection>,
}

/// One label and what the study published for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelFacts {
    /// The label.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// The study's share.
    pub published: Option<Published>,
}

/// What one judge said for one rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeShares {
    /// The judge.
    pub judge: String,
    /// Units planned: sessions times replicates.
    pub planned: u64,
    /// Units with a label or a value.
    pub labelled: u64,
    /// Units without, by kind; every kind is there.
    pub no_verdicts: BTreeMap<NoVerdict, u64>,
    /// Units not judged yet.
    pub not_judged: u64,
    /// Share of judged units without a label, from 0 to 1.
    pub no_verdict_rate: Estimate,
    /// Shares in scale order, raw and corrected.
    pub shares: Vec<ShareRow>,
    /// How shares are corrected for the judge's errors; none without gold.
    pub correction: Option<Correction>,
    /// Why there is no gold though there are labels of other raters.
    pub uncorrected: Option<String>,
    /// What was answered to a rubric that asks for a value instead of a label.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ValueRow>,
    /// What a reader of those must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value_notes: Vec<String>,
    /// The first message of each kind that is the provider's or the program's own.
    pub messages: Vec<String>,
}

/// What shares are corrected by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// The estimator ([`Method`](crate::estimate::Method)).
    pub method: String,
    /// The rater of the label file whose labels count as the truth.
    pub rater: String,
    /// Sessions that both rater and judge labelled.
    pub sessions: u64,
    /// Their persons; none where no person is known.
    pub persons: Option<u64>,
}

/// A number computed from values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValueRow {
    /// What it is, in words.
    pub name: String,
    /// What it counts, where the rubric says so.
    pub unit: Option<String>,
    /// The number.
    pub estimate: Estimate,
}

/// The share of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShareRow {
    /// The label.
    pub label: String,
    /// Units with it.
    pub count: u64,
    /// Its share of the labelled units, from 0 to 1, as the judge gave it.
    pub share: Estimate,
    /// The same corrected for the judge's errors, over the first replicate; none without gold.
    pub corrected: Option<Value>,
    /// Its share if no unit without a label had it.
    pub worst_low: Option<f64>,
    /// Its share if every unit without a label had it.
    pub worst_high: Option<f64>,
}

/// Who the two raters of a pair are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// A judge against a rater of the label file.
    JudgeWithReference,
    /// Two raters of the label file.
    References,
    /// Two judges.
    Judges,
}

/// Agreement for one rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementSection {
    /// Items with at least one rating.
    pub items: usize,
    /// What each rater did, no-verdicts included, sorted by name.
    pub raters: Vec<RaterDetail>,
    /// Coefficients over all raters.
    pub coefficients: Vec<Coefficient>,
    /// The coefficient that the forest plot shows.
    pub headline: String,
    /// Pairs: judges with references first, then references, then judges.
    pub pairs: Vec<PairSection>,
    /// What a reader of the numbers must know, such as labels left out.
    pub notes: Vec<String>,
}

/// Agreement of two raters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairSection {
    /// The two; the reference comes first.
    pub raters: [String; 2],
    /// Who they are to each other.
    pub relation: Relation,
    /// Coefficients.
    pub coefficients: Vec<Coefficient>,
    /// Label against label.
    pub confusion: Confusion,
    /// Precision, recall and F1 of the second against the first.
    pub labels: Vec<LabelScore>,
    /// Items that only one of the two rated.
    pub unpaired: usize,
}

/// One judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgeFacts {
    /// Name in tables.
    pub name: String,
    /// `provider/model`.
    pub model: String,
    /// Whether a language model stands behind it.
    pub is_llm: bool,
    /// Replicates of each unit.
    pub repeats: u32,
    /// Calls, tokens, cost.
    pub totals: JudgeTotals,
}

/// One measure of the judged sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasureRow {
    /// Name in files.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// How it is defined.
    pub definition: String,
    /// Mean over sessions.
    pub mean: Estimate,
    /// Median over sessions.
    pub median: Estimate,
    /// The study's figure, as told.
    pub published: Option<String>,
    /// What to keep in mind beside it.
    pub caveat: Option<String>,
}
