//! From the records of one session to the session.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::branches::abandoned;
use super::prompts::{Class, classify};
use super::queue::{Queue, queued_command, stands_in};
use super::record::{Kind, Record, block_type, result_text};
use super::scope;
use crate::ingest::person::{home_name, project, pseudonym};
use crate::session::{Action, ActionStatus, Format, Losses, Note, PromptKind, Session, Step, TokenUsage, Turn};

/// How a refused call's result begins.
pub(in crate::ingest) const REFUSALS: [&str; 2] =
    ["The user doesn't want to proceed with this tool use", "The user doesn't want to take this action right now"];

/// What the program writes where nothing was asked of the model.
pub(in crate::ingest) const PLACEHOLDER: &str = "No response requested.";

/// Builds the session `id` from its records in order, subagents' records among them. `losses` are those of reading.
pub(super) fn assemble(id: String, file: String, records: Vec<Record>, losses: Losses, key: &[u8; 32]) -> Session {
    let (sidechain, records): (Vec<Record>, Vec<Record>) = records.into_iter().partition(Record::is_sidechain);
    let classes = classify_all(&records);
    let left_out = abandoned(&records, |at| matches!(classes[at], Some(Class::Prompt(..))));
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
        subagent_actions: tool_ids(&sidechain).len() as u64,
        losses,
        ..Session::new(id, file, Format::ClaudeCode)
    };
    let mut assembly = Assembly::new(session, spoken_text(&records, &classes));
    *assembly.excluded("sidechain") += sidechain.iter().filter(|record| record.kind() == Kind::User).count() as u64;
    for (at, (record, class)) in records.into_iter().zip(classes).enumerate() {
        if left_out.contains(&at) {
            assembly.session.losses.abandoned_records += 1;
        } else {
            assembly.add(record, class);
        }
    }
    assembly.finish()
}

/// What each user record is; none for other records.
fn classify_all(records: &[Record]) -> Vec<Option<Class>> {
    let mut classes: Vec<Option<Class>> = vec![None; records.len()];
    let mut next = None;
    for (at, record) in records.iter().enumerate().rev().filter(|(_, record)| record.kind() == Kind::User) {
        classes[at] = Some(classify(record, next));
        next = Some(record);
    }
    classes
}

fn prompts_of<'r>(records: &'r [Record], classes: &[Option<Class>]) -> Vec<&'r Record> {
    let pairs = records.iter().zip(classes);
    pairs.filter(|(_, class)| matches!(class, Some(Class::Prompt(..)))).map(|(record, _)| record).collect()
}

/// Text of the user records in which a queued prompt may also stand.
fn spoken_text(records: &[Record], classes: &[Option<Class>]) -> String {
    let text = |(record, class): (&Record, &Option<Class>)| match class {
        Some(Class::Prompt(_, text) | Class::CompactSummary(text) | Class::ToolResult(Some(text))) => {
            Some(text.clone())
        }
        Some(_) => None,
        None => queued_command(&record.attachment),
    };
    records.iter().zip(classes).filter_map(text).collect::<Vec<_>>().join("\n")
}

/// Times of the first and last record of the conversation, as written; what is no time is passed over.
fn span(records: &[Record]) -> (Option<String>, Option<String>) {
    let said = records.iter().filter(|record| matches!(record.kind(), Kind::User | Kind::Assistant));
    let times = said.filter_map(Record::timestamp);
    let times = times.filter_map(|text| Some((text.parse::<jiff::Timestamp>().ok()?, text)));
    let text = |(_, text): (jiff::Timestamp, &str)| text.to_owned();
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

/// Distinct tool calls in some records.
fn tool_ids(records: &[Record]) -> HashSet<&str> {
    let blocks = records.iter().filter(|record| record.kind() == Kind::Assistant).flat_map(Record::blocks);
    let calls = blocks.filter(|block| block_type(block) == "tool_use");
    calls.filter_map(|block| block.get("id").and_then(Value::as_str)).collect()
}

/// The session as far as it is built.
struct Assembly {
    session: Session,
    /// Turn (none before the first) and step of each tool call.
    calls: HashMap<String, (Option<usize>, usize)>,
    /// Blocks of each message already taken: one message is written on several lines, and some lines twice.
    taken: HashSet<(String, blake3::Hash)>,
    /// Most tokens reported for each message, which streaming reports in parts.
    usage: BTreeMap<String, TokenUsage>,
    queue: Queue,
    /// Text of all user records, to see whether a queued prompt also stands elsewhere.
    spoken: String,
    pull_requests: HashSet<String>,
}

impl Assembly {
    fn new(session: Session, spoken: String) -> Self {
        Self {
            session,
            spoken,
            calls: HashMap::new(),
            taken: HashSet::new(),
            usage: BTreeMap::new(),
            queue: Queue::default(),
            pull_requests: HashSet::new(),
        }
    }

    fn finish(mut self) -> Session {
        for usage in self.usage.values() {
            let tokens = &mut self.session.tokens;
            tokens.input += usage.input;
            tokens.output += usage.output;
            tokens.cache_read += usage.cache_read;
            tokens.cache_write += usage.cache_write;
        }
        if self.session.turns.is_empty() {
            (self.session.scope, self.session.scope_rule) = scope::decide(None, &[], false);
        }
        self.session.losses.excluded_prompts.retain(|_, count| *count > 0);
        self.session
    }

    fn add(&mut self, record: Record, class: Option<Class>) {
        match record.kind() {
            Kind::Assistant => self.answer(record),
            Kind::User => self.user(&record, class),
            Kind::Attachment => {
                if let Some(text) = queued_command(&record.attachment) {
                    self.turn(PromptKind::Queued, text, record.timestamp());
                }
            }
            Kind::QueueOperation => {
                if let Some(text) = self.queue.apply(&record) {
                    if stands_in(&text, &self.spoken) {
                        *self.excluded("queued-elsewhere") += 1;
                    } else {
                        self.turn(PromptKind::Queued, text, record.timestamp());
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
        let name: String = name.chars().filter(|letter| !letter.is_control()).take(40).collect();
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
    }

    fn user(&mut self, record: &Record, class: Option<Class>) {
        for block in record.blocks().iter().filter(|block| block_type(block) == "tool_result") {
            self.result(block, record.tool_denial_kind());
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
            Class::ToolResult(Some(said)) => self.feedback(record, &said),
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

    fn result(&mut self, block: &Value, denial: Option<&str>) {
        let id = block.get("tool_use_id").and_then(Value::as_str).unwrap_or_default();
        let text = result_text(block.get("content").unwrap_or(&Value::Null));
        let by_person = denial.is_some_and(|kind| kind.contains("user"));
        let status = if by_person || REFUSALS.iter().any(|start| text.starts_with(start)) {
            ActionStatus::Refused
        } else if block.get("is_error") == Some(&Value::Bool(true)) || text.starts_with("<tool_use_error>") {
            ActionStatus::Error
        } else {
            ActionStatus::Done
        };
        if let Some(action) = self.call(id)
            && action.status == ActionStatus::Missing
        {
            action.result = text;
            action.status = status;
        }
    }

    /// What the person wrote while allowing a call belongs to the call, as what they write while refusing one does.
    fn feedback(&mut self, record: &Record, said: &str) {
        let mut ids = record.blocks().iter().filter_map(|block| block.get("tool_use_id").and_then(Value::as_str));
        if let Some(action) = ids.next_back().and_then(|id| self.call(id)) {
            action.result = format!("{}\n\nThe user said:\n{said}", action.result);
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
        let message = record.message_id().or(record.uuid()).unwrap_or_default().to_owned();
        self.count_tokens(&message, &record.message);
        match record.message.get_mut("content").map(Value::take) {
            Some(Value::Array(blocks)) => blocks.into_iter().for_each(|block| self.block(&message, block)),
            Some(Value::String(text)) => self.say(&message, text, Step::Say),
            _ => {}
        }
    }

    fn count_tokens(&mut self, message: &str, body: &Value) {
        let Some(usage) = body.get("usage") else { return };
        let field = |name: &str| usage.get(name).and_then(Value::as_u64).unwrap_or_default();
        let most = self.usage.entry(message.to_owned()).or_default();
        most.input = most.input.max(field("input_tokens"));
        most.output = most.output.max(field("output_tokens"));
        most.cache_read = most.cache_read.max(field("cache_read_input_tokens"));
        most.cache_write = most.cache_write.max(field("cache_creation_input_tokens"));
    }

    fn block(&mut self, message: &str, mut block: Value) {
        let mut take = |name: &str| match block.get_mut(name).map(Value::take) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        match take("type").as_str() {
            "text" => {
                let text = take("text");
                self.say(message, text, Step::Say);
            }
            "thinking" => {
                let text = take("thinking");
                self.say(message, text, Step::Think);
            }
            "redacted_thinking" => {}
            "tool_use" => {
                let (id, tool) = (take("id"), take("name"));
                let input = block.get_mut("input").map(Value::take).unwrap_or_default();
                self.act(Action::new(id, tool, input));
            }
            other => {
                let name = format!("assistant/{other}");
                self.unknown(&name);
            }
        }
    }

    fn say(&mut self, message: &str, text: String, step: impl FnOnce(String) -> Step) {
        let new = self.taken.insert((message.to_owned(), blake3::hash(text.as_bytes())));
        if new && !text.trim().is_empty() {
            self.steps().push(step(text));
        }
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
