//! What only the whole corpus tells of a session: where its plan was made, and whether its scope is in doubt.

use rusqlite::Connection;

use super::totals::from_json;
use crate::ingest::{Opening, PlanPart};

const FORGET: &str = "
    UPDATE sessions SET planned_in = NULL, work = id, scope_doubt = 0 WHERE planned_in IS NOT NULL OR scope_doubt;
";

/// Sessions that fit a program and begin with a template that is repeated.
const DOUBT: &str = "
    UPDATE sessions SET scope_doubt = 1 WHERE id IN
        (SELECT id FROM origins WHERE json_extract(facts, '$.opening.fits_program')
            AND json_extract(facts, '$.opening.template') IN
                (SELECT json_extract(facts, '$.opening.template') FROM origins GROUP BY 1 HAVING COUNT(*) >= ?))
";

const EXECUTES: &str = "json_extract(facts, '$.plan.executes')";

/// Fills `planned_in`, `work` and `scope_doubt` of every session.
pub(super) fn join_work(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(FORGET)?;
    connection.execute(DOUBT, [Opening::REPEATED])?;
    if connection.prepare(&format!("SELECT 1 FROM origins WHERE {EXECUTES} LIMIT 1"))?.exists([])? {
        connection.execute_batch("CREATE TEMP TABLE plans (key TEXT NOT NULL, id TEXT NOT NULL) STRICT")?;
        join_plans(connection)?;
        connection.execute_batch("DROP TABLE temp.plans")?;
    }
    Ok(())
}

/// Links the sessions that carry out plans to those that made them.
fn join_plans(connection: &Connection) -> rusqlite::Result<()> {
    let part = |row: &rusqlite::Row<'_>| from_json::<PlanPart>(&row.get::<_, String>(0)?);
    let mut all = connection.prepare("SELECT facts -> '$.plan' FROM origins")?;
    let mut insert = connection.prepare("INSERT INTO temp.plans VALUES (?, ?)")?;
    for plan in all.query_map([], part)? {
        let plan = plan?;
        plan.keys().try_for_each(|key| insert.execute((key, &plan.id)).map(drop))?;
    }
    connection.execute_batch("CREATE INDEX temp.plans_key ON plans (key)")?;
    let mut known =
        connection.prepare("SELECT facts -> '$.plan' FROM temp.plans JOIN origins USING (id) WHERE key = ?")?;
    let mut update = connection.prepare(
        "UPDATE sessions SET planned_in = ?2, work = (SELECT work FROM sessions WHERE id = ?2) WHERE id = ?1",
    )?;
    // In the order in which they began, so that the work that a planner belongs to is known before its plan is carried out.
    let mut executing = connection.prepare(&format!(
        "SELECT facts -> '$.plan' FROM origins WHERE {EXECUTES} ORDER BY json_extract(facts, '$.plan.started'), id"
    ))?;
    for plan in executing.query_map([], part)? {
        let plan = plan?;
        if let Some(planner) = plan.planner(|key| known.query_map([key], part)?.collect::<rusqlite::Result<_>>())? {
            update.execute((&plan.id, planner))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// `work`, `planned_in` and `scope_doubt` of each session, after joining sessions with these facts.
    fn joined(sessions: &[(&str, Value)]) -> Vec<(String, Option<String>, bool)> {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE sessions (id TEXT PRIMARY KEY, work TEXT, planned_in TEXT, scope_doubt INTEGER);
            CREATE TABLE origins (id TEXT PRIMARY KEY, facts TEXT);";
        connection.execute_batch(tables).unwrap();
        for (id, facts) in sessions {
            connection.execute("INSERT INTO sessions VALUES (?, 'left', 'before', 1)", [id]).unwrap();
            connection.execute("INSERT INTO origins VALUES (?, ?)", (id, facts.to_string())).unwrap();
        }
        join_work(&connection).unwrap();
        let mut rows = connection.prepare("SELECT work, planned_in, scope_doubt FROM sessions ORDER BY id").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn plan(id: &str, started: i64, executes: bool, plans: bool) -> Value {
        let mut part = PlanPart::default();
        (part.id, part.slug, part.started) = (id.to_owned(), Some("loom".to_owned()), Some(started));
        (part.executes, part.plans) = (executes, plans);
        json!({"plan": part, "opening": null})
    }

    #[test]
    fn work_begins_where_the_first_plan_was_made() {
        // The ids are not in the order in which the sessions began.
        let all = [
            ("a", plan("a", 3, true, false)),
            ("b", plan("b", 2, true, true)),
            ("c", plan("c", 1, false, true)),
            ("d", plan("d", 0, true, false)),
        ];
        let row = |work: &str, planned_in: Option<&str>| (work.to_owned(), planned_in.map(str::to_owned), false);
        assert_eq!(
            joined(&all),
            [row("c", Some("b")), row("c", Some("c")), row("c", None), row("d", None)],
            "a chain of plans is one work"
        );
        assert_eq!(joined(&all[2..3]), [row("c", None)]);
    }

    #[test]
    fn a_template_of_three_sessions_raises_doubt_about_those_that_fit() {
        let opening = |template: &str, fits_program: bool| {
            let opening = Opening { id: String::new(), template: template.to_owned(), fits_program };
            json!({"plan": PlanPart::default(), "opening": opening})
        };
        let all = [
            ("a", opening("t", true)),
            ("b", opening("t", false)),
            ("c", opening("t", true)),
            ("d", opening("u", true)),
            ("e", opening("u", true)),
            ("f", json!({"plan": PlanPart::default(), "opening": null})),
            ("g", json!({"plan": PlanPart::default(), "opening": null})),
            ("h", json!({"plan": PlanPart::default(), "opening": null})),
        ];
        let doubts: Vec<bool> = joined(&all).into_iter().map(|(_, _, doubt)| doubt).collect();
        assert_eq!(doubts, [true, false, true, false, false, false, false, false]);
        assert!(!joined(&all[..2])[0].2, "two may be a person's");
    }
}
