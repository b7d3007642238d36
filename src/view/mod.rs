//! Choosing, cutting, scrubbing and writing a session as prompt text.

mod canary;
mod cut;
mod render;
mod scrub;
mod secrets;
mod secrets_file;
mod secrets_keywords;
mod spec;
mod transcript;

pub use canary::{CanaryPlace, CanarySpec, CanaryWording, plant};
pub use render::{View, render, transcript};
pub use scrub::{ScrubCounts, Scrubber};
pub use secrets_file::RuleError;
pub use spec::ViewSpec;
