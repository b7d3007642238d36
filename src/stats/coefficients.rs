//! From a rating table to coefficients with intervals.

use super::bootstrap::{Bootstrap, IntervalKind, Spread, spread};
use super::chance::observed_weight;
use super::coefficient::{Coefficient, Undefined};
use super::draws::Resampler;
use super::icc::Intraclass;
use super::influence::{Design, Functional, Gradient, Influence};
use super::interval::{CONFIDENCE, Interval, normal_interval, t_interval};
use super::jackknife::jackknife;
use super::statistic::Statistic;
use super::table::RatingTable;

/// How errors and intervals are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Method {
    /// Confidence of the intervals, such as 0.95.
    pub confidence: f64,
    /// What is independent.
    pub unit: Unit,
    /// Where the error comes from.
    pub errors: Errors,
}

/// What is independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Items.
    Item,
    /// Clusters of items, where the table has any.
    Cluster,
}

/// Where a standard error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// The formula that published packages use, where items are independent and not weighted; else the influences.
    Classical,
    /// The influences of items or clusters (infinitesimal jackknife).
    Influence,
    /// The values without one item or cluster at a time (Efron and Tibshirani 1993, chapter 11). Numbers that are not computed from one
    /// table, such as means over pairs of raters, take the influences, and say so.
    Jackknife,
    /// Replicates.
    Bootstrap(Bootstrap, IntervalKind),
}

impl Default for Method {
    fn default() -> Self {
        Self { confidence: CONFIDENCE, unit: Unit::Item, errors: Errors::Classical }
    }
}

impl Method {
    /// A percentile bootstrap over `unit` at 95 %.
    #[must_use]
    pub fn bootstrap(bootstrap: Bootstrap, unit: Unit) -> Self {
        Self { unit, errors: Errors::Bootstrap(bootstrap, IntervalKind::Percentile), ..Self::default() }
    }
}

/// Error and interval with the words for how they were made.
pub(super) struct Width {
    pub se: Option<f64>,
    pub interval: Option<Interval>,
    pub method: String,
}

/// Computes `statistics` on `table`, all bootstrapped ones from the same replicates.
#[must_use]
pub fn coefficients(table: &RatingTable, statistics: &[Statistic], method: Method) -> Vec<Coefficient> {
    let weights = table.pattern_weights();
    let functionals: Vec<_> = statistics.iter().map(|statistic| statistic.functional(table)).collect();
    let replicates = match method.errors {
        Errors::Bootstrap(bootstrap, _) => Replicates::of(table, &functionals, bootstrap, method.unit),
        _ => Replicates::default(),
    };
    let one = |(at, statistic): (usize, &Statistic)| {
        let (name, n) = (statistic.name(), statistic.items(table));
        let gradient = functionals[at].as_ref().map_err(|reason| *reason).and_then(|of| of.gradient(&weights));
        let gradient = match gradient {
            Ok(gradient) => gradient,
            Err(reason) => return Coefficient::undefined(&name, n, "none", reason),
        };
        let width = match method.errors {
            Errors::Bootstrap(bootstrap, kind) => {
                // Influences of all items are only listed where the interval needs them.
                let acceleration = || {
                    let influence = Influence::from_gradient(table, *statistic, &gradient);
                    influence.acceleration(design(table, method.unit))
                };
                replicates.width(at, gradient.value, acceleration, bootstrap, kind, method.confidence)
            }
            Errors::Jackknife => {
                let takes_part = |pattern| statistic.takes_part(table, pattern);
                let value = |weights: &[f64]| functionals[at].as_ref().ok()?.value(weights).ok();
                jackknife(table, (gradient.value, &weights), takes_part, value, method)
            }
            Errors::Classical | Errors::Influence => analytic(table, *statistic, &gradient, &weights, method, n),
        };
        let agreements = functionals[at].as_ref().ok().and_then(|of| of.agreements(&weights));
        let [observed_agreement, expected_agreement] = agreements.map_or([None; 2], |both| both.map(Some));
        Coefficient { observed_agreement, expected_agreement, ..coefficient(&name, gradient.value, n, width) }
    };
    statistics.iter().enumerate().map(one).collect()
}

/// A coefficient with its width.
pub(super) fn coefficient(name: &str, value: f64, n: usize, width: Width) -> Coefficient {
    let (low, high) = width.interval.unzip();
    Coefficient {
        name: name.to_owned(),
        value: Some(value),
        se: width.se,
        low,
        high,
        n,
        method: width.method,
        undefined: None,
        observed_agreement: None,
        expected_agreement: None,
    }
}

/// What is independent in `table`.
pub(super) fn design(table: &RatingTable, unit: Unit) -> Design<'_> {
    Design { clusters: table.clusters().filter(|_| unit == Unit::Cluster), strata: table.strata() }
}

/// Error and interval from influences, by cluster where the method says so.
pub(super) fn by_influence(influence: &Influence, table: &RatingTable, method: Method) -> Width {
    let design = design(table, method.unit);
    let by = if design.clusters.is_some() { "clusters" } else { "items" };
    if let Ok(error) = influence.standard_error(design) {
        let (low, high) = error.interval(influence.value, method.confidence);
        let weighted = if table.weights().is_some() { "weighted " } else { "" };
        let robust = match design.clusters {
            Some(_) => format!("cluster-robust infinitesimal jackknife over {} clusters", error.units),
            None => format!("infinitesimal jackknife over {weighted}items"),
        };
        let strata = if design.strata.is_some() { ", within strata" } else { "" };
        let method = format!("{robust}{strata}, t interval");
        return Width { se: Some(error.se), interval: Some((low, high.min(1.0))), method };
    }
    let of = if design.strata.is_some() { " in a stratum" } else { "" };
    Width { se: None, interval: None, method: format!("no interval: fewer than two {by}{of}") }
}

/// The error by formula. The core gives it; what published packages do otherwise is added here and named.
fn analytic(
    table: &RatingTable,
    statistic: Statistic,
    gradient: &Gradient,
    weights: &[f64],
    method: Method,
    n: usize,
) -> Width {
    let independent = design(table, method.unit);
    let plain = table.weights().is_none() && independent.clusters.is_none() && independent.strata.is_none();
    if !plain || method.errors == Errors::Influence {
        return by_influence(&Influence::from_gradient(table, statistic, gradient), table, method);
    }
    let value = gradient.value;
    if n < 2 {
        return Width { se: None, interval: None, method: "no interval: fewer than two items".to_owned() };
    }
    let items = n as f64;
    let squares = |extra: &dyn Fn(usize) -> f64| -> f64 {
        let parts = gradient.by_pattern.iter().zip(weights).enumerate();
        parts.map(|(at, (slope, weight))| weight * (slope + extra(at)).powi(2)).sum()
    };
    let student = |se: f64, words: &str| Width {
        se: Some(se),
        interval: t_interval(value, se, n - 1, method.confidence),
        method: format!("{words}, t interval"),
    };
    let jackknife = || (squares(&|_| 0.0) * items / (items - 1.0)).sqrt();
    match statistic {
        Statistic::CohenKappa(..) => {
            let se = squares(&|_| 0.0).sqrt();
            let words = "Fleiss-Cohen-Everitt 1969, normal interval";
            Width {
                se: Some(se),
                interval: Some(normal_interval(value, se, method.confidence)),
                method: words.to_owned(),
            }
        }
        Statistic::PercentAgreement => student(jackknife(), "variance over items"),
        Statistic::BrennanPrediger(_)
        | Statistic::GwetAc(_)
        | Statistic::FleissKappa(_)
        | Statistic::CongerKappa(_) => {
            // Gwet's pseudo-values are not the linearisation where items have a single rating: they add this to it.
            let pairable = observed_weight(table, weights);
            if pairable < 2.0 {
                return Width { se: None, interval: None, method: "no interval: fewer than two items".to_owned() };
            }
            let extra = |at: usize| {
                let own = if table.patterns()[at].len() >= 2 { items / pairable } else { 0.0 };
                value * (own - 1.0) / items
            };
            let se = (squares(&extra) * items / (items - 1.0)).sqrt();
            student(se, "linearised variance over items (Gwet 2014)")
        }
        Statistic::Icc(form) => {
            let values = table.scale.values.as_deref().unwrap_or_default();
            let interval = Intraclass { table, values, form }.interval(weights, method.confidence);
            let words = match interval {
                Some(_) => "infinitesimal jackknife over items, F interval (Shrout and Fleiss 1979)",
                None => "infinitesimal jackknife over items, no F interval without error variance",
            };
            Width { se: Some(jackknife()), interval, method: words.to_owned() }
        }
        _ => student(jackknife(), "infinitesimal jackknife over items"),
    }
}

/// Bootstrap replicates of several statistics.
#[derive(Default)]
struct Replicates {
    values: Vec<Vec<Option<f64>>>,
    units: usize,
    by_cluster: bool,
}

impl Replicates {
    fn of(
        table: &RatingTable,
        functionals: &[Result<Box<dyn Functional + '_>, Undefined>],
        bootstrap: Bootstrap,
        unit: Unit,
    ) -> Self {
        let resampler = Resampler::of(table, design(table, unit).clusters);
        let units = resampler.units();
        let one = |weights: &[f64]| -> Vec<Option<f64>> {
            functionals.iter().map(|of| of.as_ref().ok()?.value(weights).ok()).collect()
        };
        // One unit drawn again and again is no variation at all.
        let values = if units < 2 { Vec::new() } else { bootstrap.weigh(&resampler, one) };
        Self { values, units, by_cluster: design(table, unit).clusters.is_some() }
    }

    fn width(
        &self,
        at: usize,
        value: f64,
        acceleration: impl Fn() -> f64,
        bootstrap: Bootstrap,
        kind: IntervalKind,
        confidence: f64,
    ) -> Width {
        let by = if self.by_cluster { "cluster" } else { "item" };
        let Bootstrap { replicates, seed } = bootstrap;
        let mut method = format!("{} bootstrap by {by}, {replicates} replicates, seed {seed}", kind.name());
        if self.by_cluster {
            method = format!("{method}, {} clusters", self.units);
        }
        let found = spread(self.values.iter().map(|values| values[at]), value, kind, confidence, acceleration);
        match found {
            Ok(Spread { se, interval, undefined }) => {
                if undefined > 0 {
                    method = format!("{method}, {undefined} of them undefined");
                }
                if interval.is_none() {
                    method = format!("{method}: all replicates lie on one side, no interval");
                }
                Width { se: Some(se), interval, method }
            }
            Err(_) if self.units < 2 => {
                Width { se: None, interval: None, method: format!("{method}: no interval from fewer than two") }
            }
            Err(undefined) => Width {
                se: None,
                interval: None,
                method: format!("{method}: no interval, {undefined} of them undefined"),
            },
        }
    }
}
