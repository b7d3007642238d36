//! Which coefficients `assize agree` computes, and how it makes their intervals.

use clap::ValueEnum;

use crate::agreement::{Formula, Gate, Resampling, Selection};
use crate::stats::{IntervalKind, Unit};

use super::printer::Format;

/// Arguments about coefficients.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Coefficients and intervals")]
pub struct CoefficientArgs {
    /// Print all coefficients that fit the level, not only the usual ones; JSON and CSV always hold all.
    #[arg(long, conflicts_with = "coefficients")]
    all: bool,
    /// Only these coefficients, by the names in docs/statistics.md.
    #[arg(long, value_delimiter = ',', value_name = "A,B,...")]
    coefficients: Option<Vec<String>>,
    /// Intervals by bootstrap instead of formula.
    #[arg(long, value_name = "KIND")]
    bootstrap: Option<Kind>,
    /// Replicates of the bootstrap, 2000 where not given; asks for a bootstrap by itself.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    replicates: Option<u32>,
    /// Seed of the bootstrap.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What is independent of each other; clusters where the ratings name them.
    #[arg(long)]
    by: Option<UnitName>,
    /// Which standard error, where the published formula and the influence of items differ.
    #[arg(long, value_enum, default_value = "classical")]
    se: Error,
    /// Confidence of the intervals.
    #[arg(long, default_value = "0.95", value_name = "SHARE", value_parser = confidence)]
    confidence: f64,
}

/// How an interval is read from replicates.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// Percentiles of the replicates.
    Percentile,
    /// Percentiles mirrored at the value.
    Basic,
    /// Percentiles corrected for bias and acceleration.
    Bca,
}

/// What is independent of each other.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum UnitName {
    /// Single items.
    Item,
    /// Clusters of items.
    Cluster,
}

/// Where a standard error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Error {
    /// The formula that published packages use.
    Classical,
    /// The influences of items (infinitesimal jackknife).
    Influence,
    /// The values without one item, or cluster, at a time.
    Jackknife,
}

/// A confidence as typed.
pub(super) fn confidence(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.5..1.0).contains(&share) => Ok(share),
        _ => Err("a share from 0.5 to below 1, such as 0.95".to_owned()),
    }
}

impl CoefficientArgs {
    /// Which coefficients are computed for this way of printing.
    pub fn selection(&self, format: Format) -> Selection {
        match (&self.coefficients, format) {
            (Some(names), _) => Selection::Named(names.clone()),
            (None, Format::Table) if !self.all => Selection::Usual,
            (None, _) => Selection::Every,
        }
    }

    /// How intervals are made.
    pub fn resampling(&self) -> Resampling {
        Resampling {
            bootstrap: self.bootstrap.map(|kind| match kind {
                Kind::Percentile => IntervalKind::Percentile,
                Kind::Basic => IntervalKind::Basic,
                Kind::Bca => IntervalKind::Bca,
            }),
            replicates: self.replicates,
            seed: self.seed,
            by: self.by.map(|unit| match unit {
                UnitName::Item => Unit::Item,
                UnitName::Cluster => Unit::Cluster,
            }),
            formula: match self.se {
                Error::Classical => Formula::Classical,
                Error::Influence => Formula::Influence,
                Error::Jackknife => Formula::Jackknife,
            },
            confidence: self.confidence,
        }
    }
}

/// Names of the coefficients that gates are set on.
pub fn gated(gates: &[Gate]) -> Vec<String> {
    gates.iter().map(|gate| gate.coefficient.clone()).collect()
}
