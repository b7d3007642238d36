//! The corpus file: sessions scrubbed, measured, compressed; written once, then read.
//!
//! [`build()`] reads session files into `FOLDER/corpus.sqlite`; [`Corpus`] reads it. A corpus is never changed in place: an
//! ingest into a folder that has one writes a new one, at once and whole, and takes over what did not change. `previous` is
//! the corpus that is there, `changes` finds what has to be read, `job` reads it, `admit` lets it in, `copies` finds what has
//! to be read again, `totals` sums it up.

mod admit;
mod build;
mod changes;
mod copies;
mod job;
mod list;
mod lock;
mod model;
mod pack;
mod parts;
mod pipeline;
mod previous;
mod salt;
mod schema;
mod sources;
mod store;
mod totals;
mod unit;
mod work;
mod write;

pub use crate::ingest::BadFile;
pub use build::{BuildOptions, build, dry_run};
pub use model::{IngestReport, REPORT_VERSION, SessionRow, ThisIngest, counted_scope};
pub use salt::{Salt, SaltError};
pub use store::{Corpus, CorpusError};
pub use unit::SessionUnit;
