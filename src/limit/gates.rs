//! The limits of one model: every worker asks here before it sends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::gate::Gate;
use super::pace::Pace;
use super::places::{Place, Places};
use super::spec::LimitSpec;

/// Requests pass in bursts of at least this part of a second, so that timers firing late cost no share of the limit
/// (performance.md 4.1)...
const REQUEST_BURST_PER_SECOND: f64 = 20.0;
/// ...and, where that is only a few, of up to so many...
const FEW_REQUESTS: f64 = 10.0;
/// ...as long as these are no more than this part of a second: a busy machine wakes a program later than a calm one.
const FEW_PER_SECOND: f64 = 5.0;

/// What one call is expected to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// Input tokens, estimated. Tokens read from a provider's cache do not count towards its limits.
    pub input_tokens: u64,
    /// Output tokens, estimated.
    pub output_tokens: u64,
}

/// What one call really used; what the provider did not say is charged as expected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Input tokens that count towards limits: those read from a cache do not.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
}

/// Limits that a server told, in units a minute; absent ones were not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PerMinute {
    /// Requests.
    pub requests: Option<u64>,
    /// Input tokens.
    pub input_tokens: Option<u64>,
    /// Output tokens.
    pub output_tokens: Option<u64>,
}

/// The right to send one call. A place among the concurrent calls is free again when it is dropped.
#[derive(Debug)]
pub struct Grant {
    need: Need,
    at: Instant,
    _place: Place,
}

/// Requests, input tokens and output tokens a minute and concurrency of one model; first come, first served.
///
/// In force is the tightest of what the experiment tells, what the server tells with every answer, and what it turned
/// out to take.
#[derive(Debug)]
pub struct Limits {
    places: Arc<Places>,
    requests: Gate,
    input_tokens: Gate,
    output_tokens: Gate,
    known: Mutex<Known>,
    paused_until: Mutex<Option<Instant>>,
}

/// Where the limits in force come from.
#[derive(Debug)]
struct Known {
    /// Told by the experiment.
    own: PerMinute,
    /// Told by the server, the last time it did.
    server: PerMinute,
    /// When the server's limits changed what is in force, the last time.
    changed_at: Option<Instant>,
    pace: Pace,
}

impl Known {
    /// Requests a second that may pass.
    fn requests(&self) -> Option<f64> {
        let told = tightest(self.own.requests, self.server.requests).map(per_second);
        least(told, self.pace.per_second(), f64::min)
    }
}

impl Limits {
    /// Limits as told.
    #[must_use]
    pub fn new(spec: &LimitSpec) -> Self {
        let own = PerMinute {
            requests: spec.requests_per_minute.map(u64::from),
            input_tokens: spec.input_tokens_per_minute.map(u64::from),
            output_tokens: spec.output_tokens_per_minute.map(u64::from),
        };
        let known = Known { own, server: PerMinute::default(), changed_at: None, pace: Pace::new() };
        let limits = Self {
            places: Arc::new(Places::new(spec.concurrency)),
            requests: Gate::default(),
            input_tokens: Gate::default(),
            output_tokens: Gate::default(),
            known: Mutex::new(known),
            paused_until: Mutex::new(None),
        };
        limits.enforce(&limits.known());
        limits
    }

    /// Waits in the queue until the call may be sent.
    ///
    /// The places and each gate, taken in a fixed order, serve whoever came first.
    /// Dropping the future gives up the place in the queue.
    pub async fn admit(&self, need: Need) -> Grant {
        let place = self.places.take().await;
        self.pause_over().await;
        self.requests.pass(1).await;
        self.input_tokens.pass(need.input_tokens).await;
        self.output_tokens.pass(need.output_tokens).await;
        // A pause may have been called while this one waited at a gate.
        self.pause_over().await;
        Grant { need, at: Instant::now(), _place: place }
    }

    /// Settles an answered call: what it used beyond what was expected is charged before the next grant, what it left
    /// is given back. `told` are the limits that came with the answer.
    pub fn settle(&self, grant: &Grant, used: Used, told: PerMinute) {
        let rest = |used: Option<u64>, expected: u64| used.map_or(0.0, |used| used as f64 - expected as f64);
        self.input_tokens.charge(rest(used.input_tokens, grant.need.input_tokens));
        self.output_tokens.charge(rest(used.output_tokens, grant.need.output_tokens));
        self.places.answered();
        let mut known = self.known();
        self.learn(&mut known, told);
        if known.pace.answered(|| self.requests.was_waited_for()) {
            self.enforce(&known);
        }
    }

    /// The server refused a call as one too many: its tokens are given back, and all workers slow down.
    ///
    /// Whether all have to wait. A call that was granted before limits became known says nothing about those.
    pub fn refused(&self, grant: &Grant, told: PerMinute) -> bool {
        self.input_tokens.charge(-(grant.need.input_tokens as f64));
        self.output_tokens.charge(-(grant.need.output_tokens as f64));
        let mut known = self.known();
        if known.changed_at.is_some_and(|changed| grant.at <= changed) || self.learn(&mut known, told) {
            return false;
        }
        if known.pace.refused(grant.at) {
            self.enforce(&known);
            self.places.refused();
        }
        true
    }

    /// The server is overloaded: fewer calls at once.
    pub fn overloaded(&self) {
        self.places.refused();
    }

    /// Takes over limits that the server told; whether they are tighter than those in force before.
    fn learn(&self, known: &mut Known, told: PerMinute) -> bool {
        let some = |told: Option<u64>, before: Option<u64>| told.filter(|&told| told > 0).or(before);
        let server = PerMinute {
            requests: some(told.requests, known.server.requests),
            input_tokens: some(told.input_tokens, known.server.input_tokens),
            output_tokens: some(told.output_tokens, known.server.output_tokens),
        };
        if server == known.server {
            return false;
        }
        let before = known.requests();
        known.server = server;
        self.enforce(known);
        let is_tighter = known.requests().is_some_and(|now| before.is_none_or(|before| now < before));
        if is_tighter {
            known.changed_at = Some(Instant::now());
        }
        is_tighter
    }

    /// Sets the gates to what is known.
    fn enforce(&self, known: &Known) {
        if let Some(requests) = known.requests() {
            // At least two above one a second.
            let at_least = if requests > 1.0 { 2.0 } else { 1.0 };
            let burst = (requests / REQUEST_BURST_PER_SECOND).max(FEW_REQUESTS.min(requests / FEW_PER_SECOND));
            self.requests.set(requests, burst.max(at_least));
        }
        let tokens = [
            (&self.input_tokens, known.own.input_tokens, known.server.input_tokens),
            (&self.output_tokens, known.own.output_tokens, known.server.output_tokens),
        ];
        for (gate, own, server) in tokens {
            if let Some(tokens) = tightest(own, server).map(per_second) {
                // Bursts of a second; heavier calls pass on a full burst and are paid for by the next.
                gate.set(tokens, tokens.max(1.0));
            }
        }
    }

    /// Makes every worker of this model wait for `pause` from now (a 429 with `retry-after`).
    ///
    /// A shorter pause never ends a longer one. Calls already granted go on.
    pub fn pause(&self, pause: Duration) {
        let Some(until) = Instant::now().checked_add(pause) else { return };
        let mut paused_until = self.paused_until();
        *paused_until = (*paused_until).max(Some(until));
    }

    /// Waits until no pause is in force.
    async fn pause_over(&self) {
        loop {
            let until = *self.paused_until();
            match until {
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => break,
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn paused_until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.paused_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn per_second(per_minute: u64) -> f64 {
    per_minute as f64 / 60.0
}

fn tightest(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    least(a, b, u64::min)
}

/// The lesser of what is there.
fn least<T: Copy>(a: Option<T>, b: Option<T>, min: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(min(a, b)),
        _ => a.or(b),
    }
}

#[cfg(test)]
#[path = "gates_tests.rs"]
mod tests;
