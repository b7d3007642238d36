//! The dollars of a run: a hard cap, kept by reserving the most that a call can cost before it is sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What may be spent and what is; all in millionths of a dollar.
#[derive(Debug)]
pub struct Budget {
    cap: u64,
    account: Mutex<Account>,
    /// Woken when a reservation ends.
    freed: Notify,
    /// One caller at a time waits for room, so that a dear call is not starved by cheap ones.
    queue: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Account {
    spent: u64,
    reserved: u64,
    short: Option<u64>,
}

/// The next call does not fit, and nothing under way could make room for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted;

/// Dollars held for one call. What is not settled is given back when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<Budget>,
    amount: u64,
}

impl Budget {
    /// A budget of `cap`, of which nothing is spent.
    #[must_use]
    pub fn new(cap: u64) -> Self {
        Self {
            cap,
            account: Mutex::new(Account { spent: 0, reserved: 0, short: None }),
            freed: Notify::new(),
            queue: tokio::sync::Mutex::new(()),
        }
    }

    /// Reserves `amount`; waits while calls under way may still give back what it takes. First come, first served.
    ///
    /// # Errors
    /// When it does not fit and nothing is under way any more, and for ever after.
    pub async fn reserve(self: &Arc<Self>, amount: u64) -> Result<Reservation, Exhausted> {
        let _turn = self.queue.lock().await;
        loop {
            // Listening begins before looking, so that no reservation can end unheard in between.
            let freed = self.freed.notified();
            if let Some(decided) = self.decide(amount) {
                return decided.map(|()| Reservation { budget: Arc::clone(self), amount });
            }
            freed.await;
        }
    }

    /// Reserves `amount` if it fits now; none where it does not, or nothing fits any more.
    #[must_use]
    pub fn try_reserve(self: &Arc<Self>, amount: u64) -> Option<Reservation> {
        let mut account = self.account();
        let needed = account.spent.saturating_add(account.reserved).saturating_add(amount);
        if account.short.is_some() || needed > self.cap {
            return None;
        }
        account.reserved += amount;
        Some(Reservation { budget: Arc::clone(self), amount })
    }

    /// Reserves `amount` whether it fits or not: for calls that are under way already.
    #[must_use]
    pub fn hold(self: &Arc<Self>, amount: u64) -> Reservation {
        self.account().reserved += amount;
        Reservation { budget: Arc::clone(self), amount }
    }

    fn decide(&self, amount: u64) -> Option<Result<(), Exhausted>> {
        let mut account = self.account();
        let needed = account.spent.saturating_add(account.reserved).saturating_add(amount);
        if account.short.is_none() && needed <= self.cap {
            account.reserved += amount;
            return Some(Ok(()));
        }
        if account.short.is_none() && account.reserved > 0 {
            return None;
        }
        account.short.get_or_insert(amount);
        Some(Err(Exhausted))
    }

    /// Counts `amount` as spent without having reserved it: what was paid before.
    pub fn charge(&self, amount: u64) {
        self.account().spent += amount;
    }

    /// What is spent.
    #[must_use]
    pub fn spent(&self) -> u64 {
        self.account().spent
    }

    /// The cap.
    #[must_use]
    pub fn cap(&self) -> u64 {
        self.cap
    }

    /// The most that the call could have cost for which nothing was left; none while every call fitted.
    #[must_use]
    pub fn short_of(&self) -> Option<u64> {
        self.account().short
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Settles the call with what it really cost; with all that was reserved where that is not known.
    pub fn settle(self, cost: Option<u64>) {
        self.budget.charge(cost.unwrap_or(self.amount));
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.account().reserved -= self.amount;
        self.budget.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    fn budget(cap: u64, spent: u64) -> Arc<Budget> {
        let budget = Budget::new(cap);
        budget.charge(spent);
        Arc::new(budget)
    }

    #[tokio::test(start_paused = true)]
    async fn what_calls_under_way_may_give_back_is_waited_for() {
        let budget = budget(100, 0);
        let first = budget.reserve(80).await.unwrap();
        let start = Instant::now();
        let second = async {
            let reservation = budget.reserve(60).await;
            (reservation.is_ok(), start.elapsed())
        };
        let first = async {
            sleep(Duration::from_secs(3)).await;
            first.settle(Some(30));
        };
        let ((), (granted, waited)) = tokio::join!(first, second);
        assert_eq!((granted, waited, budget.spent(), budget.short_of()), (true, Duration::from_secs(3), 30, None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_fit_when_nothing_is_under_way_ends_it_for_everyone() {
        let budget = budget(100, 95);
        assert_eq!(budget.reserve(6).await.unwrap_err(), Exhausted);
        assert_eq!(budget.reserve(1).await.unwrap_err(), Exhausted, "a cheap call does not slip through later");
        assert_eq!((budget.spent(), budget.short_of()), (95, Some(6)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_failed_gives_back_and_one_of_unknown_cost_does_not() {
        let budget = budget(100, 0);
        drop(budget.reserve(100).await.unwrap());
        assert_eq!(budget.spent(), 0);
        budget.reserve(70).await.unwrap().settle(None);
        assert_eq!(budget.spent(), 70);
        assert!(budget.reserve(31).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_is_held_even_beyond_the_cap_and_nothing_else_fits_beside_it() {
        let budget = budget(100, 40);
        let fits = budget.try_reserve(60).unwrap();
        assert!(budget.try_reserve(1).is_none());
        drop(fits);
        let held = budget.hold(90);
        assert!(budget.try_reserve(1).is_none() && budget.short_of().is_none());
        held.settle(Some(10));
        assert!(budget.try_reserve(50).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_dear_call_is_not_starved_by_cheap_ones() {
        let budget = budget(100, 0);
        let held = budget.reserve(50).await.unwrap();
        let order = std::sync::Mutex::new(Vec::new());
        let dear = async {
            budget.reserve(80).await.unwrap().settle(Some(1));
            order.lock().unwrap().push("dear");
        };
        let cheap = async {
            budget.reserve(10).await.unwrap().settle(Some(1));
            order.lock().unwrap().push("cheap");
        };
        let end = async {
            sleep(Duration::from_secs(1)).await;
            drop(held);
        };
        tokio::join!(dear, cheap, end);
        assert_eq!(*order.lock().unwrap(), ["dear", "cheap"]);
    }

    proptest::proptest! {
        /// Whatever calls cost up to what was reserved, the cap holds at every moment.
        #[test]
        fn the_cap_holds(calls in proptest::collection::vec((1_u64..50, 0_u64..50, 0_u64..9), 1..60), cap in 0_u64..600) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                let budget = budget(cap, 0);
                let call = |(most, cost, time): (u64, u64, u64)| {
                    let budget = Arc::clone(&budget);
                    async move {
                        let Ok(reservation) = budget.reserve(most).await else { return };
                        sleep(Duration::from_secs(time)).await;
                        reservation.settle((cost % 5 > 0).then_some(cost.min(most)));
                        assert!(budget.spent() <= cap);
                    }
                };
                futures_util::future::join_all(calls.iter().copied().map(call)).await;
                let all: u64 = calls.iter().map(|(most, ..)| most).sum();
                proptest::prop_assert!(budget.spent() <= cap && (all > cap || budget.short_of().is_none()));
                Ok(())
            })?;
        }
    }
}
