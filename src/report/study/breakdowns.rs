//! Rates and amounts by month, work mode, level, occupation and value band: our own, after the study's text.

use crate::estimate::DerivedMeasure as Measure;
use crate::report::measures::per_prompt;
use crate::stats::{CONFIDENCE, geometric_mean};

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
    for (id, heading) in [("actions", "Actions per prompt"), ("words", "Output words per prompt")] {
        let amount = |at: usize| {
            per_prompt(if id == "actions" { facts[at].actions } else { facts[at].output_words }, &facts[at])
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
