//! One call: from the ledger where it was answered before, else sent, with its waits and retries.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use crate::ledger::{Call, Intent};
use crate::limit::{Budget, Exhausted, Need, PerMinute, Reservation, most_tokens};
use crate::provider::{Ask, CallError, Reply, Request, Stop as Ending, TokenCounts};
use crate::verdict::{Fingerprint, NoVerdict};

use super::clock;
use super::engine::Floor;
use super::event::Event;
use super::identity;
use super::seat::{Judge, Seat};
use super::stop::Stage;
use super::store::Claim;

/// Why a unit goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halt {
    /// The model gave no answer: the unit's no-verdict.
    None(NoVerdict, String),
    /// The run stops; nothing is decided.
    Stop,
}

/// First wait after a failure; doubled each time, and up to twice as long by chance.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait that we choose ourselves.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Waits between attempts: doubling, with jitter.
fn waits(retries: usize) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(FIRST_WAIT)
        .with_max_delay(LONGEST_WAIT)
        .with_max_times(retries)
        .with_jitter()
        .build()
}

/// Asks once, in the best form that the model supports; the reply and the fingerprint of its call. `ready` is the
/// request, where it was made before.
pub(super) async fn ask<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    ask: &Ask<'_>,
    ready: Option<&Request>,
) -> Result<(Reply, Fingerprint), Halt> {
    let forms = seat.judge.forms();
    let mut refusal = "the provider offers no way of asking".to_owned();
    while let Some(form) = seat.line.form(forms) {
        let request = match ready.filter(|ready| ready.form == form) {
            Some(ready) => ready.clone(),
            None => seat.judge.request(ask, form),
        };
        let call = identity::call(&request, ask.replicate);
        let intent = Intent { fingerprint: call.clone(), model: seat.model.clone(), sent_at: clock::now() };
        let sent_at = intent.sent_at.clone();
        if let Claim::Answered(stored) = floor.store.claim(intent).await.map_err(|_| Halt::Stop)? {
            let reply = seat.judge.read_body(&request, &stored.body).map_err(|error| {
                Halt::None(NoVerdict::Failed, format!("the answer in the ledger cannot be read: {error}"))
            })?;
            tell(floor, seat, ask, &reply, true).await;
            return Ok((reply, call));
        }
        match send(floor, seat, &request).await {
            Ok((reply, attempts)) => {
                let answer = record(seat, call.clone(), &request, ask.replicate, &reply, sent_at, attempts);
                floor.store.answer(answer).await.map_err(|_| Halt::Stop)?;
                tell(floor, seat, ask, &reply, false).await;
                return Ok((reply, call));
            }
            Err(failure) => {
                floor.store.withdraw(call).await.map_err(|_| Halt::Stop)?;
                match failure {
                    Failure::Halt(halt) => return Err(halt),
                    Failure::Form(message) => {
                        seat.line.rule_out(form, forms);
                        floor.warn(seat, &message, format!("{message}; asking in another form")).await;
                        refusal = message;
                    }
                }
            }
        }
    }
    Err(Halt::None(NoVerdict::Failed, refusal))
}

/// Why a request brought no reply.
enum Failure {
    Halt(Halt),
    /// The form is not supported.
    Form(String),
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Sends until there is an answer or no more retries; the reply and the number of attempts.
async fn send<J: Judge>(floor: &Floor<J>, seat: &Seat<J>, request: &Request) -> Result<(Reply, u32), Failure> {
    let mut failures = waits(floor.policy.max_retries as usize);
    let mut refusals = waits(usize::MAX);
    let patience = floor.policy.patience;
    let mut refused_since = None;
    let mut attempts = 0;
    loop {
        attempts += 1;
        let error = match attempt(floor, seat, request).await? {
            Ok(reply) => {
                seat.line.answered();
                return Ok((reply, attempts));
            }
            Err(error) => error,
        };
        let message = error.to_string();
        let (wait, matter, what) = match error {
            // Being told to wait is no failure: it uses up no retry, and all workers of the model wait.
            CallError::RateLimited { retry_after, limits: told, .. } => {
                let own = refusals.next().unwrap_or(LONGEST_WAIT);
                let wait = match retry_after.filter(|asked| !asked.is_zero()) {
                    // Limits are told in whole windows, and many workers wait for one place: short waits grow a little.
                    Some(asked) => asked.max((own / 20).min(FIRST_WAIT)),
                    None => own,
                };
                let so_far = seat.line.told_to_wait();
                if so_far.saturating_add(wait) > patience {
                    let (so_far, wait) = (so_far.as_secs(), wait.as_secs());
                    floor.give_up(seat, &format!("{message}; no answer for {so_far} s, and {wait} s more to wait"));
                    return Err(Halt::Stop.into());
                }
                // The model answers others: this call alone does not get through, and must not hold up the run.
                if refused_since.get_or_insert_with(Instant::now).elapsed() > patience {
                    return Err(out_of_retries(&message, attempts));
                }
                if let Some(limits) = &seat.line.limits {
                    limits.learn(PerMinute {
                        requests: told.requests.limit,
                        input_tokens: told.input_tokens.limit,
                        output_tokens: told.output_tokens.limit,
                    });
                    limits.pause(wait);
                }
                (wait, "rate limited", "all its calls wait")
            }
            CallError::Overloaded { retry_after, .. } => {
                let own = failures.next().ok_or_else(|| out_of_retries(&message, attempts))?;
                let wait = retry_after.map_or(own, |asked| asked.max(own));
                if wait > patience {
                    floor.give_up(seat, &format!("{message}; {} s to wait", wait.as_secs()));
                    return Err(Halt::Stop.into());
                }
                (wait, "overloaded", "trying again")
            }
            CallError::Transient { .. } => {
                let own = failures.next().ok_or_else(|| out_of_retries(&message, attempts))?;
                (own, message.as_str(), "trying again")
            }
            CallError::FormUnsupported { .. } => return Err(Failure::Form(message)),
            CallError::TooLong { message } => return Err(Halt::None(NoVerdict::TooLong, message).into()),
            CallError::Refused { message } => return Err(Halt::None(NoVerdict::Refused, message).into()),
            CallError::Pending { message } => {
                floor.warn(seat, &message, message.clone()).await;
                return Err(Halt::None(NoVerdict::Stopped, message).into());
            }
            CallError::Rejected { message } => return Err(Halt::None(NoVerdict::Failed, message).into()),
            CallError::Fatal { message } => {
                floor.give_up(seat, &message);
                return Err(Halt::Stop.into());
            }
        };
        floor.warn(seat, matter, format!("{message}; {what}")).await;
        tokio::select! {
            () = tokio::time::sleep(wait) => (),
            () = floor.stop.raised() => return Err(Halt::Stop.into()),
        }
    }
}

fn out_of_retries(message: &str, attempts: u32) -> Failure {
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    Halt::None(NoVerdict::Failed, format!("{message} (tried {times})")).into()
}

/// Sends once, when the limits allow it.
async fn attempt<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    request: &Request,
) -> Result<Result<Reply, CallError>, Halt> {
    let Some(limits) = &seat.line.limits else {
        return Ok(floor.sending(seat.judge.send(request)).await);
    };
    let reservation = match &seat.line.budget {
        Some(budget) => Some(reserve(floor, seat, budget, request).await?),
        None => None,
    };
    let grant = tokio::select! {
        biased;
        () = floor.stop.raised() => return Err(Halt::Stop),
        grant = limits.admit(seat.estimator.expect(request.body.len())) => grant,
    };
    let result = floor.sending(seat.judge.send(request)).await;
    if let Ok(reply) = &result {
        if let Some(reservation) = reservation {
            reservation.settle(seat.judge.micro_dollars(&reply.tokens));
        }
        let TokenCounts { input, output, cache_read, cache_write } = reply.tokens;
        let all = input.map(|input| input + cache_read.unwrap_or_default() + cache_write.unwrap_or_default());
        seat.estimator.learn(request.body.len(), all, output);
        // Tokens read from a cache do not count towards a provider's limits.
        let charged = input.unwrap_or_default() + cache_write.unwrap_or_default();
        limits.settle(&grant, Need { input_tokens: charged, output_tokens: output.unwrap_or_default() });
    }
    Ok(result)
}

/// Reserves the most that `request` can cost; drains the run where that is more than is left.
async fn reserve<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    budget: &Arc<Budget>,
    request: &Request,
) -> Result<Reservation, Halt> {
    // The plan refuses models of unknown price.
    let most = seat.judge.most_micro_dollars(most_tokens(request.body.len())).ok_or(Halt::Stop)?;
    tokio::select! {
        biased;
        () = floor.stop.raised() => Err(Halt::Stop),
        reservation = budget.reserve(most) => reservation.map_err(|Exhausted| {
            floor.stop.raise(Stage::Drain);
            Halt::Stop
        }),
    }
}

async fn tell<J: Judge>(floor: &Floor<J>, seat: &Seat<J>, ask: &Ask<'_>, reply: &Reply, recorded: bool) {
    let micro_dollars = seat.judge.micro_dollars(&reply.tokens);
    let (judge, rubric) = (seat.name.clone(), ask.rubric.name.clone());
    floor.tell(Event::Answered { judge, rubric, tokens: reply.tokens, micro_dollars, recorded }).await;
}

fn record<J: Judge>(
    seat: &Seat<J>,
    fingerprint: Fingerprint,
    request: &Request,
    replicate: u32,
    reply: &Reply,
    sent_at: String,
    attempts: u32,
) -> Call {
    Call {
        fingerprint,
        model: seat.model.clone(),
        form: request.form.as_str().to_owned(),
        replicate,
        body: reply.body.clone(),
        stop: match &reply.stop {
            Ending::End => "end".to_owned(),
            Ending::Cut => "cut".to_owned(),
            Ending::Refused => "refused".to_owned(),
            Ending::Other(word) => word.clone(),
        },
        input_tokens: reply.tokens.input,
        output_tokens: reply.tokens.output,
        cache_read: reply.tokens.cache_read,
        cache_write: reply.tokens.cache_write,
        micro_dollars: seat.judge.micro_dollars(&reply.tokens),
        answered_by: reply.model.clone(),
        request_id: reply.request_id.clone(),
        sent_at,
        answered_at: clock::now(),
        attempts,
    }
}
