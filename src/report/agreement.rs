//! Agreement as the report shows it: pairs sorted by who they are to each other.

use crate::agreement::{AgreementReport, Confusion};
use crate::rubric::{AnswerKind, Rubric};

use super::inputs::Inputs;
use super::model::{AgreementSection, JudgeFacts, PairSection, Relation};

/// The agreement of `rubric`, where there is any.
pub(super) fn section(inputs: &Inputs, rubric: &Rubric, judges: &[JudgeFacts]) -> Option<AgreementSection> {
    let report: &AgreementReport =
        inputs.agreement.iter().find(|report| report.rubric.as_deref() == Some(rubric.name.as_str()))?;
    if report.pairs.is_empty() {
        return None;
    }
    let is_judge = |name: &str| judges.iter().any(|judge| judge.name == name);
    let has_labels = rubric.answer.kind.has_labels();
    let mut pairs: Vec<PairSection> = report
        .pairs
        .iter()
        .map(|pair| PairSection {
            raters: pair.raters.clone(),
            relation: match (is_judge(&pair.raters[0]), is_judge(&pair.raters[1])) {
                (true, true) => Relation::Judges,
                (false, false) => Relation::References,
                _ => Relation::JudgeWithReference,
            },
            coefficients: pair.coefficients.clone(),
            // Of numbers there are as many categories as answers: no matrix shows them.
            confusion: if has_labels { pair.confusion.clone() } else { Confusion::default() },
            labels: if has_labels { pair.labels.clone() } else { Vec::new() },
            unpaired: pair.unpaired,
        })
        .collect();
    pairs.sort_by(|a, b| (a.relation, &a.raters).cmp(&(b.relation, &b.raters)));
    let names = |wanted: &str| pairs.iter().all(|pair| pair.coefficients.iter().any(|c| c.name == wanted));
    let headline = match rubric.answer.kind {
        AnswerKind::Scale if names("cohen_kappa_quadratic") => "cohen_kappa_quadratic",
        AnswerKind::Number if names("krippendorff_alpha") => "krippendorff_alpha",
        _ => "cohen_kappa",
    };
    Some(AgreementSection {
        items: report.items,
        raters: report.raters_detail.clone(),
        coefficients: report.coefficients.clone(),
        headline: headline.to_owned(),
        pairs,
        notes: report.notes.clone(),
    })
}
