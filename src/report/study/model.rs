//! Exhibits as data: what `--format json` prints below `study`, and what charts and tables are drawn from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::estimate::Value;
use crate::report::inputs::Floors;
use crate::rubric::PublishedKind;
use crate::stats::Estimate;

/// The study's exhibits by one judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The judge, by its name in tables.
    pub judge: String,
    /// The least that a cell of a breakdown must hold to be shown.
    pub floors: Floors,
    /// What holds for all exhibits.
    pub notes: Vec<String>,
    /// Figures and tables, in the study's order; breakdowns of our own come last.
    pub exhibits: Vec<Exhibit>,
}

/// One figure or table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exhibit {
    /// Name in files: `figure_1`, `table_a1`.
    pub id: String,
    /// As the study counts it: `Figure 1`, `Table A1`.
    pub number: String,
    /// Heading.
    pub title: String,
    /// What is shown, of which sessions, and how it is computed.
    pub caption: String,
    /// How it is drawn.
    pub form: Form,
    /// Rubrics that the run lacks for it, or for a part of it.
    pub needs: Vec<Need>,
    /// Whose labels shares are corrected by, or why they are not; none where nothing is there to correct.
    pub correction: Option<String>,
    /// The numbers; empty where a rubric is lacking.
    pub panels: Vec<Panel>,
    /// What to keep in mind, contradictions of the study among it.
    pub notes: Vec<String>,
}

/// How an exhibit is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// One bar a group.
    Bars,
    /// Upright bars over bins.
    Histogram,
    /// Boxes with whiskers.
    Boxes,
    /// Lines over months.
    Lines,
    /// Points with whiskers over levels or bands, joined by lines.
    Steps,
    /// Points with whiskers, one row a group.
    Dots,
    /// No chart.
    Table,
}

/// A rubric that the run lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The rubric.
    pub rubric: String,
    /// What it is needed for.
    pub purpose: String,
}

/// A part of an exhibit with one axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// Name in files.
    pub id: String,
    /// Heading.
    pub title: String,
    /// What the numbers are.
    pub unit: Unit,
    /// The numbers, group by group.
    pub cells: Vec<Cell>,
}

/// What numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share from 0 to 1, shown in percent.
    Share,
    /// A number of things.
    Number,
    /// A change, 0.27 being 27 % more.
    Change,
    /// A difference of shares, 0.04 being 4 percentage points.
    Points,
}

/// One number with all that must stand beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The group: a month, level, mode or bin.
    pub group: String,
    /// The group for people.
    pub group_title: String,
    /// What is counted or measured.
    pub measure: String,
    /// The same for people.
    pub measure_title: String,
    /// Sessions that the number rests on; none where withheld.
    pub sessions: Option<u64>,
    /// Their persons; none where withheld or where no person is known.
    pub persons: Option<u64>,
    /// Sessions with it, for shares.
    pub count: Option<u64>,
    /// Persons with such a session, for shares.
    pub count_persons: Option<u64>,
    /// Persons with another session of those that the number rests on, for shares.
    pub others_persons: Option<u64>,
    /// Sessions without a verdict.
    pub no_verdict: Option<u64>,
    /// What the study published.
    pub published: Option<PublishedNumber>,
    /// As the judge gave it, or as it was measured.
    pub raw: Option<Estimate>,
    /// The same corrected for the judge's errors.
    pub corrected: Option<Value>,
    /// The raw number among sessions that are equal in the study's controls.
    pub adjusted: Option<Estimate>,
    /// The raw share if none, or all, of the sessions without a verdict had it.
    pub worst: Option<(f64, f64)>,
    /// Why the number is not shown.
    pub withheld: Option<Withheld>,
    /// Other numbers of a regression, by name.
    pub extra: BTreeMap<String, f64>,
}

/// Why a cell is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// It holds too few sessions.
    TooFewSessions,
    /// It holds too few persons.
    TooFewPersons,
    /// A withheld cell could be computed from it and from the total.
    Complement,
}

/// A number that the study published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedNumber {
    /// The number, in the unit of its panel.
    pub value: f64,
    /// How it is known.
    pub known: PublishedKind,
    /// What to keep in mind.
    pub note: Option<String>,
}

impl Cell {
    /// A cell without numbers.
    pub(in crate::report) fn new(group: (&str, &str), measure: (&str, &str)) -> Self {
        Self {
            group: group.0.to_owned(),
            group_title: group.1.to_owned(),
            measure: measure.0.to_owned(),
            measure_title: measure.1.to_owned(),
            sessions: None,
            persons: None,
            count: None,
            count_persons: None,
            others_persons: None,
            no_verdict: None,
            published: None,
            raw: None,
            corrected: None,
            adjusted: None,
            worst: None,
            withheld: None,
            extra: BTreeMap::new(),
        }
    }

    /// Takes all numbers out, for the reason given; what was published stays.
    pub(super) fn withhold(&mut self, why: Withheld) {
        let published = self.published.take();
        let bare = Self::new((&self.group, &self.group_title), (&self.measure, &self.measure_title));
        *self = Self { published, withheld: Some(why), ..bare };
    }

    /// The same without intervals, for charts that draw none.
    pub(in crate::report) fn without_ends(&self) -> Self {
        let raw = self.raw.as_ref().map(|raw| Estimate { low: None, high: None, ..raw.clone() });
        let corrected = self.corrected.as_ref().map(|value| Value { low: None, high: None, ..value.clone() });
        Self { raw, corrected, ..self.clone() }
    }

    /// The number to draw: corrected before raw.
    pub(in crate::report) fn best(&self) -> Option<f64> {
        self.corrected.as_ref().and_then(|value| value.value).or_else(|| self.raw.as_ref()?.value)
    }
}
