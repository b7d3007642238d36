//! Reading a judge's answer: parse, validate, repair log, no-verdict kinds.

mod json;
mod model;
mod read;
mod value;

pub use model::{Fingerprint, NoVerdict, Outcome, Repair, Verdict};
pub use read::{Reader, Reading, Unreadable};
