//! How many calls may be under way at once: begins small, grows while all places are taken, shrinks when refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places at the beginning. Each good answer opens another one, so that 256 are open after four answers' time, and a
/// server whose limits nobody told is not flooded before its first answer tells them.
const FIRST: usize = 16;
/// What is left of the places after a refusal.
const CUT: f64 = 0.7;

/// Places for calls under way; served first come, first served.
#[derive(Debug)]
pub(super) struct Places {
    semaphore: Arc<Semaphore>,
    room: Mutex<Room>,
}

#[derive(Debug)]
struct Room {
    open: usize,
    most: usize,
    /// Places to be closed as soon as those who hold them leave.
    surplus: usize,
    /// Places open at the last refusal: beyond that they open one by one, slowly.
    refused_at: usize,
    /// Good answers since a place was opened beyond that.
    answers: usize,
}

/// A place, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    /// None could only mean that the semaphore was closed, which nobody does.
    permit: Option<OwnedSemaphorePermit>,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut room = self.places.room();
        if room.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            room.surplus -= 1;
            permit.forget();
        }
    }
}

impl Places {
    /// At most `most` places.
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let open = most.min(FIRST);
        let room = Room { open, most, surplus: 0, refused_at: most, answers: 0 };
        Self { semaphore: Arc::new(Semaphore::new(open)), room: Mutex::new(room) }
    }

    /// As many places, all of them open.
    #[cfg(test)]
    pub(super) fn all_open(places: usize) -> Self {
        let room = Room { open: places, most: places, surplus: 0, refused_at: places, answers: 0 };
        Self { semaphore: Arc::new(Semaphore::new(places)), room: Mutex::new(room) }
    }

    /// Waits for a place.
    pub(super) async fn take(self: &Arc<Self>) -> Place {
        let permit = Arc::clone(&self.semaphore).acquire_owned().await.ok();
        Place { permit, places: Arc::clone(self) }
    }

    /// A call was answered: opens a place if all are taken.
    pub(super) fn answered(&self) {
        let mut room = self.room();
        if room.open >= room.most || self.semaphore.available_permits() > 0 {
            return;
        }
        room.answers += 1;
        if room.open >= room.refused_at && room.answers < room.open {
            return;
        }
        room.answers = 0;
        room.open += 1;
        match room.surplus {
            0 => self.semaphore.add_permits(1),
            _ => room.surplus -= 1,
        }
    }

    /// The server refused or is overloaded: closes places.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a count")]
    pub(super) fn refused(&self) {
        let mut room = self.room();
        let left = ((room.open as f64 * CUT) as usize).max(1);
        let closed = room.open - left;
        room.refused_at = room.open;
        room.answers = 0;
        room.open = left;
        room.surplus += closed - self.semaphore.forget_permits(closed);
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what is free.
    async fn fill(places: &Arc<Places>, held: &mut Vec<Place>) -> usize {
        while places.semaphore.available_permits() > 0 {
            held.push(places.take().await);
        }
        held.len()
    }

    #[tokio::test]
    async fn places_open_while_all_are_taken_and_no_further_than_told() {
        let places = Arc::new(Places::new(40));
        let mut held = Vec::new();
        places.answered();
        assert_eq!(fill(&places, &mut held).await, 16, "nobody needs more");
        for expected in [32, 40, 40] {
            for _ in 0..held.len() {
                places.answered();
                fill(&places, &mut held).await;
            }
            assert_eq!(held.len().min(expected), expected);
        }
        assert_eq!(held.len(), 40);
        assert_eq!(fill(&Arc::new(Places::new(3)), &mut Vec::new()).await, 3);
    }

    #[tokio::test]
    async fn refusals_close_places_which_come_back_quickly_up_to_the_last_level_and_slowly_beyond() {
        let places = Arc::new(Places::new(100));
        let mut held = Vec::new();
        fill(&places, &mut held).await;
        places.refused();
        // 11 of 16: five leave without making room.
        held.drain(..5);
        assert_eq!(places.semaphore.available_permits(), 0);
        for _ in 0..5 {
            places.answered();
            fill(&places, &mut held).await;
        }
        assert_eq!(held.len(), 16);
        for _ in 0..15 {
            places.answered();
        }
        assert_eq!(fill(&places, &mut held).await, 16);
        places.answered();
        assert_eq!(fill(&places, &mut held).await, 17);
        for _ in 0..50 {
            places.refused();
        }
        drop(held);
        assert_eq!(places.semaphore.available_permits(), 1, "one is always left");
    }
}
