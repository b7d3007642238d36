//! Maps from stated to calibrated probabilities with one or two parameters.

use super::super::coefficient::Undefined;
use super::super::regression::Logit;

/// Temperature: all logits divided by one number (Guo and others 2017).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Temperature(
    /// The number; above 1 softens.
    pub f64,
);

/// Platt's sigmoid (1999): 1 / (1 + exp(-(slope score + intercept))).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    /// Slope on the score.
    pub slope: f64,
    /// Intercept.
    pub intercept: f64,
}

/// Temperatures are sought between these, as logarithms.
const RANGE: (f64, f64) = (-9.0, 9.0);

impl Temperature {
    /// The temperature of the least negative log-likelihood of the true `labels` under `logits`, one row per item.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] without items, [`Undefined::NotNumeric`] for logits that are not finite or labels out of range,
    /// [`Undefined::NoVariation`] where all labels have the largest logit, or none does better than chance: there is no minimum.
    pub fn fit(logits: &[Vec<f64>], labels: &[usize]) -> Result<Self, Undefined> {
        if logits.is_empty() || logits.len() != labels.len() {
            return Err(Undefined::TooFewItems);
        }
        if logits.iter().zip(labels).any(|(row, label)| *label >= row.len() || row.iter().any(|x| !x.is_finite())) {
            return Err(Undefined::NotNumeric);
        }
        // The loss is convex in 1 / T: its slope has one zero.
        let slope = |inverse: f64| -> f64 {
            let one = |(row, label): (&Vec<f64>, &usize)| {
                let expected: f64 = softmax(row, inverse).iter().zip(row).map(|(p, x)| p * x).sum();
                expected - row[*label]
            };
            logits.iter().zip(labels).map(one).sum()
        };
        let (mut low, mut high) = RANGE;
        if slope(low.exp()) >= 0.0 || slope(high.exp()) <= 0.0 {
            return Err(Undefined::NoVariation);
        }
        while high - low > 1e-14 {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                break;
            }
            if slope(middle.exp()) < 0.0 { low = middle } else { high = middle }
        }
        Ok(Self((-f64::midpoint(low, high)).exp()))
    }

    /// Calibrated probabilities of one item.
    #[must_use]
    pub fn apply(self, logits: &[f64]) -> Vec<f64> {
        softmax(logits, 1.0 / self.0)
    }
}

fn softmax(row: &[f64], inverse: f64) -> Vec<f64> {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised: Vec<f64> = row.iter().map(|x| ((x - most) * inverse).exp()).collect();
    let sum: f64 = raised.iter().sum();
    raised.iter().map(|x| x / sum).collect()
}

impl Platt {
    /// The sigmoid of `outcomes` on `scores`, with Platt's targets (n + 1) / (n + 2) and 1 / (n + 2) instead of 1 and 0.
    ///
    /// # Errors
    /// [`Undefined::SingleCategory`] where all outcomes are alike, [`Undefined::NoVariation`] where all scores are.
    pub fn fit(scores: &[f64], outcomes: &[bool]) -> Result<Self, Undefined> {
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(Undefined::NotNumeric);
        }
        let positive = outcomes.iter().filter(|outcome| **outcome).count() as f64;
        let negative = outcomes.len() as f64 - positive;
        if positive == 0.0 || negative == 0.0 {
            return Err(Undefined::SingleCategory);
        }
        let target =
            |outcome: &bool| if *outcome { (positive + 1.0) / (positive + 2.0) } else { 1.0 / (negative + 2.0) };
        let targets: Vec<f64> = outcomes.iter().map(target).collect();
        let rows: Vec<Vec<f64>> = scores.iter().map(|score| vec![*score, 1.0]).collect();
        let fit = Logit::fit(&rows, &targets)?;
        Ok(Self { slope: fit.coefficients[0].value, intercept: fit.coefficients[1].value })
    }

    /// The calibrated probability of one score.
    #[must_use]
    pub fn apply(self, score: f64) -> f64 {
        1.0 / (1.0 + (-(self.slope * score + self.intercept)).exp())
    }
}
