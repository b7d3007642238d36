//! Simulated raters: the planted label, and now and then a planted error.

use crate::gold::Rating;

use super::confusion::{RATERS, row};
use super::plan::Planned;
use super::question::Question;
use super::random::Random;

/// Rater of the planted labels.
pub(super) const PLANTED: &str = "planted";
/// Rater of the labels that the simulated raters settled on: the planted ones.
pub(super) const GOLD: &str = "gold";

/// The rating of `planned` by `rater` for `question`.
fn rating(planned: &Planned, question: Question, rater: &str, label: &str) -> Rating {
    Rating {
        item: planned.id.clone(),
        rater: rater.to_owned(),
        label: label.to_owned(),
        rubric: Some(question.rubric().to_owned()),
        cluster: Some(planned.person_name()),
        note: Some("synthetic".to_owned()),
        ..Rating::default()
    }
}

/// The planted labels, by `rater`.
pub(super) fn planted(planned: &Planned, rater: &'static str) -> impl Iterator<Item = Rating> {
    Question::ALL.into_iter().map(move |question| rating(planned, question, rater, planned.planted.label(question)))
}

/// What both raters say about session number `index`.
pub(super) fn ratings(planned: &Planned, seed: u64, index: usize) -> Vec<Rating> {
    let mut all = Vec::new();
    for (rater, error) in RATERS {
        let mut random = Random::of(seed, rater, index);
        for question in Question::ALL {
            let truth = planned.planted.position(question);
            let label = if random.chance(error) { wrong(question, truth, &mut random) } else { truth };
            all.push(rating(planned, question, rater, question.labels()[label]));
        }
    }
    all
}

/// A label other than `truth`, drawn as the judge's errors are.
fn wrong(question: Question, truth: usize, random: &mut Random) -> usize {
    let mut errors = row(question, truth);
    errors[truth] = 0.0;
    random.weighted(&errors)
}
