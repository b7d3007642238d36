//! Definitions applied to a judge's verdicts and to label files.

use std::collections::{BTreeMap, HashMap};

use crate::corpus::SessionRow;
use crate::gold::{Missing, Rating, Ratings};
use crate::verdict::{Fingerprint, NoVerdict, Outcome, Verdict};

use super::super::decisions::DecisionCounts;
use super::super::error::EstimateError;
use super::measure::{DerivedMeasure, is_of_decisions, known_labels};
use super::parts::{DecisionShares, Measured, Part, SessionParts};

/// The rubric that asks for decisions.
const DECISIONS: &str = "decisions";

/// Shares of decisions by rater and session.
pub type Shares = BTreeMap<(String, String), DecisionShares>;

/// The shares that each judge's first list of decisions comes to, for every session that has one.
///
/// # Errors
/// When a list is not one of decisions.
pub fn decision_shares(verdicts: &[Verdict]) -> Result<Shares, EstimateError> {
    let mut shares = Shares::new();
    verdicts.iter().try_for_each(|verdict| add_decision_shares(&mut shares, verdict))?;
    Ok(shares)
}

/// Adds the shares that `verdict` comes to, where it is a judge's first list of decisions; so that lists need not be kept.
///
/// # Errors
/// When a list is not one of decisions.
pub fn add_decision_shares(shares: &mut Shares, verdict: &Verdict) -> Result<(), EstimateError> {
    let Some(list) = verdict.outcome.value().filter(|_| verdict.rubric == DECISIONS && verdict.replicate == 1) else {
        return Ok(());
    };
    let (judge, session) = (verdict.judge.clone(), verdict.session.clone());
    let counts = match DecisionCounts::of(list) {
        Ok(counts) => counts,
        Err(error) => return Err(EstimateError::NotDecisions { judge, session, error }),
    };
    let (planning_user, execution_user) = (counts.planning().user_share(), counts.execution().user_share());
    shares.insert((judge, session), DecisionShares { planning_user, execution_user });
    Ok(())
}

/// The verdicts of `judge` on `measure`, labelled `yes`, `no` and `outside`, one for every session and replicate in which each
/// part was asked for. Where a part has no verdict, neither has the measure, for the same reason; that the person's
/// occupation is unclear puts a session outside. Measures without a rater have none.
///
/// # Errors
/// When the judge was never asked for a part, or answered with a label that the definitions do not know.
pub fn derived_verdicts(
    verdicts: &[Verdict],
    rows: &[SessionRow],
    shares: &Shares,
    measure: DerivedMeasure,
    judge: &str,
) -> Result<Vec<Verdict>, EstimateError> {
    let rows: HashMap<&str, &SessionRow> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let measured = |session: &str| rows.get(session).map(|row| Measured::from(*row));
    let as_verdict = |session: &str, replicate: u32, outcome: Outcome, from: &[&Verdict]| Verdict {
        session: session.to_owned(),
        rubric: measure.as_str().to_owned(),
        judge: judge.to_owned(),
        replicate,
        unit: Fingerprint::of(&[measure.as_str().as_bytes(), judge.as_bytes(), session.as_bytes()]),
        outcome,
        repairs: from.iter().flat_map(|part| part.repairs.iter().copied()).collect(),
        calls: from.iter().flat_map(|part| part.calls.iter().cloned()).collect(),
    };
    if is_of_decisions(measure) {
        let of_judge = shares.iter().filter(|((rater, _), _)| rater == judge);
        let derived = of_judge.map(|((_, session), shares)| {
            let parts = SessionParts { measured: measured(session), shares: Some(*shares), ..SessionParts::default() };
            as_verdict(session, 1, outcome(measure, &parts, None), &[])
        });
        return some(derived.collect(), measure, judge, DECISIONS);
    }
    let own = || verdicts.iter().filter(|verdict| verdict.judge == judge);
    let mut by_session: BTreeMap<(&str, u32), BTreeMap<&str, &Verdict>> = BTreeMap::new();
    for verdict in own().filter(|verdict| measure.needs().contains(&verdict.rubric.as_str())) {
        by_session.entry((&verdict.session, verdict.replicate)).or_default().insert(&verdict.rubric, verdict);
    }
    if let Some(missing) = measure.needs().iter().find(|name| !own().any(|verdict| verdict.rubric == **name)) {
        return some(Vec::new(), measure, judge, missing);
    }
    let mut derived = Vec::new();
    for ((session, replicate), parts) in by_session {
        // A part that was not reached is a session that was not reached.
        if parts.len() < measure.needs().len() {
            continue;
        }
        let mut answers = BTreeMap::new();
        for (rubric, verdict) in &parts {
            match (verdict.outcome.label(), verdict.outcome.no_verdict()) {
                (Some(label), _) => {
                    check(measure, rubric, label, judge, session)?;
                    answers.insert(*rubric, Part::Label(label));
                }
                (None, Some(NoVerdict::Abstained)) => {
                    answers.insert(*rubric, Part::Abstained);
                }
                (None, _) => {}
            }
        }
        let parts_with = SessionParts { answers, measured: measured(session), shares: None };
        let from: Vec<&Verdict> = parts.values().copied().collect();
        let why = from.iter().find_map(|part| part.outcome.no_verdict().map(|kind| (kind, part.rubric.as_str())));
        derived.push(as_verdict(session, replicate, outcome(measure, &parts_with, why), &from));
    }
    some(derived, measure, judge, "them")
}

/// The ratings of a label file on `measure`, one for every rater, item and replicate that has each part. Rows that name no rubric take no
/// part, since nothing says what they are about.
///
/// # Errors
/// When no rater has all parts, a label is not one that the definitions know, or the parts of one item have several weights.
pub fn derived_ratings(
    ratings: &Ratings,
    rows: &[SessionRow],
    shares: &Shares,
    measure: DerivedMeasure,
) -> Result<Ratings, EstimateError> {
    let known: HashMap<&str, &SessionRow> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let measured = |item: &str| known.get(item).map(|row| Measured::from(*row));
    let mut derived = Ratings { source: ratings.source.clone(), ..Ratings::default() };
    let rubric = Some(measure.as_str().to_owned());
    if is_of_decisions(measure) {
        let raters = ratings.raters();
        for ((rater, item), shares) in shares.iter().filter(|((rater, _), _)| raters.contains(rater.as_str())) {
            let parts = SessionParts { measured: measured(item), shares: Some(*shares), ..SessionParts::default() };
            let row =
                || Rating { item: item.clone(), rater: rater.clone(), rubric: rubric.clone(), ..Rating::default() };
            derived.rows.extend(measure.of(&parts).map(|to| Rating { label: to.as_str().to_owned(), ..row() }));
        }
        return Ok(derived);
    }
    let mut groups: BTreeMap<(&str, &str, u32), BTreeMap<&str, Given<'_>>> = BTreeMap::new();
    let needed = |rubric: &Option<String>| measure.needs().iter().find(|name| rubric.as_deref() == Some(**name));
    for row in &ratings.rows {
        if let Some(name) = needed(&row.rubric) {
            let key = (row.item.as_str(), row.rater.as_str(), row.replicate.unwrap_or(1));
            groups.entry(key).or_default().insert(name, Given::Row(row));
        }
    }
    for row in &ratings.missing {
        if let Some(name) = needed(&row.rubric) {
            let key = (row.item.as_str(), row.rater.as_str(), row.replicate.unwrap_or(1));
            groups.entry(key).or_default().insert(name, Given::Missing(row));
        }
    }
    for ((item, rater, replicate), given) in groups {
        if given.len() < measure.needs().len() {
            continue;
        }
        let mut answers = BTreeMap::new();
        for (name, part) in &given {
            match part {
                Given::Row(row) if *name == "occupation_user" && row.label == "unclear" => {
                    answers.insert(*name, Part::Abstained);
                }
                Given::Row(row) => {
                    check(measure, name, &row.label, rater, item)?;
                    answers.insert(*name, Part::Label(&row.label));
                }
                Given::Missing(row) if row.kind == NoVerdict::Abstained => {
                    answers.insert(*name, Part::Abstained);
                }
                Given::Missing(_) => {}
            }
        }
        let parts = SessionParts { answers, measured: measured(item), shares: None };
        let rows: Vec<&Rating> = given.values().filter_map(Given::row).collect();
        let weight = rows.first().and_then(|row| row.weight);
        if rows.iter().any(|row| row.weight != weight) {
            let (measure, item) = (measure.as_str(), item.to_owned());
            return Err(EstimateError::PartWeights { measure, item });
        }
        if let Some(standing) = measure.of(&parts) {
            derived.rows.push(Rating {
                item: item.to_owned(),
                rater: rater.to_owned(),
                label: standing.as_str().to_owned(),
                rubric: rubric.clone(),
                cluster: rows.iter().find_map(|row| row.cluster.clone()),
                weight,
                replicate: Some(replicate),
                line: rows.first().map_or(0, |row| row.line),
                ..Rating::default()
            });
        }
    }
    Ok(derived)
}

/// A row of a label file, with or without a label.
enum Given<'a> {
    Row(&'a Rating),
    Missing(&'a Missing),
}

impl<'a> Given<'a> {
    fn row(&self) -> Option<&'a Rating> {
        match self {
            Self::Row(row) => Some(row),
            Self::Missing(_) => None,
        }
    }
}

/// The measure's verdict; `why` is the first part without a label.
fn outcome(measure: DerivedMeasure, parts: &SessionParts<'_>, why: Option<(NoVerdict, &str)>) -> Outcome {
    match measure.of(parts) {
        Some(standing) => {
            Outcome::Label { label: standing.as_str().to_owned(), reason: None, evidence: Vec::new(), confidence: None }
        }
        None => match why {
            Some((kind, rubric)) => Outcome::None { kind, detail: format!("{rubric} has no verdict") },
            None => Outcome::None {
                kind: NoVerdict::Invalid,
                detail: "the session is not in the corpus, or a share of its decisions is not between 0 and 1"
                    .to_owned(),
            },
        },
    }
}

fn check(measure: DerivedMeasure, rubric: &str, label: &str, rater: &str, item: &str) -> Result<(), EstimateError> {
    match known_labels(rubric) {
        Some(known) if !known.contains(&label) => Err(EstimateError::PartLabel {
            measure: measure.as_str(),
            given: format!("{label:?} that {rater} gave {item} for {rubric}"),
            known: known.join(", "),
        }),
        _ => Ok(()),
    }
}

fn some(
    derived: Vec<Verdict>,
    measure: DerivedMeasure,
    judge: &str,
    missing: &str,
) -> Result<Vec<Verdict>, EstimateError> {
    if derived.is_empty() {
        let (judge, missing) = (judge.to_owned(), missing.to_owned());
        return Err(EstimateError::NoPart { measure: measure.as_str(), judge, missing });
    }
    Ok(derived)
}
