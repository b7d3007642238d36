//! Whether judges are as sure as they are right, and what would make them so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::gold::Ratings;
use crate::stats::calibration::{Brier, Map, MapKind, Reliability, Stated, calibration_errors};
use crate::stats::{Coefficient, Undefined, mean_of, share_of};

use super::error::AgreementError;
use super::report::Options;
use super::scale::Declared;
use super::sides::Sides;
use super::stated::{Cases, StatedOptions};

/// What `assize agree --calibration --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// Categories in scale order.
    pub categories: Vec<String>,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Every judge with every reference.
    pub judges: Vec<Calibration>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Calibration of one judge held against one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// The judge.
    pub judge: String,
    /// The rater it is held against.
    pub reference: String,
    /// Items with labels by both and a confidence.
    pub n: usize,
    /// Items with labels by both and no confidence.
    pub without_confidence: usize,
    /// `accuracy`, `mean_confidence`, `overconfidence`, `brier_score` and the calibration errors.
    pub numbers: Vec<Coefficient>,
    /// Murphy's parts of Brier's score, by the bins of the diagram.
    pub brier: Option<Brier>,
    /// The reliability diagram.
    pub diagram: Option<Reliability>,
    /// Which items the maps are fitted on and which they are measured on, in words.
    pub fitted: String,
    /// Maps to calibrated confidence; the first is the confidence as stated, on the same items.
    pub maps: Vec<CalibrationMap>,
    /// Why there are no numbers.
    pub undefined: Option<Undefined>,
}

/// One map from stated to calibrated confidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibrationMap {
    /// The kind of map.
    pub map: MapKind,
    /// `brier_score` and `expected_calibration_error` on items that it was not fitted on.
    pub numbers: Vec<Coefficient>,
    /// Its parameters by name, fitted on all items; none for stated confidence and isotonic regression.
    pub parameters: BTreeMap<String, f64>,
    /// Confidence and calibrated confidence at the knots of isotonic regression, fitted on all items; linear between them.
    pub knots: Vec<(f64, f64)>,
    /// Why it could not be fitted.
    pub undefined: Option<Undefined>,
}

/// Calibration of every judge of `judges` against every reference, in `bins` bins of equal width.
///
/// # Errors
/// When labels are not on the scale, there is no judge or reference, no judge says how sure it is, or a split is not there.
pub fn calibration(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
    (stated, bins): (&StatedOptions, usize),
) -> Result<CalibrationReport, AgreementError> {
    let sides = Sides::new(judges, gold, declared, options)?;
    if let Some(all) = &stated.probabilities {
        all.check_labels(&sides.scale.categories)?;
    }
    let mut found = Vec::new();
    for (judge, reference) in sides.pairs()? {
        let cases = Cases::new(&sides, stated, (judge, reference), options.resampling.seed)?;
        found.push(of_cases(judge, reference, &cases, bins, options.resampling.confidence));
    }
    if found.iter().all(|of| of.n == 0 && of.without_confidence > 0) {
        return Err(AgreementError::NoConfidence);
    }
    Ok(CalibrationReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        categories: sides.scale.categories,
        confidence: options.resampling.confidence,
        judges: found,
        notes: sides.notes,
    })
}

fn of_cases(judge: &str, reference: &str, cases: &Cases<'_>, bins: usize, confidence: f64) -> Calibration {
    let stated: Vec<f64> = cases.stated.iter().map(Stated::confidence).collect();
    let right: Vec<bool> = cases.stated.iter().map(Stated::is_right).collect();
    let over: Vec<f64> = stated.iter().zip(&right).map(|(p, hit)| p - f64::from(*hit)).collect();
    let clusters = cases.clusters.as_deref();
    let mut numbers = vec![
        share_of("accuracy", &right, clusters, confidence),
        mean_of("mean_confidence", &stated, clusters, confidence),
        mean_of("overconfidence", &over, clusters, confidence),
        mean_of("brier_score", &squares(&stated, &right), clusters, confidence),
    ];
    numbers.extend(calibration_errors(&stated, &right, bins, clusters, confidence));
    Calibration {
        judge: judge.to_owned(),
        reference: reference.to_owned(),
        n: stated.len(),
        without_confidence: cases.without,
        numbers,
        brier: Brier::binned(&stated, &right, bins).ok(),
        diagram: Reliability::of(&stated, &right, bins).ok(),
        fitted: cases.fitted.clone(),
        maps: MapKind::ALL.iter().map(|kind| of_map(*kind, cases, bins, confidence)).collect(),
        undefined: stated.is_empty().then_some(Undefined::NoPairableItems),
    }
}

fn squares(stated: &[f64], right: &[bool]) -> Vec<f64> {
    stated.iter().zip(right).map(|(p, hit)| (p - f64::from(*hit)).powi(2)).collect()
}

fn of_map(kind: MapKind, cases: &Cases<'_>, bins: usize, confidence: f64) -> CalibrationMap {
    let whole = kind.fit(&cases.stated.iter().collect::<Vec<_>>());
    let parameters = |map: &Map| map.parameters().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut found = CalibrationMap {
        map: kind,
        numbers: Vec::new(),
        parameters: whole.as_ref().map(parameters).unwrap_or_default(),
        knots: whole.as_ref().map(|map| map.knots().to_vec()).unwrap_or_default(),
        undefined: whole.err(),
    };
    let measured = cases.measured();
    let right: Vec<bool> = measured.iter().map(|at| cases.stated[*at].is_right()).collect();
    let clusters = cases.clusters_at(&measured);
    match cases.held_out(|items| kind.fit(items), Map::apply) {
        Err(why) => found.undefined = Some(why),
        Ok(mapped) => {
            let brier = mean_of("brier_score", &squares(&mapped, &right), clusters.as_deref(), confidence);
            let errors = calibration_errors(&mapped, &right, bins, clusters.as_deref(), confidence);
            found.numbers = std::iter::once(brier).chain(errors.into_iter().take(1)).collect();
        }
    }
    found
}
