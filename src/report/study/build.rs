//! All exhibits of every judge.

use crate::report::error::ReportError;
use crate::report::inputs::Inputs;

use super::breakdowns::breakdowns;
use super::controls::Controls;
use super::decisions::{figure_2, figure_a2};
use super::expertise::figure_3;
use super::model::{Panel, Study};
use super::occupation::figure_6;
use super::outcomes::{figure_5, table_2, table_a2};
use super::published::annotate;
use super::regressions::table_a1;
use super::signals::figure_a1;
use super::source::Source;
use super::work::{figure_1, figure_4};

/// The study by every judge of the run that answered anything.
///
/// # Errors
/// When the file of published numbers cannot be read, which is an error in assize.
pub(in crate::report) fn build(inputs: &Inputs) -> Result<Vec<Study>, ReportError> {
    let judges = inputs.run.experiment.judges.iter().enumerate();
    let answered = |judge: usize| inputs.table.answers.keys().any(|(_, by, _)| *by == judge);
    judges.filter(|(judge, _)| answered(*judge)).map(|(judge, spec)| study(inputs, judge, spec.name())).collect()
}

fn study(inputs: &Inputs, judge: usize, name: &str) -> Result<Study, ReportError> {
    let source = Source::of(inputs, judge);
    let controls = Controls::of(&source);
    let mut exhibits = vec![
        figure_1(&source),
        figure_2(&source),
        figure_3(&source, &controls),
        figure_4(&source),
        table_2(&source),
        figure_5(&source, &controls),
        figure_6(&source),
        figure_a1(&source),
        figure_a2(&source),
        table_a1(&source, &controls),
        table_a2(&source, &controls),
    ];
    exhibits.extend(breakdowns(&source));
    annotate(&mut exhibits)?;
    let mut notes = Vec::new();
    let cells = || exhibits.iter().flat_map(|exhibit| &exhibit.panels).flat_map(|panel: &Panel| &panel.cells);
    let hidden = cells().filter(|cell| cell.withheld.is_some()).count();
    let floors = inputs.floors;
    let persons = if inputs.table.persons == 0 {
        "persons are not known, so that no least number of them can be asked".to_owned()
    } else {
        format!("{} persons", floors.persons)
    };
    notes.push(format!(
        "Cells of breakdowns below {} sessions or {persons} are withheld, and others with them from which they could be \
         computed: {hidden} of {} cells. Options --min-sessions and --min-persons set the least.",
        floors.sessions,
        cells().count()
    ));
    if source.not_reached > 0 {
        notes.push(format!("{} sessions of the run have no verdict at all; bounds count them.", source.not_reached));
    }
    Ok(Study { judge: name.to_owned(), floors, notes, exhibits })
}
