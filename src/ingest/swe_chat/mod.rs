//! The session table of a local copy of SWE-chat: repository, user, agent and share of the agent's lines of each session.
//!
//! The transcripts of the dataset are the agents' own and are read by their content like any others; the table beside them
//! says what their redacted paths do not: which sessions come from one repository or person.

mod rows;
mod table;

pub(super) use table::{Table, Tables};
