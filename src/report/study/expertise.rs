//! Figure 3: what the agent does per prompt, by level of expertise.

use crate::report::measures::per_prompt;
use crate::stats::{CONFIDENCE, Estimate, geometric_mean, quantiles};

use super::controls::Controls;
use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::sample::{persons, weighed};
use super::source::Source;
use super::withhold::withhold_line;

/// Quantiles of a box with whiskers.
const QUANTILES: [(f64, &str, &str); 5] = [
    (0.05, "p05", "5th percentile"),
    (0.25, "p25", "25th percentile"),
    (0.5, "median", "median"),
    (0.75, "p75", "75th percentile"),
    (0.95, "p95", "95th percentile"),
];

/// Figure 3.
pub(super) fn figure_3(source: &Source<'_>, controls: &Controls) -> Exhibit {
    let names = controls.names_with_tier();
    let mut exhibit = Exhibit {
        id: "figure_3".to_owned(),
        number: "Figure 3".to_owned(),
        title: "What the agent does per prompt, by expertise".to_owned(),
        caption: format!(
            "Boxes hold the middle half of sessions on a logarithmic scale, split at the median; whiskers reach from the 5th to the 95th percentile; dots \
             are geometric means, over sessions with any. Adjusted gradient: change per level of the logarithm, by least \
             squares{}, errors by person.",
            if names.is_empty() { String::new() } else { format!(" within cells of equal {names}") }
        ),
        form: Form::Boxes,
        needs: source.needs(&[("expertise", "the levels")]),
        correction: source
            .column("expertise")
            .map(|_| "the levels are the judge's own; amounts are measured".to_owned()),
        panels: Vec::new(),
        notes: vec![
            "The study held the family of the model equal and does not print its families; here it is the tier: the model's name \
             without version, several together being a tier of their own.".to_owned(),
        ],
    };
    let Some(level) = Dimension::level(source) else { return exhibit };
    let parts = level.split(&source.all);
    let mut gradients = Vec::new();
    for (id, title) in [("actions", "Actions per prompt"), ("words", "Output words per prompt")] {
        let amount = |at: usize| {
            let facts = &source.table.facts[at];
            per_prompt(if id == "actions" { facts.actions } else { facts.output_words }, facts)
        };
        let mut columns: Vec<Vec<Cell>> = vec![Vec::new(); QUANTILES.len() + 1];
        for (number, rows) in parts.iter().enumerate() {
            let rows: Vec<usize> = rows.iter().copied().filter(|at| amount(*at).is_some()).collect();
            let values = weighed(source.table, rows.iter().copied(), amount);
            let (sessions, persons) = (rows.len() as u64, persons(source.table, rows.iter().copied()));
            let found = quantiles(&values, &QUANTILES.map(|(probability, ..)| probability), CONFIDENCE);
            let levels = QUANTILES.iter().map(|(_, name, title)| (*name, *title)).zip(found);
            let dot = (("geometric_mean", "geometric mean"), geometric_mean(&values, CONFIDENCE));
            for (column, (measure, estimate)) in columns.iter_mut().zip(levels.chain([dot])) {
                let raw = Some(estimate).filter(|estimate| estimate.value.is_some());
                let cell = Cell::new(level.group(number), measure);
                column.push(Cell { sessions: Some(sessions), persons, raw, ..cell });
            }
        }
        for cells in &mut columns {
            withhold_line(&mut cells.iter_mut().collect::<Vec<_>>(), source.floors);
        }
        let cells = (0..parts.len()).flat_map(|at| columns.iter().map(move |column| column[at].clone())).collect();
        exhibit.panels.push(Panel { id: id.to_owned(), title: title.to_owned(), unit: Unit::Number, cells });
        let logs: Vec<Option<f64>> =
            (0..source.table.len()).map(|at| amount(at).filter(|value| *value > 0.0).map(f64::ln)).collect();
        let Some(rung) = controls.adjusted_slope(source, &logs) else { continue };
        let back = |end: Option<f64>| end.map(f64::exp_m1);
        let slope = &rung.slope;
        let adjusted =
            Estimate { value: back(slope.value), low: back(slope.low), high: back(slope.high), ..slope.clone() };
        gradients.push(Cell {
            sessions: Some(slope.n as u64),
            raw: Some(adjusted),
            ..Cell::new((id, title), ("per_level", "adjusted change per level"))
        });
    }
    let (id, title) = ("gradient".to_owned(), "Adjusted change per level".to_owned());
    exhibit.panels.push(Panel { id, title, unit: Unit::Change, cells: gradients });
    exhibit
}
