//! Judged items, some of them with gold.

use super::prediction::Numbers;

/// What one judge said of items, and what gold says of some of them; every list has one entry an item.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSample {
    /// Number of labels on the scale.
    pub labels: usize,
    /// The judge's label, a position on the scale; items without a verdict take no part.
    pub judged: Vec<Option<usize>>,
    /// The gold label.
    pub gold: Vec<Option<usize>>,
    /// Inclusion weight of the item, above 0.
    pub weights: Vec<f64>,
    /// How many items of the population each gold label stands for, where gold was not drawn by simple chance from the judged.
    pub gold_weights: Option<Vec<f64>>,
    /// What items share their error with, such as the person.
    pub clusters: Option<Vec<u32>>,
}

impl LabelSample {
    /// The label as numbers: 1 where it was given, 0 where another was.
    #[must_use]
    pub fn indicator(&self, label: usize) -> Numbers<'_> {
        self.numbers(|given| f64::from(u8::from(given == label)))
    }

    /// Labels as numbers.
    #[must_use]
    pub fn numbers(&self, value: impl Fn(usize) -> f64) -> Numbers<'_> {
        let of = |labels: &[Option<usize>]| labels.iter().map(|label| label.map(&value)).collect();
        Numbers {
            judged: of(&self.judged),
            gold: of(&self.gold),
            weights: &self.weights,
            gold_weights: self.gold_weights.as_deref(),
            clusters: self.clusters.as_deref(),
        }
    }

    /// The part whose items are `kept`; the others stay in the lists, without a verdict.
    #[must_use]
    pub fn part(&self, kept: &[bool]) -> Self {
        let judged = self.judged.iter().zip(kept).map(|(label, kept)| label.filter(|_| *kept)).collect();
        Self { judged, ..self.clone() }
    }

    /// Items with both labels.
    pub fn gold_items(&self) -> impl Iterator<Item = usize> + '_ {
        self.pairs().map(|(item, ..)| item)
    }

    /// The gold weight of an item.
    pub(super) fn gold_weight(&self, item: usize) -> f64 {
        self.gold_weights.as_ref().unwrap_or(&self.weights)[item]
    }

    /// Items with both labels: number, truth, judged.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize, usize)> + '_ {
        let both = |(item, (gold, judged)): (usize, (&Option<usize>, &Option<usize>))| {
            gold.zip(*judged).map(|(gold, judged)| (item, gold, judged))
        };
        self.gold.iter().zip(&self.judged).enumerate().filter_map(both)
    }
}
