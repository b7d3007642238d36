//! Two raters.

use crate::stats::{
    Basis, ConfusionMatrix, Method, RatingTable, Statistic, Test, coefficients, kappa_is_zero, symmetry_tests,
};

use super::model::{Confusion, LabelScore, PairAgreement};

/// Agreement of the raters at two positions of `table`.
pub(super) fn pair(
    table: &RatingTable,
    raters: &[String],
    (first, second): (usize, usize),
    categories: &[String],
    statistics: &[Statistic],
    method: Method,
) -> PairAgreement {
    let both = table.pair(first, second);
    let matrix = ConfusionMatrix::of(&both, &both.counts());
    let rated = |at: usize, rater: usize| table.rating(at, rater).is_some();
    let one_of_them: u64 = (table.counts().iter().enumerate())
        .filter(|(at, _)| rated(*at, first) != rated(*at, second))
        .map(|(_, n)| n)
        .sum();
    PairAgreement {
        raters: [raters[first].clone(), raters[second].clone()],
        items: both.items(),
        coefficients: coefficients(&both, statistics, method),
        labels: categories.iter().enumerate().map(|(at, label)| LabelScore::of(&matrix, at, label)).collect(),
        confusion: Confusion { labels: categories.to_vec(), counts: matrix.rows() },
        unpaired: usize::try_from(one_of_them).unwrap_or(usize::MAX),
        tests: zero_tests(&both).into_iter().chain(symmetry_tests(&both)).collect(),
    }
}

/// Whether kappa is 0, with the weightings that are read first at the level.
fn zero_tests(pair: &RatingTable) -> Vec<Test> {
    let test = |statistic| match statistic {
        Statistic::CohenKappa(weighting, Basis::Position) => Some(kappa_is_zero(pair, weighting)),
        _ => None,
    };
    Statistic::of_pair(pair.scale.level).into_iter().filter_map(test).collect()
}
