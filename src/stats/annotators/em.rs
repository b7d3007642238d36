//! Dawid and Skene's model (1979) and its one-coin form, by expectation and maximisation until it rests.

use super::data::{Annotations, Consensus, Fit};

/// How raters err.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confusions {
    /// One matrix per rater (Dawid and Skene 1979).
    Full,
    /// One accuracy per rater, all errors alike.
    OneCoin,
}

/// Expectation and maximisation, begun from the shares of votes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Em {
    /// How raters err.
    pub confusions: Confusions,
    /// Least probability of any label; 0 is the maximum-likelihood estimate of the paper.
    pub floor: f64,
    /// Largest change of a posterior that counts as rest.
    pub tolerance: f64,
    /// Most rounds.
    pub most_iterations: usize,
}

impl Default for Em {
    fn default() -> Self {
        Self { confusions: Confusions::Full, floor: 0.0, tolerance: 1e-10, most_iterations: 10_000 }
    }
}

impl Em {
    /// Fits the model. Known labels of items are held (gold clamping).
    #[must_use]
    pub fn fit(self, data: &Annotations) -> Consensus {
        let k = data.categories();
        let mut posteriors = data.votes();
        let mut next = vec![0.0; posteriors.len()];
        // By rater and label, the logarithm of its probability by class.
        let mut logs = vec![0.0; data.raters() * k * k];
        let mut skills = vec![0.0; data.raters()];
        let mut fit = Fit { log_likelihood: 0.0, iterations: 0, converged: false };
        while fit.iterations < self.most_iterations && !fit.converged {
            let shares = self.maximise(data, &posteriors, &mut logs, &mut skills);
            fit.log_likelihood = expect(data, &shares, &logs, &mut next);
            let moved = posteriors.iter().zip(&next).fold(0.0_f64, |most, (old, new)| most.max((old - new).abs()));
            std::mem::swap(&mut posteriors, &mut next);
            fit.iterations += 1;
            fit.converged = moved <= self.tolerance;
        }
        data.consensus(&posteriors, (self.confusions == Confusions::OneCoin).then_some(&skills), fit)
    }

    /// Logarithms of shares of classes; fills the logarithms of confusions.
    fn maximise(self, data: &Annotations, posteriors: &[f64], logs: &mut [f64], skills: &mut [f64]) -> Vec<f64> {
        let k = data.categories();
        logs.fill(0.0);
        let mut shares = vec![0.0; k];
        for (item, row) in posteriors.chunks(k.max(1)).enumerate() {
            for (share, cell) in shares.iter_mut().zip(row) {
                *share += cell;
            }
            for (rater, label) in data.of_item(item) {
                let at = (*rater as usize * k + usize::from(*label)) * k;
                for (count, cell) in logs[at..at + k].iter_mut().zip(row) {
                    *count += cell;
                }
            }
        }
        for (rater, counts) in logs.chunks_mut((k * k).max(1)).enumerate() {
            if self.confusions == Confusions::OneCoin {
                let all: f64 = counts.iter().sum();
                let right: f64 = (0..k).map(|class| counts[class * k + class]).sum();
                // A rater without ratings has no part in any likelihood.
                skills[rater] = if all > 0.0 { right / all } else { 1.0 / k as f64 };
                for (at, cell) in counts.iter_mut().enumerate() {
                    let wrong = (1.0 - skills[rater]) / (k as f64 - 1.0).max(1.0);
                    *cell = if at / k == at % k { skills[rater] } else { wrong };
                }
            }
            for class in 0..k {
                let sum: f64 = (0..k).map(|label| counts[label * k + class]).sum();
                let share = |cell: f64| if sum > 0.0 { (cell / sum).max(self.floor) } else { 1.0 / k as f64 };
                let floored: f64 = (0..k).map(|label| share(counts[label * k + class])).sum();
                for label in 0..k {
                    let cell = &mut counts[label * k + class];
                    *cell = (share(*cell) / floored).ln();
                }
            }
        }
        let total: f64 = shares.iter().sum();
        shares.iter().map(|share| (share / total).ln()).collect()
    }
}

/// Posteriors of all items; gives the log-likelihood.
fn expect(data: &Annotations, shares: &[f64], logs: &[f64], posteriors: &mut [f64]) -> f64 {
    let k = shares.len();
    let mut likelihood = 0.0;
    for (item, row) in posteriors.chunks_mut(k.max(1)).enumerate() {
        row.copy_from_slice(shares);
        for (rater, label) in data.of_item(item) {
            let at = (*rater as usize * k + usize::from(*label)) * k;
            for (sum, log) in row.iter_mut().zip(&logs[at..at + k]) {
                *sum += log;
            }
        }
        likelihood += data.normalise(item, row);
    }
    likelihood
}
