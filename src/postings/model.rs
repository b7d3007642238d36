//! Postings, tiers and what an experiment says of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A price band in US dollars: the lower end belongs to it, the upper one only to the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tier {
    /// Name in files.
    pub name: &'static str,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The study's four tiers (report.md 7). That sessions are banded by the same limits is our reading.
pub const TIERS: [Tier; 4] = [
    Tier { name: "10-200", low: 10.0, high: 200.0 },
    Tier { name: "200-1000", low: 200.0, high: 1_000.0 },
    Tier { name: "1000-5000", low: 1_000.0, high: 5_000.0 },
    Tier { name: "5000-50000", low: 5_000.0, high: 50_000.0 },
];

/// Number of the tier that `price` falls in; none below $10 and above $50,000.
#[must_use]
pub fn tier(price: f64) -> Option<usize> {
    let last = TIERS.len() - 1;
    let falls =
        |(at, tier): (usize, &Tier)| price >= tier.low && (price < tier.high || (at == last && price <= tier.high));
    TIERS.iter().enumerate().position(falls)
}

/// One posting that passed the filters.
#[derive(Debug, Clone, PartialEq)]
pub struct Posting {
    /// Identifier in its file.
    pub id: String,
    /// Heading.
    pub title: String,
    /// What is wanted.
    pub description: String,
    /// Skills asked for.
    pub skills: Vec<String>,
    /// Fixed price in US dollars.
    pub price: f64,
}

impl Posting {
    /// What a template sees of it: `title`, `description`, `skills`, `price`, and all of that as one line of JSON in `json`,
    /// made once for all prompts.
    #[must_use]
    pub fn example(&self) -> Value {
        let Self { title, description, skills, price, .. } = self;
        let mut example = json!({"title": title, "description": description, "skills": skills, "price": price});
        example["json"] = Value::String(example.to_string());
        example
    }
}

/// Which postings an experiment uses, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostingsSpec {
    /// The CSV file.
    pub file: PathBuf,
    /// Postings of each tier that the judge is shown.
    #[serde(default = "per_tier")]
    pub per_tier: usize,
    /// Postings of each tier, others than those, that its prices are checked on; fewer where a tier has fewer.
    #[serde(default = "holdout_per_tier")]
    pub holdout_per_tier: usize,
    /// Seed of the choice and the order.
    pub seed: u64,
}

fn per_tier() -> usize {
    50
}

fn holdout_per_tier() -> usize {
    250
}

/// Why postings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PostingsError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// The file is not a CSV file of postings.
    #[error("{file}: {message}")]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
    /// A tier has too few postings.
    #[error(
        "{file}: {found} postings of ${tier} passed the filters, and per_tier asks for {asked}; lower per_tier, or add postings"
    )]
    TooFew {
        /// The file.
        file: PathBuf,
        /// The tier.
        tier: &'static str,
        /// Postings in it.
        found: usize,
        /// Postings asked for.
        asked: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_on_a_limit_belongs_to_the_higher_tier_and_the_last_limit_to_the_last() {
        let prices = [9.99, 10.0, 199.99, 200.0, 1_000.0, 5_000.0, 50_000.0, 50_000.01, f64::NAN];
        assert_eq!(prices.map(tier), [None, Some(0), Some(0), Some(1), Some(2), Some(3), Some(3), None, None]);
    }
}
