//! Reader of what the Entire recorder keeps (sessions.md 2, row 4), apart from the agents' own transcripts in it, which
//! their readers read: its checkpoints in a git repository, and its short form of a transcript.

mod checkout;
mod git;
mod transcript;

pub(super) use checkout::{Copied, checkouts};
pub(super) use transcript::{head, join, recognises};
