//! What only the whole corpus tells of a session: where its plan was made, and whether its scope is in doubt.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::totals::from_json;
use super::write::Facts;
use crate::ingest::{Opening, PlanPart, doubtful, plan_links};

/// Fills `planned_in`, `work` and `scope_doubt` of every session from what is kept of all.
pub(super) fn join_work(connection: &Connection) -> rusqlite::Result<()> {
    let (plans, openings) = facts(connection)?;
    let links = plan_links(&plans);
    connection.execute(
        "UPDATE sessions SET planned_in = NULL, work = id, scope_doubt = 0 WHERE planned_in IS NOT NULL OR scope_doubt",
        [],
    )?;
    let mut link = connection.prepare("UPDATE sessions SET planned_in = ?2, work = ?3 WHERE id = ?1")?;
    for (id, planned_in) in &links {
        link.execute((id, planned_in, first(planned_in, &links)))?;
    }
    let mut doubt = connection.prepare("UPDATE sessions SET scope_doubt = 1 WHERE id = ?")?;
    doubtful(&openings).iter().try_for_each(|id| doubt.execute([id]).map(drop))
}

fn facts(connection: &Connection) -> rusqlite::Result<(Vec<PlanPart>, Vec<Opening>)> {
    let mut query = connection.prepare("SELECT facts FROM sessions JOIN origins USING (id)")?;
    let mut rows = query.query([])?;
    let (mut plans, mut openings) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let facts: Facts = from_json(&row.get::<_, String>(0)?)?;
        plans.push(facts.plan);
        openings.extend(facts.opening);
    }
    Ok((plans, openings))
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
