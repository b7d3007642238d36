//! Whole sessions, made by hand.

use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::session::model::{Format, PromptKind, Turn};
use EvidenceKind::{
    Affirmation, BuildFailed, BuildPassed, Commit, FinalError, PullRequest, PullRequestMerged, Push, Rejection,
    TestsFailed, TestsPassed,
};

#[test]
fn every_pattern_compiles() {
    assert!([&OF_INTEREST, &DID_NOT_RUN, &NOTHING_TO_RUN].iter().all(|pattern| pattern.is_some()));
}

fn act(tool: &str, input: Value, result: &str, status: ActionStatus) -> Step {
    Step::Act(Action { result: result.to_owned(), status, ..Action::new("t".to_owned(), tool.to_owned(), input) })
}

fn bash(command: &str, result: &str) -> Step {
    act("Bash", json!({ "command": command }), result, ActionStatus::Done)
}

fn fails(command: &str, result: &str) -> Step {
    act("Bash", json!({ "command": command }), result, ActionStatus::Error)
}

fn edit() -> Step {
    act("Edit", json!({"file_path": "a", "old_string": "x", "new_string": "y"}), "", ActionStatus::Done)
}

/// A session whose turns are `(prompt, steps)`.
fn session(turns: Vec<(&str, Vec<Step>)>) -> Session {
    let mut session = Session::new("s".to_owned(), "f".to_owned(), Format::ClaudeCode);
    for ((prompt, steps), number) in turns.into_iter().zip(1..) {
        let turn = Turn::new(number, PromptKind::Typed, prompt.to_owned(), None);
        session.turns.push(Turn { steps, ..turn });
    }
    session
}

fn evidence(steps: Vec<Step>) -> Evidence {
    Evidence::of(&session(vec![("do it", steps)]))
}

/// Kinds found, but for what was never got past.
fn kinds(steps: Vec<Step>) -> Vec<EvidenceKind> {
    evidence(steps).items.into_iter().map(|item| item.kind).filter(|kind| *kind != FinalError).collect()
}

#[rstest]
#[case("cargo test", "test result: ok. 3 passed; 0 failed", &[TestsPassed])]
#[case("cd x && go test ./... | tail", "--- FAIL: TestA", &[TestsFailed])]
#[case("RUST_LOG=1 cargo test", "test result: ok. 3 passed; 0 failed", &[TestsPassed])]
#[case("npm run test:unit", "      Tests  12 passed (12)", &[TestsPassed])]
#[case("cargo test", "", &[TestsPassed])]
#[case("cargo test | tail -1", "", &[])]
#[case("pytest || true", "", &[])]
#[case("pytest -k x", "collected 0 items\n\nno tests ran in 0.1s", &[])]
#[case("grep -r 'cargo test' docs", "test result: ok. 3 passed; 0 failed", &[])]
#[case("go build ./... && go vet ./...", "", &[BuildPassed])]
#[case("go build ./... 2>&1 | head", "./a.go:3:5: undefined: x", &[BuildFailed])]
#[case("npm run build 2>&1 | tail -5", "✓ built in 1.2s", &[BuildPassed])]
#[case("npm run build 2>&1 | tail -5", "something else", &[])]
#[case("go build ./... && go test ./...", "ok  \ta\t0.1s", &[TestsPassed, BuildPassed])]
#[case("go test ./...", "FAIL\ta [setup failed]\nok  \tb\t0.1s\nFAIL", &[BuildFailed])]
#[case("mvn -q verify", "Tests run: 5, Failures: 0, Errors: 0, Skipped: 0", &[TestsPassed, BuildPassed])]
#[case("git commit -m x", "[main 1a2b3c4] x\n 1 file changed", &[Commit])]
#[case("git add . && git commit -qm x && git push -q", "", &[Commit, Push])]
#[case("git commit -m x; git status", "nothing to commit", &[])]
#[case("git push", "To x\n   1a2b3c4..2b3c4d5  main -> main", &[Push])]
#[case("git push", "Everything up-to-date", &[])]
#[case("gh pr create --fill", "https://github.invalid/a/b/pull/1", &[PullRequest])]
#[case("gh pr create --fill", "aborted", &[])]
#[case("gh pr create --fill", "a pull request already exists:\nhttps://github.invalid/a/b/pull/1", &[])]
#[case("gh pr merge 1 --squash", "", &[PullRequestMerged])]
#[case("gh pr merge 1 --squash --auto", "", &[])]
#[case("gh pr merge 1 --auto", "✓ Squashed and merged pull request a/b#1", &[PullRequestMerged])]
#[case("rtk git add . && rtk git commit -m x", "ok ✓ 8 files changed\nFAILED: git commit\nhusky - pre-commit script failed", &[])]
#[case("rtk git add . && rtk git commit -m x", "ok ✓ 8 files changed", &[])]
#[case("rtk git add . && rtk git commit -m x", "ok ✓ 8 files changed\nok ✓", &[Commit])]
#[case("rtk git push", "", &[])]
#[case("rtk cargo test", "", &[])]
#[case("rtk test bun run test | tail", "  1319 pass\n  0 fail\n", &[TestsPassed])]
#[case("bun run test | tail -3", " 0 fail\n 2 expect() calls\nRan 12 tests across 5 files. [1s]", &[TestsPassed])]
#[case("bun run test | tail -2", " 2 expect() calls\nRan 12 tests across 5 files. [1s]", &[])]
#[case("powershell.exe -Command \"cd 'C:\\x'; git commit -F m.txt\"", "[main 1a2b3c4] x", &[Commit])]
#[case("bash -c 'git commit -qm x; echo done'", "done", &[])]
#[case("docker compose exec web pytest", "3 passed in 0.1s", &[TestsPassed])]
#[case("git commit -q -m 'Fix it'; git log --oneline -1", "1a2b3c4 Fix it", &[Commit])]
#[case("git commit -q -m 'Fix it'; git log --oneline -1", "1a2b3c4 Other", &[])]
#[case("git commit -q -m 'Fix it'; git status", "1a2b3c4 Fix it", &[])]
#[case("git commit -m 'Fix it'; git log --oneline -1", "nothing to commit, working tree clean\n1a2b3c4 Fix it", &[])]
#[case("git commit -m wip; git log --oneline -2", "husky - pre-commit hook exited with code 1 (error)\n9999999 wip\n1111111 other", &[])]
#[case("git commit -m wip; git log --oneline -2", "1111111 other\n9999999 wip", &[])]
#[case("git log --oneline -1; git commit -m wip; git log --oneline -1", "9999999 wip\n1111111 other", &[])]
#[case("git commit -qm a; git commit -qm b; git log --oneline -3", "2222222 b\n1111111 a\n0000000 x", &[Commit, Commit])]
#[case("git commit -qm a; git push; git log --oneline -1", "error: failed to push some refs to 'x'\n1111111 a", &[Commit])]
#[case("! cargo test", "", &[])]
#[case("! bash -c 'cargo test'", "", &[])]
#[case("! cargo test", "test result: FAILED. 1 passed; 1 failed", &[TestsFailed])]
#[case("docker exec -dit web pytest -q", "", &[])]
#[case("docker compose run --detach=true web pytest", "1a2b3c4d", &[])]
#[case("ssh -f host 'cargo test'", "", &[])]
#[case("bash -c 'git commit -qm x &'", "", &[])]
#[case("gh pr view 3", "https://github.invalid/a/b/pull/3", &[])]
fn commands_that_went_through(#[case] command: &str, #[case] result: &str, #[case] expected: &[EvidenceKind]) {
    assert_eq!(kinds(vec![bash(command, result)]), expected);
}

#[rstest]
#[case("pytest -q", "Exit code 1\n1 failed in 0.1s", &[TestsFailed])]
#[case("make lint && make test", "Exit code 1\nlint: unused", &[])]
#[case("make lint && make test", "Exit code 1\n2 failed in 1s", &[TestsFailed])]
#[case("cd a && make test", "Exit code 2\nsegmentation fault", &[TestsFailed])]
#[case("npm test", "Exit code 1\nnpm error Missing script: \"test\"", &[])]
#[case("rtk bun run test", "Exit code 2\nerror: unrecognized subcommand 'bun'", &[])]
#[case("cargo test --lib", "Exit code 101\nerror: no library targets found in package `x`", &[])]
#[case("pytest", "Exit code 127\npytest: command not found", &[])]
#[case("cargo test", "Command timed out after 2m", &[])]
#[case("cargo test && cargo clippy", "Exit code 101\ntest result: ok. 3 passed; 0 failed\nerror: unused", &[TestsPassed])]
#[case("go build ./...", "Exit code 1\n./a.go:3:5: undefined: x", &[BuildFailed])]
#[case("git commit -m x", "Exit code 1\nnothing to commit", &[])]
#[case("python manage.py test", "Exit code 1\nRan 3 tests in 0.1s\n\nFAILED (failures=1)", &[TestsFailed])]
#[case("ssh host 'cargo test'", "Exit code 101\nsomething", &[])]
#[case("ssh host 'cargo test'", "Exit code 101\nerror: test failed, to rerun pass `--lib`", &[TestsFailed])]
#[case("ssh host 'cargo test'", "Exit code 255\nuser@host: Permission denied (publickey).", &[])]
#[case("docker exec web pytest -q", "Exit code 1\nError response from daemon: No such container: web", &[])]
#[case("docker exec web cargo build", "Exit code 1\nError response from daemon: No such container: web", &[])]
#[case("docker exec web cargo build", "Exit code 101\nerror: could not compile `x`", &[BuildFailed])]
#[case("docker compose exec -T web pytest", "Exit code 1\nservice \"web\" is not running", &[])]
#[case("docker compose exec -T web pytest", "Exit code 1\n1 failed, 2 passed in 0.05s", &[TestsFailed])]
#[case("docker build .", "Exit code 1\nERROR: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?", &[])]
#[case("! cargo test", "Exit code 1", &[])]
#[case("git push", "Exit code 1\nTo x\n ! [rejected]        main -> main (fetch first)", &[])]
fn commands_that_failed(#[case] command: &str, #[case] result: &str, #[case] expected: &[EvidenceKind]) {
    assert_eq!(kinds(vec![fails(command, result)]), expected);
}

#[test]
fn what_was_found_is_told_in_fields() {
    let found = evidence(vec![
        bash("uv run pytest -q", "1 failed, 4 passed in 0.1s"),
        bash("git commit --amend --no-edit", "[x 1a2b3c4] Fix it"),
        bash("git log", "[x 1a2b3c4] Fix it"),
        bash("gh pr create", "https://github.invalid/a/b/pull/7"),
        bash("gh pr merge 7", ""),
        Step::Note(Note::PullRequest("https://github.invalid/a/b/pull/7".to_owned())),
    ]);
    let details: Vec<_> = found.items.iter().filter_map(|item| item.detail.clone()).collect();
    let text = |text: &str| Some(text.to_owned());
    let address = Detail::PullRequest("https://github.invalid/a/b/pull/7".to_owned());
    let commit = Detail::Commit { hash: text("1a2b3c4"), branch: text("x"), message: text("Fix it"), amend: true };
    let run = Detail::Run { tool: "pytest".to_owned(), passed: Some(4), failed: Some(1) };
    assert_eq!(details, [run, commit, address.clone(), address, Detail::Unrecovered(Unrecovered::Tests)]);
    assert_eq!(found.items[0].excerpt, "pytest: 1 failed, 4 passed in 0.1s");
    assert_eq!((found.count(PullRequest), found.count(PullRequestMerged)), (1, 1));
}

#[test]
fn a_commit_is_counted_once_however_its_hash_is_written() {
    let commits = |steps: Vec<Step>| -> Vec<_> {
        let details = evidence(steps).items.into_iter().filter_map(|item| item.detail);
        details.filter_map(|detail| if let Detail::Commit { hash, .. } = detail { Some(hash) } else { None }).collect()
    };
    let short = || bash("git commit -m 'Fix it'", "[main 1a2b3c4] Fix it");
    let log = |output: &str| bash("git commit -qm 'Fix it'; git log -1 --format='%H %s'", output);
    let full = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b";
    let (of_full, other) = (format!("{full} Fix it"), "1a2b3c5 Fix it");
    let text = |hash: &str| Some(hash.to_owned());
    assert_eq!(commits(vec![short(), log(&of_full)]), [text("1a2b3c4")]);
    assert_eq!(commits(vec![log(&of_full), log(other), short()]), [text(full), text("1a2b3c5")]);
    let quiet = || bash("git commit -qm 'Fix it'", "");
    assert_eq!(commits(vec![quiet(), log(other)]), [text("1a2b3c5")], "the log names what was quiet");
    assert_eq!(commits(vec![short(), quiet(), log("1a2b3c4 Fix it")]), [text("1a2b3c4"), None]);
    assert_eq!(commits(vec![quiet(), log(other), log("1a2b3c6 Fix it")]), [text("1a2b3c5"), text("1a2b3c6")]);
}

#[test]
fn a_run_that_a_key_stopped_tells_only_what_its_runner_printed() {
    let run = |output: &str| {
        let goes_on = r#"{"session_id":7,"output":"running"}"#;
        let begins = "text(JSON.stringify(await tools.exec_command({cmd:\"cargo test\"})))";
        let stops = "text(JSON.stringify(await tools.write_stdin({session_id:7,chars:\"\\u0003\"})))";
        let act = |script: &str, result: &str| act("exec", json!(script), result, ActionStatus::Done);
        kinds(vec![act(begins, goes_on), act(stops, &json!({"exit_code": 0, "output": output}).to_string())])
    };
    assert_eq!(run(""), []);
    assert_eq!(run("test result: FAILED. 1 passed; 1 failed"), [TestsFailed]);
}

#[test]
fn a_failure_names_each_command_that_may_have_failed() {
    let tool = |output: &str| {
        let found = evidence(vec![fails("go build ./... && go vet ./...", output)]);
        let Some(Detail::Run { tool, .. }) = found.items[0].detail.clone() else { panic!("{found:?}") };
        tool
    };
    assert_eq!(tool("Exit code 1\na.go:3:5: possible misuse of x"), "go build or go vet");
    assert_eq!(tool("Exit code 1\nvet: ./a.go:3:5: undefined: x"), "go vet");
}

#[test]
fn tools_of_other_agents_are_read() {
    let gemini = act(
        "run_shell_command",
        json!({"command": "npm test"}),
        "Command: npm test\nDirectory: (root)\nStdout: x\nExit Code: 1\nSignal: (none)",
        ActionStatus::Done,
    );
    assert_eq!(kinds(vec![gemini]), [TestsFailed]);
    let script = json!("const r = await tools.exec_command({cmd:\"cargo test\"}); text(r.output)");
    let quiet = act("exec", script.clone(), "Script completed\nOutput:\n", ActionStatus::Done);
    assert_eq!(kinds(vec![quiet]), [], "a script ends well whatever its commands did");
    let told =
        act("exec", script, "Script completed\nOutput:\n\ntest result: ok. 1 passed; 0 failed", ActionStatus::Done);
    assert_eq!(kinds(vec![told]), [TestsPassed]);
    let made = act(
        "mcp__github__create_pull_request",
        json!({}),
        "{\"url\":\"https://github.invalid/a/b/pull/1\"}",
        ActionStatus::Done,
    );
    assert_eq!(kinds(vec![made]), [PullRequest]);
}

#[rstest]
#[case("const r = await tools.exec_command({cmd:`gh pr create --title ${esc(title)}`}); text(r.output)", "Output:\nhttps://github.invalid/a/b/pull/1", &[PullRequest])]
#[case("const r = await tools.mcp__x__github_create_pull_request({title:'x'}); text(r)", r#"{"structuredContent":{"body":"see https://github.invalid/a/b/pull/9","url":"https://github.invalid/a/b/pull/1"}}"#, &[PullRequest])]
#[case("const r = await tools.mcp__x__github_merge_pull_request({pr:1}); text(r)", r#"{"structuredContent":{"url":"https://github.invalid/a/b/pull/1"}}"#, &[PullRequestMerged])]
#[case("text(await tools.mcp__x__github_create_pull_request({title:'x'})); text(await tools.mcp__x__github_fetch_pr({}))", r#"{"url":"https://github.invalid/a/b/pull/1"}"#, &[])]
#[case("text(await tools.mcp__x__github_fetch_pull_request({}))", r#"{"url":"https://github.invalid/a/b/pull/1"}"#, &[])]
#[case("const body = 'tools.x__create_pull_request({})'; text(await tools.exec_command({cmd:'gh pr view 1'}))", "https://github.invalid/a/b/pull/1", &[])]
#[case("text(JSON.stringify(await tools.exec_command({cmd:'cargo build'})))", r#"{"exit_code":0,"output":""}"#, &[BuildPassed])]
#[case("text(JSON.stringify(await tools.exec_command({cmd:'cargo test'})))", "{\"exit_code\":101,\"output\":\"test result: FAILED. 1 passed; 1 failed\\r\\n\"}", &[TestsFailed])]
fn scripts_are_read(#[case] script: &str, #[case] result: &str, #[case] expected: &[EvidenceKind]) {
    assert_eq!(kinds(vec![act("exec", json!(script), result, ActionStatus::Done)]), expected);
}

#[test]
fn commands_in_the_background_count_when_they_end() {
    let begin = bash(
        "cargo test",
        "Command running in background with ID: b12. Output is being written to: /tmp/tasks/b12.output",
    );
    let poll = |status: &str, more: &str| {
        let result = format!("<retrieval_status>x</retrieval_status>\n<status>{status}</status>\n{more}");
        act("TaskOutput", json!({"task_id": "b12"}), &result, ActionStatus::Done)
    };
    assert_eq!(kinds(vec![begin.clone()]), []);
    assert_eq!(kinds(vec![begin.clone(), poll("running", "test result: ok. 3 passed; 0 failed")]), []);
    let ends = "<exit_code>101</exit_code>\n<output>\ntest result: FAILED. 2 passed; 1 failed\n</output>";
    assert_eq!(kinds(vec![begin.clone(), poll("running", ""), poll("completed", ends)]), [TestsFailed]);
    let read = |result: &str| act("Read", json!({"file_path": "/tmp/tasks/b12.output"}), result, ActionStatus::Done);
    let passed = "test result: ok. 3 passed; 0 failed";
    assert_eq!(kinds(vec![begin.clone(), read("running 3 tests"), read(passed), read(passed)]), [TestsPassed]);
    let tail = bash("sleep 5; tail -3 /tmp/tasks/b12.output", passed);
    assert_eq!(kinds(vec![begin, tail]), [TestsPassed]);
}

#[test]
fn what_nobody_got_past_is_found() {
    let last = |steps: Vec<Step>| -> Vec<_> {
        evidence(steps)
            .items
            .into_iter()
            .filter(|item| item.kind == FinalError)
            .filter_map(|item| item.detail)
            .collect()
    };
    let (red, green) = (fails("go test", "--- FAIL: TestA"), bash("go test", "ok  \ta\t0.1s"));
    let broken = fails("go build", "./a.go:3:5: undefined: x");
    let looked = bash("ls", "a");
    assert_eq!(last(vec![red.clone(), looked.clone()]), [Detail::Unrecovered(Unrecovered::Tests)]);
    assert_eq!(last(vec![red.clone(), edit(), green.clone()]), []);
    assert_eq!(last(vec![green.clone(), red, looked.clone()]), [Detail::Unrecovered(Unrecovered::Tests)]);
    assert_eq!(last(vec![broken.clone(), looked.clone()]), [Detail::Unrecovered(Unrecovered::Build)]);
    assert_eq!(last(vec![broken.clone(), green]), [], "tests that pass have been built");
    assert_eq!(last(vec![fails("ls x", "no x"), looked.clone()]), []);
    assert_eq!(last(vec![looked, fails("ls x", "no x")]), [Detail::Unrecovered(Unrecovered::Action)]);
    assert_eq!(last(vec![fails("ls x", "[Request interrupted by user for tool use]")]), []);
}

#[test]
fn machine_success_is_strict() {
    let success = |turns: Vec<(&str, Vec<Step>)>| Evidence::of(&session(turns)).machine_success;
    let (red, green) = (|| fails("go test", "--- FAIL: TestA"), || bash("go test", "ok  \ta\t0.1s"));
    let commit = || bash("git commit -m x", "[main 1a2b3c4] x");
    assert_eq!(success(vec![("do it", vec![])]), None);
    assert_eq!(success(vec![("do it", vec![edit()])]), None);
    assert_eq!(success(vec![("do it", vec![edit(), green()])]), Some(true));
    assert_eq!(success(vec![("do it", vec![edit(), commit()])]), Some(true));
    assert_eq!(success(vec![("do it", vec![edit(), green(), edit()])]), None, "what was edited last is not tested");
    assert_eq!(success(vec![("do it", vec![edit(), green(), red()])]), Some(false));
    assert_eq!(success(vec![("do it", vec![edit(), red(), commit()])]), Some(false), "the tests still fail");
    assert_eq!(success(vec![("do it", vec![edit(), red(), green(), commit()])]), Some(true));
    assert_eq!(success(vec![("do it", vec![edit(), green()]), ("it does not work", vec![])]), Some(false));
    let mended = vec![("do it", vec![edit(), green()]), ("it does not work", vec![edit(), green()])];
    assert_eq!(success(mended), Some(true));
    assert_eq!(success(vec![("do it", vec![edit()]), ("thanks!", vec![])]), None, "words are not machine evidence");
    assert_eq!(success(vec![("do it", vec![edit(), bash("go build ./...", "")])]), None, "nor is a build");
}

#[test]
fn reactions_stand_in_their_turn() {
    let turns = vec![("do it", vec![]), ("thanks!", vec![]), ("it does not work", vec![])];
    let found: Vec<_> = Evidence::of(&session(turns)).items.iter().map(|item| (item.kind, item.turn)).collect();
    assert_eq!(found, [(Affirmation, 2), (Rejection, 3)]);
}
