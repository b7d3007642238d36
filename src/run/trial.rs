//! Before many calls go into a batch, the first sessions are asked directly: what is wrong with every call then costs a few
//! of them and shows at once, instead of all of them and after a day (providers.md 2: requests are checked at the end).

use std::collections::BTreeMap;

use crate::ledger::{Ledger, Writer};
use crate::verdict::{NoVerdict, Outcome};

use super::budget;
use super::clock;
use super::engine::{self, Ending, Floor, GivenUp, PATIENCE, Policy};
use super::error::RunError;
use super::event::Event;
use super::execute::{Order, Prepared};
use super::experiment::{Experiment, Mode};
use super::memory::Memory;
use super::plan::{ChosenSession, PlannedJudge};
use super::stop::Signals;
use super::store::Store;

/// Units from which on something is asked directly first.
pub(super) const MANY: u64 = 100;
/// Sessions asked until each judge has given a verdict by each rubric.
const SESSIONS: usize = 3;

/// Judges and rubrics without a verdict on a session, each with the reason.
type Faults = BTreeMap<(String, String), String>;

/// Asks the first sessions of `order` directly and commits what comes of it. Where a judge is given up, or has no verdict by one
/// of its rubrics on any of them, the ending says so, and nothing is to be sent.
pub(super) async fn run(
    order: Order<'_>,
    mut ledger: Writer,
    signals: &mut Signals,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> Result<(Writer, Ending), RunError> {
    let experiment = Experiment { mode: Mode::Direct, ..order.experiment.clone() };
    let order = Order { experiment: &experiment, ..order };
    let (mut whole, mut left) = (Ending::default(), None);
    for number in 0..SESSIONS {
        let mut prepared = Prepared::new(order)?;
        let Some(session) = prepared.stages.sessions.get(number).cloned() else { break };
        prepared.stages.sessions = vec![session.clone()];
        let (run, judges) = (prepared.record.id.clone(), prepared.judges.clone());
        let ending;
        (ledger, ending) = ask(order, prepared, ledger, signals, on_event).await?;
        whole = Ending { sent: whole.sent + ending.sent, ..ending };
        let mut faults = faults(ledger.ledger(), &run, &session, &judges)?;
        faults.retain(|at, _| left.as_ref().is_none_or(|left: &Faults| left.contains_key(at)));
        if whole.is_final() || faults.is_empty() {
            return Ok((ledger, whole));
        }
        left = Some(faults);
    }
    for ((judge, rubric), why) in left.unwrap_or_default() {
        let message = format!(
            "{rubric}: the first sessions were asked directly and none has a verdict, the last one because: {why}. Nothing was \
             sent in a batch: mend that, or run the same command again to send all the same"
        );
        let judges = vec![judge];
        on_event(&Event::GivenUp { judges: judges.clone(), message: message.clone(), goes_on: false });
        whole.given_up.push(GivenUp { judges, message });
    }
    Ok((ledger, whole))
}

/// Asks about the sessions that `prepared` is left with.
async fn ask(
    order: Order<'_>,
    prepared: Prepared,
    mut ledger: Writer,
    signals: &mut Signals,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> Result<(Writer, Ending), RunError> {
    let Prepared { record, stages, seats, budget, .. } = prepared;
    if let Some(budget) = &budget {
        budget::charge(budget, ledger.ledger().paid(&record.id)?, &record.id)?;
    }
    ledger.charge(&record.id);
    let mut memory = Memory::read(order.results)?;
    let (watched, remembered) = memory.recall(&seats, order.access);
    remembered.iter().for_each(&mut *on_event);
    let (store, end) = Store::start(ledger);
    let policy = Policy { max_retries: order.experiment.limits.max_retries, patience: PATIENCE };
    let (floor, events) = Floor::new(seats, store, policy);
    let ending = engine::drive(floor, events, stages, signals, on_event).await;
    let ledger = end.await.map_err(|_| RunError::Fault("the ledger's thread panicked".to_owned()))??;
    memory.keep(&watched, &clock::now())?;
    Ok((ledger, ending))
}

/// Who has no verdict on `session` by which rubric.
fn faults(ledger: &Ledger, run: &str, session: &ChosenSession, judges: &[PlannedJudge]) -> Result<Faults, RunError> {
    let mut faults = Faults::new();
    for judge in judges {
        for rubric in judge.sources.keys() {
            // What was not reached, as for want of money, says nothing.
            let found = ledger.outcome(run, &session.id, rubric, &judge.name, 1)?;
            let Some((_, Outcome::None { kind, detail })) = found else { continue };
            if !matches!(kind, NoVerdict::Abstained | NoVerdict::Stopped) {
                faults.insert((judge.name.clone(), rubric.clone()), format!("{}: {detail}", kind.as_str()));
            }
        }
    }
    Ok(faults)
}
