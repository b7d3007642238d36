//! What the judges said: shares with intervals, no-verdicts, worst-case bounds.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::rubric::Rubric;
use crate::stats::{Observation, shares};
use crate::verdict::{NoVerdict, Outcome, Verdict};

use super::analysis::Judged;
use super::error::ReportError;
use super::inputs::Inputs;
use super::model::{JudgeFacts, JudgeShares, ShareRow};
use super::values;

/// Checks every verdict against rubrics and judges.
///
/// # Errors
/// When a verdict has an unknown label, rubric or judge, or one unit has two verdicts.
pub(super) fn check(inputs: &Inputs, judges: &[JudgeFacts]) -> Result<(), ReportError> {
    let scales: HashMap<&str, BTreeSet<&str>> =
        inputs.rubrics.iter().map(|rubric| (rubric.name.as_str(), rubric.labels().into_iter().collect())).collect();
    let known: BTreeSet<&str> = judges.iter().map(|judge| judge.name.as_str()).collect();
    let mut seen = BTreeSet::new();
    for verdict in &inputs.verdicts {
        let Verdict { session, rubric, judge, replicate, .. } = verdict;
        let scale = scales.get(rubric.as_str()).ok_or_else(|| ReportError::NoRubric(rubric.clone()))?;
        if !known.contains(judge.as_str()) {
            return Err(ReportError::NoJudge(judge.clone()));
        }
        let (judge, session, rubric) = (judge.clone(), session.clone(), rubric.clone());
        if let Some(label) = verdict.outcome.label().filter(|label| !scale.contains(label)) {
            return Err(ReportError::UnknownLabel { judge, session, rubric, label: label.to_owned() });
        }
        if !seen.insert((&verdict.session, &verdict.rubric, &verdict.judge, replicate)) {
            return Err(ReportError::Duplicate { judge, session, rubric, replicate: *replicate });
        }
    }
    let loaded = |name: &Option<String>| name.as_deref().is_none_or(|name| scales.contains_key(name));
    match inputs.agreement.iter().find(|report| !loaded(&report.rubric)) {
        Some(report) => Err(ReportError::NoRubric(report.rubric.clone().unwrap_or_default())),
        None => Ok(()),
    }
}

/// What `judge` said for `rubric`.
pub(super) fn judge_shares(inputs: &Inputs, judged: &Judged<'_>, rubric: &Rubric, judge: &JudgeFacts) -> JudgeShares {
    let scale = rubric.labels();
    let mut verdicts: Vec<&Verdict> =
        inputs.verdicts.iter().filter(|verdict| verdict.rubric == rubric.name && verdict.judge == judge.name).collect();
    verdicts.sort_by_key(|verdict| (&verdict.session, verdict.replicate));
    let weight = |verdict: &Verdict| inputs.run.weights.get(&verdict.session).copied().unwrap_or(1.0);
    let position = |label: &str| scale.iter().position(|known| *known == label);
    let labelled: Vec<Observation<'_>> = verdicts
        .iter()
        .filter_map(|verdict| {
            let label = position(verdict.outcome.label()?)?;
            Some(Observation { label, weight: weight(verdict), cluster: judged.cluster(&verdict.session) })
        })
        .collect();
    let answered: Vec<Observation<'_>> = verdicts
        .iter()
        .map(|verdict| Observation {
            label: usize::from(verdict.outcome.no_verdict().is_some()),
            weight: weight(verdict),
            cluster: judged.cluster(&verdict.session),
        })
        .collect();
    let mut no_verdicts: BTreeMap<NoVerdict, u64> = NoVerdict::ALL.into_iter().map(|kind| (kind, 0)).collect();
    for kind in verdicts.iter().filter_map(|verdict| verdict.outcome.no_verdict()) {
        *no_verdicts.entry(kind).or_default() += 1;
    }
    let (values, value_notes) = values::of(rubric, &verdicts, judged);
    let planned = (inputs.run.sessions * u64::from(judge.repeats)).max(verdicts.len() as u64);
    let not_judged = planned - verdicts.len() as u64;
    let total = answered.iter().map(|unit| unit.weight).sum::<f64>() + not_judged as f64;
    let certain: f64 = labelled.iter().map(|unit| unit.weight).sum();
    let row = |(label, share): (usize, crate::stats::Estimate)| {
        let with = labelled.iter().filter(|unit| unit.label == label);
        let sure: f64 = with.clone().map(|unit| unit.weight).sum();
        let bound = |sum: f64| (total > 0.0).then(|| (sum / total).clamp(0.0, 1.0));
        ShareRow {
            label: scale[label].to_owned(),
            count: with.count() as u64,
            share,
            worst_low: bound(sure),
            worst_high: bound(sure + total - certain),
        }
    };
    JudgeShares {
        judge: judge.name.clone(),
        planned,
        labelled: verdicts.iter().filter(|verdict| verdict.outcome.no_verdict().is_none()).count() as u64,
        no_verdicts,
        not_judged,
        no_verdict_rate: shares(&answered, 2).swap_remove(1),
        shares: shares(&labelled, scale.len()).into_iter().enumerate().map(row).collect(),
        values,
        value_notes,
        corrected: false,
        messages: messages(&verdicts),
    }
}

/// The first message of each kind whose words are not about a session's content.
fn messages(verdicts: &[&Verdict]) -> Vec<String> {
    let mut first: BTreeMap<NoVerdict, String> = BTreeMap::new();
    for verdict in verdicts {
        if let Outcome::None { kind: kind @ (NoVerdict::Failed | NoVerdict::TooLong | NoVerdict::Stopped), detail } =
            &verdict.outcome
        {
            let line: String = detail.lines().next().unwrap_or_default().chars().take(200).collect();
            first.entry(*kind).or_insert_with(|| format!("{}: {line}", kind.as_str()));
        }
    }
    first.into_values().collect()
}
