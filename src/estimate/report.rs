//! One report per rubric and judge.

use crate::rubric::{Level, Rubric};
use crate::stats::estimate::{Corrected, FEWEST_GOLD};
use crate::stats::{CONFIDENCE, Undefined};

use super::error::EstimateError;
use super::group;
use super::input::{Judged, Source};
use super::method::Method;
use super::model::{Comparison, EstimateReport, Row, Value};
use super::rows::{Estimates, Maker, RATE, Summary};

/// Condition numbers above this are warned of.
const CONDITION: f64 = 10.0;

/// Fewer persons with gold than this are warned of: cluster-robust errors are then themselves rough.
const FEW_CLUSTERS: usize = 30;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The estimators; the first is the one that counts.
    pub methods: Vec<Method>,
    /// Column of groups.
    pub by: Option<String>,
    /// Column of strata for [`Method::StratifiedPpi`].
    pub strata: Option<String>,
    /// Confidence of all intervals.
    pub confidence: f64,
}

impl Default for Options {
    fn default() -> Self {
        let methods = vec![Method::PpiPlusPlus, Method::LangReiczigel, Method::Inversion];
        Self { methods, by: None, strata: None, confidence: CONFIDENCE }
    }
}

/// Shares of the labels of `rubric` by `judge`, raw and corrected; the mean too where the labels are numbers in order.
///
/// # Errors
/// When gold cannot be used or a column is not there.
pub fn estimate(
    source: &Source<'_>,
    rubric: &Rubric,
    judge: &str,
    options: &Options,
) -> Result<EstimateReport, EstimateError> {
    let judged = source.judged(rubric, judge)?;
    let ordered = rubric.level() == Some(Level::Ordinal);
    let values = judged.labels.iter().map(|label| label.parse().ok()).collect::<Option<Vec<f64>>>();
    let summary = values.filter(|_| ordered).map_or(Summary::None, Summary::Mean);
    estimate_joined(&judged, &rubric.name, judge, summary, options)
}

/// The report of what was joined.
///
/// # Errors
/// When a column is not there.
pub(super) fn estimate_joined(
    judged: &Judged<'_>,
    rubric: &str,
    judge: &str,
    summary: Summary,
    options: &Options,
) -> Result<EstimateReport, EstimateError> {
    if options.methods.contains(&Method::StratifiedPpi) && options.strata.is_none() {
        return Err(EstimateError::NoStrata);
    }
    let strata = options.strata.as_deref().map(|column| group::strata(judged, column)).transpose()?;
    let groups = options.by.as_deref().map(|column| group::groups(judged, column)).transpose()?.unwrap_or_default();
    let maker =
        Maker { judged, methods: &options.methods, strata: strata.as_deref(), confidence: options.confidence, summary };
    let all = maker.group(None, &vec![true; judged.sessions.len()]);
    let parts: Vec<(String, Estimates)> =
        groups.iter().map(|(name, kept)| (name.clone(), maker.group(Some(name), kept))).collect();
    let comparisons = compare(&maker, &parts);
    let mut rows = all.rows;
    rows.extend(parts.into_iter().flat_map(|(_, part)| part.rows));
    let units = gold_units(judged);
    let sample = &judged.sample;
    let clustering = match (judged.persons_known, &sample.clusters) {
        (_, Some(_)) => "person",
        (true, None) => "person (one session each)",
        (false, None) => "session",
    };
    let unequal = sample.weights.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 1e-12);
    let mut notes = judged.notes.clone();
    notes.extend(warnings(judged, &rows, units));
    Ok(EstimateReport {
        rubric: rubric.to_owned(),
        judge: judge.to_owned(),
        gold_rater: judged.gold_rater.clone(),
        judged: sample.judged.iter().flatten().count(),
        gold: sample.gold_items().count(),
        gold_units: units,
        inconclusive: inconclusive(judged, &rows, units),
        no_verdicts: judged.no_verdicts.clone(),
        not_judged: judged.not_reached,
        clustering: clustering.to_owned(),
        weighted: unequal || sample.gold_weights.is_some(),
        by: options.by.clone(),
        rows,
        comparisons,
        notes,
    })
}

/// Independent units with gold.
pub(super) fn gold_units(judged: &Judged<'_>) -> usize {
    let sample = &judged.sample;
    let unit = |item: usize| sample.clusters.as_ref().map_or(item, |clusters| clusters[item] as usize);
    sample.gold_items().map(unit).collect::<std::collections::BTreeSet<_>>().len()
}

/// Every group less the first.
fn compare(maker: &Maker<'_>, parts: &[(String, Estimates)]) -> Vec<Comparison> {
    let Some(((first, base), others)) = parts.split_first() else { return Vec::new() };
    let sample = &maker.judged.sample;
    let minus = |a: &Result<Corrected, Undefined>, b: &Result<Corrected, Undefined>| match (a, b) {
        (Ok(a), Ok(b)) => a.minus(b, sample.clusters.as_deref()),
        (Err(why), _) | (_, Err(why)) => Err(*why),
    };
    let mut comparisons = Vec::new();
    for (name, part) in others {
        for (at, row) in part.rows.iter().enumerate() {
            let raw = part.raw[at].as_ref().zip(base.raw[at].as_ref()).map(|(a, b)| a.minus(b));
            let methods = maker.methods.iter().zip(part.corrected.iter().zip(&base.corrected));
            comparisons.push(Comparison {
                group: name.clone(),
                less: first.clone(),
                label: row.label.clone(),
                raw: maker.raw_difference(raw.as_ref(), sample),
                corrected: methods
                    .map(|(method, (a, b))| maker.value(method.as_str(), &minus(&a[at], &b[at])))
                    .filter(Value::is_meant)
                    .collect(),
            });
        }
    }
    comparisons
}

/// Why the estimates do not settle anything; none where they do.
fn inconclusive(judged: &Judged<'_>, rows: &[Row], units: usize) -> Option<String> {
    let missing = judged.no_verdicts.values().sum::<u64>() + judged.not_reached;
    let labelled = judged.sample.judged.iter().flatten().count() as u64;
    if units < FEWEST_GOLD {
        let unit = if judged.sample.clusters.is_some() { "persons" } else { "sessions" };
        return Some(format!("gold labels of {units} {unit} only; at least {FEWEST_GOLD} are needed"));
    }
    if missing > labelled {
        return Some(format!("{missing} of {} sessions have no verdict", missing + labelled));
    }
    let without = |row: &&Row| row.group.is_none() && row.corrected.first().is_some_and(|value| value.value.is_none());
    let row = rows.iter().find(without)?;
    let why = row.corrected.first()?.undefined?;
    Some(format!("{} has no corrected value: {}", row.label, why.as_str()))
}

fn warnings(judged: &Judged<'_>, rows: &[Row], units: usize) -> Vec<String> {
    let mut notes = Vec::new();
    if judged.sample.clusters.is_some() && (FEWEST_GOLD..FEW_CLUSTERS).contains(&units) {
        notes.push(format!("gold comes from {units} persons only: intervals by person are rough below {FEW_CLUSTERS}"));
    }
    let all = || rows.iter().filter(|row| row.group.is_none());
    let condition = all().flat_map(|row| &row.corrected).find_map(|value| value.condition);
    if let Some(condition) = condition.filter(|condition| *condition > CONDITION) {
        notes.push(format!(
            "the judge's confusion has condition number {condition:.0}: inversion makes errors up to that much larger"
        ));
    }
    let never: Vec<&str> = all()
        .filter(|row| row.gold_with_label == 0 && row.label != "mean" && row.label != RATE)
        .map(|row| row.label.as_str())
        .collect();
    if !never.is_empty() && units > 0 {
        notes.push(format!(
            "gold never has {}: what the judge misses of it is not measured, and inversion cannot hold it",
            never.join(", ")
        ));
    }
    if rows.iter().any(|row| row.group.is_some()) {
        let pooled = "rogan_gladen, lang_reiczigel and inversion take the judge to err alike in all groups";
        notes.push(format!("{pooled}; the other methods use each group's own gold"));
    }
    notes
}
