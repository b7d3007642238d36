//! The judges of a run at work: what they are asked, and what is known of the models behind them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limit::{Budget, Limits, TokenEstimator};
use crate::provider::{Ask, CallError, Form, Provider, Reply, Request, TokenCounts};
use crate::verdict::{Reader, Reading, Unreadable};

use super::breaker::{Breaker, Pass};
use super::stop::Stop;

/// What the engine needs of a model; tests put scripted ones in its place.
pub(super) trait Judge: Send + Sync + 'static {
    /// See [`Provider::is_remote`].
    fn is_remote(&self) -> bool;
    /// See [`Provider::keeps_calls`].
    fn keeps_calls(&self) -> bool {
        true
    }
    /// See [`Provider::forms`].
    fn forms(&self) -> &'static [Form];
    /// See [`Provider::request`].
    fn request(&self, ask: &Ask<'_>, form: Form) -> Request;
    /// See [`Provider::send`].
    fn send(&self, request: &Request) -> impl Future<Output = Result<Reply, CallError>> + Send;
    /// See [`Provider::read_body`].
    fn read_body(&self, request: &Request, body: &[u8]) -> Result<Reply, CallError>;
    /// See [`Provider::micro_dollars`].
    fn micro_dollars(&self, tokens: &TokenCounts) -> Option<u64>;
    /// See [`Provider::most_micro_dollars`].
    fn most_micro_dollars(&self, input: u64) -> Option<u64>;
    /// See [`Reader::read`].
    fn read(&self, reader: &Reader, text: &str) -> Result<Reading, Unreadable> {
        reader.read(text)
    }
}

impl Judge for Provider {
    fn is_remote(&self) -> bool {
        Self::is_remote(self)
    }
    fn keeps_calls(&self) -> bool {
        Self::keeps_calls(self)
    }
    fn forms(&self) -> &'static [Form] {
        Self::forms(self)
    }
    fn request(&self, ask: &Ask<'_>, form: Form) -> Request {
        Self::request(self, ask, form)
    }
    async fn send(&self, request: &Request) -> Result<Reply, CallError> {
        Self::send(self, request).await
    }
    fn read_body(&self, request: &Request, body: &[u8]) -> Result<Reply, CallError> {
        Self::read_body(self, request, body)
    }
    fn micro_dollars(&self, tokens: &TokenCounts) -> Option<u64> {
        Self::micro_dollars(self, tokens)
    }
    fn most_micro_dollars(&self, input: u64) -> Option<u64> {
        Self::most_micro_dollars(self, input)
    }
}

/// One judge of the experiment.
#[derive(Debug)]
pub(super) struct Seat<J> {
    /// Name in tables.
    pub(super) name: String,
    /// `provider/model`.
    pub(super) model: String,
    /// The model with its parameters.
    pub(super) judge: Arc<J>,
    /// What its calls are expected to use.
    pub(super) estimator: TokenEstimator,
    /// What it shares with the other judges of its model.
    pub(super) line: Arc<Line>,
}

/// What all models of one provider share: those behind one base URL, or one program.
#[derive(Debug, Default)]
pub(super) struct Supplier {
    /// Its base URL, or the program.
    pub(super) name: String,
    breaker: Breaker,
}

impl Supplier {
    /// One that nothing is known of yet.
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), breaker: Breaker::default() }
    }
}

/// Who is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The judges of one model.
    Model,
    /// All models of one provider.
    Supplier,
    /// All judges.
    Run,
}

/// What all judges of one model share.
#[derive(Debug)]
pub(super) struct Line {
    /// Calls under way at once.
    pub(super) concurrency: usize,
    /// Limits; none for judges inside this program.
    pub(super) limits: Option<Limits>,
    /// Whether this model is asked any more.
    pub(super) stop: Stop,
    pub(super) supplier: Arc<Supplier>,
    /// Whether calls go through: a model may be out of order that its neighbours are not.
    breaker: Breaker,
    /// The run's budget; none for judges inside this program, and where there is none.
    pub(super) budget: Option<Arc<Budget>>,
    /// How many of the provider's forms turned out not to be supported.
    unsupported: AtomicUsize,
    /// Units in a row on which the model failed.
    failures: AtomicU32,
    /// When the model first said to wait, since its last answer.
    waiting: Mutex<Option<Instant>>,
    /// Matters already warned of.
    warned: Mutex<BTreeSet<String>>,
}

/// Warnings remembered of one model; beyond that many different ones, no more are given.
const WARNINGS: usize = 50;

impl Line {
    /// The line of a model nothing is known of yet.
    pub(super) fn new(concurrency: usize, limits: Option<Limits>) -> Self {
        Self {
            concurrency,
            limits,
            stop: Stop::default(),
            supplier: Arc::default(),
            breaker: Breaker::default(),
            budget: None,
            unsupported: AtomicUsize::new(0),
            failures: AtomicU32::new(0),
            waiting: Mutex::default(),
            warned: Mutex::default(),
        }
    }

    /// The line of a model of `supplier`.
    pub(super) fn of(self, supplier: Arc<Supplier>) -> Self {
        Self { supplier, ..self }
    }

    /// The line with a budget to keep.
    pub(super) fn within(self, budget: Option<Arc<Budget>>) -> Self {
        Self { budget: budget.filter(|_| self.limits.is_some()), ..self }
    }

    /// The best form that is not known to be unsupported.
    pub(super) fn form(&self, forms: &'static [Form]) -> Option<Form> {
        forms.get(self.unsupported.load(Ordering::Relaxed)).copied()
    }

    /// Remembers that `form` is not supported.
    pub(super) fn rule_out(&self, form: Form, forms: &'static [Form]) {
        if let Some(place) = forms.iter().position(|known| *known == form) {
            self.unsupported.fetch_max(place + 1, Ordering::Relaxed);
        }
    }

    /// Remembers an answer.
    pub(super) fn answered(&self) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.failures.store(0, Ordering::Relaxed);
        self.is_there();
    }

    /// Remembers that the model answered, or refused for being asked too much.
    pub(super) fn is_there(&self) {
        self.breaker.answered();
        self.supplier.breaker.answered();
    }

    /// Waits until a call may be sent.
    pub(super) async fn pass(&self) -> Pass<'_> {
        match self.supplier.breaker.pass().await {
            Pass::Free => self.breaker.pass().await,
            probe @ Pass::Probe { .. } => probe,
        }
    }

    /// Remembers a failed request; who is to be given up, and after how many in a row over how long, where that is longer
    /// than `patience`.
    pub(super) fn broke(&self, patience: Duration) -> Option<(Reach, u32, Duration)> {
        let own = self.breaker.failed(patience);
        let all = self.supplier.breaker.failed(patience);
        let over = |reach, (failures, failing)| (reach, failures, failing);
        all.map(|all| over(Reach::Supplier, all)).or(own.map(|own| over(Reach::Model, own)))
    }

    /// Remembers that the model said to wait; for how long it has done nothing else.
    pub(super) fn told_to_wait(&self) -> Duration {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get_or_insert_with(Instant::now).elapsed()
    }

    /// Failed units in a row after which the model is given up: an outage ends a run instead of using up its units.
    pub(super) fn give_up_after(&self) -> u32 {
        u32::try_from(self.concurrency * 2).unwrap_or(u32::MAX).max(20)
    }

    /// Counts a unit on which the model failed; how many those are in a row.
    pub(super) fn failed(&self) -> u32 {
        self.failures.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether `matter` was not warned of before.
    pub(super) fn is_news(&self, matter: &str) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        warned.len() < WARNINGS && warned.insert(matter.to_owned())
    }
}
