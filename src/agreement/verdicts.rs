//! Verdicts of a run as ratings.

use std::collections::{BTreeMap, HashMap};

use crate::gold::{Missing, Rating, Ratings};
use crate::verdict::{NoVerdict, Outcome, Verdict};

/// What agreement reads of verdicts. There may be millions, so that names are numbered and all else is let go.
#[derive(Debug, Default)]
pub struct RatedVerdicts {
    sessions: Names,
    judges: Names,
    labels: Names,
    /// By rubric.
    kept: BTreeMap<String, Vec<Kept>>,
}

/// One verdict.
#[derive(Debug)]
struct Kept {
    session: u32,
    judge: u32,
    replicate: u32,
    /// The number of its label, or why there is none.
    answer: Result<u32, NoVerdict>,
}

/// Names in the order in which they first came.
#[derive(Debug, Default)]
struct Names {
    numbers: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(name.into(), next);
        self.names.push(name.into());
        next
    }

    fn name(&self, number: u32) -> String {
        self.names.get(number as usize).map_or_else(String::new, |name| name.as_ref().to_owned())
    }
}

impl RatedVerdicts {
    /// Takes in `verdict`, unless its answer is a list or an object: those cannot be compared as a whole.
    pub fn keep(&mut self, verdict: &Verdict) {
        let answer = match (&verdict.outcome, verdict.outcome.cell()) {
            (Outcome::None { kind, .. }, _) => Err(*kind),
            (Outcome::Value { value, .. }, _) if value.is_array() || value.is_object() => return,
            (_, Some(cell)) => Ok(self.labels.number(&cell)),
            (_, None) => return,
        };
        let (session, judge) = (self.sessions.number(&verdict.session), self.judges.number(&verdict.judge));
        let kept = Kept { session, judge, replicate: verdict.replicate, answer };
        match self.kept.get_mut(&verdict.rubric) {
            Some(rubric) => rubric.push(kept),
            None => drop(self.kept.insert(verdict.rubric.clone(), vec![kept])),
        }
    }

    /// The verdicts on `rubric`: judges are raters, sessions are items. `cluster` names a session's cluster.
    pub fn ratings(&self, rubric: &str, cluster: impl Fn(&str) -> Option<String>) -> Ratings {
        let mut ratings = Ratings::default();
        for kept in self.kept.get(rubric).into_iter().flatten() {
            let (item, rater) = (self.sessions.name(kept.session), self.judges.name(kept.judge));
            let (rubric, cluster, replicate) = (Some(rubric.to_owned()), cluster(&item), Some(kept.replicate));
            match kept.answer {
                Ok(label) => {
                    let label = self.labels.name(label);
                    ratings.rows.push(Rating { item, rater, label, rubric, cluster, replicate, ..Rating::default() });
                }
                Err(kind) => ratings.missing.push(Missing { item, rater, rubric, cluster, replicate, kind }),
            }
        }
        ratings
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::agreement::{Declared, Options, side_by_side};
    use crate::rubric::{Answer, AnswerKind, AnswerOption, Rubric};
    use crate::verdict::Fingerprint;

    fn rubric() -> Rubric {
        let options = ["low", "high"].map(|id| AnswerOption::new(id, id)).to_vec();
        Rubric::new("level", Answer { options, ..Answer::new(AnswerKind::Scale) })
    }

    fn verdict(session: &str, replicate: u32, outcome: Outcome) -> Verdict {
        Verdict {
            session: session.to_owned(),
            rubric: "level".to_owned(),
            judge: "judge".to_owned(),
            replicate,
            unit: Fingerprint::of(&[]),
            outcome,
            repairs: BTreeSet::new(),
            calls: Vec::new(),
        }
    }

    fn label(label: &str) -> Outcome {
        Outcome::Label { label: label.to_owned(), reason: None, evidence: Vec::new(), confidence: None }
    }

    #[test]
    fn verdicts_stand_beside_gold() {
        let refused = Outcome::None { kind: NoVerdict::Refused, detail: String::new() };
        let verdicts = [
            verdict("1", 1, label("low")),
            verdict("2", 1, label("high")),
            verdict("2", 2, label("low")),
            verdict("3", 1, refused),
            Verdict { rubric: "other".to_owned(), ..verdict("1", 1, label("unheard")) },
        ];
        let person = |item: &str, label: &str| Rating {
            item: item.to_owned(),
            rater: "ann".to_owned(),
            label: label.to_owned(),
            ..Rating::default()
        };
        let rows = vec![person("1", "low"), person("2", "high"), person("3", "low")];
        let gold = Ratings { rows, ..Ratings::default() };
        let cluster = |session: &str| (session != "3").then(|| "p".to_owned());
        let mut rated = RatedVerdicts::default();
        for verdict in &verdicts {
            rated.keep(verdict);
        }
        let (judges, declared) = (rated.ratings("level", cluster), Declared::of_rubric(&rubric()).unwrap());
        let report = side_by_side(&judges, &gold, Some("level"), &declared, &Options::default()).unwrap();
        assert_eq!(report.categories, ["low", "high"]);
        let pair = report.pair("judge", "ann").unwrap();
        assert_eq!((pair.raters[0].as_str(), pair.items, pair.unpaired), ("ann", 2, 1));
        assert_eq!(pair.coefficient("cohen_kappa_linear").unwrap().value, Some(1.0));
        let judge = &report.raters_detail[1];
        assert_eq!((judge.n, judge.no_verdicts[&NoVerdict::Refused], judge.replicates_left_out), (2, 1, 1));
        assert_eq!(report.clusters, Some(2));
    }
}
