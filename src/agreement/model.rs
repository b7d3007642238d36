//! What `assize agree --format json` prints (design.md section 6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rubric::Level;
use crate::stats::{Coefficient, ConfusionMatrix, Sight, Test};
use crate::verdict::NoVerdict;

use super::gate::GateResult;

/// Agreement among all raters of one rubric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// Items with at least one rating.
    pub items: usize,
    /// Raters, sorted by name.
    pub raters: Vec<String>,
    /// What each rater did, in the same order.
    pub raters_detail: Vec<RaterDetail>,
    /// Level of measurement.
    pub level: Level,
    /// Declared or observed categories, in scale order.
    pub categories: Vec<String>,
    /// Where the categories come from.
    pub scale: ScaleOrigin,
    /// Clusters of items, where the ratings name any.
    pub clusters: Option<usize>,
    /// Confidence of the intervals, such as 0.95.
    pub confidence: f64,
    /// Coefficients over all raters.
    pub coefficients: Vec<Coefficient>,
    /// Every pair of raters.
    pub pairs: Vec<PairAgreement>,
    /// Agreement of people with each other beside every judge, where two or more people are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ceilings: Vec<Ceiling>,
    /// Signs that a consensus was made with sight of a judge, where people, consensus and judge are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sights: Vec<SightOf>,
    /// What each gate decided on.
    pub gates: Vec<GateResult>,
    /// What a reader of the numbers must know: labels left out, columns not read, and the like.
    pub notes: Vec<String>,
}

/// How far people agree with each other on the items that one judge labelled: what a judge's figure is to be read against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ceiling {
    /// The judge.
    pub judge: String,
    /// The people: raters of the label file, or those named.
    pub people: Vec<String>,
    /// Means over pairs of people.
    pub coefficients: Vec<Coefficient>,
}

/// Signs that `reference` was made with sight of `judge`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SightOf {
    /// The consensus.
    pub reference: String,
    /// The judge.
    pub judge: String,
    /// The coefficient that the signs are read from.
    pub coefficient: String,
    /// Items that people, consensus and judge all labelled.
    pub n: usize,
    /// The signs.
    #[serde(flatten)]
    pub sight: Sight,
}

/// What one rater did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaterDetail {
    /// The rater.
    pub rater: String,
    /// What the rater is to the others.
    pub role: Role,
    /// Items with a label.
    pub n: usize,
    /// Items without one, by kind.
    pub no_verdicts: BTreeMap<NoVerdict, usize>,
    /// Rows of replicates after the first, which are left out.
    pub replicates_left_out: usize,
}

/// What a rater is to the others. In a pair the earlier role comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Gold, consensus, or named as reference.
    Reference,
    /// A rater of the label file that judges are held against; who it is, only the file knows.
    ReferenceRater,
    /// Anyone else: a judge, or a rater of whom nothing more is known.
    Rater,
}

/// Where the categories come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScaleOrigin {
    /// Declared on the command line or by a rubric.
    Declared,
    /// Those that occur, sorted.
    Observed,
}

/// Agreement of two raters on the items both rated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAgreement {
    /// The two raters. Where one is a reference or of the label file and the other a judge, the judge comes second.
    pub raters: [String; 2],
    /// Items both rated.
    pub items: usize,
    /// Coefficients of the pair.
    pub coefficients: Vec<Coefficient>,
    /// Counts of label against label; without labels where items carry several.
    pub confusion: Confusion,
    /// Precision, recall and F1 of the second rater against the first, by label.
    pub labels: Vec<LabelScore>,
    /// Items that only one of the two rated.
    pub unpaired: usize,
    /// Tests whether the two use the labels equally often (docs/statistics.md); none where items carry several labels.
    pub tests: Vec<Test>,
}

/// A confusion matrix.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// Labels of rows (first rater) and columns (second rater).
    pub labels: Vec<String>,
    /// Counts, rows first.
    pub counts: Vec<Vec<u64>>,
}

/// Precision, recall and F1 of one label; null where 0/0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// Times the first rater gave it.
    pub support: u64,
    /// Times the second rater gave it.
    pub predicted: u64,
    /// Of those the second rater gave, the part the first gave too.
    pub precision: Option<f64>,
    /// Of those the first rater gave, the part the second gave too.
    pub recall: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// Agreement on this label alone, given or not, where items carry several labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coefficients: Vec<Coefficient>,
}

impl LabelScore {
    /// The scores of the category at `position` of `matrix`.
    pub(super) fn of(matrix: &ConfusionMatrix, position: usize, label: &str) -> Self {
        let [precision, recall, f1] = matrix.precision_recall_f1(position);
        Self {
            label: label.to_owned(),
            support: matrix.row_sums()[position],
            predicted: matrix.column_sums()[position],
            precision,
            recall,
            f1,
            coefficients: Vec::new(),
        }
    }
}

impl PairAgreement {
    /// The coefficient of that name.
    #[must_use]
    pub fn coefficient(&self, name: &str) -> Option<&Coefficient> {
        self.coefficients.iter().find(|coefficient| coefficient.name == name)
    }
}

impl AgreementReport {
    /// The coefficient of that name over all raters.
    #[must_use]
    pub fn coefficient(&self, name: &str) -> Option<&Coefficient> {
        self.coefficients.iter().find(|coefficient| coefficient.name == name)
    }

    /// The pair of these two raters, in any order.
    #[must_use]
    pub fn pair(&self, first: &str, second: &str) -> Option<&PairAgreement> {
        let is = |pair: &&PairAgreement, a: &str, b: &str| pair.raters[0] == a && pair.raters[1] == b;
        self.pairs.iter().find(|pair| is(pair, first, second) || is(pair, second, first))
    }
}
