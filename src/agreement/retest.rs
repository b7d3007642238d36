//! Test-retest: how far a judge that is asked again says the same, and how right it is over all repeats.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::gold::{Rating, Ratings};
use crate::rubric::Level;
use crate::stats::{Coefficient, Method, Pattern, RatingTable, Sampling, Statistic, Unit, coefficients, share_of};

use super::error::AgreementError;
use super::report::{Options, statistics};
use super::scale::Declared;
use super::sides::Sides;

/// What `assize agree --test-retest --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetestReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// Level of measurement.
    pub level: Level,
    /// Categories in scale order.
    pub categories: Vec<String>,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Judges with more than one replicate.
    pub judges: Vec<Retest>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One judge against itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Retest {
    /// The judge.
    pub judge: String,
    /// Replicate numbers.
    pub replicates: Vec<u32>,
    /// Items with two labels or more.
    pub items: usize,
    /// Verdicts without a label, over all replicates.
    pub no_verdicts: usize,
    /// Share of the items with two labels or more that have not one and the same label throughout.
    pub flip_rate: Coefficient,
    /// Agreement of the replicates with each other, as if each were a rater.
    pub coefficients: Vec<Coefficient>,
    /// Agreement with each reference over all replicates, with items as clusters.
    pub against: Vec<RetestAgainst>,
}

/// All replicates of a judge held against one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RetestAgainst {
    /// The reference.
    pub reference: String,
    /// Items that both labelled.
    pub items: usize,
    /// Coefficients over (item, replicate); errors have items, or their clusters, as units.
    pub coefficients: Vec<Coefficient>,
}

/// Agreement of every judge that has more than one replicate with itself, and of all its replicates with every reference.
///
/// # Errors
/// When labels are not on the scale, or no judge has a second replicate.
pub fn retest(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
) -> Result<RetestReport, AgreementError> {
    let sides = Sides::new(judges, gold, declared, options)?;
    let [over_all, of_pair] = statistics(options, &sides.scale.scale)?;
    let has_clusters = sides.clusters_of(std::iter::empty()).is_some();
    let maker = Maker { sides: &sides, over_all, of_pair, method: options.resampling.method(has_clusters)? };
    let found: Vec<Retest> = sides.judges()?.iter().filter_map(|judge| maker.judge(judge)).collect();
    if found.is_empty() {
        return Err(AgreementError::NoReplicates);
    }
    Ok(RetestReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        level: sides.scale.scale.level,
        categories: sides.scale.categories.clone(),
        confidence: options.resampling.confidence,
        judges: found,
        notes: sides.notes.clone(),
    })
}

struct Maker<'a> {
    sides: &'a Sides,
    over_all: Vec<Statistic>,
    of_pair: Vec<Statistic>,
    method: Method,
}

impl Maker<'_> {
    /// None for a judge without a second replicate.
    fn judge(&self, judge: &str) -> Option<Retest> {
        let rows: Vec<&Rating> = self.sides.ratings.rows.iter().filter(|row| row.rater == judge).collect();
        let missing = self.sides.ratings.missing.iter().filter(|row| row.rater == judge);
        let numbers = missing.clone().filter_map(|row| row.replicate).chain(rows.iter().map(|row| number(row)));
        let replicates: Vec<u32> = numbers.collect::<BTreeSet<_>>().into_iter().collect();
        if replicates.len() < 2 {
            return None;
        }
        let mut by_item: BTreeMap<&str, Pattern> = BTreeMap::new();
        for row in &rows {
            let place = replicates.iter().zip(0_u32..).find(|(own, _)| **own == number(row)).map_or(0, |(_, at)| at);
            by_item.entry(&row.item).or_default().push((place, self.code(row)));
        }
        for pattern in by_item.values_mut() {
            pattern.sort_unstable();
        }
        let clusters = self.sides.clusters_of(by_item.keys().copied());
        let patterns: Vec<Pattern> = by_item.values().cloned().collect();
        let table = self.table(replicates.len(), &patterns, clusters.as_deref());
        let again: Vec<(&str, bool)> = (by_item.iter())
            .filter(|(_, pattern)| pattern.len() > 1)
            .map(|(item, pattern)| (*item, pattern.iter().any(|(_, code)| *code != pattern[0].1)))
            .collect();
        let flips: Vec<bool> = again.iter().map(|(_, flipped)| *flipped).collect();
        let of_flips = self.sides.clusters_of(again.iter().map(|(item, _)| *item));
        let references = self.sides.references().unwrap_or_default();
        Some(Retest {
            judge: judge.to_owned(),
            items: again.len(),
            no_verdicts: missing.count(),
            flip_rate: share_of("flip_rate", &flips, of_flips.as_deref(), self.method.confidence),
            coefficients: coefficients(&table, &self.over_all, self.method),
            against: references.iter().map(|reference| self.against(reference, &rows)).collect(),
            replicates,
        })
    }

    fn against(&self, reference: &str, rows: &[&Rating]) -> RetestAgainst {
        let truth = self.sides.of_rater(reference);
        let both: Vec<(&str, Pattern)> = (rows.iter())
            .filter_map(|row| {
                let of = truth.get(row.item.as_str())?;
                Some((row.item.as_str(), vec![(0, self.code(of)), (1, self.code(row))]))
            })
            .collect();
        let units = self.sides.units_of(both.iter().map(|(item, _)| *item));
        let patterns: Vec<Pattern> = both.iter().map(|(_, pattern)| pattern.clone()).collect();
        let table = self.table(2, &patterns, Some(&units));
        let method = Method { unit: Unit::Cluster, ..self.method };
        RetestAgainst {
            reference: reference.to_owned(),
            items: both.iter().map(|(item, _)| item).collect::<BTreeSet<_>>().len(),
            coefficients: coefficients(&table, &self.of_pair, method),
        }
    }

    fn table(&self, raters: usize, patterns: &[Pattern], clusters: Option<&[u32]>) -> RatingTable {
        RatingTable::from_ratings(
            self.sides.scale.scale.clone(),
            raters,
            patterns,
            Sampling { clusters, ..Sampling::default() },
        )
    }

    fn code(&self, row: &Rating) -> u16 {
        u16::try_from(self.sides.code(&row.label)).unwrap_or(u16::MAX)
    }
}

fn number(row: &Rating) -> u32 {
    row.replicate.unwrap_or(1)
}
