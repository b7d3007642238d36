//! What `assize estimate --format json` prints (docs/formats.md).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::Undefined;
use crate::stats::estimate::Corrected;
use crate::verdict::NoVerdict;

use super::method::Method;

/// Version of the form of [`EstimateReports`].
pub const VERSION: u32 = 1;

/// All estimates of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EstimateReports {
    /// Version of this form.
    pub version: u32,
    /// The run.
    pub run: String,
    /// The label file.
    pub gold: String,
    /// Confidence of all intervals.
    pub confidence: f64,
    /// What is wrong with the join of run and label file, in words.
    pub notes: Vec<String>,
    /// One per rubric and judge.
    pub reports: Vec<EstimateReport>,
}

/// Estimates of one rubric by one judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EstimateReport {
    /// The rubric.
    pub rubric: String,
    /// The judge.
    pub judge: String,
    /// The rater whose labels are gold.
    pub gold_rater: String,
    /// Sessions with a verdict that is a label.
    pub judged: usize,
    /// Of these, sessions with gold.
    pub gold: usize,
    /// Independent units with gold that errors rest on: persons, or sessions where persons are not known.
    pub gold_units: usize,
    /// No-verdicts by kind.
    pub no_verdicts: BTreeMap<NoVerdict, u64>,
    /// Sessions of the run that the judge did not reach.
    pub not_judged: u64,
    /// What errors are clustered by: `person` or `session`.
    pub clustering: String,
    /// Whether items count by inclusion or gold weights.
    pub weighted: bool,
    /// The column of the groups, where asked for.
    pub by: Option<String>,
    /// One per group and label; the group of all comes first and has no name. The row `mean` is that of numeric labels; the
    /// row `rate`, of derived measures, is `yes` among `yes` and `no`.
    pub rows: Vec<Row>,
    /// Every group less the first one.
    pub comparisons: Vec<Comparison>,
    /// Why exit code 2 is due; none where it is not.
    pub inconclusive: Option<String>,
    /// Warnings and what was left out, in words.
    pub notes: Vec<String>,
}

/// One label in one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The group; none for all sessions.
    pub group: Option<String>,
    /// The label, `mean` or `rate`; the counts beside `rate` are of sessions in its base.
    pub label: String,
    /// Sessions of the group with a label by the judge.
    pub judged: usize,
    /// Of these, sessions with gold.
    pub gold: usize,
    /// Sessions that gold gives this label.
    pub gold_with_label: usize,
    /// The judge's own share.
    pub raw: Value,
    /// Corrected shares, the first method asked for first.
    pub corrected: Vec<Value>,
    /// The smallest and largest raw share, whatever the missing verdicts would have been; none for means.
    pub raw_worst: Option<(f64, f64)>,
    /// The same for the first corrected share, taken among sessions with a verdict.
    pub corrected_worst: Option<(f64, f64)>,
}

/// A number with its interval, or the reason why there is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// How it was computed: `raw` or a [`Method`].
    pub method: String,
    /// The number.
    pub value: Option<f64>,
    /// Its standard error.
    pub se: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Whether it lay outside 0 to 1 and was moved to the nearest shares that sum to 1.
    pub moved: bool,
    /// How much the judge counts in PPI++, 0 to 1.
    pub lambda: Option<f64>,
    /// Condition number of the confusion that was turned round.
    pub condition: Option<f64>,
    /// Why there is no number.
    pub undefined: Option<Undefined>,
}

/// One group less another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The group.
    pub group: String,
    /// The group taken away.
    pub less: String,
    /// The label, or `mean`.
    pub label: String,
    /// The difference of the raw shares.
    pub raw: Value,
    /// Differences of the corrected shares.
    pub corrected: Vec<Value>,
}

impl Value {
    /// Whether the method has such a number at all.
    pub(super) fn is_meant(&self) -> bool {
        self.undefined != Some(Undefined::NotNumeric)
    }

    /// An estimate with its interval at `confidence`.
    #[must_use]
    pub fn of(method: &str, estimate: &Result<Corrected, Undefined>, confidence: f64) -> Self {
        match estimate {
            Ok(estimate) => Self::new(method, estimate.value(), Some(estimate.error.se), estimate.interval(confidence)),
            Err(why) => Self::undefined(method, *why),
        }
    }

    /// A number that there is not.
    #[must_use]
    pub fn undefined(method: &str, why: Undefined) -> Self {
        let method = method.to_owned();
        let (value, se, low, high, lambda, condition) = (None, None, None, None, None, None);
        Self { method, value, se, low, high, moved: false, lambda, condition, undefined: Some(why) }
    }

    /// A number.
    pub(super) fn new(method: &str, value: f64, se: Option<f64>, (low, high): (f64, f64)) -> Self {
        Self {
            method: method.to_owned(),
            value: Some(value),
            se,
            low: Some(low),
            high: Some(high),
            moved: false,
            lambda: None,
            condition: None,
            undefined: None,
        }
    }
}

impl EstimateReport {
    /// The overall row of `label`.
    #[must_use]
    pub fn row(&self, label: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.group.is_none() && row.label == label)
    }
}

impl Row {
    /// What `method` gave.
    #[must_use]
    pub fn by(&self, method: Method) -> Option<&Value> {
        self.corrected.iter().find(|value| value.method == method.as_str())
    }
}
