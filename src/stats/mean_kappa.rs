//! Light's kappa (1971): the mean of Cohen's kappa over all pairs of raters.

use super::chance::{Chance, ChanceCorrected};
use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::table::RatingTable;
use super::weighting::{Basis, Weighting};

/// Light's kappa on one table.
pub(super) struct MeanKappa {
    weighting: Weighting,
    /// Per pair of raters their own table, and which of its patterns each pattern is.
    pairs: Vec<(RatingTable, Vec<Option<usize>>)>,
}

/// More pairs than this are not averaged.
const MOST_PAIRS: usize = 20_000;

impl MeanKappa {
    /// # Errors
    /// When there is no pair of raters, or there are too many.
    pub fn new(table: &RatingTable, weighting: Weighting) -> Result<Self, Undefined> {
        let raters = table.raters();
        let pairs = raters * raters.saturating_sub(1) / 2;
        if pairs == 0 {
            return Err(Undefined::NoPairableItems);
        }
        if pairs > MOST_PAIRS {
            return Err(Undefined::TooManyRaters);
        }
        let of_pair = |(first, second): (usize, usize)| {
            let pair = table.pair(first, second);
            let own = |pattern: usize| {
                let codes = table.rating(pattern, first).zip(table.rating(pattern, second))?;
                let pattern = vec![(0, codes.0), (1, codes.1)];
                pair.patterns().binary_search(&pattern).ok()
            };
            let places = (0..table.patterns().len()).map(own).collect();
            (pair, places)
        };
        let both = (0..raters).flat_map(|first| (first + 1..raters).map(move |second| (first, second)));
        Ok(Self { weighting, pairs: both.map(of_pair).collect() })
    }

    /// One pair's kappa, given the weights of its own patterns.
    fn each<'s, T>(
        &'s self,
        weights: &'s [f64],
        one: impl Fn(&ChanceCorrected<'_>, &[f64]) -> Result<T, Undefined> + 's,
    ) -> impl Iterator<Item = Result<T, Undefined>> + 's {
        self.pairs.iter().map(move |(pair, places)| {
            let mut own = vec![0.0; pair.patterns().len()];
            for (place, weight) in places.iter().zip(weights) {
                if let Some(place) = place {
                    own[*place] += weight;
                }
            }
            one(&ChanceCorrected::new(pair, Chance::ByRater, self.weighting, Basis::Position), &own)
        })
    }
}

impl Functional for MeanKappa {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        let values = self.each(weights, |kappa, own| kappa.value(own)).collect::<Result<Vec<f64>, _>>()?;
        Ok(values.iter().sum::<f64>() / values.len() as f64)
    }

    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let parts = self.each(weights, |kappa, own| kappa.gradient(own)).collect::<Result<Vec<Gradient>, _>>()?;
        let share = 1.0 / parts.len() as f64;
        let mut by_pattern = vec![0.0; weights.len()];
        for (part, (_, places)) in parts.iter().zip(&self.pairs) {
            for (slope, place) in by_pattern.iter_mut().zip(places) {
                *slope += place.map_or(0.0, |place| part.by_pattern[place] * share);
            }
        }
        Ok(Gradient { value: parts.iter().map(|part| part.value).sum::<f64>() * share, by_pattern })
    }
}
