//! Means, geometric means and quantiles with closed-form intervals that allow for clusters and weights, in one sort of the
//! values, so that they serve a dozen sessions and half a million alike.

use super::coefficient::Undefined;
use super::interval::{normal_quantile, score_interval, t_quantile};
use super::share::Estimate;

/// One value of an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed {
    /// The value.
    pub value: f64,
    /// Inclusion weight, above 0.
    pub weight: f64,
    /// Number of what it shares its error with, such as the person.
    pub cluster: u32,
}

/// Sums over clusters: of deviations from a centre, and how many clusters there are.
struct Spread {
    squares: f64,
    clusters: usize,
}

impl Spread {
    /// `values` must be sorted by cluster; `deviation` is that of one item, before its weight.
    fn of(values: &[Weighed], deviation: impl Fn(f64) -> f64) -> Self {
        let mut spread = Self { squares: 0.0, clusters: 0 };
        for cluster in values.chunk_by(|a, b| a.cluster == b.cluster) {
            spread.squares += cluster.iter().map(|one| one.weight * deviation(one.value)).sum::<f64>().powi(2);
            spread.clusters += 1;
        }
        spread
    }

    /// Linearised variance of a mean with weights of `total` in all (Binder 1983), with c / (c - 1).
    fn variance(&self, total: f64) -> f64 {
        let clusters = self.clusters as f64;
        self.squares / total.powi(2) * clusters / (clusters - 1.0)
    }
}

fn by_cluster(values: &[Weighed]) -> Vec<Weighed> {
    let mut sorted = values.to_vec();
    // Values too, so that sums do not depend on the order of items.
    sorted.sort_unstable_by(|a, b| a.cluster.cmp(&b.cluster).then(a.value.total_cmp(&b.value)));
    sorted
}

/// The weighted mean with its t interval from the linearised variance between clusters.
#[must_use]
pub fn mean(values: &[Weighed], confidence: f64) -> Estimate {
    let n = values.len();
    let sorted = by_cluster(values);
    let total: f64 = sorted.iter().map(|one| one.weight).sum();
    if n == 0 {
        return Estimate::undefined(n, Undefined::TooFewItems);
    }
    let mean = sorted.iter().map(|one| one.weight * one.value).sum::<f64>() / total;
    let spread = Spread::of(&sorted, |value| value - mean);
    if spread.clusters < 2 {
        return no_interval(mean, n);
    }
    let half = t_quantile(spread.clusters - 1, confidence) * spread.variance(total).sqrt();
    let method = format!("mean, t interval from the variance between {} clusters", spread.clusters);
    Estimate { value: Some(mean), low: Some(mean - half), high: Some(mean + half), n, method, undefined: None }
}

/// The weighted geometric mean of the values above 0: the exponential of [`mean`] over logarithms, ends included.
#[must_use]
pub fn geometric_mean(values: &[Weighed], confidence: f64) -> Estimate {
    let positive = values.iter().filter(|one| one.value > 0.0);
    let logs: Vec<Weighed> = positive.map(|one| Weighed { value: one.value.ln(), ..*one }).collect();
    let of_logs = mean(&logs, confidence);
    let back = |end: Option<f64>| end.map(f64::exp);
    let method = if of_logs.value.is_some() { format!("geometric {}", of_logs.method) } else { of_logs.method.clone() };
    Estimate { value: back(of_logs.value), low: back(of_logs.low), high: back(of_logs.high), method, ..of_logs }
}

/// Weighted quantiles at `probabilities`, each with Woodruff's interval (Woodruff 1952): that of the share of values up to the
/// quantile, turned back into values. The share's interval is Wilson's at the effective sample size (Korn and Graubard 1998).
///
/// A quantile is the smallest value up to which the wanted share of the weight lies, or the middle between two where it lies
/// just between (Hyndman and Fan 1996, definition 2).
#[must_use]
pub fn quantiles(values: &[Weighed], probabilities: &[f64], confidence: f64) -> Vec<Estimate> {
    let n = values.len();
    if n == 0 {
        return probabilities.iter().map(|_| Estimate::undefined(n, Undefined::TooFewItems)).collect();
    }
    let clustered = by_cluster(values);
    let order = Order::of(values);
    let one = |probability: &f64| {
        let quantile = order.quantile(*probability);
        let total = order.total();
        let below = clustered.iter().filter(|one| one.value <= quantile).map(|one| one.weight).sum::<f64>() / total;
        let spread = Spread::of(&clustered, |value| f64::from(u8::from(value <= quantile)) - below);
        if spread.clusters < 2 {
            return no_interval(quantile, n);
        }
        let binomial = below * (1.0 - below) / n as f64;
        // Nothing above the quantile says nothing about the spread: then only clusters count.
        let effective = if binomial > 0.0 {
            n as f64 / (spread.variance(total) / binomial).max(1.0)
        } else {
            spread.clusters as f64
        };
        let freedom = (normal_quantile(confidence) / t_quantile(spread.clusters - 1, confidence)).powi(2);
        let (low, high) = score_interval(*probability, effective * freedom, confidence);
        let (low, high) = (order.quantile(low).min(quantile), order.quantile(high).max(quantile));
        let method = format!("quantile, Woodruff interval over {} clusters", spread.clusters);
        Estimate { value: Some(quantile), low: Some(low), high: Some(high), n, method, undefined: None }
    };
    probabilities.iter().map(one).collect()
}

/// The mean of `later` over that of `base`, less 1: the change between two groups, which may share clusters.
///
/// The interval is that of the logarithm of the quotient, linearised and summed within clusters. Where `same`, both are one
/// group and there is no change.
#[must_use]
pub fn ratio_of_means(later: &[Weighed], base: &[Weighed], same: bool, confidence: f64) -> Estimate {
    let center = |values: &[Weighed]| {
        let total: f64 = values.iter().map(|one| one.weight).sum();
        let mean = values.iter().map(|one| one.weight * one.value).sum::<f64>() / total;
        (mean > 0.0).then(|| {
            let pull = |one: &Weighed| Weighed { value: one.weight * (one.value - mean) / (total * mean), ..*one };
            (mean.ln(), values.iter().map(pull).collect())
        })
    };
    change(center(later), center(base), "quotient of means", (later.len(), same), confidence)
}

/// The geometric mean of `later` over that of `base`, less 1, over values above 0; the rest as for [`ratio_of_means`]. The one
/// to read where values are told by ratios, such as prices (report.md section 7).
#[must_use]
pub fn ratio_of_geometric_means(later: &[Weighed], base: &[Weighed], same: bool, confidence: f64) -> Estimate {
    let center = |values: &[Weighed]| {
        let positive = || values.iter().filter(|one| one.value > 0.0);
        let total: f64 = positive().map(|one| one.weight).sum();
        let mean = positive().map(|one| one.weight * one.value.ln()).sum::<f64>() / total;
        (total > 0.0).then(|| {
            let pull = |one: &Weighed| Weighed { value: one.weight * (one.value.ln() - mean) / total, ..*one };
            (mean, positive().map(pull).collect())
        })
    };
    let n = later.iter().filter(|one| one.value > 0.0).count();
    change(center(later), center(base), "quotient of geometric means", (n, same), confidence)
}

/// The logarithm of a group's centre, and by how much each of its items pulls at it.
type Center = Option<(f64, Vec<Weighed>)>;

/// The quotient of two centres, less 1.
fn change(later: Center, base: Center, what: &str, (n, same): (usize, bool), confidence: f64) -> Estimate {
    let (Some((later, pulls)), Some((base, opposite))) = (later, base) else {
        return Estimate::undefined(n, Undefined::TooFewItems);
    };
    if same {
        let (value, method) = (Some(0.0), "the group compared with".to_owned());
        return Estimate { value, low: None, high: None, n, method, undefined: None };
    }
    let opposite = opposite.into_iter().map(|one| Weighed { value: -one.value, ..one });
    let all: Vec<Weighed> = pulls.into_iter().chain(opposite).map(|one| Weighed { weight: 1.0, ..one }).collect();
    let spread = Spread::of(&by_cluster(&all), |pull| pull);
    let log = later - base;
    if spread.clusters < 2 {
        return no_interval(log.exp_m1(), n);
    }
    let half = t_quantile(spread.clusters - 1, confidence) * spread.variance(1.0).sqrt();
    let method = format!("{what}, t interval of its logarithm over {} clusters", spread.clusters);
    let (low, high) = (Some((log - half).exp_m1()), Some((log + half).exp_m1()));
    Estimate { value: Some(log.exp_m1()), low, high, n, method, undefined: None }
}

fn no_interval(value: f64, n: usize) -> Estimate {
    let method = "no interval: one cluster".to_owned();
    Estimate { value: Some(value), low: None, high: None, n, method, undefined: None }
}

/// Values in order with the weight up to each.
struct Order {
    values: Vec<f64>,
    up_to: Vec<f64>,
}

impl Order {
    fn of(values: &[Weighed]) -> Self {
        let mut pairs: Vec<(f64, f64)> = values.iter().map(|one| (one.value, one.weight)).collect();
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut sum = 0.0;
        let up_to = pairs.iter().map(|pair| {
            sum += pair.1;
            sum
        });
        Self { up_to: up_to.collect(), values: pairs.iter().map(|pair| pair.0).collect() }
    }

    fn total(&self) -> f64 {
        self.up_to.last().copied().unwrap_or_default()
    }

    fn quantile(&self, probability: f64) -> f64 {
        let wanted = probability * self.total();
        // Sums of weights are rounded: a hair below counts as reached.
        let hair = 1e-9 * self.total();
        let at = self.up_to.partition_point(|sum| *sum < wanted - hair).min(self.values.len() - 1);
        let next = self.values.get(at + 1).copied();
        match next {
            Some(next) if (self.up_to[at] - wanted).abs() <= hair => f64::midpoint(self.values[at], next),
            _ => self.values[at],
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_core::{Rng, SeedableRng};

    use super::*;

    fn plain(values: &[f64]) -> Vec<Weighed> {
        values.iter().zip(0..).map(|(value, cluster)| Weighed { value: *value, weight: 1.0, cluster }).collect()
    }

    // By hand: mean 2, variance 1, error 1 / sqrt(3), t(0.975, 2) = 4.302653.
    #[test]
    fn a_mean_has_the_t_interval_of_its_clusters() {
        let found = mean(&plain(&[1.0, 2.0, 3.0]), 0.95);
        assert_eq!((found.value, found.n), (Some(2.0), 3));
        assert!((found.high.unwrap() - (2.0 + 4.302_652_729_911_275 / 3.0_f64.sqrt())).abs() < 1e-9);
        // Two persons whose deviations cancel: nothing varies between them.
        let pairs = [(1.0, 1), (3.0, 1), (2.0, 2), (2.0, 2)];
        let pairs = pairs.map(|(value, cluster)| Weighed { value, weight: 1.0, cluster });
        assert_eq!(mean(&pairs, 0.95).low, Some(2.0));
        // Two sessions that count twice are four.
        let weighed =
            [1.0, 4.0].map(|value| Weighed { value, weight: if value > 2.0 { 2.0 } else { 1.0 }, cluster: 1 });
        let found = mean(&weighed, 0.95);
        assert_eq!((found.value, found.low, found.method.as_str()), (Some(3.0), None, "no interval: one cluster"));
    }

    #[test]
    fn a_geometric_mean_is_the_mean_of_logarithms_and_leaves_zero_out() {
        let found = geometric_mean(&plain(&[0.0, 1.0, 100.0]), 0.95);
        assert!((found.value.unwrap() - 10.0).abs() < 1e-9 && found.n == 2, "{found:?}");
        assert_eq!(geometric_mean(&plain(&[0.0]), 0.95).undefined, Some(Undefined::TooFewItems));
    }

    #[test]
    fn a_ratio_of_means_knows_that_groups_share_persons() {
        let group = |scale: f64| -> Vec<Weighed> {
            (0..30).map(|cluster| Weighed { value: scale * f64::from(cluster + 1), weight: 1.0, cluster }).collect()
        };
        // Every person's value grew by half: nothing varies.
        let found = ratio_of_means(&group(3.0), &group(2.0), false, 0.95);
        assert!((found.value.unwrap() - 0.5).abs() < 1e-12 && (found.high.unwrap() - 0.5).abs() < 1e-9, "{found:?}");
        let others: Vec<Weighed> = group(2.0).iter().map(|one| Weighed { cluster: one.cluster + 30, ..*one }).collect();
        let apart = ratio_of_means(&group(3.0), &others, false, 0.95);
        assert!(apart.low.unwrap() < 0.2 && apart.high.unwrap() > 0.8, "{apart:?}");
        assert_eq!(ratio_of_means(&others, &others, true, 0.95).value, Some(0.0));
    }

    // By hand: geometric means 20 and 10 of 10, 40 and 5, 20; the 0 has no logarithm.
    #[test]
    fn a_ratio_of_geometric_means_is_told_by_logarithms() {
        let (later, base) = (plain(&[10.0, 40.0, 0.0]), plain(&[5.0, 20.0]));
        let found = ratio_of_geometric_means(&later, &base, false, 0.95);
        assert!((found.value.unwrap() - 1.0).abs() < 1e-12 && found.n == 2, "{found:?}");
        // Both persons doubled: nothing varies, though their prices are far apart.
        assert!((found.low.unwrap() - 1.0).abs() < 1e-9 && (found.high.unwrap() - 1.0).abs() < 1e-9, "{found:?}");
        let none = ratio_of_geometric_means(&later, &plain(&[0.0]), false, 0.95);
        assert_eq!(none.undefined, Some(Undefined::TooFewItems));
        assert_eq!(ratio_of_geometric_means(&base, &base, true, 0.95).low, None);
    }

    #[test]
    fn quantiles_are_plain_and_lie_in_their_intervals() {
        let found = quantiles(&plain(&[4.0, 1.0, 3.0, 2.0, 100.0]), &[0.25, 0.5, 1.0], 0.95);
        assert_eq!(found.iter().map(|one| one.value).collect::<Vec<_>>(), [Some(2.0), Some(3.0), Some(100.0)]);
        assert!(found.iter().all(|one| one.low <= one.value && one.value <= one.high), "{found:?}");
        assert_eq!(quantiles(&plain(&[1.0, 2.0, 3.0, 4.0]), &[0.5], 0.95)[0].value, Some(2.5));
        assert_eq!(quantiles(&[], &[0.5], 0.95)[0].undefined, Some(Undefined::TooFewItems));
        let heavy = [(1.0, 1.0, 1), (2.0, 5.0, 2), (3.0, 1.0, 3)];
        let heavy = heavy.map(|(value, weight, cluster)| Weighed { value, weight, cluster });
        assert_eq!(quantiles(&heavy, &[0.5], 0.95)[0].value, Some(2.0));
    }

    // Log-normal values of 40 persons with six sessions each, who differ: median 1, mean exp(0.5 * 1.25).
    #[test]
    fn intervals_of_mean_and_median_cover_when_persons_differ() {
        let mut generator = rand_pcg::Pcg64::seed_from_u64(7);
        let mut normal = || (0..12).map(|_| f64::from(generator.next_u32()) / 4_294_967_296.0).sum::<f64>() - 6.0;
        let (mut median, mut geometric) = (0, 0);
        for _ in 0..1_000 {
            let mut values = Vec::new();
            for cluster in 0..40 {
                let own = normal() * 0.5;
                values.extend((0..6).map(|_| Weighed { value: (own + normal()).exp(), weight: 1.0, cluster }));
            }
            let holds = |found: &Estimate| u32::from(found.low.unwrap() <= 1.0 && 1.0 <= found.high.unwrap());
            median += holds(&quantiles(&values, &[0.5], 0.95)[0]);
            geometric += holds(&geometric_mean(&values, 0.95));
        }
        // Three standard deviations below 95 % of 1,000 are 929.
        assert!(median >= 929 && geometric >= 929, "{median} {geometric}");
    }
}
