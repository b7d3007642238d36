//! `baseline/rules`: a transparent rule-based judge on measured features. It is not an LLM.
//!
//! It is the floor that any LLM judge has to beat. Every rule has a number, is described in `docs/baseline-rules.md`, and
//! is named in the rationale of the verdict it decided. The rules follow the rubrics' definitions; they were not fitted
//! to any labels. Words are English only.

mod activity;
mod codebase;
mod cues;
mod decide;
mod decisions;
mod expertise;
mod features;
mod files;
mod memory;
mod occupation;
mod outcome;
mod posting;
mod signals;
mod trades;
mod value;
mod values;
mod work_mode;

pub(super) use decide::{VERSION, answer, request};
pub(super) use memory::Memory;
pub(super) use values::reads_prompt;
