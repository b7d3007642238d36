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

/// Items that show, with `power` and one-sided at `alpha`, that kappa is above `null` where it is `kappa`, for two labels that the raters
/// give with shares `first` and `second` (Cantor 1996). None where there is no such table, or no difference.
#[must_use]
pub fn kappa_test_items(first: f64, second: f64, null: f64, kappa: f64, alpha: f64, power: f64) -> Option<f64> {
    let [of_null, of_kappa] = [null, kappa].map(|value| kappa_unit_variance(first, second, value));
    let sum =
        normal_inverse(1.0 - alpha) * of_null?.max(0.0).sqrt() + normal_inverse(power) * of_kappa?.max(0.0).sqrt();
    ((kappa - null).abs() > 1e-12).then(|| (sum / (kappa - null)).powi(2))
}

/// The same by the chi-square of goodness of fit of the three outcomes (both give the label, one does, none does) where both raters
/// give it with one `share` (Donner and Eliasziw 1992): the noncentrality of a one-sided test at `alpha` with `power`.
///
/// With a power of one half it is the number of items whose lower limit is `null` where kappa is `kappa`.
#[must_use]
pub fn kappa_goodness_of_fit_items(share: f64, null: f64, kappa: f64, alpha: f64, power: f64) -> Option<f64> {
    let rest = 1.0 - share;
    let outcomes = |kappa: f64| {
        let both = share * rest * kappa;
        [share * share + both, 2.0 * share * rest - 2.0 * both, rest * rest + both]
    };
    let (expected, seen) = (outcomes(null), outcomes(kappa));
    if expected.iter().chain(&seen).any(|outcome| *outcome < -1e-12) || expected.iter().any(|outcome| *outcome <= 0.0) {
        return None;
    }
    let distance: f64 = expected.iter().zip(seen).map(|(expected, seen)| (seen - expected).powi(2) / expected).sum();
    let noncentrality = (normal_inverse(1.0 - alpha) + normal_inverse(power)).powi(2);
    (distance > 0.0).then(|| noncentrality / distance)
}

/// Items that show, one-sided at `alpha` with `power`, that a coefficient with this variance of influences, times the number of
/// items, is above `null` where it is `value`. None where there is no difference.
#[must_use]
pub fn one_sided_items(unit_variance: f64, null: f64, value: f64, alpha: f64, power: f64) -> Option<f64> {
    let sum = (normal_inverse(1.0 - alpha) + normal_inverse(power)) * unit_variance.sqrt();
    ((value - null).abs() > 1e-12).then(|| (sum / (value - null)).powi(2))
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

#[cfg(test)]
mod tests {
    use super::*;

    // The documentation of the R package irr 0.84: N.cohen.kappa(0.5, 0.5, 0.7, 0.85) is 96. The other way round, by hand: unit variances
    // (1 - 0.7 squared) and (1 - 0.85 squared) at even shares, (1.644854 x 0.714143 + 0.841621 x 0.526783)^2 / 0.0225 = 116.35.
    #[test]
    fn kappa_tests_have_the_numbers_of_cantor() {
        let items = |null, kappa| kappa_test_items(0.5, 0.5, null, kappa, 0.05, 0.8).unwrap();
        assert!(items(0.85, 0.7) > 95.0 && items(0.85, 0.7) <= 96.0);
        assert!((items(0.7, 0.85) - 116.35).abs() < 0.01, "{}", items(0.7, 0.85));
        assert_eq!(kappa_test_items(0.9, 0.1, 0.0, 0.9, 0.05, 0.8), None);
        assert_eq!(kappa_test_items(0.5, 0.5, 0.6, 0.6, 0.05, 0.8), None);
    }

    // The R package kappaSize: with 144 subjects, share 0.5 and kappa 0.7, the lower limit of a one-sided 95 % interval is 0.589.
    #[test]
    fn goodness_of_fit_has_the_limit_of_donner_and_eliasziw() {
        let items = |null| kappa_goodness_of_fit_items(0.5, null, 0.7, 0.05, 0.5).unwrap();
        assert!(items(0.588) < 144.0 && items(0.59) > 144.0, "{} {}", items(0.588), items(0.59));
        assert_eq!(kappa_goodness_of_fit_items(0.5, 1.0, 0.7, 0.05, 0.8), None);
    }
}
