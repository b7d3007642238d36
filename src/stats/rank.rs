//! Coefficients of rank: Spearman's rho, Kendall's tau-b, Kendall's W, all with ties.
//!
//! A rank is a share here: of the ratings below, and half of those alike. Ranks from 1 to n are n times that share plus one half,
//! so that no coefficient changes, and shares are defined for weighted items too.

use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::joint::codes;
use super::table::RatingTable;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfRanks {
    /// Spearman (1904): the correlation of mid-ranks.
    Spearman,
    /// Kendall (1945): concordant less discordant pairs over the root of the pairs untied by each.
    TauB,
    /// Kendall and Babington Smith (1939): variance of the sums of ranks over the largest possible, with ties (Kendall 1948).
    W,
}

/// One of these coefficients on a table.
pub(super) struct Ranks<'t>(pub &'t RatingTable, pub OfRanks);

/// Shares of one rater's categories, and their mid-ranks.
struct Margin {
    shares: Vec<f64>,
    ranks: Vec<f64>,
}

impl Margin {
    fn of(shares: Vec<f64>) -> Self {
        let mut below = 0.0;
        let ranks = shares
            .iter()
            .map(|share| {
                below += share;
                below - share / 2.0
            })
            .collect();
        Self { shares, ranks }
    }

    /// Variance of the mid-ranks.
    fn variance(&self) -> f64 {
        (1.0 - self.shares.iter().map(|share| share.powi(3)).sum::<f64>()) / 12.0
    }

    /// Influence of a rating on [`Self::variance`].
    fn on_variance(&self, code: usize) -> f64 {
        let cubes: f64 = self.shares.iter().map(|share| share.powi(3)).sum();
        (cubes - self.shares[code].powi(2)) / 4.0
    }

    fn varies(&self) -> bool {
        self.shares.iter().filter(|share| **share > 0.0).count() > 1
    }
}

/// What lies above each category, and half of what lies in it.
fn above(parts: &[f64]) -> Vec<f64> {
    let mut rest: f64 = parts.iter().sum();
    parts
        .iter()
        .map(|part| {
            rest -= part;
            rest + part / 2.0
        })
        .collect()
}

/// Complete patterns with their shares of all weight, the margins of raters, and all weight.
struct Complete {
    patterns: Vec<(usize, f64)>,
    margins: Vec<Margin>,
    total: f64,
}

fn complete(table: &RatingTable, weights: &[f64]) -> Result<Complete, Undefined> {
    let used: Vec<(usize, f64)> =
        (weights.iter().copied().enumerate()).filter(|(at, weight)| *weight > 0.0 && table.is_complete(*at)).collect();
    let total: f64 = used.iter().map(|(_, weight)| weight).sum();
    if total == 0.0 || table.raters() < 2 {
        return Err(Undefined::NoPairableItems);
    }
    let mut shares = vec![vec![0.0; table.scale.categories]; table.raters()];
    for (at, weight) in &used {
        for (rater, code) in &table.patterns()[*at] {
            shares[*rater as usize][usize::from(*code)] += weight / total;
        }
    }
    let patterns = used.into_iter().map(|(at, weight)| (at, weight / total)).collect();
    Ok(Complete { patterns, margins: shares.into_iter().map(Margin::of).collect(), total })
}

impl Complete {
    /// The sum of the ranks that a pattern was given.
    fn sum(&self, table: &RatingTable, pattern: usize) -> f64 {
        let ratings = table.patterns()[pattern].iter();
        ratings.map(|(rater, code)| self.margins[*rater as usize].ranks[usize::from(*code)]).sum()
    }

    /// Spearman's rho is the correlation of the two ranks; its numerator follows from the variance of their sum.
    fn spread(&self, table: &RatingTable) -> f64 {
        let centre = self.margins.len() as f64 / 2.0;
        self.patterns.iter().map(|(at, share)| share * (self.sum(table, *at) - centre).powi(2)).sum()
    }

    /// Influence of every pattern on [`Self::spread`], ranks moving with the margins.
    fn on_spread(&self, table: &RatingTable, spread: f64) -> Vec<f64> {
        let centre = self.margins.len() as f64 / 2.0;
        let mut parts = vec![vec![0.0; table.scale.categories]; self.margins.len()];
        for (at, share) in &self.patterns {
            let off = self.sum(table, *at) - centre;
            for (rater, code) in &table.patterns()[*at] {
                parts[*rater as usize][usize::from(*code)] += share * off;
            }
        }
        let above: Vec<Vec<f64>> = parts.iter().map(|parts| above(parts)).collect();
        let one = |at: usize| {
            if !table.is_complete(at) {
                return 0.0;
            }
            let moved: f64 =
                table.patterns()[at].iter().map(|(rater, code)| above[*rater as usize][usize::from(*code)]).sum();
            (self.sum(table, at) - centre).powi(2) - spread + 2.0 * (moved - spread)
        };
        (0..table.patterns().len()).map(one).collect()
    }

    /// The spread over the variances of single ranks, and the influences on it where they are asked for.
    fn spread_gradient(&self, table: &RatingTable, kind: OfRanks) -> Result<(f64, Vec<f64>), Undefined> {
        let variances: Vec<f64> = self.margins.iter().map(Margin::variance).collect();
        let varies = |all: bool| {
            if all { self.margins.iter().all(Margin::varies) } else { self.margins.iter().any(Margin::varies) }
        };
        let spread = self.spread(table);
        let on_spread = self.on_spread(table, spread);
        let variance_moves = |at: usize, of: &dyn Fn(usize) -> f64| -> f64 {
            let ratings = table.patterns()[at].iter();
            ratings
                .map(|(rater, code)| {
                    of(*rater as usize) * self.margins[*rater as usize].on_variance(usize::from(*code))
                })
                .sum()
        };
        let complete = |at: usize| table.is_complete(at);
        if kind == OfRanks::W {
            if !varies(false) {
                return Err(Undefined::NoVariation);
            }
            let most = variances.len() as f64 * variances.iter().sum::<f64>();
            let value = spread / most;
            let raters = variances.len() as f64;
            let one = |(at, pull): (usize, &f64)| {
                if complete(at) { (pull - value * raters * variance_moves(at, &|_| 1.0)) / most } else { 0.0 }
            };
            return Ok((value, on_spread.iter().enumerate().map(one).collect()));
        }
        if !varies(true) {
            return Err(Undefined::NoVariation);
        }
        let scale = (variances[0] * variances[1]).sqrt();
        let value = (spread - variances[0] - variances[1]) / 2.0 / scale;
        let one = |(at, pull): (usize, &f64)| {
            if !complete(at) {
                return 0.0;
            }
            let above = (pull - variance_moves(at, &|_| 1.0)) / 2.0 / scale;
            above - value / 2.0 * variance_moves(at, &|rater| 1.0 / variances[rater])
        };
        Ok((value, on_spread.iter().enumerate().map(one).collect()))
    }

    fn tau_b(&self, table: &RatingTable) -> Result<(f64, Vec<f64>), Undefined> {
        if !self.margins.iter().all(Margin::varies) {
            return Err(Undefined::NoVariation);
        }
        let q = table.scale.categories;
        let codes: Vec<Option<(usize, usize)>> = codes(table).collect();
        // Sums over all cells up to and left of one, so that every cell's concordant share is read from four of them.
        let mut corner = vec![0.0; (q + 1) * (q + 1)];
        for (at, share) in &self.patterns {
            if let Some((row, column)) = codes[*at] {
                corner[(row + 1) * (q + 1) + column + 1] += share;
            }
        }
        for row in 1..=q {
            let mut running = 0.0;
            for column in 1..=q {
                running += corner[row * (q + 1) + column];
                corner[row * (q + 1) + column] = running + corner[(row - 1) * (q + 1) + column];
            }
        }
        let up_to = |row: usize, column: usize| corner[row * (q + 1) + column];
        let balance = |(row, column): (usize, usize)| {
            let before = up_to(row, column);
            let after = 1.0 - up_to(row + 1, q) - up_to(q, column + 1) + up_to(row + 1, column + 1);
            let right = up_to(row, q) - up_to(row, column + 1);
            let left = up_to(q, column) - up_to(row + 1, column);
            before + after - right - left
        };
        let net: f64 = self.patterns.iter().filter_map(|(at, share)| Some(share * balance(codes[*at]?))).sum();
        let ties = |margin: &Margin| margin.shares.iter().map(|share| share * share).sum::<f64>();
        let [first, second] = [ties(&self.margins[0]), ties(&self.margins[1])];
        let scale = ((1.0 - first) * (1.0 - second)).sqrt();
        let value = net / scale;
        let one = |cell: &Option<(usize, usize)>| {
            let Some((row, column)) = *cell else { return 0.0 };
            let untied = (self.margins[0].shares[row] - first) / (1.0 - first)
                + (self.margins[1].shares[column] - second) / (1.0 - second);
            2.0 * (balance((row, column)) - net) / scale + value * untied
        };
        Ok((value, codes.iter().map(one).collect()))
    }
}

impl Functional for Ranks<'_> {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        self.gradient(weights).map(|gradient| gradient.value)
    }

    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let of = complete(self.0, weights)?;
        let (value, influences) = match self.1 {
            OfRanks::TauB => of.tau_b(self.0)?,
            kind => of.spread_gradient(self.0, kind)?,
        };
        Ok(Gradient { value, by_pattern: influences.iter().map(|influence| influence / of.total).collect() })
    }
}
