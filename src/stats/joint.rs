//! Coefficients of two raters that are read from their joint distribution.

use super::coefficient::Undefined;
use super::influence::{Functional, Gradient};
use super::table::RatingTable;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Matthews' correlation of k classes (Gorodkin 2004, equation 8).
    Matthews,
    /// Mean recall of the second rater over the categories that the first used.
    BalancedAccuracy,
    /// The largest Cohen's kappa that the margins allow (Cohen 1960, equation 9).
    KappaMax,
    /// How far apart the two agreeing cells are (Byrt, Bishop and Carlin 1993).
    PrevalenceIndex,
    /// How far apart the two raters' shares of the first category are (same).
    BiasIndex,
}

/// One of these coefficients on a table of two raters.
pub(super) struct OfJoint<'t>(pub &'t RatingTable, pub Of);

/// The influence of an item in a cell.
type OnCell<'j> = Box<dyn Fn((usize, usize)) -> f64 + 'j>;

/// Shares of cells and margins.
struct Joint {
    q: usize,
    total: f64,
    cells: Vec<f64>,
    rows: Vec<f64>,
    columns: Vec<f64>,
}

/// The two codes of every pattern of a table of two raters.
pub(super) fn codes(table: &RatingTable) -> impl Iterator<Item = Option<(usize, usize)>> + '_ {
    table.patterns().iter().map(|pattern| match pattern[..] {
        [(_, first), (_, second)] => Some((first.into(), second.into())),
        _ => None,
    })
}

fn joint(table: &RatingTable, weights: &[f64]) -> Result<Joint, Undefined> {
    let q = table.scale.categories;
    let mut of = Joint { q, total: 0.0, cells: vec![0.0; q * q], rows: vec![0.0; q], columns: vec![0.0; q] };
    for (codes, weight) in codes(table).zip(weights) {
        let Some((row, column)) = codes else { continue };
        of.total += weight;
        of.cells[row * q + column] += weight;
        of.rows[row] += weight;
        of.columns[column] += weight;
    }
    if of.total == 0.0 {
        return Err(Undefined::NoPairableItems);
    }
    let total = of.total;
    for share in of.cells.iter_mut().chain(&mut of.rows).chain(&mut of.columns) {
        *share /= total;
    }
    Ok(of)
}

impl Joint {
    fn same(&self) -> f64 {
        (0..self.q).map(|at| self.cells[at * self.q + at]).sum()
    }

    /// Agreement by chance.
    fn chance(&self) -> f64 {
        self.rows.iter().zip(&self.columns).map(|(row, column)| row * column).sum()
    }

    /// Influence on [`Self::chance`] of an item in a cell.
    fn on_chance(&self, (row, column): (usize, usize)) -> f64 {
        self.columns[row] + self.rows[column] - 2.0 * self.chance()
    }

    fn is_single_category(&self) -> bool {
        (0..self.q).any(|at| self.rows[at] > 0.0 && self.columns[at] > 0.0 && self.rows[at] * self.columns[at] >= 1.0)
            || self.q < 2
    }

    /// The value, and the influence of an item in a cell (of mean 0).
    fn evaluate(&self, of: Of) -> Result<(f64, OnCell<'_>), Undefined> {
        let same = |cell: (usize, usize)| f64::from(cell.0 == cell.1);
        match of {
            Of::Matthews => {
                let squares = |shares: &[f64]| shares.iter().map(|share| share * share).sum::<f64>();
                let (rows, columns) = (squares(&self.rows), squares(&self.columns));
                let constant = |shares: &[f64]| shares.iter().filter(|share| **share > 0.0).count() < 2;
                if constant(&self.rows) || constant(&self.columns) {
                    return Err(Undefined::NoVariation);
                }
                let scale = ((1.0 - rows) * (1.0 - columns)).sqrt();
                let value = (self.same() - self.chance()) / scale;
                let influence = move |cell: (usize, usize)| {
                    let above = same(cell) - self.same() - self.on_chance(cell);
                    let below =
                        (self.rows[cell.0] - rows) / (1.0 - rows) + (self.columns[cell.1] - columns) / (1.0 - columns);
                    above / scale + value * below
                };
                Ok((value, Box::new(influence)))
            }
            Of::BalancedAccuracy => {
                let present = self.rows.iter().filter(|row| **row > 0.0).count() as f64;
                let recall = move |row: usize| self.cells[row * self.q + row] / self.rows[row];
                let value = (0..self.q).filter(|row| self.rows[*row] > 0.0).map(recall).sum::<f64>() / present;
                let influence =
                    move |cell: (usize, usize)| (same(cell) - recall(cell.0)) / (self.rows[cell.0] * present);
                Ok((value, Box::new(influence)))
            }
            Of::KappaMax => {
                if self.is_single_category() {
                    return Err(Undefined::SingleCategory);
                }
                let most: f64 = self.rows.iter().zip(&self.columns).map(|(row, column)| row.min(*column)).sum();
                let chance = self.chance();
                let value = (most - chance) / (1.0 - chance);
                // Where both raters used a category equally often the minimum has a corner; the mean of both sides is taken.
                let takes = move |at: usize, own: &[f64], other: &[f64]| match own[at].total_cmp(&other[at]) {
                    std::cmp::Ordering::Less => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Greater => 0.0,
                };
                let influence = move |cell: (usize, usize)| {
                    let own = takes(cell.0, &self.rows, &self.columns) + takes(cell.1, &self.columns, &self.rows);
                    (own - most - (1.0 - value) * self.on_chance(cell)) / (1.0 - chance)
                };
                Ok((value, Box::new(influence)))
            }
            Of::PrevalenceIndex | Of::BiasIndex => {
                let [first, second] = if of == Of::PrevalenceIndex { [0, 3] } else { [1, 2] };
                let [Some(plus), Some(minus)] = [self.cells.get(first), self.cells.get(second)] else {
                    return Err(Undefined::SingleCategory);
                };
                let value = plus - minus;
                let influence = move |cell: (usize, usize)| {
                    let at = cell.0 * self.q + cell.1;
                    f64::from(at == first) - f64::from(at == second) - value
                };
                Ok((value, Box::new(influence)))
            }
        }
    }
}

impl Functional for OfJoint<'_> {
    fn value(&self, weights: &[f64]) -> Result<f64, Undefined> {
        Ok(joint(self.0, weights)?.evaluate(self.1)?.0)
    }

    fn gradient(&self, weights: &[f64]) -> Result<Gradient, Undefined> {
        let joint = joint(self.0, weights)?;
        let (value, influence) = joint.evaluate(self.1)?;
        let one = |(cell, weight): (Option<(usize, usize)>, &f64)| {
            // Recall of a category without weight has no derivative there, and nothing that counts has one.
            cell.filter(|_| *weight > 0.0).map_or(0.0, |cell| influence(cell) / joint.total)
        };
        Ok(Gradient { value, by_pattern: codes(self.0).zip(weights).map(one).collect() })
    }
}
