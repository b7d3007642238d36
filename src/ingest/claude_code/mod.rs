//! Reader of Claude Code JSONL (sessions.md 1).
//!
//! The order of work: `record` reads a line and `message` what is said in it, `prompts` tells human prompts from what only stands in their place, `queue`
//! recovers prompts typed while the agent worked, `branches` finds rewound attempts, `split` finds where `/clear` begins
//! another session, `assemble` builds each session, `scope` tells whether a person was there, and `join` does so for all
//! files that share records.

mod assemble;
mod branches;
mod join;
mod message;
mod prompts;
mod queue;
mod record;
mod scope;
mod split;

pub(super) use assemble::PLACEHOLDER;
pub(super) use join::join;
pub(super) use prompts::{Class, classify_text};
pub(super) use record::Record;
