//! Sessions that may be a program's although nothing says how they were started (sessions.md 1.5).

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::seen::short_hash;
use crate::session::{Note, PromptKind, Scope, Session, Step};

/// Words of the first prompt that are compared.
const COMPARED: usize = 30;

/// Fewest words of a template; people repeat shorter prompts word for word.
const SHORTEST: usize = 8;

/// Fewest sessions that begin with a template; people try a prompt twice.
const REPEATED: usize = 3;

/// The mode in which nobody is asked for permission.
const BYPASS: &str = "bypassPermissions";

/// How a session begins, and whether it may be a program's; holds none of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Id of the session.
    pub id: String,
    /// BLAKE3 of the first words of its first prompt, with names of files, addresses and numbers masked.
    pub template: String,
    /// Whether everything else that is known fits a program: nothing says how it was started, one prompt, no interrupt, and
    /// nobody was asked for permission, as far as the recorder tells.
    pub fits_program: bool,
}

impl Opening {
    /// How `session` begins; none where its first prompt is no typed text, or too short for a template.
    #[must_use]
    pub fn of(session: &Session) -> Option<Self> {
        let first = session.turns.first().filter(|turn| turn.kind == PromptKind::Typed)?;
        let words: Vec<String> = first.prompt.split_whitespace().take(COMPARED).map(masked).collect();
        let interrupted = session.steps().any(|step| *step == Step::Note(Note::Interrupted));
        let fits_program = session.scope == Scope::Unknown
            && session.entrypoint.is_none()
            && session.turns.len() == 1
            && !interrupted
            && session.permission_modes.iter().all(|mode| mode == BYPASS);
        let template = blake3::hash(words.join(" ").as_bytes()).to_hex().to_string();
        (words.len() >= SHORTEST).then(|| Self { id: session.id.clone(), template, fits_program })
    }
}

/// A word, or one mark for all names of files, addresses and numbers.
fn masked(word: &str) -> String {
    let filled_in = word.contains(['/', '\\', '_', '@', '<', '{']) || word.bytes().any(|byte| byte.is_ascii_digit());
    if filled_in { "*".to_owned() } else { word.to_lowercase() }
}

/// Which sessions are in doubt: they fit a program, and three sessions or more begin with the same template.
///
/// Their scope stays unknown; the doubt stands beside it. The order of openings decides nothing.
#[derive(Debug, Clone, Default)]
pub struct Doubts {
    /// How many sessions begin with a template, by its hash.
    count: HashMap<u64, usize>,
    /// Template and id of those that fit a program.
    fitting: Vec<(u64, String)>,
}

impl Doubts {
    /// Adds how one session begins.
    pub fn add(&mut self, opening: Opening) {
        let template = short_hash(&opening.template);
        *self.count.entry(template).or_default() += 1;
        if opening.fits_program {
            self.fitting.push((template, opening.id));
        }
    }

    /// Ids of the sessions whose scope is in doubt.
    #[must_use]
    pub fn doubtful(&self) -> BTreeSet<&str> {
        let repeated = |template: &u64| self.count.get(template).is_some_and(|count| *count >= REPEATED);
        self.fitting.iter().filter(|(template, _)| repeated(template)).map(|(_, id)| id.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::session::{Format, Turn};

    use super::*;

    fn session(id: &str, prompt: &str) -> Session {
        Session {
            turns: vec![Turn::new(1, PromptKind::Typed, prompt.to_owned(), None)],
            ..Session::new(id.to_owned(), String::new(), Format::ClaudeCode)
        }
    }

    #[test]
    fn a_template_of_three_sessions_raises_doubt_about_those_that_fit() {
        let prompt =
            |number: u32| format!("Review pull request #{number} in src/{number}.rs and report every fault you find");
        let mut all: Vec<Session> = (1..=4).map(|number| session(&number.to_string(), &prompt(number))).collect();
        let ids = |all: &[Session]| -> BTreeSet<String> {
            let mut doubts = Doubts::default();
            for opening in all.iter().filter_map(Opening::of) {
                doubts.add(opening);
            }
            doubts.doubtful().into_iter().map(str::to_owned).collect()
        };
        let of = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(ids(&all[..2]), of(&[]));
        assert_eq!(ids(&all), of(&["1", "2", "3", "4"]));
        all[0].permission_modes = vec![BYPASS.to_owned()];
        all[1].permission_modes = vec!["default".to_owned()];
        all[2].preamble = vec![Step::Note(Note::Interrupted)];
        all[3].scope = Scope::Headless;
        assert_eq!(ids(&all), of(&["1"]));
    }

    #[test]
    fn short_prompts_and_hand_offs_are_no_templates() {
        assert_eq!(Opening::of(&session("1", "commit and push")), None);
        let mut plan = session("2", "Implement the following plan: weave a scarf in red and blue wool");
        assert!(Opening::of(&plan).is_some());
        plan.turns[0].kind = PromptKind::PlanHandOff;
        assert_eq!(Opening::of(&plan), None);
    }
}
