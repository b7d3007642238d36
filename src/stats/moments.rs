//! Pearson's correlation and Lin's concordance of two raters' numbers.

use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::joint::codes;
use super::table::RatingTable;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfMoments {
    /// Product-moment correlation (Pearson 1895).
    Pearson,
    /// Concordance with moments over n (Lin 1989).
    Concordance,
    /// The same with moments over n - 1.
    ConcordanceUnbiased,
}

/// One of these coefficients on a table of two raters.
pub(super) struct Moments<'t>(pub &'t RatingTable, pub &'t [f64], pub OfMoments);

impl Functional for Moments<'_> {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        self.gradient(weights).map(|gradient| gradient.value)
    }

    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let Self(table, values, kind) = *self;
        let points: Vec<Option<(f64, f64)>> =
            codes(table).map(|codes| codes.map(|(first, second)| (values[first], values[second]))).collect();
        let total: f64 =
            points.iter().zip(weights).filter(|(point, _)| point.is_some()).map(|(_, weight)| weight).sum();
        if total == 0.0 {
            return Err(Undefined::NoPairableItems);
        }
        let mean = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            let parts = points.iter().zip(weights).filter_map(|(point, weight)| point.map(|(x, y)| of(x, y) * weight));
            parts.sum::<f64>() / total
        };
        let (x_mean, y_mean) = (mean(&|x, _| x), mean(&|_, y| y));
        let x_spread = mean(&|x, _| (x - x_mean).powi(2));
        let y_spread = mean(&|_, y| (y - y_mean).powi(2));
        let shared = mean(&|x, y| (x - x_mean) * (y - y_mean));
        let apart = x_mean - y_mean;
        let constant = |side: &dyn Fn((f64, f64)) -> f64| {
            let mut used =
                points.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).filter_map(|(p, _)| p.map(side));
            let first = used.next();
            used.all(|value| Some(value) == first)
        };
        let (x_constant, y_constant) = (constant(&|point| point.0), constant(&|point| point.1));
        let one: Box<dyn Fn(f64, f64) -> f64>;
        let value;
        if kind == OfMoments::Pearson {
            if x_constant || y_constant {
                return Err(Undefined::NoVariation);
            }
            let scale = (x_spread * y_spread).sqrt();
            value = (shared / scale).clamp(-1.0, 1.0);
            one = Box::new(move |x, y| {
                let (x, y) = (x - x_mean, y - y_mean);
                x * y / scale - value / 2.0 * (x * x / x_spread + y * y / y_spread)
            });
        } else {
            let factor = match kind {
                OfMoments::ConcordanceUnbiased if total <= 1.0 => return Err(Undefined::TooFewItems),
                OfMoments::ConcordanceUnbiased => total / (total - 1.0),
                _ => 1.0,
            };
            let below = factor * (x_spread + y_spread) + apart * apart;
            if (x_constant && y_constant) || below == 0.0 {
                return Err(Undefined::NoVariation);
            }
            value = 2.0 * factor * shared / below;
            one = Box::new(move |x, y| {
                let (x, y) = (x - x_mean, y - y_mean);
                let moved = factor * (x * x - x_spread + y * y - y_spread) + 2.0 * apart * (x - y);
                (2.0 * factor * (x * y - shared) - value * moved) / below
            });
        }
        let by_pattern = points.iter().map(|point| point.map_or(0.0, |(x, y)| one(x, y) / total)).collect();
        Ok(Gradient { value, by_pattern })
    }
}
