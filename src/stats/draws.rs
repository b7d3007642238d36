//! Drawing units with replacement as counts of distinct units, so that a replicate costs as much for 500 items as for 5 million.

use std::collections::BTreeMap;

use rand_core::Rng;
use rand_pcg::Pcg64;

use super::table::RatingTable;

/// What is drawn: units (items or clusters) that weigh alike on the same patterns are one kind with a number of copies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Resampler {
    kinds: Vec<Vec<(u32, f64)>>,
    copies: Vec<u64>,
    patterns: usize,
}

impl Resampler {
    /// The items of `table`, or its clusters where they are given.
    pub fn of(table: &RatingTable, clusters: Option<&[u32]>) -> Self {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        // Weights are compared by their bits: they are finite and above 0, so that bits sort as numbers do.
        let mut kinds: BTreeMap<Vec<(u32, u64)>, u64> = BTreeMap::new();
        match clusters {
            None if table.weights().is_none() => {
                for (pattern, count) in table.counts().into_iter().enumerate() {
                    kinds.insert(vec![(number(pattern), 1_f64.to_bits())], count);
                }
            }
            None => {
                for item in 0..table.items() {
                    let kind = vec![(number(table.pattern_of(item)), table.weight(item).to_bits())];
                    *kinds.entry(kind).or_default() += 1;
                }
            }
            Some(clusters) => {
                let mut units: BTreeMap<u32, BTreeMap<u32, f64>> = BTreeMap::new();
                for (item, cluster) in clusters.iter().enumerate() {
                    let unit = units.entry(*cluster).or_default();
                    *unit.entry(number(table.pattern_of(item))).or_default() += table.weight(item);
                }
                for unit in units.into_values() {
                    let kind = unit.into_iter().map(|(pattern, weight)| (pattern, weight.to_bits())).collect();
                    *kinds.entry(kind).or_default() += 1;
                }
            }
        }
        let (kinds, copies): (Vec<_>, Vec<u64>) = kinds.into_iter().unzip();
        let weigh = |kind: Vec<(u32, u64)>| kind.into_iter().map(|(at, bits)| (at, f64::from_bits(bits))).collect();
        Self { kinds: kinds.into_iter().map(weigh).collect(), copies, patterns: table.patterns().len() }
    }

    /// Units that are drawn from, and as many are drawn.
    pub fn units(&self) -> usize {
        usize::try_from(self.copies.iter().sum::<u64>()).unwrap_or(usize::MAX)
    }

    /// Per kind of unit the patterns with the weight that one of it has on them, and how many units are of it.
    pub fn kinds(&self) -> impl Iterator<Item = (&[(u32, f64)], u64)> {
        self.kinds.iter().map(Vec::as_slice).zip(self.copies.iter().copied())
    }

    /// Draws as many units as there are, with replacement, and writes the weight of every pattern.
    pub fn draw(&self, generator: &mut Pcg64, weights: &mut Vec<f64>) {
        weights.clear();
        weights.resize(self.patterns, 0.0);
        let mut copies_left: u64 = self.copies.iter().sum();
        let mut draws_left = copies_left;
        for (kind, copies) in self.kinds.iter().zip(&self.copies) {
            if draws_left == 0 {
                break;
            }
            let drawn = if *copies == copies_left {
                draws_left
            } else {
                binomial(generator, draws_left, *copies as f64 / copies_left as f64)
            };
            copies_left -= copies;
            draws_left -= drawn;
            if drawn > 0 {
                for (pattern, weight) in kind {
                    weights[*pattern as usize] += drawn as f64 * weight;
                }
            }
        }
    }
}

/// A number in [0, 1).
fn uniform(generator: &mut Pcg64) -> f64 {
    (generator.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
}

/// Successes in `n` trials of `probability` in (0, 1).
pub(super) fn binomial(generator: &mut Pcg64, n: u64, probability: f64) -> u64 {
    if probability > 0.5 {
        n - binomial(generator, n, 1.0 - probability)
    } else if n as f64 * probability < 10.0 {
        by_inversion(generator, n, probability)
    } else {
        by_rejection(generator, n, probability)
    }
}

/// Walks up the distribution from 0 (Kachitvichyanukul and Schmeiser 1988, algorithm BINV).
fn by_inversion(generator: &mut Pcg64, n: u64, probability: f64) -> u64 {
    let odds = probability / (1.0 - probability);
    let mut left = uniform(generator);
    let mut term = (n as f64 * (-probability).ln_1p()).exp();
    let mut successes = 0;
    while left > term && successes < n {
        left -= term;
        successes += 1;
        term *= odds * (n - successes + 1) as f64 / successes as f64;
        if term < 1e-300 {
            break;
        }
    }
    successes
}

/// Transformed rejection (Hörmann 1993, algorithm BTRS), for n times `probability` of 10 or more.
fn by_rejection(generator: &mut Pcg64, n: u64, probability: f64) -> u64 {
    let trials = n as f64;
    let spread = (trials * probability * (1.0 - probability)).sqrt();
    let width = 1.15 + 2.53 * spread;
    let steep = -0.0873 + 0.0248 * width + 0.01 * probability;
    let centre = trials * probability + 0.5;
    let squeeze = 0.92 - 4.2 / width;
    let odds = probability / (1.0 - probability);
    let alpha = (2.83 + 5.1 / width) * spread;
    let mode = ((trials + 1.0) * probability).floor();
    loop {
        let u = uniform(generator) - 0.5;
        let mut v = uniform(generator);
        let side = 0.5 - u.abs();
        let k = ((2.0 * steep / side + width) * u + centre).floor();
        if k < 0.0 || k > trials {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "k lies within 0 and n")]
        let found = k as u64;
        if side >= 0.07 && v <= squeeze {
            return found;
        }
        v = (v * alpha / (steep / (side * side) + width)).ln();
        let bound = (mode + 0.5) * ((mode + 1.0) / (odds * (trials - mode + 1.0))).ln()
            + (trials + 1.0) * ((trials - mode + 1.0) / (trials - k + 1.0)).ln()
            + (k + 0.5) * (odds * (trials - k + 1.0) / (k + 1.0)).ln()
            + stirling(mode)
            + stirling(trials - mode)
            - stirling(k)
            - stirling(trials - k);
        if v <= bound {
            return found;
        }
    }
}

/// What Stirling's formula leaves of ln k!: ln k! - ((k + 1/2) ln(k + 1) - (k + 1) + ln(2 pi) / 2).
fn stirling(k: f64) -> f64 {
    if k <= 9.0 {
        let factorial: f64 = (1..10).map(f64::from).take_while(|factor| *factor <= k).product();
        return factorial.ln() - (k + 0.5) * (k + 1.0).ln() + (k + 1.0) - 0.918_938_533_204_672_8;
    }
    let one = k + 1.0;
    let square = one * one;
    (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / one
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use statrs::distribution::{Binomial, Discrete};

    use super::*;
    use crate::rubric::Level;
    use crate::stats::Scale;

    #[test]
    fn binomials_have_their_distribution() {
        let mut generator = Pcg64::seed_from_u64(4);
        for (n, probability) in [(20, 0.1), (60, 0.3), (500, 0.45), (5_000, 0.01), (40, 0.8)] {
            let draws = 40_000_u32;
            let mut seen = vec![0_u32; usize::try_from(n).unwrap() + 1];
            for _ in 0..draws {
                seen[usize::try_from(binomial(&mut generator, n, probability)).unwrap()] += 1;
            }
            let law = Binomial::new(probability, n).unwrap();
            let (mut chi, mut cells) = (0.0, 0.0);
            for (k, seen) in (0_u64..).zip(&seen) {
                let expected = f64::from(draws) * law.pmf(k);
                if expected >= 20.0 {
                    chi += (f64::from(*seen) - expected).powi(2) / expected;
                    cells += 1.0;
                }
            }
            // A chi-square variable has mean `cells` and variance twice that: four standard deviations.
            assert!(chi < cells + 4.0 * f64::sqrt(2.0 * cells), "{n} {probability}: {chi} in {cells} cells");
        }
    }

    #[test]
    fn clusters_are_drawn_whole_and_items_by_pattern() {
        let scale = Scale { level: Level::Nominal, categories: 3, values: None, distances: None };
        let rows = [[Some(0), Some(0)], [Some(0), Some(1)], [Some(0), Some(0)], [Some(0), Some(1)], [Some(2), Some(2)]];
        let table = RatingTable::new(scale, 2, &rows, Some(&[5, 2, 5, 2, 9]));
        let mut generator = Pcg64::seed_from_u64(1);
        let mut weights = Vec::new();
        let clusters = Resampler::of(&table, table.clusters());
        let items = Resampler::of(&table, None);
        assert_eq!((clusters.units(), items.units(), items.kinds.len()), (3, 5, 3));
        for _ in 0..50 {
            clusters.draw(&mut generator, &mut weights);
            assert!((weights[0] / 2.0 + weights[1] / 2.0 + weights[2] - 3.0).abs() < 1e-12);
            assert!(weights[..2].iter().all(|weight| (weight % 2.0).abs() < 1e-12));
            items.draw(&mut generator, &mut weights);
            assert!((weights.iter().sum::<f64>() - 5.0).abs() < 1e-12);
        }
    }
}
