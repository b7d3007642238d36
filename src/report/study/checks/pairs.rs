//! Two judges on the same sessions: agreement, shares of each, and what moved.

use crate::report::figures::words;
use crate::report::inputs::Inputs;
use crate::report::study::model::{Cell, Exhibit, Form, Panel, Unit};
use crate::report::study::sample::{persons, weighed};
use crate::stats::{CONFIDENCE, Coefficient, Estimate, Numbered, mean, shares_numbered};

use super::build::{Names, exhibit};
use super::kind::Kind;

/// A rubric and two judges, by their positions.
pub(super) struct Pair {
    pub number: usize,
    /// The judge that the other is held against.
    pub base: usize,
    pub other: usize,
    pub kind: Kind,
}

/// The check of a pair; none where they have no session in common.
pub(super) fn pair(inputs: &Inputs, pair: &Pair, names: Names<'_>) -> Option<Exhibit> {
    let rubric = &inputs.rubrics[pair.number];
    let judges = &inputs.run.experiment.judges;
    let name = |at: usize| judges[at].name();
    let shown = [names(name(pair.base)), names(name(pair.other))];
    let both_names = format!("{} with {}", shown[1], shown[0]);
    let mut panels = vec![Panel {
        id: "agreement".to_owned(),
        title: "Agreement with each other".to_owned(),
        unit: Unit::Number,
        cells: agreement(inputs, pair, [name(pair.base), name(pair.other)], &both_names),
    }];
    if rubric.answer.kind.has_labels() {
        panels.extend(labels(inputs, pair, &shown, &both_names));
        panels.extend(canary(inputs, pair));
    }
    panels.retain(|panel| !panel.cells.is_empty());
    if panels.is_empty() {
        return None;
    }
    Some(exhibit(format!("check_{}", rubric.name), &rubric.title, pair.kind, Form::Table, panels))
}

/// A coefficient as a number with its interval.
pub(super) fn estimate(one: &Coefficient) -> Estimate {
    Estimate {
        value: one.value,
        low: one.low,
        high: one.high,
        n: one.n,
        method: one.method.clone(),
        undefined: one.undefined,
    }
}

/// Coefficients of the two, as the section on agreement has them.
fn agreement(inputs: &Inputs, pair: &Pair, judges: [&str; 2], shown: &str) -> Vec<Cell> {
    let rubric = &inputs.rubrics[pair.number];
    let report = inputs.agreement.iter().find(|report| report.rubric.as_ref() == Some(&rubric.name));
    let is_pair = |raters: &[String; 2]| judges.iter().all(|judge| raters.iter().any(|rater| rater == judge));
    let found = report.and_then(|report| report.pairs.iter().find(|known| is_pair(&known.raters)));
    let rows = both(inputs, pair);
    let persons = persons(&inputs.table, rows.into_iter()).filter(|_| rubric.answer.kind.has_labels());
    let cell = |one: &Coefficient| Cell {
        sessions: Some(one.n as u64),
        persons,
        raw: Some(estimate(one)),
        ..Cell::new((shown, shown), (&one.name, &words(&one.name)))
    };
    found.iter().flat_map(|pair| &pair.coefficients).map(cell).collect()
}

/// Shares of each label by each judge over the sessions that both labelled, and by how much the second's are larger.
fn labels(inputs: &Inputs, pair: &Pair, shown: &[String; 2], both_names: &str) -> Vec<Panel> {
    let table = &inputs.table;
    let options = &inputs.rubrics[pair.number].answer.options;
    let rows = both(inputs, pair);
    let label = |judge: usize, at: usize| table.answers[&(pair.number, judge, 1)].label(at);
    let mut shares = Vec::new();
    for (judge, name) in [pair.base, pair.other].into_iter().zip(shown) {
        let one = |at: &usize| {
            let (weight, cluster) = (table.facts[*at].weight, table.cluster(*at));
            Some(Numbered { label: label(judge, *at)?, weight, cluster })
        };
        let all: Vec<Numbered> = rows.iter().filter_map(one).collect();
        for (number, (option, share)) in
            options.iter().zip(shares_numbered(&all, options.len(), CONFIDENCE)).enumerate()
        {
            let with =
                |wanted: bool| rows.iter().copied().filter(move |at| (label(judge, *at) == Some(number)) == wanted);
            shares.push(Cell {
                sessions: Some(rows.len() as u64),
                persons: persons(table, rows.iter().copied()),
                count: Some(with(true).count() as u64),
                count_persons: persons(table, with(true)),
                others_persons: persons(table, with(false)),
                raw: Some(share),
                ..Cell::new((&option.id, &option.title), (name, name))
            });
        }
    }
    let moved = options.iter().enumerate().map(|(number, option)| {
        let is = |judge: usize, at: usize| label(judge, at) == Some(number);
        let step = |at: usize| Some(f64::from(is(pair.other, at)) - f64::from(is(pair.base, at)));
        let part =
            |moved: bool| rows.iter().copied().filter(move |at| (is(pair.other, *at) != is(pair.base, *at)) == moved);
        Cell {
            sessions: Some(rows.len() as u64),
            persons: persons(table, rows.iter().copied()),
            count: Some(part(true).count() as u64),
            count_persons: persons(table, part(true)),
            others_persons: persons(table, part(false)),
            raw: Some(mean(&weighed(table, rows.iter().copied(), step), CONFIDENCE)),
            ..Cell::new((&option.id, &option.title), (both_names, both_names))
        }
    });
    if rows.is_empty() {
        return Vec::new();
    }
    let panel = |id: &str, title: &str, unit, cells| Panel { id: id.to_owned(), title: title.to_owned(), unit, cells };
    let moved = moved.collect();
    vec![
        panel("shares", "Share of sessions that both labelled, by judge", Unit::Share, shares),
        panel("shift", "Shift of the share from the second to the first named, paired by session", Unit::Points, moved),
    ]
}

/// The sessions that both labelled.
fn both(inputs: &Inputs, pair: &Pair) -> Vec<usize> {
    let table = &inputs.table;
    let has = |judge: usize, at: usize| table.answers[&(pair.number, judge, 1)].label(at).is_some();
    (0..table.len()).filter(|at| has(pair.base, *at) && has(pair.other, *at)).collect()
}

/// How many verdicts moved to the label that a canary argues for.
fn canary(inputs: &Inputs, pair: &Pair) -> Option<Panel> {
    let rubric = &inputs.rubrics[pair.number];
    let spec = inputs.run.experiment.judges[pair.other].canary.as_ref()?;
    let wanted = rubric.answer.options.iter().position(|option| Some(&option.id) == spec.labels.get(&rubric.name))?;
    let table = &inputs.table;
    let has = |judge: usize, at: usize| table.answers[&(pair.number, judge, 1)].label(at) == Some(wanted);
    let all = both(inputs, pair);
    let option = &rubric.answer.options[wanted];
    let rate = |id: &str, title: &str, rows: Vec<usize>, yes: &dyn Fn(usize) -> bool| {
        let one = |at: &usize| Numbered {
            label: usize::from(yes(*at)),
            weight: table.facts[*at].weight,
            cluster: table.cluster(*at),
        };
        let numbered: Vec<Numbered> = rows.iter().map(one).collect();
        let part = |wanted: bool| rows.iter().copied().filter(move |at| yes(*at) == wanted);
        Cell {
            sessions: Some(rows.len() as u64),
            persons: persons(table, rows.iter().copied()),
            count: Some(part(true).count() as u64),
            count_persons: persons(table, part(true)),
            others_persons: persons(table, part(false)),
            raw: Some(shares_numbered(&numbered, 2, CONFIDENCE).swap_remove(1)),
            ..Cell::new((&option.id, &option.title), (id, title))
        }
    };
    let others: Vec<usize> = all.iter().copied().filter(|at| !has(pair.base, *at)).collect();
    let kept: Vec<usize> = all.iter().copied().filter(|at| has(pair.base, *at)).collect();
    let cells = vec![
        rate("moved", "moved to it, of the sessions that had another label", others, &|at| has(pair.other, at)),
        rate("left", "moved away from it, of the sessions that had it", kept, &|at| !has(pair.other, at)),
        rate("without", "share without the planted text", all.clone(), &|at| has(pair.base, at)),
        rate("with", "share with the planted text", all, &|at| has(pair.other, at)),
    ];
    let title = "Verdicts moved to the label that is argued for".to_owned();
    Some(Panel { id: "canary".to_owned(), title, unit: Unit::Share, cells })
}
