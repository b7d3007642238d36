//! The jackknife: values without one item or cluster at a time. Units that weigh alike are left out once, and counted.

use super::coefficients::{Method, Width, design};
use super::draws::Resampler;
use super::interval::t_interval;
use super::table::RatingTable;

/// Error and t interval of `value` (with the `weights` of all patterns) from the values without each unit that takes part: root of
/// (n - 1) / n times the sum of squared distances from their mean (Efron and Tibshirani 1993, equation 11.5). The upper end is clipped at 1.
pub(super) fn jackknife(
    table: &RatingTable,
    (value, weights): (f64, &[f64]),
    takes_part: impl Fn(usize) -> bool,
    without: impl Fn(&[f64]) -> Option<f64>,
    method: Method,
) -> Width {
    let clusters = design(table, method.unit).clusters;
    let resampler = Resampler::of(table, clusters);
    let counted = |kind: &[(u32, f64)]| kind.iter().any(|(pattern, _)| takes_part(*pattern as usize));
    let one = |(kind, copies): (&[(u32, f64)], u64)| {
        let mut rest = weights.to_vec();
        for (pattern, weight) in kind {
            rest[*pattern as usize] -= weight;
        }
        without(&rest).map(|value| (value, copies))
    };
    let values: Option<Vec<(f64, u64)>> = resampler.kinds().filter(|(kind, _)| counted(kind)).map(one).collect();
    let by = if clusters.is_some() { "clusters" } else { "items" };
    let none =
        |why: &str| Width { se: None, interval: None, method: format!("jackknife over {by}: no interval, {why}") };
    let Some(values) = values else { return none("there is no value without one of them") };
    let units = usize::try_from(values.iter().map(|(_, copies)| copies).sum::<u64>()).unwrap_or(usize::MAX);
    if units < 2 {
        return none("fewer than two");
    }
    let n = units as f64;
    let mean = values.iter().map(|(value, copies)| value * *copies as f64).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|(value, copies)| *copies as f64 * (value - mean).powi(2)).sum();
    let se = ((n - 1.0) / n * squares).sqrt();
    let among = if clusters.is_some() { format!("{units} clusters") } else { "items".to_owned() };
    let interval = t_interval(value, se, units - 1, method.confidence);
    Width { se: Some(se), interval, method: format!("jackknife over {among}, t interval") }
}
