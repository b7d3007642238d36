//! Simulated persons: how many sessions each has, and what each does for a living.

use super::even::Even;
use super::question::SOFTWARE;
use super::random::Random;
use super::study::{Entry, Row};

const fn row<const N: usize>(what: &'static str, values: [f64; N], known: &'static str) -> Row<N> {
    Row::new(what, values, known)
}

/// Persons with 1, 2 to 5, 6 to 10 and more sessions (9.1: 234,751 in all, 73,066 with more than one, 6,382 with more than
/// 5, 1,413 with more than 10).
const PERSONS: Row<4> = row("persons by number of sessions", [161_685.0, 66_684.0, 4_969.0, 1_413.0], "d");
/// Of the second and third kind, how many have 2, 3, 4, 5 and 6, 7, 8, 9, 10: so that the mean is that of the study.
const SOME: Row<4> = row("persons with 2 to 5 sessions", [64.0, 22.0, 9.0, 5.0], "o");
const MANY: Row<5> = row("persons with 6 to 10 sessions", [42.0, 25.0, 15.0, 10.0, 8.0], "o");
/// Mean number of sessions beyond 11 of the others.
const MOST: Row<1> = row("sessions beyond 11 of persons with more than 10", [11.0], "o");

/// What persons do for a living, in percent. Only the first five ranks and the ten largest are published.
pub(super) const OCCUPATIONS: Row<23> = row(
    "persons by occupation",
    [
        7.0, 9.5, 52.0, 3.8, 5.2, 0.6, 1.8, 3.4, 7.4, 2.0, 0.2, 0.2, 0.2, 0.1, 0.2, 2.6, 1.4, 0.2, 0.4, 0.4, 0.6, 0.4,
        0.4,
    ],
    "o",
);

/// Sessions in which the occupation does not show, in percent.
pub(super) const OCCUPATION_UNCLEAR: Row<1> = row("occupation unclear", [30.0], "s");

/// Sessions whose work is that of software, by work mode, in percent, whatever the person does.
pub(super) const SOFTWARE_WORK: Row<9> =
    row("work of software by work mode", [90.0, 88.0, 92.0, 30.0, 80.0, 75.0, 85.0, 40.0, 95.0], "o");

/// Verified success of software occupations and of all others, in percent, where the occupation shows.
pub(super) const VERIFIED_BY_GROUP: Row<2> =
    row("verified success of software occupations and of others", [30.0, 26.0], "s");

/// Verified, judged and at least partial success by occupation in sessions with code, in percent (Figure 6). Those of the occupations
/// that are not in it are ours; with them, verified success of all others than software is the 29 % that are stated.
pub(super) const WITH_CODE: [Row<23>; 3] = [
    row(
        "verified success with code by occupation",
        [
            37.0, 29.0, 34.0, 27.0, 27.0, 25.0, 33.0, 27.0, 28.0, 28.0, 25.0, 25.0, 25.0, 25.0, 25.0, 28.0, 25.0, 25.0,
            25.0, 25.0, 25.0, 25.0, 25.0,
        ],
        FIGURE_6,
    ),
    row(
        "judged success with code by occupation",
        [
            55.0, 54.0, 60.0, 54.0, 54.0, 54.0, 57.0, 52.0, 53.0, 56.0, 54.0, 54.0, 54.0, 54.0, 54.0, 58.0, 54.0, 54.0,
            54.0, 54.0, 54.0, 54.0, 54.0,
        ],
        FIGURE_6,
    ),
    row(
        "at least partial success with code by occupation",
        [
            95.0, 93.0, 94.0, 93.0, 94.0, 93.0, 95.0, 92.0, 92.0, 93.0, 93.0, 93.0, 93.0, 93.0, 93.0, 92.0, 93.0, 93.0,
            93.0, 93.0, 93.0, 93.0, 93.0,
        ],
        FIGURE_6,
    ),
];

/// How the numbers of Figure 6 are known, occupation by occupation.
const FIGURE_6: &str = "fffffoffffooooofooooooo";

/// The lists of this file.
pub(super) fn rows() -> Vec<Entry> {
    let mut rows = vec![
        PERSONS.entry(),
        SOME.entry(),
        MANY.entry(),
        MOST.entry(),
        OCCUPATIONS.entry(),
        OCCUPATION_UNCLEAR.entry(),
        SOFTWARE_WORK.entry(),
        VERIFIED_BY_GROUP.entry(),
    ];
    rows.extend(WITH_CODE.iter().map(Row::entry));
    rows
}

/// What stays the same in all sessions of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Person {
    /// Position among the 23 occupations.
    pub(super) occupation: usize,
    /// Where the person usually stands among the levels of all who are alike, from 0 to 1.
    pub(super) place: f64,
    /// Positions of two projects, which may be the same one.
    pub(super) projects: [usize; 2],
}

impl Person {
    /// The next person under `seed`, whose number is `number`.
    pub(super) fn of(seed: u64, number: usize, projects: usize, even: &mut Even) -> Self {
        let mut random = Random::of(seed, "person", number);
        let projects = [random.below(projects), random.below(projects)];
        let occupation = even.weighted(("occupation", 0), &OCCUPATIONS.values);
        Self { occupation, place: even.unit(("place", usize::from(occupation == SOFTWARE))), projects }
    }

    /// Whether the person makes software for a living.
    pub(super) fn is_software(&self) -> bool {
        self.occupation == SOFTWARE
    }
}

/// The person of every session: as many persons as it takes, with as many sessions each as in the study.
pub(super) fn study(sessions: usize, seed: u64) -> Vec<usize> {
    let mut persons = Vec::with_capacity(sessions);
    for person in 0.. {
        if persons.len() == sessions {
            break;
        }
        let mut random = Random::of(seed, "habit", person);
        let count = match random.weighted(&PERSONS.values) {
            0 => 1,
            1 => 2 + random.weighted(&SOME.values),
            2 => 6 + random.weighted(&MANY.values),
            _ => 11 + random.exponential(MOST.values[0]),
        };
        persons.extend(std::iter::repeat_n(person, count.min(sessions - persons.len())));
    }
    persons
}

/// The person of every session, of `persons` in all: few have many sessions, most have some.
pub(super) fn given(sessions: usize, persons: usize, seed: u64) -> Vec<usize> {
    let habits: Vec<f64> = (0..persons).map(|rank| 1.0 / (1.0 + rank as f64).sqrt()).collect();
    // The first sessions go round, so that everybody has one.
    let person = |index: usize| {
        if index < persons { index } else { Random::of(seed, "habit", index).weighted(&habits) }
    };
    (0..sessions).map(person).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn persons_have_as_many_sessions_as_in_the_study() {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for person in study(40_000, 7) {
            *counts.entry(person).or_default() += 1;
        }
        let share = |least: usize| counts.values().filter(|count| **count > least).count() as f64 / counts.len() as f64;
        assert!((40_000.0 / counts.len() as f64 - 398_198.0 / 234_751.0).abs() < 0.05);
        assert!((share(1) - 73_066.0 / 234_751.0).abs() < 0.012, "{}", share(1));
        assert!((share(5) - 6_382.0 / 234_751.0).abs() < 0.004, "{}", share(5));
        assert!((share(10) - 1_413.0 / 234_751.0).abs() < 0.002, "{}", share(10));
    }
}
