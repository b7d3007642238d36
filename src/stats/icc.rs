//! Intraclass correlations: the six forms of Shrout and Fleiss (1979), with their F-based intervals.

use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::interval::{Interval, f_quantile};
use super::table::RatingTable;

/// Which raters there are, as a sample of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IccModel {
    /// Each item has raters of its own (one-way random).
    OneWay,
    /// Raters are a sample of raters (two-way random, absolute agreement).
    TwoWayRandom,
    /// Raters are the only ones of interest (two-way mixed, consistency).
    TwoWayMixed,
}

/// One of the six forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Icc {
    /// What raters are.
    pub model: IccModel,
    /// Reliability of the mean of all raters instead of one.
    pub mean: bool,
}

impl Icc {
    /// All six.
    pub const ALL: [Self; 6] = {
        use IccModel::{OneWay, TwoWayMixed, TwoWayRandom};
        [
            Self { model: OneWay, mean: false },
            Self { model: OneWay, mean: true },
            Self { model: TwoWayRandom, mean: false },
            Self { model: TwoWayRandom, mean: true },
            Self { model: TwoWayMixed, mean: false },
            Self { model: TwoWayMixed, mean: true },
        ]
    };

    /// The name in JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.model, self.mean) {
            (IccModel::OneWay, false) => "icc_1_1",
            (IccModel::OneWay, true) => "icc_1_k",
            (IccModel::TwoWayRandom, false) => "icc_2_1",
            (IccModel::TwoWayRandom, true) => "icc_2_k",
            (IccModel::TwoWayMixed, false) => "icc_3_1",
            (IccModel::TwoWayMixed, true) => "icc_3_k",
        }
    }
}

/// Mean squares of the items that all raters rated.
#[derive(Debug, Clone, Copy)]
struct MeanSquares {
    items: f64,
    raters: f64,
    between_items: f64,
    between_raters: f64,
    within: f64,
    error: f64,
}

/// One form on a table whose categories have these values.
pub(super) struct Intraclass<'t> {
    pub table: &'t RatingTable,
    pub values: &'t [f64],
    pub form: Icc,
}

/// Means of items and raters, with the items' shares of all weight.
struct Means {
    complete: Vec<(usize, f64)>,
    total: f64,
    of_items: Vec<f64>,
    of_raters: Vec<f64>,
    all: f64,
}

impl Intraclass<'_> {
    fn row(&self, pattern: usize) -> impl Iterator<Item = f64> + '_ {
        self.table.patterns()[pattern].iter().map(|(_, code)| self.values[usize::from(*code)])
    }

    fn means(&self, weights: &[f64]) -> Result<Means, Undefined> {
        let used =
            weights.iter().copied().enumerate().filter(|(at, weight)| *weight > 0.0 && self.table.is_complete(*at));
        let mut complete: Vec<(usize, f64)> = used.collect();
        let total: f64 = complete.iter().map(|(_, weight)| weight).sum();
        let raters = self.table.raters();
        if complete.is_empty() || raters < 2 {
            return Err(Undefined::NoPairableItems);
        }
        if total <= 1.0 {
            return Err(Undefined::TooFewItems);
        }
        for (_, weight) in &mut complete {
            *weight /= total;
        }
        let mut of_items = vec![0.0; weights.len()];
        let mut of_raters = vec![0.0; raters];
        for (at, share) in &complete {
            for (rater, value) in self.row(*at).enumerate() {
                of_items[*at] += value / raters as f64;
                of_raters[rater] += share * value;
            }
        }
        let all = of_raters.iter().sum::<f64>() / raters as f64;
        Ok(Means { complete, total, of_items, of_raters, all })
    }

    /// What an item adds to the sums of squares between items, between raters (twice its pull), within and of error.
    fn parts(&self, means: &Means, pattern: usize) -> [f64; 4] {
        let own = means.of_items[pattern] - means.all;
        let mut parts = [means.of_raters.len() as f64 * own * own, 0.0, 0.0, 0.0];
        for (value, rater) in self.row(pattern).zip(&means.of_raters) {
            parts[1] += 2.0 * (rater - means.all) * (value - rater);
            parts[2] += (value - means.of_items[pattern]).powi(2);
            parts[3] += (value - means.of_items[pattern] - rater + means.all).powi(2);
        }
        parts
    }

    fn mean_squares(&self, means: &Means) -> MeanSquares {
        let mut sums = [0.0; 4];
        for (at, share) in &means.complete {
            for (sum, part) in sums.iter_mut().zip(self.parts(means, *at)) {
                *sum += share * part;
            }
        }
        let (n, k) = (means.total, means.of_raters.len() as f64);
        let raters: f64 = means.of_raters.iter().map(|mean| (mean - means.all).powi(2)).sum();
        MeanSquares {
            items: n,
            raters: k,
            between_items: n * sums[0] / (n - 1.0),
            between_raters: n * raters / (k - 1.0),
            within: sums[2] / (k - 1.0),
            error: n * sums[3] / ((n - 1.0) * (k - 1.0)),
        }
    }

    /// The F-based interval (Shrout and Fleiss 1979; `McGraw` and Wong 1996, table 7); none where a mean square is 0.
    pub fn interval(&self, weights: &[f64], confidence: f64) -> Option<Interval> {
        let of = self.mean_squares(&self.means(weights).ok()?);
        let (n, k) = (of.items, of.raters);
        let upper = f64::midpoint(1.0, confidence);
        let noise = if self.form.model == IccModel::OneWay { of.within } else { of.error };
        if noise <= 0.0 {
            return None;
        }
        let ends = if self.form.model == IccModel::TwoWayRandom {
            let ratio = of.between_raters / of.error;
            let value = fraction(&of, Icc { mean: false, ..self.form }).map(|(above, below)| above / below)?;
            let rest = n * (1.0 + (k - 1.0) * value) - k * value;
            let degrees = (n - 1.0) * (k - 1.0) * (k * value * ratio + rest).powi(2)
                / ((n - 1.0) * k * k * value * value * ratio * ratio + rest * rest);
            let lower_quantile = f_quantile(upper, n - 1.0, degrees)?;
            let upper_quantile = f_quantile(upper, degrees, n - 1.0)?;
            let spread = k * of.between_raters + (k * n - k - n) * of.error;
            let low =
                n * (of.between_items - lower_quantile * of.error) / (lower_quantile * spread + n * of.between_items);
            let high =
                n * (upper_quantile * of.between_items - of.error) / (spread + n * upper_quantile * of.between_items);
            (low, high)
        } else {
            let ratio = of.between_items / noise;
            let degrees = if self.form.model == IccModel::OneWay { n * (k - 1.0) } else { (n - 1.0) * (k - 1.0) };
            let low = ratio / f_quantile(upper, n - 1.0, degrees)?;
            let high = ratio * f_quantile(upper, degrees, n - 1.0)?;
            ((low - 1.0) / (low + k - 1.0), (high - 1.0) / (high + k - 1.0))
        };
        let stepped = |value: f64| if self.form.mean { value * k / (1.0 + value * (k - 1.0)) } else { value };
        Some((stepped(ends.0), stepped(ends.1)))
    }
}

/// Numerator and denominator of a form, linear in the mean squares.
fn linear(of: &MeanSquares, form: Icc) -> (f64, f64) {
    match form.model {
        IccModel::OneWay => {
            let extra = if form.mean { 0.0 } else { (of.raters - 1.0) * of.within };
            (of.between_items - of.within, of.between_items + extra)
        }
        IccModel::TwoWayRandom => {
            let shift = (of.between_raters - of.error) / of.items;
            let extra = if form.mean { shift } else { (of.raters - 1.0) * of.error + of.raters * shift };
            (of.between_items - of.error, of.between_items + extra)
        }
        IccModel::TwoWayMixed => {
            let extra = if form.mean { 0.0 } else { (of.raters - 1.0) * of.error };
            (of.between_items - of.error, of.between_items + extra)
        }
    }
}

/// The same, none where there is nothing to divide by: estimated variances that add up to less than nothing.
fn fraction(of: &MeanSquares, form: Icc) -> Option<(f64, f64)> {
    let noise = 1e-12 * (of.between_items + of.within);
    Some(linear(of, form)).filter(|(_, below)| *below > noise)
}

impl Functional for Intraclass<'_> {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        let of = self.mean_squares(&self.means(weights)?);
        fraction(&of, self.form).map(|(above, below)| above / below).ok_or(Undefined::NoVariation)
    }

    /// The derivative holds the number of items in the degrees of freedom fixed.
    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let means = self.means(weights)?;
        let of = self.mean_squares(&means);
        let (above, below) = fraction(&of, self.form).ok_or(Undefined::NoVariation)?;
        let value = above / below;
        let (n, k) = (of.items, of.raters);
        let pull = |pattern: usize| {
            if !self.table.is_complete(pattern) {
                return 0.0;
            }
            let parts = self.parts(&means, pattern);
            // The change of every mean square; numerator and denominator are linear in them.
            let moved = MeanSquares {
                between_items: n * parts[0] / (n - 1.0) - of.between_items,
                between_raters: n * parts[1] / (k - 1.0),
                within: parts[2] / (k - 1.0) - of.within,
                error: n * parts[3] / ((n - 1.0) * (k - 1.0)) - of.error,
                ..of
            };
            let (more_above, more_below) = linear(&moved, self.form);
            (more_above - value * more_below) / (below * n)
        };
        Ok(Gradient { value, by_pattern: (0..weights.len()).map(pull).collect() })
    }
}
