//! Where a unit asks for its calls when they go by batch: what is answered, under way, failed, or has to be sent.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use crate::ledger::{Place, StoredCall};
use crate::provider::{Ask, Request};
use crate::verdict::{Fingerprint, NoVerdict};

use crate::run::call::{self, Halt, Making};
use crate::run::engine::Floor;
use crate::run::seat::{Judge, Seat};

/// A call to be sent in a batch.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) call: Fingerprint,
    pub(super) judge: String,
    pub(super) rubric: String,
    pub(super) replicate: u32,
    pub(super) request: Request,
    pub(super) roomier: bool,
    /// The most that it can cost in millionths of a dollar; none where the price is not known.
    pub(super) most: Option<u64>,
}

/// What is known of calls beyond the answers in the ledger.
#[derive(Debug)]
pub(in crate::run) struct Post {
    /// Whether calls of this run go by batch at all. Else nothing is known but what is under way.
    sends: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outbox: Option<mpsc::Sender<Item>>,
    /// Calls in a batch, or on their way into one.
    under_way: HashMap<Fingerprint, Awaited>,
    /// Calls that failed for good, as far as this run is concerned.
    failed: HashMap<Fingerprint, (NoVerdict, String)>,
    /// Requests sent for calls that came back without an answer.
    attempts: HashMap<Fingerprint, u32>,
    /// Calls answered now that no unit has read yet.
    fresh: HashSet<Fingerprint>,
    /// Places that have their verdict, and were told.
    decided: HashSet<Fingerprint>,
    /// Sessions of units whose call is under way no more: the next round is theirs.
    due: HashSet<String>,
}

/// A call under way.
#[derive(Debug)]
struct Awaited {
    /// The run that pays for it.
    run: Arc<str>,
    /// Sessions of units that wait for it.
    sessions: Vec<String>,
}

impl Post {
    /// A post that sends calls by batch, or only knows which are `under_way`, each with the run that pays.
    pub(in crate::run) fn new(sends: bool, under_way: impl Iterator<Item = (Fingerprint, Arc<str>)>) -> Self {
        let under_way = under_way.map(|(call, run)| (call, Awaited { run, sessions: Vec::new() })).collect();
        Self { sends, state: Mutex::new(State { under_way, ..State::default() }) }
    }

    /// The answer to a call, and whether it was there before this run; none where it has to be sent directly. What has to
    /// be sent by batch is handed over.
    pub(in crate::run) async fn claim<J: Judge>(
        &self,
        floor: &Floor<J>,
        seat: &Seat<J>,
        ask: &Ask<'_>,
        request: &Request,
        call: &Fingerprint,
        making: Making<'_>,
    ) -> Result<Option<(StoredCall, bool)>, Halt> {
        if !self.sends {
            return match self.state().under_way.get(call) {
                Some(Awaited { run, .. }) => Err(Halt::None(
                    NoVerdict::Stopped,
                    format!("its call is in a batch of run {run}: `mode: batch` fetches the answer"),
                )),
                None => Ok(None),
            };
        }
        self.lookup(call, &ask.session.id)?;
        if let Some(stored) = floor.store.known(call).await.map_err(|_| Halt::Stop)? {
            seat.line.answered();
            let recorded = !self.state().fresh.remove(call);
            return Ok(Some((stored, recorded)));
        }
        let Some(outbox) = self.take_over(call, &ask.session.id) else { return Err(Halt::Later) };
        let item = Item {
            call: call.clone(),
            judge: seat.name.clone(),
            rubric: ask.rubric.name.clone(),
            replicate: ask.replicate,
            request: request.clone(),
            roomier: matches!(making, Making::Roomier),
            most: call::most(seat, request, making),
        };
        // The office is gone only when the run stops.
        outbox.send(item).await.map_err(|_| Halt::Stop)?;
        Err(Halt::Later)
    }

    /// Ends the matter of a unit of `session` where the call failed or is under way.
    fn lookup(&self, call: &Fingerprint, session: &str) -> Result<(), Halt> {
        let mut state = self.state();
        if let Some((kind, detail)) = state.failed.get(call) {
            return Err(Halt::None(*kind, detail.clone()));
        }
        match state.under_way.get_mut(call) {
            Some(awaited) => {
                awaited.sessions.push(session.to_owned());
                Err(Halt::Later)
            }
            None => Ok(()),
        }
    }

    /// Marks a call as under way, for a unit of `session`; the way to the office, unless somebody else was faster.
    fn take_over(&self, call: &Fingerprint, session: &str) -> Option<mpsc::Sender<Item>> {
        let mut state = self.state();
        let session = session.to_owned();
        if let Some(awaited) = state.under_way.get_mut(call) {
            awaited.sessions.push(session);
            return None;
        }
        state.under_way.insert(call.clone(), Awaited { run: Arc::from(""), sessions: vec![session] });
        state.outbox.clone()
    }

    /// Whether `place` has its verdict, and that was told.
    pub(in crate::run) fn has_decided(&self, place: &Place) -> bool {
        self.state().decided.contains(&mark(place))
    }

    /// Remembers that `place` has its verdict.
    pub(in crate::run) fn decided(&self, place: &Place) {
        if self.sends {
            self.state().decided.insert(mark(place));
        }
    }

    /// Begins a round: calls go to `outbox`.
    pub(super) fn open(&self, outbox: mpsc::Sender<Item>) {
        self.state().outbox = Some(outbox);
    }

    /// Ends a round.
    pub(super) fn close(&self) {
        self.state().outbox = None;
    }

    /// Whether any unit waits.
    pub(super) fn is_awaited(&self) -> bool {
        let state = self.state();
        !state.due.is_empty() || state.under_way.values().any(|awaited| !awaited.sessions.is_empty())
    }

    /// Sessions of units whose wait is over, for the next round. Those whose calls are all under way still are not made
    /// again: a run of many batches would go through all that is left after each of them.
    pub(super) fn take_due(&self) -> HashSet<String> {
        std::mem::take(&mut self.state().due)
    }

    /// A call is under way no more: answered, or to be asked again.
    pub(super) fn release(&self, call: &Fingerprint) {
        let mut state = self.state();
        if let Some(awaited) = state.under_way.remove(call) {
            state.due.extend(awaited.sessions);
        }
    }

    /// A call stays under way, and is not waited for.
    pub(super) fn abandon(&self, call: &Fingerprint) {
        if let Some(awaited) = self.state().under_way.get_mut(call) {
            awaited.sessions.clear();
        }
    }

    /// A call was answered now.
    pub(super) fn answered(&self, call: &Fingerprint) {
        self.state().fresh.insert(call.clone());
    }

    /// A call failed for good.
    pub(super) fn failed(&self, call: &Fingerprint, kind: NoVerdict, detail: String) {
        self.state().failed.insert(call.clone(), (kind, detail));
    }

    /// Remembers how many requests were sent for a call that brought no answer.
    pub(super) fn tried(&self, call: &Fingerprint, attempts: u32) {
        self.state().attempts.insert(call.clone(), attempts);
    }

    /// Requests sent for a call so far.
    pub(super) fn attempts(&self, call: &Fingerprint) -> u32 {
        self.state().attempts.get(call).copied().unwrap_or(0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What tells one place of a run from all others.
fn mark(place: &Place) -> Fingerprint {
    let replicate = place.replicate.to_le_bytes();
    Fingerprint::of(&[place.session.as_bytes(), place.rubric.as_bytes(), place.judge.as_bytes(), &replicate])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sessions_whose_calls_came_back_are_gone_through_again() {
        let call = |name: &str| Fingerprint(name.to_owned());
        let restored = [(call("restored"), Arc::from("an earlier run"))];
        let post = Post::new(true, restored.into_iter());
        let (outbox, _items) = mpsc::channel(1);
        post.open(outbox);
        assert!(!post.is_awaited(), "what nobody of this run asks for is not waited for");
        assert!(post.take_over(&call("a"), "first").is_some());
        assert!(post.take_over(&call("a"), "second").is_none(), "it is sent once");
        assert!(post.take_over(&call("b"), "second").is_some());
        assert_eq!(post.lookup(&call("restored"), "third"), Err(Halt::Later));
        post.close();
        assert!(post.is_awaited() && post.take_due().is_empty());

        post.release(&call("a"));
        assert_eq!(post.take_due(), ["first", "second"].map(str::to_owned).into());
        assert!(post.is_awaited() && post.take_due().is_empty());
        assert_eq!(post.lookup(&call("a"), "first"), Ok(()));
        assert_eq!(post.lookup(&call("b"), "second"), Err(Halt::Later));

        post.release(&call("b"));
        post.abandon(&call("restored"));
        assert!(post.is_awaited(), "one session is still to be gone through");
        assert_eq!(post.take_due(), ["second".to_owned()].into());
        assert!(!post.is_awaited());
    }
}
