//! From the plan into the queues of the models: one that takes its units slowly, or not at all, holds up no other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use super::engine::Floor;
use super::error::RunError;
use super::plan::Unit;
use super::seat::Judge;
use super::stop::Stage;
use super::thread;

/// How long a full queue is left alone at first: less than it takes to empty one...
const LEAST: Duration = Duration::from_micros(500);
/// ...and at most, where it stays full.
const MOST: Duration = Duration::from_millis(16);
/// A queue that is full for so long, while another model has nothing to do, gets a plan of its own.
const STALLED: Duration = Duration::from_secs(1);

/// A plan that can be divided.
pub(super) trait Divide: Iterator<Item = Result<Unit, RunError>> + Send + Sized + 'static {
    /// What is left for `seats`, beginning with `first`; this plan has nothing more for them.
    fn divide(&mut self, seats: &[usize], first: Unit) -> Self;
}

/// Puts the units of `plan` into the queues of their seats until it ends or the run stops.
pub(super) fn feed<J: Judge>(
    plan: &mut impl Divide,
    queues: &[Sender<Unit>],
    floor: &Arc<Floor<J>>,
) -> Result<(), RunError> {
    let seats: Vec<usize> = (0..queues.len()).collect();
    feed_seats(plan, queues, floor, &seats)
}

/// The same with a plan that has units for `seats` only.
fn feed_seats<J: Judge>(
    plan: &mut impl Divide,
    queues: &[Sender<Unit>],
    floor: &Arc<Floor<J>>,
    seats: &[usize],
) -> Result<(), RunError> {
    let mut seats = seats.to_vec();
    let mut divided: Vec<oneshot::Receiver<Result<(), RunError>>> = Vec::new();
    let mut fed = Ok(());
    while floor.stop.stage() == Stage::Go {
        let unit = match plan.next() {
            Some(Ok(unit)) => unit,
            Some(Err(error)) => {
                fed = Err(error);
                break;
            }
            None => break,
        };
        let Some(queue) = queues.get(unit.seat) else { continue };
        // A queue is closed only when its workers have stopped: the others go on.
        if queue.is_closed() && seats.iter().all(|seat| queues[*seat].is_closed()) {
            break;
        }
        let idle = |seat: &usize| {
            let other = &queues[*seat];
            !other.same_channel(queue) && !other.is_closed() && other.capacity() == other.max_capacity()
        };
        let Some(unit) = offer(queue, unit, floor, || seats.iter().any(idle)) else { continue };
        let (own, rest): (Vec<usize>, Vec<usize>) = seats.iter().partition(|seat| queues[**seat].same_channel(queue));
        seats = rest;
        let mut part = plan.divide(&own, unit);
        divided.push(thread::spawn("plan", {
            let (queues, floor) = (queues.to_vec(), Arc::clone(floor));
            move || feed_seats(&mut part, &queues, &floor, &own)
        }));
    }
    for planner in divided {
        let ended = planner.blocking_recv();
        fed = fed.and(ended.unwrap_or_else(|_| Err(RunError::Fault("a planning thread panicked".to_owned()))));
    }
    fed
}

/// Waits until `queue` takes `unit`; the unit again where it has been full for long while others are idle.
fn offer<J: Judge>(
    queue: &Sender<Unit>,
    mut unit: Unit,
    floor: &Floor<J>,
    others_are_idle: impl Fn() -> bool,
) -> Option<Unit> {
    let (mut wait, mut since) = (LEAST, None);
    while floor.stop.stage() == Stage::Go {
        match queue.try_send(unit) {
            Ok(()) | Err(TrySendError::Closed(_)) => return None,
            Err(TrySendError::Full(again)) => unit = again,
        }
        if since.get_or_insert_with(Instant::now).elapsed() >= STALLED && others_are_idle() {
            return Some(unit);
        }
        // Else this thread would be woken for every single unit.
        std::thread::sleep(wait);
        wait = (wait * 2).min(MOST);
    }
    None
}
