//! Items of known label on which a judge says how sure it is, and which of them a map is fitted on and which it is measured on.

use std::collections::{BTreeMap, BTreeSet};

use crate::gold::{Probabilities, Rating};
use crate::stats::calibration::Stated;
use crate::verdict::Fingerprint;

use super::error::AgreementError;
use super::sides::Sides;

/// Folds of cross-fitting.
const FOLDS: usize = 5;

/// Where confidence comes from, and what is fitted on what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatedOptions {
    /// Probabilities of all labels; the confidence of each rating where there are none of it.
    pub probabilities: Option<Probabilities>,
    /// The split of the reference that is fitted on, the others being measured on; cross-fitting where none is named.
    pub split: Option<String>,
}

/// One judge's items with a label by one reference.
pub(super) struct Cases<'a> {
    pub items: Vec<&'a str>,
    pub stated: Vec<Stated>,
    pub clusters: Option<Vec<u32>>,
    /// Items with labels by both, but without a confidence.
    pub without: usize,
    /// How items are split, in words.
    pub fitted: String,
    /// The fold that each item is measured in; none for those that are only fitted on.
    folds: Vec<Option<usize>>,
}

/// The probabilities that `judge` gives to all labels of an item: those of the file, else its confidence in its own label with the
/// rest shared evenly by the others; none where it says nothing.
pub(super) fn probabilities(sides: &Sides, options: &StatedOptions, judge: &str, row: &Rating) -> Option<Vec<f64>> {
    let labels = &sides.scale.categories;
    let listed = options.probabilities.as_ref().and_then(|all| all.of(&row.item, judge, labels));
    listed.or_else(|| {
        let confidence = row.confidence?;
        let others = (1.0 - confidence) / (labels.len() as f64 - 1.0).max(1.0);
        Some(labels.iter().map(|label| if *label == row.label { confidence } else { others }).collect())
    })
}

impl<'a> Cases<'a> {
    /// The items of `judge` and `reference`, split as asked; `seed` decides about folds.
    ///
    /// # Errors
    /// When the reference has no label of the split asked for.
    pub fn new(
        sides: &'a Sides,
        options: &StatedOptions,
        (judge, reference): (&str, &str),
        seed: u64,
    ) -> Result<Self, AgreementError> {
        let truth = sides.of_rater(reference);
        let both = sides.of_rater(judge).into_iter().filter_map(|(item, row)| Some((item, row, *truth.get(item)?)));
        let (mut items, mut stated, mut splits, mut without) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (item, row, of) in both {
            match probabilities(sides, options, judge, row) {
                None => without += 1,
                Some(probabilities) => {
                    items.push(item);
                    splits.push(of.split.as_deref());
                    stated.push(Stated { probabilities, given: sides.code(&row.label), truth: sides.code(&of.label) });
                }
            }
        }
        let clusters = sides.clusters_of(items.iter().copied());
        let (folds, fitted) = match &options.split {
            None => cross(&items, clusters.as_deref(), seed),
            Some(split) => {
                let known: BTreeSet<&str> = splits.iter().copied().flatten().collect();
                if !known.contains(split.as_str()) {
                    let known = known.into_iter().collect::<Vec<_>>().join(", ");
                    let (reference, split) = (reference.to_owned(), split.clone());
                    return Err(AgreementError::NoSplit { reference, split, known });
                }
                let folds: Vec<Option<usize>> =
                    splits.iter().map(|of| (*of != Some(split.as_str())).then_some(0)).collect();
                (folds, format!("fitted on the split {split}, measured on the others"))
            }
        };
        Ok(Self { items, stated, clusters, without, fitted, folds })
    }

    /// Positions of the items that are measured, in order.
    pub fn measured(&self) -> Vec<usize> {
        (0..self.items.len()).filter(|at| self.folds[*at].is_some()).collect()
    }

    /// Clusters of the items at these positions.
    pub fn clusters_at(&self, positions: &[usize]) -> Option<Vec<u32>> {
        self.clusters.as_ref().map(|of| positions.iter().map(|at| of[*at]).collect())
    }

    /// What `measure` makes of every measured item, in their order, by a fit on items of other folds.
    ///
    /// # Errors
    /// The first error of a fit.
    pub fn held_out<F, T, E>(
        &self,
        fit: impl Fn(&[&Stated]) -> Result<F, E>,
        measure: impl Fn(&F, &Stated) -> T,
    ) -> Result<Vec<T>, E> {
        let folds: BTreeSet<usize> = self.folds.iter().copied().flatten().collect();
        let mut found: BTreeMap<usize, T> = BTreeMap::new();
        for fold in folds {
            let (own, others): (Vec<usize>, Vec<usize>) =
                (0..self.items.len()).partition(|at| self.folds[*at] == Some(fold));
            let fitted = fit(&others.iter().map(|at| &self.stated[*at]).collect::<Vec<_>>())?;
            found.extend(own.into_iter().map(|at| (at, measure(&fitted, &self.stated[at]))));
        }
        Ok(found.into_values().collect())
    }
}

/// Folds of equal size in an order that depends on nothing but names and seed; items of a cluster share a fold.
fn cross(items: &[&str], clusters: Option<&[u32]>, seed: u64) -> (Vec<Option<usize>>, String) {
    let unit = |at: usize| clusters.map_or_else(|| items[at].to_owned(), |of| of[at].to_string());
    let names: BTreeSet<String> = (0..items.len()).map(unit).collect();
    let mut order: Vec<(Fingerprint, String)> =
        names.into_iter().map(|name| (Fingerprint::of(&[&seed.to_le_bytes(), name.as_bytes()]), name)).collect();
    order.sort();
    let folds = FOLDS.min(order.len());
    let of_unit: BTreeMap<&str, usize> =
        order.iter().enumerate().map(|(at, (_, name))| (name.as_str(), at % folds)).collect();
    let by = if clusters.is_some() { "clusters" } else { "items" };
    let words = format!("cross-fitted: each of {folds} folds of {by} is measured by a fit on the others");
    ((0..items.len()).map(|at| of_unit.get(unit(at).as_str()).copied()).collect(), words)
}
