//! Least squares with fixed effects and errors by cluster.

use super::super::coefficient::Undefined;
use super::super::influence::{Design, Influence, StandardError};
use super::super::symmetry::solve;
use super::absorb::{Cells, absorb};

/// A column of which the effects leave less than this share of its sum of squares is told by them.
const LEFT: f64 = 1e-12;

/// What is regressed on what; every list has one entry per observation.
#[derive(Debug, Clone, Copy)]
pub struct LinearSample<'a> {
    /// The outcome; for a linear probability model 0 or 1.
    pub outcomes: &'a [f64],
    /// The regressors, without a constant.
    pub columns: &'a [Vec<f64>],
    /// The cell of every observation in each fixed effect; none is a single constant.
    pub effects: &'a [Vec<u32>],
    /// Weights above 0; all 1 where there are none.
    pub weights: Option<&'a [f64]>,
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// One coefficient per regressor, each with the influence of every observation.
    pub coefficients: Vec<Influence>,
    /// Observations.
    pub observations: usize,
    /// Regressors and cells of fixed effects together; one cell less for each further effect.
    pub parameters: usize,
    /// Share of the outcome's variance that regressors and effects together explain, 0 to 1.
    pub r_squared: f64,
}

impl Linear {
    /// Fits `sample` by least squares within the cells of its effects (Frisch and Waugh 1933; Lovell 1963).
    ///
    /// # Errors
    /// [`Undefined::TooFewItems`] with no more observations than parameters, [`Undefined::NoVariation`] where the outcome is
    /// constant, or a regressor is told by the effects or the others, [`Undefined::NoConvergence`] where several effects do not
    /// settle.
    pub fn fit(sample: LinearSample<'_>) -> Result<Self, Undefined> {
        let n = sample.outcomes.len();
        let constant = [vec![0; n]];
        let effects = if sample.effects.is_empty() { &constant[..] } else { sample.effects };
        let effects: Vec<Cells<'_>> = effects.iter().map(|cells| Cells::new(cells)).collect();
        let cells: usize = effects.iter().map(Cells::used).sum();
        let parameters = sample.columns.len() + (cells + 1).saturating_sub(effects.len());
        if n <= parameters {
            return Err(Undefined::TooFewItems);
        }
        let even = vec![1.0; n];
        let weights = sample.weights.unwrap_or(&even);
        let within = |column: &[f64]| {
            let mut column = column.to_vec();
            absorb(&mut column, weights, &effects).map(|()| column)
        };
        let outcome = within(sample.outcomes)?;
        let columns = sample.columns.iter().map(|column| within(column)).collect::<Result<Vec<_>, _>>()?;
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).zip(weights).map(|((a, b), w)| w * a * b).sum() };
        if columns.iter().zip(sample.columns).any(|(left, all)| dot(left, left) <= LEFT * dot(all, all)) {
            return Err(Undefined::NoVariation);
        }
        let products: Vec<Vec<f64>> = columns.iter().map(|a| columns.iter().map(|b| dot(a, b)).collect()).collect();
        let slope = columns.iter().map(|column| dot(column, &outcome)).collect();
        let beta = solve(products.clone(), slope).ok_or(Undefined::NoVariation)?;
        let fitted = |at: usize| -> f64 { columns.iter().zip(&beta).map(|(column, beta)| column[at] * beta).sum() };
        let residuals: Vec<f64> = (0..n).map(|at| outcome[at] - fitted(at)).collect();
        let coefficient = |number: usize| {
            let unit = (0..beta.len()).map(|other| f64::from(other == number)).collect();
            let row = solve(products.clone(), unit).ok_or(Undefined::NoVariation)?;
            let lean = |at: usize| -> f64 { columns.iter().zip(&row).map(|(column, row)| column[at] * row).sum() };
            let by_item = (0..n).map(|at| Some(weights[at] * lean(at) * residuals[at])).collect();
            Ok(Influence { value: beta[number], by_item })
        };
        let mut centred = sample.outcomes.to_vec();
        let one_cell = vec![0; n];
        absorb(&mut centred, weights, &[Cells::new(&one_cell)])?;
        let all = dot(&centred, &centred);
        if all <= 0.0 {
            return Err(Undefined::NoVariation);
        }
        Ok(Self {
            coefficients: (0..beta.len()).map(coefficient).collect::<Result<_, _>>()?,
            observations: n,
            parameters,
            r_squared: 1.0 - dot(&residuals, &residuals) / all,
        })
    }

    /// Standard errors that hold also where the variance is not constant, by cluster where `design` has any: the influence core's
    /// with (n - 1) / (n - parameters) besides, which is CR1 (Liang and Zeger 1986; Cameron and Miller 2015, equation 11).
    ///
    /// # Errors
    /// With fewer than two units.
    pub fn standard_errors(&self, design: Design<'_>) -> Result<Vec<StandardError>, Undefined> {
        let n = self.observations as f64;
        let small = ((n - 1.0) / (n - self.parameters as f64)).sqrt();
        let scaled = |one: &Influence| {
            let error = one.standard_error(design)?;
            Ok(StandardError { se: error.se * small, ..error })
        };
        self.coefficients.iter().map(scaled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(outcomes: &[f64], columns: &[Vec<f64>], effects: &[Vec<u32>]) -> Result<Linear, Undefined> {
        Linear::fit(LinearSample { outcomes, columns, effects, weights: None })
    }

    // By hand: x = 0, 1, 2, 3 and y = 1, 3, 4, 8 have slope 11 / 5.
    #[test]
    fn a_line_through_four_points() {
        let line = fit(&[1.0, 3.0, 4.0, 8.0], &[vec![0.0, 1.0, 2.0, 3.0]], &[]).unwrap();
        assert!((line.coefficients[0].value - 2.2).abs() < 1e-12);
        assert_eq!((line.observations, line.parameters), (4, 2));
        // Residuals 0.3, 0.1, -1.1, 0.7: their squares sum to 1.8, of 26 about the mean.
        assert!((line.r_squared - (1.0 - 1.8 / 26.0)).abs() < 1e-12, "{}", line.r_squared);
    }

    #[test]
    fn a_constant_added_in_a_cell_changes_nothing() {
        let x = [0.0, 1.0, 2.0, 0.5, 1.5, 4.0];
        let y: Vec<f64> = x.iter().zip([0.1, -0.2, 0.1, 0.3, -0.1, 0.0]).map(|(x, e)| 2.0 * x + e).collect();
        let cells = vec![0, 0, 0, 7, 7, 7];
        let moved: Vec<f64> = y.iter().zip(&cells).map(|(y, cell)| y + f64::from(*cell)).collect();
        let (before, after) =
            (fit(&y, &[x.to_vec()], std::slice::from_ref(&cells)), fit(&moved, &[x.to_vec()], &[cells]));
        let slope = |fit: Result<Linear, Undefined>| fit.unwrap().coefficients[0].value;
        assert!((slope(before) - slope(after)).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let y = [0.0, 1.0, 1.0, 0.0, 1.0];
        let cells = vec![0, 0, 1, 1, 1];
        let same = vec![2.0, 2.0, 5.0, 5.0, 5.0];
        assert_eq!(fit(&y, &[same], &[cells]), Err(Undefined::NoVariation), "told by the cells");
        let x = vec![1.0, 2.0, 3.0, 4.0, 6.0];
        assert_eq!(fit(&y, &[x.clone(), x.clone()], &[]), Err(Undefined::NoVariation), "told twice");
        assert_eq!(fit(&[1.0; 5], std::slice::from_ref(&x), &[]), Err(Undefined::NoVariation), "nothing to explain");
        assert_eq!(fit(&y[..2], &[x[..2].to_vec()], &[]), Err(Undefined::TooFewItems));
    }
}
