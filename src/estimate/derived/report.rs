//! Raw and corrected rates of every derived measure that can be computed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::corpus::SessionRow;
use crate::gold::Ratings;
use crate::verdict::{Fingerprint, Outcome, Verdict};

use super::super::error::EstimateError;
use super::super::input::Source;
use super::super::model::{EstimateReport, VERSION};
use super::super::report::{Options, estimate_joined};
use super::super::rows::{RATE, Summary};
use super::apply::{Shares, derived_ratings, derived_verdicts};
use super::measure::DerivedMeasure;
use super::parts::{Measured, SessionParts, Standing};
use super::twin::MachineTwin;

/// Who decides where no rater does.
const MEASURED: &str = "measured";

/// What `assize estimate --derived --format json` prints (docs/formats.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DerivedReports {
    /// Version of this form.
    pub version: u32,
    /// The run.
    pub run: String,
    /// The label file.
    pub gold: String,
    /// Confidence of all intervals.
    pub confidence: f64,
    /// What is wrong with the join of run and label file, in words.
    pub notes: Vec<String>,
    /// One per measure and judge, named as the measure, with the labels `yes`, `no`, `outside` and the row `rate`.
    pub reports: Vec<EstimateReport>,
    /// Measures that no rater takes part in, over the sessions of the run: nothing to correct, so that nothing but `raw` is filled.
    pub measured: Vec<EstimateReport>,
    /// Verified success beside machine evidence, by judge, and by the rater whose labels are gold.
    pub twins: Vec<MachineTwin>,
    /// Measures that could not be computed, and why.
    pub left_out: Vec<LeftOut>,
}

/// A measure that could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The measure.
    pub measure: DerivedMeasure,
    /// The judge.
    pub judge: String,
    /// Why, in words.
    pub why: String,
}

/// Every derived measure by every one of `judges`: the parts of a measure come from the same rater, and gold must have all of them.
/// Measures of decisions need `shares`, by judge or rater and session.
///
/// # Errors
/// When gold cannot be used or a column is not there. A measure that cannot be computed is listed, not an error.
pub fn estimate_derived(
    source: &Source<'_>,
    judges: &[&str],
    shares: &Shares,
    options: &Options,
) -> Result<DerivedReports, EstimateError> {
    let mut derived = DerivedReports {
        version: VERSION,
        run: String::new(),
        gold: String::new(),
        confidence: options.confidence,
        notes: Vec::new(),
        reports: Vec::new(),
        measured: Vec::new(),
        twins: Vec::new(),
        left_out: Vec::new(),
    };
    for measure in DerivedMeasure::ALL.into_iter().filter(|measure| measure.is_measured()) {
        derived.measured.push(measured(source, measure, options)?);
    }
    for judge in judges {
        for measure in DerivedMeasure::ALL.into_iter().filter(|measure| !measure.is_measured()) {
            let verdicts = derived_verdicts(source.verdicts, source.rows, shares, measure, judge);
            let report = verdicts.and_then(|verdicts| corrected(source, &verdicts, shares, measure, judge, options));
            match report {
                Ok(report) => derived.reports.push(report),
                Err(why) if is_about_the_measure(&why) => {
                    derived.left_out.push(LeftOut { measure, judge: (*judge).to_owned(), why: why.to_string() });
                }
                Err(why) => return Err(why),
            }
        }
    }
    derived.twins = twins(source, judges, shares, &derived.reports, options);
    Ok(derived)
}

/// Whether an error is that one measure has not got its parts, so that the others can be computed all the same.
fn is_about_the_measure(error: &EstimateError) -> bool {
    matches!(error, EstimateError::NoPart { .. } | EstimateError::NoGoldPart { .. })
}

fn corrected(
    source: &Source<'_>,
    verdicts: &[Verdict],
    shares: &Shares,
    measure: DerivedMeasure,
    judge: &str,
    options: &Options,
) -> Result<EstimateReport, EstimateError> {
    let gold = gold_of(source, shares, measure)?;
    let rubric = measure.rubric();
    let judged = Source { verdicts, gold: &gold, ..*source }.judged(&rubric, judge)?;
    estimate_joined(&judged, measure.as_str(), judge, Summary::Rate, options)
}

fn gold_of(source: &Source<'_>, shares: &Shares, measure: DerivedMeasure) -> Result<Ratings, EstimateError> {
    let gold = derived_ratings(source.gold, source.rows, shares, measure)?;
    if gold.rows.is_empty() {
        let parts = measure.needs().join(", ");
        return Err(EstimateError::NoGoldPart { measure: measure.as_str(), parts });
    }
    Ok(gold)
}

/// A measure that measured columns decide, over sessions that have any verdict, by their weights.
fn measured(source: &Source<'_>, measure: DerivedMeasure, options: &Options) -> Result<EstimateReport, EstimateError> {
    let rubric = measure.rubric();
    let reached: BTreeSet<&str> = source.verdicts.iter().map(|verdict| verdict.session.as_str()).collect();
    let verdict = |row: &SessionRow| {
        let parts = SessionParts { measured: Some(Measured::from(row)), ..SessionParts::default() };
        let label = measure.of(&parts)?.as_str().to_owned();
        Some(Verdict {
            session: row.id.clone(),
            rubric: rubric.name.clone(),
            judge: MEASURED.to_owned(),
            replicate: 1,
            unit: Fingerprint::of(&[rubric.name.as_bytes(), row.id.as_bytes()]),
            outcome: Outcome::Label { label, reason: None, evidence: Vec::new(), confidence: None },
            repairs: BTreeSet::new(),
            calls: Vec::new(),
        })
    };
    let verdicts: Vec<Verdict> =
        source.rows.iter().filter(|row| reached.contains(row.id.as_str())).filter_map(verdict).collect();
    let source = Source { verdicts: &verdicts, ..*source };
    let judged = source.join(&rubric, MEASURED, String::new(), &BTreeMap::new())?;
    let options = Options { methods: Vec::new(), ..options.clone() };
    let report = estimate_joined(&judged, measure.as_str(), MEASURED, Summary::Rate, &options)?;
    // There is no gold that could be too little.
    Ok(EstimateReport { inconclusive: None, ..report })
}

/// One table per judge with verified success, then one of the rater whose labels are gold.
fn twins(
    source: &Source<'_>,
    judges: &[&str],
    shares: &Shares,
    reports: &[EstimateReport],
    options: &Options,
) -> Vec<MachineTwin> {
    let measure = DerivedMeasure::VerifiedSuccess;
    let standing = |label: &str| Standing::ALL.into_iter().find(|standing| standing.as_str() == label);
    let mut twins = Vec::new();
    for judge in judges {
        let Ok(verdicts) = derived_verdicts(source.verdicts, source.rows, shares, measure, judge) else { continue };
        let first = verdicts.iter().filter(|verdict| verdict.replicate == 1);
        let said = first.filter_map(|verdict| Some((verdict.session.as_str(), standing(verdict.outcome.label()?)?)));
        twins.push(MachineTwin::of(judge, &said.collect(), source.rows, options.confidence));
    }
    let rater =
        reports.iter().find(|report| report.rubric == measure.as_str()).map(|report| report.gold_rater.as_str());
    if let (Some(rater), Ok(gold)) = (rater, derived_ratings(source.gold, source.rows, shares, measure)) {
        let own = gold.rows.iter().filter(|row| row.rater == rater && row.replicate == Some(1));
        let said = own.filter_map(|row| Some((row.item.as_str(), standing(&row.label)?))).collect();
        twins.push(MachineTwin::of(rater, &said, source.rows, options.confidence));
    }
    twins
}

impl DerivedReports {
    /// Why exit code 2 is due: no measure has a corrected rate.
    #[must_use]
    pub fn inconclusive(&self) -> Option<String> {
        let has_rate = |report: &EstimateReport| {
            let rate = report.row(RATE);
            rate.and_then(|row| row.corrected.first()).is_some_and(|value| value.value.is_some())
        };
        if self.reports.iter().any(has_rate) {
            return None;
        }
        let first = self.reports.iter().find_map(|report| report.inconclusive.clone());
        Some(first.unwrap_or_else(|| "no derived measure could be computed; see why each was left out".to_owned()))
    }
}
