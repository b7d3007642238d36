//! GLAD (Whitehill and others 2009): raters have skill and items are easy or hard.

use super::data::{Annotations, Consensus, Fit};
use super::restarts::best_of;

/// Expectation and maximisation: a rater of skill a is right on an item of ease b with probability 1 / (1 + exp(-a b)), errors are
/// even, and a and ln b have normal priors of mean 1 and variance 1, as in the paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Glad {
    /// Starts: the first from the priors' means, the others around them; the best is kept.
    pub restarts: u32,
    /// Seed of the other starts.
    pub seed: u64,
    /// Largest change of a posterior that counts as rest.
    pub tolerance: f64,
    /// Most rounds of one start.
    pub most_iterations: usize,
}

impl Default for Glad {
    fn default() -> Self {
        Self { restarts: 3, seed: 1, tolerance: 1e-6, most_iterations: 1000 }
    }
}

/// Steps of Fisher's scoring in one maximisation.
const STEPS: usize = 5;
/// Largest step.
const STEP: f64 = 1.0;

impl Glad {
    /// Fits the model. Known labels of items are held.
    #[must_use]
    pub fn fit(self, data: &Annotations) -> Consensus {
        best_of(self.restarts, self.seed, |start, uniform| self.from(data, start, uniform))
    }

    fn from(self, data: &Annotations, start: u32, uniform: &mut dyn FnMut() -> f64) -> Consensus {
        let k = data.categories();
        let mut around = || if start == 0 { 1.0 } else { 0.5 + uniform() };
        let mut skills: Vec<f64> = (0..data.raters()).map(|_| around()).collect();
        let mut ease = vec![1.0_f64; data.items()];
        let mut posteriors = vec![0.0; data.items() * k];
        let mut fit = Fit { log_likelihood: 0.0, iterations: 0, converged: false };
        while fit.iterations < self.most_iterations && !fit.converged {
            let (mut likelihood, mut moved) = (0.0, 0.0_f64);
            for (item, old) in posteriors.chunks_mut(k.max(1)).enumerate() {
                let mut row = vec![-(k as f64).ln(); k];
                for (rater, label) in data.of_item(item) {
                    let pull = skills[*rater as usize] * ease[item].exp();
                    let wrong = -softplus(pull) - (k as f64 - 1.0).max(1.0).ln();
                    for (class, cell) in row.iter_mut().enumerate() {
                        *cell += if class == usize::from(*label) { -softplus(-pull) } else { wrong };
                    }
                }
                likelihood += data.normalise(item, &mut row);
                moved = old.iter().zip(&row).fold(moved, |most, (old, new)| most.max((old - new).abs()));
                old.copy_from_slice(&row);
            }
            let prior = |value: &f64| -(value - 1.0).powi(2) / 2.0;
            fit.log_likelihood = likelihood + skills.iter().chain(&ease).map(prior).sum::<f64>();
            fit.iterations += 1;
            fit.converged = moved <= self.tolerance;
            for _ in 0..STEPS {
                maximise(data, &posteriors, &mut skills, &mut ease);
            }
        }
        data.consensus(&posteriors, Some(&skills), fit)
    }
}

/// One step for all skills, then one for the ease of all items.
fn maximise(data: &Annotations, posteriors: &[f64], skills: &mut [f64], ease: &mut [f64]) {
    let k = data.categories();
    let right = |item: usize, label: u16| posteriors[item * k + usize::from(label)];
    let mut slopes: Vec<(f64, f64)> = skills.iter().map(|skill| (1.0 - skill, 1.0)).collect();
    for (item, ease) in ease.iter().enumerate() {
        let times = ease.exp();
        for (rater, label) in data.of_item(item) {
            let chance = logistic(skills[*rater as usize] * times);
            let slope = &mut slopes[*rater as usize];
            slope.0 += (right(item, *label) - chance) * times;
            slope.1 += chance * (1.0 - chance) * times * times;
        }
    }
    for (skill, (slope, curve)) in skills.iter_mut().zip(slopes) {
        *skill += (slope / curve).clamp(-STEP, STEP);
    }
    for (item, ease) in ease.iter_mut().enumerate() {
        let (mut slope, mut curve) = (1.0 - *ease, 1.0);
        for (rater, label) in data.of_item(item) {
            let pull = skills[*rater as usize] * ease.exp();
            let chance = logistic(pull);
            slope += (right(item, *label) - chance) * pull;
            curve += chance * (1.0 - chance) * pull * pull;
        }
        *ease += (slope / curve).clamp(-STEP, STEP);
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// ln(1 + exp(x)) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
