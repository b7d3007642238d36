//! What the judges said: shares, raw and corrected, with intervals, no-verdicts, worst-case bounds.

use std::collections::BTreeMap;

use crate::rubric::Rubric;
use crate::stats::{CONFIDENCE, Estimate, Numbered, shares_numbered};
use crate::verdict::NoVerdict;

use super::inputs::Inputs;
use super::model::{Correction, JudgeFacts, JudgeShares, ShareRow};
use super::sessions::{Answer, Column, StudyTable};
use super::study::{CORRECTION, label_shares};
use super::values;

/// One answer: the session and the column it is in.
type Unit<'a> = (usize, &'a Column);

/// What judge number `by` said for rubric number `number`.
pub(super) fn judge_shares(inputs: &Inputs, number: usize, judge: &JudgeFacts, by: usize) -> JudgeShares {
    let (table, rubric) = (&inputs.table, &inputs.rubrics[number]);
    let columns = table.answers.range((number, by, 0)..=(number, by, u32::MAX)).map(|(_, column)| column);
    let units: Vec<Unit<'_>> = columns
        .flat_map(|column| (0..table.len()).map(move |at| (at, column)))
        .filter(|(at, column)| column.get(*at) != Answer::NotJudged)
        .collect();
    let mut no_verdicts: BTreeMap<NoVerdict, u64> = NoVerdict::ALL.into_iter().map(|kind| (kind, 0)).collect();
    let (mut labelled, mut answered, mut missing) = (Vec::new(), Vec::new(), 0.0);
    let mut counts = vec![(0_u64, 0.0); rubric.answer.options.len()];
    for (at, column) in &units {
        let (weight, cluster) = (table.facts[*at].weight, table.cluster(*at));
        let answer = column.get(*at);
        if let Answer::None(kind) = answer {
            *no_verdicts.entry(kind).or_default() += 1;
            missing += weight;
        }
        if let Answer::Label(label) = answer {
            labelled.push(Numbered { label, weight, cluster });
            counts[label].0 += 1;
            counts[label].1 += weight;
        }
        answered.push(Numbered { label: usize::from(matches!(answer, Answer::None(_))), weight, cluster });
    }
    let planned = (inputs.run.sessions * u64::from(judge.repeats)).max(units.len() as u64);
    let not_judged = planned - units.len() as u64;
    let missing = missing + not_judged as f64;
    let total = missing + counts.iter().map(|(_, weight)| weight).sum::<f64>();
    let bound = |sum: f64| (total > 0.0).then(|| (sum / total).clamp(0.0, 1.0));
    let (values, value_notes) = values::of(table, rubric, (number, by));
    let (correction, corrected) = corrections(table, rubric, (number, by)).unzip();
    let corrected = corrected.unwrap_or_default();
    let row = |(label, share): (usize, Estimate)| ShareRow {
        label: rubric.answer.options[label].id.clone(),
        count: counts[label].0,
        share,
        corrected: corrected.get(label).cloned().flatten(),
        worst_low: bound(counts[label].1),
        worst_high: bound(counts[label].1 + missing),
    };
    let shares = shares_numbered(&labelled, counts.len(), CONFIDENCE);
    JudgeShares {
        judge: judge.name.clone(),
        planned,
        labelled: units.iter().filter(|(at, column)| !matches!(column.get(*at), Answer::None(_))).count() as u64,
        no_verdicts,
        not_judged,
        no_verdict_rate: shares_numbered(&answered, 2, CONFIDENCE).swap_remove(1),
        shares: shares.into_iter().enumerate().map(row).collect(),
        correction,
        uncorrected: table.no_gold.get(&number).cloned(),
        values,
        value_notes,
        messages: messages(table, (number, by)),
    }
}

/// How the first replicate is corrected, and the corrected shares; none without gold.
fn corrections(
    table: &StudyTable,
    rubric: &Rubric,
    (number, by): (usize, usize),
) -> Option<(Correction, Vec<Option<crate::estimate::Value>>)> {
    let gold = table.gold.get(&number)?;
    let column = table.answers.get(&(number, by, 1))?;
    let rows: Vec<usize> = (0..table.len()).filter(|at| column.get(*at) != Answer::NotJudged).collect();
    let both = || rows.iter().copied().filter(|at| column.label(*at).is_some() && gold.labels.label(*at).is_some());
    let shares = label_shares(table, rubric, column, Some((&gold.labels, gold.weights.as_deref())), &rows, 0);
    let correction = Correction {
        method: CORRECTION.as_str().to_owned(),
        rater: gold.rater.clone(),
        sessions: both().count() as u64,
        persons: super::study::persons(table, both()),
    };
    Some((correction, shares.into_iter().map(|share| share.corrected).collect()))
}

/// The first message of each kind whose words are not about a session's content.
fn messages(table: &StudyTable, key: (usize, usize)) -> Vec<String> {
    let kinds = table.messages.get(&key).into_iter().flatten();
    kinds.map(|(kind, line)| format!("{}: {line}", kind.as_str())).collect()
}
