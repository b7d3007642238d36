//! Waiting for batches: looks at growing intervals, patience with servers, and a person who may leave at any time.

use std::time::Duration;

use tokio::time::Instant;

use crate::provider::{BatchState, BatchView, CallError};

use crate::run::backoff;
use crate::run::event::Warned;

use super::office::{Office, UnderWay};
use super::pack::is_passing;
use super::stage::BatchStage;

/// Least wait between two looks...
const LEAST: Duration = Duration::from_secs(1);
/// ...and longest...
const LONGEST: Duration = Duration::from_secs(60);
/// ...which is this part of the time waited so far.
const PART: u32 = 20;
/// Time between two words about a batch of which nothing changed.
const SILENCE: Duration = Duration::from_secs(60);
/// Looks in a row after which a provider that does not know a batch is believed (providers.md 2: sporadic 404).
const LOOKS: u32 = 5;
/// How long a server may be away: looking costs nothing, and nobody sits in front of a batch.
const PATIENCE: Duration = Duration::from_secs(2 * 3_600);
/// The same of one that was never there: most likely its address is wrong.
const FIRST_PATIENCE: Duration = Duration::from_secs(60);

impl Office {
    /// Waits until at least one batch is read and closed, or the run stops.
    pub(super) async fn collect(&mut self) {
        let (start, mut failures) = (Instant::now(), 0);
        loop {
            let (is_read, error) = self.look_at_all().await;
            if is_read || self.stops() || self.batches.is_empty() {
                return;
            }
            let goes_on = match error {
                None => {
                    failures = 0;
                    let unknown = self.batches.iter().any(|under_way| under_way.unknown > 0);
                    self.pause(if unknown { LEAST } else { between(start.elapsed()) }).await
                }
                Some((model, error)) if is_passing(&error) => {
                    failures += 1;
                    self.wait_after(&model, &error, failures - 1).await
                }
                Some((model, error)) => {
                    self.give_up(&model, &error.to_string()).await;
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Looks at every batch once, and reads those that ended: whether one is closed, and the error that ended the looks.
    pub(super) async fn look_at_all(&mut self) -> (bool, Option<(String, CallError)>) {
        let mut is_read = false;
        for _ in 0..self.batches.len() {
            // The others stay where they are, so that each can see whether it is alone.
            let mut under_way = self.batches.remove(0);
            if self.stops() {
                self.batches.push(under_way);
                continue;
            }
            match self.look(&mut under_way).await {
                Ok(Some(view)) => is_read |= self.settle(under_way, view).await,
                Ok(None) if under_way.unknown >= LOOKS => is_read |= self.lose(under_way).await,
                Ok(None) => self.batches.push(under_way),
                Err(error) => {
                    let model = under_way.batch.model.clone();
                    self.batches.push(under_way);
                    return (is_read, Some((model, error)));
                }
            }
        }
        (is_read, None)
    }

    /// Looks at a batch once; none where the provider does not know it.
    async fn look(&mut self, under_way: &mut UnderWay) -> Result<Option<BatchView>, CallError> {
        let Some(id) = under_way.batch.id.clone() else { return Ok(None) };
        let view = under_way.courier.batch(&id).await?;
        self.reached();
        under_way.unknown = if view.is_some() { 0 } else { under_way.unknown + 1 };
        Ok(view)
    }

    /// Does what the state of a batch asks for; whether it is closed.
    async fn settle(&mut self, mut under_way: UnderWay, view: BatchView) -> bool {
        match view.state {
            BatchState::Working => {
                let is_news = |(at, done): (Instant, Option<u64>)| done != view.done || at.elapsed() >= SILENCE;
                if under_way.told.is_none_or(is_news) {
                    under_way.told = Some((Instant::now(), view.done));
                    self.tell(&under_way, BatchStage::Working { done: view.done }).await;
                }
                self.batches.push(under_way);
                false
            }
            BatchState::Ended => self.fetch(under_way, &view).await,
            BatchState::Failed { message, is_too_much } => {
                let model = under_way.batch.model.clone();
                let calls = under_way.batch.calls;
                let message = format!("batch {} of {calls} calls was not begun: {message}", view.id);
                let has_others = self.batches.iter().any(|other| other.batch.model == model);
                if !is_too_much || calls <= 1 && !has_others {
                    self.give_up(&model, &message).await;
                    self.close(under_way).await;
                } else {
                    self.close(under_way).await;
                    let how = if has_others {
                        self.full.insert(model.clone());
                        "its calls wait until another batch has ended"
                    } else {
                        self.at_most.insert(model.clone(), calls / 2);
                        "its calls go in smaller batches"
                    };
                    self.say(&model, format!("{message}; {how}")).await;
                }
                true
            }
        }
    }

    /// A batch is not known to the provider any more: its calls are asked again only by consent; whether it is closed.
    pub(super) async fn lose(&mut self, under_way: UnderWay) -> bool {
        let batch = &under_way.batch;
        let days = under_way.courier.batch_limits().and_then(|limits| limits.results_days);
        let days = days.map_or_else(String::new, |days| format!(", which keeps results for {days} days,"));
        let (id, waiting) = (batch.id.as_deref().unwrap_or_default(), under_way.waiting());
        let message = format!(
            "batch {id}, begun {}, is not known to {}{days} any more, and {waiting} of its {} answers were never read",
            batch.begun_at, batch.server, batch.calls
        );
        if self.forgets {
            self.say(&batch.model.clone(), format!("{message}: they are bought anew")).await;
            self.close(under_way).await;
            return true;
        }
        let message = format!(
            "{message}; see whether the key is of the workspace that it was created in, or buy them anew with \
             --forget-batches"
        );
        self.give_up(&batch.model, &message).await;
        self.batches.push(under_way);
        false
    }

    /// A server could be asked.
    pub(super) fn reached(&mut self) {
        (self.failing_since, self.was_reached) = (None, true);
    }

    /// Waits after an error that may pass; false where the run stops, because it lasts too long or a person wants it.
    pub(super) async fn wait_after(&mut self, model: &str, error: &CallError, failures: u32) -> bool {
        let (asked, is_there) = match error {
            CallError::RateLimited { retry_after, .. } | CallError::Overloaded { retry_after, .. } => {
                (*retry_after, true)
            }
            _ => (None, self.was_reached),
        };
        let patience = if is_there { PATIENCE } else { FIRST_PATIENCE };
        let own = backoff::wait(failures).max(LEAST);
        let wait = asked.map_or(own, |asked| backoff::at_least(asked).max(own));
        let failing = self.failing_since.get_or_insert_with(Instant::now).elapsed();
        if failing.saturating_add(wait) > patience {
            let (failing, wait) = (failing.as_secs(), wait.as_secs());
            let message = format!("{error}; for {failing} s by now, and {wait} s more to wait");
            self.give_up(model, &message).await;
            return false;
        }
        if let Some(seat) = self.seat(model) {
            self.floor.warn(seat, Warned::Failed, &error.to_string(), format!("{error}; trying again")).await;
        }
        self.pause(wait).await
    }

    /// Waits for `wait`; false where the run stops.
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.floor.stop.raised() => false,
            () = tokio::time::sleep(wait) => true,
        }
    }
}

/// The wait between two looks after `waited`: short at first, with jitter, so that many runs do not look together.
fn between(waited: Duration) -> Duration {
    backoff::at_least((waited / PART).clamp(LEAST, LONGEST))
}

impl UnderWay {
    /// Calls whose result is not read.
    pub(super) fn waiting(&self) -> usize {
        self.calls.values().filter(|call| !call.has_result).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_every_second_at_first_and_every_minute_after_a_while_never_all_at_once() {
        let seconds = |waited| between(Duration::from_secs(waited)).as_secs_f64();
        assert!((0..50).all(|_| (1.0..=1.25).contains(&seconds(3))));
        assert!((0..50).all(|_| (10.0..=12.5).contains(&seconds(200))));
        assert!((0..50).all(|_| (60.0..=75.0).contains(&seconds(80_000))));
        let waits: std::collections::BTreeSet<Duration> = (0..50).map(|_| between(Duration::from_secs(200))).collect();
        assert!(waits.len() > 10);
    }
}
