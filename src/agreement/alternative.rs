//! The alternative annotator test: whether a judge may stand in for people.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::gold::Ratings;
use crate::stats::{AlternativeTest, Interval};

use super::error::AgreementError;
use super::rated::{Clusters, Drawn, select, table};
use super::report::Options;
use super::scale::Declared;
use super::sides::Sides;

/// What `assize agree --alternative-annotator --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlternativeReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// How much a person's cost lets the judge fall behind.
    pub epsilon: f64,
    /// Level at which the share of false findings is held.
    pub level: f64,
    /// Fewest items of a person that count.
    pub least_items: usize,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Each judge.
    pub judges: Vec<AlternativeOf>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The test of one judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlternativeOf {
    /// The judge.
    pub judge: String,
    /// Share of tested people whom the judge may stand in for; null where nobody was tested.
    pub winning_rate: Option<f64>,
    /// Mean over tested people of the share of items on which the judge agrees with the others at least as well.
    pub advantage_probability: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// The winning rate is one half or more.
    pub passes: Option<bool>,
    /// Each person.
    pub people: Vec<AlternativePerson>,
}

/// The test against one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlternativePerson {
    /// The person left out.
    pub person: String,
    /// Items that the person, another person and the judge labelled.
    pub n: usize,
    /// Share of items on which the judge agrees with the others at least as well as this person.
    pub advantage_probability: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
    /// One-sided p of the judge being worse by `epsilon` or more; null with too few items.
    pub p: Option<f64>,
    /// The same by Benjamini and Yekutieli over all people.
    pub p_adjusted: Option<f64>,
    /// Whether the judge may stand in for this person.
    pub passes: Option<bool>,
}

/// Tests every judge against the people named, or the raters of the label file.
///
/// # Errors
/// When labels are not on the scale, there is no judge, or there are fewer than two people.
pub fn alternative_annotator(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
    test: AlternativeTest,
) -> Result<AlternativeReport, AgreementError> {
    let sides = Sides::new(judges, gold, declared, options)?;
    if sides.people.len() < 2 {
        return Err(AgreementError::FewPeople(sides.people));
    }
    let held = sides.judges()?;
    let names: Vec<String> = sides.people.iter().chain(held).cloned().collect();
    let (mut first, _) = select(&sides.ratings, None);
    first.rows.retain(|row| names.contains(&row.rater));
    let items: BTreeSet<&str> = first.rows.iter().map(|row| row.item.as_str()).collect();
    let clusters = Clusters { of_items: sides.clusters_of(items.iter().copied()), alone: 0 };
    let scale = &sides.scale;
    let table = table(&first, &names, &items, &clusters, &scale.categories, scale.scale.clone(), &Drawn::default());
    let people: Vec<usize> = (0..sides.people.len()).collect();
    let one = |(at, judge): (usize, &String)| {
        let found = test.run(&table, people.len() + at, &people);
        let person = |of: crate::stats::AgainstPerson| AlternativePerson {
            person: names[of.rater].clone(),
            n: of.n,
            advantage_probability: of.advantage,
            interval: of.interval,
            p: of.p,
            p_adjusted: of.p_adjusted,
            passes: of.passes,
        };
        AlternativeOf {
            judge: judge.clone(),
            winning_rate: found.winning_rate,
            advantage_probability: found.advantage,
            interval: found.interval,
            passes: found.passes,
            people: found.people.into_iter().map(person).collect(),
        }
    };
    let mut notes = sides.notes.clone();
    if sides.people.len() == 2 {
        notes.push("with two people each is held against the other alone; the paper asks for three".to_owned());
    }
    Ok(AlternativeReport {
        version: 1,
        rubric: rubric.map(str::to_owned),
        epsilon: test.epsilon,
        level: test.level,
        least_items: test.least_items,
        confidence: test.confidence,
        judges: held.iter().enumerate().map(one).collect(),
        notes,
    })
}
