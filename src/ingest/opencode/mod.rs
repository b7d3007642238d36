//! Reader of OpenCode (sessions.md 2, row 6): its database with the tables of both its programs, its older tree of JSON files, and
//! what `opencode export` prints. Everything is brought into the shape of the tables `message` and `part`, and assembled from it.
//!
//! Where the database and the tree hold the same session the database wins: OpenCode copied the tree into it and left
//! the tree behind. Sessions that a subagent ran in belong to the session that began the chain.

mod assemble;
mod current;
mod database;
mod decide;
mod earliest;
mod family;
mod join;
mod record;

pub(super) use database::{is_database, is_part_of_database, links_of_database, may_be_database};
pub(super) use join::read;
pub(super) use record::{links, links_of_damaged, may_begin};
