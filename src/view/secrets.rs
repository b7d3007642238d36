//! What counts as a secret: rules kept as data in `secrets.yaml`, and the search for what they describe.
//!
//! A rule is tried only where one of its keywords stands, and its pattern has to match right there; so the time depends on
//! the length of the text and the number of keywords in it, not on the number of rules.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input, PatternID};
use serde::Deserialize;

use super::secrets_keywords::Keywords;

/// A secret shorter than this is none, whatever a rule says.
const SHORTEST: usize = 6;

/// How many bytes before a keyword are looked at, where the rule does not tell.
const REACH: usize = 64;

/// One rule, as it is written in the file of rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Kind of secret: its name in counts and masks. Rules with the same id are one kind.
    pub id: String,
    /// What it is, for people.
    pub about: String,
    /// Texts, in any case, one of which stands where `regex` begins to match.
    pub keywords: Vec<String>,
    /// Pattern from the keyword on. The group `s` is masked, else everything.
    pub regex: String,
    /// Pattern of what stands right before the keyword; its group `s` is masked too. Without it the keyword begins a word.
    #[serde(default)]
    pub left: Option<String>,
    /// How many bytes `left` may look back.
    #[serde(default)]
    pub reach: Option<usize>,
    /// What stands in place of the secret, where it is not `[secret:ID]`.
    #[serde(default)]
    pub mask: Option<String>,
    /// A last look at the secret, by code.
    #[serde(default)]
    pub check: Option<Check>,
    /// Bits a byte that the secret must have at least.
    #[serde(default)]
    pub entropy: Option<f64>,
    /// Patterns of what is spared though it looks like such a secret.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Whole texts, in any case, that are spared.
    #[serde(default)]
    pub allow_words: Vec<String>,
    /// The keywords are also names of fields of a tool's input, whose value is then such a secret.
    #[serde(default)]
    pub names: bool,
    /// Texts in which the rule finds what stands between « and »; `{24}`, `{hex:32}`, ... stand for made-up characters.
    pub finds: Vec<String>,
    /// Texts that look alike, and stay.
    pub spares: Vec<String>,
    #[serde(skip)]
    compiled: OnceLock<Patterns>,
}

/// Names of checks that a rule may ask for.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Check {
    /// A letter and a digit.
    LetterAndDigit,
    /// See [`looks_random`].
    LooksRandom,
}

/// Why a pattern is refused that compiles.
const ONLY_GROUP: &str = "a pattern has no group but `s`; write the others as (?:...)";

#[derive(Debug)]
struct Patterns {
    regex: Regex,
    left: Option<Regex>,
    allow: Option<Regex>,
}

/// A secret in a text.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    pub rule: usize,
    pub range: Range<usize>,
}

impl Rule {
    /// What stands in place of the secret.
    pub(super) fn mask(&self) -> String {
        self.mask.clone().unwrap_or_else(|| format!("[secret:{}]", self.id))
    }

    /// Whether the secret is one by all that the rule asks for besides its pattern.
    fn is_secret(&self, secret: &str) -> bool {
        let checked = match self.check {
            None => true,
            Some(Check::LetterAndDigit) => has_letter_and_digit(secret),
            Some(Check::LooksRandom) => looks_random(secret),
        };
        checked
            && self.entropy.is_none_or(|least| entropy(secret) >= least)
            && !self.allow_words.iter().any(|word| is_same_word(word, secret))
            && self.patterns().allow.as_ref().is_none_or(|allow| !allow.is_match(secret))
    }

    #[expect(
        clippy::expect_used,
        reason = "a test compiles the built-in rules; others are compiled when they are read"
    )]
    fn patterns(&self) -> &Patterns {
        self.compiled.get_or_init(|| self.compile().expect("patterns compile"))
    }

    fn compile(&self) -> Result<Patterns, String> {
        let left = self.left.as_ref().filter(|left| !left.is_empty());
        let allow = (!self.allow.is_empty()).then(|| format!("(?:{})", self.allow.join(")|(?:")));
        let pattern = |text: &str| {
            let regex = Regex::new(text)
                .map_err(|error| error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string))?;
            let names: Vec<_> = regex.group_info().pattern_names(PatternID::ZERO).skip(1).collect();
            if names.iter().all(|name| *name == Some("s")) { Ok(regex) } else { Err(ONLY_GROUP.to_owned()) }
        };
        Ok(Patterns {
            regex: pattern(&self.regex)?,
            left: left.map(|left| pattern(&format!(r"(?:{left})\z"))).transpose()?,
            allow: allow.map(|allow| pattern(&allow)).transpose()?,
        })
    }

    /// The pattern that does not compile, if there is one, and why.
    pub(super) fn compile_error(&self) -> Option<String> {
        self.compile().err()
    }

    /// End of the match that begins with the keyword at `at`, and what of it is to be masked.
    fn match_at(&self, text: &str, at: usize) -> Option<(Range<usize>, usize)> {
        if self.left.is_none() && is_in_word(text, at) {
            return None;
        }
        let patterns = self.patterns();
        let (whole, masked) = search(&patterns.regex, &Input::new(text).range(at..).anchored(Anchored::Yes))?;
        let mut secret = masked.unwrap_or_else(|| whole.clone());
        if let Some(left) = &patterns.left {
            let input = Input::new(&text[..at]).range(at.saturating_sub(self.reach.unwrap_or(REACH))..);
            let (_, masked) = search(left, &input)?;
            if left.captures_len() > 1 {
                secret.start = masked?.start;
            }
        }
        Some((secret, whole.end))
    }
}

/// Where a pattern matches, and where its group `s` does, where it has one.
fn search(regex: &Regex, input: &Input<'_>) -> Option<(Range<usize>, Option<Range<usize>>)> {
    let mut slots = [None; 4];
    regex.search_slots(input, &mut slots)?;
    let [start, end, group_start, group_end] = slots.map(|slot| slot.map(NonMaxUsize::get));
    Some((start?..end?, group_start.zip(group_end).map(|(start, end)| start..end)))
}

/// Rules, and the keywords by which they are found.
#[derive(Debug)]
pub(super) struct Rules {
    pub all: Vec<Rule>,
    /// What stands in place of a secret, by rule.
    pub masks: Vec<String>,
    keywords: Keywords,
}

impl Rules {
    pub(super) fn new(all: Vec<Rule>) -> Self {
        let pairs =
            all.iter().zip(0..).flat_map(|(rule, index)| rule.keywords.iter().map(move |word| (&**word, index)));
        let keywords = Keywords::new(pairs);
        let masks = all.iter().map(Rule::mask).collect();
        Self { all, masks, keywords }
    }

    /// The secrets in `text`, in their order and apart from each other; of those that overlap, the one of the earlier rule.
    pub(super) fn find(&self, text: &str) -> Vec<Secret> {
        let mut found = Vec::new();
        if text.len() < SHORTEST {
            return found;
        }
        // Per rule, the end of its last match: the next one begins after it.
        let mut ends: Vec<(usize, usize)> = Vec::new();
        self.keywords.each(text, |rule, at| {
            if ends.iter().any(|(other, end)| *other == rule && at < *end) {
                return;
            }
            let Some((range, end)) = self.all[rule].match_at(text, at) else { return };
            match ends.iter_mut().find(|(other, _)| *other == rule) {
                Some((_, last)) => *last = end,
                None => ends.push((rule, end)),
            }
            let secret = &text[range.clone()];
            if !range.is_empty() && !self.is_masked(secret) && self.all[rule].is_secret(secret) {
                found.push(Secret { rule, range });
            }
        });
        found.sort_unstable_by_key(|secret| secret.range.start);
        let is_apart = found.is_sorted_by(|one, next| one.range.end <= next.range.start);
        if is_apart { found } else { apart(found) }
    }

    /// The rule by which the value of a field of this name is a secret.
    pub(super) fn secret_name(&self, name: &str, value: &str) -> Option<usize> {
        let mut named = None;
        self.keywords.each(name, |rule, _| {
            if self.all[rule].names {
                named = Some(rule);
            }
        });
        named.filter(|rule| value.len() >= SHORTEST && !self.is_masked(value) && self.all[*rule].is_secret(value))
    }

    /// What was masked stays: so that no rule masks forever.
    fn is_masked(&self, text: &str) -> bool {
        text.contains('[') && self.masks.iter().any(|mask| text.contains(&**mask))
    }
}

/// Of secrets that overlap, those of the earlier rules.
fn apart(mut found: Vec<Secret>) -> Vec<Secret> {
    found.sort_by_key(|secret| (secret.rule, secret.range.start));
    let mut chosen = std::collections::BTreeMap::<usize, Secret>::new();
    for secret in found {
        let before = chosen.range(..secret.range.end).next_back();
        if before.is_none_or(|(_, other)| other.range.end <= secret.range.start) {
            chosen.insert(secret.range.start, secret);
        }
    }
    chosen.into_values().collect()
}

fn is_in_word(text: &str, at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text.as_bytes()[before]);
    before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_same_word(word: &str, text: &str) -> bool {
    word.len() == text.len() && word.eq_ignore_ascii_case(text)
}

fn has_letter_and_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// At least eight characters with a letter, a digit and 2.75 bits a character, and neither a path nor an identifier.
pub(super) fn looks_random(value: &str) -> bool {
    let is_name = |part: &str| part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let is_file_path = value.contains('/') && value.contains('.');
    let is_identifier_path = value.contains('.') && value.split('.').all(is_name) && !value.contains(['+', '/', '=']);
    value.len() >= 8
        && !value.starts_with(['$', '%', '*', '/', '.', '~'])
        && !is_file_path
        && !is_identifier_path
        && has_letter_and_digit(value)
        && entropy(value) >= 2.75
}

/// Shannon entropy of the bytes of `text`, in bits a byte.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in text.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / total)
        .map(|share| -share * share.log2())
        .sum()
}
