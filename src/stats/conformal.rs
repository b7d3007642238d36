//! Conformal label sets: the labels that a judge cannot rule out, with a coverage that holds for any judge.

use serde::{Deserialize, Serialize};

use super::coefficient::Undefined;
use super::interval::{Interval, wilson_interval};

/// How odd a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Score {
    /// One less its probability: the smallest sets (Sadinle, Lei and Wasserman 2019; LAC).
    #[serde(rename = "lac")]
    LeastAmbiguous,
    /// The probability of all labels at least as probable: sets that adapt to the item (Romano, Sesia and Candes 2020; APS, not randomised).
    #[serde(rename = "aps")]
    Adaptive,
}

/// A threshold on the score from items of known label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conformal {
    /// How odd a label is.
    pub score: Score,
    /// The largest score a label of the set may have; infinite where there are too few items for the coverage: sets hold all labels.
    pub threshold: f64,
}

/// How label sets do on items of known label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coverage {
    /// Share of items whose set holds the label.
    pub covered: f64,
    /// Wilson's interval of the share.
    pub interval: Option<Interval>,
    /// Mean number of labels of a set.
    pub size: f64,
    /// Items.
    pub n: usize,
}

impl Score {
    /// The score of every label of one item.
    #[must_use]
    pub fn of(self, probabilities: &[f64]) -> Vec<f64> {
        let one = |p: &f64| match self {
            Self::LeastAmbiguous => 1.0 - p,
            Self::Adaptive => {
                let mut above: Vec<f64> = probabilities.iter().copied().filter(|other| other >= p).collect();
                // Summed from the largest down, so that equal sets have equal sums.
                above.sort_by(|a, b| b.total_cmp(a));
                above.iter().sum()
            }
        };
        probabilities.iter().map(one).collect()
    }
}

impl Conformal {
    /// The threshold for sets that miss the label of a new item with probability `alpha` at most: the k-th smallest score of the
    /// true labels, k = ceil((n + 1)(1 - alpha)) (Vovk, Gammerman and Shafer 2005).
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] for empty or unequal lists, [`Undefined::NotNumeric`] for a label or `alpha` out of range.
    pub fn fit(score: Score, probabilities: &[Vec<f64>], labels: &[usize], alpha: f64) -> Result<Self, Undefined> {
        if probabilities.is_empty() || probabilities.len() != labels.len() {
            return Err(Undefined::TooFewItems);
        }
        let of_label = |(row, label): (&Vec<f64>, &usize)| score.of(row).get(*label).copied().filter(|x| x.is_finite());
        let scores: Option<Vec<f64>> = probabilities.iter().zip(labels).map(of_label).collect();
        let mut scores = scores.filter(|_| alpha > 0.0 && alpha < 1.0).ok_or(Undefined::NotNumeric)?;
        scores.sort_by(f64::total_cmp);
        // Rounding must not push a whole number over the next.
        let rank = ((scores.len() as f64 + 1.0) * (1.0 - alpha) - 1e-9).ceil();
        let ranks = (1..=scores.len()).zip(&scores);
        let threshold = ranks.filter(|(at, _)| *at as f64 >= rank).map(|(_, score)| *score).next();
        Ok(Self { score, threshold: threshold.unwrap_or(f64::INFINITY) })
    }

    /// The labels that are not ruled out.
    #[must_use]
    pub fn set(&self, probabilities: &[f64]) -> Vec<usize> {
        // Sums of the same numbers in another item may differ in the last bit.
        let kept = |score: f64| score <= self.threshold + 1e-12;
        self.score
            .of(probabilities)
            .into_iter()
            .enumerate()
            .filter(|(_, score)| kept(*score))
            .map(|(at, _)| at)
            .collect()
    }

    /// How the sets do on items of known label that the threshold was not taken from.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] for empty or unequal lists.
    pub fn coverage(&self, probabilities: &[Vec<f64>], labels: &[usize]) -> Result<Coverage, Undefined> {
        if probabilities.is_empty() || probabilities.len() != labels.len() {
            return Err(Undefined::TooFewItems);
        }
        let sets: Vec<Vec<usize>> = probabilities.iter().map(|row| self.set(row)).collect();
        let (n, hits) = (labels.len(), sets.iter().zip(labels).filter(|(set, label)| set.contains(label)).count());
        Ok(Coverage {
            covered: hits as f64 / n as f64,
            interval: wilson_interval(hits as u64, n as u64),
            size: sets.iter().map(Vec::len).sum::<usize>() as f64 / n as f64,
            n,
        })
    }
}
