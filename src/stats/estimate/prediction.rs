//! Prediction-powered means: the judge on all items, mended by gold on some.
//!
//! Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023 (PPI); Angelopoulos, Duchi and Zrnic 2023 (PPI++); Fisch and others 2024
//! (strata); Egami, Hinck, Stewart and Wei 2023 (design-based). They ask that gold was drawn by chance from the judged items, with
//! equal probability or with that of the gold weights. Nothing is asked of the judge.

use std::collections::BTreeSet;

use crate::stats::{Design, Influence, Undefined};

use super::corrected::{Corrected, Form};

/// Judged numbers, and gold numbers of some items; every list has one entry an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers<'a> {
    /// What the judge said; items without a verdict take no part.
    pub judged: Vec<Option<f64>>,
    /// What gold says.
    pub gold: Vec<Option<f64>>,
    /// Inclusion weights.
    pub weights: &'a [f64],
    /// How many items of the population each gold label stands for; the inclusion weights where gold is a simple random part.
    pub gold_weights: Option<&'a [f64]>,
    /// What items share their error with.
    pub clusters: Option<&'a [u32]>,
}

impl Numbers<'_> {
    fn has_both(&self, item: usize) -> bool {
        self.judged[item].is_some() && self.gold[item].is_some()
    }

    /// Items that take part and have gold.
    pub(super) fn with_gold(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.judged.len()).filter(|item| self.has_both(*item))
    }

    fn chosen(&self, of: &[Option<f64>], gold: bool) -> Vec<Option<f64>> {
        of.iter().enumerate().map(|(item, value)| value.filter(|_| self.has_both(item) == gold)).collect()
    }

    fn gold_weights(&self) -> &[f64] {
        self.gold_weights.unwrap_or(self.weights)
    }

    /// The mean of gold, and the judge's mean on gold items less that on the others.
    ///
    /// Where gold has weights of its own, the others are all items: those left over by an unequal draw are no fair sample.
    fn parts(&self) -> Result<(Influence, Option<Influence>), Undefined> {
        let gold = Influence::of_mean(&self.chosen(&self.gold, true), self.gold_weights());
        let gold = gold.ok_or(Undefined::TooFewItems)?;
        let others = match self.gold_weights {
            Some(_) => Influence::of_mean(&self.judged, self.weights),
            None => Influence::of_mean(&self.chosen(&self.judged, false), self.weights),
        };
        let on_gold = Influence::of_mean(&self.chosen(&self.judged, true), self.gold_weights());
        Ok((gold, on_gold.zip(others).map(|(on_gold, others)| on_gold.minus(&others))))
    }

    /// Whether items are independent and weigh the same.
    pub(super) fn is_simple(&self) -> bool {
        let equal = self.weights.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 1e-12 * pair[0]);
        self.gold_weights.is_none() && self.clusters.is_none() && equal
    }

    /// The two parts of the tuning: how the judge's mean moves with gold's, and how much it moves itself.
    ///
    /// Simple random items: 1/n covariance over (1 + n/N) times the pooled variance (PPI++, section 6, as in `ppi_py`). Otherwise
    /// the same quotient from influences summed over clusters, which makes the cluster-robust variance least.
    fn tuning(&self) -> Result<(f64, f64), Undefined> {
        if !self.is_simple() {
            let (gold, Some(judge)) = self.parts()? else { return Ok((0.0, 0.0)) };
            let design = Design { clusters: self.clusters, strata: None };
            // Units must line up, so that both parts are spread over the same items.
            let gold = Influence::weighted_sum(&[(1.0, &gold), (0.0, &judge)]).by_unit(design);
            let judge = judge.by_unit(design);
            let products = || gold.values().flatten().zip(judge.values().flatten());
            return Ok((products().map(|(a, b)| a * b).sum(), products().map(|(_, b)| b * b).sum()));
        }
        let pairs: Vec<(f64, f64)> =
            self.with_gold().filter_map(|item| self.gold[item].zip(self.judged[item])).collect();
        let all = || self.judged.iter().flatten().copied();
        let judged = all().count();
        if pairs.is_empty() {
            return Err(Undefined::TooFewItems);
        }
        if pairs.len() == judged {
            return Ok((0.0, 0.0));
        }
        let mean = |values: &mut dyn Iterator<Item = f64>, n: usize| values.sum::<f64>() / n as f64;
        let (y, f) = (
            mean(&mut pairs.iter().map(|pair| pair.0), pairs.len()),
            mean(&mut pairs.iter().map(|pair| pair.1), pairs.len()),
        );
        let covariance = mean(&mut pairs.iter().map(|pair| (pair.0 - y) * (pair.1 - f)), pairs.len());
        let centre = mean(&mut all(), judged);
        let variance = all().map(|value| (value - centre).powi(2)).sum::<f64>() / (judged as f64 - 1.0);
        let ratio = 1.0 + pairs.len() as f64 / (judged - pairs.len()) as f64;
        Ok((covariance, ratio * variance))
    }
}

/// The judge's own mean over all items, uncorrected; none where nothing was judged.
#[must_use]
pub fn raw_mean(numbers: &Numbers<'_>) -> Option<Influence> {
    Influence::of_mean(&numbers.judged, numbers.weights)
}

/// The mean of gold alone.
///
/// # Errors
/// [`Undefined::TooFewItems`] with fewer than two gold items.
pub fn gold_only(numbers: &Numbers<'_>, form: Form) -> Result<Corrected, Undefined> {
    tuned(numbers, 0.0, form)
}

/// PPI: the judge's mean on the items without gold, and the mean of gold less judge on those with it.
///
/// # Errors
/// [`Undefined::TooFewItems`] with fewer than two gold items.
pub fn predict(numbers: &Numbers<'_>, form: Form) -> Result<Corrected, Undefined> {
    tuned(numbers, 1.0, form)
}

/// PPI++: as [`predict`], with the judge counting as much as makes the variance least; returns that factor too.
///
/// # Errors
/// [`Undefined::TooFewItems`] with fewer than two gold items.
pub fn power_tuned(numbers: &Numbers<'_>, form: Form) -> Result<(Corrected, f64), Undefined> {
    let lambda = overall_tuning(std::slice::from_ref(numbers))?;
    Ok((tuned(numbers, lambda, form)?, lambda))
}

/// One factor between 0 and 1 for several means of the same items, such as the shares of all labels: their summed variance
/// is least, and corrected shares still sum to 1. It is 0 for a judge that says the same of all.
///
/// # Errors
/// [`Undefined::TooFewItems`] without gold.
pub fn overall_tuning(all: &[Numbers<'_>]) -> Result<f64, Undefined> {
    let (mut covariance, mut variance) = (0.0, 0.0);
    for numbers in all {
        let (with_gold, own) = numbers.tuning()?;
        covariance += with_gold;
        variance += own;
    }
    Ok(if variance > 0.0 { (covariance / variance).clamp(0.0, 1.0) } else { 0.0 })
}

/// The mean of gold less `lambda` times how much the judge says more of gold items than of the others.
///
/// # Errors
/// [`Undefined::TooFewItems`] with fewer than two gold items.
pub fn tuned(numbers: &Numbers<'_>, lambda: f64, form: Form) -> Result<Corrected, Undefined> {
    // What `parts` gives, in one pass over the items: a judge labels many.
    let (own, weights) = (numbers.gold_weights(), numbers.weights);
    let both = |item: usize| numbers.judged[item].zip(numbers.gold[item]);
    let other =
        |item: usize| numbers.judged[item].filter(|_| numbers.gold_weights.is_some() || numbers.gold[item].is_none());
    let gold = mean(own, |item| both(item).map(|(_, gold)| gold)).ok_or(Undefined::TooFewItems)?;
    let on_gold = mean(own, |item| both(item).map(|(judged, _)| judged)).ok_or(Undefined::TooFewItems)?;
    let others = mean(weights, other).filter(|_| lambda > 0.0);
    let lambda = if others.is_some() { lambda } else { 0.0 };
    let part = |value: f64, (mean, total): (f64, f64), weight: f64| weight * (value - mean) / total;
    let one = |item: usize| {
        let labelled =
            both(item).map(|(judged, value)| part(value, gold, own[item]) - lambda * part(judged, on_gold, own[item]));
        let rest = others.and_then(|others| other(item).map(|judged| lambda * part(judged, others, weights[item])));
        match (labelled, rest) {
            (None, rest) => rest,
            (Some(labelled), rest) => Some(labelled + rest.unwrap_or(0.0)),
        }
    };
    let value = gold.0 - lambda * others.map_or(0.0, |others| on_gold.0 - others.0);
    let influence = Influence { value, by_item: (0..numbers.judged.len()).map(one).collect() };
    Corrected::new(influence, numbers.with_gold(), numbers.clusters, form)
}

/// The weighted mean of what `value` gives of items, and the weight of those it gives something of; none without any.
fn mean(weights: &[f64], value: impl Fn(usize) -> Option<f64>) -> Option<(f64, f64)> {
    let (mut sum, mut total) = (0.0, 0.0);
    for (item, weight) in weights.iter().enumerate() {
        if let Some(value) = value(item) {
            sum += value * weight;
            total += weight;
        }
    }
    (total > 0.0).then(|| (sum / total, total))
}

/// Stratified PPI++: one factor a stratum, strata weighted by their share of the judged items, which is taken as known.
///
/// `lambda` gives the factor for the numbers of one stratum, such as [`overall_tuning`] over all labels.
///
/// # Errors
/// [`Undefined::TooFewItems`] where a stratum has fewer than two gold items.
pub fn stratified(
    numbers: &Numbers<'_>,
    strata: &[u32],
    lambda: impl Fn(u32) -> Result<f64, Undefined>,
    form: Form,
) -> Result<Corrected, Undefined> {
    let total: f64 = weight(numbers, |_| true);
    let names: BTreeSet<u32> = strata.iter().zip(&numbers.judged).filter_map(|(at, one)| one.map(|_| *at)).collect();
    let mut parts = Vec::new();
    for name in names {
        let judged = numbers.judged.iter().zip(strata).map(|(value, at)| value.filter(|_| *at == name)).collect();
        let part = Numbers { judged, ..numbers.clone() };
        let estimate = tuned(&part, lambda(name)?, form)?;
        parts.push((weight(&part, |_| true) / total, estimate.influence));
    }
    let parts: Vec<(f64, &Influence)> = parts.iter().map(|(share, influence)| (*share, influence)).collect();
    Corrected::new(Influence::weighted_sum(&parts), numbers.with_gold(), numbers.clusters, form)
}

fn weight(numbers: &Numbers<'_>, kept: impl Fn(usize) -> bool) -> f64 {
    let takes_part = |(item, value): (usize, &Option<f64>)| value.filter(|_| kept(item)).map(|_| numbers.weights[item]);
    numbers.judged.iter().enumerate().filter_map(takes_part).sum()
}

/// The design-based difference estimator (DSL for a mean): the judge on all items, and gold less judge on those that were
/// drawn for gold, over their known probability. That is the item's weight over its gold weight; without gold weights it is
/// the part of the judged items that has gold.
///
/// # Errors
/// [`Undefined::TooFewItems`] with fewer than two gold items.
pub fn design_based(numbers: &Numbers<'_>, form: Form) -> Result<Corrected, Undefined> {
    let drawn = weight(numbers, |item| numbers.has_both(item)) / weight(numbers, |_| true);
    let corrected = |(item, judged): (usize, &Option<f64>)| {
        judged.map(|judged| match numbers.gold[item] {
            None => judged,
            Some(gold) => {
                let inverse = numbers.gold_weights.map_or(1.0 / drawn, |own| own[item] / numbers.weights[item]);
                judged + (gold - judged) * inverse
            }
        })
    };
    let values: Vec<Option<f64>> = numbers.judged.iter().enumerate().map(corrected).collect();
    let influence = Influence::of_mean(&values, numbers.weights).ok_or(Undefined::TooFewItems)?;
    Corrected::new(influence, numbers.with_gold(), numbers.clusters, form)
}
