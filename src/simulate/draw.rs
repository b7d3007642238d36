//! The joint model: what is planted of one session, drawn from the numbers of [`super::study`].

use statrs::distribution::{ContinuousCDF, Normal};

use super::even::Even;
use super::mix::{Kind, MIX, band};
use super::people::{OCCUPATION_UNCLEAR, Person, SOFTWARE_WORK};
use super::plan::Planted;
use super::question::{NO_LEVEL, NO_OCCUPATION, SOFTWARE};
use super::random::{Random, choice};
use super::rates::{RATES, goalless, writes};
use super::study::{
    ACTIONS, ACTIONS_BY_CONTROL, AGENT_EXECUTES, AGENT_PLANS, CODEBASE_BY_MODE, FAILURE_SIGNALS, JUDGED, LEVEL_UNCLEAR,
    PACE_SPREAD, PARTIAL, PROMPTS, Row, SUCCESS_SIGNALS, TROUBLE, USUAL_LEVEL, VALUE_SPREAD, VERIFIED,
    VERIFIED_FAILURE, WORDS,
};

/// Positions of outcomes.
const SUCCEEDED: usize = 0;
const PARTIALLY: usize = 1;
const FAILED: usize = 2;
const GOALLESS: usize = 3;

/// Draws a session of `person` in `month`, 0 to 6: what the tables of the study count from `even`, the rest from `random`.
pub(super) fn draw(random: &mut Random, even: &mut Even, person: &Person, month: usize) -> Planted {
    let software = person.is_software();
    let usual = random.chance(USUAL_LEVEL.values[0] / 100.0);
    let place = if usual { person.place } else { even.unit(("level", 2 * month + usize::from(software))) };
    let level = choice(place, MIX.levels(month, software));
    let mode = even.weighted(("mode", 5 * month + level), MIX.modes(month, level));
    let kind = Kind { month, software, level, mode, band: 0 };
    let dollars = dollars(even.unit(("price", 7 * mode + month)), MIX.median(kind));
    let kind = Kind { band: band(dollars), ..kind };
    let codebase = even.weighted(("codebase", mode), &CODEBASE_BY_MODE[mode].values);
    let writes = even.chance(("writes", 4 * mode + codebase), writes(mode, codebase));
    let unclear = even.chance(("occupation unclear", 0), OCCUPATION_UNCLEAR.values[0] / 100.0);
    let occupation = (!unclear).then_some(person.occupation);
    let end = if even.chance(("goal", mode), goalless(mode)) {
        let signals = (&SUCCESS_SIGNALS[4], &FAILURE_SIGNALS[0]);
        End {
            outcome: GOALLESS,
            success: random.weighted(&signals.0.values),
            failure: random.weighted(&signals.1.values),
        }
    } else {
        end(random, even, kind, occupation, writes)
    };
    let software_work = software || random.chance(SOFTWARE_WORK.values[mode] / 100.0);
    let shown = if even.chance(("level unclear", 0), LEVEL_UNCLEAR.values[0] / 100.0) { NO_LEVEL } else { level };
    let labels = [
        mode,
        shown,
        end.outcome,
        end.success,
        end.failure,
        occupation.unwrap_or(NO_OCCUPATION),
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
    let effort = RATES.effort(kind, end.outcome == GOALLESS);
    let [actions, words] = pace(random, level, plans, executes, effort);
    Planted {
        labels: labels.map(small),
        level: small(level),
        dollars,
        writes,
        decisions: [planning, execution].map(small),
        by_agent: by_agent.map(small),
        prompts: small(prompts),
        actions: random.round(actions * prompts as f64),
        words: random.round(words * prompts as f64),
    }
}

/// A number known to be below 256.
fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// The price of a task that lies at `place` among those of its kind, 0 to 1: whole tens, from 10 to 50,000.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 10 and 50,000")]
fn dollars(place: f64, median: f64) -> u32 {
    let spread = (VALUE_SPREAD.values[0] * Normal::standard().inverse_cdf(place)).exp();
    ((median * spread / 10.0).round() * 10.0).clamp(10.0, 50_000.0) as u32
}

/// How a session ends.
struct End {
    outcome: usize,
    success: usize,
    failure: usize,
}

fn end(random: &mut Random, even: &mut Even, kind: Kind, occupation: Option<usize>, code: bool) -> End {
    let level = kind.level;
    let in_trouble = even.chance(("trouble", level), TROUBLE.values[level] / 100.0);
    let rate = |rows: &[Row<5>; 2]| rows[usize::from(in_trouble)].values[level] / 100.0;
    let [verified, judged] = RATES.success(kind, occupation, code);
    let failing = RATES.failure(level, in_trouble, occupation, code);
    let succeeding = (rate(&JUDGED) * judged).min(0.98 * (1.0 - failing));
    let verified = (rate(&VERIFIED) * verified).min(0.95 * succeeding);
    let draw = even.unit(("ending", 2 * level + usize::from(in_trouble)));
    let outcome = if draw < succeeding {
        SUCCEEDED
    } else if draw < 1.0 - failing {
        PARTIALLY
    } else {
        FAILED
    };
    let signals = if draw < verified { 0 } else { outcome + 1 };
    let success = random.weighted(&SUCCESS_SIGNALS[signals].values);
    let hard = VERIFIED_FAILURE.values[level] / (100.0 - PARTIAL[1].values[level]);
    let failures = match (in_trouble, outcome) {
        (false, SUCCEEDED) => 0,
        (false, _) => 1,
        (true, SUCCEEDED) => 2,
        (true, PARTIALLY) => 3,
        (true, _) if random.chance(hard) => 4,
        (true, _) => 5,
    };
    End { outcome, success, failure: random.weighted(&FAILURE_SIGNALS[failures].values) }
}

/// Actions and words per prompt.
fn pace(random: &mut Random, level: usize, plans: f64, executes: f64, effort: [f64; 2]) -> [f64; 2] {
    let [planned_by_agent, executed_by_person, usual] = ACTIONS_BY_CONTROL.values;
    // From the usual number at the usual share of planning, 0.3, to the published one where the agent has nearly all, 0.9.
    let by_planning = ((planned_by_agent / usual).ln() / 0.6 * (plans - 0.3)).exp();
    let by_execution = if executes < 0.2 { executed_by_person / usual } else { 1.0 };
    let shared = random.normal();
    std::array::from_fn(|of| {
        let spread = PACE_SPREAD.values[of] * (0.8 * shared + 0.6 * random.normal());
        [&ACTIONS, &WORDS][of].values[level] * by_planning * by_execution * (effort[of] + spread).exp()
    })
}
