//! The maps from stated to calibrated confidence side by side: fitted on some items, measured on others.

use serde::{Deserialize, Serialize};

use super::super::coefficient::Undefined;
use super::isotonic::Isotonic;
use super::scaling::{Platt, Temperature};

/// One item of known label.
#[derive(Debug, Clone, PartialEq)]
pub struct Stated {
    /// Probability of every label.
    pub probabilities: Vec<f64>,
    /// The label that the judge gave.
    pub given: usize,
    /// The true label.
    pub truth: usize,
}

/// A kind of map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapKind {
    /// Confidence as stated.
    Stated,
    /// Temperature scaling of the logarithms of all probabilities (Guo and others 2017).
    Temperature,
    /// Platt's sigmoid (1999) on the logit of the confidence.
    Platt,
    /// Isotonic regression on the confidence (Zadrozny and Elkan 2002).
    Isotonic,
}

/// A fitted map.
#[derive(Debug, Clone, PartialEq)]
pub enum Map {
    /// Confidence as stated.
    Stated,
    /// One temperature.
    Temperature(Temperature),
    /// A sigmoid.
    Platt(Platt),
    /// A rising function.
    Isotonic(Isotonic),
}

/// Probabilities of 0 and 1 have no logarithm or logit: they are moved this far from the ends.
pub const NEAREST: f64 = 0.001;

impl Stated {
    /// The probability of the label that was given.
    #[must_use]
    pub fn confidence(&self) -> f64 {
        self.probabilities[self.given]
    }

    /// Whether the label that was given is the true one.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.given == self.truth
    }

    fn logit(&self) -> f64 {
        let p = self.confidence().clamp(NEAREST, 1.0 - NEAREST);
        (p / (1.0 - p)).ln()
    }

    fn logarithms(&self) -> Vec<f64> {
        self.probabilities.iter().map(|p| p.max(NEAREST).ln()).collect()
    }
}

impl MapKind {
    /// All kinds, the stated confidence first.
    pub const ALL: [Self; 4] = [Self::Stated, Self::Temperature, Self::Platt, Self::Isotonic];

    /// The name in files and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Temperature => "temperature",
            Self::Platt => "platt",
            Self::Isotonic => "isotonic",
        }
    }

    /// Fits the map on items of known label.
    ///
    /// # Errors
    /// As the fits of [`Temperature`], [`Platt`] and [`Isotonic`].
    pub fn fit(self, items: &[&Stated]) -> Result<Map, Undefined> {
        let right: Vec<bool> = items.iter().map(|item| item.is_right()).collect();
        Ok(match self {
            Self::Stated => Map::Stated,
            Self::Temperature => {
                let logits: Vec<Vec<f64>> = items.iter().map(|item| item.logarithms()).collect();
                let labels: Vec<usize> = items.iter().map(|item| item.truth).collect();
                Map::Temperature(Temperature::fit(&logits, &labels)?)
            }
            Self::Platt => {
                let scores: Vec<f64> = items.iter().map(|item| item.logit()).collect();
                Map::Platt(Platt::fit(&scores, &right)?)
            }
            Self::Isotonic => {
                let scores: Vec<f64> = items.iter().map(|item| item.confidence()).collect();
                let hits: Vec<f64> = right.iter().map(|hit| f64::from(*hit)).collect();
                Map::Isotonic(Isotonic::fit(&scores, &hits)?)
            }
        })
    }
}

impl Map {
    /// The calibrated probability of the label that was given.
    #[must_use]
    pub fn apply(&self, item: &Stated) -> f64 {
        match self {
            Self::Stated => item.confidence(),
            Self::Temperature(of) => of.apply(&item.logarithms())[item.given],
            Self::Platt(of) => of.apply(item.logit()),
            Self::Isotonic(of) => of.apply(item.confidence()).clamp(0.0, 1.0),
        }
    }

    /// The parameters by name: none for stated confidence, and for isotonic regression its knots instead.
    #[must_use]
    pub fn parameters(&self) -> Vec<(&'static str, f64)> {
        match self {
            Self::Stated | Self::Isotonic(_) => Vec::new(),
            Self::Temperature(of) => vec![("temperature", of.0)],
            Self::Platt(of) => vec![("slope", of.slope), ("intercept", of.intercept)],
        }
    }

    /// Scores and values of isotonic regression; none of other maps.
    #[must_use]
    pub fn knots(&self) -> &[(f64, f64)] {
        if let Self::Isotonic(of) = self { &of.knots } else { &[] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(confidence: f64, right: bool) -> Stated {
        Stated { probabilities: vec![confidence, 1.0 - confidence], given: 0, truth: usize::from(!right) }
    }

    // 100 items stated with 0.9 of which 70 are right, and 100 with 0.6 of which 55 are: by hand, the isotonic values are the shares.
    #[test]
    fn maps_take_overconfidence_away() {
        let group = |p: f64, hits: usize| (0..100).map(move |at| item(p, at < hits));
        let items: Vec<Stated> = group(0.9, 70).chain(group(0.6, 55)).collect();
        let all: Vec<&Stated> = items.iter().collect();
        let value = |kind: MapKind, p: f64| kind.fit(&all).unwrap().apply(&item(p, true));
        assert!(
            (value(MapKind::Isotonic, 0.9) - 0.7).abs() < 1e-12 && (value(MapKind::Isotonic, 0.6) - 0.55).abs() < 1e-12
        );
        // Two groups and two parameters: Platt's sigmoid meets his targets, (hits 101 / 102 + misses 1 / 77) / n a little inwards.
        assert!((value(MapKind::Platt, 0.9) - 0.7).abs() < 0.01 && (value(MapKind::Platt, 0.6) - 0.55).abs() < 0.01);
        let temperature = value(MapKind::Temperature, 0.9);
        assert!(temperature < 0.75 && temperature > 0.65, "{temperature}");
        assert!((value(MapKind::Stated, 0.9) - 0.9).abs() < 1e-12);
        let certain = [item(1.0, true), item(1.0, false)];
        let certain: Vec<&Stated> = certain.iter().collect();
        assert_eq!(MapKind::Platt.fit(&certain).unwrap_err(), Undefined::NoVariation);
    }
}
