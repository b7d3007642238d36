//! What the judges answered to rubrics that ask for a value: numbers summed up, items counted, decisions divided.

use serde_json::Value;

use crate::estimate::{DecisionCounts, Division, ORDINAL};
use crate::rubric::{AnswerKind, Field, Rubric};
use crate::stats::{Bootstrap, NumberSummary, Observation, mean_and_median, number_summary, shares};
use crate::verdict::Verdict;

use super::analysis::Judged;
use super::model::ValueRow;

/// Bootstrap draws, and the seed they start from; fixed, so that a report can be rebuilt.
const BOOTSTRAP: Bootstrap = Bootstrap { replicates: 2_000, seed: 20_260_617 };

/// Name of the rubric whose items are decisions.
const DECISIONS: &str = "decisions";

/// The rows and notes of one judge's `verdicts` on `rubric`; nothing for rubrics with labels.
pub(super) fn of(rubric: &Rubric, verdicts: &[&Verdict], judged: &Judged<'_>) -> (Vec<ValueRow>, Vec<String>) {
    let answers: Vec<(&Value, &str)> = (verdicts.iter())
        .filter_map(|verdict| Some((verdict.outcome.value()?, verdict.session.as_str())))
        .map(|(value, session)| (value, judged.cluster(session)))
        .collect();
    match rubric.answer.kind {
        AnswerKind::Choice | AnswerKind::Scale => (Vec::new(), Vec::new()),
        AnswerKind::Number => numbers(rubric, &answers),
        AnswerKind::List => lists(rubric, &answers),
        AnswerKind::Text | AnswerKind::Object => {
            let note = "answers of this kind cannot be summed up or compared as a whole; verdicts.jsonl holds them";
            (Vec::new(), vec![note.to_owned()])
        }
    }
}

fn numbers(rubric: &Rubric, answers: &[(&Value, &str)]) -> (Vec<ValueRow>, Vec<String>) {
    let values: Vec<(f64, &str)> =
        answers.iter().filter_map(|(value, cluster)| Some((value.as_f64()?, *cluster))).collect();
    let unit = rubric.answer.number.as_ref().and_then(|form| form.unit.clone());
    let NumberSummary { mean, geometric_mean, p10, p25, median, p75, p90 } = number_summary(&values, BOOTSTRAP);
    let named = [
        ("median", median),
        ("geometric mean", geometric_mean),
        ("mean", mean),
        ("10th percentile", p10),
        ("25th percentile", p25),
        ("75th percentile", p75),
        ("90th percentile", p90),
    ];
    let rows = named.map(|(name, estimate)| ValueRow { name: name.to_owned(), unit: unit.clone(), estimate });
    let is_priced = rubric.needs.iter().any(|need| need == "task_posting");
    (rows.to_vec(), is_priced.then(|| ORDINAL.to_owned()).into_iter().collect())
}

fn lists(rubric: &Rubric, answers: &[(&Value, &str)]) -> (Vec<ValueRow>, Vec<String>) {
    let items = |value: &Value| value.as_array().map_or(0, Vec::len);
    let counts: Vec<(f64, &str)> = answers.iter().map(|(value, cluster)| (items(value) as f64, *cluster)).collect();
    let (mean, median) = mean_and_median(&counts, BOOTSTRAP);
    let row = |name: &str, estimate| ValueRow { name: name.to_owned(), unit: None, estimate };
    let mut rows = vec![row("items a session, mean", mean), row("items a session, median", median)];
    let fields = rubric.answer.list.iter().flat_map(|form| &form.items);
    rows.extend(fields.flat_map(|field| choices(field, answers)));
    let mut notes = Vec::new();
    let empty = counts.iter().filter(|(count, _)| *count == 0.0).count();
    if empty > 0 {
        notes.push(format!("{empty} of {} sessions have an empty list", counts.len()));
    }
    if rubric.name == DECISIONS {
        divide(answers, &mut rows, &mut notes);
    }
    (rows, notes)
}

/// Shares of all items by the labels of one field.
fn choices(field: &Field, answers: &[(&Value, &str)]) -> Vec<ValueRow> {
    let Some(options) = &field.choice else { return Vec::new() };
    let position = |item: &Value| {
        let label = item.get(&field.name)?.as_str()?;
        options.iter().position(|option| option.id == label)
    };
    let observations: Vec<Observation<'_>> = (answers.iter())
        .flat_map(|(value, cluster)| value.as_array().into_iter().flatten().map(move |item| (item, *cluster)))
        .filter_map(|(item, cluster)| Some(Observation { label: position(item)?, weight: 1.0, cluster }))
        .collect();
    let row = |(option, estimate): (&crate::rubric::FieldOption, _)| ValueRow {
        name: format!("share of items, {} {}", field.name, option.id),
        unit: None,
        estimate,
    };
    options.iter().zip(shares(&observations, options.len())).map(row).collect()
}

/// Decisions of one type among all.
type Part = fn(DecisionCounts) -> Division;

/// The types of decisions.
const PARTS: [(&str, Part); 2] = [("planning", DecisionCounts::planning), ("execution", DecisionCounts::execution)];

/// Means of the sessions' own shares: every session counts once, however many decisions it has.
fn divide(answers: &[(&Value, &str)], rows: &mut Vec<ValueRow>, notes: &mut Vec<String>) {
    let counted: Vec<(DecisionCounts, &str)> =
        answers.iter().filter_map(|(value, cluster)| Some((DecisionCounts::of(value).ok()?, *cluster))).collect();
    for (name, part) in PARTS {
        let own: Vec<(f64, &str)> =
            (counted.iter()).filter_map(|(counts, cluster)| Some((part(*counts).user_share()?, *cluster))).collect();
        let (mean, median) = mean_and_median(&own, BOOTSTRAP);
        for (which, estimate) in [("mean", mean), ("median", median)] {
            let name = format!("user's share of {name} decisions in a session, {which}");
            rows.push(ValueRow { name, unit: None, estimate });
        }
        let without = counted.len() - own.len();
        if without > 0 {
            notes.push(format!(
                "{without} of {} sessions have no {name} decision, and so no share of them",
                counted.len()
            ));
        }
    }
}
