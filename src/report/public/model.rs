//! The types of a report that may be shared: all that its forms are drawn from.

use serde::{Deserialize, Serialize};

use crate::report::inputs::Floors;
use crate::report::study::{Form, Unit};
use crate::rubric::PublishedKind;

/// A report that may be shared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicReport {
    /// Version of this form.
    pub version: u32,
    /// Version of assize that drew the forms.
    pub assize: String,
    /// `synthetic` where the data is; other labels of data are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_label: Option<String>,
    /// How numbers are rounded.
    pub rounding: Rounding,
    /// The least that a cell holds; both are multiples of the rounding.
    pub floors: Floors,
    /// What was judged.
    pub sample: PublicSample,
    /// The judges, in the experiment's order.
    pub judges: Vec<PublicJudge>,
    /// Whether shares are corrected by the labels of another rater.
    pub corrected: bool,
    /// All numbers.
    pub tables: Vec<PublicTable>,
}

/// How numbers are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Counts are to the nearest multiple of this.
    pub counts: u64,
    /// Shares are to whole multiples of so many percent.
    pub percent: u64,
}

/// What was judged, rounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicSample {
    /// Sessions judged; none below the least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// Their persons; none below the least, or where persons are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<u64>,
    /// Whether any person is known, so that the least number of persons was asked of every cell.
    pub persons_known: bool,
    /// The first month that has as many sessions as a cell must hold, `YYYY-MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last such month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicJudge {
    /// `judge 1` and so on: names of judges are their makers' own words.
    pub name: String,
    /// `provider/model` where the built-in catalogue knows the model, or the rule-based judge; other names are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether a language model stands behind it.
    pub is_llm: bool,
}

/// One figure or table by one judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicTable {
    /// Name in files.
    pub id: String,
    /// The judge; none where no judge is behind the numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<String>,
    /// As the study counts it, such as `Figure 1`.
    pub number: String,
    /// Heading.
    pub title: String,
    /// What is shown.
    pub caption: String,
    /// How it is drawn.
    pub form: Form,
    /// The numbers.
    pub panels: Vec<PublicPanel>,
}

/// A part with one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicPanel {
    /// Name in files.
    pub id: String,
    /// Heading.
    pub title: String,
    /// What the numbers are.
    pub unit: Unit,
    /// The numbers, group by group.
    pub cells: Vec<PublicCell>,
}

/// One number with what must stand beside it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicCell {
    /// The group.
    pub group: String,
    /// The group for people.
    pub group_title: String,
    /// What is counted or measured.
    pub measure: String,
    /// The same for people.
    pub measure_title: String,
    /// Sessions that the number rests on, rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<u64>,
    /// Their persons, rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<u64>,
    /// Sessions with it, rounded, for shares of unweighted sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What the study published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<f64>,
    /// How that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_known: Option<PublishedKind>,
    /// As the judge gave it, or as it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<PublicNumber>,
    /// The same corrected for the judge's errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<PublicNumber>,
    /// The raw number among sessions that are equal in the controls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted: Option<PublicNumber>,
    /// Why there is no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Hidden>,
}

/// A rounded number and its 95 % interval, whose ends are rounded outward.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicNumber {
    /// The number.
    pub value: f64,
    /// Lower end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
}

/// Why a number is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hidden {
    /// The sessions or persons with it, or those without it, are too few.
    Small,
    /// A withheld cell could be computed from it and from a total.
    Complement,
    /// It is the value of one of the few sessions at an end of the distribution.
    Tail,
}

impl Hidden {
    /// Name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Complement => "complement",
            Self::Tail => "tail",
        }
    }
}
