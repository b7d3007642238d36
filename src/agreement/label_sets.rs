//! Conformal label sets: what judges cannot rule out, and how often the true label is among it on items held out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gold::Ratings;
use crate::stats::calibration::Stated;
use crate::stats::conformal::{Conformal, Score};
use crate::stats::{Coefficient, Undefined, mean_of, share_of};

use super::error::AgreementError;
use super::report::Options;
use super::scale::Declared;
use super::sides::Sides;
use super::stated::{Cases, StatedOptions, probabilities};

/// What `assize agree --conformal SCORE --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConformalReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// Categories in scale order.
    pub categories: Vec<String>,
    /// How odd a label is.
    pub score: Score,
    /// The coverage asked for.
    pub coverage: f64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Every judge with every reference.
    pub judges: Vec<LabelSets>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Label sets of one judge, with the threshold taken from one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelSets {
    /// The judge.
    pub judge: String,
    /// The rater that knows the labels.
    pub reference: String,
    /// Items with labels by both and a confidence.
    pub n: usize,
    /// Items with labels by both and no confidence.
    pub without_confidence: usize,
    /// Which items thresholds are taken from and which they are measured on, in words.
    pub fitted: String,
    /// The threshold from all items of known label, which sets of other items go by; null where these are too few for the coverage, so that
    /// sets hold all labels.
    pub threshold: Option<f64>,
    /// `coverage`, `mean_set_size`, `single_label` and `empty_set` on items held out.
    pub numbers: Vec<Coefficient>,
    /// Coverage by true label: coverage over all labels says nothing of one.
    pub coverage_by_label: Vec<Coefficient>,
    /// Sets of all items that the judge is sure of in some degree.
    pub items: Vec<LabelSetOf>,
    /// Why there is no threshold.
    pub undefined: Option<Undefined>,
}

/// The label set of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelSetOf {
    /// The item.
    pub item: String,
    /// The label that the judge gave.
    pub label: String,
    /// The labels that are not ruled out, in scale order.
    pub labels: Vec<String>,
    /// The reference's label, where it is known.
    pub truth: Option<String>,
}

/// Label sets of every judge against every reference for `coverage`, by `score`.
///
/// # Errors
/// As [`calibration`](super::calibration).
pub fn label_sets(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
    (stated, score, coverage): (&StatedOptions, Score, f64),
) -> Result<ConformalReport, AgreementError> {
    let sides = Sides::new(judges, gold, declared, options)?;
    if let Some(all) = &stated.probabilities {
        all.check_labels(&sides.scale.categories)?;
    }
    let mut found = Vec::new();
    for (judge, reference) in sides.pairs()? {
        let cases = Cases::new(&sides, stated, (judge, reference), options.resampling.seed)?;
        let maker = Maker { sides: &sides, stated, score, coverage, confidence: options.resampling.confidence };
        found.push(maker.sets(judge, reference, &cases));
    }
    if found.iter().all(|of| of.n == 0 && of.without_confidence > 0) {
        return Err(AgreementError::NoConfidence);
    }
    let mut notes = sides.notes;
    if found.iter().any(|of| of.n > 0 && of.threshold.is_none() && of.undefined.is_none()) {
        notes.push(format!("labels of known truth are too few for a coverage of {coverage}: sets hold all labels"));
    }
    Ok(ConformalReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        categories: sides.scale.categories,
        score,
        coverage,
        confidence: options.resampling.confidence,
        judges: found,
        notes,
    })
}

struct Maker<'a> {
    sides: &'a Sides,
    stated: &'a StatedOptions,
    score: Score,
    coverage: f64,
    confidence: f64,
}

impl Maker<'_> {
    fn sets(&self, judge: &str, reference: &str, cases: &Cases<'_>) -> LabelSets {
        let measured = cases.measured();
        let clusters = cases.clusters_at(&measured);
        let whole = self.fit(&cases.stated.iter().collect::<Vec<_>>());
        let held_out = cases.held_out(|items| self.fit(items), |fitted, item| fitted.set(&item.probabilities));
        let (mut numbers, mut coverage_by_label) = (Vec::new(), Vec::new());
        let mut own: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        if let Ok(sets) = &held_out {
            let hits: Vec<bool> =
                measured.iter().zip(sets).map(|(at, set)| set.contains(&cases.stated[*at].truth)).collect();
            let share = |name: &str, is: &dyn Fn(&Vec<usize>) -> bool| {
                let hits: Vec<bool> = sets.iter().map(is).collect();
                share_of(name, &hits, clusters.as_deref(), self.confidence)
            };
            let sizes: Vec<f64> = sets.iter().map(|set| set.len() as f64).collect();
            numbers = vec![
                share_of("coverage", &hits, clusters.as_deref(), self.confidence),
                mean_of("mean_set_size", &sizes, clusters.as_deref(), self.confidence),
                share("single_label", &|set| set.len() == 1),
                share("empty_set", &Vec::is_empty),
            ];
            coverage_by_label = (self.sides.scale.categories.iter().enumerate())
                .map(|(code, label)| {
                    let with: Vec<usize> =
                        (0..measured.len()).filter(|at| cases.stated[measured[*at]].truth == code).collect();
                    let of: Vec<bool> = with.iter().map(|at| hits[*at]).collect();
                    let clusters = clusters.as_ref().map(|all| with.iter().map(|at| all[*at]).collect::<Vec<_>>());
                    share_of(label, &of, clusters.as_deref(), self.confidence)
                })
                .collect();
            own = measured.iter().map(|at| cases.items[*at]).zip(sets.iter().cloned()).collect();
        }
        let truth = self.sides.of_rater(reference);
        let names = |set: &[usize]| set.iter().map(|code| self.sides.scale.categories[*code].clone()).collect();
        let of_item = |(item, row): (&str, &crate::gold::Rating)| {
            let stated = probabilities(self.sides, self.stated, judge, row)?;
            let set = own.get(item).cloned().or_else(|| whole.as_ref().ok().map(|fitted| fitted.set(&stated)))?;
            let (label, truth) = (row.label.clone(), truth.get(item).map(|of| of.label.clone()));
            Some(LabelSetOf { item: item.to_owned(), label, labels: names(&set), truth })
        };
        LabelSets {
            judge: judge.to_owned(),
            reference: reference.to_owned(),
            n: cases.items.len(),
            without_confidence: cases.without,
            fitted: cases.fitted.clone(),
            threshold: whole.as_ref().ok().map(|of| of.threshold).filter(|threshold| threshold.is_finite()),
            numbers,
            coverage_by_label,
            items: self.sides.of_rater(judge).into_iter().filter_map(of_item).collect(),
            undefined: whole.err().or(held_out.err()),
        }
    }

    fn fit(&self, items: &[&Stated]) -> Result<Conformal, Undefined> {
        let rows: Vec<Vec<f64>> = items.iter().map(|item| item.probabilities.clone()).collect();
        let labels: Vec<usize> = items.iter().map(|item| item.truth).collect();
        Conformal::fit(self.score, &rows, &labels, 1.0 - self.coverage)
    }
}
