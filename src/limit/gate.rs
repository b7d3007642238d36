//! One limit a minute: a governor that one caller at a time waits for.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Notify;

use super::clock::TokioClock;

/// Longest time between two units.
const SLOWEST: f64 = 86_400.0;

/// Admits weights at a steady rate, first come, first served; at once while it has no rate.
///
/// governor alone has no queue, so that a heavy request starves behind light ones, no debt, and a rate for ever
/// (crates.md 2.3, 4.1). Here one caller waits at a time, tokio's mutex being fair, and timers wake one task and not a
/// herd. What was used beyond a weight makes the level negative: whoever comes next waits for it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    queue: tokio::sync::Mutex<()>,
    bucket: Mutex<Option<Bucket>>,
    changed: Notify,
}

/// A governor that begins at any level, and is made anew when its rate or its level is set.
#[derive(Debug)]
struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>,
    clock: TokioClock,
    /// Between two units.
    period: Duration,
    burst: NonZeroU32,
    /// Whether anybody had to wait since this was last asked for.
    waited: bool,
}

impl Bucket {
    /// A bucket with `level` units in it, at most `burst`.
    ///
    /// It is emptied, and its clock put forward by the time that the level takes to fill, or back for a debt.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "never negative, and `as` saturates")]
    fn new(period: Duration, burst: NonZeroU32, level: f64, waited: bool) -> Self {
        let clock = TokioClock::start();
        let quota = Quota::with_period(period).unwrap_or(Quota::per_second(burst)).allow_burst(burst);
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        let fills = (level.min(f64::from(burst.get())) * period.as_nanos() as f64).round();
        clock.put((-fills).max(0.0) as u64);
        // A new limiter lets its whole burst pass.
        let _ = limiter.check_n(burst);
        clock.put(fills.max(0.0) as u64);
        Self { limiter, clock, period, burst, waited }
    }

    /// The units in it, negative where some are owed. This may empty it: make it anew afterwards.
    fn drain(&self) -> f64 {
        let burst = f64::from(self.burst.get());
        match self.limiter.check_n(self.burst) {
            Ok(Err(not_yet)) => {
                let fills = not_yet.wait_time_from(self.clock.now());
                burst - fills.as_nanos() as f64 / self.period.as_nanos() as f64
            }
            _ => burst,
        }
    }

    /// Takes `weight`, or says how long to wait. A weight above the burst passes when the bucket is full.
    fn take(&mut self, weight: u64) -> Option<Duration> {
        let units = u32::try_from(weight).unwrap_or(u32::MAX).min(self.burst.get());
        let part = NonZeroU32::new(units)?;
        if let Ok(Err(not_yet)) = self.limiter.check_n(part) {
            self.waited = true;
            return Some(not_yet.wait_time_from(self.clock.now()));
        }
        let rest = weight - u64::from(units);
        if rest > 0 {
            self.charge(rest as f64);
        }
        None
    }

    fn charge(&mut self, units: f64) {
        *self = Self::new(self.period, self.burst, self.drain() - units, self.waited);
    }
}

impl Gate {
    /// Sets the rate, and the units that may pass at once after a rest. What was owed stays owed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole units, in the range of u32")]
    pub(super) fn set(&self, per_second: f64, burst: f64) {
        // Whole nanoseconds, at least one.
        let nanos = (1e9 / per_second).round().clamp(1.0, SLOWEST * 1e9) as u64;
        let period = Duration::from_nanos(nanos);
        let burst = NonZeroU32::new(burst as u32).unwrap_or(NonZeroU32::MIN);
        let mut bucket = self.bucket();
        let (level, waited) = match &*bucket {
            Some(bucket) => (bucket.drain(), bucket.waited),
            None => (f64::from(burst.get()), false),
        };
        *bucket = Some(Bucket::new(period, burst, level, waited));
        self.changed.notify_waiters();
    }

    /// Waits until all debt is paid and `weight` may pass; nothing passes at once.
    pub(super) async fn pass(&self, weight: u64) {
        if self.bucket().is_none() {
            return;
        }
        let _turn = self.queue.lock().await;
        loop {
            let changed = self.changed.notified();
            let Some(wait) = self.bucket().as_mut().and_then(|bucket| bucket.take(weight)) else { return };
            tokio::select! {
                () = tokio::time::sleep(wait) => (),
                () = changed => (),
            }
        }
    }

    /// Charges `units` to whoever passes next; negative ones are given back, up to the burst.
    pub(super) fn charge(&self, units: f64) {
        if units == 0.0 {
            return;
        }
        if let Some(bucket) = &mut *self.bucket() {
            bucket.charge(units);
        }
        if units < 0.0 {
            self.changed.notify_waiters();
        }
    }

    /// Whether anybody had to wait since this was last asked.
    pub(super) fn was_waited_for(&self) -> bool {
        self.bucket().as_mut().is_some_and(|bucket| std::mem::take(&mut bucket.waited))
    }

    fn bucket(&self) -> MutexGuard<'_, Option<Bucket>> {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::Instant;

    use super::*;

    fn gate(per_minute: u32, burst: u32) -> Arc<Gate> {
        let gate = Gate::default();
        gate.set(f64::from(per_minute) / 60.0, f64::from(burst));
        Arc::new(gate)
    }

    async fn times(gate: &Gate, weights: &[u64]) -> Vec<u128> {
        let start = Instant::now();
        let mut times = Vec::new();
        for &weight in weights {
            gate.pass(weight).await;
            times.push(start.elapsed().as_millis());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn passes_at_the_rate_after_the_burst() {
        assert_eq!(times(&Gate::default(), &[1_000_000; 3]).await, [0; 3], "no rate, no wait");
        // 600 a minute is one every 100 ms.
        assert_eq!(times(&gate(600, 2), &[1; 6]).await, [0, 0, 100, 200, 300, 400]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_weight_waits_for_all_its_units() {
        // 6,000 a minute is 100 a second.
        assert_eq!(times(&gate(6_000, 100), &[100, 50, 30, 0]).await, [0, 500, 800, 800]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_weight_above_the_burst_passes_when_the_burst_is_full_and_the_rest_is_paid_next() {
        // 250 pass on a burst of 100; the other 150 take 1.5 s, the next 10 another 0.1 s.
        assert_eq!(times(&gate(6_000, 100), &[250, 10, 10]).await, [0, 1_600, 1_700]);
    }

    #[tokio::test(start_paused = true)]
    async fn debt_is_paid_before_the_next_passes_and_what_is_given_back_fills_no_more_than_the_burst() {
        let gate = gate(6_000, 100);
        assert_eq!(times(&gate, &[100]).await, [0]);
        gate.charge(40.0);
        assert_eq!(times(&gate, &[10]).await, [500]);
        gate.charge(-500.0);
        assert_eq!(times(&gate, &[100, 10]).await, [0, 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_rate_holds_for_those_who_wait_already() {
        let gate = gate(60, 1);
        assert!(!gate.was_waited_for());
        let start = Instant::now();
        gate.pass(1).await;
        let waiting = async {
            gate.pass(1).await;
            start.elapsed().as_millis()
        };
        let changing = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            gate.set(10.0, 1.0);
        };
        // A fifth in the first 200 ms, the other four at ten a second.
        assert_eq!(tokio::join!(waiting, changing).0, 280);
        assert!(gate.was_waited_for() && !gate.was_waited_for());
    }

    #[tokio::test(start_paused = true)]
    async fn a_big_request_is_not_starved_by_small_ones() {
        // crates.md 4.1: 100 a second, burst 1,000, emptied; 16 tasks ask for 20 again and again, one asks for 900.
        let gate = gate(6_000, 1_000);
        gate.pass(1_000).await;
        let start = Instant::now();
        let small = |gate: Arc<Gate>| async move {
            let mut granted = Vec::new();
            while start.elapsed() < Duration::from_secs(30) {
                gate.pass(20).await;
                granted.push(start.elapsed());
            }
            granted
        };
        let big = async {
            gate.pass(900).await;
            start.elapsed()
        };
        let smalls = futures_util::future::join_all((0..16).map(|_| small(Arc::clone(&gate))));
        let (smalls, big) = tokio::join!(smalls, big);
        // 16 times 20 go first (3.2 s), then 900 refill (9 s).
        assert_eq!(big.as_millis(), 12_200);
        let within = smalls.iter().flatten().filter(|time| time.as_secs() < 30).count();
        // 16 before the big one, then one every 200 ms from 12.4 s to 29.8 s: 16 + 88.
        assert_eq!(within, 16 + 88);
    }

    #[tokio::test(start_paused = true)]
    async fn callers_pass_in_the_order_of_coming() {
        let gate = gate(600, 1);
        let order = std::sync::Mutex::new(Vec::new());
        let callers = (0..8).map(|caller| {
            let (gate, order) = (Arc::clone(&gate), &order);
            async move {
                gate.pass(1).await;
                order.lock().unwrap().push(caller);
            }
        });
        futures_util::future::join_all(callers).await;
        assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        /// Whatever the weights, no more than the rate and one burst passes, and nothing is lost.
        #[test]
        fn the_rate_holds(weights in proptest::collection::vec(0_u64..5_000, 1..30), burst in 1_u32..2_000) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let gate = gate(60_000, burst);
                let start = Instant::now();
                for &weight in &weights {
                    gate.pass(weight).await;
                }
                gate.pass(u64::from(burst)).await;
                let total: u64 = weights.iter().sum::<u64>() + u64::from(burst);
                // 1,000 a second, all but one burst waited for; timers round up to a millisecond.
                let least = u128::from(total - u64::from(burst));
                let took = start.elapsed().as_millis();
                proptest::prop_assert!(took >= least && took <= least + 1, "{took} for {least}");
                Ok(())
            })?;
        }
    }
}
