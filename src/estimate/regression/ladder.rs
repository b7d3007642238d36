//! Table A1: the slope of an outcome by level, with one control more in every column.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::regression::{Linear, LinearSample, Logit, independent_columns};
use crate::stats::{CONFIDENCE, Estimate, StandardError, Undefined};

use super::panel::{Control, Panel, Rows};

/// One column of Table A1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rung {
    /// What it adds to the column before; none in the first.
    pub added: Option<String>,
    /// The outcome's change per level, in shares; n is sessions.
    pub slope: Estimate,
    /// Standard error of the slope.
    pub se: Option<f64>,
    /// Cells of the fixed effects; none without any.
    pub cells: Option<usize>,
    /// Sessions left out for want of a control, or in cells that are too small.
    pub left_out: usize,
    /// Share of variance explained, 0 to 1.
    pub r_squared: Option<f64>,
}

/// The slope of the outcome by level without controls, with the first, with the first and second crossed, and so on.
#[must_use]
pub fn ladder(panel: &Panel<'_>, controls: &[Control]) -> Vec<Rung> {
    (0..=controls.len()).map(|used| slope(panel, &controls[..used], &[])).collect()
}

/// The slope of the outcome by level among sessions equal in all of `controls` together, and in the numbers of `covariates`.
///
/// A covariate is a number for every session of the panel, none where it has none.
#[must_use]
pub fn slope(panel: &Panel<'_>, controls: &[Control], covariates: &[(String, Vec<Option<f64>>)]) -> Rung {
    let all = panel.rows(&[]).at.len();
    let names = controls.last().map(|last| &last.name).into_iter().chain(covariates.iter().map(|(name, _)| name));
    let added = names.map(String::as_str).collect::<Vec<_>>().join(", ");
    let mut outcomes = panel.outcomes.to_vec();
    for (at, outcome) in outcomes.iter_mut().enumerate() {
        if covariates.iter().any(|(_, values)| values[at].is_none()) {
            *outcome = None;
        }
    }
    let rows = Panel { outcomes: &outcomes, ..*panel }.rows(controls);
    let number = |values: &[Option<f64>]| rows.at.iter().map(|at| values[*at].unwrap_or_default()).collect();
    let columns: Vec<Vec<f64>> = covariates.iter().map(|(_, values)| number(values)).collect();
    // What is the same throughout every cell is held equal by the cells already.
    let columns: Vec<Vec<f64>> = columns.into_iter().filter(|column| varies(column, &rows.cells)).collect();
    rung(&rows, all, !controls.is_empty(), Some(added).filter(|added| !added.is_empty()), &columns)
}

/// Whether `column` has two values in any cell.
fn varies(column: &[f64], cells: &[u32]) -> bool {
    let mut first: BTreeMap<u32, f64> = BTreeMap::new();
    cells.iter().zip(column).any(|(cell, value)| (*first.entry(*cell).or_insert(*value) - value).abs() > 0.0)
}

fn rung(rows: &Rows, all: usize, controlled: bool, added: Option<String>, covariates: &[Vec<f64>]) -> Rung {
    let mut columns = vec![rows.levels.iter().map(|level| f64::from(*level)).collect()];
    columns.extend_from_slice(covariates);
    let effects = [rows.cells.clone()];
    let sample = LinearSample {
        outcomes: &rows.outcomes,
        columns: &columns,
        effects: if controlled { &effects } else { &[] },
        weights: rows.weights.as_deref(),
    };
    let n = rows.at.len();
    let left_out = all - n;
    let cells = controlled.then(|| rows.cells.iter().max().map_or(0, |last| *last as usize + 1));
    match fit(rows, sample) {
        Ok((fit, error)) => {
            let slope = estimate(fit.coefficients[0].value, &error, n, rows.method("least squares", Some(&error)));
            Rung { added, slope, se: Some(error.se), cells, left_out, r_squared: Some(fit.r_squared) }
        }
        Err(why) => Rung { added, slope: Estimate::undefined(n, why), se: None, cells, left_out, r_squared: None },
    }
}

fn fit(rows: &Rows, sample: LinearSample<'_>) -> Result<(Linear, StandardError), Undefined> {
    let fit = Linear::fit(sample)?;
    let error = fit.standard_errors(rows.design())?[0];
    Ok((fit, error))
}

/// The slope by level from a logistic regression with a constant for every value of every control, as an average marginal
/// effect in shares: a check of the preferred column of [`ladder`]. Its controls stand side by side, not crossed. Sessions of a
/// control's value at which all or none succeed say nothing about the slope and fall out; constants that others tell are left out.
#[must_use]
pub fn logistic_check(panel: &Panel<'_>, controls: &[Control]) -> Estimate {
    let outcomes = varying(panel, controls);
    let rows = Panel { outcomes: &outcomes, ..*panel }.rows(controls);
    let n = rows.at.len();
    let columns: Vec<Vec<u32>> = controls
        .iter()
        .map(|control| {
            let mut values: Vec<u32> = rows.at.iter().filter_map(|at| control.cells[*at]).collect();
            values.sort_unstable();
            values.dedup();
            // The first value is what the others are compared with.
            values.split_off(1.min(values.len()))
        })
        .collect();
    let row = |(at, level): (&usize, &u32)| {
        let mut row = vec![f64::from(*level), 1.0];
        for (control, values) in controls.iter().zip(&columns) {
            row.extend(values.iter().map(|value| f64::from(control.cells[*at] == Some(*value))));
        }
        row
    };
    let design: Vec<Vec<f64>> = rows.at.iter().zip(&rows.levels).map(row).collect();
    let design = without_redundant(&design);
    let effect = Logit::fit(&design, &rows.outcomes).and_then(|fit| {
        let effect = fit.average_effect(&design, 0).ok_or(Undefined::NoVariation)?;
        let error = effect.standard_error(rows.design())?;
        Ok((effect.value, error))
    });
    match effect {
        Ok((value, error)) => {
            estimate(value, &error, n, rows.method("logistic regression, average marginal effect", Some(&error)))
        }
        Err(why) => Estimate::undefined(n, why),
    }
}

/// The outcomes of the sessions of which no control tells the outcome.
fn varying(panel: &Panel<'_>, controls: &[Control]) -> Vec<Option<f64>> {
    let mut outcomes = panel.outcomes.to_vec();
    loop {
        let rows = Panel { outcomes: &outcomes, ..*panel }.rows(controls);
        let mut constant: Vec<usize> = Vec::new();
        for control in controls {
            let mut sums: BTreeMap<u32, (f64, f64)> = BTreeMap::new();
            for (at, outcome) in rows.at.iter().zip(&rows.outcomes) {
                let (sum, count) = sums.entry(control.cells[*at].unwrap_or_default()).or_default();
                *sum += outcome;
                *count += 1.0;
            }
            let told = |at: &usize| {
                let (sum, count) = sums[&control.cells[*at].unwrap_or_default()];
                sum <= 0.0 || sum >= count
            };
            constant.extend(rows.at.iter().copied().filter(told));
        }
        if constant.is_empty() {
            return outcomes;
        }
        for at in constant {
            outcomes[at] = None;
        }
    }
}

/// `design` without the columns that those before them tell.
fn without_redundant(design: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let kept = independent_columns(design);
    design.iter().map(|row| kept.iter().map(|column| row[*column]).collect()).collect()
}

/// `value` with its t interval.
pub(super) fn estimate(value: f64, error: &StandardError, n: usize, method: String) -> Estimate {
    let (low, high) = error.interval(value, CONFIDENCE);
    Estimate { value: Some(value), low: Some(low), high: Some(high), n, method, undefined: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Sessions = (Vec<Option<f64>>, Vec<Option<u32>>, Control, Vec<u32>);

    // Within a mode the outcome rises by 0.1 per level; hard modes have higher levels and worse outcomes.
    fn sessions() -> Sessions {
        let (mut outcomes, mut levels, mut cells, mut persons) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in 0..4_000_u32 {
            let hard = number % 2;
            let level = 1 + (number / 2) % 3 + 2 * hard;
            // Of every hundred sessions of a mode and level, as many succeed as the chance says.
            let chance = 0.45 + 0.1 * f64::from(level) - 0.4 * f64::from(hard);
            outcomes.push(Some(f64::from(f64::from((number / 6) % 100) < 100.0 * chance - 0.5)));
            levels.push(Some(level));
            cells.push(Some(hard));
            persons.push(number / 3);
        }
        (outcomes, levels, Control { name: "mode".to_owned(), cells }, persons)
    }

    #[test]
    fn a_control_uncovers_the_slope() {
        let (outcomes, levels, mode, persons) = sessions();
        let panel =
            Panel { outcomes: &outcomes, levels: &levels, persons: Some(&persons), weights: None, min_sessions: 1 };
        let rungs = ladder(&panel, std::slice::from_ref(&mode));
        let slope = |rung: &Rung| rung.slope.value.unwrap();
        assert!(slope(&rungs[0]) < 0.01, "{:?}", rungs[0]);
        assert!((slope(&rungs[1]) - 0.1).abs() < 0.01, "{:?}", rungs[1]);
        assert_eq!((rungs[0].cells, rungs[1].cells, rungs[1].added.as_deref()), (None, Some(2), Some("mode")));
        let check = logistic_check(&panel, &[mode]);
        assert!((check.value.unwrap() - 0.1).abs() < 0.012, "{check:?}");
        assert!(check.method.contains("1334 persons"), "{}", check.method);
    }

    #[test]
    fn sessions_without_a_covariate_fall_out_where_it_is_held_equal() {
        let (outcomes, levels, mode, _) = sessions();
        let panel = Panel { outcomes: &outcomes, levels: &levels, persons: None, weights: None, min_sessions: 1 };
        let length: Vec<Option<f64>> = (0..4_000).map(|at| (at % 4 > 0).then(|| f64::from(at % 7))).collect();
        assert_eq!(ladder(&panel, std::slice::from_ref(&mode)).iter().map(|rung| rung.left_out).sum::<usize>(), 0);
        let rung = slope(&panel, &[mode], &[("length".to_owned(), length)]);
        assert_eq!((rung.left_out, rung.added.as_deref(), rung.cells), (1_000, Some("mode, length"), Some(2)));
    }

    #[test]
    fn a_covariate_that_the_cells_hold_equal_already_changes_nothing() {
        let (outcomes, levels, mode, _) = sessions();
        let panel = Panel { outcomes: &outcomes, levels: &levels, persons: None, weights: None, min_sessions: 1 };
        let told = vec![("told".to_owned(), mode.cells.iter().map(|cell| cell.map(f64::from)).collect())];
        let (with, without) = (slope(&panel, std::slice::from_ref(&mode), &told), slope(&panel, &[mode], &[]));
        assert_eq!((with.slope, with.se), (without.slope, without.se));
    }

    #[test]
    fn constants_that_are_told_or_that_tell_the_outcome_do_not_stop_the_check() {
        let (mut outcomes, mut levels, mut mode, _) = sessions();
        // A second control that says the same, and a mode at which all succeed.
        outcomes.extend([Some(1.0); 40]);
        levels.extend((0..40).map(|at| Some(1 + at % 5)));
        mode.cells.extend([Some(7); 40]);
        let panel = Panel { outcomes: &outcomes, levels: &levels, persons: None, weights: None, min_sessions: 1 };
        let check = logistic_check(&panel, &[mode.clone(), mode]);
        assert_eq!(check.n, 4_000, "{check:?}");
        assert!((check.value.unwrap() - 0.1).abs() < 0.012, "{check:?}");
    }
}
