//! Checkpoints of the Entire recorder: from a synthetic git repository, and its short form of a transcript.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail and may say so")]

mod reading;

use std::path::Path;
use std::process::Command;

use assize::session::{ActionStatus, Format};
use reading::{Ingested, ingest};

const ID: &str = "00000000-0000-4000-8000-000000000104";

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(["-c", "user.name=weaver", "-c", "user.email=weaver@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn write(path: &Path, text: &str) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, text).unwrap();
}

/// A transcript of Claude Code with this many prompts.
fn transcript(prompts: usize) -> String {
    let line = |number: usize| {
        format!(
            r#"{{"type":"user","uuid":"g{number}","sessionId":"{ID}","cwd":"/home/ana/loom","timestamp":"2026-03-05T10:0{number}:00Z","message":{{"role":"user","content":"dye it {number}"}}}}"#
        )
    };
    (1..=prompts).map(line).collect::<Vec<_>>().join("\n")
}

fn note(checkpoint: &str, session: &str) -> String {
    format!(
        r#"{{"checkpoint_id":"{checkpoint}","session_id":"{session}","created_at":"2026-03-05T10:10:00Z","branch":"main","agent":"Codex","files_touched":["src/dye.rs"],"initial_attribution":{{"agent_lines":3,"human_added":1,"total_committed":4}}}}"#
    )
}

/// A checkpoint's files in `folder`: the session as it was after some prompts.
fn checkpoint(folder: &Path, checkpoint: &str, session: &str, prompts: usize) {
    write(&folder.join("metadata.json"), &format!(r#"{{"checkpoint_id":"{checkpoint}","sessions":[]}}"#));
    write(&folder.join("0/metadata.json"), &note(checkpoint, session));
    write(&folder.join("0/full.jsonl"), &transcript(prompts));
    write(&folder.join("0/prompt.txt"), "dye it");
    write(&folder.join("0/transcript.jsonl"), SHORT);
}

const SHORT: &str = r#"{"v":1,"agent":"loom","cli_version":"0.9","type":"user","ts":"2026-03-05T11:00:00Z","content":[{"text":"spin it"}]}
{"v":1,"agent":"loom","cli_version":"0.9","type":"assistant","ts":"2026-03-05T11:00:05Z","id":"m1","input_tokens":20,"output_tokens":7,"content":[{"type":"text","text":"Spinning."},{"type":"tool_use","id":"t1","name":"bash","input":{"command":"spin"},"result":{"output":"no wool","status":"error"}},{"type":"tool_use","name":"read","input":{}}]}"#;

/// A repository with a branch of two checkpoints, a third one under a ref of its own, and commits that name them.
fn repository(folder: &Path) -> Vec<String> {
    git(folder, &["init", "-q", "-b", "main"]);
    write(&folder.join("src/dye.rs"), "fn dye() {}");
    git(folder, &["add", "."]);
    git(folder, &["commit", "-q", "-m", "Dye\n\nEntire-Checkpoint: abcdef012345"]);
    let first = git(folder, &["rev-parse", "HEAD"]);
    git(
        folder,
        &[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "Dye twice\n\nEntire-Checkpoint: 0123456789ab\n\nEntire-Checkpoint: abcdef012345",
        ],
    );
    let second = git(folder, &["rev-parse", "HEAD"]);
    let keep = tempfile::tempdir().unwrap();
    let tree = |fill: &dyn Fn(&Path)| {
        let work = keep.path().join("work");
        let _ = fs_err::remove_dir_all(&work);
        fs_err::create_dir_all(&work).unwrap();
        fill(&work);
        let index = keep.path().join("index");
        let _ = fs_err::remove_file(&index);
        let run = |arguments: &[&str]| {
            let output = Command::new("git")
                .arg("-C")
                .arg(folder)
                .arg(format!("--work-tree={}", work.display()))
                .args(arguments)
                .env("GIT_INDEX_FILE", &index)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        run(&["add", "-A", "."]);
        let tree = run(&["write-tree"]);
        git(folder, &["commit-tree", "-m", "Checkpoint", &tree])
    };
    let branch = tree(&|work| {
        // The oldest recorders put a date before the id: one session under two dates.
        checkpoint(&work.join("ab/cdef012345"), "abcdef012345", &format!("2026-03-05-{ID}"), 1);
        checkpoint(&work.join("01/23456789ab"), "0123456789ab", &format!("2026-03-06-{ID}"), 2);
    });
    git(folder, &["update-ref", "refs/remotes/origin/entire/checkpoints/v1", &branch]);
    let own = "01M3WE2VX9HQC3NVY9BWYCW6JV";
    let of_its_own = tree(&|work| {
        write(&work.join("0/metadata.json"), &note(own, "short-1"));
        write(&work.join("0/transcript.jsonl"), SHORT);
    });
    git(folder, &["update-ref", &format!("refs/entire/checkpoints/JV/{own}"), &of_its_own]);
    let mut commits = vec![first, second];
    commits.sort();
    commits
}

/// Every file of a repository with its bytes.
fn state(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().display().to_string(), fs_err::read(entry.path()).unwrap())).collect()
}

fn check(folder: &Path, commits: &[String]) {
    let before = state(folder);
    let Ingested { mut sessions, tally, .. } = ingest(folder);
    assert_eq!(before, state(folder), "nothing is changed");
    assert_eq!(tally.bad, vec![]);
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    let [main, short] = &sessions[..] else { panic!("{} sessions", sessions.len()) };
    assert_eq!((main.id.as_str(), main.format, main.turns.len()), (ID, Format::ClaudeCode, 2));
    assert_eq!(main.losses.duplicate_records, 1, "the record that both checkpoints hold");
    assert_eq!(main.file, "entire/checkpoints/v1:01/23456789ab/0/full.jsonl");
    let recorder = main.recorder.as_ref().unwrap();
    assert_eq!(recorder.checkpoints, ["0123456789ab", "abcdef012345"]);
    assert_eq!(recorder.commits, commits);
    assert_eq!(recorder.attribution.unwrap().agent_lines, 6);
    assert_eq!((short.id.as_str(), short.format), ("short-1", Format::EntireTranscript));
    assert_eq!(short.entrypoint.as_deref(), Some("entire:loom"));
    let calls: Vec<_> = short.actions().map(|action| (action.tool.as_str(), action.status)).collect();
    assert_eq!(calls, [("bash", ActionStatus::Error), ("read", ActionStatus::Missing)]);
    assert_eq!((short.tokens.input, short.tokens.output, short.model_calls), (20, 7, 1));
    assert!(short.recorder.as_ref().unwrap().commits.is_empty());
}

#[test]
fn checkpoints_are_read_from_a_repository_and_linked_to_its_commits() {
    let folder = tempfile::tempdir().unwrap();
    let commits = repository(folder.path());
    check(folder.path(), &commits);
    // The own branch and the remote's are one.
    git(folder.path(), &["branch", "entire/checkpoints/v1", "refs/remotes/origin/entire/checkpoints/v1"]);
    check(folder.path(), &commits);
    git(folder.path(), &["pack-refs", "--all"]);
    git(folder.path(), &["gc", "-q"]);
    check(folder.path(), &commits);
    let bare = tempfile::tempdir().unwrap();
    git(
        folder.path(),
        &["clone", "-q", "--mirror", folder.path().to_str().unwrap(), bare.path().join("b.git").to_str().unwrap()],
    );
    check(&bare.path().join("b.git"), &commits);
}

#[test]
fn a_damaged_repository_is_named() {
    let folder = tempfile::tempdir().unwrap();
    repository(folder.path());
    let objects = folder.path().join(".git/objects");
    let blob =
        git(folder.path(), &["rev-parse", "refs/remotes/origin/entire/checkpoints/v1:01/23456789ab/0/full.jsonl"]);
    fs_err::remove_file(objects.join(&blob[..2]).join(&blob[2..])).unwrap();
    let Ingested { sessions, tally, .. } = ingest(folder.path());
    assert_eq!((sessions.len(), sessions.iter().map(|session| session.turns.len()).max()), (2, Some(1)));
    assert_eq!(tally.bad[0].file, "entire/checkpoints/v1:01/23456789ab/0/full.jsonl");
    assert!(tally.bad[0].reason.contains("missing"), "{}", tally.bad[0].reason);
    let tree = git(folder.path(), &["rev-parse", "refs/remotes/origin/entire/checkpoints/v1^{tree}"]);
    fs_err::remove_file(objects.join(&tree[..2]).join(&tree[2..])).unwrap();
    let tally = ingest(folder.path()).tally;
    assert!(tally.bad[0].reason.starts_with("git ls-tree failed, is the repository damaged?"), "{:?}", tally.bad);
}

#[test]
fn the_short_form_is_read_only_where_the_transcript_is_not() {
    let folder = tempfile::tempdir().unwrap();
    checkpoint(&folder.path().join("ab/cdef012345"), "abcdef012345", ID, 2);
    write(&folder.path().join("cd/ef0123456789/0/transcript.jsonl"), SHORT);
    write(&folder.path().join("cd/ef0123456789/0/metadata.json"), &note("cdef01234567", "short-1"));
    // A later checkpoint holds the earlier one, with equal lines in it.
    write(&folder.path().join("ef/ef0123456789/0/transcript.jsonl"), &format!("{SHORT}\n{SHORT}"));
    write(&folder.path().join("ef/ef0123456789/0/metadata.json"), &note("efef01234567", "short-1"));
    let Ingested { sessions, tally, skipped } = ingest(folder.path());
    assert_eq!(skipped.get("short form of the transcript beside it"), Some(&1));
    assert_eq!(sessions.iter().map(|session| session.turns.len()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!((sessions[1].losses.duplicate_records, tally.merged_files), (2, 1));
    assert_eq!(sessions[1].recorder.as_ref().unwrap().checkpoints, ["cdef01234567", "efef01234567"]);
}
