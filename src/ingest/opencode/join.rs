//! From the files of one group to sessions: the database before the tree, subagents with the session that began them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::assemble::{actions, assemble};
use super::database::Database;
use super::family::Family;
use super::record::{Kind, Thread, kind, session_of, text, time};
use super::{current, earliest};
use crate::ingest::person::{home_name, mask_file};
use crate::ingest::read::{BadFile, Tally, whole_value};
use crate::session::Session;

/// Reads the files of one group, and hands every session on as soon as it is read. Of databases that hold one session, the
/// last counts.
pub(in crate::ingest) fn read(
    files: &[(PathBuf, String)],
    key: &[u8; 32],
    tally: &mut Tally,
    take: &mut dyn FnMut(Session),
) {
    let (databases, documents): (Vec<_>, Vec<_>) = files.iter().partition(|(path, _)| super::is_database(path));
    let mut known = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let mut take = |session: Session| {
        if taken.insert(session.id.clone()) {
            take(session);
        }
    };
    for (path, name) in databases.into_iter().rev() {
        let open = || Database::open(path).and_then(|database| Ok((database.family()?.unwrap_or_default(), database)));
        let (family, database) = match open() {
            Ok(opened) => opened,
            Err(reason) => {
                tally.bad.push(BadFile { file: mask_file(name, None), lines: Vec::new(), reason });
                continue;
            }
        };
        for root in family.roots() {
            let name = format!("{name}#{root}");
            let mut thread = |id: &str| database.thread(id);
            // What is damaged in one session loses no other.
            if let Err(reason) = family_of(&family, &root, &name, &mut thread, &mut known, &mut take, key, tally) {
                tally.bad.push(BadFile { file: mask_file(&name, None), lines: Vec::new(), reason });
            }
        }
    }
    let mut tree = Tree::default();
    for (path, name) in documents {
        tree.add(path, name, &known, tally);
    }
    let pair =
        |(id, (info, _)): (&String, &(Value, String))| (id.clone(), text(info, "parentID").map(ToOwned::to_owned));
    let family = Family::new(tree.sessions.iter().map(pair));
    for root in family.roots() {
        let name = tree.sessions.get(&root).map(|(_, name)| name.clone()).unwrap_or_default();
        tally.merged_files +=
            family.below(&root).iter().filter_map(|id| tree.files.get(id)).sum::<u64>().saturating_sub(1);
        let mut thread = |id: &str| Ok(tree.thread(id));
        // A tree cannot fail: what of it could not be read is told already.
        let _ = family_of(&family, &root, &name, &mut thread, &mut known, &mut take, key, tally);
    }
    for (session, messages) in tree.messages {
        let reason = "messages without their session".to_owned();
        *tally.dropped.entry(reason).or_default() += tree.files.get(&session).copied().unwrap_or(messages.len() as u64);
    }
}

/// Hands on the session `root`, with the actions of those below it.
#[expect(clippy::too_many_arguments, reason = "one step of `read`, for its two stores")]
fn family_of(
    family: &Family,
    root: &str,
    name: &str,
    thread: &mut dyn FnMut(&str) -> Result<Thread, String>,
    known: &mut BTreeSet<String>,
    take: &mut dyn FnMut(Session),
    key: &[u8; 32],
    tally: &mut Tally,
) -> Result<(), String> {
    let own = thread(root)?;
    let orphan = text(&own.info, "parentID").is_some();
    let home = own.directory().and_then(home_name).map(ToOwned::to_owned);
    let (mut by_subagents, mut damaged) = (0, own.damaged);
    for id in family.below(root).iter().skip(1) {
        let child = thread(id)?;
        by_subagents += actions(&child);
        damaged += child.damaged;
    }
    let name = mask_file(name, home.as_deref());
    if damaged > 0 {
        let reason = format!("{damaged} records are not valid JSON");
        tally.bad.push(BadFile { file: name.clone(), lines: Vec::new(), reason });
    }
    tally.lines += own.messages.iter().map(|(_, parts)| 1 + parts.len() as u64).sum::<u64>();
    known.extend(family.below(root));
    let mut session = assemble(own, name, orphan, key);
    session.subagent_actions = by_subagents;
    if session.turns.is_empty() && session.preamble.is_empty() && session.dead_branches.is_empty() {
        *tally.dropped.entry("no conversation in it".to_owned()).or_default() += 1;
    } else {
        take(session);
    }
    Ok(())
}

/// The older tree of JSON files, as far as no database holds it.
#[derive(Default)]
struct Tree {
    /// Sessions, with the name of the file of each.
    sessions: BTreeMap<String, (Value, String)>,
    /// Messages of each session, by identifier.
    messages: BTreeMap<String, BTreeMap<String, Value>>,
    /// Parts of each message, by identifier.
    parts: BTreeMap<String, BTreeMap<String, Value>>,
    /// Parts of each message that held them, in order.
    inside: BTreeMap<String, Vec<Value>>,
    /// Number of files of each session.
    files: BTreeMap<String, u64>,
}

impl Tree {
    fn add(&mut self, path: &Path, name: &str, known: &BTreeSet<String>, tally: &mut Tally) {
        let Some((value, _)) = whole_value(path) else {
            let (file, reason) = (mask_file(name, None), "not valid JSON".to_owned());
            return tally.bad.push(BadFile { file, lines: Vec::new(), reason });
        };
        let Some(kind) = kind(&value) else { return };
        let session = match kind {
            Kind::Session => text(&value, "id"),
            Kind::Export => text(&value["info"], "id"),
            Kind::Message | Kind::Part => session_of(&value),
        };
        let session = session.unwrap_or_default().to_owned();
        if known.contains(&session) {
            tally.merged_files += 1;
            return;
        }
        *self.files.entry(session.clone()).or_default() += 1;
        match kind {
            Kind::Session => {
                self.sessions.entry(session).or_insert_with(|| (value, name.to_owned()));
            }
            Kind::Message if value.get("parts").is_some_and(Value::is_array) => {
                let (message, parts) = earliest::message(value);
                self.whole(&session, message, parts);
            }
            Kind::Message => self.message(&session, value),
            Kind::Part => self.part(value),
            Kind::Export => self.export(session, value, name),
        }
    }

    /// Takes a message that held its parts, unless it is there with parts of their own.
    fn whole(&mut self, session: &str, message: Value, parts: Vec<Value>) {
        let id = text(&message, "id").unwrap_or_default().to_owned();
        self.messages.entry(session.to_owned()).or_default().entry(id.clone()).or_insert(message);
        self.inside.insert(id, parts);
    }

    fn message(&mut self, session: &str, value: Value) {
        let id = text(&value, "id").unwrap_or_default().to_owned();
        self.messages.entry(session.to_owned()).or_default().insert(id, value);
    }

    fn part(&mut self, value: Value) {
        let (message, id) = (text(&value, "messageID").unwrap_or_default(), text(&value, "id").unwrap_or_default());
        let (message, id) = (message.to_owned(), id.to_owned());
        self.parts.entry(message).or_default().insert(id, value);
    }

    fn export(&mut self, session: String, mut value: Value, name: &str) {
        for message in value["messages"].as_array_mut().into_iter().flatten() {
            if let Some(kind) = text(message, "type").map(ToOwned::to_owned) {
                let (message, parts) = current::message(message.take(), &kind, None);
                self.whole(&session, message, parts);
                continue;
            }
            for part in message["parts"].as_array_mut().into_iter().flatten() {
                self.part(part.take());
            }
            self.message(&session, message["info"].take());
        }
        let info = value["info"].take();
        self.sessions.entry(session).or_insert_with(|| (info, name.to_owned()));
    }

    /// Takes one session out, its messages in the order of their times.
    fn thread(&mut self, id: &str) -> Thread {
        let info = self.sessions.get(id).map(|(info, _)| info.clone()).unwrap_or_default();
        let mut messages: Vec<_> = self.messages.remove(id).unwrap_or_default().into_iter().collect();
        messages.sort_by_key(|(id, message)| (time(message, "created"), id.clone()));
        let parts = |(id, message): (String, Value)| {
            let (parts, inside) = (self.parts.remove(&id), self.inside.remove(&id));
            (message, parts.map(|parts| parts.into_values().collect()).or(inside).unwrap_or_default())
        };
        Thread { info, messages: messages.into_iter().map(parts).collect(), ..Thread::default() }
    }
}
