//! Growth of a number over months: change of its mean and geometric mean since the first month (report.md section 7).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bootstrap::Bootstrap;
use super::coefficient::Undefined;
use super::resampled::resampled;
use super::share::Estimate;

/// A number of one session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dated<'a> {
    /// Month, as `2026-01`; they are ordered as texts.
    pub month: &'a str,
    /// The number, above 0.
    pub value: f64,
    /// What it shares its error with: the person, or the session where persons are not known.
    pub cluster: &'a str,
}

/// One month beside the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonthGrowth {
    /// The month.
    pub month: String,
    /// Sessions.
    pub n: usize,
    /// Mean over sessions.
    pub mean: Estimate,
    /// Geometric mean over sessions.
    pub geometric_mean: Estimate,
    /// Mean over that of the first month, less 1: 0.27 is 27 % more.
    pub mean_change: Estimate,
    /// The same of the geometric means: the one to read where values are told by ratios.
    pub geometric_change: Estimate,
}

/// Growth since the first month, month by month. Whole clusters are drawn anew, with all their months, so that persons who
/// come back count once; intervals are 95 % percentiles. The first month's change is 0 without an interval.
#[must_use]
pub fn growth(values: &[Dated<'_>], bootstrap: Bootstrap) -> Vec<MonthGrowth> {
    let mut months: BTreeMap<&str, usize> = BTreeMap::new();
    for dated in values {
        *months.entry(dated.month).or_default() += 1;
    }
    let Some(first) = months.keys().next().copied() else { return Vec::new() };
    let why =
        if values.iter().any(|dated| dated.value <= 0.0) { Undefined::NegativeValue } else { Undefined::TooFewItems };
    let row = |(month, n): (&str, usize)| {
        // Clusters without a session in either month say nothing about the change.
        let kept: Vec<(bool, bool, f64, f64, &str)> = values
            .iter()
            .map(|of| (of.month == month, of.month == first, of.value, of.value.ln(), of.cluster))
            .filter(|(now, then, ..)| *now || *then)
            .collect();
        let clusters: Vec<&str> = kept.iter().map(|kept| kept.4).collect();
        let statistics = |items: &[usize]| {
            let (mut now, mut then) = (Sums::default(), Sums::default());
            for (is_now, is_then, value, log, _) in items.iter().map(|item| &kept[*item]) {
                if *is_now {
                    now.add(*value, *log);
                }
                if *is_then {
                    then.add(*value, *log);
                }
            }
            let change = |now: Option<f64>, then: Option<f64>| {
                now.zip(then.filter(|then| *then > 0.0)).map(|(now, then)| now / then - 1.0)
            };
            let geometric = change(now.geometric_mean(), then.geometric_mean());
            [now.mean(), now.geometric_mean(), change(now.mean(), then.mean()), geometric]
        };
        let found = resampled(&clusters, bootstrap, statistics, why).map(|estimate| Estimate { n, ..estimate });
        let [mean, geometric_mean, mean_change, geometric_change] = found;
        let fixed = |change: Estimate| {
            let base =
                Estimate { low: None, high: None, method: "the month compared with".to_owned(), ..change.clone() };
            if month == first { base } else { change }
        };
        let (mean_change, geometric_change) = (fixed(mean_change), fixed(geometric_change));
        MonthGrowth { month: month.to_owned(), n, mean, geometric_mean, mean_change, geometric_change }
    };
    months.into_iter().map(row).collect()
}

/// Sums of one month.
#[derive(Default)]
struct Sums {
    n: f64,
    values: f64,
    logs: f64,
}

impl Sums {
    fn add(&mut self, value: f64, log: f64) {
        self.n += 1.0;
        self.values += value;
        self.logs += log;
    }

    fn mean(&self) -> Option<f64> {
        (self.n > 0.0).then(|| self.values / self.n)
    }

    /// None of nothing, and none where a value is not above 0, whose logarithm is no number.
    fn geometric_mean(&self) -> Option<f64> {
        (self.n > 0.0 && self.logs.is_finite()).then(|| (self.logs / self.n).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { replicates: 500, seed: 9 };

    fn dated<'a>(rows: &[(&'a str, f64, &'a str)]) -> Vec<Dated<'a>> {
        rows.iter().map(|&(month, value, cluster)| Dated { month, value, cluster }).collect()
    }

    /// By hand: means 150 and 300; geometric means sqrt(100 * 200) and sqrt(100 * 500).
    #[test]
    fn hand_worked_growth() {
        let rows = [("2026-02", 100.0, "c"), ("2026-01", 100.0, "a"), ("2026-01", 200.0, "b"), ("2026-02", 500.0, "d")];
        let found = growth(&dated(&rows), BOOTSTRAP);
        assert_eq!(
            found.iter().map(|row| (row.month.as_str(), row.n)).collect::<Vec<_>>(),
            [("2026-01", 2), ("2026-02", 2)]
        );
        let second = &found[1];
        assert!((second.mean_change.value.unwrap() - 1.0).abs() < 1e-12);
        assert!((second.geometric_change.value.unwrap() - (2.5_f64.sqrt() - 1.0)).abs() < 1e-12);
        assert_eq!((found[0].mean_change.value, found[0].mean_change.low), (Some(0.0), None));
    }

    /// Everybody is there in both months and doubles: drawing persons leaves no doubt about the ratio of geometric means.
    #[test]
    fn persons_are_drawn_with_all_their_months() {
        let names: Vec<String> = (0..20).map(|name| format!("p{name}")).collect();
        let mut rows = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let value = 10.0 * (at + 1) as f64;
            rows.extend([("2026-01", value, name.as_str()), ("2026-02", 2.0 * value, name.as_str())]);
        }
        let change = &growth(&dated(&rows), BOOTSTRAP)[1].geometric_change;
        assert!((change.low.unwrap() - 1.0).abs() < 1e-9 && (change.high.unwrap() - 1.0).abs() < 1e-9, "{change:?}");
    }

    #[test]
    fn nothing_grows_from_nothing() {
        assert_eq!(growth(&[], BOOTSTRAP), []);
        let found = growth(&dated(&[("2026-01", 0.0, "a"), ("2026-02", 1.0, "b")]), BOOTSTRAP);
        assert_eq!(found[1].geometric_change.undefined, Some(Undefined::NegativeValue));
    }
}
