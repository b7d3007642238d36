//! Rules for decisions: what the record shows of who settled something, turn by turn. A floor, and no reading of the text.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::session::{PromptKind, Session, Step, Turn};

use super::activity::{self, Activity};
use super::cues::{self, Cue};

/// Most decisions of one session, as the rubric has it.
const MOST: usize = 60;
/// Most characters of what is decided, as the rubric has it.
const CHARS: usize = 160;

/// One decision as the rubric asks for it. `what` begins with the number of the rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decided {
    turn: u32,
    r#type: String,
    by: String,
    what: String,
}

/// The decisions of `session` in its order.
pub(super) fn of(session: &Session) -> Vec<Decided> {
    let mut all: Vec<Decided> = session.turns.iter().flat_map(of_turn).collect();
    all.truncate(MOST);
    all
}

fn of_turn(turn: &Turn) -> Vec<Decided> {
    let mut decided = Vec::new();
    let mut add = |kind: &str, by: &str, what: String| {
        let what = what.chars().take(CHARS).collect();
        decided.push(Decided { turn: turn.number, r#type: kind.to_owned(), by: by.to_owned(), what });
    };
    let by_person = !matches!(turn.kind, PromptKind::PlanHandOff | PromptKind::Relayed);
    let asks_for_work = cues::find(&turn.prompt).any(|(cue, _)| !matches!(cue, Cue::Basic | Cue::Explain));
    if turn.kind == PromptKind::PlanHandOff {
        add("planning", "agent", "D1: the plan that the prompt hands over".to_owned());
    } else if asks_for_work && by_person {
        add("planning", "user", "D2: the prompt asks for a piece of work".to_owned());
    }
    if by_person && cues::specifics(&turn.prompt) > 0 {
        let specifics = cues::specifics(&turn.prompt);
        add("execution", "user", format!("D3: the prompt names {specifics} files, identifiers or numbers"));
    }
    let actions =
        || turn.steps.iter().filter_map(|step| if let Step::Act(action) = step { Some(action) } else { None });
    for action in actions() {
        let options = action.reply.as_ref().filter(|reply| !reply.text.trim().is_empty());
        if options.is_some() {
            add("planning", "user", format!("D4: the person answered {} in their own words", action.tool));
        }
    }
    let kinds: BTreeSet<Activity> = actions().map(activity::of_action).collect();
    for kind in kinds {
        match kind {
            Activity::Plan => add("planning", "agent", "D5: the agent wrote or handed in a plan".to_owned()),
            Activity::Look | Activity::Check | Activity::Other => (),
            changed => {
                let count = actions().filter(|action| activity::of_action(action) == changed).count();
                add("execution", "agent", format!("D6: {count} actions of the kind {}", word(changed)));
            }
        }
    }
    decided
}

fn word(kind: Activity) -> String {
    serde_json::to_value(kind).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::{Action, Format};

    #[test]
    fn each_turn_is_read_by_the_rules_in_their_order() {
        let mut session = Session::new("s".to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode);
        let mut first = Turn::new(1, PromptKind::Typed, "Add a retry to src/net/http.rs please".to_owned(), None);
        let edit = |file: &str| {
            let input = json!({"file_path": file, "old_string": "a", "new_string": "b"});
            Step::Act(Action::new(file.to_owned(), "Edit".to_owned(), input))
        };
        first.steps = vec![edit("/w/src/net/http.rs"), edit("/w/src/net/mod.rs"), edit("/w/README.md")];
        session.turns = vec![first, Turn::new(2, PromptKind::Typed, "thanks".to_owned(), None)];
        let found: Vec<(u32, String, String, String)> = of(&session)
            .into_iter()
            .map(|of| (of.turn, of.r#type, of.by, of.what.split(':').next().unwrap_or_default().to_owned()))
            .collect();
        let expected = [
            (1, "planning", "user", "D2"),
            (1, "execution", "user", "D3"),
            (1, "execution", "agent", "D6"),
            (1, "execution", "agent", "D6"),
        ];
        let expected = expected.map(|(turn, kind, by, rule)| (turn, kind.to_owned(), by.to_owned(), rule.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_long_session_stays_within_the_rubric() {
        let mut session = Session::new("s".to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode);
        session.turns = (1..=200).map(|at| Turn::new(at, PromptKind::Typed, "fix it".to_owned(), None)).collect();
        assert_eq!(of(&session).len(), MOST);
    }
}
