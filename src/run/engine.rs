//! The workers: they take units from the queue of their model until it ends or the run stops.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as Lock, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

use super::ask;
use super::batch::Post;
use super::call::Halt;
use super::error::RunError;
use super::event::{Event, Warned};
use super::feed::{self, Divide};
use super::plan::Unit;
use super::seat::{Judge, Line, Reach, Seat};
use super::stop::{Signals, Stage, Stop};
use super::store::Store;
use super::thread;

/// Events that may wait for the person's display.
const EVENTS: usize = 256;

/// How failures are dealt with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    /// Retries of a call that failed for other reasons than a limit.
    pub(super) max_retries: u32,
    /// How long a model may say nothing but "wait".
    pub(super) patience: Duration,
}

/// How long a model may say nothing but "wait" before the run stops, to be resumed later.
pub(super) const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Retries that a run may use before it has answers.
const FREE_RETRIES: u64 = 100;
/// Answers that pay for one retry more: where more than a third of all requests fail, money is burnt.
const ANSWERS_PER_RETRY: u64 = 2;

/// What all workers share.
#[derive(Debug)]
pub(super) struct Floor<J> {
    pub(super) seats: Vec<Seat<J>>,
    pub(super) store: Store,
    pub(super) policy: Policy,
    pub(super) stop: Stop,
    /// The way into batches, where there are any.
    pub(super) post: OnceLock<Post>,
    events: mpsc::Sender<Event>,
    in_flight: AtomicUsize,
    sent: AtomicU64,
    answers: AtomicU64,
    retries: AtomicU64,
    given_up: Lock<Vec<GivenUp>>,
}

/// Judges that could not be used any further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// Their names.
    pub judges: Vec<String>,
    /// What happened.
    pub message: String,
}

/// How the workers ended.
#[derive(Debug, Default)]
pub(super) struct Ending {
    /// Requests sent, retries included.
    pub(super) sent: u64,
    /// Whether the person stopped the run.
    pub(super) interrupted: bool,
    /// The judges that could not be used any further.
    pub(super) given_up: Vec<GivenUp>,
    /// What else ended the run.
    pub(super) error: Option<RunError>,
}

impl Ending {
    /// Whether nothing more is to be done.
    pub(super) fn is_final(&self) -> bool {
        self.interrupted || !self.given_up.is_empty() || self.error.is_some()
    }
}

impl<J: Judge> Floor<J> {
    /// A floor and the events that happen on it.
    pub(super) fn new(seats: Vec<Seat<J>>, store: Store, policy: Policy) -> (Arc<Self>, mpsc::Receiver<Event>) {
        let (events, receiver) = mpsc::channel(EVENTS);
        let floor = Self {
            seats,
            store,
            policy,
            stop: Stop::default(),
            post: OnceLock::new(),
            events,
            in_flight: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            given_up: Lock::default(),
        };
        (Arc::new(floor), receiver)
    }

    /// Tells those who watch the run; nobody may be left after a second interrupt.
    pub(super) async fn tell(&self, event: Event) {
        let _ = self.events.send(event).await;
    }

    /// Warns, unless something about the same matter was said of this model before.
    pub(super) async fn warn(&self, seat: &Seat<J>, kind: Warned, matter: &str, message: String) {
        if seat.line.is_news(matter) {
            self.tell(Event::Warning { judge: seat.name.clone(), kind, message }).await;
        }
    }

    /// Stops the run.
    pub(super) fn raise(&self, stage: Stage) {
        self.stop.raise(stage);
        for seat in &self.seats {
            seat.line.stop.raise(stage);
        }
    }

    /// Asks those no more whom `seat` stands for, because they cannot be used any further; the first reason counts. The run
    /// stops with the last of them.
    pub(super) async fn give_up(&self, seat: &Seat<J>, reach: Reach, message: &str) {
        let is_meant = |other: &&Seat<J>| match reach {
            Reach::Model => Arc::ptr_eq(&other.line, &seat.line),
            Reach::Supplier => Arc::ptr_eq(&other.line.supplier, &seat.line.supplier),
            Reach::Run => true,
        };
        let judges: Vec<String> = {
            let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
            let left = self.seats.iter().filter(is_meant).filter(|other| other.line.stop.stage() == Stage::Go);
            let left: Vec<&Seat<J>> = left.collect();
            if left.is_empty() {
                return;
            }
            for other in &left {
                other.line.stop.raise(Stage::Drain);
            }
            let judges: Vec<String> = left.iter().map(|other| other.name.clone()).collect();
            given_up.push(GivenUp { judges: judges.clone(), message: message.to_owned() });
            judges
        };
        let goes_on = self.seats.iter().any(|other| other.line.stop.stage() == Stage::Go);
        self.tell(Event::GivenUp { judges, message: message.to_owned(), goes_on }).await;
        if !goes_on {
            self.stop.raise(Stage::Drain);
        }
    }

    /// How it ended.
    pub(super) fn ending(&self, interrupted: bool, error: Option<RunError>) -> Ending {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sent = self.sent.load(Ordering::Relaxed);
        Ending { sent, interrupted, given_up, error }
    }

    /// Counts `calls` that are sent in a batch.
    pub(super) fn posted(&self, calls: u64) {
        self.sent.fetch_add(calls, Ordering::Relaxed);
    }

    /// Counts an answer.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one retry out of the run's budget; the retries and answers so far where it is used up.
    pub(super) fn overspent(&self) -> Option<(u64, u64)> {
        let retries = self.retries.fetch_add(1, Ordering::Relaxed);
        let answers = self.answers.load(Ordering::Relaxed);
        (retries >= FREE_RETRIES + answers / ANSWERS_PER_RETRY).then_some((retries, answers))
    }

    /// Counts a request while it is under way.
    pub(super) async fn sending<T>(&self, request: impl Future<Output = T>) -> T {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        let reply = request.await;
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        reply
    }

    /// Takes units from the queue of `line` until it ends or the model is asked no more.
    async fn work(self: Arc<Self>, line: Arc<Line>, queue: Arc<Mutex<mpsc::Receiver<Unit>>>) {
        while line.stop.stage() == Stage::Go {
            let next = async { queue.lock().await.recv().await };
            let unit = tokio::select! {
                biased;
                () = line.stop.raised() => return,
                unit = next => unit,
            };
            let Some(unit) = unit else { return };
            if ask::decide(&self, unit).await == Err(Halt::Stop) {
                return;
            }
        }
    }
}

/// Runs the plan of each stage to its end, one after the other, or to a stop, telling `on_event` all that happens.
pub(super) async fn drive<J: Judge, P: Divide>(
    floor: Arc<Floor<J>>,
    mut events: mpsc::Receiver<Event>,
    stages: impl IntoIterator<Item = P>,
    signals: &mut Signals,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> Ending {
    let mut ending = Ending::default();
    for plan in stages {
        ending = drive_stage(&floor, &mut events, plan, signals, on_event).await;
        if floor.stop.stage() != Stage::Go || ending.error.is_some() {
            break;
        }
    }
    ending
}

async fn drive_stage<J: Judge>(
    floor: &Arc<Floor<J>>,
    events: &mut mpsc::Receiver<Event>,
    mut plan: impl Divide,
    signals: &mut Signals,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> Ending {
    let (queues, workers) = hire(floor);
    let planner = thread::spawn("plan", {
        let floor = Arc::clone(floor);
        move || feed::feed(&mut plan, &queues, &floor)
    });
    let (interrupted, error) = watch(floor, events, workers, signals, on_event).await;
    let fed = if floor.stop.stage() == Stage::Quit { Ok(()) } else { planned(planner).await };
    floor.ending(interrupted, error.or(fed.err()))
}

/// Waits for `workers` to end, telling `on_event` all that happens meanwhile; whether the person stopped them, and what else
/// went wrong.
pub(super) async fn watch<J: Judge>(
    floor: &Floor<J>,
    events: &mut mpsc::Receiver<Event>,
    mut workers: JoinSet<()>,
    signals: &mut Signals,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> (bool, Option<RunError>) {
    let mut interrupted = false;
    let mut draining = false;
    let mut error = None;
    loop {
        tokio::select! {
            biased;
            Some(event) = events.recv() => on_event(&event),
            ended = workers.join_next() => match ended {
                None => break,
                Some(Ok(())) => (),
                Some(Err(fault)) if fault.is_cancelled() => (),
                Some(Err(fault)) => {
                    error.get_or_insert_with(|| RunError::Fault(fault.to_string()));
                    floor.raise(Stage::Drain);
                }
            },
            () = signals.next() => {
                // A run that drains already, for whatever reason, has said that the next interrupt quits.
                let stage = if draining { Stage::Quit } else { Stage::Drain };
                interrupted = true;
                floor.raise(stage);
                if stage == Stage::Quit {
                    workers.abort_all();
                }
            }
            () = floor.stop.raised(), if !draining => {
                draining = true;
                on_event(&Event::Draining { in_flight: floor.in_flight.load(Ordering::Relaxed) });
            }
        }
    }
    while let Ok(event) = events.try_recv() {
        on_event(&event);
    }
    (interrupted, error)
}

async fn planned(planner: oneshot::Receiver<Result<(), RunError>>) -> Result<(), RunError> {
    planner.await.unwrap_or_else(|_| Err(RunError::Fault("the planning thread panicked".to_owned())))
}

/// One queue a model, and the workers that take from it. Returns the queue of each seat.
pub(super) fn hire<J: Judge>(floor: &Arc<Floor<J>>) -> (Vec<mpsc::Sender<Unit>>, JoinSet<()>) {
    let mut workers = JoinSet::new();
    let mut lines: Vec<(Arc<Line>, mpsc::Sender<Unit>)> = Vec::new();
    let queue_of = |seat: &Seat<J>| {
        if let Some((_, queue)) = lines.iter().find(|(line, _)| Arc::ptr_eq(line, &seat.line)) {
            return queue.clone();
        }
        let concurrency = seat.line.concurrency.max(1);
        let (sender, receiver) = mpsc::channel(concurrency);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..concurrency {
            workers.spawn(Arc::clone(floor).work(Arc::clone(&seat.line), Arc::clone(&receiver)));
        }
        lines.push((Arc::clone(&seat.line), sender.clone()));
        sender
    };
    let queues = floor.seats.iter().map(queue_of).collect();
    (queues, workers)
}
