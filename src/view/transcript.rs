//! A session as lines of text, before the whole is cut.
//!
//! ```text
//! [turn 1] user: Fix the failing test.
//!   It broke yesterday.
//! agent: I will run it first.
//! action Bash {"command":"cargo test"}
//! result (error): assertion failed
//! note: the user interrupted the agent
//! [turn 2, typed while the agent worked] user: Only the parser's.
//! action Bash {"command":"git push"}
//! user (refusing the call): Not yet.
//! ```
//!
//! What the person answered to a call stands as theirs, once: the program's words around it are left out.
//!
//! Only this module writes at the margin; every further line of a text that is not empty is indented by two blanks, so that no text can
//! pose as a turn. Thinking is left out: the study's transcripts have human, assistant and system turns only
//! (report.md 0.2), and many recorders keep none. Control characters and terminal colours are dropped.

use std::borrow::Cow;

use crate::session::{Action, ActionStatus, Note, PromptKind, Reply, ReplyKind, Session, Step};

use super::cut;
use super::spec::ViewSpec;

/// Room for the mark of a cut message.
const CUT_MARK_CHARS: usize = 60;

/// What a plain refusal of a plan means where nothing comes after it (sessions.md 1.4).
const WITHOUT_A_WORD_AT_THE_END: &str =
    "(without a word; at the end of a session this is usually an approval that goes on in a new session)";

/// All messages of a session as lines.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    /// The lines, each ended by a line feed.
    pub text: String,
    /// Byte at which each turn begins, with its number.
    pub turn_starts: Vec<(usize, u32)>,
    /// Messages cut in the middle.
    pub cut_messages: usize,
    /// Characters that these cuts removed.
    pub cut_chars: usize,
}

impl Transcript {
    /// Writes all messages of `session`, each cut as `spec` says.
    pub fn of(session: &Session, spec: &ViewSpec) -> Self {
        let mut transcript = Self::default();
        if !session.preamble.is_empty() {
            transcript.line("[before turn 1]", "", spec.turn_chars);
        }
        transcript.steps(session, &session.preamble, spec);
        transcript.rewound(session, 0);
        for turn in &session.turns {
            transcript.turn_starts.push((transcript.text.len(), turn.number));
            let flag = match turn.kind {
                PromptKind::Typed => "",
                PromptKind::PlanHandOff => ", plan hand-off",
                PromptKind::SlashCommand => ", slash command",
                PromptKind::Queued => ", typed while the agent worked",
                PromptKind::Relayed => ", written by a program in the user's place",
            };
            let prompt = if turn.prompt.trim().is_empty() { "(no text)" } else { &turn.prompt };
            transcript.line(&format!("[turn {}{flag}] user:", turn.number), prompt, spec.turn_chars);
            transcript.steps(session, &turn.steps, spec);
            transcript.rewound(session, turn.number);
        }
        transcript
    }

    /// Number of the turn to which the byte at `offset` belongs, 0 before the first.
    pub fn turn_at(&self, offset: usize) -> u32 {
        self.turn_starts.iter().rev().find(|(start, _)| *start <= offset).map_or(0, |(_, number)| *number)
    }

    /// One line for the attempts that the person rewound after turn `number`.
    fn rewound(&mut self, session: &Session, number: u32) {
        let branches = session.dead_branches.iter().filter(|branch| branch.after == number);
        let turns: usize = branches.map(|branch| branch.turns.len()).sum();
        if turns > 0 {
            let plural = if turns == 1 { "" } else { "s" };
            let note = format!("note: the user went back and asked again; {turns} earlier turn{plural} left out");
            self.line(&note, "", 0);
        }
    }

    fn steps(&mut self, session: &Session, steps: &[Step], spec: &ViewSpec) {
        for step in steps {
            match step {
                Step::Say(text) => self.line("agent:", text, spec.turn_chars),
                Step::Think(_) => {}
                Step::Act(action) => self.action(session, action, spec),
                Step::Note(note) => self.note(note, spec),
            }
        }
    }

    fn action(&mut self, session: &Session, action: &Action, spec: &ViewSpec) {
        let limit = spec.action_chars.min(spec.turn_chars);
        let answered = action.reply.as_ref().is_some_and(|reply| reply.kind == ReplyKind::Answered);
        // Answers say nothing without their questions.
        let input_limit = if answered { spec.turn_chars } else { limit };
        self.line("action", &format!("{} {}", action.tool, action.input), input_limit);
        let status = match action.status {
            ActionStatus::Done => "ok",
            ActionStatus::Error => "error",
            ActionStatus::Refused => "refused by the user",
            ActionStatus::Missing => "none recorded",
        };
        if let Some(result) = result_without_reply(action) {
            self.line(&format!("result ({status}):"), result, limit);
        }
        if let Some(reply) = &action.reply {
            let done = match reply.kind {
                ReplyKind::Answered => "answering",
                ReplyKind::PlanApproved => "approving the plan",
                ReplyKind::PlanRefused => "refusing the plan",
                ReplyKind::Refused => "refusing the call",
                ReplyKind::Allowed => "allowing the call",
            };
            let last =
                reply.kind == ReplyKind::PlanRefused && session.actions().last().is_some_and(|last| last == action);
            let words = match reply.text.as_str() {
                "" if last => WITHOUT_A_WORD_AT_THE_END,
                "" => "(without a word)",
                words => words,
            };
            self.line(&format!("user ({done}):"), words, spec.turn_chars);
        }
    }

    fn note(&mut self, note: &Note, spec: &ViewSpec) {
        let (start, text) = match note {
            Note::Interrupted => ("note: the user interrupted the agent", ""),
            Note::Compacted(summary) => {
                ("note: the conversation was compacted; summary written by the agent:", summary.as_str())
            }
            Note::ApiError(message) => ("note: the provider failed:", message.as_str()),
            Note::HumanShell(command) => ("note: the user ran in a shell:", command.as_str()),
            Note::PullRequest(address) => ("note: a pull request belongs to this session:", address.as_str()),
            Note::ServerTool(call) => ("note: the provider ran a tool while the agent answered:", call.as_str()),
        };
        self.line(start, text, spec.turn_chars);
    }

    fn line(&mut self, start: &str, text: &str, limit: usize) {
        let text = plain(text.trim());
        self.text.push_str(start);
        let separator = if text.is_empty() { "" } else { " " };
        self.text.push_str(separator);
        if let Some(cut) = cut::middle(&text, limit, CUT_MARK_CHARS) {
            self.cut_messages += 1;
            self.cut_chars += cut.removed;
            let mark = format!("[... {} characters of this message left out ...]", cut.removed);
            let mark: String = mark.chars().take(limit).collect();
            self.indented(&[cut.head, &mark, cut.tail].concat());
        } else {
            self.indented(&text);
        }
        self.text.push('\n');
    }

    fn indented(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            self.text.push_str(match index {
                0 => "",
                _ if line.is_empty() => "\n",
                _ => "\n  ",
            });
            self.text.push_str(line);
        }
    }
}

/// The result of a call without the person's reply; none where the reply is all of it.
fn result_without_reply(action: &Action) -> Option<&str> {
    let result = action.result.as_str();
    match &action.reply {
        Some(Reply { kind: ReplyKind::Answered | ReplyKind::Refused | ReplyKind::PlanRefused, .. }) => None,
        Some(Reply { text, .. }) if !text.is_empty() => {
            let rest = result.trim_end().strip_suffix(text.as_str());
            Some(rest.map_or(result, |rest| rest.trim_end().trim_end_matches("The user said:")))
        }
        _ => Some(result),
    }
}

/// `text` with one kind of line break, and without control characters and terminal escapes.
fn plain(text: &str) -> Cow<'_, str> {
    // What is replaced below begins with a C0 control, DEL, or the first byte of C1 controls or of the separators.
    let is_plain = |byte: u8| !matches!(byte, ..b' ' | 0x7f | 0xc2 | 0xe2) || matches!(byte, b'\n' | b'\t');
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            // A terminal escape runs from ESC [ to a letter.
            '\u{1b}' if chars.next_if_eq(&'[').is_some() => {
                while chars.next_if(|next| next.is_ascii_digit() || matches!(next, ';' | '?')).is_some() {}
                let _ = chars.next_if(char::is_ascii_alphabetic);
            }
            '\n' | '\t' => out.push(char),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}
