//! Choosing sessions: strata, clusters, seeds, inclusion weights.
//!
//! A unit's place in the queue is the BLAKE3 of seed and id (bottom-k sampling), so that the same seed draws the same
//! sessions on every machine, and adding sessions changes a sample little.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A sample of sessions: simple random, stratified, or of whole clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleSpec {
    /// How many sessions; with `cluster`, about how many.
    pub n: usize,
    /// Seed.
    pub seed: u64,
    /// Columns to stratify by, with proportional allocation: `month`, `project`, `person`.
    #[serde(default)]
    pub strata: Vec<String>,
    /// Draw whole clusters by this column, such as `person`.
    #[serde(default)]
    pub cluster: Option<String>,
}

/// Something that can be sampled.
pub trait Unit {
    /// Names that [`Self::column`] knows.
    const COLUMNS: &'static [&'static str];
    /// Identifier, unique in the population.
    fn id(&self) -> &str;
    /// Value of a column; none where the unit has no value.
    fn column(&self, name: &str) -> Option<String>;
}

/// A chosen unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// Identifier.
    pub id: String,
    /// One over the inclusion probability.
    pub weight: f64,
}

/// Why no sample can be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SampleError {
    /// `n` is zero.
    #[error("a sample of 0 sessions was asked for; n must be at least 1")]
    Empty,
    /// There are not enough units.
    #[error("a sample of {n} was asked for, but there are only {available} sessions in scope")]
    TooFew {
        /// Asked for.
        n: usize,
        /// Present.
        available: usize,
    },
    /// No such column.
    #[error("cannot sample by {name}: known columns are {known}")]
    UnknownColumn {
        /// As written.
        name: String,
        /// What there is.
        known: String,
    },
    /// Both strata and clusters.
    #[error("strata and cluster cannot be combined; choose one of them")]
    StrataAndCluster,
}

/// Draws a sample of `units`; the result is sorted by id.
///
/// Strata get places in proportion to their size (largest remainder, at least one each while places last); a unit's
/// weight is the size of its stratum over the places of its stratum. With `cluster`, `n * clusters / units` clusters
/// (rounded, at least one) are drawn with equal probability and taken whole; units without a value are clusters of
/// their own.
///
/// # Errors
/// When `n` is zero or larger than the population, or a column is unknown, or strata and cluster are combined.
pub fn draw<U: Unit>(units: &[U], spec: &SampleSpec) -> Result<Vec<Drawn>, SampleError> {
    check(units, spec)?;
    let mut drawn = match &spec.cluster {
        Some(column) => draw_clusters(units, column, spec),
        None => draw_strata(units, spec),
    };
    drawn.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(drawn)
}

fn check<U: Unit>(units: &[U], spec: &SampleSpec) -> Result<(), SampleError> {
    if spec.n == 0 {
        return Err(SampleError::Empty);
    }
    if spec.n > units.len() {
        return Err(SampleError::TooFew { n: spec.n, available: units.len() });
    }
    if spec.cluster.is_some() && !spec.strata.is_empty() {
        return Err(SampleError::StrataAndCluster);
    }
    match spec.strata.iter().chain(&spec.cluster).find(|name| !U::COLUMNS.contains(&name.as_str())) {
        Some(name) => Err(SampleError::UnknownColumn { name: name.clone(), known: U::COLUMNS.join(", ") }),
        None => Ok(()),
    }
}

fn draw_clusters<U: Unit>(units: &[U], column: &str, spec: &SampleSpec) -> Vec<Drawn> {
    let mut clusters: BTreeMap<String, Vec<&U>> = BTreeMap::new();
    for unit in units {
        let key = unit.column(column).map_or_else(|| format!("id {}", unit.id()), |value| format!("value {value}"));
        clusters.entry(key).or_default().push(unit);
    }
    let places = ((spec.n * clusters.len()) as f64 / units.len() as f64).round().max(1.0);
    let weight = clusters.len() as f64 / places;
    let mut order: Vec<(&String, &Vec<&U>)> = clusters.iter().collect();
    order.sort_by_cached_key(|(key, _)| place(spec.seed, key));
    let chosen = order.into_iter().enumerate().take_while(|(rank, _)| (*rank as f64) < places);
    chosen.flat_map(|(_, (_, members))| members.iter().map(|unit| Drawn { id: unit.id().to_owned(), weight })).collect()
}

fn draw_strata<U: Unit>(units: &[U], spec: &SampleSpec) -> Vec<Drawn> {
    let mut strata: BTreeMap<Vec<Option<String>>, Vec<&U>> = BTreeMap::new();
    for unit in units {
        strata.entry(spec.strata.iter().map(|name| unit.column(name)).collect()).or_default().push(unit);
    }
    let sizes: Vec<usize> = strata.values().map(Vec::len).collect();
    let mut drawn = Vec::with_capacity(spec.n);
    for (members, places) in strata.into_values().zip(allocate(&sizes, spec.n)) {
        let weight = members.len() as f64 / places.max(1) as f64;
        let mut order = members;
        order.sort_by_cached_key(|unit| place(spec.seed, unit.id()));
        drawn.extend(order.into_iter().take(places).map(|unit| Drawn { id: unit.id().to_owned(), weight }));
    }
    drawn
}

/// Shares `n` places among strata in proportion to `sizes`: floors first, one each for empty ones, then largest remainders.
fn allocate(sizes: &[usize], n: usize) -> Vec<usize> {
    let total: usize = sizes.iter().sum();
    let mut places: Vec<usize> = sizes.iter().map(|size| size * n / total.max(1)).collect();
    let mut left = n.saturating_sub(places.iter().sum());
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&stratum| {
        let remainder = sizes.get(stratum).map_or(0, |size| size * n % total.max(1));
        (places.get(stratum).copied().unwrap_or(0) > 0, std::cmp::Reverse(remainder), stratum)
    });
    for stratum in order.into_iter().cycle() {
        if left == 0 {
            break;
        }
        if let (Some(count), Some(size)) = (places.get_mut(stratum), sizes.get(stratum))
            && *count < *size
        {
            *count += 1;
            left -= 1;
        }
    }
    places
}

fn place(seed: u64, key: &str) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("assize sample place v1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(key.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Item(String, &'static str);

    impl Unit for Item {
        const COLUMNS: &'static [&'static str] = &["month"];
        fn id(&self) -> &str {
            &self.0
        }
        fn column(&self, _: &str) -> Option<String> {
            Some(self.1.to_owned())
        }
    }

    fn items(counts: &[(&'static str, usize)]) -> Vec<Item> {
        let of = |(month, n): &(&'static str, usize)| {
            (0..*n).map(|i| Item(format!("{month}-{i}"), month)).collect::<Vec<_>>()
        };
        counts.iter().flat_map(of).collect()
    }

    fn spec(n: usize) -> SampleSpec {
        SampleSpec { n, seed: 7, strata: vec![], cluster: None }
    }

    #[test]
    fn strata_get_proportional_places_and_weights_sum_to_the_population() {
        let units = items(&[("jan", 60), ("feb", 30), ("mar", 10)]);
        let drawn = draw(&units, &SampleSpec { strata: vec!["month".into()], ..spec(10) }).unwrap();
        let of = |month: &str| drawn.iter().filter(|unit| unit.id.starts_with(month)).count();
        assert_eq!((of("jan"), of("feb"), of("mar")), (6, 3, 1));
        assert!((drawn.iter().map(|unit| unit.weight).sum::<f64>() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_rare_stratum_is_not_lost() {
        let units = items(&[("jan", 98), ("feb", 2)]);
        let drawn = draw(&units, &SampleSpec { strata: vec!["month".into()], ..spec(10) }).unwrap();
        assert!(drawn.iter().any(|unit| unit.id.starts_with("feb")));
    }

    #[test]
    fn clusters_are_taken_whole() {
        let units = items(&[("a", 5), ("b", 5), ("c", 5), ("d", 5)]);
        let drawn = draw(&units, &SampleSpec { cluster: Some("month".into()), ..spec(10) }).unwrap();
        assert_eq!(drawn.len(), 10);
        assert!(drawn.iter().all(|unit| (unit.weight - 2.0).abs() < 1e-12));
    }

    #[test]
    fn impossible_samples_are_refused() {
        let units = items(&[("a", 5)]);
        assert_eq!(draw(&units, &spec(0)), Err(SampleError::Empty));
        assert_eq!(draw(&units, &spec(6)), Err(SampleError::TooFew { n: 6, available: 5 }));
        let unknown = draw(&units, &SampleSpec { strata: vec!["moth".into()], ..spec(2) });
        assert!(matches!(unknown, Err(SampleError::UnknownColumn { .. })));
    }

    #[test]
    fn every_unit_is_drawn_equally_often() {
        let units = items(&[("a", 20)]);
        let mut hits = BTreeMap::new();
        for seed in 0..4_000 {
            for unit in draw(&units, &SampleSpec { seed, ..spec(5) }).unwrap() {
                *hits.entry(unit.id).or_insert(0_u32) += 1;
            }
        }
        // 4,000 draws of 5 out of 20: 1,000 expected each, standard deviation 27.
        assert!(hits.values().all(|&count| (865..1_135).contains(&count)), "{hits:?}");
    }

    proptest! {
        #[test]
        fn size_and_distinctness_hold(n in 1_usize..40, seed: u64, a in 1_usize..40, b in 1_usize..40) {
            let units = items(&[("a", a), ("b", b)]);
            let spec = SampleSpec { n, seed, strata: vec!["month".into()], cluster: None };
            if let Ok(drawn) = draw(&units, &spec) {
                prop_assert_eq!(drawn.len(), n);
                let ids: std::collections::BTreeSet<_> = drawn.iter().map(|unit| &unit.id).collect();
                prop_assert_eq!(ids.len(), n);
            }
        }

        #[test]
        fn order_of_the_population_does_not_matter(seed: u64) {
            let mut units = items(&[("a", 9), ("b", 7)]);
            let first = draw(&units, &SampleSpec { seed, ..spec(6) });
            units.reverse();
            prop_assert_eq!(first, draw(&units, &SampleSpec { seed, ..spec(6) }));
        }
    }
}
