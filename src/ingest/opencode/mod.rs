//! Reader of OpenCode (sessions.md 2, row 6): its database, its older tree of JSON files, and what `opencode export` prints.
//!
//! Where the database and the tree hold the same session the database wins: OpenCode copied the tree into it and left
//! the tree behind. Sessions that a subagent ran in belong to the session that began the chain.

mod assemble;
mod database;
mod decide;
mod join;
mod record;

pub(super) use database::{is_database, is_part_of_database, links_of_database, may_be_database};
pub(super) use join::join;
pub(super) use record::{links, links_of_damaged, may_begin};
