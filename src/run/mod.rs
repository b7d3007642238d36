//! Experiment file -> plan -> dispatch -> workers -> ledger.
//!
//! One thread plans, one task a place in the queue of each model asks, one thread writes. They speak through bounded
//! channels, so that memory does not grow with the number of units, and everything that happens is an [`Event`].

mod ask;
mod backoff;
mod breaker;
mod call;
mod clock;
mod engine;
mod error;
mod event;
mod execute;
mod experiment;
mod folder;
mod identity;
mod load;
mod plan;
mod record;
mod seat;
mod stop;
mod store;
mod thread;
mod totals;

pub use error::RunError;
pub use event::Event;
pub use execute::{Order, Selection, execute};
pub use experiment::{BUILT_IN_FILES, Experiment, ExperimentError, JudgeSpec};
pub use folder::{write_csv, write_jsonl};
pub use load::{find, latest, list, load, ratings};
pub use record::{JudgeTotals, RubricRecord, RunRecord, RunState};
pub use stop::Interrupts;
pub use totals::{Cell, cells};

#[cfg(test)]
mod tests;
