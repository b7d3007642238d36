//! Batches of which nobody knows whether they were created: a run was killed, or a connection broke, before the provider's id
//! was written. They are looked for at the provider before their calls are asked again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::provider::{BatchView, CallError, Provider};

use crate::run::clock;

use super::office::{Office, UnderWay};
use super::pack::is_passing;
use super::stage::BatchStage;

/// How far the clock of a provider may be from ours.
const SKEW: SignedDuration = SignedDuration::from_hours(1);
/// A batch may be missing in the list for so long after it was created...
const FRESH: SignedDuration = SignedDuration::from_secs(60);
/// ...and is therefore looked for so often...
const LOOKS: u32 = 3;
/// ...with waits between.
const BETWEEN: Duration = Duration::from_secs(2);

/// What came of looking for a batch.
#[derive(Debug)]
pub(super) enum Search {
    /// The provider's id of it.
    Found(String),
    /// It was not created.
    NotThere,
    /// The run stops before that is known.
    Stopped,
}

impl Office {
    /// Looks for all batches of earlier runs whose id is not known.
    pub(super) async fn find_all(&mut self) {
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.batches.drain(..).partition(|under_way| under_way.batch.id.is_some());
        self.batches = known;
        for mut under_way in unknown {
            match self.search(&mut under_way).await {
                Search::Found(id) => self.take_up(under_way, id, BatchStage::PickedUp).await,
                Search::Stopped => self.batches.push(under_way),
                Search::NotThere => {
                    let calls = under_way.batch.calls;
                    let message = format!(
                        "a batch of {calls} calls was about to be created when an earlier run broke off, and was not: its \
                         calls are asked anew"
                    );
                    self.say(&under_way.batch.model, message).await;
                    self.close(under_way).await;
                }
            }
        }
    }

    /// Looks for a batch until it is found or known not to be there.
    pub(super) async fn search(&mut self, under_way: &mut UnderWay) -> Search {
        let (mut failures, mut looks) = (0, 0);
        loop {
            match self.look_for(under_way).await {
                Ok(Some(id)) => {
                    self.reached();
                    return Search::Found(id);
                }
                Ok(None) => {
                    self.reached();
                    looks += 1;
                    let begun: Option<Timestamp> = under_way.batch.begun_at.parse().ok();
                    let is_fresh = begun.is_some_and(|begun| clock::timestamp().duration_since(begun) < FRESH);
                    if looks >= LOOKS || !is_fresh {
                        return Search::NotThere;
                    }
                    if !self.pause(BETWEEN).await {
                        return Search::Stopped;
                    }
                }
                Err(error) if is_passing(&error) => {
                    if !self.wait_after(&under_way.batch.model.clone(), &error, failures).await {
                        return Search::Stopped;
                    }
                    failures += 1;
                }
                Err(error) => {
                    let message = format!("whether a batch was created cannot be found out: {error}");
                    self.give_up(&under_way.batch.model, &message).await;
                    return Search::Stopped;
                }
            }
        }
    }

    /// Looks once: through the provider's batches, the newest first, down to those that are too old.
    async fn look_for(&self, under_way: &UnderWay) -> Result<Option<String>, CallError> {
        let courier: &Provider = &under_way.courier;
        let begun: Option<Timestamp> = under_way.batch.begun_at.parse().ok();
        let mut after = None;
        let mut best: Option<(SignedDuration, String)> = None;
        loop {
            let Some(page) = courier.batches(after.as_deref()).await? else {
                let message = "the server lists no batches, so that one may be bought twice that was created just before a \
                               run broke off";
                self.say(&under_way.batch.model, message.to_owned()).await;
                return Ok(None);
            };
            let mut is_old = page.batches.is_empty();
            for view in page.batches {
                if view.label.as_deref() == Some(under_way.batch.key.as_str()) {
                    return Ok(Some(view.id));
                }
                let distance = begun.zip(view.created_at).map(|(begun, created)| created.duration_since(begun));
                is_old |= distance.is_some_and(|distance| distance < -SKEW);
                if let Some(distance) = distance.filter(|distance| *distance >= -SKEW)
                    && !courier.labels_batches()
                    && self.may_be(under_way, &view).await
                    && best.as_ref().is_none_or(|(least, _)| distance.abs() < *least)
                {
                    best = Some((distance.abs(), view.id));
                }
            }
            match page.next {
                Some(next) if !is_old => after = Some(next),
                _ => return Ok(best.map(|(_, id)| id)),
            }
        }
    }

    /// Whether a batch without a label may be the one: as large, and not known as another. Its custom ids prove it later.
    async fn may_be(&self, under_way: &UnderWay, view: &BatchView) -> bool {
        view.requests == Some(under_way.batch.calls)
            && !self.foreign.contains(&(under_way.batch.key.clone(), view.id.clone()))
            && !self.floor.store.knows_batch(&view.id).await.unwrap_or(true)
    }
}
