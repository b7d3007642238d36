//! A rate out of what a judge and the raters say, by the estimator of derived measures.

use std::collections::{BTreeMap, BTreeSet};

use assize::corpus::SessionRow;
use assize::estimate::{EstimateError, Method, Options, Row, Shares, Source, Standing, estimate_derived};
use assize::gold::{Rating, Ratings};
use assize::verdict::{Fingerprint, NoVerdict, Outcome, Verdict};

use crate::figures::{Figure, Seen};

/// Name of the judge.
pub const JUDGE: &str = "simulated-judge";

/// The exact rate of what is planted, and the size of its base.
pub fn planted<'s>(figure: &Figure, sessions: impl Iterator<Item = &'s Seen>) -> (f64, usize) {
    let standings: Vec<Standing> = sessions.filter_map(|seen| (figure.of)(seen)).collect();
    let count = |wanted: Standing| standings.iter().filter(|standing| **standing == wanted).count();
    let (yes, no) = (count(Standing::Yes), count(Standing::No));
    (yes as f64 / (yes + no) as f64, yes + no)
}

/// The rate raw and corrected. Yes, no and outside are passed as the outcomes from which judged success, the plainest of the
/// derived measures, is computed; so that any rate goes the way of that one.
///
/// # Errors
/// Those of [`estimate_derived`].
pub fn recover(
    figure: &Figure,
    judged: &BTreeMap<String, Seen>,
    gold: &BTreeMap<String, Seen>,
    rows: &[SessionRow],
) -> Result<Option<Row>, EstimateError> {
    let code = |standing: Standing| match standing {
        Standing::Yes => "succeeded",
        Standing::No => "failed",
        Standing::Outside => "no_clear_goal",
    };
    let verdict = |(session, seen): (&String, &Seen)| Verdict {
        session: session.clone(),
        rubric: "outcome".to_owned(),
        judge: JUDGE.to_owned(),
        replicate: 1,
        unit: Fingerprint::of(&[session.as_bytes()]),
        outcome: match (figure.of)(seen) {
            Some(to) => {
                Outcome::Label { label: code(to).to_owned(), reason: None, evidence: Vec::new(), confidence: None }
            }
            None => Outcome::None { kind: NoVerdict::Invalid, detail: "a part has no verdict".to_owned() },
        },
        repairs: BTreeSet::new(),
        calls: Vec::new(),
    };
    let rating = |(item, seen): (&String, &Seen)| {
        let label = code((figure.of)(seen)?).to_owned();
        let (rubric, cluster) = (Some("outcome".to_owned()), Some(seen.person.clone()));
        Some(Rating { item: item.clone(), rater: "gold".to_owned(), label, rubric, cluster, ..Rating::default() })
    };
    let verdicts: Vec<Verdict> = judged.iter().map(verdict).collect();
    let gold = Ratings { rows: gold.iter().filter_map(rating).collect(), ..Ratings::default() };
    let weights = BTreeMap::new();
    let source = Source {
        verdicts: &verdicts,
        rows,
        sessions: verdicts.len() as u64,
        weights: &weights,
        gold: &gold,
        reference: None,
    };
    let options = Options { methods: vec![Method::PpiPlusPlus], ..Options::default() };
    let reports = estimate_derived(&source, &[JUDGE], &Shares::new(), &options)?.reports;
    let of_interest = reports.into_iter().find(|report| report.rubric == "judged_success");
    Ok(of_interest.and_then(|report| report.row("rate").cloned()))
}

/// Whether the interval holds `truth`; none where there is no interval.
pub fn covers(value: Option<&assize::estimate::Value>, truth: f64) -> Option<bool> {
    let value = value?;
    Some((value.low?..=value.high?).contains(&truth))
}
