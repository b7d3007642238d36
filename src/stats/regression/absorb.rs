//! The within transformation: columns less their means in the cells of fixed effects.

use super::super::coefficient::Undefined;

/// Rounds over several effects; two crossed effects that share most cells need some tens.
const ROUNDS: usize = 10_000;

/// Several effects are absorbed where a round moves no entry by more than this share of the column's largest.
const MOVED: f64 = 1e-13;

/// Takes the weighted mean of each cell of `effects` out of `column`.
///
/// One effect is exact. Several are taken out in turn until nothing moves (alternating projections: Guimarães and Portugal
/// 2010; Gaure 2013).
///
/// # Errors
/// [`Undefined::NoConvergence`] where several effects do not settle.
pub(super) fn absorb(column: &mut [f64], weights: &[f64], effects: &[Cells<'_>]) -> Result<(), Undefined> {
    let largest = column.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    for _ in 0..ROUNDS {
        let moved = effects.iter().map(|effect| effect.centre(column, weights)).fold(0.0, f64::max);
        if effects.len() < 2 || moved <= MOVED * largest {
            return Ok(());
        }
    }
    Err(Undefined::NoConvergence)
}

/// One fixed effect: the cell of every observation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cells<'a> {
    of: &'a [u32],
    /// Cells are numbered below this.
    end: usize,
}

impl<'a> Cells<'a> {
    pub(super) fn new(of: &'a [u32]) -> Self {
        Self { of, end: of.iter().max().map_or(0, |last| *last as usize + 1) }
    }

    /// Cells that hold an observation.
    pub(super) fn used(&self) -> usize {
        let mut used = vec![false; self.end];
        self.of.iter().for_each(|cell| used[*cell as usize] = true);
        used.into_iter().filter(|used| *used).count()
    }

    /// Takes out the means, and tells the largest.
    fn centre(&self, column: &mut [f64], weights: &[f64]) -> f64 {
        let mut sums = vec![(0.0, 0.0); self.end];
        for ((cell, value), weight) in self.of.iter().zip(&*column).zip(weights) {
            let (sum, total) = &mut sums[*cell as usize];
            *sum += weight * value;
            *total += weight;
        }
        let means: Vec<f64> = sums.iter().map(|(sum, total)| if *total > 0.0 { sum / total } else { 0.0 }).collect();
        column.iter_mut().zip(self.of).for_each(|(value, cell)| *value -= means[*cell as usize]);
        means.into_iter().fold(0.0, |most, mean| most.max(mean.abs()))
    }
}
