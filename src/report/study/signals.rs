//! Figure A1: whether the outcome fits the strength of the evidence.

use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::source::{Source, cell};
use super::withhold::withhold_line;

/// Figure A1.
pub(super) fn figure_a1(source: &Source<'_>) -> Exhibit {
    let mut exhibit = Exhibit {
        id: "figure_a1".to_owned(),
        number: "Figure A1".to_owned(),
        title: "Outcome against the strength of the evidence".to_owned(),
        caption:
            "Share of sessions with the outcome succeeded, by signal of success and of failure. All come from the same \
            transcript: this shows that the judge agrees with itself, not that it is right."
                .to_owned(),
        form: Form::Bars,
        needs: source.needs(&[
            ("outcome", "the outcome"),
            ("success_signal", "the signal of success"),
            ("failure_signal", "the signal of failure"),
        ]),
        correction: source.correction(&["outcome"]),
        panels: Vec::new(),
        notes: Vec::new(),
    };
    let Some(marks) = source.label_marks("outcome", &["succeeded"]) else { return exhibit };
    for (rubric, heading) in [("success_signal", "By signal of success"), ("failure_signal", "By signal of failure")] {
        let Some(signal) = Dimension::label(source, "signal", heading, rubric) else { continue };
        let one = |(number, rows): (usize, &Vec<usize>)| {
            cell(signal.group(number), ("judged_success", "outcome is succeeded"), source.rate(&marks, rows))
        };
        let mut cells: Vec<Cell> = signal.split(&source.all).iter().enumerate().map(one).collect();
        withhold_line(&mut cells.iter_mut().collect::<Vec<_>>(), source.floors);
        exhibit.panels.push(Panel { id: rubric.to_owned(), title: heading.to_owned(), unit: Unit::Share, cells });
    }
    exhibit
}
