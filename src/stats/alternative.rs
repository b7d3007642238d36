//! The alternative annotator test: whether a judge may stand in for a person (Calderon, Reichart and Dror 2025).

use serde::{Deserialize, Serialize};

use super::estimate::Form;
use super::influence::{Design, Influence};
use super::interval::{CONFIDENCE, Interval};
use super::mean::with_error;
use super::multiple::Adjustment;
use super::table::RatingTable;
use super::test::t_below;

/// What the test is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlternativeTest {
    /// How much a person's cost and effort lets the judge fall behind: 0.2 against experts, 0.15 against trained people, 0.1
    /// against a crowd (section 3.2 of the paper).
    pub epsilon: f64,
    /// Level at which the share of false findings is held, by Benjamini and Yekutieli.
    pub level: f64,
    /// Fewest items of a person that count.
    pub least_items: usize,
    /// Confidence of the intervals of advantages.
    pub confidence: f64,
}

impl Default for AlternativeTest {
    fn default() -> Self {
        Self { epsilon: 0.2, level: 0.05, least_items: 30, confidence: CONFIDENCE }
    }
}

/// The test against one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstPerson {
    /// Position of the person in the table.
    pub rater: usize,
    /// Items that the person, another person and the judge rated.
    pub n: usize,
    /// Share of items on which the judge agrees with the other people at least as well as this person.
    pub advantage: Option<f64>,
    /// Its interval: Wilson's at the effective sample size.
    pub interval: Option<Interval>,
    /// One-sided p of the judge being worse by `epsilon` or more; null with fewer items than asked.
    pub p: Option<f64>,
    /// The same by Benjamini and Yekutieli over all people.
    pub p_adjusted: Option<f64>,
    /// Whether the judge may stand in for this person.
    pub passes: Option<bool>,
}

/// The test against all people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    /// Each person.
    pub people: Vec<AgainstPerson>,
    /// Share of tested people whom the judge may stand in for; null where nobody was tested.
    pub winning_rate: Option<f64>,
    /// Mean advantage over tested people: the advantage probability.
    pub advantage: Option<f64>,
    /// Its interval: Wilson's at the effective sample size of the mean's influences, as people share items.
    pub interval: Option<Interval>,
    /// The winning rate is at least one half.
    pub passes: Option<bool>,
}

impl AlternativeTest {
    /// Holds the rater at `judge` against the raters at `people`; needs three people to say much, and refuses none.
    ///
    /// Each person is left out in turn: on every item the judge's and the person's agreement with the remaining people is compared,
    /// and the difference of who does at least as well as the other is tested against `epsilon` by a one-sided t test, which is
    /// cluster-robust where the table has clusters.
    #[must_use]
    pub fn run(self, table: &RatingTable, judge: usize, people: &[usize]) -> Alternative {
        let (mut results, influences): (Vec<AgainstPerson>, Vec<Option<Influence>>) =
            people.iter().map(|person| self.against(table, judge, *person, people)).unzip();
        let tested: Vec<usize> = (0..results.len()).filter(|at| results[*at].p.is_some()).collect();
        let p: Vec<f64> = tested.iter().filter_map(|at| results[*at].p).collect();
        for (at, adjusted) in tested.iter().zip(Adjustment::BenjaminiYekutieli.adjust(&p)) {
            results[*at].p_adjusted = Some(adjusted);
            results[*at].passes = Some(adjusted <= self.level);
        }
        let count = tested.len() as f64;
        let wins = results.iter().filter(|one| one.passes == Some(true)).count() as f64;
        let winning_rate = (!tested.is_empty()).then(|| wins / count);
        let of_tested: Vec<Influence> = tested.iter().filter_map(|at| influences[*at].clone()).collect();
        let advantage = Influence::mean(&of_tested)
            .map(|of| with_error("advantage", of, table.clusters(), self.confidence, Form::Share));
        Alternative {
            people: results,
            winning_rate,
            advantage: advantage.as_ref().and_then(|of| of.value),
            interval: advantage.and_then(|of| of.low.zip(of.high)),
            passes: winning_rate.map(|rate| rate >= 0.5),
        }
    }

    /// The test against one person, with the influences of the judge's advantage.
    fn against(
        self,
        table: &RatingTable,
        judge: usize,
        person: usize,
        people: &[usize],
    ) -> (AgainstPerson, Option<Influence>) {
        let of_pattern = |pattern: usize| {
            let others: Vec<u16> = people
                .iter()
                .filter(|other| **other != person)
                .filter_map(|other| table.rating(pattern, *other))
                .collect();
            let both = table.rating(pattern, judge).zip(table.rating(pattern, person));
            let (of_judge, of_person) = both.filter(|_| !others.is_empty())?;
            let agreeing = |code: u16| others.iter().filter(|other| **other == code).count();
            let (judge_hits, person_hits) = (agreeing(of_judge), agreeing(of_person));
            Some((f64::from(judge_hits >= person_hits), f64::from(person_hits >= judge_hits)))
        };
        let wins: Vec<Option<(f64, f64)>> = (0..table.patterns().len()).map(of_pattern).collect();
        let mean = |value: &dyn Fn((f64, f64)) -> f64| {
            let values: Vec<Option<f64>> =
                (0..table.items()).map(|item| wins[table.pattern_of(item)].map(value)).collect();
            Influence::of_mean(&values, &vec![1.0; values.len()])
        };
        let advantage = mean(&|(judge, _)| judge);
        let n = advantage.as_ref().map_or(0, |of| of.by_item.iter().flatten().count());
        let behind = mean(&|(judge, person)| person - judge).filter(|_| n >= 2 && n >= self.least_items);
        let design = Design { clusters: table.clusters(), strata: None };
        let p = behind.and_then(|behind| {
            let error = behind.standard_error(design).ok()?;
            let t = (behind.value - self.epsilon) / error.se;
            // Without variance the mean is known: t is infinite on its side.
            if t.is_finite() { t_below(t, error.degrees as f64) } else { Some(f64::from(behind.value >= self.epsilon)) }
        });
        let width =
            advantage.clone().map(|of| with_error("advantage", of, table.clusters(), self.confidence, Form::Share));
        let found = AgainstPerson {
            rater: person,
            n,
            advantage: advantage.as_ref().map(|of| of.value),
            interval: width.and_then(|of| of.low.zip(of.high)),
            p,
            p_adjusted: None,
            passes: None,
        };
        (found, advantage)
    }
}
