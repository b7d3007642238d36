//! Rates and amounts by month, work mode, level, occupation and value band: our own, after the study's text.

use crate::estimate::DerivedMeasure as Measure;
use crate::report::measures::per_prompt;
use crate::report::sessions::NumberColumn;
use crate::stats::{CONFIDENCE, Estimate, Weighed, geometric_mean, mean};

use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::outcomes::title;
use super::sample::{persons, weighed};
use super::source::{Marks, Source, cell};
use super::withhold::withhold_line;

/// Rates that are broken down.
const RATES: [Measure; 5] = [
    Measure::AtLeastPartial,
    Measure::JudgedSuccess,
    Measure::VerifiedSuccess,
    Measure::HitsTrouble,
    Measure::MachineVerifiedSuccess,
];

/// One exhibit for each way to group sessions that the run has.
pub(super) fn breakdowns(source: &Source<'_>) -> Vec<Exhibit> {
    let dimensions = [
        Some(Dimension::month(source)).filter(|month| month.groups.len() > 1),
        Dimension::mode(source),
        Dimension::level(source),
        Dimension::occupation(source),
        Dimension::value(source),
    ];
    let marks: Vec<(Measure, Marks<'_>)> =
        RATES.iter().filter_map(|measure| Some((*measure, source.marks(*measure, None)?))).collect();
    dimensions.into_iter().flatten().map(|dimension| exhibit(source, &dimension, &marks)).collect()
}

fn exhibit(source: &Source<'_>, dimension: &Dimension, marks: &[(Measure, Marks<'_>)]) -> Exhibit {
    let lines = Lines { source, dimension, parts: dimension.split(&source.all) };
    let rate = |(measure, marks): &(Measure, Marks<'_>)| {
        let name = (measure.as_str(), title(*measure));
        lines.line(|group, rows| cell(group, name, source.rate(marks, rows)))
    };
    let panel = |id: &str, title: &str, unit, cells| Panel { id: id.to_owned(), title: title.to_owned(), unit, cells };
    let panels = [
        panel("rates", "Rates", Unit::Share, marks.iter().flat_map(rate).collect()),
        panel("amounts", "Amounts, geometric means", Unit::Number, amounts(&lines)),
        panel("decisions", "The agent's share of decisions, means", Unit::Share, decisions(&lines)),
    ];
    Exhibit {
        id: format!("by_{}", dimension.id),
        number: "Breakdown".to_owned(),
        title: format!("By {}", dimension.title.to_lowercase()),
        caption: "Plain rates and geometric means by group; not in the study in this form.".to_owned(),
        form: Form::Table,
        needs: Vec::new(),
        correction: source.correction(&["outcome", "success_signal", "failure_signal"]),
        panels: panels.into_iter().filter(|panel| !panel.cells.is_empty()).collect(),
        notes: Vec::new(),
    }
}

/// Geometric means of actions, words and value by group.
fn amounts(lines: &Lines<'_>) -> Vec<Cell> {
    let facts = &lines.source.table.facts;
    let by = |id, heading, of: &dyn Fn(usize) -> Option<f64>| lines.means((id, heading), of, geometric_mean);
    let mut cells = by("actions", "Actions per prompt", &|at| per_prompt(facts[at].actions, &facts[at]));
    cells.extend(by("words", "Output words per prompt", &|at| per_prompt(facts[at].output_words, &facts[at])));
    if let Some(values) = lines.source.task_values() {
        cells.extend(by("value", "Estimated value in US dollars, an order and no price", &|at| values[at]));
    }
    cells
}

/// Means of the agent's share of decisions by group; empty where the run has no decisions.
fn decisions(lines: &Lines<'_>) -> Vec<Cell> {
    let series = [
        (NumberColumn::PlanningByUser, "planning", "Planning decisions"),
        (NumberColumn::ExecutionByUser, "execution", "Execution decisions"),
    ];
    let by_agent = |(column, id, heading)| {
        let shares = lines.source.numbers(column)?;
        Some(lines.means((id, heading), &|at| shares[at].map(|user| 1.0 - user), mean))
    };
    series.into_iter().filter_map(by_agent).flatten().collect()
}

/// Lines of a table with a cell for each group.
struct Lines<'a> {
    source: &'a Source<'a>,
    dimension: &'a Dimension,
    /// Sessions of each group.
    parts: Vec<Vec<usize>>,
}

impl Lines<'_> {
    /// One line, of the groups that have sessions; what rests on too few is withheld.
    fn line(&self, one: impl Fn((&str, &str), &[usize]) -> Cell) -> Vec<Cell> {
        let used = self.parts.iter().enumerate().filter(|(_, rows)| !rows.is_empty());
        let mut cells: Vec<Cell> = used.map(|(at, rows)| one(self.dimension.group(at), rows)).collect();
        withhold_line(&mut cells.iter_mut().collect::<Vec<_>>(), self.source.floors);
        cells
    }

    /// One line of means of the sessions that have a number.
    fn means(
        &self,
        name: (&str, &str),
        of: &dyn Fn(usize) -> Option<f64>,
        mean: fn(&[Weighed], f64) -> Estimate,
    ) -> Vec<Cell> {
        let table = self.source.table;
        self.line(|group, rows| {
            let rows: Vec<usize> = rows.iter().copied().filter(|row| of(*row).is_some()).collect();
            let raw = mean(&weighed(table, rows.iter().copied(), of), CONFIDENCE);
            Cell {
                sessions: Some(rows.len() as u64),
                persons: persons(table, rows.iter().copied()),
                raw: Some(raw).filter(|raw| raw.value.is_some()),
                ..Cell::new(group, name)
            }
        })
    }
}
