//! Judges and a label file side by side: one set of ratings, who is held against whom, and which items share a cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gold::{Rating, Ratings};
use crate::stats::Unit;

use super::error::AgreementError;
use super::rated::{Clusters, abstentions_apart, select};
use super::report::Options;
use super::scale::{Declared, Resolved};

/// Judges and label file as one, with the items under the clusters of the judges, and whether the label file drew them otherwise.
///
/// # Errors
/// When a judge and a rater of the label file have one name, or a label is not declared.
pub(super) fn merged(judges: &Ratings, gold: &Ratings, declared: &Declared) -> Result<(Ratings, bool), AgreementError> {
    let of_gold = gold.raters();
    if let Some(name) = judges.raters().into_iter().find(|judge| of_gold.contains(judge)) {
        return Err(AgreementError::SameName(name.to_owned()));
    }
    if let Some(categories) = &declared.categories {
        // Checked here as well, while each side still knows its own file.
        for side in [judges, gold] {
            select(side, declared.abstain.as_deref()).0.check_labels(categories)?;
        }
    }
    let (gold, other_clusters) = with_clusters_of(judges, gold);
    let mut all = judges.clone();
    all.rows.extend(gold.rows);
    all.missing.extend(gold.missing);
    Ok((all, other_clusters))
}

/// `gold` with the clusters that the judges' ratings name, where they name any, and whether it had drawn them otherwise: its
/// own names beside the judges' would make two clusters of one.
fn with_clusters_of(judges: &Ratings, gold: &Ratings) -> (Ratings, bool) {
    let rows = judges.rows.iter().map(|row| (row.item.as_str(), row.cluster.as_ref()));
    let missing = judges.missing.iter().map(|row| (row.item.as_str(), row.cluster.as_ref()));
    let known: HashMap<&str, &String> =
        rows.chain(missing).filter_map(|(item, cluster)| Some((item, cluster?))).collect();
    let mut gold = gold.clone();
    if known.is_empty() {
        return (gold, false);
    }
    let mut renamed = BTreeSet::new();
    let mut rename = |item: &str, cluster: &mut Option<String>| {
        let new = known.get(item).map(|cluster| (*cluster).clone());
        if let Some(old) = std::mem::replace(cluster, new.clone()) {
            renamed.insert((old, new));
        }
    };
    gold.rows.iter_mut().for_each(|row| rename(&row.item, &mut row.cluster));
    gold.missing.iter_mut().for_each(|row| rename(&row.item, &mut row.cluster));
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = renamed.iter().map(|(old, new)| (old, new)).unzip();
    let others = renamed.len() > old.len().min(new.len());
    (gold, others)
}

/// The raters that judges are held against: those named, else gold and consensus, else each rater of the label file.
///
/// # Errors
/// When a named one did not rate, or there is none at all.
pub(super) fn references<'a>(
    options: &Options,
    raters: &BTreeSet<&'a str>,
    of_gold: &BTreeSet<&'a str>,
) -> Result<Vec<&'a str>, AgreementError> {
    let listed = || raters.iter().copied().collect::<Vec<_>>().join(", ");
    if let Some(stranger) = options.references.iter().find(|name| !raters.contains(name.as_str())) {
        return Err(AgreementError::NoReference(stranger.clone(), listed()));
    }
    let named = |rater: &&str| options.references.iter().any(|name| name == rater);
    let usual = |rater: &&str| matches!(*rater, "gold" | "consensus");
    let found: Vec<&str> = if options.references.is_empty() {
        raters.iter().copied().filter(usual).collect()
    } else {
        raters.iter().copied().filter(named).collect()
    };
    match (found.is_empty(), of_gold.is_empty()) {
        (false, _) => Ok(found),
        (true, false) => Ok(of_gold.iter().copied().collect()),
        (true, true) => Err(AgreementError::NoReferenceAtAll(listed())),
    }
}

/// What all analyses of single judges share.
#[derive(Debug)]
pub(super) struct Sides {
    /// All ratings, replicates too; abstentions are no-verdicts.
    pub ratings: Ratings,
    /// Raters who are neither references nor people nor of the label file.
    pub judges: Vec<String>,
    /// Raters of the label file, or those named, who are no references.
    pub people: Vec<String>,
    /// Categories in scale order.
    pub scale: Resolved,
    /// What a reader must know.
    pub notes: Vec<String>,
    references: Vec<String>,
    raters: Vec<String>,
    clusters: Option<BTreeMap<String, u32>>,
}

impl Sides {
    /// Lays out `judges` beside `gold`, which is empty where all raters stand in one file.
    ///
    /// # Errors
    /// As [`merged`], and when labels are not on the scale, a name did not rate, or clusters are asked for and there are none.
    pub fn new(
        judges: &Ratings,
        gold: &Ratings,
        declared: &Declared,
        options: &Options,
    ) -> Result<Self, AgreementError> {
        let (all, other_clusters) = merged(judges, gold, declared)?;
        let ratings = abstentions_apart(all, declared.abstain.as_deref());
        if ratings.rows.is_empty() {
            return Err(AgreementError::NoLabels { source_file: ratings.source });
        }
        let scale = declared.resolve(&ratings)?;
        let raters: BTreeSet<&str> = ratings.raters();
        let listed = || raters.iter().copied().collect::<Vec<_>>().join(", ");
        if let Some(stranger) = options.people.iter().find(|name| !raters.contains(name.as_str())) {
            return Err(AgreementError::NoPerson(stranger.clone(), listed()));
        }
        let of_gold = gold.raters();
        let held = match references(options, &raters, &of_gold) {
            Err(AgreementError::NoReferenceAtAll(_)) => Vec::new(),
            found => found?,
        };
        let named = |rater: &&str| options.people.iter().any(|person| person == rater);
        let usual = |rater: &&str| matches!(*rater, "gold" | "consensus");
        let is_person = |rater: &&str| if options.people.is_empty() { of_gold.contains(rater) } else { named(rater) };
        let is_judge = |rater: &&str| !held.contains(rater) && !of_gold.contains(rater) && !named(rater);
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<String>>();
        let people = raters.iter().copied().filter(is_person).filter(|rater| !usual(rater) || named(rater)).collect();
        let of_judges = raters.iter().copied().filter(is_judge).collect();
        let (people, judges, references) = (owned(people), owned(of_judges), owned(held));
        let items: BTreeSet<&str> = ratings.rows.iter().map(|row| row.item.as_str()).collect();
        let missing = ratings.missing.iter().map(|row| (row.item.as_str(), row.cluster.as_deref()));
        let rows = ratings.rows.iter().map(|row| (row.item.as_str(), row.cluster.as_deref()));
        let clusters = Clusters::of(&items, rows.chain(missing))?;
        let by_cluster = options.resampling.method(clusters.of_items.is_some())?.unit == Unit::Cluster;
        let otherwise = "clusters are those of the judges; the label file draws them otherwise".to_owned();
        let notes = (scale.notes.iter().cloned()).chain(clusters.note()).chain(other_clusters.then_some(otherwise));
        let notes = notes.collect();
        let numbered = clusters.of_items.filter(|_| by_cluster);
        let clusters = numbered.map(|of| items.iter().map(|item| (*item).to_owned()).zip(of).collect());
        let raters = owned(raters.iter().copied().collect());
        Ok(Self { ratings, judges, people, scale, notes, references, raters, clusters })
    }

    /// The raters that judges are held against.
    ///
    /// # Errors
    /// When there are none.
    pub fn references(&self) -> Result<&[String], AgreementError> {
        let none = || AgreementError::NoReferenceAtAll(self.raters.join(", "));
        (!self.references.is_empty()).then_some(self.references.as_slice()).ok_or_else(none)
    }

    /// The judges, of whom there must be one.
    ///
    /// # Errors
    /// When all raters are references, people, or of the label file.
    pub fn judges(&self) -> Result<&[String], AgreementError> {
        let none = || AgreementError::NoJudge(self.raters.join(", "));
        (!self.judges.is_empty()).then_some(self.judges.as_slice()).ok_or_else(none)
    }

    /// Every judge with every reference.
    ///
    /// # Errors
    /// When there are no judges, or no references.
    pub fn pairs(&self) -> Result<Vec<(&str, &str)>, AgreementError> {
        let references = self.references()?;
        let with_all = |judge| references.iter().map(move |reference: &'_ String| (judge, reference.as_str()));
        Ok(self.judges()?.iter().flat_map(|judge| with_all(judge.as_str())).collect())
    }

    /// The first replicates of `rater` by item.
    pub fn of_rater<'a>(&'a self, rater: &str) -> BTreeMap<&'a str, &'a Rating> {
        let own = |row: &&Rating| row.rater == rater && row.replicate.unwrap_or(1) == 1;
        self.ratings.rows.iter().filter(own).map(|row| (row.item.as_str(), row)).collect()
    }

    /// The position of a label on the scale.
    pub fn code(&self, label: &str) -> usize {
        self.scale.categories.iter().position(|known| known == label).unwrap_or_default()
    }

    /// The cluster of every one of `items`; none where items are independent.
    pub fn clusters_of<'a>(&self, items: impl Iterator<Item = &'a str>) -> Option<Vec<u32>> {
        let clusters = self.clusters.as_ref()?;
        Some(items.map(|item| clusters.get(item).copied().unwrap_or(u32::MAX)).collect())
    }

    /// The cluster of every one of `items`, where items are clusters of their own if nothing else is known: for numbers that hold
    /// more than one row of an item.
    pub fn units_of<'a>(&self, items: impl Iterator<Item = &'a str> + Clone) -> Vec<u32> {
        self.clusters_of(items.clone()).unwrap_or_else(|| {
            let numbers: BTreeMap<&str, u32> = items.clone().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
            items.map(|item| numbers[item]).collect()
        })
    }
}
