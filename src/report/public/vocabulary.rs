//! The words a public report is made of: those of the program, those of the rubrics, and a few forms such as months.

use std::collections::HashSet;
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::estimate::DerivedMeasure;
use crate::report::error::ReportError;
use crate::report::study::published_values;
use crate::report::values::item_shares;
use crate::rubric::{BUILT_IN_FILES, Rubric, load};

/// Every fixed phrase, one a line; `{controls}` stands for a list of controls.
const PHRASES: &str = include_str!("vocabulary.txt");

/// What `{controls}` stands for.
const CONTROLS: &str = "{controls}";

/// Names of controls.
const NAMES: [&str; 11] = [
    "work mode × value band",
    "work mode",
    "value band",
    "month",
    "occupation of the work",
    "software occupation",
    "ln model calls",
    "ln prompts",
    "model tier × length band",
    "length band",
    "model tier",
];

/// Months, and judges with each other and with the reference.
static FORMS: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    Regex::new(
        r"^([0-9]{4}-(0[1-9]|1[0-2])|judge [0-9]{1,3}|(judge [0-9]{1,3}|reference) with (judge [0-9]{1,3}|reference))$",
    )
});

/// What a public report may say.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    phrases: HashSet<String>,
    patterns: Vec<(String, String)>,
    published: Vec<f64>,
    /// Names of rubrics, which names of tables end in.
    rubrics: HashSet<String>,
}

impl Vocabulary {
    /// The program's own words, those of the built-in rubrics, and those of `rubrics`.
    ///
    /// # Errors
    /// When a file inside the binary cannot be read, which is an error in assize.
    pub fn of(rubrics: &[Rubric]) -> Result<Self, ReportError> {
        let mut built_in = Vec::new();
        for (file, _) in BUILT_IN_FILES {
            let name = file.trim_start_matches("rubrics/").trim_end_matches(".yaml");
            let nowhere = Path::new("/nonexistent");
            built_in.push(load(name, nowhere).map_err(|error| ReportError::Draw(error.to_string()))?);
        }
        let mut phrases: HashSet<String> = HashSet::new();
        let mut patterns = Vec::new();
        for line in PHRASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once(CONTROLS) {
                Some((before, after)) => patterns.push((before.to_owned(), after.to_owned())),
                None => {
                    phrases.insert(line.to_owned());
                }
            }
        }
        let mut published = published_values()?;
        for rubric in built_in.iter().chain(rubrics) {
            phrases.extend([rubric.name.clone(), rubric.title.clone()]);
            phrases.extend(rubric.answer.list.iter().flat_map(item_shares));
            for option in &rubric.answer.options {
                phrases.extend([option.id.clone(), option.title.clone()]);
                published.extend(option.published.map(|published| published.percent / 100.0));
            }
        }
        for measure in DerivedMeasure::ALL {
            phrases.extend([measure.as_str().to_owned(), measure.formula().to_owned()]);
        }
        let rubrics = built_in.iter().chain(rubrics).map(|rubric| rubric.name.clone()).collect();
        Ok(Self { phrases, patterns, published, rubrics })
    }

    /// Whether `text` is one of the phrases, or of a known form.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        let listed = |(before, after): &(String, String)| {
            let inner = text.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()));
            inner.is_some_and(|inner| inner.split(", ").all(|name| NAMES.contains(&name)))
        };
        self.phrases.contains(text)
            || FORMS.as_ref().is_ok_and(|forms| forms.is_match(text))
            || self.patterns.iter().any(listed)
            || self.is_table_of_rubric(text)
    }

    /// Whether the study, or a rubric, published `value`.
    #[must_use]
    pub fn is_published(&self, value: f64) -> bool {
        self.published.iter().any(|known| (known - value).abs() < 1e-9)
    }

    /// All phrases, for comparison with the text of sessions.
    pub(super) fn phrases(&self) -> impl Iterator<Item = &str> {
        let parts = self.patterns.iter().flat_map(|(before, after)| [before.as_str(), after.as_str()]);
        self.phrases.iter().map(String::as_str).chain(parts).chain(NAMES)
    }

    fn is_table_of_rubric(&self, text: &str) -> bool {
        let rest = ["shares_", "agreement_", "check_", "values_"].iter().find_map(|kind| text.strip_prefix(kind));
        rest.is_some_and(|name| self.rubrics.contains(name))
    }
}
