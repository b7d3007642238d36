//! All labels at once, corrected by turning the judge's confusion round.

use crate::stats::{Influence, Undefined};

use super::corrected::{Corrected, Form};
use super::sample::LabelSample;

/// Condition numbers above this make a correction refused as singular.
const SINGULAR: f64 = 1e8;

/// Most steps of the likelihood's ascent; a few dozen are usual.
const STEPS: usize = 1_000;

/// Corrected shares of all labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Inversion {
    /// One per label; those that neither gold nor judge uses are 0 without an influence.
    pub shares: Vec<Corrected>,
    /// Condition number of the confusion in the 1-norm: how much it makes errors of the judged shares larger, at most.
    pub condition: f64,
    /// Whether a share lay outside 0 to 1, so that the likelihood's maximum is on the border.
    pub constrained: bool,
}

/// The shares that most likely gave the judge's shares over the items of `sample`, with the confusion of the gold items of `all`.
///
/// The multinomial likelihood of the judge's labels over the simplex; inside it that is the solution of the linear system
/// (Buonaccorsi 2010, section 2.4), else the maximum is on the border (the likelihood of Saerens, Latinne and Decaestecker 2002). Errors are those of the
/// linear solution, by influences of both the judged items and gold.
///
/// # Errors
/// [`Undefined::TooFewItems`] where the judge gives a label that gold never has, or there is no gold;
/// [`Undefined::SingularConfusion`]; [`Undefined::JudgeNotBetterThanChance`] for two labels told apart the wrong way round.
pub fn invert(sample: &LabelSample, all: &LabelSample) -> Result<Inversion, Undefined> {
    let used = used_labels(sample, all)?;
    let place = |label: usize| used.iter().position(|known| *known == label);
    let n = used.len();
    let mut totals = vec![0.0; n];
    let mut confusion = vec![vec![0.0; n]; n];
    for (item, gold, judged) in all.pairs() {
        let (Some(column), Some(row)) = (place(gold), place(judged)) else { continue };
        confusion[row][column] += all.gold_weight(item);
        totals[column] += all.gold_weight(item);
    }
    for (cell, total) in confusion.iter_mut().flat_map(|row| row.iter_mut().zip(&totals)) {
        *cell /= total;
    }
    let inverse = inverse(&confusion).ok_or(Undefined::SingularConfusion)?;
    let condition = norm(&confusion) * norm(&inverse);
    if condition > SINGULAR {
        return Err(Undefined::SingularConfusion);
    }
    if n == 2 && confusion[0][0] < confusion[0][1] {
        return Err(Undefined::JudgeNotBetterThanChance);
    }
    let weight: f64 = judged(sample).map(|(item, _)| sample.weights[item]).sum();
    let mut apparent = vec![0.0; n];
    for (item, label) in judged(sample) {
        apparent[place(label).ok_or(Undefined::TooFewItems)?] += sample.weights[item] / weight;
    }
    let solved: Vec<f64> = inverse.iter().map(|row| dot(row, &apparent)).collect();
    let constrained = solved.iter().any(|share| *share < 0.0);
    let shares = if constrained { most_likely(&confusion, &apparent) } else { solved.clone() };
    let mut by_label = vec![vec![None; sample.judged.len()]; n];
    let mut add = |item: usize, row: usize, column: Option<usize>, factor: f64| {
        for (label, influences) in by_label.iter_mut().enumerate() {
            let expected = match column {
                None => solved[label],
                Some(column) => f64::from(u8::from(label == column)),
            };
            *influences[item].get_or_insert(0.0) += factor * (inverse[label][row] - expected);
        }
    };
    for (item, label) in judged(sample) {
        add(item, place(label).unwrap_or(0), None, sample.weights[item] / weight);
    }
    for (item, gold, label) in all.pairs() {
        if let (Some(column), Some(row)) = (place(gold), place(label)) {
            add(item, row, Some(column), -all.gold_weight(item) / totals[column] * solved[column]);
        }
    }
    let estimate = |label: usize| {
        let at = place(label);
        let by_item = at.map_or_else(|| vec![Some(0.0); sample.judged.len()], |at| by_label[at].clone());
        let influence = Influence { value: at.map_or(0.0, |at| shares[at]), by_item };
        Corrected::new(influence, all.pairs().map(|(item, ..)| item), all.clusters.as_deref(), Form::Share)
    };
    Ok(Inversion { shares: (0..sample.labels).map(estimate).collect::<Result<_, _>>()?, condition, constrained })
}

fn judged(sample: &LabelSample) -> impl Iterator<Item = (usize, usize)> + '_ {
    sample.judged.iter().enumerate().filter_map(|(item, label)| label.map(|label| (item, label)))
}

/// Labels that gold has; the judge must not use others.
fn used_labels(sample: &LabelSample, all: &LabelSample) -> Result<Vec<usize>, Undefined> {
    let used: Vec<usize> = (0..all.labels).filter(|label| all.pairs().any(|(_, gold, _)| gold == *label)).collect();
    let foreign = |(_, label): (usize, usize)| !used.contains(&label);
    if used.is_empty() || judged(sample).any(foreign) || judged(all).any(foreign) {
        return Err(Undefined::TooFewItems);
    }
    Ok(used)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest sum of absolute values in a column.
fn norm(matrix: &[Vec<f64>]) -> f64 {
    let column = |at: usize| matrix.iter().map(|row| row[at].abs()).sum::<f64>();
    (0..matrix.len()).map(column).fold(0.0, f64::max)
}

/// By Gauss and Jordan with row exchanges; none where a pivot vanishes.
fn inverse(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let unit = |row: usize| (0..n).map(move |at| f64::from(u8::from(at == row)));
    let mut rows: Vec<Vec<f64>> =
        matrix.iter().enumerate().map(|(at, row)| row.iter().copied().chain(unit(at)).collect()).collect();
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        if rows[pivot][column].abs() < 1e-12 {
            return None;
        }
        rows.swap(column, pivot);
        let scale = rows[column][column];
        rows[column].iter_mut().for_each(|cell| *cell /= scale);
        let lead = rows[column].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(at, _)| *at != column) {
            let factor = row[column];
            row.iter_mut().zip(&lead).for_each(|(cell, lead)| *cell -= factor * lead);
        }
    }
    Some(rows.into_iter().map(|row| row[n..].to_vec()).collect())
}

/// Shares of the mixture of the columns of `confusion` that most likely gives `apparent`.
///
/// Columns sum to 1, so that the largest log-likelihood less the sum of shares, over shares not below 0, is the one over the
/// simplex. Newton's steps on the labels above 0; one that reaches 0 is held there until its slope points up again. EM would creep
/// where the slope at 0 vanishes.
fn most_likely(confusion: &[Vec<f64>], apparent: &[f64]) -> Vec<f64> {
    let n = confusion.len();
    let mut shares = vec![1.0 / n as f64; n];
    let mut free = vec![true; n];
    for _ in 0..STEPS {
        let expected: Vec<f64> = confusion.iter().map(|row| dot(row, &shares)).collect();
        let over =
            |row: usize, power: i32| if apparent[row] > 0.0 { apparent[row] / expected[row].powi(power) } else { 0.0 };
        let slope: Vec<f64> =
            (0..n).map(|at| (0..n).map(|row| over(row, 1) * confusion[row][at]).sum::<f64>() - 1.0).collect();
        if (0..n).all(|at| !free[at] || slope[at].abs() < 1e-13) {
            let up =
                (0..n).filter(|at| !free[*at] && slope[*at] > 1e-12).max_by(|a, b| slope[*a].total_cmp(&slope[*b]));
            let Some(up) = up else { break };
            free[up] = true;
        }
        let of_free: Vec<usize> = (0..n).filter(|at| free[*at]).collect();
        let curve = |a: usize, b: usize| {
            let bend: f64 = (0..n).map(|row| over(row, 2) * confusion[row][a] * confusion[row][b]).sum();
            bend + if a == b { 1e-12 } else { 0.0 }
        };
        let bends: Vec<Vec<f64>> = of_free.iter().map(|a| of_free.iter().map(|b| curve(*a, *b)).collect()).collect();
        let Some(inverse) = inverse(&bends) else { break };
        let slopes: Vec<f64> = of_free.iter().map(|at| slope[*at]).collect();
        let step: Vec<f64> = inverse.iter().map(|row| dot(row, &slopes)).collect();
        let room = |(at, step): (&usize, &f64)| if *step < 0.0 { -shares[*at] / step } else { f64::INFINITY };
        let most = of_free.iter().zip(&step).map(room).fold(1.0, f64::min);
        let height = |length: f64| {
            let mut moved = shares.clone();
            of_free.iter().zip(&step).for_each(|(at, step)| moved[*at] = (moved[*at] + length * step).max(0.0));
            let of_row =
                |row: usize| if apparent[row] > 0.0 { apparent[row] * dot(&confusion[row], &moved).ln() } else { 0.0 };
            ((0..n).map(of_row).sum::<f64>() - moved.iter().sum::<f64>(), moved)
        };
        let (start, _) = height(0.0);
        let tries = std::iter::successors(Some(most), |length| Some(length / 2.0)).take(60);
        // Rounding hides gains of the last steps, which are taken in full.
        let Some((_, moved)) = tries.map(height).find(|(after, _)| *after >= start - 1e-15) else { break };
        shares = moved;
        for at in of_free {
            free[at] = shares[at] > 1e-15;
            shares[at] = if free[at] { shares[at] } else { 0.0 };
        }
    }
    shares
}
