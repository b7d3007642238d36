//! What sessions are held equal in, and Table A1: the slope of verified success by level, with one control more in every column.

use std::collections::{BTreeMap, HashMap};

use crate::estimate::DerivedMeasure;
use crate::estimate::regression::{Control, LevelRates, Panel as Sessions, Rung, ladder, level_rates, logistic_check};

use super::dimension::Dimension;
use super::model::{Cell, Exhibit, Form, Panel, Unit};
use super::source::Source;

/// The logistic check rests on the sessions of so many persons that there are about this many; its design is a full matrix.
const CHECKED: usize = 20_000;

/// Sessions a cell on average below which nothing is adjusted: cells would hold one session each, and compare none.
const FULL: usize = 2;

/// The study's controls, as far as the run has them.
pub(super) struct Controls {
    /// Each with the number of the column of Table A1 that adds it.
    list: Vec<(u8, Control)>,
    /// All of them in one.
    together: Vec<Control>,
    levels: Vec<Option<u32>>,
    persons: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
}

impl Controls {
    pub(super) fn of(source: &Source<'_>) -> Self {
        let table = source.table;
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let cells = |of: &dyn Fn(usize) -> Option<usize>| -> Vec<Option<u32>> {
            (0..table.len()).map(|at| of(at).map(number)).collect()
        };
        let mut list = Vec::new();
        let (mode, value) = (Dimension::mode(source), Dimension::value(source));
        let mut add = |column: u8, name: &str, cells: Vec<Option<u32>>| {
            list.push((column, Control { name: name.to_owned(), cells }));
        };
        match (&mode, &value) {
            (Some(mode), Some(value)) => {
                let bands = value.groups.len();
                add(2, "work mode x value band", cells(&|at| Some(mode.of(at)? * bands + value.of(at)?)));
            }
            (Some(mode), None) => add(2, "work mode", cells(&|at| mode.of(at))),
            (None, Some(value)) => add(2, "value band", cells(&|at| value.of(at))),
            (None, None) => {}
        }
        let month = Dimension::month(source);
        if month.groups.len() > 1 {
            add(3, "month", cells(&|at| month.of(at)));
        }
        if let Some(work) = Dimension::label(source, "occupation_work", "Occupation of the work", "occupation_work") {
            add(4, "occupation of the work", cells(&|at| work.of(at)));
        }
        if let (Some(user), Some(column)) = (Dimension::occupation(source), source.column("occupation_user")) {
            use crate::report::sessions::Answer;
            use crate::verdict::NoVerdict;
            let software = user.groups.iter().position(|(id, _)| id == "computer_mathematical");
            // Sessions of unclear occupation stay in, as in the study (report.md 5.5).
            let group = |at: usize| match column.get(at) {
                Answer::Label(label) => Some(usize::from(Some(label) != software)),
                Answer::None(NoVerdict::Abstained) => Some(2),
                _ => None,
            };
            add(5, "software occupation", cells(&group));
        }
        let mut numbers: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut one = |at: usize| {
            let cell: Option<Vec<u32>> = list.iter().map(|(_, control): &(u8, Control)| control.cells[at]).collect();
            let next = number(numbers.len());
            Some(*numbers.entry(cell?).or_insert(next))
        };
        let together: Vec<Option<u32>> = (0..table.len()).map(&mut one).collect();
        let name = "all controls".to_owned();
        let together = if list.is_empty() { Vec::new() } else { vec![Control { name, cells: together }] };
        let levels = Dimension::level(source).map_or_else(Vec::new, |level| cells(&|at| level.of(at).map(|at| at + 1)));
        Self {
            list,
            together,
            levels,
            persons: table.by_person().then(|| (0..table.len()).map(|at| table.cluster(at)).collect()),
            weights: table.weighted().then(|| table.facts.iter().map(|facts| facts.weight).collect()),
        }
    }

    /// Names of the controls, in words.
    pub(super) fn names(&self) -> String {
        self.list.iter().map(|(_, control)| control.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn sessions<'a>(&'a self, outcomes: &'a [Option<f64>]) -> Sessions<'a> {
        let (levels, persons, weights) = (&self.levels, self.persons.as_deref(), self.weights.as_deref());
        Sessions { outcomes, levels, persons, weights, min_sessions: 1 }
    }

    /// The slope of `outcomes` by level among sessions equal in all controls; none without levels, or with fewer sessions than [`FULL`]
    /// a cell.
    pub(super) fn adjusted_slope(&self, source: &Source<'_>, outcomes: &[Option<f64>]) -> Option<Rung> {
        if self.levels.len() < source.table.len() || self.levels.is_empty() {
            return None;
        }
        let rung = ladder(&self.sessions(outcomes), &self.together, &[]).pop()?;
        rung.cells.is_none_or(|cells| cells * FULL <= rung.slope.n).then_some(rung)
    }

    /// Rates of `outcomes` by level, raw and adjusted; none without levels, or with fewer sessions than [`FULL`] a cell.
    pub(super) fn level_rates(&self, outcomes: &[Option<f64>]) -> Option<LevelRates> {
        if self.levels.is_empty() {
            return None;
        }
        let rates = level_rates(&self.sessions(outcomes), &self.together);
        let sessions: usize = rates.levels.iter().map(|level| level.sessions).sum();
        (rates.cells * FULL <= sessions).then_some(rates)
    }
}

/// Table A1.
pub(super) fn table_a1(source: &Source<'_>, controls: &Controls) -> Exhibit {
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
        notes: vec![
            "The study's sixth column also has cells of model tier and length band, whose limits are not published.".to_owned(),
        ],
    };
    let Some(marks) = source.marks(DerivedMeasure::VerifiedSuccess, None) else { return exhibit };
    if controls.levels.is_empty() {
        return exhibit;
    }
    exhibit.correction = Some("uncorrected: regressions are of the judge's own labels".to_owned());
    let outcomes = marks.outcomes();
    let own: Vec<Control> = controls.list.iter().map(|(_, control)| control.clone()).collect();
    let log = |of: fn(&crate::report::sessions::Facts) -> u32| -> Vec<Option<f64>> {
        let one = |facts: &crate::report::sessions::Facts| Some(f64::from(of(facts))).filter(|n| *n > 0.0).map(f64::ln);
        source.table.facts.iter().map(one).collect()
    };
    let covariates = vec![
        ("ln model calls".to_owned(), log(|facts| facts.model_calls)),
        ("ln prompts".to_owned(), log(|facts| facts.prompts)),
    ];
    let sessions = controls.sessions(&outcomes);
    let columns = std::iter::once(1).chain(controls.list.iter().map(|(column, _)| *column)).chain([6]);
    let one = |(column, rung): (u8, Rung)| {
        let added = rung.added.as_deref().map_or("nothing held equal".to_owned(), |added| format!("and {added}"));
        let mut extra = BTreeMap::new();
        let numbers = [
            ("se", rung.se),
            ("cells", rung.cells.map(|cells| cells as f64)),
            ("r_squared", rung.r_squared),
            ("left_out", Some(rung.left_out as f64)),
        ];
        extra.extend(numbers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        let (sessions, raw) = (Some(rung.slope.n as u64), Some(rung.slope));
        let title = format!("({column}) {added}");
        Cell { sessions, raw, extra, ..Cell::new((&column.to_string(), &title), ("per_level", "change per level")) }
    };
    let mut cells: Vec<Cell> = columns.zip(ladder(&sessions, &own, &covariates)).map(one).collect();
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

/// The logistic check over the sessions of the first persons, or over the first sessions where persons are not known.
fn logistic(controls: &Controls, outcomes: &[Option<f64>], own: &[Control]) -> crate::stats::Estimate {
    let kept = |at: usize| {
        let Some(persons) = &controls.persons else { return at < CHECKED };
        let step = u32::try_from(outcomes.len().div_ceil(CHECKED)).unwrap_or(u32::MAX).max(1);
        persons[at].is_multiple_of(step)
    };
    let part: Vec<Option<f64>> = outcomes.iter().enumerate().map(|(at, one)| one.filter(|_| kept(at))).collect();
    logistic_check(&controls.sessions(&part), own)
}
