//! Judges held against the same reference on the same items: whether one is better than the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::gold::Ratings;
use crate::rubric::Level;
use crate::stats::{
    Adjustment, Coefficient, Contrast, Difference, Equivalence, Method, RatingTable, Statistic, Test, Verdict,
    cochran_q, coefficients, mcnemar, mcnemar_clustered, mean_over_pairs, symmetry_tests,
};
use crate::verdict::NoVerdict;

use super::error::AgreementError;
use super::model::ScaleOrigin;
use super::rated::{Clusters, Drawn, select, table};
use super::report::{Options, statistics};
use super::scale::Declared;
use super::sides::{merged, references};

/// What is compared, and how.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CompareOptions {
    /// Coefficients, intervals, references.
    pub options: Options,
    /// Pairs of judges; all pairs where none are named.
    pub pairs: Vec<[String; 2]>,
    /// The largest difference that does not matter, where equivalence is asked for.
    pub margin: Option<f64>,
    /// How p-values of many comparisons are adjusted.
    pub adjustment: Adjustment,
}

/// All comparisons on one rubric: what `assize compare --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparisons {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// Level of measurement.
    pub level: Level,
    /// Categories in scale order.
    pub categories: Vec<String>,
    /// Where the categories come from.
    pub scale: ScaleOrigin,
    /// Clusters of items, where the ratings name any.
    pub clusters: Option<usize>,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// How p-values are adjusted: over all comparisons of one coefficient on this rubric.
    pub adjustment: Adjustment,
    /// Each comparison.
    pub comparisons: Vec<Comparison>,
    /// Tests over all judges at once, by reference: whether they are right equally often.
    pub tests: BTreeMap<String, Test>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Two judges held against one reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The two judges.
    pub judges: [String; 2],
    /// The rater they are held against.
    pub reference: String,
    /// Items that the reference and both judges labelled: all figures but the bounds rest on these.
    pub items: usize,
    /// What each judge did with the items of the reference.
    pub sides: [Side; 2],
    /// Coefficients of each judge with the reference.
    pub coefficients: [Vec<Coefficient>; 2],
    /// Agreement of the other raters of the label file with each other on the same items, where there are two or more.
    pub ceiling: Vec<Coefficient>,
    /// The first judge's coefficients less the second's.
    pub differences: Vec<Difference>,
    /// Whether both are right equally often, and use the labels equally often.
    pub tests: Vec<Test>,
    /// The difference in percent agreement over all items of the reference, whatever the missing verdicts would have been.
    pub bounds: Option<Bounds>,
    /// Whether the difference of `cohen_kappa`, or else of the first coefficient asked for, is within the margin, where one was given;
    /// null also where it has no error.
    pub equivalence: Option<Equivalence>,
}

/// One judge's share in a comparison.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Side {
    /// Items of the reference with a label.
    pub n: usize,
    /// Items of the reference without one, by kind.
    pub no_verdicts: BTreeMap<NoVerdict, usize>,
    /// Items of the reference that the judge was not asked about.
    pub not_asked: usize,
    /// Items of the reference on which judge and reference agree.
    pub right: usize,
}

/// Least and largest difference in percent agreement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// All missing verdicts of the first wrong, all of the second right.
    pub low: f64,
    /// The other way round.
    pub high: f64,
    /// Items of the reference.
    pub n: usize,
}

/// Compares judges on one rubric; `gold` is the label file's part, with the same item names.
///
/// # Errors
/// When labels are not on the scale, there is no reference or no pair of judges, or a name is not known.
pub fn compare(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    asked: &CompareOptions,
) -> Result<Comparisons, AgreementError> {
    let (all, other_clusters) = merged(judges, gold, declared)?;
    let (all, left_out) = select(&all, declared.abstain.as_deref());
    let raters: BTreeSet<&str> = all.raters();
    let listed = || raters.iter().copied().collect::<Vec<_>>().join(", ");
    let of_gold: BTreeSet<&str> = gold.raters();
    let references = references(&asked.options, &raters, &of_gold)?;
    let held: Vec<&str> =
        raters.iter().copied().filter(|rater| !references.contains(rater) && !of_gold.contains(rater)).collect();
    let pairs = pairs(asked, &held)?;
    let scale = declared.resolve(&all)?;
    let items: BTreeSet<&str> = all.rows.iter().map(|row| row.item.as_str()).collect();
    let rows = all.rows.iter().map(|row| (row.item.as_str(), row.cluster.as_deref()));
    let missing = all.missing.iter().map(|row| (row.item.as_str(), row.cluster.as_deref()));
    let clusters = Clusters::of(&items, rows.chain(missing))?;
    let method = asked.options.resampling.method(clusters.of_items.is_some())?;
    let names: Vec<String> = raters.iter().map(|rater| (*rater).to_owned()).collect();
    let drawn = Drawn::of(&all, &items, &clusters, &asked.options, method)?;
    let whole = table(&all, &names, &items, &clusters, &scale.categories, scale.scale.clone(), &drawn);
    let [_, statistics] = statistics(&asked.options, &scale.scale)?;
    let place = |name: &str| {
        names
            .iter()
            .position(|rater| rater == name)
            .ok_or_else(|| AgreementError::NoReference(name.to_owned(), listed()))
    };
    let frame = Frame { whole: &whole, statistics: &statistics, method, margin: asked.margin };
    let mut comparisons = Vec::new();
    let mut tests = BTreeMap::new();
    for reference in &references {
        let people: Vec<usize> = (of_gold.iter().filter(|rater| !matches!(**rater, "gold" | "consensus")))
            .map(|rater| place(rater))
            .collect::<Result<_, _>>()?;
        for [first, second] in &pairs {
            let mut one = frame.pair(place(reference)?, [place(first)?, place(second)?], &people);
            one.judges = [first.clone(), second.clone()];
            (*reference).clone_into(&mut one.reference);
            one.sides = [first, second].map(|judge| side(&all, judge, reference));
            one.bounds = bounds(&one.sides);
            comparisons.push(one);
        }
        if held.len() > 2 {
            let places = held.iter().map(|judge| place(judge)).collect::<Result<Vec<_>, _>>()?;
            tests.insert((*reference).to_owned(), frame.all(place(reference)?, &places));
        }
    }
    adjust(&mut comparisons, asked.adjustment);
    let replicates: usize = left_out.values().sum();
    let notes = (scale.notes.into_iter())
        .chain(clusters.note())
        .chain(
            other_clusters.then(|| "clusters are those of the judges; the label file draws them otherwise".to_owned()),
        )
        .chain(asked.options.weighted.then(|| "items count by their weights in coefficients and differences; tests, counts and bounds are not weighted".to_owned()))
        .chain((replicates > 0).then(|| format!("{replicates} rows of replicates after the first are left out")))
        .collect();
    Ok(Comparisons {
        version: 1,
        rubric: rubric.map(str::to_owned),
        level: scale.scale.level,
        categories: scale.categories,
        scale: scale.origin,
        clusters: clusters.count(),
        confidence: method.confidence,
        adjustment: asked.adjustment,
        comparisons,
        tests,
        notes,
    })
}

fn pairs(asked: &CompareOptions, held: &[&str]) -> Result<Vec<[String; 2]>, AgreementError> {
    if let Some(stranger) = asked.pairs.iter().flatten().find(|name| !held.contains(&name.as_str())) {
        return Err(AgreementError::NothingToCompare(format!(
            "{stranger} is not a judge; the judges are: {}",
            held.join(", ")
        )));
    }
    if !asked.pairs.is_empty() {
        return Ok(asked.pairs.clone());
    }
    let all = held
        .iter()
        .enumerate()
        .flat_map(|(at, first)| held[at + 1..].iter().map(|second| [*first, *second].map(str::to_owned)));
    let all: Vec<[String; 2]> = all.collect();
    if all.is_empty() {
        return Err(AgreementError::NothingToCompare(format!("judges besides the reference: {}", held.join(", "))));
    }
    Ok(all)
}

/// What all comparisons of a rubric share.
struct Frame<'a> {
    whole: &'a RatingTable,
    statistics: &'a [Statistic],
    method: Method,
    margin: Option<f64>,
}

impl Frame<'_> {
    /// The figures of two judges on the items that the reference and both labelled.
    fn pair(&self, reference: usize, judges: [usize; 2], people: &[usize]) -> Comparison {
        let both = self.whole.rated_by(reference).rated_by(judges[0]).rated_by(judges[1]);
        let contrast = Contrast { first: (reference, judges[0]), second: (reference, judges[1]) };
        let of = |judge: usize| coefficients(&both.pair(reference, judge), self.statistics, self.method);
        let others: Vec<usize> = people.iter().copied().filter(|person| !judges.contains(person)).collect();
        let ceiling = |statistic: &Statistic| mean_over_pairs(&both, &others, *statistic, self.method);
        let equivalence = self.margin.and_then(|margin| {
            let kappa = self.statistics.iter().find(|statistic| statistic.name() == "cohen_kappa");
            contrast.equivalence(&both, *kappa.or(self.statistics.first())?, margin, self.method).ok()
        });
        Comparison {
            judges: Default::default(),
            reference: String::new(),
            items: both.items(),
            sides: [Side::default(), Side::default()],
            coefficients: judges.map(of),
            ceiling: if others.len() < 2 { Vec::new() } else { self.statistics.iter().map(ceiling).collect() },
            differences: self.statistics.iter().map(|of| contrast.difference(&both, *of, self.method)).collect(),
            tests: tests(&both, reference, judges),
            bounds: None,
            equivalence,
        }
    }

    /// Whether all judges are right equally often, on the items that all labelled.
    fn all(&self, reference: usize, judges: &[usize]) -> Test {
        let all = judges.iter().fold(self.whole.rated_by(reference), |table, judge| table.rated_by(*judge));
        let right = |item: usize, rater: usize| {
            let pattern = all.pattern_of(item);
            all.rating(pattern, rater) == all.rating(pattern, reference)
        };
        let items: Vec<Vec<bool>> =
            (0..all.items()).map(|item| judges.iter().map(|judge| right(item, *judge)).collect()).collect();
        cochran_q(&items)
    }
}

/// McNemar's tests on being right, then the tests on the use of labels.
fn tests(both: &RatingTable, reference: usize, judges: [usize; 2]) -> Vec<Test> {
    let side = |item: usize| {
        let pattern = both.pattern_of(item);
        let right = judges.map(|judge| both.rating(pattern, judge) == both.rating(pattern, reference));
        i8::from(right[0]) - i8::from(right[1])
    };
    let sides: Vec<i8> = (0..both.items()).map(side).collect();
    let count = |only: i8| sides.iter().filter(|side| **side == only).count() as u64;
    let mut tests = mcnemar(count(1), count(-1), both.items());
    if let Some(clusters) = both.clusters() {
        tests.push(mcnemar_clustered(&clusters.iter().copied().zip(sides).collect::<Vec<_>>()));
    }
    for test in &mut tests {
        test.method = format!("on being right; {}", test.method);
    }
    let of_labels = symmetry_tests(&both.pair(judges[0], judges[1])).into_iter();
    tests.extend(of_labels.map(|test| Test { name: format!("{}_of_labels", test.name), ..test }));
    tests
}

/// What `judge` did with the items that `reference` labelled.
fn side(all: &Ratings, judge: &str, reference: &str) -> Side {
    let truth: HashMap<&str, &str> = all
        .rows
        .iter()
        .filter(|row| row.rater == reference)
        .map(|row| (row.item.as_str(), row.label.as_str()))
        .collect();
    let mut side = Side::default();
    let mut asked: HashSet<&str> = HashSet::new();
    for row in all.rows.iter().filter(|row| row.rater == judge) {
        if let Some(label) = truth.get(row.item.as_str()) {
            side.n += 1;
            side.right += usize::from(*label == row.label);
            asked.insert(&row.item);
        }
    }
    for missing in all.missing.iter().filter(|row| row.rater == judge && truth.contains_key(row.item.as_str())) {
        *side.no_verdicts.entry(missing.kind).or_default() += 1;
        asked.insert(&missing.item);
    }
    side.not_asked = truth.len() - asked.len();
    side
}

fn bounds(sides: &[Side; 2]) -> Option<Bounds> {
    let missing = |side: &Side| side.no_verdicts.values().sum::<usize>() + side.not_asked;
    let n = sides[0].n + missing(&sides[0]);
    let share = |hits: usize| hits as f64 / n as f64;
    let least = |side: &Side| share(side.right);
    let most = |side: &Side| share(side.right + missing(side));
    (n > 0).then(|| Bounds { low: least(&sides[0]) - most(&sides[1]), high: most(&sides[0]) - least(&sides[1]), n })
}

/// Adjusts p-values over all comparisons of one coefficient.
fn adjust(comparisons: &mut [Comparison], adjustment: Adjustment) {
    let names = comparisons.first().map_or(0, |one| one.differences.len());
    for at in 0..names {
        let with_p: Vec<usize> =
            (0..comparisons.len()).filter(|of| comparisons[*of].differences[at].p.is_some()).collect();
        let p: Vec<f64> = with_p.iter().filter_map(|of| comparisons[*of].differences[at].p).collect();
        for (of, adjusted) in with_p.into_iter().zip(adjustment.adjust(&p)) {
            comparisons[of].differences[at].p_adjusted = Some(adjusted);
        }
    }
}

impl Comparisons {
    /// The worst verdict on equivalence: what the exit code says. None where no margin was given.
    #[must_use]
    pub fn worst(&self, margin: Option<f64>) -> Option<Verdict> {
        margin?;
        let verdict = |one: &Comparison| one.equivalence.as_ref().map_or(Verdict::Inconclusive, |of| of.verdict);
        self.comparisons.iter().map(verdict).max()
    }

    /// Whether no comparison has a single difference with a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.comparisons.iter().flat_map(|one| &one.differences).all(|of| of.coefficient.value.is_none())
    }
}
