//! Which columns of a design say something of their own.

/// A column of which the ones before it leave less than this share of its sum of squares is told by them.
const LEFT: f64 = 1e-10;

/// The columns of `rows`, which have equal lengths, that are no combination of those before them, in order: the pivots of the
/// Cholesky decomposition of the matrix of their products.
#[must_use]
pub fn independent_columns(rows: &[Vec<f64>]) -> Vec<usize> {
    let columns = rows.first().map_or(0, Vec::len);
    let mut products = vec![vec![0.0; columns]; columns];
    for row in rows {
        // Most entries are marks that are 0.
        let some: Vec<usize> = (0..columns).filter(|column| row[*column] != 0.0).collect();
        for (number, a) in some.iter().enumerate() {
            for b in &some[..=number] {
                products[*a][*b] += row[*a] * row[*b];
            }
        }
    }
    let mut factors: Vec<Vec<f64>> = Vec::new();
    let mut kept: Vec<usize> = Vec::new();
    for (column, own) in products.iter().enumerate() {
        let mut factor: Vec<f64> = Vec::with_capacity(kept.len() + 1);
        for (earlier, known) in kept.iter().zip(&factors) {
            let told: f64 = factor.iter().zip(known).map(|(a, b)| a * b).sum();
            factor.push((own[*earlier] - told) / known[factor.len()]);
        }
        let left = own[column] - factor.iter().map(|part| part * part).sum::<f64>();
        if left > LEFT * own[column] {
            factor.push(left.sqrt());
            factors.push(factor);
            kept.push(column);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::independent_columns;

    #[test]
    fn a_column_that_others_sum_up_to_is_left_out() {
        let rows =
            [[1.0, 1.0, 0.0, 5.0], [1.0, 0.0, 1.0, 2.0], [1.0, 1.0, 0.0, 3.0], [1.0, 0.0, 1.0, 9.0]].map(Vec::from);
        assert_eq!(independent_columns(&rows), [0, 1, 3]);
        assert_eq!(independent_columns(&[vec![0.0, 2.0], vec![0.0, 3.0]]), [1], "a column of zeros");
        assert!(independent_columns(&[]).is_empty());
    }
}
