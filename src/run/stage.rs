//! Rubrics that need the verdicts of others: in which stage each is asked, whose verdict it receives, and what stands in for
//! a verdict that is not known yet.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::ledger::{Ledger, LedgerError};
use crate::prompt::{Extras, Need};
use crate::rubric::{self, Field, NumberForm, Rubric, RubricError, TextForm};
use crate::verdict::{Fingerprint, NoVerdict, Outcome};

use super::experiment::JudgeSpec;

/// The stage of each rubric, in their order: 0 where it needs nothing, else one after the last of those it needs.
///
/// # Errors
/// When a needed rubric is not among them, or rubrics need each other in a circle.
pub(super) fn of_rubrics(rubrics: &[&Rubric]) -> Result<Vec<usize>, String> {
    let mut stages: BTreeMap<&str, usize> = BTreeMap::new();
    let known = |name: &String| rubrics.iter().any(|rubric| rubric.name == *name);
    for rubric in rubrics {
        if let Some(need) = rubric.needs.iter().find(|need| !known(need)) {
            return Err(format!(
                "rubric {} needs the verdicts of {need}, which is not among the experiment's rubrics: add it to rubrics",
                rubric.name
            ));
        }
    }
    while stages.len() < rubrics.len() {
        let open = || rubrics.iter().filter(|rubric| !stages.contains_key(rubric.name.as_str()));
        let after = |rubric: &Rubric| {
            let of_needs = rubric.needs.iter().map(|need| stages.get(need.as_str()).map(|stage| stage + 1));
            Some(of_needs.collect::<Option<Vec<usize>>>()?.into_iter().max().unwrap_or(0))
        };
        let ready: Vec<(&str, usize)> =
            open().filter_map(|rubric| Some((rubric.name.as_str(), after(rubric)?))).collect();
        if ready.is_empty() {
            let circle: Vec<&str> = open().map(|rubric| rubric.name.as_str()).collect();
            return Err(format!("rubrics need each other in a circle: {}; one of them must not", circle.join(", ")));
        }
        stages.extend(ready);
    }
    Ok(rubrics.iter().filter_map(|rubric| stages.get(rubric.name.as_str()).copied()).collect())
}

/// Whose verdict on a needed rubric a judge receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// The needed rubric.
    pub(super) rubric: String,
    /// The judge that answers it.
    judge: String,
    /// Its replicates.
    repeats: u32,
}

/// Where `judge` finds the verdicts that `rubric` needs: its own, else those of the only judge that answers the rubric.
///
/// # Errors
/// When several others answer it.
pub(super) fn sources(judges: &[JudgeSpec], judge: &JudgeSpec, rubric: &Rubric) -> Result<Vec<Source>, String> {
    let source = |need: &String| {
        let answering: Vec<&JudgeSpec> = judges.iter().filter(|judge| judge.answers(need)).collect();
        let chosen = match answering.as_slice() {
            _ if judge.answers(need) => judge,
            [only] => only,
            others => {
                let names: Vec<&str> = others.iter().map(|judge| judge.name()).collect();
                return Err(format!(
                    "judge {} answers {}, which needs a verdict on {need}, and {} answer that: add {need} to the rubrics \
                     of {}, or let one judge alone answer it",
                    judge.name(),
                    rubric.name,
                    names.join(" and "),
                    judge.name()
                ));
            }
        };
        Ok(Source { rubric: need.clone(), judge: chosen.name().to_owned(), repeats: chosen.repeats })
    };
    rubric.needs.iter().map(source).collect()
}

/// What a unit's prompt receives.
#[derive(Debug)]
pub(super) enum Received {
    /// All verdicts that it needs.
    All(Extras),
    /// One of them will never be: the unit ends as that one did.
    Unmet(Unmet),
    /// One of them is not decided yet.
    Waiting,
}

/// Why a unit cannot be asked: a rubric that it needs has no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unmet {
    /// The kind of the needed no-verdict.
    pub(super) kind: NoVerdict,
    /// Which one, and why.
    pub(super) detail: String,
    /// The needed unit.
    pub(super) unit: Fingerprint,
}

/// The verdicts of earlier stages.
#[derive(Debug)]
pub(super) struct Earlier {
    run: String,
    /// None before the first run.
    ledger: Option<Ledger>,
    /// What stands for a verdict that is not known, by rubric; none where units wait for it.
    stand_ins: Option<BTreeMap<String, Need>>,
    /// What stands in the place of every verdict, by session.
    given: Option<Arc<BTreeMap<String, Need>>>,
}

impl Earlier {
    /// The verdicts of `run` in the ledger at `path`, which need not be there.
    pub(super) fn open(run: &str, path: &Path) -> Result<Self, LedgerError> {
        let ledger = match Ledger::open(path) {
            Ok(ledger) => Some(ledger),
            Err(LedgerError::NotFound(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { run: run.to_owned(), ledger, stand_ins: None, given: None })
    }

    /// No verdicts: what `given` holds for the session stands in the place of each.
    pub(super) fn given(given: &Arc<BTreeMap<String, Need>>) -> Self {
        Self { run: String::new(), ledger: None, stand_ins: None, given: Some(Arc::clone(given)) }
    }

    /// With something in the place of every verdict that is not known, for an estimate.
    pub(super) fn with_stand_ins(self, stand_ins: BTreeMap<String, Need>) -> Self {
        Self { stand_ins: Some(stand_ins), ..self }
    }

    /// What the prompt of replicate `replicate` on `session` receives from `sources`.
    pub(super) fn receive(&self, session: &str, sources: &[Source], replicate: u32) -> Result<Received, LedgerError> {
        let mut needs = BTreeMap::new();
        for Source { rubric, judge, repeats } in sources {
            let replicate = if replicate <= *repeats { replicate } else { 1 };
            if let Some(given) = self.given.as_ref().and_then(|given| given.get(session)) {
                needs.insert(rubric.clone(), given.clone());
                continue;
            }
            let found = self.ledger.as_ref().map(|ledger| ledger.outcome(&self.run, session, rubric, judge, replicate));
            let need = match found.transpose()?.flatten() {
                Some((_, Outcome::Label { label, reason, .. })) => Need { answer: json!(label), reason },
                Some((_, Outcome::Value { value, reason, .. })) => Need { answer: value, reason },
                found => match (found, self.stand_ins.as_ref().and_then(|stand_ins| stand_ins.get(rubric))) {
                    (_, Some(stand_in)) => stand_in.clone(),
                    (None | Some((_, Outcome::None { kind: NoVerdict::Stopped, .. })), None) => {
                        return Ok(Received::Waiting);
                    }
                    (Some((unit, outcome)), None) => {
                        let Outcome::None { kind, detail } = outcome else { return Ok(Received::Waiting) };
                        let detail =
                            format!("not asked: {judge} gave no verdict on {rubric} ({}): {detail}", kind.as_str());
                        return Ok(Received::Unmet(Unmet { kind, detail, unit }));
                    }
                },
            };
            needs.insert(rubric.clone(), need);
        }
        Ok(Received::All(Extras { needs, calibration: None }))
    }
}

/// What stands for the verdicts that `rubric` needs, where none are known: made from the form of their answers.
///
/// # Errors
/// When a needed rubric cannot be read.
pub fn stand_ins(rubric: &Rubric, folder: &Path) -> Result<BTreeMap<String, Need>, RubricError> {
    let stand_in =
        |name: &String| Ok((name.clone(), Need { answer: answer(&rubric::load(name, folder)?), reason: None }));
    rubric.needs.iter().map(stand_in).collect()
}

/// An answer of the rubric's form, of a middling length and without any meaning.
fn answer(rubric: &Rubric) -> Value {
    let form = &rubric.answer;
    if let Some(option) = form.options.first() {
        json!(option.id)
    } else if let Some(form) = &form.number {
        number(form)
    } else if let Some(form) = &form.text {
        text(form.max_chars)
    } else if let Some(form) = &form.object {
        object(&form.fields)
    } else {
        json!(form.list.iter().map(|form| object(&form.items)).collect::<Vec<_>>())
    }
}

fn object(fields: &[Field]) -> Value {
    let part = |field: &Field| match (&field.choice, &field.number, &field.text, &field.texts) {
        (Some(options), ..) => json!(options.first().map(|option| &option.id)),
        (_, Some(form), ..) => number(form),
        (_, _, Some(TextForm { max_chars }), _) => text(*max_chars),
        (.., Some(form)) => json!(vec![text(form.max_chars); form.min_items.max(1)]),
        _ => Value::Null,
    };
    Value::Object(fields.iter().map(|field| (field.name.clone(), part(field))).collect::<Map<_, _>>())
}

fn number(form: &NumberForm) -> Value {
    json!(form.minimum)
}

fn text(max_chars: usize) -> Value {
    json!("x".repeat(max_chars.div_ceil(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rubric::{Answer, AnswerKind};

    fn rubric(name: &str, needs: &[&str]) -> Rubric {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        Rubric { needs, ..Rubric::new(name, Answer::new(AnswerKind::Choice)) }
    }

    fn staged(rubrics: &[Rubric]) -> Result<Vec<usize>, String> {
        of_rubrics(&rubrics.iter().collect::<Vec<_>>())
    }

    #[test]
    fn each_comes_after_all_that_it_needs_whatever_the_order() {
        let rubrics = [rubric("d", &["b", "c"]), rubric("c", &["b"]), rubric("a", &[]), rubric("b", &["a"])];
        assert_eq!(staged(&rubrics).unwrap(), [3, 2, 0, 1]);
    }

    #[test]
    fn circles_and_unknown_needs_are_named() {
        let error = staged(&[rubric("a", &["b"]), rubric("b", &["a"]), rubric("c", &[])]).unwrap_err();
        assert!(error.contains("in a circle: a, b;"), "{error}");
        let error = staged(&[rubric("a", &["x"])]).unwrap_err();
        assert!(error.contains("rubric a needs the verdicts of x, which is not among"), "{error}");
    }

    #[test]
    fn a_judge_hears_itself_else_the_only_other() {
        let judge = |text: &str| -> JudgeSpec { serde_saphyr::from_str(text).unwrap() };
        let writer = judge("{model: openai/small, rubrics: [a], repeats: 2}");
        let both = judge("{model: openai/both}");
        let pricer = judge("{model: openai/large, rubrics: [b], repeats: 3}");
        let b = rubric("b", &["a"]);
        let source = |judges: &[JudgeSpec], judge: &JudgeSpec| sources(judges, judge, &b).map(|of| of[0].judge.clone());
        assert_eq!(source(&[writer.clone(), pricer.clone()], &pricer).unwrap(), "openai/small");
        let all = [writer, pricer.clone(), both.clone()];
        assert_eq!(source(&all, &both).unwrap(), "openai/both");
        let error = source(&all, &pricer).unwrap_err();
        assert!(
            error.contains("openai/small and openai/both answer that: add a to the rubrics of openai/large"),
            "{error}"
        );
    }
}
