//! Experiment file -> plan -> dispatch -> workers -> ledger.
//!
//! One thread plans, one task a place in the queue of each model asks, one thread writes. They speak through bounded
//! channels, so that memory does not grow with the number of units, and everything that happens is an [`Event`].

mod ask;
mod backoff;
mod batch;
mod breaker;
mod budget;
mod call;
mod checkup;
mod clock;
mod engine;
mod error;
mod estimate;
mod estimate_cost;
mod event;
mod execute;
mod experiment;
mod feed;
mod folder;
mod identity;
mod lead;
mod load;
mod memory;
mod plan;
mod record;
mod seat;
mod showing;
mod stage;
mod stages;
mod stop;
mod store;
mod thread;
mod totals;
mod trace;
mod trial;

pub use batch::{BatchStage, OpenBatch, open_batches};
pub use checkup::{Check, Checkup, Status, checkup};
pub use engine::GivenUp;
pub use error::RunError;
pub use estimate::{Estimate, EstimateCell, estimate};
pub use estimate_cost::Amounts;
pub use event::{Event, Warned};
pub use execute::{Order, Selection, execute};
pub use experiment::{BUILT_IN_FILES, Experiment, ExperimentError, JudgeSpec, Mode};
pub use folder::{write_csv, write_jsonl};
pub use load::{find, latest, list, load, ratings, stream, stream_on};
pub use record::{JudgeTotals, RubricRecord, RunRecord, RunState};
pub use stage::stand_ins;
pub use stop::Interrupts;
pub use totals::{Cell, by_judge, cells};

#[cfg(test)]
mod tests;
