//! One reader per format -> Session; detection; joining files into sessions.
//!
//! [`survey`] finds the files below some paths, tells by content which are sessions, and groups those that may share
//! records; [`read()`] turns one group into sessions. Everything here is synchronous and a pure function of the files and
//! the key for pseudonyms. A new format is one new file or folder beside `claude_code`, one line in `detect.rs` and one arm
//! in `read.rs`; `builder` puts its sessions together.

mod atif;
mod builder;
mod claude_code;
mod codex;
mod copilot_cli;
mod detect;
mod discover;
mod gemini_cli;
mod group;
mod jsonl;
mod lenient;
mod lines;
mod person;
mod read;
mod recorder;
mod specstory;

pub use discover::IngestError;
pub use group::{Group, Survey, survey};
pub use jsonl::session_line;
pub use read::{BadFile, Reading, Tally, read};
