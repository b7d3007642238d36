//! Bootstrap over items or clusters. The number of threads changes no number: each replicate has its own seed.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;

use super::draws::Resampler;
use super::interval::{CONFIDENCE, Interval, normal_below, normal_inverse};

/// How many replicates, from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// Number of replicates.
    pub replicates: u32,
    /// Seed of all randomness.
    pub seed: u64,
}

/// How an interval is read from replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalKind {
    /// Percentiles of the replicates (Efron and Tibshirani 1993, chapter 13).
    Percentile,
    /// Percentiles mirrored at the value (Davison and Hinkley 1997, equation 5.6).
    Basic,
    /// Bias-corrected and accelerated percentiles (Efron 1987); the acceleration comes from the influences.
    Bca,
}

impl IntervalKind {
    /// The word in methods.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Percentile => "percentile",
            Self::Basic => "basic",
            Self::Bca => "BCa",
        }
    }
}

/// What is drawn: items, or clusters of items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    members: Vec<u32>,
    starts: Vec<usize>,
}

impl Units {
    /// Every item is a unit of its own.
    #[must_use]
    pub fn items(items: usize) -> Self {
        let members = (0..u32::try_from(items).unwrap_or(u32::MAX)).collect();
        Self { members, starts: (0..=items).collect() }
    }

    /// Items of one cluster are a unit; `clusters` has one number per item.
    #[must_use]
    pub fn clusters(clusters: &[u32]) -> Self {
        let mut members: Vec<u32> = (0..u32::try_from(clusters.len()).unwrap_or(u32::MAX)).collect();
        members.sort_by_key(|item| clusters[*item as usize]);
        let mut starts: Vec<usize> = (0..members.len())
            .filter(|at| *at == 0 || clusters[members[*at] as usize] != clusters[members[at - 1] as usize])
            .collect();
        starts.push(members.len());
        Self { members, starts }
    }

    /// Number of units.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Draws as many units as there are, with replacement, and lists their items in `drawn`.
    fn draw(&self, generator: &mut Pcg64, drawn: &mut Vec<usize>) {
        drawn.clear();
        for _ in 0..self.len() {
            let unit = pick(generator, self.len() as u64);
            drawn.extend(self.members[self.starts[unit]..self.starts[unit + 1]].iter().map(|item| *item as usize));
        }
    }
}

impl Bootstrap {
    /// Computes statistics on every replicate; `statistics` receives the drawn items and gives nothing where undefined.
    pub fn run<const K: usize, F>(&self, units: &Units, statistics: F) -> Vec<[Option<f64>; K]>
    where
        F: Fn(&[usize]) -> [Option<f64>; K] + Sync,
    {
        (0..self.replicates)
            .into_par_iter()
            .map_init(Vec::new, |drawn, replicate| {
                units.draw(&mut self.generator(replicate), drawn);
                statistics(drawn)
            })
            .collect()
    }

    /// Computes statistics on every replicate of a table's pattern weights.
    pub(super) fn weigh<T: Send>(&self, resampler: &Resampler, statistics: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
        (0..self.replicates)
            .into_par_iter()
            .map_init(Vec::new, |weights, replicate| {
                resampler.draw(&mut self.generator(replicate), weights);
                statistics(weights)
            })
            .collect()
    }

    fn generator(&self, replicate: u32) -> Pcg64 {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update(&replicate.to_le_bytes());
        Pcg64::from_seed(*hasher.finalize().as_bytes())
    }
}

/// A number below `bound`, each as likely as any other (Lemire 2019).
fn pick(generator: &mut Pcg64, bound: u64) -> usize {
    loop {
        let product = u128::from(generator.next_u64()) * u128::from(bound);
        let low = u64::try_from(product & u128::from(u64::MAX)).unwrap_or(u64::MAX);
        if low >= bound || low >= bound.wrapping_neg() % bound {
            return usize::try_from(product >> 64).unwrap_or(usize::MAX);
        }
    }
}

/// What the replicates of one statistic say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    /// Standard deviation of the replicates.
    pub se: f64,
    /// The interval; percentiles are linear between order statistics. None where all replicates lie on one side of the value
    /// and a correction of bias is asked for.
    pub interval: Option<Interval>,
    /// Replicates without a value.
    pub undefined: usize,
}

/// Summarises replicates around `value`.
///
/// # Errors
/// The number of replicates without a value, where they are more than one in twenty, or fewer than two have one.
pub(super) fn spread(
    replicates: impl Iterator<Item = Option<f64>>,
    value: f64,
    kind: IntervalKind,
    confidence: f64,
    acceleration: impl Fn() -> f64,
) -> Result<Spread, usize> {
    let (mut values, mut undefined) = (Vec::new(), 0);
    for value in replicates {
        match value {
            Some(value) => values.push(value),
            None => undefined += 1,
        }
    }
    if values.len() < 2 || undefined * 20 > values.len() + undefined {
        return Err(undefined);
    }
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let se = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let tail = (1.0 - confidence) / 2.0;
    let (low, high) = (percentile(&values, tail), percentile(&values, 1.0 - tail));
    let interval = match kind {
        IntervalKind::Percentile => Some((low, high)),
        IntervalKind::Basic => Some((2.0 * value - high, 2.0 * value - low)),
        IntervalKind::Bca => {
            // Replicates equal to the value up to rounding count half.
            let near = 1e-12 * value.abs().max(1.0);
            let below = values.iter().filter(|one| **one < value - near).count() as f64;
            let equal = values.iter().filter(|one| (**one - value).abs() <= near).count() as f64;
            let share = (below + equal / 2.0) / n;
            let bias = normal_inverse(share);
            let acceleration = acceleration();
            let adjusted = |tail: f64| {
                let shifted = bias + normal_inverse(tail);
                normal_below(bias + shifted / (1.0 - acceleration * shifted))
            };
            (share > 0.0 && share < 1.0)
                .then(|| (percentile(&values, adjusted(tail)), percentile(&values, adjusted(1.0 - tail))))
        }
    };
    Ok(Spread { se, interval, undefined })
}

impl IntervalKind {
    /// The interval of this kind around `value` from its replicates, all of which have a value; `acceleration` counts for `BCa` only.
    /// Percentiles are linear between order statistics.
    ///
    /// None with fewer than two replicates, and for `BCa` where all lie on one side of the value.
    #[must_use]
    pub fn of(self, replicates: &[f64], value: f64, confidence: f64, acceleration: f64) -> Option<Interval> {
        spread(replicates.iter().copied().map(Some), value, self, confidence, || acceleration).ok()?.interval
    }
}

/// Summarises replicates by percentiles at 95 %.
///
/// # Errors
/// As [`spread`].
pub(super) fn percentile_spread(replicates: impl Iterator<Item = Option<f64>>) -> Result<Spread, usize> {
    spread(replicates, 0.0, IntervalKind::Percentile, CONFIDENCE, || 0.0)
}

/// The value below which `share` of `sorted` lies, linear between order statistics; `sorted` is not empty.
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (low, high) = (position.floor(), position.ceil());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions lie within the list")]
    let (below, above) = (sorted[low as usize], sorted[high as usize]);
    below + (above - below) * (position - low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_numpys_linear_ones() {
        // numpy 1.26: percentile([1, 2, 3, 10], [2.5, 50, 97.5]) = 1.075, 2.5, 9.475.
        let values = [1.0, 2.0, 3.0, 10.0];
        for (share, expected) in [(0.025, 1.075), (0.5, 2.5), (0.975, 9.475)] {
            assert!((percentile(&values, share) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn clusters_are_drawn_whole() {
        let units = Units::clusters(&[5, 2, 5, 2, 9]);
        assert_eq!(units.len(), 3);
        let drawn = Bootstrap { replicates: 50, seed: 3 }.run(&units, |items| {
            let count = |item: usize| items.iter().filter(|drawn| **drawn == item).count();
            assert_eq!((count(0), count(1)), (count(2), count(3)));
            [Some(items.len() as f64)]
        });
        assert!(
            drawn.iter().any(|[size]| *size != Some(5.0)),
            "clusters of unequal size give replicates of unequal size"
        );
    }

    #[test]
    fn threads_and_order_change_no_number_and_seeds_do() {
        let units = Units::items(40);
        let run = |threads: usize, seed: u64| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                Bootstrap { replicates: 64, seed }.run(&units, |items| [Some(items.iter().sum::<usize>() as f64)])
            })
        };
        assert_eq!(run(1, 7), run(3, 7));
        assert_ne!(run(1, 7), run(1, 8));
    }

    #[test]
    fn picks_are_even() {
        let mut generator = Bootstrap { replicates: 1, seed: 0 }.generator(0);
        let mut hits = [0_u32; 3];
        for _ in 0..30_000 {
            hits[pick(&mut generator, 3)] += 1;
        }
        // Three standard deviations of a binomial with n = 30,000 and p = 1/3 are 245.
        assert!(hits.iter().all(|hits| hits.abs_diff(10_000) < 245), "{hits:?}");
    }

    #[test]
    fn too_many_undefined_replicates_leave_no_interval() {
        let with = |undefined: usize| percentile_spread((0..100).map(|i| (i >= undefined).then_some(i as f64)));
        assert_eq!(with(5).map(|spread| spread.undefined), Ok(5));
        assert_eq!(with(6), Err(6));
    }
}
