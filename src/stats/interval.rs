//! Intervals and quantiles.

use statrs::distribution::{ContinuousCDF, FisherSnedecor, Normal, StudentsT};

/// Lower and upper end.
pub type Interval = (f64, f64);

/// The confidence that intervals have where no other is asked for.
pub const CONFIDENCE: f64 = 0.95;

/// `value` plus and minus the normal quantile times `se`, not clipped.
#[must_use]
pub fn normal_interval(value: f64, se: f64, confidence: f64) -> Interval {
    let half = normal_quantile(confidence) * se;
    (value - half, value + half)
}

/// `value` plus and minus the t quantile at `degrees` degrees of freedom times `se`, the upper end clipped at 1.
///
/// None where there are no degrees of freedom.
#[must_use]
pub fn t_interval(value: f64, se: f64, degrees: usize, confidence: f64) -> Option<Interval> {
    let half = StudentsT::new(0.0, 1.0, degrees as f64).ok()?.inverse_cdf(f64::midpoint(1.0, confidence)) * se;
    Some((value - half, (value + half).min(1.0)))
}

/// Wilson score interval of the share `hits / n` (Wilson 1927); none where `n` is 0.
#[must_use]
pub fn wilson_interval(hits: u64, n: u64) -> Option<Interval> {
    (n > 0).then(|| score_interval(hits as f64 / n as f64, n as f64, CONFIDENCE))
}

/// Wilson's interval of `share` among `n` above 0, which need not be whole.
#[must_use]
pub fn score_interval(share: f64, n: f64, confidence: f64) -> Interval {
    let z2 = normal_quantile(confidence).powi(2);
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = (share * (1.0 - share) * z2 / n + (z2 / (2.0 * n)).powi(2)).sqrt() / (1.0 + z2 / n);
    // Rounding must not move the ends of 0 of n and n of n off 0 and 1.
    let low = if share <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if share >= 1.0 { 1.0 } else { (centre + half).min(1.0) };
    (low, high)
}

/// Quantile of the t distribution for a two-sided interval; that of the normal one without degrees of freedom.
pub(super) fn t_quantile(degrees: usize, confidence: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees as f64)
        .map_or_else(|_| normal_quantile(confidence), |t| t.inverse_cdf(f64::midpoint(1.0, confidence)))
}

/// Quantile of the normal distribution for a two-sided interval.
pub(super) fn normal_quantile(confidence: f64) -> f64 {
    Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence))
}

/// The value below which a normal variable falls with `probability`.
pub(super) fn normal_inverse(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// The probability that a normal variable falls below `value`.
pub(super) fn normal_below(value: f64) -> f64 {
    Normal::standard().cdf(value)
}

/// The value below which an F variable falls with `probability`, by bisection of its distribution; none where degrees of
/// freedom are not above 0.
pub(super) fn f_quantile(probability: f64, above: f64, below: f64) -> Option<f64> {
    let distribution = FisherSnedecor::new(above, below).ok()?;
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while distribution.cdf(high) < probability {
        high *= 2.0;
        if high > 1e300 {
            return None;
        }
    }
    while high - low > 1e-15 * high {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if distribution.cdf(middle) < probability { low = middle } else { high = middle }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(left: f64, right: f64) {
        assert!((left - right).abs() < 1e-9, "{left} is not {right}");
    }

    // Quantiles from scipy 1.12.0: norm.ppf(0.975), t.ppf(0.975, df) for df 1, 9 and 250.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        close(normal_quantile(0.95), 1.959_963_984_540_054);
        close(t_interval(0.0, 0.01, 1, 0.95).unwrap().0, -0.127_062_047_364_320_95);
        close(t_interval(0.0, 0.1, 9, 0.95).unwrap().0, -0.226_215_716_274_099_15);
        close(t_interval(0.0, 0.1, 250, 0.95).unwrap().0, -0.196_949_839_342_042);
        assert_eq!(t_interval(0.9, 0.1, 0, 0.95), None);
        close(t_interval(0.99, 0.1, 9, 0.95).unwrap().1, 1.0);
    }

    // Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
    #[test]
    fn wilson_is_newcombes_table() {
        let (low, high) = wilson_interval(81, 263).unwrap();
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let (low, high) = wilson_interval(0, 20).unwrap();
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{low} {high}");
        assert_eq!(wilson_interval(0, 0), None);
    }
}
