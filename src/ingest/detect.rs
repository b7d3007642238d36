//! What a file is, by the content of its first records.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::claude_code::Record;
use super::lines::{LineState, Lines, read_values};
use super::read::whole_value;
use super::{atif, codex, copilot_cli, entire, gemini_cli, jsonl, opencode, specstory};
use crate::session::Format;

/// Lines looked at before a file is given up.
const HEAD_LINES: u64 = 64;

/// Lines looked at in a file of Claude Code, where an index of summaries may stand before the first record.
const INDEX_LINES: u64 = 1024;

/// Bytes looked at in files that are not read line by line.
const HEAD_BYTES: usize = 1 << 16;

/// Fewest record identifiers taken from the head of a file, to find copies of it; a message of the model is among them where
/// the first lines hold one.
const HEAD_RECORDS: usize = 4;

/// What the head of a file tells.
#[derive(Debug)]
pub(super) enum Head {
    /// A session, or part of one: its format, and what files that share records with it have in common with it.
    Session(Format, Vec<String>),
    /// Not a session, and why.
    Other(&'static str),
}

/// Looks at the first records of the file at `path`, named `name`.
///
/// # Errors
/// When the file cannot be opened, or read where nothing in it was recognised before.
pub(super) fn detect(path: &Path, name: &str) -> io::Result<Head> {
    if opencode::is_part_of_database(path) && !opencode::is_database(path) {
        return Ok(Head::Other("part of a database"));
    }
    let mut lines = Lines::open(path)?;
    let begin = lines.head(HEAD_BYTES);
    if opencode::may_be_database(&begin) && opencode::is_database(path) {
        return database(path);
    }
    if let Some(head) = whole_document(&begin) {
        return Ok(head);
    }
    let (mut any_value, mut any_line) = (false, false);
    let mut shared = Shared::default();
    // The first lines of an object that is written over many lines, none of them a value by itself.
    let mut head = Vec::new();
    while !shared.is_enough() {
        // Damage further on is found, counted and located when the file is read.
        let most = if shared.recognised { INDEX_LINES } else { HEAD_LINES };
        let line = match lines.next() {
            Ok(Some(line)) if line.number <= most => line,
            Err(error) if !shared.recognised => return Err(error),
            _ => break,
        };
        any_line = true;
        if shared.recognised {
            read_values(&line, |record| shared.add(&record));
            continue;
        }
        if !head.is_empty() || line.bytes == b"{" {
            head.extend_from_slice(line.bytes);
        }
        let mut values = Vec::new();
        let state = read_values(&line, |value: Value| values.push(value));
        any_value |= state != LineState::Bad || !values.is_empty();
        for value in values {
            // The first record that a reader knows decides; what of another format follows is counted by that reader.
            if !shared.recognised {
                if let Some((format, links)) = other_reader(&value, name) {
                    return Ok(Head::Session(format, links));
                }
                if entire::recognises(&value) {
                    return Ok(entire::head(path));
                }
            }
            if let Ok(record) = serde_json::from_value(value) {
                shared.add(&record);
            }
        }
    }
    if shared.recognised {
        return Ok(Head::Session(Format::ClaudeCode, shared.links(name)));
    }
    if let Some((format, links)) = whole_object(path, name, &head) {
        return Ok(Head::Session(format, links));
    }
    Ok(Head::Other(match (any_line, any_value) {
        (false, _) => "empty file",
        (true, false) => "not JSON Lines",
        (true, true) => "JSON of another kind",
    }))
}

/// What the records at the head of a file of Claude Code share with those of other files.
#[derive(Default)]
struct Shared {
    /// Whether one of them is a record that only Claude Code writes.
    recognised: bool,
    links: Vec<String>,
    records: usize,
    messages: usize,
}

impl Shared {
    fn add(&mut self, record: &Record) {
        self.recognised |= record.is_claude_code();
        self.links.extend(record.session_id().map(|id| format!("session {id}")));
        if let Some(uuid) = record.uuid() {
            self.records += 1;
            self.links.push(format!("record {uuid}"));
        }
        // A copy may have new identifiers for everything but the messages of the model.
        if let Some(message) = record.message_and_time() {
            self.messages += 1;
            self.links.push(message);
        }
    }

    fn is_enough(&self) -> bool {
        self.recognised && self.records >= HEAD_RECORDS && self.messages > 0
    }

    /// All of it, with the session id in the `name` of the file.
    fn links(mut self, name: &str) -> Vec<String> {
        self.links.extend(id_in_name(name).map(|id| format!("session {id}")));
        self.links.sort();
        self.links.dedup();
        self.links
    }
}

/// The reader besides Claude Code's that knows a record by itself, with what other files may share with it.
fn other_reader(value: &Value, name: &str) -> Option<(Format, Vec<String>)> {
    let codex = || Some((Format::CodexRollout, codex::links(value)?));
    let copilot_cli = || Some((Format::CopilotCli, copilot_cli::links(value)?));
    let gemini_cli = || Some((Format::GeminiCli, gemini_cli::links(value, name)?));
    let opencode = || Some((Format::OpenCode, opencode::links(value)?));
    codex().or_else(copilot_cli).or_else(gemini_cli).or_else(opencode)
}

/// What a database is: OpenCode's, or another program's.
fn database(path: &Path) -> io::Result<Head> {
    let links = opencode::links_of_database(path)?;
    Ok(links.map_or(Head::Other("database of another kind"), |links| Head::Session(Format::OpenCode, links)))
}

/// What an object is that is written over many lines, of which `head` are the first; read whole only where they promise one.
fn whole_object(path: &Path, name: &str, head: &[u8]) -> Option<(Format, Vec<String>)> {
    let gemini_cli = gemini_cli::may_begin(head);
    if !gemini_cli && !opencode::may_begin(head) {
        return None;
    }
    let other = || {
        let opencode = || (Format::OpenCode, opencode::links_of_damaged(head));
        Some(if gemini_cli { (Format::GeminiCli, Vec::new()) } else { opencode() })
    };
    whole_value(path).map_or_else(other, |(value, _)| other_reader(&value, name))
}

/// Formats told by how the file begins.
fn whole_document(head: &str) -> Option<Head> {
    if head.starts_with("PAR1") {
        return Some(Head::Other("Parquet table"));
    }
    if atif::recognises(head) {
        return Some(Head::Session(Format::Atif, atif::links(head)));
    }
    if specstory::recognises(head) {
        return Some(Head::Session(Format::SpecstoryMd, specstory::links(head)));
    }
    jsonl::recognises(head).then(|| Head::Session(Format::AssizeJsonl, Vec::new()))
}

/// The session id at the end of a file's stem, as recorders name their copies: `2026-01-31-UUID.jsonl`.
pub(super) fn id_in_name(name: &str) -> Option<&str> {
    let file = name.rsplit('/').next()?;
    let stem = file.split_once('.').map_or(file, |(stem, _)| stem);
    let tail = stem.get(stem.len().checked_sub(36)?..)?;
    let shape = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    tail.bytes().enumerate().all(shape).then_some(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_are_found_in_names() {
        let id = "04cd0da1-dee3-4738-8139-524dfe55de83";
        assert_eq!(id_in_name(&format!("p/{id}.jsonl.gz")), Some(id));
        assert_eq!(id_in_name(&format!("2026-01-20-{id}.jsonl")), Some(id));
        assert_eq!(id_in_name("claude-session.jsonl"), None);
        assert_eq!(id_in_name("é".repeat(40).as_str()), None);
    }
}
