//! Table A2 and Figure 5: the rate of an outcome at each level, as it is and among equal sessions.

use serde::{Deserialize, Serialize};

use crate::stats::regression::{Linear, LinearSample};
use crate::stats::{Estimate, Influence, Undefined};

use super::ladder::estimate;
use super::panel::{Control, Panel, Rows};

/// The rates at all levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelRates {
    /// One per level that occurs, lowest first.
    pub levels: Vec<LevelRate>,
    /// Cells that sessions are compared within.
    pub cells: usize,
    /// Sessions left out for want of a control, or in cells that are too small.
    pub left_out: usize,
}

/// One level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LevelRate {
    /// The level.
    pub level: u32,
    /// Sessions.
    pub sessions: usize,
    /// Mean of the outcome.
    pub raw: Estimate,
    /// The mean that the level would have among sessions with the mix of cells of all levels together.
    pub adjusted: Estimate,
    /// Difference from the lowest level within cells; none for the lowest itself.
    pub difference: Option<Estimate>,
    /// Standard error of the difference.
    pub se: Option<f64>,
}

/// The rates of the outcome by level, sessions being equal in all `controls` together.
///
/// The adjusted rates are those whose average over all sessions is the raw one (report.md 5.4, where the published row has
/// this property).
#[must_use]
pub fn level_rates(panel: &Panel<'_>, controls: &[Control]) -> LevelRates {
    let all = panel.rows(&[]).at.len();
    let rows = panel.rows(controls);
    let mut levels = rows.levels.clone();
    levels.sort_unstable();
    levels.dedup();
    let cells = rows.cells.iter().max().map_or(0, |last| *last as usize + 1);
    let fitted = Fitted::of(&rows, &levels);
    let method = rows.method("least squares within cells", None);
    let level_rate = |(number, level): (usize, &u32)| {
        let sessions = rows.levels.iter().filter(|of| *of == level).count();
        let of = |influence: Result<Influence, Undefined>| {
            let (value, error) = match influence.and_then(|one| Ok((one.value, one.standard_error(rows.design())?))) {
                Ok(found) => found,
                Err(why) => return (Estimate::undefined(sessions, why), None),
            };
            (estimate(value, &error, sessions, rows.method(&method, Some(&error))), Some(error.se))
        };
        let slope =
            number.checked_sub(1).map(|at| fitted.as_ref().map(|fit| fit.slopes[at].clone()).map_err(|why| *why));
        let (difference, se) = slope.map(of).unzip();
        LevelRate {
            level: *level,
            sessions,
            raw: of(mean(&rows, Some(*level))).0,
            adjusted: of(fitted.as_ref().map_err(|why| *why).and_then(|fit| fit.adjusted(&rows, number))).0,
            difference,
            se: se.flatten(),
        }
    };
    LevelRates { levels: levels.iter().enumerate().map(level_rate).collect(), cells, left_out: all - rows.at.len() }
}

/// The regression on a mark for every level but the lowest.
struct Fitted {
    slopes: Vec<Influence>,
    /// The marks' means, in the order of the slopes.
    shares: Vec<f64>,
}

impl Fitted {
    fn of(rows: &Rows, levels: &[u32]) -> Result<Self, Undefined> {
        let marks = levels.iter().skip(1);
        let columns: Vec<Vec<f64>> =
            marks.map(|level| rows.levels.iter().map(|of| f64::from(of == level)).collect()).collect();
        let effects = [rows.cells.clone()];
        let weights = rows.weights.as_deref();
        let fit =
            Linear::fit(LinearSample { outcomes: &rows.outcomes, columns: &columns, effects: &effects, weights })?;
        // The correction for the number of parameters, so that errors are those of the table.
        let n = fit.observations as f64;
        let small = ((n - 1.0) / (n - fit.parameters as f64)).sqrt();
        let scaled = |one: Influence| {
            let by_item = one.by_item.into_iter().map(|pull| pull.map(|pull| pull * small)).collect();
            Influence { value: one.value, by_item }
        };
        let even = vec![1.0; rows.at.len()];
        let weights = weights.unwrap_or(&even);
        let total: f64 = weights.iter().sum();
        let share = |column: &Vec<f64>| column.iter().zip(weights).map(|(mark, w)| mark * w).sum::<f64>() / total;
        Ok(Self {
            shares: columns.iter().map(share).collect(),
            slopes: fit.coefficients.into_iter().map(scaled).collect(),
        })
    }

    /// The overall mean, moved by the level's slope less the mean slope.
    fn adjusted(&self, rows: &Rows, number: usize) -> Result<Influence, Undefined> {
        let mut rate = mean(rows, None)?;
        for (at, (slope, share)) in self.slopes.iter().zip(&self.shares).enumerate() {
            let part = f64::from(at + 1 == number) - share;
            rate.value += part * slope.value;
            for (sum, pull) in rate.by_item.iter_mut().zip(&slope.by_item) {
                *sum = Some(sum.unwrap_or_default() + part * pull.unwrap_or_default());
            }
        }
        Ok(rate)
    }
}

/// The weighted mean of the outcome, at `level` or over all rows.
fn mean(rows: &Rows, level: Option<u32>) -> Result<Influence, Undefined> {
    let weight = |at: usize| rows.weights.as_ref().map_or(1.0, |weights| weights[at]);
    let inside = |at: &usize| level.is_none_or(|level| rows.levels[*at] == level);
    let members = || (0..rows.at.len()).filter(inside);
    let total: f64 = members().map(weight).sum();
    if total <= 0.0 {
        return Err(Undefined::TooFewItems);
    }
    let value = members().map(|at| weight(at) * rows.outcomes[at]).sum::<f64>() / total;
    let pull = |at: usize| inside(&at).then(|| weight(at) * (rows.outcomes[at] - value) / total);
    Ok(Influence { value, by_item: (0..rows.at.len()).map(pull).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    // By hand: cell 0 holds levels 1, 2 with outcomes 0, 1 and 0, 0; cell 1 holds 1, 2 with 1, 1 and 0, 1.
    fn panel() -> (Vec<Option<f64>>, Vec<Option<u32>>, Control) {
        let outcomes = [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0].map(Some).to_vec();
        let levels = [1, 1, 2, 2, 1, 1, 2, 2].map(Some).to_vec();
        let cells = [0, 0, 0, 0, 1, 1, 1, 1].map(Some).to_vec();
        (outcomes, levels, Control { name: "cell".to_owned(), cells })
    }

    #[test]
    fn balanced_levels_keep_their_rates_and_the_difference_is_that_within_cells() {
        let (outcomes, levels, control) = panel();
        let panel = Panel { outcomes: &outcomes, levels: &levels, persons: None, weights: None, min_sessions: 1 };
        let rates = level_rates(&panel, &[control]);
        assert_eq!((rates.cells, rates.left_out), (2, 0));
        let value = |estimate: &Estimate| estimate.value.unwrap();
        assert!((value(&rates.levels[0].raw) - 0.25).abs() < 1e-12);
        assert!((value(&rates.levels[1].raw) - 0.75).abs() < 1e-12);
        assert!((value(&rates.levels[0].adjusted) - 0.25).abs() < 1e-12);
        assert!((value(rates.levels[1].difference.as_ref().unwrap()) - 0.5).abs() < 1e-12);
    }

    // The published row of Table A2 averages to the overall rate of about 27.5 % (report.md 5.4).
    #[test]
    fn adjusted_rates_average_to_the_raw_rate() {
        let (mut outcomes, mut levels, mut control) = panel();
        outcomes.extend([Some(1.0), Some(1.0), Some(0.0)]);
        levels.extend([Some(2), Some(2), Some(1)]);
        control.cells.extend([Some(0), Some(0), Some(0)]);
        let panel = Panel { outcomes: &outcomes, levels: &levels, persons: None, weights: None, min_sessions: 1 };
        let rates = level_rates(&panel, &[control]);
        let (mut adjusted, mut raw) = (0.0, 0.0);
        for level in &rates.levels {
            adjusted += level.sessions as f64 * level.adjusted.value.unwrap();
            raw += level.sessions as f64 * level.raw.value.unwrap();
        }
        assert!((adjusted - raw).abs() < 1e-12, "{adjusted} is not {raw}");
    }

    #[test]
    fn small_cells_and_unknown_controls_fall_out_and_are_counted() {
        let (mut outcomes, mut levels, mut control) = panel();
        outcomes.extend([Some(1.0), Some(0.0), None]);
        levels.extend([Some(2), Some(1), Some(1)]);
        control.cells.extend([Some(5), None, Some(0)]);
        let panel = Panel { outcomes: &outcomes, levels: &levels, persons: None, weights: None, min_sessions: 2 };
        let rates = level_rates(&panel, &[control]);
        assert_eq!((rates.cells, rates.left_out), (2, 2), "one cell of one session, one session without a cell");
    }
}
