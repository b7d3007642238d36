//! Tests of the two margins of one table: whether two raters, or two judges held against gold, err alike.

use std::collections::BTreeMap;

use statrs::distribution::{Binomial, Discrete, DiscreteCDF};

use super::coefficient::Undefined;
use super::confusion::ConfusionMatrix;
use super::table::RatingTable;
use super::test::Test;

/// McNemar's test of `first_only` against `second_only` discordant items among `n`: exact, mid-p and chi-square.
///
/// `mcnemar_exact` is the two-sided binomial test; its statistic is the smaller count. `mcnemar_mid_p` takes half the probability
/// of what was seen (Fagerland, Lydersen and Laake 2013, section 2.3). `mcnemar_chi_squared` is (b - c)^2 / (b + c) without
/// continuity correction (McNemar 1947). Without discordant items all three are `no_variation`.
#[must_use]
pub fn mcnemar(first_only: u64, second_only: u64, n: usize) -> Vec<Test> {
    const EXACT: (&str, &str) = ("mcnemar_exact", "two-sided exact binomial");
    const MID_P: (&str, &str) = ("mcnemar_mid_p", "two-sided mid-p binomial (Fagerland, Lydersen and Laake 2013)");
    const CHI: (&str, &str) = ("mcnemar_chi_squared", "chi-square without continuity correction (McNemar 1947)");
    let (least, discordant) = (first_only.min(second_only), first_only + second_only);
    let law = Binomial::new(0.5, discordant);
    let Some(law) = law.ok().filter(|_| discordant > 0) else {
        let without = |(name, method)| Test::undefined(name, n, method, Undefined::NoVariation);
        return [EXACT, MID_P, CHI].map(without).to_vec();
    };
    let tail = 2.0 * law.cdf(least);
    let apart = first_only.abs_diff(second_only) as f64;
    let few = |(name, method), p| Test::new(name, least as f64, None, p, n, method);
    vec![
        few(EXACT, tail),
        few(MID_P, tail - law.pmf(least)),
        Test::chi_squared(CHI.0, apart * apart / discordant as f64, 1, n, CHI.1),
    ]
}

/// McNemar's test where items come in clusters: the square of the sum over clusters of b - c, over the sum of their squares
/// (Yang, Sun and Hardin 2010). `items` holds each item's cluster and +1 where only the first is so, -1 where only the second, else 0.
#[must_use]
pub fn mcnemar_clustered(items: &[(u32, i8)]) -> Test {
    let mut clusters: BTreeMap<u32, i64> = BTreeMap::new();
    for (cluster, side) in items {
        *clusters.entry(*cluster).or_default() += i64::from(*side);
    }
    let sum = clusters.values().sum::<i64>() as f64;
    let squares = clusters.values().map(|sum| sum * sum).sum::<i64>() as f64;
    let method = format!("chi-square over {} clusters (Yang, Sun and Hardin 2010)", clusters.len());
    if clusters.len() < 2 {
        return Test::undefined("mcnemar_clustered", items.len(), &method, Undefined::TooFewItems);
    }
    if squares == 0.0 {
        return Test::undefined("mcnemar_clustered", items.len(), &method, Undefined::NoVariation);
    }
    Test::chi_squared("mcnemar_clustered", sum * sum / squares, 1, items.len(), &method)
}

/// Bowker's test of symmetry (1948): every cell against its mirror. Pairs of empty cells count no degree of freedom.
#[must_use]
pub fn bowker(matrix: &ConfusionMatrix) -> Test {
    let (q, n) = (matrix.categories(), count(matrix));
    let (mut statistic, mut df) = (0.0, 0);
    for (row, column) in (0..q).flat_map(|row| (row + 1..q).map(move |column| (row, column))) {
        let (upper, lower) = (matrix.count(row, column), matrix.count(column, row));
        if upper + lower > 0 {
            df += 1;
            statistic += (upper.abs_diff(lower) as f64).powi(2) / (upper + lower) as f64;
        }
    }
    Test::chi_squared(
        "bowker",
        statistic,
        df,
        n,
        "chi-square over pairs of cells that are not both empty (Bowker 1948)",
    )
}

/// The Stuart-Maxwell test of equal margins (Stuart 1955; Maxwell 1970): d' V^- d with d the difference of the margins.
///
/// V is the Laplacian of the graph of disagreements, so that its rank is the number of categories less the number of connected
/// parts: that is the degree of freedom, and categories nobody disagrees on take no part.
#[must_use]
pub fn stuart_maxwell(matrix: &ConfusionMatrix) -> Test {
    let (q, n) = (matrix.categories(), count(matrix));
    let mixed = |a: usize, b: usize| (matrix.count(a, b) + matrix.count(b, a)) as f64;
    let (mut part, mut kept) = (vec![usize::MAX; q], Vec::new());
    for root in 0..q {
        if part[root] != usize::MAX {
            continue;
        }
        // One category of each part follows from the others, and is left out.
        let mut open = vec![root];
        part[root] = root;
        while let Some(at) = open.pop() {
            for next in (0..q).filter(|next| *next != at && mixed(at, *next) > 0.0) {
                if part[next] == usize::MAX {
                    part[next] = root;
                    kept.push(next);
                    open.push(next);
                }
            }
        }
    }
    let (rows, columns) = (matrix.row_sums(), matrix.column_sums());
    let apart: Vec<f64> = kept.iter().map(|at| rows[*at] as f64 - columns[*at] as f64).collect();
    let covariance = |a: usize, b: usize| {
        if a == b { (0..q).filter(|other| *other != a).map(|other| mixed(a, other)).sum() } else { -mixed(a, b) }
    };
    let v = kept.iter().map(|a| kept.iter().map(|b| covariance(*a, *b)).collect()).collect();
    let method = "chi-square on the difference of margins (Stuart 1955, Maxwell 1970)";
    match solve(v, apart.clone()) {
        Some(solved) => {
            let statistic: f64 = apart.iter().zip(&solved).map(|(a, b)| a * b).sum();
            Test::chi_squared("stuart_maxwell", statistic.max(0.0), kept.len(), n, method)
        }
        None => Test::undefined("stuart_maxwell", n, method, Undefined::NoVariation),
    }
}

/// The tests that a pair of raters gets: McNemar's for two categories, Bowker's and Stuart-Maxwell's for more, and McNemar's over
/// clusters where a table of two categories has any.
#[must_use]
pub fn symmetry_tests(pair: &RatingTable) -> Vec<Test> {
    let matrix = ConfusionMatrix::of(pair, &pair.counts());
    if matrix.categories() != 2 {
        return vec![bowker(&matrix), stuart_maxwell(&matrix)];
    }
    let mut tests = mcnemar(matrix.count(0, 1), matrix.count(1, 0), count(&matrix));
    if let Some(clusters) = pair.clusters() {
        let side = |item: usize| match pair.patterns()[pair.pattern_of(item)][..] {
            [(_, 0), (_, 1)] => 1,
            [(_, 1), (_, 0)] => -1,
            _ => 0,
        };
        tests.push(mcnemar_clustered(&clusters.iter().enumerate().map(|(at, of)| (*of, side(at))).collect::<Vec<_>>()));
    }
    tests
}

fn count(matrix: &ConfusionMatrix) -> usize {
    usize::try_from(matrix.total()).unwrap_or(usize::MAX)
}

/// Solves a system of full rank by elimination with pivots; none where it is singular.
pub(super) fn solve(mut rows: Vec<Vec<f64>>, mut right: Vec<f64>) -> Option<Vec<f64>> {
    let n = right.len();
    let scale = rows.iter().flatten().fold(0.0_f64, |most, cell| most.max(cell.abs()));
    for at in 0..n {
        let pivot = (at..n).max_by(|a, b| rows[*a][at].abs().total_cmp(&rows[*b][at].abs()))?;
        if rows[pivot][at].abs() <= 1e-14 * scale {
            return None;
        }
        rows.swap(at, pivot);
        right.swap(at, pivot);
        for below in at + 1..n {
            let factor = rows[below][at] / rows[at][at];
            let (above, rest) = rows.split_at_mut(below);
            for (cell, pivot) in rest[0].iter_mut().zip(&above[at]).skip(at) {
                *cell -= factor * pivot;
            }
            right[below] -= factor * right[at];
        }
    }
    for at in (0..n).rev() {
        let known: f64 = (at + 1..n).map(|column| rows[at][column] * right[column]).sum();
        right[at] = (right[at] - known) / rows[at][at];
    }
    Some(right)
}
