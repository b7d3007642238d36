//! A session as a trajectory, for other tools and back.

use serde_json::{Map, Value, json};

use crate::session::{Action, ActionStatus, Note, Session, Step, TokenUsage, Turn};

/// The version that is written; every later 1.x reader knows it.
const VERSION: &str = "ATIF-v1.6";

/// Under this key of an `extra` stands what the format has no place for.
pub(super) const EXTRA: &str = "assize";

/// One session as one trajectory.
///
/// Each prompt is a step of the user; thinking, text and tool calls that follow each other in this order are one step of
/// the agent, calls with their results; notes are steps of the system. Tokens of a turn stand with its first step of the
/// agent. What the format has no place for is in `extra.assize` of the document, of steps and of results, so that reading
/// the document again gives the same session; other tools pass over it.
///
/// # Errors
/// When the session cannot be written as JSON.
pub fn atif_document(session: &Session) -> serde_json::Result<Value> {
    let mut steps = Steps::default();
    steps.add(&session.preamble, &mut None)?;
    for turn in &session.turns {
        let rest = Turn { prompt: String::new(), steps: Vec::new(), ..turn.clone() };
        let mut step = json!({"source": "user", "message": turn.prompt, "extra": {EXTRA: rest}});
        stamp(&mut step, turn.at.as_deref());
        steps.push(step);
        let metered = turn.tokens != TokenUsage::default();
        steps.add(&turn.steps, &mut metered.then_some(turn.tokens))?;
    }
    for (at, step) in steps.0.iter_mut().enumerate() {
        step["step_id"] = json!(at + 1);
    }
    let rest = Session { preamble: Vec::new(), turns: Vec::new(), ..session.clone() };
    let mut agent = json!({
        "name": session.entrypoint.clone().map_or_else(|| serde_json::to_value(session.format), |name| Ok(json!(name)))?,
        "version": session.agent_versions.last().map_or("unknown", String::as_str),
    });
    if let Some(model) = session.models.first() {
        agent["model_name"] = json!(model);
    }
    let total = metrics(session.tokens);
    Ok(json!({
        "schema_version": VERSION,
        "session_id": session.id,
        "agent": agent,
        "final_metrics": {
            "total_prompt_tokens": total["prompt_tokens"],
            "total_completion_tokens": total["completion_tokens"],
            "total_cached_tokens": total["cached_tokens"],
            "total_steps": steps.0.len(),
        },
        "extra": {EXTRA: rest},
        "steps": steps.0,
    }))
}

/// Prompt tokens include the cached ones.
fn metrics(tokens: TokenUsage) -> Value {
    let mut metrics = json!({
        "prompt_tokens": tokens.input + tokens.cache_read,
        "completion_tokens": tokens.output,
        "cached_tokens": tokens.cache_read,
    });
    if tokens.cache_write > 0 {
        metrics["extra"] = json!({ "cache_creation_input_tokens": tokens.cache_write });
    }
    metrics
}

fn stamp(step: &mut Value, at: Option<&str>) {
    if let Some(at) = at {
        step["timestamp"] = json!(at);
    }
}

#[derive(Default)]
struct Steps(Vec<Value>);

impl Steps {
    fn push(&mut self, step: Value) {
        self.0.push(step);
    }

    /// Adds what the agent did; its first step takes `tokens`.
    fn add(&mut self, steps: &[Step], tokens: &mut Option<TokenUsage>) -> serde_json::Result<()> {
        let mut open = Open::default();
        for step in steps {
            let fits = match step {
                Step::Think(_) => open.is_empty(),
                Step::Say(_) => open.message.is_none() && open.actions.is_empty(),
                Step::Act(_) => true,
                Step::Note(_) => false,
            };
            if !fits {
                self.close(&mut open, tokens);
            }
            match step {
                Step::Think(text) => open.reasoning = Some(text),
                Step::Say(text) => open.message = Some(text),
                Step::Act(action) => open.actions.push(action),
                Step::Note(note) => self.push(json!({
                    "source": "system", "message": said(note), "extra": {EXTRA: {"note": serde_json::to_value(note)?}},
                })),
            }
        }
        self.close(&mut open, tokens);
        Ok(())
    }

    fn close(&mut self, open: &mut Open<'_>, tokens: &mut Option<TokenUsage>) {
        let open = std::mem::take(open);
        if !open.is_empty() {
            self.push(open.step(tokens.take()));
        }
    }
}

/// A step of the agent as far as it goes.
#[derive(Default)]
struct Open<'s> {
    reasoning: Option<&'s str>,
    message: Option<&'s str>,
    actions: Vec<&'s Action>,
}

impl Open<'_> {
    fn is_empty(&self) -> bool {
        self.reasoning.is_none() && self.message.is_none() && self.actions.is_empty()
    }

    fn step(self, tokens: Option<TokenUsage>) -> Value {
        let mut step = json!({"source": "agent", "message": self.message.unwrap_or_default()});
        if let Some(reasoning) = self.reasoning {
            step["reasoning_content"] = json!(reasoning);
        }
        if !self.actions.is_empty() {
            step["tool_calls"] = self.actions.iter().map(|action| call(action)).collect();
            let results: Vec<_> = self.actions.iter().filter_map(|action| result(action)).collect();
            if !results.is_empty() {
                step["observation"] = json!({ "results": results });
            }
            // Arguments are an object; input of another kind is put into one.
            let bare = self.actions.iter().filter(|action| !action.input.is_object());
            let bare: Vec<_> = bare.map(|action| action.id.as_str()).collect();
            if !bare.is_empty() {
                step["extra"] = json!({EXTRA: {"bare_inputs": bare}});
            }
        }
        if let Some(tokens) = tokens {
            step["metrics"] = metrics(tokens);
        }
        step
    }
}

fn call(action: &Action) -> Value {
    let arguments = if action.input.is_object() { action.input.clone() } else { json!({ "input": action.input }) };
    json!({"tool_call_id": action.id, "function_name": action.tool, "arguments": arguments})
}

fn result(action: &Action) -> Option<Value> {
    if action.status == ActionStatus::Missing && action.result.is_empty() && action.reply.is_none() {
        return None;
    }
    let mut extra = Map::from_iter([(EXTRA.to_owned(), json!({"status": action.status, "reply": action.reply}))]);
    if action.status == ActionStatus::Error {
        extra.insert("is_error".to_owned(), Value::Bool(true));
    }
    Some(json!({"source_call_id": action.id, "content": action.result, "extra": extra}))
}

fn said(note: &Note) -> String {
    match note {
        Note::Interrupted => "The user stopped the agent.".to_owned(),
        Note::Compacted(summary) => format!("The context was compacted.\n{summary}"),
        Note::ApiError(text) => format!("The provider failed: {text}"),
        Note::HumanShell(line) => format!("The user ran: {line}"),
        Note::PullRequest(address) => format!("A pull request: {address}"),
        Note::ServerTool(call) => format!("The provider ran a tool: {call}"),
    }
}
