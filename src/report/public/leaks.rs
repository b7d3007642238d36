//! Whether anything of the sessions stands in a report: runs of their words, and their names.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::corpus::SessionRow;
use crate::report::error::ReportError;
use crate::report::inputs::Floors;
use crate::session::Session;

use super::check::{Breach, ending};
use super::forms;
use super::model::{PublicReport, PublicSample, Rounding};
use super::vocabulary::Vocabulary;

/// Words in a row that are looked for.
const WORDS: usize = 5;

/// Fewest words of a whole prompt that is looked for where it stands alone in a cell or line.
const SHORT: usize = 3;

/// Fewest letters of a name that is looked for.
const NAME: usize = 4;

/// Letters from here on are words by themselves: East Asian text does not part its words.
const EAST: char = '\u{2e80}';

/// Where something stands.
#[derive(Debug, Clone)]
struct Place {
    file: String,
    line: usize,
}

/// What stands in a report and is not its own, to be looked for in sessions one by one.
#[derive(Debug, Default)]
pub struct Leaks {
    /// Runs of [`WORDS`] words.
    runs: HashMap<u64, (Place, String)>,
    /// Whole cells and lines of fewer words.
    cells: HashMap<Vec<String>, Place>,
    /// Words and names with their signs.
    tokens: HashMap<String, Place>,
    /// Tokens that the program says itself.
    own: HashSet<String>,
    hidden: HashSet<String>,
    found: Vec<Breach>,
}

/// The words of `text`: letters only, small.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_alphabetic() && letter < EAST {
            word.extend(letter.to_lowercase());
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphabetic() {
            words.push(letter.to_string());
        }
    }
    words
}

/// The parts of a line that belong together: text between tags, cells, fields.
fn segments(line: &str) -> impl Iterator<Item = String> + '_ {
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "'"),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    line.split(['<', '>', '|', '"', '{', '}', '\t']).map(move |part| {
        let mut part = part.to_owned();
        for (mark, letter) in marks {
            if part.contains('&') {
                part = part.replace(mark, letter);
            }
        }
        part
    })
}

/// Names and words with their signs, whole and by the parts of paths.
fn tokens(segment: &str) -> impl Iterator<Item = &str> {
    let is_inside = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.' | '@' | '/' | '\\');
    let whole = segment.split(move |letter| !is_inside(letter)).map(|token| token.trim_matches(['.', '-', '/']));
    whole
        .flat_map(|token| token.split(['/', '\\']).chain(token.contains(['/', '\\']).then_some(token)))
        .filter(|token| token.len() >= NAME)
}

fn hash(run: &[String]) -> u64 {
    let mut hasher = DefaultHasher::new();
    run.hash(&mut hasher);
    hasher.finish()
}

/// What the program says of itself, whatever the numbers are.
fn own_text(vocabulary: &Vocabulary) -> Result<String, ReportError> {
    let mut all: Vec<String> = vocabulary.phrases().map(str::to_owned).collect();
    for persons_known in [true, false] {
        for label in [None, Some("synthetic".to_owned())] {
            let bare = PublicReport {
                version: 1,
                assize: env!("CARGO_PKG_VERSION").to_owned(),
                corrected: label.is_some(),
                data_label: label,
                rounding: Rounding { counts: 5, percent: 1 },
                floors: Floors::default(),
                sample: PublicSample { sessions: None, persons: None, persons_known, from: None, to: None },
                judges: Vec::new(),
                tables: Vec::new(),
            };
            all.extend([forms::html(&bare)?, forms::markdown(&bare)?]);
        }
    }
    all.extend([include_str!("../assets/public.html.j2"), include_str!("../assets/public.md.j2")].map(str::to_owned));
    all.push(forms::COLUMNS.join("\n"));
    Ok(all.join("\n"))
}

impl Leaks {
    /// What of `files` (name and text of each) could be of a session.
    ///
    /// # Errors
    /// When an empty report cannot be drawn, which is an error in assize.
    pub fn of(files: &[(String, String)], vocabulary: &Vocabulary) -> Result<Self, ReportError> {
        let mut leaks = Self::default();
        let (mut known, mut cells) = (HashSet::new(), HashSet::new());
        for line in own_text(vocabulary)?.lines() {
            for segment in segments(line) {
                let words = words(&segment);
                known.extend(words.windows(WORDS).map(hash));
                leaks.own.extend(tokens(&segment).map(str::to_lowercase));
                cells.insert(words);
            }
        }
        for (file, text) in files {
            let is_csv = ending(file) == "csv";
            for (number, line) in text.lines().enumerate() {
                let place = Place { file: file.clone(), line: number + 1 };
                let parts = segments(line).flat_map(|segment| {
                    let parts: Vec<String> =
                        if is_csv { segment.split(',').map(str::to_owned).collect() } else { vec![segment] };
                    parts
                });
                for part in parts {
                    let words = words(&part);
                    for run in words.windows(WORDS) {
                        let hash = hash(run);
                        if !known.contains(&hash) {
                            leaks.runs.entry(hash).or_insert_with(|| (place.clone(), run.join(" ")));
                        }
                    }
                    for token in tokens(&part) {
                        if !leaks.own.contains(&token.to_lowercase()) && !leaks.tokens.contains_key(token) {
                            leaks.tokens.insert(token.to_owned(), place.clone());
                        }
                    }
                    if (SHORT..WORDS).contains(&words.len()) && !cells.contains(&words) {
                        leaks.cells.entry(words).or_insert_with(|| place.clone());
                    }
                }
            }
        }
        Ok(leaks)
    }

    /// Looks for `name`, which is `what`.
    pub fn name(&mut self, what: &str, name: &str) {
        if name.len() < NAME {
            return;
        }
        if self.own.contains(&name.to_lowercase()) {
            self.hidden.insert(name.to_owned());
        } else if let Some(place) = self.tokens.get(name) {
            self.found.push(Breach::new(&place.file, format!("line {}", place.line), format!("{what}: {name}")));
        }
    }

    /// Looks for the names of a session.
    pub fn row(&mut self, row: &SessionRow) {
        self.name("a session id", &row.id);
        self.name("a hash of a session", &row.content_hash);
        for (what, name) in [("a pseudonym of a person", &row.person), ("a project", &row.project)] {
            if let Some(name) = name {
                self.name(what, name);
            }
        }
        for part in row.file.split('/') {
            self.name("a part of a session's path", part);
            if let Some((stem, _)) = part.rsplit_once('.') {
                self.name("a part of a session's path", stem);
            }
        }
    }

    /// Looks for the text of a session: any five words in a row of it, and prompts of three or four words.
    pub fn session(&mut self, session: &Session) {
        if let Some(slug) = &session.slug {
            self.name("the name of a plan", slug);
        }
        for turn in &session.turns {
            let prompt = words(&turn.prompt);
            if let Some(place) = self.cells.get(&prompt) {
                let what = format!("a prompt of session {}: {}", session.id, prompt.join(" "));
                self.found.push(Breach::new(&place.file, format!("line {}", place.line), what));
            }
        }
        if self.runs.is_empty() {
            return;
        }
        let mut found = Vec::new();
        if let Ok(value) = serde_json::to_value(session) {
            self.search(&value, &session.id, &mut found);
        }
        self.found.extend(found);
    }

    fn search(&self, value: &Value, session: &str, found: &mut Vec<Breach>) {
        match value {
            Value::String(text) => {
                for run in words(text).windows(WORDS) {
                    if let Some((place, text)) = self.runs.get(&hash(run)) {
                        let what = format!("text of session {session}: {text}");
                        found.push(Breach::new(&place.file, format!("line {}", place.line), what));
                    }
                }
            }
            Value::Array(all) => all.iter().for_each(|one| self.search(one, session, found)),
            Value::Object(all) => all.values().for_each(|one| self.search(one, session, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What was found, and how many names are words that a report says itself, so that nothing can be told of them.
    #[must_use]
    pub fn finish(mut self) -> (Vec<Breach>, usize) {
        self.found.sort();
        self.found.dedup();
        (self.found, self.hidden.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Format, PromptKind, Turn};

    fn leaks(text: &str) -> Leaks {
        let vocabulary = Vocabulary::of(&[]).unwrap();
        Leaks::of(&[("report.html".to_owned(), text.to_owned())], &vocabulary).unwrap()
    }

    fn session(prompts: &[&str]) -> Session {
        let mut session = Session::new("0d8f4c1e-77aa".to_owned(), "p/x.jsonl".to_owned(), Format::ClaudeCode);
        session.turns.extend(prompts.iter().map(|prompt| Turn::new(1, PromptKind::Typed, (*prompt).to_owned(), None)));
        session
    }

    #[test]
    fn words_of_a_session_are_found_whatever_stands_between_them() {
        let mut leaks = leaks("<p>Group</p>\n<th>Please, rotate the 12 staging certificates!</th>");
        leaks.session(&session(&["could you please rotate the staging certificates before noon"]));
        let (found, _) = leaks.finish();
        let place: Vec<_> = found.iter().map(|breach| (breach.place.as_str(), breach.what.as_str())).collect();
        assert_eq!(place, [("line 2", "text of session 0d8f4c1e-77aa: please rotate the staging certificates")]);
    }

    #[test]
    fn short_prompts_and_east_asian_text_are_found_and_the_reports_own_words_are_not() {
        let mut leaks = leaks(
            "<td>rotate the certificates</td><td>请更换测试证书</td><td>95 % intervals beneath.</td><p>Made to be shared. Counts are rounded to the nearest 5</p>",
        );
        leaks.session(&session(&[
            "Rotate the certificates",
            "先请更换测试证书吧",
            "made to be shared counts are rounded",
        ]));
        let found = leaks.finish().0;
        let kinds: Vec<bool> = found.iter().map(|breach| breach.what.starts_with("a prompt")).collect();
        assert_eq!((kinds.iter().filter(|is| **is).count(), found.len()), (1, 4), "{found:?}");
    }

    #[test]
    fn names_are_found_and_common_words_are_counted_as_not_told_apart() {
        let mut leaks = leaks("<code>/home/projects/billing-core/x.rs</code>");
        leaks.name("a project", "billing-core");
        leaks.name("a project", "report");
        leaks.name("a project", "billing");
        let (found, hidden) = leaks.finish();
        assert_eq!((found.len(), hidden), (1, 1));
    }
}
