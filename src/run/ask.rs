//! One unit: recorded, or asked, read, asked once more where the answer cannot be used, and decided.

use std::collections::BTreeSet;

use crate::ledger::Decision;
use crate::provider::{Ask, Reply, Request, Stop as Ending};
use crate::verdict::{Fingerprint, NoVerdict, Outcome, Repair, Verdict};

use super::call::{self, Halt};
use super::engine::Floor;
use super::event::Event;
use super::plan::Unit;
use super::seat::{Judge, Seat};

/// Brings a unit to its verdict and commits it; nothing when the run stops first.
pub(super) async fn decide<J: Judge>(floor: &Floor<J>, unit: Unit) -> Result<(), Halt> {
    let Some(seat) = floor.seats.get(unit.seat) else { return Ok(()) };
    let recorded = floor.store.decision(&unit.place.unit).await.map_err(|_| Halt::Stop)?;
    let (decision, recorded) = match recorded {
        Some(decision) => (decision, true),
        None => (judge(floor, seat, &unit).await?, false),
    };
    floor.store.decide(unit.place.clone(), decision.clone()).await.map_err(|_| Halt::Stop)?;
    let failure = match &decision.outcome {
        Outcome::None { kind: NoVerdict::Failed, detail } => Some(detail.clone()),
        _ => None,
    };
    let place = unit.place;
    let verdict = Verdict {
        session: place.session,
        rubric: place.rubric,
        judge: place.judge,
        replicate: place.replicate,
        unit: place.unit,
        outcome: decision.outcome,
        repairs: decision.repairs,
        calls: decision.calls,
    };
    floor.tell(Event::Verdict { verdict, recorded }).await;
    // Judges inside this program cost nothing, and may have no rules for one rubric of several.
    if let Some(detail) = failure.filter(|_| seat.judge.is_remote()) {
        let in_a_row = seat.line.failed();
        if in_a_row >= seat.line.give_up_after() {
            floor.give_up(seat, &format!("failed on {in_a_row} units in a row, the last time with: {detail}"));
        }
    }
    Ok(())
}

/// Asks, and asks once more with the error shown where the answer cannot be used.
async fn judge<J: Judge>(floor: &Floor<J>, seat: &Seat<J>, unit: &Unit) -> Result<Decision, Halt> {
    let mut calls = Vec::new();
    let first = unit.ask();
    let mut lead = match &unit.prefix {
        Some(prefix) => prefix.lead().await,
        None => None,
    };
    let answered = answer(floor, seat, unit, &first, unit.request.as_ref(), &mut calls).await?;
    if let Some(lead) = lead.as_mut().filter(|_| !calls.is_empty()) {
        lead.answered();
    }
    drop(lead);
    let unusable = match answered {
        Answer::Decided(outcome, repairs) => return Ok(Decision { outcome, repairs, calls }),
        Answer::Unusable { text, error } => (text, error),
    };
    let (text, error) = &unusable;
    let rubric = &first.rubric.name;
    let message = format!("answers to {rubric} that cannot be used are asked for again; the first: {error}");
    floor.warn(seat, rubric, message).await;
    let second = Ask { again: Some((text, error)), ..first };
    let (outcome, mut repairs) = match answer(floor, seat, unit, &second, None, &mut calls).await? {
        Answer::Decided(outcome, repairs) => (outcome, repairs),
        Answer::Unusable { error, .. } => (Outcome::None { kind: NoVerdict::Invalid, detail: error }, BTreeSet::new()),
    };
    repairs.insert(Repair::AskedAgain);
    Ok(Decision { outcome, repairs, calls })
}

/// What one answer brought.
enum Answer {
    Decided(Outcome, BTreeSet<Repair>),
    Unusable { text: String, error: String },
}

async fn answer<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    unit: &Unit,
    ask: &Ask<'_>,
    ready: Option<&Request>,
    calls: &mut Vec<Fingerprint>,
) -> Result<Answer, Halt> {
    let none = |kind, detail| Answer::Decided(Outcome::None { kind, detail }, BTreeSet::new());
    let Reply { text, stop, .. } = match call::ask(floor, seat, ask, ready).await {
        Ok((reply, call)) => {
            calls.push(call);
            reply
        }
        Err(Halt::None(kind, detail)) => return Ok(none(kind, detail)),
        Err(Halt::Stop) => return Err(Halt::Stop),
    };
    Ok(match stop {
        Ending::Refused => none(NoVerdict::Refused, text),
        Ending::Cut => {
            none(NoVerdict::Truncated, "the answer ran into the output cap or the context window".to_owned())
        }
        Ending::End | Ending::Other(_) => match seat.judge.read(&unit.question.reader, &text) {
            Ok(reading) => Answer::Decided(reading.outcome, reading.repairs),
            Err(unreadable) => Answer::Unusable { text, error: unreadable.error },
        },
    })
}
