//! `assize init`, and the built-in experiments below any folder.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The files of the project's folders that are built in: all of them.
fn built_in() -> Vec<String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |folder: &'static str, ending: &'static str| {
        let names = fs_err::read_dir(own.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap()).filter(move |name| name.ends_with(ending));
        names.map(move |name| format!("{folder}/{name}"))
    };
    files("experiments", ".yaml").chain(files("rubrics", ".yaml")).chain(files("prompts", ".j2")).collect()
}

/// A working folder of its own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }
    fn assize(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_assize")).args(args).current_dir(self.0.path()).output().unwrap()
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn what_is_built_in_is_copied_once_and_never_over_a_file_of_the_person() {
    let project = Folder::new();
    fs_err::create_dir(project.path("rubrics")).unwrap();
    fs_err::write(project.path("rubrics/outcome.yaml"), "mine").unwrap();
    let first = project.assize(&["init"]);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    let text = String::from_utf8(first.stdout).unwrap();
    let written = built_in();
    assert!(written.len() > 20, "{written:?}");
    for name in &written {
        let what = if name == "rubrics/outcome.yaml" { "kept" } else { "wrote" };
        assert!(text.contains(&format!("{what} {name}\n")), "{text}");
    }
    assert_eq!(fs_err::read_to_string(project.path("rubrics/outcome.yaml")).unwrap(), "mine");
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in written.iter().filter(|name| *name != "rubrics/outcome.yaml") {
        assert_eq!(fs_err::read(project.path(name)).unwrap(), fs_err::read(own.join(name)).unwrap(), "{name}");
    }
    let again = project.assize(&["init"]);
    assert_eq!(String::from_utf8_lossy(&again.stdout).matches("kept ").count(), written.len());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let project = Folder::new();
    fs_err::write(project.path("experiments"), "a file, not a folder").unwrap();
    let output = project.assize(&["init"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("experiments"), "{}", said(&output));
}

#[test]
fn a_built_in_experiment_runs_from_any_folder_and_a_file_of_the_same_name_wins() {
    let project = Folder::new();
    let made = project.assize(&["simulate", "--sessions", "8", "--seed", "1", "--out", "raw"]);
    assert!(made.status.success(), "{}", said(&made));
    let read = project.assize(&["ingest", "raw/projects", "--into", "datasets/mine"]);
    assert!(read.status.success(), "{}", said(&read));
    let run = |path: &str| project.assize(&["run", path]);
    let output = run("experiments/baseline.yaml");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("run baseline-") && said(&output).contains("72 units"), "{}", said(&output));

    fs_err::create_dir(project.path("experiments")).unwrap();
    let own = "name: own\ncorpus: datasets/mine\nrubrics: [outcome]\njudges: [{model: baseline/rules}]\n";
    fs_err::write(project.path("experiments/baseline.yaml"), own).unwrap();
    let output = run("./experiments/baseline.yaml");
    assert!(said(&output).contains("run own-") && said(&output).contains("8 units"), "{}", said(&output));

    let missing = run("experiments/other.yaml");
    assert_eq!(missing.status.code(), Some(3));
    let text = said(&missing);
    assert!(text.contains("experiments/other.yaml") && text.contains("assize init"), "{text}");
}
