//! Which session made the plan that another one carries out (sessions.md 1.3 and 1.4).
//!
//! A plan is agreed in one session and may be carried out in a fresh one. Three things link the two: the prompt that hands
//! the plan over may name the file of the session that made it, the plan may stand word for word in a call of that session,
//! and both share a `slug`. They are believed in this order.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::session::{PromptKind, Session};

/// How the prompt begins that hands over a plan.
const HAND_OFF: &str = "Implement the following plan:";

/// What stands before the name of the file of the session that made the plan, and before a machine's other words after it.
const TRANSCRIPT: &str = "read the full transcript at:";
const AFTER_PLAN: &str = "If you need specific details from before exiting plan mode";

/// What has to be known of a session to link its plan; holds none of its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPart {
    /// Its id.
    pub id: String,
    /// The plan name that the program gave it.
    pub slug: Option<String>,
    /// Its person; sessions of two persons are never linked.
    pub person: Option<String>,
    /// When it began, in microseconds since 1970.
    pub started: Option<i64>,
    /// Whether its first prompt hands over a plan.
    pub executes: bool,
    /// Whether it put a plan before the person.
    pub plans: bool,
    /// Id of the session that made the plan, where the prompt names its file.
    pub named: Option<String>,
    /// Hash of the plan that it carries out.
    handed: Option<String>,
    /// Hashes of the plans that it put before the person.
    proposed: BTreeSet<String>,
}

/// Whether a session may be the one that is looked for.
type Fits = fn(&PlanPart) -> bool;

impl PlanPart {
    /// Takes from `session` what a link needs.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let first = session.turns.first().filter(|turn| turn.kind == PromptKind::PlanHandOff);
        let prompt = first.map(|turn| turn.prompt.as_str());
        let plans = || session.actions().filter(|action| action.tool == "ExitPlanMode");
        let texts = plans().filter_map(|action| action.input.get("plan")?.as_str());
        Self {
            id: session.id.clone(),
            slug: session.slug.clone(),
            person: session.person.clone(),
            started: session.started_at.as_deref().and_then(microseconds),
            executes: first.is_some(),
            plans: plans().next().is_some(),
            named: prompt.and_then(named).map(ToOwned::to_owned),
            handed: prompt.map(plan).filter(|plan| !plan.is_empty()).map(hash),
            proposed: texts.map(|plan| hash(plan.trim())).collect(),
        }
    }

    /// The keys under which [`PlanPart::planner`] asks for it: its file, its slug, its plans.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let plans = self.proposed.iter().map(|plan| plan_key(plan));
        std::iter::once(file_key(file(&self.id))).chain(self.slug.as_deref().map(slug_key)).chain(plans)
    }

    /// The id of the session in which the plan that this one carries out was made; `known` gives the sessions that have a
    /// key.
    ///
    /// The planner began before: so there are no circles. Where several sessions fit equally well, it is the one that began
    /// last, of those that put a plan before the person; of all of one `slug` that do not carry out a plan themselves, where
    /// none did. The order of sessions decides nothing.
    ///
    /// # Errors
    /// Those of `known`.
    pub fn planner<E>(&self, mut known: impl FnMut(&str) -> Result<Vec<Self>, E>) -> Result<Option<String>, E> {
        if !self.executes {
            return Ok(None);
        }
        let named = self.named.as_deref().map(file_key);
        let (plan, slug) = (self.handed.as_deref().map(plan_key), self.slug.as_deref().map(slug_key));
        let ties: [(&Option<String>, Fits); 5] = [
            (&named, |other| other.plans),
            (&named, |_| true),
            (&plan, |_| true),
            (&slug, |other| other.plans),
            (&slug, |other| !other.executes),
        ];
        for (key, fits) in ties {
            let Some(key) = key else { continue };
            let all = known(key)?.into_iter().filter(|other| fits(other) && other.before(self));
            if let Some(last) = all.max_by(|one, other| (one.started, &one.id).cmp(&(other.started, &other.id))) {
                return Ok(Some(last.id));
            }
        }
        Ok(None)
    }

    /// Whether `self` may have made the plan of `other`: another session, begun no later, of no other person.
    fn before(&self, other: &Self) -> bool {
        let same_person = self.person == other.person || self.person.is_none() || other.person.is_none();
        let order = |part: &Self| (part.started, part.id.clone());
        same_person && self.started.is_some() && other.started.is_some() && order(self) < order(other)
    }
}

/// The id of the first session in the file of session `id`: a cleared session lies in the file of the first.
fn file(id: &str) -> &str {
    id.split('#').next().unwrap_or_default()
}

fn file_key(file: &str) -> String {
    format!("file {file}")
}

fn slug_key(slug: &str) -> String {
    format!("slug {slug}")
}

fn plan_key(plan: &str) -> String {
    format!("plan {plan}")
}

fn microseconds(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

fn hash(plan: &str) -> String {
    blake3::hash(plan.as_bytes()).to_hex().to_string()
}

/// The plan in a prompt that hands it over.
fn plan(prompt: &str) -> &str {
    let plan = prompt.strip_prefix(HAND_OFF).unwrap_or(prompt);
    plan.split_once(AFTER_PLAN).map_or(plan, |(plan, _)| plan).trim()
}

/// The id in the name of the file at which a prompt points.
fn named(prompt: &str) -> Option<&str> {
    let (_, path) = prompt.rsplit_once(TRANSCRIPT)?;
    let path = path.split_whitespace().next()?;
    path.rsplit(['/', '\\']).next()?.strip_suffix(".jsonl")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use serde_json::json;

    use crate::session::{Action, Format, Step, Turn};

    use super::*;

    fn part(id: &str, hour: u32, slug: &str, executes: bool, plans: bool) -> PlanPart {
        let started = microseconds(&format!("2026-03-01T{hour:02}:00:00Z"));
        PlanPart { id: id.to_owned(), slug: Some(slug.to_owned()), started, executes, plans, ..PlanPart::default() }
    }

    fn links(parts: &[PlanPart]) -> Vec<(String, String)> {
        let links = |parts: &[PlanPart]| -> BTreeMap<String, String> {
            let known = |key: &str| {
                let has = |part: &&PlanPart| part.keys().any(|own| own == key);
                Ok::<_, Infallible>(parts.iter().filter(has).cloned().collect())
            };
            parts.iter().filter_map(|part| Some((part.id.clone(), part.planner(known).unwrap()?))).collect()
        };
        let mut reversed = parts.to_vec();
        reversed.reverse();
        assert_eq!(links(&reversed), links(parts), "the order decides nothing");
        links(parts).into_iter().collect()
    }

    fn pair(one: &str, other: &str) -> (String, String) {
        (one.to_owned(), other.to_owned())
    }

    #[test]
    fn a_slug_joins_many_sessions_to_the_last_that_planned_before_them() {
        let all = [
            part("a", 1, "loom", false, true),
            part("b", 2, "loom", true, false),
            part("c", 3, "loom", true, true),
            part("d", 4, "loom", true, false),
            part("e", 5, "other", true, false),
            part("f", 9, "loom", false, true),
        ];
        assert_eq!(links(&all), [pair("b", "a"), pair("c", "a"), pair("d", "c")]);
        let unseen =
            [part("a", 1, "loom", false, false), part("b", 2, "loom", true, false), part("c", 2, "loom", true, false)];
        assert_eq!(links(&unseen), [pair("b", "a"), pair("c", "a")]);
    }

    #[test]
    fn persons_and_unknown_times_are_kept_apart() {
        let mut all = [part("a", 1, "loom", false, true), part("b", 2, "loom", true, false)];
        (all[0].person, all[1].person) = (Some("p1".to_owned()), Some("p2".to_owned()));
        assert_eq!(links(&all), []);
        let mut all = [part("a", 1, "loom", false, true), part("b", 2, "loom", true, false)];
        all[0].started = None;
        assert_eq!(links(&all), []);
    }

    #[test]
    fn the_file_that_a_prompt_names_and_the_words_of_a_plan_link_without_a_slug() {
        let session = |id: &str, hour: u32| Session {
            started_at: Some(format!("2026-03-01T{hour:02}:00:00Z")),
            ..Session::new(id.to_owned(), String::new(), Format::ClaudeCode)
        };
        let mut planner = session("a", 1);
        let call = Action::new("1".to_owned(), "ExitPlanMode".to_owned(), json!({"plan": "# Weave\n\nin red\n"}));
        planner.preamble = vec![Step::Act(call)];
        let hand_off = |prompt: &str| vec![Turn::new(1, PromptKind::PlanHandOff, prompt.to_owned(), None)];
        let mut same = session("b", 2);
        same.turns = hand_off(
            "Implement the following plan:\n\n# Weave\n\nin red\n\nIf you need specific details from before exiting plan mode (such as code), read the full transcript at: /masked",
        );
        let mut named = session("c", 3);
        named.turns = hand_off(
            "Implement the following plan:\n\n# Sew\n\n\nIf you need specific details from before exiting plan mode (such as code), read the full transcript at: /h/.claude/projects/x/a.jsonl",
        );
        let mut other = session("d", 4);
        other.turns = hand_off("Implement the following plan:\n\n# Knit");
        let all = [&planner, &same, &named, &other].map(PlanPart::of);
        assert_eq!(links(&all), [pair("b", "a"), pair("c", "a")]);
    }
}
