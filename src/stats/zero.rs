//! Whether kappa is above what chance makes: the test against 0.

use super::coefficient::Undefined;
use super::confusion::ConfusionMatrix;
use super::interval::normal_below;
use super::statistic::Statistic;
use super::table::{RatingTable, Sampling};
use super::test::Test;
use super::weighting::{Basis, Weighting};

/// The test that Cohen's kappa of raters 0 and 1 of `pair` is 0: kappa over its null standard error (Fleiss, Cohen and Everitt 1969,
/// equation 9), two-sided. Items are taken as independent and not weighted.
///
/// The null variance is that of the influences on the table that independent raters with these margins would make.
#[must_use]
pub fn kappa_is_zero(pair: &RatingTable, weighting: Weighting) -> Test {
    const WORDS: &str = "z with the null variance (Fleiss, Cohen and Everitt 1969), two-sided";
    let statistic = Statistic::CohenKappa(weighting, Basis::Position);
    let name = format!("{}_is_zero", statistic.name());
    let matrix = ConfusionMatrix::of(pair, &pair.counts());
    let n = usize::try_from(matrix.total()).unwrap_or(usize::MAX);
    let (rows, columns) = (matrix.row_sums(), matrix.column_sums());
    let codes = || 0..u16::try_from(matrix.categories()).unwrap_or(u16::MAX);
    let cells: Vec<Vec<(u32, u16)>> = codes()
        .flat_map(|row| codes().map(move |column| (row, column)))
        .filter(|(row, column)| rows[usize::from(*row)] * columns[usize::from(*column)] > 0)
        .map(|(row, column)| vec![(0, row), (1, column)])
        .collect();
    let by_chance = RatingTable::from_ratings(pair.scale.clone(), 2, &cells, Sampling::default());
    let weights: Vec<f64> = (by_chance.patterns().iter())
        .map(|cell| rows[usize::from(cell[0].1)] as f64 * columns[usize::from(cell[1].1)] as f64 / n as f64)
        .collect();
    let counts: Vec<f64> = pair.counts().into_iter().map(|count| count as f64).collect();
    let found = || -> Result<(f64, f64), Undefined> {
        let kappa = statistic.value(pair, &counts)?;
        let slopes = statistic.functional(&by_chance)?.gradient(&weights)?.by_pattern;
        let variance: f64 = slopes.iter().zip(&weights).map(|(slope, weight)| weight * slope * slope).sum();
        if variance > 0.0 { Ok((kappa, variance.sqrt())) } else { Err(Undefined::NoVariation) }
    };
    match found() {
        Ok((kappa, error)) => {
            let z = kappa / error;
            Test::new(&name, z, None, 2.0 * normal_below(-z.abs()), n, WORDS)
        }
        Err(why) => Test::undefined(&name, n, WORDS, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rubric::Level;
    use crate::stats::Scale;

    fn table(cells: [[usize; 2]; 2]) -> RatingTable {
        let rows: Vec<[Option<u16>; 2]> = (0_u16..2)
            .flat_map(|row| (0_u16..2).map(move |column| (row, column)))
            .flat_map(|(row, column)| vec![[Some(row), Some(column)]; cells[usize::from(row)][usize::from(column)]])
            .collect();
        let scale = Scale { level: Level::Nominal, categories: 2, values: None, distances: None };
        RatingTable::new(scale, 2, &rows, None)
    }

    // By hand: with two categories and even margins the null variance is 1 / n, so that z is kappa times the root of n: 0.6 x 10.
    #[test]
    fn even_margins_have_a_null_variance_of_one_over_n() {
        let found = kappa_is_zero(&table([[40, 10], [10, 40]]), Weighting::Unweighted);
        assert_eq!((found.name.as_str(), found.n), ("cohen_kappa_is_zero", 100));
        assert!((found.statistic.unwrap() - 6.0).abs() < 1e-12, "{found:?}");
        assert!((found.p.unwrap() - 1.973_175e-9).abs() < 1e-14, "{found:?}");
    }

    #[test]
    fn one_category_has_no_test() {
        let found = kappa_is_zero(&table([[9, 0], [0, 0]]), Weighting::Unweighted);
        assert_eq!((found.p, found.undefined), (None, Some(Undefined::SingleCategory)));
        let found = kappa_is_zero(&table([[9, 4], [0, 0]]), Weighting::Unweighted);
        assert_eq!(found.p.map(|p| p < 1.0), None, "{found:?}");
    }
}
