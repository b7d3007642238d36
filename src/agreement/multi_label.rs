//! Several labels per item: one question "given or not" per label, then the mean over labels.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gold::{LabelSet, LabelSets};
use crate::rubric::Level;
use crate::stats::{ConfusionMatrix, Method, RatingTable, Scale, Statistic, coefficients, macro_cohen_kappa};

use super::error::AgreementError;
use super::model::{AgreementReport, Confusion, LabelScore, PairAgreement, ScaleOrigin};
use super::rated::{Clusters, details, pairs, pairs_note};
use super::report::{Options, columns_note, replicates_note};
use super::scale::look_alikes;

/// Sets of labels by rater, then by item.
type ByRater<'a> = HashMap<&'a str, HashMap<&'a str, &'a BTreeSet<String>>>;

/// Agreement of every pair of raters on items that carry several labels; `declared` labels, or those that occur.
///
/// Each label is one question, answered with given or not given; `macro_cohen_kappa` is the unweighted mean of its kappas.
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
    let (positions, all_pairs) = pairs(&raters_detail);
    let pairs: Vec<PairAgreement> = (positions.into_iter())
        .map(|(a, b)| pair(&by_rater, [&raters[a], &raters[b]], &items, &clusters, &labels, method))
        .collect();
    let dropped = sets.dropped.iter().map(|(label, times)| format!("the label {label:?} was left out {times} times"));
    let notes = look_alikes(&labels)
        .into_iter()
        .chain(dropped)
        .chain(clusters.note())
        .chain(pairs_note(pairs.len(), all_pairs));
    let notes = notes.chain(replicates_note(&left_out)).chain(columns_note(&sets.unread_columns)).collect();
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
        coefficients: Vec::new(),
        pairs,
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
    let given = raters.map(|rater| &by_rater[rater.as_str()]);
    let both: Vec<(usize, [&BTreeSet<String>; 2])> = (items.iter().enumerate())
        .filter_map(|(at, item)| Some((at, [*given[0].get(item)?, *given[1].get(item)?])))
        .collect();
    let of_items: Option<Vec<u32>> =
        clusters.of_items.as_ref().map(|clusters| both.iter().map(|(at, _)| clusters[*at]).collect());
    let scale = Scale { level: Level::Nominal, categories: 2, values: None };
    // Code 0 is given, 1 is not given.
    let tables: Vec<RatingTable> = (labels.iter())
        .map(|label| {
            let code = |set: &BTreeSet<String>| Some(u16::from(!set.contains(label)));
            let rows: Vec<Vec<Option<u16>>> = both.iter().map(|(_, sets)| sets.map(code).to_vec()).collect();
            RatingTable::new(scale.clone(), 2, &rows, of_items.as_deref())
        })
        .collect();
    let score = |(label, table): (&String, &RatingTable)| LabelScore {
        coefficients: coefficients(table, &Statistic::of_pair(Level::Nominal)[1..2], method),
        ..LabelScore::of(&ConfusionMatrix::of(table, &table.counts()), 0, label)
    };
    PairAgreement {
        raters: raters.map(Clone::clone),
        items: both.len(),
        coefficients: vec![macro_cohen_kappa(&tables, method)],
        confusion: Confusion::default(),
        labels: labels.iter().zip(&tables).map(score).collect(),
        unpaired: given[0].len() + given[1].len() - 2 * both.len(),
        tests: Vec::new(),
    }
}
