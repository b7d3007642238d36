//! Reading a file of rules, and proving each rule on the examples that stand beside it.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::scrub::{ScrubCounts, Scrubber};
use super::secrets::{Rule, Rules};

/// The built-in rules.
pub(super) const BUILT_IN: &str = include_str!("secrets.yaml");

/// Ways to write made-up characters in an example, each with the characters that are repeated.
const MADE_UP: [(&str, &str); 5] = [
    ("", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6"),
    ("lower", "a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6q7r8s9t0u1v2w3x4y5z6"),
    ("upper", "A2B3C4D5E6F7G2H3I4J5K6L7M2N3O4P5Q6R7S2T3U4V5W6X7"),
    ("hex", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"),
    ("digit", "1234567890"),
];

/// A rule that cannot be used as it is written.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The file is not what rules are written in.
    #[error("{file}: {what}")]
    File {
        /// Name of the file.
        file: String,
        /// What is wrong, with its line.
        what: String,
    },
    /// One rule is wrong, or does not do what its examples say.
    #[error("{file}: rule `{rule}`: {what}")]
    Rule {
        /// Name of the file.
        file: String,
        /// Id of the rule.
        rule: String,
        /// What is wrong and how to mend it.
        what: String,
    },
}

/// The rules of a file's `text`, not yet proved.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    serde_saphyr::from_str(text).map_err(|error| {
        let error = error.without_snippet();
        let line = error.location().map_or_else(String::new, |location| format!("line {}: ", location.line()));
        RuleError::File { file: file.to_owned(), what: format!("{line}{error}") }
    })
}

/// Proves every rule: it compiles, finds and spares what its examples say, and leaves masks alone.
pub(super) fn prove(file: &str, rules: Vec<Rule>) -> Result<Scrubber, RuleError> {
    for rule in &rules {
        well_formed(rule).map_err(|what| wrong(file, rule, what))?;
    }
    let scrubber = Scrubber::of(Rules::new(rules));
    for rule in scrubber.rules() {
        on_examples(rule, &scrubber).map_err(|what| wrong(file, rule, what))?;
    }
    Ok(scrubber)
}

fn wrong(file: &str, rule: &Rule, what: String) -> RuleError {
    RuleError::Rule { file: file.to_owned(), rule: rule.id.clone(), what }
}

fn well_formed(rule: &Rule) -> Result<(), String> {
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if !is_id(&rule.id) {
        return Err(
            "an id has lower-case letters and hyphens only, so that its mask is never taken for a secret".into()
        );
    }
    if rule.about.is_empty() {
        return Err("`about` is empty; say in a few words what the secret is".into());
    }
    if rule.keywords.is_empty() {
        return Err(
            "it has no keywords, so it would never be tried; name a text that stands in every such secret".into()
        );
    }
    if let Some(word) = rule.keywords.iter().find(|word| !word.is_ascii() || matches!(word.len(), 0 | 2)) {
        return Err(format!("the keyword `{word}` must be ASCII, and one byte or at least three"));
    }
    let mask = rule.mask();
    if !(mask.len() > 2 && mask.starts_with('[') && mask.ends_with(']')) {
        return Err(format!("its mask `{mask}` must be a word in square brackets, so that it is known again"));
    }
    if let Some(error) = rule.compile_error() {
        return Err(format!("a pattern does not compile: {error}"));
    }
    if rule.finds.is_empty() || rule.spares.is_empty() {
        return Err("it needs at least one example under `finds` and one under `spares`".into());
    }
    Ok(())
}

fn on_examples(rule: &Rule, scrubber: &Scrubber) -> Result<(), String> {
    let mask = rule.mask();
    if scrubber.text(&mask, &mut ScrubCounts::new()) != mask {
        return Err(format!("its mask `{mask}` is itself taken for a secret"));
    }
    for example in &rule.finds {
        let (text, expected) = example_of(example, &mask)
            .ok_or_else(|| format!("`{example}` under `finds` marks no secret with « and »"))?;
        let mut counts = ScrubCounts::new();
        let became = scrubber.text(&text, &mut counts);
        if became != expected || !counts.contains_key(&rule.id) {
            return Err(format!("`{text}` under `finds` became `{became}`, not `{expected}`; counted {counts:?}"));
        }
    }
    for example in &rule.spares {
        let text = made_up(example);
        let became = scrubber.text(&text, &mut ScrubCounts::new());
        if became != text {
            return Err(format!("`{text}` under `spares` became `{became}`"));
        }
    }
    Ok(())
}

/// The text of an example with « and », and what it is to become; nothing where no secret is marked.
pub(super) fn example_of(example: &str, mask: &str) -> Option<(String, String)> {
    let mut text = String::new();
    let mut expected = String::new();
    let mut parts = example.split('«');
    let first = made_up(parts.next()?);
    text.push_str(&first);
    expected.push_str(&first);
    for part in parts {
        let (secret, rest) = part.split_once('»')?;
        let rest = made_up(rest);
        text.push_str(&made_up(secret));
        text.push_str(&rest);
        expected.push_str(mask);
        expected.push_str(&rest);
    }
    (text != expected).then_some((text, expected))
}

/// `example` with made-up characters in place of `{24}`, `{hex:32}`, ...: so the file itself holds no whole key.
pub(super) fn made_up(example: &str) -> String {
    #[expect(clippy::expect_used, reason = "the pattern is a constant")]
    static NOTATION: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{(?:(lower|upper|hex|digit):)?([0-9]{1,3})\}").expect("pattern compiles"));
    let characters = |captures: &Captures| {
        let kind = captures.get(1).map_or("", |kind| kind.as_str());
        let characters = MADE_UP.iter().find(|(name, _)| *name == kind).map_or("", |(_, characters)| characters);
        let count = captures[2].parse().unwrap_or_default();
        characters.chars().cycle().take(count).collect::<String>()
    };
    NOTATION.replace_all(example, characters).into_owned()
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
