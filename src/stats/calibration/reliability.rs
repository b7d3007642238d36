//! Brier's score with Murphy's parts, and the reliability diagram with its errors.

use serde::{Deserialize, Serialize};

use super::super::coefficient::Undefined;
use super::super::interval::wilson_interval;

/// Brier's score (1950) of stated probabilities, and its parts: score = reliability - resolution + uncertainty + within.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Brier {
    /// Mean squared distance of probability and outcome.
    pub score: f64,
    /// Distance of stated and observed shares; 0 is calibrated (Murphy 1973).
    pub reliability: f64,
    /// How far observed shares differ from their mean; more is better.
    pub resolution: f64,
    /// Variance of the outcome.
    pub uncertainty: f64,
    /// What grouping by bins leaves over; 0 where every group has one probability (Stephenson, Coelho and Jolliffe 2008).
    pub within: f64,
}

/// One bar of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower edge, not part of the bin but for 0.
    pub above: f64,
    /// Upper edge, part of the bin.
    pub up_to: f64,
    /// Items.
    pub n: usize,
    /// Mean stated probability; null in an empty bin.
    pub confidence: Option<f64>,
    /// Share of the outcome.
    pub accuracy: Option<f64>,
    /// Wilson's interval of the share.
    pub interval: Option<(f64, f64)>,
}

/// A reliability diagram of bins of equal width.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// Bins from 0 to 1; each is (above, up to], and 0 belongs to the first.
    pub bins: Vec<Bin>,
    /// Expected calibration error: mean distance of confidence and accuracy, by items (Naeini, Cooper and Hauskrecht 2015).
    pub expected_error: f64,
    /// Largest distance in any bin.
    pub largest_error: f64,
}

/// The checks that all functions of this room make.
pub(super) fn check(probabilities: &[f64], outcomes: &[bool]) -> Result<(), Undefined> {
    if probabilities.is_empty() || probabilities.len() != outcomes.len() {
        return Err(Undefined::TooFewItems);
    }
    if probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) {
        return Err(Undefined::NotNumeric);
    }
    Ok(())
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count() as f64
}

impl Brier {
    /// The score of `probabilities` of `outcomes`, with parts by equal probabilities.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] for empty or unequal lists, [`Undefined::NotNumeric`] for what is no probability.
    pub fn of(probabilities: &[f64], outcomes: &[bool]) -> Result<Self, Undefined> {
        check(probabilities, outcomes)?;
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
        let alike = |a: &usize, b: &usize| probabilities[*a].to_bits() == probabilities[*b].to_bits();
        let groups: Vec<Vec<usize>> = order.chunk_by(alike).map(<[usize]>::to_vec).collect();
        Ok(Self::by(probabilities, outcomes, &groups))
    }

    /// The score with parts by `bins` of equal width.
    ///
    /// # Errors
    /// As [`Self::of`]; [`Undefined::TooFewItems`] for no bins.
    pub fn binned(probabilities: &[f64], outcomes: &[bool], bins: usize) -> Result<Self, Undefined> {
        check(probabilities, outcomes)?;
        Ok(Self::by(probabilities, outcomes, &grouped(probabilities, bins)?))
    }

    fn by(probabilities: &[f64], outcomes: &[bool], groups: &[Vec<usize>]) -> Self {
        let n = outcomes.len() as f64;
        let hit = |at: &usize| f64::from(outcomes[*at]);
        let base = mean((0..outcomes.len()).map(|at| hit(&at)));
        let score = mean((0..outcomes.len()).map(|at| (probabilities[at] - hit(&at)).powi(2)));
        let (mut reliability, mut resolution) = (0.0, 0.0);
        for group in groups.iter().filter(|group| !group.is_empty()) {
            let (stated, seen) = (mean(group.iter().map(|at| probabilities[*at])), mean(group.iter().map(hit)));
            reliability += group.len() as f64 / n * (stated - seen).powi(2);
            resolution += group.len() as f64 / n * (seen - base).powi(2);
        }
        let uncertainty = base * (1.0 - base);
        let within = score - (reliability - resolution + uncertainty);
        Self { score, reliability, resolution, uncertainty, within }
    }
}

/// Items of every bin of equal width: bin `b` of `bins` is (b / bins, (b + 1) / bins], and 0 belongs to the first.
fn grouped(probabilities: &[f64], bins: usize) -> Result<Vec<Vec<usize>>, Undefined> {
    if bins == 0 {
        return Err(Undefined::TooFewItems);
    }
    let edges: Vec<f64> = (1..=bins).map(|edge| edge as f64 / bins as f64).collect();
    let mut groups = vec![Vec::new(); bins];
    for (at, p) in probabilities.iter().enumerate() {
        groups[edges.partition_point(|edge| edge < p).min(bins - 1)].push(at);
    }
    Ok(groups)
}

impl Reliability {
    /// The diagram of `probabilities` of `outcomes` in `bins` of equal width.
    ///
    /// # Errors
    /// As [`Brier::binned`].
    pub fn of(probabilities: &[f64], outcomes: &[bool], bins: usize) -> Result<Self, Undefined> {
        check(probabilities, outcomes)?;
        let bin = |(at, group): (usize, Vec<usize>)| {
            let hits = group.iter().filter(|at| outcomes[**at]).count();
            let any = !group.is_empty();
            Bin {
                above: at as f64 / bins as f64,
                up_to: (at as f64 + 1.0) / bins as f64,
                n: group.len(),
                confidence: any.then(|| mean(group.iter().map(|at| probabilities[*at]))),
                accuracy: any.then(|| hits as f64 / group.len() as f64),
                interval: wilson_interval(hits as u64, group.len() as u64),
            }
        };
        let bins: Vec<Bin> = grouped(probabilities, bins)?.into_iter().enumerate().map(bin).collect();
        let apart = |bin: &Bin| bin.confidence.zip(bin.accuracy).map(|(stated, seen)| (stated - seen).abs());
        let items = outcomes.len() as f64;
        let expected_error = bins.iter().filter_map(|bin| Some(apart(bin)? * bin.n as f64 / items)).sum();
        let largest_error = bins.iter().filter_map(apart).fold(0.0, f64::max);
        Ok(Self { bins, expected_error, largest_error })
    }
}
