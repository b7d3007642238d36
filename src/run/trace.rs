//! What `tracing` hears of a run: a span for each call, and every event. Never a prompt, an answer, a key or a provider's words,
//! which may quote them.
//!
//! Names of attributes are those of OpenTelemetry's semantic conventions for generative AI, so that a span needs no
//! translation on its way to a collector.

use std::time::Duration;

use tracing::field::Empty;
use tracing::{Span, debug, info, info_span, warn};

use crate::provider::{Ask, Form, Reply, Stop as Ending};
use crate::verdict::NoVerdict;

use super::event::{Event, Warned};
use super::seat::{Judge, Seat};

/// Target of spans and events of calls.
const CALL: &str = "assize::call";
/// Target of the events of a run.
const RUN: &str = "assize::run";

/// The span of one call, its retries included.
pub(super) fn call<J: Judge>(seat: &Seat<J>, ask: &Ask<'_>, form: Form) -> Span {
    let (provider, model) = seat.model.split_once('/').unwrap_or(("", &seat.model));
    info_span!(
        target: CALL,
        "chat",
        otel.name = format!("chat {model}"),
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = provider,
        gen_ai.request.model = model,
        gen_ai.response.model = Empty,
        gen_ai.response.finish_reasons = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        server.address = seat.line.supplier.name,
        assize.judge = seat.name,
        assize.rubric = ask.rubric.name,
        assize.session = ask.session.id,
        assize.replicate = ask.replicate,
        assize.form = form.as_str(),
        assize.attempts = Empty,
    )
}

/// Writes what came back onto the call's span.
pub(super) fn answered(span: &Span, reply: &Reply, attempts: u32) {
    if span.is_disabled() {
        return;
    }
    let tokens = &reply.tokens;
    // All of them, as the convention has it: those read from and written to a cache too.
    let input = tokens.input.map(|input| {
        input
            .saturating_add(tokens.cache_read.unwrap_or_default())
            .saturating_add(tokens.cache_write.unwrap_or_default())
    });
    span.record("gen_ai.usage.input_tokens", input);
    span.record("gen_ai.usage.output_tokens", tokens.output);
    span.record("gen_ai.response.model", reply.model.as_deref());
    let ending = match &reply.stop {
        Ending::End => "stop",
        Ending::Cut => "length",
        Ending::Refused => "content_filter",
        Ending::Other(_) => "other",
    };
    span.record("gen_ai.response.finish_reasons", ending);
    span.record("assize.attempts", attempts);
    span.in_scope(|| debug!(target: CALL, "answered"));
}

/// A call waits before it is tried again.
pub(super) fn waits(kind: Warned, wait: Duration, attempts: u32) {
    let wait = wait.as_secs_f64();
    debug!(target: CALL, kind = kind.as_str(), wait, attempts, "waits");
}

/// Hands an event on.
pub(super) fn event(event: &Event) {
    match event {
        Event::Planned { run, units, recorded, lost_calls, .. } => {
            info!(target: RUN, run, units, recorded, lost_calls, "planned");
        }
        Event::Answered { judge, rubric, micro_dollars, recorded, .. } => {
            debug!(target: RUN, judge, rubric, micro_dollars, recorded, "answer");
        }
        Event::Verdict { verdict, recorded } => {
            let kind = verdict.outcome.no_verdict().map_or("label", NoVerdict::as_str);
            let (judge, rubric, session) = (&verdict.judge, &verdict.rubric, &verdict.session);
            debug!(target: RUN, judge, rubric, session, kind, recorded, "verdict");
        }
        Event::Warning { judge, kind, .. } => warn!(target: RUN, judge, kind = kind.as_str(), "warning"),
        Event::GivenUp { judges, goes_on, .. } => {
            warn!(target: RUN, judges = judges.join(", "), goes_on, "given up");
        }
        Event::Batch { model, batch, calls, .. } => info!(target: RUN, model, batch, calls, "batch"),
        Event::Calibrated { .. } => info!(target: RUN, "calibrated"),
        Event::Waiting { rubric, units } => warn!(target: RUN, rubric, units, "waiting"),
        Event::Draining { in_flight } => info!(target: RUN, in_flight, "draining"),
        Event::OverBudget { run, budget, paid, short_of } => {
            warn!(target: RUN, run, budget, paid, short_of, "over budget");
        }
        Event::Finished { run, labels, no_verdicts, calls_sent, interrupted } => {
            info!(target: RUN, run, labels, no_verdicts, calls_sent, interrupted, "finished");
        }
    }
}
