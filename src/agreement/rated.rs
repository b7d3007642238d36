//! Ratings of one rubric laid out as items by raters, with what had to be left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gold::{Missing, Ratings};
use crate::stats::{Errors, Method, Pattern, RatingTable, Sampling, Scale, Unit};
use crate::verdict::NoVerdict;

use super::error::AgreementError;
use super::model::{RaterDetail, Role};
use super::report::Options;

/// The cluster of every item; items whose cluster is not known stand alone.
#[derive(Debug)]
pub(super) struct Clusters {
    /// One number per item, in item order; none where no item has a cluster.
    pub of_items: Option<Vec<u32>>,
    /// Items whose cluster is not known although others' are.
    pub alone: usize,
}

impl Clusters {
    /// Numbers the clusters of `items` from pairs of item and cluster.
    ///
    /// # Errors
    /// When an item is in two clusters.
    pub fn of<'a>(
        items: &BTreeSet<&'a str>,
        rows: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<Self, AgreementError> {
        let mut known: HashMap<&str, &str> = HashMap::new();
        for (item, cluster) in rows {
            let Some(cluster) = cluster else { continue };
            let first = *known.entry(item).or_insert(cluster);
            if first != cluster {
                let [item, first, second] = [item, first, cluster].map(str::to_owned);
                return Err(AgreementError::TwoClusters { item, first, second });
            }
        }
        if !items.iter().any(|item| known.contains_key(item)) {
            return Ok(Self { of_items: None, alone: 0 });
        }
        // An item of unknown cluster gets a name that no cluster can have.
        let mut numbers: BTreeMap<(Option<&str>, &str), u32> = BTreeMap::new();
        let names = items.iter().map(|item| match known.get(item) {
            Some(cluster) => (Some(*cluster), ""),
            None => (None, *item),
        });
        let names: Vec<_> = names.collect();
        for name in names.iter().copied().collect::<BTreeSet<_>>() {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            numbers.insert(name, next);
        }
        let alone = names.iter().filter(|(cluster, _)| cluster.is_none()).count();
        Ok(Self { of_items: Some(names.iter().map(|name| numbers[name]).collect()), alone })
    }

    /// Number of clusters.
    pub fn count(&self) -> Option<usize> {
        self.of_items.as_ref().map(|clusters| clusters.iter().collect::<BTreeSet<_>>().len())
    }

    /// What has to be said about them.
    pub fn note(&self) -> Option<String> {
        (self.alone > 0).then(|| format!("{} items without a cluster are resampled on their own", self.alone))
    }
}

/// Keeps first replicates, and turns the abstention into a no-verdict; says how many rows of each rater were left out.
pub(super) fn select(ratings: &Ratings, abstain: Option<&str>) -> (Ratings, BTreeMap<String, usize>) {
    let mut selected = ratings.clone();
    let mut left_out = BTreeMap::new();
    let mut is_first = |rater: &str, replicate: Option<u32>| {
        let first = replicate.unwrap_or(1) == 1;
        if !first {
            *left_out.entry(rater.to_owned()).or_default() += 1;
        }
        first
    };
    selected.rows.retain(|row| is_first(&row.rater, row.replicate));
    selected.missing.retain(|row| is_first(&row.rater, row.replicate));
    (abstentions_apart(selected, abstain), left_out)
}

/// Turns labels that are the abstention into no-verdicts.
pub(super) fn abstentions_apart(mut ratings: Ratings, abstain: Option<&str>) -> Ratings {
    if let Some(abstain) = abstain {
        let (abstained, rows) = ratings.rows.into_iter().partition(|row| row.label == abstain);
        ratings.rows = rows;
        ratings.missing.extend(abstained.into_iter().map(|row: crate::gold::Rating| Missing {
            item: row.item,
            rater: row.rater,
            rubric: row.rubric,
            cluster: row.cluster,
            replicate: row.replicate,
            kind: NoVerdict::Abstained,
        }));
    }
    ratings
}

/// The rating table of `raters`, with items in sorted order.
pub(super) fn table(
    ratings: &Ratings,
    raters: &[String],
    items: &BTreeSet<&str>,
    clusters: &Clusters,
    categories: &[String],
    scale: Scale,
    drawn: &Drawn,
) -> RatingTable {
    let code: HashMap<&str, u16> =
        categories.iter().zip(0_u16..).map(|(category, code)| (category.as_str(), code)).collect();
    let item_at: HashMap<&str, usize> = items.iter().enumerate().map(|(at, item)| (*item, at)).collect();
    let rater_at: HashMap<&str, usize> = raters.iter().enumerate().map(|(at, rater)| (rater.as_str(), at)).collect();
    let mut rows: Vec<Pattern> = vec![Vec::new(); items.len()];
    for row in &ratings.rows {
        let rater = u32::try_from(rater_at[row.rater.as_str()]).unwrap_or(u32::MAX);
        rows[item_at[row.item.as_str()]].extend(code.get(row.label.as_str()).map(|code| (rater, *code)));
    }
    for row in &mut rows {
        row.sort_unstable();
    }
    let sampling = Sampling {
        clusters: clusters.of_items.as_deref(),
        weights: drawn.weights.as_deref(),
        strata: drawn.strata.as_deref(),
    };
    RatingTable::from_ratings(scale, raters.len(), &rows, sampling)
}

/// How items were drawn, in item order, as far as it is asked for.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    weights: Option<Vec<f64>>,
    strata: Option<Vec<u32>>,
}

impl Drawn {
    /// Weights and strata of `items` where `options` ask for them.
    ///
    /// # Errors
    /// When an item has none, or two; when a cluster lies in several strata; when replicates would have to be drawn within strata.
    pub fn of(
        ratings: &Ratings,
        items: &BTreeSet<&str>,
        clusters: &Clusters,
        options: &Options,
        method: Method,
    ) -> Result<Self, AgreementError> {
        let weights = options.weighted.then(|| item_weights(ratings, items)).transpose()?;
        let strata = options.stratified.then(|| item_strata(ratings, items)).transpose()?;
        if strata.is_some() && matches!(method.errors, Errors::Bootstrap(..) | Errors::Jackknife) {
            return Err(AgreementError::StrataBootstrap);
        }
        let by_cluster = clusters.of_items.as_ref().filter(|_| method.unit == Unit::Cluster);
        if let (Some(strata), Some(clusters)) = (&strata, by_cluster) {
            let mut known: HashMap<u32, u32> = HashMap::new();
            for (cluster, stratum) in clusters.iter().zip(strata) {
                if *known.entry(*cluster).or_insert(*stratum) != *stratum {
                    let at = clusters.iter().position(|other| other == cluster).unwrap_or_default();
                    let item = items.iter().nth(at).copied().unwrap_or_default();
                    return Err(AgreementError::TornCluster(item.to_owned()));
                }
            }
        }
        Ok(Self { weights, strata })
    }
}

/// The number of the stratum of every item, in item order.
fn item_strata(ratings: &Ratings, items: &BTreeSet<&str>) -> Result<Vec<u32>, AgreementError> {
    let mut known: HashMap<&str, &str> = HashMap::new();
    for row in &ratings.rows {
        let Some(stratum) = row.stratum.as_deref() else { continue };
        let first = *known.entry(row.item.as_str()).or_insert(stratum);
        if first != stratum {
            let [item, first, second] = [&row.item, first, stratum].map(str::to_owned);
            return Err(AgreementError::TwoStrata { item, first, second });
        }
    }
    let names: BTreeSet<&str> = known.values().copied().collect();
    let numbers: HashMap<&str, u32> = names.into_iter().zip(0..).collect();
    let number = |item: &&str| known.get(item).map(|name| numbers[name]);
    items.iter().map(|item| number(item).ok_or_else(|| AgreementError::NoStratum((*item).to_owned()))).collect()
}

/// The weight of every item, in item order.
fn item_weights(ratings: &Ratings, items: &BTreeSet<&str>) -> Result<Vec<f64>, AgreementError> {
    let mut known: HashMap<&str, f64> = HashMap::new();
    for row in &ratings.rows {
        let Some(weight) = row.weight else { continue };
        let first = *known.entry(row.item.as_str()).or_insert(weight);
        if first.to_bits() != weight.to_bits() {
            return Err(AgreementError::TwoWeights { item: row.item.clone(), first, second: weight });
        }
    }
    let weight = |item: &&str| known.get(item).copied().ok_or_else(|| AgreementError::NoWeight((*item).to_owned()));
    items.iter().map(weight).collect()
}

/// What each of `raters` did.
///
/// # Errors
/// When a reference that was asked for is not among them.
pub(super) fn details<'a>(
    raters: &[String],
    rated: impl Iterator<Item = &'a str>,
    missing: &[Missing],
    left_out: &BTreeMap<String, usize>,
    options: &Options,
) -> Result<Vec<RaterDetail>, AgreementError> {
    if let Some(stranger) = options.references.iter().find(|name| !raters.contains(name)) {
        return Err(AgreementError::NoReference(stranger.clone(), raters.join(", ")));
    }
    let mut labels: HashMap<&str, usize> = HashMap::new();
    for rater in rated {
        *labels.entry(rater).or_default() += 1;
    }
    let mut kinds: HashMap<&str, BTreeMap<NoVerdict, usize>> = HashMap::new();
    for missing in missing {
        *kinds.entry(&missing.rater).or_default().entry(missing.kind).or_default() += 1;
    }
    let detail = |rater: &String| RaterDetail {
        rater: rater.clone(),
        role: options.role(rater),
        n: labels.get(rater.as_str()).copied().unwrap_or(0),
        no_verdicts: kinds.get(rater.as_str()).cloned().unwrap_or_default(),
        replicates_left_out: left_out.get(rater).copied().unwrap_or(0),
    };
    Ok(raters.iter().map(detail).collect())
}

/// More pairs than this are not listed.
const MOST_PAIRS: usize = 20_000;

/// Positions of all pairs of raters: earlier roles first, then by name; and how many there are. Where they are too many to list,
/// only those with a reference, or none.
pub(super) fn pairs(details: &[RaterDetail]) -> (Vec<(usize, usize)>, usize) {
    let mut order: Vec<usize> = (0..details.len()).collect();
    order.sort_by_key(|at| (details[*at].role, &details[*at].rater));
    let all = order.len() * order.len().saturating_sub(1) / 2;
    let held = order.iter().take_while(|at| details[**at].role != Role::Rater).count();
    let firsts = match held * order.len() {
        _ if all <= MOST_PAIRS => order.len(),
        listed if listed <= MOST_PAIRS => held,
        _ => 0,
    };
    let later = |at: usize| order[at + 1..].iter().map(move |second| (at, *second));
    ((0..firsts).flat_map(later).map(|(at, second)| (order[at], second)).collect(), all)
}

/// Says how many pairs are not listed.
pub(super) fn pairs_note(listed: usize, all: usize) -> Option<String> {
    (listed < all).then(|| format!("{all} pairs of raters are too many to list; {listed} with a reference are shown"))
}
