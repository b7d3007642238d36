//! From a report to one that may be shared.

use crate::provider::is_catalogued;
use crate::report::error::ReportError;
use crate::report::inputs::{Floors, Inputs};
use crate::report::model::Report;
use crate::report::study::{Cell, Exhibit, Held, Panel, Totals, Unit, checks, withheld};

use super::lines::{Lines, is_agreement, lines};
use super::model::{
    Hidden, PublicCell, PublicJudge, PublicNumber, PublicPanel, PublicReport, PublicSample, PublicTable, Rounding,
};
use super::parts::{shifts, with_parts};
use super::round::{COUNTS, Exact, PERCENT, amount, coefficient, count, share, up};
use super::tables;

/// Version of the public report's JSON form.
pub(super) const VERSION: u32 = 1;

/// What data that we made is called; the only data label that is shown.
pub(super) const SYNTHETIC: &str = "synthetic";

/// The rule-based judge, whose name tells nothing.
pub(super) const RULES: &str = "baseline/rules";

/// The least that floors may be set to: below it, rounding would not hide what is withheld.
pub const LEAST: Floors = Floors { persons: 3, sessions: 10 };

/// Quantiles of amounts and values, and the part of sessions beyond them.
const TAILS: [(&str, f64); 9] = [
    ("p05", 0.05),
    ("p25", 0.25),
    ("median", 0.5),
    ("p75", 0.25),
    ("p95", 0.05),
    ("10th percentile", 0.1),
    ("25th percentile", 0.25),
    ("75th percentile", 0.25),
    ("90th percentile", 0.1),
];

/// What of `report` may be shared, with no cell below `floors`, which are raised to multiples of the rounding.
///
/// `report` must have been made from `inputs` with [`Floors::NONE`]: cells are withheld here, and more of them.
///
/// # Errors
/// When `floors` are below [`LEAST`].
pub fn publish(inputs: &Inputs, report: &Report, floors: Floors) -> Result<PublicReport, ReportError> {
    if floors.persons < LEAST.persons || floors.sessions < LEAST.sessions {
        return Err(ReportError::LowFloors(LEAST));
    }
    let floors = Floors { persons: up(floors.persons), sessions: up(floors.sessions) };
    let judges: Vec<PublicJudge> = (report.judges.iter().zip(1..))
        .map(|(judge, number)| PublicJudge {
            name: format!("judge {number}"),
            model: Some(&judge.model).filter(|model| *model == RULES || is_catalogued(model)).cloned(),
            is_llm: judge.is_llm,
        })
        .collect();
    let shown = |name: &str| {
        let place = report.judges.iter().position(|judge| judge.name == name);
        place.map(|place| judges[place].name.clone())
    };
    let frame = Frame {
        floors,
        persons: (inputs.table.persons > 0).then_some(report.sample.persons),
        weighted: report.sample.weighted,
    };
    let mut all: Vec<(Option<String>, Exhibit)> = Vec::new();
    for study in &report.study {
        all.extend(study.exhibits.iter().map(|exhibit| (shown(&study.judge), exhibit.clone())));
    }
    all.extend(tables::shares(inputs, report).into_iter().map(|(judge, exhibit)| (shown(&judge), exhibit)));
    all.extend(tables::no_verdicts(inputs, report).into_iter().map(|(judge, exhibit)| (shown(&judge), exhibit)));
    all.extend(tables::agreement(inputs, report, &shown).into_iter().map(|exhibit| (None, exhibit)));
    all.extend(tables::values(inputs, report).into_iter().map(|(judge, exhibit)| (shown(&judge), exhibit)));
    let named = |name: &str| shown(name).unwrap_or_default();
    all.extend(checks(inputs, &named).into_iter().map(|exhibit| (None, exhibit)));
    all.push((None, tables::measures(inputs, report)));
    let full = all.into_iter().filter(|(_, exhibit)| !exhibit.panels.is_empty());
    let months: Vec<&String> =
        report.sample.months.iter().filter(|(_, n)| **n >= floors.sessions).map(|(month, _)| month).collect();
    let known = |months: Option<&&String>| months.map(|month| (*month).clone()).filter(|month| month != "unknown");
    let enough = |n: u64, least: u64| (n >= least).then(|| count(n));
    Ok(PublicReport {
        version: VERSION,
        assize: env!("CARGO_PKG_VERSION").to_owned(),
        data_label: report.data_label.clone().filter(|label| label == SYNTHETIC),
        rounding: Rounding { counts: COUNTS, percent: PERCENT },
        floors,
        sample: PublicSample {
            sessions: enough(report.sample.found, floors.sessions),
            persons: enough(report.sample.persons, floors.persons),
            persons_known: inputs.table.persons > 0,
            from: known(months.iter().find(|month| **month != "unknown")),
            to: known(months.iter().rev().find(|month| **month != "unknown")),
        },
        corrected: report.rubrics.iter().flat_map(|rubric| &rubric.judges).any(|judge| judge.correction.is_some()),
        tables: full.map(|(judge, exhibit)| frame.table(judge, exhibit)).collect(),
        judges,
    })
}

/// What all cells are held against.
struct Frame {
    floors: Floors,
    /// Persons of all sessions, where any is known.
    persons: Option<u64>,
    weighted: bool,
}

impl Frame {
    fn table(&self, judge: Option<String>, exhibit: Exhibit) -> PublicTable {
        let hidden: Vec<Vec<Option<Hidden>>> =
            exhibit.panels.iter().map(|panel| self.hidden(&exhibit.id, panel)).collect();
        let hidden = with_parts(&exhibit.panels, hidden);
        let each = exhibit.panels.iter().zip(hidden);
        let mut panels: Vec<PublicPanel> = each.map(|(panel, hidden)| self.panel(&exhibit.id, panel, hidden)).collect();
        shifts(&mut panels);
        // A mode that is withheld could be told from the modes taken together.
        let is_partly_hidden =
            panels.iter().any(|panel| panel.id == "modes" && panel.cells.iter().any(|cell| cell.withheld.is_some()));
        panels.retain(|panel| panel.id != "groups" || !is_partly_hidden);
        let Exhibit { id, number, title, caption, form, .. } = exhibit;
        PublicTable { id, judge, number, title, caption, form, panels }
    }

    fn panel(&self, table: &str, panel: &Panel, hidden: Vec<Option<Hidden>>) -> PublicPanel {
        let cells = panel.cells.iter().zip(hidden).map(|(cell, hidden)| self.cell(table, panel.unit, cell, hidden));
        PublicPanel { id: panel.id.clone(), title: panel.title.clone(), unit: panel.unit, cells: cells.collect() }
    }

    /// Why each cell of a panel is not shown.
    fn hidden(&self, table: &str, panel: &Panel) -> Vec<Option<Hidden>> {
        let kind = lines(table, &panel.id);
        let names = |name: fn(&Cell) -> &str| {
            let mut found: Vec<(&str, Vec<usize>)> = Vec::new();
            for (at, cell) in panel.cells.iter().enumerate() {
                match found.iter_mut().find(|(known, _)| *known == name(cell)) {
                    Some((_, own)) => own.push(at),
                    None => found.push((name(cell), vec![at])),
                }
            }
            found.into_iter().map(|(_, own)| own).collect::<Vec<_>>()
        };
        let (rows, totals) = match kind {
            Lines::None => ((0..panel.cells.len()).map(|at| vec![at]).collect(), Totals::Rows),
            Lines::Groups => (names(|cell| &cell.measure), Totals::Rows),
            Lines::Labels => (vec![(0..panel.cells.len()).collect()], Totals::Rows),
            Lines::Both => (names(|cell| &cell.group), Totals::Both),
        };
        let by_label = matches!(kind, Lines::Labels | Lines::Both);
        let mut all = vec![None; panel.cells.len()];
        for (row, found) in rows.iter().zip(self.withheld(&rows, &panel.cells, by_label, totals)) {
            for (at, why) in row.iter().zip(found) {
                all[*at] = why;
            }
        }
        // A change is against the first cell of its line.
        if panel.unit == Unit::Change && kind == Lines::Groups {
            for row in &rows {
                if row.first().is_some_and(|first| all[*first].is_some()) {
                    for at in row {
                        all[*at] = all[*at].or(Some(Hidden::Complement));
                    }
                }
            }
        }
        for (cell, why) in panel.cells.iter().zip(&mut all) {
            let has_tails = table == "figure_3" || table.starts_with("values_");
            let beyond = TAILS.iter().find(|(measure, _)| has_tails && *measure == cell.measure);
            let few = |part: f64| cell.sessions.unwrap_or_default() as f64 * part < self.floors.persons as f64;
            if why.is_none() && cell.raw.is_some() && beyond.is_some_and(|(_, part)| few(*part)) {
                *why = Some(Hidden::Tail);
            }
        }
        all
    }

    fn withheld(
        &self,
        rows: &[Vec<usize>],
        cells: &[Cell],
        by_label: bool,
        totals: Totals,
    ) -> Vec<Vec<Option<Hidden>>> {
        let held: Vec<Vec<Held>> =
            rows.iter().map(|row| row.iter().map(|at| self.held(&cells[*at], by_label)).collect()).collect();
        let found = withheld(&held, self.floors, totals);
        let one = |(at, why): (&usize, Option<_>)| match why {
            _ if self.is_small(&cells[*at]) => Some(Hidden::Small),
            Some(crate::report::study::Withheld::Complement) => Some(Hidden::Complement),
            Some(_) => Some(Hidden::Small),
            None => None,
        };
        rows.iter().zip(found).map(|(row, found)| row.iter().zip(found).map(one).collect()).collect()
    }

    /// Whether all sessions of a cell are too few, or of too few persons.
    fn is_small(&self, cell: &Cell) -> bool {
        let sessions = cell.sessions.unwrap_or_default();
        let persons = cell.persons.or(self.persons).is_some_and(|persons| persons < self.floors.persons);
        sessions > 0 && (sessions < self.floors.sessions || persons)
    }

    /// What must be large enough: the sessions with a label; of a rate, the fewer of those with and without it; else all.
    fn held(&self, cell: &Cell, by_label: bool) -> Held {
        let sessions = cell.sessions.unwrap_or_default();
        match cell.count {
            Some(with) if by_label => (with, cell.count_persons),
            Some(with) => {
                let parts = [(with, cell.count_persons), (sessions.saturating_sub(with), cell.others_persons)];
                let full = || parts.iter().filter(|(sessions, _)| *sessions > 0);
                let persons = full().filter_map(|(_, persons)| *persons).min();
                (full().map(|(sessions, _)| *sessions).min().unwrap_or_default(), persons)
            }
            None => (sessions, cell.persons.or(self.persons)),
        }
    }

    fn cell(&self, table: &str, unit: Unit, cell: &Cell, hidden: Option<Hidden>) -> PublicCell {
        let bare = PublicCell {
            group: cell.group.clone(),
            group_title: cell.group_title.clone(),
            measure: cell.measure.clone(),
            measure_title: cell.measure_title.clone(),
            published: cell.published.as_ref().map(|one| one.value),
            published_known: cell.published.as_ref().map(|one| one.known),
            ..PublicCell::default()
        };
        if hidden.is_some() {
            return PublicCell { withheld: hidden, ..bare };
        }
        let n = cell.sessions.unwrap_or_default();
        let with = cell.count.filter(|_| !self.weighted);
        let number = |value: Option<f64>, ends: Option<(f64, f64)>, with: Option<u64>| -> Option<PublicNumber> {
            let exact = Exact { value: value?, ends, n };
            match unit {
                Unit::Share => share(exact, with),
                Unit::Number if is_agreement(table) => {
                    if cell.measure == "percent_agreement" {
                        share(exact, None)
                    } else {
                        Some(coefficient(exact))
                    }
                }
                _ => Some(amount(exact, unit)),
            }
        };
        let estimate = |one: &crate::stats::Estimate, with| number(one.value, one.low.zip(one.high), with);
        PublicCell {
            sessions: cell.sessions.map(count),
            persons: cell.persons.map(count),
            count: with.map(count),
            raw: cell.raw.as_ref().and_then(|raw| estimate(raw, with)),
            corrected: cell.corrected.as_ref().and_then(|one| number(one.value, one.low.zip(one.high), None)),
            adjusted: cell.adjusted.as_ref().and_then(|one| estimate(one, None)),
            ..bare
        }
    }
}
