//! The joint model: what is planted of one session, drawn from the numbers of [`super::study`].

use super::people::{JUDGED_BY_OCCUPATION, OCCUPATION_UNCLEAR, Person, SOFTWARE_WORK, VERIFIED_BY_OCCUPATION};
use super::plan::Planted;
use super::question::{MODES, NO_LEVEL, NO_OCCUPATION, SOFTWARE};
use super::random::Random;
use super::study::{
    ABANDONED, ACTIONS, ACTIONS_BY_CONTROL, AGENT_EXECUTES, AGENT_PLANS, CODEBASE_BY_MODE, DOLLARS, EFFORT,
    FAILURE_BY_CODE, FAILURE_SIGNALS, GOALLESS_MODES, GROWTH, JUDGED, LEVEL_UNCLEAR, LEVELS, MODES_BY_MONTH,
    NO_CLEAR_GOAL, PACE_SPREAD, PARTIAL, PROMPTS, SUCCESS_SIGNALS, TROUBLE, USUAL_LEVEL, VALUE_PER_LEVEL, VALUE_SPREAD,
    VERIFIED, VERIFIED_BY_BAND, VERIFIED_BY_MODE, VERIFIED_BY_MONTH, VERIFIED_FAILURE, WORDS, WRITES,
};

/// Verified and judged success in percent of all, against which shifts in points are taken as factors.
const LEVEL_OF_SUCCESS: [f64; 2] = [27.5, 57.0];

/// Lower ends of the value bands after the first, in dollars.
const BANDS: [u32; 3] = [200, 1_000, 5_000];

/// Positions of outcomes.
const SUCCEEDED: usize = 0;
const PARTIALLY: usize = 1;
const FAILED: usize = 2;
const GOALLESS: usize = 3;

/// Position of a work mode.
fn position(mode: &str) -> usize {
    MODES.iter().position(|known| *known == mode).unwrap_or(0)
}

/// Draws a session of `person` in `month`, 0 to 6.
pub(super) fn draw(random: &mut Random, person: &Person, month: usize) -> Planted {
    let mode = random.weighted(&MODES_BY_MONTH.each_ref().map(|share| share.values[month]));
    let usual = random.chance(USUAL_LEVEL.values[0] / 100.0);
    let level = if usual { person.level } else { random.weighted(&LEVELS.values) };
    let codebase = random.weighted(&CODEBASE_BY_MODE[mode].values);
    let dollars = dollars(random, mode, level, month);
    let writes = if codebase == 3 && mode == position("communicate") { 4 } else { codebase };
    let writes = random.chance(WRITES.values[writes] / 100.0);
    let end = if random.chance(goalless(mode)) {
        let signals = (&SUCCESS_SIGNALS[4], &FAILURE_SIGNALS[0]);
        End {
            outcome: GOALLESS,
            success: random.weighted(&signals.0.values),
            failure: random.weighted(&signals.1.values),
            abandoned: false,
        }
    } else {
        let band = BANDS.iter().filter(|least| dollars >= **least).count();
        let shift = VERIFIED_BY_MODE.values[mode] + VERIFIED_BY_BAND.values[band] + VERIFIED_BY_MONTH.values[month];
        let shifts = [
            shift + VERIFIED_BY_OCCUPATION.values[person.occupation],
            // What makes success easier to verify makes it somewhat more likely.
            0.5 * shift + JUDGED_BY_OCCUPATION.values[person.occupation],
        ];
        end(random, level, writes, shifts)
    };
    let unclear = random.chance(OCCUPATION_UNCLEAR.values[0] / 100.0);
    let software_work = person.is_software() || random.chance(SOFTWARE_WORK.values[mode] / 100.0);
    let shown = if random.chance(LEVEL_UNCLEAR.values[0] / 100.0) { NO_LEVEL } else { level };
    let labels = [
        mode,
        shown,
        end.outcome,
        end.success,
        end.failure,
        if unclear { NO_OCCUPATION } else { person.occupation },
        if software_work { SOFTWARE } else { person.occupation },
        codebase,
    ];
    let planning = 4 + random.below(7);
    let execution = 6 + random.below(9);
    let share = |random: &mut Random, bins: &[f64; 10]| (random.weighted(bins) as f64 + random.unit()) / 10.0;
    let plans = share(random, &AGENT_PLANS.values);
    let executes = share(random, &AGENT_EXECUTES.values);
    let by_agent =
        [random.round(plans * planning as f64).min(planning), random.round(executes * execution as f64).min(execution)];
    let prompts = random.weighted(&PROMPTS.values) + 1;
    let pace = pace(random, mode, level, plans, executes, end.outcome == GOALLESS);
    Planted {
        labels: labels.map(small),
        level: small(level),
        dollars,
        writes: writes && !end.abandoned,
        decisions: [planning, execution].map(small),
        by_agent: by_agent.map(small),
        prompts: small(prompts),
        actions: random.round(pace[0] * prompts as f64),
        words: random.round(pace[1] * prompts as f64),
    }
}

/// A number known to be below 256.
fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// How often a mode has no clear goal, so that all modes together have it as often as published.
fn goalless(mode: usize) -> f64 {
    let pooled = MODES_BY_MONTH.iter().zip(&GOALLESS_MODES.values);
    let mean: f64 = pooled.map(|(shares, weight)| shares.values.iter().sum::<f64>() / 700.0 * weight).sum();
    NO_CLEAR_GOAL.values[0] / 100.0 * GOALLESS_MODES.values[mode] / mean
}

/// The price of the session's task: whole tens, from 10 to 50,000.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 10 and 50,000")]
fn dollars(random: &mut Random, mode: usize, level: usize, month: usize) -> u32 {
    let growth = (1.0 + GROWTH.values[mode] / 100.0).powf(month as f64 / 6.0);
    let by_level = VALUE_PER_LEVEL.values[0].powf(level as f64 - 2.0);
    let spread = (VALUE_SPREAD.values[0] * random.normal()).exp();
    let dollars = DOLLARS.values[mode] * growth * by_level * spread;
    ((dollars / 10.0).round() * 10.0).clamp(10.0, 50_000.0) as u32
}

/// How a session ends.
struct End {
    outcome: usize,
    success: usize,
    failure: usize,
    abandoned: bool,
}

fn end(random: &mut Random, level: usize, writes: bool, shifts: [f64; 2]) -> End {
    let in_trouble = random.chance(TROUBLE.values[level] / 100.0);
    let rate = |rows: &[super::study::Row<5>; 2]| rows[usize::from(in_trouble)].values[level] / 100.0;
    let factor = |which: usize| (1.0 + shifts[which] / LEVEL_OF_SUCCESS[which]).max(0.1);
    let failing = (1.0 - rate(&PARTIAL)) * FAILURE_BY_CODE.values[usize::from(writes)];
    let succeeding = (rate(&JUDGED) * factor(1)).min(0.98 * (1.0 - failing));
    let verified = (rate(&VERIFIED) * factor(0)).min(0.95 * succeeding);
    let draw = random.unit();
    let outcome = if draw < succeeding {
        SUCCEEDED
    } else if draw < 1.0 - failing {
        PARTIALLY
    } else {
        FAILED
    };
    let signals = if draw < verified { 0 } else { outcome + 1 };
    let success = random.weighted(&SUCCESS_SIGNALS[signals].values);
    let troubled_failure = 1.0 - PARTIAL[1].values[level] / 100.0;
    let of_failures = |percent: f64| percent / 100.0 / troubled_failure;
    let failures = match (in_trouble, outcome) {
        (false, SUCCEEDED) => 0,
        (false, _) => 1,
        (true, SUCCEEDED) => 2,
        (true, PARTIALLY) => 3,
        (true, _) if random.chance(of_failures(VERIFIED_FAILURE.values[level])) => 4,
        (true, _) => 5,
    };
    let failure = random.weighted(&FAILURE_SIGNALS[failures].values);
    let abandoned = outcome == FAILED && random.chance(of_failures(ABANDONED.values[level]));
    End { outcome, success, failure, abandoned }
}

/// Actions and words per prompt.
fn pace(random: &mut Random, mode: usize, level: usize, plans: f64, executes: f64, goalless: bool) -> [f64; 2] {
    let [planned_by_agent, executed_by_person, usual] = ACTIONS_BY_CONTROL.values;
    // From the usual number at the usual share of planning, 0.3, to the published one where the agent has nearly all, 0.9.
    let by_planning = ((planned_by_agent / usual).ln() / 0.6 * (plans - 0.3)).exp();
    let by_execution = if executes < 0.2 { executed_by_person / usual } else { 1.0 };
    let effort = EFFORT.values[mode] * if goalless { 0.5 } else { 1.0 } * by_planning * by_execution;
    let shared = random.normal();
    let spread = |spread: f64, own: f64| (spread * (0.8 * shared + 0.6 * own)).exp();
    let own = [random.normal(), random.normal()];
    [
        ACTIONS.values[level] * spread(PACE_SPREAD.values[0], own[0]),
        WORDS.values[level] * spread(PACE_SPREAD.values[1], own[1]),
    ]
    .map(|pace| pace * effort)
}
