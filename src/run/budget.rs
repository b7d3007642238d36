//! The budget of a run: what it may cost in all, restarts included.

use std::sync::Arc;

use crate::ledger::Paid;
use crate::limit::Budget;
use crate::provider::Provider;

use super::error::RunError;
use super::experiment::Experiment;

/// Dollars beyond which a budget is a slip of the pen.
const MOST: f64 = 1e9;

/// A budget of `dollars` in millionths of a dollar.
///
/// # Errors
/// When it is not a number above zero.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked: a millionth to a billion dollars"
)]
pub(super) fn micro_dollars(dollars: f64) -> Result<u64, String> {
    if (1e-6..=MOST).contains(&dollars) {
        Ok((dollars * 1e6).round() as u64)
    } else {
        Err(format!("budget is {dollars}: give dollars above 0, at most {MOST}"))
    }
}

/// The budget of `experiment`, if it has one, for judges of known prices.
pub(super) fn of<'a>(
    experiment: &Experiment,
    judges: impl Iterator<Item = (&'a str, &'a Provider)>,
) -> Result<Option<Arc<Budget>>, RunError> {
    let Some(dollars) = experiment.budget else { return Ok(None) };
    let cap = micro_dollars(dollars).map_err(RunError::Selection)?;
    for (model, judge) in judges {
        if judge.most_micro_dollars(0).is_none() {
            let (provider, name) = model.split_once('/').unwrap_or((model, ""));
            let (kind, key) = match judge.batch_limits() {
                Some(_) => (" in batches", "batch: 0.5, "),
                None => ("", ""),
            };
            return Err(RunError::Selection(format!(
                "budget: the price of {model}{kind} is not known, so that a budget cannot be kept; write it into models.yaml in \
                 the working folder ({provider}: {{{name}: {{price: {{input: .., output: ..}}, {key}source: .., date: ..}}}}, \
                 dollars per million tokens), or run without a budget"
            )));
        }
    }
    Ok(Some(Arc::new(Budget::new(cap))))
}

/// Charges `budget` with what the run paid before.
pub(super) fn charge(budget: &Budget, paid: Paid, run: &str) -> Result<(), RunError> {
    if paid.calls_without_cost > 0 {
        return Err(RunError::Selection(format!(
            "budget: the cost of {} of the {} calls that run {run} paid for is not known, so that nobody can say what is \
             left; go on without a budget, or begin anew in another --results folder",
            paid.calls_without_cost, paid.calls
        )));
    }
    budget.charge(paid.micro_dollars);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dollars_above_zero_are_a_budget() {
        assert_eq!([0.000_001, 0.25, 1e9].map(micro_dollars), [Ok(1), Ok(250_000), Ok(1_000_000_000_000_000)]);
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-7, 2e9] {
            assert!(micro_dollars(wrong).unwrap_err().contains("give dollars above 0"), "{wrong}");
        }
    }
}
