//! The types of a rubric file (design.md section 5).

use serde::{Deserialize, Serialize};

use super::form::{ListForm, NumberForm, ObjectForm, TextForm};

/// A versioned question with its answer scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rubric {
    /// Identifier, also the file's name.
    pub name: String,
    /// Raised with every change of meaning.
    pub version: u32,
    /// Heading for people.
    pub title: String,
    /// The question put to the judge.
    pub question: String,
    /// The scale of answers.
    pub answer: Answer,
    /// What the published shares are shares of; never shown to a judge.
    #[serde(default)]
    pub published_base: Option<String>,
    /// Steps or principles the judge follows before it chooses, in order.
    #[serde(default)]
    pub guidance: Vec<String>,
    /// What to do between two labels that both seem to fit, and in the cases found hard to decide.
    #[serde(default)]
    pub tie_breaks: Vec<String>,
    /// Path of the prompt template, relative to the working folder or built in.
    pub prompt: String,
    /// Name of the view that the judge is shown.
    #[serde(default = "default_view")]
    pub view: String,
    /// Other rubrics whose verdicts the prompt receives.
    #[serde(default)]
    pub needs: Vec<String>,
}

fn default_view() -> String {
    "default".to_owned()
}

/// The scale of answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// What kind of answer is asked for.
    pub kind: AnswerKind,
    /// The labels of `choice` and `scale`, in scale order for `scale`.
    #[serde(default)]
    pub options: Vec<AnswerOption>,
    /// The bounds of a `number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<NumberForm>,
    /// The bounds of a `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextForm>,
    /// The fields of a `list`'s items, and how many items there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListForm>,
    /// The fields of an `object`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectForm>,
    /// The rubric's own way to say that nothing can be said.
    #[serde(default)]
    pub abstain: Option<Abstain>,
    /// Whether a short rationale is asked for and kept.
    #[serde(default)]
    pub reason: ReasonKind,
    /// Whether turn numbers are cited.
    #[serde(default)]
    pub evidence: bool,
    /// Whether the judge says how sure it is of its label, as a probability.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confidence: bool,
}

/// Kinds of answer: a label of the rubric's own, or a value within its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// One of unordered labels.
    Choice,
    /// One of ordered labels.
    Scale,
    /// A number within bounds.
    Number,
    /// Several items of the same fields; none is an answer too.
    List,
    /// A text of bounded length.
    Text,
    /// One value for each field.
    Object,
}

impl AnswerKind {
    /// The name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Scale => "scale",
            Self::Number => "number",
            Self::List => "list",
            Self::Text => "text",
            Self::Object => "object",
        }
    }

    /// Whether an answer is one of the rubric's labels; else it is a value.
    #[must_use]
    pub fn has_labels(self) -> bool {
        matches!(self, Self::Choice | Self::Scale)
    }

    /// Key of the label or value in an answer.
    #[must_use]
    pub fn answer_key(self) -> &'static str {
        if self.has_labels() { "label" } else { "value" }
    }
}

impl Answer {
    /// An answer of `kind` without labels, bounds, abstention, rationale and evidence.
    #[must_use]
    pub fn new(kind: AnswerKind) -> Self {
        Self {
            kind,
            options: Vec::new(),
            number: None,
            text: None,
            list: None,
            object: None,
            abstain: None,
            reason: ReasonKind::None,
            evidence: false,
            confidence: false,
        }
    }
}

/// One label of the scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerOption {
    /// The label itself.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// What it means.
    pub definition: String,
    /// What belongs to it.
    #[serde(default)]
    pub includes: Vec<String>,
    /// What does not, and where that goes instead.
    #[serde(default)]
    pub excludes: Vec<String>,
    /// The study's share of sessions with this label.
    #[serde(default)]
    pub published: Option<Published>,
}

/// A published share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Percent of sessions, 0 to 100.
    pub percent: f64,
    /// How the number is known.
    pub known: PublishedKind,
}

/// How a published number is known (the legend of report.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedKind {
    /// Stated in the article or its appendix.
    Stated,
    /// Read off a figure.
    ReadOffFigure,
    /// Computed from stated numbers.
    Derived,
}

/// The rubric's own "unclear": counted as an abstention, never as a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abstain {
    /// Identifier the judge answers with.
    pub id: String,
    /// When it may be used.
    pub when: String,
}

/// In which order a judge reads the labels of a rubric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionOrder {
    /// As the rubric has them.
    #[default]
    Written,
    /// The last one first.
    Reversed,
}

impl OptionOrder {
    /// Whether it is the rubric's own.
    #[must_use]
    pub fn is_written(&self) -> bool {
        *self == Self::Written
    }
}

/// Whether a rationale is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// No rationale.
    #[default]
    None,
    /// One or two sentences.
    Short,
}

/// Level of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Unordered labels.
    Nominal,
    /// Ordered labels.
    Ordinal,
    /// Numbers with meaningful differences.
    Interval,
    /// Numbers with meaningful ratios.
    Ratio,
}

impl AnswerOption {
    /// The label `id`, which is also its name for people.
    #[must_use]
    pub fn new(id: &str, definition: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: id.to_owned(),
            definition: definition.to_owned(),
            includes: Vec::new(),
            excludes: Vec::new(),
            published: None,
        }
    }
}

impl Rubric {
    /// The first version of a rubric that has a name and a scale, and no words yet.
    #[must_use]
    pub fn new(name: &str, answer: Answer) -> Self {
        Self {
            name: name.to_owned(),
            version: 1,
            title: String::new(),
            question: String::new(),
            answer,
            published_base: None,
            guidance: Vec::new(),
            tie_breaks: Vec::new(),
            prompt: String::new(),
            view: default_view(),
            needs: Vec::new(),
        }
    }

    /// The labels in scale order, without the abstention.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        self.answer.options.iter().map(|option| option.id.as_str()).collect()
    }

    /// The abstention's identifier, where the rubric has one.
    #[must_use]
    pub fn abstain_id(&self) -> Option<&str> {
        self.answer.abstain.as_ref().map(|abstain| abstain.id.as_str())
    }

    /// Level of measurement of the answers; none for texts, lists and objects, which cannot be compared as a whole. A number
    /// that cannot be negative has a meaningful zero.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self.answer.kind {
            AnswerKind::Choice => Some(Level::Nominal),
            AnswerKind::Scale => Some(Level::Ordinal),
            AnswerKind::Number if self.answer.number.as_ref().is_some_and(|form| form.minimum >= 0.0) => {
                Some(Level::Ratio)
            }
            AnswerKind::Number => Some(Level::Interval),
            AnswerKind::List | AnswerKind::Text | AnswerKind::Object => None,
        }
    }

    /// BLAKE3 of the rubric as JSON with sorted keys, hexadecimal: changes with every change of content, never with layout.
    #[must_use]
    pub fn hash(&self) -> String {
        let mut value = serde_json::json!(self);
        value.sort_all_objects();
        blake3::hash(value.to_string().as_bytes()).to_hex().to_string()
    }
}
