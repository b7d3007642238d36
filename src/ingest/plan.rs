//! Which session made the plan that another one carries out (sessions.md 1.3 and 1.4).
//!
//! A plan is agreed in one session and may be carried out in a fresh one. Three things link the two: the prompt that hands
//! the plan over may name the file of the session that made it, the plan may stand word for word in a call of that session,
//! and both share a `slug`. They are believed in this order.

use std::collections::{BTreeMap, BTreeSet, HashSet};

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

    /// Whether `self` may have made the plan of `other`: another session, begun no later, of no other person.
    fn before(&self, other: &Self) -> bool {
        let same_person = self.person == other.person || self.person.is_none() || other.person.is_none();
        let order = |part: &Self| (part.started, part.id.clone());
        same_person && self.started.is_some() && other.started.is_some() && order(self) < order(other)
    }
}

/// What the sessions that carry out a plan say of the session that made it.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    executing: bool,
    files: HashSet<String>,
    plans: HashSet<String>,
    slugs: HashSet<String>,
}

impl Wanted {
    /// Adds what `part` says, if it carries out a plan.
    pub fn add(&mut self, part: &PlanPart) {
        if part.executes {
            self.executing = true;
            self.files.extend(part.named.clone());
            self.plans.extend(part.handed.clone());
            self.slugs.extend(part.slug.clone());
        }
    }

    /// Whether no session carries out a plan.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.executing
    }

    /// Whether [`plan_links`] has to know `part`: it carries out a plan, or may have made one that another carries out.
    #[must_use]
    pub fn needs(&self, part: &PlanPart) -> bool {
        part.executes
            || self.files.contains(file(&part.id))
            || part.slug.as_ref().is_some_and(|slug| self.slugs.contains(slug))
            || part.proposed.iter().any(|plan| self.plans.contains(plan))
    }
}

/// The id of the first session in the file of session `id`: a cleared session lies in the file of the first.
fn file(id: &str) -> &str {
    id.split('#').next().unwrap_or_default()
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

/// For each session that carries out a plan, the id of the session in which the plan was made, as far as it is among
/// `sessions`.
///
/// The planner began before: so there are no circles. Where several sessions fit equally well, it is the one that began last,
/// of those that put a plan before the person; of all of one `slug` that do not carry out a plan themselves, where none did.
/// The order of `sessions` decides nothing.
#[must_use]
pub fn plan_links(sessions: &[PlanPart]) -> BTreeMap<String, String> {
    let mut by_slug: BTreeMap<&str, Vec<&PlanPart>> = BTreeMap::new();
    let mut by_plan: BTreeMap<&str, Vec<&PlanPart>> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, Vec<&PlanPart>> = BTreeMap::new();
    for part in sessions {
        by_id.entry(file(&part.id)).or_default().push(part);
        if let Some(slug) = &part.slug {
            by_slug.entry(slug).or_default().push(part);
        }
        for plan in &part.proposed {
            by_plan.entry(plan).or_default().push(part);
        }
    }
    let planner = |part: &PlanPart| {
        let last = |all: Option<&Vec<&PlanPart>>, fits: fn(&PlanPart) -> bool| {
            let all = all.into_iter().flatten().filter(|other| fits(other) && other.before(part));
            all.max_by_key(|other| (other.started, &other.id)).map(|other| other.id.clone())
        };
        let named = part.named.as_deref().and_then(|id| by_id.get(id));
        let equal = part.handed.as_deref().and_then(|plan| by_plan.get(plan));
        let slug = part.slug.as_deref().and_then(|slug| by_slug.get(slug));
        last(named, |other| other.plans)
            .or_else(|| last(named, |_| true))
            .or_else(|| last(equal, |_| true))
            .or_else(|| last(slug, |other| other.plans))
            .or_else(|| last(slug, |other| !other.executes))
    };
    let executing = sessions.iter().filter(|part| part.executes);
    executing.filter_map(|part| Some((part.id.clone(), planner(part)?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::session::{Action, Format, Step, Turn};

    use super::*;

    fn part(id: &str, hour: u32, slug: &str, executes: bool, plans: bool) -> PlanPart {
        let started = microseconds(&format!("2026-03-01T{hour:02}:00:00Z"));
        PlanPart { id: id.to_owned(), slug: Some(slug.to_owned()), started, executes, plans, ..PlanPart::default() }
    }

    fn links(parts: &[PlanPart]) -> Vec<(String, String)> {
        let links = plan_links(parts);
        let mut reversed = parts.to_vec();
        reversed.reverse();
        assert_eq!(plan_links(&reversed), links, "the order decides nothing");
        let mut wanted = Wanted::default();
        for part in parts {
            wanted.add(part);
        }
        reversed.retain(|part| wanted.needs(part));
        assert_eq!(plan_links(&reversed), links, "nothing else has to be known");
        links.into_iter().collect()
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
        let mut wanted = Wanted::default();
        assert!(wanted.is_empty());
        wanted.add(&all[1]);
        let needed = [&all[0], &part("g", 1, "other", false, true)].map(|part| wanted.needs(part));
        assert_eq!((wanted.is_empty(), needed), (false, [true, false]));
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
