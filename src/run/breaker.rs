//! A circuit breaker, of one model or of all of a provider: after failures in a row one call at a time tries whether it is back.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard as Turn;
use tokio::time::Instant;

use super::backoff;

/// Failures in a row, of whatever units, that open the circuit.
const OPENS_AFTER: u32 = 10;
/// How long one that never answered is tried: most likely it is not there at all.
const FIRST_PATIENCE: Duration = Duration::from_secs(60);

/// Whether calls go through. Refusals for too many calls are no failures.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
    probe: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    /// Failures since the last answer.
    failures: u32,
    /// When the first of them came.
    since: Option<Instant>,
    /// When the next call may try; none while the circuit is closed.
    next_try: Option<Instant>,
    tries: u32,
    ever_answered: bool,
}

/// The right to send.
#[derive(Debug)]
pub(super) enum Pass<'a> {
    /// The circuit is closed.
    Free,
    /// It is open: nobody else sends while this one tries.
    Probe { _turn: Turn<'a, ()> },
}

impl Pass<'_> {
    /// Whether this call tries for all.
    pub(super) fn is_probe(&self) -> bool {
        matches!(self, Self::Probe { .. })
    }
}

impl Breaker {
    /// Waits until a call may be sent.
    pub(super) async fn pass(&self) -> Pass<'_> {
        if self.state().next_try.is_none() {
            return Pass::Free;
        }
        let turn = self.probe.lock().await;
        let next_try = self.state().next_try;
        match next_try {
            None => Pass::Free,
            Some(next_try) => {
                tokio::time::sleep_until(next_try).await;
                Pass::Probe { _turn: turn }
            }
        }
    }

    /// It answered, or refused for being asked too much: it is there.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        if state.failures > 0 || !state.ever_answered {
            *state = State { ever_answered: true, ..State::default() };
        }
    }

    /// A call failed; how many have in a row, and for how long, where that is longer than `patience`.
    pub(super) fn failed(&self, patience: Duration) -> Option<(u32, Duration)> {
        let mut state = self.state();
        state.failures += 1;
        let failing = state.since.get_or_insert_with(Instant::now).elapsed();
        if state.failures < OPENS_AFTER {
            return None;
        }
        // Calls that were under way when the circuit opened fail with it, and put nothing off.
        if state.next_try.is_none_or(|next_try| next_try <= Instant::now()) {
            state.next_try = Some(Instant::now() + backoff::wait(state.tries));
            state.tries += 1;
        }
        let patience = if state.ever_answered { patience } else { patience.min(FIRST_PATIENCE) };
        (failing > patience).then_some((state.failures, failing))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(900);

    #[tokio::test(start_paused = true)]
    async fn opens_after_ten_failures_lets_one_try_and_closes_with_an_answer() {
        let breaker = Breaker::default();
        breaker.answered();
        for _ in 0..9 {
            assert_eq!(breaker.failed(PATIENCE), None);
        }
        assert!(!breaker.pass().await.is_probe());
        breaker.failed(PATIENCE);
        let probe = breaker.pass().await;
        assert!(probe.is_probe());
        assert!(tokio::time::timeout(Duration::from_secs(600), breaker.pass()).await.is_err(), "one at a time");
        breaker.answered();
        drop(probe);
        assert!(!breaker.pass().await.is_probe());
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_never_answered_is_given_up_sooner() {
        for (answers, least) in [(false, FIRST_PATIENCE), (true, PATIENCE)] {
            let breaker = Breaker::default();
            if answers {
                breaker.answered();
            }
            let start = Instant::now();
            let mut calls = 0;
            let (failures, failing) = loop {
                let _pass = breaker.pass().await;
                calls += 1;
                if let Some(over) = breaker.failed(PATIENCE) {
                    break over;
                }
            };
            assert!(failing > least && start.elapsed() < least + Duration::from_secs(61), "{failing:?}");
            assert_eq!(failures, calls);
            assert!(calls < 150, "an outage costs few calls: {calls}");
        }
    }
}
