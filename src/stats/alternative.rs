//! The alternative annotator test: whether a judge may stand in for a person (Calderon, Reichart and Dror 2025).

use serde::{Deserialize, Serialize};

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
}

impl Default for AlternativeTest {
    fn default() -> Self {
        Self { epsilon: 0.2, level: 0.05, least_items: 30 }
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
    /// Mean advantage over tested people.
    pub advantage: Option<f64>,
    /// The winning rate is at least one half.
    pub passes: Option<bool>,
}

impl AlternativeTest {
    /// Holds the rater at `judge` against the raters at `people`; needs three people to say much, and refuses none.
    ///
    /// Each person is left out in turn: on every item the judge's and the person's agreement with the remaining people is compared,
    /// and the difference of who does at least as well as the other is tested against `epsilon` by a one-sided t test.
    #[must_use]
    pub fn run(self, table: &RatingTable, judge: usize, people: &[usize]) -> Alternative {
        let mut results: Vec<AgainstPerson> =
            people.iter().map(|person| self.against(table, judge, *person, people)).collect();
        let tested: Vec<usize> = (0..results.len()).filter(|at| results[*at].p.is_some()).collect();
        let p: Vec<f64> = tested.iter().filter_map(|at| results[*at].p).collect();
        for (at, adjusted) in tested.iter().zip(Adjustment::BenjaminiYekutieli.adjust(&p)) {
            results[*at].p_adjusted = Some(adjusted);
            results[*at].passes = Some(adjusted <= self.level);
        }
        let count = tested.len() as f64;
        let wins = results.iter().filter(|one| one.passes == Some(true)).count() as f64;
        let winning_rate = (!tested.is_empty()).then(|| wins / count);
        let advantage: f64 = tested.iter().filter_map(|at| results[*at].advantage).sum();
        Alternative {
            people: results,
            winning_rate,
            advantage: (!tested.is_empty()).then(|| advantage / count),
            passes: winning_rate.map(|rate| rate >= 0.5),
        }
    }

    fn against(self, table: &RatingTable, judge: usize, person: usize, people: &[usize]) -> AgainstPerson {
        let (mut n, mut advantage, mut sum, mut squares) = (0_u64, 0.0, 0.0, 0.0);
        for (at, count) in table.counts().into_iter().enumerate() {
            let others: Vec<u16> =
                people.iter().filter(|other| **other != person).filter_map(|other| table.rating(at, *other)).collect();
            let both = table.rating(at, judge).zip(table.rating(at, person));
            let Some((of_judge, of_person)) = both.filter(|_| !others.is_empty()) else { continue };
            let agreeing = |code: u16| others.iter().filter(|other| **other == code).count();
            let (judge_hits, person_hits) = (agreeing(of_judge), agreeing(of_person));
            let (judge_wins, person_wins) =
                (f64::from(judge_hits >= person_hits), f64::from(person_hits >= judge_hits));
            let (weight, difference) = (count as f64, person_wins - judge_wins);
            n += count;
            advantage += weight * judge_wins;
            sum += weight * difference;
            squares += weight * difference * difference;
        }
        let items = n as f64;
        let enough = n >= 2 && n >= self.least_items as u64;
        let p = enough.then(|| {
            let mean = sum / items;
            let variance = ((squares - items * mean * mean) / (items - 1.0)).max(0.0);
            let t = (mean - self.epsilon) / (variance / items).sqrt();
            // Without variance the mean is known: t is infinite on its side.
            if t.is_finite() { t_below(t, items - 1.0) } else { Some(f64::from(mean >= self.epsilon)) }
        });
        AgainstPerson {
            rater: person,
            n: usize::try_from(n).unwrap_or(usize::MAX),
            advantage: (n > 0).then(|| advantage / items),
            p: p.flatten(),
            p_adjusted: None,
            passes: None,
        }
    }
}
