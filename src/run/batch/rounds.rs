//! Rounds: the plan is gone through, what it lacks is sent, a batch is awaited and read, and so on until nothing is lacking.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::provider::Provider;

use crate::run::engine::{self, Ending, Floor};
use crate::run::error::RunError;
use crate::run::event::Event;
use crate::run::feed;
use crate::run::plan::Plan;
use crate::run::stages::Stages;
use crate::run::stop::{Signals, Stage};
use crate::run::thread;

use super::office::{Office, Round, UnderWay};
use super::post::Item;

/// Calls that may wait to be packed.
const ITEMS: usize = 64;

/// Runs the plan of each stage by batch, one after the other, to its end or to a stop, telling `on_event` all that happens.
pub(in crate::run) async fn drive(
    floor: Arc<Floor<Provider>>,
    mut events: mpsc::Receiver<Event>,
    stages: Stages,
    office: impl Future<Output = Office> + Send + 'static,
    signals: &mut Signals,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> Ending {
    let mut workers = JoinSet::new();
    let (sender, ended) = oneshot::channel();
    workers.spawn(async move {
        // Nobody listens after a second interrupt.
        let _ = sender.send(office.await.work(stages).await);
    });
    let (interrupted, error) = engine::watch(&floor, &mut events, workers, signals, on_event).await;
    let worked = ended.await.unwrap_or(Ok(()));
    floor.ending(interrupted, error.or(worked.err()))
}

impl Office {
    async fn work(mut self, stages: Stages) -> Result<(), RunError> {
        self.find_all().await;
        // What ended meanwhile is read first, so that all second tries go together. Errors come again where they matter.
        self.look_at_all().await;
        for plan in stages {
            if !self.is_worked_off(plan).await? {
                break;
            }
        }
        Ok(())
    }

    /// Goes through `plan` until it lacks nothing; whether it came so far.
    async fn is_worked_off(&mut self, mut plan: Plan) -> Result<bool, RunError> {
        let sessions = plan.sessions.as_slice().to_vec();
        loop {
            plan = self.round(plan).await?;
            self.set_aside();
            let is_done = !self.floor.post.get().is_some_and(super::Post::is_awaited);
            let is_stuck = self.batches.is_empty() && !self.round.is_news;
            if self.stops() || is_done || is_stuck {
                return Ok(is_done && !self.stops());
            }
            if !self.batches.is_empty() {
                self.collect().await;
            }
            if self.stops() {
                return Ok(false);
            }
            let due = self.floor.post.get().map(super::Post::take_due).unwrap_or_default();
            plan.restart(&sessions, |id| due.contains(id));
        }
    }

    /// Leaves the batches of models that are asked no more to a later run: nobody waits for them in this one.
    fn set_aside(&mut self) {
        let batches = std::mem::take(&mut self.batches);
        let is_asked = |under_way: &UnderWay| {
            self.seat(&under_way.batch.model).is_some_and(|seat| seat.line.stop.stage() == Stage::Go)
        };
        let (asked, left): (Vec<_>, Vec<_>) = batches.into_iter().partition(is_asked);
        self.batches = asked;
        for call in left.iter().flat_map(|under_way| under_way.calls.keys()) {
            self.with_post(|post| post.abandon(call));
        }
    }

    /// Takes every unit of `plan` as far as it goes, and sends the calls that are lacking.
    async fn round(&mut self, mut plan: Plan) -> Result<Plan, RunError> {
        let floor = Arc::clone(&self.floor);
        let (outbox, items) = mpsc::channel(ITEMS);
        self.with_post(|post| post.open(outbox));
        let (queues, mut workers) = engine::hire(&floor);
        let planner = thread::spawn("plan", {
            let floor = Arc::clone(&floor);
            move || feed::feed(&mut plan, &queues, &floor).map(|()| plan)
        });
        let working = async {
            let mut fault = Ok(());
            while let Some(ended) = workers.join_next().await {
                match ended {
                    Err(error) if !error.is_cancelled() => fault = Err(RunError::Fault(error.to_string())),
                    _ => (),
                }
            }
            if let Some(post) = floor.post.get() {
                post.close();
            }
            fault
        };
        let (worked, packed) = tokio::join!(working, self.pack_all(items));
        packed?;
        worked?;
        planner.await.unwrap_or_else(|_| Err(RunError::Fault("the planning thread panicked".to_owned())))
    }

    /// Packs what comes until nothing more does, and sends it.
    async fn pack_all(&mut self, mut items: mpsc::Receiver<Item>) -> Result<(), RunError> {
        self.round = Round::default();
        while let Some(item) = items.recv().await {
            self.pack(item).await?;
        }
        self.send_all().await
    }
}
