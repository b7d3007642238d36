//! The Entire Transcript Format, version 1 (`transcript.jsonl`, "compact transcript"): one line a message, results inside
//! the calls, no thinking.
//!
//! It is derived from the agent's own transcript and read only where that one is not beside it. The lines name no
//! session: `metadata.json` beside them does.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::ingest::builder::Builder;
use crate::ingest::claude_code::{Class, classify_text};
use crate::ingest::detect::Head;
use crate::ingest::lines::read_text;
use crate::ingest::read::{FileRecords, Tally};
use crate::ingest::reply::REFUSALS;
use crate::session::{ActionStatus, Format, Losses, Note, Reply, ReplyKind, Scope, Session, TokenUsage};

/// The version that is read; a higher one is a breaking change.
const VERSION: u64 = 1;

/// Whether a record is a line of the format: no agent's own records have a version and a content of this kind.
pub(in crate::ingest) fn recognises(value: &Value) -> bool {
    let text = |key: &str| value.get(key).is_some_and(Value::is_string);
    value.get("v").is_some_and(Value::is_u64)
        && matches!(value.get("type").and_then(Value::as_str), Some("user" | "assistant"))
        && value.get("content").is_some()
        && (text("agent") || text("cli_version"))
}

/// What the file at `path` is, which begins with such a line.
pub(in crate::ingest) fn head(path: &Path) -> Head {
    if ["full.jsonl", "full.jsonl.gz"].iter().any(|own| path.with_file_name(own).is_file()) {
        return Head::Other("short form of the transcript beside it");
    }
    let links = note(path)["session_id"].as_str().map(|id| format!("entire {id}"));
    Head::Session(Format::EntireTranscript, links.into_iter().collect())
}

/// What the recorder noted beside the file at `path`; null where it did not.
fn note(path: &Path) -> Value {
    let beside = path.with_file_name("metadata.json");
    if beside.is_file() { serde_json::from_str(&read_text(&beside).content).unwrap_or_default() } else { Value::Null }
}

/// Joins the files of one group into sessions, ordered by id. Each file holds the session up to its checkpoint.
pub(in crate::ingest) fn join(
    files: Vec<FileRecords<Value>>,
    paths: &[(PathBuf, String)],
    tally: &mut Tally,
) -> Vec<Session> {
    let mut by_session: BTreeMap<String, Vec<(FileRecords<Value>, Value)>> = BTreeMap::new();
    for (mut file, (path, _)) in files.into_iter().zip(paths) {
        file.report(None, tally);
        let note = note(path);
        let id = note["session_id"].as_str().filter(|id| !id.is_empty()).unwrap_or(&file.name).to_owned();
        by_session.entry(id).or_default().push((file, note));
    }
    let mut sessions = Vec::new();
    for (id, mut files) in by_session {
        files.sort_by_key(|(file, _)| (Reverse(file.records.len()), file.name.clone()));
        let count = files.len() as u64;
        let session = one(id, files);
        if session.turns.is_empty() && session.preamble.is_empty() {
            *tally.dropped.entry("no conversation in it".to_owned()).or_default() += count;
        } else {
            tally.merged_files += count - 1;
            sessions.push(session);
        }
    }
    sessions
}

fn one(id: String, files: Vec<(FileRecords<Value>, Value)>) -> Session {
    let name = files.first().map(|(file, _)| file.name.clone()).unwrap_or_default();
    let mut builder = Builder::new(Format::EntireTranscript, id, name, Losses::default());
    let (mut seen, mut agent) = (HashSet::new(), None);
    for (file, note) in files {
        builder.model(note["model"].as_str());
        let losses = &mut builder.session.losses;
        losses.bad_lines.extend(file.bad_lines);
        losses.repaired_lines += file.repaired_lines;
        // Equal lines of one file are said twice, equal lines of two files once.
        let mut equal: HashMap<blake3::Hash, u32> = HashMap::new();
        for record in file.records {
            let hash = blake3::hash(record.to_string().as_bytes());
            let times = equal.entry(hash).or_default();
            *times += 1;
            if !seen.insert((hash, *times)) {
                builder.session.losses.duplicate_records += 1;
                continue;
            }
            agent = agent.or_else(|| record["agent"].as_str().map(ToOwned::to_owned));
            line(&mut builder, record);
        }
    }
    let entrypoint = format!("entire:{}", agent.as_deref().unwrap_or("unknown"));
    let rule = "the recorder's short form does not say how the agent was started".to_owned();
    builder.finish(Some(entrypoint), Scope::Unknown, rule)
}

fn line(builder: &mut Builder, mut record: Value) {
    if record["v"].as_u64() != Some(VERSION) {
        let name = format!("version {}", record["v"]);
        return builder.unknown(&name);
    }
    builder.at(record["ts"].as_str());
    let content = match record["content"].take() {
        Value::String(text) => vec![serde_json::json!({ "type": "text", "text": text })],
        Value::Array(blocks) => blocks,
        _ => Vec::new(),
    };
    let text = |block: &Value| block["text"].as_str().unwrap_or_default().to_owned();
    match record["type"].as_str().unwrap_or_default() {
        "user" => {
            let words: Vec<_> = content.iter().map(text).filter(|text| !text.is_empty()).collect();
            let class = classify_text(&words.join("\n"), false, || None);
            if let Some(reason) = class.reason() {
                builder.excluded(reason);
            }
            match class {
                Class::Prompt(kind, prompt) => builder.turn(kind, prompt),
                Class::Interrupt => builder.note(Note::Interrupted),
                Class::Shell(line) => builder.note(Note::HumanShell(line)),
                Class::ToolResult(_) | Class::CompactSummary(_) | Class::Excluded(_) => {}
            }
        }
        "assistant" => {
            let count = |key: &str| record[key].as_u64().unwrap_or_default();
            let (input, output) = (count("input_tokens"), count("output_tokens"));
            builder.answered(TokenUsage { input, output, ..TokenUsage::default() });
            for block in content {
                match block["type"].as_str().unwrap_or("text") {
                    "text" => builder.say(text(&block)),
                    "tool_use" => call(builder, block),
                    "image" => {}
                    other => builder.unknown(&format!("block {other}")),
                }
            }
        }
        other => builder.unknown(other),
    }
}

fn call(builder: &mut Builder, mut block: Value) {
    let number = builder.session.actions().count() + 1;
    let id = block["id"].as_str().map_or_else(|| format!("call-{number}"), ToOwned::to_owned);
    let tool = block["name"].as_str().unwrap_or_default().to_owned();
    builder.act(id.clone(), tool, block["input"].take());
    let Some(result) = block.get("result").filter(|result| result.is_object()) else { return };
    let output = result["output"].as_str().unwrap_or_default();
    let status = if REFUSALS.iter().any(|start| output.starts_with(start)) {
        ActionStatus::Refused
    } else if result["status"].as_str() == Some("error") {
        ActionStatus::Error
    } else {
        ActionStatus::Done
    };
    builder.result(&id, output.to_owned(), status);
    let refused = Reply { kind: ReplyKind::Refused, text: String::new() };
    builder.replied(&id, (status == ActionStatus::Refused).then_some(refused));
}
