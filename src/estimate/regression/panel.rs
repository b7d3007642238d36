//! Sessions as rows of a regression.

use std::collections::HashMap;

use crate::stats::{Design, StandardError};

/// What sessions are held equal in: one cell each.
#[derive(Debug, Clone, PartialEq)]
pub struct Control {
    /// Name for people, such as `work mode × value band`.
    pub name: String,
    /// The cell of every session; none where it is not known.
    pub cells: Vec<Option<u32>>,
}

/// Sessions with what is regressed; every list has one entry per session.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'a> {
    /// The outcome, for a rate 0 or 1; none outside the base.
    pub outcomes: &'a [Option<f64>],
    /// The level, from 1; none where it is not known.
    pub levels: &'a [Option<u32>],
    /// The person; sessions count as independent where there are none.
    pub persons: Option<&'a [u32]>,
    /// Inclusion weights; all 1 where there are none.
    pub weights: Option<&'a [f64]>,
    /// Cells with fewer sessions are left out, as the study leaves out cells below its limit of aggregation.
    pub min_sessions: usize,
}

/// The part of a panel that one regression uses.
pub(super) struct Rows {
    /// Positions in the panel.
    pub at: Vec<usize>,
    pub outcomes: Vec<f64>,
    pub levels: Vec<u32>,
    /// The cell of every row, numbered from 0; one cell without controls.
    pub cells: Vec<u32>,
    pub weights: Option<Vec<f64>>,
    persons: Option<Vec<u32>>,
}

impl Panel<'_> {
    /// The sessions for which outcome, level and all of `controls` are known, in cells of the controls together.
    pub(super) fn rows(&self, controls: &[Control]) -> Rows {
        let mut numbers: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut sizes: Vec<usize> = Vec::new();
        let mut found: Vec<(usize, f64, u32, u32)> = Vec::new();
        for (at, (outcome, level)) in self.outcomes.iter().zip(self.levels).enumerate() {
            let cell: Option<Vec<u32>> = controls.iter().map(|control| control.cells[at]).collect();
            let (Some(outcome), Some(level), Some(cell)) = (*outcome, *level, cell) else { continue };
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(cell).or_insert(next);
            if number == next {
                sizes.push(0);
            }
            sizes[number as usize] += 1;
            found.push((at, outcome, level, number));
        }
        found.retain(|(_, _, _, cell)| sizes[*cell as usize] >= self.min_sessions);
        let at: Vec<usize> = found.iter().map(|row| row.0).collect();
        let pick = |weights: &[f64]| at.iter().map(|at| weights[*at]).collect();
        let weights = self.weights.map(pick);
        let persons = self.persons.map(|persons| at.iter().map(|at| persons[*at]).collect());
        Rows {
            outcomes: found.iter().map(|row| row.1).collect(),
            levels: found.iter().map(|row| row.2).collect(),
            cells: found.iter().map(|row| row.3).collect(),
            weights,
            persons,
            at,
        }
    }
}

impl Rows {
    /// How errors hang together.
    pub(super) fn design(&self) -> Design<'_> {
        Design { clusters: self.persons.as_deref(), strata: None }
    }

    /// In words, for a table.
    pub(super) fn method(&self, model: &str, error: Option<&StandardError>) -> String {
        match (&self.persons, error) {
            (_, None) => model.to_owned(),
            (Some(_), Some(error)) => format!("{model}, errors clustered by person ({} persons)", error.units),
            (None, Some(_)) => format!("{model}, errors that allow for unequal variance"),
        }
    }
}
