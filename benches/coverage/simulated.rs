//! Judged samples with known truth: two labels, a judge with known error rates, gold for a simple random part.

use assize::stats::estimate::LabelSample;
use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

/// How samples are made.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// Items with gold.
    pub gold: usize,
    /// Items in all.
    pub judged: usize,
    /// True share of label 1.
    pub prevalence: f64,
    /// How often the judge gives label 1 where it is true.
    pub sensitivity: f64,
    /// How often the judge gives label 0 where it is true.
    pub specificity: f64,
    /// Persons that items are spread over; items of a person take the person's own label, and the person's own luck with the
    /// judge, half the time. None where items are independent.
    pub persons: Option<usize>,
}

impl Cell {
    /// One sample; the same seed gives the same.
    pub fn draw(&self, seed: u64) -> LabelSample {
        let mut generator = Pcg64::seed_from_u64(seed);
        let mut places = Pcg64::seed_from_u64(seed ^ 0x5eed);
        let mut uniform = move || f64::from(generator.next_u32()) / 4_294_967_296.0;
        let own: Vec<(f64, f64)> = (0..self.persons.unwrap_or(0)).map(|_| (uniform(), uniform())).collect();
        let (mut truth, mut judged, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
        for item in 0..self.judged {
            let (mut of_truth, mut of_judge) = (uniform(), uniform());
            if let Some(persons) = self.persons {
                clusters.push(u32::try_from(item % persons).unwrap_or(0));
                let (own_truth, own_luck) = own[item % persons];
                if uniform() < 0.5 {
                    (of_truth, of_judge) = (own_truth, own_luck);
                }
            }
            let positive = of_truth < self.prevalence;
            let right = of_judge < if positive { self.sensitivity } else { self.specificity };
            truth.push(usize::from(positive));
            judged.push(Some(usize::from(positive == right)));
        }
        // The first places of a shuffle (Fisher and Yates).
        let mut order: Vec<usize> = (0..self.judged).collect();
        for at in 0..self.gold {
            let left = (self.judged - at) as u64;
            let step = (u64::from(places.next_u32()) * left) >> 32;
            order.swap(at, at + usize::try_from(step).unwrap_or(0));
        }
        let mut gold = vec![None; self.judged];
        order.iter().take(self.gold).for_each(|item| gold[*item] = Some(truth[*item]));
        LabelSample {
            labels: 2,
            judged,
            gold,
            weights: vec![1.0; self.judged],
            gold_weights: None,
            clusters: self.persons.map(|_| clusters),
        }
    }
}
