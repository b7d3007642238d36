//! Arguments that declare the scale of ratings, the same for `assize agree` and `assize compare`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::gold::{Distances, GoldError};
use crate::rubric::Level;

/// Rubric, categories and level.
#[derive(Debug, clap::Args)]
pub struct ScaleArgs {
    /// Only this rubric; its labels are the declared categories.
    #[arg(long, value_name = "NAME")]
    rubric: Option<String>,
    /// The categories, in scale order, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B,...")]
    categories: Option<Vec<String>>,
    /// Level of measurement; the rubric's, or nominal.
    #[arg(long)]
    level: Option<LevelName>,
    /// Distances of categories (`first,second,distance`, one row a pair) for coefficients named `..._custom`.
    #[arg(long, value_name = "FILE.csv", conflicts_with = "multi_label")]
    distances: Option<PathBuf>,
}

/// Level of measurement.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelName {
    /// Unordered labels.
    Nominal,
    /// Ordered labels.
    Ordinal,
    /// Numbers with meaningful differences.
    Interval,
    /// Numbers with meaningful ratios.
    Ratio,
}

impl ScaleArgs {
    /// The rubric asked for.
    pub fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    /// The categories declared.
    pub fn categories(&self) -> Option<&[String]> {
        self.categories.as_deref()
    }

    /// The distances declared.
    pub fn distances(&self) -> Result<Option<Distances>, GoldError> {
        self.distances.as_deref().map(Distances::read).transpose()
    }

    /// The level declared.
    pub fn level(&self) -> Option<Level> {
        self.level.map(|level| match level {
            LevelName::Nominal => Level::Nominal,
            LevelName::Ordinal => Level::Ordinal,
            LevelName::Interval => Level::Interval,
            LevelName::Ratio => Level::Ratio,
        })
    }
}
