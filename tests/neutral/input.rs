//! Input that cannot be committed as it is: databases, and git repositories.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;

/// A branch of a repository: one commit that holds the files of a folder.
#[derive(Deserialize)]
struct Branch {
    name: String,
    folder: String,
    message: String,
}

/// What `input` stands for: a git repository where it holds `branches.json`, a copy with `NAME.db` for each `NAME.db.sql`;
/// none where it stands for itself.
pub fn made(input: &Path) -> Option<tempfile::TempDir> {
    let made = tempfile::tempdir().unwrap();
    if input.join("branches.json").is_file() {
        repository(input, made.path());
        return Some(made);
    }
    copy(input, made.path()).then_some(made)
}

/// Copies the files below `from`; says whether something was made of one.
fn copy(from: &Path, to: &Path) -> bool {
    let mut any = false;
    for entry in fs_err::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs_err::create_dir(&to).unwrap();
            any |= copy(&from, &to);
        } else if from.extension().is_some_and(|extension| extension == "sql") {
            let database = rusqlite::Connection::open(to.with_extension("")).unwrap();
            database.execute_batch(&fs_err::read_to_string(&from).unwrap()).unwrap();
            any = true;
        } else {
            fs_err::copy(&from, &to).unwrap();
        }
    }
    any
}

fn repository(from: &Path, to: &Path) {
    let branches: Vec<Branch> =
        serde_json::from_str(&fs_err::read_to_string(from.join("branches.json")).unwrap()).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let git = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(to.join(".git")).arg("--work-tree").arg(folder);
        command.args(["-c", "user.name=weaver", "-c", "user.email=weaver@example.org", "-c", "commit.gpgsign=false"]);
        command.envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")]);
        command.env("GIT_INDEX_FILE", scratch.path().join("index"));
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    assert!(Command::new("git").args(["init", "-q"]).arg(to).status().unwrap().success());
    for Branch { name, folder, message } in branches {
        let folder = from.join(folder);
        git(&folder, &["symbolic-ref", "HEAD", &format!("refs/heads/{name}")]);
        git(&folder, &["read-tree", "--empty"]);
        git(&folder, &["add", "-A", "-f", "."]);
        git(&folder, &["commit", "-q", "-m", &message]);
    }
}
