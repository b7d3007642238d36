//! Sessions that may be a program's although nothing says how they were started (sessions.md 1.5).

use serde::{Deserialize, Serialize};

use crate::session::{Note, PromptKind, Scope, Session, Step};

/// Words of the first prompt that are compared.
const COMPARED: usize = 30;

/// Fewest words of a template; people repeat shorter prompts word for word.
const SHORTEST: usize = 8;

/// The mode in which nobody is asked for permission.
const BYPASS: &str = "bypassPermissions";

/// How a session begins, and whether it may be a program's; holds none of its text.
///
/// Its scope is in doubt where it fits a program and [`Opening::REPEATED`] sessions or more begin with its template. The
/// scope stays unknown; the doubt stands beside it.
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
    /// Fewest sessions that begin with a template; people try a prompt twice.
    pub const REPEATED: u32 = 3;

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
    fn sessions_of_one_template_are_told_and_which_of_them_fit_a_program() {
        let prompt =
            |number: u32| format!("Review pull request #{number} in src/{number}.rs and report every fault you find");
        let mut all: Vec<Session> = (1..=5).map(|number| session(&number.to_string(), &prompt(number))).collect();
        all[0].permission_modes = vec![BYPASS.to_owned()];
        all[1].permission_modes = vec!["default".to_owned()];
        all[2].preamble = vec![Step::Note(Note::Interrupted)];
        all[3].scope = Scope::Headless;
        let openings: Vec<Opening> = all.iter().filter_map(Opening::of).collect();
        assert!(openings.iter().all(|opening| opening.template == openings[0].template));
        let other = Opening::of(&session("6", "Review the pull request in src/6.rs and mend every fault")).unwrap();
        assert_ne!(other.template, openings[0].template);
        let fits: Vec<bool> = openings.iter().map(|opening| opening.fits_program).collect();
        assert_eq!(fits, [true, false, false, false, true]);
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
