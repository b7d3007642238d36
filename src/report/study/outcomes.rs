//! Table 2, success and failure; Figure 5 and Table A2, both by level of expertise.

use crate::estimate::DerivedMeasure as Measure;
use crate::estimate::regression::LevelRate;

use super::controls::Controls;
use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::sample::persons;
use super::source::{Source, cell};
use super::withhold::withhold_line;

/// What is said of adjusted rates that had to be held.
const HELD: &str = "Adjusted rates are those of a linear model, whose rate or interval can leave 0 to 100 %. Such ones are held at the end \
    and marked ‡; a rate lies between the ends, so that the part of the interval shown covers it as often as the whole. What the \
    model gives stands in the table's file (linear_rate, linear_low, linear_high).";

/// Measures for people.
pub(super) fn title(measure: Measure) -> &'static str {
    match measure {
        Measure::AtLeastPartial => "At least partial success",
        Measure::JudgedSuccess => "Judged success",
        Measure::VerifiedSuccess => "Verified success",
        Measure::MachineVerifiedSuccess => "Success by machine evidence",
        Measure::JudgedFailure => "Judged failure",
        Measure::VerifiedFailure => "Verified failure",
        Measure::HitsTrouble => "Hits trouble",
        Measure::Abandoned => "Abandoned, of the troubled",
        Measure::WroteCode => "Wrote code",
        Measure::CodeProducing => "Added or removed code",
        Measure::UserControlsPlanning => "Person controls planning",
        Measure::AgentControlsPlanning => "Agent controls planning",
        Measure::UserControlsExecution => "Person controls execution",
        Measure::AgentControlsExecution => "Agent controls execution",
        Measure::SoftwareOccupation => "Software occupation",
    }
}

/// Table 2, with the measures it leads to.
pub(super) fn table_2(source: &Source<'_>) -> Exhibit {
    let needs = [
        ("outcome", "success and failure"),
        ("success_signal", "verified success"),
        ("failure_signal", "verified failure, trouble, abandoned"),
    ];
    let mut cells = Vec::new();
    for measure in Measure::ALL {
        // What no rubric of the run speaks of needs no row; measured ones always have one.
        let Some(marks) = source.marks(measure, None) else { continue };
        let share = source.rate(&marks, &source.all);
        cells.push(cell(("all", title(measure)), (measure.as_str(), measure.formula()), share));
    }
    Exhibit {
        id: "table_2".to_owned(),
        number: "Table 2".to_owned(),
        title: "Success and failure: definitions and rates".to_owned(),
        caption: "Each measure with its formula and its rate over all judged sessions; n is the sessions in its base."
            .to_owned(),
        form: Form::Table,
        needs: source.needs(&needs),
        correction: source.correction(&["outcome", "success_signal", "failure_signal"]),
        panels: vec![Panel {
            id: "measures".to_owned(),
            title: "Rates over all sessions".to_owned(),
            unit: Unit::Share,
            cells,
        }],
        notes: Vec::new(),
    }
}

/// Figure 5.
pub(super) fn figure_5(source: &Source<'_>, controls: &Controls) -> Exhibit {
    let names = controls.names();
    let equal = if names.is_empty() { "nothing, for want of controls".to_owned() } else { names };
    let mut exhibit = Exhibit {
        id: "figure_5".to_owned(),
        number: "Figure 5".to_owned(),
        title: "Expertise and how sessions end".to_owned(),
        caption: format!(
            "Rates by level among sessions equal in {equal}; whiskers are 95 % intervals of the plain rates. Where there is gold, \
             marks are corrected plain rates and lines join the adjusted ones. First: all sessions with a clear goal. Second and third: those that hit trouble."
        ),
        form: Form::Steps,
        needs: source.needs(&[
            ("expertise", "the levels"),
            ("outcome", "success and failure"),
            ("success_signal", "verified success"),
            ("failure_signal", "trouble"),
        ]),
        correction: source.correction(&["outcome", "success_signal", "failure_signal"]),
        panels: Vec::new(),
        notes: vec![
            "Levels are the judge's own, also where rates are corrected. Adjusted rates are uncorrected, and there are none \
             where cells of equal controls hold fewer than two sessions on average."
                .to_owned(),
            HELD.to_owned(),
            "Troubled sessions are a selection: experts hit trouble less often, and on work of higher value.".to_owned(),
        ],
    };
    let Some(level) = Dimension::level(source) else { return exhibit };
    let trouble = Some(Measure::HitsTrouble);
    let panels = [
        ("all", "All sessions", None, [Measure::AtLeastPartial, Measure::JudgedSuccess, Measure::VerifiedSuccess]),
        (
            "recovered",
            "In trouble, still succeeds",
            trouble,
            [Measure::AtLeastPartial, Measure::JudgedSuccess, Measure::VerifiedSuccess],
        ),
        (
            "failed",
            "In trouble, fails",
            trouble,
            [Measure::JudgedFailure, Measure::VerifiedFailure, Measure::Abandoned],
        ),
    ];
    for (id, heading, among, measures) in panels {
        let cells: Vec<Cell> =
            measures.into_iter().flat_map(|measure| by_level(source, controls, &level, measure, among)).collect();
        if !cells.is_empty() {
            exhibit.panels.push(Panel { id: id.to_owned(), title: heading.to_owned(), unit: Unit::Share, cells });
        }
    }
    exhibit
}

/// The rate of `measure` at every level, plain and adjusted.
fn by_level(
    source: &Source<'_>,
    controls: &Controls,
    level: &Dimension,
    measure: Measure,
    among: Option<Measure>,
) -> Vec<Cell> {
    let Some(marks) = source.marks(measure, among) else { return Vec::new() };
    let rates = controls.level_rates(&marks.outcomes());
    let mut cells: Vec<Cell> = (level.split(&source.all).iter().enumerate())
        .map(|(number, rows)| {
            let share = source.rate(&marks, rows);
            let own = rates.iter().find(|rate| rate.of_level.level as usize == number + 1);
            let cell = cell(level.group(number), (measure.as_str(), title(measure)), share);
            let extra = own.map(|own| own.beyond.clone()).unwrap_or_default();
            Cell { adjusted: own.and_then(|own| own.rate.clone()), extra, ..cell }
        })
        .collect();
    withhold_line(&mut cells.iter_mut().collect::<Vec<_>>(), source.floors);
    cells
}

/// Table A2.
pub(super) fn table_a2(source: &Source<'_>, controls: &Controls) -> Exhibit {
    let needs = [("expertise", "the levels"), ("outcome", "success"), ("success_signal", "verified success")];
    let mut exhibit = Exhibit {
        id: "table_a2".to_owned(),
        number: "Table A2".to_owned(),
        title: "Verified success by level of expertise".to_owned(),
        caption: "Plain rate, rate among sessions equal in the controls, and difference from the lowest level within cells of \
            equal controls."
            .to_owned(),
        form: Form::Table,
        needs: source.needs(&needs),
        correction: source.correction(&["outcome", "success_signal"]),
        panels: Vec::new(),
        notes: vec![HELD.to_owned()],
    };
    let (Some(level), Some(marks)) = (Dimension::level(source), source.marks(Measure::VerifiedSuccess, None)) else {
        return exhibit;
    };
    let rates = by_level(source, controls, &level, Measure::VerifiedSuccess, None);
    let outcomes = marks.outcomes();
    let parts = level.split(&source.all);
    let is_used = |at: &usize| outcomes[*at].is_some() && controls.is_adjusted(*at);
    let found: Vec<LevelRate> = controls.level_rates(&outcomes).into_iter().map(|rate| rate.of_level).collect();
    let place = |rate: &LevelRate| (rate.level as usize).checked_sub(1);
    // The rate of a level that is withheld could be told from one that is shown and the difference of the two.
    let base = found.first().and_then(|first| rates.get(place(first)?)?.withheld);
    let differences = found.iter().filter_map(|rate| {
        let number = place(rate)?;
        let mut cell = Cell::new(level.group(number), ("verified_success", "difference from the lowest level"));
        let difference = rate.difference.clone()?;
        if let Some(why) = rates.get(number)?.withheld.or(base) {
            cell.withhold(why);
        } else {
            cell.sessions = Some(rate.sessions as u64);
            cell.persons = persons(source.table, parts[number].iter().copied().filter(is_used));
            cell.raw = Some(difference);
            cell.extra.extend(rate.se.map(|se| ("se".to_owned(), se)));
        }
        Some(cell)
    });
    let differences: Vec<Cell> = differences.collect();
    let panel = |id: &str, title: &str, unit, cells| Panel { id: id.to_owned(), title: title.to_owned(), unit, cells };
    exhibit.panels.push(panel("rates", "Rates", Unit::Share, rates));
    exhibit.panels.push(panel("differences", "Differences within cells of equal controls", Unit::Points, differences));
    exhibit
}
