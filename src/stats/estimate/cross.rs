//! Cross-prediction: the judge's labels turned into probabilities of true labels, fitted on other folds of gold.

use super::sample::LabelSample;

/// Probabilities of `label` for every item, by what the judge said of it (Zrnic and Candes 2024 with this predictor).
///
/// Gold is cut into `folds`; of each the others fit how often `label` is true where the judge says what it says. A gold item
/// gets the probability of its own fold's fit, every other item the mean over fits. Items of a cluster share a fold. Feed them
/// to [`predict`](super::predict). None for items without a verdict.
#[must_use]
pub fn cross_predictions(sample: &LabelSample, label: usize, folds: usize) -> Vec<Option<f64>> {
    let mut order: Vec<u32> = sample.pairs().map(|(item, ..)| unit(sample, item)).collect();
    order.sort_unstable();
    order.dedup();
    let folds = folds.clamp(1, order.len().max(1));
    let fold = |item: usize| order.binary_search(&unit(sample, item)).map_or(usize::MAX, |at| at % folds);
    let fits: Vec<Vec<f64>> = (0..folds).map(|left_out| fit(sample, label, |item| fold(item) != left_out)).collect();
    let predict = |(item, judged): (usize, &Option<usize>)| {
        judged.map(|judged| match sample.gold[item] {
            Some(_) => fits[fold(item)][judged],
            None => fits.iter().map(|fit| fit[judged]).sum::<f64>() / folds as f64,
        })
    };
    sample.judged.iter().enumerate().map(predict).collect()
}

fn unit(sample: &LabelSample, item: usize) -> u32 {
    sample.clusters.as_ref().map_or(u32::try_from(item).unwrap_or(u32::MAX), |clusters| clusters[item])
}

/// The share of `label` in the gold items kept, by the judge's label; that of all where it never gave the label.
fn fit(sample: &LabelSample, label: usize, kept: impl Fn(usize) -> bool) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); sample.labels];
    for (item, gold, judged) in sample.pairs().filter(|(item, ..)| kept(*item)) {
        let weight = sample.gold_weight(item);
        sums[judged].1 += weight;
        sums[judged].0 += if gold == label { weight } else { 0.0 };
    }
    let (hits, all) = sums.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let share = |hits: f64, all: f64| if all > 0.0 { hits / all } else { 0.0 };
    sums.iter().map(|one| if one.1 > 0.0 { share(one.0, one.1) } else { share(hits, all) }).collect()
}
