//! One label against the rest, corrected by sensitivity and specificity.

use crate::stats::Influence;
use crate::stats::Undefined;
use crate::stats::interval::{Interval, normal_quantile};

use super::corrected::{Corrected, Form};
use super::sample::LabelSample;

/// How well the judge tells one label from the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Accuracy {
    /// Sensitivity: how often it gives the label where gold has it.
    pub sensitivity: f64,
    /// Specificity: how often it does not where gold does not.
    pub specificity: f64,
}

/// What Lang and Reiczigel's interval is made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LangReiczigel {
    /// The judge's own share.
    pub apparent: f64,
    /// Judged items.
    pub judged: f64,
    /// Sensitivity and specificity on gold.
    pub accuracy: Accuracy,
    /// Gold items with the label.
    pub positive: f64,
    /// Gold items without it.
    pub negative: f64,
}

impl LangReiczigel {
    /// The delta variance of the share for independent items (Rogan and Gladen 1978).
    fn variance(&self) -> f64 {
        let Accuracy { sensitivity, specificity } = self.accuracy;
        let better = sensitivity + specificity - 1.0;
        let share = (self.apparent + specificity - 1.0) / better;
        let of_apparent = self.apparent * (1.0 - self.apparent) / self.judged;
        let of_positive = share.powi(2) * sensitivity * (1.0 - sensitivity) / self.positive;
        let of_negative = (1.0 - share).powi(2) * specificity * (1.0 - specificity) / self.negative;
        (of_apparent + of_positive + of_negative) / better.powi(2)
    }

    /// Fewer items with the same shares.
    fn divided(self, by: f64) -> Self {
        let (judged, positive, negative) = (self.judged / by, self.positive / by, self.negative / by);
        Self { judged, positive, negative, ..self }
    }

    /// The interval (Lang and Reiczigel 2014, equations 3 to 7): shares with pseudo-observations added, and the delta method
    /// shifted by twice the skew. Not clipped.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Interval {
        let z = normal_quantile(confidence);
        let (n, positive, negative) = (self.judged + z * z, self.positive + 2.0, self.negative + 2.0);
        let apparent = (self.apparent * self.judged + z * z / 2.0) / n;
        let sensitivity = (self.accuracy.sensitivity * self.positive + 1.0) / positive;
        let specificity = (self.accuracy.specificity * self.negative + 1.0) / negative;
        let better = sensitivity + specificity - 1.0;
        let share = (apparent + specificity - 1.0) / better;
        let (of_positive, of_negative) =
            (sensitivity * (1.0 - sensitivity) / positive, specificity * (1.0 - specificity) / negative);
        let shift = 2.0 * z * z * (share * of_positive - (1.0 - share) * of_negative);
        let variance =
            apparent * (1.0 - apparent) / n + share.powi(2) * of_positive + (1.0 - share).powi(2) * of_negative;
        let (centre, half) = (share + shift, z * variance.sqrt() / better);
        (centre - half, centre + half)
    }
}

/// The share of `label` by Rogan and Gladen 1978, (p + Sp - 1) / (Se + Sp - 1), with p over the items of `sample` and the
/// judge's accuracy over the gold items of `all`, which may hold more: the judge is taken to err alike everywhere.
///
/// The delta error follows from influences, so that items in both parts, clusters and weights count as they should. The
/// interval is Lang and Reiczigel's where `published` asks for it, with all counts divided by the design effect, the delta
/// variance over that of independent items, where items share clusters or differ in weight.
///
/// # Errors
/// [`Undefined::TooFewItems`] where gold lacks items with or without the label; [`Undefined::JudgeNotBetterThanChance`].
pub fn rogan_gladen(
    sample: &LabelSample,
    all: &LabelSample,
    label: usize,
    published: bool,
) -> Result<(Corrected, Accuracy), Undefined> {
    let numbers = all.indicator(label);
    let given = |truth: f64| {
        let of = |item: usize| numbers.judged[item].filter(|_| numbers.gold[item] == Some(truth));
        let values: Vec<Option<f64>> = (0..numbers.judged.len()).map(of).collect();
        let weights = numbers.gold_weights.unwrap_or(numbers.weights);
        let count = values.iter().flatten().count() as f64;
        Influence::of_mean(&values, weights).map(|mean| (mean, count)).ok_or(Undefined::TooFewItems)
    };
    let ((hit, positive), (false_hit, negative)) = (given(1.0)?, given(0.0)?);
    let better = hit.value - false_hit.value;
    if better <= 1e-12 {
        return Err(Undefined::JudgeNotBetterThanChance);
    }
    let own = sample.indicator(label);
    let apparent = Influence::of_mean(&own.judged, own.weights).ok_or(Undefined::TooFewItems)?;
    let share = (apparent.value - false_hit.value) / better;
    let mut influence = Influence::weighted_sum(&[
        (1.0 / better, &apparent),
        (-share / better, &hit),
        (-(1.0 - share) / better, &false_hit),
    ]);
    influence.value = share;
    let accuracy = Accuracy { sensitivity: hit.value, specificity: 1.0 - false_hit.value };
    let judged = own.judged.iter().flatten().count() as f64;
    let counts = LangReiczigel { apparent: apparent.value, judged, accuracy, positive, negative };
    let mut found = Corrected::new(influence, numbers.with_gold(), all.clusters.as_deref(), Form::Delta)?;
    if published {
        let independent = counts.variance();
        let known = !numbers.is_simple() && independent > 0.0;
        let effect = if known { (found.error.se.powi(2) / independent).max(1.0) } else { 1.0 };
        found.form = Form::LangReiczigel(counts.divided(effect));
    }
    Ok((found, accuracy))
}
