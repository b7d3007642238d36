//! Isotonic regression: the rising step function nearest to the outcomes.

use super::super::coefficient::Undefined;

/// A rising function through knots, linear between them and flat outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Isotonic {
    /// Scores and fitted values, by score.
    pub knots: Vec<(f64, f64)>,
}

impl Isotonic {
    /// Fits by pooling adjacent violators (Ayer and others 1955; Zadrozny and Elkan 2002); equal scores are one observation of their mean.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] for empty or unequal lists, [`Undefined::NotNumeric`] for scores that are not finite.
    pub fn fit(scores: &[f64], outcomes: &[f64]) -> Result<Self, Undefined> {
        if scores.is_empty() || scores.len() != outcomes.len() {
            return Err(Undefined::TooFewItems);
        }
        if scores.iter().chain(outcomes).any(|number| !number.is_finite()) {
            return Err(Undefined::NotNumeric);
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
        // Blocks of sum, weight, and the scores that they hold.
        let mut blocks: Vec<(f64, f64, Vec<f64>)> = Vec::new();
        for group in order.chunk_by(|a, b| scores[*a] >= scores[*b]) {
            let sum: f64 = group.iter().map(|at| outcomes[*at]).sum();
            blocks.push((sum, group.len() as f64, vec![scores[group[0]]]));
            while let [.., before, last] = blocks.as_slice() {
                if before.0 / before.1 < last.0 / last.1 {
                    break;
                }
                if let Some((sum, weight, held)) = blocks.pop()
                    && let Some(before) = blocks.last_mut()
                {
                    before.0 += sum;
                    before.1 += weight;
                    before.2.extend(held);
                }
            }
        }
        let knots =
            blocks.into_iter().flat_map(|(sum, weight, held)| held.into_iter().map(move |at| (at, sum / weight)));
        Ok(Self { knots: knots.collect() })
    }

    /// The fitted value at `score`.
    #[must_use]
    pub fn apply(&self, score: f64) -> f64 {
        let after = self.knots.partition_point(|(at, _)| *at < score);
        match (after.checked_sub(1).map(|before| self.knots[before]), self.knots.get(after)) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (score - x0) / (x1 - x0),
            (Some((_, y)), None) => y,
            (None, Some((_, y))) => *y,
            (None, None) => f64::midpoint(0.0, 1.0),
        }
    }
}
