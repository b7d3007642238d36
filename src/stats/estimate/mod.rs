//! Shares and means corrected for a judge's errors, as measured on gold.
//!
//! Every estimator gives one [`Influence`](super::Influence) over the same judged items, so that clusters, weights and
//! differences between groups need no formula of their own. docs/statistics.md says what each one assumes.

mod confusion;
mod corrected;
mod cross;
mod flack;
mod linear;
mod plan;
mod prediction;
mod rogan_gladen;
mod sample;

pub use confusion::{Inversion, invert};
pub use corrected::{Corrected, FEWEST_GOLD, Form};
pub use cross::cross_predictions;
pub use flack::{kappa_items_of_shares, largest_kappa_unit_variance};
pub use plan::{
    Pilot, kappa_goodness_of_fit_items, kappa_items, kappa_test_items, kappa_unit_variance, mcnemar_items,
    mcnemar_power, neyman, one_sided_items,
};
pub use prediction::{
    Numbers, design_based, gold_only, overall_tuning, power_tuned, predict, raw_mean, stratified, tuned,
};
pub use rogan_gladen::{Accuracy, LangReiczigel, rogan_gladen};
pub use sample::LabelSample;
