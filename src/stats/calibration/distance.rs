//! Calibration error as a number with its error, and what a calibrated judge would show.

use super::super::coefficient::{Coefficient, Undefined};
use super::super::coefficients::{Width, coefficient};
use super::super::estimate::Form;
use super::super::influence::Influence;
use super::super::mean::with_error;
use super::reliability::Reliability;

/// Expected and largest calibration error of `probabilities` of `outcomes` over `bins` of equal width, and the expected error that
/// a calibrated judge of the same confidences would show by chance.
///
/// The first rests on influences with the sign of every bin's gap held, by cluster where there are any; the largest has no interval.
/// The third is the sum over bins of the mean absolute value of a normal gap, root of 2 sum p (1 - p) / pi, over n.
#[must_use]
pub fn calibration_errors(
    probabilities: &[f64],
    outcomes: &[bool],
    bins: usize,
    clusters: Option<&[u32]>,
    confidence: f64,
) -> Vec<Coefficient> {
    const NAMES: [&str; 3] =
        ["expected_calibration_error", "maximum_calibration_error", "expected_calibration_error_by_chance"];
    let n = outcomes.len();
    let diagram = match Reliability::of(probabilities, outcomes, bins) {
        Ok(diagram) => diagram,
        Err(why) => return NAMES.map(|name| Coefficient::undefined(name, n, "none", why)).to_vec(),
    };
    let bin = |p: f64| diagram.bins.partition_point(|bin| bin.up_to < p).min(bins.saturating_sub(1));
    let side = |at: usize| {
        let of = &diagram.bins[at];
        of.confidence.zip(of.accuracy).map_or(0.0, |(stated, seen)| (stated - seen).signum())
    };
    let gap = |(p, hit): (&f64, &bool)| Some(side(bin(*p)) * (p - f64::from(*hit)));
    let gaps: Vec<Option<f64>> = probabilities.iter().zip(outcomes).map(gap).collect();
    let [expected, largest, chance] = NAMES;
    let words = format!("{bins} bins of equal width, (a, b]");
    let expected = match Influence::of_mean(&gaps, &vec![1.0; n]) {
        Some(of) => {
            let mut found = with_error(expected, of, clusters, confidence, Form::Wald);
            found.low = found.low.map(|low| low.max(0.0));
            found.method = format!("{words}; {}", found.method);
            found
        }
        None => Coefficient::undefined(expected, n, "none", Undefined::TooFewItems),
    };
    let spread = |at: usize| {
        let variance: f64 = probabilities.iter().filter(|p| bin(**p) == at).map(|p| p * (1.0 - p)).sum();
        (2.0 * variance / std::f64::consts::PI).sqrt() / n as f64
    };
    let plain = |name: &str, value: f64, method: String| {
        coefficient(name, value, n, Width { se: None, interval: None, method })
    };
    vec![
        expected,
        plain(largest, diagram.largest_error, format!("{words}; no interval")),
        plain(chance, (0..bins).map(spread).sum(), format!("{words}; normal approximation, independent items")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_that_of_the_diagram_and_its_width_is_that_of_the_mean_gap() {
        let p = [0.95, 0.95, 0.95, 0.95, 0.65, 0.65];
        let y = [true, true, false, false, true, true];
        let found = calibration_errors(&p, &y, 10, None, 0.95);
        // By hand: gaps 0.45 in four items and 0.35 in two.
        assert!((found[0].value.unwrap() - (0.45 * 4.0 + 0.35 * 2.0) / 6.0).abs() < 1e-12);
        assert!((found[1].value.unwrap() - 0.45).abs() < 1e-12);
        let chance = ((2.0 * 4.0 * 0.95 * 0.05 / std::f64::consts::PI).sqrt()
            + (2.0 * 2.0 * 0.65 * 0.35 / std::f64::consts::PI).sqrt())
            / 6.0;
        assert!((found[2].value.unwrap() - chance).abs() < 1e-12);
        assert!(found[0].se.unwrap() > 0.0 && found[0].low.unwrap() >= 0.0);
        assert_eq!(calibration_errors(&[], &[], 10, None, 0.95)[0].undefined, Some(Undefined::TooFewItems));
    }

    // A calibrated judge of 0.7: the error that chance leaves is what was said it would be, on average.
    #[test]
    fn a_calibrated_judge_shows_the_error_of_chance() {
        let mut state = 1_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / 9_007_199_254_740_992.0
        };
        let p = [0.7; 200];
        let (mut sum, mut said) = (0.0, 0.0);
        for _ in 0..400 {
            let y: Vec<bool> = p.iter().map(|p| uniform() < *p).collect();
            let found = calibration_errors(&p, &y, 10, None, 0.95);
            sum += found[0].value.unwrap() / 400.0;
            said = found[2].value.unwrap();
        }
        assert!((sum / said - 1.0).abs() < 0.1, "{sum} {said}");
    }
}
