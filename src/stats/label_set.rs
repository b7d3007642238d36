//! How far apart two sets of labels are, for alpha where items carry several.

use std::collections::BTreeSet;

/// A distance of two sets of labels, from 0 to 1; two empty sets are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetDistance {
    /// One less the labels in both over the labels in either (Jaccard 1912).
    Jaccard,
    /// One less that share times 1 for equal sets, 2/3 where one holds the other, 1/3 where they overlap otherwise, else 0 (Passonneau 2006).
    Masi,
}

impl SetDistance {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Jaccard, Self::Masi];

    /// The name of alpha by this distance.
    #[must_use]
    pub fn alpha_name(self) -> &'static str {
        match self {
            Self::Jaccard => "krippendorff_alpha_jaccard",
            Self::Masi => "krippendorff_alpha_masi",
        }
    }

    /// The distance of two sets.
    #[must_use]
    pub fn between<T: Ord>(self, first: &BTreeSet<T>, second: &BTreeSet<T>) -> f64 {
        let both = first.intersection(second).count();
        let either = first.len() + second.len() - both;
        if either == 0 {
            return 0.0;
        }
        let overlap = both as f64 / either as f64;
        let shape = match self {
            Self::Jaccard => 1.0,
            Self::Masi if both == either => 1.0,
            Self::Masi if both == first.len().min(second.len()) => 2.0 / 3.0,
            Self::Masi => 1.0 / 3.0,
        };
        1.0 - overlap * shape
    }

    /// The distances of every two of `sets`, by rows.
    #[must_use]
    pub fn among<T: Ord>(self, sets: &[&BTreeSet<T>]) -> Vec<f64> {
        sets.iter().flat_map(|first| sets.iter().map(|second| self.between(first, second))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: &str) -> BTreeSet<char> {
        labels.chars().collect()
    }

    #[test]
    fn sets_that_share_more_are_nearer() {
        let distances = |a: &str, b: &str| SetDistance::ALL.map(|one| one.between(&set(a), &set(b)));
        let close = |found: [f64; 2], by_hand: [f64; 2]| found.iter().zip(by_hand).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close(distances("ab", "ab"), [0.0, 0.0]));
        assert!(close(distances("a", "ab"), [0.5, 1.0 - 0.5 * 2.0 / 3.0]));
        assert!(close(distances("ab", "bc"), [1.0 - 1.0 / 3.0, 1.0 - 1.0 / 9.0]));
        assert!(close(distances("a", "b"), [1.0, 1.0]));
        assert!(close(distances("", "a"), [1.0, 1.0]));
        assert!(close(distances("", ""), [0.0, 0.0]));
    }
}
