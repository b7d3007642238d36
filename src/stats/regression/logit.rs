//! Logistic regression by Newton's method, with errors from the influences of observations.

use super::super::coefficient::Undefined;
use super::super::influence::{Design, Influence};
use super::super::symmetry::solve;

/// Rounds of Newton's method; it takes less than ten where there is a maximum.
const ROUNDS: usize = 100;

/// A fitted regression: one coefficient per column, each with the influence of every observation.
#[derive(Debug, Clone, PartialEq)]
pub struct Logit {
    /// Coefficients, in log odds.
    pub coefficients: Vec<Influence>,
}

impl Logit {
    /// Regresses `outcomes`, shares in [0, 1], on `rows` of equal length.
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] with fewer rows than columns, [`Undefined::NoVariation`] where columns are collinear or separate
    /// the outcomes, so that there is no maximum.
    pub fn fit(rows: &[Vec<f64>], outcomes: &[f64]) -> Result<Self, Undefined> {
        let columns = rows.first().map_or(0, Vec::len);
        if columns == 0 || rows.len() < columns {
            return Err(Undefined::TooFewItems);
        }
        let mut beta = vec![0.0; columns];
        for _ in 0..ROUNDS {
            let (slope, information) = derivatives(rows, outcomes, &beta);
            let step = solve(information, slope).ok_or(Undefined::NoVariation)?;
            beta.iter_mut().zip(&step).for_each(|(beta, step)| *beta += step);
            if beta.iter().any(|beta| !beta.is_finite()) {
                return Err(Undefined::NoVariation);
            }
            let most = beta.iter().fold(1.0_f64, |most, beta| most.max(beta.abs()));
            if step.iter().all(|step| step.abs() < 1e-13 * most) {
                return Self::at(rows, outcomes, &beta);
            }
        }
        Err(Undefined::NoVariation)
    }

    fn at(rows: &[Vec<f64>], outcomes: &[f64], beta: &[f64]) -> Result<Self, Undefined> {
        let (_, information) = derivatives(rows, outcomes, beta);
        let coefficient = |at: usize| {
            let unit = (0..beta.len()).map(|other| f64::from(other == at)).collect();
            let weights = solve(information.clone(), unit).ok_or(Undefined::NoVariation)?;
            let pull = |(row, outcome): (&Vec<f64>, &f64)| {
                let lean: f64 = row.iter().zip(&weights).map(|(x, weight)| x * weight).sum();
                Some(lean * (outcome - chance(row, beta)))
            };
            Ok(Influence { value: beta[at], by_item: rows.iter().zip(outcomes).map(pull).collect() })
        };
        Ok(Self { coefficients: (0..beta.len()).map(coefficient).collect::<Result<_, _>>()? })
    }

    /// The average marginal effect of a column: by how much the chance moves per unit of it, as a mean over `rows`, which the
    /// regression was fitted on. Its errors are those of the coefficients (delta method; the rows are taken as they are).
    ///
    /// None where there is no such column.
    #[must_use]
    pub fn average_effect(&self, rows: &[Vec<f64>], column: usize) -> Option<Influence> {
        let beta: Vec<f64> = self.coefficients.iter().map(|one| one.value).collect();
        let slope = *beta.get(column)?;
        let n = rows.len() as f64;
        let mut value = 0.0;
        let mut by_coefficient = vec![0.0; beta.len()];
        for row in rows {
            let chance = chance(row, &beta);
            let spread = chance * (1.0 - chance) / n;
            value += spread * slope;
            for (at, part) in by_coefficient.iter_mut().enumerate() {
                *part += spread * (f64::from(at == column) + slope * (1.0 - 2.0 * chance) * row[at]);
            }
        }
        let pull = |item: usize| {
            let parts = self.coefficients.iter().zip(&by_coefficient);
            parts.map(|(one, part)| one.by_item[item].map(|pull| pull * part)).sum()
        };
        Some(Influence { value, by_item: (0..rows.len()).map(pull).collect() })
    }

    /// Standard errors that hold also where the model does not, by cluster where the design has any.
    ///
    /// # Errors
    /// With fewer than two units.
    pub fn standard_errors(&self, design: Design<'_>) -> Result<Vec<f64>, Undefined> {
        self.coefficients.iter().map(|one| one.standard_error(design).map(|error| error.se)).collect()
    }
}

/// Slope of the log-likelihood, and the information.
fn derivatives(rows: &[Vec<f64>], outcomes: &[f64], beta: &[f64]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let columns = beta.len();
    let (mut slope, mut information) = (vec![0.0; columns], vec![vec![0.0; columns]; columns]);
    for (row, outcome) in rows.iter().zip(outcomes) {
        let chance = chance(row, beta);
        for a in 0..columns {
            slope[a] += (outcome - chance) * row[a];
            for b in 0..columns {
                information[a][b] += chance * (1.0 - chance) * row[a] * row[b];
            }
        }
    }
    (slope, information)
}

fn chance(row: &[f64], beta: &[f64]) -> f64 {
    1.0 / (1.0 + (-row.iter().zip(beta).map(|(x, beta)| x * beta).sum::<f64>()).exp())
}
