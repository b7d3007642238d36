//! Many comparisons at once.

use serde::{Deserialize, Serialize};

/// How p-values of one family are adjusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// The chance of any false finding (Holm 1979).
    #[default]
    Holm,
    /// The share of false findings, for independent or positively dependent tests (Benjamini and Hochberg 1995).
    BenjaminiHochberg,
    /// The same under any dependence (Benjamini and Yekutieli 2001).
    BenjaminiYekutieli,
}

impl Adjustment {
    /// Adjusted p-values in the order of `p`, each at least as large as its own and at most 1.
    #[must_use]
    pub fn adjust(self, p: &[f64]) -> Vec<f64> {
        let m = p.len() as f64;
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
        let mut adjusted = vec![0.0; p.len()];
        if self == Self::Holm {
            let mut least = 0.0_f64;
            for (rank, at) in order.iter().enumerate() {
                least = least.max((m - rank as f64) * p[*at]).min(1.0);
                adjusted[*at] = least;
            }
            return adjusted;
        }
        let dependence = match self {
            Self::BenjaminiYekutieli => (1..=p.len()).map(|rank| 1.0 / rank as f64).sum(),
            _ => 1.0,
        };
        let mut most = 1.0_f64;
        for (rank, at) in order.iter().enumerate().rev() {
            most = most.min(dependence * m * p[*at] / (rank as f64 + 1.0));
            adjusted[*at] = most;
        }
        adjusted
    }

    /// The words in methods.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Holm => "Holm",
            Self::BenjaminiHochberg => "Benjamini-Hochberg",
            Self::BenjaminiYekutieli => "Benjamini-Yekutieli",
        }
    }
}
