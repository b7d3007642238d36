//! The rate among a base: yes / (yes + no), where other labels are outside the base.
//!
//! A ratio of two estimated shares has the influence (influence of yes - rate x influence of yes and no) / (yes + no), by
//! linearization (Woodruff 1971; Binder 1983); its error follows from that as for every estimate.

use std::collections::BTreeSet;

use crate::stats::estimate::{Corrected, Form, LabelSample, raw_mean};
use crate::stats::{Influence, Undefined};

use super::model::Value;

/// Positions of `yes` and `no` on the scale.
const YES: usize = 0;
const NO: usize = 1;

/// Whether a label is in the base.
pub(super) fn in_base(label: usize) -> bool {
    label == YES || label == NO
}

/// The part of `sample` that the judge puts into the base.
pub(super) fn base(sample: &LabelSample) -> LabelSample {
    let kept: Vec<bool> = sample.judged.iter().map(|label| label.is_some_and(in_base)).collect();
    sample.part(&kept)
}

/// The judge's own rate; none without a session in the base.
pub(super) fn raw(sample: &LabelSample) -> Option<Influence> {
    raw_mean(&base(sample).indicator(YES))
}

/// The rate of corrected shares; `shown` are the shares after they were moved between 0 and 1, which the value is computed from.
///
/// # Errors
/// Those of the shares; [`Undefined::TooFewItems`] where nothing is left in the base, or where fewer than two units have gold and
/// are in it by gold or by the judge; [`Undefined::NotNumeric`] for a method whose interval has no such form.
pub(super) fn corrected(
    shares: &[Result<Corrected, Undefined>],
    shown: &[Value],
    sample: &LabelSample,
) -> Result<Corrected, Undefined> {
    let share = |at: usize| shares.get(at).cloned().unwrap_or(Err(Undefined::TooFewItems));
    let (yes, no) = (share(YES)?, share(NO)?);
    if matches!(yes.form, Form::LangReiczigel(_)) {
        return Err(Undefined::NotNumeric);
    }
    let value = |at: usize| shown.get(at).and_then(|share| share.value).ok_or(Undefined::TooFewItems);
    let (of_yes, of_no) = (value(YES)?, value(NO)?);
    let total = of_yes + of_no;
    if total <= 0.0 {
        return Err(Undefined::TooFewItems);
    }
    let rate = of_yes / total;
    let parts = [((1.0 - rate) / total, &yes.influence), (-rate / total, &no.influence)];
    let influence = Influence { value: rate, ..Influence::weighted_sum(&parts) };
    let is_in = |label: Option<usize>| label.is_some_and(in_base);
    let gold: BTreeSet<usize> =
        sample.gold_items().filter(|item| is_in(sample.gold[*item]) || is_in(sample.judged[*item])).collect();
    Corrected::new(influence, gold.into_iter(), sample.clusters.as_deref(), yes.form)
}

/// The smallest and largest raw rate, whatever the missing verdicts would have been: all of them in the base, and all no or all yes.
/// `answered` is the part of the sessions, by weight, that has a verdict.
pub(super) fn worst(sample: &LabelSample, answered: f64) -> Option<(f64, f64)> {
    let weight = |is: &dyn Fn(usize) -> bool| {
        let own = sample.judged.iter().zip(&sample.weights);
        own.filter(|(label, _)| label.is_some_and(is)).map(|(_, weight)| weight).sum::<f64>()
    };
    let (all, yes, base) = (weight(&|_| true), weight(&|label| label == YES), weight(&in_base));
    if answered <= 0.0 {
        return None;
    }
    let missing = all / answered - all;
    (base + missing > 0.0).then(|| (yes / (base + missing), (yes + missing) / (base + missing)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Design;
    use crate::stats::estimate::gold_only;

    fn sample(judged: &[usize], gold: &[Option<usize>]) -> LabelSample {
        LabelSample {
            labels: 3,
            judged: judged.iter().copied().map(Some).collect(),
            gold: gold.to_vec(),
            weights: vec![1.0; judged.len()],
            gold_weights: None,
            clusters: None,
        }
    }

    /// 6 yes, 2 no, 4 outside: 6 / 8 whatever is outside, with the binomial error of 8.
    #[test]
    fn what_is_outside_does_not_count() {
        let labels = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2];
        let gold: Vec<Option<usize>> = labels.iter().copied().map(Some).collect();
        let sample = sample(&labels, &gold);
        let shares: Vec<_> = (0..3).map(|label| gold_only(&sample.indicator(label), Form::Share)).collect();
        let shown: Vec<Value> =
            shares.iter().map(|one| Value::new("", one.as_ref().unwrap().value(), None, (0.0, 1.0))).collect();
        let rate = corrected(&shares, &shown, &sample).unwrap();
        assert!((rate.value() - 0.75).abs() < 1e-12);
        assert_eq!(rate.error.units, 8);
        // The variance of a share of 8, with n - 1.
        assert!((rate.error.se - (0.75_f64 * 0.25 / 7.0).sqrt()).abs() < 1e-12, "{}", rate.error.se);
        let own = raw(&sample).unwrap();
        assert!((own.value - 0.75).abs() < 1e-12);
        let error = own.standard_error(Design::default()).unwrap();
        assert!((error.se - (0.75_f64 * 0.25 / 7.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn missing_verdicts_may_all_be_in_the_base() {
        let sample = sample(&[0, 0, 1, 2], &[None; 4]);
        assert_eq!(worst(&sample, 1.0), Some((2.0 / 3.0, 2.0 / 3.0)));
        let (low, high) = worst(&sample, 0.8).unwrap();
        assert!((low - 0.5).abs() < 1e-12 && (high - 0.75).abs() < 1e-12, "{low} {high}");
        assert_eq!(worst(&sample, 0.0), None);
    }

    #[test]
    fn an_empty_base_has_no_rate() {
        let sample = sample(&[2, 2, 2], &[Some(2); 3]);
        assert_eq!(raw(&sample), None);
        let shares: Vec<_> = (0..3).map(|label| gold_only(&sample.indicator(label), Form::Share)).collect();
        let shown: Vec<Value> =
            shares.iter().map(|one| Value::new("", one.as_ref().unwrap().value(), None, (0.0, 1.0))).collect();
        assert_eq!(corrected(&shares, &shown, &sample).unwrap_err(), Undefined::TooFewItems);
    }
}
