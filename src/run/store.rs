//! The ledger's thread: it owns the ledger, and commits whatever waits in one transaction.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::ledger::{BatchEntry, Call, Decision, Entry, Intent, LedgerError, Place, StoredCall, Writer};
use crate::verdict::Fingerprint;

use super::clock;
use super::thread;

/// Messages that may wait; senders beyond that wait themselves.
const WAITING: usize = 1_024;
/// Where answers come thick and fast they share a transaction, which costs a fraction: what comes within this time of a
/// message is waited for...
const NEXT: Duration = Duration::from_micros(500);
/// ...so often at most. Beside the seconds that a model takes it is nothing.
const WAITS: usize = 8;

/// The way to the ledger's thread.
#[derive(Debug, Clone)]
pub(super) struct Store {
    sender: mpsc::Sender<Message>,
}

/// The ledger's thread is gone: it failed, and says why itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed;

/// The right to a call.
#[derive(Debug)]
pub(super) enum Claim {
    /// It was answered before.
    Answered(StoredCall),
    /// It is the caller's to send; the intent is written.
    Granted,
}

#[derive(Debug)]
enum Message {
    Known { call: Fingerprint, reply: oneshot::Sender<Option<StoredCall>> },
    KnowsBatch { id: String, reply: oneshot::Sender<bool> },
    Decision { unit: Fingerprint, reply: oneshot::Sender<Option<Decision>> },
    Claim { intent: Intent, reply: oneshot::Sender<Claim> },
    Withdraw(Fingerprint),
    Answer(Box<Call>),
    Result(Box<BatchEntry>),
    Commit { entry: Box<Entry>, reply: oneshot::Sender<()> },
}

impl Message {
    /// Whether it hands in something, and asks for nothing that has to be read.
    fn is_paid(&self) -> bool {
        matches!(self, Self::Answer(_) | Self::Result(_) | Self::Withdraw(_) | Self::Commit { .. })
    }
}

/// The end of the ledger's thread: the ledger again, or why it failed.
pub(super) type End = oneshot::Receiver<Result<Writer, LedgerError>>;

impl Store {
    /// Starts the thread. It ends when the last clone is dropped, or with the first error.
    pub(super) fn start(ledger: Writer) -> (Self, End) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self { sender }, thread::spawn("ledger", move || Desk::new(ledger).work(receiver)))
    }

    /// The decision on a unit that stands, where there is one.
    pub(super) async fn decision(&self, unit: &Fingerprint) -> Result<Option<Decision>, Closed> {
        self.ask(|reply| Message::Decision { unit: unit.clone(), reply }).await
    }

    /// Claims a call: its stored answer, or, with its intent committed, the right to send it. A call that another task
    /// has claimed is waited for.
    pub(super) async fn claim(&self, intent: Intent) -> Result<Claim, Closed> {
        self.ask(|reply| Message::Claim { intent, reply }).await
    }

    /// Gives a claim back without an answer.
    pub(super) async fn withdraw(&self, call: Fingerprint) -> Result<(), Closed> {
        self.sender.send(Message::Withdraw(call)).await.map_err(|_| Closed)
    }

    /// Hands in an answer; it is committed before anything that is handed in later.
    pub(super) async fn answer(&self, call: Call) -> Result<(), Closed> {
        self.sender.send(Message::Answer(Box::new(call))).await.map_err(|_| Closed)
    }

    /// The answer to a call, where it was ever answered.
    pub(super) async fn known(&self, call: &Fingerprint) -> Result<Option<StoredCall>, Closed> {
        self.ask(|reply| Message::Known { call: call.clone(), reply }).await
    }

    /// Whether the ledger knows the provider's batch `id`.
    pub(super) async fn knows_batch(&self, id: &str) -> Result<bool, Closed> {
        self.ask(|reply| Message::KnowsBatch { id: id.to_owned(), reply }).await
    }

    /// Hands in a result of a batch; it is committed before anything that is handed in later.
    pub(super) async fn result(&self, entry: BatchEntry) -> Result<(), Closed> {
        self.sender.send(Message::Result(Box::new(entry))).await.map_err(|_| Closed)
    }

    /// Commits a verdict, and all that was handed in before it.
    pub(super) async fn decide(&self, place: Place, decision: Decision) -> Result<(), Closed> {
        self.commit(Entry::Verdict { place, decision, decided_at: clock::now() }).await
    }

    /// Commits `entry`, and all that was handed in before it.
    pub(super) async fn commit(&self, entry: Entry) -> Result<(), Closed> {
        self.ask(|reply| Message::Commit { entry: Box::new(entry), reply }).await
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, Closed> {
        let (sender, receiver) = oneshot::channel();
        self.sender.send(message(sender)).await.map_err(|_| Closed)?;
        receiver.await.map_err(|_| Closed)
    }
}

/// The state of the ledger's thread.
struct Desk {
    ledger: Writer,
    /// Calls that a task has claimed, each with those that wait for its answer.
    claimed: HashMap<Fingerprint, Vec<(Intent, oneshot::Sender<Claim>)>>,
    /// What the next transaction writes.
    entries: Vec<Entry>,
    /// Who is told when it is written.
    commits: Vec<oneshot::Sender<()>>,
    grants: Vec<oneshot::Sender<Claim>>,
    /// Calls whose answer the next transaction writes.
    answered: Vec<Fingerprint>,
}

impl Desk {
    fn new(ledger: Writer) -> Self {
        Self {
            ledger,
            claimed: HashMap::new(),
            entries: Vec::new(),
            commits: Vec::new(),
            grants: Vec::new(),
            answered: Vec::new(),
        }
    }

    fn work(mut self, mut receiver: mpsc::Receiver<Message>) -> Result<Writer, LedgerError> {
        let mut damage = Ok(());
        while let Some(first) = receiver.blocking_recv() {
            damage = self.take_all(Some(first), &mut receiver, damage);
            for _ in 0..WAITS {
                let held = self.entries.len();
                if held == 0 || held >= WAITING {
                    break;
                }
                std::thread::sleep(NEXT);
                damage = self.take_all(None, &mut receiver, damage);
                if self.entries.len() == held {
                    break;
                }
            }
            self.commit()?;
        }
        damage.map(|()| self.ledger)
    }

    /// Takes `first` and all that waits behind it, as far as one transaction goes.
    fn take_all(
        &mut self,
        first: Option<Message>,
        receiver: &mut mpsc::Receiver<Message>,
        mut damage: Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        let mut next = first.or_else(|| receiver.try_recv().ok());
        while let Some(message) = next {
            // A ledger that cannot be read still takes in the answers under way, which are paid for.
            if damage.is_ok() || message.is_paid() {
                damage = damage.and(self.take(message));
            }
            next = if self.entries.len() < WAITING { receiver.try_recv().ok() } else { None };
        }
        damage
    }

    fn take(&mut self, message: Message) -> Result<(), LedgerError> {
        match message {
            // Whoever asked may have been stopped meanwhile: replies that nobody hears are dropped throughout.
            Message::Decision { unit, reply } => {
                let _ = reply.send(self.ledger.ledger().decision(&unit)?);
            }
            Message::Known { call, reply } => {
                let _ = reply.send(self.ledger.ledger().call(&call)?);
            }
            Message::KnowsBatch { id, reply } => {
                let _ = reply.send(self.ledger.ledger().knows_batch(&id)?);
            }
            Message::Claim { intent, reply } => self.claim(intent, reply)?,
            Message::Withdraw(call) => {
                self.entries.push(Entry::Withdrawn(call.clone()));
                let mut waiting = self.claimed.remove(&call).unwrap_or_default();
                if !waiting.is_empty() {
                    let (intent, reply) = waiting.remove(0);
                    self.grant(intent, reply, waiting);
                }
            }
            Message::Answer(call) => {
                self.answered.push(call.fingerprint.clone());
                self.entries.push(Entry::Call(*call));
            }
            Message::Result(entry) => self.entries.push(Entry::Batch(*entry)),
            Message::Commit { entry, reply } => {
                self.entries.push(*entry);
                self.commits.push(reply);
            }
        }
        Ok(())
    }

    fn claim(&mut self, intent: Intent, reply: oneshot::Sender<Claim>) -> Result<(), LedgerError> {
        if let Some(waiting) = self.claimed.get_mut(&intent.fingerprint) {
            waiting.push((intent, reply));
        } else if let Some(call) = self.ledger.ledger().call(&intent.fingerprint)? {
            let _ = reply.send(Claim::Answered(call));
        } else {
            self.grant(intent, reply, Vec::new());
        }
        Ok(())
    }

    fn grant(&mut self, intent: Intent, reply: oneshot::Sender<Claim>, waiting: Vec<(Intent, oneshot::Sender<Claim>)>) {
        self.claimed.insert(intent.fingerprint.clone(), waiting);
        self.entries.push(Entry::Intent(intent));
        self.grants.push(reply);
    }

    fn commit(&mut self) -> Result<(), LedgerError> {
        if !self.entries.is_empty() {
            self.ledger.commit(&self.entries)?;
            self.entries.clear();
        }
        for reply in self.commits.drain(..) {
            let _ = reply.send(());
        }
        for reply in self.grants.drain(..) {
            let _ = reply.send(Claim::Granted);
        }
        for call in std::mem::take(&mut self.answered) {
            for (_, reply) in self.claimed.remove(&call).unwrap_or_default() {
                if let Some(call) = self.ledger.ledger().call(&call)? {
                    let _ = reply.send(Claim::Answered(call));
                }
            }
        }
        Ok(())
    }
}
