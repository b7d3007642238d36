//! How far several raters agree with each other: the mean of one coefficient over their pairs.

use super::coefficient::{Coefficient, Undefined};
use super::coefficients::{Method, by_influence, coefficient};
use super::influence::Influence;
use super::statistic::Statistic;
use super::table::RatingTable;

/// The mean of `statistic` over all pairs of the raters at `raters`, with the error of the mean of the influences: pairs share items.
///
/// Undefined where it is for any pair, so that pairs that happen to have a value do not speak for all.
#[must_use]
pub fn mean_over_pairs(table: &RatingTable, raters: &[usize], statistic: Statistic, method: Method) -> Coefficient {
    let name = statistic.name();
    let pairs =
        raters.iter().enumerate().flat_map(|(at, first)| raters[at + 1..].iter().map(move |second| (*first, *second)));
    let all: Result<Vec<Influence>, Undefined> =
        pairs.map(|(first, second)| Influence::of_pair(table, statistic, first, second)).collect();
    match all.map(|all| Influence::mean(&all)) {
        Ok(Some(mean)) => {
            let n = mean.by_item.iter().flatten().count();
            let mut found = coefficient(&name, mean.value, n, by_influence(&mean, table, method));
            found.method = format!("mean over pairs; {}", found.method);
            found
        }
        Ok(None) => Coefficient::undefined(&name, 0, "none", Undefined::NoPairableItems),
        Err(why) => Coefficient::undefined(&name, table.items(), "none", why),
    }
}
