//! Waits that we choose ourselves: doubling, with full jitter, so that those who failed together do not return together.

use std::time::Duration;

/// Waits up to this after the first failure, then up to twice as long each time.
const FIRST: Duration = Duration::from_secs(1);
/// Longest wait.
const LONGEST: Duration = Duration::from_secs(60);
/// Least wait: less would be no wait at all.
const LEAST: Duration = Duration::from_millis(50);

/// The wait before the attempt after `failures` more than one: of any length up to a bound that doubles.
pub(super) fn wait(failures: u32) -> Duration {
    bound(failures).mul_f64(chance()).max(LEAST)
}

/// A wait that is at least `asked`, and up to a quarter longer.
pub(super) fn at_least(asked: Duration) -> Duration {
    asked.saturating_add(asked.min(LONGEST).mul_f64(chance() / 4.0))
}

fn bound(failures: u32) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST)
}

/// A number from 0 to 1. Without a source of chance, the longest wait.
fn chance() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_and_waits_spread_over_all_lengths() {
        assert_eq!([0, 1, 2, 5, 6, 99].map(|failures| bound(failures).as_secs()), [1, 2, 4, 32, 60, 60]);
        let waits: Vec<Duration> = (0..400).map(|_| wait(3)).collect();
        let below = |seconds| waits.iter().filter(|wait| wait.as_secs() < seconds).count();
        assert!((50..150).contains(&below(2)) && (230..370).contains(&below(6)) && below(8) >= 399, "{waits:?}");
        let asked = Duration::from_secs(4);
        assert!((0..100).all(|_| (asked..=asked + Duration::from_secs(1)).contains(&at_least(asked))));
        at_least(Duration::MAX);
    }
}
