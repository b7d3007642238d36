//! How well a judge prices postings held out (report.md section 7): the check of task value.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::postings::{Posting, TIERS, tier};
use crate::stats::{Bootstrap, PriceScores, Priced, price_scores};
use crate::verdict::{NoVerdict, Verdict};

use super::error::EstimateError;

/// What is said wherever prices are shown.
pub const ORDINAL: &str =
    "task value is an order: prices tell larger work from smaller and how that changes, never dollars";

/// Draws of the study (report.md section 7).
const REPLICATES: u32 = 1_000;

/// Prices of one judge against those that the postings carried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceReport {
    /// The judge.
    pub judge: String,
    /// Postings held out.
    pub holdout: usize,
    /// Those without a price, by kind.
    pub no_verdicts: BTreeMap<NoVerdict, u64>,
    /// Those not reached yet.
    pub not_judged: usize,
    /// All tiers first, then each of them.
    pub rows: Vec<PriceRow>,
    /// What a reader of the numbers must know.
    pub notes: Vec<String>,
}

/// The scores of one tier, or of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PriceRow {
    /// `all`, or the tier's limits in dollars.
    pub tier: String,
    /// Postings priced.
    pub n: usize,
    /// The scores.
    pub scores: PriceScores,
}

/// Prices of every judge in `verdicts` (first replicates) on `holdout`. `synthetic` says that no posting is real.
///
/// # Errors
/// When a verdict is on no posting of the holdout, or holds no price above 0.
pub fn price_reports(
    verdicts: &[Verdict],
    holdout: &[Posting],
    seed: u64,
    synthetic: bool,
) -> Result<Vec<PriceReport>, EstimateError> {
    let postings: BTreeMap<&str, &Posting> = holdout.iter().map(|posting| (posting.id.as_str(), posting)).collect();
    let judges: BTreeSet<&str> = verdicts.iter().map(|verdict| verdict.judge.as_str()).collect();
    judges.into_iter().map(|judge| report(judge, verdicts, &postings, seed, synthetic)).collect()
}

fn report(
    judge: &str,
    verdicts: &[Verdict],
    postings: &BTreeMap<&str, &Posting>,
    seed: u64,
    synthetic: bool,
) -> Result<PriceReport, EstimateError> {
    let mut no_verdicts: BTreeMap<NoVerdict, u64> = BTreeMap::new();
    let mut priced: Vec<(Priced, Option<usize>)> = Vec::new();
    let own = |verdict: &&Verdict| verdict.judge == judge && verdict.replicate == 1;
    let (mut reached, repeats) = (0, verdicts.iter().filter(|of| of.judge == judge && of.replicate > 1).count());
    for verdict in verdicts.iter().filter(own) {
        reached += 1;
        let wrong = || EstimateError::NoPrice { judge: judge.to_owned(), posting: verdict.session.clone() };
        let posting = postings.get(verdict.session.as_str()).ok_or_else(wrong)?;
        if let Some(kind) = verdict.outcome.no_verdict() {
            *no_verdicts.entry(kind).or_default() += 1;
            continue;
        }
        let predicted = verdict.outcome.value().and_then(serde_json::Value::as_f64).filter(|price| *price > 0.0);
        let predicted = predicted.ok_or_else(wrong)?;
        priced.push((Priced { predicted, actual: posting.price }, tier(posting.price)));
    }
    let row = |name: &str, wanted: Option<usize>| {
        let kept = priced.iter().filter(|(_, tier)| wanted.is_none() || *tier == wanted);
        let of_tier: Vec<Priced> = kept.map(|(price, _)| *price).collect();
        let scores = price_scores(&of_tier, Bootstrap { replicates: REPLICATES, seed });
        PriceRow { tier: name.to_owned(), n: of_tier.len(), scores }
    };
    let mut rows = vec![row("all", None)];
    rows.extend(TIERS.iter().enumerate().map(|(at, tier)| row(tier.name, Some(at))));
    let mut notes = vec![ORDINAL.to_owned()];
    if synthetic {
        notes.push(
            "the postings are synthetic: their prices were drawn, and nothing here speaks of a market".to_owned(),
        );
    }
    if repeats > 0 {
        notes.push(format!("{repeats} prices of replicates after the first are left out"));
    }
    Ok(PriceReport {
        judge: judge.to_owned(),
        holdout: postings.len(),
        no_verdicts,
        not_judged: postings.len().saturating_sub(reached),
        rows,
        notes,
    })
}
