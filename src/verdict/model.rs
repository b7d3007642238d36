//! The types of a verdict.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// BLAKE3 in hexadecimal, 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// Fingerprint of `parts`, each preceded by its length so that no two lists collide.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().to_hex().to_string())
    }

    /// The first eight characters, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

/// The outcome of one (session, rubric, judge, replicate).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Session id.
    pub session: String,
    /// Rubric name.
    pub rubric: String,
    /// Name of the judge in the experiment.
    pub judge: String,
    /// Replicate number, from 1.
    pub replicate: u32,
    /// Identity of the unit: judge, rendered prompt, view and schema, replicate (design.md rule 12).
    pub unit: Fingerprint,
    /// What came out.
    pub outcome: Outcome,
    /// What had to be done to read the answer.
    pub repairs: BTreeSet<Repair>,
    /// The calls behind it, in order; more than one where the judge was asked again.
    pub calls: Vec<Fingerprint>,
}

impl Verdict {
    /// The same without what it was come to by: rationale, evidence, explanation, identity and calls. Measures of many verdicts
    /// need none of it, and it is most of their size.
    #[must_use]
    pub fn bare(self) -> Self {
        let outcome = match self.outcome {
            Outcome::Label { label, confidence, .. } => {
                Outcome::Label { label, confidence, reason: None, evidence: Vec::new() }
            }
            Outcome::Value { value, .. } => Outcome::Value { value, reason: None, evidence: Vec::new() },
            Outcome::None { kind, .. } => Outcome::None { kind, detail: String::new() },
        };
        Self { unit: Fingerprint(String::new()), outcome, repairs: BTreeSet::new(), calls: Vec::new(), ..self }
    }
}

/// A label or a value, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The judge chose.
    Label {
        /// A label of the rubric's scale.
        label: String,
        /// Its rationale, where asked for.
        reason: Option<String>,
        /// Turns it cites.
        evidence: Vec<u32>,
        /// The probability it gives to its label, 0 to 1, where asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confidence: Option<f64>,
    },
    /// The judge gave a value: a number, a text, a list or an object within the rubric's bounds.
    Value {
        /// The value; the keys of objects are in the order of the rubric's fields.
        value: Value,
        /// Its rationale, where asked for.
        reason: Option<String>,
        /// Turns it cites.
        evidence: Vec<u32>,
    },
    /// There is no verdict.
    None {
        /// Why.
        kind: NoVerdict,
        /// The judge's rationale, the provider's message or the validation error.
        detail: String,
    },
}

impl Outcome {
    /// The label, where there is one.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Label { label, .. } => Some(label),
            Self::Value { .. } | Self::None { .. } => None,
        }
    }

    /// The value, where the rubric asks for one and there is one.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Value { value, .. } => Some(value),
            Self::Label { .. } | Self::None { .. } => None,
        }
    }

    /// The answer in one cell of a table: the label; a number or a text as it is; a list or an object as compact JSON.
    #[must_use]
    pub fn cell(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Label { label, .. } => Some(Cow::Borrowed(label)),
            Self::Value { value: Value::String(text), .. } => Some(Cow::Borrowed(text)),
            // Whole numbers are written without a fraction, whichever way the judge wrote them.
            Self::Value { value: Value::Number(number), .. } => {
                Some(Cow::Owned(number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string())))
            }
            Self::Value { value, .. } => Some(Cow::Owned(value.to_string())),
            Self::None { .. } => None,
        }
    }

    /// The probability that the judge gives to its label, where it says so.
    #[must_use]
    pub fn confidence(&self) -> Option<f64> {
        match self {
            Self::Label { confidence, .. } => *confidence,
            Self::Value { .. } | Self::None { .. } => None,
        }
    }

    /// The reason why there is no label and no value.
    #[must_use]
    pub fn no_verdict(&self) -> Option<NoVerdict> {
        match self {
            Self::Label { .. } | Self::Value { .. } => None,
            Self::None { kind, .. } => Some(*kind),
        }
    }
}

/// Kinds of no-verdict, kept apart everywhere (design.md rule 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoVerdict {
    /// The rubric's own "unclear".
    Abstained,
    /// The model or a filter declined.
    Refused,
    /// The answer broke the schema, also when asked again.
    Invalid,
    /// The answer was cut off.
    Truncated,
    /// The prompt does not fit the model.
    TooLong,
    /// The provider failed.
    Failed,
    /// The run stopped first (budget, interrupt).
    Stopped,
}

impl NoVerdict {
    /// All kinds, in the order of tables.
    pub const ALL: [Self; 7] =
        [Self::Abstained, Self::Refused, Self::Invalid, Self::Truncated, Self::TooLong, Self::Failed, Self::Stopped];

    /// The name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abstained => "abstained",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
            Self::Truncated => "truncated",
            Self::TooLong => "too_long",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// Whether running again may change it: the judge was never really asked.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Failed | Self::Stopped)
    }
}

/// A step that was needed to read an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// A code fence around the JSON was removed.
    Fence,
    /// The last balanced object was taken out of surrounding prose.
    Prose,
    /// Raw control characters inside strings were escaped.
    ControlCharacters,
    /// A label differing only in letter case was mapped to the rubric's.
    LabelCase,
    /// A label given as a number was mapped to the rubric's.
    LabelNumber,
    /// A number given as text was read as one.
    NumberText,
    /// The judge was asked once more and shown its error.
    AskedAgain,
}
