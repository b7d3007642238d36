//! One call: from the ledger where it was answered before, else sent, with its waits and retries.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use crate::ledger::{Call, Intent};
use crate::limit::{Budget, Exhausted, PerMinute, Reservation, Used, most_tokens};
use crate::provider::{Ask, CallError, LimitHints, Reply, Request, Stop as Ending, TokenCounts};
use crate::verdict::{Fingerprint, NoVerdict};

use super::backoff;
use super::clock;
use super::engine::Floor;
use super::event::{Event, Warned};
use super::identity;
use super::seat::{Judge, Reach, Seat};
use super::stop::Stage;
use super::store::Claim;
use super::trace;

/// Why a unit goes no further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halt {
    /// The model gave no answer: the unit's no-verdict.
    None(NoVerdict, String),
    /// Its call is in a batch, or is to be; nothing is decided yet.
    Later,
    /// The run stops; nothing is decided.
    Stop,
}

/// Least wait after a refusal that does not say how long (providers.md 7.10).
const LEAST_UNTOLD: Duration = Duration::from_secs(1);

/// What a request is made with beyond the question.
#[derive(Debug, Clone, Copy)]
pub(super) enum Making<'a> {
    /// The request was made before.
    Ready(&'a Request),
    /// It is made as the judge's parameters say.
    Plain,
    /// With twice the room for the answer: the one before was cut off.
    Roomier,
}

/// Asks once, in the best form that the model supports; the reply and the fingerprint of its call, where that is kept.
pub(super) async fn ask<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    ask: &Ask<'_>,
    making: Making<'_>,
) -> Result<(Reply, Option<Fingerprint>), Halt> {
    let forms = seat.judge.forms();
    let mut refusal = "the provider offers no way of asking".to_owned();
    while let Some(form) = seat.line.form(forms) {
        let request = match making {
            Making::Ready(ready) if ready.form == form => ready.clone(),
            Making::Roomier => seat.judge.request(ask, form).roomier(),
            Making::Ready(_) | Making::Plain => seat.judge.request(ask, form),
        };
        if !seat.judge.keeps_calls() {
            return compute(floor, seat, ask, &request, making).await.map(|reply| (reply, None));
        }
        let call = identity::call(&request, ask.replicate);
        let intent = Intent { fingerprint: call.clone(), model: seat.model.clone(), sent_at: clock::now() };
        let sent_at = intent.sent_at.clone();
        let held = match floor.post.get() {
            Some(post) => post.claim(floor, seat, ask, &request, &call, making).await?,
            None => None,
        };
        let held = match held {
            None => match floor.store.claim(intent).await.map_err(|_| Halt::Stop)? {
                Claim::Answered(stored) => Some((stored, true)),
                Claim::Granted => None,
            },
            held => held,
        };
        if let Some((stored, recorded)) = held {
            let reply = seat.judge.read_body(&request, &stored.body).map_err(|error| {
                Halt::None(NoVerdict::Failed, format!("the answer in the ledger cannot be read: {error}"))
            })?;
            tell(floor, seat, ask, &reply, recorded).await;
            return Ok((reply, Some(call)));
        }
        let span = trace::call(seat, ask, form);
        match send(floor, seat, &request, making).instrument(span.clone()).await {
            Ok((reply, attempts)) => {
                trace::answered(&span, &reply, attempts);
                let answer = record(seat, call.clone(), &request, ask.replicate, &reply, sent_at, attempts);
                floor.store.answer(answer).await.map_err(|_| Halt::Stop)?;
                tell(floor, seat, ask, &reply, false).await;
                return Ok((reply, Some(call)));
            }
            Err(failure) => {
                floor.store.withdraw(call).await.map_err(|_| Halt::Stop)?;
                match failure {
                    Failure::Halt(halt) => return Err(halt),
                    Failure::Form(message) => {
                        seat.line.rule_out(form, forms);
                        let news = format!("{message}; asking in another form");
                        floor.warn(seat, Warned::Form, &message, news).await;
                        refusal = message;
                    }
                }
            }
        }
    }
    Err(Halt::None(NoVerdict::Failed, refusal))
}

/// The answer of a judge whose calls are not kept: it is worked out again sooner than it would be looked up.
async fn compute<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    ask: &Ask<'_>,
    request: &Request,
    making: Making<'_>,
) -> Result<Reply, Halt> {
    match send(floor, seat, request, making).await {
        Ok((reply, _)) => {
            tell(floor, seat, ask, &reply, false).await;
            Ok(reply)
        }
        Err(Failure::Halt(halt)) => Err(halt),
        Err(Failure::Form(message)) => Err(Halt::None(NoVerdict::Failed, message)),
    }
}

/// Why a request brought no reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
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
pub(super) async fn send<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    request: &Request,
    making: Making<'_>,
) -> Result<(Reply, u32), Failure> {
    let policy = floor.policy;
    let (mut failures, mut refusals, mut attempts) = (0, 0, 0);
    let mut refused_since = None;
    loop {
        attempts += 1;
        let Attempt { result, was_probe, all_wait } = attempt(floor, seat, request, making).await?;
        let error = match result {
            Ok(reply) => {
                floor.answered();
                return Ok((reply, attempts));
            }
            Err(error) => error,
        };
        let message = error.to_string();
        let (wait, kind, matter, what) = match error {
            // Being told to wait is no failure: it uses up no retry.
            CallError::RateLimited { retry_after, .. } => {
                let own = backoff::wait(refusals);
                refusals += 1;
                // Limits are told in whole windows, and many workers wait for one place: short waits grow a little.
                let wait = retry_after.map_or(own.max(LEAST_UNTOLD), |asked| asked.max((own / 20).min(LEAST_UNTOLD)));
                let so_far = seat.line.told_to_wait();
                if so_far.saturating_add(wait) > policy.patience {
                    return Err(too_long(floor, seat, &message, so_far, wait).await);
                }
                // The model answers others: this call alone does not get through, and must not hold up the run.
                if refused_since.get_or_insert_with(Instant::now).elapsed() > policy.patience {
                    return Err(out_of_retries(&message, attempts));
                }
                if let (Some(limits), true) = (&seat.line.limits, all_wait) {
                    limits.pause(wait);
                }
                (wait, Warned::RateLimited, "rate limited", "all its calls slow down")
            }
            CallError::Overloaded { retry_after, .. } => {
                let own = retry(floor, seat, &mut failures, was_probe, &message, attempts).await?;
                let wait = retry_after.map_or(own, |asked| backoff::at_least(asked).max(own));
                if let Some(asked) = retry_after.filter(|asked| *asked > policy.patience) {
                    return Err(too_long(floor, seat, &message, Duration::ZERO, asked).await);
                }
                (wait, Warned::Overloaded, "overloaded", "trying again")
            }
            CallError::Transient { .. } => {
                let own = retry(floor, seat, &mut failures, was_probe, &message, attempts).await?;
                (own, Warned::Failed, message.as_str(), "trying again")
            }
            CallError::FormUnsupported { .. } => return Err(Failure::Form(message)),
            CallError::TooLong { message } => return Err(Halt::None(NoVerdict::TooLong, message).into()),
            CallError::Refused { message } => return Err(Halt::None(NoVerdict::Refused, message).into()),
            // The model has no more room to give; the judge's own parameters are not at fault.
            CallError::Rejected { message } | CallError::Unfit { message } if matches!(making, Making::Roomier) => {
                return Err(Halt::None(NoVerdict::Truncated, message).into());
            }
            CallError::Pending { message } => {
                floor.warn(seat, Warned::Pending, &message, message.clone()).await;
                return Err(Halt::None(NoVerdict::Stopped, message).into());
            }
            CallError::Rejected { message } => return Err(Halt::None(NoVerdict::Failed, message).into()),
            CallError::Unfit { message } => {
                floor.give_up(seat, Reach::Model, &message).await;
                return Err(Halt::Stop.into());
            }
            CallError::Fatal { message } => {
                floor.give_up(seat, Reach::Supplier, &message).await;
                return Err(Halt::Stop.into());
            }
        };
        floor.warn(seat, kind, matter, format!("{message}; {what}")).await;
        trace::waits(kind, wait, attempts);
        tokio::select! {
            () = tokio::time::sleep(wait) => (),
            () = seat.line.stop.raised() => return Err(Halt::Stop.into()),
        }
    }
}

/// The wait before the next attempt after a failure. One that tried for all, during an outage, uses up no retry of its
/// unit: the breaker says when the next may try.
async fn retry<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    failures: &mut u32,
    was_probe: bool,
    message: &str,
    attempts: u32,
) -> Result<Duration, Failure> {
    let policy = floor.policy;
    if let Some((reach, in_a_row, failing)) = seat.line.broke(policy.patience) {
        let seconds = failing.as_secs();
        let message = format!("{in_a_row} requests failed in a row, over {seconds} s, the last with: {message}");
        floor.give_up(seat, reach, &message).await;
        return Err(Halt::Stop.into());
    }
    if was_probe && policy.max_retries > 0 {
        return Ok(Duration::ZERO);
    }
    if *failures >= policy.max_retries {
        return Err(out_of_retries(message, attempts));
    }
    if let Some((retries, answers)) = floor.overspent() {
        let message =
            format!("{retries} requests had to be repeated for {answers} answers, the last because: {message}");
        floor.give_up(seat, Reach::Run, &message).await;
        return Err(Halt::Stop.into());
    }
    *failures += 1;
    Ok(backoff::wait(*failures - 1))
}

/// Gives a model up: the wait that it asks for is longer than anybody sits in front of it.
async fn too_long<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    message: &str,
    so_far: Duration,
    wait: Duration,
) -> Failure {
    let (so_far, wait) = (so_far.as_secs(), wait.as_secs());
    let message = match so_far {
        0 => format!("{message}; {wait} s to wait"),
        _ => format!("{message}; no answer for {so_far} s, and {wait} s more to wait"),
    };
    floor.give_up(seat, Reach::Model, &message).await;
    Halt::Stop.into()
}

fn out_of_retries(message: &str, attempts: u32) -> Failure {
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    Halt::None(NoVerdict::Failed, format!("{message} (tried {times})")).into()
}

/// What one request brought.
struct Attempt {
    result: Result<Reply, CallError>,
    /// Whether it tried, during an outage, for all.
    was_probe: bool,
    /// Whether all have to wait for as long as a refusal says.
    all_wait: bool,
}

/// Sends once, when the circuit is closed and the limits allow it.
async fn attempt<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    request: &Request,
    making: Making<'_>,
) -> Result<Attempt, Halt> {
    let Some(limits) = &seat.line.limits else {
        let result = floor.sending(seat.judge.send(request)).await;
        return Ok(Attempt { result, was_probe: false, all_wait: false });
    };
    let reservation = match &seat.line.budget {
        Some(budget) => Some(reserve(floor, seat, budget, request, making).await?),
        None => None,
    };
    let admitted = async {
        let grant = limits.admit(seat.estimator.expect(request.body.len())).await;
        (grant, seat.line.pass().await)
    };
    let (grant, pass) = tokio::select! {
        biased;
        () = seat.line.stop.raised() => return Err(Halt::Stop),
        admitted = admitted => admitted,
    };
    let result = floor.sending(seat.judge.send(request)).await;
    let mut all_wait = false;
    match &result {
        Ok(reply) => {
            if let Some(reservation) = reservation {
                reservation.settle(seat.judge.micro_dollars(&reply.tokens));
            }
            seat.line.answered();
            let TokenCounts { input, output, cache_read, cache_write } = reply.tokens;
            let all = input.map(|input| input + cache_read.unwrap_or_default() + cache_write.unwrap_or_default());
            seat.estimator.learn(request.body.len(), all, output);
            // Tokens read from a cache do not count towards a provider's limits.
            let charged = input.map(|input| input + cache_write.unwrap_or_default());
            let used = Used { input_tokens: charged, output_tokens: output };
            limits.settle(&grant, used, per_minute(&reply.limits));
        }
        Err(CallError::RateLimited { limits: told, .. }) => {
            seat.line.is_there();
            all_wait = limits.refused(&grant, per_minute(told));
        }
        Err(CallError::Overloaded { .. }) => limits.overloaded(),
        Err(_) => (),
    }
    Ok(Attempt { result, was_probe: pass.is_probe(), all_wait })
}

fn per_minute(told: &LimitHints) -> PerMinute {
    PerMinute {
        requests: told.requests.limit,
        input_tokens: told.input_tokens.limit,
        output_tokens: told.output_tokens.limit,
    }
}

/// Reserves the most that `request` can cost; drains the run where that is more than is left.
async fn reserve<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    budget: &Arc<Budget>,
    request: &Request,
    making: Making<'_>,
) -> Result<Reservation, Halt> {
    // The plan refuses models of unknown price.
    let most = most(seat, request, making).ok_or(Halt::Stop)?;
    tokio::select! {
        biased;
        () = seat.line.stop.raised() => Err(Halt::Stop),
        reservation = budget.reserve(most) => reservation.map_err(|Exhausted| {
            floor.raise(Stage::Drain);
            Halt::Stop
        }),
    }
}

/// The most that `request` can cost in millionths of a dollar; none where the price is not known.
pub(super) fn most<J: Judge>(seat: &Seat<J>, request: &Request, making: Making<'_>) -> Option<u64> {
    let most = seat.judge.most_micro_dollars(most_tokens(request.body.len()))?;
    // Twice the room for the answer costs at most twice as much.
    Some(if matches!(making, Making::Roomier) { most.saturating_mul(2) } else { most })
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
    let asked = Asked { fingerprint, model: &seat.model, form: request.form.as_str(), replicate, sent_at, attempts };
    asked.answered(reply, seat.judge.micro_dollars(&reply.tokens))
}

/// What the ledger keeps of a call beside its answer.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) fingerprint: Fingerprint,
    pub(super) model: &'a str,
    pub(super) form: &'a str,
    pub(super) replicate: u32,
    pub(super) sent_at: String,
    pub(super) attempts: u32,
}

impl Asked<'_> {
    /// The call, answered with `reply` at a cost of `micro_dollars`.
    pub(super) fn answered(self, reply: &Reply, micro_dollars: Option<u64>) -> Call {
        let Self { fingerprint, model, form, replicate, sent_at, attempts } = self;
        Call {
            fingerprint,
            model: model.to_owned(),
            form: form.to_owned(),
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
            micro_dollars,
            answered_by: reply.model.clone(),
            request_id: reply.request_id.clone(),
            sent_at,
            answered_at: clock::now(),
            attempts,
        }
    }
}
