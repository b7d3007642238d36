//! What sessions are held equal in when levels of expertise are compared (report.md 3, 5.4, 5.5).

use std::collections::{BTreeMap, HashMap};

use crate::estimate::regression::{Control, LevelRate, Panel as Sessions, Rung, level_rates, slope};
use crate::report::sessions::{Answer, Facts};
use crate::stats::Estimate;
use crate::verdict::NoVerdict;

use super::dimension::Dimension;
use super::source::Source;

/// Sessions a cell on average below which nothing is adjusted: cells would hold one session each, and compare none.
const FULL: usize = 2;

/// Upper ends of the bands of session length in prompts; the last band is open. They are ours: the study's are not published.
const LENGTHS: [u32; 4] = [1, 3, 7, 15];

/// The study's controls, as far as the run has them.
pub(super) struct Controls {
    /// Those of columns 2 to 5 of Table A1, each with the number of the column that adds it.
    pub list: Vec<(u8, Control)>,
    /// Cells that the sixth column adds: model tier and length band.
    pub sixth: Control,
    /// Numbers that it adds.
    pub numbers: Vec<(String, Vec<Option<f64>>)>,
    /// All of the list in one.
    together: Vec<Control>,
    /// The same and the tier of the models.
    with_tier: Vec<Control>,
    /// Levels from 1; empty where the run has none.
    pub levels: Vec<Option<u32>>,
    persons: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
    has_tiers: bool,
}

/// A rate at a level among sessions equal in all controls.
pub(super) struct AdjustedRate {
    /// What the regression says of the level.
    pub of_level: LevelRate,
    /// The adjusted rate and its interval, held at 0 and 1; none where the interval lies beyond altogether.
    pub rate: Option<Estimate>,
    /// Rate and ends of the linear model where one of them had to be held, by name.
    pub beyond: BTreeMap<String, f64>,
}

impl Controls {
    pub(super) fn of(source: &Source<'_>) -> Self {
        let table = source.table;
        let cells = |of: &dyn Fn(usize) -> Option<usize>| -> Vec<Option<u32>> {
            (0..table.len()).map(|at| of(at).map(number)).collect()
        };
        let named = |name: &str, cells: Vec<Option<u32>>| Control { name: name.to_owned(), cells };
        let mut list = Vec::new();
        let (mode, value) = (Dimension::mode(source), Dimension::value(source));
        let mut add = |column: u8, name: &str, cells: Vec<Option<u32>>| list.push((column, named(name, cells)));
        match (&mode, &value) {
            (Some(mode), Some(value)) => {
                let bands = value.groups.len();
                add(2, "work mode × value band", cells(&|at| Some(mode.of(at)? * bands + value.of(at)?)));
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
            let software = user.groups.iter().position(|(id, _)| id == "computer_mathematical");
            // Sessions of unclear occupation stay in, as in the study (report.md 5.5).
            let group = |at: usize| match column.get(at) {
                Answer::Label(label) => Some(usize::from(Some(label) != software)),
                Answer::None(NoVerdict::Abstained) => Some(2),
                _ => None,
            };
            add(5, "software occupation", cells(&group));
        }
        let has_tiers = !table.tiers.is_empty();
        let tier = named("model tier", cells(&|at| table.tier(at)));
        let band = |at: usize| length(table.facts[at].prompts);
        let sixth = if has_tiers {
            let bands = LENGTHS.len() + 1;
            named("model tier × length band", cells(&|at| Some(table.tier(at)? * bands + band(at)?)))
        } else {
            named("length band", cells(&band))
        };
        let log = |of: fn(&Facts) -> u32| -> Vec<Option<f64>> {
            let one = |facts: &Facts| Some(f64::from(of(facts))).filter(|n| *n > 0.0).map(f64::ln);
            table.facts.iter().map(one).collect()
        };
        let numbers = vec![
            ("ln model calls".to_owned(), log(|facts| facts.model_calls)),
            ("ln prompts".to_owned(), log(|facts| facts.prompts)),
        ];
        let plain: Vec<&Control> = list.iter().map(|(_, control)| control).collect();
        let together = crossed(&plain, table.len());
        let with_tier = if has_tiers { crossed(&[plain, vec![&tier]].concat(), table.len()) } else { together.clone() };
        let levels = Dimension::level(source).map_or_else(Vec::new, |level| cells(&|at| level.of(at).map(|at| at + 1)));
        Self {
            sixth,
            numbers,
            together,
            with_tier,
            levels,
            persons: table.by_person().then(|| (0..table.len()).map(|at| table.cluster(at)).collect()),
            weights: table.weighted().then(|| table.facts.iter().map(|facts| facts.weight).collect()),
            list,
            has_tiers,
        }
    }

    /// Names of the controls of rates, in words.
    pub(super) fn names(&self) -> String {
        self.list.iter().map(|(_, control)| control.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Names of the controls of amounts, in words.
    pub(super) fn names_with_tier(&self) -> String {
        let names = [self.names(), if self.has_tiers { "model tier".to_owned() } else { String::new() }];
        names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn sessions<'a>(&'a self, outcomes: &'a [Option<f64>]) -> Sessions<'a> {
        let (levels, persons, weights) = (&self.levels, self.persons.as_deref(), self.weights.as_deref());
        Sessions { outcomes, levels, persons, weights, min_sessions: 1 }
    }

    /// The numbers by which sessions are told to be of one person or not, where persons are known.
    pub(super) fn persons(&self) -> Option<&[u32]> {
        self.persons.as_deref()
    }

    /// The slope of `amounts` by level among sessions equal in all controls and in the tier of the models; none without levels,
    /// or with fewer sessions than [`FULL`] a cell.
    pub(super) fn adjusted_slope(&self, source: &Source<'_>, amounts: &[Option<f64>]) -> Option<Rung> {
        if self.levels.len() < source.table.len() || self.levels.is_empty() {
            return None;
        }
        let rung = slope(&self.sessions(amounts), &self.with_tier, &[]);
        rung.cells.is_none_or(|cells| cells * FULL <= rung.slope.n).then_some(rung)
    }

    /// Rates of `outcomes` by level, raw and adjusted; none without levels, or with fewer sessions than [`FULL`] a cell.
    pub(super) fn level_rates(&self, outcomes: &[Option<f64>]) -> Vec<AdjustedRate> {
        if self.levels.is_empty() {
            return Vec::new();
        }
        let rates = level_rates(&self.sessions(outcomes), &self.together);
        let sessions: usize = rates.levels.iter().map(|level| level.sessions).sum();
        if rates.cells * FULL > sessions {
            return Vec::new();
        }
        let one = |of_level: LevelRate| {
            let (rate, beyond) = held(&of_level.adjusted);
            AdjustedRate { of_level, rate, beyond }
        };
        rates.levels.into_iter().map(one).collect()
    }

    /// Whether session `at` is one that adjusted rates rest on, its outcome aside.
    pub(super) fn is_adjusted(&self, at: usize) -> bool {
        self.levels[at].is_some() && self.together.iter().all(|control| control.cells[at].is_some())
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The band of a session's length; none without a prompt.
fn length(prompts: u32) -> Option<usize> {
    (prompts > 0).then(|| LENGTHS.iter().filter(|end| prompts > **end).count())
}

/// Cells of all of `controls` together; nothing without any.
fn crossed(controls: &[&Control], sessions: usize) -> Vec<Control> {
    let mut numbers: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut one = |at: usize| {
        let cell: Option<Vec<u32>> = controls.iter().map(|control| control.cells[at]).collect();
        let next = number(numbers.len());
        Some(*numbers.entry(cell?).or_insert(next))
    };
    let cells: Vec<Option<u32>> = (0..sessions).map(&mut one).collect();
    if controls.is_empty() { Vec::new() } else { vec![Control { name: "all controls".to_owned(), cells }] }
}

/// The rate of a linear model held at 0 and 1, and what it was where that moved anything.
///
/// A rate lies between the two, so that the part of its interval between them covers it as often as the whole; a scale on which
/// it could not leave them, such as the logit, would say something else of a model that is linear.
fn held(adjusted: &Estimate) -> (Option<Estimate>, BTreeMap<String, f64>) {
    let ends = [("linear_rate", adjusted.value), ("linear_low", adjusted.low), ("linear_high", adjusted.high)];
    let is_inside = |end: f64| (0.0..=1.0).contains(&end);
    if ends.iter().filter_map(|(_, end)| *end).all(is_inside) {
        return (Some(adjusted.clone()), BTreeMap::new());
    }
    let beyond = ends.iter().filter_map(|(name, end)| Some(((*name).to_owned(), (*end)?))).collect();
    let at = |end: Option<f64>| end.map(|end| end.clamp(0.0, 1.0));
    let is_empty = adjusted.low.is_some_and(|low| low > 1.0) || adjusted.high.is_some_and(|high| high < 0.0);
    let method = format!("{}, held at 0 and 1", adjusted.method);
    let rate =
        Estimate { value: at(adjusted.value), low: at(adjusted.low), high: at(adjusted.high), method, ..*adjusted };
    (Some(rate).filter(|_| !is_empty), beyond)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(value: f64, low: f64, high: f64) -> Estimate {
        let (value, low, high) = (Some(value), Some(low), Some(high));
        Estimate { value, low, high, n: 9, method: "least squares".to_owned(), undefined: None }
    }

    #[test]
    fn rates_of_a_linear_model_are_held_and_what_they_were_is_kept() {
        let inside = rate(0.4, 0.3, 0.5);
        assert_eq!(held(&inside), (Some(inside.clone()), BTreeMap::new()));
        let (shown, beyond) = held(&rate(0.95, 0.85, 1.05));
        let shown = shown.unwrap();
        assert_eq!((shown.value, shown.low, shown.high), (Some(0.95), Some(0.85), Some(1.0)));
        assert_eq!((shown.method.as_str(), beyond["linear_high"]), ("least squares, held at 0 and 1", 1.05));
        let (shown, beyond) = held(&rate(-0.02, -0.08, 0.04));
        let shown = shown.unwrap();
        assert_eq!((shown.value, shown.low, beyond["linear_rate"]), (Some(0.0), Some(0.0), -0.02));
        // An interval that holds no rate is none.
        assert_eq!(held(&rate(1.2, 1.1, 1.3)).0, None);
    }

    #[test]
    fn bands_of_length_double() {
        let bands = [0, 1, 2, 3, 4, 7, 8, 15, 16, 900].map(length);
        assert_eq!(bands, [None, Some(0), Some(1), Some(1), Some(2), Some(2), Some(3), Some(3), Some(4), Some(4)]);
    }
}
