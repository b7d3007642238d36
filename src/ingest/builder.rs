//! Putting a session together step by step, for readers whose files are in order.

use std::collections::HashMap;

use super::person::{home_name, project, pseudonym};
use super::reply::reply;
use crate::session::{
    Action, ActionStatus, Branch, Format, Losses, Note, PromptKind, Reply, Scope, Session, Step, TokenUsage, Turn,
};

/// A session as far as it is built.
pub(super) struct Builder {
    /// The session; turns and steps are added through the methods.
    pub session: Session,
    /// Turn (none before the first) and step of each tool call.
    calls: HashMap<String, (Option<usize>, usize)>,
    /// Time of the record that is being added.
    now: Option<String>,
}

impl Builder {
    /// An empty session.
    pub fn new(format: Format, id: String, file: String, losses: Losses) -> Self {
        let session = Session { losses, ..Session::new(id, file, format) };
        Self { session, calls: HashMap::new(), now: None }
    }

    /// Takes person and project from a working directory, unless an earlier one gave them.
    pub fn place(&mut self, cwd: &str, key: &[u8; 32]) {
        let session = &mut self.session;
        if session.person.is_none() && session.project.is_none() {
            session.person = home_name(cwd).map(|name| pseudonym(key, name));
            session.project = project(cwd).map(ToOwned::to_owned);
        }
    }

    /// Sets the RFC 3339 time of what is added next.
    pub fn at(&mut self, time: Option<&str>) {
        self.now = time.filter(|time| !time.is_empty()).map(ToOwned::to_owned);
    }

    /// Keeps the time of a record; recorders write one form, so that text order is time order.
    pub fn happened(&mut self) {
        let Some(now) = &self.now else { return };
        let session = &mut self.session;
        if session.started_at.as_ref().is_none_or(|start| now < start) {
            session.started_at = Some(now.clone());
        }
        if session.ended_at.as_ref().is_none_or(|end| now > end) {
            session.ended_at = Some(now.clone());
        }
        if let Some(turn) = session.turns.last_mut()
            && turn.ended_at.as_ref().is_none_or(|end| now > end)
        {
            turn.ended_at = Some(now.clone());
        }
    }

    /// Adds a human prompt.
    pub fn turn(&mut self, kind: PromptKind, prompt: String) {
        let number = u32::try_from(self.session.turns.len() + 1).unwrap_or(u32::MAX);
        self.session.turns.push(Turn::new(number, kind, prompt, self.now.clone()));
        self.happened();
    }

    /// Counts one answer of the model, and what it took, in the turn that goes on.
    pub fn answered(&mut self, tokens: TokenUsage) {
        self.session.model_calls += 1;
        if let Some(turn) = self.session.turns.last_mut() {
            turn.model_calls += 1;
        }
        self.spent(tokens);
    }

    /// Adds tokens to the session and to the turn that goes on.
    pub fn spent(&mut self, tokens: TokenUsage) {
        self.session.tokens += tokens;
        if let Some(turn) = self.session.turns.last_mut() {
            turn.tokens += tokens;
        }
    }

    /// Adds a step to the turn that goes on.
    pub fn step(&mut self, step: Step) {
        self.happened();
        match self.session.turns.last_mut() {
            Some(turn) => turn.steps.push(step),
            None => self.session.preamble.push(step),
        }
    }

    /// Adds visible text, if there is any.
    pub fn say(&mut self, text: String) {
        if !text.trim().is_empty() {
            self.step(Step::Say(text));
        }
    }

    /// Adds readable thinking, if there is any.
    pub fn think(&mut self, text: String) {
        if !text.trim().is_empty() {
            self.step(Step::Think(text));
        }
    }

    /// Adds an event.
    pub fn note(&mut self, note: Note) {
        self.step(Step::Note(note));
    }

    /// Adds a tool call without its result; a call whose identifier is already there is not added again.
    pub fn act(&mut self, id: String, tool: String, input: serde_json::Value) {
        if self.calls.contains_key(&id) {
            return;
        }
        let turn = self.session.turns.len().checked_sub(1);
        self.step(Step::Act(Action::new(id.clone(), tool, input)));
        let steps = turn.map_or(&self.session.preamble, |turn| &self.session.turns[turn].steps);
        self.calls.insert(id, (turn, steps.len() - 1));
    }

    /// Gives a call its result, unless it has one.
    pub fn result(&mut self, id: &str, text: String, status: ActionStatus) {
        self.happened();
        if let Some(action) = self.action(id)
            && action.status == ActionStatus::Missing
        {
            action.result = text;
            action.status = status;
            action.reply = action.reply.take().or_else(|| reply(action));
        }
    }

    /// Keeps what the person answered to a call, if they did.
    pub fn replied(&mut self, id: &str, reply: Option<Reply>) {
        if let (Some(reply), Some(action)) = (reply, self.action(id)) {
            action.reply = Some(reply);
        }
    }

    /// The call `id`, unless it was taken back.
    pub fn action(&mut self, id: &str) -> Option<&mut Action> {
        let (turn, step) = *self.calls.get(id)?;
        self.session.action_mut(turn, step).filter(|action| action.id == id)
    }

    /// Takes back the last `turns` prompts with all that followed them, as an attempt that the person rewound. The
    /// session's tokens stay: some formats tell only their total.
    pub fn rewind(&mut self, turns: usize) {
        let kept = self.session.turns.len().saturating_sub(turns);
        let turns = self.session.turns.split_off(kept);
        if turns.is_empty() {
            return;
        }
        self.calls.retain(|_, (turn, _)| turn.is_none_or(|turn| turn < kept));
        for turn in &turns {
            self.session.losses.abandoned_records += 1 + turn.steps.len() as u64;
            self.session.model_calls -= turn.model_calls;
        }
        let after = u32::try_from(kept).unwrap_or(u32::MAX);
        self.session.dead_branches.push(Branch { after, turns });
    }

    /// Counts text in the person's place that is no prompt.
    pub fn excluded(&mut self, reason: &str) {
        *self.session.losses.excluded_prompts.entry(reason.to_owned()).or_default() += 1;
    }

    /// Counts a record of a type that the reader has not seen.
    pub fn unknown(&mut self, name: &str) {
        let name = if name.is_empty() { "(no type)" } else { name };
        *self.session.losses.unknown_records.entry(name.to_owned()).or_default() += 1;
    }

    /// Keeps the name of a model that answered.
    pub fn model(&mut self, name: Option<&str>) {
        keep(&mut self.session.models, name);
    }

    /// Keeps a version of the agent program.
    pub fn version(&mut self, version: Option<&str>) {
        keep(&mut self.session.agent_versions, version);
    }

    /// The session with its scope; one without a human prompt has none whatever its recorder says.
    pub fn finish(mut self, entrypoint: Option<String>, scope: Scope, rule: String) -> Session {
        let has_prompt = !self.session.turns.is_empty();
        self.session.entrypoint = entrypoint;
        (self.session.scope, self.session.scope_rule) =
            if has_prompt { (scope, rule) } else { (Scope::Headless, "no human prompt".to_owned()) };
        self.session
    }
}

fn keep(known: &mut Vec<String>, name: Option<&str>) {
    if let Some(name) = name.filter(|name| !name.is_empty())
        && !known.iter().any(|known| known == name)
    {
        known.push(name.to_owned());
    }
}
