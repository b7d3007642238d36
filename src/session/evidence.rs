//! Hard evidence found in a session without a model: test runs, commits, errors, the person's own words.
//!
//! The patterns are few and strict: a missed piece is better than a false one. What they find is evidence that a reader
//! can check, not a verdict.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::model::{Action, ActionStatus, Note, PromptKind, Session, Step, Turn};
use super::running::Running;

/// A kind of hard evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EvidenceKind {
    /// A test command that passed.
    TestsPassed,
    /// A test command that failed.
    TestsFailed,
    /// A `git commit` that went through.
    Commit,
    /// A pull request opened or merged.
    PullRequest,
    /// The last action of the session is an error.
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
}

/// All evidence of one session, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The pieces found.
    pub items: Vec<EvidenceItem>,
}

/// Longest excerpt, in characters.
const EXCERPT_CHARS: usize = 200;

/// Longest prompt, in words, that is taken as nothing but a reaction to what the agent did.
const REACTION_WORDS: u64 = 30;

impl Evidence {
    /// Finds the evidence in `session`. Excerpts are taken as they are: scrub the session first.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let mut items = Vec::new();
        let mut running = Running::default();
        for step in &session.preamble {
            find_in_step(step, 0, &mut running, &mut items);
        }
        for turn in &session.turns {
            items.extend(reaction(turn));
            for step in &turn.steps {
                find_in_step(step, turn.number, &mut running, &mut items);
            }
        }
        items.extend(final_error(session));
        Self { items }
    }

    /// How many pieces of `kind` there are.
    #[must_use]
    pub fn count(&self, kind: EvidenceKind) -> usize {
        self.items.iter().filter(|item| item.kind == kind).count()
    }
}

/// Patterns that are part of the program; a test compiles every one of them.
fn pattern(source: &str) -> Option<Regex> {
    Regex::new(source).ok()
}

/// A command that runs tests, at the start of a command or after a shell operator.
static TEST_COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?m)(?:^|&&|\|\||[;|(]|\b(?:time|env|sudo|uv run|poetry run|npx|bunx|mise exec --|python3? -m)\s)\s*(?:\w+=\S+\s+)*",
        r"(?:cargo\s+(?:nextest\s+run|test)|pytest|python3?\s+-m\s+(?:pytest|unittest)|go\s+test|mise\s+run\s+test\S*",
        r"|(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?test\S*|vitest|jest|mocha|rspec|phpunit|dotnet\s+test|mvn\s+\S*test|gradlew?\s+\S*test",
        r"|(?:\./)?gradlew\s+\S*test|make\s+(?:\S+\s+)*test\S*|just\s+test\S*|tox|ctest)(?:\s|$|;|&|\|)",
    ))
});

/// Output that says tests failed, also when a pipe hid the exit code.
static TESTS_FAILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?m)test result: FAILED|^--- FAIL:|^FAIL\b|\b[1-9]\d* (?:tests? )?failed\b|\b[1-9]\d* fail(?:ures?|ing)?\b",
        r"|^=+ .*\b[1-9]\d* (?:failed|errors?)\b",
    ))
});

/// Output that says tests passed.
static TESTS_PASSED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?m)test result: ok|^ok\s+\S+|^PASS\b|\b[1-9]\d* (?:tests? )?pass(?:ed|ing)?\b|^OK\b|\bAll tests passed\b",
    )
});

/// The line that `git commit` prints when it made a commit: `[branch 1a2b3c4] subject`.
static COMMIT_LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?m)^\[[^\]\n]+ (?:\(root-commit\) )?[0-9a-f]{7,40}\] .*$"));

static COMMIT_COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\bgit\b[^\n|;&]*\bcommit\b"));

static PULL_REQUEST_COMMAND: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\bgh\s+pr\s+(?:create|merge)\b"));

static AFFIRMATION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:thanks|thank you|thx|perfect|awesome|excellent|brilliant|lgtm|well done|nice work|good job|great job)\b",
        r"|\b(?:it|that|this|now|everything|all)(?:\s+(?:now|all|finally))?\s+works\b|\bworks\s+(?:now|great|well|fine|perfectly)\b|\bit'?s working\b|\bthat fixed it\b",
        r"|^\s*(?:great|works|working|love it)\b",
    ))
});

static REJECTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)\b(?:does ?n[o']?t|do ?n[o']?t|did ?n[o']?t|is ?n[o']?t|not|never)\s+(?:(?:really|actually|seem to)\s+)?work(?:s|ed|ing)?\b",
        r"|\bstill\s+(?:broken|failing|fails|wrong|not|the same (?:error|issue|problem)|(?:does|is|do)n'?t|an issue|get(?:ting)?\s+(?:the|an|this)\b.*\berror)",
        r"|\bnever ?mind\b|\b(?:forget it|give up|giving up|revert (?:that|this|it|everything|all)|undo (?:that|this|it|everything|all))\b",
        r"|\bthat(?:'s| is) (?:wrong|not (?:right|what i))\b",
    ))
});

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    LazyLock::force(pattern).as_ref().is_some_and(|regex| regex.is_match(text))
}

fn found<'t>(pattern: &LazyLock<Option<Regex>>, text: &'t str) -> Option<&'t str> {
    LazyLock::force(pattern).as_ref().and_then(|regex| regex.find(text)).map(|found| found.as_str())
}

fn find_in_step(step: &Step, turn: u32, running: &mut Running, items: &mut Vec<EvidenceItem>) {
    match step {
        Step::Act(action) => {
            if let Some(action) = running.ended(action) {
                find_in_action(&action, turn, items);
            }
        }
        Step::Note(Note::PullRequest(address)) => items.push(item(EvidenceKind::PullRequest, turn, address)),
        Step::Say(_) | Step::Think(_) | Step::Note(_) => {}
    }
}

fn find_in_action(action: &Action, turn: u32, items: &mut Vec<EvidenceItem>) {
    let Some(command) = action.command() else { return };
    let command = command.as_ref();
    let ended = matches!(action.status, ActionStatus::Done | ActionStatus::Error);
    if ended {
        items.extend(test_run(action, command, turn));
    }
    if matches(&COMMIT_COMMAND, command)
        && let Some(line) = found(&COMMIT_LINE, &action.result)
    {
        items.push(item(EvidenceKind::Commit, turn, line));
    }
    if action.status == ActionStatus::Done && matches(&PULL_REQUEST_COMMAND, command) {
        items.push(item(EvidenceKind::PullRequest, turn, command));
    }
}

/// A test run counts only when status or output tells how the tests ended; an error of several commands may be another's.
fn test_run(action: &Action, command: &str, turn: u32) -> Option<EvidenceItem> {
    if action.result.contains("interrupted by user") {
        return None;
    }
    let test = found(&TEST_COMMAND, command)?.trim_matches(|letter: char| " \t\n&|;(".contains(letter));
    let alone = !["&&", "||", ";", "|", "\n"].iter().any(|operator| command.trim().contains(operator));
    let (kind, outcome) = if let Some(line) = found(&TESTS_FAILED, &action.result) {
        (EvidenceKind::TestsFailed, line)
    } else if action.status == ActionStatus::Error {
        (EvidenceKind::TestsFailed, alone.then(|| action.result.lines().next().unwrap_or_default())?)
    } else {
        (EvidenceKind::TestsPassed, found(&TESTS_PASSED, &action.result)?)
    };
    Some(item(kind, turn, &format!("{test}: {outcome}")))
}

/// The person's reaction in a short typed prompt after the first; a rejection outweighs thanks in the same prompt.
fn reaction(turn: &Turn) -> Option<EvidenceItem> {
    let typed = matches!(turn.kind, PromptKind::Typed | PromptKind::Queued);
    if turn.number < 2 || !typed || super::count_words(&turn.prompt) > REACTION_WORDS {
        return None;
    }
    let kind = if matches(&REJECTION, &turn.prompt) {
        EvidenceKind::Rejection
    } else if matches(&AFFIRMATION, &turn.prompt) && !turn.prompt.trim_end().ends_with('?') {
        EvidenceKind::Affirmation
    } else {
        return None;
    };
    Some(item(kind, turn.number, &turn.prompt))
}

/// An error of the very last action that the agent did not get past.
fn final_error(session: &Session) -> Option<EvidenceItem> {
    let last = session.actions().last()?;
    let stopped = last.result.contains("[Request interrupted by user") || last.result.starts_with("aborted by user");
    let turn = session.turns.iter().rev().find(|turn| turn.steps.iter().any(|step| matches!(step, Step::Act(_))));
    (last.status == ActionStatus::Error && !stopped)
        .then(|| item(EvidenceKind::FinalError, turn.map_or(0, |turn| turn.number), &last.result))
}

fn item(kind: EvidenceKind, turn: u32, text: &str) -> EvidenceItem {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // Excerpts are printed on terminals, which would obey control characters.
    let excerpt = words.chars().filter(|letter| !letter.is_control()).take(EXCERPT_CHARS).collect();
    EvidenceItem { kind, turn, excerpt }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_pattern_compiles() {
        let all = [
            &TEST_COMMAND,
            &TESTS_FAILED,
            &TESTS_PASSED,
            &COMMIT_LINE,
            &COMMIT_COMMAND,
            &PULL_REQUEST_COMMAND,
            &AFFIRMATION,
            &REJECTION,
        ];
        assert!(all.iter().all(|pattern| LazyLock::force(pattern).is_some()));
    }

    fn bash(command: &str, result: &str, status: ActionStatus) -> Vec<EvidenceKind> {
        let input = serde_json::json!({ "command": command });
        let action =
            Action { result: result.to_owned(), status, ..Action::new("t".to_owned(), "Bash".to_owned(), input) };
        let mut items = Vec::new();
        find_in_action(&action, 1, &mut items);
        items.into_iter().map(|item| item.kind).collect()
    }

    #[rstest]
    #[case("cargo test", "test result: ok. 3 passed; 0 failed", ActionStatus::Done, &[EvidenceKind::TestsPassed])]
    #[case("cd x && go test ./... | tail", "--- FAIL: TestA", ActionStatus::Done, &[EvidenceKind::TestsFailed])]
    #[case("pytest -q", "Exit code 1\n1 failed", ActionStatus::Error, &[EvidenceKind::TestsFailed])]
    #[case("RUST_LOG=1 cargo test", "3 passed", ActionStatus::Done, &[EvidenceKind::TestsPassed])]
    #[case("npm run test:unit", "Tests  12 passed (12)", ActionStatus::Done, &[EvidenceKind::TestsPassed])]
    #[case("make lint && make test", "Exit code 1\nlint: unused", ActionStatus::Error, &[])]
    #[case("make lint && make test", "Exit code 1\n2 failed", ActionStatus::Error, &[EvidenceKind::TestsFailed])]
    #[case("cargo test", "no output", ActionStatus::Done, &[])]
    #[case("cargo test", "", ActionStatus::Missing, &[])]
    #[case("grep -r 'cargo test' docs", "3 passed", ActionStatus::Done, &[])]
    #[case("git commit -m x", "[main 1a2b3c4] x\n 1 file changed", ActionStatus::Done, &[EvidenceKind::Commit])]
    #[case("git commit -m x", "nothing to commit", ActionStatus::Error, &[])]
    #[case("gh pr create --fill", "https://example.invalid/1", ActionStatus::Done, &[EvidenceKind::PullRequest])]
    #[case("gh pr view 3", "open", ActionStatus::Done, &[])]
    fn commands(
        #[case] command: &str,
        #[case] result: &str,
        #[case] status: ActionStatus,
        #[case] expected: &[EvidenceKind],
    ) {
        assert_eq!(bash(command, result, status), expected);
    }

    #[rstest]
    #[case("thanks!", Some(EvidenceKind::Affirmation))]
    #[case("Perfect, it works now", Some(EvidenceKind::Affirmation))]
    #[case("thanks but it still doesn't work", Some(EvidenceKind::Rejection))]
    #[case("never mind", Some(EvidenceKind::Rejection))]
    #[case("the tests are still failing", Some(EvidenceKind::Rejection))]
    #[case("how does this work?", None)]
    #[case("check that it works, ok?", None)]
    #[case("add a network test", None)]
    fn reactions(#[case] prompt: &str, #[case] expected: Option<EvidenceKind>) {
        let turn = Turn::new(2, PromptKind::Typed, prompt.to_owned(), None);
        assert_eq!(reaction(&turn).map(|item| item.kind), expected);
        assert_eq!(reaction(&Turn { number: 1, ..turn }), None, "the first prompt reacts to nothing");
    }

    #[test]
    fn excerpts_are_short() {
        assert_eq!(item(EvidenceKind::Commit, 1, &"é".repeat(500)).excerpt.chars().count(), 200);
        assert_eq!(item(EvidenceKind::Commit, 1, "a \u{1b}[2Jb").excerpt, "a [2Jb");
    }
}
