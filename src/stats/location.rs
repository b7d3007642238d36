//! Means and medians with intervals.

use super::bootstrap::{Bootstrap, percentile, percentile_spread};
use super::coefficient::Undefined;
use super::share::{Estimate, units};

/// Mean and median of `values`, each a number with its cluster, with 95 % percentile intervals.
///
/// Whole clusters are drawn anew. Fewer than two clusters give values without intervals.
#[must_use]
pub fn mean_and_median(values: &[(f64, &str)], bootstrap: Bootstrap) -> (Estimate, Estimate) {
    let n = values.len();
    let statistics = |items: &[usize]| {
        let mut drawn: Vec<f64> = items.iter().map(|item| values[*item].0).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        if drawn.is_empty() { [None, None] } else { [Some(mean), Some(percentile(&drawn, 0.5))] }
    };
    let units = units(values.iter().map(|(_, cluster)| *cluster));
    let draws = if units.len() < 2 { Vec::new() } else { bootstrap.run(&units, statistics) };
    let method = match units.len() {
        1 => "no interval: one cluster".to_owned(),
        clusters => {
            let Bootstrap { replicates, seed } = bootstrap;
            format!("percentile bootstrap by cluster, {replicates} replicates, seed {seed}, {clusters} clusters")
        }
    };
    let all: Vec<usize> = (0..n).collect();
    let [mean, median] = statistics(&all);
    let estimate = |value: Option<f64>, which: usize| {
        let Some(value) = value else { return Estimate::undefined(n, Undefined::TooFewItems) };
        let ends = percentile_spread(draws.iter().map(|draw| draw[which])).ok().and_then(|spread| spread.interval);
        let (low, high) = (ends.map(|ends| ends.0), ends.map(|ends| ends.1));
        Estimate { value: Some(value), low, high, n, method: method.clone(), undefined: None }
    };
    (estimate(mean, 0), estimate(median, 1))
}

#[cfg(test)]
mod tests {
    use super::{Bootstrap, mean_and_median};

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
    fn one_person_gives_no_interval_and_nobody_gives_no_value() {
        let (mean, _) = mean_and_median(&[(1.0, "a"), (3.0, "a")], BOOTSTRAP);
        assert_eq!((mean.value, mean.low), (Some(2.0), None));
        assert_eq!(mean_and_median(&[], BOOTSTRAP).0.value, None);
    }
}
