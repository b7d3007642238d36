//! Reader of Gemini CLI chats (sessions.md 2, row 7): one JSON object with all messages, or one line for each message with
//! later lines that change what stands before them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::builder::Builder;
use super::person::home_name;
use super::read::{FileRecords, Tally};
use crate::session::{ActionStatus, Format, Losses, Note, PromptKind, Reply, ReplyKind, Scope, Session, TokenUsage};

/// What files of the session that `value` describes have in common; none if only another format has such an object.
/// `name` is the file's name: subagents lie in a folder named after their session.
pub(super) fn links(value: &Value, name: &str) -> Option<Vec<String>> {
    let id = value.get("sessionId")?.as_str()?;
    value.get("projectHash")?.as_str()?;
    let parent = is_subagent(value.as_object()?).then(|| folder(name)).flatten();
    Some([Some(id), parent].into_iter().flatten().map(|id| format!("gemini {id}")).collect())
}

/// Whether the first lines of a file may begin an object that [`links`] knows, written over many lines.
pub(super) fn may_begin(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    head.trim_start().starts_with('{') && head.contains("\"sessionId\"") && head.contains("\"projectHash\"")
}

fn is_subagent(meta: &Map<String, Value>) -> bool {
    meta.get("kind").and_then(Value::as_str) == Some("subagent")
}

fn folder(name: &str) -> Option<&str> {
    name.rsplit('/').nth(1)
}

/// One file: what describes the session, and its messages as they stand at the end.
struct Chat {
    file: String,
    meta: Map<String, Value>,
    messages: Vec<Value>,
    losses: Losses,
}

/// Joins the files of one group into sessions, ordered by id.
pub(super) fn join(files: Vec<FileRecords<Value>>, key: &[u8; 32], tally: &mut Tally) -> Vec<Session> {
    let mut chats: BTreeMap<String, Chat> = BTreeMap::new();
    let mut subagents = Vec::new();
    for mut file in files {
        let name = file.records.iter().find_map(directory).and_then(home_name).map(ToOwned::to_owned);
        file.report(name.as_deref(), tally);
        if file.damage.is_some() && file.records.is_empty() {
            // Reported as bad; nothing of it is left to be dropped.
            continue;
        }
        let chat = chat(file);
        if is_subagent(&chat.meta) {
            subagents.push(chat);
            continue;
        }
        let id = chat.meta.get("sessionId").and_then(Value::as_str).unwrap_or(&chat.file).to_owned();
        // A resumed chat is written anew, with all that was in the old file: the longer one holds both.
        match chats.entry(id) {
            std::collections::btree_map::Entry::Vacant(place) => {
                place.insert(chat);
            }
            std::collections::btree_map::Entry::Occupied(mut place) => {
                tally.merged_files += 1;
                let (longer, shorter) = if longer(&chat, place.get()) {
                    let old = std::mem::replace(place.get_mut(), chat);
                    (place.get_mut(), old)
                } else {
                    (place.get_mut(), chat)
                };
                longer.losses.duplicate_records += shorter.messages.len() as u64;
            }
        }
    }
    let mut by_subagents: BTreeMap<String, u64> = BTreeMap::new();
    for chat in subagents {
        match folder(&chat.file).filter(|parent| chats.contains_key(*parent)) {
            Some(parent) => {
                let calls = chat.messages.iter().filter_map(|message| message.get("toolCalls")?.as_array());
                *by_subagents.entry(parent.to_owned()).or_default() +=
                    calls.map(|calls| calls.len() as u64).sum::<u64>();
                tally.merged_files += 1;
            }
            None => *tally.dropped.entry("subagent without its session".to_owned()).or_default() += 1,
        }
    }
    let mut sessions = Vec::new();
    for (id, chat) in chats {
        let mut session = assemble(id, chat, key);
        if session.turns.is_empty() && session.preamble.is_empty() {
            *tally.dropped.entry("no conversation in it".to_owned()).or_default() += 1;
            continue;
        }
        session.subagent_actions = by_subagents.get(&session.id).copied().unwrap_or_default();
        sessions.push(session);
    }
    sessions
}

fn longer(one: &Chat, other: &Chat) -> bool {
    (one.messages.len(), &other.file) > (other.messages.len(), &one.file)
}

/// A working directory that a record names.
fn directory(record: &Value) -> Option<&str> {
    let directories = record.get("directories").or_else(|| record.pointer("/$set/directories"))?;
    directories.as_array()?.first()?.as_str()
}

/// Applies the records of one file in order.
fn chat(file: FileRecords<Value>) -> Chat {
    let losses = Losses { bad_lines: file.bad_lines, repaired_lines: file.repaired_lines, ..Losses::default() };
    let mut chat = Chat { file: file.name, meta: Map::new(), messages: Vec::new(), losses };
    for record in file.records {
        let Value::Object(mut record) = record else { continue };
        if let Some(back_to) = record.get("$rewindTo").and_then(Value::as_str) {
            let at = chat.messages.iter().position(|message| id(message) == Some(back_to)).unwrap_or_default();
            chat.losses.abandoned_records += chat.messages.drain(at..).count() as u64;
        } else if let Some(Value::Object(changes)) = record.remove("$set") {
            chat.describe(changes);
        } else if record.get("id").is_some_and(Value::is_string) {
            let message = Value::Object(record);
            // A message is written again whenever it grows.
            match chat.messages.iter().position(|known| id(known) == id(&message)) {
                Some(at) => chat.messages[at] = message,
                None => chat.messages.push(message),
            }
        } else {
            chat.describe(record);
        }
    }
    chat
}

impl Chat {
    fn describe(&mut self, mut fields: Map<String, Value>) {
        if let Some(Value::Array(messages)) = fields.remove("messages") {
            self.messages = messages;
        }
        self.meta.extend(fields);
    }
}

fn id(message: &Value) -> Option<&str> {
    message.get("id").and_then(Value::as_str)
}

fn assemble(id: String, chat: Chat, key: &[u8; 32]) -> Session {
    let mut builder = Builder::new(Format::GeminiCli, id, chat.file, chat.losses);
    if let Some(cwd) = chat.meta.get("directories").and_then(|all| all.get(0)?.as_str()) {
        builder.place(cwd, key);
    }
    for (at, mut message) in chat.messages.into_iter().enumerate() {
        builder.at(message.get("timestamp").and_then(Value::as_str));
        let text = parts_text(message.get("content").unwrap_or(&Value::Null));
        match message.get("type").and_then(Value::as_str).unwrap_or_default() {
            "user" if text.trim().is_empty() => builder.excluded("no-text"),
            "user" => builder.turn(PromptKind::Typed, text.trim().to_owned()),
            "gemini" => answer(&mut builder, &mut message, text, at),
            "info" if text.starts_with("Request cancelled") => builder.note(Note::Interrupted),
            "error" => builder.note(Note::ApiError(text)),
            "info" | "warning" => {}
            other => builder.unknown(other),
        }
    }
    let rule = "Gemini CLI does not say how it was started".to_owned();
    builder.finish(Some("gemini-cli".to_owned()), Scope::Unknown, rule)
}

fn answer(builder: &mut Builder, message: &mut Value, text: String, at: usize) {
    builder.model(message.get("model").and_then(Value::as_str));
    let count = |name: &str| message.pointer(&format!("/tokens/{name}")).and_then(Value::as_u64).unwrap_or_default();
    builder.answered(TokenUsage {
        input: count("input").saturating_sub(count("cached")),
        output: count("output") + count("thoughts"),
        cache_read: count("cached"),
        cache_write: 0,
    });
    for thought in message.get("thoughts").and_then(Value::as_array).into_iter().flatten() {
        let part = |key: &str| thought.get(key).and_then(Value::as_str).unwrap_or_default();
        builder.think(format!("{}\n{}", part("subject"), part("description")).trim().to_owned());
    }
    builder.say(text);
    let calls = message.get_mut("toolCalls").and_then(Value::as_array_mut);
    for (number, call) in calls.into_iter().flatten().enumerate() {
        let text = |key: &str| call.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
        let id = text("id").unwrap_or_else(|| format!("call {at}.{number}"));
        let tool = text("name").unwrap_or_default();
        let status = match text("status").as_deref() {
            Some("success") => ActionStatus::Done,
            Some("error") => ActionStatus::Error,
            Some("cancelled") => ActionStatus::Refused,
            _ => ActionStatus::Missing,
        };
        let result = parts_text(call.get("result").unwrap_or(&Value::Null));
        let input = call.get_mut("args").map(Value::take).unwrap_or_default();
        let reply = reply(&tool, &result, status);
        builder.act(id.clone(), tool, input);
        builder.at(call.get("timestamp").and_then(Value::as_str));
        builder.result(&id, result, status);
        builder.replied(&id, reply);
    }
}

/// What the person answered to a call of `tool`, by its result.
fn reply(tool: &str, result: &str, status: ActionStatus) -> Option<Reply> {
    let reply = |kind, text: &str| Some(Reply { kind, text: text.trim().to_owned() });
    match (tool, status) {
        ("exit_plan_mode", ActionStatus::Refused) => reply(ReplyKind::PlanRefused, ""),
        (_, ActionStatus::Refused) => reply(ReplyKind::Refused, ""),
        ("exit_plan_mode", _) if result.starts_with("Plan approved") => reply(ReplyKind::PlanApproved, ""),
        ("exit_plan_mode", _) if result.starts_with("Plan rejected") => {
            let words = result.split_once("User feedback:").map_or("", |(_, words)| words);
            reply(ReplyKind::PlanRefused, words.lines().next().unwrap_or_default())
        }
        ("ask_user", ActionStatus::Done) => reply(ReplyKind::Answered, result),
        _ => None,
    }
}

/// Text of a part, or of a list of parts; of a tool's response, what it put out or why it failed.
fn parts_text(parts: &Value) -> String {
    match parts {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            parts.iter().map(parts_text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Value::Object(part) => {
            let response = part.get("functionResponse").and_then(|response| response.get("response"));
            let said = |key: &str| response.and_then(|response| response.get(key)?.as_str());
            let text = part.get("text").and_then(Value::as_str);
            text.or_else(|| said("output")).or_else(|| said("error")).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}
