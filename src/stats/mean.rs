//! Plain means and shares over items as numbers with error, interval and method, by cluster where items have any.

use super::coefficient::{Coefficient, Undefined};
use super::coefficients::{Width, coefficient};
use super::estimate::{Corrected, Form};
use super::influence::Influence;

/// The mean of `values`, one per item, with its t interval.
#[must_use]
pub fn mean_of(name: &str, values: &[f64], clusters: Option<&[u32]>, confidence: f64) -> Coefficient {
    mean(name, values, clusters, confidence, Form::Wald)
}

/// The share of `hits`, one per item, with Wilson's interval at the effective sample size (Korn and Graubard 1998).
#[must_use]
pub fn share_of(name: &str, hits: &[bool], clusters: Option<&[u32]>, confidence: f64) -> Coefficient {
    let values: Vec<f64> = hits.iter().map(|hit| f64::from(*hit)).collect();
    mean(name, &values, clusters, confidence, Form::Share)
}

fn mean(name: &str, values: &[f64], clusters: Option<&[u32]>, confidence: f64, form: Form) -> Coefficient {
    let some: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
    match Influence::of_mean(&some, &vec![1.0; values.len()]) {
        Some(influence) => with_error(name, influence, clusters, confidence, form),
        None => Coefficient::undefined(name, 0, "none", Undefined::NoPairableItems),
    }
}

/// A number with the error of its influences.
pub(super) fn with_error(
    name: &str,
    influence: Influence,
    clusters: Option<&[u32]>,
    confidence: f64,
    form: Form,
) -> Coefficient {
    let n = influence.by_item.iter().flatten().count();
    let value = influence.value;
    let kind = if form == Form::Share { "Wilson interval at the effective sample size" } else { "t interval" };
    let items: Vec<usize> = (0..influence.by_item.len()).filter(|at| influence.by_item[*at].is_some()).collect();
    let found = Corrected::new(influence, items.into_iter(), clusters, form);
    let (se, ends, method) = match found {
        Ok(found) => {
            let by = clusters.map_or("items".to_owned(), |_| format!("{} clusters", found.error.units));
            (Some(found.error.se), Some(found.interval(confidence)), format!("mean over {by}, {kind}"))
        }
        Err(_) => (None, None, "no interval: fewer than two units".to_owned()),
    };
    coefficient(name, value, n, Width { se, interval: ends, method })
}

#[cfg(test)]
mod tests {
    use super::*;

    // By hand: mean 2, variance 1, error 1 / sqrt(3), t(0.975, 2) = 4.302653.
    #[test]
    fn a_mean_has_its_t_interval() {
        let found = mean_of("x", &[1.0, 2.0, 3.0], None, 0.95);
        assert!((found.se.unwrap() - 1.0 / 3.0_f64.sqrt()).abs() < 1e-12 && found.n == 3);
        assert!((found.high.unwrap() - (2.0 + 4.302_652_729_911_275 / 3.0_f64.sqrt())).abs() < 1e-9);
        // Two clusters of the same sum of deviations: no variance between them.
        let clustered = mean_of("x", &[1.0, 3.0, 2.0, 2.0], Some(&[1, 1, 2, 2]), 0.95);
        assert!(clustered.se.unwrap() < 1e-12 && clustered.method.contains("2 clusters"), "{clustered:?}");
    }

    #[test]
    fn a_share_keeps_within_its_ends_and_one_item_has_no_interval() {
        let all = share_of("x", &[true; 20], None, 0.95);
        assert!(all.value == Some(1.0) && all.high == Some(1.0) && all.low.unwrap() < 0.9, "{all:?}");
        let one = share_of("x", &[true], None, 0.95);
        assert_eq!((one.value, one.low, one.n), (Some(1.0), None, 1));
        assert_eq!(share_of("x", &[], None, 0.95).undefined, Some(Undefined::NoPairableItems));
    }
}
