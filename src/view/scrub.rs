//! Removing secrets and personal names from text, before it is stored or used.
//!
//! What is masked is data: `secrets.yaml`, described in `docs/scrubbing.md`, which also says what is not found.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value};

use crate::session::{Note, Session, Step};

use super::secrets::{Rule, Rules, Secret};
use super::secrets_file::{self, BUILT_IN, RuleError};

/// How many secrets of each kind were removed.
pub type ScrubCounts = BTreeMap<String, u64>;

/// Characters that are kept of the name of something that a reader does not know.
const LONGEST_NAME: usize = 40;

#[expect(clippy::expect_used, reason = "the built-in rules are a constant; a test reads and proves them")]
static BUILT_IN_RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    Arc::new(Rules::new(secrets_file::parse("secrets.yaml", BUILT_IN).expect("built-in rules can be read")))
});

/// Finds and masks secrets: keys, private key blocks, JWTs, database URLs, e-mail addresses, home-folder names.
#[derive(Debug, Clone)]
pub struct Scrubber {
    rules: Arc<Rules>,
}

impl Scrubber {
    /// The built-in rules.
    #[must_use]
    pub fn new() -> Self {
        Self { rules: Arc::clone(&BUILT_IN_RULES) }
    }

    /// The rules of a file's `text` instead of the built-in ones; `file` is its name in errors.
    ///
    /// # Errors
    ///
    /// Where the text is not a list of rules, a rule cannot be used, or a rule does not do what its own examples say.
    pub fn with_rules(file: &str, text: &str) -> Result<Self, RuleError> {
        secrets_file::prove(file, secrets_file::parse(file, text)?)
    }

    pub(super) fn of(rules: Rules) -> Self {
        Self { rules: Arc::new(rules) }
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules.all
    }

    /// Masks every secret in `text`, adding to `counts`; scrubbing the result again changes nothing.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str, counts: &mut ScrubCounts) -> Cow<'t, str> {
        let mut scrubbed = Cow::Borrowed(text);
        // A mask may end a word before another secret and so uncover it; every round leaves less unmasked text.
        loop {
            let found = self.rules.find(&scrubbed);
            if found.is_empty() {
                return scrubbed;
            }
            scrubbed = Cow::Owned(self.masked(&scrubbed, &found, counts));
        }
    }

    fn masked(&self, text: &str, found: &[Secret], counts: &mut ScrubCounts) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut copied = 0;
        for Secret { rule, range } in found {
            masked.push_str(&text[copied..range.start]);
            masked.push_str(&self.rules.masks[*rule]);
            copied = range.end;
            self.count(*rule, counts);
        }
        masked.push_str(&text[copied..]);
        masked
    }

    fn count(&self, rule: usize, counts: &mut ScrubCounts) {
        let id = &self.rules.all[rule].id;
        match counts.get_mut(id) {
            Some(count) => *count += 1,
            None => {
                counts.insert(id.clone(), 1);
            }
        }
    }

    /// Masks every secret in every string of `session`, tool inputs and results included.
    ///
    /// Names of unknown records are cut to 40 characters. Untouched are identifiers (`id`, action ids, checkpoints), the
    /// pseudonym of the person, and times.
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
                // Cut only now: of half a secret nothing tells that it is one.
                let name = self.text(&key, counts).chars().take(LONGEST_NAME).collect();
                *scrubbed.entry(name).or_default() += count;
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
                    Note::Compacted(text)
                    | Note::ApiError(text)
                    | Note::HumanShell(text)
                    | Note::PullRequest(text)
                    | Note::ServerTool(text),
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
            Value::Object(entries) => self.entries(entries, counts),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn entries(&self, entries: &mut Map<String, Value>, counts: &mut ScrubCounts) {
        let mut names = Vec::new();
        for (place, (name, item)) in entries.iter_mut().enumerate() {
            match item {
                Value::String(text) => match self.rules.secret_name(name, text) {
                    // Name and value stand apart here, where the pattern of assignments cannot see both.
                    Some(rule) => {
                        text.clone_from(&self.rules.masks[rule]);
                        self.count(rule, counts);
                    }
                    None => self.replace(text, counts),
                },
                other => self.value(other, counts),
            }
            if let Cow::Owned(scrubbed) = self.text(name, counts) {
                names.push((place, scrubbed));
            }
        }
        if names.is_empty() {
            return;
        }
        let mut names = names.into_iter().peekable();
        for (place, (name, item)) in std::mem::take(entries).into_iter().enumerate() {
            let name = names.next_if(|(other, _)| *other == place).map_or(name, |(_, scrubbed)| scrubbed);
            entries.insert(free_name(name, entries), item);
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

/// `name`, with a number where a field has it already: two names may become equal, and no value is to be lost.
fn free_name(name: String, entries: &Map<String, Value>) -> String {
    let numbered = (2..).map(|number| format!("{name} ({number})"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !entries.contains_key(name));
    free.unwrap_or(name)
}

#[cfg(test)]
#[path = "scrub_tests.rs"]
mod tests;
