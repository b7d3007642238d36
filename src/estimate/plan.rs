//! How many labels more, and where they help most, with the gold there is as pilot.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::rubric::{Level, Rubric};
use crate::stats::estimate::{
    Form, LabelSample, Pilot, gold_only, kappa_goodness_of_fit_items, kappa_items, kappa_items_of_shares,
    kappa_test_items, mcnemar_items, mcnemar_power, neyman, one_sided_items,
};
use crate::stats::{Basis, Design, Influence, RatingTable, Scale, Statistic, Undefined, Weighting};

use super::error::EstimateError;
use super::group;
use super::input::{Judged, Source};
use super::report::gold_units;

/// Power that samples for two judges, and for kappa above a value, are planned for.
const POWER: f64 = 0.8;

/// One-sided level of the test of kappa above a value.
const LEVEL: f64 = 0.05;

/// What is planned for.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanOptions {
    /// Half-width to be reached.
    pub half_width: f64,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Labels to be given next.
    pub labels: usize,
    /// The label whose share is to gain; the sum over all where none is named.
    pub cell: Option<String>,
    /// The kappa that the judge's is to be shown to be above, where asked for.
    pub above: Option<f64>,
    /// Column whose groups are strata beside the judge's own label.
    pub by: Option<String>,
}

/// Plans of all rubrics and judges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plans {
    /// Version of this form.
    pub version: u32,
    /// The run.
    pub run: String,
    /// The label file of the pilot.
    pub gold: String,
    /// Half-width planned for.
    pub half_width: f64,
    /// Confidence planned for.
    pub confidence: f64,
    /// One per rubric and judge.
    pub plans: Vec<Plan>,
}

/// The plan for one rubric and judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The rubric.
    pub rubric: String,
    /// The judge.
    pub judge: String,
    /// Gold labels there are.
    pub gold: usize,
    /// Sessions with a label by the judge.
    pub judged: usize,
    /// Labels needed for every share and for kappa.
    pub needed: Vec<HalfWidth>,
    /// Where the next labels go.
    pub next: Vec<NextLabels>,
    /// Gold labels that show kappa to be above a value, where asked for.
    pub above: Option<KappaAbove>,
    /// This judge against each other judge of the run.
    pub judges: Vec<JudgePower>,
}

/// Gold labels in all that show, one-sided at 5 % with a power of 80 %, that kappa is above a value, if it is what the pilot says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KappaAbove {
    /// The value.
    pub null: f64,
    /// Kappa in the pilot.
    pub pilot: Option<f64>,
    /// By the influence variance of the pilot, whatever the number of labels; persons are counted in.
    pub influence: Option<u64>,
    /// By Flack and others (1988): for any number of labels, with the mean of both raters' shares and the largest variance that they allow.
    pub flack: Option<u64>,
    /// By Cantor (1996), where there are two labels.
    pub cantor: Option<u64>,
    /// By Donner and Eliasziw (1992), where there are two labels, with the mean of both shares.
    pub donner_eliasziw: Option<u64>,
    /// Why there are no numbers.
    pub undefined: Option<Undefined>,
}

/// Gold labels needed for one number; null where it cannot be reached or is undefined.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HalfWidth {
    /// The label, or `cohen_kappa`.
    pub what: String,
    /// Its value in the pilot.
    pub pilot: Option<f64>,
    /// Squared correlation of judge and gold.
    pub r_squared: Option<f64>,
    /// How much larger the variance is than that of independent sessions.
    pub design_effect: Option<f64>,
    /// Gold labels in all without the judge.
    pub classical: Option<u64>,
    /// Gold labels in all with PPI++.
    pub ppi_plus_plus: Option<u64>,
    /// Why there is no number.
    pub undefined: Option<Undefined>,
}

/// The next labels of one stratum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextLabels {
    /// The group, where one was asked for.
    pub group: Option<String>,
    /// What the judge says of the sessions.
    pub judged_as: String,
    /// Sessions in the stratum.
    pub sessions: usize,
    /// Gold labels there are.
    pub labelled: usize,
    /// Labels to give next.
    pub next: usize,
}

/// Whether a difference between two judges can be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgePower {
    /// The other judge.
    pub other: String,
    /// Gold sessions that both labelled.
    pub n: usize,
    /// Share of them that only this judge gets right.
    pub only_this: f64,
    /// Share that only the other gets right.
    pub only_other: f64,
    /// Power of the `McNemar` test at 5 % with these.
    pub power: f64,
    /// Sessions for a power of 80 %; null where there is no difference in the pilot.
    pub needed: Option<u64>,
}

/// The plan for `rubric` and `judge`; `others` are the run's other judges.
///
/// # Errors
/// As [`estimate`](super::estimate), and for a half-width or cell that is none.
pub fn plan(
    source: &Source<'_>,
    rubric: &Rubric,
    judge: &str,
    others: &[&str],
    options: &PlanOptions,
) -> Result<Plan, EstimateError> {
    if !(options.half_width > 0.0 && options.half_width < 0.5) {
        return Err(EstimateError::HalfWidth(options.half_width));
    }
    let judged = source.judged(rubric, judge)?;
    let sample = &judged.sample;
    if let Some(null) = options.above.filter(|null| !(-1.0..1.0).contains(null)) {
        return Err(EstimateError::Above(null));
    }
    let mut needed: Vec<HalfWidth> = (0..sample.labels).map(|label| of_label(&judged, label, options)).collect();
    needed.push(of_kappa(&judged, rubric.level().unwrap_or(Level::Nominal), options));
    let mut powers = Vec::new();
    for other in others.iter().filter(|other| **other != judge) {
        powers.extend(power(sample, other, &source.judged(rubric, other)?, &judged));
    }
    Ok(Plan {
        rubric: rubric.name.clone(),
        judge: judge.to_owned(),
        gold: sample.gold_items().count(),
        judged: sample.judged.iter().flatten().count(),
        needed,
        next: next_labels(&judged, rubric, options)?,
        above: options.above.map(|null| kappa_above(&judged, rubric.level().unwrap_or(Level::Nominal), null)),
        judges: powers,
    })
}

fn labels(number: f64) -> Option<u64> {
    // Counts beyond this are no plan.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a finite count above 0, rounded up")]
    (number.is_finite() && number < 1e12).then_some(number.max(0.0).ceil() as u64)
}

fn of_label(judged: &Judged<'_>, label: usize, options: &PlanOptions) -> HalfWidth {
    let sample = &judged.sample;
    let numbers = sample.indicator(label);
    let what = judged.labels[label].to_owned();
    let nothing = |undefined| HalfWidth {
        what: what.clone(),
        pilot: None,
        r_squared: None,
        design_effect: None,
        classical: None,
        ppi_plus_plus: None,
        undefined: Some(undefined),
    };
    let estimate = match gold_only(&numbers, Form::Share) {
        Ok(estimate) => estimate,
        Err(why) => return nothing(why),
    };
    let pairs: Vec<(f64, f64)> =
        sample.gold_items().filter_map(|item| numbers.gold[item].zip(numbers.judged[item])).collect();
    let n = pairs.len() as f64;
    let share = estimate.value();
    let variance = share * (1.0 - share);
    if variance <= 0.0 {
        return nothing(Undefined::SingleCategory);
    }
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(value).sum::<f64>() / n;
    let (y, f) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let (joint, of_y, of_f) = (
        mean(&|pair| (pair.0 - y) * (pair.1 - f)),
        mean(&|pair| (pair.0 - y).powi(2)),
        mean(&|pair| (pair.1 - f).powi(2)),
    );
    let r_squared = if of_y > 0.0 && of_f > 0.0 { joint * joint / (of_y * of_f) } else { 0.0 };
    let design_effect = (estimate.error.se.powi(2) * (n - 1.0) / variance).max(1.0);
    let pilot = Pilot { variance, r_squared, judged: sample.judged.iter().flatten().count() as f64, design_effect };
    HalfWidth {
        what: what.clone(),
        pilot: Some(share),
        r_squared: Some(r_squared),
        design_effect: Some(design_effect),
        classical: labels(pilot.classical(options.half_width, options.confidence)),
        ppi_plus_plus: pilot.power_tuned(options.half_width, options.confidence).and_then(labels),
        undefined: None,
    }
}

/// Kappa between gold and judge in the pilot, with the variance of its influences times the number of items.
fn pilot_kappa(judged: &Judged<'_>, level: Level) -> Result<(f64, f64), Undefined> {
    let sample = &judged.sample;
    let code = |label: usize| u16::try_from(label).ok();
    let items: Vec<usize> = sample.gold_items().collect();
    let rows: Vec<[Option<u16>; 2]> =
        items.iter().map(|item| [sample.gold[*item].and_then(code), sample.judged[*item].and_then(code)]).collect();
    let clusters: Option<Vec<u32>> =
        sample.clusters.as_ref().map(|clusters| items.iter().map(|item| clusters[*item]).collect());
    let scale = Scale { level, categories: sample.labels, values: None, distances: None };
    let table = RatingTable::new(scale, 2, &rows, clusters.as_deref());
    let kappa = Statistic::CohenKappa(Weighting::Unweighted, Basis::Position);
    let design = Design { clusters: table.clusters(), strata: None };
    let kappa = Influence::of(&table, kappa)?;
    let error = kappa.standard_error(design)?;
    Ok((kappa.value, error.se.powi(2) * rows.len() as f64))
}

/// Labels for kappa between gold and judge, by the influence variance of the pilot.
fn of_kappa(judged: &Judged<'_>, level: Level, options: &PlanOptions) -> HalfWidth {
    let found = pilot_kappa(judged, level);
    let items = |variance: f64| kappa_items(variance, options.half_width, options.confidence);
    HalfWidth {
        what: "cohen_kappa".to_owned(),
        pilot: found.ok().map(|(value, _)| value),
        r_squared: None,
        design_effect: None,
        classical: found.ok().and_then(|(_, variance)| labels(items(variance))),
        ppi_plus_plus: None,
        undefined: found.err(),
    }
}

/// Labels that show kappa to be above `null`.
fn kappa_above(judged: &Judged<'_>, level: Level, null: f64) -> KappaAbove {
    let found = pilot_kappa(judged, level);
    let sample = &judged.sample;
    let n = sample.gold_items().count() as f64;
    let share = |of: &[Option<usize>], label: usize| {
        sample.gold_items().filter(|item| of[*item] == Some(label)).count() as f64 / n
    };
    let (of_gold, of_judge) = (share(&sample.gold, 0), share(&sample.judged, 0));
    let shares: Vec<f64> = (0..sample.labels)
        .map(|label| f64::midpoint(share(&sample.gold, label), share(&sample.judged, label)))
        .collect();
    // A pilot at or below the value shows nothing, however many labels follow.
    let above = found.ok().filter(|(kappa, _)| *kappa > null);
    let two = above.filter(|_| sample.labels == 2).map(|(kappa, _)| kappa);
    let both = f64::midpoint(of_gold, of_judge);
    KappaAbove {
        null,
        pilot: found.ok().map(|(kappa, _)| kappa),
        influence: above
            .and_then(|(kappa, variance)| one_sided_items(variance, null, kappa, LEVEL, POWER))
            .and_then(labels),
        flack: above.and_then(|(kappa, _)| kappa_items_of_shares(&shares, null, kappa, LEVEL, POWER)).and_then(labels),
        cantor: two.and_then(|kappa| kappa_test_items(of_gold, of_judge, null, kappa, LEVEL, POWER)).and_then(labels),
        donner_eliasziw: two
            .and_then(|kappa| kappa_goodness_of_fit_items(both, null, kappa, LEVEL, POWER))
            .and_then(labels),
        undefined: found.err(),
    }
}

/// Strata are what the judge says, within groups where asked for: there the judge's part of the difference is constant, so
/// that the variance is that of gold. Half a session of every label is added, as few labels say little of a variance.
fn next_labels(judged: &Judged<'_>, rubric: &Rubric, options: &PlanOptions) -> Result<Vec<NextLabels>, EstimateError> {
    let sample = &judged.sample;
    let cell = match &options.cell {
        None => None,
        Some(name) => Some(judged.labels.iter().position(|label| label == name).ok_or_else(|| {
            EstimateError::NoLabel { label: name.clone(), rubric: rubric.name.clone(), known: judged.labels.join(", ") }
        })?),
    };
    let groups = options.by.as_deref().map(|column| group::values(judged, column)).transpose()?;
    let mut strata: BTreeMap<(Option<&str>, usize), Vec<usize>> = BTreeMap::new();
    for (item, label) in sample.judged.iter().enumerate() {
        if let Some(label) = label {
            strata.entry((groups.as_ref().map(|groups| groups[item].as_str()), *label)).or_default().push(item);
        }
    }
    let spread = |items: &[usize]| {
        let gold: Vec<usize> = items.iter().filter_map(|item| sample.gold[*item]).collect();
        let share = |label: usize| {
            let with = gold.iter().filter(|given| **given == label).count() as f64;
            (with + 0.5) / (gold.len() as f64 + 0.5 * sample.labels as f64)
        };
        let variance = |label: usize| share(label) * (1.0 - share(label));
        cell.map_or_else(|| (0..sample.labels).map(variance).sum::<f64>(), variance).sqrt()
    };
    let sizes: Vec<(f64, f64, usize, usize)> = strata
        .values()
        .map(|items| {
            let labelled = items.iter().filter(|item| sample.gold[**item].is_some()).count();
            (items.iter().map(|item| sample.weights[*item]).sum(), spread(items), items.len(), labelled)
        })
        .collect();
    let next = neyman(&sizes, options.labels);
    let rows =
        strata.keys().zip(sizes).zip(next).map(|(((group, label), (_, _, sessions, labelled)), next)| NextLabels {
            group: group.map(str::to_owned),
            judged_as: judged.labels[*label].to_owned(),
            sessions,
            labelled,
            next,
        });
    Ok(rows.collect())
}

/// Power of the comparison of two judges on the gold sessions that both labelled; none where there are none.
fn power(sample: &LabelSample, other: &str, of_other: &Judged<'_>, judged: &Judged<'_>) -> Option<JudgePower> {
    let theirs: BTreeMap<&str, Option<usize>> =
        of_other.sessions.iter().copied().zip(of_other.sample.judged.iter().copied()).collect();
    let right: Vec<(bool, bool)> = sample
        .gold_items()
        .filter_map(|item| {
            let other = theirs.get(judged.sessions[item]).copied().flatten()?;
            Some((sample.judged[item] == sample.gold[item], Some(other) == sample.gold[item]))
        })
        .collect();
    let n = right.len();
    if n == 0 || gold_units(judged) == 0 {
        return None;
    }
    let share = |wanted: (bool, bool)| right.iter().filter(|pair| **pair == wanted).count() as f64 / n as f64;
    let (only_this, only_other) = (share((true, false)), share((false, true)));
    Some(JudgePower {
        other: other.to_owned(),
        n,
        only_this,
        only_other,
        power: mcnemar_power(only_this, only_other, 0.05, n as f64),
        needed: mcnemar_items(only_this, only_other, 0.05, POWER).and_then(labels),
    })
}
