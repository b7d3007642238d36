//! Agreement on several labels at once: the unweighted mean of one Cohen's kappa per label.

use super::bootstrap::{Spread, Units, spread};
use super::coefficient::{Coefficient, Undefined};
use super::coefficients::{Errors, Method, Unit, Width, by_influence, coefficient};
use super::influence::{Design, Influence};
use super::statistic::Statistic;
use super::table::RatingTable;
use super::weighting::{Basis, Weighting};

const NAME: &str = "macro_cohen_kappa";
const KAPPA: Statistic = Statistic::CohenKappa(Weighting::Unweighted, Basis::Position);

/// The mean of Cohen's kappa over `labels`: one table of two raters per label, all of the same items in the same order,
/// each item rated by both.
///
/// Labels on which kappa is undefined are left out and counted in the method. The standard error is that of the mean of the
/// items' influences on all labels, so that labels may depend on each other.
#[must_use]
pub fn macro_cohen_kappa(labels: &[RatingTable], method: Method) -> Coefficient {
    let Some(first) = labels.first() else {
        return Coefficient::undefined(NAME, 0, "none", Undefined::NoPairableItems);
    };
    let items = first.items();
    let influences: Vec<Influence> = labels.iter().filter_map(|label| Influence::of(label, KAPPA).ok()).collect();
    let Some(influence) = Influence::mean(&influences) else {
        let reason = if items == 0 { Undefined::NoPairableItems } else { Undefined::SingleCategory };
        return Coefficient::undefined(NAME, items, "none", reason);
    };
    let width = match method.errors {
        Errors::Bootstrap(..) => resampled(labels, first, &influence, method),
        _ => by_influence(&influence, first, method),
    };
    let mut found = coefficient(NAME, influence.value, items, width);
    found.method = format!("mean over {} of {} labels; {}", influences.len(), labels.len(), found.method);
    found
}

/// The mean of Cohen's kappa over `labels` with the influence of every item, as in [`macro_cohen_kappa`]; none where kappa is undefined
/// on all of them.
#[must_use]
pub fn macro_influence(labels: &[RatingTable]) -> Option<Influence> {
    let influences: Vec<Influence> = labels.iter().filter_map(|label| Influence::of(label, KAPPA).ok()).collect();
    Influence::mean(&influences)
}

/// Items are drawn one by one: labels do not share patterns.
fn resampled(labels: &[RatingTable], first: &RatingTable, influence: &Influence, method: Method) -> Width {
    let Errors::Bootstrap(bootstrap, kind) = method.errors else { return by_influence(influence, first, method) };
    let clusters = first.clusters().filter(|_| method.unit == Unit::Cluster);
    let units = clusters.map_or_else(|| Units::items(first.items()), Units::clusters);
    let draws = if units.len() < 2 { Vec::new() } else { bootstrap.run(&units, |drawn| [mean_kappa(labels, drawn)]) };
    let design = Design { clusters, strata: None };
    let by = clusters.map_or("item".to_owned(), |_| format!("cluster, {} clusters", units.len()));
    let text =
        format!("{} bootstrap of {} replicates, seed {}, by {by}", kind.name(), bootstrap.replicates, bootstrap.seed);
    let values = draws.iter().map(|draw| draw[0]);
    match spread(values, influence.value, kind, method.confidence, || influence.acceleration(design)) {
        Ok(Spread { se, interval, undefined: 0 }) => Width { se: Some(se), interval, method: text },
        Ok(Spread { se, interval, undefined }) => {
            Width { se: Some(se), interval, method: format!("{text}, {undefined} of them undefined") }
        }
        Err(_) => Width { se: None, interval: None, method: format!("{text}: no interval") },
    }
}

fn mean_kappa(labels: &[RatingTable], drawn: &[usize]) -> Option<f64> {
    let one = |label: &RatingTable| {
        let mut weights = vec![0.0; label.patterns().len()];
        for item in drawn {
            weights[label.pattern_of(*item)] += label.weight(*item);
        }
        KAPPA.value(label, &weights).ok()
    };
    let values: Vec<f64> = labels.iter().filter_map(one).collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rubric::Level;
    use crate::stats::{Bootstrap, Scale, coefficients};

    fn label(ratings: &[(u16, u16)], clusters: Option<&[u32]>) -> RatingTable {
        let rows: Vec<Vec<Option<u16>>> = ratings.iter().map(|(a, b)| vec![Some(*a), Some(*b)]).collect();
        RatingTable::new(
            Scale { level: Level::Nominal, categories: 2, values: None, distances: None },
            2,
            &rows,
            clusters,
        )
    }

    const JACKKNIFE: Method = Method { confidence: 0.95, unit: Unit::Item, errors: Errors::Influence };
    const FIRST: [(u16, u16); 6] = [(0, 0), (0, 1), (1, 1), (1, 1), (0, 0), (1, 0)];
    const SECOND: [(u16, u16); 6] = [(1, 1), (0, 0), (1, 1), (0, 1), (0, 0), (1, 1)];
    const UNUSED: [(u16, u16); 6] = [(1, 1); 6];

    #[test]
    fn the_mean_of_one_label_twice_is_that_label() {
        let kappa = &coefficients(&label(&FIRST, None), &[KAPPA], JACKKNIFE)[0];
        let twice = macro_cohen_kappa(&[label(&FIRST, None), label(&FIRST, None)], JACKKNIFE);
        let close = |a: Option<f64>, b: Option<f64>| (a.unwrap() - b.unwrap()).abs() < 1e-12;
        assert!(close(kappa.value, twice.value) && close(kappa.se, twice.se) && close(kappa.low, twice.low));
    }

    #[test]
    fn labels_nobody_gave_are_left_out_and_counted() {
        // By hand: both margins even, 4 of 6 agree: 1/3; then margins 3:3 and 2:4, 5 of 6 agree: (5/6 - 1/2) / (1/2) = 2/3.
        let found = macro_cohen_kappa(&[FIRST, UNUSED, SECOND].map(|of| label(&of, None)), JACKKNIFE);
        assert!((found.value.unwrap() - 0.5).abs() < 1e-12, "{found:?}");
        assert!(found.method.starts_with("mean over 2 of 3 labels"), "{}", found.method);
        let nothing = macro_cohen_kappa(&[label(&UNUSED, None)], JACKKNIFE);
        assert_eq!(nothing.undefined, Some(Undefined::SingleCategory));
        assert_eq!(macro_cohen_kappa(&[], JACKKNIFE).undefined, Some(Undefined::NoPairableItems));
    }

    #[test]
    fn clusters_are_resampled_across_all_labels() {
        let bootstrap = Method::bootstrap(Bootstrap { replicates: 100, seed: 1 }, Unit::Cluster);
        let clusters = [1, 1, 2, 2, 3, 3];
        let found = macro_cohen_kappa(&[label(&FIRST, Some(&clusters)), label(&SECOND, Some(&clusters))], bootstrap);
        assert!(
            found.method.contains("bootstrap of 100 replicates, seed 1, by cluster, 3 clusters"),
            "{}",
            found.method
        );
    }
}
