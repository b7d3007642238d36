//! Reading the results of a batch: streamed, matched by custom id, each committed as it comes.

use std::collections::HashSet;

use crate::ledger::BatchEntry;
use crate::provider::{BatchResult, BatchView, CallError, Form, Reply};
use crate::verdict::{Fingerprint, NoVerdict};

use crate::run::call::Asked;
use crate::run::event::Warned;

use super::office::{Office, UnderWay};
use super::pack::is_passing;
use super::stage::BatchStage;

/// Custom ids that are named of those that nobody asked for.
const NAMED: usize = 3;

/// What the results of one batch came to.
#[derive(Debug, Default)]
struct Tally {
    answered: u64,
    again: u64,
    failed: u64,
    expired: u64,
    /// Custom ids that nobody asked for: how many, and the first.
    unknown: (u64, Vec<String>),
    /// Custom ids that came more than once.
    twice: u64,
    /// Whether any custom id was one of ours.
    is_ours: bool,
    /// Why no request can succeed any more.
    fatal: Option<String>,
}

/// How reading ended.
enum Read {
    /// All of it was read.
    Whole,
    /// The provider has it no more.
    Gone,
    /// The person, or something else, stops the run.
    Stopped,
}

impl Office {
    /// Reads the results of a batch that ended; whether it is closed.
    pub(super) async fn fetch(&mut self, mut under_way: UnderWay, view: &BatchView) -> bool {
        let model = under_way.batch.model.clone();
        let mut tally = Tally::default();
        let (mut failures, mut has_missing) = (0, false);
        loop {
            match self.read(&mut under_way, view, &mut tally).await {
                // What is missing may have been cut off without a sign: it is paid for, and looked for once more.
                Ok(Read::Whole) if under_way.waiting() > 0 && tally.is_ours && !has_missing => has_missing = true,
                Ok(Read::Whole) => break,
                Ok(Read::Gone) => return self.lose(under_way).await,
                Ok(Read::Stopped) => {
                    self.batches.push(under_way);
                    return false;
                }
                Err(error) => {
                    let goes_on = is_passing(&error) && self.wait_after(&model, &error, failures).await;
                    if !goes_on {
                        self.give_up(&model, &error.to_string()).await;
                        self.batches.push(under_way);
                        return false;
                    }
                    failures += 1;
                }
            }
        }
        self.reached();
        if !tally.is_ours && tally.unknown.0 > 0 {
            return self.disown(under_way, &view.id).await;
        }
        let missing: Vec<Fingerprint> =
            under_way.calls.values().filter(|call| !call.has_result).map(|call| call.call.clone()).collect();
        for call in &missing {
            self.retry(&mut under_way, call, &mut tally, "its batch ended without a result for it").await;
        }
        self.report(&under_way, view, &tally, missing.len()).await;
        let Tally { answered, again, failed, .. } = tally;
        self.tell(&under_way, BatchStage::Read { answered, again, failed }).await;
        if let Some(message) = tally.fatal {
            self.give_up(&model, &message).await;
        }
        self.close(under_way).await;
        true
    }

    /// What was taken for a batch of ours is another one: ours is still to be looked for.
    async fn disown(&mut self, mut under_way: UnderWay, id: &str) -> bool {
        self.foreign.insert((under_way.batch.key.clone(), id.to_owned()));
        under_way.batch.id = None;
        self.commit(BatchEntry::Id { key: under_way.batch.key.clone(), id: None }).await;
        let message =
            format!("batch {id} holds no call of ours: it only looked like one that an earlier run had created");
        self.say(&under_way.batch.model, message).await;
        self.batches.push(under_way);
        self.find_all().await;
        true
    }

    /// Reads all files of results once.
    async fn read(&mut self, under_way: &mut UnderWay, view: &BatchView, tally: &mut Tally) -> Result<Read, CallError> {
        let courier = std::sync::Arc::clone(&under_way.courier);
        let mut seen = HashSet::new();
        (tally.unknown, tally.twice) = ((0, Vec::new()), 0);
        for path in &view.results {
            let Some(mut lines) = courier.batch_results(path).await? else { return Ok(Read::Gone) };
            loop {
                let line = tokio::select! {
                    biased;
                    () = self.floor.stop.raised() => return Ok(Read::Stopped),
                    line = lines.next() => line?,
                };
                let Some(line) = line else { break };
                let form_of = |id: &str| {
                    under_way.calls.get(&Fingerprint(id.to_owned())).and_then(|call| Form::named(&call.form))
                };
                let (id, result) = courier.batch_result(&line, form_of)?;
                let id = Fingerprint(id);
                match under_way.calls.get(&id).map(|call| call.has_result) {
                    None => {
                        tally.unknown.0 += 1;
                        if tally.unknown.1.len() < NAMED {
                            tally.unknown.1.push(id.0);
                        }
                        continue;
                    }
                    Some(false) => {
                        tally.is_ours = true;
                        self.take(under_way, &id, result, tally).await;
                    }
                    Some(true) => tally.is_ours = true,
                }
                if !seen.insert(id) {
                    tally.twice += 1;
                }
            }
        }
        Ok(Read::Whole)
    }

    /// Commits one result.
    async fn take(&mut self, under_way: &mut UnderWay, id: &Fingerprint, result: BatchResult, tally: &mut Tally) {
        match result {
            BatchResult::Answered(reply) => self.keep(under_way, id, &reply, tally).await,
            BatchResult::Expired => {
                tally.expired += 1;
                self.retry(under_way, id, tally, "its batch expired before its turn came").await;
            }
            BatchResult::Cancelled => self.retry(under_way, id, tally, "its batch was cancelled").await,
            BatchResult::Error(error) => self.fail(under_way, id, error, tally).await,
        }
    }

    async fn keep(&mut self, under_way: &mut UnderWay, id: &Fingerprint, reply: &Reply, tally: &mut Tally) {
        let Some(call) = under_way.calls.get_mut(id) else { return };
        call.has_result = true;
        let asked = Asked {
            fingerprint: id.clone(),
            model: &under_way.batch.model,
            form: &call.form,
            replicate: call.replicate,
            sent_at: under_way.batch.begun_at.clone(),
            attempts: call.attempts,
        };
        let cost = under_way.courier.micro_dollars(&reply.tokens);
        let entry = BatchEntry::Answer { key: under_way.batch.key.clone(), call: asked.answered(reply, cost) };
        if self.floor.store.result(entry).await.is_err() {
            return self.floor.raise(crate::run::stop::Stage::Drain);
        }
        if let Some(reservation) = self.reservations.remove(id) {
            reservation.settle(cost);
        }
        self.with_post(|post| post.answered(id));
        self.floor.answered();
        tally.answered += 1;
    }

    /// Deals with an error as with that of a call sent directly.
    async fn fail(&mut self, under_way: &mut UnderWay, id: &Fingerprint, error: CallError, tally: &mut Tally) {
        let Some(call) = under_way.calls.get(id).cloned() else { return };
        let message = error.to_string();
        let (kind, message) = match error {
            CallError::RateLimited { .. } | CallError::Overloaded { .. } | CallError::Transient { .. } => {
                return self.retry(under_way, id, tally, &message).await;
            }
            CallError::FormUnsupported { form, .. } => {
                if let Some(seat) = self.seat(&under_way.batch.model) {
                    seat.line.rule_out(form, crate::run::seat::Judge::forms(&*seat.judge));
                    self.floor.warn(seat, Warned::Form, &message, format!("{message}; asking in another form")).await;
                }
                tally.again += 1;
                return self.no_answer(under_way, id).await;
            }
            // The model has no more room to give; the judge's own parameters are not at fault.
            CallError::Rejected { message } | CallError::Unfit { message } if call.roomier => {
                (NoVerdict::Truncated, message)
            }
            CallError::Unfit { message } | CallError::Fatal { message } => {
                tally.again += 1;
                tally.fatal.get_or_insert(message);
                return self.no_answer(under_way, id).await;
            }
            CallError::TooLong { message } => (NoVerdict::TooLong, message),
            CallError::Refused { message } => (NoVerdict::Refused, message),
            CallError::Rejected { message } | CallError::Pending { message } => (NoVerdict::Failed, message),
        };
        tally.failed += 1;
        self.with_post(|post| post.failed(id, kind, message));
        self.no_answer(under_way, id).await;
    }

    /// A call that brought no answer, and cost nothing, is asked again, as often as calls that fail may be.
    async fn retry(&mut self, under_way: &mut UnderWay, id: &Fingerprint, tally: &mut Tally, why: &str) {
        let attempts = under_way.calls.get(id).map_or(1, |call| call.attempts);
        if attempts > self.floor.policy.max_retries {
            let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
            self.with_post(|post| post.failed(id, NoVerdict::Failed, format!("{why} (tried {times})")));
            tally.failed += 1;
        } else {
            self.with_post(|post| post.tried(id, attempts));
            tally.again += 1;
        }
        self.no_answer(under_way, id).await;
    }

    async fn no_answer(&mut self, under_way: &mut UnderWay, id: &Fingerprint) {
        if let Some(call) = under_way.calls.get_mut(id) {
            call.has_result = true;
        }
        self.reservations.remove(id);
        let entry = BatchEntry::NoAnswer { key: under_way.batch.key.clone(), call: id.clone() };
        if self.floor.store.result(entry).await.is_err() {
            self.floor.raise(crate::run::stop::Stage::Drain);
        }
    }

    /// Says what is odd about the results.
    async fn report(&self, under_way: &UnderWay, view: &BatchView, tally: &Tally, missing: usize) {
        let (id, model) = (&view.id, &under_way.batch.model);
        let mut said = Vec::new();
        if view.is_cancelled {
            said.push(format!("batch {id} was cancelled"));
        }
        if tally.expired > 0 {
            said.push(format!("{} calls of batch {id} expired, and are not billed", tally.expired));
        }
        if missing > 0 {
            said.push(format!("batch {id} brought no result for {missing} of its {} calls", under_way.batch.calls));
        }
        if tally.twice > 0 {
            said.push(format!("batch {id} brought {} results twice: the first of each counts", tally.twice));
        }
        if tally.unknown.0 > 0 {
            let (count, names) = (tally.unknown.0, tally.unknown.1.join(", "));
            said.push(format!("batch {id} brought {count} results that nobody asked for, such as {names}: left out"));
        }
        for message in said {
            self.say(model, message).await;
        }
    }
}
