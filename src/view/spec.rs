//! How much of a session a judge is shown.

use serde::{Deserialize, Serialize};

/// Limits of a view, in characters (Unicode scalar values).
///
/// `turn_chars` and `total_chars` default to the study's (report.md 0.2). `action_chars` is ours: without it, a few file
/// dumps fill the whole view (with it, twice as many sessions are shown uncut).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ViewSpec {
    /// The text of each message is cut in the middle to this many characters, cut mark included.
    pub turn_chars: usize,
    /// Each tool input and each tool result is cut in the middle to this many characters, or to `turn_chars` if fewer.
    pub action_chars: usize,
    /// The whole, marks and frame included, is cut in the middle to this many characters.
    pub total_chars: usize,
    /// Only the person's first prompt is shown: nothing of the agent, nothing that came after, and no counts of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub first_prompt_only: bool,
}

impl Default for ViewSpec {
    fn default() -> Self {
        Self { turn_chars: 5_000, action_chars: 600, total_chars: 25_000, first_prompt_only: false }
    }
}
