//! Alpha where items carry several labels: the whole set is the rating, and sets that share labels are near.

use std::collections::BTreeSet;

use crate::gold::LabelSet;
use crate::rubric::Level;
use crate::stats::{
    Coefficient, Method, Pattern, RatingTable, Sampling, Scale, SetDistance, Statistic, Undefined, coefficients,
    mean_over_pairs,
};

use super::rated::Clusters;

/// More different sets than this are not compared with each other: the work grows with their square.
const MOST_SETS: usize = 1000;

/// Sets of labels as ratings, with one table a distance.
pub(super) struct SetAlpha {
    tables: Vec<(SetDistance, RatingTable)>,
    items: usize,
}

impl SetAlpha {
    /// Lays `sets` of `raters` out over `items`, both sorted.
    pub fn of(sets: &[&LabelSet], raters: &[String], items: &BTreeSet<&str>, clusters: &Clusters) -> Self {
        let distinct: BTreeSet<&BTreeSet<String>> = sets.iter().map(|set| &set.labels).collect();
        let distinct: Vec<&BTreeSet<String>> = distinct.into_iter().collect();
        if distinct.len() > MOST_SETS {
            return Self { tables: Vec::new(), items: items.len() };
        }
        let items: Vec<&str> = items.iter().copied().collect();
        let mut rows: Vec<Pattern> = vec![Vec::new(); items.len()];
        for set in sets {
            let at = |found: Result<usize, usize>| found.unwrap_or_else(|place| place);
            let item = at(items.binary_search(&set.item.as_str()));
            let rater = at(raters.binary_search(&set.rater));
            let code = at(distinct.binary_search(&&set.labels));
            rows[item].push((u32::try_from(rater).unwrap_or(u32::MAX), u16::try_from(code).unwrap_or(u16::MAX)));
        }
        for row in &mut rows {
            row.sort_unstable();
        }
        let sampling = Sampling { clusters: clusters.of_items.as_deref(), ..Sampling::default() };
        let table = |distance: SetDistance| {
            let distances = Some(distance.among(&distinct).into());
            let scale = Scale { level: Level::Nominal, categories: distinct.len(), values: None, distances };
            (distance, RatingTable::from_ratings(scale, raters.len(), &rows, sampling))
        };
        Self { tables: SetDistance::ALL.map(table).into(), items: items.len() }
    }

    /// Alpha over all raters.
    pub fn over_all(&self, method: Method) -> Vec<Coefficient> {
        self.each(|table| coefficients(table, &[Statistic::KrippendorffAlphaCustom], method).remove(0))
    }

    /// Alpha of the raters at two positions.
    pub fn of_pair(&self, first: usize, second: usize, method: Method) -> Vec<Coefficient> {
        self.each(|table| {
            coefficients(&table.pair(first, second), &[Statistic::KrippendorffAlphaCustom], method).remove(0)
        })
    }

    /// The mean of alpha over the pairs of the raters at `positions`, on the items that the rater at `judge` rated.
    pub fn among(&self, positions: &[usize], judge: usize, method: Method) -> Vec<Coefficient> {
        self.each(|table| {
            mean_over_pairs(&table.rated_by(judge), positions, Statistic::KrippendorffAlphaCustom, method)
        })
    }

    fn each(&self, one: impl Fn(&RatingTable) -> Coefficient) -> Vec<Coefficient> {
        if self.tables.is_empty() {
            let none = |distance: SetDistance| {
                let why = format!("none: more than {MOST_SETS} different sets of labels");
                Coefficient::undefined(distance.alpha_name(), self.items, &why, Undefined::TooManyCategories)
            };
            return SetDistance::ALL.map(none).into();
        }
        let named = |(distance, table): &(SetDistance, RatingTable)| Coefficient {
            name: distance.alpha_name().to_owned(),
            ..one(table)
        };
        self.tables.iter().map(named).collect()
    }
}
