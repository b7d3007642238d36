//! From calls to batches: gathered by model, split at the provider's limits and at the budget, and created.

use crate::ledger::{Batch, BatchCall, BatchEntry};
use crate::provider::{CallError, Parcel};
use crate::verdict::{Fingerprint, NoVerdict};

use crate::run::clock;
use crate::run::error::RunError;
use crate::run::stop::Stage;

use super::find::Search;
use super::office::{Load, Office, UnderWay};
use super::post::Item;
use super::stage::BatchStage;

/// Characters of a batch's label, which tells it from all others.
const LABEL: usize = 32;

impl Office {
    /// Puts a call into the batch that is being gathered for its model, and sends that batch first where it is full.
    pub(super) async fn pack(&mut self, item: Item) -> Result<(), RunError> {
        let Some(seat) = self.floor.seats.iter().find(|seat| seat.name == item.judge) else { return Ok(()) };
        let (model, courier) = (seat.model.clone(), std::sync::Arc::clone(&seat.judge));
        let Some(limits) = courier.batch_limits().cloned() else { return Ok(()) };
        if self.stops() || self.round.is_short || self.full.contains(&model) {
            self.with_post(|post| post.release(&item.call));
            return Ok(());
        }
        let bytes = courier.batch_request(&item.call.0, &item.request);
        let headers = &item.request.headers;
        let fits = |parcel: &Parcel| parcel.bytes_with(bytes.len()) <= limits.bytes;
        let at_most = self.at_most.get(&model).copied().unwrap_or(u64::MAX).min(limits.requests);
        let place = self.loads.iter().position(|load| load.model == model && load.headers == *headers);
        let is_full = |load: &Load| load.parcel.requests() >= at_most || !fits(&load.parcel);
        if let Some(place) = place.filter(|place| is_full(&self.loads[*place])) {
            let full = self.loads.swap_remove(place);
            self.send(full).await?;
        }
        if !self.reserve(&item).await? {
            self.with_post(|post| post.release(&item.call));
            return Ok(());
        }
        let place = self.loads.iter().position(|load| load.model == model && load.headers == *headers);
        let place = if let Some(place) = place {
            place
        } else {
            let parcel = Parcel::new(&self.folder, courier.batch_frame())?;
            if !fits(&parcel) {
                self.round.is_news = true;
                self.reservations.remove(&item.call);
                let message = format!("its request alone is larger than a batch may be ({} bytes)", limits.bytes);
                self.with_post(|post| {
                    post.failed(&item.call, NoVerdict::TooLong, message);
                    post.release(&item.call);
                });
                return Ok(());
            }
            let headers = headers.clone();
            self.loads.push(Load { model, headers, courier, parcel, calls: Vec::new() });
            self.loads.len() - 1
        };
        let load = &mut self.loads[place];
        load.parcel.push(&bytes)?;
        let attempts = self.floor.post.get().map_or(0, |post| post.attempts(&item.call));
        load.calls.push(BatchCall {
            call: item.call,
            judge: item.judge,
            rubric: item.rubric,
            form: item.request.form.as_str().to_owned(),
            replicate: item.replicate,
            roomier: item.roomier,
            attempts: attempts + 1,
            micro_dollars: item.most,
            has_result: false,
        });
        Ok(())
    }

    /// Reserves the most that a call can cost. Where it does not fit, what is gathered is sent, and the rest waits until
    /// answers have given back what they did not cost; where nothing could, the run ends.
    async fn reserve(&mut self, item: &Item) -> Result<bool, RunError> {
        let (Some(budget), Some(most)) = (self.budget.clone(), item.most) else { return Ok(true) };
        if let Some(reservation) = budget.try_reserve(most) {
            self.reservations.insert(item.call.clone(), reservation);
            return Ok(true);
        }
        self.round.is_short = true;
        self.send_all().await?;
        if self.reservations.is_empty() {
            // Tells the budget for what nothing was left.
            drop(budget.reserve(most).await);
            self.floor.raise(Stage::Drain);
        }
        Ok(false)
    }

    /// Sends all that is gathered.
    pub(super) async fn send_all(&mut self) -> Result<(), RunError> {
        while let Some(load) = self.loads.pop() {
            self.send(load).await?;
        }
        Ok(())
    }

    /// Creates a batch, which the ledger knows of before anything is sent.
    async fn send(&mut self, load: Load) -> Result<(), RunError> {
        let Load { model, courier, mut parcel, calls, .. } = load;
        if self.stops() || !self.has_batches(&model, &courier).await {
            self.release(calls.iter().map(|call| &call.call));
            return Ok(());
        }
        parcel.close()?;
        let begun_at = clock::now();
        let first = calls.first().map_or("", |call| &call.call.0);
        let mut key = Fingerprint::of(&[self.run.as_bytes(), begun_at.as_bytes(), first.as_bytes()]).0;
        key.truncate(LABEL);
        let batch = Batch {
            key,
            run: self.run.clone(),
            server: self.access.source(&model),
            model,
            calls: calls.len() as u64,
            begun_at,
            id: None,
        };
        self.commit(BatchEntry::Begun { batch: batch.clone(), calls: calls.clone() }).await;
        if self.stops() {
            return Ok(());
        }
        self.floor.posted(batch.calls);
        let calls = calls.into_iter().map(|call| (call.call.clone(), call)).collect();
        self.create(UnderWay { batch, calls, courier, unknown: 0, told: None }, &parcel).await;
        Ok(())
    }

    /// Creates `under_way` at the provider. After a failure that leaves it open whether the batch is there, it is looked for
    /// before it is created again.
    async fn create(&mut self, mut under_way: UnderWay, parcel: &Parcel) {
        let mut failures = 0;
        loop {
            let error = match under_way.courier.create_batch(&under_way.batch.key, parcel).await {
                Ok(view) => {
                    self.reached();
                    return self.take_up(under_way, view.id, BatchStage::Created).await;
                }
                Err(error) => error,
            };
            let message = error.to_string();
            let model = under_way.batch.model.clone();
            match error {
                CallError::RateLimited { .. } | CallError::Overloaded { .. } | CallError::Transient { .. } => {
                    if !self.wait_after(&model, &error, failures).await {
                        return self.batches.push(under_way);
                    }
                    failures += 1;
                    if matches!(error, CallError::RateLimited { .. }) {
                        continue;
                    }
                    match self.search(&mut under_way).await {
                        Search::Found(id) => return self.take_up(under_way, id, BatchStage::PickedUp).await,
                        Search::NotThere => (),
                        Search::Stopped => return self.batches.push(under_way),
                    }
                }
                // Smaller than the limits that are known, and too large all the same.
                CallError::TooLong { .. } if under_way.batch.calls > 1 => {
                    self.round.is_news = true;
                    self.at_most.insert(model.clone(), under_way.batch.calls / 2);
                    self.say(&model, format!("{message}; its calls go in smaller batches")).await;
                    return self.close(under_way).await;
                }
                _ => {
                    self.give_up(&model, &format!("no batch could be created: {message}")).await;
                    return self.close(under_way).await;
                }
            }
        }
    }

    /// Remembers the provider's id of a batch, before anything else can happen.
    pub(super) async fn take_up(&mut self, mut under_way: UnderWay, id: String, stage: BatchStage) {
        under_way.batch.id = Some(id.clone());
        self.commit(BatchEntry::Id { key: under_way.batch.key.clone(), id: Some(id) }).await;
        self.tell(&under_way, stage).await;
        self.batches.push(under_way);
    }

    fn release<'a>(&mut self, calls: impl Iterator<Item = &'a Fingerprint>) {
        for call in calls {
            self.reservations.remove(call);
            self.with_post(|post| post.release(call));
        }
    }

    /// Whether the server of `model` has batches; asked once, before anything is sent. Else the run ends.
    async fn has_batches(&mut self, model: &str, courier: &crate::provider::Provider) -> bool {
        if self.asked.contains(model) {
            return true;
        }
        let mut failures = 0;
        loop {
            match courier.has_batches().await {
                Ok(true) => {
                    self.reached();
                    self.asked.insert(model.to_owned());
                    return true;
                }
                Ok(false) => {
                    let server = self.access.source(model);
                    let message = format!(
                        "{server} has no batches, so that `mode: batch` cannot work there and nothing was sent: leave out \
                         `mode: batch`"
                    );
                    self.give_up(model, &message).await;
                    return false;
                }
                Err(error) if is_passing(&error) => {
                    if !self.wait_after(model, &error, failures).await {
                        return false;
                    }
                    failures += 1;
                }
                Err(error) => {
                    self.give_up(model, &error.to_string()).await;
                    return false;
                }
            }
        }
    }
}

/// Whether an error may pass.
pub(super) fn is_passing(error: &CallError) -> bool {
    matches!(error, CallError::RateLimited { .. } | CallError::Overloaded { .. } | CallError::Transient { .. })
}
