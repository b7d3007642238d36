//! Joining files that may hold the same records into sessions, each record counted once.
//!
//! A session's id is the one in its file's name where its records carry it, else the last one that its records carry.
//! Files of one session are put in the order of their first records, the longer file first where those are of one time,
//! and give the records that no file before them gave. Sessions that share records are taken in the order of their first
//! records, a file that begins in another session after that session, the shorter before the longer: the session in
//! which a record was seen first keeps it (sessions.md 1.4), also where the copy was given new identifiers. The order in which files were found decides nothing.
//!
//! A `/clear` between two conversations of a session begins another one: `ID#2`, `ID#3` and so on. A subagent's file goes to
//! the part in which it begins. What reading lost counts in the first part, since nobody knows to which it belonged; a file
//! that breaks off does so in the last.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use super::assemble::assemble;
use super::record::{Kind, Record};
use super::split;
use crate::ingest::detect::id_in_name;
use crate::ingest::person::home_name;
use crate::ingest::read::{FileRecords, Tally};
use crate::ingest::seen::Seen;
use crate::session::{Losses, Session};

impl FileRecords<Record> {
    fn said(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter().filter(|record| matches!(record.kind(), Kind::User | Kind::Assistant))
    }

    /// When its conversation begins: what the program notes beside it may stand anywhere.
    fn first_time(&self) -> Option<&str> {
        let of_conversation = self.records.iter().filter(|record| record.uuid().is_some());
        let all = || self.records.iter().filter_map(Record::timestamp).min();
        of_conversation.filter_map(Record::timestamp).min().or_else(all)
    }

    fn is_subagent(&self) -> bool {
        let mut parts = self.name.rsplit('/');
        let named = parts.next().is_some_and(|file| file.starts_with("agent-"));
        let in_folder = named && parts.any(|folder| folder == "subagents");
        in_folder || (self.said().next().is_some() && self.said().all(Record::is_sidechain))
    }

    fn session_id(&self) -> String {
        let named =
            id_in_name(&self.name).filter(|id| self.records.iter().any(|record| record.session_id() == Some(id)));
        let last = || self.records.iter().rev().find_map(Record::session_id);
        let stem = || self.name.rsplit('/').next().and_then(|file| file.split('.').next());
        named.or_else(last).or_else(stem).unwrap_or_default().to_owned()
    }

    /// Whether it begins with records of another session.
    fn begins_elsewhere(&self, id: &str) -> bool {
        self.records.iter().find_map(Record::session_id).is_some_and(|first| first != id)
    }
}

type Files = Vec<FileRecords<Record>>;

/// Joins the files of one group into sessions, ordered by id.
pub(in crate::ingest) fn join(mut files: Files, key: &[u8; 32], seen: &mut Seen, tally: &mut Tally) -> Vec<Session> {
    for file in &mut files {
        let name = file.records.iter().filter_map(Record::cwd).find_map(home_name).map(ToOwned::to_owned);
        file.report(name.as_deref(), tally);
    }
    let (subagents, files): (Vec<_>, Vec<_>) = files.into_iter().partition(FileRecords::is_subagent);
    let mut sessions: BTreeMap<String, (Files, Files)> = BTreeMap::new();
    for file in files {
        sessions.entry(file.session_id()).or_default().0.push(file);
    }
    for file in subagents {
        // The records of a subagent carry the session that started it; its own file name never does.
        let parent = file.records.iter().find_map(Record::session_id).unwrap_or_default();
        match sessions.get_mut(parent) {
            Some((_, subagents)) => subagents.push(file),
            None => drop_files(tally, "subagent without its session", 1),
        }
    }
    let mut ordered: Vec<_> = sessions.into_iter().collect();
    let many = ordered.len() > 1;
    ordered.sort_by_cached_key(|(id, (files, _))| {
        let begins = files.iter().filter_map(FileRecords::first_time).min().map(ToOwned::to_owned);
        let elsewhere = files.iter().all(|file| file.begins_elsewhere(id));
        let length = if many { distinct(files) } else { 0 };
        (begins.is_none(), begins, elsewhere, length, id.clone())
    });
    let read = ordered.into_iter().flat_map(|(id, (files, subagents))| one(&id, files, subagents, seen, key, tally));
    let mut sessions: Vec<Session> = read.collect();
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    sessions
}

/// How many records the files hold; a line that is written twice makes no session longer.
fn distinct(files: &[FileRecords<Record>]) -> usize {
    files.iter().flat_map(|file| &file.records).filter_map(Record::identity).collect::<HashSet<_>>().len()
}

fn drop_files(tally: &mut Tally, reason: &str, files: usize) {
    *tally.dropped.entry(reason.to_owned()).or_default() += files as u64;
}

/// Those of the `records` of one file of session `id` that no file before it has.
///
/// A copy may have been given new identifiers. A file holds copies where a record of it is known, or an answer of the
/// model comes with the message id, the time and the content of a known one: then whatever else was written at the same
/// moment with the same content is a copy too. Otherwise equal words at one moment are two prompts.
fn new_of(id: &str, mut records: Vec<Record>, seen: &mut Seen) -> Vec<Record> {
    let all = records.len();
    // Equal words without a time are several records, and not those of another session; a line that equals the one before
    // it was written twice.
    let (mut times, mut before): (HashMap<String, u64>, _) = (HashMap::new(), None);
    records.retain(|record| {
        let identity = record.identity();
        let apart = record.is_told_apart();
        let last = std::mem::replace(&mut before, if apart { None } else { identity.clone() });
        match identity {
            None => true,
            Some(identity) if apart => seen.insert(&identity),
            Some(_) if last == before => false,
            Some(identity) => {
                let time = times.entry(identity.clone()).or_default();
                *time += 1;
                seen.insert(&format!("{id}|{time}|{identity}"))
            }
        }
    });
    let marks: Vec<Option<u64>> = records.iter().map(Record::mark).collect();
    let known: Vec<bool> = marks.iter().map(|mark| mark.is_some_and(|mark| seen.knows(mark))).collect();
    let answers = records.iter().zip(&known).any(|(record, known)| *known && record.kind() == Kind::Assistant);
    if answers || records.len() < all {
        let mut known = known.into_iter();
        records.retain(|_| known.next() != Some(true));
    }
    for mark in marks.into_iter().flatten() {
        seen.take(mark);
    }
    records
}

/// One session from its files, with the records that no session before it had; several where it was cleared in between.
fn one(
    id: &str,
    mut files: Files,
    subagents: Files,
    seen: &mut Seen,
    key: &[u8; 32],
    tally: &mut Tally,
) -> Vec<Session> {
    let order = |file: &FileRecords<Record>| {
        (file.first_time().map(ToOwned::to_owned), Reverse(file.records.len()), file.name.clone())
    };
    files.sort_by_cached_key(order);
    let Some(name) = files.first().map(|file| file.name.clone()) else { return Vec::new() };
    let (own, merged) = (files.len(), subagents.len());
    let mut losses = Losses::default();
    let mut records = Vec::new();
    let mut by_subagents: Vec<Vec<Record>> = Vec::new();
    for (at, file) in files.into_iter().chain(subagents).enumerate() {
        losses.bad_lines.extend(file.bad_lines);
        losses.unfinished_files += u64::from(file.damage.is_some());
        losses.repaired_lines += file.repaired_lines;
        let all = file.records.len();
        let mut new = new_of(id, file.records, seen);
        losses.duplicate_records += (all - new.len()) as u64;
        if at < own {
            records.append(&mut new);
        } else {
            new.iter_mut().for_each(Record::set_sidechain);
            by_subagents.push(new);
        }
    }
    let copied = losses.duplicate_records > 0;
    let mut sessions = Vec::new();
    for (at, part) in parts(records, by_subagents).into_iter().enumerate() {
        let id = if at == 0 { id.to_owned() } else { format!("{id}#{}", at + 1) };
        sessions.push(assemble(id, name.clone(), part, std::mem::take(&mut losses), key));
    }
    if let [first, .., last] = sessions.as_mut_slice() {
        last.losses.unfinished_files = std::mem::take(&mut first.losses.unfinished_files);
    }
    sessions.retain(|session| !session.turns.is_empty() || !session.preamble.is_empty());
    if sessions.is_empty() {
        if copied {
            tally.merged_files += (own + merged) as u64;
        } else {
            drop_files(tally, "no conversation in it", own + merged);
        }
        seen.give(None);
        return sessions;
    }
    seen.give(sessions.first().map(|session| session.id.as_str()));
    tally.merged_files += (own - 1 + merged) as u64;
    tally.split += (sessions.len() - 1) as u64;
    sessions
}

/// The records of each conversation, those of subagents at its end.
fn parts(mut records: Vec<Record>, subagents: Vec<Vec<Record>>) -> Vec<Vec<Record>> {
    let mut parts: Vec<Vec<Record>> =
        split::starts(&records).into_iter().rev().map(|start| records.split_off(start)).collect();
    parts.push(records);
    parts.reverse();
    let begins = |records: &[Record]| records.iter().find_map(Record::timestamp).map(ToOwned::to_owned);
    let times: Vec<Option<String>> = parts.iter().map(|part| begins(part)).collect();
    for subagent in subagents {
        let began = begins(&subagent);
        let part = times.iter().skip(1).take_while(|time| began.is_some() && **time <= began).count();
        parts[part].extend(subagent);
    }
    parts
}
