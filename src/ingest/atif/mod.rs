//! The Agent Trajectory Interchange Format (Harbor RFC 0001; sessions.md 2, row 5): `read` takes versions 1.0 to 1.7 in,
//! `write` gives version 1.6 out, with what the format has no place for in `extra`, where `read` finds it again.

mod read;
mod write;

pub(super) use read::{links, read, recognises};
pub use write::atif_document;
