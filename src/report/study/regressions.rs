//! Table A1: the slope of verified success by level, with one control more in every column.

use std::collections::BTreeMap;

use crate::estimate::DerivedMeasure;
use crate::estimate::regression::{Control, Rung, ladder, logistic_check, slope};

use super::controls::Controls;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::sample::persons;
use super::source::Source;

/// The logistic check rests on the sessions of so many persons that there are about this many; its design is a full matrix.
const CHECKED: usize = 20_000;

/// What the study's columns hold equal, and what of it cannot be had (report.md 5.5).
const NOTES: [&str; 3] = [
    "Held equal, here and in the study: (1) nothing; (2) work mode × value band, 9 × 4 cells; (3) also the month; (4) also the \
     occupation whose work it is; (5) also the person's occupation; (6) also model tier × length band, and the logarithms of model \
     calls and prompts.",
    "What is ours, since the study does not print it: value bands (its price tiers, probably the same), the person's occupation as \
     software, other or unclear (its count of cells fits that), tiers (the model's name without version; several together are a tier \
     of their own), length bands (1, 2 to 3, 4 to 7, 8 to 15, 16 and more prompts).",
    "What cannot be had: the study's own tiers and bands, and the aggregation limit below which it leaves cells out. Here none is \
     left out, and a cell of one session compares nothing.",
];

/// Table A1.
pub(super) fn table_a1(source: &Source<'_>, controls: &Controls) -> Exhibit {
    let tiers = &source.table.tiers;
    let tiers = if tiers.is_empty() {
        "No session of this run names its model, so that the sixth column has the length band alone.".to_owned()
    } else {
        format!("Tiers in this run: {}.", tiers.join(", "))
    };
    let mut exhibit = Exhibit {
        id: "table_a1".to_owned(),
        number: "Table A1".to_owned(),
        title: "Verified success by level of expertise, with one control more in every column".to_owned(),
        caption: "Change of the rate per level by least squares, in percentage points, with errors clustered by person. Every \
            column compares sessions within cells equal in its controls and those before; the fifth is the study's preferred one."
            .to_owned(),
        form: Form::Table,
        needs: source.needs(&[
            ("expertise", "the levels"),
            ("outcome", "success"),
            ("success_signal", "verified success"),
            ("work_mode", "a control"),
            ("task_value", "a control"),
            ("occupation_work", "a control"),
            ("occupation_user", "a control"),
        ]),
        correction: None,
        panels: Vec::new(),
        notes: NOTES.into_iter().map(str::to_owned).chain([tiers]).collect(),
    };
    let Some(marks) = source.marks(DerivedMeasure::VerifiedSuccess, None) else { return exhibit };
    if controls.levels.is_empty() {
        return exhibit;
    }
    exhibit.correction = Some("uncorrected: regressions are of the judge's own labels".to_owned());
    let outcomes = marks.outcomes();
    let own: Vec<Control> = controls.list.iter().map(|(_, control)| control.clone()).collect();
    let numbers = &controls.numbers;
    let all = [own.clone(), vec![controls.sixth.clone()]].concat();
    let sessions = controls.sessions(&outcomes);
    let rungs = ladder(&sessions, &own).into_iter().chain([slope(&sessions, &all, numbers)]);
    let columns = std::iter::once(1).chain(controls.list.iter().map(|(column, _)| *column)).chain([6]);
    let mut cells: Vec<Cell> = Vec::new();
    for (at, (column, rung)) in columns.zip(rungs).enumerate() {
        let numbers = if column == 6 { numbers.as_slice() } else { &[] };
        let is_used = |row: usize| {
            let known = all[..at].iter().all(|control| control.cells[row].is_some());
            let counted = numbers.iter().all(|(_, values)| values[row].is_some());
            known && counted && outcomes[row].is_some() && controls.levels[row].is_some()
        };
        let persons = persons(source.table, source.all.iter().copied().filter(|row| is_used(*row)));
        cells.push(Cell { persons, ..cell(column, rung) });
    }
    let side_by_side = logistic(controls, &outcomes, &own);
    cells.push(Cell {
        sessions: Some(side_by_side.n as u64),
        raw: Some(side_by_side),
        ..Cell::new(
            ("logistic", "check by logistic regression, controls of (5) side by side"),
            ("per_level", "change per level"),
        )
    });
    let (id, title) = ("columns".to_owned(), "Change per level".to_owned());
    exhibit.panels.push(Panel { id, title, unit: Unit::Points, cells });
    exhibit
}

/// A column of the table.
fn cell(column: u8, rung: Rung) -> Cell {
    let added = rung.added.as_deref().map_or("nothing held equal".to_owned(), |added| format!("and {added}"));
    let numbers = [
        ("se", rung.se),
        ("cells", rung.cells.map(|cells| cells as f64)),
        ("r_squared", rung.r_squared),
        ("left_out", Some(rung.left_out as f64)),
    ];
    let extra: BTreeMap<String, f64> =
        numbers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    let (sessions, raw) = (Some(rung.slope.n as u64), Some(rung.slope));
    let title = format!("({column}) {added}");
    Cell { sessions, raw, extra, ..Cell::new((&column.to_string(), &title), ("per_level", "change per level")) }
}

/// The logistic check over the sessions of the first persons, or over the first sessions where persons are not known.
fn logistic(controls: &Controls, outcomes: &[Option<f64>], own: &[Control]) -> crate::stats::Estimate {
    let kept = |at: usize| {
        let Some(persons) = controls.persons() else { return at < CHECKED };
        let step = u32::try_from(outcomes.len().div_ceil(CHECKED)).unwrap_or(u32::MAX).max(1);
        persons[at].is_multiple_of(step)
    };
    let part: Vec<Option<f64>> = outcomes.iter().enumerate().map(|(at, one)| one.filter(|_| kept(at))).collect();
    logistic_check(&controls.sessions(&part), own)
}
