//! A coefficient with its uncertainty, or the reason why it has no value.

use serde::{Deserialize, Serialize};

/// Why a coefficient has no value (design.md rule 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// No item was rated by two raters.
    NoPairableItems,
    /// All ratings fall into one category, or only one is declared.
    SingleCategory,
    /// One side does not vary.
    NoVariation,
    /// Too few items for this number.
    TooFewItems,
    /// Labels have no numeric values at a level that needs them.
    NotNumeric,
    /// A category's value is below zero at ratio level.
    NegativeValue,
    /// More raters than pairs of raters can be listed for.
    TooManyRaters,
    /// The judge's labels do not tell the true labels apart, so that its errors cannot be turned round.
    SingularConfusion,
    /// The judge gives a label as often to items without it as to items with it.
    JudgeNotBetterThanChance,
    /// A computation by rounds does not settle.
    NoConvergence,
    /// No distances of categories are declared.
    NoDistances,
    /// More different categories than distances are computed between.
    TooManyCategories,
}

impl Undefined {
    /// The name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoPairableItems => "no_pairable_items",
            Self::SingleCategory => "single_category",
            Self::NoVariation => "no_variation",
            Self::TooFewItems => "too_few_items",
            Self::NotNumeric => "not_numeric",
            Self::NegativeValue => "negative_value",
            Self::TooManyRaters => "too_many_raters",
            Self::SingularConfusion => "singular_confusion",
            Self::JudgeNotBetterThanChance => "judge_not_better_than_chance",
            Self::NoConvergence => "no_convergence",
            Self::NoDistances => "no_distances",
            Self::TooManyCategories => "too_many_categories",
        }
    }
}

/// One coefficient: the row that `--format json` prints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coefficient {
    /// Snake-case name from design.md section 6.
    pub name: String,
    /// Its value; null where undefined.
    pub value: Option<f64>,
    /// Standard error.
    pub se: Option<f64>,
    /// Lower end of the interval, 95 % where no other confidence is named beside it.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Items it rests on.
    pub n: usize,
    /// How interval and error were computed.
    pub method: String,
    /// Why there is no value.
    pub undefined: Option<Undefined>,
    /// Observed agreement, one less the mean distance over the largest, for coefficients corrected for chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_agreement: Option<f64>,
    /// Agreement expected by chance, of the same kind: the value is one less (1 - observed) / (1 - expected).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_agreement: Option<f64>,
}

impl Coefficient {
    /// A coefficient without a value, resting on `n` items.
    #[must_use]
    pub fn undefined(name: &str, n: usize, method: &str, reason: Undefined) -> Self {
        Self {
            name: name.to_owned(),
            value: None,
            se: None,
            low: None,
            high: None,
            n,
            method: method.to_owned(),
            undefined: Some(reason),
            observed_agreement: None,
            expected_agreement: None,
        }
    }
}
