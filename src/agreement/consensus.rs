//! The consensus of several raters by an annotator model.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::gold::Ratings;
use crate::stats::annotators::{Annotations, Confusions, Em, Glad, Mace};

use super::error::AgreementError;
use super::model::Role;
use super::rated::{Clusters, Drawn, select, table};
use super::report::{Options, two_or_more};
use super::scale::Declared;

/// An annotator model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// One confusion matrix per rater (Dawid and Skene 1979).
    DawidSkene,
    /// One accuracy per rater.
    OneCoin,
    /// Raters know or make up (Hovy and others 2013).
    Mace,
    /// Skill of raters and ease of items (Whitehill and others 2009).
    Glad,
}

/// What `assize agree --consensus MODEL --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsensusReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// The model.
    pub model: Model,
    /// Categories in scale order.
    pub categories: Vec<String>,
    /// Share of every category.
    pub shares: Vec<f64>,
    /// Items.
    pub items: Vec<ConsensusItem>,
    /// Raters.
    pub raters: Vec<ConsensusRater>,
    /// Log-likelihood.
    pub log_likelihood: f64,
    /// Rounds.
    pub iterations: usize,
    /// Whether the model came to rest.
    pub converged: bool,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsensusItem {
    /// The item.
    pub item: String,
    /// The most probable label; null where two are equally so.
    pub label: Option<String>,
    /// Probability of every category.
    pub posterior: Vec<f64>,
    /// Ratings it rests on.
    pub ratings: usize,
    /// Whether its label was known and held.
    pub known: bool,
}

/// One rater.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConsensusRater {
    /// The rater.
    pub rater: String,
    /// Ratings given.
    pub n: usize,
    /// Probability of each label (column) by true category (row); null where the rater met no item of that category.
    pub confusion: Vec<Option<Vec<f64>>>,
    /// Probability of a right label: the diagonal weighted by the shares of categories.
    pub accuracy: Option<f64>,
    /// The model's own number: accuracy (one-coin), share not made up (MACE), skill (GLAD).
    pub skill: Option<f64>,
}

/// The consensus of the raters of one rubric by `model`; labels of references (`gold`, `consensus`, named ones) are held. `seed`
/// is that of the random starts of MACE and GLAD.
///
/// # Errors
/// As for agreement: when labels are not on the scale or there is one rater only.
pub fn consensus(
    ratings: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
    model: Model,
) -> Result<ConsensusReport, AgreementError> {
    let (selected, left_out) = select(ratings, declared.abstain.as_deref());
    let names = two_or_more(&selected)?;
    if let Some(stranger) = options.references.iter().find(|name| !names.contains(name)) {
        return Err(AgreementError::NoReference(stranger.clone(), names.join(", ")));
    }
    let scale = declared.resolve(&selected)?;
    let items: BTreeSet<&str> = selected.rows.iter().map(|row| row.item.as_str()).collect();
    let alone = Clusters { of_items: None, alone: 0 };
    let table = table(&selected, &names, &items, &alone, &scale.categories, scale.scale, &Drawn::default());
    let is_reference = |at: &usize| options.role(&names[*at]) == Role::Reference;
    let (references, raters): (Vec<usize>, Vec<usize>) = (0..names.len()).partition(is_reference);
    let known = references.first().copied();
    let data = Annotations::of_table(&table, &raters, known);
    let seed = options.resampling.seed;
    let found = match model {
        Model::DawidSkene => Em::default().fit(&data),
        Model::OneCoin => Em { confusions: Confusions::OneCoin, ..Em::default() }.fit(&data),
        Model::Mace => Mace { seed, ..Mace::default() }.fit(&data),
        Model::Glad => Glad { seed, ..Glad::default() }.fit(&data),
    };
    let label = |at: usize| scale.categories[at].clone();
    let item = |(at, (name, best)): (usize, (&&str, Option<usize>))| ConsensusItem {
        item: (*name).to_owned(),
        label: best.map(label),
        posterior: found.posteriors[at].clone(),
        ratings: data.of_item(at).len(),
        known: known.is_some_and(|known| table.rating(table.pattern_of(at), known).is_some()),
    };
    let rater = |(at, place): (usize, &usize)| {
        let of = &found.raters[at];
        let diagonal = of.confusion.iter().enumerate().map(|(class, row)| Some((class, row.as_ref()?[class])));
        let met: Vec<(usize, f64)> = diagonal.flatten().collect();
        let weight: f64 = met.iter().map(|(class, _)| found.shares[*class]).sum();
        let right: f64 = met.iter().map(|(class, cell)| found.shares[*class] * cell).sum();
        ConsensusRater {
            rater: names[*place].clone(),
            n: of.ratings,
            confusion: of.confusion.clone(),
            accuracy: (weight > 0.0).then(|| right / weight),
            skill: of.skill,
        }
    };
    let mut notes = scale.notes;
    notes.extend(
        (!found.converged).then(|| format!("the model did not come to rest within {} rounds", found.iterations)),
    );
    let replicates: usize = left_out.values().sum();
    notes.extend((replicates > 0).then(|| format!("{replicates} rows of replicates after the first are left out")));
    if references.len() > 1 {
        let others: Vec<&str> = references[1..].iter().map(|at| names[*at].as_str()).collect();
        notes.push(format!("labels of {} are held; {} take no part", names[references[0]], others.join(", ")));
    }
    Ok(ConsensusReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        model,
        shares: found.shares.clone(),
        items: items.iter().zip(found.labels()).enumerate().map(item).collect(),
        raters: raters.iter().enumerate().map(rater).collect(),
        log_likelihood: found.log_likelihood,
        iterations: found.iterations,
        converged: found.converged,
        categories: scale.categories,
        notes,
    })
}
