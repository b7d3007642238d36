//! The difference of one coefficient between two pairs of raters of the same items, and whether it is small enough not to matter.

use serde::{Deserialize, Serialize};

use super::bootstrap::spread;
use super::coefficient::{Coefficient, Undefined};
use super::coefficients::{Errors, Method, Width, by_influence, coefficient, design};
use super::draws::Resampler;
use super::influence::{Influence, StandardError};
use super::interval::t_quantile;
use super::statistic::Statistic;
use super::table::RatingTable;
use super::test::{t_below, t_two_sided};

/// A difference with its interval and its test against 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The first less the second; the interval is that of the method, and is not clipped.
    #[serde(flatten)]
    pub coefficient: Coefficient,
    /// Difference over its standard error from influences.
    pub t: Option<f64>,
    /// Degrees of freedom: items or clusters less 1.
    pub df: Option<usize>,
    /// Two-sided p of no difference, from `t`; null where the influences do not vary.
    pub p: Option<f64>,
    /// The same adjusted for the other comparisons of its family, where there are any.
    pub p_adjusted: Option<f64>,
}

/// What an equivalence test says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The whole interval lies within the margin.
    Equivalent,
    /// Some of it does.
    Inconclusive,
    /// None of it does.
    Different,
}

/// Two one-sided tests of a difference against a margin (Schuirmann 1987).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Equivalence {
    /// Name of the coefficient.
    pub coefficient: String,
    /// The largest difference that does not matter.
    pub margin: f64,
    /// Lower end of the interval at confidence 1 - 2 alpha.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// The larger p of the two tests; null where the influences do not vary.
    pub p: Option<f64>,
    /// What it says.
    pub verdict: Verdict,
    /// How it was computed.
    pub method: String,
}

/// Two pairs of raters of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contrast {
    /// Raters whose coefficient comes first.
    pub first: (usize, usize),
    /// Raters whose coefficient is taken from it.
    pub second: (usize, usize),
}

impl Contrast {
    /// The difference of `statistic` on `table`, whose items are all rated by all raters of the contrast.
    ///
    /// The error comes from the influences of items, or of clusters where the method says so, or from a paired bootstrap: the
    /// same replicates for both coefficients.
    #[must_use]
    pub fn difference(self, table: &RatingTable, statistic: Statistic, method: Method) -> Difference {
        let name = statistic.name();
        let both = match self.influences(table, statistic) {
            Ok(both) => both,
            Err(why) => {
                let coefficient = Coefficient::undefined(&name, table.items(), "none", why);
                return Difference { coefficient, t: None, df: None, p: None, p_adjusted: None };
            }
        };
        let error = both.standard_error(design(table, method.unit)).ok();
        let width = match method.errors {
            Errors::Bootstrap(..) => self.resampled(table, statistic, &both, method),
            _ => by_influence(&both, table, method),
        };
        // A difference may be above 1: its interval is not that of a coefficient.
        let interval = match (method.errors, error) {
            (Errors::Bootstrap(..), _) | (_, None) => width.interval,
            (_, Some(error)) => Some(error.interval(both.value, method.confidence)),
        };
        let n = both.by_item.iter().flatten().count();
        let t = error.map(|error| both.value / error.se).filter(|t| t.is_finite());
        let p = t.zip(error).and_then(|(t, error)| t_two_sided(t, error.degrees as f64));
        let coefficient = coefficient(&name, both.value, n, Width { interval, ..width });
        Difference { coefficient, t, df: error.map(|error| error.degrees), p, p_adjusted: None }
    }

    /// Whether the difference of `statistic` is within `margin`, at level 1 - confidence of the method.
    ///
    /// # Errors
    /// When the difference or its error is undefined, with the reason.
    pub fn equivalence(
        self,
        table: &RatingTable,
        statistic: Statistic,
        margin: f64,
        method: Method,
    ) -> Result<Equivalence, Undefined> {
        let both = self.influences(table, statistic)?;
        let error = both.standard_error(design(table, method.unit))?;
        Ok(Equivalence { coefficient: statistic.name(), ..equivalence(both.value, error, margin, method.confidence) })
    }

    fn influences(self, table: &RatingTable, statistic: Statistic) -> Result<Influence, Undefined> {
        let of = |(first, second)| Influence::of_pair(table, statistic, first, second);
        Ok(of(self.first)?.minus(&of(self.second)?))
    }

    /// The same replicates for both pairs.
    fn resampled(self, table: &RatingTable, statistic: Statistic, both: &Influence, method: Method) -> Width {
        let Errors::Bootstrap(bootstrap, kind) = method.errors else { return by_influence(both, table, method) };
        let design = design(table, method.unit);
        let resampler = Resampler::of(table, design.clusters);
        let sides = [self.first, self.second].map(|(first, second)| {
            let pair = table.pair(first, second);
            let mut of_pattern = vec![None; table.patterns().len()];
            for (at, item) in table.pair_items(first, second).into_iter().enumerate() {
                of_pattern[table.pattern_of(item)] = Some(pair.pattern_of(at));
            }
            (pair, of_pattern)
        });
        let value = |weights: &[f64]| {
            let [first, second] = [0, 1].map(|side| {
                let (pair, of_pattern): &(RatingTable, Vec<Option<usize>>) = &sides[side];
                let mut own = vec![0.0; pair.patterns().len()];
                for (pattern, weight) in of_pattern.iter().zip(weights) {
                    if let Some(pattern) = pattern {
                        own[*pattern] += weight;
                    }
                }
                statistic.value(pair, &own).ok()
            });
            Some(first? - second?)
        };
        let by = design.clusters.map_or("item".to_owned(), |_| format!("cluster, {} clusters", resampler.units()));
        let words = format!(
            "paired {} bootstrap by {by}, {} replicates, seed {}",
            kind.name(),
            bootstrap.replicates,
            bootstrap.seed
        );
        if resampler.units() < 2 {
            return Width { se: None, interval: None, method: format!("{words}: no interval from fewer than two") };
        }
        let replicates = bootstrap.weigh(&resampler, value);
        match spread(replicates.into_iter(), both.value, kind, method.confidence, || both.acceleration(design)) {
            Ok(found) if found.undefined == 0 => Width { se: Some(found.se), interval: found.interval, method: words },
            Ok(found) => {
                let method = format!("{words}, {} of them undefined", found.undefined);
                Width { se: Some(found.se), interval: found.interval, method }
            }
            Err(undefined) => Width {
                se: None,
                interval: None,
                method: format!("{words}: no interval, {undefined} of them undefined"),
            },
        }
    }
}

/// Whether a difference with that error is within `margin`, at level 1 - `confidence`.
#[must_use]
pub fn equivalence(difference: f64, error: StandardError, margin: f64, confidence: f64) -> Equivalence {
    let level = 2.0 * confidence - 1.0;
    let half = t_quantile(error.degrees, level) * error.se;
    let (low, high) = (difference - half, difference + half);
    let one_sided = |t: f64| t_below(-t, error.degrees as f64).filter(|_| t.is_finite());
    let above = one_sided((difference + margin) / error.se);
    let below = one_sided((margin - difference) / error.se);
    let verdict = if low > -margin && high < margin {
        Verdict::Equivalent
    } else if low > margin || high < -margin {
        Verdict::Different
    } else {
        Verdict::Inconclusive
    };
    let percent = (level * 1e8).round() / 1e6;
    let method = format!("two one-sided t tests over influences (Schuirmann 1987), {percent} % interval");
    let p = above.zip(below).map(|(above, below)| above.max(below));
    Equivalence { coefficient: String::new(), margin, low: Some(low), high: Some(high), p, verdict, method }
}
