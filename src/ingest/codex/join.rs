//! From the files of one group to sessions: copies of a thread counted once, subagents with the thread that started them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::assemble::{actions, assemble};
use super::record::{Kept, Record, is_subagent, parent};
use super::replay::replayed;
use crate::ingest::detect::id_in_name;
use crate::ingest::person::home_name;
use crate::ingest::read::{FileRecords, Tally};
use crate::session::{Losses, Session};

/// One thread: its own records in order, and what reading them lost.
struct Thread {
    file: String,
    files: u64,
    meta: Value,
    records: Vec<Record>,
    losses: Losses,
}

/// Joins the files of one group into sessions, ordered by id.
pub(in crate::ingest) fn join(files: Vec<FileRecords<Record>>, key: &[u8; 32], tally: &mut Tally) -> Vec<Session> {
    let mut threads: BTreeMap<String, Vec<FileRecords<Record>>> = BTreeMap::new();
    for mut file in files {
        let name = meta(&file.records).get("cwd").and_then(Value::as_str).and_then(home_name).map(ToOwned::to_owned);
        file.report(name.as_deref(), tally);
        threads.entry(id(&file)).or_default().push(file);
    }
    let mut threads: BTreeMap<String, Thread> =
        threads.into_iter().filter_map(|(id, files)| Some((id, one(files)?))).collect();
    let started: Vec<(String, String)> =
        threads.keys().filter_map(|id| Some((id.clone(), starter(id, &threads)?))).collect();
    let mut by_subagents: BTreeMap<String, u64> = BTreeMap::new();
    for (id, starter) in started {
        let Some(thread) = threads.remove(&id) else { continue };
        tally.merged_files += thread.files;
        *by_subagents.entry(starter.clone()).or_default() += actions(&thread.records);
        if let Some(starter) = threads.get_mut(&starter) {
            starter.losses.duplicate_records += thread.losses.duplicate_records;
            starter.losses.repaired_lines += thread.losses.repaired_lines;
        }
    }
    let mut sessions = Vec::new();
    for (id, thread) in threads {
        let mut session = assemble(id, thread.file, &thread.meta, thread.records, thread.losses, key);
        if session.turns.is_empty() && session.preamble.is_empty() {
            *tally.dropped.entry("no conversation in it".to_owned()).or_default() += thread.files;
            continue;
        }
        tally.merged_files += thread.files - 1;
        session.subagent_actions = by_subagents.get(&session.id).copied().unwrap_or_default();
        sessions.push(session);
    }
    sessions
}

/// The payload of the first `session_meta`: later ones repeat it after a resume, or are the parent's in a replay.
fn meta(records: &[Record]) -> &Value {
    records.iter().find(|record| record.kind() == "session_meta").map_or(&Value::Null, |record| &record.payload)
}

fn id(file: &FileRecords<Record>) -> String {
    let recorded = meta(&file.records).get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let stem = || file.name.rsplit('/').next().and_then(|name| name.split('.').next());
    recorded.or_else(|| id_in_name(&file.name)).or_else(stem).unwrap_or_default().to_owned()
}

/// The thread of a person, or of nobody known, that stands at the beginning of the chain which started subagent `id`.
fn starter<'t>(id: &'t str, threads: &'t BTreeMap<String, Thread>) -> Option<String> {
    let mut seen = HashSet::new();
    let mut at = id;
    while let Some(thread) = threads.get(at).filter(|thread| is_subagent(&thread.meta)) {
        if !seen.insert(at) {
            return None;
        }
        at = parent(&thread.meta)?;
    }
    (at != id && threads.contains_key(at)).then(|| at.to_owned())
}

/// One thread from its copies, without what it replays of another.
fn one(mut files: Vec<FileRecords<Record>>) -> Option<Thread> {
    let time = |file: &FileRecords<Record>| file.records.iter().find_map(Record::timestamp).map(ToOwned::to_owned);
    files.sort_by_cached_key(|file| (time(file), Reverse(file.records.len()), file.name.clone()));
    let file = files.first()?.name.clone();
    let meta = meta(&files.first()?.records).clone();
    let number = files.len() as u64;
    let mut losses = Losses::default();
    let mut seen = Kept::default();
    let mut records = Vec::new();
    for copy in files {
        losses.bad_lines.extend(copy.bad_lines);
        losses.repaired_lines += copy.repaired_lines;
        for record in copy.records {
            if seen.is_new(&record, &records) {
                records.push(record);
            } else {
                losses.duplicate_records += 1;
            }
        }
    }
    // What stands before the first own turn is needed no more: the description of the thread is kept apart. The last
    // token count of the replay stays, since the thread goes on counting from there.
    let own = replayed(&records);
    let first = records.iter().take(own).position(|record| record.kind() == "session_meta");
    losses.duplicate_records += first.map_or(0, |first| own.saturating_sub(first + 1)) as u64;
    let counted = records.iter().take(own).rposition(|record| record.is_event("token_count"));
    let baseline = counted.map(|at| records[at].clone());
    records.drain(..own);
    if let Some(mut baseline) = baseline {
        baseline.mark_as_baseline();
        records.insert(0, baseline);
    }
    Some(Thread { file, files: number, meta, records, losses })
}
