//! From the ratings of one rubric to its report.

use std::collections::{BTreeMap, BTreeSet};

use crate::gold::Ratings;
use crate::stats::{
    Bootstrap, CONFIDENCE, Coefficient, Errors, IntervalKind, Method, RatingTable, Scale, Statistic, Unit, coefficients,
};

use super::error::AgreementError;
use super::model::{AgreementReport, PairAgreement, Role};
use super::pair::pair;
use super::people::{People, note, of_table};
use super::rated::{Clusters, Drawn, details, pairs, pairs_note, select, table};
use super::scale::{Declared, level_name, look_alike_names};
use super::sides::merged;

/// How agreement is to be measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Raters the others are held against, besides `gold` and `consensus`.
    pub references: Vec<String>,
    /// Raters of the label file that judges are held against.
    pub reference_raters: BTreeSet<String>,
    /// How intervals are made.
    pub resampling: Resampling,
    /// Which coefficients are computed.
    pub coefficients: Selection,
    /// Names of coefficients that are computed besides, where they fit.
    pub also: Vec<String>,
    /// Whether items count by their weights.
    pub weighted: bool,
    /// Whether items were drawn from their strata separately.
    pub stratified: bool,
    /// Raters who are people, whose agreement is the ceiling of judges; the raters of the label file where none are named.
    pub people: Vec<String>,
}

/// Which coefficients are computed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Selection {
    /// The few that are read first.
    #[default]
    First,
    /// A table's worth.
    Usual,
    /// All that fit the level.
    Every,
    /// Those of these names.
    Named(Vec<String>),
}

/// How intervals are made: by formula where nothing is asked for, by cluster where clusters are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Bootstrap intervals of this kind.
    pub bootstrap: Option<IntervalKind>,
    /// Replicates asked for; also asks for a bootstrap.
    pub replicates: Option<u32>,
    /// Seed.
    pub seed: u64,
    /// Unit asked for; clusters where known.
    pub by: Option<Unit>,
    /// Where standard errors come from without a bootstrap.
    pub formula: Formula,
    /// Confidence of intervals.
    pub confidence: f64,
}

/// Where standard errors come from without a bootstrap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Formula {
    /// What published packages use.
    #[default]
    Classical,
    /// The influences of items.
    Influence,
    /// Values without one item at a time.
    Jackknife,
}

impl Resampling {
    /// Replicates where a bootstrap is asked for and no number is given.
    pub const REPLICATES: u32 = 2000;

    /// The method for ratings with or without clusters.
    ///
    /// # Errors
    /// When clusters are asked for and there are none.
    pub(super) fn method(self, has_clusters: bool) -> Result<Method, AgreementError> {
        let unit = match (self.by, has_clusters) {
            (Some(Unit::Cluster), false) => return Err(AgreementError::NoClusters),
            (Some(unit), _) => unit,
            (None, true) => Unit::Cluster,
            (None, false) => Unit::Item,
        };
        let bootstrap = Bootstrap { replicates: self.replicates.unwrap_or(Self::REPLICATES), seed: self.seed };
        let errors = match (self.bootstrap, self.replicates) {
            (None, None) => match self.formula {
                Formula::Classical => Errors::Classical,
                Formula::Influence => Errors::Influence,
                Formula::Jackknife => Errors::Jackknife,
            },
            (kind, _) => Errors::Bootstrap(bootstrap, kind.unwrap_or(IntervalKind::Percentile)),
        };
        Ok(Method { confidence: self.confidence, unit, errors })
    }
}

impl Default for Resampling {
    fn default() -> Self {
        Self {
            bootstrap: None,
            replicates: None,
            seed: 1,
            by: None,
            formula: Formula::default(),
            confidence: CONFIDENCE,
        }
    }
}

/// The coefficients that are asked for: over all raters, and for a pair.
///
/// # Errors
/// When a name is not known at this level.
pub(super) fn statistics(options: &Options, scale: &Scale) -> Result<[Vec<Statistic>; 2], AgreementError> {
    let (level, categories) = (scale.level, scale.categories);
    let custom = |all: Vec<Statistic>| if scale.distances.is_some() { all } else { Vec::new() };
    let custom = [custom(Statistic::custom_over_all()), custom(Statistic::custom_of_pair())];
    let mut every = [Statistic::every_over_all(level), Statistic::every_of_pair(level, categories)];
    for (every, custom) in every.iter_mut().zip(&custom) {
        every.extend(custom);
    }
    let of_names = |names: &[String], of: &[Statistic]| -> Vec<Statistic> {
        of.iter().copied().filter(|statistic| names.contains(&statistic.name())).collect()
    };
    let mut chosen = match &options.coefficients {
        Selection::First => [Statistic::over_all(level), Statistic::of_pair(level)],
        Selection::Usual => {
            let mut usual = [Statistic::usual_over_all(level), Statistic::usual_of_pair(level, categories)];
            usual[0].extend(custom[0].iter().take(1));
            usual[1].extend(custom[1].iter().take(2));
            usual
        }
        Selection::Every => every.clone(),
        Selection::Named(names) => {
            let known: BTreeSet<String> = every.iter().flatten().map(|statistic| statistic.name()).collect();
            if let Some(name) = names.iter().find(|name| !known.contains(*name)) {
                let known = known.into_iter().collect::<Vec<_>>().join(", ");
                return Err(AgreementError::UnknownCoefficient { name: name.clone(), level: level_name(level), known });
            }
            [of_names(names, &every[0]), of_names(names, &every[1])]
        }
    };
    for (chosen, every) in chosen.iter_mut().zip(&every) {
        let more: Vec<Statistic> =
            of_names(&options.also, every).into_iter().filter(|statistic| !chosen.contains(statistic)).collect();
        chosen.extend(more);
    }
    Ok(chosen)
}

impl Options {
    /// The role of a rater: raters named `gold` or `consensus` are references without being named as such.
    #[must_use]
    pub fn role(&self, rater: &str) -> Role {
        if matches!(rater, "gold" | "consensus") || self.references.iter().any(|name| name == rater) {
            Role::Reference
        } else if self.reference_raters.contains(rater) {
            Role::ReferenceRater
        } else {
            Role::Rater
        }
    }
}

/// Agreement in `ratings`, all of one rubric, over all raters and in every pair. Only first replicates are used.
///
/// # Errors
/// When labels are not on the scale, there is one rater only, or an option does not fit the ratings.
pub fn report(
    ratings: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
) -> Result<AgreementReport, AgreementError> {
    let (selected, left_out) = select(ratings, declared.abstain.as_deref());
    let raters = two_or_more(&selected)?;
    let scale = declared.resolve(&selected)?;
    let items: BTreeSet<&str> = selected.rows.iter().map(|row| row.item.as_str()).collect();
    let missing = selected.missing.iter().map(|missing| (missing.item.as_str(), missing.cluster.as_deref()));
    let rows = selected.rows.iter().map(|row| (row.item.as_str(), row.cluster.as_deref()));
    let clusters = Clusters::of(&items, rows.chain(missing))?;
    let method = options.resampling.method(clusters.of_items.is_some())?;
    let rated = selected.rows.iter().map(|row| row.rater.as_str());
    let raters_detail = details(&raters, rated, &selected.missing, &left_out, options)?;
    let drawn = Drawn::of(&selected, &items, &clusters, options, method)?;
    let table = table(&selected, &raters, &items, &clusters, &scale.categories, scale.scale, &drawn);
    let level = table.scale.level;
    let [over_all, of_pair] = statistics(options, &table.scale)?;
    let alike = look_alike_names(&raters, items.iter().copied());
    let coefficients = coefficients(&table, &over_all, method);
    let (positions, all_pairs) = pairs(&raters_detail);
    let pairs: Vec<PairAgreement> = (positions.into_iter())
        .map(|positions| pair(&table, &raters, positions, &scale.categories, &of_pair, method))
        .collect();
    let people = People::among(&raters_detail, options)?;
    let (ceilings, sights) = people.map_or_else(Default::default, |people| of_table(&people, &table, &raters, method));
    let unlisted = pairs_note(pairs.len(), all_pairs);
    let alone = unpairable_note(&table);
    let widthless = widthless_note(coefficients.iter().chain(pairs.iter().flat_map(|pair| &pair.coefficients)));
    let notes =
        scale.notes.into_iter().chain(alone).chain(alike).chain(widthless).chain(clusters.note()).chain(unlisted);
    let notes =
        notes.chain(self::notes(ratings, &left_out, options.weighted)).chain(sights.iter().filter_map(note)).collect();
    Ok(AgreementReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        items: table.items(),
        level,
        scale: scale.origin,
        clusters: clusters.count(),
        confidence: method.confidence,
        coefficients,
        pairs,
        ceilings,
        sights,
        raters,
        raters_detail,
        categories: scale.categories,
        gates: Vec::new(),
        notes,
    })
}

/// Agreement of judges with the raters of a label file: `gold` beside the judges' ratings, both of one rubric and with the same
/// item names. Where both know an item's cluster, that of the judges holds, and that is said.
///
/// # Errors
/// As [`report`], and when a judge and a rater of the file have the same name.
pub fn side_by_side(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
) -> Result<AgreementReport, AgreementError> {
    let reference_raters: BTreeSet<String> = gold.raters().into_iter().map(str::to_owned).collect();
    let (mut all, other_clusters) = merged(judges, gold, declared)?;
    all.unread_columns.clone_from(&gold.unread_columns);
    let mut report = report(&all, rubric, declared, &Options { reference_raters, ..options.clone() })?;
    if other_clusters {
        report.notes.push("clusters are those of the run; the label file draws them otherwise".to_owned());
    }
    Ok(report)
}

/// The raters, sorted.
///
/// # Errors
/// When there are no labels, or only one rater.
pub(super) fn two_or_more(ratings: &Ratings) -> Result<Vec<String>, AgreementError> {
    let raters: Vec<String> = ratings.raters().into_iter().map(str::to_owned).collect();
    let source_file = ratings.source.clone();
    match raters.as_slice() {
        _ if ratings.rows.is_empty() => Err(AgreementError::NoLabels { source_file }),
        [rater] => Err(AgreementError::OneRater { source_file, rater: rater.clone() }),
        _ => Ok(raters),
    }
}

/// What a reader of the numbers must know about a file's ratings.
fn notes(ratings: &Ratings, left_out: &BTreeMap<String, usize>, used: bool) -> Vec<String> {
    let weighted = ratings.rows.iter().any(|row| row.weight.is_some_and(|weight| weight.to_bits() != 1_f64.to_bits()));
    let weights = match (weighted, used) {
        (true, false) => Some("weights are not used: agreement is that of the rated items; --weight COLUMN uses them"),
        (_, true) => Some("items count by their weights; confusion counts and label scores are not weighted"),
        (false, false) => None,
    };
    let weights = weights.map(str::to_owned);
    replicates_note(left_out).into_iter().chain(weights).chain(columns_note(&ratings.unread_columns)).collect()
}

/// Says that no two raters met on any item.
fn unpairable_note(table: &RatingTable) -> Option<String> {
    table.patterns().iter().all(|pattern| pattern.len() < 2).then(|| {
        "no item was rated by two raters, so that there is nothing to compare; do all raters name the items alike?"
            .to_owned()
    })
}

/// Says what an interval without width is worth, where there is one.
fn widthless_note<'a>(mut coefficients: impl Iterator<Item = &'a Coefficient>) -> Option<String> {
    let widthless = |of: &Coefficient| of.low.is_some() && of.low == of.high;
    coefficients.any(widthless).then(|| {
        "an interval without width comes from items that are all alike; it does not say how few they are".to_owned()
    })
}

/// Says how many rows of replicates were left out.
pub(super) fn replicates_note(left_out: &BTreeMap<String, usize>) -> Option<String> {
    let rows: usize = left_out.values().sum();
    (rows > 0).then(|| format!("{rows} rows of replicates after the first were left out"))
}

/// Says which columns were not read.
pub(super) fn columns_note(columns: &[String]) -> Option<String> {
    (!columns.is_empty()).then(|| format!("columns not read: {}", columns.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::AgreementError;
    use crate::gold::Rating;
    use crate::rubric::Level;
    use crate::verdict::NoVerdict;

    fn ratings(rows: &[(&str, &str, &str, Option<&str>)]) -> Ratings {
        let row = |(item, rater, label, cluster): &(&str, &str, &str, Option<&str>)| Rating {
            item: (*item).to_owned(),
            rater: (*rater).to_owned(),
            label: (*label).to_owned(),
            cluster: cluster.map(str::to_owned),
            ..Rating::default()
        };
        Ratings { rows: rows.iter().map(row).collect(), ..Ratings::default() }
    }

    fn plain(rows: &[(&str, &str, &str, Option<&str>)]) -> Result<AgreementReport, AgreementError> {
        report(&ratings(rows), None, &Declared::default(), &Options::default())
    }

    #[test]
    fn abstentions_and_later_replicates_are_counted_and_left_out() {
        let mut all = ratings(&[
            ("1", "j", "a", None),
            ("1", "k", "a", None),
            ("2", "j", "unclear", None),
            ("2", "k", "b", None),
        ]);
        all.rows.push(Rating { replicate: Some(2), ..all.rows[0].clone() });
        let declared = Declared { abstain: Some("unclear".to_owned()), ..Declared::default() };
        let report = report(&all, Some("r"), &declared, &Options::default()).unwrap();
        assert_eq!(report.categories, ["a", "b"]);
        let judge = &report.raters_detail[0];
        assert_eq!((judge.n, judge.no_verdicts[&NoVerdict::Abstained], judge.replicates_left_out), (1, 1, 1));
        assert_eq!((report.pairs[0].items, report.pairs[0].unpaired), (1, 1));
        assert_eq!(report.notes, ["1 rows of replicates after the first were left out"]);
    }

    #[test]
    fn order_is_declared_or_numeric_or_an_error() {
        let rows = [("1", "j", "10", None), ("1", "k", "9", None)];
        let ordinal = Declared { level: Some(Level::Ordinal), ..Declared::default() };
        let options = Options::default();
        assert_eq!(report(&ratings(&rows), None, &ordinal, &options).unwrap().categories, ["9", "10"]);
        let rows = [("1", "j", "low", None), ("1", "k", "high", None)];
        let error = report(&ratings(&rows), None, &ordinal, &options).unwrap_err();
        assert!(matches!(error, AgreementError::NoOrder { .. }), "{error}");
        let categories = Some(vec!["low".to_owned(), "high".to_owned()]);
        let declared = Declared { categories, ..ordinal };
        assert_eq!(report(&ratings(&rows), None, &declared, &options).unwrap().categories, ["low", "high"]);
    }

    #[test]
    fn one_rater_or_no_label_is_an_error() {
        assert!(matches!(plain(&[("1", "j", "a", None)]), Err(AgreementError::OneRater { .. })));
        assert!(matches!(plain(&[]), Err(AgreementError::NoLabels { .. })));
    }

    #[test]
    fn clusters_make_the_bootstrap_theirs_and_lone_items_are_told() {
        let rows = [
            ("1", "j", "a", Some("p")),
            ("1", "k", "a", None),
            ("2", "j", "b", Some("q")),
            ("2", "k", "a", Some("q")),
            ("3", "j", "b", None),
            ("3", "k", "b", None),
        ];
        let report = plain(&rows).unwrap();
        assert_eq!(report.clusters, Some(3));
        assert!(
            report.pairs[0].coefficients[0].method.contains("over 3 clusters"),
            "{:?}",
            report.pairs[0].coefficients[0]
        );
        assert_eq!(report.notes, ["1 items without a cluster are resampled on their own"]);
        let torn = [("1", "j", "a", Some("p")), ("1", "k", "a", Some("q"))];
        assert!(matches!(plain(&torn), Err(AgreementError::TwoClusters { .. })));
    }

    #[test]
    fn rows_in_another_order_give_the_same_report() {
        let rows: Vec<(&str, &str, &str, Option<&str>)> = vec![
            ("1", "j", "a", Some("p")),
            ("1", "k", "a", Some("p")),
            ("2", "j", "b", Some("q")),
            ("2", "k", "a", Some("q")),
            ("3", "j", "b", Some("p")),
            ("3", "k", "b", Some("p")),
            ("4", "j", "a", Some("r")),
            ("4", "k", "b", Some("r")),
        ];
        let turned: Vec<_> = rows.iter().rev().copied().collect();
        assert_eq!(plain(&rows).unwrap(), plain(&turned).unwrap());
    }

    #[test]
    fn raters_of_the_label_file_come_before_judges_and_names_must_differ() {
        let judges = ratings(&[("1", "a-judge", "x", None), ("2", "a-judge", "y", None), ("2", "b-judge", "y", None)]);
        let gold = ratings(&[("1", "zoe", "x", None), ("1", "gold", "x", None), ("2", "zoe", "x", None)]);
        let report = side_by_side(&judges, &gold, None, &Declared::default(), &Options::default()).unwrap();
        let pairs: Vec<[&str; 2]> =
            report.pairs.iter().map(|pair| [pair.raters[0].as_str(), pair.raters[1].as_str()]).collect();
        assert_eq!(
            pairs,
            [
                ["gold", "zoe"],
                ["gold", "a-judge"],
                ["gold", "b-judge"],
                ["zoe", "a-judge"],
                ["zoe", "b-judge"],
                ["a-judge", "b-judge"]
            ]
        );
        let error = side_by_side(&gold, &gold, None, &Declared::default(), &Options::default()).unwrap_err();
        assert!(matches!(error, AgreementError::SameName(_)), "{error}");
    }

    #[test]
    fn clusters_of_the_run_hold_for_the_label_file() {
        let judges = ratings(&[("1", "j", "a", Some("p")), ("2", "j", "b", Some("q"))]);
        let side = |clusters: [Option<&str>; 3]| {
            let items = ["1", "2", "3"];
            let rows: Vec<_> = items.into_iter().zip(clusters).map(|(item, of)| (item, "ann", "a", of)).collect();
            side_by_side(&judges, &ratings(&rows), None, &Declared::default(), &Options::default()).unwrap()
        };
        let otherwise = "clusters are those of the run; the label file draws them otherwise".to_owned();
        let renamed = side([Some("Pat"), Some("Quinn"), None]);
        assert_eq!((renamed.clusters, renamed.notes.contains(&otherwise)), (Some(3), false));
        let merged = side([Some("Pat"), Some("Pat"), None]);
        assert_eq!((merged.clusters, merged.notes.contains(&otherwise)), (Some(3), true));
    }

    #[test]
    fn raters_and_items_typed_in_two_ways_are_told() {
        let report = plain(&[("1", "j", "a", None), ("1 ", "k", "a", None), ("2", "J", "a", None)]).unwrap();
        let alike =
            |what: &str, names: &str| format!("counted as different {what}, though they look like one: {names}");
        assert!(report.notes[0].starts_with("no item was rated by two raters"), "{:?}", report.notes);
        assert_eq!(report.notes[1..], [alike("raters", "[\"J\", \"j\"]"), alike("items", "[\"1\", \"1 \"]")]);
    }

    #[test]
    fn labels_typed_in_two_ways_are_told() {
        let report = plain(&[("1", "j", "Fix", None), ("1", "k", "fix", None)]).unwrap();
        assert_eq!(report.notes, ["counted as different labels, though they look like one: [\"Fix\", \"fix\"]"]);
    }
}
