//! MACE (Hovy and others 2013): a rater knows the label, or makes one up by a habit of his own.

use super::data::{Annotations, Consensus, Fit};
use super::restarts::best_of;

/// Expectation and maximisation from several random starts; the one of the best likelihood is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mace {
    /// Random starts.
    pub restarts: u32,
    /// Seed of the starts.
    pub seed: u64,
    /// Added to every count.
    pub smoothing: f64,
    /// Largest change of a posterior that counts as rest.
    pub tolerance: f64,
    /// Most rounds of one start.
    pub most_iterations: usize,
}

impl Default for Mace {
    fn default() -> Self {
        Self { restarts: 10, seed: 1, smoothing: 0.1, tolerance: 1e-8, most_iterations: 2000 }
    }
}

/// Parameters of one rater.
#[derive(Debug, Clone)]
struct Habit {
    knows: f64,
    makes_up: Vec<f64>,
}

impl Mace {
    /// Fits the model. Known labels of items are held.
    #[must_use]
    pub fn fit(self, data: &Annotations) -> Consensus {
        best_of(self.restarts, self.seed, |_, uniform| self.from(data, uniform))
    }

    fn from(self, data: &Annotations, uniform: &mut dyn FnMut() -> f64) -> Consensus {
        let k = data.categories();
        let mut habits: Vec<Habit> = (0..data.raters())
            .map(|_| {
                let draws: Vec<f64> = (0..k).map(|_| 0.5 + uniform()).collect();
                let sum: f64 = draws.iter().sum();
                // Raters know more often than not: the mirror image of the model has the same likelihood.
                Habit { knows: 0.5 + uniform() / 2.0, makes_up: draws.iter().map(|draw| draw / sum).collect() }
            })
            .collect();
        let mut posteriors = vec![0.0; data.items() * k];
        let mut fit = Fit { log_likelihood: 0.0, iterations: 0, converged: false };
        while fit.iterations < self.most_iterations && !fit.converged {
            let mut knew = vec![[self.smoothing, self.smoothing]; data.raters()];
            let mut made_up = vec![vec![self.smoothing; k]; data.raters()];
            let (mut likelihood, mut moved) = (0.0, 0.0_f64);
            for (item, old) in posteriors.chunks_mut(k.max(1)).enumerate() {
                let ratings = data.of_item(item);
                let mut row = vec![-(k as f64).ln(); k];
                for (rater, label) in ratings {
                    let (habit, label) = (&habits[*rater as usize], usize::from(*label));
                    for (class, cell) in row.iter_mut().enumerate() {
                        *cell += habit.says(label, class).ln();
                    }
                }
                likelihood += data.normalise(item, &mut row);
                for (rater, label) in ratings {
                    let (at, label) = (*rater as usize, usize::from(*label));
                    // He can only have known where the label is the true one.
                    let known = row[label] * habits[at].knows / habits[at].says(label, label);
                    knew[at][0] += known;
                    knew[at][1] += 1.0 - known;
                    made_up[at][label] += 1.0 - known;
                }
                moved = old.iter().zip(&row).fold(moved, |most, (old, new)| most.max((old - new).abs()));
                old.copy_from_slice(&row);
            }
            for (at, habit) in habits.iter_mut().enumerate() {
                let sum: f64 = made_up[at].iter().sum();
                habit.knows = knew[at][0] / (knew[at][0] + knew[at][1]);
                habit.makes_up = made_up[at].iter().map(|count| count / sum).collect();
            }
            fit.iterations += 1;
            fit.log_likelihood = likelihood;
            fit.converged = moved <= self.tolerance;
        }
        let skills: Vec<f64> = habits.iter().map(|habit| habit.knows).collect();
        data.consensus(&posteriors, Some(&skills), fit)
    }
}

impl Habit {
    fn says(&self, label: usize, class: usize) -> f64 {
        let made_up = (1.0 - self.knows) * self.makes_up[label];
        if label == class { self.knows + made_up } else { made_up }
    }
}
