//! Shares of labels with intervals: Wilson's, at the effective sample size where sessions share a person or weights differ.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::bootstrap::Units;
use super::coefficient::Undefined;
use super::interval::{CONFIDENCE, normal_quantile, score_interval, t_quantile};

/// A number about a population: value, 95 % interval, n, method (design.md section 2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number; null where undefined.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval.
    pub low: Option<f64>,
    /// Upper end of the 95 % interval.
    pub high: Option<f64>,
    /// Observations it rests on.
    pub n: usize,
    /// How value and interval were computed.
    pub method: String,
    /// Why there is no value.
    pub undefined: Option<Undefined>,
}

impl Estimate {
    /// An estimate without a value.
    #[must_use]
    pub fn undefined(n: usize, why: Undefined) -> Self {
        Self { value: None, low: None, high: None, n, method: "none".to_owned(), undefined: Some(why) }
    }
}

/// One observation of a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation<'a> {
    /// Position of the label in the scale.
    pub label: usize,
    /// Inclusion weight, above 0.
    pub weight: f64,
    /// What it shares its error with: the person, or the session where persons are not known.
    pub cluster: &'a str,
}

/// One observation of a label whose cluster is a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numbered {
    /// Position of the label in the scale.
    pub label: usize,
    /// Inclusion weight, above 0.
    pub weight: f64,
    /// Number of what it shares its error with.
    pub cluster: u32,
}

/// Weighted shares of `labels` labels among `observations`, each with a 95 % interval.
///
/// Independent observations of equal weight get Wilson intervals. Otherwise n is divided by the design effect, which is the
/// linearised variance between clusters over that of a simple random sample, and adjusted for the degrees of freedom (Korn
/// and Graubard 1998). Rare labels say little about their own design effect, so that it is never taken below the average over
/// labels (Rao and Scott 1981), nor below 1. Where all have one label, only clusters count, as if each were one observation.
#[must_use]
pub fn shares(observations: &[Observation<'_>], labels: usize) -> Vec<Estimate> {
    shares_at(observations, labels, CONFIDENCE)
}

/// [`shares`] with intervals at another confidence.
#[must_use]
pub fn shares_at(observations: &[Observation<'_>], labels: usize, confidence: f64) -> Vec<Estimate> {
    let (numbers, _) = numbered(observations.iter().map(|one| one.cluster));
    let all: Vec<Numbered> = observations
        .iter()
        .zip(numbers)
        .map(|(one, cluster)| Numbered { label: one.label, weight: one.weight, cluster })
        .collect();
    shares_numbered(&all, labels, confidence)
}

/// [`shares`] where clusters are numbers.
#[must_use]
pub fn shares_numbered(observations: &[Numbered], labels: usize, confidence: f64) -> Vec<Estimate> {
    let n = observations.len();
    let total: f64 = observations.iter().map(|one| one.weight).sum();
    let clusters = Clusters::of(observations, labels);
    let equal = observations.windows(2).all(|pair| (pair[0].weight - pair[1].weight).abs() < 1e-12);
    let values: Vec<f64> = (0..labels).map(|label| (clusters.sum(label) / total).clamp(0.0, 1.0)).collect();
    let used: Vec<usize> = (0..labels).filter(|label| clusters.sum(*label) > 0.0).collect();
    // Design effect of each label, and their average weighted by how much each label's share can vary.
    let relative = |label: usize| n as f64 * clusters.variance(label, values[label], total) / values[label];
    let average = used.iter().map(|label| relative(*label)).sum::<f64>() / (used.len() as f64 - 1.0);
    let estimate = |label: usize| {
        let value = values[label];
        let (size, method) = match clusters.len() {
            one_each if one_each == n && equal => (n as f64, "wilson".to_owned()),
            few if used.len() < 2 || few < 2 => {
                (few as f64, format!("wilson, n = {few} clusters, for lack of variation"))
            }
            many => {
                let own = if value > 0.0 { relative(label) / (1.0 - value) } else { 0.0 };
                let freedom = (normal_quantile(confidence) / t_quantile(many - 1, confidence)).powi(2);
                let size = n as f64 / own.max(average).max(1.0) * freedom;
                (size, format!("wilson at the effective sample size, {many} clusters"))
            }
        };
        let (low, high) = score_interval(value, size, confidence);
        Estimate { value: Some(value), low: Some(low), high: Some(high), n, method, undefined: None }
    };
    let or_none = |label| if n == 0 { Estimate::undefined(n, Undefined::TooFewItems) } else { estimate(label) };
    (0..labels).map(or_none).collect()
}

/// Weights of every cluster, by label and in all.
struct Clusters {
    by_label: Vec<Vec<f64>>,
    all: Vec<f64>,
}

impl Clusters {
    fn of(observations: &[Numbered], labels: usize) -> Self {
        let mut names: Vec<u32> = observations.iter().map(|one| one.cluster).collect();
        names.sort_unstable();
        names.dedup();
        let count = names.len();
        let mut clusters = Self { by_label: vec![vec![0.0; count]; labels], all: vec![0.0; count] };
        for one in observations {
            let Ok(cluster) = names.binary_search(&one.cluster) else { continue };
            clusters.by_label[one.label][cluster] += one.weight;
            clusters.all[cluster] += one.weight;
        }
        clusters
    }

    fn len(&self) -> usize {
        self.all.len()
    }

    fn sum(&self, label: usize) -> f64 {
        self.by_label[label].iter().sum()
    }

    /// Linearised variance of the share `value` of `label`, between clusters.
    fn variance(&self, label: usize, value: f64, total: f64) -> f64 {
        let squares: f64 =
            self.by_label[label].iter().zip(&self.all).map(|(with, all)| (with - value * all).powi(2)).sum();
        let count = self.len() as f64;
        squares / total.powi(2) * count / (count - 1.0)
    }
}

/// Units to draw, from the names of each observation's cluster; their order is that of the names.
pub(super) fn units<'a>(clusters: impl Iterator<Item = &'a str> + Clone) -> Units {
    Units::clusters(&numbered(clusters).0)
}

/// The number of each observation's cluster in the order of names, and how many clusters there are.
fn numbered<'a>(clusters: impl Iterator<Item = &'a str> + Clone) -> (Vec<u32>, usize) {
    let names: BTreeSet<&str> = clusters.clone().collect();
    let numbers: HashMap<&str, u32> = names.into_iter().zip(0..).collect();
    (clusters.map(|name| numbers[name]).collect(), numbers.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Observation, shares};
    use crate::stats::wilson_interval;

    #[test]
    fn independent_sessions_get_wilson_and_shared_persons_get_their_effective_size() {
        let names: Vec<String> = (0..40).map(|item| format!("s{item}")).collect();
        let alone: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(i, name)| Observation { label: i % 2, weight: 1.0, cluster: name })
            .collect();
        assert_eq!(shares(&alone, 2)[0].method, "wilson");
        // Ten persons with four sessions each, all alike: the interval must be much wider than Wilson's on 40.
        let shared: Vec<_> = (0..40)
            .map(|i| Observation { label: usize::from(i / 4 % 2 == 0), weight: 1.0, cluster: &names[i / 4] })
            .collect();
        let wide = &shares(&shared, 2)[1];
        assert_eq!(wide.value, Some(0.5));
        let (low, high) = wilson_interval(20, 40).unwrap();
        assert!(wide.high.unwrap() - wide.low.unwrap() > 1.5 * (high - low), "{wide:?}");
    }

    #[test]
    fn one_session_says_no_more_than_none() {
        // Thirty persons with four sessions each, two in three of a person alike; one session has a rare label.
        let names: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        let label =
            |i: usize| if i == 0 { 2 } else { usize::from((i / 4 + usize::from(i % 4 == 3)).is_multiple_of(2)) };
        let all: Vec<_> =
            (0..120).map(|i| Observation { label: label(i), weight: 1.0, cluster: &names[i / 4] }).collect();
        let got = shares(&all, 4);
        let (none, one) = (&got[3], &got[2]);
        assert!(one.low.unwrap() > 0.0 && one.high > none.high, "{one:?} {none:?}");
        let (_, independent) = wilson_interval(1, 120).unwrap();
        assert!(one.high.unwrap() > independent, "{one:?}");
    }

    #[test]
    fn intervals_cover_rare_and_common_labels_of_few_persons() {
        use rand_core::{Rng, SeedableRng};
        let mut generator = rand_pcg::Pcg64::seed_from_u64(4);
        let mut uniform = || f64::from(generator.next_u32()) / 4_294_967_296.0;
        let names: Vec<String> = (0..15).map(|n| n.to_string()).collect();
        let truth = [0.55, 0.35, 0.07, 0.03];
        let mut covered = [0; 4];
        for _ in 0..1_000 {
            let mut all = Vec::new();
            for name in &names {
                let mut draw =
                    || (0..3).find(|at| uniform() * truth[*at..].iter().sum::<f64>() < truth[*at]).unwrap_or(3);
                // Every second session of a person is of the person's own kind.
                let own = draw();
                all.extend((0..8).map(|i| Observation {
                    label: if i % 2 == 0 { own } else { draw() },
                    weight: 1.0,
                    cluster: name,
                }));
            }
            for (label, share) in shares(&all, 4).iter().enumerate() {
                covered[label] += u32::from(share.low.unwrap() <= truth[label] && truth[label] <= share.high.unwrap());
            }
        }
        // Three standard deviations below 95 % of 1,000 are 929.
        assert!(covered.iter().all(|covered| *covered >= 929), "{covered:?}");
    }

    #[test]
    fn a_label_never_given_still_has_an_upper_end() {
        let all: Vec<_> =
            (0..12).map(|i| Observation { label: 0, weight: 1.0, cluster: ["a", "b", "c"][i % 3] }).collect();
        let got = shares(&all, 2);
        assert_eq!((got[1].value, got[1].low), (Some(0.0), Some(0.0)));
        assert!(got[1].high.unwrap() > 0.5, "three persons say little: {:?}", got[1]);
        assert_eq!((got[0].value, got[0].high), (Some(1.0), Some(1.0)));
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_lie_in_their_intervals(
            cells in proptest::collection::vec((0_usize..4, 0_usize..9, 1_u32..4), 1..60)
        ) {
            let names: Vec<String> = (0..9).map(|n| n.to_string()).collect();
            let observations: Vec<_> = cells
                .iter()
                .map(|&(label, cluster, weight)| Observation { label, weight: f64::from(weight), cluster: &names[cluster] })
                .collect();
            let got = shares(&observations, 4);
            prop_assert!((got.iter().map(|share| share.value.unwrap()).sum::<f64>() - 1.0).abs() < 1e-9);
            for share in &got {
                prop_assert!(share.low.unwrap() >= 0.0 && share.high.unwrap() <= 1.0 && share.low <= share.high);
            }
            let turned: Vec<_> = observations.iter().rev().copied().collect();
            for (there, back) in got.iter().zip(shares(&turned, 4)) {
                prop_assert!((there.low.unwrap() - back.low.unwrap()).abs() < 1e-9);
            }
        }
    }
}
