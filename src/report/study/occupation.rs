//! Figure 6: success on coding tasks by occupation.

use crate::estimate::DerivedMeasure as Measure;

use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::outcomes::title;
use super::source::{Source, cell};
use super::withhold::withhold_line;

/// As many groups as the study shows.
const SHOWN: usize = 10;

/// The benchmark.
const SOFTWARE: &str = "computer_mathematical";

/// Figure 6.
pub(super) fn figure_6(source: &Source<'_>) -> Exhibit {
    let mut exhibit = Exhibit {
        id: "figure_6".to_owned(),
        number: "Figure 6".to_owned(),
        title: "Success on coding tasks by likely occupation of the person".to_owned(),
        caption: "Sessions that added or removed at least one line of code, by the ten occupations with most of them; the line is \
            software and mathematics. 95 % intervals by person."
            .to_owned(),
        form: Form::Dots,
        needs: source.needs(&[
            ("occupation_user", "the occupations"),
            ("outcome", "success"),
            ("success_signal", "verified success"),
        ]),
        correction: source.correction(&["outcome", "success_signal"]),
        panels: Vec::new(),
        notes: vec!["Occupations are the judge's own, also where rates are corrected; sessions of unclear occupation are left out.".to_owned()],
    };
    let (Some(occupation), Some(code)) = (Dimension::occupation(source), source.marks(Measure::CodeProducing, None))
    else {
        return exhibit;
    };
    let code = code.outcomes();
    let rows: Vec<usize> = source.all.iter().copied().filter(|at| code[*at] == Some(1.0)).collect();
    let parts = occupation.split(&rows);
    let mut largest: Vec<usize> = (0..parts.len()).filter(|at| !parts[*at].is_empty()).collect();
    largest.sort_by_key(|at| (occupation.groups[*at].0 != SOFTWARE, std::cmp::Reverse(parts[*at].len()), *at));
    largest.truncate(SHOWN);
    let measures = [Measure::VerifiedSuccess, Measure::JudgedSuccess, Measure::AtLeastPartial];
    let mut cells: Vec<Cell> = Vec::new();
    let mut software = Vec::new();
    for measure in measures {
        let Some(marks) = source.marks(measure, None) else { continue };
        let name = (measure.as_str(), title(measure));
        let one = |at: &usize| cell(occupation.group(*at), name, source.rate(&marks, &parts[*at]));
        let mut own: Vec<Cell> = largest.iter().map(one).collect();
        withhold_line(&mut own.iter_mut().collect::<Vec<_>>(), source.floors);
        cells.extend(own);
        let is_software = |part: &usize| occupation.groups[*part].0 == SOFTWARE;
        let others = |wanted: bool| -> Vec<usize> {
            let chosen = (0..parts.len()).filter(|part| is_software(part) == wanted);
            let mut rows: Vec<usize> = chosen.flat_map(|part| parts[part].iter().copied()).collect();
            rows.sort_unstable();
            rows
        };
        let groups = [("software", "Software and mathematics", true), ("other", "All other occupations", false)];
        let mut two: Vec<Cell> = groups
            .iter()
            .map(|(id, title, wanted)| cell((id, title), name, source.rate(&marks, &others(*wanted))))
            .collect();
        withhold_line(&mut two.iter_mut().collect::<Vec<_>>(), source.floors);
        software.extend(two);
    }
    if !cells.is_empty() {
        let panel = |id: &str, title: &str, cells| Panel {
            id: id.to_owned(),
            title: title.to_owned(),
            unit: Unit::Share,
            cells,
        };
        exhibit.panels.push(panel("code_producing", "Sessions that produced code", cells));
        exhibit.panels.push(panel("software", "Software against all others", software));
    }
    exhibit
}
