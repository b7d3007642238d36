//! The outcome of a test of a hypothesis, and the tails of distributions that tests read.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};

use super::coefficient::Undefined;

/// One test: the row that `--format json` prints in `tests`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Snake-case name (docs/statistics.md).
    pub name: String,
    /// The statistic; null where undefined.
    pub statistic: Option<f64>,
    /// Degrees of freedom, where the statistic has any.
    pub df: Option<f64>,
    /// Two-sided p-value unless the method says otherwise.
    pub p: Option<f64>,
    /// Items it rests on.
    pub n: usize,
    /// How it was computed.
    pub method: String,
    /// Why there is no p-value.
    pub undefined: Option<Undefined>,
}

impl Test {
    /// A test with a p-value.
    pub(super) fn new(name: &str, statistic: f64, df: Option<f64>, p: f64, n: usize, method: &str) -> Self {
        let p = Some(p.clamp(0.0, 1.0));
        let statistic = Some(statistic).filter(|statistic| statistic.is_finite());
        Self { name: name.to_owned(), statistic, df, p, n, method: method.to_owned(), undefined: None }
    }

    /// A test without one.
    pub(super) fn undefined(name: &str, n: usize, method: &str, why: Undefined) -> Self {
        let (statistic, df, p) = (None, None, None);
        Self { name: name.to_owned(), statistic, df, p, n, method: method.to_owned(), undefined: Some(why) }
    }

    /// A test whose statistic follows chi-square with `df` above 0.
    pub(super) fn chi_squared(name: &str, statistic: f64, df: usize, n: usize, method: &str) -> Self {
        match ChiSquared::new(df as f64) {
            Ok(law) => Self::new(name, statistic, Some(df as f64), law.sf(statistic), n, method),
            Err(_) => Self::undefined(name, n, method, Undefined::NoVariation),
        }
    }
}

/// The probability that a t variable with `degrees` of freedom falls below `value`; none without degrees.
pub(super) fn t_below(value: f64, degrees: f64) -> Option<f64> {
    let law = StudentsT::new(0.0, 1.0, degrees).ok()?;
    Some(law.cdf(value))
}

/// Two-sided p of a t variable; none without degrees.
pub(super) fn t_two_sided(value: f64, degrees: f64) -> Option<f64> {
    t_below(-value.abs(), degrees).map(|tail| (2.0 * tail).min(1.0))
}
