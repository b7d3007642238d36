//! Gates: whether agreement is good enough, decided on the interval and not on the value.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::rubric::Level;
use crate::stats::{Coefficient, wilson_interval};

use super::error::AgreementError;
use super::model::{AgreementReport, PairAgreement, RaterDetail, Role};

/// A least value asked of a coefficient.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Name of the coefficient.
    pub coefficient: String,
    /// Its least value.
    pub threshold: f64,
}

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The whole interval is at or above the threshold.
    Pass,
    /// The interval holds the threshold, or there is none.
    Inconclusive,
    /// The whole interval is below the threshold.
    Fail,
}

/// What one gate decided on one coefficient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// Name of the coefficient.
    pub coefficient: String,
    /// The threshold.
    pub threshold: f64,
    /// The pair it was decided on; empty for all raters together.
    pub raters: Vec<String>,
    /// What it says.
    pub decision: Decision,
    /// Why, in words.
    pub reason: String,
}

impl FromStr for Gate {
    type Err = AgreementError;

    fn from_str(text: &str) -> Result<Self, AgreementError> {
        let bad = || AgreementError::BadGate(text.to_owned());
        let (name, threshold) = text.split_once('=').ok_or_else(bad)?;
        let coefficient = match name.trim() {
            "" => return Err(bad()),
            "kappa" => "cohen_kappa",
            "alpha" => "krippendorff_alpha",
            "agreement" => "percent_agreement",
            other => other,
        };
        let threshold: f64 = threshold.trim().parse().map_err(|_| bad())?;
        if !(-1.0..=1.0).contains(&threshold) {
            return Err(bad());
        }
        Ok(Self { coefficient: coefficient.to_owned(), threshold })
    }
}

/// Decides `gates` on `report`, keeps the results there, and gives the worst decision.
///
/// A gate holds for every pair of a reference and a rater held against it: gold where there is gold, else each rater of the
/// label file. Without references it is decided on the pair where there are two raters, else on all raters together.
///
/// Agreement is that of the items that have a label, so that a judge which leaves out the hard ones agrees better. What it left
/// out is said beside every decision, and a judge without a label on more than half of its units does not pass.
///
/// # Errors
/// When the report has no coefficient of that name where the gate is decided.
pub fn decide(report: &mut AgreementReport, gates: &[Gate]) -> Result<Decision, AgreementError> {
    let judged = judged_pairs(report);
    let mut results = Vec::new();
    for gate in gates {
        if judged.is_empty() {
            let coefficient = named(&report.coefficients, gate)?;
            results.push(result(gate, coefficient, None, report));
        }
        for at in &judged {
            let pair = &report.pairs[*at];
            results.push(result(gate, named(&pair.coefficients, gate)?, Some(pair), report));
        }
    }
    let worst = results.iter().map(|result| result.decision).max().unwrap_or(Decision::Pass);
    report.gates = results;
    Ok(worst)
}

/// Positions of the pairs that gates are decided on.
fn judged_pairs(report: &AgreementReport) -> Vec<usize> {
    let roles = |pair: &PairAgreement| {
        let role =
            |rater: &String| report.raters_detail.iter().find(|d| d.rater == *rater).map_or(Role::Rater, |d| d.role);
        [role(&pair.raters[0]), role(&pair.raters[1])]
    };
    let best = report.raters_detail.iter().map(|detail| detail.role).min().unwrap_or(Role::Rater);
    let held = |pair: &PairAgreement| roles(pair) == [best, Role::Rater] && best != Role::Rater;
    let positions: Vec<usize> = (0..report.pairs.len()).filter(|at| held(&report.pairs[*at])).collect();
    if positions.is_empty() && report.pairs.len() == 1 { vec![0] } else { positions }
}

fn named<'a>(coefficients: &'a [Coefficient], gate: &Gate) -> Result<&'a Coefficient, AgreementError> {
    coefficients.iter().find(|coefficient| coefficient.name == gate.coefficient).ok_or_else(|| {
        let known: Vec<&str> = coefficients.iter().map(|coefficient| coefficient.name.as_str()).collect();
        let known = if known.is_empty() { "none without a --reference".to_owned() } else { known.join(", ") };
        AgreementError::NoSuchCoefficient { name: gate.coefficient.clone(), known }
    })
}

fn result(
    gate: &Gate,
    coefficient: &Coefficient,
    pair: Option<&PairAgreement>,
    report: &AgreementReport,
) -> GateResult {
    let (mut decision, mut reason) = verdict(gate.threshold, coefficient, pair, report);
    let takes_part = |detail: &&RaterDetail| pair.is_none_or(|pair| pair.raters.contains(&detail.rater));
    for detail in report.raters_detail.iter().filter(takes_part).filter(|detail| detail.role == Role::Rater) {
        let without: usize = detail.no_verdicts.values().sum();
        let units = detail.n + without;
        if without > 0 {
            reason = format!("{reason}; {} gave no verdict on {without} of {units} units", detail.rater);
        }
        if 2 * without > units && decision == Decision::Pass {
            decision = Decision::Inconclusive;
            reason.push_str(", more than half");
        }
    }
    GateResult {
        coefficient: gate.coefficient.clone(),
        threshold: gate.threshold,
        raters: pair.map(|pair| pair.raters.to_vec()).unwrap_or_default(),
        decision,
        reason,
    }
}

fn verdict(
    threshold: f64,
    coefficient: &Coefficient,
    pair: Option<&PairAgreement>,
    report: &AgreementReport,
) -> (Decision, String) {
    if let Some(undefined) = coefficient.undefined {
        return (Decision::Inconclusive, format!("undefined: {}", undefined.as_str()));
    }
    let (Some(value), Some(low), Some(high)) = (coefficient.value, coefficient.low, coefficient.high) else {
        return (Decision::Inconclusive, coefficient.method.clone());
    };
    if low >= 1.0 {
        return perfect(threshold, coefficient, pair.filter(|_| report.level == Level::Nominal));
    }
    // Rounded, because 0.95 is not a binary number.
    let confidence = (report.confidence * 1e8).round() / 1e6;
    let shown = format!("{value:.3}, {confidence} % interval {low:.3} to {high:.3}, n {}", coefficient.n);
    if low >= threshold {
        (Decision::Pass, shown)
    } else if high < threshold {
        (Decision::Fail, shown)
    } else {
        (Decision::Inconclusive, format!("{shown}: the interval holds {threshold}"))
    }
}

/// Perfect agreement has an interval without width, which says nothing about how few items it rests on. The Wilson bound of
/// `n` agreements out of `n` does; for kappa and nominal alpha it is corrected by the chance agreement of the margins of
/// `pair`.
fn perfect(threshold: f64, coefficient: &Coefficient, pair: Option<&PairAgreement>) -> (Decision, String) {
    let n = coefficient.n as u64;
    let share = wilson_interval(n, n).map(|(low, _)| low);
    let bound = match (coefficient.name.as_str(), share) {
        ("percent_agreement", share) => share,
        ("cohen_kappa" | "krippendorff_alpha", Some(share)) => {
            pair.and_then(chance).map(|chance| 1.0 - (1.0 - share) / (1.0 - chance))
        }
        _ => None,
    };
    match bound {
        Some(bound) if bound >= threshold => {
            (Decision::Pass, format!("1.000 on all {n} items; at least {bound:.3} by the Wilson bound"))
        }
        Some(bound) => (
            Decision::Inconclusive,
            format!("1.000 on {n} items are too few: at least {bound:.3} by the Wilson bound, below {threshold}"),
        ),
        None => (Decision::Inconclusive, format!("1.000 on {n} items: an interval without width decides nothing")),
    }
}

/// Agreement by chance of a pair whose raters agree on everything; none where they use one category only.
fn chance(pair: &PairAgreement) -> Option<f64> {
    let counts = pair.confusion.counts.iter().enumerate().map(|(at, row)| row[at] as f64);
    let n: f64 = counts.clone().sum();
    let chance = counts.map(|count| (count / n).powi(2)).sum::<f64>();
    (n > 0.0 && chance < 1.0).then_some(chance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Declared, Options, report};
    use crate::gold::{Missing, Rating, Ratings};
    use crate::verdict::NoVerdict;

    /// `same` items on which all raters agree, half of them `a` and half `b`, then `other` on which the last one does not.
    fn ratings(raters: &[&str], same: usize, other: usize) -> Ratings {
        let label =
            |item: usize, rater: usize| match (item.is_multiple_of(2), item >= same && rater + 1 == raters.len()) {
                (even, differs) if even == differs => "b",
                _ => "a",
            };
        let row = |item: usize, rater: usize| Rating {
            item: format!("{item:04}"),
            rater: raters[rater].to_owned(),
            label: label(item, rater).to_owned(),
            ..Rating::default()
        };
        let rows = (0..same + other).flat_map(|item| (0..raters.len()).map(move |rater| row(item, rater)));
        Ratings { rows: rows.collect(), ..Ratings::default() }
    }

    fn decided(raters: &[&str], same: usize, other: usize, gate: &str) -> (Decision, Vec<GateResult>) {
        let ratings = ratings(raters, same, other);
        let mut report = report(&ratings, None, &Declared::default(), &Options::default()).unwrap();
        let worst = decide(&mut report, &[gate.parse().unwrap()]).unwrap();
        (worst, report.gates)
    }

    #[test]
    fn the_interval_decides_and_not_the_value() {
        // Kappa 0.8 on even margins: the standard error is 0.06 with 100 items and 0.019 with 1,000.
        assert_eq!(decided(&["x", "y"], 90, 10, "kappa=0.6").0, Decision::Pass);
        assert_eq!(decided(&["x", "y"], 90, 10, "kappa=0.75").0, Decision::Inconclusive);
        assert_eq!(decided(&["x", "y"], 900, 100, "kappa=0.75").0, Decision::Pass);
        assert_eq!(decided(&["x", "y"], 90, 10, "kappa=0.95").0, Decision::Fail);
    }

    #[test]
    fn perfect_agreement_on_few_items_proves_little() {
        let (decision, gates) = decided(&["x", "y"], 6, 0, "kappa=0.6");
        assert_eq!(decision, Decision::Inconclusive);
        // Wilson: 6 / (6 + 1.96^2) = 0.6097; kappa on even margins 2 * 0.6097 - 1.
        assert!(gates[0].reason.contains("at least 0.219 by the Wilson bound"), "{}", gates[0].reason);
        assert_eq!(decided(&["x", "y"], 40, 0, "kappa=0.6").0, Decision::Pass);
        assert_eq!(decided(&["x", "y"], 40, 0, "alpha=0.6").0, Decision::Pass);
        assert_eq!(decided(&["x", "y"], 40, 0, "agreement=0.95").0, Decision::Inconclusive);
    }

    #[test]
    fn references_are_what_others_are_held_against() {
        let (decision, gates) = decided(&["ann", "gold", "judge"], 900, 100, "kappa=0.9");
        assert_eq!(decision, Decision::Fail);
        let raters: Vec<&[String]> = gates.iter().map(|gate| gate.raters.as_slice()).collect();
        assert_eq!(raters, [["gold", "ann"], ["gold", "judge"]]);
        assert_eq!([gates[0].decision, gates[1].decision], [Decision::Pass, Decision::Fail]);
        let (_, gates) = decided(&["ann", "bob", "judge"], 900, 100, "alpha=0.5");
        assert_eq!((gates.len(), gates[0].raters.len()), (1, 0));
    }

    #[test]
    fn a_judge_that_refuses_more_than_half_does_not_pass() {
        let decided = |refused: usize, gate: &str| {
            let mut ratings = ratings(&["gold", "judge"], 90, 10);
            let missing = |item: usize| Missing {
                item: format!("refused-{item}"),
                rater: "judge".to_owned(),
                rubric: None,
                cluster: None,
                replicate: None,
                kind: NoVerdict::Refused,
            };
            ratings.missing.extend((0..refused).map(missing));
            let mut report = report(&ratings, None, &Declared::default(), &Options::default()).unwrap();
            let decision = decide(&mut report, &[gate.parse().unwrap()]).unwrap();
            (decision, report.gates.remove(0).reason)
        };
        let (decision, reason) = decided(100, "kappa=0.6");
        assert_eq!(decision, Decision::Pass);
        assert!(reason.ends_with("; judge gave no verdict on 100 of 200 units"), "{reason}");
        let (decision, reason) = decided(101, "kappa=0.6");
        assert_eq!(decision, Decision::Inconclusive);
        assert!(reason.ends_with("; judge gave no verdict on 101 of 201 units, more than half"), "{reason}");
        assert_eq!(decided(101, "kappa=0.95").0, Decision::Fail);
        assert!(!decided(0, "kappa=0.6").1.contains("no verdict"));
    }

    #[test]
    fn undefined_is_inconclusive_with_its_reason() {
        let (decision, gates) = decided(&["x", "y"], 1, 0, "kappa=0.6");
        assert_eq!((decision, gates[0].reason.as_str()), (Decision::Inconclusive, "undefined: single_category"));
    }

    #[test]
    fn gates_that_cannot_be_read_or_met_are_errors() {
        for text in ["kappa", "kappa=high", "=0.5", "kappa=1.5", "kappa=NaN"] {
            assert!(text.parse::<Gate>().is_err(), "{text}");
        }
        let mut report =
            report(&ratings(&["a", "b", "c"], 4, 1), None, &Declared::default(), &Options::default()).unwrap();
        let error = decide(&mut report, &["kappa=0.5".parse().unwrap()]).unwrap_err().to_string();
        assert!(error.contains("cohen_kappa") && error.contains("krippendorff_alpha"), "{error}");
    }
}
