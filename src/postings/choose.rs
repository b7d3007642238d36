//! Which postings the judge is shown, and which it is checked on.

use std::path::Path;

use super::model::{Posting, PostingsError, PostingsSpec, TIERS};
use super::read::{Postings, read};

/// The postings chosen for an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// What the judge is shown, in a shuffled order: as many of each tier.
    pub examples: Vec<Posting>,
    /// What it is checked on: none of those, by tier.
    pub holdout: Vec<Posting>,
    /// What was read and chosen, in words.
    pub summary: String,
}

/// Reads the file of `spec` in `folder` and chooses. The choice depends on ids and seed, never on the order of the file.
///
/// # Errors
/// As [`read`], and when a tier has fewer postings than the judge is to be shown.
pub fn choose(spec: &PostingsSpec, folder: &Path) -> Result<Chosen, PostingsError> {
    let postings = read(folder, &spec.file)?;
    let summary = postings.summary();
    let Postings { tiers, file, .. } = postings;
    let (mut examples, mut holdout) = (Vec::new(), Vec::new());
    for (tier, mut postings) in TIERS.iter().zip(tiers) {
        if postings.len() < spec.per_tier {
            return Err(PostingsError::TooFew { file, tier: tier.name, found: postings.len(), asked: spec.per_tier });
        }
        postings.sort_by_cached_key(|posting| key("choice", spec.seed, &posting.id));
        let mut others = postings.split_off(spec.per_tier);
        others.truncate(spec.holdout_per_tier);
        examples.extend(postings);
        holdout.extend(others);
    }
    examples.sort_by_cached_key(|posting| key("order", spec.seed, &posting.id));
    let summary = format!("{summary}; {} are shown to the judge, {} are held out", examples.len(), holdout.len());
    Ok(Chosen { examples, holdout, summary })
}

/// A place in a random order that anybody can compute: BLAKE3 of what it is for, the seed and the id.
fn key(purpose: &str, seed: u64, id: &str) -> [u8; 32] {
    *blake3::hash(format!("{purpose}\0{seed}\0{id}").as_bytes()).as_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::postings::tier;

    const LONG: &str = "A description that is long enough to be told from a bare heading.";

    fn choose_from(rows: impl Iterator<Item = usize>, seed: u64, per_tier: usize) -> Result<Chosen, PostingsError> {
        let prices = [50, 500, 2_000, 9_000];
        let row = |at: usize| format!("p{at},Posting {at},{LONG},{},fixed\n", prices[at % 4]);
        let text: String =
            std::iter::once("id,title,description,price,type\n".to_owned()).chain(rows.map(row)).collect();
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("p.csv"), text).unwrap();
        choose(&PostingsSpec { file: "p.csv".into(), per_tier, holdout_per_tier: 3, seed }, folder.path())
    }

    #[test]
    fn tiers_are_balanced_apart_from_the_holdout_and_independent_of_the_order_of_the_file() {
        let chosen = choose_from(0..40, 7, 5).unwrap();
        let of_tier = |postings: &[Posting], wanted: usize| {
            postings.iter().filter(|posting| tier(posting.price) == Some(wanted)).count()
        };
        assert!((0..4).all(|tier| of_tier(&chosen.examples, tier) == 5 && of_tier(&chosen.holdout, tier) == 3));
        let ids = |postings: &[Posting]| postings.iter().map(|posting| posting.id.clone()).collect::<BTreeSet<_>>();
        assert!(ids(&chosen.examples).is_disjoint(&ids(&chosen.holdout)));
        assert_eq!(choose_from((0..40).rev(), 7, 5).unwrap(), chosen);
        assert_ne!(choose_from(0..40, 8, 5).unwrap().examples, chosen.examples);
        // Shuffled: prices do not come tier by tier.
        let changes = chosen.examples.windows(2).filter(|pair| tier(pair[0].price) != tier(pair[1].price)).count();
        assert!(changes > 6, "{changes}");
    }

    #[test]
    fn a_tier_without_enough_postings_is_named() {
        let error = choose_from(0..39, 1, 10).unwrap_err().to_string();
        assert!(error.contains("9 postings of $5000-50000 passed the filters, and per_tier asks for 10"), "{error}");
    }
}
