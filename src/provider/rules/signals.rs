//! Rules for the signs of success and of failure: kinds of hard evidence first, then how the session went and ended.

use crate::session::EvidenceKind;

use super::cues::Cue;
use super::decide::Decision;
use super::features::Features;

/// Failures one after the other that make a loop.
const LOOP: u64 = 3;

/// Whether the session ends with an answer, and nothing in it is broken, refused or stopped.
fn ends_cleanly(features: &Features) -> bool {
    features.answered_last && !features.ends_in_error && !features.ends_interrupted && !features.last_prompt_rejects
}

fn end(features: &Features) -> Vec<u32> {
    if features.last_turn == 0 { vec![] } else { vec![features.last_turn] }
}

/// Counts kinds of hard signs: version control, automatic checks, the person's approval.
pub(super) fn success(features: &Features) -> Decision {
    let found = |kinds: &[EvidenceKind]| kinds.iter().map(|kind| features.found(*kind)).sum::<u64>();
    let recorded =
        found(&[EvidenceKind::Commit, EvidenceKind::Push, EvidenceKind::PullRequest, EvidenceKind::PullRequestMerged]);
    let tested = if features.last_tests_failed { 0 } else { found(&[EvidenceKind::TestsPassed]) };
    let approved = if features.last_prompt_rejects { 0 } else { found(&[EvidenceKind::Affirmation]) };
    let kinds = [recorded, tested, approved].iter().filter(|signs| **signs > 0).count();
    let hard = format!(
        "{recorded} commits, pushes or pull requests, {tested} passing test runs with none failing at the end, {approved} approvals"
    );
    let built = found(&[EvidenceKind::BuildPassed]);
    let went_on = features.changes > 0 && features.prompts > 1;
    let (label, rule, because) = if kinds > 1 {
        ("5", "S1", format!("{kinds} kinds of hard signs: {hard}"))
    } else if kinds == 1 {
        ("4", "S2", format!("one kind of hard sign: {hard}"))
    } else if ends_cleanly(features) && (built > 0 || went_on) {
        (
            "3",
            "S3",
            format!(
                "a clean end, with {built} builds that passed and {} prompts that build on changes",
                features.prompts
            ),
        )
    } else if ends_cleanly(features) {
        ("2", "S4", "a clean end without complaint, and nothing else".to_owned())
    } else if features.actions > features.failed_actions || features.visible_words > 0 {
        ("1", "S5", "something went well, but the end is not clean".to_owned())
    } else {
        ("none", "S6", "no action went well, and the agent said nothing".to_owned())
    };
    Decision { label, rule, because, turns: end(features) }
}

/// Hard signs at the end first, then what the person had to point out, then what the agent got past.
pub(super) fn failure(features: &Features) -> Decision {
    let rejections = features.found(EvidenceKind::Rejection);
    let unanswered = !features.answered_last && features.actions == 0;
    let hard = [
        (features.found(EvidenceKind::FinalError) > 0, "an error, build or test run that was never got past"),
        (features.last_prompt_rejects, "the last prompt rejects the work"),
        (unanswered, "the agent neither acted nor answered"),
    ];
    let hard: Vec<&str> = hard.iter().filter(|(is, _)| *is).map(|(_, what)| *what).collect();
    // The first prompt cannot correct anything.
    let corrections = features.cue_turns.get(&Cue::Correction).into_iter().flatten().filter(|turn| **turn > 1).count();
    let failed_runs = features.found(EvidenceKind::TestsFailed) + features.found(EvidenceKind::BuildFailed);
    let (label, rule, because) = if hard.len() > 1 {
        ("5", "F1", format!("hard signs of {} kinds: {}", hard.len(), hard.join("; ")))
    } else if let [what] = hard.as_slice() {
        ("4", "F2", format!("one hard sign: {what}"))
    } else if rejections > 1 {
        ("3", "F3", format!("the person rejects work {rejections} times before the end"))
    } else if rejections + features.stops > 0 || corrections > 0 || features.longest_failing_row >= LOOP {
        (
            "2",
            "F4",
            format!(
                "{rejections} rejections, {} refused or stopped steps and {corrections} corrections on the way, at most {} failures in a row",
                features.stops, features.longest_failing_row
            ),
        )
    } else if failed_runs > 0 || features.failed_actions > 1 {
        (
            "1",
            "F5",
            format!(
                "{} failed tool calls and {failed_runs} failed test runs or builds, all got past",
                features.failed_actions
            ),
        )
    } else {
        ("none", "F6", "no complaint, no stop, and at most one failed tool call".to_owned())
    };
    let mut turns = features.turns_with(Cue::Correction);
    if !hard.is_empty() {
        turns = end(features);
    }
    Decision { label, rule, because, turns }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::EvidenceKind::{
        Affirmation, BuildPassed, Commit, FinalError, Push, Rejection, TestsFailed, TestsPassed,
    };

    fn clean() -> Features {
        Features { prompts: 1, actions: 4, answered_last: true, last_turn: 1, visible_words: 9, ..Features::default() }
    }

    fn with(evidence: &[(EvidenceKind, u64)]) -> Features {
        Features { evidence: evidence.iter().copied().collect(), ..clean() }
    }

    #[test]
    fn kinds_of_hard_signs_make_success() {
        let of = |features: &Features| {
            let decision = success(features);
            (decision.label, decision.rule)
        };
        assert_eq!(of(&with(&[(Commit, 1), (TestsPassed, 1)])), ("5", "S1"));
        assert_eq!(of(&with(&[(Commit, 3), (Push, 1)])), ("4", "S2"), "one kind");
        assert_eq!(of(&with(&[(Affirmation, 1)])), ("4", "S2"));
        assert_eq!(of(&Features { last_prompt_rejects: true, ..with(&[(Affirmation, 1)]) }), ("1", "S5"));
        assert_eq!(of(&Features { last_tests_failed: true, ..with(&[(TestsPassed, 1), (Commit, 1)]) }), ("4", "S2"));
        assert_eq!(of(&with(&[(BuildPassed, 1)])), ("3", "S3"));
        assert_eq!(of(&Features { changes: 1, prompts: 2, ..clean() }), ("3", "S3"));
        assert_eq!(of(&clean()), ("2", "S4"));
        assert_eq!(of(&Features { ends_interrupted: true, ..clean() }), ("1", "S5"));
        assert_eq!(of(&Features { actions: 0, visible_words: 0, answered_last: false, ..clean() }), ("none", "S6"));
    }

    #[test]
    fn who_noticed_and_what_became_of_it_makes_failure() {
        let of = |features: &Features| {
            let decision = failure(features);
            (decision.label, decision.rule)
        };
        assert_eq!(
            of(&Features { last_prompt_rejects: true, ..with(&[(FinalError, 2), (Rejection, 1)]) }),
            ("5", "F1")
        );
        assert_eq!(of(&with(&[(FinalError, 2)])), ("4", "F2"), "one kind");
        assert_eq!(of(&with(&[(Rejection, 2)])), ("3", "F3"));
        assert_eq!(of(&with(&[(Rejection, 1)])), ("2", "F4"));
        assert_eq!(of(&Features { stops: 1, ..clean() }), ("2", "F4"));
        assert_eq!(of(&Features { longest_failing_row: 3, failed_actions: 3, ..clean() }), ("2", "F4"));
        assert_eq!(of(&with(&[(TestsFailed, 1)])), ("1", "F5"));
        assert_eq!(of(&Features { failed_actions: 1, ..clean() }), ("none", "F6"));
        let turns = |turns: &[u32]| [(Cue::Correction, turns.to_vec())].into_iter().collect();
        assert_eq!(of(&Features { cue_turns: turns(&[1]), ..clean() }), ("none", "F6"), "nothing to correct yet");
        assert_eq!(of(&Features { cue_turns: turns(&[2]), ..clean() }), ("2", "F4"));
    }
}
