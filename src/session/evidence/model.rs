//! Pieces of evidence.

use serde::{Deserialize, Serialize};

/// A kind of hard evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A test command that passed.
    TestsPassed,
    /// A test command that failed.
    TestsFailed,
    /// A build, type check or compilation that passed.
    BuildPassed,
    /// A build, type check or compilation that failed.
    BuildFailed,
    /// A `git commit` that went through; one that amends another counts too.
    Commit,
    /// A `git push` that changed the other side.
    Push,
    /// A pull request opened, or linked to the session by its recorder; once for each address.
    PullRequest,
    /// A pull request merged; once for each.
    PullRequestMerged,
    /// An error that the session never got past.
    FinalError,
    /// The person says it works, or thanks.
    Affirmation,
    /// The person says it does not work, or gives up.
    Rejection,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceItem {
    /// What it shows.
    pub kind: EvidenceKind,
    /// Turn number, 0 before the first prompt.
    pub turn: u32,
    /// Short excerpt, at most 200 characters.
    pub excerpt: String,
    /// What it says, in fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Detail>,
}

/// What a piece of evidence says, in fields; none where the log does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Detail {
    /// A run of tests or a build.
    Run {
        /// The command without its arguments, such as `cargo test`.
        tool: String,
        /// Tests that passed, where the output counts them.
        passed: Option<u64>,
        /// Tests that failed or broke, where the output counts them.
        failed: Option<u64>,
    },
    /// A commit.
    Commit {
        /// Abbreviated hash.
        hash: Option<String>,
        /// Branch as git prints it.
        branch: Option<String>,
        /// First line of the message.
        message: Option<String>,
        /// Whether it replaces the commit before it.
        amend: bool,
    },
    /// A push: the branch or tag on the other side.
    Push(String),
    /// A pull request: its address, or its number where nothing tells more.
    PullRequest(String),
    /// What was never got past.
    Unrecovered(Unrecovered),
}

/// What a session did not get past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unrecovered {
    /// The last test run failed.
    Tests,
    /// The last build failed, and no test run passed after it.
    Build,
    /// The last action of the session is an error.
    Action,
}

/// All evidence of one session, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The pieces found.
    pub items: Vec<EvidenceItem>,
    /// Success by machine evidence alone, the strict counterpart of the study's verified success (report.md 5.3). True: after
    /// the last edit, the last test run passed, or a commit or push was made or a pull request opened or merged; and there is no final error, and no
    /// rejection after that. False: a final error, or a rejection with nothing of that kind after it. None: neither.
    #[serde(default)]
    pub machine_success: Option<bool>,
}

impl Evidence {
    /// How many pieces of `kind` there are.
    #[must_use]
    pub fn count(&self, kind: EvidenceKind) -> usize {
        self.items.iter().filter(|item| item.kind == kind).count()
    }
}

/// Longest excerpt, in characters.
const EXCERPT_CHARS: usize = 200;

impl EvidenceItem {
    /// A piece with an excerpt of `text`.
    pub(super) fn new(kind: EvidenceKind, turn: u32, text: &str, detail: Option<Detail>) -> Self {
        let mut excerpt = String::new();
        let mut chars = 0;
        // Excerpts are printed on terminals, which would obey control characters.
        for word in text.split_whitespace() {
            let letters = word.chars().filter(|letter| !letter.is_control());
            let space = if excerpt.is_empty() { "" } else { " " };
            for letter in space.chars().chain(letters) {
                if chars == EXCERPT_CHARS {
                    return Self { kind, turn, excerpt, detail };
                }
                excerpt.push(letter);
                chars += 1;
            }
        }
        Self { kind, turn, excerpt, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short() {
        let excerpt = |text: &str| EvidenceItem::new(EvidenceKind::Commit, 1, text, None).excerpt;
        assert_eq!(excerpt(&"é".repeat(500)).chars().count(), 200);
        assert_eq!(excerpt(&"ab ".repeat(500)).chars().count(), 200);
        assert_eq!(excerpt(" a \u{1b}[2Jb\n"), "a [2Jb");
    }

    #[test]
    fn details_are_kept_in_json() {
        let detail = Some(Detail::Run { tool: "cargo test".to_owned(), passed: Some(3), failed: None });
        let item = EvidenceItem::new(EvidenceKind::TestsPassed, 1, "x", detail);
        let json = serde_json::to_string(&item).unwrap();
        assert!(json.ends_with(r#""detail":{"run":{"tool":"cargo test","passed":3,"failed":null}}}"#), "{json}");
        assert_eq!(serde_json::from_str::<EvidenceItem>(&json).unwrap(), item);
    }
}
