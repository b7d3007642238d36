//! Working on many items at once while their results are taken in order.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, channel};
use std::time::Duration;

use rayon::Yield;

/// Items begun before an earlier one is finished: enough to keep every core busy behind a large one.
const AHEAD: usize = 64;

/// Bytes that are worked on at once; one item may be larger, and is then worked on alone.
const BYTES: u64 = 48 << 20;

/// How long a thread of the pool rests that has nothing to do but wait.
const REST: Duration = Duration::from_millis(1);

/// Does `work` on every item on the threads of the pool, and `take`s the results on this thread, in the order of the
/// items: which thread was first decides nothing. The bytes that `weigh` gives bound what is in memory at once, and taking
/// goes on beside the work.
///
/// # Errors
/// The first error of `take`; nothing is begun after it.
pub(super) fn in_order<T: Send, R: Send, E>(
    items: impl Iterator<Item = T>,
    weigh: impl Fn(&T) -> u64,
    work: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E> {
    let (send, receive) = channel();
    let (work, send) = (&work, &send);
    let mut items = items.map(|item| (weigh(&item), item)).peekable();
    rayon::in_place_scope(|scope| {
        let (mut begun, mut taken, mut open) = (0, 0, 0);
        let mut early = BTreeMap::new();
        loop {
            while begun - taken < AHEAD
                && let Some((bytes, item)) = items.next_if(|(bytes, _)| open == 0 || open + bytes <= BYTES)
            {
                // Never nothing, so that an open item is seen even where it is empty.
                let (at, bytes, send) = (begun, bytes.max(1), send.clone());
                (begun, open) = (begun + 1, open + bytes);
                scope.spawn(move |_| {
                    // Where nobody listens any more, an earlier result was the last that was wanted.
                    let _ = send.send((at, bytes, catch_unwind(AssertUnwindSafe(|| work(item)))));
                });
            }
            if taken == begun {
                return Ok(());
            }
            // This function keeps a sender, so that the channel is never closed.
            let Ok((at, bytes, result)) = wait(&receive) else { return Ok(()) };
            open -= bytes;
            early.insert(at, result.unwrap_or_else(|panic| resume_unwind(panic)));
            while let Some(result) = early.remove(&taken) {
                taken += 1;
                take(result)?;
            }
        }
    })
}

/// The next result. A thread of the pool works while it waits, since it may be the only one.
fn wait<M>(receive: &Receiver<M>) -> Result<M, RecvError> {
    loop {
        match receive.try_recv() {
            Ok(message) => return Ok(message),
            Err(_) => match rayon::yield_now() {
                None => return receive.recv(),
                Some(Yield::Executed) => {}
                Some(Yield::Idle) => match receive.recv_timeout(REST) {
                    Ok(message) => return Ok(message),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Err(RecvError),
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn doubled(items: &[u64], weigh: impl Fn(&u64) -> u64) -> Vec<u64> {
        let mut taken = Vec::new();
        in_order(
            items.iter().copied(),
            weigh,
            |item| item * 2,
            |item| -> Result<(), ()> {
                taken.push(item);
                Ok(())
            },
        )
        .unwrap();
        taken
    }

    #[test]
    fn results_come_in_order_on_any_number_of_threads() {
        let items: Vec<u64> = (0..1000).collect();
        let expected: Vec<u64> = items.iter().map(|item| item * 2).collect();
        assert_eq!(doubled(&items, |_| 0), expected);
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| doubled(&items, |_| 1)), expected);
        }
    }

    #[test]
    fn items_too_large_to_stand_together_are_worked_on_alone() {
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        let work = |_: u64| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            std::thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
        };
        in_order([0; 200].into_iter(), |_| BYTES + 1, work, |()| Ok::<(), ()>(())).unwrap();
        assert_eq!(most.into_inner(), 1);
    }

    #[test]
    fn an_error_ends_the_work() {
        let mut seen = 0;
        let begun = AtomicU64::new(0);
        let work = |item: u64| {
            begun.fetch_add(1, Ordering::SeqCst);
            item
        };
        let ended = in_order(
            0..1000,
            |_| 1,
            work,
            |item| {
                seen = item;
                if item == 10 { Err("full") } else { Ok(()) }
            },
        );
        assert_eq!((ended, seen), (Err("full"), 10));
        assert!(begun.into_inner() <= 11 + AHEAD as u64);
    }
}
