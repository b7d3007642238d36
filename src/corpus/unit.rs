//! What a sample has to know of a session.

use crate::sample::Unit;
use crate::session::Scope;

use super::model::{SessionRow, name};

/// A session as a sample is drawn from: a tenth of its row, which counts where there are hundreds of thousands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionUnit {
    /// Session id.
    pub id: String,
    /// Pseudonym of the person.
    pub person: Option<String>,
    /// Project folder name.
    pub project: Option<String>,
    /// RFC 3339 time of the first record.
    pub started_at: Option<String>,
    /// Interactive or not.
    pub scope: Scope,
    /// See [`SessionRow::work`].
    pub work: String,
}

impl From<&SessionRow> for SessionUnit {
    fn from(row: &SessionRow) -> Self {
        Self {
            id: row.id.clone(),
            person: row.person.clone(),
            project: row.project.clone(),
            started_at: row.started_at.clone(),
            scope: row.scope,
            work: row.work.clone(),
        }
    }
}

impl Unit for SessionUnit {
    const COLUMNS: &'static [&'static str] = &["month", "person", "project", "scope", "work"];

    fn id(&self) -> &str {
        &self.id
    }

    fn column(&self, column: &str) -> Option<String> {
        match column {
            "month" => self.started_at.as_deref().and_then(|at| at.get(..7)).map(str::to_owned),
            "person" => self.person.clone(),
            "project" => self.project.clone(),
            "scope" => Some(name(&self.scope)),
            "work" => Some(self.work.clone()),
            _ => None,
        }
    }
}
