//! The neutral model of a session, and what is measured on it.
//!
//! Readers in [`crate::ingest`] produce a [`Session`] from any supported format; every other room reads only this model.

mod edit;
mod evidence;
mod measures;
mod model;
mod patch;
mod running;
mod script;
mod words;

pub use edit::Edit;
pub use evidence::{Detail, Evidence, EvidenceItem, EvidenceKind, Unrecovered};
pub use measures::{Measures, TurnMeasures};
pub use model::{
    Action, ActionStatus, Attribution, Branch, Format, Losses, Note, PromptKind, Recorder, Reply, ReplyKind, Scope,
    Session, Step, TokenUsage, Turn,
};
pub use words::count_words;
