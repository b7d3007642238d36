//! The session table: found beside the transcripts, and what it says put into their sessions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::found::FoundFile;
use super::super::group::FileKind;
use super::super::person::{project, pseudonym};
use super::rows::{Row, rows};
use crate::session::Session;

/// The names of its files, the first that is there is read: a CSV file goes before the Parquet file that it was made from.
const NAMES: [&str; 2] = ["sessions.csv", "sessions.parquet"];

/// What a table says about one session.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    repository: Option<String>,
    user: Option<String>,
    agent: Option<String>,
    branch: Option<String>,
    agent_percentage: Option<f64>,
}

/// The session table of a copy of SWE-chat: its rows by the id of the session.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Table {
    entries: BTreeMap<String, Entry>,
}

impl Table {
    /// Reads the table at `path`; none where no row names a session, so that it is another kind of table.
    ///
    /// # Errors
    /// Why it cannot be read: a row that names no session, or one twice, or a share outside 0 to 100.
    fn read(path: &Path) -> Result<Option<Self>, String> {
        let mut entries = BTreeMap::new();
        let rows = rows(path)?;
        if !rows.iter().any(|row| row.contains_key("session_id")) {
            return Ok(None);
        }
        for (row, number) in rows.into_iter().zip(1_u64..) {
            let (session, entry) = entry(row).map_err(|reason| format!("row {number}: {reason}"))?;
            if entries.insert(session.clone(), entry).is_some() {
                return Err(format!("row {number}: session {session} stands twice"));
            }
        }
        Ok(Some(Self { entries }))
    }

    /// Puts into `session` what the table says about it. A person is the user whom the table names; where it names none the
    /// repository stands for the persons who work in it, so that its sessions are not taken for independent ones.
    pub(in super::super) fn note(&self, session: &mut Session, key: &[u8; 32]) {
        // A session after a cleared conversation has a number behind the id of its file.
        let id = session.id.split('#').next().unwrap_or_default();
        let Some(entry) = self.entries.get(id) else { return };
        let whose = entry.user.as_ref().map(|user| format!("user {user}"));
        let whose = whose.or_else(|| entry.repository.as_ref().map(|repository| format!("repository {repository}")));
        session.person = whose.map(|whose| pseudonym(key, &whose)).or(session.person.take());
        let name = entry.repository.as_deref().and_then(project).map(str::to_owned);
        session.project = name.or(session.project.take());
        let recorder = session.recorder.get_or_insert_default();
        recorder.agent = entry.agent.clone().or(recorder.agent.take());
        recorder.branch = entry.branch.clone().or(recorder.branch.take());
        recorder.agent_percentage = entry.agent_percentage.or(recorder.agent_percentage);
    }
}

/// The id of a row's session, and what the row says about it.
fn entry(mut row: Row) -> Result<(String, Entry), String> {
    let session = row.remove("session_id").ok_or("session_id is empty")?;
    let percentage = |text: String| {
        let number = text.parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
        number.ok_or_else(|| format!("agent_percentage is {text}, not a number from 0 to 100"))
    };
    let agent_percentage = row.remove("agent_percentage").map(percentage).transpose()?;
    let mut text = |column: &str| row.remove(column);
    let (repository, user) = (text("repo_id"), text("user_id"));
    Ok((session, Entry { repository, user, agent: text("agent"), branch: text("branch"), agent_percentage }))
}

/// The session tables below some paths: each a file of one of [`NAMES`] beside a folder `transcripts`, whose files it is
/// about. A file below a table that changed counts as changed too.
#[derive(Debug, Default)]
pub(in super::super) struct Tables {
    /// By the folder of the transcripts.
    tables: BTreeMap<PathBuf, Chosen>,
}

/// The table of one folder of transcripts.
#[derive(Debug)]
struct Chosen {
    /// Its place among the names.
    place: usize,
    path: PathBuf,
    stamp: String,
    /// What it says, or why it cannot be read; none where it is another kind of table, or not read yet.
    table: Option<Result<Arc<Table>, String>>,
}

impl Tables {
    /// Notes `file`, if it is a table.
    pub fn note(&mut self, file: &FoundFile) {
        let place = NAMES.iter().position(|name| file.path.file_name().is_some_and(|own| own == *name));
        let (Some(place), Some(folder)) = (place, file.path.parent()) else { return };
        let transcripts = folder.join("transcripts");
        if transcripts.is_dir() && self.tables.get(&transcripts).is_none_or(|chosen| place < chosen.place) {
            let chosen = Chosen { place, path: file.path.clone(), stamp: file.stamp.clone(), table: None };
            self.tables.insert(transcripts, chosen);
        }
    }

    /// Reads the tables.
    pub fn read(mut self) -> Self {
        for chosen in self.tables.values_mut() {
            chosen.table = Table::read(&chosen.path).map(|table| table.map(Arc::new)).transpose();
        }
        self.tables.retain(|_, chosen| chosen.table.is_some());
        self
    }

    /// `file` with the table that it is part of; a table is said to be one.
    pub fn attach(&self, mut file: FoundFile) -> FoundFile {
        for (transcripts, Chosen { path, stamp, table, .. }) in &self.tables {
            if file.path == *path {
                file.kind = Some(match table {
                    Some(Err(reason)) => FileKind::Unreadable(reason.clone()),
                    _ => FileKind::Other("session table".to_owned()),
                });
            } else if file.path.starts_with(transcripts) {
                file.stamp = format!("{}, table {stamp}", file.stamp);
                file.table = table.as_ref().and_then(|table| table.clone().ok());
            }
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Format;

    fn table(text: &str) -> Result<Option<Table>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.csv");
        fs_err::write(&path, text).unwrap();
        Table::read(&path)
    }

    fn noted(table: &Table, id: &str) -> Session {
        let mut session = Session::new(id.to_owned(), "a.jsonl".to_owned(), Format::ClaudeCode);
        table.note(&mut session, &[7; 32]);
        session
    }

    #[test]
    fn a_person_is_the_user_and_else_the_repository() {
        let table = table(
            "session_id,repo_id,user_id,agent,agent_percentage,other\n\
             a,weavers/loom,u1,Claude Code,75.5,x\nb,weavers/dyes,u1,Codex,,x\nc,weavers/loom,,,0,x\nd,weavers/loom,,,,x\n",
        )
        .unwrap()
        .unwrap();
        let [a, b, c, d] = ["a", "b", "c#2", "d"].map(|id| noted(&table, id));
        assert!(a.person.is_some() && a.person == b.person && c.person == d.person && a.person != c.person);
        assert_eq!((a.project.as_deref(), b.project.as_deref()), (Some("loom"), Some("dyes")));
        let told = |session: &Session| session.recorder.as_ref().unwrap().agent_percentage;
        assert_eq!((told(&a), told(&b), told(&c)), (Some(75.5), None, Some(0.0)));
        assert_eq!(b.recorder.unwrap().agent.as_deref(), Some("Codex"));
        assert_eq!(noted(&table, "unknown").recorder, None, "a session without a row stays as it is");
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said() {
        for (text, reason) in [
            ("session_id,repo_id\na,x\n,x\n", "row 2: session_id is empty"),
            ("session_id\na\na\n", "row 2: session a stands twice"),
            ("session_id,agent_percentage\na,101\n", "row 1: agent_percentage is 101"),
            ("session_id,agent_percentage\na,nan\n", "row 1: agent_percentage is nan"),
        ] {
            assert!(table(text).unwrap_err().starts_with(reason), "{text}");
        }
        assert_eq!(table("name,size\na,1\n"), Ok(None), "another kind of table");
    }
}
