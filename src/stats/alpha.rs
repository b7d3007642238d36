//! Krippendorff's alpha (2004, 2011) for nominal, ordinal, interval and ratio data and for declared distances, missing ratings included.
//!
//! The influences leave out the small-sample factor (N - 1) / N of alpha, as R irrCAC does; at ordinal level they also follow the
//! metric's dependence on the margins.

use crate::rubric::Level;

use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::table::{RatingTable, ratings};

/// Squared distances between categories; declared ones are taken as they are (Passonneau 2006).
struct Metric<'a> {
    level: Level,
    declared: Option<&'a [f64]>,
    values: &'a [f64],
    margins: &'a [f64],
    below: Vec<f64>,
}

impl<'a> Metric<'a> {
    fn new(table: &'a RatingTable, declared: Option<&'a [f64]>, margins: &'a [f64]) -> Result<Self, Undefined> {
        let level = if declared.is_some() { Level::Nominal } else { table.scale.level };
        let values: &[f64] = match (level, &table.scale.values) {
            (Level::Nominal | Level::Ordinal, _) => &[],
            (_, None) => return Err(Undefined::NotNumeric),
            (Level::Ratio, Some(values)) if values.iter().any(|value| *value < 0.0) => {
                return Err(Undefined::NegativeValue);
            }
            (_, Some(values)) => values,
        };
        let mut below = vec![0.0];
        for margin in margins {
            below.push(below.last().copied().unwrap_or(0.0) + margin);
        }
        Ok(Self { level, declared, values, margins, below })
    }

    /// Ratings between two categories, each of them counted half.
    fn span(&self, low: usize, high: usize) -> f64 {
        self.below[high + 1] - self.below[low] - f64::midpoint(self.margins[low], self.margins[high])
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        if a == b {
            return 0.0;
        }
        if let Some(declared) = self.declared {
            return declared[a * self.margins.len() + b];
        }
        match self.level {
            Level::Nominal => 1.0,
            Level::Ordinal => self.span(a.min(b), a.max(b)).powi(2),
            Level::Interval => (self.values[a] - self.values[b]).powi(2),
            Level::Ratio => {
                let sum = self.values[a] + self.values[b];
                if sum == 0.0 { 0.0 } else { ((self.values[a] - self.values[b]) / sum).powi(2) }
            }
        }
    }

    /// Derivative by every margin of the sum of `weight` times distance over all ordered pairs of categories.
    fn gradient(&self, weight: impl Fn(usize, usize) -> f64) -> Vec<f64> {
        let q = self.margins.len();
        let mut gradient = vec![0.0; q];
        if self.level != Level::Ordinal {
            return gradient;
        }
        // A step up at one category and down at another adds to all categories between them.
        let mut steps = vec![0.0; q + 1];
        for low in 0..q {
            for high in low + 1..q {
                let pull = 2.0 * self.span(low, high) * (weight(low, high) + weight(high, low));
                steps[low] += pull;
                steps[high + 1] -= pull;
                gradient[low] -= pull / 2.0;
                gradient[high] -= pull / 2.0;
            }
        }
        let mut running = 0.0;
        for (slope, step) in gradient.iter_mut().zip(steps) {
            running += step;
            *slope += running;
        }
        gradient
    }
}

/// Coincidences of categories within items, and how often each occurs, over items with two or more ratings.
struct Coincidences {
    q: usize,
    pairs: Vec<f64>,
    margins: Vec<f64>,
}

fn coincidences(table: &RatingTable, weights: &[f64]) -> Coincidences {
    let q = table.scale.categories;
    let mut of = Coincidences { q, pairs: vec![0.0; q * q], margins: vec![0.0; q] };
    for (tally, weight) in table.tallies().iter().zip(weights) {
        let all = ratings(tally);
        if all < 2 || *weight == 0.0 {
            continue;
        }
        for (a, raters) in tally {
            let (a, raters) = (usize::from(*a), f64::from(*raters));
            of.margins[a] += weight * raters;
            for (b, others) in tally {
                let b = usize::from(*b);
                let others = f64::from(*others) - f64::from(a == b);
                of.pairs[a * q + b] += weight * raters * others / f64::from(all - 1);
            }
        }
    }
    of
}

/// Observed and expected sums of distances, and the number of pairable ratings.
fn sums(of: &Coincidences, metric: &Metric<'_>) -> Result<(f64, f64, f64), Undefined> {
    let used: Vec<usize> = (0..of.q).filter(|category| of.margins[*category] > 0.0).collect();
    let cells = || used.iter().flat_map(|a| used.iter().map(move |b| (*a, *b)));
    let total: f64 = of.margins.iter().sum();
    if total == 0.0 {
        return Err(Undefined::NoPairableItems);
    }
    let observed: f64 = cells().map(|(a, b)| of.pairs[a * of.q + b] * metric.distance(a, b)).sum();
    let expected: f64 = cells().map(|(a, b)| of.margins[a] * of.margins[b] * metric.distance(a, b)).sum();
    if expected == 0.0 { Err(Undefined::SingleCategory) } else { Ok((observed, expected, total)) }
}

/// Alpha on one table, at its level or by declared distances.
pub(super) struct Alpha<'t> {
    pub table: &'t RatingTable,
    pub declared: Option<&'t [f64]>,
}

impl Functional for Alpha<'_> {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        let of = coincidences(self.table, weights);
        let (observed, expected, total) = sums(&of, &Metric::new(self.table, self.declared, &of.margins)?)?;
        Ok(1.0 - (total - 1.0) * observed / expected)
    }

    fn agreements(&self, weights: &[f64]) -> Option<[f64; 2]> {
        let of = coincidences(self.table, weights);
        let metric = Metric::new(self.table, self.declared, &of.margins).ok()?;
        let (observed, expected, total) = sums(&of, &metric).ok()?;
        let used = (0..of.q).filter(|category| of.margins[*category] > 0.0);
        let pairs = used.clone().flat_map(|a| used.clone().map(move |b| (a, b)));
        let most = pairs.map(|(a, b)| metric.distance(a, b)).fold(0.0, f64::max);
        Some([observed / total, expected / (total * (total - 1.0))].map(|disagreement| 1.0 - disagreement / most))
    }

    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let of = coincidences(self.table, weights);
        let metric = Metric::new(self.table, self.declared, &of.margins)?;
        let (observed, expected, total) = sums(&of, &metric)?;
        let observed_slope = metric.gradient(|a, b| of.pairs[a * of.q + b]);
        let mut expected_slope = metric.gradient(|a, b| of.margins[a] * of.margins[b]);
        for (a, slope) in expected_slope.iter_mut().enumerate() {
            *slope += 2.0 * (0..of.q).map(|b| of.margins[b] * metric.distance(a, b)).sum::<f64>();
        }
        let one = |tally: &Vec<(u16, u32)>| {
            let all = f64::from(ratings(tally));
            if all < 2.0 {
                return 0.0;
            }
            let own: f64 = (tally.iter().flat_map(|a| tally.iter().map(move |b| (a, b))))
                .map(|(a, b)| f64::from(a.1) * f64::from(b.1) * metric.distance(a.0.into(), b.0.into()) / (all - 1.0))
                .sum();
            let along =
                |slope: &[f64]| -> f64 { tally.iter().map(|(a, r)| slope[usize::from(*a)] * f64::from(*r)).sum() };
            let pull = all * observed + total * (own + along(&observed_slope))
                - total * observed * along(&expected_slope) / expected;
            -pull / expected
        };
        let value = 1.0 - (total - 1.0) * observed / expected;
        Ok(Gradient { value, by_pattern: self.table.tallies().iter().map(one).collect() })
    }
}
