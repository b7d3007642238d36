//! Estimators as arguments.

use clap::ValueEnum;

use crate::estimate::Method;

/// How to correct (docs/statistics.md).
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum MethodName {
    /// The judge counts as much as it helps; asks only that gold was drawn by chance. The default.
    PpiPlusPlus,
    /// The judge counts in full.
    Ppi,
    /// PPI++ within the strata of --strata.
    StratifiedPpi,
    /// Cross-prediction: the judge's labels turned into probabilities.
    CrossPpi,
    /// The difference estimator with known sampling probabilities (the weight column of gold).
    DesignBased,
    /// Sensitivity and specificity, delta interval; takes error rates to be the same everywhere.
    RoganGladen,
    /// The same with the interval of Lang and Reiczigel.
    LangReiczigel,
    /// The whole confusion turned round, on the simplex.
    Inversion,
    /// Gold without the judge.
    GoldOnly,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::PpiPlusPlus => Self::PpiPlusPlus,
            MethodName::Ppi => Self::Ppi,
            MethodName::StratifiedPpi => Self::StratifiedPpi,
            MethodName::CrossPpi => Self::CrossPpi,
            MethodName::DesignBased => Self::DesignBased,
            MethodName::RoganGladen => Self::RoganGladen,
            MethodName::LangReiczigel => Self::LangReiczigel,
            MethodName::Inversion => Self::Inversion,
            MethodName::GoldOnly => Self::GoldOnly,
        }
    }
}
