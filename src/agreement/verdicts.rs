//! Verdicts of a run as ratings.

use crate::gold::{Missing, Rating, Ratings};
use crate::rubric::Rubric;
use crate::verdict::{Outcome, Verdict};

use super::error::AgreementError;
use super::model::AgreementReport;
use super::report::{Options, side_by_side};
use super::scale::Declared;

/// The verdicts on `rubric` as ratings: judges are raters, sessions are items. `cluster` names a session's cluster.
pub fn ratings_of_verdicts(verdicts: &[Verdict], rubric: &str, cluster: impl Fn(&str) -> Option<String>) -> Ratings {
    let mut ratings = Ratings::default();
    for verdict in verdicts.iter().filter(|verdict| verdict.rubric == rubric) {
        let (item, rater) = (verdict.session.clone(), verdict.judge.clone());
        let (rubric, cluster, replicate) =
            (Some(rubric.to_owned()), cluster(&verdict.session), Some(verdict.replicate));
        if let Outcome::None { kind, .. } = &verdict.outcome {
            ratings.missing.push(Missing { item, rater, rubric, cluster, replicate, kind: *kind });
        } else if let Some(label) = verdict.outcome.cell() {
            let (label, confidence) = (label.into_owned(), verdict.outcome.confidence());
            let rating = Rating { item, rater, label, rubric, cluster, replicate, confidence, ..Rating::default() };
            ratings.rows.push(rating);
        }
    }
    ratings
}

/// Agreement of a run's judges with a label file on one rubric: judges against its raters and against each other, and its
/// raters against each other. `gold` must be joined (its items are session ids); only its rows of this rubric are used.
///
/// # Errors
/// When a label is not on the rubric's scale, or a judge and a rater of the file have the same name.
pub fn report_of_verdicts(
    verdicts: &[Verdict],
    gold: &Ratings,
    rubric: &Rubric,
    cluster: impl Fn(&str) -> Option<String>,
    options: &Options,
) -> Result<AgreementReport, AgreementError> {
    let judges = ratings_of_verdicts(verdicts, &rubric.name, cluster);
    let gold = gold.of_rubric(&rubric.name);
    side_by_side(&judges, &gold, Some(&rubric.name), &Declared::of_rubric(rubric)?, options)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::rubric::{Answer, AnswerKind, AnswerOption};
    use crate::verdict::{Fingerprint, NoVerdict};

    fn rubric() -> Rubric {
        let option = |id: &str| AnswerOption {
            id: id.to_owned(),
            title: id.to_owned(),
            definition: id.to_owned(),
            includes: Vec::new(),
            excludes: Vec::new(),
            published: None,
        };
        let options = ["low", "high"].map(option).to_vec();
        let answer = Answer { options, ..Answer::new(AnswerKind::Scale) };
        Rubric {
            name: "level".to_owned(),
            version: 1,
            title: String::new(),
            question: String::new(),
            answer,
            published_base: None,
            guidance: Vec::new(),
            tie_breaks: Vec::new(),
            prompt: String::new(),
            view: String::new(),
            needs: Vec::new(),
        }
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
        let report = report_of_verdicts(&verdicts, &gold, &rubric(), cluster, &Options::default()).unwrap();
        assert_eq!(report.categories, ["low", "high"]);
        let pair = report.pair("judge", "ann").unwrap();
        assert_eq!((pair.raters[0].as_str(), pair.items, pair.unpaired), ("ann", 2, 1));
        assert_eq!(pair.coefficient("cohen_kappa_linear").unwrap().value, Some(1.0));
        let judge = &report.raters_detail[1];
        assert_eq!((judge.n, judge.no_verdicts[&NoVerdict::Refused], judge.replicates_left_out), (2, 1, 1));
        assert_eq!(report.clusters, Some(2));
    }
}
