//! `assize demo`, `assize report` and `assize agree` on what they made, as whole commands.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use assert_cmd::Command;
use rstest::rstest;
use serde_json::Value;
use tempfile::TempDir;

/// Where the demo has run once, and what it printed; tests read it and write elsewhere.
static DEMO: LazyLock<(TempDir, Output)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let output = assize(folder.path(), &["demo"]);
    (folder, output)
});

fn assize(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("assize").unwrap().current_dir(folder).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Asserts that `output` ended with 0, and gives what it printed.
fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(output), stderr(output));
    stdout(output)
}

/// The page that a command says it wrote.
fn page(printed: &str) -> &str {
    printed.lines().last().unwrap().strip_prefix("report: ").unwrap()
}

/// A folder with ten simulated sessions in `made`.
fn simulated() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    done(&assize(folder.path(), &["simulate", "--sessions", "10", "--seed", "3", "--out", "made"]));
    folder
}

/// The demo's folder, its run, and the ratings of its simulated raters.
fn demo() -> (&'static Path, String, String) {
    let page = PathBuf::from(page(&done(&DEMO.1)));
    let run = page.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    (DEMO.0.path(), run, format!("results/demo/{}/sessions/ratings.csv", env!("CARGO_PKG_VERSION")))
}

#[test]
fn the_demo_ends_in_a_report_of_synthetic_data() {
    let (folder, _, _) = demo();
    let printed = stdout(&DEMO.1);
    insta::with_settings!({filters => vec![(r"demo-[0-9a-f]{8}", "demo-[id]")]}, {
        insta::assert_snapshot!("demo_summary", printed);
    });
    let written: Vec<_> = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(written, ["results"], "the demo writes nowhere else");
    let html = fs_err::read_to_string(folder.join(page(&printed))).unwrap();
    for outside in ["http://", "https://", "<script", "<link", "src=", "url(", "@import"] {
        assert!(!html.contains(outside), "the page is alone in the world, but for {outside}");
    }
    let sections: Vec<&str> = html.split("<h2>").skip(1).collect();
    assert_eq!(sections.len(), 9);
    for numbers in &sections[..7] {
        assert!(numbers.lines().next().unwrap().contains("synthetic"), "{}", numbers.lines().next().unwrap());
    }
    let text = fs_err::read_to_string(folder.join(page(&printed)).with_extension("md")).unwrap();
    for form in [&html, &text, &printed] {
        for claim in ["human label", "human rater", "gold label", "annotator"] {
            assert!(!form.to_lowercase().contains(claim), "simulated raters are not called {claim}");
        }
        assert!(form.contains("raw") && form.contains("corrected") && form.contains("simulated rater"));
        assert!(!form.contains("NaN"));
    }
}

#[test]
fn the_demo_runs_again_without_a_call_and_to_the_same_byte() {
    let (folder, _, _) = demo();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(folder, copy.path());
    let files = |folder: &Path| {
        let run = folder.join(page(&stdout(&DEMO.1))).parent().unwrap().to_owned();
        ["report.html", "report.md", "tables/shares.csv", "tables/agreement.csv", "ratings.csv", "run.json"]
            .map(|name| fs_err::read_to_string(run.join(name)).unwrap())
    };
    let again = assize(copy.path(), &["demo"]);
    assert_eq!(done(&again), stdout(&DEMO.1));
    assert!(stderr(&again).contains("960 units, 960 of them recorded before"), "{}", stderr(&again));
    assert_eq!(files(copy.path()), files(folder));
}

fn copy_folder(from: &Path, to: &Path) {
    fs_err::create_dir_all(to).unwrap();
    for entry in fs_err::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs_err::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_run_is_reported_by_name_beginning_and_folder() {
    let (folder, run, ratings) = demo();
    let report = |target: &str, into: &str| {
        let printed = done(&assize(
            folder,
            &["report", target, "--gold", &ratings, "--reference", "simulated-a", "--into", into],
        ));
        assert_eq!(page(&printed), format!("{into}/report.html"));
        fs_err::read_to_string(folder.join(page(&printed))).unwrap()
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let into = |name: &str| elsewhere.path().join(name).display().to_string();
    let by_name = report(&run, &into("name"));
    assert_eq!(by_name, fs_err::read_to_string(folder.join(page(&stdout(&DEMO.1)))).unwrap());
    assert_eq!(report("demo-", &into("beginning")), by_name);
    assert_eq!(report(&format!("results/{run}"), &into("folder")), by_name);
}

#[test]
fn without_labels_the_report_says_that_nobody_checked_the_judge() {
    let (folder, run, _) = demo();
    let into = tempfile::tempdir().unwrap();
    let args = ["report", &run, "--into", into.path().to_str().unwrap(), "--format", "json"];
    let report: Value = serde_json::from_str(&done(&assize(folder, &args))).unwrap();
    assert_eq!((&report["version"], &report["data_label"]), (&2.into(), &"synthetic".into()));
    assert_eq!((&report["reference"], &report["rubrics"][0]["agreement"]), (&Value::Null, &Value::Null));
    let text = fs_err::read_to_string(into.path().join("report.md")).unwrap();
    assert!(text.contains("One judge and no other rater: nothing here says whether a judge is right."), "{text}");
}

#[rstest]
#[case::passes("kappa=0.02", 0, "gate pass")]
#[case::fails("kappa=0.7", 1, "gate fail")]
#[case::is_inconclusive("kappa=0.4", 2, "gate inconclusive")]
fn a_run_passes_fails_or_leaves_open_a_gate(#[case] gate: &str, #[case] code: i32, #[case] expected: &str) {
    let (folder, run, ratings) = demo();
    let output = assize(folder, &["agree", &run, "--gold", &ratings, "--rubric", "work_mode", "--min", gate]);
    assert_eq!(output.status.code(), Some(code), "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    assert!(text.contains(expected) && text.contains("simulated-a - baseline/rules"), "{text}");
    assert!(!["person", "people", "human", "gold"].iter().any(|word| text.contains(word)), "{text}");
}

#[test]
fn a_folder_that_was_simulated_is_reported_as_synthetic() {
    let folder = simulated();
    let args = ["report", "made/projects", "--judge", "baseline/rules", "--into", "out"];
    let printed = done(&assize(folder.path(), &args));
    assert_eq!(page(&printed), "out/report.html");
    assert!(printed.contains("[synthetic data]"), "{printed}");
    for file in ["out/report.html", "out/report.md"] {
        assert!(fs_err::read_to_string(folder.path().join(file)).unwrap().contains("made from synthetic data"));
    }
    let shares = fs_err::read_to_string(folder.path().join("out/tables/shares.csv")).unwrap();
    assert!(shares.lines().skip(1).all(|row| row.starts_with("synthetic,")), "{shares}");
}

#[test]
fn labels_that_match_no_session_are_counted_and_labels_on_other_rubrics_told() {
    let folder = simulated();
    let made = fs_err::read_to_string(folder.path().join("made/ratings.csv")).unwrap();
    let labels =
        format!("{made}nowhere,simulated-a,fix,work_mode,p,synthetic\nnowhere,simulated-a,4,pushback,p,synthetic\n");
    fs_err::write(folder.path().join("labels.csv"), labels).unwrap();
    let printed = done(&assize(folder.path(), &["report", "made/projects", "--gold", "labels.csv", "--into", "out"]));
    assert!(printed.contains("simulated-a (simulated rater)"), "{printed}");
    let text = fs_err::read_to_string(folder.path().join("out/report.md")).unwrap();
    assert!(text.contains("11 labelled items, of which 1 are no judged session."), "{text}");
    assert!(text.contains("1 labels are on rubrics that the run does not have and are not used."), "{text}");
}

#[test]
fn what_cannot_be_reported_ends_with_three_and_says_why() {
    let folder = simulated();
    fs_err::create_dir(folder.path().join("empty")).unwrap();
    fs_err::write(folder.path().join("labels.csv"), "item,rater,label,rubric\nnowhere,ann,fix,work_mode\n").unwrap();
    for (args, expected) in [
        (&["report", "nothing-here"][..], "nothing-here"),
        (&["report", "empty"], "empty"),
        (&["report", "made/projects", "--gold", "labels.csv"], "none of its 1 items is a known session"),
        (&["report", "made/projects", "--gold", "missing.csv"], "missing.csv"),
        (&["report", "made/projects", "--gold", "made/README.md"], "made/README.md"),
        (&["report", "made/projects", "--judge", "nobody/nothing"], "nobody"),
    ] {
        let output = assize(folder.path(), args);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {}{}", stdout(&output), stderr(&output));
        assert!(stderr(&output).contains("error: ") && stderr(&output).contains(expected), "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "{args:?}: {}", stdout(&output));
    }
}
