//! Figure 2, who decides, and Figure A2, who decides and how much is done.

use crate::estimate::DerivedMeasure;
use crate::report::measures::per_prompt;
use crate::report::sessions::NumberColumn;
use crate::stats::{CONFIDENCE, Numbered, mean, shares_numbered};

use super::dimension::bin;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::sample::{persons, weighed};
use super::source::Source;
use super::withhold::withhold_line;

const SERIES: [(NumberColumn, &str, &str); 3] = [
    (NumberColumn::PlanningByUser, "planning", "Planning decisions"),
    (NumberColumn::ExecutionByUser, "execution", "Execution decisions"),
    (NumberColumn::DecisionsByUser, "overall", "All decisions"),
];

/// What is measured a prompt: name, heading, and the amount.
const PER_PROMPT: [(&str, &str, &str); 2] =
    [("actions", "Actions per prompt", "actions"), ("words", "Output words per prompt", "words")];

fn exhibit(source: &Source<'_>, (id, number): (&str, &str), (title, caption): (&str, &str), form: Form) -> Exhibit {
    Exhibit {
        id: id.to_owned(),
        number: number.to_owned(),
        title: title.to_owned(),
        caption: caption.to_owned(),
        form,
        needs: source.needs(&[("decisions", "who decides")]),
        correction: source.column("decisions").map(|_| "uncorrected: lists of decisions have no gold".to_owned()),
        panels: Vec::new(),
        notes: Vec::new(),
    }
}

/// Figure 2.
pub(super) fn figure_2(source: &Source<'_>) -> Exhibit {
    let caption = "The agent's share of a session's planning and execution decisions, in ten bins; a session without a decision \
        of a type is left out of that type. The mean over sessions stands below.";
    let mut exhibit = exhibit(
        source,
        ("figure_2", "Figure 2"),
        ("The division of labor: the agent's share of decisions", caption),
        Form::Histogram,
    );
    let mut means = Vec::new();
    for (column, id, title) in &SERIES[..2] {
        let Some(shares) = source.numbers(*column) else { continue };
        let rows: Vec<usize> = source.all.iter().copied().filter(|at| shares[*at].is_some()).collect();
        let agent = |at: usize| shares[at].map(|user| 1.0 - user);
        let bins: Vec<Numbered> = rows
            .iter()
            .filter_map(|at| {
                let (weight, cluster) = (source.table.facts[*at].weight, source.table.cluster(*at));
                Some(Numbered { label: bin(agent(*at)?, 10), weight, cluster })
            })
            .collect();
        let bin_of = |(number, share): (usize, crate::stats::Estimate)| {
            let is_in = |at: usize| agent(at).is_some_and(|share| bin(share, 10) == number);
            let of_bin = |wanted: bool| rows.iter().copied().filter(move |at| is_in(*at) == wanted);
            let (name, heading) =
                (format!("{}-{}", number * 10, number * 10 + 10), format!("{} to {} %", number * 10, number * 10 + 10));
            Cell {
                sessions: Some(rows.len() as u64),
                persons: persons(source.table, rows.iter().copied()),
                count: Some(of_bin(true).count() as u64),
                count_persons: persons(source.table, of_bin(true)),
                others_persons: persons(source.table, of_bin(false)),
                raw: Some(share),
                ..Cell::new((&name, &heading), ("share", "share of sessions"))
            }
        };
        let cells = shares_numbered(&bins, 10, CONFIDENCE).into_iter().enumerate().map(bin_of).collect();
        exhibit.panels.push(Panel { id: (*id).to_owned(), title: (*title).to_owned(), unit: Unit::Share, cells });
        means.push(Cell {
            sessions: Some(rows.len() as u64),
            persons: persons(source.table, rows.iter().copied()),
            raw: Some(mean(&weighed(source.table, rows.iter().copied(), agent), CONFIDENCE)),
            ..Cell::new((id, title), ("mean", "mean of the agent's share"))
        });
    }
    if !means.is_empty() {
        let (id, title) = ("mean".to_owned(), "Mean of the agent's share".to_owned());
        exhibit.panels.push(Panel { id, title, unit: Unit::Share, cells: means });
    }
    exhibit
}

/// Figure A2.
pub(super) fn figure_a2(source: &Source<'_>) -> Exhibit {
    let caption = "Mean actions and mean output words per prompt by the agent's share of planning, execution and all decisions, \
        in five bands. Control is more than 80 % of the decisions of a type.";
    let mut exhibit = exhibit(
        source,
        ("figure_a2", "Figure A2"),
        ("The agent's share of decisions, and what it does per prompt", caption),
        Form::Steps,
    );
    if source.numbers(NumberColumn::PlanningByUser).is_none() {
        return exhibit;
    }
    for (number, (id, title, _)) in PER_PROMPT.iter().enumerate() {
        let amount = |at: usize| {
            let facts = &source.table.facts[at];
            per_prompt(if number == 0 { facts.actions } else { facts.output_words }, facts)
        };
        let mut cells = Vec::new();
        for (column, series, heading) in &SERIES {
            let Some(shares) = source.numbers(*column) else { continue };
            let mut own = Vec::new();
            for band in 0..5 {
                let rows =
                    source.all.iter().copied().filter(|at| shares[*at].is_some_and(|user| bin(1.0 - user, 5) == band));
                let (name, label) =
                    (format!("{}-{}", band * 20, band * 20 + 20), format!("{} to {} %", band * 20, band * 20 + 20));
                own.push(mean_cell(source, &rows.collect::<Vec<_>>(), amount, (&name, &label), (series, heading)));
            }
            withhold_line(&mut own.iter_mut().collect::<Vec<_>>(), source.floors);
            cells.extend(own);
        }
        exhibit.panels.push(Panel { id: (*id).to_owned(), title: (*title).to_owned(), unit: Unit::Number, cells });
    }
    let facts = &source.table.facts;
    let actions = |at: usize| per_prompt(facts[at].actions, &facts[at]);
    let mut cells =
        vec![mean_cell(source, &source.all, actions, ("all", "All sessions"), ("actions", "actions per prompt"))];
    let controls = [
        (DerivedMeasure::UserControlsExecution, "The person controls execution"),
        (DerivedMeasure::AgentControlsPlanning, "The agent controls planning"),
    ];
    for (measure, title) in controls {
        let Some(marks) = source.marks(measure, None) else { continue };
        let outcomes = marks.outcomes();
        let rows: Vec<usize> = source.all.iter().copied().filter(|at| outcomes[*at] == Some(1.0)).collect();
        cells.push(mean_cell(source, &rows, actions, (measure.as_str(), title), ("actions", "actions per prompt")));
    }
    withhold_line(&mut cells[1..].iter_mut().collect::<Vec<_>>(), source.floors);
    let (id, title) = ("control".to_owned(), "Actions per prompt by who is in control".to_owned());
    exhibit.panels.push(Panel { id, title, unit: Unit::Number, cells });
    exhibit
}

fn mean_cell(
    source: &Source<'_>,
    rows: &[usize],
    amount: impl Fn(usize) -> Option<f64>,
    group: (&str, &str),
    measure: (&str, &str),
) -> Cell {
    let rows: Vec<usize> = rows.iter().copied().filter(|at| amount(*at).is_some()).collect();
    let cell = Cell::new(group, measure);
    Cell {
        sessions: Some(rows.len() as u64),
        persons: persons(source.table, rows.iter().copied()),
        raw: Some(mean(&weighed(source.table, rows.iter().copied(), amount), CONFIDENCE)).filter(|_| !rows.is_empty()),
        ..cell
    }
}
