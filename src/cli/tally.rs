//! What a run has done so far, for the person who waits.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::run::Event;
use crate::verdict::{NoVerdict, Outcome};

use super::summary::dollars;

/// Counts over the events of a run.
#[derive(Debug)]
pub struct Tally {
    /// When the work began; none where batches decide when it ends.
    start: Option<Instant>,
    units: u64,
    done: u64,
    recorded: u64,
    tokens: u64,
    micro_dollars: u64,
    unpriced: bool,
    answered: BTreeMap<(String, String), u64>,
    /// The last failure of each judge.
    failures: BTreeMap<String, String>,
    /// Units asked for now that still wait for an answer.
    awaited: u64,
    interrupted: bool,
    over_budget: bool,
}

impl Tally {
    /// Nothing done yet; the clock runs from now.
    pub fn new() -> Self {
        Self {
            start: Some(Instant::now()),
            units: 0,
            done: 0,
            recorded: 0,
            tokens: 0,
            micro_dollars: 0,
            unpriced: false,
            answered: BTreeMap::new(),
            failures: BTreeMap::new(),
            awaited: 0,
            interrupted: false,
            over_budget: false,
        }
    }

    /// Takes in one event.
    pub fn count(&mut self, event: &Event) {
        match event {
            Event::Planned { units, .. } => self.units = *units,
            Event::Answered { judge, rubric, tokens, micro_dollars, recorded: false } => {
                *self.answered.entry((judge.clone(), rubric.clone())).or_default() += 1;
                self.tokens += tokens.input.unwrap_or_default() + tokens.output.unwrap_or_default();
                self.micro_dollars += micro_dollars.unwrap_or_default();
                self.unpriced |= micro_dollars.is_none();
            }
            Event::Verdict { verdict, recorded } => {
                self.done += 1;
                self.recorded += u64::from(*recorded);
                match &verdict.outcome {
                    Outcome::None { kind: NoVerdict::Failed, detail } => {
                        self.failures.insert(verdict.judge.clone(), detail.clone());
                    }
                    Outcome::None { kind: NoVerdict::Stopped, .. } => self.awaited += 1,
                    _ => (),
                }
            }
            Event::Finished { interrupted, .. } => self.interrupted = *interrupted,
            Event::OverBudget { .. } => self.over_budget = true,
            Event::Batch { .. } => self.start = None,
            Event::Answered { .. }
            | Event::Calibrated { .. }
            | Event::Waiting { .. }
            | Event::Warning { .. }
            | Event::GivenUp { .. }
            | Event::Draining { .. } => (),
        }
    }

    /// Units decided, and units in all.
    pub fn units(&self) -> (u64, u64) {
        (self.done, self.units)
    }

    /// Rate, time left, tokens and dollars of the work done now. Nothing tells when a batch ends: of a run with batches there
    /// is neither rate nor time.
    pub fn text(&self) -> String {
        let new = self.done - self.recorded;
        let seconds = self.start.map_or(0.0, |start| start.elapsed().as_secs_f64());
        let mut parts = Vec::new();
        if new > 0 && seconds > 0.0 {
            let rate = new as f64 / seconds;
            let left = self.units.saturating_sub(self.done) as f64 / rate;
            parts.push(format!(", {rate:.1}/s, {} left", time(left)));
        }
        if self.tokens > 0 {
            parts.push(format!(", {} tokens", thousands(self.tokens)));
        }
        if self.micro_dollars > 0 {
            let plus = if self.unpriced { " and more of unknown price" } else { "" };
            parts.push(format!(", {}{plus}", dollars(self.micro_dollars)));
        }
        parts.concat()
    }

    /// Whether the person stopped the run.
    pub fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// Units asked for now that still wait for an answer, as of a manual judge.
    pub fn awaited(&self) -> u64 {
        self.awaited
    }

    /// Whether the budget stopped the run.
    pub fn over_budget(&self) -> bool {
        self.over_budget
    }

    /// Why `judge` failed the last time, if it did.
    pub fn failure(&self, judge: &str) -> Option<&str> {
        self.failures.get(judge).map(String::as_str)
    }

    /// Answers that came now for a judge and rubric, those of the ledger left out.
    pub fn answered(&self, judge: &str, rubric: &str) -> u64 {
        self.answered.get(&(judge.to_owned(), rubric.to_owned())).copied().unwrap_or_default()
    }
}

/// Seconds for people.
fn time(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5_400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3_600.0),
    }
}

fn thousands(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..10_000_000 => format!("{:.0}k", count as f64 / 1e3),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::BatchStage;

    #[test]
    fn time_left_is_told_unless_a_batch_decides_it() {
        let mut tally = Tally::new();
        tally.count(&Event::Planned { version: 1, run: "r".to_owned(), units: 9, recorded: 0, lost_calls: 0 });
        tally.done = 1;
        assert!(tally.text().contains("/s, ") && tally.text().contains(" left"));
        let (model, batch) = ("anthropic/a".to_owned(), "b".to_owned());
        tally.count(&Event::Batch { model, batch, calls: 9, stage: BatchStage::Created });
        assert_eq!(tally.text(), "");
    }

    #[test]
    fn times_and_counts_are_short() {
        assert_eq!([12.4, 600.0, 9_000.0].map(time), ["12 s", "10 min", "2.5 h"]);
        assert_eq!([950, 123_456, 12_345_678].map(thousands), ["950", "123k", "12.3M"]);
    }
}
