//! Verdicts, sessions and gold joined into one sample per rubric and judge.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::corpus::SessionRow;
use crate::gold::{Rating, Ratings};
use crate::rubric::Rubric;
use crate::stats::estimate::LabelSample;
use crate::verdict::{NoVerdict, Verdict};

use super::error::EstimateError;

/// Names that make a rater the reference.
const REFERENCES: [&str; 2] = ["gold", "consensus"];

/// Everything that estimates are made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Verdicts of the run.
    pub verdicts: &'a [Verdict],
    /// Sessions of the corpus.
    pub rows: &'a [SessionRow],
    /// Sessions the run was to judge.
    pub sessions: u64,
    /// Inclusion weights that are not 1, by session.
    pub weights: &'a BTreeMap<String, f64>,
    /// Labels, joined: items are session ids.
    pub gold: &'a Ratings,
    /// The rater whose labels are gold; none where there is only one, or one named `gold` or `consensus`.
    pub reference: Option<&'a str>,
}

/// One rubric and judge, ready for estimators.
pub(super) struct Judged<'a> {
    pub sample: LabelSample,
    /// The session of every item, in order of ids.
    pub sessions: Vec<&'a str>,
    pub rows: HashMap<&'a str, &'a SessionRow>,
    pub labels: Vec<&'a str>,
    pub gold_rater: String,
    pub no_verdicts: BTreeMap<NoVerdict, u64>,
    /// Sessions of the run without any verdict of the judge.
    pub not_reached: u64,
    pub notes: Vec<String>,
    pub persons_known: bool,
}

/// The rater of `part`, labels of one rubric, whose labels are gold: the one named `asked`; else one named `gold` or
/// `consensus`; else the only one.
///
/// # Errors
/// [`EstimateError::NoRater`] and [`EstimateError::ManyRaters`].
pub fn reference_rater(part: &Ratings, rubric: &Rubric, asked: Option<&str>) -> Result<String, EstimateError> {
    let raters: BTreeSet<&str> = part.rows.iter().map(|row| row.rater.as_str()).collect();
    let named = || raters.iter().copied().collect::<Vec<_>>().join(", ");
    match asked {
        Some(name) if raters.contains(name) => Ok(name.to_owned()),
        Some(name) => {
            Err(EstimateError::NoRater { rubric: rubric.name.clone(), name: name.to_owned(), raters: named() })
        }
        None => match REFERENCES.iter().find(|name| raters.contains(*name)) {
            Some(name) => Ok((*name).to_owned()),
            None if raters.len() == 1 => Ok(named()),
            None => Err(EstimateError::ManyRaters { rubric: rubric.name.clone(), raters: named() }),
        },
    }
}

impl<'a> Source<'a> {
    /// The labels by people of one rubric: the rater and its rows by session.
    fn gold_of(&self, rubric: &Rubric) -> Result<(String, BTreeMap<&'a str, &'a Rating>), EstimateError> {
        let mut part = self.gold.of_rubric(&rubric.name);
        // Whoever labels may abstain as a judge may: that is no label.
        part.rows.retain(|row| rubric.abstain_id() != Some(row.label.as_str()));
        let rater = reference_rater(&part, rubric, self.reference)?;
        part.check_labels(&rubric.labels().iter().map(|label| (*label).to_owned()).collect::<Vec<_>>())?;
        let is_gold = |row: &&Rating| {
            row.rater == rater
                && rubric.abstain_id() != Some(row.label.as_str())
                && row.replicate.unwrap_or(1) == 1
                && row.rubric.as_deref().is_none_or(|name| name == rubric.name)
        };
        let rows: BTreeMap<&str, &Rating> =
            self.gold.rows.iter().filter(is_gold).map(|row| (row.item.as_str(), row)).collect();
        Ok((rater, rows))
    }

    /// Joins the first replicate of `judge` on `rubric` with gold.
    ///
    /// # Errors
    /// When gold has no single rater, unknown labels, or weights on some rows only.
    pub(super) fn judged(&self, rubric: &'a Rubric, judge: &str) -> Result<Judged<'a>, EstimateError> {
        if !rubric.answer.kind.has_labels() {
            let (rubric, kind) = (rubric.name.clone(), rubric.answer.kind.as_str());
            return Err(EstimateError::NoLabels { rubric, kind });
        }
        let (gold_rater, gold) = self.gold_of(rubric)?;
        self.join(rubric, judge, gold_rater, &gold)
    }

    /// Joins the first replicate of `judge` on `rubric` with `gold`, which may be empty.
    ///
    /// # Errors
    /// When a verdict has an unknown label, or some gold rows only have weights.
    pub(super) fn join(
        &self,
        rubric: &'a Rubric,
        judge: &str,
        gold_rater: String,
        gold: &BTreeMap<&'a str, &'a Rating>,
    ) -> Result<Judged<'a>, EstimateError> {
        let labels = rubric.labels();
        let own = |verdict: &&Verdict| verdict.rubric == rubric.name && verdict.judge == judge;
        let repeats = self.verdicts.iter().filter(own).filter(|verdict| verdict.replicate > 1).count();
        let verdicts: BTreeMap<&str, &Verdict> = (self.verdicts.iter().filter(own))
            .filter(|verdict| verdict.replicate == 1)
            .map(|verdict| (verdict.session.as_str(), verdict))
            .collect();
        let rows: HashMap<&str, &SessionRow> = self.rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let position = |label: &str| labels.iter().position(|known| *known == label);
        let sessions: Vec<&str> = verdicts.keys().copied().collect();
        let mut no_verdicts = BTreeMap::new();
        let mut judged = Vec::new();
        for verdict in verdicts.values() {
            if let Some(kind) = verdict.outcome.no_verdict() {
                *no_verdicts.entry(kind).or_default() += 1;
            }
            let unknown = |label: &str| EstimateError::UnknownLabel {
                judge: judge.to_owned(),
                session: verdict.session.clone(),
                label: label.to_owned(),
                rubric: rubric.name.clone(),
            };
            let label = verdict.outcome.label();
            judged.push(label.map(|label| position(label).ok_or_else(|| unknown(label))).transpose()?);
        }
        let person = |session: &str| rows.get(session).and_then(|row| row.person.as_deref());
        let clustered = |session: &&str| gold.get(*session).and_then(|row| row.cluster.as_deref());
        let names: Vec<&str> =
            sessions.iter().map(|session| person(session).or_else(|| clustered(session)).unwrap_or(session)).collect();
        let numbers: BTreeMap<&str, u32> =
            names.iter().copied().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        let shared = numbers.len() < sessions.len();
        let weight = |session: &&str| self.weights.get(*session).copied().unwrap_or(1.0);
        let sample = LabelSample {
            labels: labels.len(),
            gold: sessions.iter().map(|session| position(&gold.get(session)?.label)).collect(),
            judged,
            weights: sessions.iter().map(weight).collect(),
            gold_weights: gold_weights(&rubric.name, &sessions, gold)?,
            clusters: shared.then(|| names.iter().map(|name| numbers[name]).collect()),
        };
        let persons_known = sessions.iter().all(|session| person(session).is_some());
        let not_reached = self.sessions.saturating_sub(sessions.len() as u64);
        let mut notes = Vec::new();
        let elsewhere = gold.keys().filter(|item| !verdicts.contains_key(*item)).count();
        if elsewhere > 0 {
            notes
                .push(format!("{elsewhere} gold labels are of sessions that {judge} did not judge; they are not used"));
        }
        let unanswered =
            sample.gold.iter().zip(&sample.judged).filter(|(gold, judged)| gold.is_some() && judged.is_none());
        match unanswered.count() {
            0 => {}
            n => notes.push(format!("{n} gold labels are of sessions without a verdict; they are not used")),
        }
        if repeats > 0 {
            notes.push(format!("{repeats} verdicts of replicates after the first are left out"));
        }
        Ok(Judged { sample, sessions, rows, labels, gold_rater, no_verdicts, not_reached, notes, persons_known })
    }
}

/// Gold weights of every session; none where no gold label has one.
fn gold_weights(
    rubric: &str,
    sessions: &[&str],
    gold: &BTreeMap<&str, &Rating>,
) -> Result<Option<Vec<f64>>, EstimateError> {
    let with = gold.values().filter(|row| row.weight.is_some()).count();
    match with {
        0 => Ok(None),
        all if all == gold.len() => {
            let weight = |session: &&str| gold.get(*session).and_then(|row| row.weight).unwrap_or(1.0);
            Ok(Some(sessions.iter().map(weight).collect()))
        }
        with => Err(EstimateError::SomeWeights { rubric: rubric.to_owned(), with, all: gold.len() }),
    }
}
