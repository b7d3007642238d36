//! How far apart two categories count as being.

use super::table::Scale;

/// How far apart two categories count as being.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weighting {
    /// Every disagreement counts the same.
    Unweighted,
    /// By distance.
    Linear,
    /// By squared distance.
    Quadratic,
    /// By the number of pairs of categories between two, on positions: C(|a-b|+1, 2) (Gwet 2014, section 3.5).
    Ordinal,
    /// By the scale's declared distances (Cohen 1968).
    Custom,
}

/// What distances are taken between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// Positions in the scale.
    Position,
    /// Numeric values; positions where categories have none.
    Value,
}

impl Weighting {
    /// Those that need no declared distances, unweighted first.
    pub const ALL: [Self; 4] = [Self::Unweighted, Self::Linear, Self::Quadratic, Self::Ordinal];

    /// What a name ends with.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Unweighted => "",
            Self::Linear => "_linear",
            Self::Quadratic => "_quadratic",
            Self::Ordinal => "_ordinal",
            Self::Custom => "_custom",
        }
    }

    /// Disagreement of every two categories, by rows, 0 for none and 1 for the most that the scale allows.
    pub(super) fn distances(self, scale: &Scale, basis: Basis) -> Vec<f64> {
        let q = scale.categories;
        let place = |category: usize| match (&scale.values, basis) {
            (Some(values), Basis::Value) => values[category],
            _ => category as f64,
        };
        let one = |a: usize, b: usize| match self {
            Self::Unweighted => f64::from(a != b),
            Self::Linear => (place(a) - place(b)).abs(),
            Self::Quadratic => (place(a) - place(b)).powi(2),
            Self::Ordinal => (a.abs_diff(b) * (a.abs_diff(b) + 1)) as f64 / 2.0,
            // Coefficients by declared distances are refused where there are none.
            Self::Custom => scale.distances.as_ref().map_or(0.0, |declared| declared[a * q + b]),
        };
        let mut distances: Vec<f64> = (0..q).flat_map(|a| (0..q).map(move |b| one(a, b))).collect();
        let most = distances.iter().copied().fold(0.0, f64::max);
        if most > 0.0 {
            for distance in &mut distances {
                *distance /= most;
            }
        }
        distances
    }
}
