//! Several labels per item: one question "given or not" per label, then the mean over labels; and alpha of whole sets.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gold::{LabelSet, LabelSets};
use crate::rubric::Level;
use crate::stats::{
    ConfusionMatrix, Method, RatingTable, Scale, Statistic, coefficients, macro_cohen_kappa, macro_influence,
};

use super::error::AgreementError;
use super::model::{AgreementReport, Confusion, LabelScore, PairAgreement, ScaleOrigin};
use super::people::{People, ceiling, note};
use super::rated::{Clusters, details, pairs, pairs_note};
use super::report::{Options, columns_note, replicates_note};
use super::scale::look_alikes;
use super::set_alpha::SetAlpha;

/// Sets of labels by rater, then by item.
type ByRater<'a> = HashMap<&'a str, HashMap<&'a str, &'a BTreeSet<String>>>;

/// Agreement of every pair of raters on items that carry several labels; `declared` labels, or those that occur.
///
/// Each label is one question, answered with given or not given; `macro_cohen_kappa` is the unweighted mean of its kappas.
/// `krippendorff_alpha_jaccard` and `..._masi` take the whole set as the rating, also over all raters.
///
/// # Errors
/// When there is one rater only, or an option does not fit the ratings.
pub fn multi_label_report(
    sets: &LabelSets,
    rubric: Option<&str>,
    declared: Option<&[String]>,
    options: &Options,
) -> Result<AgreementReport, AgreementError> {
    let first: Vec<&LabelSet> = sets.sets.iter().filter(|set| set.replicate == 1).collect();
    let mut left_out = BTreeMap::new();
    for set in sets.sets.iter().filter(|set| set.replicate != 1) {
        *left_out.entry(set.rater.clone()).or_default() += 1;
    }
    let raters: Vec<String> =
        first.iter().map(|set| set.rater.as_str()).collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
    match raters.as_slice() {
        [] => return Err(AgreementError::NoLabels { source_file: sets.source.clone() }),
        [rater] => {
            return Err(AgreementError::OneRater { source_file: sets.source.clone(), rater: rater.clone() });
        }
        _ => {}
    }
    let observed: BTreeSet<&String> = first.iter().flat_map(|set| &set.labels).collect();
    let labels = declared.map_or_else(|| observed.into_iter().cloned().collect(), <[String]>::to_vec);
    let items: BTreeSet<&str> = first.iter().map(|set| set.item.as_str()).collect();
    let clusters = Clusters::of(&items, first.iter().map(|set| (set.item.as_str(), set.cluster.as_deref())))?;
    let method = options.resampling.method(clusters.of_items.is_some())?;
    let raters_detail = details(&raters, first.iter().map(|set| set.rater.as_str()), &[], &left_out, options)?;
    let mut by_rater: ByRater<'_> = HashMap::new();
    for set in &first {
        by_rater.entry(&set.rater).or_default().insert(&set.item, &set.labels);
    }
    let whole = SetAlpha::of(&first, &raters, &items, &clusters);
    let (positions, all_pairs) = pairs(&raters_detail);
    let pairs: Vec<PairAgreement> = (positions.into_iter())
        .map(|(a, b)| {
            let mut found = pair(&by_rater, [&raters[a], &raters[b]], &items, &clusters, &labels, method);
            found.coefficients.extend(whole.of_pair(a, b, method));
            found
        })
        .collect();
    let (mut ceilings, mut sights) = (Vec::new(), Vec::new());
    if let Some(people) = People::among(&raters_detail, options)? {
        for judge in &people.judges {
            let names: Vec<&String> = people.names.iter().chain(&people.references).chain([judge]).collect();
            let (_, tables) = label_tables(&by_rater, &names, &items, &clusters, &labels);
            let pair = |a: usize, b: usize| tables.iter().map(|table| table.pair(a, b)).collect::<Vec<_>>();
            let at = |name: &str| names.iter().position(|other| *other == name).unwrap_or_default();
            let influence = |a: &str, b: &str| macro_influence(&pair(at(a), at(b)));
            let count = people.names.len();
            let pairs = (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
            // The mean over labels and pairs at once: pairs share items, and so do labels.
            let among: Vec<RatingTable> = pairs.flat_map(|(a, b)| pair(a, b)).collect();
            let place = |name: &String| raters.iter().position(|rater| rater == name).unwrap_or_default();
            let people_at: Vec<usize> = people.names.iter().map(place).collect();
            let of_sets = whole.among(&people_at, place(judge), method);
            let all = [macro_cohen_kappa(&among, method)].into_iter().chain(of_sets).collect();
            ceilings.push(ceiling(&people, judge, all));
            sights.extend(people.sights(judge, "macro_cohen_kappa", &tables, influence, method));
        }
    }
    let dropped = sets.dropped.iter().map(|(label, times)| format!("the label {label:?} was left out {times} times"));
    let notes = look_alikes(&labels)
        .into_iter()
        .chain(dropped)
        .chain(clusters.note())
        .chain(pairs_note(pairs.len(), all_pairs));
    let notes = notes.chain(replicates_note(&left_out)).chain(columns_note(&sets.unread_columns));
    let notes = notes.chain(sights.iter().filter_map(note)).collect();
    Ok(AgreementReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        items: items.len(),
        raters,
        raters_detail,
        level: Level::Nominal,
        scale: if declared.is_some() { ScaleOrigin::Declared } else { ScaleOrigin::Observed },
        clusters: clusters.count(),
        confidence: method.confidence,
        coefficients: whole.over_all(method),
        pairs,
        ceilings,
        sights,
        gates: Vec::new(),
        notes,
        categories: labels,
    })
}

fn pair(
    by_rater: &ByRater<'_>,
    raters: [&String; 2],
    items: &BTreeSet<&str>,
    clusters: &Clusters,
    labels: &[String],
    method: Method,
) -> PairAgreement {
    let (both, tables) = label_tables(by_rater, &raters, items, clusters, labels);
    let score = |(label, table): (&String, &RatingTable)| LabelScore {
        coefficients: coefficients(table, &Statistic::of_pair(Level::Nominal)[1..2], method),
        ..LabelScore::of(&ConfusionMatrix::of(table, &table.counts()), 0, label)
    };
    PairAgreement {
        raters: raters.map(Clone::clone),
        items: both,
        coefficients: vec![macro_cohen_kappa(&tables, method)],
        confusion: Confusion::default(),
        labels: labels.iter().zip(&tables).map(score).collect(),
        unpaired: raters.iter().map(|rater| by_rater[rater.as_str()].len()).sum::<usize>() - 2 * both,
        tests: Vec::new(),
    }
}

/// The number of items that all of `raters` rated, and one table of them per label.
fn label_tables(
    by_rater: &ByRater<'_>,
    raters: &[&String],
    items: &BTreeSet<&str>,
    clusters: &Clusters,
    labels: &[String],
) -> (usize, Vec<RatingTable>) {
    let given: Vec<_> = raters.iter().map(|rater| &by_rater[rater.as_str()]).collect();
    let sets_of = |item: &str| given.iter().map(|sets| sets.get(item).copied()).collect::<Option<Vec<_>>>();
    let all: Vec<(usize, Vec<&BTreeSet<String>>)> =
        items.iter().enumerate().filter_map(|(at, item)| Some((at, sets_of(item)?))).collect();
    let of_items: Option<Vec<u32>> =
        clusters.of_items.as_ref().map(|clusters| all.iter().map(|(at, _)| clusters[*at]).collect());
    let scale = Scale { level: Level::Nominal, categories: 2, values: None, distances: None };
    // Code 0 is given, 1 is not given.
    let table = |label: &String| {
        let code = |set: &&BTreeSet<String>| Some(u16::from(!set.contains(label)));
        let rows: Vec<Vec<Option<u16>>> = all.iter().map(|(_, sets)| sets.iter().map(code).collect()).collect();
        RatingTable::new(scale.clone(), raters.len(), &rows, of_items.as_deref())
    };
    (all.len(), labels.iter().map(table).collect())
}
