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
mod entire;
mod found;
mod gemini_cli;
mod group;
mod jsonl;
mod lenient;
mod lines;
mod opencode;
mod opening;
mod person;
mod plan;
mod read;
mod recorder;
mod reply;
mod seen;
mod specstory;
mod swe_chat;

pub use atif::atif_document;
pub use discover::{IngestError, discover};
pub use found::{Found, FoundFile};
pub use group::{FileKind, Group, Sets, Survey, grouped, survey};
pub use jsonl::session_line;
pub use opening::Opening;
pub use person::mask_file;
pub use plan::PlanPart;
pub use read::{BadFile, Reading, Tally, read, read_each, read_without};
pub use seen::is_strong;
