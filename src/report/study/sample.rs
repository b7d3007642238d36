//! One judge's answers beside gold, and every number that is made of them.

use crate::estimate::{Method, Standing, Value, corrected, corrected_rate};
use crate::rubric::Rubric;
use crate::stats::estimate::{FEWEST_GOLD, LabelSample};
use crate::stats::{CONFIDENCE, Estimate, Numbered, Undefined, Weighed, shares_numbered};

use crate::report::sessions::{Answer, Column, StudyTable};

/// The method that corrects: the judge counts as much as it helps, and nothing is asked of it.
pub(in crate::report) const CORRECTION: Method = Method::PpiPlusPlus;

/// What a rater says of a session in a yes-or-no measure; none where a part of it has no verdict.
pub(in crate::report) type Mark = Option<Standing>;

/// A share with all that must stand beside it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Share {
    /// Sessions in the base.
    pub sessions: u64,
    /// Persons in the base; none where no person is known.
    pub persons: Option<u64>,
    /// Sessions with it.
    pub count: u64,
    /// Persons with it; none where no person is known.
    pub count_persons: Option<u64>,
    /// Persons with a session of the base without it; none where no person is known.
    pub others_persons: Option<u64>,
    /// Sessions without a verdict.
    pub no_verdict: u64,
    /// What the judge says.
    pub raw: Estimate,
    /// The same corrected by gold, where there is gold.
    pub corrected: Option<Value>,
    /// The raw share if none, or all, of the sessions without a verdict had it.
    pub worst: Option<(f64, f64)>,
}

/// Distinct persons among `rows`; none where no person is known.
pub(in crate::report) fn persons(table: &StudyTable, rows: impl Iterator<Item = usize>) -> Option<u64> {
    if table.persons == 0 {
        return None;
    }
    let mut persons: Vec<u32> = rows.filter_map(|at| table.person(at)).collect();
    persons.sort_unstable();
    persons.dedup();
    Some(persons.len() as u64)
}

/// The shares of all labels of a column over `rows`. `not_reached` sessions count as without a verdict.
pub(in crate::report) fn label_shares(
    table: &StudyTable,
    rubric: &Rubric,
    column: &Column,
    gold: Option<(&Column, Option<&[f64]>)>,
    rows: &[usize],
    not_reached: u64,
) -> Vec<Share> {
    let labels = rubric.answer.options.len();
    let judged: Vec<Option<usize>> = rows.iter().map(|at| column.label(*at)).collect();
    let sample = gold.map(|(gold, weights)| {
        let truth = rows.iter().map(|at| gold.label(*at)).collect();
        label_sample(table, labels, &judged, truth, weights, rows)
    });
    let values = sample.filter(has_enough).map(|sample| corrected(CORRECTION, &sample, &sample, None, CONFIDENCE).0);
    let unknown = rows.iter().zip(&judged).filter(|(at, label)| label.is_none() && column.get(**at) != Answer::Value);
    let missing = Missing::of(table, unknown.map(|(at, _)| *at), not_reached);
    let shares = shares_numbered(&observations(table, rows, &judged), labels, CONFIDENCE);
    let known: f64 = weight(table, rows.iter().zip(&judged).filter(|(_, label)| label.is_some()).map(|(at, _)| *at));
    let base = persons(table, rows.iter().zip(&judged).filter(|(_, label)| label.is_some()).map(|(at, _)| *at));
    let one = |(label, raw): (usize, Estimate)| {
        let with = || rows.iter().zip(&judged).filter(move |(_, given)| **given == Some(label)).map(|(at, _)| *at);
        let others = rows.iter().zip(&judged).filter(|(_, given)| given.is_some_and(|given| given != label));
        Share {
            sessions: raw.n as u64,
            persons: base,
            count: with().count() as u64,
            count_persons: persons(table, with()),
            others_persons: persons(table, others.map(|(at, _)| *at)),
            no_verdict: missing.sessions,
            worst: missing.bounds(weight(table, with()), known),
            corrected: gold.map(|_| match &values {
                Some(values) => values[label].clone(),
                None => Value::undefined(CORRECTION.as_str(), Undefined::TooFewItems),
            }),
            raw,
        }
    };
    shares.into_iter().enumerate().map(one).collect()
}

/// The rate of a yes-or-no measure over `rows`; `gold` are marks by the reference.
pub(in crate::report) fn rate(
    table: &StudyTable,
    marks: &[Mark],
    gold: Option<(&[Mark], Option<&[f64]>)>,
    rows: &[usize],
    not_reached: u64,
) -> Share {
    let base: Vec<usize> =
        rows.iter().copied().filter(|at| matches!(marks[*at], Some(Standing::Yes | Standing::No))).collect();
    let yes = || base.iter().copied().filter(|at| marks[*at] == Some(Standing::Yes));
    let judged: Vec<Option<usize>> =
        base.iter().map(|at| Some(usize::from(marks[*at] == Some(Standing::Yes)))).collect();
    let raw = shares_numbered(&observations(table, &base, &judged), 2, CONFIDENCE).swap_remove(1);
    let missing = Missing::of(table, rows.iter().copied().filter(|at| marks[*at].is_none()), not_reached);
    Share {
        sessions: base.len() as u64,
        persons: persons(table, base.iter().copied()),
        count: yes().count() as u64,
        count_persons: persons(table, yes()),
        others_persons: persons(table, base.iter().copied().filter(|at| marks[*at] == Some(Standing::No))),
        no_verdict: missing.sessions,
        worst: missing.bounds(weight(table, yes()), weight(table, base.iter().copied())),
        corrected: gold.map(|(gold, weights)| rate_by_gold(table, marks, gold, weights, rows)),
        raw,
    }
}

/// The rate with judge and gold both free to say what is in the base.
fn rate_by_gold(table: &StudyTable, marks: &[Mark], gold: &[Mark], weights: Option<&[f64]>, rows: &[usize]) -> Value {
    let code = |mark: Mark| mark.map(|mark| mark as usize);
    let judged: Vec<Option<usize>> = rows.iter().map(|at| code(marks[*at])).collect();
    let truth = rows.iter().map(|at| code(gold[*at])).collect();
    let sample = label_sample(table, 3, &judged, truth, weights, rows);
    if !has_enough(&sample) {
        return Value::undefined(CORRECTION.as_str(), Undefined::TooFewItems);
    }
    corrected_rate(CORRECTION, &sample, CONFIDENCE)
}

/// Numbers of `rows`, ready for means and quantiles.
pub(in crate::report) fn weighed(
    table: &StudyTable,
    rows: impl Iterator<Item = usize>,
    value: impl Fn(usize) -> Option<f64>,
) -> Vec<Weighed> {
    let one =
        |at: usize| Some(Weighed { value: value(at)?, weight: table.facts[at].weight, cluster: table.cluster(at) });
    rows.filter_map(one).collect()
}

fn observations(table: &StudyTable, rows: &[usize], labels: &[Option<usize>]) -> Vec<Numbered> {
    let one = |(at, label): (&usize, &Option<usize>)| {
        Some(Numbered { label: (*label)?, weight: table.facts[*at].weight, cluster: table.cluster(*at) })
    };
    rows.iter().zip(labels).filter_map(one).collect()
}

fn label_sample(
    table: &StudyTable,
    labels: usize,
    judged: &[Option<usize>],
    gold: Vec<Option<usize>>,
    gold_weights: Option<&[f64]>,
    rows: &[usize],
) -> LabelSample {
    LabelSample {
        labels,
        judged: judged.to_vec(),
        gold,
        weights: rows.iter().map(|at| table.facts[*at].weight).collect(),
        gold_weights: gold_weights.map(|weights| rows.iter().map(|at| weights[*at]).collect()),
        clusters: table.by_person().then(|| rows.iter().map(|at| table.cluster(*at)).collect()),
    }
}

/// Whether a correction could have enough gold; looked at before anything is computed.
fn has_enough(sample: &LabelSample) -> bool {
    sample.gold_items().take(FEWEST_GOLD).count() == FEWEST_GOLD
}

fn weight(table: &StudyTable, rows: impl Iterator<Item = usize>) -> f64 {
    rows.map(|at| table.facts[at].weight).sum()
}

/// Sessions without a verdict.
struct Missing {
    sessions: u64,
    weight: f64,
}

impl Missing {
    fn of(table: &StudyTable, rows: impl Iterator<Item = usize>, not_reached: u64) -> Self {
        let (mut sessions, mut weight) = (not_reached, not_reached as f64);
        for at in rows {
            sessions += 1;
            weight += table.facts[at].weight;
        }
        Self { sessions, weight }
    }

    /// The least and greatest share, where `with` of `known` weights have it.
    fn bounds(&self, with: f64, known: f64) -> Option<(f64, f64)> {
        let all = known + self.weight;
        (all > 0.0).then(|| ((with / all).clamp(0.0, 1.0), ((with + self.weight) / all).clamp(0.0, 1.0)))
    }
}
