//! What the judges answered to rubrics that ask for a value: numbers summed up, items counted, decisions divided.

use crate::estimate::ORDINAL;
use crate::rubric::{AnswerKind, ListForm, Rubric};
use crate::stats::{CONFIDENCE, Estimate, Numbered, Weighed, geometric_mean, mean, quantiles, shares_numbered};

use super::model::ValueRow;
use super::sessions::{NumberColumn, StudyTable};
use super::study::weighed;

/// How names of the rows on who decides begin.
pub(super) const SHARE_OF: &str = "user's share of ";

/// Name of the rubric whose items are decisions.
const DECISIONS: &str = "decisions";

/// Names of the rows on the options of a list's items.
pub(super) fn item_shares(form: &ListForm) -> impl Iterator<Item = String> + '_ {
    let choices = form.items.iter().filter_map(|field| Some((field, field.choice.as_ref()?)));
    choices.flat_map(|(field, options)| options.iter().map(|option| item_share(&field.name, &option.id)))
}

fn item_share(field: &str, option: &str) -> String {
    format!("share of items, {field} {option}")
}

/// The rows and notes of the first replicate of judge and rubric, by their positions; nothing for rubrics with labels.
pub(super) fn of(table: &StudyTable, rubric: &Rubric, (number, by): (usize, usize)) -> (Vec<ValueRow>, Vec<String>) {
    match rubric.answer.kind {
        AnswerKind::Choice | AnswerKind::Scale => (Vec::new(), Vec::new()),
        AnswerKind::Number => numbers(rubric, &given(table, by, NumberColumn::Answer(number))),
        AnswerKind::List => lists(table, rubric, (number, by)),
        AnswerKind::Text | AnswerKind::Object => {
            let note = "answers of this kind cannot be summed up or compared as a whole; verdicts.jsonl holds them";
            (Vec::new(), vec![note.to_owned()])
        }
    }
}

/// The numbers of a column, ready for means and quantiles.
fn given(table: &StudyTable, by: usize, column: NumberColumn) -> Vec<Weighed> {
    let Some(numbers) = table.numbers.get(&(by, column)) else { return Vec::new() };
    weighed(table, 0..table.len(), |at| numbers[at])
}

fn numbers(rubric: &Rubric, values: &[Weighed]) -> (Vec<ValueRow>, Vec<String>) {
    let unit = rubric.answer.number.as_ref().and_then(|form| form.unit.clone());
    let parts = [
        (0.5, "median"),
        (0.1, "10th percentile"),
        (0.25, "25th percentile"),
        (0.75, "75th percentile"),
        (0.9, "90th percentile"),
    ];
    let mut named: Vec<(&str, Estimate)> =
        parts.iter().map(|part| part.1).zip(quantiles(values, &parts.map(|part| part.0), CONFIDENCE)).collect();
    let means = [("geometric mean", geometric_mean(values, CONFIDENCE)), ("mean", mean(values, CONFIDENCE))];
    named.splice(1..1, means);
    let row = |(name, estimate): (&str, Estimate)| ValueRow { name: name.to_owned(), unit: unit.clone(), estimate };
    let is_priced = rubric.needs.iter().any(|need| need == "task_posting");
    (named.into_iter().map(row).collect(), is_priced.then(|| ORDINAL.to_owned()).into_iter().collect())
}

fn lists(table: &StudyTable, rubric: &Rubric, (number, by): (usize, usize)) -> (Vec<ValueRow>, Vec<String>) {
    let Some(lists) = table.lists.get(&(number, by)) else { return (Vec::new(), Vec::new()) };
    let items = |at: usize| lists[at].as_ref().map(|counts| f64::from(counts[0]));
    let counts = weighed(table, 0..table.len(), items);
    let mut rows = Vec::new();
    summed(&counts, "items a session", &mut rows);
    let mut first = 1;
    for field in rubric.answer.list.iter().flat_map(|form| &form.items) {
        let Some(options) = &field.choice else { continue };
        let of_session = |at: usize| {
            let cluster = table.cluster(at);
            lists[at]
                .iter()
                .flat_map(|counts| counts[first..first + options.len()].iter().enumerate())
                .flat_map(move |(label, count)| (0..*count).map(move |_| Numbered { label, weight: 1.0, cluster }))
        };
        let all: Vec<Numbered> = (0..table.len()).flat_map(of_session).collect();
        let row = |(option, estimate): (&crate::rubric::FieldOption, _)| ValueRow {
            name: item_share(&field.name, &option.id),
            unit: None,
            estimate,
        };
        rows.extend(options.iter().zip(shares_numbered(&all, options.len(), CONFIDENCE)).map(row));
        first += options.len();
    }
    let mut notes = Vec::new();
    let empty = counts.iter().filter(|count| count.value == 0.0).count();
    if empty > 0 {
        notes.push(format!("{empty} of {} sessions have an empty list", counts.len()));
    }
    if rubric.name == DECISIONS {
        let parts = [("planning", NumberColumn::PlanningByUser), ("execution", NumberColumn::ExecutionByUser)];
        for (name, column) in parts {
            let own = given(table, by, column);
            summed(&own, &format!("{SHARE_OF}{name} decisions in a session"), &mut rows);
            let without = counts.len() - own.len();
            if without > 0 {
                notes.push(format!(
                    "{without} of {} sessions have no {name} decision, and so no share of them",
                    counts.len()
                ));
            }
        }
    }
    (rows, notes)
}

/// Mean and median, named after `what`.
fn summed(values: &[Weighed], what: &str, rows: &mut Vec<ValueRow>) {
    let median = quantiles(values, &[0.5], CONFIDENCE).swap_remove(0);
    for (which, estimate) in [("mean", mean(values, CONFIDENCE)), ("median", median)] {
        rows.push(ValueRow { name: format!("{what}, {which}"), unit: None, estimate });
    }
}
