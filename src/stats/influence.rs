//! The influence core: how each item pulls a coefficient, and every standard error that follows from it.
//!
//! A coefficient is a function of the weights of items. Its derivative by the logarithm of an item's weight is that item's
//! influence: the estimate moves by so much, in proportion, as the item counts for more. The variance of the estimate is the
//! sum of their squares over independent units (the infinitesimal jackknife: Jaeckel 1972; Efron and Tibshirani 1993, chapter 21),
//! summed first within clusters (Field and Welsh 2007) and centred within strata (Binder 1983 for survey weights). Influences of
//! two coefficients on the same items subtract, which gives the standard error of their difference.

use std::collections::BTreeMap;

use super::coefficient::Undefined;
use super::interval::{Interval, t_quantile};
use super::statistic::Statistic;
use super::table::RatingTable;

/// A coefficient as a function of the weights of a table's patterns.
pub(super) trait Functional: Sync {
    /// The value where pattern `i` has weight `weights[i]`.
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined>;

    /// The value and its derivative by the weight of every pattern; weights times derivatives sum to 0.
    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined>;

    /// Observed agreement and that expected by chance, for coefficients made of the two.
    fn agreements(&self, _weights: &[f64]) -> Option<[f64; 2]> {
        None
    }
}

/// A value and its derivative by the weight of every pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gradient {
    pub value: f64,
    pub by_pattern: Vec<f64>,
}

/// A coefficient with the influence of every item.
#[derive(Debug, Clone, PartialEq)]
pub struct Influence {
    /// The coefficient.
    pub value: f64,
    /// Derivative by the logarithm of each item's weight, in item order; they sum to 0. None for items that take no part.
    pub by_item: Vec<Option<f64>>,
}

/// How the items were drawn; each list has one entry per item. Weights are in the influences already.
#[derive(Debug, Clone, Copy, Default)]
pub struct Design<'a> {
    /// Cluster of every item; items are independent where there are none.
    pub clusters: Option<&'a [u32]>,
    /// Stratum of every item, from which units were drawn separately; clusters lie within strata.
    pub strata: Option<&'a [u32]>,
}

/// A standard error with what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StandardError {
    /// The error.
    pub se: f64,
    /// Independent units (items or clusters) that take part.
    pub units: usize,
    /// Degrees of freedom: units less strata.
    pub degrees: usize,
}

impl StandardError {
    /// The t interval around `value` at `confidence`, not clipped.
    #[must_use]
    pub fn interval(&self, value: f64, confidence: f64) -> Interval {
        let half = t_quantile(self.degrees, confidence) * self.se;
        (value - half, value + half)
    }
}

impl Influence {
    /// The influences on `statistic` over all raters of `table`, or over both where it has two.
    ///
    /// # Errors
    /// When the coefficient has no value, with the reason.
    pub fn of(table: &RatingTable, statistic: Statistic) -> Result<Self, Undefined> {
        let gradient = statistic.functional(table)?.gradient(&table.pattern_weights())?;
        Ok(Self::from_gradient(table, statistic, &gradient))
    }

    /// The influences of all items of `table` on `statistic` between two of its raters, so that several pairs of raters of one
    /// table can be compared item by item.
    ///
    /// # Errors
    /// When the coefficient has no value, with the reason.
    pub fn of_pair(table: &RatingTable, statistic: Statistic, first: usize, second: usize) -> Result<Self, Undefined> {
        let pair = Self::of(&table.pair(first, second), statistic)?;
        let mut by_item = vec![None; table.items()];
        for (item, influence) in table.pair_items(first, second).into_iter().zip(pair.by_item) {
            by_item[item] = influence;
        }
        Ok(Self { value: pair.value, by_item })
    }

    pub(super) fn from_gradient(table: &RatingTable, statistic: Statistic, gradient: &Gradient) -> Self {
        let takes_part: Vec<bool> = (0..table.patterns().len()).map(|at| statistic.takes_part(table, at)).collect();
        let one = |item: usize| {
            let pattern = table.pattern_of(item);
            takes_part[pattern].then(|| table.weight(item) * gradient.by_pattern[pattern])
        };
        Self { value: gradient.value, by_item: (0..table.items()).map(one).collect() }
    }

    /// This coefficient less `other`, on the same items in the same order.
    ///
    /// Items that take part in one of them only count as such; the covariance comes from those that take part in both.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let one = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0.0) - b.unwrap_or(0.0)),
        };
        Self { value: self.value - other.value, by_item: self.by_item.iter().zip(&other.by_item).map(one).collect() }
    }

    /// The mean of several coefficients on the same items; none of none.
    #[must_use]
    pub fn mean(all: &[Self]) -> Option<Self> {
        let parts = all.len() as f64;
        let mut by_item = vec![None; all.first()?.by_item.len()];
        for (sum, part) in all.iter().flat_map(|one| one.by_item.iter().enumerate()).map(|(at, part)| (at, *part)) {
            if let Some(part) = part {
                by_item[sum] = Some(by_item[sum].unwrap_or(0.0) + part / parts);
            }
        }
        Some(Self { value: all.iter().map(|one| one.value).sum::<f64>() / parts, by_item })
    }

    /// The influence of every independent unit that takes part, by stratum; units in the order of their numbers.
    pub(super) fn by_unit(&self, design: Design<'_>) -> BTreeMap<u32, Vec<f64>> {
        if design.clusters.is_none() && design.strata.is_none() {
            // Every item is a unit of its own: nothing to gather.
            let units: Vec<f64> = self.by_item.iter().flatten().copied().collect();
            return if units.is_empty() { BTreeMap::new() } else { BTreeMap::from([(0, units)]) };
        }
        let number = |item: usize| u32::try_from(item).unwrap_or(u32::MAX);
        let unit = |item: usize| design.clusters.map_or_else(|| number(item), |clusters| clusters[item]);
        let parts = || self.by_item.iter().enumerate().filter_map(|(item, part)| Some((item, (*part)?)));
        let end = parts().map(|(item, _)| unit(item) as usize + 1).max().unwrap_or_default();
        let mut strata: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        // Units are mostly numbered without gaps, and a list of them is many times as fast as a map.
        if design.strata.is_none() && end <= 2 * self.by_item.len() {
            let mut sums: Vec<Option<f64>> = vec![None; end];
            parts().for_each(|(item, part)| *sums[unit(item) as usize].get_or_insert(0.0) += part);
            let units: Vec<f64> = sums.into_iter().flatten().collect();
            if !units.is_empty() {
                strata.insert(0, units);
            }
            return strata;
        }
        let mut units: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        for (item, part) in parts() {
            *units.entry((design.strata.map_or(0, |strata| strata[item]), unit(item))).or_default() += part;
        }
        for ((stratum, _), sum) in units {
            strata.entry(stratum).or_default().push(sum);
        }
        strata
    }

    /// The standard error: influences summed within clusters, centred within strata, with n / (n - 1) per stratum.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] where a stratum, or all, has fewer than two units.
    pub fn standard_error(&self, design: Design<'_>) -> Result<StandardError, Undefined> {
        let strata = self.by_unit(design);
        if strata.is_empty() || strata.values().any(|units| units.len() < 2) {
            return Err(Undefined::TooFewItems);
        }
        let variance = |units: &Vec<f64>| {
            let n = units.len() as f64;
            let mean = units.iter().sum::<f64>() / n;
            n / (n - 1.0) * units.iter().map(|unit| (unit - mean).powi(2)).sum::<f64>()
        };
        let units = strata.values().map(Vec::len).sum::<usize>();
        let se = strata.values().map(variance).sum::<f64>().sqrt();
        Ok(StandardError { se, units, degrees: units - strata.len() })
    }

    /// The acceleration of a `BCa` interval: a sixth of the skewness of the units' influences (Efron 1987, equation 6.6).
    #[must_use]
    pub fn acceleration(&self, design: Design<'_>) -> f64 {
        let units: Vec<f64> = self.by_unit(design).into_values().flatten().collect();
        let squares: f64 = units.iter().map(|unit| unit * unit).sum();
        let cubes: f64 = units.iter().map(|unit| unit.powi(3)).sum();
        if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 }
    }
}
