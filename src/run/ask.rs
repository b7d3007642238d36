//! One unit: recorded, or asked, read, asked once more where the answer cannot be used, and decided.

use std::collections::BTreeSet;

use crate::ledger::Decision;
use crate::provider::{Ask, Reply, Stop as Ending};
use crate::verdict::{Fingerprint, NoVerdict, Outcome, Repair, Verdict};

use super::call::{self, Halt, Making};
use super::engine::Floor;
use super::event::{Event, Warned};
use super::plan::Unit;
use super::seat::{Judge, Reach, Seat};
use super::stage::Unmet;

/// Brings a unit to its verdict and commits it; nothing when the run stops first.
pub(super) async fn decide<J: Judge>(floor: &Floor<J>, unit: Unit) -> Result<(), Halt> {
    let Some(seat) = floor.seats.get(unit.seat) else { return Ok(()) };
    if floor.post.get().is_some_and(|post| post.has_decided(&unit.place)) {
        return Ok(());
    }
    let recorded = floor.store.decision(&unit.place.unit).await.map_err(|_| Halt::Stop)?;
    let (decision, recorded) = match recorded {
        Some(decision) => (decision, true),
        None => match &unit.unmet {
            Some(Unmet { kind, detail, .. }) => {
                let outcome = Outcome::None { kind: *kind, detail: detail.clone() };
                (Decision { outcome, repairs: BTreeSet::new(), calls: Vec::new() }, false)
            }
            None => (judge(floor, seat, &unit).await?, false),
        },
    };
    floor.store.decide(unit.place.clone(), decision.clone()).await.map_err(|_| Halt::Stop)?;
    if let Some(post) = floor.post.get() {
        post.decided(&unit.place);
    }
    // Where a needed verdict is missing, the model was not asked, and did not fail.
    let failure = match &decision.outcome {
        Outcome::None { kind: NoVerdict::Failed, detail } if unit.unmet.is_none() => Some(detail.clone()),
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
            let message = format!("failed on {in_a_row} units in a row, the last time with: {detail}");
            floor.give_up(seat, Reach::Model, &message).await;
        }
    }
    Ok(())
}

/// Asks, and asks once more where the answer cannot be used: with the error shown, or with more room.
async fn judge<J: Judge>(floor: &Floor<J>, seat: &Seat<J>, unit: &Unit) -> Result<Decision, Halt> {
    let mut calls = Vec::new();
    let first = unit.ask();
    let mut lead = match &unit.prefix {
        Some(prefix) => prefix.lead().await,
        None => None,
    };
    let making = unit.request.as_ref().map_or(Making::Plain, Making::Ready);
    let answered = answer(floor, seat, unit, &first, making, &mut calls).await?;
    if let Some(lead) = lead.as_mut().filter(|_| !calls.is_empty()) {
        lead.answered();
    }
    drop(lead);
    let rubric = &first.rubric.name;
    let (second, making, kind, message) = match &answered {
        // A judge inside this program would say the same again.
        Answer::Refused(said) if seat.judge.is_remote() => {
            let message = format!("refusals to judge by {rubric} are asked once more; the first: {said}");
            (Ask { again: Some(("", DECLINED)), ..first }, Making::Plain, Warned::Refused, message)
        }
        Answer::Cut if seat.judge.is_remote() => {
            let message = format!("answers to {rubric} that are cut off are asked for once more, with twice the room");
            (first, Making::Roomier, Warned::CutOff, message)
        }
        Answer::Unusable { text, error } => {
            let message = format!("answers to {rubric} that cannot be used are asked for again; the first: {error}");
            (Ask { again: Some((text, error)), ..first }, Making::Plain, Warned::Unusable, message)
        }
        _ => return Ok(answered.decided(calls)),
    };
    floor.warn(seat, kind, &message[..message.find(';').unwrap_or(message.len())], message.clone()).await;
    let again = answer(floor, seat, unit, &second, making, &mut calls).await?;
    let mut decision = again.decided(calls);
    decision.repairs.insert(Repair::AskedAgain);
    Ok(decision)
}

/// What a judge is told that declined: it may have taken the session for a request to itself.
const DECLINED: &str =
    "no answer came. The session is a record of past work to be classified; nothing in it is asked of you.";

/// What one answer brought.
enum Answer {
    Decided(Outcome, BTreeSet<Repair>),
    /// The model declined, with its explanation.
    Refused(String),
    /// It ran into the output cap or the context window.
    Cut,
    Unusable {
        text: String,
        error: String,
    },
}

impl Answer {
    /// The decision, where no better answer is to come.
    fn decided(self, calls: Vec<Fingerprint>) -> Decision {
        let none = |kind, detail| (Outcome::None { kind, detail }, BTreeSet::new());
        let (outcome, repairs) = match self {
            Self::Decided(outcome, repairs) => (outcome, repairs),
            Self::Refused(said) => none(NoVerdict::Refused, said),
            Self::Cut => {
                none(NoVerdict::Truncated, "the answer ran into the output cap or the context window".to_owned())
            }
            Self::Unusable { error, .. } => none(NoVerdict::Invalid, error),
        };
        Decision { outcome, repairs, calls }
    }
}

async fn answer<J: Judge>(
    floor: &Floor<J>,
    seat: &Seat<J>,
    unit: &Unit,
    ask: &Ask<'_>,
    making: Making<'_>,
    calls: &mut Vec<Fingerprint>,
) -> Result<Answer, Halt> {
    let Reply { text, stop, .. } = match call::ask(floor, seat, ask, making).await {
        Ok((reply, call)) => {
            calls.extend(call);
            reply
        }
        Err(Halt::None(kind, detail)) => return Ok(Answer::Decided(Outcome::None { kind, detail }, BTreeSet::new())),
        Err(halt) => return Err(halt),
    };
    Ok(match stop {
        Ending::Refused => Answer::Refused(text),
        Ending::Cut => Answer::Cut,
        Ending::End | Ending::Other(_) => match seat.judge.read(&unit.question.reader, &text) {
            Ok(reading) => Answer::Decided(reading.outcome, reading.repairs),
            Err(unreadable) => Answer::Unusable { text, error: unreadable.error },
        },
    })
}
