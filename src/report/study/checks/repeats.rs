//! A judge that was asked again: how far it says the same.

use crate::agreement::{Declared, Options, retest};
use crate::gold::{Rating, Ratings};
use crate::report::figures::words;
use crate::report::inputs::Inputs;
use crate::report::study::model::{Cell, Exhibit, Form, Panel, Unit};
use crate::report::study::sample::persons;

use super::build::{Names, exhibit};
use super::kind::Kind;
use super::pairs::estimate;

/// One exhibit for all judges with repeats on the rubric; none where there is no such judge, or its answers are no labels.
pub(super) fn repeats(inputs: &Inputs, number: usize, names: Names<'_>) -> Option<Exhibit> {
    let (table, rubric) = (&inputs.table, &inputs.rubrics[number]);
    if !rubric.answer.kind.has_labels() {
        return None;
    }
    let judges = &inputs.run.experiment.judges;
    let mut ratings = Ratings::default();
    for ((_, by, replicate), column) in table.answers.range((number, 0, 0)..(number + 1, 0, 0)) {
        if judges[*by].repeats < 2 {
            continue;
        }
        ratings.rows.extend((0..table.len()).filter_map(|at| {
            Some(Rating {
                item: table.ids[at].to_string(),
                rater: judges[*by].name().to_owned(),
                label: rubric.answer.options[column.label(at)?].id.clone(),
                rubric: Some(rubric.name.clone()),
                cluster: table.by_person().then(|| table.cluster(at).to_string()),
                replicate: Some(*replicate),
                ..Rating::default()
            })
        }));
    }
    let declared = Declared::of_rubric(rubric).ok()?;
    // Fewer than two repeats with a label leave nothing to compare.
    let report = retest(&ratings, &Ratings::default(), Some(&rubric.name), &declared, &Options::default()).ok()?;
    let (mut coefficients, mut flips) = (Vec::new(), Vec::new());
    for judge in &report.judges {
        let by = judges.iter().position(|spec| spec.name() == judge.judge)?;
        let name = names(&judge.judge);
        let labels = |at: usize| {
            let columns = table.answers.range((number, by, 0)..=(number, by, u32::MAX));
            columns.filter_map(|(_, column)| column.label(at)).collect::<Vec<_>>()
        };
        let again: Vec<(usize, bool)> = (0..table.len())
            .map(|at| (at, labels(at)))
            .filter(|(_, labels)| labels.len() > 1)
            .map(|(at, labels)| (at, labels.iter().any(|label| *label != labels[0])))
            .collect();
        let part = |flipped: bool| again.iter().filter(move |(_, own)| *own == flipped).map(|(at, _)| *at);
        flips.push(Cell {
            sessions: Some(judge.items as u64),
            persons: persons(table, again.iter().map(|(at, _)| *at)),
            count: Some(part(true).count() as u64),
            count_persons: persons(table, part(true)),
            others_persons: persons(table, part(false)),
            raw: Some(estimate(&judge.flip_rate)),
            ..Cell::new((&name, &name), ("flip_rate", "sessions with more than one label over the repeats"))
        });
        coefficients.extend(judge.coefficients.iter().map(|one| Cell {
            sessions: Some(one.n as u64),
            persons: persons(table, again.iter().map(|(at, _)| *at)),
            raw: Some(estimate(one)),
            ..Cell::new((&name, &name), (&one.name, &words(&one.name)))
        }));
    }
    let panel = |id: &str, title: &str, unit, cells| Panel { id: id.to_owned(), title: title.to_owned(), unit, cells };
    let panels = vec![
        panel("retest", "Agreement of the repeats with each other", Unit::Number, coefficients),
        panel("flips", "Sessions whose label is not the same throughout", Unit::Share, flips),
    ];
    Some(exhibit(format!("check_{}", rubric.name), &rubric.title, Kind::Repeats, Form::Table, panels))
}
