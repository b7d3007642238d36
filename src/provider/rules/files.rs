//! What a session did with files: which of them were there before it, and whether they belong to a code base.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::session::{Action, ActionStatus, Session};

/// Files by what was done with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Files {
    /// Files of a project that were there and were changed.
    pub changed: u64,
    /// Files of a project that were written whole without having been read before.
    pub created: u64,
    /// Files of a project whose change was refused or failed.
    pub tried: u64,
    /// Files edited that belong to a machine or to the agent: system and home settings, temporary files, plans.
    pub elsewhere: u64,
    /// Source files read.
    pub sources_read: u64,
    /// Commands of version control that need a repository.
    pub version_control: u64,
    /// Commands that begin a project.
    pub begun: u64,
}

/// Places that are no project's: of the system, of the home folder's settings, temporary, the agent's own.
const ELSEWHERE: &str = r"(?i)^/(etc|tmp|var|usr|opt|private|dev)/|^~?/\.|/\.claude/(plans|projects|todos|memory)/|/\.(config|ssh|codex|gemini|local|cache)/|/Library/|\\AppData\\|/(home|Users)/[^/]+/\.[^/]+$";

/// Files of programs.
const SOURCE: &str = r"(?i)\.(rs|go|py|pyi|js|jsx|mjs|cjs|ts|tsx|vue|svelte|java|kt|kts|scala|rb|php|c|h|cc|cpp|hpp|cs|fs|swift|m|mm|ex|exs|erl|hs|ml|clj|lua|pl|r|jl|dart|zig|nim|sh|bash|zsh|fish|ps1|sql|css|scss|html)$|(^|/)(dockerfile|makefile|justfile|cargo\.toml|package\.json|pyproject\.toml|go\.mod)$";

/// Version control on a repository that is there.
const VERSION_CONTROL: &str = r"\bgit (-C \S+ )?(add|commit|push|pull|merge|rebase|status|diff|log|show|blame|checkout|switch|branch|stash|cherry-pick|worktree|tag|fetch|reset|restore)\b|\bgh (pr|issue|run|release|workflow)\b|\b(jj|hg|svn) \w+";

/// Commands that begin a project.
const BEGUN: &str = r"\bgit init\b|\bcargo (new|init)\b|\b(npm|pnpm|yarn|bun) (init|create)\b|\bnpx (--yes |-y )?create-|\buv init\b|\bpoetry new\b|\bgo mod init\b|\bdjango-admin startproject\b|\brails new\b|\bdotnet new\b|\bmix new\b|\bflutter create\b";

static PATTERNS: LazyLock<Option<[Regex; 4]>> = LazyLock::new(|| {
    let one = |pattern: &str| Regex::new(pattern).ok();
    Some([one(ELSEWHERE)?, one(SOURCE)?, one(VERSION_CONTROL)?, one(BEGUN)?])
});

impl Files {
    /// Goes through the actions of `session` in order; every file counts once in each number.
    pub(super) fn of(session: &Session) -> Self {
        let mut files = Self::default();
        let Some([elsewhere, source, version_control, begun]) = PATTERNS.as_ref() else { return files };
        let mut known: HashSet<String> = HashSet::new();
        let mut counted: HashSet<(String, u8)> = HashSet::new();
        for action in session.actions() {
            if let Some(command) = action.command() {
                files.begun += u64::from(begun.is_match(&command));
                let in_repository =
                    action.status == ActionStatus::Done && !action.result.contains("not a git repository");
                files.version_control += u64::from(in_repository && version_control.is_match(&command));
            }
            for edit in action.edits() {
                let path = edit.path.replace('\\', "/");
                let (kind, count) = if elsewhere.is_match(&path) {
                    (0, &mut files.elsewhere)
                } else if action.status != ActionStatus::Done {
                    (1, &mut files.tried)
                } else if edit.is_whole_file() && !known.contains(&path) {
                    (2, &mut files.created)
                } else {
                    (3, &mut files.changed)
                };
                // A file that this session made stays one that it made.
                let own = kind == 3 && counted.contains(&(path.clone(), 2));
                *count += u64::from(!own && counted.insert((path.clone(), kind)));
                known.insert(path);
            }
            if let Some(path) = read_path(action).map(|path| path.replace('\\', "/")) {
                let new = known.insert(path.clone());
                files.sources_read += u64::from(new && source.is_match(&path) && !elsewhere.is_match(&path));
            }
        }
        files
    }
}

/// The file that a tool read, where it is one that reads.
fn read_path(action: &Action) -> Option<&str> {
    let reads = matches!(action.tool.as_str(), "Read" | "NotebookRead" | "read_file" | "view" | "view_file");
    let read = |key: &str| action.input.get(key).and_then(serde_json::Value::as_str);
    let done = reads && action.status == ActionStatus::Done;
    ["file_path", "path", "absolute_path", "filePath"].iter().find_map(|key| read(key)).filter(|_| done)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::session::{Format, PromptKind, Step, Turn};

    fn files(actions: &[(&str, serde_json::Value, ActionStatus)]) -> Files {
        let act = |(tool, input, status): &(&str, serde_json::Value, ActionStatus)| {
            Step::Act(Action { status: *status, ..Action::new(String::new(), (*tool).to_owned(), input.clone()) })
        };
        let mut session = Session::new("s".to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode);
        let mut turn = Turn::new(1, PromptKind::Typed, "go".to_owned(), None);
        turn.steps = actions.iter().map(act).collect();
        session.turns.push(turn);
        Files::of(&session)
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.is_some());
    }

    #[test]
    fn files_that_were_there_are_told_from_new_ones() {
        let done = ActionStatus::Done;
        let found = files(&[
            ("Read", json!({"file_path": "/a/src/loom.rs"}), done),
            ("Write", json!({"file_path": "/a/src/loom.rs", "content": "x"}), done),
            ("Write", json!({"file_path": "/a/src/new.rs", "content": "x"}), done),
            ("Edit", json!({"file_path": "/a/src/new.rs", "old_string": "x", "new_string": "y"}), done),
            ("Edit", json!({"file_path": "/a/b.rs", "old_string": "x", "new_string": "y"}), ActionStatus::Refused),
            ("Write", json!({"file_path": "/home/u/.claude/plans/p.md", "content": "x"}), done),
        ]);
        let expected = Files { changed: 1, created: 1, tried: 1, elsewhere: 1, sources_read: 1, ..Files::default() };
        assert_eq!(found, expected);
    }

    #[test]
    fn commands_show_a_repository_and_a_beginning() {
        let run = |command: &str| ("Bash", json!({"command": command}), ActionStatus::Done);
        let found = files(&[run("git status"), run("cargo new loom"), run("echo digit log"), run("gh auth login")]);
        assert_eq!((found.version_control, found.begun), (1, 1));
    }
}
