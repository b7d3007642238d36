//! Several statistics of the same observations with percentile intervals, whole clusters drawn anew.

use super::bootstrap::{Bootstrap, percentile_spread};
use super::coefficient::Undefined;
use super::share::{Estimate, units};

/// `statistics` of all observations, `clusters` naming the cluster of each, with 95 % percentile intervals.
///
/// Fewer than two clusters give values without intervals; so do statistics that more than one replicate in twenty lacks.
pub(super) fn resampled<const K: usize>(
    clusters: &[&str],
    bootstrap: Bootstrap,
    statistics: impl Fn(&[usize]) -> [Option<f64>; K] + Sync,
    why: Undefined,
) -> [Estimate; K] {
    let n = clusters.len();
    let units = units(clusters.iter().copied());
    let draws = if units.len() < 2 { Vec::new() } else { bootstrap.run(&units, &statistics) };
    let method = match units.len() {
        1 => "no interval: one cluster".to_owned(),
        clusters => {
            let Bootstrap { replicates, seed } = bootstrap;
            format!("percentile bootstrap by cluster, {replicates} replicates, seed {seed}, {clusters} clusters")
        }
    };
    let values = statistics(&(0..n).collect::<Vec<_>>());
    let mut which = 0;
    values.map(|value| {
        let at = which;
        which += 1;
        let Some(value) = value else { return Estimate::undefined(n, why) };
        let ends = percentile_spread(draws.iter().map(|draw| draw[at])).ok().and_then(|spread| spread.interval);
        let (low, high) = (ends.map(|ends| ends.0), ends.map(|ends| ends.1));
        Estimate { value: Some(value), low, high, n, method: method.clone(), undefined: None }
    })
}
