//! One unit of a session goes ahead, so that the others find its session in the provider's prompt cache: what is cached can
//! be read only after the first answer began (providers.md 1.8).

use tokio::sync::{Mutex, MutexGuard};

/// The part of their prompts that several units of one judge share.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    warm: Mutex<bool>,
}

/// The right to go ahead; the others wait until it is dropped.
#[derive(Debug)]
pub(super) struct Lead<'a>(MutexGuard<'a, bool>);

impl Prefix {
    /// The right to go ahead, for the first that comes; none for those after its answer. Where it brought no answer, the next
    /// one goes ahead.
    pub(super) async fn lead(&self) -> Option<Lead<'_>> {
        let warm = self.warm.lock().await;
        if *warm { None } else { Some(Lead(warm)) }
    }

    /// Whether nobody asked this before: for an estimate, where nobody waits.
    pub(super) fn is_first(&self) -> bool {
        self.warm.try_lock().is_ok_and(|mut warm| !std::mem::replace(&mut *warm, true))
    }
}

impl Lead<'_> {
    /// The answer came: all others may follow.
    pub(super) fn answered(&mut self) {
        *self.0 = true;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    /// Seconds at which units of a second each begin, of which the first fail.
    async fn starts(failing: usize) -> Vec<u64> {
        let (prefix, begin) = (Prefix::default(), Instant::now());
        let unit = |n: usize| {
            let prefix = &prefix;
            async move {
                let mut lead = prefix.lead().await;
                let start = begin.elapsed().as_secs();
                sleep(Duration::from_secs(1)).await;
                if let Some(lead) = lead.as_mut().filter(|_| n >= failing) {
                    lead.answered();
                }
                start
            }
        };
        futures_util::future::join_all((0..4).map(unit)).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_goes_ahead_and_the_rest_follow_together() {
        assert_eq!(starts(0).await, [0, 1, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn where_the_first_fails_the_next_goes_ahead() {
        assert_eq!(starts(2).await, [0, 1, 2, 3]);
    }
}
