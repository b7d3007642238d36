//! How well prices are told: predicted against actual prices of postings held out (report.md section 7).

use serde::{Deserialize, Serialize};

use super::bootstrap::{Bootstrap, percentile};
use super::coefficient::Undefined;
use super::resampled::resampled;
use super::share::Estimate;

/// One posting with its actual price and the judge's, both above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priced {
    /// The judge's price.
    pub predicted: f64,
    /// The price it carried.
    pub actual: f64,
}

/// Scores of a set of prices, each with a 95 % percentile interval over postings drawn anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceScores {
    /// Square of Pearson's correlation of the logarithms.
    pub log_r2: Estimate,
    /// Square of Pearson's correlation of the prices.
    pub level_r2: Estimate,
    /// Geometric mean of predicted over actual: 1 is no bias, 0.5 is half the price.
    pub bias: Estimate,
    /// Median of the judge's prices.
    pub median_predicted: Estimate,
    /// Median of the actual prices.
    pub median_actual: Estimate,
}

/// Scores of `prices`.
#[must_use]
pub fn price_scores(prices: &[Priced], bootstrap: Bootstrap) -> PriceScores {
    // Every posting is a cluster of its own.
    let names: Vec<String> = (0..prices.len()).map(|at| format!("{at:08}")).collect();
    let clusters: Vec<&str> = names.iter().map(String::as_str).collect();
    let scores = |items: &[usize]| {
        let column = |of: &dyn Fn(&Priced) -> f64| items.iter().map(|item| of(&prices[*item])).collect::<Vec<f64>>();
        let (predicted, actual) = (column(&|price| price.predicted), column(&|price| price.actual));
        let logs = |column: &[f64]| column.iter().map(|price| price.ln()).collect::<Vec<f64>>();
        let (log_predicted, log_actual) = (logs(&predicted), logs(&actual));
        let median = |mut column: Vec<f64>| {
            column.sort_unstable_by(f64::total_cmp);
            (!column.is_empty()).then(|| percentile(&column, 0.5))
        };
        let bias = mean(&column(&|price| price.predicted.ln() - price.actual.ln())).map(f64::exp);
        let squares = [squared_correlation(&log_predicted, &log_actual), squared_correlation(&predicted, &actual)];
        [squares[0], squares[1], bias, median(predicted), median(actual)]
    };
    let why = if prices.len() < 3 { Undefined::TooFewItems } else { Undefined::NoVariation };
    let [log_r2, level_r2, bias, median_predicted, median_actual] = resampled(&clusters, bootstrap, scores, why);
    PriceScores { log_r2, level_r2, bias, median_predicted, median_actual }
}

/// Square of Pearson's correlation; none for fewer than three pairs (two always lie on a line), or where a side does not vary.
fn squared_correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    // Compared as they are: the mean of equal numbers may differ from them by rounding.
    let varies = |column: &[f64]| column.iter().any(|value| value.total_cmp(&column[0]).is_ne());
    if x.len() < 3 || !varies(x) || !varies(y) {
        return None;
    }
    let (x_mean, y_mean) = (mean(x)?, mean(y)?);
    let sum = |of: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(x, y)| of(x - x_mean, y - y_mean)).sum::<f64>();
    let (xx, yy, xy) = (sum(&|x, _| x * x), sum(&|_, y| y * y), sum(&|x, y| x * y));
    (xx > 0.0 && yy > 0.0).then(|| (xy * xy / (xx * yy)).min(1.0))
}

/// Mean; none of nothing.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOTSTRAP: Bootstrap = Bootstrap { replicates: 1_000, seed: 5 };

    fn scores(pairs: &[(f64, f64)]) -> PriceScores {
        let priced = |(predicted, actual): &(f64, f64)| Priced { predicted: *predicted, actual: *actual };
        price_scores(&pairs.iter().map(priced).collect::<Vec<_>>(), BOOTSTRAP)
    }

    /// By hand, in powers of ten: logs predicted 1, 2, 3, 2 and actual 1, 2, 3, 4, so that sums of squares are 2 and 5, of
    /// products 2: the square of the correlation is 4 / 10. Logs of ratios are 0, 0, 0, -2: the bias is 10^-0.5.
    #[test]
    fn hand_worked_scores() {
        let found = scores(&[(10.0, 10.0), (100.0, 100.0), (1_000.0, 1_000.0), (100.0, 10_000.0)]);
        assert!((found.log_r2.value.unwrap() - 0.4).abs() < 1e-12);
        assert!((found.bias.value.unwrap() - 0.1_f64.sqrt()).abs() < 1e-12);
        assert_eq!((found.median_predicted.value, found.median_actual.value), (Some(100.0), Some(550.0)));
        assert!(found.bias.low.unwrap() <= found.bias.value.unwrap() && found.bias.high.unwrap() <= 1.0 + 1e-12);
    }

    #[test]
    fn what_does_not_vary_has_no_correlation_and_says_so() {
        let found = scores(&[(500.0, 10.0), (500.0, 20.0), (500.0, 40.0)]);
        assert_eq!((found.log_r2.value, found.log_r2.undefined), (None, Some(Undefined::NoVariation)));
        assert!((found.bias.value.unwrap() - 25.0).abs() < 1e-9);
        assert_eq!(scores(&[(1.0, 2.0), (2.0, 4.0)]).level_r2.undefined, Some(Undefined::TooFewItems));
        assert_eq!(scores(&[]).bias.value, None);
    }
}
