//! Every definition on hand-worked sessions, with its edges.

use rstest::rstest;

use super::super::parts::{DecisionShares, Measured, Part, SessionParts, Standing};
use super::DerivedMeasure as D;

const YES: Option<Standing> = Some(Standing::Yes);
const NO: Option<Standing> = Some(Standing::No);
const OUTSIDE: Option<Standing> = Some(Standing::Outside);
const UNKNOWN: Option<Standing> = None;

/// Answers written `outcome/success signal/failure signal`, `-` where there is none, and lines added.
fn of(measure: D, answers: &str, lines_added: u64) -> Option<Standing> {
    let names = ["outcome", "success_signal", "failure_signal"];
    let given = names.iter().zip(answers.split('/')).filter(|(_, label)| *label != "-");
    let measured = Some(Measured { lines_added, ..Measured::default() });
    let answers = given.map(|(name, label)| (*name, Part::Label(label))).collect();
    measure.of(&SessionParts { answers, measured, shares: None })
}

#[rstest]
// At least partial, judged success and judged failure read the outcome only.
#[case(D::AtLeastPartial, "succeeded/-/-", YES)]
#[case(D::AtLeastPartial, "partially_succeeded/-/-", YES)]
#[case(D::AtLeastPartial, "failed/-/-", NO)]
#[case(D::AtLeastPartial, "no_clear_goal/-/-", OUTSIDE)]
#[case(D::AtLeastPartial, "-/5/none", UNKNOWN)]
#[case(D::JudgedSuccess, "succeeded/-/-", YES)]
#[case(D::JudgedSuccess, "partially_succeeded/-/-", NO)]
#[case(D::JudgedSuccess, "failed/-/-", NO)]
#[case(D::JudgedSuccess, "no_clear_goal/-/-", OUTSIDE)]
#[case(D::JudgedFailure, "failed/-/-", YES)]
#[case(D::JudgedFailure, "partially_succeeded/-/-", NO)]
#[case(D::JudgedFailure, "no_clear_goal/-/-", OUTSIDE)]
// Verified success needs both.
#[case(D::VerifiedSuccess, "succeeded/5/-", YES)]
#[case(D::VerifiedSuccess, "succeeded/4/-", YES)]
#[case(D::VerifiedSuccess, "succeeded/3/-", NO)]
#[case(D::VerifiedSuccess, "succeeded/none/-", NO)]
#[case(D::VerifiedSuccess, "partially_succeeded/5/-", NO)]
#[case(D::VerifiedSuccess, "failed/5/-", NO)]
#[case(D::VerifiedSuccess, "no_clear_goal/5/-", OUTSIDE)]
#[case(D::VerifiedSuccess, "failed/-/-", UNKNOWN)]
#[case(D::VerifiedSuccess, "-/5/-", UNKNOWN)]
#[case(D::VerifiedFailure, "failed/-/4", YES)]
#[case(D::VerifiedFailure, "failed/-/3", NO)]
#[case(D::VerifiedFailure, "failed/-/none", NO)]
#[case(D::VerifiedFailure, "succeeded/-/5", NO)]
#[case(D::VerifiedFailure, "no_clear_goal/-/5", OUTSIDE)]
#[case(D::VerifiedFailure, "succeeded/-/-", UNKNOWN)]
// Trouble begins at exactly 3.
#[case(D::HitsTrouble, "succeeded/-/2", NO)]
#[case(D::HitsTrouble, "succeeded/-/3", YES)]
#[case(D::HitsTrouble, "failed/-/5", YES)]
#[case(D::HitsTrouble, "failed/-/none", NO)]
#[case(D::HitsTrouble, "no_clear_goal/-/5", OUTSIDE)]
#[case(D::HitsTrouble, "-/-/5", UNKNOWN)]
fn ratings(#[case] measure: D, #[case] answers: &str, #[case] expected: Option<Standing>) {
    assert_eq!(of(measure, answers, 10), expected);
}

#[rstest]
#[case("failed/-/3", 0, YES)]
#[case("failed/-/5", 1, NO)]
#[case("partially_succeeded/-/4", 0, NO)]
#[case("failed/-/2", 0, OUTSIDE)]
#[case("failed/-/none", 0, OUTSIDE)]
#[case("no_clear_goal/-/5", 0, OUTSIDE)]
#[case("failed/-/-", 0, UNKNOWN)]
#[case("-/-/4", 0, UNKNOWN)]
fn abandoned_is_among_the_troubled(#[case] answers: &str, #[case] lines: u64, #[case] expected: Option<Standing>) {
    assert_eq!(of(D::Abandoned, answers, lines), expected);
}

#[test]
fn lines_and_machine_evidence_are_measured() {
    let of = |measure: D, lines_added, lines_removed, machine_success| {
        let measured = Some(Measured { lines_added, lines_removed, machine_success });
        measure.of(&SessionParts { measured, ..SessionParts::default() })
    };
    assert_eq!([of(D::WroteCode, 0, 7, None), of(D::WroteCode, 1, 0, None)], [NO, YES]);
    assert_eq!([of(D::CodeProducing, 0, 0, None), of(D::CodeProducing, 0, 1, None)], [NO, YES]);
    let machine = |found| of(D::MachineVerifiedSuccess, 0, 0, found);
    assert_eq!([machine(Some(true)), machine(Some(false)), machine(None)], [YES, NO, NO]);
    for measure in D::ALL.iter().filter(|measure| measure.is_measured()) {
        assert_eq!(measure.of(&SessionParts::default()), UNKNOWN, "{measure:?}");
    }
}

#[test]
fn exactly_80_percent_is_no_control() {
    let of = |measure: D, share| {
        let shares = Some(DecisionShares { planning_user: share, execution_user: share });
        measure.of(&SessionParts { shares, ..SessionParts::default() })
    };
    for decisions in 1_u32..200 {
        for own in 0..=decisions {
            let share = Some(f64::from(own) / f64::from(decisions));
            let user = if 5 * own > 4 * decisions { YES } else { NO };
            let agent = if 5 * (decisions - own) > 4 * decisions { YES } else { NO };
            assert_eq!(of(D::UserControlsPlanning, share), user, "{own} of {decisions}");
            assert_eq!(of(D::AgentControlsExecution, share), agent, "{own} of {decisions}");
            assert_eq!(of(D::AgentControlsPlanning, share), agent);
            assert_eq!(of(D::UserControlsExecution, share), user);
        }
    }
    assert_eq!(of(D::UserControlsPlanning, None), OUTSIDE, "no decision of that type");
    assert_eq!(of(D::UserControlsPlanning, Some(1.5)), UNKNOWN);
    assert_eq!(of(D::UserControlsPlanning, Some(f64::NAN)), UNKNOWN);
    assert_eq!(D::UserControlsPlanning.of(&SessionParts::default()), UNKNOWN);
}

#[test]
fn an_unclear_occupation_is_outside() {
    let of = |part: Option<Part<'static>>| {
        let answers = part.map(|part| ("occupation_user", part)).into_iter().collect();
        D::SoftwareOccupation.of(&SessionParts { answers, ..SessionParts::default() })
    };
    assert_eq!(of(Some(Part::Label("computer_mathematical"))), YES);
    assert_eq!(of(Some(Part::Label("legal"))), NO);
    assert_eq!(of(Some(Part::Abstained)), OUTSIDE);
    assert_eq!(of(None), UNKNOWN);
}

#[test]
fn names_are_told_apart_and_foreign_labels_are_not_guessed() {
    let names: std::collections::BTreeSet<&str> = D::ALL.iter().map(|measure| measure.as_str()).collect();
    assert_eq!(names.len(), D::ALL.len());
    assert_eq!(of(D::JudgedSuccess, "great/-/-", 0), UNKNOWN);
    assert_eq!(of(D::HitsTrouble, "failed/-/6", 0), UNKNOWN);
}
