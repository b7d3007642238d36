//! `exec/COMMAND`: programs as judges, good ones and all bad ones.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "the fake server is for tests of servers")]
mod project;

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use project::{Project, said};

/// A project of `sessions` sessions whose judge is the shell script `script`.
fn project(sessions: usize, script: &str) -> Project {
    let project = Project::with_sessions(sessions);
    write_script(&project, script);
    project.experiment("exec/./judge.sh", "max_retries: 0, timeout_seconds: 20");
    project
}

fn write_script(project: &Project, script: &str) {
    let path = project.path("judge.sh");
    fs_err::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn run(project: &Project) -> Output {
    project.assize(&["run", "experiment.yaml"], None).env("ANTHROPIC_API_KEY", "sk-of-the-person").output().unwrap()
}

fn verdicts(project: &Project) -> String {
    fs_err::read_to_string(project.run_folder().join("verdicts.jsonl")).unwrap()
}

#[test]
fn a_program_reads_the_prompt_and_its_answer_is_read_like_any_other() {
    let project = project(3, r#"grep -q 'repair part number' || exit 1; echo 'Here: ```'; echo '{"label": "GLAD"}'"#);
    let output = run(&project);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let verdicts = verdicts(&project);
    assert_eq!(verdicts.matches(r#""label":"glad""#).count(), 3, "{verdicts}");
    assert!(verdicts.contains("prose") && verdicts.contains("label_case"), "{verdicts}");
    assert!(said(&output).contains("unknown"), "what a program costs is not known: {}", said(&output));

    write_script(&project, "exit 1");
    let folder = project.run_folder();
    fs_err::remove_dir_all(&folder).unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(3), "another program is another judge: {}", said(&output));
}

#[test]
fn the_same_program_is_not_run_twice_and_a_bad_answer_is_shown_to_it() {
    let script = r#"prompt=$(cat)
        echo run >> "$1"
        case "$prompt" in *'`label` is "merry"'*) echo '{"label": "sad"}';; *) echo '{"label": "merry"}';; esac"#;
    let project = project(2, script);
    project.experiment("'exec/./judge.sh log.txt'", "max_retries: 0");
    fs_err::write(project.path("log.txt"), "").unwrap();
    let output = run(&project);
    let ran = || fs_err::read_to_string(project.path("log.txt")).unwrap().lines().count();
    assert_eq!((output.status.code(), ran()), (Some(0), 4), "{}", said(&output));
    assert_eq!(verdicts(&project).matches("asked_again").count(), 2);
}

#[test]
fn keys_are_withheld_unless_named_and_the_folder_is_empty_but_for_the_schema() {
    let script = r#"test "$2" = "$(cat schema.json)" && test "$(ls)" = schema.json || exit 1
        case "$ANTHROPIC_API_KEY" in $1) echo '{"label": "glad"}';; *) echo "key: $ANTHROPIC_API_KEY" >&2; exit 1;; esac"#;
    let project = project(1, script);
    project.experiment("'exec/./judge.sh \"\" {schema}'", "max_retries: 0");
    let output = run(&project);
    assert_eq!(output.status.code(), Some(0), "withheld: {}", said(&output));
    let text = fs_err::read_to_string(project.path("experiment.yaml")).unwrap();
    let text = text.replace(r#""" {schema}'"#, "sk-of-the-person {schema}', params: {env: [ANTHROPIC_API_KEY]}");
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(0), "passed on: {}", said(&output));
}

#[test]
fn failures_say_what_happened() {
    let cases = [
        ("exit 0", "printed nothing"),
        (
            "echo 'no login; sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789' >&2; exit 7",
            "ended with exit code 7; it said: no login",
        ),
        ("kill -9 $$", "was ended by signal 9"),
        ("head -c 1000000000 /dev/zero", "printed more than 20 MB and was stopped"),
        ("exec 0<&-; echo nothing to say", "holds no complete JSON object"),
    ];
    for (script, message) in cases {
        let project = project(1, script);
        let output = run(&project);
        let verdicts = verdicts(&project);
        assert!(verdicts.contains(message), "{script}: {verdicts}{}", said(&output));
        assert!(!verdicts.contains("abcdefghijklmnop"), "a secret in stderr is masked: {verdicts}");
        let kind = if message.contains("JSON") { "invalid" } else { "failed" };
        assert!(verdicts.contains(kind), "{script}: {verdicts}");
        assert_ne!(output.status.code(), Some(0), "{}", said(&output));
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    // The marker is the sleep's own length: no other process has it.
    let project = project(1, "sleep 98761 & echo '{\"label\": \"glad\"}'; wait");
    project.experiment("exec/./judge.sh", "max_retries: 0, timeout_seconds: 1");
    let output = run(&project);
    assert!(verdicts(&project).contains("did not end within 1 s"), "{}", said(&output));
    assert!(!running("98761"), "the grandchild lives");

    let project = self::project(1, "sleep 98762 & echo '{\"label\": \"glad\"}'");
    let output = run(&project);
    assert_eq!(
        output.status.code(),
        Some(0),
        "what was printed counts, and a grandchild that holds stdout open is not waited for: {}",
        said(&output)
    );
    assert!(!running("98762"), "the grandchild lives");
}

/// Whether a process that can still run has `word` among its arguments.
fn running(word: &str) -> bool {
    let output = std::process::Command::new("ps").args(["-eo", "stat,args"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().any(|line| !line.starts_with('Z') && line.split_whitespace().any(|found| found == word))
}

#[test]
fn a_program_that_cannot_run_stops_the_run_before_or_at_the_first_call() {
    let cases = [
        ("exec/no-such-program-anywhere", "there is no program no-such-program-anywhere in the folders of PATH"),
        ("exec/./experiment.yaml", "is not executable"),
        ("exec/./broken", "begin the script with a line such as #!/bin/sh"),
        ("exec/./lost", "check"),
        ("'exec/./judge.sh \"open'", "not closed"),
        ("exec/cat, params: {temperature: 0.5}", "takes no temperature"),
        ("openai/tiny, params: {env: [HOME]}", "only exec/COMMAND does"),
        ("nobody/tiny", "unknown provider: write anthropic/MODEL"),
    ];
    let project = project(1, "cat");
    for (name, text) in [("broken", "no first line\n"), ("lost", "#!/nonexistent/interpreter\n")] {
        fs_err::write(project.path(name), text).unwrap();
        fs_err::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (model, message) in cases {
        project.experiment(model, "max_retries: 0");
        let output = run(&project);
        assert_eq!(output.status.code(), Some(3), "{model}: {}", said(&output));
        assert!(said(&output).contains(message), "{model}: {}", said(&output));
    }
}
