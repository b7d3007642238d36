//! `assize report --public` and `--check-public`, as whole commands, on synthetic sessions; and reports into which something was
//! planted that must not be shared.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic as tests do")]

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::LazyLock;

use assert_cmd::Command;
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A run on synthetic sessions with its ordinary and its public report, made once; tests change copies.
static MADE: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = assize(folder.path(), args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", printed(&output));
    };
    run(&["simulate", "--sessions", "240", "--seed", "5", "--detail", "short", "--out", "made"]);
    run(&["ingest", "made/projects", "--into", "datasets/made"]);
    fs_err::write(folder.path().join("made.yaml"), EXPERIMENT).unwrap();
    run(&["run", "made.yaml"]);
    run(&["report", "public-made", "--gold", "made/ratings.csv", "--reference", "simulated-a", "--into", "ordinary"]);
    run(&[
        "report",
        "public-made",
        "--gold",
        "made/ratings.csv",
        "--reference",
        "simulated-a",
        "--public",
        "--into",
        "shared",
    ]);
    folder
});

const EXPERIMENT: &str = "{name: public-made, corpus: datasets/made, rubrics: [work_mode, outcome, success_signal, codebase_context, decisions], \
    judges: [{model: baseline/rules, name: our-own-name-of-it}], data_label: synthetic}";

fn assize(folder: &Path, args: &[&str]) -> Output {
    Command::cargo_bin("assize").unwrap().current_dir(folder).args(args).output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Checks `given`, against the run where `with_run`; the exit code and what was printed.
fn check(given: &Path, with_run: bool) -> (i32, String) {
    let given = given.to_str().unwrap();
    let mut args = vec!["report", "--check-public", given, "--format", "csv"];
    args.extend(with_run.then_some("public-made"));
    let output = assize(MADE.path(), &args);
    (output.status.code().unwrap(), printed(&output))
}

/// The file `name` of the public report, changed, in a folder of its own.
fn changed(name: &str, change: impl FnOnce(&str) -> String) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let text = fs_err::read_to_string(MADE.path().join("shared").join(name)).unwrap();
    let path = folder.path().join(Path::new(name).file_name().unwrap());
    let new = change(&text);
    assert_ne!(text, new, "nothing was planted");
    fs_err::write(&path, new).unwrap();
    (folder, path)
}

/// The JSON form, changed.
fn changed_json(change: impl FnOnce(&mut Value)) -> (TempDir, PathBuf) {
    changed("report.json", |text| {
        let mut report: Value = serde_json::from_str(text).unwrap();
        change(&mut report);
        serde_json::to_string_pretty(&report).unwrap() + "\n"
    })
}

/// The table `id` of a report.
fn table<'a>(report: &'a mut Value, id: &str) -> &'a mut Value {
    report["tables"].as_array_mut().unwrap().iter_mut().find(|table| table["id"] == id).unwrap()
}

/// A cell of a table that is not withheld and has a share.
fn shown<'a>(report: &'a mut Value, id: &str) -> &'a mut Value {
    let cells = table(report, id)["panels"][0]["cells"].as_array_mut().unwrap();
    cells.iter_mut().find(|cell| cell["raw"].is_object() && cell["count"].as_u64() > Some(0)).unwrap()
}

/// The id, the file and a long prompt of one of the sessions.
fn a_session() -> (String, String) {
    let folders = fs_err::read_dir(MADE.path().join("made/projects")).unwrap().map(|entry| entry.unwrap().path());
    let files = folders
        .flat_map(|folder| fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>());
    for file in files {
        let text = fs_err::read_to_string(&file).unwrap();
        for line in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
            let prompt = line["message"]["content"].as_str().unwrap_or_default();
            if line["type"] == "user"
                && prompt.split(' ').count() >= 8
                && !prompt.contains('<')
                && !prompt.contains('"')
            {
                let id = file.file_stem().unwrap().to_str().unwrap().to_owned();
                return (id, prompt.lines().next().unwrap().to_owned());
            }
        }
    }
    panic!("no session has a long prompt");
}

#[test]
fn a_public_report_is_proven_whole_and_file_by_file() {
    let shared = MADE.path().join("shared");
    for with_run in [false, true] {
        assert_eq!(check(&shared, with_run), (0, "file,place,what\n".to_owned()));
    }
    for name in ["report.html", "report.md", "report.json", "tables/figure_1.csv", "tables/agreement_work_mode.csv"] {
        for with_run in [false, true] {
            assert_eq!(check(&shared.join(name), with_run), (0, "file,place,what\n".to_owned()), "{name}");
        }
    }
    let said = printed(&assize(MADE.path(), &["report", "--check-public", "shared", "datasets/made"]));
    assert!(said.contains("held against the text and names of 240 sessions"), "{said}");
    let alone = printed(&assize(MADE.path(), &["report", "--check-public", "shared"]));
    assert!(alone.contains("by structure alone"), "{alone}");
}

#[test]
fn it_holds_numbers_and_no_name_of_anything() {
    let read = |name: &str| fs_err::read_to_string(MADE.path().join("shared").join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    let cells: Vec<&Value> = report["tables"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|table| table["panels"].as_array().unwrap())
        .flat_map(|panel| panel["cells"].as_array().unwrap())
        .collect();
    let withheld = cells.iter().filter(|cell| cell["withheld"].is_string()).count();
    assert!(withheld > 20 && withheld < cells.len() - 40, "{withheld} of {}", cells.len());
    assert!(cells.iter().any(|cell| cell["corrected"].is_object()) && report["corrected"] == true);
    let (id, prompt) = a_session();
    for name in ["report.html", "report.md", "report.json", "tables/figure_1.csv"] {
        let text = read(name);
        for private in [&id, &prompt, "public-made", "our-own-name-of-it", "simulated-a", "datasets"] {
            assert!(!text.contains(private), "{name}: {private}");
        }
        assert!(text.contains("synthetic") && text.contains("judge 1"), "{name}");
    }
    assert!(read("report.html").contains("not an LLM: rule-based floor"));
}

#[test]
fn values_of_answers_are_shared_in_two_digits_and_proven() {
    let path = MADE.path().join("shared/tables/values_decisions.csv");
    assert_eq!(check(&path, true), (0, "file,place,what\n".to_owned()));
    let text = fs_err::read_to_string(&path).unwrap();
    for measure in ["\"items a session, mean\"", "\"share of items, by agent\"", "\"share of items, type planning\""] {
        assert!(text.contains(measure), "{measure}: {text}");
    }
    let (_folder, path) = changed_json(|report| {
        table(report, "values_decisions")["panels"][0]["cells"][0]["raw"] = json!({"value": 7.123});
    });
    let (code, said) = check(&path, false);
    assert!(code == 1 && said.contains("an exact number: 7.123"), "{said}");
}

#[test]
fn an_ordinary_report_fails() {
    for (name, what) in [
        ("report.html", "carries no public data"),
        ("report.md", "carries no public data"),
        ("tables/figure_1.csv", "not the columns of a public table"),
    ] {
        let (code, said) = check(&MADE.path().join("ordinary").join(name), false);
        assert_eq!(code, 1, "{name}: {said}");
        assert!(said.contains(what), "{name}: {said}");
    }
    let (_, said) = check(&MADE.path().join("ordinary"), true);
    assert!(said.contains("a hexadecimal id") && said.contains("the name of a run or corpus"), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let args = ["report", "public-made", "--format", "json", "--into", "ordinary"];
    fs_err::write(&path, assize(MADE.path(), &args).stdout).unwrap();
    assert_eq!(check(&path, false).0, 1, "JSON of an ordinary report");
}

#[rstest]
#[case::page("report.html", "<footer>")]
#[case::text("report.md", "- sessions judged")]
fn a_session_id_is_found_in_page_and_text(#[case] name: &str, #[case] before: &str) {
    let id = a_session().0;
    let (_folder, path) = changed(name, |text| text.replacen(before, &format!("{id}\n{before}"), 1));
    let line = 1 + fs_err::read_to_string(&path).unwrap().lines().position(|line| line.contains(&id)).unwrap();
    let (code, said) = check(&path, true);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(&format!("line {line},a session id: {id}")), "{said}");
    assert!(said.contains(&format!("line {line},not what the report's numbers give")), "{said}");
    assert_eq!(check(&path, false).0, 1, "without the run too");
}

#[test]
fn a_sentence_of_a_prompt_is_found_in_every_form() {
    let (id, prompt) = a_session();
    let quoted = |prompt: &str| format!("\"{}\"", prompt.replace('"', "\"\""));
    let json = changed_json(|report| shown(report, "figure_1")["group_title"] = json!(prompt));
    let csv = changed("tables/figure_1.csv", |text| text.replacen("Building something new", &quoted(&prompt), 1));
    let page = changed("report.html", |text| text.replacen("Building something new", &prompt, 1));
    for (_folder, path) in [json, csv, page] {
        let (code, said) = check(&path, true);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains(&format!("text of session {id}")), "{}: {said}", path.display());
        let (code, said) = check(&path, false);
        let structural = said.contains("not a phrase of assize") || said.contains("not what the report's numbers give");
        assert!(code == 1 && structural, "{}: {said}", path.display());
    }
}

#[rstest]
#[case::an_exact_count("sessions", json!(173), "an exact count: 173")]
#[case::a_small_cell("sessions", json!(10), "a small cell: 10, below 15")]
#[case::few_persons("persons", json!(3), "an exact count: 3")]
#[case::an_exact_share("raw", json!({"value": 0.137}), "an exact number: 0.137")]
#[case::a_share_of_exact_counts("raw", json!({"value": 0.99, "low": 0.9, "high": 1.0}), "an exact share: 0.99")]
#[case::a_count_as_what_was_published("published", json!(0.173), "0.173 was not published")]
#[case::an_unknown_key("note", json!("x"), "unknown field `note`")]
#[case::a_withheld_number("withheld", json!("small"), "a withheld cell has a number")]
fn numbers_that_tell_too_much_are_found(#[case] key: &str, #[case] value: Value, #[case] what: &str) {
    let (_folder, path) = changed_json(|report| shown(report, "figure_1")[key] = value);
    let (code, said) = check(&path, false);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(what), "{said}");
}

#[test]
fn a_cell_withheld_alone_and_a_small_other_side_are_found() {
    let (_folder, path) = changed_json(|report| {
        let cells = table(report, "by_month")["panels"][0]["cells"].as_array_mut().unwrap();
        let measure = cells.iter().find(|cell| cell["withheld"].is_string()).unwrap()["measure"].clone();
        let hidden = cells.iter_mut().filter(|cell| cell["measure"] == measure && cell["withheld"].is_string());
        for cell in hidden.skip(1) {
            cell.as_object_mut().unwrap().remove("withheld");
            cell["sessions"] = json!(40);
        }
    });
    assert!(check(&path, false).1.contains("withheld alone"));
    let (_folder, path) = changed_json(|report| {
        let cell = shown(report, "table_2");
        cell["count"] = json!(cell["sessions"].as_u64().unwrap() - 5);
    });
    assert!(check(&path, false).1.contains("a small cell on the other side: 5 of"));
}

#[test]
fn tables_are_held_against_the_report_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::copy(MADE.path().join("shared/report.json"), folder.path().join("report.json")).unwrap();
    let table = fs_err::read_to_string(MADE.path().join("shared/tables/figure_1.csv")).unwrap();
    let swapped = table.lines().filter(|line| !line.contains(",build,")).collect::<Vec<_>>().join("\n") + "\n";
    fs_err::write(folder.path().join("figure_1.csv"), swapped).unwrap();
    fs_err::write(folder.path().join("notes.txt"), "x").unwrap();
    let (code, said) = check(folder.path(), false);
    assert!(code == 1 && said.contains("figure_1.csv") && said.contains("notes.txt,file,"), "{said}");
}

#[test]
fn floors_too_low_and_the_runs_own_folder_are_refused() {
    let output = assize(MADE.path(), &["report", "public-made", "--public", "--min-sessions", "2"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(printed(&output).contains("floors cannot be lower"), "{}", printed(&output));
    let run = fs_err::read_dir(MADE.path().join("results")).unwrap().map(|entry| entry.unwrap().path());
    let run = run.filter(|path| path.join("run.json").exists()).last().unwrap();
    let output = assize(MADE.path(), &["report", "public-made", "--public", "--into", run.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(printed(&output).contains("the folder of a run"), "{}", printed(&output));
}
