//! Rates and amounts by month, work mode, level, occupation and value band: our own, after the study's text.

use crate::estimate::DerivedMeasure as Measure;
use crate::report::measures::per_prompt;
use crate::report::sessions::NumberColumn;
use crate::stats::{CONFIDENCE, geometric_mean, mean};

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
    let parts = dimension.split(&source.all);
    let used: Vec<usize> = (0..parts.len()).filter(|at| !parts[*at].is_empty()).collect();
    let mut rates = Vec::new();
    for (measure, marks) in marks {
        let name = (measure.as_str(), title(*measure));
        let one = |at: &usize| cell(dimension.group(*at), name, source.rate(marks, &parts[*at]));
        let mut own: Vec<Cell> = used.iter().map(one).collect();
        withhold_line(&mut own.iter_mut().collect::<Vec<_>>(), source.floors);
        rates.extend(own);
    }
    let facts = &source.table.facts;
    let mut amounts = Vec::new();
    let values = source.task_values();
    let measured = [
        ("actions", "Actions per prompt"),
        ("words", "Output words per prompt"),
        ("value", "Estimated value in US dollars, an order and no price"),
    ];
    for (id, heading) in &measured[..if values.is_some() { 3 } else { 2 }] {
        let amount = |at: usize| match *id {
            "actions" => per_prompt(facts[at].actions, &facts[at]),
            "words" => per_prompt(facts[at].output_words, &facts[at]),
            _ => values.and_then(|values| values[at]),
        };
        let one = |at: &usize| {
            let rows: Vec<usize> = parts[*at].iter().copied().filter(|row| amount(*row).is_some()).collect();
            let raw = geometric_mean(&weighed(source.table, rows.iter().copied(), amount), CONFIDENCE);
            Cell {
                sessions: Some(rows.len() as u64),
                persons: persons(source.table, rows.iter().copied()),
                raw: Some(raw).filter(|raw| raw.value.is_some()),
                ..Cell::new(dimension.group(*at), (id, heading))
            }
        };
        let mut own: Vec<Cell> = used.iter().map(one).collect();
        withhold_line(&mut own.iter_mut().collect::<Vec<_>>(), source.floors);
        amounts.extend(own);
    }
    let panel = |id: &str, title: &str, unit, cells| Panel { id: id.to_owned(), title: title.to_owned(), unit, cells };
    let panels = [
        panel("rates", "Rates", Unit::Share, rates),
        panel("amounts", "Amounts, geometric means", Unit::Number, amounts),
        panel(
            "decisions",
            "The agent's share of decisions, means",
            Unit::Share,
            decisions(source, dimension, &parts, &used),
        ),
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

/// Means of the agent's share of decisions by group; empty where the run has no decisions.
fn decisions(source: &Source<'_>, dimension: &Dimension, parts: &[Vec<usize>], used: &[usize]) -> Vec<Cell> {
    let series = [
        (NumberColumn::PlanningByUser, "planning", "Planning decisions"),
        (NumberColumn::ExecutionByUser, "execution", "Execution decisions"),
    ];
    let mut cells = Vec::new();
    for (column, id, heading) in series {
        let Some(shares) = source.numbers(column) else { continue };
        let agent = |at: usize| shares[at].map(|user| 1.0 - user);
        let one = |at: &usize| {
            let rows: Vec<usize> = parts[*at].iter().copied().filter(|row| agent(*row).is_some()).collect();
            let raw = mean(&weighed(source.table, rows.iter().copied(), agent), CONFIDENCE);
            Cell {
                sessions: Some(rows.len() as u64),
                persons: persons(source.table, rows.iter().copied()),
                raw: Some(raw).filter(|raw| raw.value.is_some()),
                ..Cell::new(dimension.group(*at), (id, heading))
            }
        };
        let mut own: Vec<Cell> = used.iter().map(one).collect();
        withhold_line(&mut own.iter_mut().collect::<Vec<_>>(), source.floors);
        cells.extend(own);
    }
    cells
}
