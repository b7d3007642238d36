//! What moves judges besides the answers: position, length, the order of options, whose answer it is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::gold::{Rating, Ratings};
use crate::stats::bias::{
    BothOrders, LengthBias, LengthPair, OwnAnswer, OwnBias, PositionBias, length_bias, option_order, own_bias,
    position_bias,
};
use crate::stats::{Design, Test, Undefined};

use super::error::AgreementError;
use super::report::Options;
use super::scale::Declared;
use super::sides::Sides;

/// Diagnostics there are.
const DIAGNOSTICS: usize = 4;

/// What `assize agree --bias --format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasReport {
    /// Version of this form.
    pub version: u32,
    /// The rubric, where known.
    pub rubric: Option<String>,
    /// Confidence of the intervals.
    pub confidence: f64,
    /// Each judge, with each reference where there are any.
    pub judges: Vec<Bias>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What moves one judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bias {
    /// The judge.
    pub judge: String,
    /// The rater that knows the better answer, where there is one.
    pub reference: Option<String>,
    /// The same two answers in both orders.
    pub position: Option<PositionBias>,
    /// The difference of two answers' lengths.
    pub length: Option<LengthBias>,
    /// Places of the options that were chosen.
    pub option_order: Option<Test>,
    /// The judge's own answers against others.
    pub self_preference: Option<OwnBias>,
    /// What is missing, in words, by diagnostic.
    pub needs: BTreeMap<String, String>,
}

/// Diagnostics of every judge from what was shown to it.
///
/// # Errors
/// When labels are not on the scale, there is no judge, or nothing is said of what any of them was shown.
pub fn bias(
    judges: &Ratings,
    gold: &Ratings,
    rubric: Option<&str>,
    declared: &Declared,
    options: &Options,
) -> Result<BiasReport, AgreementError> {
    let sides = Sides::new(judges, gold, declared, options)?;
    let confidence = options.resampling.confidence;
    let mut found = Vec::new();
    for judge in sides.judges()? {
        let references = sides.references().unwrap_or_default();
        let one = |reference: Option<&String>| Judged::new(&sides, judge, reference).bias(confidence);
        match references {
            [] => found.push(one(None)),
            some => found.extend(some.iter().map(|reference| one(Some(reference)))),
        }
    }
    if found.iter().all(|of| of.needs.len() == DIAGNOSTICS) {
        let needs = found.into_iter().next().map(|of| of.needs).unwrap_or_default();
        return Err(AgreementError::NothingShown(
            needs.into_iter().map(|(what, why)| format!("{what}: {why}")).collect(),
        ));
    }
    Ok(BiasReport { version: 1, rubric: rubric.map(str::to_owned), confidence, judges: found, notes: sides.notes })
}

/// All rows of one judge, and the better answers.
struct Judged<'a> {
    sides: &'a Sides,
    judge: &'a str,
    reference: Option<&'a str>,
    rows: Vec<&'a Rating>,
    truth: BTreeMap<&'a str, &'a Rating>,
}

impl<'a> Judged<'a> {
    fn new(sides: &'a Sides, judge: &'a str, reference: Option<&'a String>) -> Self {
        let mut rows: Vec<&Rating> = sides.ratings.rows.iter().filter(|row| row.rater == judge).collect();
        rows.sort_by_key(|row| (&row.item, row.replicate));
        let truth = reference.map(|reference| sides.of_rater(reference)).unwrap_or_default();
        Self { sides, judge, reference: reference.map(String::as_str), rows, truth }
    }

    fn bias(&self, confidence: f64) -> Bias {
        let mut needs = BTreeMap::new();
        let mut need = |what: &str, why: &str| drop(needs.insert(what.to_owned(), why.to_owned()));
        let position = self.position();
        if position.is_none() {
            need(
                "position",
                "two rows an item, by `replicate`, with the same two options in a column `shown`: A|B and B|A",
            );
        }
        let length = match self.length(confidence) {
            Some(Ok(length)) => Some(length),
            Some(Err(why)) => {
                need("length", &format!("undefined: {}", why.as_str()));
                None
            }
            None => {
                need("length", "columns `shown` with two options, A|B, and `lengths` with theirs, 120|80");
                None
            }
        };
        // Both orders of an item are one decision about places, which the tests of position make.
        let option_order = if position.is_some() { None } else { self.option_order() };
        if position.is_some() {
            need("option_order", "no more: the tests of position hold both orders of each item against each other");
        } else if option_order.is_none() {
            need(
                "option_order",
                "a column `shown` with the options as they were listed, in an order drawn anew for every item: A|B|C",
            );
        }
        let self_preference = match self.own(confidence) {
            Some(Ok(own)) => Some(own),
            Some(Err(why)) => {
                need("self_preference", &format!("undefined: {}", why.as_str()));
                None
            }
            None => {
                need(
                    "self_preference",
                    "a column `own` with the label that stands for the judge's own answer, and a reference that knows the better one",
                );
                None
            }
        };
        let (judge, reference) = (self.judge.to_owned(), self.reference.map(str::to_owned));
        Bias { judge, reference, position, length, option_order, self_preference, needs }
    }

    /// Items shown in both orders of the same two options; the option that comes first in scale order is answer 1.
    fn position(&self) -> Option<PositionBias> {
        let mut items: BTreeMap<(&str, [&str; 2]), BothOrders> = BTreeMap::new();
        let place = |label: &str| self.sides.code(label);
        let missing = self.sides.ratings.missing.iter().filter(|row| row.rater == self.judge);
        let silent: BTreeSet<&str> = missing.map(|row| row.item.as_str()).collect();
        for row in &self.rows {
            let [first, second] = row.shown.as_slice() else { continue };
            let turned = place(first) > place(second);
            let options = if turned { [second.as_str(), first.as_str()] } else { [first.as_str(), second.as_str()] };
            let answer = |label: &str| options.iter().position(|option| *option == label).map(|at| [1_u8, 2][at]);
            let both = items.entry((row.item.as_str(), options)).or_default();
            let slot = if turned { &mut both.two_first } else { &mut both.one_first };
            // A repeat of the same order is another question; the first one counts.
            *slot = slot.or(answer(&row.label));
            both.gold = self.truth.get(row.item.as_str()).and_then(|truth| answer(&truth.label));
        }
        // An item shown in one order only, without a no-verdict that stands for the other, was never asked both ways.
        let asked = |(item, both): (&(&str, [&str; 2]), &BothOrders)| {
            (both.one_first.is_some() && both.two_first.is_some() || silent.contains(item.0)).then_some(*both)
        };
        let both: Vec<BothOrders> = items.iter().filter_map(asked).collect();
        both.iter().any(|item| item.one_first.is_some() && item.two_first.is_some()).then(|| position_bias(&both))
    }

    fn length(&self, confidence: f64) -> Option<Result<LengthBias, Undefined>> {
        let rows: Vec<&&Rating> =
            self.rows.iter().filter(|row| row.shown.len() == 2 && row.lengths.len() == 2).collect();
        let pair = |row: &&&Rating| LengthPair {
            first_preferred: f64::from(row.label == row.shown[0]),
            first_length: row.lengths[0],
            second_length: row.lengths[1],
        };
        let clusters = self.sides.units_of(rows.iter().map(|row| row.item.as_str()));
        let design = Design { clusters: Some(&clusters), strata: None };
        (!rows.is_empty()).then(|| length_bias(&rows.iter().map(pair).collect::<Vec<_>>(), design, confidence))
    }

    /// How often the option at each place was chosen, among rows with the most usual number of options.
    fn option_order(&self) -> Option<Test> {
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        for row in self.rows.iter().filter(|row| row.shown.len() > 1) {
            *sizes.entry(row.shown.len()).or_default() += 1;
        }
        let (places, _) = sizes.into_iter().max_by_key(|(_, rows)| *rows)?;
        let mut chosen = vec![0_u64; places];
        for row in self.rows.iter().filter(|row| row.shown.len() == places) {
            if let Some(at) = row.shown.iter().position(|option| *option == row.label) {
                chosen[at] += 1;
            }
        }
        Some(option_order(&chosen))
    }

    fn own(&self, confidence: f64) -> Option<Result<OwnBias, Undefined>> {
        let with = |row: &&'a Rating| {
            let (own, truth) = (row.own.as_deref()?, self.truth.get(row.item.as_str())?);
            let answer = OwnAnswer { judge_prefers_own: row.label == own, gold_prefers_own: truth.label == own };
            Some((row.item.as_str(), answer))
        };
        let (items, answers): (Vec<&str>, Vec<OwnAnswer>) = self.rows.iter().filter_map(with).unzip();
        let clusters = self.sides.units_of(items.into_iter());
        let design = Design { clusters: Some(&clusters), strata: None };
        (!answers.is_empty()).then(|| own_bias(&answers, design, confidence))
    }
}
