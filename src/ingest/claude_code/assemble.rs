//! From the records of one session to the session.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem::{Discriminant, discriminant};

use jiff::Timestamp;

use super::branches::abandoned;
use super::message::{Block, Content};
use super::prompts::{Class, classify_all};
use super::queue::{Queue, Said, queued_command};
use super::record::{Kind, Record, identifies};
use super::scope;
use crate::ingest::person::{home_name, project, pseudonym};
use crate::ingest::reply::{REFUSALS, reply, said};
use crate::session::{Action, ActionStatus, Branch, Format, Losses, Note, PromptKind, Session, Step, TokenUsage, Turn};

/// What the program writes where nothing was asked of the model.
pub(in crate::ingest) const PLACEHOLDER: &str = "No response requested.";

/// Builds the session `id` from its records in order, subagents' records among them. `losses` are those of reading.
pub(super) fn assemble(id: String, file: String, records: Vec<Record>, losses: Losses, key: &[u8; 32]) -> Session {
    let (sidechain, records): (Vec<Record>, Vec<Record>) = records.into_iter().partition(Record::is_sidechain);
    let classes = classify_all(&records);
    let attempts = abandoned(&records, |at| matches!(classes[at], Some(Class::Prompt(..))));
    let cwd = records.iter().find_map(Record::cwd).unwrap_or_default();
    let asked: Vec<&Record> = prompts_of(&records, &classes);
    let entrypoint = records.iter().find_map(Record::entrypoint);
    let (scope, scope_rule) = scope::decide(entrypoint, &asked, true);
    let (started_at, ended_at) = span(&records);
    let session = Session {
        person: home_name(cwd).map(|name| pseudonym(key, name)),
        project: project(cwd).map(ToOwned::to_owned),
        entrypoint: entrypoint.map(ToOwned::to_owned),
        scope,
        scope_rule,
        started_at,
        ended_at,
        agent_versions: distinct(records.iter().filter_map(Record::version)),
        models: distinct(records.iter().filter(|record| !is_local(record)).filter_map(Record::model)),
        slug: records.iter().find_map(Record::slug).map(ToOwned::to_owned),
        permission_modes: distinct(records.iter().filter_map(Record::permission_mode)),
        subagent_actions: tool_calls(&sidechain),
        losses,
        ..Session::new(id, file, Format::ClaudeCode)
    };
    let mut assembly = Assembly::new(session, said_by_persons(&records, &classes));
    *assembly.excluded("sidechain") += sidechain.iter().filter(|record| record.kind() == Kind::User).count() as u64;
    let mut rewound: Vec<Assembly> = attempts.iter().map(|_| Assembly::attempt()).collect();
    // Number of the turn to which each record belongs, 0 before the first.
    let mut turn_of = Vec::with_capacity(classes.len());
    for (at, (record, class)) in records.into_iter().zip(classes).enumerate() {
        match attempts.iter().position(|attempt| attempt.records.contains(&at)) {
            Some(attempt) => {
                assembly.session.losses.abandoned_records += 1;
                rewound[attempt].add(record, class);
            }
            None => assembly.add(record, class),
        }
        turn_of.push(assembly.session.turns.len());
    }
    let mut session = assembly.finish();
    let branches = attempts.iter().zip(rewound).map(|(attempt, assembly)| assembly.branch(turn_of[attempt.after]));
    session.dead_branches = branches.collect();
    session
}

fn prompts_of<'r>(records: &'r [Record], classes: &[Option<Class>]) -> Vec<&'r Record> {
    let pairs = records.iter().zip(classes);
    pairs.filter(|(_, class)| matches!(class, Some(Class::Prompt(..)))).map(|(record, _)| record).collect()
}

/// What persons said in records of their own, in which a queued prompt may also stand.
fn said_by_persons(records: &[Record], classes: &[Option<Class>]) -> Vec<Said> {
    let said = |(record, class): (&Record, &Option<Class>)| {
        let text = match class {
            Some(Class::Prompt(_, text) | Class::ToolResult(Some(text))) => Some(text.clone()),
            Some(_) => None,
            None => queued_command(&record.attachment),
        };
        text.map(|text| Said::new(text, record))
    };
    records.iter().zip(classes).filter_map(said).collect()
}

/// Times of the first and last record of the conversation, as written; what is no time is passed over.
fn span(records: &[Record]) -> (Option<String>, Option<String>) {
    let said = records.iter().filter(|record| matches!(record.kind(), Kind::User | Kind::Assistant));
    let times = said.filter_map(Record::timestamp);
    let times = times.filter_map(|text| Some((text.parse::<Timestamp>().ok()?, text)));
    let text = |(_, text): (Timestamp, &str)| text.to_owned();
    (times.clone().min().map(text), times.max().map(text))
}

fn distinct<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.filter(|text| seen.insert(*text)).map(ToOwned::to_owned).collect()
}

/// Text that the program wrote in the model's place.
fn is_local(record: &Record) -> bool {
    record.is_api_error() || record.model() == Some("<synthetic>")
}

/// Number of distinct tool calls in some records; calls without an identifier are all distinct.
fn tool_calls(records: &[Record]) -> u64 {
    let blocks = records.iter().filter(|record| record.kind() == Kind::Assistant).flat_map(Record::blocks);
    let calls = blocks.filter(|block| block.kind() == "tool_use");
    let ids = calls.map(|block| block.id.as_str().filter(|id| identifies(id)));
    let (named, masked): (Vec<_>, Vec<_>) = ids.partition(Option::is_some);
    (named.into_iter().collect::<HashSet<_>>().len() + masked.len()) as u64
}

/// The session as far as it is built.
struct Assembly {
    session: Session,
    /// Turn (none before the first) and step of each tool call.
    calls: HashMap<String, (Option<usize>, usize)>,
    /// What was taken of each message, calls apart: one message is written on several lines, and some lines twice.
    taken: HashSet<(String, Discriminant<Step>, blake3::Hash)>,
    /// Turn in which each message begins, none before the first, and the most tokens reported for it: streaming reports parts.
    usage: HashMap<String, (Option<usize>, TokenUsage)>,
    /// Time of the last record of the turn that goes on.
    ended: Option<Timestamp>,
    queue: Queue,
    /// What persons said in records of their own, to see whether a queued prompt also stands there.
    said: Vec<Said>,
    pull_requests: HashSet<String>,
    /// How many calls have no identifier of their own, and which of them have no result yet.
    masked: usize,
    waiting: VecDeque<String>,
}

impl Assembly {
    fn new(session: Session, said: Vec<Said>) -> Self {
        Self {
            session,
            said,
            calls: HashMap::new(),
            taken: HashSet::new(),
            usage: HashMap::new(),
            ended: None,
            queue: Queue::default(),
            pull_requests: HashSet::new(),
            masked: 0,
            waiting: VecDeque::new(),
        }
    }

    /// An attempt that the person rewound, put together like a session of its own.
    fn attempt() -> Self {
        Self::new(Session::new(String::new(), String::new(), Format::ClaudeCode), Vec::new())
    }

    fn branch(self, after: usize) -> Branch {
        let after = u32::try_from(after).unwrap_or(u32::MAX);
        let mut session = self.finish();
        for turn in &mut session.turns {
            turn.number = turn.number.saturating_add(after);
        }
        // What a file out of order holds above the prompt of the attempt.
        if let Some(first) = session.turns.first_mut() {
            first.steps.splice(0..0, session.preamble);
        }
        Branch { after, turns: session.turns }
    }

    fn finish(mut self) -> Session {
        for (turn, tokens) in self.usage.values() {
            self.session.model_calls += 1;
            self.session.tokens += *tokens;
            if let Some(turn) = turn.and_then(|turn| self.session.turns.get_mut(turn)) {
                turn.model_calls += 1;
                turn.tokens += *tokens;
            }
        }
        if self.session.turns.is_empty() {
            (self.session.scope, self.session.scope_rule) = scope::decide(None, &[], false);
        }
        self.session.losses.excluded_prompts.retain(|_, count| *count > 0);
        self.session
    }

    fn add(&mut self, record: Record, class: Option<Class>) {
        let time = matches!(record.kind(), Kind::User | Kind::Assistant).then(|| record.timestamp().map(str::to_owned));
        self.take(record, class);
        self.happened(time.flatten());
    }

    /// Keeps the time of a record as the end of the turn that goes on; what is no time is passed over.
    fn happened(&mut self, at: Option<String>) {
        let time = at.as_deref().and_then(|text| text.parse().ok());
        if let Some(turn) = self.session.turns.last_mut()
            && time > self.ended
        {
            self.ended = time;
            turn.ended_at = at;
        }
    }

    fn take(&mut self, record: Record, class: Option<Class>) {
        match record.kind() {
            Kind::Assistant => self.answer(record),
            Kind::User => self.user(record, class),
            Kind::Attachment => {
                if let Some(text) = queued_command(&record.attachment) {
                    self.turn(PromptKind::Queued, text, record.timestamp());
                }
            }
            Kind::QueueOperation => {
                if let Some(delivered) = self.queue.apply(&record) {
                    if Said::take(&mut self.said, &delivered) {
                        *self.excluded("queued-elsewhere") += 1;
                    } else {
                        self.turn(PromptKind::Queued, delivered.text, record.timestamp());
                    }
                }
            }
            Kind::System if record.subtype() == Some("compact_boundary") => self.note(Note::Compacted(String::new())),
            Kind::PullRequest => {
                if let Some(address) = record.pull_request()
                    && self.pull_requests.insert(address.to_owned())
                {
                    self.note(Note::PullRequest(address.to_owned()));
                }
            }
            Kind::Unknown => self.unknown(record.type_name()),
            Kind::System | Kind::State => {}
        }
    }

    fn excluded(&mut self, reason: &str) -> &mut u64 {
        self.session.losses.excluded_prompts.entry(reason.to_owned()).or_default()
    }

    fn unknown(&mut self, name: &str) {
        let name = if name.is_empty() { "(no type)" } else { name };
        let name: String = name.chars().filter(|letter| !letter.is_control()).collect();
        *self.session.losses.unknown_records.entry(name).or_default() += 1;
    }

    fn steps(&mut self) -> &mut Vec<Step> {
        match self.session.turns.last_mut() {
            Some(turn) => &mut turn.steps,
            None => &mut self.session.preamble,
        }
    }

    fn note(&mut self, note: Note) {
        self.steps().push(Step::Note(note));
    }

    fn turn(&mut self, kind: PromptKind, prompt: String, at: Option<&str>) {
        let number = u32::try_from(self.session.turns.len() + 1).unwrap_or(u32::MAX);
        self.session.turns.push(Turn::new(number, kind, prompt, at.map(ToOwned::to_owned)));
        self.ended = None;
        self.happened(at.map(ToOwned::to_owned));
    }

    fn user(&mut self, mut record: Record, class: Option<Class>) {
        let by_person = record.tool_denial_kind().is_some_and(|kind| kind.contains("user"));
        for block in record.message.blocks_mut().iter_mut().filter(|block| block.kind() == "tool_result") {
            self.result(block, by_person);
        }
        let Some(class) = class else { return };
        if !matches!(class, Class::ToolResult(_)) {
            self.queue.delivered(&record.text(), matches!(class, Class::Prompt(..)));
        }
        if let Some(reason) = class.reason() {
            *self.excluded(reason) += 1;
        }
        match class {
            Class::Prompt(kind, text) => self.turn(kind, text, record.timestamp()),
            Class::ToolResult(Some(words)) => self.feedback(&record, &words),
            Class::Interrupt => self.note(Note::Interrupted),
            Class::CompactSummary(text) => self.summary(text),
            Class::Shell(line) => self.note(Note::HumanShell(line)),
            Class::ToolResult(None) | Class::Excluded(_) => {}
        }
    }

    /// Puts the summary into the compaction that was announced before it, or notes one.
    fn summary(&mut self, text: String) {
        match self.steps().iter_mut().rev().find(|step| matches!(step, Step::Note(Note::Compacted(_)))) {
            Some(Step::Note(Note::Compacted(empty))) if empty.is_empty() => *empty = text,
            _ => self.note(Note::Compacted(text)),
        }
    }

    fn call(&mut self, id: &str) -> Option<&mut Action> {
        let (turn, step) = *self.calls.get(id)?;
        self.session.action_mut(turn, step)
    }

    /// Takes what a block of a result says.
    fn result(&mut self, block: &mut Block, by_person: bool) {
        let named = block.tool_use_id.as_str().filter(|id| identifies(id)).map(ToOwned::to_owned);
        // Results of calls without identifiers come in the order of the calls.
        let id = named.or_else(|| self.waiting.pop_front()).unwrap_or_default();
        let text = std::mem::take(&mut block.content).into_result_text();
        let status = if by_person || REFUSALS.iter().any(|start| text.starts_with(start)) {
            ActionStatus::Refused
        } else if block.is_error.0 || text.starts_with("<tool_use_error>") {
            ActionStatus::Error
        } else {
            ActionStatus::Done
        };
        if let Some(action) = self.call(&id)
            && action.status == ActionStatus::Missing
        {
            action.result = text;
            action.status = status;
            action.reply = reply(action);
        }
    }

    /// What the person wrote while allowing a call belongs to the call, as what they write while refusing one does.
    fn feedback(&mut self, record: &Record, words: &str) {
        let mut ids = record.blocks().iter().filter_map(|block| block.tool_use_id.as_str());
        if let Some(action) = ids.next_back().and_then(|id| self.call(id)) {
            said(action, words);
        }
    }

    fn answer(&mut self, mut record: Record) {
        if is_local(&record) {
            let text = record.text();
            if text.trim() != PLACEHOLDER {
                self.note(Note::ApiError(text));
            }
            return;
        }
        let named = record.message_id().or(record.uuid()).map(ToOwned::to_owned);
        // Where a redactor masked every identifier, no line can be told to go on with a message.
        let message = named.unwrap_or_else(|| format!("message {}", self.usage.len() + 1));
        self.count_tokens(&message, &record.message.usage);
        match std::mem::take(&mut record.message.content) {
            Content::Blocks(blocks) => blocks.into_iter().for_each(|block| self.block(&message, block)),
            Content::Text(text) => self.say(&message, text.into(), Step::Say),
            Content::Nothing => {}
        }
    }

    fn count_tokens(&mut self, message: &str, tokens: &TokenUsage) {
        let turn = self.session.turns.len().checked_sub(1);
        let (_, most) = self.usage.entry(message.to_owned()).or_insert((turn, TokenUsage::default()));
        most.input = most.input.max(tokens.input);
        most.output = most.output.max(tokens.output);
        most.cache_read = most.cache_read.max(tokens.cache_read);
        most.cache_write = most.cache_write.max(tokens.cache_write);
    }

    fn block(&mut self, message: &str, mut block: Block) {
        match block.kind() {
            "text" => self.say(message, block.text.take(), Step::Say),
            "thinking" => self.say(message, block.thinking.take(), Step::Think),
            "server_tool_use" | "mcp_tool_use" => self.server_tool(message, &mut block),
            // Results of the provider's tools stand in its answer, for the model alone.
            "redacted_thinking" => {}
            result if result.ends_with("_tool_result") => {}
            "tool_use" => {
                let id = block.id.take();
                let id = if identifies(&id) { id } else { self.number() };
                self.act(Action::new(id, block.name.take(), block.input));
            }
            other => {
                let name = format!("assistant/{other}");
                self.unknown(&name);
            }
        }
    }

    fn say(&mut self, message: &str, text: String, step: fn(String) -> Step) {
        if !text.trim().is_empty() {
            self.once(message, blake3::hash(text.as_bytes()), step(text));
        }
    }

    fn server_tool(&mut self, message: &str, block: &mut Block) {
        let (id, name) = (block.id.take(), block.name.take());
        let step = Step::Note(Note::ServerTool(format!("{name} {}", block.input)));
        self.once(message, blake3::hash(id.as_bytes()), step);
    }

    /// Adds a step of `message` unless one of its kind was taken that `hash` does not tell from it.
    fn once(&mut self, message: &str, hash: blake3::Hash, step: Step) {
        if self.taken.insert((message.to_owned(), discriminant(&step), hash)) {
            self.steps().push(step);
        }
    }

    /// An identifier for a call that has none of its own; its result is waited for.
    fn number(&mut self) -> String {
        self.masked += 1;
        let id = format!("call-{}", self.masked);
        self.waiting.push_back(id.clone());
        id
    }

    /// Adds a call once; calls are told apart by the provider's identifier (sessions.md 5).
    fn act(&mut self, action: Action) {
        if self.calls.contains_key(&action.id) {
            return;
        }
        let turn = self.session.turns.len().checked_sub(1);
        let id = action.id.clone();
        let steps = self.steps();
        steps.push(Step::Act(action));
        let step = steps.len() - 1;
        self.calls.insert(id, (turn, step));
    }
}
