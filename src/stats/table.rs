//! The rating table: items by raters, stored as distinct rating patterns.

use std::collections::HashMap;
use std::sync::Arc;

use crate::rubric::Level;

/// The scale that ratings are codes of.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// Level of measurement.
    pub level: Level,
    /// Number of declared categories; a code is a position in their order.
    pub categories: usize,
    /// Numeric values of the categories, where all have one.
    pub values: Option<Vec<f64>>,
    /// Declared distances of every two categories, by rows: 0 from a category to itself, the same both ways, finite, not below 0.
    pub distances: Option<Arc<[f64]>>,
}

/// What the raters of one item said: rater and code, by rater; raters without a rating are absent.
pub type Pattern = Vec<(u32, u16)>;

/// Ratings of items by raters, without the items nobody rated.
///
/// Items with the same ratings share one pattern, so that every coefficient is computed from weights of patterns. Patterns hold
/// only the ratings that there are, so that a million raters of one item each are no larger than their ratings.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingTable {
    /// The scale.
    pub scale: Scale,
    raters: usize,
    patterns: Vec<Pattern>,
    tallies: Vec<Vec<(u16, u32)>>,
    counts: Vec<u64>,
    pattern_of_item: Vec<u32>,
    clusters: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
    strata: Option<Vec<u32>>,
}

/// How the items of a table were drawn: one entry per item in each list that there is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sampling<'a> {
    /// Cluster of every item.
    pub clusters: Option<&'a [u32]>,
    /// Weight of every item, finite and above 0; only ratios count, so that they are scaled to a mean of 1.
    pub weights: Option<&'a [f64]>,
    /// Stratum of every item; clusters lie within strata.
    pub strata: Option<&'a [u32]>,
}

/// Most combinations of codes that are looked up by position instead of hash.
const SMALL: usize = 1 << 16;

impl RatingTable {
    /// A table of `rows`, one per item, each holding one code or nothing per rater; `clusters` has one number per row.
    #[must_use]
    pub fn new<R: AsRef<[Option<u16>]>>(scale: Scale, raters: usize, rows: &[R], clusters: Option<&[u32]>) -> Self {
        let mut builder = Builder::of(rows.len(), clusters.is_some());
        let base = scale.categories + 1;
        let exponent = u32::try_from(raters).unwrap_or(u32::MAX);
        if let Some(size) = base.checked_pow(exponent).filter(|size| *size <= SMALL) {
            let mut known = vec![u32::MAX; size];
            for (at, row) in rows.iter().enumerate() {
                let row = row.as_ref();
                let key = row.iter().fold(0, |key, code| key * base + code.map_or(0, |code| usize::from(code) + 1));
                if key > 0 {
                    if known[key] == u32::MAX {
                        known[key] = builder.add(sparse(row));
                    }
                    builder.item(known[key], at);
                }
            }
        } else {
            let mut known: HashMap<&[Option<u16>], u32> = HashMap::new();
            for (at, row) in rows.iter().enumerate() {
                let row = row.as_ref();
                if row.iter().any(Option::is_some) {
                    let pattern = *known.entry(row).or_insert_with(|| builder.add(sparse(row)));
                    builder.item(pattern, at);
                }
            }
        }
        builder.finish(scale, raters, Sampling { clusters, ..Sampling::default() })
    }

    /// A table of `items`, each with its ratings sorted by rater, drawn as `sampling` says.
    #[must_use]
    pub fn from_ratings(scale: Scale, raters: usize, items: &[Pattern], sampling: Sampling<'_>) -> Self {
        let mut builder = Builder::of(items.len(), sampling != Sampling::default());
        let mut known: HashMap<&Pattern, u32> = HashMap::new();
        for (at, ratings) in items.iter().enumerate().filter(|(_, ratings)| !ratings.is_empty()) {
            let pattern = *known.entry(ratings).or_insert_with(|| builder.add(ratings.clone()));
            builder.item(pattern, at);
        }
        builder.finish(scale, raters, sampling)
    }

    /// The items that both raters rated, with `first` as rater 0 and `second` as rater 1, in the order of [`Self::pair_items`].
    #[must_use]
    pub fn pair(&self, first: usize, second: usize) -> Self {
        let sampling = Sampling { clusters: self.clusters(), weights: self.weights(), strata: self.strata() };
        let mut builder = Builder::of(self.items(), sampling != Sampling::default());
        let mut known: HashMap<(u16, u16), u32> = HashMap::new();
        let of_pattern: Vec<Option<u32>> = (0..self.patterns.len())
            .map(|pattern| {
                let codes = self.rating(pattern, first).zip(self.rating(pattern, second))?;
                Some(*known.entry(codes).or_insert_with(|| builder.add(vec![(0, codes.0), (1, codes.1)])))
            })
            .collect();
        for (item, pattern) in self.pattern_of_item.iter().enumerate() {
            if let Some(pattern) = of_pattern[*pattern as usize] {
                builder.item(pattern, item);
            }
        }
        builder.finish(self.scale.clone(), 2, sampling)
    }

    /// The items that one rater rated, with all their ratings.
    #[must_use]
    pub fn rated_by(&self, rater: usize) -> Self {
        let items: Vec<usize> =
            (0..self.items()).filter(|item| self.rating(self.pattern_of(*item), rater).is_some()).collect();
        let rows: Vec<Pattern> = items.iter().map(|item| self.patterns[self.pattern_of(*item)].clone()).collect();
        let clusters: Option<Vec<u32>> = self.clusters().map(|all| items.iter().map(|item| all[*item]).collect());
        let weights: Option<Vec<f64>> = self.weights().map(|all| items.iter().map(|item| all[*item]).collect());
        let strata: Option<Vec<u32>> = self.strata().map(|all| items.iter().map(|item| all[*item]).collect());
        let sampling =
            Sampling { clusters: clusters.as_deref(), weights: weights.as_deref(), strata: strata.as_deref() };
        Self::from_ratings(self.scale.clone(), self.raters, &rows, sampling)
    }

    /// Positions of the items that both raters rated.
    #[must_use]
    pub fn pair_items(&self, first: usize, second: usize) -> Vec<usize> {
        let both = |pattern: usize| self.rating(pattern, first).is_some() && self.rating(pattern, second).is_some();
        let of_pattern: Vec<bool> = (0..self.patterns.len()).map(both).collect();
        (0..self.items()).filter(|item| of_pattern[self.pattern_of(*item)]).collect()
    }

    /// Items with at least one rating.
    #[must_use]
    pub fn items(&self) -> usize {
        self.pattern_of_item.len()
    }

    /// Number of raters.
    #[must_use]
    pub fn raters(&self) -> usize {
        self.raters
    }

    /// Cluster of every item, where known.
    #[must_use]
    pub fn clusters(&self) -> Option<&[u32]> {
        self.clusters.as_deref()
    }

    /// Weight of every item, with a mean of 1, where there are any.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// Stratum of every item, where items were drawn from strata.
    #[must_use]
    pub fn strata(&self) -> Option<&[u32]> {
        self.strata.as_deref()
    }

    /// Distinct patterns, in the order of their contents.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// What one rater said in one pattern.
    #[must_use]
    pub fn rating(&self, pattern: usize, rater: usize) -> Option<u16> {
        let ratings = &self.patterns[pattern];
        let at = ratings.binary_search_by_key(&rater, |(rater, _)| *rater as usize).ok()?;
        Some(ratings[at].1)
    }

    /// Per pattern the categories used and how many raters used each, in category order.
    #[must_use]
    pub fn tallies(&self) -> &[Vec<(u16, u32)>] {
        &self.tallies
    }

    /// The pattern of one item.
    #[must_use]
    pub fn pattern_of(&self, item: usize) -> usize {
        self.pattern_of_item[item] as usize
    }

    /// How many items show each pattern.
    #[must_use]
    pub fn counts(&self) -> Vec<u64> {
        self.counts.clone()
    }

    /// How often each pattern occurs among `items`, which may repeat.
    #[must_use]
    pub fn counts_of(&self, items: impl Iterator<Item = usize>) -> Vec<u64> {
        let mut counts = vec![0; self.patterns.len()];
        for item in items {
            counts[self.pattern_of(item)] += 1;
        }
        counts
    }

    /// The weight of all items of each pattern: their number where items are not weighted.
    #[must_use]
    pub fn pattern_weights(&self) -> Vec<f64> {
        if self.weights.is_none() {
            return self.counts.iter().map(|count| *count as f64).collect();
        }
        let mut sums = vec![0.0; self.patterns.len()];
        for (item, pattern) in self.pattern_of_item.iter().enumerate() {
            sums[*pattern as usize] += self.weight(item);
        }
        sums
    }

    /// The weight of one item: 1 where items are not weighted.
    #[must_use]
    pub fn weight(&self, item: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[item])
    }

    /// Whether every rater rated in this pattern.
    pub(super) fn is_complete(&self, pattern: usize) -> bool {
        self.patterns[pattern].len() == self.raters
    }
}

/// A table in the making.
struct Builder {
    patterns: Vec<Pattern>,
    pattern_of_item: Vec<u32>,
    /// Where each item stood, where something is to be looked up by it.
    positions: Option<Vec<usize>>,
}

impl Builder {
    /// For up to `items`, with their positions where they were drawn in some way.
    fn of(items: usize, drawn: bool) -> Self {
        let positions = drawn.then(|| Vec::with_capacity(items));
        Self { patterns: Vec::new(), pattern_of_item: Vec::with_capacity(items), positions }
    }

    fn add(&mut self, pattern: Pattern) -> u32 {
        self.patterns.push(pattern);
        u32::try_from(self.patterns.len() - 1).unwrap_or(u32::MAX)
    }

    fn item(&mut self, pattern: u32, position: usize) {
        self.pattern_of_item.push(pattern);
        if let Some(positions) = &mut self.positions {
            positions.push(position);
        }
    }

    /// Sorts the patterns, so that the order of rows changes no sum and no draw.
    fn finish(self, scale: Scale, raters: usize, sampling: Sampling<'_>) -> RatingTable {
        let Self { mut patterns, mut pattern_of_item, positions } = self;
        let mut order: Vec<u32> = (0..u32::try_from(patterns.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by(|a, b| patterns[*a as usize].cmp(&patterns[*b as usize]));
        let mut place = vec![0_u32; order.len()];
        for (new, old) in (0_u32..).zip(&order) {
            place[*old as usize] = new;
        }
        let mut counts = vec![0; order.len()];
        for pattern in &mut pattern_of_item {
            *pattern = place[*pattern as usize];
            counts[*pattern as usize] += 1;
        }
        let patterns: Vec<Pattern> = order.iter().map(|old| std::mem::take(&mut patterns[*old as usize])).collect();
        let positions = positions.unwrap_or_default();
        let weights: Option<Vec<f64>> =
            sampling.weights.map(|weights| positions.iter().map(|at| weights[*at]).collect());
        RatingTable {
            scale,
            raters,
            tallies: patterns.iter().map(|pattern| tally(pattern)).collect(),
            patterns,
            counts,
            pattern_of_item,
            clusters: sampling.clusters.map(|clusters| positions.iter().map(|at| clusters[*at]).collect()),
            strata: sampling.strata.map(|strata| positions.iter().map(|at| strata[*at]).collect()),
            weights: weights.map(|weights| {
                let mean = weights.iter().sum::<f64>() / weights.len() as f64;
                weights.iter().map(|weight| weight / mean).collect()
            }),
        }
    }
}

fn sparse(row: &[Option<u16>]) -> Pattern {
    (0_u32..).zip(row).filter_map(|(rater, code)| code.map(|code| (rater, code))).collect()
}

fn tally(pattern: &[(u32, u16)]) -> Vec<(u16, u32)> {
    let mut codes: Vec<u16> = pattern.iter().map(|(_, code)| *code).collect();
    codes.sort_unstable();
    let mut tally: Vec<(u16, u32)> = Vec::new();
    for code in codes {
        match tally.last_mut() {
            Some((last, count)) if *last == code => *count += 1,
            _ => tally.push((code, 1)),
        }
    }
    tally
}

/// Number of ratings in a tally.
pub(super) fn ratings(tally: &[(u16, u32)]) -> u32 {
    tally.iter().map(|(_, count)| count).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_nobody_rated_are_left_out_and_pairs_are_listwise() {
        let scale = Scale { level: Level::Nominal, categories: 2, values: None, distances: None };
        let rows = vec![
            vec![Some(0), Some(1), None],
            vec![None, None, None],
            vec![Some(0), Some(1), None],
            vec![Some(1), None, Some(1)],
        ];
        let table = RatingTable::new(scale.clone(), 3, &rows, Some(&[7, 7, 8, 9]));
        assert_eq!((table.items(), table.patterns().len()), (3, 2));
        assert_eq!(table.clusters(), Some(&[7, 8, 9][..]));
        assert_eq!(table.counts(), [2, 1]);
        let pair = table.pair(2, 0);
        assert_eq!((pair.items(), table.pair_items(2, 0)), (1, vec![2]));
        assert_eq!(pair.patterns(), [vec![(0, 1), (1, 1)]]);
        assert_eq!(pair.clusters(), Some(&[9][..]));
        assert_eq!(table.tallies()[1], [(1, 2)]);
        let items: Vec<Pattern> = rows.iter().map(|row| sparse(row)).collect();
        let sampling = Sampling { clusters: Some(&[7, 7, 8, 9]), ..Sampling::default() };
        assert_eq!(table, RatingTable::from_ratings(scale, 3, &items, sampling));
    }

    #[test]
    fn weights_are_scaled_to_a_mean_of_one() {
        let scale = Scale { level: Level::Nominal, categories: 2, values: None, distances: None };
        let items = vec![vec![(0, 0)], vec![], vec![(0, 1)], vec![(0, 1)]];
        let sampling = Sampling { weights: Some(&[10.0, 5.0, 20.0, 30.0]), ..Sampling::default() };
        let table = RatingTable::from_ratings(scale, 1, &items, sampling);
        assert_eq!((table.weights(), table.pattern_weights()), (Some(&[0.5, 1.0, 1.5][..]), vec![0.5, 2.5]));
    }
}
