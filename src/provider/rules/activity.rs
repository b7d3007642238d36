//! What kind of work one action is, read off the file it edits or the command it runs.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::session::Action;

/// A kind of work that an action shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Edits program code.
    Code,
    /// Edits test code, fixtures or snapshots.
    TestCode,
    /// Edits prose: documentation, notes, slides.
    Prose,
    /// Edits configuration of builds, CI, containers or machines.
    Config,
    /// Edits instructions for agents: prompts, skills, agent definitions.
    AgentText,
    /// Edits notebooks or queries, or runs data tools.
    Data,
    /// Runs commands on machines, packages, containers, releases or remotes.
    Operation,
    /// Runs tests, linters or builds.
    Check,
    /// Writes or hands in a plan.
    Plan,
    /// Reads, searches or looks things up.
    Look,
    /// Anything else.
    Other,
}

/// Path patterns, tried in order: the first that matches decides.
const PATHS: [(&str, Activity); 6] = [
    (r"(?i)(^|/)(plans?)/[^/]*\.md$|(^|/)plan[^/]*\.md$", Activity::Plan),
    (
        r"(?i)(^|/)(claude|agents|skill|gemini)\.md$|(^|/)(prompts?|agents|skills|commands)/|\.(j2|prompt)$",
        Activity::AgentText,
    ),
    (
        r"(?i)(^|/)(tests?|specs?|__tests__|testdata|fixtures)/|[._-](test|spec)\.[a-z]+$|(^|/)test_[^/]*\.py$|_test\.go$|\.snap$",
        Activity::TestCode,
    ),
    (r"(?i)\.(ipynb|sql|csv|parquet|rmd)$", Activity::Data),
    (
        r"(?i)(^|/)\.github/|(^|/)(dockerfile|makefile|justfile|jenkinsfile)[^/]*$|\.(ya?ml|toml|ini|conf|cfg|env|service|tf|lock|nix|plist)$|(^|/)(package|tsconfig)\.json$|(^|/)etc/",
        Activity::Config,
    ),
    (r"(?i)\.(md|mdx|rst|txt|adoc|tex|docx?|pptx?|html?)$", Activity::Prose),
];

/// Command patterns, tried in order.
const COMMANDS: [(&str, Activity); 4] = [
    (
        r"\b(cargo (test|nextest|clippy|check|build)|pytest|go (test|vet|build)|(npm|pnpm|yarn|bun)( run)? (test|lint|build|typecheck)|vitest|jest|tsc|eslint|ruff|mypy|make (test|lint|check|build)|golangci-lint)\b",
        Activity::Check,
    ),
    (
        r"\b(docker|podman|kubectl|helm|terraform|ansible|systemctl|journalctl|ssh|scp|rsync|apt(-get)?|brew|pacman|dnf|pip install|npm (install|publish)|cargo (install|publish)|goreleaser|gh (run|workflow|release|pr|api)|git (push|tag|rebase|merge|cherry-pick|remote|fetch|pull)|crontab|chmod|chown|mount|ufw|iptables|nmap|ping|dig|curl -X|vercel|fly|aws|gcloud|az)\b",
        Activity::Operation,
    ),
    (r"\b(psql|sqlite3|duckdb|jupyter|Rscript|bq query)\b|import pandas|import numpy|matplotlib", Activity::Data),
    (
        r"^\s*(ls|cat|head|tail|grep|rg|find|wc|tree|git (log|status|diff|show|blame)|sed -n|which|file)\b",
        Activity::Look,
    ),
];

static PATH_RULES: LazyLock<Vec<(Regex, Activity)>> = LazyLock::new(|| compile(&PATHS));
static COMMAND_RULES: LazyLock<Vec<(Regex, Activity)>> = LazyLock::new(|| compile(&COMMANDS));

/// A pattern that does not compile is left out; a test makes sure that all do.
fn compile(table: &[(&str, Activity)]) -> Vec<(Regex, Activity)> {
    table.iter().filter_map(|(pattern, activity)| Some((Regex::new(pattern).ok()?, *activity))).collect()
}

fn first_match(rules: &[(Regex, Activity)], text: &str) -> Option<Activity> {
    rules.iter().find(|(pattern, _)| pattern.is_match(text)).map(|(_, activity)| *activity)
}

/// The kind of work `action` shows: that of the first file it edits, else that of the command it runs.
pub(super) fn of_action(action: &Action) -> Activity {
    if let Some(edit) = action.edits().first() {
        return first_match(&PATH_RULES, &edit.path.replace('\\', "/")).unwrap_or(Activity::Code);
    }
    if let Some(command) = action.command() {
        return first_match(&COMMAND_RULES, &command).unwrap_or(Activity::Other);
    }
    match action.tool.as_str() {
        "ExitPlanMode" | "EnterPlanMode" => Activity::Plan,
        "Read"
        | "Grep"
        | "Glob"
        | "LS"
        | "WebFetch"
        | "WebSearch"
        | "NotebookRead"
        | "web_search"
        | "tool_search"
        | "view_image"
        | "view"
        | "grep"
        | "glob"
        | "web_fetch"
        | "read_file"
        | "read_many_files"
        | "list_directory"
        | "search_file_content"
        | "google_web_search" => Activity::Look,
        _ => Activity::Other,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::session::ActionStatus;

    fn action(tool: &str, key: &str, value: &str) -> Action {
        let input = json!({ key: value });
        Action { status: ActionStatus::Done, ..Action::new("1".into(), tool.into(), input) }
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATH_RULES.len(), PATHS.len());
        assert_eq!(COMMAND_RULES.len(), COMMANDS.len());
    }

    #[rstest]
    #[case("/a/src/lib.rs", Activity::Code)]
    #[case("/a/tests/lib.rs", Activity::TestCode)]
    #[case("/a/pkg/run_test.go", Activity::TestCode)]
    #[case("C:\\a\\.github\\workflows\\ci.yml", Activity::Config)]
    #[case("/a/README.md", Activity::Prose)]
    #[case("/a/CLAUDE.md", Activity::AgentText)]
    #[case("/a/.claude/plans/x.md", Activity::Plan)]
    #[case("/a/eda.ipynb", Activity::Data)]
    fn files_tell_the_activity(#[case] path: &str, #[case] expected: Activity) {
        assert_eq!(of_action(&action("Edit", "file_path", path)), expected);
    }

    #[test]
    fn codex_sessions_are_understood() {
        let patch = "*** Begin Patch\n*** Update File: docs/guide.md\n+a\n*** End Patch";
        assert_eq!(of_action(&action("apply_patch", "input", patch)), Activity::Prose);
        assert_eq!(of_action(&action("exec_command", "cmd", "cargo clippy")), Activity::Check);
        assert_eq!(of_action(&action("web_search", "query", "x")), Activity::Look);
    }

    #[rstest]
    #[case("cargo test --lib", Activity::Check)]
    #[case("git push origin main", Activity::Operation)]
    #[case("grep -rn foo src", Activity::Look)]
    #[case("sqlite3 x.db 'select 1'", Activity::Data)]
    #[case("./run.sh", Activity::Other)]
    fn commands_tell_the_activity(#[case] command: &str, #[case] expected: Activity) {
        assert_eq!(of_action(&action("Bash", "command", command)), expected);
    }
}
