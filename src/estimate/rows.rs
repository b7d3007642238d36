//! Rows of one group: raw beside corrected, with bounds for missing verdicts.

use crate::stats::estimate::{Corrected, FEWEST_GOLD, LabelSample, raw_mean};
use crate::stats::{Design, Estimate, Numbered, Undefined, shares_numbered};

use super::input::Judged;
use super::method::Method;
use super::model::{Row, Value};
use super::rate;

/// The label of the row of a rate.
pub(super) const RATE: &str = "rate";

/// What stands below the labels.
pub(super) enum Summary {
    /// Nothing.
    None,
    /// The mean of the labels' numeric values.
    Mean(Vec<f64>),
    /// The first label among the first two; other labels are outside the base.
    Rate,
}

/// What rows are made from.
pub(super) struct Maker<'a> {
    pub judged: &'a Judged<'a>,
    pub methods: &'a [Method],
    pub strata: Option<&'a [u32]>,
    pub confidence: f64,
    pub summary: Summary,
}

/// The estimates of one group: by method, then by label, the mean last.
pub(super) struct Estimates {
    pub raw: Vec<Option<crate::stats::Influence>>,
    pub corrected: Vec<Vec<Result<Corrected, Undefined>>>,
    pub rows: Vec<Row>,
}

impl Maker<'_> {
    /// The group `name` of the items kept.
    pub(super) fn group(&self, name: Option<&str>, kept: &[bool]) -> Estimates {
        let sample = self.judged.sample.part(kept);
        let mut raw: Vec<_> = (0..sample.labels).map(|label| raw_mean(&sample.indicator(label))).collect();
        let mut columns = Vec::new();
        let mut corrected = Vec::new();
        for method in self.methods {
            let (values, estimates) = self.method(*method, &sample);
            columns.push(values);
            corrected.push(estimates);
        }
        let shares = self.raw_shares(&sample);
        let mut rows: Vec<Row> = Vec::new();
        for (label, share) in shares.into_iter().enumerate() {
            let value = raw_value(&share, raw[label].as_ref(), &sample);
            rows.push(self.row(name, &sample, Some(label), value, &columns, kept));
        }
        match &self.summary {
            Summary::None => {}
            Summary::Mean(values) => {
                let mean = raw_mean(&sample.numbers(|label| values[label]));
                let value = self.raw_difference(mean.as_ref(), &sample);
                rows.push(self.row(name, &sample, None, value, &columns, kept));
                raw.push(mean);
            }
            Summary::Rate => {
                let influence = rate::raw(&sample);
                rows.push(self.rate_row(name, &sample, influence.as_ref(), &columns, kept));
                raw.push(influence);
            }
        }
        Estimates { raw, corrected, rows }
    }

    /// What one method gives for every label, and for the mean where there is one.
    fn method(&self, method: Method, sample: &LabelSample) -> (Vec<Value>, Vec<Result<Corrected, Undefined>>) {
        let all = &self.judged.sample;
        let (mut values, mut estimates) = corrected(method, sample, all, self.strata, self.confidence);
        match &self.summary {
            Summary::None => {}
            Summary::Mean(numbers) => {
                let mean = enough(method.mean(sample, all, self.strata, numbers));
                values.push(self.value(method.as_str(), &mean));
                estimates.push(mean);
            }
            Summary::Rate => {
                let (value, rate) = rate_of(&values, &estimates, sample, self.confidence);
                values.push(value);
                estimates.push(rate);
            }
        }
        (values, estimates)
    }

    /// The rate among the base: counts are of sessions in it.
    fn rate_row(
        &self,
        group: Option<&str>,
        sample: &LabelSample,
        influence: Option<&crate::stats::Influence>,
        columns: &[Vec<Value>],
        kept: &[bool],
    ) -> Row {
        let base = rate::base(sample);
        let share = self.raw_shares(&base).into_iter().next();
        let raw = share.map_or_else(
            || Value::undefined("raw", Undefined::TooFewItems),
            |share| raw_value(&share, influence, &base),
        );
        let gold: Vec<usize> =
            sample.gold_items().filter(|item| sample.gold[*item].is_some_and(rate::in_base)).collect();
        let answered = self.answered(sample, kept, group.is_none());
        Row {
            group: group.map(str::to_owned),
            label: RATE.to_owned(),
            judged: base.judged.iter().flatten().count(),
            gold: gold.len(),
            gold_with_label: gold.iter().filter(|item| sample.gold[**item] == Some(0)).count(),
            raw_worst: rate::worst(sample, answered),
            corrected_worst: None,
            raw,
            corrected: columns.iter().map(|values| values[sample.labels].clone()).filter(Value::is_meant).collect(),
        }
    }

    /// An estimate as it is printed.
    pub(super) fn value(&self, method: &str, estimate: &Result<Corrected, Undefined>) -> Value {
        Value::of(method, estimate, self.confidence)
    }

    /// A raw mean or difference with the interval of its influences.
    pub(super) fn raw_difference(&self, of: Option<&crate::stats::Influence>, sample: &LabelSample) -> Value {
        let design = Design { clusters: sample.clusters.as_deref(), strata: None };
        match of.map(|influence| (influence.value, influence.standard_error(design))) {
            Some((value, Ok(error))) => {
                Value::new("raw", value, Some(error.se), error.interval(value, self.confidence))
            }
            _ => Value::undefined("raw", Undefined::TooFewItems),
        }
    }

    fn raw_shares(&self, sample: &LabelSample) -> Vec<Estimate> {
        let cluster = |item: usize| {
            let own = || u32::try_from(item).unwrap_or(u32::MAX);
            sample.clusters.as_ref().map_or_else(own, |clusters| clusters[item])
        };
        let one = |(item, label): (usize, &Option<usize>)| {
            label.map(|label| Numbered { label, weight: sample.weights[item], cluster: cluster(item) })
        };
        let observations: Vec<Numbered> = sample.judged.iter().enumerate().filter_map(one).collect();
        shares_numbered(&observations, sample.labels, self.confidence)
    }

    fn row(
        &self,
        group: Option<&str>,
        sample: &LabelSample,
        label: Option<usize>,
        raw: Value,
        columns: &[Vec<Value>],
        kept: &[bool],
    ) -> Row {
        let at = label.unwrap_or(sample.labels);
        let corrected: Vec<Value> = columns.iter().map(|values| values[at].clone()).filter(Value::is_meant).collect();
        let gold: Vec<usize> = sample.gold_items().collect();
        let with_label = gold.iter().filter(|item| label.is_none() || sample.gold[**item] == label).count();
        let answered = self.answered(sample, kept, group.is_none());
        let bounds = |share: Option<f64>| {
            share.filter(|_| label.is_some()).map(|share| (share * answered, share * answered + 1.0 - answered))
        };
        Row {
            group: group.map(str::to_owned),
            label: label.map_or("mean", |label| self.judged.labels[label]).to_owned(),
            judged: sample.judged.iter().flatten().count(),
            gold: gold.len(),
            gold_with_label: with_label,
            raw_worst: bounds(raw.value),
            corrected_worst: bounds(corrected.first().and_then(|value| value.value)),
            raw,
            corrected,
        }
    }

    /// The part of the group, by weight, that has a label; sessions not reached count as one each.
    fn answered(&self, sample: &LabelSample, kept: &[bool], all: bool) -> f64 {
        let weight = |labelled: bool| {
            let counts = |item: &usize| kept[*item] && (!labelled || sample.judged[*item].is_some());
            (0..kept.len()).filter(counts).map(|item| sample.weights[item]).sum::<f64>()
        };
        let not_reached = if all { self.judged.not_reached as f64 } else { 0.0 };
        let total = weight(false) + not_reached;
        if total > 0.0 { weight(true) / total } else { 0.0 }
    }
}

/// Corrected shares of all labels by `method` over `sample`, the judge's errors being those over `all`: as they are printed,
/// between 0 and 1 and with the sum 1, and as they were estimated.
pub fn corrected(
    method: Method,
    sample: &LabelSample,
    all: &LabelSample,
    strata: Option<&[u32]>,
    confidence: f64,
) -> (Vec<Value>, Vec<Result<Corrected, Undefined>>) {
    let outcome = method.shares(sample, all, strata);
    let estimates: Vec<_> = outcome.labels.into_iter().map(enough).collect();
    let plain: Option<Vec<f64>> = estimates.iter().map(|one| one.as_ref().ok().map(Corrected::value)).collect();
    let one_by_one = matches!(method, Method::RoganGladen | Method::LangReiczigel);
    let inside = match plain.filter(|_| !one_by_one) {
        Some(plain) => nearest_shares(&plain).into_iter().map(Some).collect(),
        None => estimates.iter().map(|one| one.as_ref().ok().map(|one| one.value().clamp(0.0, 1.0))).collect(),
    };
    let values = estimates
        .iter()
        .zip::<Vec<Option<f64>>>(inside)
        .map(|(estimate, inside)| {
            let mut value = Value::of(method.as_str(), estimate, confidence);
            if let (Some(inside), Ok(estimate)) = (inside, estimate) {
                value.moved = (inside - estimate.value()).abs() > 1e-12;
                value.value = Some(inside);
                value.low = value.low.map(|low| low.min(inside));
                value.high = value.high.map(|high| high.max(inside));
            }
            value.moved |= outcome.constrained;
            (value.lambda, value.condition) = (outcome.lambda, outcome.condition);
            value
        })
        .collect();
    (values, estimates)
}

/// The corrected rate of the first label among the first two, other labels being outside its base.
#[must_use]
pub fn corrected_rate(method: Method, sample: &LabelSample, confidence: f64) -> Value {
    let (values, estimates) = corrected(method, sample, sample, None, confidence);
    rate_of(&values, &estimates, sample, confidence).0
}

fn rate_of(
    shown: &[Value],
    shares: &[Result<Corrected, Undefined>],
    sample: &LabelSample,
    confidence: f64,
) -> (Value, Result<Corrected, Undefined>) {
    let rate = enough(rate::corrected(shares, shown, sample));
    let first = shown.first();
    let method = first.map_or("none", |first| first.method.as_str());
    let mut value = Value::of(method, &rate, confidence);
    value.moved = shown.iter().take(2).any(|share| share.moved);
    (value.lambda, value.condition) = first.map_or((None, None), |first| (first.lambda, first.condition));
    (value, rate)
}

/// No estimate from gold of too few units.
fn enough(estimate: Result<Corrected, Undefined>) -> Result<Corrected, Undefined> {
    match estimate {
        Ok(estimate) if estimate.error.units < FEWEST_GOLD => Err(Undefined::TooFewItems),
        other => other,
    }
}

fn raw_value(share: &Estimate, influence: Option<&crate::stats::Influence>, sample: &LabelSample) -> Value {
    let design = Design { clusters: sample.clusters.as_deref(), strata: None };
    let se = influence.and_then(|influence| influence.standard_error(design).ok()).map(|error| error.se);
    match (share.value, share.low.zip(share.high)) {
        (Some(value), Some(ends)) => Value::new("raw", value, se, ends),
        _ => Value::undefined("raw", share.undefined.unwrap_or(Undefined::TooFewItems)),
    }
}

/// The shares nearest to `values` that lie between 0 and 1 and sum to 1 (projection onto the simplex; Duchi and others 2008).
fn nearest_shares(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (at, value) in sorted.iter().enumerate() {
        sum += value;
        let excess = (sum - 1.0) / (at as f64 + 1.0);
        if value - excess > 0.0 {
            shift = excess;
        }
    }
    values.iter().map(|value| (value - shift).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest_shares;

    #[test]
    fn shares_outside_move_to_the_nearest_that_sum_to_one() {
        assert_eq!(nearest_shares(&[0.25, 0.75]), [0.25, 0.75]);
        assert_eq!(nearest_shares(&[-0.1, 1.1]), [0.0, 1.0]);
        let moved = nearest_shares(&[0.5, 0.7, -0.2]);
        assert!((moved[0] - 0.4).abs() < 1e-12 && (moved[1] - 0.6).abs() < 1e-12 && moved[2] == 0.0, "{moved:?}");
    }
}
