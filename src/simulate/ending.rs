//! What a session shows of its success and failure: the signs that the planted signals stand for.

use super::phrases::{AFFIRMATIONS, ASIDES, COMPLAINTS, CONCERNS, REJECTIONS};
use super::plan::Planted;
use super::question::Question;
use super::random::Random;

/// Something in the session that speaks of success or failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A passing test run.
    Tests,
    /// A commit.
    Commit,
    /// The person says that it is good, in the last prompt.
    Affirmation,
    /// A command ends with what was asked for.
    Output,
    /// The last action fails.
    FinalError,
    /// The person rejects the work, in the last prompt.
    Rejection,
    /// The person rejects a step on the way.
    Complaint,
    /// The person has a mild objection.
    Concern,
    /// An action fails and is made again.
    Slip,
    /// The person stops without a word of the work.
    Aside,
}

/// The signs of `planted` in a session of `prompts` prompts; a session of one prompt cannot show all of them.
pub(super) fn signs(planted: &Planted, prompts: usize, random: &mut Random) -> Vec<Sign> {
    let mut signs = Vec::new();
    let talks = prompts > 1;
    match planted.position(Question::FailureSignal) {
        0 => {}
        3 if prompts > 2 => signs.push(Sign::Complaint),
        2 | 3 if talks => signs.push(Sign::Concern),
        1..=3 => signs.push(Sign::Slip),
        4 if talks && random.chance(0.5) => signs.push(Sign::Rejection),
        4 => signs.push(Sign::FinalError),
        _ if talks => signs.extend([Sign::FinalError, Sign::Rejection]),
        _ => signs.push(Sign::FinalError),
    }
    let mut hard = vec![Sign::Tests];
    if planted.writes {
        hard.push(Sign::Commit);
    }
    if talks && !signs.contains(&Sign::Rejection) {
        hard.push(Sign::Affirmation);
    }
    let first = hard.remove(random.below(hard.len()));
    match planted.position(Question::SuccessSignal) {
        5 if !hard.is_empty() => signs.extend([first, *random.pick(&hard)]),
        4 | 5 => signs.push(first),
        3 => signs.push(Sign::Output),
        _ => {}
    }
    let wanders = planted.label(Question::Outcome) == "no_clear_goal";
    if wanders && talks && random.chance(0.3) {
        signs.retain(|sign| *sign != Sign::Affirmation);
        signs.push(Sign::Aside);
    }
    signs
}

/// What the person says in the last prompt, where a sign asks for it.
pub(super) fn last_words(signs: &[Sign], random: &mut Random) -> Option<&'static str> {
    let phrases: &[&'static str] = if signs.contains(&Sign::Rejection) {
        &REJECTIONS
    } else if signs.contains(&Sign::Affirmation) {
        &AFFIRMATIONS
    } else if signs.contains(&Sign::Aside) {
        &ASIDES
    } else {
        return None;
    };
    Some(*random.pick(phrases))
}

/// What the person says in the second prompt, where a sign asks for it.
pub(super) fn objection(signs: &[Sign], random: &mut Random) -> Option<&'static str> {
    let phrases: &[&'static str] = if signs.contains(&Sign::Complaint) {
        &COMPLAINTS
    } else if signs.contains(&Sign::Concern) {
        &CONCERNS
    } else {
        return None;
    };
    Some(*random.pick(phrases))
}
