//! Removing secrets and personal names from text, before it is stored or used.
//!
//! What is masked is listed in `secrets.rs`, one entry a kind. Kept on purpose: addresses of machines (`git@...`,
//! `noreply@...`) and of documentation (`...@example.com`), and home folders of nobody (`/home/runner`). Not found: names
//! of people in running text, and passwords under eight characters or without a digit.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::{Regex, RegexSet};
use serde_json::Value;

use crate::session::{Note, Session, Step};

use super::secrets::{KINDS, Kind, looks_random, masked, secret_name};

/// How many secrets of each kind were removed.
pub type ScrubCounts = BTreeMap<&'static str, u64>;

/// Compiled patterns, shared by all scrubbers.
struct Patterns {
    hints: RegexSet,
    kinds: Vec<(&'static Kind, Regex)>,
    secret_name: Regex,
}

#[expect(clippy::expect_used, reason = "the patterns are constants; a test compiles them")]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| Patterns {
    hints: RegexSet::new(KINDS.iter().map(|kind| kind.hint)).expect("hints compile"),
    kinds: KINDS.iter().map(|kind| (kind, Regex::new(kind.pattern).expect("patterns compile"))).collect(),
    secret_name: Regex::new(secret_name()).expect("pattern of names compiles"),
});

/// Finds and masks secrets: keys, private key blocks, JWTs, database URLs, e-mail addresses, home-folder names.
#[derive(Debug)]
pub struct Scrubber;

impl Scrubber {
    /// The built-in patterns.
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// Masks every secret in `text`, adding to `counts`; scrubbing the result again changes nothing.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str, counts: &mut ScrubCounts) -> Cow<'t, str> {
        let mut scrubbed = Cow::Borrowed(text);
        // A mask may end a word before another secret and so uncover it; every round leaves less unmasked text.
        while let Some(next) = scrub_once(&scrubbed, counts) {
            scrubbed = Cow::Owned(next);
        }
        scrubbed
    }

    /// Masks every secret in every string of `session`, tool inputs and results included.
    ///
    /// Untouched are identifiers (`id`, action ids, checkpoints), the pseudonym of the person, and times.
    pub fn session(&self, session: &mut Session, counts: &mut ScrubCounts) {
        self.replace(&mut session.file, counts);
        let names = [&mut session.project, &mut session.entrypoint, &mut session.slug];
        for name in names.into_iter().flatten() {
            self.replace(name, counts);
        }
        for name in session.agent_versions.iter_mut().chain(&mut session.models).chain(&mut session.permission_modes) {
            self.replace(name, counts);
        }
        self.replace(&mut session.scope_rule, counts);
        if let Some(recorder) = &mut session.recorder {
            let names = [&mut recorder.agent, &mut recorder.branch].into_iter().flatten();
            names.chain(&mut recorder.files_touched).for_each(|name| self.replace(name, counts));
        }
        for map in [&mut session.losses.unknown_records, &mut session.losses.excluded_prompts] {
            let mut scrubbed = BTreeMap::new();
            for (key, count) in std::mem::take(map) {
                *scrubbed.entry(self.text(&key, counts).into_owned()).or_default() += count;
            }
            *map = scrubbed;
        }
        self.steps(&mut session.preamble, counts);
        let branches = session.dead_branches.iter_mut().flat_map(|branch| &mut branch.turns);
        for turn in session.turns.iter_mut().chain(branches) {
            self.replace(&mut turn.prompt, counts);
            self.steps(&mut turn.steps, counts);
        }
    }

    fn steps(&self, steps: &mut [Step], counts: &mut ScrubCounts) {
        for step in steps {
            match step {
                Step::Say(text) | Step::Think(text) => self.replace(text, counts),
                Step::Note(
                    Note::Compacted(text) | Note::ApiError(text) | Note::HumanShell(text) | Note::PullRequest(text),
                ) => {
                    self.replace(text, counts);
                }
                Step::Note(Note::Interrupted) => {}
                Step::Act(action) => {
                    self.replace(&mut action.tool, counts);
                    self.value(&mut action.input, counts);
                    self.replace(&mut action.result, counts);
                    if let Some(reply) = &mut action.reply {
                        self.replace(&mut reply.text, counts);
                    }
                }
            }
        }
    }

    fn value(&self, value: &mut Value, counts: &mut ScrubCounts) {
        match value {
            Value::String(text) => self.replace(text, counts),
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item, counts)),
            Value::Object(entries) => {
                for (key, mut item) in std::mem::take(entries) {
                    match &mut item {
                        // Key and value stand apart here, where the pattern of assignments cannot see both.
                        Value::String(text) if PATTERNS.secret_name.is_match(&key) && looks_random(text) => {
                            "[secret:assignment]".clone_into(text);
                            *counts.entry("assignment").or_default() += 1;
                        }
                        _ => self.value(&mut item, counts),
                    }
                    entries.insert(self.text(&key, counts).into_owned(), item);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn replace(&self, text: &mut String, counts: &mut ScrubCounts) {
        if let Cow::Owned(scrubbed) = self.text(text, counts) {
            *text = scrubbed;
        }
    }
}

impl Default for Scrubber {
    fn default() -> Self {
        Self::new()
    }
}

/// One round over all kinds; nothing where nothing was found.
fn scrub_once(text: &str, counts: &mut ScrubCounts) -> Option<String> {
    let mut scrubbed: Option<String> = None;
    for index in PATTERNS.hints.matches(text) {
        let (kind, pattern) = &PATTERNS.kinds[index];
        if let Some(next) = mask_kind(scrubbed.as_deref().unwrap_or(text), kind, pattern, counts) {
            scrubbed = Some(next);
        }
    }
    scrubbed
}

fn mask_kind(text: &str, kind: &Kind, pattern: &Regex, counts: &mut ScrubCounts) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    for captures in pattern.captures_iter(text) {
        let Some(range) = masked(&captures).filter(|range| (kind.is_secret)(&text[range.clone()])) else { continue };
        out.push_str(&text[copied..range.start]);
        out.push_str(kind.mask);
        copied = range.end;
        *counts.entry(kind.name).or_default() += 1;
    }
    (copied > 0).then(|| out + &text[copied..])
}

#[cfg(test)]
#[path = "scrub_tests.rs"]
mod tests;
