//! A corrected number with its error and interval.

use std::collections::BTreeSet;

use crate::stats::influence::Influence;
use crate::stats::interval::{normal_quantile, score_interval, t_quantile};
use crate::stats::{Design, Interval, StandardError, Undefined, normal_interval};

use super::rogan_gladen::LangReiczigel;

/// Gold labels, or clusters of them, below which no correction is published.
pub const FEWEST_GOLD: usize = 10;

/// How an interval is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Form {
    /// Wilson's at the effective sample size, for shares.
    Share,
    /// Value and t quantile times the error, for means and differences.
    Wald,
    /// Value and normal quantile times the error, as the delta method is published.
    Delta,
    /// Lang and Reiczigel's, from counts.
    LangReiczigel(LangReiczigel),
}

/// A corrected share, mean or difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// Value and influences.
    pub influence: Influence,
    /// Its error; units are independent units with gold.
    pub error: StandardError,
    /// How its interval is made.
    pub form: Form,
}

impl Corrected {
    /// An estimate whose error rests on the items with `gold`: variances have n / (n - 1) and n - 1 degrees of freedom, with n
    /// the items, or clusters, that have gold, however many are judged.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] with fewer than two of them.
    pub fn new(
        influence: Influence,
        gold: impl Iterator<Item = usize>,
        clusters: Option<&[u32]>,
        form: Form,
    ) -> Result<Self, Undefined> {
        let number = |item: usize| clusters.map_or(u32::try_from(item).unwrap_or(u32::MAX), |clusters| clusters[item]);
        let units = gold.map(number).collect::<BTreeSet<_>>().len();
        if units < 2 {
            return Err(Undefined::TooFewItems);
        }
        let all = influence.standard_error(Design { clusters, strata: None })?;
        let (own, every) = (units as f64, all.units as f64);
        let se = all.se * ((every - 1.0) / every * own / (own - 1.0)).sqrt();
        Ok(Self { influence, error: StandardError { se, units, degrees: units - 1 }, form })
    }

    /// The number.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.influence.value
    }

    /// The interval at `confidence`. Those of shares lie between 0 and 1.
    #[must_use]
    pub fn interval(&self, confidence: f64) -> Interval {
        let clip = |(low, high): Interval| (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0));
        match self.form {
            Form::Share => share_interval(self.value(), self.error, confidence),
            Form::Wald => self.error.interval(self.value(), confidence),
            Form::Delta => clip(normal_interval(self.value(), self.error.se, confidence)),
            Form::LangReiczigel(counts) => clip(counts.interval(confidence)),
        }
    }

    /// This less `other`, on the same items; the one with less gold sets the degrees of freedom.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] with fewer than two units.
    pub fn minus(&self, other: &Self, clusters: Option<&[u32]>) -> Result<Self, Undefined> {
        let influence = self.influence.minus(&other.influence);
        let fewer = if self.error.units < other.error.units { self.error } else { other.error };
        let all = influence.standard_error(Design { clusters, strata: None })?;
        let (own, every) = (fewer.units as f64, all.units as f64);
        let se = all.se * ((every - 1.0) / every * own / (own - 1.0)).sqrt();
        Ok(Self { influence, error: StandardError { se, ..fewer }, form: Form::Wald })
    }
}

/// Wilson's interval at the sample size whose binomial variance is that of the estimate, adjusted for the degrees of freedom
/// (Korn and Graubard 1998).
///
/// A judge without an error on n gold items may still err, so that the variance is never taken below that of one error in n,
/// 1 / n squared, and the binomial variance no nearer to the ends than 1 / n: a label never seen gets Wilson's interval of 0 of n.
fn share_interval(value: f64, error: StandardError, confidence: f64) -> Interval {
    let gold = error.units as f64;
    let variance = error.se.powi(2).max(gold.powi(-2));
    let inner = value.clamp(1.0 / gold, 1.0 - 1.0 / gold);
    let freedom = (normal_quantile(confidence) / t_quantile(error.degrees, confidence)).powi(2);
    let (low, high) = score_interval(value.clamp(0.0, 1.0), inner * (1.0 - inner) / variance * freedom, confidence);
    (low.min(value.clamp(0.0, 1.0)), high.max(value.clamp(0.0, 1.0)))
}
