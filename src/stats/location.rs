//! Means, medians and quantiles with intervals.

use serde::{Deserialize, Serialize};

use super::bootstrap::{Bootstrap, percentile};
use super::coefficient::Undefined;
use super::resampled::resampled;
use super::share::Estimate;

/// Mean and median of `values`, each a number with its cluster, with 95 % percentile intervals.
///
/// Whole clusters are drawn anew. Fewer than two clusters give values without intervals.
#[must_use]
pub fn mean_and_median(values: &[(f64, &str)], bootstrap: Bootstrap) -> (Estimate, Estimate) {
    let [mean, median] = of_values(values, bootstrap, |sorted| [mean(sorted), Some(percentile(sorted, 0.5))]);
    (mean, median)
}

/// What a column of numbers is like, each with a 95 % interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberSummary {
    /// Mean.
    pub mean: Estimate,
    /// Geometric mean; undefined where a number is not above 0.
    pub geometric_mean: Estimate,
    /// Tenth percentile, linear between neighbours as all of them.
    pub p10: Estimate,
    /// First quartile.
    pub p25: Estimate,
    /// Median.
    pub median: Estimate,
    /// Third quartile.
    pub p75: Estimate,
    /// Ninetieth percentile.
    pub p90: Estimate,
}

/// Summary of `values`, each a number with its cluster; intervals as in [`mean_and_median`].
#[must_use]
pub fn number_summary(values: &[(f64, &str)], bootstrap: Bootstrap) -> NumberSummary {
    let [mean, geometric_mean, p10, p25, median, p75, p90] = of_values(values, bootstrap, |sorted| {
        let at = |part: f64| Some(percentile(sorted, part));
        [mean(sorted), geometric_mean(sorted), at(0.1), at(0.25), at(0.5), at(0.75), at(0.9)]
    });
    NumberSummary { mean, geometric_mean, p10, p25, median, p75, p90 }
}

fn of_values<const K: usize>(
    values: &[(f64, &str)],
    bootstrap: Bootstrap,
    statistics: impl Fn(&[f64]) -> [Option<f64>; K] + Sync,
) -> [Estimate; K] {
    let clusters: Vec<&str> = values.iter().map(|(_, cluster)| *cluster).collect();
    let of_items = |items: &[usize]| {
        let mut drawn: Vec<f64> = items.iter().map(|item| values[*item].0).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        if drawn.is_empty() { [None; K] } else { statistics(&drawn) }
    };
    let why =
        if values.iter().any(|(value, _)| *value <= 0.0) { Undefined::NegativeValue } else { Undefined::TooFewItems };
    resampled(&clusters, bootstrap, of_items, why)
}

/// Mean; none of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Geometric mean; none of nothing, and none where a value is not above 0.
pub(super) fn geometric_mean(values: &[f64]) -> Option<f64> {
    let logs = values.iter().map(|value| (*value > 0.0).then(|| value.ln())).collect::<Option<Vec<f64>>>()?;
    mean(&logs).map(f64::exp)
}

#[cfg(test)]
mod tests {
    use super::{Bootstrap, mean_and_median, number_summary};

    const BOOTSTRAP: Bootstrap = Bootstrap { replicates: 500, seed: 3 };

    #[test]
    fn values_are_plain_and_intervals_hold_them() {
        let names = ["a", "b", "c", "d", "e"];
        let values: Vec<(f64, &str)> = [1.0, 2.0, 3.0, 4.0, 100.0].into_iter().zip(names).collect();
        let (mean, median) = mean_and_median(&values, BOOTSTRAP);
        assert_eq!((mean.value, median.value, mean.n), (Some(22.0), Some(3.0), 5));
        assert!(mean.low < mean.value && mean.value < mean.high);
        assert!(median.low <= median.value && median.value <= median.high);
    }

    #[test]
    fn a_summary_has_every_quantile_and_no_geometric_mean_of_zeros() {
        let names: Vec<String> = (0..5).map(|name| name.to_string()).collect();
        let with = |values: [f64; 5]| {
            let values: Vec<(f64, &str)> = values.into_iter().zip(names.iter().map(String::as_str)).collect();
            number_summary(&values, BOOTSTRAP)
        };
        let found = with([10.0, 100.0, 1_000.0, 10_000.0, 100_000.0]);
        // Positions 0.4, 1, 2, 3 and 3.6 of the sorted numbers.
        let quantiles = [found.p10, found.p25, found.median, found.p75, found.p90].map(|of| of.value.unwrap());
        let expected = [46.0, 100.0, 1_000.0, 10_000.0, 64_000.0];
        assert!(
            quantiles.iter().zip(expected).all(|(value, expected)| (value - expected).abs() < 1e-9),
            "{quantiles:?}"
        );
        assert!((found.geometric_mean.value.unwrap() - 1_000.0).abs() < 1e-9);
        assert!(found.geometric_mean.low.unwrap() < 1_000.0);
        let zero = with([0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!((zero.geometric_mean.value, zero.mean.value), (None, Some(2.0)));
    }

    #[test]
    fn one_person_gives_no_interval_and_nobody_gives_no_value() {
        let (mean, _) = mean_and_median(&[(1.0, "a"), (3.0, "a")], BOOTSTRAP);
        assert_eq!((mean.value, mean.low), (Some(2.0), None));
        assert_eq!(mean_and_median(&[], BOOTSTRAP).0.value, None);
    }
}
