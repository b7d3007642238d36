//! What the kind of a session adds to its success and to its pace. What is added to the sessions of a level is taken off the level
//! again, so that the published rate of every level stays, and so does that of every occupation.

use std::sync::LazyLock;

use super::mix::{Kind, MIX};
use super::people::{OCCUPATION_UNCLEAR, OCCUPATIONS, VERIFIED_BY_GROUP, WITH_CODE};
use super::question::{MODES, SOFTWARE};
use super::study::{
    ABANDONED, CODEBASE_BY_MODE, EFFORT_BY_BAND, EFFORT_BY_MODE, EFFORT_BY_MONTH, EFFORT_GOALLESS, EFFORT_OF_SOFTWARE,
    FAILURES_WITH_CODE, GOALLESS_MODES, JUDGED, JUDGED_PART, MODES_BY_MONTH, NO_CLEAR_GOAL, PARTIAL, Row, TROUBLE,
    VERIFIED, VERIFIED_BY_BAND, VERIFIED_BY_MODE, VERIFIED_BY_MONTH, WRITES,
};

/// Verified and judged success in percent of all, against which points are taken as factors.
const LEVEL_OF_SUCCESS: [f64; 2] = [27.5, 57.0];

/// What is left of a rate at least, however hard the task.
const LEAST: f64 = 0.1;

/// Rounds of fitting the points of occupations to the published rates.
const ROUNDS: usize = 200;

/// Positions of verified and judged success.
const VERIFIED_AT: usize = 0;
const JUDGED_AT: usize = 1;

/// What is added, and what is taken off.
#[derive(Debug)]
pub(super) struct Rates {
    /// Points of verified and judged success that the sessions of a level have in the mean.
    typical: [[f64; 5]; 2],
    /// Points of verified success in sessions with code, and of judged success in all, by occupation where it shows.
    by_occupation: [[f64; 23]; 2],
    /// Points of verified success in sessions without code, of others and of software.
    without_code: [f64; 2],
    /// How many times as often sessions with code fail, by occupation where it shows.
    failing: [f64; 23],
    /// Share of sessions in which a line is written, by level.
    writes: [f64; 5],
    /// Logarithms of actions and words that the sessions of a level have more than their mode's, and so on, in the mean.
    effort: [[f64; 5]; 2],
}

/// The rates, worked out once.
pub(super) static RATES: LazyLock<Rates> = LazyLock::new(Rates::new);

/// Sessions with a clear goal of one level, by whether the person makes software and whether code is written.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    share: f64,
    /// Mean points of verified and judged success by mode, value and month.
    points: [f64; 2],
}

type Cells = [[[Cell; 5]; 2]; 2];

impl Rates {
    fn new() -> Self {
        let kinds = MIX.kinds();
        let cells = cells(&kinds);
        let occupations = &OCCUPATIONS.values;
        let told = 1.0 - OCCUPATION_UNCLEAR.values[0] / 100.0;
        let mean = |of: &dyn Fn(usize) -> bool, values: &[f64; 23]| {
            let kept = || (0..23).filter(|occupation| of(*occupation));
            kept().map(|at| occupations[at] * values[at]).sum::<f64>() / kept().map(|at| occupations[at]).sum::<f64>()
        };
        let groups = |values: &[f64; 23]| [mean(&|at| at != SOFTWARE, values), values[SOFTWARE]];
        let failures = WITH_CODE[2].values.map(|partial| 100.0 - partial);
        let usual = mean(&|_| true, &failures);
        let mut rates = Self {
            typical: [[0.0; 5]; 2],
            by_occupation: [[0.0; 23]; 2],
            without_code: [0.0; 2],
            failing: failures.map(|percent| percent / usual),
            writes: std::array::from_fn(|level| {
                let of = |code: usize| cells.iter().map(|group| group[code][level].share).sum::<f64>();
                of(1) / (of(0) + of(1))
            }),
            effort: typical_effort(&kinds),
        };
        for _ in 0..ROUNDS {
            let [verified, judged] = rates.by_occupation.each_ref().map(groups);
            for level in 0..5 {
                let mut sums = [0.0; 3];
                for (group, by_code) in cells.iter().enumerate() {
                    for (code, by_level) in by_code.iter().enumerate() {
                        let Cell { share, points } = by_level[level];
                        let own = [[rates.without_code[group], verified[group]][code], judged[group]];
                        sums[2] += share;
                        for at in [VERIFIED_AT, JUDGED_AT] {
                            sums[at] += share * (points[at] + told * own[at]);
                        }
                    }
                }
                for at in [VERIFIED_AT, JUDGED_AT] {
                    rates.typical[at][level] = sums[at] / sums[2];
                }
            }
            let before = rates.typical;
            let rate = |at: usize, by_level: &[Cell; 5], own: f64| expected(at, by_level, own, &before);
            for at in [VERIFIED_AT, JUDGED_AT] {
                for (occupation, points) in rates.by_occupation[at].iter_mut().enumerate() {
                    let by_level = &cells[usize::from(occupation == SOFTWARE)][1];
                    *points += WITH_CODE[at].values[occupation] - rate(at, by_level, *points);
                }
            }
            let with_code = groups(&WITH_CODE[VERIFIED_AT].values);
            for (group, points) in rates.without_code.iter_mut().enumerate() {
                let share = |code: usize| cells[group][code].iter().map(|cell| cell.share).sum::<f64>();
                let code = share(1) / (share(0) + share(1));
                let wanted = (VERIFIED_BY_GROUP.values[1 - group] - code * with_code[group]) / (1.0 - code);
                *points += wanted - rate(VERIFIED_AT, &cells[group][0], *points);
            }
        }
        rates
    }

    /// How many times as likely verified and judged success are as at the level alone; `shown` is the occupation where it shows.
    pub(super) fn success(&self, kind: Kind, shown: Option<usize>, code: bool) -> [f64; 2] {
        let own = |at: usize| match shown {
            None => 0.0,
            Some(_) if at == VERIFIED_AT && !code => self.without_code[usize::from(kind.software)],
            Some(occupation) => self.by_occupation[at][occupation],
        };
        let points = points(kind);
        [VERIFIED_AT, JUDGED_AT].map(|at| {
            let more = points[at] + own(at) - self.typical[at][kind.level];
            (1.0 + more / LEVEL_OF_SUCCESS[at]).max(LEAST)
        })
    }

    /// How likely a session with a clear goal fails. In trouble, the published part of failures has no code.
    pub(super) fn failure(&self, level: usize, in_trouble: bool, shown: Option<usize>, code: bool) -> f64 {
        let all = 1.0 - PARTIAL[usize::from(in_trouble)].values[level] / 100.0;
        let without = if in_trouble {
            ABANDONED.values[level] / 100.0
        } else {
            all * (1.0 - FAILURES_WITH_CODE.values[0] / 100.0)
        };
        if !code {
            return without / (1.0 - self.writes[level]);
        }
        (all - without) / self.writes[level] * shown.map_or(1.0, |occupation| self.failing[occupation])
    }

    /// Logarithms of how many times as many actions and words per prompt the session has as its level in the mean.
    pub(super) fn effort(&self, kind: Kind, goalless: bool) -> [f64; 2] {
        let effort = effort(kind);
        std::array::from_fn(|of| {
            let wandering = if goalless { EFFORT_GOALLESS.values[of].ln() } else { 0.0 };
            effort[of] + wandering - self.effort[of][kind.level]
        })
    }
}

/// Points of verified and judged success by mode, value and month.
fn points(kind: Kind) -> [f64; 2] {
    let shared = VERIFIED_BY_BAND.values[kind.band] + VERIFIED_BY_MONTH.values[kind.month];
    [VERIFIED_BY_MODE.values[kind.mode] + shared, JUDGED_PART.values[0] * shared]
}

/// Logarithms of how many times as many actions and words per prompt mode, value, month and person make.
fn effort(kind: Kind) -> [f64; 2] {
    std::array::from_fn(|of| {
        EFFORT_BY_MODE[of].values[kind.mode].ln()
            + kind.band as f64 * EFFORT_BY_BAND.values[of].ln()
            + kind.month as f64 * EFFORT_BY_MONTH.values[of].ln()
            + if kind.software { EFFORT_OF_SOFTWARE.values[of].ln() } else { 0.0 }
    })
}

fn typical_effort(kinds: &[(Kind, f64)]) -> [[f64; 5]; 2] {
    let (mut sums, mut shares) = ([[0.0; 5]; 2], [0.0; 5]);
    for (kind, share) in kinds {
        shares[kind.level] += share;
        for (of, effort) in effort(*kind).into_iter().enumerate() {
            let wandering = goalless(kind.mode) * EFFORT_GOALLESS.values[of].ln();
            sums[of][kind.level] += share * (effort + wandering);
        }
    }
    sums.map(|sums| std::array::from_fn(|level| sums[level] / shares[level]))
}

/// How often a session of `mode` has no clear goal, so that all modes together have it as often as published.
pub(super) fn goalless(mode: usize) -> f64 {
    let pooled = MODES_BY_MONTH.iter().zip(&GOALLESS_MODES.values);
    let mean: f64 = pooled.map(|(shares, weight)| shares.values.iter().sum::<f64>() / 700.0 * weight).sum();
    NO_CLEAR_GOAL.values[0] / 100.0 * GOALLESS_MODES.values[mode] / mean
}

/// How often a line is written in a session of `mode` in the codebase context at `codebase`.
pub(super) fn writes(mode: usize, codebase: usize) -> f64 {
    let prose = codebase == 3 && MODES[mode] == "communicate";
    WRITES.values[if prose { 4 } else { codebase }] / 100.0
}

fn cells(kinds: &[(Kind, f64)]) -> Cells {
    let writes: [f64; 9] = std::array::from_fn(|mode| {
        let contexts = CODEBASE_BY_MODE[mode].values;
        let all: f64 = contexts.iter().sum();
        contexts.iter().enumerate().map(|(codebase, share)| share / all * writes(mode, codebase)).sum()
    });
    let mut cells = Cells::default();
    for (kind, share) in kinds {
        let with_goal = share * (1.0 - goalless(kind.mode));
        for (code, part) in [1.0 - writes[kind.mode], writes[kind.mode]].into_iter().enumerate() {
            let cell = &mut cells[usize::from(kind.software)][code][kind.level];
            cell.share += with_goal * part;
            for (sum, points) in cell.points.iter_mut().zip(points(*kind)) {
                *sum += with_goal * part * points;
            }
        }
    }
    for cell in cells.as_flattened_mut().as_flattened_mut() {
        cell.points = cell.points.map(|sum| sum / cell.share);
    }
    cells
}

/// The rate to be expected of sessions with `own` points beside those of their tasks, in percent.
fn expected(at: usize, by_level: &[Cell; 5], own: f64, typical: &[[f64; 5]; 2]) -> f64 {
    let (mut sum, mut shares) = (0.0, 0.0);
    for (level, Cell { share, points }) in by_level.iter().enumerate() {
        shares += share;
        let factor = 1.0 + (points[at] + own - typical[at][level]) / LEVEL_OF_SUCCESS[at];
        sum += share * factor * of_level([&VERIFIED, &JUDGED][at], level);
    }
    sum / shares
}

/// The rate of a level with and without trouble together, in percent.
fn of_level(rates: &[Row<5>; 2], level: usize) -> f64 {
    let trouble = TROUBLE.values[level] / 100.0;
    (1.0 - trouble) * rates[0].values[level] + trouble * rates[1].values[level]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_to_a_level_is_taken_off_again() {
        let mut sums = [[[0.0; 2]; 5]; 2];
        for (kind, share) in MIX.kinds() {
            for (of, effort) in RATES.effort(kind, false).into_iter().enumerate() {
                let wandering = goalless(kind.mode) * EFFORT_GOALLESS.values[of].ln();
                sums[of][kind.level][0] += share * (effort + wandering);
                sums[of][kind.level][1] += share;
            }
        }
        for [sum, share] in sums.into_iter().flatten() {
            assert!((sum / share).abs() < 1e-9, "{}", sum / share);
        }
    }

    #[test]
    fn points_of_occupations_give_the_published_rates() {
        let cells = cells(&MIX.kinds());
        for (at, rates) in WITH_CODE[..2].iter().enumerate() {
            for (occupation, published) in rates.values.iter().enumerate() {
                let by_level = &cells[usize::from(occupation == SOFTWARE)][1];
                let rate = expected(at, by_level, RATES.by_occupation[at][occupation], &RATES.typical);
                assert!((rate - published).abs() < 1e-6, "{} {occupation}: {rate}", rates.what);
            }
        }
    }

    #[test]
    fn failures_in_trouble_are_as_published_and_are_chances() {
        for level in 0..5 {
            for (in_trouble, partial) in [false, true].into_iter().zip(&PARTIAL) {
                let [without, with] = [false, true].map(|code| RATES.failure(level, in_trouble, None, code));
                assert!((0.0..0.7).contains(&without) && (0.0..0.7).contains(&with), "{without} {with}");
                let writes = RATES.writes[level];
                let all = (1.0 - writes) * without + writes * with;
                assert!((all - 1.0 + partial.values[level] / 100.0).abs() < 1e-9, "{all}");
                let abandoned = (1.0 - writes) * without;
                assert!(!in_trouble || (abandoned - ABANDONED.values[level] / 100.0).abs() < 1e-9);
            }
        }
    }
}
