//! From one group of files to sessions, with everything counted that was lost or left out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::group::Group;
use super::lines::{LineState, Lines, read_values};
use super::person::mask_file;
use super::recorder::Notes;
use super::seen::Seen;
use super::{atif, claude_code, codex, copilot_cli, entire, gemini_cli, jsonl, opencode, specstory};
use crate::session::{Format, Session};

/// A file from which nothing, or not all, could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadFile {
    /// The file.
    pub file: String,
    /// Lines (from 1) that were skipped; empty where the whole file was.
    pub lines: Vec<u64>,
    /// Why.
    pub reason: String,
}

/// What reading some files came to, apart from the sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Files and lines that could not be read.
    pub bad: Vec<BadFile>,
    /// Lines read, unreadable ones included, blank ones not.
    pub lines: u64,
    /// Files joined into another file's session: subagents, and copies under another name.
    pub merged_files: u64,
    /// Sessions made by splitting a file where the person cleared the conversation: those after its first.
    pub split: u64,
    /// Files and sessions in which no conversation was found, by reason.
    pub dropped: BTreeMap<String, u64>,
    /// Sessions that were not read because an older reading, of files that are gone, holds what is missing now.
    pub frozen: u64,
}

impl Tally {
    /// Adds what reading other files came to.
    pub fn add(&mut self, other: Self) {
        self.bad.extend(other.bad);
        self.lines += other.lines;
        self.merged_files += other.merged_files;
        for (reason, count) in other.dropped {
            *self.dropped.entry(reason).or_default() += count;
        }
        self.split += other.split;
        self.frozen += other.frozen;
    }
}

/// The sessions of one group.
#[derive(Debug, Default)]
pub struct Reading {
    /// Sessions, ordered by id.
    pub sessions: Vec<Session>,
    /// What else there was.
    pub tally: Tally,
    /// The records of each session by its id, each as 8 bytes of a hash, sorted; no two sessions of a group share one.
    pub records: BTreeMap<String, Vec<u64>>,
}

/// Reads the files of `group` and joins them into sessions. Persons get pseudonyms under `key`.
#[must_use]
pub fn read(group: &Group, key: &[u8; 32]) -> Reading {
    read_without(group, key, &[])
}

/// As [`read()`], but leaves out the records in `held`, which are in sessions that cannot be read again: those of files
/// that are gone, of which other files hold copies. Only Claude Code copies records from one session to another.
#[must_use]
pub fn read_without(group: &Group, key: &[u8; 32], held: &[u64]) -> Reading {
    let (mut sessions, mut records) = (Vec::new(), BTreeMap::new());
    let tally = read_each(group, key, held, &mut |session: Session, own| {
        records.insert(session.id.clone(), own);
        sessions.push(session);
    });
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    Reading { sessions, tally, records }
}

/// As [`read_without`], but hands every session on, with its records, as soon as it is read: a database may hold all that a
/// person did in years.
pub fn read_each(group: &Group, key: &[u8; 32], held: &[u64], take: &mut dyn FnMut(Session, Vec<u64>)) -> Tally {
    let mut tally = Tally::default();
    let mut seen = Seen::with(held);
    let mut notes = Notes::beside(&group.files);
    let mut hand_on = |mut session: Session, seen: &mut Seen| {
        notes.attach(&mut session);
        group.table.iter().for_each(|table| table.note(&mut session, key));
        let records = seen.owned(&session);
        take(session, records);
    };
    let sessions = match group.format {
        Format::ClaudeCode => claude_code::join(read_all(group, &mut tally), key, &mut seen, &mut tally),
        Format::CodexRollout => codex::join(read_all(group, &mut tally), key, &mut tally),
        Format::CopilotCli => copilot_cli::join(read_all(group, &mut tally), key, &mut tally),
        Format::GeminiCli => gemini_cli::join(read_objects(group, &mut tally), key, &mut tally),
        Format::SpecstoryMd => specstory::join(&group.files, key, &mut tally),
        Format::AssizeJsonl => jsonl::read(&group.files, &mut tally),
        Format::Atif => atif::read(&group.files, &mut tally),
        Format::OpenCode => {
            opencode::read(&group.files, key, &mut tally, &mut |session| hand_on(session, &mut seen));
            Vec::new()
        }
        Format::EntireTranscript => entire::join(read_objects(group, &mut tally), &group.files, &mut tally),
    };
    for session in sessions {
        hand_on(session, &mut seen);
    }
    notes.finish(&mut tally);
    tally
}

/// The records of one file of JSON Lines.
#[derive(Debug)]
pub(super) struct FileRecords<R> {
    /// Its name below the ingested folder.
    pub name: String,
    /// Its records in order.
    pub records: Vec<R>,
    /// Lines (from 1) on which something could not be read.
    pub bad_lines: Vec<u64>,
    /// Why, by line.
    pub reasons: BTreeMap<&'static str, Vec<u64>>,
    /// Lines that were read only after splitting or mending.
    pub repaired_lines: u64,
    /// Why the file could not be read to its end.
    pub damage: Option<String>,
}

impl<R> Default for FileRecords<R> {
    fn default() -> Self {
        Self {
            name: String::new(),
            records: Vec::new(),
            bad_lines: Vec::new(),
            reasons: BTreeMap::new(),
            repaired_lines: 0,
            damage: None,
        }
    }
}

impl<R> FileRecords<R> {
    /// Masks the person's home-folder name in the file's name and reports what could not be read.
    pub fn report(&mut self, home_name: Option<&str>, tally: &mut Tally) {
        self.name = mask_file(&self.name, home_name);
        for (reason, lines) in std::mem::take(&mut self.reasons) {
            tally.bad.push(BadFile { file: self.name.clone(), lines, reason: reason.to_owned() });
        }
        if let Some(reason) = &self.damage {
            tally.bad.push(BadFile { file: self.name.clone(), lines: Vec::new(), reason: reason.clone() });
        }
    }
}

/// What went wrong, without the path that the file's entry already names and that may hold a person's name.
pub(super) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    std::error::Error::source(error).map_or(text, ToString::to_string)
}

fn read_all<R: DeserializeOwned>(group: &Group, tally: &mut Tally) -> Vec<FileRecords<R>> {
    group.files.iter().map(|(path, name)| read_records(path, name, tally)).collect()
}

/// Reads files that may be one JSON value over many lines, or JSON Lines.
fn read_objects(group: &Group, tally: &mut Tally) -> Vec<FileRecords<Value>> {
    let read = |(path, name): &(PathBuf, String)| {
        if let Some((value, lines)) = whole_value(path) {
            tally.lines += lines;
            let (name, records) = (name.clone(), vec![value]);
            return FileRecords { name, records, ..FileRecords::default() };
        }
        let mut file = read_records::<Value>(path, name, tally);
        file.records.retain(Value::is_object);
        if file.records.is_empty() {
            file.bad_lines.clear();
            file.reasons.clear();
            file.damage = Some("not valid JSON".to_owned());
        }
        file
    };
    group.files.iter().map(read).collect()
}

/// The one JSON value that a file is, and its number of lines; none where it is not one value, or cannot be read.
pub(super) fn whole_value(path: &Path) -> Option<(Value, u64)> {
    let (mut lines, mut bytes, mut number) = (Lines::open(path).ok()?, Vec::new(), 0);
    while let Some(line) = lines.next().ok()? {
        bytes.extend_from_slice(line.bytes);
        bytes.push(b'\n');
        number += 1;
    }
    Some((serde_json::from_slice(&bytes).ok()?, number))
}

/// Reads every record of one file, as far as the file can be read.
fn read_records<R: DeserializeOwned>(path: &Path, name: &str, tally: &mut Tally) -> FileRecords<R> {
    let mut file = FileRecords { name: name.to_owned(), ..FileRecords::default() };
    let mut last = 0;
    let mut read = || -> std::io::Result<()> {
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            tally.lines += 1;
            last = line.number;
            match read_values(&line, |record| file.records.push(record)) {
                LineState::Whole => {}
                LineState::Repaired => file.repaired_lines += 1,
                LineState::Bad => {
                    file.bad_lines.push(line.number);
                    file.reasons.entry(line.reason()).or_default().push(line.number);
                }
            }
        }
        Ok(())
    };
    if let Err(error) = read() {
        file.damage = Some(format!("cannot be read beyond line {last}: {}", plain(&error)));
    }
    file
}
