//! Means and their sums, with influences.

use crate::stats::Influence;

impl Influence {
    /// The weighted mean of the items that have a value; none where there are none.
    pub(in crate::stats) fn of_mean(values: &[Option<f64>], weights: &[f64]) -> Option<Self> {
        let known = || values.iter().zip(weights).filter_map(|(value, weight)| value.map(|value| (value, weight)));
        let total: f64 = known().map(|(_, weight)| weight).sum();
        if total <= 0.0 {
            return None;
        }
        let mean = known().map(|(value, weight)| value * weight).sum::<f64>() / total;
        let one = |(value, weight): (&Option<f64>, &f64)| value.map(|value| weight * (value - mean) / total);
        Some(Self { value: mean, by_item: values.iter().zip(weights).map(one).collect() })
    }

    /// A sum of estimates on the same items, each times its factor; an item takes part where it does in any of them.
    #[must_use]
    pub fn weighted_sum(parts: &[(f64, &Self)]) -> Self {
        let items = parts.first().map_or(0, |(_, part)| part.by_item.len());
        let mut by_item = vec![None; items];
        for (factor, part) in parts {
            for (sum, influence) in by_item.iter_mut().zip(&part.by_item) {
                if let Some(influence) = influence {
                    *sum = Some(sum.unwrap_or(0.0) + factor * influence);
                }
            }
        }
        Self { value: parts.iter().map(|(factor, part)| factor * part.value).sum(), by_item }
    }
}
