//! Writing a session as text between markers that nothing in it can close.
//!
//! The study cuts "each turn" at 5,000 characters and the whole at 25,000 (report.md 0.2). Its turn is one message of the
//! transcript, not our [`Turn`](crate::session::Turn): here the human prompt, each text of the agent, each tool input, each tool
//! result and each note is one message. The whole is cut in the middle, so that its beginning and its end are seen.

use memchr::memmem;

use crate::session::{ActionStatus, Note, PromptKind, Session, Step, Turn};

use super::cut;
use super::spec::ViewSpec;
use super::transcript::Transcript;

/// The study's mark where the whole was cut.
const TRUNCATED: &str = "[TRANSCRIPT TRUNCATED FOR LENGTH]";

/// What stands in the place of counts where the first prompt is shown alone.
const FIRST_PROMPT: &str = "Recorded: the counts are left out on purpose.\nShown: the person's first prompt alone; what the \
    agent did and all that came after is left out on purpose.";

/// Room for that mark and the sentence after it.
const TRUNCATED_CHARS: usize = 160;

/// Room for the markers and the two lines of facts.
const FRAME_CHARS: usize = 700;

/// A session as a judge is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// The text between the markers, markers included.
    pub text: String,
    /// Nonce in the markers: derived from the text, so that the same session gives the same bytes.
    pub nonce: String,
    /// Messages of the transcript that were cut in the middle.
    pub cut_turns: usize,
    /// Whether the whole was cut in the middle.
    pub cut_whole: bool,
}

/// Writes `session` within the limits of `spec`.
///
/// The text has at most `spec.total_chars` characters, frame included; a limit below the frame's 700 leaves only the frame.
#[must_use]
pub fn render(session: &Session, spec: &ViewSpec) -> View {
    if spec.first_prompt_only {
        return first_prompt(session, spec);
    }
    let transcript = Transcript::of(session, spec);
    let limit = spec.total_chars.saturating_sub(FRAME_CHARS);
    let cut = cut::middle(&transcript.text, limit, TRUNCATED_CHARS);
    let shown = shown(&transcript, cut.as_ref());
    let cut_whole = cut.is_some();
    let body = match cut {
        None => transcript.text.clone(),
        Some(_) if limit < TRUNCATED_CHARS => String::new(),
        Some(cut) => join(&transcript, &cut),
    };
    let nonce = nonce(&body);
    let text = format!("<session-{nonce}>\n{}\n{shown}\n\n{body}</session-{nonce}>", recorded(session));
    View { text, nonce, cut_turns: transcript.cut_messages, cut_whole }
}

/// Writes the first prompt of `session` alone. The counts would tell how it went on.
fn first_prompt(session: &Session, spec: &ViewSpec) -> View {
    let mut beginning = Session::new(session.id.clone(), session.file.clone(), session.format);
    beginning.turns.extend(session.turns.first().map(|turn| Turn { steps: Vec::new(), ..turn.clone() }));
    let transcript =
        Transcript::of(&beginning, &ViewSpec { turn_chars: spec.turn_chars.min(spec.total_chars), ..*spec });
    let nonce = nonce(&transcript.text);
    let text = format!("<session-{nonce}>\n{FIRST_PROMPT}\n\n{}</session-{nonce}>", transcript.text);
    View { text, nonce, cut_turns: transcript.cut_messages, cut_whole: false }
}

/// Writes the whole of `session` for people: messages are cut as `spec` says, the whole is not.
#[must_use]
pub fn transcript(session: &Session, spec: &ViewSpec) -> String {
    Transcript::of(session, spec).text
}

fn join(transcript: &Transcript, cut: &cut::Cut) -> String {
    let offset = transcript.text.len() - cut.tail.len();
    let resumes = match transcript.turn_at(offset) {
        0 => "before turn 1".to_owned(),
        turn => format!("in turn {turn}"),
    };
    // A tail that begins inside a line is indented, so that it cannot pose as a line of the recorder.
    let indent = if transcript.text[..offset].ends_with('\n') { "" } else { "  " };
    let (head, tail, removed) = (cut.head, cut.tail, cut.removed);
    format!(
        "{head}\n{TRUNCATED}\n[{removed} characters left out here; the transcript resumes {resumes}]\n{indent}{tail}"
    )
}

/// What was recorded, in counts: nothing of the session's own words.
fn recorded(session: &Session) -> String {
    let kind = |kind: PromptKind| session.turns.iter().filter(|turn| turn.kind == kind).count();
    let status = |status: ActionStatus| session.actions().filter(|action| action.status == status).count();
    let note =
        |is: fn(&Note) -> bool| session.steps().filter(|step| matches!(step, Step::Note(note) if is(note))).count();
    let list = |parts: &[(&str, usize)]| {
        let some = parts.iter().filter(|(_, count)| *count > 0);
        some.map(|(what, count)| format!("{what} {count}")).collect::<Vec<_>>()
    };
    let within = |parts: Vec<String>| if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let turns = within(list(&[
        ("plan hand-off", kind(PromptKind::PlanHandOff)),
        ("slash command", kind(PromptKind::SlashCommand)),
        ("typed while the agent worked", kind(PromptKind::Queued)),
        ("written by a program in the user's place", kind(PromptKind::Relayed)),
    ]));
    let actions = within(list(&[
        ("with an error", status(ActionStatus::Error)),
        ("refused by the user", status(ActionStatus::Refused)),
        ("without a recorded result", status(ActionStatus::Missing)),
    ]));
    let mut facts = vec![
        format!("turns {}{turns}", session.turns.len()),
        format!("actions {}{actions}", session.actions().count()),
    ];
    facts.extend(list(&[
        ("actions of subagents, not shown", usize::try_from(session.subagent_actions).unwrap_or(usize::MAX)),
        ("interruptions by the user", note(|note| matches!(note, Note::Interrupted))),
        ("compactions", note(|note| matches!(note, Note::Compacted(_)))),
        ("unreadable lines of the record, left out", session.losses.bad_lines.len()),
        ("files of the record that break off", usize::try_from(session.losses.unfinished_files).unwrap_or(usize::MAX)),
    ]));
    format!("Recorded: {}.", facts.join("; "))
}

/// How much of it is shown, in words.
fn shown(transcript: &Transcript, cut: Option<&cut::Cut>) -> String {
    let whole = match cut {
        None => "from beginning to end".to_owned(),
        Some(cut) => format!("beginning and end only, {} characters left out of the middle", cut.removed),
    };
    match transcript.cut_messages {
        0 => format!("Shown: {whole}."),
        count => {
            format!("Shown: {whole}; long messages shortened: {count}, by {} characters in all.", transcript.cut_chars)
        }
    }
}

/// Sixteen hexadecimal characters derived from `body` that do not occur in it.
fn nonce(body: &str) -> String {
    let mut key = blake3::derive_key("assize 2026 session marker", body.as_bytes());
    loop {
        let nonce: String = blake3::Hash::from_bytes(key).to_hex().chars().take(16).collect();
        if memmem::find(body.as_bytes(), nonce.as_bytes()).is_none() {
            return nonce;
        }
        key = blake3::derive_key("assize 2026 session marker, next", &key);
    }
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
