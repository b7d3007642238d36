//! Rounding so that exact counts cannot be found back.
//!
//! Every number shown is a function of rounded counts, but for how much wider than simple sampling its interval is, of which only
//! a coarse class goes in: a share and its interval tell no more than the two rounded counts beside them.

use crate::report::study::Unit;
use crate::stats::{CONFIDENCE, score_interval};

use super::model::PublicNumber;

/// Counts are rounded to the nearest multiple of this.
pub(super) const COUNTS: u64 = 5;

/// Shares are rounded to whole percent.
pub(super) const PERCENT: u64 = 1;

/// Classes of how many times wider than a simple sample's an interval's square is; the last holds for all above.
const CLASSES: [f64; 13] = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Sessions from which finer steps than the coarse ones tell of no single session.
const MANY: u64 = 1_000;

/// A number with an interval, before rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exact {
    pub value: f64,
    pub ends: Option<(f64, f64)>,
    /// Sessions it rests on.
    pub n: u64,
}

/// `n` to the nearest multiple of [`COUNTS`].
pub(super) fn count(n: u64) -> u64 {
    (n + COUNTS / 2) / COUNTS * COUNTS
}

/// `n` up to a multiple of [`COUNTS`].
pub(super) fn up(n: u64) -> u64 {
    n.div_ceil(COUNTS) * COUNTS
}

/// `exact` in whole percent; computed from `with`, the exact number of sessions with it, where shares are plain counts, and else on
/// the steps that rounded counts leave. None where no session is left after rounding.
pub(super) fn share(exact: Exact, with: Option<u64>) -> Option<PublicNumber> {
    let n = count(exact.n) as f64;
    if n == 0.0 {
        return None;
    }
    let clamped = exact.value.clamp(0.0, 1.0);
    let steps = n / COUNTS as f64;
    let on_step = match with {
        Some(with) => (count(with) as f64 / n).min(1.0),
        None => (clamped * steps).round() / steps,
    };
    let value = at_step(on_step, 0.01);
    let Some((low, high)) = exact.ends else { return Some(PublicNumber { value, low: None, high: None }) };
    let simple = score_interval(clamped, exact.n as f64, CONFIDENCE);
    let wider = ((high - low) / (simple.1 - simple.0)).powi(2);
    let class = CLASSES.into_iter().find(|class| wider <= class * 1.02).unwrap_or(CLASSES[CLASSES.len() - 1]);
    let (low, high) = score_interval(on_step, n / class, CONFIDENCE);
    let (low, high) = (below(low, 0.01).min(value), above(high, 0.01).max(value));
    Some(PublicNumber { value, low: Some(low), high: Some(high) })
}

/// `exact` in steps that suit its unit: two significant digits for amounts, whole percent or tenths of a percentage point for
/// changes and differences of many sessions, five and one for those of fewer.
pub(super) fn amount(exact: Exact, unit: Unit) -> PublicNumber {
    let step = |value: f64| match (unit, exact.n >= MANY) {
        (Unit::Number, _) => 10_f64.powf(value.abs().max(1e-9).log10().floor() - 1.0),
        (Unit::Change, true) | (Unit::Share | Unit::Points, false) => 0.01,
        (Unit::Change, false) => 0.05,
        (Unit::Share | Unit::Points, true) => 0.001,
    };
    let value = at_step(exact.value, step(exact.value));
    let low = exact.ends.map(|(low, _)| below(low, step(low)).min(value));
    let high = exact.ends.map(|(_, high)| above(high, step(high)).max(value));
    PublicNumber { value, low, high }
}

/// A coefficient of agreement: to 0.05, or to 0.01 over many sessions.
pub(super) fn coefficient(exact: Exact) -> PublicNumber {
    let step = if exact.n >= MANY { 0.01 } else { 0.05 };
    let value = at_step(exact.value, step);
    let low = exact.ends.map(|(low, _)| below(low, step).min(value));
    let high = exact.ends.map(|(_, high)| above(high, step).max(value));
    PublicNumber { value, low, high }
}

/// `value`, in whole percentage points, with an interval as wide as that of `exact` and a point more on both sides: the value is the
/// difference of two rounded shares.
pub(super) fn wider(value: f64, exact: PublicNumber) -> PublicNumber {
    let value = at_step(value, 0.01);
    let ends = exact.low.zip(exact.high);
    let half = ends.map(|(low, high)| above((high - low) / 2.0, 0.01) + 0.01);
    PublicNumber {
        value,
        low: half.map(|half| at_step(value - half, 0.01)),
        high: half.map(|half| at_step(value + half, 0.01)),
    }
}

fn at_step(value: f64, step: f64) -> f64 {
    clean((value / step).round(), step)
}

fn below(value: f64, step: f64) -> f64 {
    clean((value / step + 1e-9).floor(), step)
}

fn above(value: f64, step: f64) -> f64 {
    clean((value / step - 1e-9).ceil(), step)
}

/// `steps` times `step` without the noise of the last binary digits, and without a negative zero.
fn clean(steps: f64, step: f64) -> f64 {
    let value = if step < 1.0 { steps / (1.0 / step).round() } else { steps * step.round() };
    value + 0.0
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn is(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-12
    }

    #[test]
    fn counts_go_to_the_nearest_five() {
        assert_eq!([0, 2, 3, 7, 8, 15, 17, 18].map(count), [0, 0, 5, 5, 10, 15, 15, 20]);
        assert_eq!([0, 1, 15, 16].map(up), [0, 5, 15, 20]);
    }

    // What is shown of 8 of 40 to 12 of 40, all rounded to 10 of 40, is the same: the exact count is lost.
    #[test]
    fn a_share_tells_no_more_than_its_rounded_counts() {
        let shown: BTreeSet<String> = (8_u64..=12)
            .flat_map(|with| (38_u64..=42).map(move |n| (with, n)))
            .map(|(with, n)| {
                let value = with as f64 / n as f64;
                let ends = Some(score_interval(value, n as f64, CONFIDENCE));
                format!("{:?}", share(Exact { value, ends, n }, Some(with)))
            })
            .collect();
        assert_eq!(shown.len(), 1, "{shown:?}");
    }

    #[test]
    fn shares_of_weighted_sessions_stand_on_the_steps_of_counts() {
        let one = share(Exact { value: 0.31, ends: Some((0.1, 0.6)), n: 20 }, None).unwrap();
        assert!(is(one.value, 0.25), "{one:?}");
        assert!(one.low.unwrap() < 0.11 && one.high.unwrap() > 0.49, "{one:?}");
        assert_eq!(share(Exact { value: 0.5, ends: None, n: 2 }, None), None);
        assert!(is(share(Exact { value: -0.1, ends: None, n: 100 }, None).unwrap().value, 0.0));
    }

    #[test]
    fn a_shift_tells_the_difference_of_what_is_shown_and_how_wide_it_is() {
        let exact = PublicNumber { value: 0.0234, low: Some(-0.011), high: Some(0.058) };
        let found = wider(0.31 - 0.28, exact);
        assert!(is(found.value, 0.03) && is(found.low.unwrap(), -0.02) && is(found.high.unwrap(), 0.08), "{found:?}");
        assert_eq!(wider(0.1, PublicNumber { value: 0.1, low: None, high: None }).low, None);
    }

    #[test]
    fn amounts_keep_two_digits_and_wider_ends() {
        let number = |value, ends| amount(Exact { value, ends: Some(ends), n: 50 }, Unit::Number);
        let (words, few) = (number(2_437.0, (2_101.0, 2_999.0)), number(0.0437, (0.0401, 0.0499)));
        assert_eq!((words.value, words.low, words.high), (2_400.0, Some(2_100.0), Some(3_000.0)));
        assert_eq!((few.value, few.low, few.high), (0.044, Some(0.040), Some(0.050)));
        let points = amount(Exact { value: 0.0379, ends: None, n: 2_000 }, Unit::Points);
        assert!(is(points.value, 0.038), "{points:?}");
        assert!(is(coefficient(Exact { value: 0.73, ends: None, n: 30 }).value, 0.75));
    }
}
