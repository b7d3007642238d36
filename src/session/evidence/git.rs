//! What git and the forges say about commits, pushes and pull requests.

use std::sync::LazyLock;

use regex::Regex;

use super::model::Detail;

/// The line that `git commit` prints when it made a commit: `[branch 1a2b3c4] subject`.
static COMMIT_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\[(?P<branch>[^\]\n]+?) (?:\(root-commit\) )?(?P<hash>[0-9a-f]{7,40})\][ \t]?(?P<message>.*)$")
        .ok()
});

/// A line of `git push` about something that changed on the other side.
static PUSHED_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let changed = r"(?:[0-9a-f]{7,40}\.\.[0-9a-f]{7,40}|\* \[new (?:branch|tag|reference)\]|\+ [0-9a-f]{7,40}\.\.\.[0-9a-f]{7,40})";
    Regex::new(&format!(r"(?m)^ +{changed} +\S+ +-> +(?P<branch>\S+)")).ok()
});

/// The line above those.
static TO_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^To \S+").ok());

/// Lines that say that no commit was made: git's own, and those of what runs its hooks.
static NOT_COMMITTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?m)^(?:nothing (?:added )?to commit|no changes added to commit|Aborting commit|fatal:|FAILED: )|^\s*✖",
        r"|^husky\b.*(?:failed|exited with code)|^- hook id:|^exit status [1-9]|(?i)\b(?:pre-commit|commit-msg|lint-staged)\b.*\b(?:failed|rejected)\b",
    ))
    .ok()
});

/// The address of a pull request.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"https?://[^\s"'<>()\[\]]+?/(?:pull|pulls|pull-requests|merge_requests)/(?P<number>\d+)"#).ok()
});

/// The commits that the output tells of: the line, and what it says.
pub(super) fn commits(output: &str, amend: bool) -> Vec<(&str, Detail)> {
    let Some(pattern) = COMMIT_LINE.as_ref() else { return Vec::new() };
    let commit = |found: regex::Captures<'_>| {
        let text = |name: &str| found.name(name).map(|text| text.as_str().trim().to_owned());
        let message = text("message").filter(|message| !message.is_empty());
        Detail::Commit { hash: text("hash"), branch: text("branch"), message, amend }
    };
    pattern.captures_iter(output).filter_map(|found| Some((found.get(0)?.as_str(), commit(found)))).collect()
}

/// Whether `output` says that a commit was not made.
pub(super) fn not_committed(output: &str) -> bool {
    // A push that fails says nothing about the commit before it.
    let error = |line: &str| line.starts_with("error:") && !line.starts_with("error: failed to push");
    NOT_COMMITTED.as_ref().is_some_and(|pattern| pattern.is_match(output)) || output.lines().any(error)
}

/// The line of `git log` about a commit with this `message`, among those about its `newest` ones, and what it says.
pub(super) fn logged<'t>(output: &'t str, message: &str, amend: bool, newest: usize) -> Option<(&'t str, Detail)> {
    let lines = output.lines().filter_map(|line| {
        let (hash, rest) = line.trim().split_once(' ')?;
        let is_hash =
            (7..=40).contains(&hash.len()) && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        // Names of branches may stand between the two.
        let subject =
            rest.strip_prefix('(').and_then(|rest| rest.split_once(") ")).map_or(rest, |(_, subject)| subject);
        is_hash.then_some((line, hash, subject))
    });
    let (line, hash, _) = lines.take(newest).find(|(_, _, subject)| *subject == message)?;
    let (hash, message) = (Some(hash.to_owned()), Some(message.to_owned()));
    Some((line, Detail::Commit { hash, branch: None, message, amend }))
}

/// Whether a program that shortens output says `ok` of each of `count` commands, and of none that it failed.
pub(super) fn all_ok(output: &str, count: usize) -> bool {
    let ok = |line: &&str| (*line == "ok" || line.starts_with("ok ")) && !line.contains("nothing");
    let failed = output.lines().any(|line| line.trim_start().starts_with("FAILED:"));
    !failed && output.lines().filter(ok).count() >= count
}

/// What was pushed: the line, and the branch or tag on the other side.
pub(super) fn pushes(output: &str) -> Vec<(&str, Detail)> {
    // Lines of a fetch look alike, but stand below `From`.
    let start = TO_LINE.as_ref().and_then(|pattern| pattern.find(output)).map(|found| found.end());
    let (Some(start), Some(pattern)) = (start, PUSHED_LINE.as_ref()) else { return Vec::new() };
    let found = pattern.captures_iter(&output[start..]);
    found
        .filter_map(|found| Some((found.get(0)?.as_str(), Detail::Push(found.name("branch")?.as_str().to_owned()))))
        .collect()
}

/// The first address of a pull request in `text`.
pub(super) fn address(text: &str) -> Option<&str> {
    ADDRESS.as_ref()?.find(text).map(|found| found.as_str())
}

/// The number at the end of an address.
pub(super) fn number(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(
            [&COMMIT_LINE, &NOT_COMMITTED, &PUSHED_LINE, &TO_LINE, &ADDRESS].iter().all(|pattern| pattern.is_some())
        );
    }

    #[test]
    fn commits_are_told_by_their_line() {
        let output = "lint ok\n[feat/x 1a2b3c4] Add x [skip]\n 2 files changed\n[detached HEAD 1234567] y\n[main (root-commit) abcdef0] z\n[x] no";
        let found = commits(output, false);
        let hashes: Vec<_> = found
            .iter()
            .map(|(_, detail)| match detail {
                Detail::Commit { hash, branch, message, amend: false } => {
                    (hash.as_deref().unwrap(), branch.as_deref().unwrap(), message.as_deref().unwrap())
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(
            hashes,
            [("1a2b3c4", "feat/x", "Add x [skip]"), ("1234567", "detached HEAD", "y"), ("abcdef0", "main", "z")]
        );
    }

    #[test]
    fn pushes_are_told_from_fetches() {
        let fetch = "From github.invalid:a/b\n   1a2b3c4..5d6e7f8  main -> origin/main\n";
        assert_eq!(pushes(fetch), []);
        let push = "To github.invalid:a/b.git\n   1a2b3c4..5d6e7f8  main -> main\n * [new branch]      x -> x\n";
        let pushed: Vec<_> = pushes(&format!("{fetch}{push}")).into_iter().map(|(_, detail)| detail).collect();
        assert_eq!(pushed, [Detail::Push("main".to_owned()), Detail::Push("x".to_owned())]);
        let forced = "To x\n + 1a2b3c4...5d6e7f8 x -> x (forced update)\n";
        assert_eq!(pushes(forced).len(), 1);
        assert_eq!(pushes("To x\n ! [rejected]        main -> main (fetch first)\n"), []);
        assert_eq!(pushes("Everything up-to-date"), []);
    }

    #[test]
    fn commits_are_told_by_the_log() {
        let among = |output, newest| match logged(output, "Fix it", false, newest)? {
            (_, Detail::Commit { hash, .. }) => hash,
            _ => None,
        };
        let hash = |output| among(output, 1);
        assert_eq!(hash("1a2b3c4 Fix it").as_deref(), Some("1a2b3c4"));
        assert_eq!(hash("x\n1a2b3c4 (HEAD -> main, tag: v1) Fix it\n").as_deref(), Some("1a2b3c4"));
        assert_eq!(hash("1a2b3c4 Fix it again\n7654321 Other\nfix Fix it"), None);
        let older = "7654321 Other\n1a2b3c4 Fix it";
        assert_eq!((hash(older), among(older, 2).as_deref()), (None, Some("1a2b3c4")));
    }

    #[rstest]
    #[case("On branch main\nnothing to commit, working tree clean", true)]
    #[case("nothing added to commit but untracked files present", true)]
    #[case("no changes added to commit (use \"git add\")", true)]
    #[case("husky - pre-commit hook exited with code 1 (error)", true)]
    #[case("husky - pre-commit script failed (code 1)", true)]
    #[case("husky > pre-commit hook failed (add --no-verify to bypass)", true)]
    #[case("ruff....Failed\n- hook id: ruff\n- exit code: 1", true)]
    #[case("✖ eslint --fix:", true)]
    #[case("✖   found 1 problems, 0 warnings", true)]
    #[case("error: pathspec 'x' did not match any file(s) known to git", true)]
    #[case("fatal: not a git repository", true)]
    #[case("Aborting commit due to empty commit message.", true)]
    #[case("error: failed to push some refs to 'x'", false)]
    #[case("✔ Running tasks for staged files...\nruff....Passed", false)]
    #[case("", false)]
    fn a_commit_that_was_not_made(#[case] output: &str, #[case] expected: bool) {
        assert_eq!(not_committed(output), expected);
    }

    #[test]
    fn a_shortened_output_says_ok_of_each_command() {
        assert!(all_ok("ok ✓ 2 files changed\nok ✓", 2));
        assert!(!all_ok("ok ✓ 2 files changed", 2));
        assert!(!all_ok("ok ✓ 2 files changed\nok ✓\nFAILED: git commit", 2));
        assert!(!all_ok("ok (nothing to commit)", 1));
    }

    #[test]
    fn addresses_of_every_forge() {
        assert_eq!(address("see https://github.invalid/a/b/pull/12."), Some("https://github.invalid/a/b/pull/12"));
        assert_eq!(address("https://gitlab.invalid/a/b/-/merge_requests/3\n").map(number), Some("3"));
        assert_eq!(address("https://github.invalid/a/b/issues/12"), None);
    }
}
