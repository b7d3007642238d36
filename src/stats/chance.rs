//! Coefficients corrected for chance: one minus observed disagreement over the disagreement that chance alone would make.
//!
//! They differ in what chance is: pooled shares (Scott 1955, Fleiss 1971), each rater's own shares (Cohen 1960, 1968; Conger
//! 1980), equal shares (Bennett 1954; Brennan and Prediger 1981), or Gwet's (2008, 2014). Missing ratings are treated in Gwet's
//! form (agreement.md section 7): agreement averages items with two or more ratings, shares average all items.

use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::table::{RatingTable, ratings};
use super::weighting::{Basis, Weighting};

/// Where disagreement by chance comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chance {
    /// No correction: percent agreement.
    None,
    /// Shares of all raters together.
    Pooled,
    /// Each rater's own shares.
    ByRater,
    /// Every category alike.
    Uniform,
    /// Gwet's probability that a rating is random.
    Gwet,
}

/// A coefficient of this family on one table.
pub(super) struct ChanceCorrected<'t> {
    table: &'t RatingTable,
    chance: Chance,
    distances: Vec<f64>,
    /// Disagreement within each pattern, none with fewer than two ratings.
    within: Vec<Option<f64>>,
}

/// Disagreement by chance, and its derivative by the weight of each pattern.
struct Expected {
    disagreement: f64,
    slope: Vec<f64>,
}

impl<'t> ChanceCorrected<'t> {
    pub fn new(table: &'t RatingTable, chance: Chance, weighting: Weighting, basis: Basis) -> Self {
        let distances = weighting.distances(&table.scale, basis);
        let q = table.scale.categories;
        let within = |tally: &Vec<(u16, u32)>| {
            let all = f64::from(ratings(tally));
            let pairs = tally.iter().flat_map(|a| tally.iter().map(move |b| (a, b)));
            let sum: f64 = pairs
                .map(|(a, b)| distances[usize::from(a.0) * q + usize::from(b.0)] * f64::from(a.1) * f64::from(b.1))
                .sum();
            (all >= 2.0).then(|| sum / (all * (all - 1.0)))
        };
        let within = table.tallies().iter().map(within).collect();
        Self { table, chance, distances, within }
    }

    /// Mean disagreement within items, and the weight of the items that have two ratings.
    fn observed(&self, weights: &[f64]) -> Result<(f64, f64), Undefined> {
        let (mut sum, mut total) = (0.0, 0.0);
        for (within, weight) in self.within.iter().zip(weights) {
            if let Some(within) = within {
                sum += within * weight;
                total += weight;
            }
        }
        if total == 0.0 { Err(Undefined::NoPairableItems) } else { Ok((sum / total, total)) }
    }

    fn expected(&self, weights: &[f64], with_slope: bool) -> Result<Expected, Undefined> {
        let expected = match self.chance {
            Chance::None => Expected { disagreement: 1.0, slope: vec![0.0; weights.len()] },
            Chance::Uniform => {
                let q = self.table.scale.categories as f64;
                let disagreement = self.distances.iter().sum::<f64>() / (q * q);
                Expected { disagreement, slope: vec![0.0; weights.len()] }
            }
            Chance::Pooled | Chance::Gwet => self.by_shares(weights, with_slope),
            Chance::ByRater => self.by_rater(weights, with_slope)?,
        };
        if expected.disagreement == 0.0 { Err(Undefined::SingleCategory) } else { Ok(expected) }
    }

    /// Mean distance of every category from ratings with these shares.
    fn away(&self, shares: &[f64]) -> Vec<f64> {
        let rows = self.distances.chunks(shares.len().max(1));
        rows.map(|row| row.iter().zip(shares).map(|(distance, share)| distance * share).sum()).collect()
    }

    fn by_shares(&self, weights: &[f64], with_slope: bool) -> Expected {
        let total: f64 = weights.iter().sum();
        let mut shares = vec![0.0; self.table.scale.categories];
        for (tally, weight) in self.table.tallies().iter().zip(weights) {
            let part = weight / total / f64::from(ratings(tally));
            for (code, raters) in tally {
                shares[usize::from(*code)] += f64::from(*raters) * part;
            }
        }
        // By category, the derivative of the disagreement, which is that of a quadratic form or of Gwet's sum.
        let (disagreement, slopes): (f64, Vec<f64>) = if self.chance == Chance::Pooled {
            let away = self.away(&shares);
            let disagreement = shares.iter().zip(&away).map(|(share, away)| share * away).sum();
            (disagreement, away.iter().map(|away| 2.0 * away).collect())
        } else {
            let q = self.table.scale.categories as f64;
            if q < 2.0 {
                return Expected { disagreement: 0.0, slope: Vec::new() };
            }
            let scale = (q * q - self.distances.iter().sum::<f64>()) / (q * (q - 1.0));
            let random: f64 = shares.iter().map(|share| share * (1.0 - share)).sum();
            (1.0 - scale * random, shares.iter().map(|share| scale * (2.0 * share - 1.0)).collect())
        };
        if !with_slope {
            return Expected { disagreement, slope: Vec::new() };
        }
        let centre: f64 = shares.iter().zip(&slopes).map(|(share, slope)| share * slope).sum();
        let slope = |tally: &Vec<(u16, u32)>| {
            let own: f64 = tally.iter().map(|(code, raters)| slopes[usize::from(*code)] * f64::from(*raters)).sum();
            (own / f64::from(ratings(tally)) - centre) / total
        };
        Expected { disagreement, slope: self.table.tallies().iter().map(slope).collect() }
    }

    fn by_rater(&self, weights: &[f64], with_slope: bool) -> Result<Expected, Undefined> {
        let q = self.table.scale.categories;
        let mut shares = vec![0.0; q * self.table.raters()];
        let mut rated = vec![0.0; self.table.raters()];
        for (pattern, weight) in self.table.patterns().iter().zip(weights) {
            for (rater, code) in pattern {
                shares[*rater as usize * q + usize::from(*code)] += weight;
                rated[*rater as usize] += weight;
            }
        }
        let many = rated.iter().filter(|rated| **rated > 0.0).count() as f64;
        if many < 2.0 {
            return Err(Undefined::NoPairableItems);
        }
        let mut sums = vec![0.0; q];
        for (shares, rated) in shares.chunks_mut(q).zip(&rated).filter(|(_, rated)| **rated > 0.0) {
            for (share, sum) in shares.iter_mut().zip(&mut sums) {
                *share /= rated;
                *sum += *share;
            }
        }
        let away_from_all = self.away(&sums);
        let pairs = many * (many - 1.0);
        let mut disagreement: f64 = sums.iter().zip(&away_from_all).map(|(sum, away)| sum * away).sum();
        // Per rater and category the distance from all other raters, with its mean over the rater's own shares.
        let mut away_from_others = vec![0.0; shares.len()];
        let mut centres = vec![0.0; rated.len()];
        for (rater, own) in shares.chunks(q).enumerate() {
            let away = self.away(own);
            disagreement -= own.iter().zip(&away).map(|(share, away)| share * away).sum::<f64>();
            for (code, away) in away.iter().enumerate() {
                away_from_others[rater * q + code] = away_from_all[code] - away;
                centres[rater] += own[code] * (away_from_all[code] - away);
            }
        }
        let slope = |pattern: &Vec<(u32, u16)>| -> f64 {
            let one = |(rater, code): &(u32, u16)| {
                let own = *rater as usize;
                (away_from_others[own * q + usize::from(*code)] - centres[own]) / rated[own]
            };
            2.0 / pairs * pattern.iter().map(one).sum::<f64>()
        };
        // One category alone leaves rounding noise of a difference of equal sums.
        let used = sums.iter().filter(|sum| **sum > 0.0).count();
        let disagreement = if used < 2 { 0.0 } else { disagreement / pairs };
        let slope = if with_slope { self.table.patterns().iter().map(slope).collect() } else { Vec::new() };
        Ok(Expected { disagreement, slope })
    }
}

impl Functional for ChanceCorrected<'_> {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        let (observed, _) = self.observed(weights)?;
        Ok(1.0 - observed / self.expected(weights, false)?.disagreement)
    }

    fn agreements(&self, weights: &[f64]) -> Option<[f64; 2]> {
        let (observed, _) = self.observed(weights).ok()?;
        let expected = self.expected(weights, false).ok().filter(|_| self.chance != Chance::None)?;
        Some([1.0 - observed, 1.0 - expected.disagreement])
    }

    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let (observed, pairable) = self.observed(weights)?;
        let Expected { disagreement, slope } = self.expected(weights, true)?;
        let ratio = observed / disagreement;
        let one = |(within, slope): (&Option<f64>, f64)| {
            let own = within.map_or(0.0, |within| (within - observed) / pairable);
            (ratio * slope - own) / disagreement
        };
        Ok(Gradient { value: 1.0 - ratio, by_pattern: self.within.iter().zip(slope).map(one).collect() })
    }
}

/// The weight of the items that have two ratings.
pub(super) fn observed_weight(table: &RatingTable, weights: &[f64]) -> f64 {
    let patterns = table.patterns().iter().zip(weights);
    patterns.filter(|(pattern, _)| pattern.len() >= 2).map(|(_, weight)| weight).sum()
}
