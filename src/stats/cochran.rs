//! Several judges at once, each right or wrong on the same items.

use super::coefficient::Undefined;
use super::test::Test;

/// Cochran's Q (1950): whether judges are right equally often; `items` holds one answer per judge for every item.
///
/// Items on which all judges are alike say nothing; without any other it is `no_variation`. With two judges it is McNemar's chi-square.
#[must_use]
pub fn cochran_q(items: &[Vec<bool>]) -> Test {
    const NAME: &str = "cochran_q";
    const METHOD: &str = "chi-square over judges (Cochran 1950)";
    let judges = items.first().map_or(0, Vec::len);
    if judges < 2 {
        return Test::undefined(NAME, items.len(), METHOD, Undefined::NoPairableItems);
    }
    let count = |row: &[bool]| row.iter().filter(|hit| **hit).count() as f64;
    let by_judge = |judge: usize| items.iter().filter(|row| row[judge]).count() as f64;
    let k = judges as f64;
    let total: f64 = items.iter().map(|row| count(row)).sum();
    let columns: f64 = (0..judges).map(|judge| by_judge(judge).powi(2)).sum();
    let rows: f64 = items.iter().map(|row| count(row).powi(2)).sum();
    let below = k * total - rows;
    if below == 0.0 {
        return Test::undefined(NAME, items.len(), METHOD, Undefined::NoVariation);
    }
    Test::chi_squared(NAME, (k - 1.0) * (k * columns - total * total) / below, judges - 1, items.len(), METHOD)
}
