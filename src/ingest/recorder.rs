//! What the Entire recorder noted in the file beside a session: `ID.meta.json`, or `metadata.json` in the same folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::lines::read_text;
use super::person::mask_file;
use super::read::{BadFile, Tally};
use crate::session::{Recorder, Session};

/// The notes that lie beside some files. A session is told by the id in the note, never by the recorder's name for the
/// agent, which can be wrong.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Notes that no session took yet, by the session's id in them.
    left: BTreeMap<String, Vec<Value>>,
    /// Notes that cannot be read.
    bad: Vec<BadFile>,
}

impl Notes {
    /// Reads the notes beside `files`.
    pub fn beside(files: &[(PathBuf, String)]) -> Self {
        let mut notes = Self::default();
        for (path, name) in files {
            let Some(beside) = beside(path) else { continue };
            let text = read_text(&beside);
            let file = match (name.rsplit_once('/'), beside.file_name()) {
                (Some((folder, _)), Some(file)) => format!("{folder}/{}", file.to_string_lossy()),
                (_, file) => file.map(|file| file.to_string_lossy().into_owned()).unwrap_or_default(),
            };
            match serde_json::from_str::<Value>(&text.content) {
                Ok(note) if note.get("checkpoint_id").is_some() => {
                    let session = note["session_id"].as_str().unwrap_or_default().to_owned();
                    notes.left.entry(session).or_default().push(note);
                }
                // Other programs use these names too, for subagents for one.
                Ok(_) => {}
                Err(error) => {
                    let reason = format!("recorder metadata is not valid JSON: {error}");
                    notes.bad.push(BadFile { file: mask_file(&file, None), lines: Vec::new(), reason });
                }
            }
        }
        notes
    }

    /// Gives a session the notes on it.
    pub fn attach(&mut self, session: &mut Session) {
        // The oldest recorders put a date before the session's id, and another one for another day of it.
        let own = |id: &&String| !session.id.is_empty() && id.ends_with(&session.id);
        let ids: Vec<String> = self.left.keys().filter(own).cloned().collect();
        let found: Vec<Value> = ids.iter().filter_map(|id| self.left.remove(id)).flatten().collect();
        if !found.is_empty() {
            session.recorder = Some(recorder(found));
        }
    }

    /// Counts the notes that no session took, and those that cannot be read.
    pub fn finish(self, tally: &mut Tally) {
        tally.bad.extend(self.bad);
        for notes in self.left.values() {
            let reason = "recorder metadata without its session".to_owned();
            *tally.dropped.entry(reason).or_default() += notes.len() as u64;
        }
    }
}

/// The file with the recorder's notes on the session in `path`, where there is one.
pub(super) fn beside(path: &Path) -> Option<PathBuf> {
    let file = path.file_name()?.to_str()?;
    let file = file.strip_suffix(".gz").unwrap_or(file);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    // `metadata.json` belongs to the one transcript of its checkpoint; elsewhere it is anybody's.
    let named = if matches!(stem, "full" | "transcript") { "metadata.json" } else { &format!("{stem}.meta.json") };
    Some(path.with_file_name(named)).filter(|beside| beside.is_file())
}

/// One recorder from the notes of all checkpoints of a session.
fn recorder(mut notes: Vec<Value>) -> Recorder {
    let text = |note: &Value, key: &str| note[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let texts = |note: &Value, key: &str| {
        let list = note[key].as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    notes.sort_by_cached_key(|note| (text(note, "created_at"), text(note, "checkpoint_id")));
    let mut recorder = Recorder::default();
    let (mut checkpoints, mut commits, mut files) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for note in &notes {
        // A checkpoint that lies in two places is one.
        let new = text(note, "checkpoint_id").is_some_and(|id| checkpoints.insert(id));
        checkpoints.extend(texts(note, "_checkpoint_ids"));
        commits.extend(texts(note, "_commits"));
        files.extend(texts(note, "files_touched"));
        recorder.agent = text(note, "agent").or(recorder.agent);
        recorder.branch = text(note, "branch").or(recorder.branch);
        if let Some(lines) = note.get("initial_attribution").filter(|lines| new && lines.is_object()) {
            let number = |key: &str| lines[key].as_u64().unwrap_or_default();
            let sum = recorder.attribution.get_or_insert_default();
            sum.agent_lines += number("agent_lines");
            sum.human_added += number("human_added");
            sum.human_modified += number("human_modified");
            sum.human_removed += number("human_removed");
            sum.total_committed += number("total_committed");
        }
    }
    recorder.checkpoints = checkpoints.into_iter().collect();
    recorder.commits = commits.into_iter().collect();
    recorder.files_touched = files.into_iter().collect();
    recorder
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::Attribution;

    #[test]
    fn checkpoints_are_counted_once_and_attribution_is_summed() {
        let first = json!({
            "checkpoint_id": "a1", "created_at": "2026-03-01T10:00:00Z", "branch": "main", "agent": "Codex",
            "files_touched": ["b.rs", "a.rs"],
            "initial_attribution": {"agent_lines": 6, "human_added": 2, "total_committed": 8, "agent_percentage": 75},
        });
        let second = json!({
            "checkpoint_id": "b2", "created_at": "2026-03-02T10:00:00Z", "branch": "next", "files_touched": ["a.rs"],
            "initial_attribution": {"agent_lines": 2, "human_added": 0, "total_committed": 2},
        });
        let recorder = recorder(vec![second, first.clone(), first]);
        assert_eq!(recorder.checkpoints, ["a1", "b2"]);
        assert_eq!(recorder.files_touched, ["a.rs", "b.rs"]);
        assert_eq!((recorder.agent.as_deref(), recorder.branch.as_deref()), (Some("Codex"), Some("next")));
        let sum = recorder.attribution.unwrap();
        assert_eq!((sum.agent_lines, sum.human_added, sum.total_committed), (8, 2, 10));
        assert_eq!(sum.agent_percentage(), Some(80.0));
        assert_eq!(Attribution::default().agent_percentage(), None);
    }
}
