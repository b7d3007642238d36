//! The numbers of the simulated world, each with how it is known (report.md): what is published, and what is our own.

use super::question::{MODES, Question};

/// Some numbers of the model, and how each of them is known.
#[derive(Debug)]
pub(super) struct Row<const N: usize> {
    /// What they are.
    pub(super) what: &'static str,
    /// The numbers.
    pub(super) values: [f64; N],
    /// A letter a number, or one for all: `s` stated, `d` derived, `f` read off a figure, `o` ours.
    known: &'static str,
}

impl<const N: usize> Row<N> {
    /// A list of `values`, known as the letters of `known` say.
    pub(super) const fn new(what: &'static str, values: [f64; N], known: &'static str) -> Self {
        Self { what, values, known }
    }

    /// The list without its length.
    pub(super) const fn entry(&'static self) -> Entry {
        (self.what, &self.values, self.known)
    }
}

/// What the numbers are, the numbers, and how they are known.
pub(super) type Entry = (&'static str, &'static [f64], &'static str);

const fn row<const N: usize>(what: &'static str, values: [f64; N], known: &'static str) -> Row<N> {
    Row::new(what, values, known)
}

/// Shares of work modes by month, October 2025 to April 2026, in percent, in the order of [`MODES`]. The ends of fix, operate
/// and build are published, and communicate and analyze together; the months between are chosen so that the mean of every
/// mode is its published pooled share, 10 to 3 between communicate and analyze.
pub(super) const MODES_BY_MONTH: [Row<7>; 9] = [
    row("share of fix by month", [33.0, 30.5, 28.0, 26.0, 24.0, 21.5, 19.0], "sooooos"),
    row("share of build by month", [24.0, 25.3, 26.2, 26.5, 26.4, 25.6, 21.0], "dooooof"),
    row("share of operate by month", [14.0, 14.8, 15.8, 16.7, 17.6, 19.1, 21.0], "sooooos"),
    row("share of communicate by month", [7.7, 8.0, 8.5, 9.1, 10.0, 11.4, 15.4], "o"),
    row("share of understand by month", [7.0; 7], "o"),
    row("share of plan by month", [7.0; 7], "o"),
    row("share of orchestrate by month", [3.0; 7], "o"),
    row("share of analyze by month", [2.3, 2.4, 2.5, 2.7, 3.0, 3.4, 4.6], "o"),
    row("share of test by month", [2.0; 7], "o"),
];

/// Sessions with a clear goal by expertise (Table A2).
pub(super) const LEVELS: Row<5> = row("sessions by expertise", [5_911.0, 73_858.0, 96_516.0, 146_879.0, 36_422.0], "s");

/// Sessions whose expertise is not to be told, in percent.
pub(super) const LEVEL_UNCLEAR: Row<1> = row("expertise unclear", [3.0], "o");

/// How often a session is where its person usually is among all levels, in percent; else the place is drawn anew.
pub(super) const USUAL_LEVEL: Row<1> = row("expertise is the person's usual one", [50.0], "o");

/// How expert a level counts where months, persons and work modes lean to expertise. That they do is ours: the study publishes
/// slopes that change with what is held equal, not who has which level.
pub(super) const LEAN: Row<5> = row("leaning of expertise", [-1.5, -1.3, -0.35, 0.6, 1.5], "o");

/// How much the logarithm of a level's share grows with its leaning: from month to month, and from others to persons who make
/// software.
pub(super) const LEAN_BY: Row<2> = row("leaning to expertise by month and by software", [0.14, 0.66], "o");

/// The same by work mode.
pub(super) const LEAN_BY_MODE: Row<9> =
    row("leaning to expertise by work mode", [0.05, -0.2, 0.0, -0.15, 0.0, 0.45, 0.8, 0.1, 0.4], "o");

/// Sessions without a clear goal, in percent of all, and how many times as often each mode has none.
pub(super) const NO_CLEAR_GOAL: Row<1> = row("no clear goal", [7.7], "s");
/// See [`NO_CLEAR_GOAL`].
pub(super) const GOALLESS_MODES: Row<9> =
    row("weight of no clear goal by work mode", [0.4, 0.7, 0.7, 1.5, 3.2, 1.8, 1.0, 1.4, 0.6], "o");

/// Sessions that hit trouble (failure signal 3 or higher) by expertise, in percent. Only that experts hit it less is known;
/// with these, failures in trouble (Figure 5) leave as many in sessions with code as Figure 6 has.
pub(super) const TROUBLE: Row<5> = row("hits trouble by expertise", [40.0, 30.0, 26.0, 25.0, 23.0], "o");

/// Success in full or in part by expertise, without and with trouble, in percent; without trouble it follows from both.
pub(super) const PARTIAL: [Row<5>; 2] = [
    row("at least partial success without trouble", [88.3, 93.6, 95.4, 95.2, 94.3], "doddd"),
    row("at least partial success in trouble", [60.0, 80.5, 80.5, 80.5, 80.0], "fffff"),
];

/// Judged success by expertise, without and with trouble, in percent: 39, 50, 57, 60 and 65 of all, of which the ends are
/// read off a figure.
pub(super) const JUDGED: [Row<5>; 2] = [
    row("judged success without trouble", [58.3, 63.7, 68.9, 71.7, 76.4], "doood"),
    row("judged success in trouble", [10.0, 18.0, 23.0, 25.0, 27.0], "fooof"),
];

/// Verified success by expertise, without and with trouble, in percent: 13.2, 20.9, 28.0, 29.3 and 34.7 of all (stated).
pub(super) const VERIFIED: [Row<5>; 2] = [
    row("verified success without trouble", [19.3, 26.4, 34.0, 34.7, 40.6], "doood"),
    row("verified success in trouble", [4.0, 8.0, 11.0, 13.0, 15.0], "fooof"),
];

/// Verified failure in trouble by expertise, in percent of sessions in trouble.
pub(super) const VERIFIED_FAILURE: Row<5> = row("verified failure in trouble", [30.0, 18.0, 17.5, 17.5, 18.0], "fooof");

/// Sessions in trouble that fail without a line added, in percent of sessions in trouble.
pub(super) const ABANDONED: Row<5> = row("abandoned in trouble", [19.0, 6.0, 6.0, 6.0, 7.0], "fffff");

/// Failures without trouble that come after code was written, in percent.
pub(super) const FAILURES_WITH_CODE: Row<1> = row("failures without trouble that have code", [15.0], "o");

/// What a work mode adds to verified success, in points of the whole; unknown but for the explained variance of Table A1. What is
/// added to the sessions of a level is taken off the level again, so that its rate stays the published one.
pub(super) const VERIFIED_BY_MODE: Row<9> =
    row("verified success by work mode, points", [9.0, 7.5, 6.0, -15.0, -21.0, -19.0, 0.0, -9.0, 9.0], "o");

/// The same for value bands: what is worth more is harder, so that the slope by level rises where tasks are held equal.
pub(super) const VERIFIED_BY_BAND: Row<4> = row("verified success by value band, points", [1.5, -1.0, -3.0, -5.0], "o");

/// The same for months: success rose by an amount that is not published; this one makes the slope fall where months are held equal.
pub(super) const VERIFIED_BY_MONTH: Row<7> =
    row("verified success by month, points", [-6.0, -4.0, -2.0, 0.0, 2.0, 4.0, 6.0], "o");

/// How much of what value and month add to verified success they add to judged success.
pub(super) const JUDGED_PART: Row<1> = row("judged success by value and month, part of verified", [0.5], "o");

/// Success signals, none to 5, of sessions without a hard sign or with one, in percent.
pub(super) const SUCCESS_SIGNALS: [Row<6>; 5] = [
    row("success signal of verified successes", [0.0, 0.0, 0.0, 0.0, 60.0, 40.0], "o"),
    row("success signal of other successes", [1.0, 4.0, 52.0, 43.0, 0.0, 0.0], "o"),
    row("success signal of partial successes", [1.0, 9.5, 32.0, 40.0, 14.0, 3.5], "o"),
    row("success signal of failures", [18.7, 49.0, 20.0, 10.0, 2.0, 0.3], "o"),
    row("success signal without a clear goal", [30.0, 30.0, 35.0, 5.0, 0.0, 0.0], "o"),
];

/// Failure signals, none to 5: of successes and others without trouble, then of successes, partial successes, and failures
/// of both kinds in trouble, in percent.
pub(super) const FAILURE_SIGNALS: [Row<6>; 6] = [
    row("failure signal of successes without trouble", [55.0, 30.0, 15.0, 0.0, 0.0, 0.0], "o"),
    row("failure signal of others without trouble", [35.0, 12.5, 52.5, 0.0, 0.0, 0.0], "o"),
    row("failure signal of successes in trouble", [0.0, 0.0, 0.0, 92.0, 7.0, 1.0], "o"),
    row("failure signal of partial successes in trouble", [0.0, 0.0, 0.0, 80.0, 17.0, 3.0], "o"),
    row("failure signal of verified failures", [0.0, 0.0, 0.0, 0.0, 60.0, 40.0], "o"),
    row("failure signal of other failures in trouble", [0.0, 0.0, 0.0, 100.0, 0.0, 0.0], "o"),
];

/// Codebase context by work mode, in percent: pooled 48, 17, 14 and about 20 (stated); by mode ours.
pub(super) const CODEBASE_BY_MODE: [Row<4>; 9] = [
    row("codebase context of fix", [78.0, 10.0, 4.0, 8.0], "o"),
    row("codebase context of build", [52.0, 2.0, 40.0, 6.0], "o"),
    row("codebase context of operate", [48.0, 20.0, 4.0, 28.0], "o"),
    row("codebase context of communicate", [15.0, 7.0, 4.0, 74.0], "o"),
    row("codebase context of understand", [4.0, 70.0, 0.0, 26.0], "o"),
    row("codebase context of plan", [18.0, 55.0, 5.0, 22.0], "o"),
    row("codebase context of orchestrate", [55.0, 10.0, 25.0, 10.0], "o"),
    row("codebase context of analyze", [20.0, 15.0, 15.0, 50.0], "o"),
    row("codebase context of test", [72.0, 18.0, 6.0, 4.0], "o"),
];

/// Sessions in which at least a line is written, by codebase context, in percent; and of communicate outside a codebase.
pub(super) const WRITES: Row<5> = row("writes a line by codebase context", [94.0, 2.0, 97.0, 10.0, 60.0], "o");

/// Median dollars of a task by work mode, in October 2025. No dollar amount is published.
pub(super) const DOLLARS: Row<9> =
    row("median dollars by work mode", [150.0, 480.0, 200.0, 130.0, 110.0, 260.0, 420.0, 260.0, 220.0], "o");

/// Growth of the value from October to April by work mode, in percent; the unknown ones are chosen so that all tasks together
/// grow by the 27 % that are stated.
pub(super) const GROWTH: Row<9> =
    row("growth of value by work mode", [32.0, 43.0, 34.0, 2.0, 11.0, 11.0, 11.0, 11.0, 11.0], "sssfooooo");

/// How many times as much a task is worth at the next level of expertise. With who does what, this makes twice as much from level 1
/// to 5 (footnote 9).
pub(super) const VALUE_PER_LEVEL: Row<1> = row("value per level of expertise", [1.16], "d");

/// How many times as much the tasks of persons who make software are worth.
pub(super) const VALUE_OF_SOFTWARE: Row<1> = row("value of tasks of software occupations", [1.5], "o");

/// Standard deviation of the logarithm of values.
pub(super) const VALUE_SPREAD: Row<1> = row("spread of log value", [0.9], "o");

/// Sessions by the agent's share of planning decisions, in bins of ten points, in percent.
pub(super) const AGENT_PLANS: Row<10> =
    row("agent's share of planning", [24.0, 16.0, 20.0, 12.0, 8.0, 6.0, 4.5, 3.5, 3.0, 3.0], "fffooooooo");

/// The same for execution decisions.
pub(super) const AGENT_EXECUTES: Row<10> =
    row("agent's share of execution", [1.5, 1.5, 2.0, 3.0, 3.5, 5.0, 7.5, 11.0, 15.0, 50.0], "ooooooooof");

/// How many human prompts a session has, from 1; about 4 in a typical session.
pub(super) const PROMPTS: Row<12> =
    row("human prompts", [20.0, 17.0, 15.0, 13.0, 10.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.0, 1.0], "o");

/// Geometric mean of actions per prompt by expertise.
pub(super) const ACTIONS: Row<5> = row("actions per prompt by expertise", [4.9, 7.2, 9.0, 10.4, 11.7], "fooof");

/// Geometric mean of output words per prompt by expertise.
pub(super) const WORDS: Row<5> =
    row("output words per prompt by expertise", [607.0, 1_250.0, 1_850.0, 2_450.0, 3_200.0], "fooof");

/// Standard deviation of the logarithm of a session's actions and words per prompt, beside what is planted to move them.
pub(super) const PACE_SPREAD: Row<2> = row("spread of log actions and log words", [0.35, 0.35], "o");

/// How many times as many actions and words per prompt each work mode takes. What these and the next rows add to a level is taken
/// off it again: they carry as much of the gradient by level as the study's regression takes away.
pub(super) const EFFORT_BY_MODE: [Row<9>; 2] = [
    row("actions by work mode, times", [1.1, 1.1, 1.0, 0.6, 0.8, 0.9, 1.4, 0.95, 1.2], "o"),
    row("output words by work mode, times", [1.0, 0.9, 1.0, 0.8, 0.9, 1.3, 1.6, 1.0, 1.25], "o"),
];

/// The same by value band, each against the one below.
pub(super) const EFFORT_BY_BAND: Row<2> = row("actions and output words per value band, times", [1.4, 1.7], "o");

/// The same by month, each against the one before: newer models do more per prompt. The model goes with the month.
pub(super) const EFFORT_BY_MONTH: Row<2> = row("actions and output words per month, times", [1.072, 1.165], "o");

/// The same for persons who make software.
pub(super) const EFFORT_OF_SOFTWARE: Row<2> =
    row("actions and output words of software occupations, times", [1.3, 2.1], "o");

/// The same without a clear goal.
pub(super) const EFFORT_GOALLESS: Row<2> = row("actions and output words without a clear goal, times", [0.5, 0.5], "o");

/// Actions per prompt where the agent takes control of planning, where the person keeps control of execution, and in all.
pub(super) const ACTIONS_BY_CONTROL: Row<3> = row("actions per prompt by control", [16.0, 8.0, 10.0], "s");

/// Every list, so that the model can be written out.
pub(super) fn all() -> Vec<Entry> {
    fn entries<const N: usize>(rows: &'static [Row<N>]) -> impl Iterator<Item = Entry> {
        rows.iter().map(Row::entry)
    }
    let mut all: Vec<_> = entries(&MODES_BY_MONTH).collect();
    all.extend([&LEVEL_UNCLEAR, &USUAL_LEVEL, &NO_CLEAR_GOAL, &VALUE_PER_LEVEL, &VALUE_SPREAD].map(Row::entry));
    all.extend([&FAILURES_WITH_CODE, &JUDGED_PART, &VALUE_OF_SOFTWARE].map(Row::entry));
    all.extend([&LEVELS, &LEAN, &TROUBLE, &VERIFIED_FAILURE, &ABANDONED, &WRITES, &ACTIONS, &WORDS].map(Row::entry));
    all.extend(entries(&PARTIAL).chain(entries(&JUDGED)).chain(entries(&VERIFIED)));
    all.extend([&LEAN_BY_MODE, &GOALLESS_MODES, &VERIFIED_BY_MODE, &DOLLARS, &GROWTH].map(Row::entry));
    all.extend([VERIFIED_BY_BAND.entry(), VERIFIED_BY_MONTH.entry()]);
    all.extend(entries(&EFFORT_BY_MODE));
    all.extend([&LEAN_BY, &PACE_SPREAD, &EFFORT_BY_BAND, &EFFORT_BY_MONTH].map(Row::entry));
    all.extend([&EFFORT_OF_SOFTWARE, &EFFORT_GOALLESS].map(Row::entry));
    all.extend(entries(&SUCCESS_SIGNALS).chain(entries(&FAILURE_SIGNALS)));
    all.extend(entries(&CODEBASE_BY_MODE));
    all.extend([&AGENT_PLANS, &AGENT_EXECUTES].map(Row::entry));
    all.extend([PROMPTS.entry(), ACTIONS_BY_CONTROL.entry()]);
    all.extend(super::people::rows());
    all
}

/// In words how number `index` of a list with the letters `known` is known.
pub(super) fn known(known: &str, index: usize) -> &'static str {
    match known.chars().nth(index).or_else(|| known.chars().next()) {
        Some('s') => "stated",
        Some('d') => "derived",
        Some('f') => "read_off_figure",
        _ => "ours",
    }
}

/// What a list of `length` numbers is by, for the reader of the file.
pub(super) fn positions(what: &str, length: usize) -> Vec<String> {
    let own = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    match length {
        5 if what.ends_with("codebase context") => {
            own(&["modify_existing", "explore", "create_new", "no_codebase", "no_codebase, communicate"])
        }
        9 => own(&MODES),
        2 if what.starts_with("actions and output words") => own(&["actions", "output words"]),
        4 if what.starts_with("codebase") => own(Question::CodebaseContext.labels()),
        6 => own(Question::SuccessSignal.labels()),
        23 => own(Question::OccupationWork.labels()),
        _ => (1..=length).map(|number| number.to_string()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_says_how_it_is_known_and_every_list_is_told_once() {
        let all = all();
        for (what, values, known) in &all {
            assert!(known.len() == 1 || known.len() == values.len(), "{what}");
            assert!(known.chars().all(|letter| "sdfo".contains(letter)), "{what}");
            assert_eq!(all.iter().filter(|other| other.0 == *what).count(), 1, "{what}");
        }
    }

    #[test]
    fn modes_make_up_every_month_and_their_means_are_the_published_ones() {
        for month in 0..7 {
            let sum: f64 = MODES_BY_MONTH.iter().map(|mode| mode.values[month]).sum();
            assert!((sum - 100.0).abs() < 0.05, "month {month}: {sum}");
        }
        let pooled = [26.0, 25.0, 17.0, 10.0, 7.0, 7.0, 3.0, 3.0, 2.0];
        for (mode, published) in MODES_BY_MONTH.iter().zip(pooled) {
            let mean = mode.values.iter().sum::<f64>() / 7.0;
            assert!((mean - published).abs() < 0.05, "{}: {mean}", mode.what);
        }
    }

    #[test]
    fn rates_with_and_without_trouble_make_the_rates_of_all() {
        let pooled = |rates: &[Row<5>; 2], level: usize| {
            let trouble = TROUBLE.values[level] / 100.0;
            (1.0 - trouble) * rates[0].values[level] + trouble * rates[1].values[level]
        };
        // Table A2, Figure 5 and the text: verified success at every level, the others where they are published.
        for (level, published) in [13.2, 20.9, 28.0, 29.3, 34.7].into_iter().enumerate() {
            assert!((pooled(&VERIFIED, level) - published).abs() < 0.1, "level {level}: {}", pooled(&VERIFIED, level));
        }
        for (level, published) in [(0, 39.0), (4, 65.0)] {
            assert!((pooled(&JUDGED, level) - published).abs() < 0.1, "level {level}");
        }
        for (level, published) in [(0, 77.0), (2, 91.5), (3, 91.5), (4, 91.0)] {
            assert!((pooled(&PARTIAL, level) - published).abs() < 0.1, "level {level}");
        }
    }

    #[test]
    fn codebase_contexts_of_modes_make_the_published_ones() {
        let pooled = [26.0, 25.0, 17.0, 10.0, 7.0, 7.0, 3.0, 3.0, 2.0];
        for (context, published) in [48.0, 17.0, 14.0, 20.0].into_iter().enumerate() {
            let parts = CODEBASE_BY_MODE.iter().zip(pooled).map(|(mode, share)| mode.values[context] * share / 100.0);
            let sum: f64 = parts.sum();
            assert!((sum - published).abs() < 1.5, "{context}: {sum}");
        }
    }
}
