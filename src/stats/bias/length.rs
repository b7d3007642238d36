//! Length: how the difference of two answers' lengths moves a preference.

use serde::{Deserialize, Serialize};

use super::super::coefficient::Undefined;
use super::super::influence::{Design, Influence};
use super::super::interval::{Interval, normal_below};
use super::super::regression::Logit;

/// One preference between a first and a second answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LengthPair {
    /// Whether the first is preferred; 0.5 for a tie.
    pub first_preferred: f64,
    /// Length of the first, in any unit.
    pub first_length: f64,
    /// Length of the second, in the same unit.
    pub second_length: f64,
}

/// The logit of a preference on the difference of lengths.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LengthBias {
    /// Log odds of the first answer per standard deviation of the difference of lengths.
    pub slope: f64,
    /// Its standard error, which holds also where the model does not.
    pub se: f64,
    /// Its interval at the confidence asked for.
    pub interval: Interval,
    /// Two-sided p of no slope (normal).
    pub p: f64,
    /// Share of first answers preferred, as seen.
    pub raw_share: f64,
    /// The same at equal lengths (the length control of Dubois and others 2024).
    pub controlled_share: f64,
    /// Standard deviation of the difference of lengths, in their unit.
    pub deviation: f64,
    /// Pairs.
    pub n: usize,
}

/// Regresses preferences on the difference of lengths, in standard deviations; clusters are those of `design`.
///
/// # Errors
/// [`Undefined::NotNumeric`] for lengths that are not finite, [`Undefined::NoVariation`] where lengths do not differ or separate
/// the preferences, [`Undefined::TooFewItems`] with fewer than two pairs or clusters.
pub fn length_bias(pairs: &[LengthPair], design: Design<'_>, confidence: f64) -> Result<LengthBias, Undefined> {
    let n = pairs.len() as f64;
    if pairs.len() < 2 {
        return Err(Undefined::TooFewItems);
    }
    let longer: Vec<f64> = pairs.iter().map(|pair| pair.first_length - pair.second_length).collect();
    let outcomes: Vec<f64> = pairs.iter().map(|pair| pair.first_preferred).collect();
    if longer.iter().chain(&outcomes).any(|number| !number.is_finite()) {
        return Err(Undefined::NotNumeric);
    }
    let mean = longer.iter().sum::<f64>() / n;
    let deviation = (longer.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    if deviation <= 0.0 {
        return Err(Undefined::NoVariation);
    }
    let rows: Vec<Vec<f64>> = longer.iter().map(|one| vec![1.0, one / deviation]).collect();
    let fit = Logit::fit(&rows, &outcomes)?;
    let slope: &Influence = &fit.coefficients[1];
    let error = slope.standard_error(design)?;
    Ok(LengthBias {
        slope: slope.value,
        se: error.se,
        interval: error.interval(slope.value, confidence),
        p: 2.0 * normal_below(-(slope.value / error.se).abs()),
        raw_share: outcomes.iter().sum::<f64>() / n,
        controlled_share: 1.0 / (1.0 + (-fit.coefficients[0].value).exp()),
        deviation,
        n: pairs.len(),
    })
}
