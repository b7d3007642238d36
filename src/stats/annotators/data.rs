//! What annotator models read and what they give.

use super::super::table::RatingTable;

/// Ratings of items by raters; a rater may rate an item more than once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotations {
    categories: usize,
    raters: usize,
    starts: Vec<usize>,
    ratings: Vec<(u32, u16)>,
    gold: Vec<Option<u16>>,
}

/// What a model found.
#[derive(Debug, Clone, PartialEq)]
pub struct Consensus {
    /// Probability of every category, by item.
    pub posteriors: Vec<Vec<f64>>,
    /// Share of every category among items.
    pub shares: Vec<f64>,
    /// Every rater.
    pub raters: Vec<RaterModel>,
    /// Log-likelihood of the ratings; with the priors' part for GLAD.
    pub log_likelihood: f64,
    /// Rounds of the algorithm (of the best start).
    pub iterations: usize,
    /// Whether it came to rest before the last round allowed.
    pub converged: bool,
}

/// What a model says of one rater.
#[derive(Debug, Clone, PartialEq)]
pub struct RaterModel {
    /// Ratings given.
    pub ratings: usize,
    /// Probability of each label (column) by true category (row); no row where the rater met no item of that category.
    pub confusion: Vec<Option<Vec<f64>>>,
    /// The model's own number: accuracy (one-coin), share of answers not made up (MACE), skill (GLAD); Dawid-Skene has none.
    pub skill: Option<f64>,
}

impl Annotations {
    /// Ratings `(item, rater, label)`, in any order; `gold` holds the known label of each item, where there is one.
    #[must_use]
    pub fn new(categories: usize, raters: usize, gold: Vec<Option<u16>>, ratings: &[(u32, u32, u16)]) -> Self {
        let mut sorted = ratings.to_vec();
        sorted.sort_unstable();
        let starts = (0..=gold.len()).map(|item| sorted.partition_point(|rating| (rating.0 as usize) < item)).collect();
        let ratings = sorted.into_iter().map(|(_, rater, label)| (rater, label)).collect();
        Self { categories, raters, starts, ratings, gold }
    }

    /// The ratings of `table` by its raters at `raters`, numbered as listed there, with the ratings of `gold` as known labels.
    #[must_use]
    pub fn of_table(table: &RatingTable, raters: &[usize], gold: Option<usize>) -> Self {
        let mut ratings = Vec::new();
        for item in 0..table.items() {
            for (number, rater) in raters.iter().enumerate() {
                let label = table.rating(table.pattern_of(item), *rater);
                let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                ratings.extend(label.map(|label| (place(item), place(number), label)));
            }
        }
        let known = |item: usize| gold.and_then(|gold| table.rating(table.pattern_of(item), gold));
        Self::new(table.scale.categories, raters.len(), (0..table.items()).map(known).collect(), &ratings)
    }

    /// Number of items.
    #[must_use]
    pub fn items(&self) -> usize {
        self.gold.len()
    }

    /// Number of categories.
    #[must_use]
    pub fn categories(&self) -> usize {
        self.categories
    }

    /// Number of raters.
    #[must_use]
    pub fn raters(&self) -> usize {
        self.raters
    }

    /// Rater and label of every rating of one item.
    #[must_use]
    pub fn of_item(&self, item: usize) -> &[(u32, u16)] {
        &self.ratings[self.starts[item]..self.starts[item + 1]]
    }

    /// Shares of the votes of every item, or its known label; even where nobody rated it.
    #[must_use]
    pub fn votes(&self) -> Vec<f64> {
        let mut votes = vec![0.0; self.items() * self.categories];
        for (item, row) in votes.chunks_mut(self.categories.max(1)).enumerate() {
            let ratings = self.of_item(item);
            for (_, label) in ratings {
                row[usize::from(*label)] += 1.0;
            }
            self.finish(item, row);
        }
        votes
    }

    /// Scales a row to a sum of 1, or sets it to the known label.
    pub(super) fn finish(&self, item: usize, row: &mut [f64]) {
        let sum: f64 = row.iter().sum();
        let even = 1.0 / row.len() as f64;
        for (label, cell) in row.iter_mut().enumerate() {
            *cell = match self.gold[item] {
                Some(known) => f64::from(usize::from(known) == label),
                None if sum > 0.0 => *cell / sum,
                None => even,
            };
        }
    }

    /// From logarithms of unscaled probabilities to probabilities, with the logarithm of their sum; a known label keeps its own.
    pub(super) fn normalise(&self, item: usize, row: &mut [f64]) -> f64 {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let known = self.gold[item].map(|known| row[usize::from(known)]);
        for cell in row.iter_mut() {
            *cell = (*cell - most).exp();
        }
        let sum: f64 = row.iter().sum();
        self.finish(item, row);
        known.unwrap_or_else(|| most + sum.ln())
    }

    /// The result of a model from its posteriors; confusion matrices are the shares of labels by posterior.
    pub(super) fn consensus(&self, posteriors: &[f64], skills: Option<&[f64]>, fit: Fit) -> Consensus {
        let (k, width) = (self.categories, self.categories.max(1));
        let mut counts = vec![vec![0.0; k * k]; self.raters];
        let mut ratings = vec![0; self.raters];
        let mut shares = vec![0.0; k];
        for (item, row) in posteriors.chunks(width).enumerate() {
            for (share, cell) in shares.iter_mut().zip(row) {
                *share += cell / self.items() as f64;
            }
            for (rater, label) in self.of_item(item) {
                ratings[*rater as usize] += 1;
                for (class, cell) in row.iter().enumerate() {
                    counts[*rater as usize][class * k + usize::from(*label)] += cell;
                }
            }
        }
        let row = |row: &[f64]| {
            let sum: f64 = row.iter().sum();
            (sum > 0.0).then(|| row.iter().map(|cell| cell / sum).collect())
        };
        let rater = |(at, counts): (usize, &Vec<f64>)| RaterModel {
            ratings: ratings[at],
            confusion: counts.chunks(width).map(row).collect(),
            skill: skills.map(|skills| skills[at]),
        };
        Consensus {
            posteriors: posteriors.chunks(width).map(<[f64]>::to_vec).collect(),
            shares,
            raters: counts.iter().enumerate().map(rater).collect(),
            log_likelihood: fit.log_likelihood,
            iterations: fit.iterations,
            converged: fit.converged,
        }
    }
}

impl Consensus {
    /// The most probable category of every item; none where two are equally so.
    #[must_use]
    pub fn labels(&self) -> Vec<Option<usize>> {
        let label = |row: &Vec<f64>| {
            let most = row.iter().copied().fold(0.0, f64::max);
            let mut best = (0..row.len()).filter(|at| most - row[*at] < 1e-9);
            best.next().filter(|_| best.next().is_none())
        };
        self.posteriors.iter().map(label).collect()
    }
}

/// How a fit ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    pub log_likelihood: f64,
    pub iterations: usize,
    pub converged: bool,
}
