//! Numbers measured on a session and on each of its turns; `docs/measures.md` has the one definition of each.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::{Action, ActionStatus, Note, PromptKind, Reply, ReplyKind, Session, Step, TokenUsage, Turn};
use super::words::{count_words, words_in};

/// Measures of one session, or of one turn of it. Lines, words and actions count the main chain only; subagents are apart.
/// Every measure but `seconds` and `models` of a session is the sum over its turns, turn 0 among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// Human prompts: turns of the session, however given.
    pub prompts: u64,
    /// Those of them that are no person's words ([`PromptKind::Relayed`]).
    pub relayed_prompts: u64,
    /// Tool calls: distinct calls of the main chain, whatever came of them.
    pub actions: u64,
    /// Tool calls with a result that is neither an error nor a refusal ([`ActionStatus::Done`]).
    pub successful_actions: u64,
    /// Distinct tool calls made by subagents.
    pub subagent_actions: u64,
    /// Tool calls of main chain and subagents together.
    pub all_actions: u64,
    /// Answers of the model: distinct messages of the main chain.
    pub model_calls: u64,
    /// Whitespace-separated words of the prompts that a person wrote, injected text stripped.
    pub prompt_words: u64,
    /// Whitespace-separated words of visible agent text.
    pub visible_words: u64,
    /// Whitespace-separated words of readable thinking.
    pub thinking_words: u64,
    /// Whitespace-separated words of every string inside tool inputs.
    pub tool_input_words: u64,
    /// Visible, thinking and tool input words together (sessions.md 5).
    pub output_words: u64,
    /// Input tokens as recorded by the provider, without cached ones.
    pub input_tokens: u64,
    /// Output tokens as recorded by the provider, thinking included; old logs record too few (sessions.md 1.4).
    pub output_tokens: u64,
    /// Input tokens that the provider read from its cache.
    pub cache_read_tokens: u64,
    /// Input tokens that the provider wrote to its cache.
    pub cache_write_tokens: u64,
    /// Lines added by successful edits: a line diff of old and new text; a whole written file counts every line.
    pub lines_added: u64,
    /// Lines removed by successful edits, by the same diff (moved lines do not count where more than 10,000 changed); what a
    /// written file replaced is not in the log.
    pub lines_removed: u64,
    /// Times the person stopped the agent.
    pub interrupts: u64,
    /// Tool calls the person refused; a plain refusal of a plan that ends the session is not counted, since it is
    /// usually an approval that goes on in a new session (sessions.md 1.4).
    pub refusals: u64,
    /// Decisions of the person inside tool results, of any kind.
    pub replies: u64,
    /// Replies that answer questions of the agent.
    pub answers: u64,
    /// Replies that approve a plan.
    pub plan_approvals: u64,
    /// Replies that refuse a plan, but for the plain refusal that `refusals` leaves out.
    pub plan_refusals: u64,
    /// Replies that refuse a call or plan and say why.
    pub reasoned_refusals: u64,
    /// Context compactions.
    pub compactions: u64,
    /// Attempts that the person rewound.
    pub dead_branches: u64,
    /// Distinct models that answered; of a turn it is not known.
    pub models: Option<u64>,
    /// Whole seconds from first to last record, where both times are known and in order; of a turn, from its prompt.
    pub seconds: Option<u64>,
    /// Sum of the turns' `seconds`: the time between an answer and the next prompt is left out.
    pub active_seconds: Option<u64>,
}

impl Measures {
    /// Measures `session`.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let mut measures = Self::default();
        for turn in TurnMeasures::all(session) {
            measures.add(&turn.measures);
        }
        measures.models = Some(session.models.iter().collect::<BTreeSet<_>>().len() as u64);
        measures.seconds = seconds(session.started_at.as_deref(), session.ended_at.as_deref());
        measures
    }

    /// Name and value of every measure, in the order of the corpus.
    #[must_use]
    pub fn columns(&self) -> [(&'static str, Option<u64>); 30] {
        [
            ("prompts", Some(self.prompts)),
            ("relayed_prompts", Some(self.relayed_prompts)),
            ("actions", Some(self.actions)),
            ("successful_actions", Some(self.successful_actions)),
            ("subagent_actions", Some(self.subagent_actions)),
            ("all_actions", Some(self.all_actions)),
            ("model_calls", Some(self.model_calls)),
            ("prompt_words", Some(self.prompt_words)),
            ("visible_words", Some(self.visible_words)),
            ("thinking_words", Some(self.thinking_words)),
            ("tool_input_words", Some(self.tool_input_words)),
            ("output_words", Some(self.output_words)),
            ("input_tokens", Some(self.input_tokens)),
            ("output_tokens", Some(self.output_tokens)),
            ("cache_read_tokens", Some(self.cache_read_tokens)),
            ("cache_write_tokens", Some(self.cache_write_tokens)),
            ("lines_added", Some(self.lines_added)),
            ("lines_removed", Some(self.lines_removed)),
            ("interrupts", Some(self.interrupts)),
            ("refusals", Some(self.refusals)),
            ("replies", Some(self.replies)),
            ("answers", Some(self.answers)),
            ("plan_approvals", Some(self.plan_approvals)),
            ("plan_refusals", Some(self.plan_refusals)),
            ("reasoned_refusals", Some(self.reasoned_refusals)),
            ("compactions", Some(self.compactions)),
            ("dead_branches", Some(self.dead_branches)),
            ("models", self.models),
            ("seconds", self.seconds),
            ("active_seconds", self.active_seconds),
        ]
    }

    fn of_steps<'s>(steps: impl IntoIterator<Item = &'s Step>) -> Self {
        let mut measures = Self::default();
        for step in steps {
            match step {
                Step::Say(text) => measures.visible_words += count_words(text),
                Step::Think(text) => measures.thinking_words += count_words(text),
                Step::Act(action) => measures.act(action),
                Step::Note(Note::Interrupted) => measures.interrupts += 1,
                Step::Note(Note::Compacted(_)) => measures.compactions += 1,
                Step::Note(_) => {}
            }
        }
        measures.output_words = measures.visible_words + measures.thinking_words + measures.tool_input_words;
        measures.all_actions = measures.actions;
        measures
    }

    fn act(&mut self, action: &Action) {
        self.actions += 1;
        self.tool_input_words += words_in(&action.input);
        match action.status {
            ActionStatus::Done => {
                self.successful_actions += 1;
                for edit in action.edits() {
                    let (added, removed) = edit.lines();
                    self.lines_added += added;
                    self.lines_removed += removed;
                }
            }
            ActionStatus::Refused => self.refusals += 1,
            ActionStatus::Error | ActionStatus::Missing => {}
        }
        if let Some(reply) = &action.reply {
            self.reply(reply);
        }
    }

    fn reply(&mut self, reply: &Reply) {
        self.replies += 1;
        let reason = u64::from(!reply.text.trim().is_empty());
        match reply.kind {
            ReplyKind::Answered => self.answers += 1,
            ReplyKind::PlanApproved => self.plan_approvals += 1,
            ReplyKind::PlanRefused => {
                self.plan_refusals += 1;
                self.reasoned_refusals += reason;
            }
            ReplyKind::Refused => self.reasoned_refusals += reason,
            ReplyKind::Allowed => {}
        }
    }

    fn set_tokens(&mut self, tokens: TokenUsage) {
        self.input_tokens = tokens.input;
        self.output_tokens = tokens.output;
        self.cache_read_tokens = tokens.cache_read;
        self.cache_write_tokens = tokens.cache_write;
    }

    /// Adds the measures of a turn to those of its session.
    fn add(&mut self, turn: &Self) {
        let sums = [
            (&mut self.prompts, turn.prompts),
            (&mut self.relayed_prompts, turn.relayed_prompts),
            (&mut self.actions, turn.actions),
            (&mut self.successful_actions, turn.successful_actions),
            (&mut self.subagent_actions, turn.subagent_actions),
            (&mut self.all_actions, turn.all_actions),
            (&mut self.model_calls, turn.model_calls),
            (&mut self.prompt_words, turn.prompt_words),
            (&mut self.visible_words, turn.visible_words),
            (&mut self.thinking_words, turn.thinking_words),
            (&mut self.tool_input_words, turn.tool_input_words),
            (&mut self.output_words, turn.output_words),
            (&mut self.input_tokens, turn.input_tokens),
            (&mut self.output_tokens, turn.output_tokens),
            (&mut self.cache_read_tokens, turn.cache_read_tokens),
            (&mut self.cache_write_tokens, turn.cache_write_tokens),
            (&mut self.lines_added, turn.lines_added),
            (&mut self.lines_removed, turn.lines_removed),
            (&mut self.interrupts, turn.interrupts),
            (&mut self.refusals, turn.refusals),
            (&mut self.replies, turn.replies),
            (&mut self.answers, turn.answers),
            (&mut self.plan_approvals, turn.plan_approvals),
            (&mut self.plan_refusals, turn.plan_refusals),
            (&mut self.reasoned_refusals, turn.reasoned_refusals),
            (&mut self.compactions, turn.compactions),
            (&mut self.dead_branches, turn.dead_branches),
        ];
        for (sum, part) in sums {
            *sum = sum.saturating_add(part);
        }
        self.active_seconds = match (self.active_seconds, turn.active_seconds) {
            (Some(sum), Some(part)) => Some(sum + part),
            (sum, part) => sum.or(part),
        };
    }
}

/// Measures of one turn. Turn 0 holds what came before the first prompt, and what the log tells of the session only: tokens
/// and model calls of no turn, and the actions of subagents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnMeasures {
    /// Number of the turn, 0 for the part of the session that is in none.
    pub turn: u32,
    /// How the prompt was given; none for turn 0.
    pub kind: Option<PromptKind>,
    /// RFC 3339 time of the prompt.
    pub at: Option<String>,
    /// The measures.
    pub measures: Measures,
}

impl TurnMeasures {
    /// Measures `turn` on its own: a plan refused in it counts as refused, and rewound attempts are not known.
    #[must_use]
    pub fn of(turn: &Turn) -> Self {
        let mut measures = Measures::of_steps(&turn.steps);
        measures.prompts = 1;
        if turn.kind == PromptKind::Relayed {
            measures.relayed_prompts = 1;
        } else {
            measures.prompt_words = count_words(&turn.prompt);
        }
        measures.model_calls = turn.model_calls;
        measures.set_tokens(turn.tokens);
        measures.seconds = seconds(turn.at.as_deref(), turn.ended_at.as_deref());
        measures.active_seconds = measures.seconds;
        Self { turn: turn.number, kind: Some(turn.kind), at: turn.at.clone(), measures }
    }

    /// Measures turn 0 and every turn of `session`, in order; they sum to [`Measures::of`].
    #[must_use]
    pub fn all(session: &Session) -> Vec<Self> {
        let mut before = Measures::of_steps(&session.preamble);
        before.subagent_actions = session.subagent_actions;
        before.all_actions += session.subagent_actions;
        let turns = || session.turns.iter();
        let calls = turns().fold(0_u64, |sum, turn| sum.saturating_add(turn.model_calls));
        before.model_calls = session.model_calls.saturating_sub(calls);
        let rest = |tokens: fn(&TokenUsage) -> u64| {
            let told = turns().fold(0_u64, |sum, turn| sum.saturating_add(tokens(&turn.tokens)));
            tokens(&session.tokens).saturating_sub(told)
        };
        before.set_tokens(TokenUsage {
            input: rest(|tokens| tokens.input),
            output: rest(|tokens| tokens.output),
            cache_read: rest(|tokens| tokens.cache_read),
            cache_write: rest(|tokens| tokens.cache_write),
        });
        let mut all = vec![Self { turn: 0, kind: None, at: session.started_at.clone(), measures: before }];
        all.extend(turns().map(Self::of));
        for branch in &session.dead_branches {
            let turn = all.iter().rposition(|turn| turn.turn <= branch.after).unwrap_or(0);
            all[turn].measures.dead_branches += 1;
        }
        if let Some(turn) = turn_of_hand_off(session) {
            let measures = &mut all[turn].measures;
            measures.refusals = measures.refusals.saturating_sub(1);
            measures.plan_refusals = measures.plan_refusals.saturating_sub(1);
        }
        all
    }
}

/// Position, turn 0 first, of the last turn where nothing but notes comes after a plan refused without a word: a refusal
/// that ends the session is usually the plan's approval with a fresh context.
fn turn_of_hand_off(session: &Session) -> Option<usize> {
    let last_steps = session.turns.last().map_or(&session.preamble, |turn| &turn.steps);
    match last_steps.iter().rev().find(|step| !matches!(step, Step::Note(_)))? {
        Step::Act(action) => ends_in_plan_hand_off(action).then_some(session.turns.len()),
        _ => None,
    }
}

fn ends_in_plan_hand_off(last: &Action) -> bool {
    let silent = last.reply.as_ref().is_none_or(|reply| reply.text.trim().is_empty());
    let refused = last.tool == "ExitPlanMode" && last.status == ActionStatus::Refused;
    refused && silent && !last.result.contains("the user said:")
}

fn seconds(start: Option<&str>, end: Option<&str>) -> Option<u64> {
    let time = |text: Option<&str>| text?.parse::<jiff::Timestamp>().ok();
    u64::try_from(time(end)?.duration_since(time(start)?).as_secs()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::session::{Branch, Format};

    fn act(tool: &str, status: ActionStatus, reply: Option<(ReplyKind, &str)>) -> Step {
        let input = json!({"file_path": "a b", "old_string": "x", "new_string": "y\nz"});
        let reply = reply.map(|(kind, text)| Reply { kind, text: text.to_owned() });
        Step::Act(Action { status, reply, ..Action::new("1".to_owned(), tool.to_owned(), input) })
    }

    fn session() -> Session {
        let mut session = Session::new("s".to_owned(), "f".to_owned(), Format::ClaudeCode);
        session.models = vec!["a".to_owned(), "b".to_owned(), "a".to_owned()];
        (session.started_at, session.ended_at) =
            (Some("2026-01-01T00:00:00Z".to_owned()), Some("2026-01-01T01:00:00Z".to_owned()));
        session.preamble = vec![Step::Say("hello there".to_owned())];
        session.tokens = TokenUsage { input: 10, output: 100, cache_read: 5, cache_write: 1 };
        (session.model_calls, session.subagent_actions) = (7, 4);
        let at = |minute: u32| Some(format!("2026-01-01T00:{minute:02}:00Z"));
        let mut first = Turn::new(1, PromptKind::Typed, "do it now".to_owned(), at(1));
        first.ended_at = at(3);
        (first.tokens.output, first.model_calls) = (60, 5);
        first.steps = vec![
            Step::Think("hm well".to_owned()),
            act("Edit", ActionStatus::Done, None),
            act("Edit", ActionStatus::Refused, Some((ReplyKind::Refused, "not here"))),
            act("AskUserQuestion", ActionStatus::Done, Some((ReplyKind::Answered, "yes"))),
            Step::Note(Note::Interrupted),
        ];
        let mut second = Turn::new(2, PromptKind::Queued, "more".to_owned(), at(20));
        second.ended_at = at(21);
        second.steps = vec![
            act("ExitPlanMode", ActionStatus::Refused, Some((ReplyKind::PlanRefused, "too long"))),
            act("ExitPlanMode", ActionStatus::Done, Some((ReplyKind::PlanApproved, ""))),
            Step::Note(Note::Compacted(String::new())),
        ];
        session.turns = vec![first, second];
        session.dead_branches = vec![Branch { after: 1, turns: Vec::new() }, Branch { after: 0, turns: Vec::new() }];
        session
    }

    #[test]
    fn a_hand_made_session_is_measured() {
        let measures = Measures::of(&session());
        let expected = Measures {
            prompts: 2,
            relayed_prompts: 0,
            actions: 5,
            successful_actions: 3,
            subagent_actions: 4,
            all_actions: 9,
            model_calls: 7,
            prompt_words: 4,
            visible_words: 2,
            thinking_words: 2,
            tool_input_words: 25,
            output_words: 29,
            input_tokens: 10,
            output_tokens: 100,
            cache_read_tokens: 5,
            cache_write_tokens: 1,
            // Every call has the input of an edit, and three of them succeeded.
            lines_added: 6,
            lines_removed: 3,
            interrupts: 1,
            refusals: 2,
            replies: 4,
            answers: 1,
            plan_approvals: 1,
            plan_refusals: 1,
            reasoned_refusals: 2,
            compactions: 1,
            dead_branches: 2,
            models: Some(2),
            seconds: Some(3_600),
            active_seconds: Some(180),
        };
        assert_eq!(measures, expected);
        let turns = TurnMeasures::all(&session());
        let numbers: Vec<_> =
            turns.iter().map(|turn| (turn.turn, turn.measures.output_tokens, turn.measures.seconds)).collect();
        assert_eq!(numbers, [(0, 40, None), (1, 60, Some(120)), (2, 0, Some(60))]);
        assert_eq!(turns[0].measures.dead_branches, 1);
    }

    #[test]
    fn a_plan_refused_without_a_word_at_the_end_is_no_refusal() {
        let mut session = session();
        session.turns[1].steps.push(act("ExitPlanMode", ActionStatus::Refused, Some((ReplyKind::PlanRefused, ""))));
        let measures = Measures::of(&session);
        assert_eq!((measures.refusals, measures.plan_refusals, measures.replies), (2, 1, 5));
        session.turns[1].steps.push(Step::Note(Note::Interrupted));
        assert_eq!(Measures::of(&session).refusals, 2, "a note is none of the agent's");
        let mut asked_again = session.clone();
        asked_again.turns.push(Turn::new(3, PromptKind::Typed, "think again".to_owned(), None));
        assert_eq!(Measures::of(&asked_again).refusals, 3, "the session went on");
        session.turns[1].steps.push(Step::Say("Another plan, then.".to_owned()));
        assert_eq!(Measures::of(&session).refusals, 3, "the agent went on");
    }

    #[test]
    fn every_measure_is_a_column() {
        let json = serde_json::to_value(Measures::default()).unwrap();
        let names: Vec<_> = Measures::default().columns().iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(json.as_object().unwrap().keys().cloned().collect::<Vec<_>>(), names);
        let value = |(name, value): (&str, Option<u64>)| {
            json!(value) == serde_json::to_value(Measures::of(&session())).unwrap()[name]
        };
        assert!(Measures::of(&session()).columns().into_iter().all(value));
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let status = prop::sample::select(vec![
            ActionStatus::Done,
            ActionStatus::Error,
            ActionStatus::Refused,
            ActionStatus::Missing,
        ]);
        let reply = prop::option::of((
            prop::sample::select(vec![
                ReplyKind::Answered,
                ReplyKind::PlanApproved,
                ReplyKind::PlanRefused,
                ReplyKind::Refused,
                ReplyKind::Allowed,
            ]),
            prop::sample::select(vec!["", "why"]),
        ));
        let tool = prop::sample::select(vec!["Edit", "Bash", "ExitPlanMode"]);
        prop_oneof![
            "[a-z \n]{0,20}".prop_map(Step::Say),
            "[a-z \n]{0,20}".prop_map(Step::Think),
            (tool, status, reply).prop_map(|(tool, status, reply)| act(tool, status, reply)),
            Just(Step::Note(Note::Interrupted)),
            Just(Step::Note(Note::Compacted("x".to_owned()))),
        ]
    }

    fn any_tokens() -> impl Strategy<Value = TokenUsage> {
        (0..99_u64, 0..99_u64, 0..99_u64, 0..99_u64).prop_map(|(input, output, cache_read, cache_write)| TokenUsage {
            input,
            output,
            cache_read,
            cache_write,
        })
    }

    prop_compose! {
        fn any_turn()(
            steps in prop::collection::vec(any_step(), 0..6), tokens in any_tokens(), model_calls in 0..9_u64,
            start in prop::option::of(0..59_u32), end in prop::option::of(0..59_u32), prompt in "[a-z ]{0,20}",
        ) -> Turn {
            let at = |minute: Option<u32>| minute.map(|minute| format!("2026-01-01T00:{minute:02}:00Z"));
            let turn = Turn::new(1, PromptKind::Typed, prompt, at(start));
            Turn { ended_at: at(end), tokens, model_calls, steps, ..turn }
        }
    }

    prop_compose! {
        fn any_session()(
            mut turns in prop::collection::vec(any_turn(), 0..5), preamble in prop::collection::vec(any_step(), 0..4),
            tokens in any_tokens(), model_calls in 0..20_u64, subagent_actions in 0..9_u64,
            branches in prop::collection::vec(0..7_u32, 0..3),
        ) -> Session {
            for (turn, number) in turns.iter_mut().zip(1..) {
                turn.number = number;
            }
            let dead_branches = branches.into_iter().map(|after| Branch { after, turns: Vec::new() }).collect();
            let session = Session::new("s".to_owned(), "f".to_owned(), Format::ClaudeCode);
            Session { preamble, turns, dead_branches, tokens, model_calls, subagent_actions, ..session }
        }
    }

    proptest! {
        #[test]
        fn turns_sum_to_the_session(session in any_session()) {
            let whole = Measures::of(&session);
            let turns = TurnMeasures::all(&session);
            let sum = |name: &str| turns.iter().filter_map(|turn| {
                turn.measures.columns().into_iter().find(|(column, _)| *column == name).and_then(|(_, value)| value)
            }).sum::<u64>();
            for (name, value) in whole.columns() {
                match name {
                    "models" => prop_assert_eq!(value, Some(0)),
                    "seconds" => prop_assert_eq!(value, None),
                    "active_seconds" => prop_assert_eq!(value.unwrap_or(0), sum("seconds")),
                    _ => prop_assert_eq!(value, Some(sum(name)), "{}", name),
                }
            }
            prop_assert_eq!(whole.output_words, whole.visible_words + whole.thinking_words + whole.tool_input_words);
            prop_assert_eq!(whole.all_actions, whole.actions + whole.subagent_actions);
            prop_assert_eq!(whole.dead_branches, session.dead_branches.len() as u64);
            prop_assert!(whole.output_tokens >= session.tokens.output && whole.model_calls >= session.model_calls);
            prop_assert!(whole.successful_actions <= whole.actions);
            let alone: u64 = session.turns.iter().map(|turn| TurnMeasures::of(turn).measures.actions).sum();
            prop_assert_eq!(alone + turns[0].measures.actions, whole.actions);
        }
    }
}
