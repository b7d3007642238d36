//! The estimators by name.

use serde::{Deserialize, Serialize};

use crate::stats::estimate::{
    Corrected, Form, LabelSample, Numbers, cross_predictions, design_based, gold_only, invert, overall_tuning, predict,
    rogan_gladen, stratified, tuned,
};
use crate::stats::{Influence, Undefined};

/// Folds of cross-prediction.
const FOLDS: usize = 5;

/// How a share or mean is corrected (docs/statistics.md has the assumptions of each).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// PPI++: the judge counts as much as it helps.
    PpiPlusPlus,
    /// PPI: the judge counts in full.
    Ppi,
    /// PPI++ within strata.
    StratifiedPpi,
    /// Cross-prediction with the judge's labels turned into probabilities.
    CrossPpi,
    /// The design-based difference estimator.
    DesignBased,
    /// Sensitivity and specificity, delta interval.
    RoganGladen,
    /// Sensitivity and specificity, the interval of Lang and Reiczigel.
    LangReiczigel,
    /// The whole confusion turned round.
    Inversion,
    /// Gold without the judge.
    GoldOnly,
}

/// What a method gave for all labels.
#[derive(Debug, Clone, PartialEq)]
pub struct CorrectedShares {
    /// One per label.
    pub labels: Vec<Result<Corrected, Undefined>>,
    /// How much the judge counts, 0 to 1, where one factor holds for all.
    pub lambda: Option<f64>,
    /// Condition number of the confusion, where it was turned round.
    pub condition: Option<f64>,
    /// Whether the solution lay outside 0 to 1.
    pub constrained: bool,
}

impl Method {
    /// The name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PpiPlusPlus => "ppi_plus_plus",
            Self::Ppi => "ppi",
            Self::StratifiedPpi => "stratified_ppi",
            Self::CrossPpi => "cross_ppi",
            Self::DesignBased => "design_based",
            Self::RoganGladen => "rogan_gladen",
            Self::LangReiczigel => "lang_reiczigel",
            Self::Inversion => "inversion",
            Self::GoldOnly => "gold_only",
        }
    }

    /// Whether it takes the judge's error rates to be the same in all groups, and learns them from the gold of all.
    #[must_use]
    pub fn transports(self) -> bool {
        matches!(self, Self::RoganGladen | Self::LangReiczigel | Self::Inversion)
    }

    /// Corrected shares of all labels over `sample`, with the judge's errors over `all`.
    #[must_use]
    pub fn shares(self, sample: &LabelSample, all: &LabelSample, strata: Option<&[u32]>) -> CorrectedShares {
        let numbers: Vec<Numbers<'_>> = (0..sample.labels).map(|label| sample.indicator(label)).collect();
        let mut outcome = CorrectedShares { labels: Vec::new(), lambda: None, condition: None, constrained: false };
        let each = |estimate: &dyn Fn(&Numbers<'_>) -> Result<Corrected, Undefined>| {
            numbers.iter().map(estimate).collect::<Vec<_>>()
        };
        let of_label = |estimate: &dyn Fn(usize) -> Result<Corrected, Undefined>| {
            (0..sample.labels).map(estimate).collect::<Vec<_>>()
        };
        outcome.labels = match self {
            Self::GoldOnly => each(&|numbers| gold_only(numbers, Form::Share)),
            Self::Ppi => each(&|numbers| predict(numbers, Form::Share)),
            Self::DesignBased => each(&|numbers| design_based(numbers, Form::Share)),
            Self::PpiPlusPlus => {
                let lambda = overall_tuning(&numbers);
                outcome.lambda = lambda.ok();
                each(&|numbers| tuned(numbers, lambda?, Form::Share))
            }
            Self::StratifiedPpi => match strata {
                None => each(&|_| Err(Undefined::TooFewItems)),
                Some(strata) => {
                    let lambda = |name: u32| {
                        let kept: Vec<bool> = strata.iter().map(|at| *at == name).collect();
                        let part = sample.part(&kept);
                        overall_tuning(&(0..part.labels).map(|label| part.indicator(label)).collect::<Vec<_>>())
                    };
                    each(&|numbers| stratified(numbers, strata, lambda, Form::Share))
                }
            },
            Self::CrossPpi => of_label(&|label| {
                let judged = cross_predictions(sample, label, FOLDS);
                predict(&Numbers { judged, ..numbers[label].clone() }, Form::Share)
            }),
            Self::RoganGladen | Self::LangReiczigel => {
                of_label(&|label| rogan_gladen(sample, all, label, self == Self::LangReiczigel).map(|(share, _)| share))
            }
            Self::Inversion => match invert(sample, all) {
                Ok(inversion) => {
                    outcome.condition = Some(inversion.condition);
                    outcome.constrained = inversion.constrained;
                    inversion.shares.into_iter().map(Ok).collect()
                }
                Err(why) => of_label(&|_| Err(why)),
            },
        };
        outcome
    }

    /// The corrected mean of the labels' values; that of the corrected shares where a method corrects shares.
    pub(super) fn mean(
        self,
        sample: &LabelSample,
        all: &LabelSample,
        strata: Option<&[u32]>,
        values: &[f64],
    ) -> Result<Corrected, Undefined> {
        let numbers = sample.numbers(|label| values[label]);
        match self {
            Self::PpiPlusPlus => tuned(&numbers, overall_tuning(std::slice::from_ref(&numbers))?, Form::Wald),
            Self::Ppi => predict(&numbers, Form::Wald),
            Self::DesignBased => design_based(&numbers, Form::Wald),
            Self::GoldOnly => gold_only(&numbers, Form::Wald),
            // One label against the rest has no mean.
            Self::RoganGladen | Self::LangReiczigel => Err(Undefined::NotNumeric),
            Self::StratifiedPpi | Self::CrossPpi | Self::Inversion => {
                let shares = self.shares(sample, all, strata).labels.into_iter().collect::<Result<Vec<_>, _>>()?;
                let parts: Vec<(f64, &Influence)> =
                    values.iter().copied().zip(shares.iter().map(|share| &share.influence)).collect();
                let influence = Influence::weighted_sum(&parts);
                Corrected::new(influence, all.gold_items(), sample.clusters.as_deref(), Form::Wald)
            }
        }
    }
}
