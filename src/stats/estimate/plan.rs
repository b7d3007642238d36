//! How many labels, and where.

use crate::stats::interval::{normal_below, normal_inverse, normal_quantile};

/// What a pilot tells of a number: enough to plan its half-width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pilot {
    /// Variance of gold over items.
    pub variance: f64,
    /// Squared correlation of judge and gold over items.
    pub r_squared: f64,
    /// Judged items in all.
    pub judged: f64,
    /// How much larger the variance is than that of independent items of equal weight; 1 where they are.
    pub design_effect: f64,
}

impl Pilot {
    /// Gold labels that reach `half_width` without a judge.
    #[must_use]
    pub fn classical(&self, half_width: f64, confidence: f64) -> f64 {
        self.variance * self.design_effect * (normal_quantile(confidence) / half_width).powi(2)
    }

    /// Gold labels that reach `half_width` with PPI++. Its variance with n gold among T judged items is
    /// V ((1 - r2) / n + r2 / T), from PPI++ (2023, section 6) with the best factor; none where the judged sample alone is too small.
    #[must_use]
    pub fn power_tuned(&self, half_width: f64, confidence: f64) -> Option<f64> {
        let target = (half_width / normal_quantile(confidence)).powi(2) / (self.variance * self.design_effect);
        let left = target - self.r_squared / self.judged;
        (left > 0.0).then(|| ((1.0 - self.r_squared) / left).min(self.classical(half_width, confidence)))
    }
}

/// The variance of Cohen's kappa of two raters and two labels, times the number of items (Fleiss, Cohen and Everitt 1969, as in
/// Cantor 1996): `first` and `second` are how often each rater gives the label.
///
/// None where no table has these shares and this kappa.
#[must_use]
pub fn kappa_unit_variance(first: f64, second: f64, kappa: f64) -> Option<f64> {
    let chance = first * second + (1.0 - first) * (1.0 - second);
    let observed = kappa * (1.0 - chance) + chance;
    let both = f64::midpoint(observed - 1.0, first + second);
    let cells = [[both, first - both], [second - both, 1.0 - first - second + both]];
    if chance >= 1.0 || cells.iter().flatten().any(|cell| *cell < -1e-12) {
        return None;
    }
    let (rows, columns) = ([first, 1.0 - first], [second, 1.0 - second]);
    let mut sum = 0.0;
    for (row, cells) in cells.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let margin = rows[column] + columns[row];
            let weight = if row == column { 1.0 - chance } else { 0.0 } - margin * (1.0 - observed);
            sum += cell * weight * weight;
        }
    }
    let centre = observed * chance - 2.0 * chance + observed;
    Some((sum - centre * centre) / (1.0 - chance).powi(4))
}

/// Items that give kappa `half_width`.
#[must_use]
pub fn kappa_items(unit_variance: f64, half_width: f64, confidence: f64) -> f64 {
    unit_variance * (normal_quantile(confidence) / half_width).powi(2)
}

/// Items that show that one of two judges is right more often, two-sided, with `power` (Miettinen 1968 as in Connor 1987):
/// `first` and `second` are the shares of items that only the one gets right. None where they are equal.
#[must_use]
pub fn mcnemar_items(first: f64, second: f64, alpha: f64, power: f64) -> Option<f64> {
    let (discordant, difference) = (first + second, first - second);
    let spread = (discordant - difference * difference).max(0.0).sqrt();
    let sum = normal_inverse(1.0 - alpha / 2.0) * discordant.sqrt() + normal_inverse(power) * spread;
    (difference.abs() > 1e-12).then(|| (sum / difference).powi(2))
}

/// The power of that test with `items`.
#[must_use]
pub fn mcnemar_power(first: f64, second: f64, alpha: f64, items: f64) -> f64 {
    let (discordant, difference) = (first + second, first - second);
    let spread = (discordant - difference * difference).max(0.0).sqrt();
    let over = difference.abs() * items.sqrt() - normal_inverse(1.0 - alpha / 2.0) * discordant.sqrt();
    if spread > 0.0 { normal_below(over / spread) } else { f64::from(u8::from(over > 0.0)) }
}

/// Where `more` labels go so that the weighted mean over strata gets least variance (Neyman 1934), given those there are:
/// one at a time to the stratum whose next label takes most away. `strata` holds (weight, standard deviation, size, labelled).
#[must_use]
pub fn neyman(strata: &[(f64, f64, usize, usize)], more: usize) -> Vec<usize> {
    let mut next = vec![0; strata.len()];
    for _ in 0..more {
        let gain = |(at, (weight, deviation, size, labelled)): (usize, &(f64, f64, usize, usize))| {
            let n = labelled + next[at];
            // A stratum without labels says nothing of its variance: it comes first, the heaviest before others.
            let gain =
                if n == 0 { 1e12 * weight } else { (weight * deviation).powi(2) / (n as f64 * (n as f64 + 1.0)) };
            (n < *size).then_some((gain, at))
        };
        let best = strata.iter().enumerate().filter_map(gain).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, at)) = best else { break };
        next[at] += 1;
    }
    next
}
