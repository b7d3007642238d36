//! The definitions.

use serde::{Deserialize, Serialize};

use crate::rubric::{Answer, AnswerKind, AnswerOption, Rubric};

use super::parts::{Part, SessionParts, Standing};

/// From this failure signal on a session has hit trouble (appendix and PDF of the study: "3 or higher"; its web caption
/// says "> 3", report.md 0.1).
const TROUBLE: u8 = 3;

/// From this signal on the evidence is hard (report.md 5.2).
const HARD: u8 = 4;

/// More than 80 % of the decisions of a type is control (report.md 2), so that the other side has less than this.
const OTHER_SIDE: f64 = 0.2;

/// Labels of the rubrics that derived measures read; others are not understood.
pub(super) const OUTCOMES: [&str; 4] = ["succeeded", "partially_succeeded", "failed", "no_clear_goal"];
pub(super) const SIGNALS: [&str; 6] = ["none", "1", "2", "3", "4", "5"];

/// A measure derived from ratings and measured columns. Sources are sections of report.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DerivedMeasure {
    /// Outcome is succeeded or partially succeeded; base: sessions with a clear goal (Table 2; 5.3).
    AtLeastPartial,
    /// Outcome is succeeded; base: sessions with a clear goal (Table 2; 5.3).
    JudgedSuccess,
    /// Outcome is succeeded and the success signal is 4 or 5; base: sessions with a clear goal (Table 2, appendix; 5.3).
    VerifiedSuccess,
    /// Outcome is neither succeeded nor partially succeeded; base: sessions with a clear goal (Table 2; 5.3).
    JudgedFailure,
    /// Outcome is failed and the failure signal is 4 or 5; base: sessions with a clear goal (Table 2; 5.3).
    VerifiedFailure,
    /// Failure signal is 3 or higher (appendix, PDF; 5.3). That the base is sessions with a clear goal, as of the measures
    /// above, is ours: the study leaves the others out of its analyses of success and does not say so here.
    HitsTrouble,
    /// Outcome is failed and no line was added; base: sessions that hit trouble (Table 2, text, appendix; 5.3).
    Abandoned,
    /// At least one line was added; base: all sessions (appendix; 5.3). Measured.
    WroteCode,
    /// At least one line was added or removed; base: all sessions (text, "add or modify at least one line"; 5.3). Measured.
    /// The study uses both wordings for one thing; that removed lines are the difference is ours.
    CodeProducing,
    /// The person makes more than 80 % of the planning decisions; base: sessions with a planning decision (2; base ours).
    UserControlsPlanning,
    /// The agent makes more than 80 % of the planning decisions; base: sessions with a planning decision (2; base ours).
    AgentControlsPlanning,
    /// The person makes more than 80 % of the execution decisions; base: sessions with an execution decision (2; base ours).
    UserControlsExecution,
    /// The agent makes more than 80 % of the execution decisions; base: sessions with an execution decision (2; base ours).
    AgentControlsExecution,
    /// The person's occupation is computer and mathematical; base: sessions whose occupation is told, unclear dropped
    /// (appendix; 5.3).
    SoftwareOccupation,
    /// Machine evidence shows success ([`Evidence::machine_success`](crate::session::Evidence::machine_success)); base: all
    /// sessions, since a machine knows no goals, and no evidence is no success. Ours, as a twin of verified success. Measured.
    MachineVerifiedSuccess,
}

impl DerivedMeasure {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 15] = [
        Self::AtLeastPartial,
        Self::JudgedSuccess,
        Self::VerifiedSuccess,
        Self::MachineVerifiedSuccess,
        Self::JudgedFailure,
        Self::VerifiedFailure,
        Self::HitsTrouble,
        Self::Abandoned,
        Self::WroteCode,
        Self::CodeProducing,
        Self::UserControlsPlanning,
        Self::AgentControlsPlanning,
        Self::UserControlsExecution,
        Self::AgentControlsExecution,
        Self::SoftwareOccupation,
    ];

    /// The name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtLeastPartial => "at_least_partial",
            Self::JudgedSuccess => "judged_success",
            Self::VerifiedSuccess => "verified_success",
            Self::JudgedFailure => "judged_failure",
            Self::VerifiedFailure => "verified_failure",
            Self::HitsTrouble => "hits_trouble",
            Self::Abandoned => "abandoned",
            Self::WroteCode => "wrote_code",
            Self::CodeProducing => "code_producing",
            Self::UserControlsPlanning => "user_controls_planning",
            Self::AgentControlsPlanning => "agent_controls_planning",
            Self::UserControlsExecution => "user_controls_execution",
            Self::AgentControlsExecution => "agent_controls_execution",
            Self::SoftwareOccupation => "software_occupation",
            Self::MachineVerifiedSuccess => "machine_verified_success",
        }
    }

    /// The formula, in one line.
    #[must_use]
    pub fn formula(self) -> &'static str {
        match self {
            Self::AtLeastPartial => "outcome is succeeded or partially_succeeded, among sessions with a clear goal",
            Self::JudgedSuccess => "outcome is succeeded, among sessions with a clear goal",
            Self::VerifiedSuccess => {
                "outcome is succeeded and success_signal is 4 or 5, among sessions with a clear goal"
            }
            Self::JudgedFailure => {
                "outcome is neither succeeded nor partially_succeeded, among sessions with a clear goal"
            }
            Self::VerifiedFailure => "outcome is failed and failure_signal is 4 or 5, among sessions with a clear goal",
            Self::HitsTrouble => "failure_signal is 3 or higher, among sessions with a clear goal",
            Self::Abandoned => "outcome is failed and lines_added is 0, among sessions that hit trouble",
            Self::WroteCode => "lines_added is at least 1, among all sessions",
            Self::CodeProducing => "lines_added or lines_removed is at least 1, among all sessions",
            Self::UserControlsPlanning => {
                "the person makes over 80 % of planning decisions, among sessions that have one"
            }
            Self::AgentControlsPlanning => {
                "the agent makes over 80 % of planning decisions, among sessions that have one"
            }
            Self::UserControlsExecution => {
                "the person makes over 80 % of execution decisions, among sessions that have one"
            }
            Self::AgentControlsExecution => {
                "the agent makes over 80 % of execution decisions, among sessions that have one"
            }
            Self::SoftwareOccupation => {
                "occupation_user is computer_mathematical, among sessions where it is not unclear"
            }
            Self::MachineVerifiedSuccess => "machine_success is true, among all sessions",
        }
    }

    /// Rubrics whose answers it reads; none where measured columns are enough.
    #[must_use]
    pub fn needs(self) -> &'static [&'static str] {
        match self {
            Self::AtLeastPartial | Self::JudgedSuccess | Self::JudgedFailure => &["outcome"],
            Self::VerifiedSuccess => &["outcome", "success_signal"],
            Self::VerifiedFailure | Self::HitsTrouble | Self::Abandoned => &["outcome", "failure_signal"],
            Self::UserControlsPlanning
            | Self::AgentControlsPlanning
            | Self::UserControlsExecution
            | Self::AgentControlsExecution => &["decisions"],
            Self::SoftwareOccupation => &["occupation_user"],
            Self::WroteCode | Self::CodeProducing | Self::MachineVerifiedSuccess => &[],
        }
    }

    /// Whether measured columns alone decide it, so that there is no rater and nothing to correct.
    #[must_use]
    pub fn is_measured(self) -> bool {
        self.needs().is_empty()
    }

    /// What it says of a session; none where any part of it is not known.
    ///
    /// A missing part makes the measure unknown also where the other parts would decide it. Were those sessions kept, the
    /// ones that are lost would all be of one kind, and the rate of the rest would be off.
    #[must_use]
    pub fn of(self, parts: &SessionParts<'_>) -> Option<Standing> {
        match self {
            Self::WroteCode => Some(Standing::of(parts.measured?.lines_added >= 1)),
            Self::CodeProducing => {
                let measured = parts.measured?;
                Some(Standing::of(measured.lines_added + measured.lines_removed >= 1))
            }
            Self::MachineVerifiedSuccess => Some(Standing::of(parts.measured?.machine_success == Some(true))),
            Self::UserControlsPlanning => control(parts.shares?.planning_user, true),
            Self::AgentControlsPlanning => control(parts.shares?.planning_user, false),
            Self::UserControlsExecution => control(parts.shares?.execution_user, true),
            Self::AgentControlsExecution => control(parts.shares?.execution_user, false),
            Self::SoftwareOccupation => match parts.answers.get("occupation_user")? {
                Part::Abstained => Some(Standing::Outside),
                Part::Label(label) => Some(Standing::of(*label == "computer_mathematical")),
            },
            Self::AtLeastPartial => of_outcome(parts, |outcome| outcome != "failed"),
            Self::JudgedSuccess => of_outcome(parts, |outcome| outcome == "succeeded"),
            Self::JudgedFailure => of_outcome(parts, |outcome| outcome == "failed"),
            Self::VerifiedSuccess => {
                let hard = signal(parts, "success_signal")? >= HARD;
                of_outcome(parts, |outcome| outcome == "succeeded" && hard)
            }
            Self::VerifiedFailure => {
                let hard = signal(parts, "failure_signal")? >= HARD;
                of_outcome(parts, |outcome| outcome == "failed" && hard)
            }
            Self::HitsTrouble => {
                let trouble = signal(parts, "failure_signal")? >= TROUBLE;
                of_outcome(parts, |_| trouble)
            }
            Self::Abandoned => {
                let no_code = parts.measured?.lines_added == 0;
                let abandoned = of_outcome(parts, |outcome| outcome == "failed" && no_code)?;
                Some(abandoned.among(Self::HitsTrouble.of(parts)?))
            }
        }
    }

    /// The measure as a question with three labels, so that it is estimated like any rubric. No judge is ever asked it.
    #[must_use]
    pub fn rubric(self) -> Rubric {
        let option = |standing: Standing| AnswerOption::new(standing.as_str(), self.formula());
        let answer = Answer { options: Standing::ALL.map(option).to_vec(), ..Answer::new(AnswerKind::Choice) };
        Rubric {
            title: self.as_str().replace('_', " "),
            question: self.formula().to_owned(),
            needs: self.needs().iter().map(|name| (*name).to_owned()).collect(),
            ..Rubric::new(self.as_str(), answer)
        }
    }
}

/// Outside without a clear goal; unknown without an outcome.
fn of_outcome(parts: &SessionParts<'_>, holds: impl Fn(&str) -> bool) -> Option<Standing> {
    match parts.answers.get("outcome")? {
        Part::Label("no_clear_goal") => Some(Standing::Outside),
        Part::Label(outcome) if OUTCOMES.contains(outcome) => Some(Standing::of(holds(outcome))),
        Part::Label(_) | Part::Abstained => None,
    }
}

/// The level of a signal, `none` being 0.
fn signal(parts: &SessionParts<'_>, rubric: &str) -> Option<u8> {
    let Part::Label(label) = parts.answers.get(rubric)? else { return None };
    SIGNALS.iter().zip(0..).find(|(known, _)| *known == label).map(|(_, level)| level)
}

/// Whether one side has more than 80 % of the decisions; outside where there is none. The other side's share is compared, since
/// 1 less a share is not exact: four of five is 80 %, which is no control.
fn control(user: Option<f64>, by_user: bool) -> Option<Standing> {
    let Some(user) = user else { return Some(Standing::Outside) };
    if !(0.0..=1.0).contains(&user) {
        return None;
    }
    Some(Standing::of(if by_user { user > 1.0 - OTHER_SIDE } else { user < OTHER_SIDE }))
}

/// The labels of `rubric` that the definitions know; none where any label will do.
pub(super) fn known_labels(rubric: &str) -> Option<&'static [&'static str]> {
    match rubric {
        "outcome" => Some(&OUTCOMES),
        "success_signal" | "failure_signal" => Some(&SIGNALS),
        _ => None,
    }
}

/// Whether anything is known of the shares that a measure of decisions reads.
pub(super) fn is_of_decisions(measure: DerivedMeasure) -> bool {
    measure.needs() == ["decisions"]
}

#[cfg(test)]
#[path = "measure_tests.rs"]
mod tests;
