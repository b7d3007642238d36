//! What only the whole corpus tells of a session: where its plan was made, and whether its scope is in doubt.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::totals::from_json;
use crate::ingest::{Doubts, Opening, PlanPart, Wanted, plan_links};

/// What has been seen of the sessions of a corpus to tell such things; little, since there may be millions.
#[derive(Debug, Default)]
pub(super) struct Across {
    wanted: Wanted,
    doubts: Doubts,
}

impl Across {
    /// Adds what is kept of one session.
    pub fn add(&mut self, plan: &PlanPart, opening: Option<Opening>) {
        self.wanted.add(plan);
        if let Some(opening) = opening {
            self.doubts.add(opening);
        }
    }

    /// The sessions that carry out plans, and those that may have made them.
    fn plans(&self, connection: &Connection) -> rusqlite::Result<Vec<PlanPart>> {
        if self.wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut query = connection.prepare("SELECT json_extract(facts, '$.plan') FROM origins")?;
        let plans = query.query_and_then([], |row| from_json::<PlanPart>(&row.get::<_, String>(0)?))?;
        plans.filter(|plan| plan.as_ref().map_or(true, |plan| self.wanted.needs(plan))).collect()
    }

    /// Fills `planned_in`, `work` and `scope_doubt` of every session.
    pub fn join_work(self, connection: &Connection) -> rusqlite::Result<()> {
        let links = plan_links(&self.plans(connection)?);
        connection.execute(
            "UPDATE sessions SET planned_in = NULL, work = id, scope_doubt = 0 WHERE planned_in IS NOT NULL OR scope_doubt",
            [],
        )?;
        let mut link = connection.prepare("UPDATE sessions SET planned_in = ?2, work = ?3 WHERE id = ?1")?;
        for (id, planned_in) in &links {
            link.execute((id, planned_in, first(planned_in, &links)))?;
        }
        let mut doubt = connection.prepare("UPDATE sessions SET scope_doubt = 1 WHERE id = ?")?;
        self.doubts.doubtful().iter().try_for_each(|id| doubt.execute([id]).map(drop))
    }
}

/// The session at the beginning of the chain of plans that `id` is in.
fn first<'l>(id: &'l str, links: &'l BTreeMap<String, String>) -> &'l str {
    let (mut first, mut passed) = (id, BTreeSet::new());
    while let Some(before) = links.get(first).filter(|_| passed.insert(first)) {
        first = before;
    }
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_begins_where_the_first_plan_was_made() {
        let links = [("c", "b"), ("b", "a"), ("e", "d")].map(|(one, other)| (one.to_owned(), other.to_owned()));
        let links = BTreeMap::from(links);
        assert_eq!((first("c", &links), first("b", &links), first("d", &links)), ("a", "a", "d"));
    }
}
