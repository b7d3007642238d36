//! The corpus file: sessions scrubbed, measured, compressed; written once, then read.
//!
//! [`build()`] reads session files into `FOLDER/corpus.sqlite`; [`Corpus`] reads it. A corpus is never changed: building
//! one in a folder that has one replaces it, at once and whole.

mod build;
mod model;
mod pack;
mod pipeline;
mod salt;
mod schema;
mod store;
mod write;

pub use crate::ingest::BadFile;
pub use build::{BuildOptions, build, dry_run};
pub use model::{IngestReport, REPORT_VERSION, SessionRow};
pub use salt::{Salt, SaltError};
pub use store::{Corpus, CorpusError};
