//! The rate that a server turned out to take, where it refused without telling its limits, or does not keep to them.

use std::time::Duration;

use tokio::time::Instant;

/// What is left of the measured rate after a refusal, so that what has piled up drains.
const CUT: f64 = 0.85;
/// The rate comes back quickly up to this part of what was measured...
const NEAR: f64 = 0.97;
/// ...by this part a second...
const QUICK: f64 = 0.05;
/// ...and beyond it slowly, by this part a second, which itself grows by as much every...
const SLOW: f64 = 0.005;
/// ...so long without a refusal: what was measured may have been far too little.
const GROWTH: Duration = Duration::from_secs(10);
/// The rate never falls below this: where less is taken, the waits that refusals ask for decide.
const FLOOR: f64 = 1.0 / 6.0;
/// Least time over which a rate is measured.
const LEAST: Duration = Duration::from_millis(100);

/// A rate that falls by a part when refused and rises by a bit while nobody refuses.
#[derive(Debug)]
pub(super) struct Pace {
    /// Requests a second; none while nothing was refused.
    per_second: Option<f64>,
    /// The rate that was measured at the last refusal.
    measured: f64,
    /// Since when answers are counted: the last refusal that counted.
    since: Instant,
    answers: u64,
    raised_at: Instant,
}

impl Pace {
    /// A pace that was never refused.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { per_second: None, measured: 0.0, since: now, answers: 0, raised_at: now }
    }

    /// Requests a second; none while nothing was refused.
    pub(super) fn per_second(&self) -> Option<f64> {
        self.per_second
    }

    /// A request granted at `granted_at` was refused. Those granted before the last cut say nothing new.
    ///
    /// Whether the rate changed. It does not where nothing was ever answered: then only waiting helps.
    pub(super) fn refused(&mut self, granted_at: Instant) -> bool {
        let now = Instant::now();
        if granted_at < self.since && self.per_second.is_some() || self.answers == 0 {
            return false;
        }
        let elapsed = now.saturating_duration_since(self.since).max(LEAST);
        let measured = self.answers as f64 / elapsed.as_secs_f64();
        // A server that saved up its limit takes more than that for a while.
        self.measured = self.per_second.map_or(measured, |pace| measured.min(pace));
        self.measured = self.measured.max(FLOOR);
        self.per_second = Some((self.measured * CUT).max(FLOOR));
        (self.since, self.raised_at, self.answers) = (now, now, 0);
        true
    }

    /// A request was answered; whether the rate rose. It does only where it is what holds requests up.
    pub(super) fn answered(&mut self, is_waited_for: impl FnOnce() -> bool) -> bool {
        self.answers += 1;
        let Some(pace) = self.per_second else { return false };
        let elapsed = self.raised_at.elapsed();
        if elapsed < LEAST || !is_waited_for() {
            return false;
        }
        let near = self.measured * NEAR;
        let seconds = elapsed.as_secs_f64().min(1.0);
        let calm = self.since.elapsed().as_secs_f64() / GROWTH.as_secs_f64();
        self.per_second = Some(if pace < near {
            (pace + self.measured * QUICK * seconds).min(near)
        } else {
            pace * (1.0 + SLOW * (1.0 + calm) * seconds)
        });
        self.raised_at = Instant::now();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn second(pace: &mut Pace, answers: u64) {
        for _ in 0..answers {
            tokio::time::sleep(Duration::from_secs(1) / u32::try_from(answers).unwrap()).await;
            pace.answered(|| true);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn falls_to_a_part_of_what_was_measured_and_rises_quickly_then_slowly() {
        let mut pace = Pace::new();
        assert!(!pace.refused(Instant::now()), "nothing was answered yet");
        let first = Instant::now();
        second(&mut pace, 50).await;
        assert_eq!(pace.per_second(), None);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(pace.refused(Instant::now()));
        let after = |pace: &Pace| pace.per_second().unwrap();
        // 50 answers in 1.001 s.
        assert!((after(&pace) - 0.85 * 50.0 / 1.001).abs() < 1e-6, "{}", after(&pace));
        second(&mut pace, 40).await;
        assert!(!pace.refused(first), "granted before the cut");
        assert!((after(&pace) - 0.90 * 50.0 / 1.001).abs() < 0.3, "{}", after(&pace));
        for _ in 0..4 {
            second(&mut pace, 40).await;
        }
        let near = after(&pace);
        assert!((48.0..49.5).contains(&near), "{near}");
        second(&mut pace, 40).await;
        assert!((0.3..0.5).contains(&(after(&pace) - near)), "{}: under a percent a second", after(&pace));
    }

    #[tokio::test(start_paused = true)]
    async fn does_not_rise_where_nobody_waits_for_it() {
        let mut pace = Pace::new();
        second(&mut pace, 10).await;
        assert!(pace.refused(Instant::now()));
        let before = pace.per_second();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(!pace.answered(|| false));
        assert_eq!(pace.per_second(), before);
    }
}
