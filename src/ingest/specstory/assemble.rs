//! From messages to the session. Texts of users are told apart by the same rules as those of Claude Code.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::document::{Message, Part};
use super::join::Export;
use super::tool;
use crate::ingest::claude_code::{Class, PLACEHOLDER, classify_text};
use crate::ingest::person::{home_name, mask_file, pseudonym};
use crate::session::{Format, Losses, Note, PromptKind, Scope, Session, Step, Turn};

/// The model's name where the agent's program wrote in its place.
const SYNTHETIC: &str = "<synthetic>";

/// How the summary begins that a model wrote of the session so far.
const SUMMARY: &str = "This session is being continued from a previous conversation";

/// What the program writes in the person's place when a session is taken up again.
const CONTINUE: &str = "Continue from where you left off.";

/// How the note begins that the program writes about a pasted image.
const IMAGE: &str = "[Image: source:";

/// Builds the session `id` from one export.
pub(super) fn assemble(id: String, export: Export, losses: Losses, key: &[u8; 32]) -> Session {
    let (agent, messages) = (export.document.agent, export.document.messages);
    let chain = || messages.iter().filter(|message| !message.heading.sidechain);
    let times = chain().filter_map(|message| message.heading.at).chain(export.document.at);
    let mut models: Vec<String> = Vec::new();
    for model in chain().filter_map(|message| message.heading.model.as_ref()) {
        if model != SYNTHETIC && !models.contains(model) {
            models.push(model.clone());
        }
    }
    let mut session = Session {
        project: export.project,
        entrypoint: Some(format!("specstory:{}", agent.as_deref().unwrap_or("unknown"))),
        started_at: times.clone().min().map(|at| at.to_string()),
        ended_at: times.max().map(|at| at.to_string()),
        models,
        losses,
        ..Session::new(id, String::new(), Format::SpecstoryMd)
    };
    let mut assembly = Assembly { session: &mut session, calls: 0, command_at: None };
    let mut rest = messages.into_iter().peekable();
    while let Some(message) = rest.next() {
        assembly.add(message, rest.peek());
    }
    (session.scope, session.scope_rule) = scope(agent.as_deref(), !session.turns.is_empty());
    let homes = homes(&session);
    // A home folder that is not the only one in the session may be another person's.
    let home = homes.first().filter(|_| homes.len() == 1);
    session.person = home.map(|name| pseudonym(key, name));
    session.file = mask_file(&export.name, home.map(String::as_str));
    session
}

/// Whether a person was there: an export does not tell how its agent was started, but which agent it was.
fn scope(agent: Option<&str>, has_prompt: bool) -> (Scope, String) {
    let Some(agent) = agent else { return (Scope::Ide, "specstory export of an editor, no agent named".to_owned()) };
    let name = agent.to_lowercase();
    let editor = ["cursor", "copilot", "vscode", "vs code", "visual studio", "windsurf", "jetbrains"];
    let scope = match name.ends_with("cli") {
        _ if !has_prompt => return (Scope::Headless, "no human prompt".to_owned()),
        false if editor.iter().any(|editor| name.contains(editor)) => Scope::Ide,
        _ => Scope::Unknown,
    };
    (scope, format!("specstory export of {agent}"))
}

/// Names of home folders in the inputs of tool calls.
fn homes(session: &Session) -> BTreeSet<String> {
    let texts = session.actions().filter_map(|action| action.input.as_object()).flat_map(|input| input.values());
    let names = texts.filter_map(Value::as_str).filter_map(home_name);
    let name = |name: &&str| name.chars().all(|letter| letter.is_alphanumeric() || "._-".contains(letter));
    names.filter(name).map(str::to_lowercase).collect()
}

struct Assembly<'s> {
    session: &'s mut Session,
    calls: usize,
    /// Time of the slash command before this message, if one was.
    command_at: Option<Timestamp>,
}

impl Assembly<'_> {
    fn add(&mut self, message: Message, next: Option<&Message>) {
        let command_at = self.command_at.take();
        if message.heading.sidechain {
            let tools = message.parts.iter().filter(|part| matches!(part, Part::Tool(..))).count();
            self.session.subagent_actions += tools as u64;
            if message.heading.user {
                self.exclude("sidechain");
            }
        } else if message.heading.user {
            let body = command_at.is_some() && command_at == message.heading.at;
            self.user(&message, body, next);
        } else {
            self.agent(message);
        }
    }

    fn user(&mut self, message: &Message, is_command_body: bool, next: Option<&Message>) {
        let text = text_of(message);
        let synthetic = |next: &Message| next.heading.model.as_deref() == Some(SYNTHETIC);
        if text.starts_with(IMAGE) || (text == CONTINUE && next.is_some_and(synthetic)) {
            return self.exclude("meta");
        }
        if text.starts_with(SUMMARY) {
            self.exclude("compact-summary");
            return self.step(Step::Note(Note::Compacted(text)));
        }
        let next_text = || next.filter(|next| next.heading.user).map(text_of);
        let class = classify_text(&text, false, next_text);
        if let Some(reason) = class.reason() {
            self.exclude(reason);
        }
        match class {
            // The body of the command, which the program puts in its place.
            Class::Prompt(..) if is_command_body => self.exclude("meta"),
            Class::Prompt(kind, text) => {
                if kind == PromptKind::SlashCommand {
                    self.command_at = message.heading.at;
                }
                self.turn(kind, text, message.heading.at);
            }
            Class::Interrupt => self.step(Step::Note(Note::Interrupted)),
            Class::Shell(line) => self.step(Step::Note(Note::HumanShell(line))),
            Class::ToolResult(_) | Class::CompactSummary(_) | Class::Excluded(_) => {}
        }
    }

    fn agent(&mut self, message: Message) {
        let synthetic = message.heading.model.as_deref() == Some(SYNTHETIC);
        for part in message.parts {
            let step = match part {
                Part::Text(text) if synthetic && text.trim() == PLACEHOLDER => continue,
                Part::Text(text) if synthetic => Step::Note(Note::ApiError(text)),
                Part::Text(text) => match tool::flattened(self.next_call(), &text) {
                    Some(action) => Step::Act(action),
                    None => Step::Say(text),
                },
                Part::Think(text) if text.is_empty() => continue,
                Part::Think(text) => Step::Think(text),
                Part::Tool(tag, lines) => Step::Act(tool::action(self.next_call(), &tag, &lines)),
            };
            self.calls += usize::from(matches!(step, Step::Act(_)));
            self.step(step);
        }
    }

    /// An export leaves out the identifiers of calls: they are numbered.
    fn next_call(&self) -> String {
        format!("call-{}", self.calls + 1)
    }

    fn exclude(&mut self, reason: &str) {
        *self.session.losses.excluded_prompts.entry(reason.to_owned()).or_default() += 1;
    }

    fn turn(&mut self, kind: PromptKind, prompt: String, at: Option<Timestamp>) {
        let number = u32::try_from(self.session.turns.len() + 1).unwrap_or(u32::MAX);
        let at = at.map(|at| at.to_string());
        self.session.turns.push(Turn::new(number, kind, prompt, at));
    }

    fn step(&mut self, step: Step) {
        match self.session.turns.last_mut() {
            Some(turn) => turn.steps.push(step),
            None => self.session.preamble.push(step),
        }
    }
}

/// The text of a user's message, which has no other parts.
fn text_of(message: &Message) -> String {
    let text = |part: &Part| match part {
        Part::Text(text) => Some(text.clone()),
        Part::Think(_) | Part::Tool(..) => None,
    };
    message.parts.iter().filter_map(text).collect::<Vec<_>>().join("\n\n")
}
