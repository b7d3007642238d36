//! Several starts of a model that may come to rest at different places.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64;

use super::data::Consensus;

/// The fit of best likelihood among `restarts`, at least one; `fit` gets the number of its start and draws between 0 and 1.
pub(super) fn best_of(restarts: u32, seed: u64, fit: impl Fn(u32, &mut dyn FnMut() -> f64) -> Consensus) -> Consensus {
    let from = |start: u32| {
        let mut generator = Pcg64::seed_from_u64(seed.wrapping_mul(1_000_003).wrapping_add(u64::from(start)));
        fit(start, &mut || (generator.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0)
    };
    (1..restarts).map(from).fold(
        from(0),
        |best, found| {
            if found.log_likelihood > best.log_likelihood { found } else { best }
        },
    )
}
