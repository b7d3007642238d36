//! The clock of the gates: tokio's, so that paused time in tests is the time of the gates too.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::Clock;
use tokio::time::Instant;

/// Time since the clock was made, by tokio's clock, that can be put forward and back.
#[derive(Debug, Clone)]
pub(super) struct TokioClock {
    start: Instant,
    /// Nanoseconds that it shows beyond those that have passed.
    ahead: Arc<AtomicU64>,
}

impl TokioClock {
    /// A clock that starts now, from zero.
    pub(super) fn start() -> Self {
        Self { start: Instant::now(), ahead: Arc::default() }
    }

    /// Makes the clock show `ahead` nanoseconds more than have passed since it was made.
    pub(super) fn put(&self, ahead: u64) {
        self.ahead.store(ahead, Ordering::Relaxed);
    }
}

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.start.elapsed().saturating_add(Duration::from_nanos(self.ahead.load(Ordering::Relaxed)))
    }
}
