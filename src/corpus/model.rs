//! Rows of the corpus and the report of its making.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::EVIDENCE_COLUMNS;
use crate::ingest::BadFile;
use crate::session::{Evidence, Format, Measures, Recorder, Scope};

/// One session without its transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionRow {
    /// Session id.
    pub id: String,
    /// File below the ingested root.
    pub file: String,
    /// Its format.
    pub format: Format,
    /// Pseudonym of the person.
    pub person: Option<String>,
    /// Project folder name.
    pub project: Option<String>,
    /// Interactive or not.
    pub scope: Scope,
    /// What decided that.
    pub scope_rule: String,
    /// Whether it may be a program's all the same: its one prompt fits a template that several sessions begin with.
    pub scope_doubt: bool,
    /// Session in which the plan was made that it carries out, as far as it is in the corpus.
    pub planned_in: Option<String>,
    /// First session of the piece of work it belongs to: where its plan, and the plan of that session, were made; else itself.
    pub work: String,
    /// RFC 3339 time of the first record.
    pub started_at: Option<String>,
    /// Models that answered, in order of appearance.
    pub models: Vec<String>,
    /// Measures.
    pub measures: Measures,
    /// Hard evidence.
    pub evidence: Evidence,
    /// What a recorder noted beside the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorder: Option<Recorder>,
    /// BLAKE3 of the stored transcript, hexadecimal.
    pub content_hash: String,
}

impl SessionRow {
    /// Names of [`Self::columns`].
    #[must_use]
    pub fn column_names() -> Vec<&'static str> {
        let none = Self {
            id: String::new(),
            file: String::new(),
            format: Format::AssizeJsonl,
            person: None,
            project: None,
            scope: Scope::Unknown,
            scope_rule: String::new(),
            scope_doubt: false,
            planned_in: None,
            work: String::new(),
            started_at: None,
            models: Vec::new(),
            measures: Measures::default(),
            evidence: Evidence::default(),
            recorder: None,
            content_hash: String::new(),
        };
        none.columns().into_iter().map(|(name, _)| name).collect()
    }

    /// Every column but evidence and recorder themselves, of which there are counts: name and value, empty where there is
    /// none.
    #[must_use]
    pub fn columns(&self) -> Vec<(&'static str, String)> {
        let optional = |text: &Option<String>| text.clone().unwrap_or_default();
        let mut columns = vec![
            ("id", self.id.clone()),
            ("file", self.file.clone()),
            ("format", name(&self.format)),
            ("person", optional(&self.person)),
            ("project", optional(&self.project)),
            ("scope", name(&self.scope)),
            ("scope_rule", self.scope_rule.clone()),
            ("scope_doubt", u64::from(self.scope_doubt).to_string()),
            ("planned_in", optional(&self.planned_in)),
            ("work", self.work.clone()),
            ("started_at", optional(&self.started_at)),
        ];
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        columns.extend(self.measures.columns().map(|(name, value)| (name, number(value))));
        columns.extend(EVIDENCE_COLUMNS.map(|(kind, name)| (name, self.evidence.count(kind).to_string())));
        columns.push(("machine_success", number(self.evidence.machine_success.map(u64::from))));
        columns.extend(recorder_columns(self.recorder.as_ref()));
        columns.push(("content_hash", self.content_hash.clone()));
        columns.push(("model_names", self.models.join(", ")));
        columns
    }
}

/// What a recorder noted, in columns that are empty where it noted nothing.
fn recorder_columns(recorder: Option<&Recorder>) -> [(&'static str, String); 7] {
    let text = |text: &dyn Fn(&Recorder) -> Option<String>| recorder.and_then(text).unwrap_or_default();
    let lines = recorder.and_then(|recorder| recorder.attribution);
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let told = recorder.and_then(|recorder| recorder.agent_percentage);
    let percentage = lines.and_then(|lines| lines.agent_percentage()).or(told).map(|percent| format!("{percent:.2}"));
    [
        ("recorder_agent", text(&|recorder| recorder.agent.clone())),
        ("branch", text(&|recorder| recorder.branch.clone())),
        ("checkpoints", text(&|recorder| Some(recorder.checkpoints.join(" ")))),
        ("files_touched", text(&|recorder| Some(recorder.files_touched.len().to_string()))),
        ("agent_lines", number(lines.map(|lines| lines.agent_lines))),
        ("human_added", number(lines.map(|lines| lines.human_added))),
        ("agent_percentage", percentage.unwrap_or_default()),
    ]
}

/// What an ingest read, joined, dropped and lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestReport {
    /// Version of this form.
    pub version: u32,
    /// Files looked at.
    pub files: u64,
    /// Files that are not sessions, by reason.
    pub skipped_files: BTreeMap<String, u64>,
    /// Files or lines that could not be read.
    pub bad_files: Vec<BadFile>,
    /// Sessions stored.
    pub sessions: u64,
    /// Sessions by scope.
    pub scopes: BTreeMap<String, u64>,
    /// Persons told apart.
    pub persons: u64,
    /// Human prompts in the sessions stored.
    pub prompts: u64,
    /// Tool calls in the sessions stored.
    pub actions: u64,
    /// Why sessions have their scope: number of sessions by scope and rule.
    pub scope_rules: BTreeMap<String, BTreeMap<String, u64>>,
    /// Sessions by format.
    pub formats: BTreeMap<String, u64>,
    /// Versions of the agent programs seen: number of sessions by format and version.
    pub agent_versions: BTreeMap<String, BTreeMap<String, u64>>,
    /// Files joined into another file's session (subagents, copies).
    pub merged_files: u64,
    /// Sessions made by splitting a file in which the person began anew.
    pub split_sessions: u64,
    /// Sessions that stay as they were because part of their files is gone, though what is left holds more.
    pub frozen_sessions: u64,
    /// Sessions whose files are gone and that an older version of the program read.
    pub older_reader_sessions: u64,
    /// Files that look like sessions but gave none, by reason.
    pub dropped_files: BTreeMap<String, u64>,
    /// Lines read.
    pub lines: u64,
    /// Lines skipped as unreadable.
    pub bad_lines: u64,
    /// Lines read only after splitting or mending; nothing was lost on them.
    pub repaired_lines: u64,
    /// Records already seen, in another file or earlier in the same one.
    pub duplicate_records: u64,
    /// Records of attempts that the person rewound.
    pub abandoned_records: u64,
    /// Records of unknown type, by type.
    pub unknown_records: BTreeMap<String, u64>,
    /// User records that are not human prompts, by reason.
    pub excluded_prompts: BTreeMap<String, u64>,
    /// Secrets masked, by kind.
    pub scrubbed: BTreeMap<String, u64>,
    /// What this ingest found; all else is about the whole corpus. Not kept in the corpus, whose content does not depend on
    /// how it was reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub this_ingest: Option<ThisIngest>,
}

/// How the files stood that one ingest looked at, and those of the corpus that it did not find.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThisIngest {
    /// Files opened.
    pub read_files: u64,
    /// Files not seen before.
    pub new: u64,
    /// Files that have changed, or that another version of the program read.
    pub changed: u64,
    /// Files as they were.
    pub unchanged: u64,
    /// Files below the given paths that are not there any more; their sessions stay.
    pub gone: u64,
    /// Files with sessions that lie elsewhere, or were left out by choice; their sessions stay.
    pub elsewhere: u64,
}

/// Why a subagent's file gave nothing.
const ORPHAN: &str = "subagent without its session";

/// Version of the form of [`IngestReport`].
pub const REPORT_VERSION: u32 = 2;

impl IngestReport {
    /// Sessions that the study counts, by their scope.
    #[must_use]
    pub fn counted_sessions(&self) -> u64 {
        self.scopes.iter().filter(|(scope, _)| counted_scope(scope)).map(|(_, count)| count).sum()
    }

    /// What was lost, as many of each kind as there are: what could not be read, or was read and could not be kept or
    /// understood. Sessions that another file tells as well are not lost.
    #[must_use]
    pub fn lost(&self) -> Vec<(&'static str, u64)> {
        let orphans = self.dropped_files.get(ORPHAN).copied().unwrap_or_default();
        let kinds = [
            ("files not read, or not whole", self.bad_files.len() as u64),
            ("sessions that stay as they were, though what is left of their files holds more", self.frozen_sessions),
            ("files of subagents without their session", orphans),
            ("records of unknown type", self.unknown_records.values().sum()),
        ];
        kinds.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

/// Whether the study counts sessions of the scope of this name.
#[must_use]
pub fn counted_scope(name: &str) -> bool {
    serde_json::from_value::<Scope>(serde_json::Value::String(name.to_owned())).is_ok_and(Scope::counted)
}

/// Adds counts to counts.
pub(super) fn add<K: Into<String>>(counts: &mut BTreeMap<String, u64>, more: BTreeMap<K, u64>) {
    for (key, count) in more {
        *counts.entry(key.into()).or_default() += count;
    }
}

/// The name of a variant as it is written in JSON, SQL and CSV.
pub(super) fn name<T: Serialize>(variant: &T) -> String {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
