//! The coefficients by name, and which of them fit a level.

use crate::rubric::Level;

use super::alpha::Alpha;
use super::chance::{Chance, ChanceCorrected};
use super::coefficient::Undefined;
use super::icc::{Icc, Intraclass};
use super::influence::Functional;
use super::joint::{Of, OfJoint};
use super::mean_kappa::MeanKappa;
use super::moments::{Moments, OfMoments};
use super::rank::{OfRanks, Ranks};
use super::table::{RatingTable, ratings};
use super::weighting::{Basis, Weighting};

/// A coefficient that can be computed from a rating table. Definitions and sources: docs/statistics.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// Share of agreeing pairs of ratings.
    PercentAgreement,
    /// Cohen's kappa of two raters (1960, 1968).
    CohenKappa(Weighting, Basis),
    /// Scott's pi of two raters (1955).
    ScottPi(Weighting),
    /// Bennett's S of two raters (1954).
    BennettS,
    /// Brennan and Prediger's kappa (1981).
    BrennanPrediger(Weighting),
    /// Gwet's AC1 (2008), and with weights AC2 (2014).
    GwetAc(Weighting),
    /// Fleiss' kappa (1971) in Gwet's form for missing ratings.
    FleissKappa(Weighting),
    /// Conger's kappa (1980).
    CongerKappa(Weighting),
    /// Light's kappa (1971).
    LightKappa(Weighting),
    /// Krippendorff's alpha at the scale's level.
    KrippendorffAlpha,
    /// Krippendorff's alpha by the scale's declared distances.
    KrippendorffAlphaCustom,
    /// Matthews' correlation.
    MatthewsCorrelation,
    /// Mean recall of the second rater against the first.
    BalancedAccuracy,
    /// Prevalence-adjusted bias-adjusted kappa (Byrt, Bishop and Carlin 1993).
    Pabak,
    /// The largest kappa that the margins allow.
    KappaMax,
    /// Difference of the agreeing cells, of two categories.
    PrevalenceIndex,
    /// Difference of the disagreeing cells, of two categories.
    BiasIndex,
    /// Spearman's rho.
    Spearman,
    /// Kendall's tau-b.
    KendallTauB,
    /// Kendall's W.
    KendallW,
    /// Pearson's correlation.
    Pearson,
    /// Lin's concordance with moments over n.
    LinCcc,
    /// Lin's concordance with moments over n - 1.
    LinCccUnbiased,
    /// An intraclass correlation.
    Icc(Icc),
}

/// Weightings above nominal level.
const WEIGHTED: [Weighting; 3] = [Weighting::Linear, Weighting::Quadratic, Weighting::Ordinal];

impl Statistic {
    /// The few that are read first, over all raters at once.
    #[must_use]
    pub fn over_all(level: Level) -> Vec<Self> {
        let fleiss = (level == Level::Nominal).then_some(Self::FleissKappa(Weighting::Unweighted));
        [Self::PercentAgreement].into_iter().chain(fleiss).chain([Self::KrippendorffAlpha]).collect()
    }

    /// The few that are read first, for two raters.
    #[must_use]
    pub fn of_pair(level: Level) -> Vec<Self> {
        let cohen = |weighting| Self::CohenKappa(weighting, Basis::Position);
        let mut statistics = vec![Self::PercentAgreement, cohen(Weighting::Unweighted)];
        if level != Level::Nominal {
            statistics.extend([cohen(Weighting::Linear), cohen(Weighting::Quadratic)]);
        }
        statistics.push(Self::KrippendorffAlpha);
        statistics
    }

    /// A table's worth over all raters at once: the first few, and what each level adds.
    #[must_use]
    pub fn usual_over_all(level: Level) -> Vec<Self> {
        let mut statistics = Self::over_all(level);
        match level {
            Level::Nominal => statistics.insert(2, Self::GwetAc(Weighting::Unweighted)),
            Level::Ordinal => statistics.extend([Self::GwetAc(Weighting::Ordinal), Self::KendallW]),
            Level::Interval | Level::Ratio => statistics.extend([Icc::ALL[2], Icc::ALL[3]].map(Self::Icc)),
        }
        statistics
    }

    /// A table's worth for two raters: the first few with the indices that kappa must be read with, and what each level adds.
    #[must_use]
    pub fn usual_of_pair(level: Level, categories: usize) -> Vec<Self> {
        let mut statistics = Self::of_pair(level);
        match level {
            Level::Nominal => {
                statistics.extend([Self::GwetAc(Weighting::Unweighted), Self::MatthewsCorrelation]);
            }
            Level::Ordinal => statistics.extend([Self::GwetAc(Weighting::Ordinal), Self::KendallTauB, Self::Spearman]),
            Level::Interval | Level::Ratio => {
                statistics.extend([Self::Pearson, Self::LinCcc, Self::Icc(Icc::ALL[2])]);
            }
        }
        statistics.extend(Self::indices(categories));
        statistics
    }

    /// What kappa must be read with.
    fn indices(categories: usize) -> Vec<Self> {
        let binary = (categories == 2).then_some([Self::PrevalenceIndex, Self::BiasIndex]);
        [Self::Pabak, Self::KappaMax].into_iter().chain(binary.into_iter().flatten()).collect()
    }

    /// Everything that fits the level, over all raters at once.
    #[must_use]
    pub fn every_over_all(level: Level) -> Vec<Self> {
        let families = [Self::BrennanPrediger, Self::GwetAc, Self::FleissKappa, Self::CongerKappa, Self::LightKappa];
        let mut statistics = vec![Self::PercentAgreement];
        statistics.extend(families.iter().flat_map(|family| weightings(level).map(family)));
        statistics.push(Self::KrippendorffAlpha);
        statistics.extend((level != Level::Nominal).then_some(Self::KendallW));
        statistics.extend(is_numeric(level).then_some(Icc::ALL.map(Self::Icc)).into_iter().flatten());
        statistics
    }

    /// Everything that fits the level, for two raters.
    #[must_use]
    pub fn every_of_pair(level: Level, categories: usize) -> Vec<Self> {
        let mut statistics = vec![Self::PercentAgreement];
        statistics.extend(weightings(level).map(|weighting| Self::CohenKappa(weighting, Basis::Position)));
        let by_value = [Weighting::Linear, Weighting::Quadratic].map(|one| Self::CohenKappa(one, Basis::Value));
        statistics.extend(is_numeric(level).then_some(by_value).into_iter().flatten());
        statistics.extend(Self::indices(categories));
        statistics.push(Self::BennettS);
        let families = [Self::ScottPi, Self::BrennanPrediger, Self::GwetAc];
        statistics.extend(families.iter().flat_map(|family| weightings(level).map(family)));
        statistics.extend([Self::KrippendorffAlpha, Self::MatthewsCorrelation, Self::BalancedAccuracy]);
        if level != Level::Nominal {
            statistics.extend([Self::KendallTauB, Self::Spearman, Self::KendallW]);
        }
        if is_numeric(level) {
            statistics.extend([Self::Pearson, Self::LinCcc, Self::LinCccUnbiased]);
            statistics.extend(Icc::ALL.map(Self::Icc));
        }
        statistics
    }

    /// Everything by declared distances, over all raters at once.
    #[must_use]
    pub fn custom_over_all() -> Vec<Self> {
        let families = [Self::BrennanPrediger, Self::GwetAc, Self::FleissKappa, Self::CongerKappa, Self::LightKappa];
        [Self::KrippendorffAlphaCustom].into_iter().chain(families.map(|family| family(Weighting::Custom))).collect()
    }

    /// Everything by declared distances, for two raters.
    #[must_use]
    pub fn custom_of_pair() -> Vec<Self> {
        let families = [Self::ScottPi, Self::BrennanPrediger, Self::GwetAc].map(|family| family(Weighting::Custom));
        let first = [Self::CohenKappa(Weighting::Custom, Basis::Position), Self::KrippendorffAlphaCustom];
        first.into_iter().chain(families).collect()
    }

    /// The name in JSON and tables.
    #[must_use]
    pub fn name(self) -> String {
        let weighted = |base: &str, weighting: Weighting| format!("{base}{}", weighting.suffix());
        let plain = match self {
            Self::CohenKappa(weighting, Basis::Position) => return weighted("cohen_kappa", weighting),
            Self::CohenKappa(weighting, Basis::Value) => return weighted("cohen_kappa", weighting) + "_by_value",
            Self::ScottPi(weighting) => return weighted("scott_pi", weighting),
            Self::BrennanPrediger(weighting) => return weighted("brennan_prediger", weighting),
            Self::GwetAc(Weighting::Unweighted) => "gwet_ac1",
            Self::GwetAc(weighting) => return weighted("gwet_ac2", weighting),
            Self::FleissKappa(weighting) => return weighted("fleiss_kappa", weighting),
            Self::CongerKappa(weighting) => return weighted("conger_kappa", weighting),
            Self::LightKappa(weighting) => return weighted("light_kappa", weighting),
            Self::PercentAgreement => "percent_agreement",
            Self::BennettS => "bennett_s",
            Self::KrippendorffAlpha => "krippendorff_alpha",
            Self::KrippendorffAlphaCustom => "krippendorff_alpha_custom",
            Self::MatthewsCorrelation => "matthews_correlation",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::Pabak => "pabak",
            Self::KappaMax => "kappa_max",
            Self::PrevalenceIndex => "prevalence_index",
            Self::BiasIndex => "bias_index",
            Self::Spearman => "spearman",
            Self::KendallTauB => "kendall_tau_b",
            Self::KendallW => "kendall_w",
            Self::Pearson => "pearson",
            Self::LinCcc => "lin_ccc",
            Self::LinCccUnbiased => "lin_ccc_n_minus_1",
            Self::Icc(form) => form.name(),
        };
        plain.to_owned()
    }

    /// Whether a pattern of `table` counts among the items that the coefficient rests on.
    pub(super) fn takes_part(self, table: &RatingTable, pattern: usize) -> bool {
        match self {
            Self::BrennanPrediger(_) | Self::GwetAc(_) | Self::FleissKappa(_) | Self::CongerKappa(_) => true,
            Self::KendallW | Self::Icc(_) => table.is_complete(pattern),
            _ => ratings(&table.tallies()[pattern]) >= 2,
        }
    }

    /// Items the coefficient rests on.
    pub(super) fn items(self, table: &RatingTable) -> usize {
        let counts = table.counts();
        let taking_part = (0..counts.len()).filter(|at| self.takes_part(table, *at));
        usize::try_from(taking_part.map(|at| counts[at]).sum::<u64>()).unwrap_or(usize::MAX)
    }

    /// The coefficient as a function of pattern weights.
    ///
    /// # Errors
    /// When it needs numeric values or distances that there are not, or there are too many raters.
    pub(super) fn functional<'t>(self, table: &'t RatingTable) -> Result<Box<dyn Functional + 't>, Undefined> {
        if self.name().ends_with(Weighting::Custom.suffix()) && table.scale.distances.is_none() {
            return Err(Undefined::NoDistances);
        }
        let numbers = || table.scale.values.as_deref().ok_or(Undefined::NotNumeric);
        let chance = |chance, weighting, basis| Box::new(ChanceCorrected::new(table, chance, weighting, basis));
        Ok(match self {
            Self::PercentAgreement => chance(Chance::None, Weighting::Unweighted, Basis::Position),
            Self::CohenKappa(weighting, basis) => chance(Chance::ByRater, weighting, basis),
            Self::CongerKappa(weighting) => chance(Chance::ByRater, weighting, Basis::Value),
            Self::ScottPi(weighting) | Self::FleissKappa(weighting) => chance(Chance::Pooled, weighting, Basis::Value),
            Self::BennettS | Self::Pabak => chance(Chance::Uniform, Weighting::Unweighted, Basis::Position),
            Self::BrennanPrediger(weighting) => chance(Chance::Uniform, weighting, Basis::Value),
            Self::GwetAc(weighting) => chance(Chance::Gwet, weighting, Basis::Value),
            Self::LightKappa(weighting) => Box::new(MeanKappa::new(table, weighting)?),
            Self::KrippendorffAlpha => Box::new(Alpha { table, declared: None }),
            Self::KrippendorffAlphaCustom => Box::new(Alpha { table, declared: table.scale.distances.as_deref() }),
            Self::MatthewsCorrelation => Box::new(OfJoint(table, Of::Matthews)),
            Self::BalancedAccuracy => Box::new(OfJoint(table, Of::BalancedAccuracy)),
            Self::KappaMax => Box::new(OfJoint(table, Of::KappaMax)),
            Self::PrevalenceIndex => Box::new(OfJoint(table, Of::PrevalenceIndex)),
            Self::BiasIndex => Box::new(OfJoint(table, Of::BiasIndex)),
            Self::Spearman => Box::new(Ranks(table, OfRanks::Spearman)),
            Self::KendallTauB => Box::new(Ranks(table, OfRanks::TauB)),
            Self::KendallW => Box::new(Ranks(table, OfRanks::W)),
            Self::Pearson => Box::new(Moments(table, numbers()?, OfMoments::Pearson)),
            Self::LinCcc => Box::new(Moments(table, numbers()?, OfMoments::Concordance)),
            Self::LinCccUnbiased => Box::new(Moments(table, numbers()?, OfMoments::ConcordanceUnbiased)),
            Self::Icc(form) => Box::new(Intraclass { table, values: numbers()?, form }),
        })
    }

    /// The value where pattern `i` of the table has weight `weights[i]`.
    ///
    /// # Errors
    /// When there is none, with the reason.
    pub fn value(self, table: &RatingTable, weights: &[f64]) -> Result<f64, Undefined> {
        self.functional(table)?.value(weights)
    }
}

fn is_numeric(level: Level) -> bool {
    matches!(level, Level::Interval | Level::Ratio)
}

fn weightings(level: Level) -> impl Iterator<Item = Weighting> {
    let weighted = if level == Level::Nominal { &[][..] } else { &WEIGHTED[..] };
    std::iter::once(Weighting::Unweighted).chain(weighted.iter().copied())
}
