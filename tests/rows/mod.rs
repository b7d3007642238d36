//! Rows of synthetic sessions.

use assize::corpus::SessionRow;
use assize::session::{Evidence, Format, Measures, Scope};

/// A counted session of which nothing else is known.
pub fn row(id: &str) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        file: format!("p/{id}.jsonl"),
        format: Format::ClaudeCode,
        person: None,
        project: None,
        scope: Scope::Interactive,
        scope_rule: "entrypoint cli".to_owned(),
        scope_doubt: false,
        planned_in: None,
        work: id.to_owned(),
        started_at: None,
        models: vec![],
        measures: Measures::default(),
        evidence: Evidence::default(),
        recorder: None,
        content_hash: String::new(),
    }
}
