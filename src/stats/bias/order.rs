//! Order of options: whether a judge favours a place in the list.

use super::super::coefficient::Undefined;
use super::super::test::Test;

/// Tests whether places are chosen evenly; `chosen` counts how often the option at each place was chosen, where options were put in
/// random order for every item (Pearson 1900; the measure of Zheng and others 2024).
#[must_use]
pub fn option_order(chosen: &[u64]) -> Test {
    const NAME: &str = "option_order";
    const METHOD: &str = "chi-square of chosen places against even ones (Pearson 1900)";
    let total: u64 = chosen.iter().sum();
    let n = usize::try_from(total).unwrap_or(usize::MAX);
    if total == 0 {
        return Test::undefined(NAME, n, METHOD, Undefined::NoPairableItems);
    }
    let expected = total as f64 / chosen.len() as f64;
    let statistic: f64 = chosen.iter().map(|seen| (*seen as f64 - expected).powi(2) / expected).sum();
    Test::chi_squared(NAME, statistic, chosen.len() - 1, n, METHOD)
}
