//! Everything the rules know about a session: the exact input of the rule-based judge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::session::{ActionStatus, Evidence, EvidenceKind, Measures, Note, PromptKind, Session, Step, count_words};

use super::activity::{self, Activity};
use super::cues::{self, Cue};
use super::files::Files;
use super::trades::{self, Trades};

/// Measured features of one session.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent observation, not a state")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Features {
    /// Human prompts.
    pub prompts: u64,
    /// Words of all prompts, plan hand-offs left out.
    pub prompt_words: u64,
    /// Whether the first prompt hands over a plan from another session.
    pub plan_hand_off: bool,
    /// Words of visible agent text.
    pub visible_words: u64,
    /// Tool calls.
    pub actions: u64,
    /// Tool calls that changed something or acted on a machine.
    pub changes: u64,
    /// Tool calls by kind of work.
    pub activity: BTreeMap<Activity, u64>,
    /// Prompts with each cue; the first prompt counts double, since it states the goal.
    pub cues: BTreeMap<Cue, u64>,
    /// Turns in which each cue was found.
    pub cue_turns: BTreeMap<Cue, Vec<u32>>,
    /// Specific words in all prompts, plan hand-offs left out.
    pub specifics: u64,
    /// Evidence by kind.
    pub evidence: BTreeMap<EvidenceKind, u64>,
    /// Whether the last prompt rejects what was done.
    pub last_prompt_rejects: bool,
    /// Whether the last test run failed.
    pub last_tests_failed: bool,
    /// Whether the last thing in the session is an interrupt.
    pub ends_interrupted: bool,
    /// Whether the last action failed and no agent text follows.
    pub ends_in_error: bool,
    /// Whether the agent did or said anything after the last prompt.
    pub answered_last: bool,
    /// Number of the last turn.
    pub last_turn: u32,
    /// Tool calls that failed.
    pub failed_actions: u64,
    /// The longest row of tool calls that failed one after the other.
    pub longest_failing_row: u64,
    /// Tool calls that the person refused, and times the person stopped the agent.
    pub stops: u64,
    /// What was done with files.
    pub files: Files,
    /// Words of trades in the person's prompts, and signs of professional software work.
    pub trades: Trades,
}

impl Features {
    /// Measures `session`.
    pub(super) fn of(session: &Session) -> Self {
        let measures = Measures::of(session);
        let evidence = Evidence::of(session);
        let mut features = Self {
            prompts: measures.prompts,
            visible_words: measures.visible_words,
            actions: measures.actions,
            stops: measures.refusals + measures.interrupts,
            files: Files::of(session),
            trades: trades::of(session, &evidence),
            ..Self::default()
        };
        let mut failing = 0;
        for action in session.actions() {
            failing = if action.status == ActionStatus::Error { failing + 1 } else { 0 };
            features.failed_actions += u64::from(failing > 0);
            features.longest_failing_row = features.longest_failing_row.max(failing);
            let kind = activity::of_action(action);
            *features.activity.entry(kind).or_default() += 1;
            features.changes += u64::from(!matches!(kind, Activity::Look | Activity::Check | Activity::Other));
        }
        for turn in &session.turns {
            if turn.kind == PromptKind::PlanHandOff {
                features.plan_hand_off |= turn.number == 1;
            } else {
                features.prompt_words += count_words(&turn.prompt);
                features.specifics += cues::specifics(&turn.prompt);
            }
            for (cue, _) in cues::find(&turn.prompt) {
                *features.cues.entry(cue).or_default() += if turn.number == 1 { 2 } else { 1 };
                features.cue_turns.entry(cue).or_default().push(turn.number);
            }
        }
        for item in &evidence.items {
            *features.evidence.entry(item.kind).or_default() += 1;
        }
        let is_test = |kind: EvidenceKind| matches!(kind, EvidenceKind::TestsPassed | EvidenceKind::TestsFailed);
        let last_test = evidence.items.iter().rev().find(|item| is_test(item.kind));
        features.last_tests_failed = last_test.is_some_and(|item| item.kind == EvidenceKind::TestsFailed);
        features.describe_end(session, &evidence);
        features
    }

    fn describe_end(&mut self, session: &Session, evidence: &Evidence) {
        let Some(last) = session.turns.last() else { return };
        self.last_turn = last.number;
        let rejects =
            |item: &crate::session::EvidenceItem| item.kind == EvidenceKind::Rejection && item.turn == last.number;
        self.last_prompt_rejects = evidence.items.iter().any(rejects);
        self.answered_last = last.steps.iter().any(|step| matches!(step, Step::Say(_) | Step::Act(_)));
        self.ends_interrupted = matches!(last.steps.last(), Some(Step::Note(Note::Interrupted)));
        let spoken_or_acted = last.steps.iter().rev().find(|step| matches!(step, Step::Say(_) | Step::Act(_)));
        self.ends_in_error = matches!(spoken_or_acted, Some(Step::Act(action)) if action.status == ActionStatus::Error);
    }

    /// Tool calls of one kind of work.
    pub(super) fn acts(&self, kind: Activity) -> u64 {
        self.activity.get(&kind).copied().unwrap_or(0)
    }

    /// Weight of a cue.
    pub(super) fn cue(&self, cue: Cue) -> u64 {
        self.cues.get(&cue).copied().unwrap_or(0)
    }

    /// Pieces of evidence of one kind.
    pub(super) fn found(&self, kind: EvidenceKind) -> u64 {
        self.evidence.get(&kind).copied().unwrap_or(0)
    }

    /// Turns with a cue, at most five.
    pub(super) fn turns_with(&self, cue: Cue) -> Vec<u32> {
        self.cue_turns.get(&cue).into_iter().flatten().copied().take(5).collect()
    }
}
