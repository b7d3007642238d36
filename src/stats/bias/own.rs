//! Self-preference: whether a judge finds its own answers better than people do.

use serde::{Deserialize, Serialize};

use super::super::coefficient::Undefined;
use super::super::influence::{Design, Influence};
use super::super::interval::Interval;

/// One item on which a judge's own answer stood against another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnAnswer {
    /// Whether the judge preferred its own.
    pub judge_prefers_own: bool,
    /// Whether gold prefers the judge's own.
    pub gold_prefers_own: bool,
}

/// Self-preference by equal opportunity (Wataoka, Takahashi and Ri 2024).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OwnBias {
    /// Share preferring its own where gold prefers it, less share preferring the other where gold prefers the other; 0 is no bias.
    pub value: f64,
    /// Standard error, by cluster where the design has any.
    pub se: f64,
    /// Its interval at the confidence asked for.
    pub interval: Interval,
    /// Items where gold prefers the judge's own answer.
    pub own: usize,
    /// Items where gold prefers the other's.
    pub other: usize,
}

/// Measures self-preference on `items`.
///
/// # Errors
/// [`Undefined::SingleCategory`] where gold prefers one side only, [`Undefined::TooFewItems`] with fewer than two units.
pub fn own_bias(items: &[OwnAnswer], design: Design<'_>, confidence: f64) -> Result<OwnBias, Undefined> {
    let of = |own: bool| items.iter().filter(move |item| item.gold_prefers_own == own);
    let [own, other] = [true, false].map(|own| of(own).count());
    if own == 0 || other == 0 {
        return Err(Undefined::SingleCategory);
    }
    let right = |own: bool| of(own).filter(|item| item.judge_prefers_own == own).count() as f64;
    let (kept, given) = (right(true) / own as f64, right(false) / other as f64);
    let pull = |item: &OwnAnswer| {
        let hit = f64::from(item.judge_prefers_own == item.gold_prefers_own);
        Some(if item.gold_prefers_own { (hit - kept) / own as f64 } else { (given - hit) / other as f64 })
    };
    let influence = Influence { value: kept - given, by_item: items.iter().map(pull).collect() };
    let error = influence.standard_error(design)?;
    let interval = error.interval(influence.value, confidence);
    Ok(OwnBias { value: influence.value, se: error.se, interval, own, other })
}
