//! The one task that deals with the provider: what it holds.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::time::Instant;

use crate::ledger::{Batch, BatchCall, BatchEntry, Entry, Ledger, LedgerError};
use crate::limit::{Budget, Reservation};
use crate::provider::{Access, Params, Parcel, Provider};
use crate::verdict::Fingerprint;

use crate::run::clock;
use crate::run::engine::Floor;
use crate::run::event::{Event, Warned};
use crate::run::seat::{Reach, Seat};

use super::post::Post;
use super::stage::BatchStage;

/// A batch that the ledger holds as open, with its calls.
#[derive(Debug)]
pub(in crate::run) struct Restored {
    batch: Batch,
    calls: Vec<BatchCall>,
}

impl Restored {
    /// All of `ledger`.
    pub(in crate::run) fn all(ledger: &Ledger) -> Result<Vec<Self>, LedgerError> {
        let with_calls = |(batch, _): (Batch, u64)| {
            let calls = ledger.batch_calls(&batch.key)?;
            Ok(Self { batch, calls })
        };
        ledger.open_batches()?.into_iter().map(with_calls).collect()
    }

    /// Its calls without a result, each with the run that pays.
    pub(in crate::run) fn under_way(&self) -> impl Iterator<Item = (Fingerprint, Arc<str>)> + '_ {
        let run: Arc<str> = Arc::from(self.batch.run.as_str());
        let waiting = self.calls.iter().filter(|call| !call.has_result);
        waiting.map(move |call| (call.call.clone(), Arc::clone(&run)))
    }
}

/// A batch under way.
#[derive(Debug)]
pub(super) struct UnderWay {
    pub(super) batch: Batch,
    pub(super) calls: HashMap<Fingerprint, BatchCall>,
    /// Who asks about it.
    pub(super) courier: Arc<Provider>,
    /// Looks in a row at which the provider did not know it.
    pub(super) unknown: u32,
    /// What was last said of it: when, and how many were done.
    pub(super) told: Option<(Instant, Option<u64>)>,
}

/// Calls of one model with the same headers that go into one batch, as far as they are gathered.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) model: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) courier: Arc<Provider>,
    pub(super) parcel: Parcel,
    pub(super) calls: Vec<BatchCall>,
}

/// What turned out in one round.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Round {
    /// The next call does not fit into the budget beside what is under way.
    pub(super) is_short: bool,
    /// Calls do not go into a batch, or not into one as large.
    pub(super) is_news: bool,
}

/// What the office is set up with, and what it works on.
#[derive(Debug)]
pub(in crate::run) struct Office {
    pub(super) floor: Arc<Floor<Provider>>,
    pub(super) run: String,
    /// Where requests are gathered, on disk.
    pub(super) folder: PathBuf,
    pub(super) access: Access,
    pub(super) budget: Option<Arc<Budget>>,
    /// Whether the calls of batches that the provider no longer knows are asked again.
    pub(super) forgets: bool,
    pub(super) loads: Vec<Load>,
    pub(super) batches: Vec<UnderWay>,
    /// Dollars held for calls of this run that are under way.
    pub(super) reservations: HashMap<Fingerprint, Reservation>,
    pub(super) round: Round,
    /// Requests that go into one batch of a model at most, where its provider took no more.
    pub(super) at_most: HashMap<String, u64>,
    /// Models whose queue at the provider is full.
    pub(super) full: HashSet<String>,
    /// Models whose servers are known to have batches.
    pub(super) asked: HashSet<String>,
    /// Labels of our batches, each with the provider's id of another one that was taken for it.
    pub(super) foreign: HashSet<(String, String)>,
    /// Since when no server could be asked.
    pub(super) failing_since: Option<Instant>,
    /// Whether any server could be asked before.
    pub(super) was_reached: bool,
}

impl Office {
    /// An office for the run `run` that goes on with `restored`.
    pub(in crate::run) async fn new(
        floor: Arc<Floor<Provider>>,
        run: &str,
        folder: PathBuf,
        access: Access,
        budget: Option<Arc<Budget>>,
        forgets: bool,
        restored: Vec<Restored>,
    ) -> Self {
        let mut office = Self {
            floor,
            run: run.to_owned(),
            folder,
            access,
            budget,
            forgets,
            loads: Vec::new(),
            batches: Vec::new(),
            reservations: HashMap::new(),
            round: Round::default(),
            at_most: HashMap::new(),
            full: HashSet::new(),
            asked: HashSet::new(),
            foreign: HashSet::new(),
            failing_since: None,
            was_reached: false,
        };
        for Restored { batch, calls } in restored {
            office.restore(batch, calls).await;
        }
        office
    }

    async fn restore(&mut self, batch: Batch, calls: Vec<BatchCall>) {
        if let Some(budget) = self.budget.as_ref().filter(|_| batch.run == self.run) {
            for call in calls.iter().filter(|call| !call.has_result) {
                self.reservations.insert(call.call.clone(), budget.hold(call.micro_dollars.unwrap_or(0)));
            }
        }
        match self.courier(&batch) {
            Ok(courier) => {
                let calls = calls.into_iter().map(|call| (call.call.clone(), call)).collect();
                let under_way = UnderWay { batch, calls, courier, unknown: 0, told: None };
                if under_way.batch.id.is_some() {
                    self.tell(&under_way, BatchStage::PickedUp).await;
                }
                self.batches.push(under_way);
            }
            Err(message) => {
                let (id, run) = (batch.id.as_deref().unwrap_or("not known"), &batch.run);
                let message = format!("batch {id} of run {run} cannot be asked about now: {message}");
                self.floor.tell(Event::Warning { judge: batch.model, kind: Warned::Failed, message }).await;
            }
        }
    }

    /// Who can ask about `batch`: the judge of this run, or one made for it.
    fn courier(&self, batch: &Batch) -> Result<Arc<Provider>, String> {
        let server = self.access.source(&batch.model);
        if server != batch.server {
            return Err(format!("it is at {}, and the base URL now is {server}", batch.server));
        }
        if let Some(seat) = self.floor.seats.iter().find(|seat| seat.model == batch.model) {
            return Ok(Arc::clone(&seat.judge));
        }
        let made = Provider::new(&batch.model, &Params::default(), &self.access);
        let made = made.and_then(|provider| provider.batched(&self.access.folder));
        made.map(Arc::new).map_err(|error| error.to_string())
    }

    /// The post of this run.
    pub(super) fn with_post(&self, act: impl FnOnce(&Post)) {
        if let Some(post) = self.floor.post.get() {
            act(post);
        }
    }

    /// The seat that stands for `model`: one of its own, or the first.
    pub(super) fn seat(&self, model: &str) -> Option<&Seat<Provider>> {
        self.floor.seats.iter().find(|seat| seat.model == model).or(self.floor.seats.first())
    }

    /// Tells what is to be said of a batch.
    pub(super) async fn tell(&self, under_way: &UnderWay, stage: BatchStage) {
        let Batch { model, id, calls, .. } = under_way.batch.clone();
        self.floor.tell(Event::Batch { model, batch: id.unwrap_or_default(), calls, stage }).await;
    }

    /// Warns of something about `model`, each time.
    pub(super) async fn say(&self, model: &str, message: String) {
        self.floor.tell(Event::Warning { judge: model.to_owned(), kind: Warned::Failed, message }).await;
    }

    /// Asks `model` no more; the run stops with its last one.
    pub(super) async fn give_up(&self, model: &str, message: &str) {
        if let Some(seat) = self.seat(model) {
            self.floor.give_up(seat, Reach::Model, message).await;
        }
    }

    /// Commits something about a batch. Where the ledger's thread is gone, it says why itself, and nothing more is sent.
    pub(super) async fn commit(&self, entry: BatchEntry) {
        if self.floor.store.commit(Entry::Batch(entry)).await.is_err() {
            self.floor.raise(crate::run::stop::Stage::Drain);
        }
    }

    /// Nothing more is to come of a batch: what it did not answer may be asked again.
    pub(super) async fn close(&mut self, under_way: UnderWay) {
        self.commit(BatchEntry::Closed { key: under_way.batch.key, at: clock::now() }).await;
        for call in under_way.calls.keys() {
            self.with_post(|post| post.release(call));
            self.reservations.remove(call);
        }
        self.full.remove(&under_way.batch.model);
    }

    /// Whether the run stops.
    pub(super) fn stops(&self) -> bool {
        self.floor.stop.stage() != crate::run::stop::Stage::Go
    }
}
