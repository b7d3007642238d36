//! The confusion matrix of two raters, and the scores read from it.

use super::table::RatingTable;

/// Counts of the first rater's category (row) against the second's (column).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfusionMatrix {
    categories: usize,
    counts: Vec<u64>,
}

impl ConfusionMatrix {
    /// The matrix of raters 0 and 1 of `table`, where each pattern occurs `counts` times; items one of them left out
    /// are left out.
    #[must_use]
    pub fn of(table: &RatingTable, counts: &[u64]) -> Self {
        let categories = table.scale.categories;
        let mut matrix = Self { categories, counts: vec![0; categories * categories] };
        for (pattern, count) in table.patterns().iter().zip(counts) {
            if let [(0, row), (1, column)] = pattern[..] {
                matrix.counts[usize::from(row) * categories + usize::from(column)] += count;
            }
        }
        matrix
    }

    /// Number of categories.
    #[must_use]
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// One cell.
    #[must_use]
    pub fn count(&self, row: usize, column: usize) -> u64 {
        self.counts[row * self.categories + column]
    }

    /// Items counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<u64>> {
        self.counts.chunks(self.categories.max(1)).map(<[u64]>::to_vec).collect()
    }

    /// Times the first rater used each category.
    #[must_use]
    pub fn row_sums(&self) -> Vec<u64> {
        (0..self.categories).map(|row| (0..self.categories).map(|column| self.count(row, column)).sum()).collect()
    }

    /// Times the second rater used each category.
    #[must_use]
    pub fn column_sums(&self) -> Vec<u64> {
        (0..self.categories).map(|column| (0..self.categories).map(|row| self.count(row, column)).sum()).collect()
    }

    /// Agreement expected by chance from the two margins; none where the matrix is empty.
    #[must_use]
    pub fn chance_agreement(&self) -> Option<f64> {
        let n = self.total() as f64;
        let same: f64 = self.row_sums().iter().zip(self.column_sums()).map(|(a, b)| *a as f64 * b as f64).sum();
        (n > 0.0).then(|| same / (n * n))
    }

    /// Precision, recall and F1 of the second rater against the first on one category; each none where it is 0/0.
    #[must_use]
    pub fn precision_recall_f1(&self, category: usize) -> [Option<f64>; 3] {
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let hits = self.count(category, category);
        let support = self.row_sums()[category];
        let predicted = self.column_sums()[category];
        [share(hits, predicted), share(hits, support), share(2 * hits, support + predicted)]
    }
}
