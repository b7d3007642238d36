//! Rules for `task_posting`: a posting put together from the first prompts and from what was counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::session::{Measures, Session};

use super::activity::{self, Activity};

/// Characters of the first prompts that a posting repeats.
const PROMPT_CHARS: usize = 600;
/// Most characters of a title, as the rubric has it.
const TITLE_CHARS: usize = 80;
/// Most skills, as the rubric has it.
const SKILLS: usize = 8;

/// What a posting is made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Work {
    /// Words of the person, white space made single.
    asked: String,
    prompts: u64,
    actions: u64,
    /// Actions by kind of work.
    kinds: BTreeMap<Activity, u64>,
    /// Endings of the files edited, the most frequent first.
    endings: Vec<String>,
}

impl Work {
    /// Measures `session`.
    pub(super) fn of(session: &Session) -> Self {
        let measures = Measures::of(session);
        let (mut kinds, mut endings): (BTreeMap<Activity, u64>, BTreeMap<String, u64>) = Default::default();
        for action in session.actions() {
            *kinds.entry(activity::of_action(action)).or_default() += 1;
            for edit in action.edits() {
                if let Some((_, ending)) = edit.path.rsplit_once('.').filter(|(_, ending)| is_ending(ending)) {
                    *endings.entry(ending.to_lowercase()).or_default() += 1;
                }
            }
        }
        let mut endings: Vec<(String, u64)> = endings.into_iter().collect();
        endings.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let words = session.turns.iter().flat_map(|turn| turn.prompt.split_whitespace());
        let asked = words.take(PROMPT_CHARS).collect::<Vec<_>>().join(" ").chars().take(PROMPT_CHARS).collect();
        Self {
            asked,
            prompts: measures.prompts,
            actions: measures.actions,
            kinds,
            endings: endings.into_iter().map(|(ending, _)| ending).collect(),
        }
    }
}

fn is_ending(ending: &str) -> bool {
    (1..=10).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// The posting: rule J1 names the kind of work that most actions show, J2 repeats what was asked for, J3 counts.
pub(super) fn write(work: &Work) -> Value {
    let main = work.kinds.iter().filter(|(kind, _)| !matches!(kind, Activity::Look | Activity::Other));
    let main = main.max_by_key(|(kind, count)| (**count, std::cmp::Reverse(**kind))).map(|(kind, _)| *kind);
    let title: String = format!("{}: {}", heading(main), work.asked).chars().take(TITLE_CHARS).collect();
    let asked = if work.asked.is_empty() { "A small question." } else { work.asked.as_str() };
    let description = format!(
        "{} is wanted. In the client's words: {asked} The work took {} requests and {} steps.",
        heading(main),
        work.prompts,
        work.actions,
    );
    // Three skills are the least that the rubric allows.
    let general = ["communication", "problem solving", "software"].map(str::to_owned);
    let kinds = work.kinds.keys().filter(|kind| !matches!(kind, Activity::Other)).map(|kind| heading(Some(*kind)));
    let mut skills: Vec<String> = Vec::new();
    for skill in work.endings.iter().cloned().chain(kinds.map(str::to_lowercase)).chain(general) {
        if skills.len() < SKILLS && !skills.contains(&skill) {
            skills.push(skill);
        }
    }
    json!({"title": title.trim(), "description": description, "skills": skills})
}

fn heading(kind: Option<Activity>) -> &'static str {
    match kind {
        Some(Activity::Code) => "Software development",
        Some(Activity::TestCode | Activity::Check) => "Software testing",
        Some(Activity::Prose) => "Technical writing",
        Some(Activity::Config | Activity::Operation) => "System administration",
        Some(Activity::AgentText) => "Automation",
        Some(Activity::Data) => "Data analysis",
        Some(Activity::Plan) => "Software design",
        Some(Activity::Look | Activity::Other) | None => "Technical advice",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Action, Format, PromptKind, Step, Turn};

    #[test]
    fn a_posting_names_the_main_work_repeats_the_prompt_and_counts() {
        let mut session = Session::new("s".to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode);
        let mut turn = Turn::new(1, PromptKind::Typed, "Add a retry\nto the client".to_owned(), None);
        let input = json!({"file_path": "/w/src/http.rs", "old_string": "a", "new_string": "b"});
        turn.steps = vec![Step::Act(Action::new("1".to_owned(), "Edit".to_owned(), input))];
        session.turns = vec![turn];
        let posting = write(&Work::of(&session));
        assert_eq!(posting["title"], "Software development: Add a retry to the client");
        assert!(posting["description"].as_str().unwrap().contains("1 requests and 1 steps"), "{posting}");
        assert_eq!(
            posting["skills"],
            json!(["rs", "software development", "communication", "problem solving", "software"])
        );
        let empty = write(&Work::of(&Session::new("e".to_owned(), "e".to_owned(), Format::ClaudeCode)));
        assert_eq!(empty["skills"].as_array().unwrap().len(), 3);
    }
}
