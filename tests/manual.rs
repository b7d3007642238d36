//! `manual/FOLDER`: prompts out, answers in, wrong ones named and left, nothing lost.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "the fake server is for tests of servers")]
mod project;

use std::path::PathBuf;
use std::process::Output;

use project::{Project, said};

fn project(sessions: usize) -> Project {
    let project = Project::with_sessions(sessions);
    project.experiment("manual/desk", "concurrency: 2");
    project
}

fn run(project: &Project) -> Output {
    project.assize(&["run", "experiment.yaml"], None).output().unwrap()
}

/// Files of the desk with this ending, sorted.
fn files(project: &Project, ending: &str) -> Vec<PathBuf> {
    let files = fs_err::read_dir(project.path("desk")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.to_str().unwrap().ends_with(ending)).collect();
    files.sort();
    files
}

/// Where the answer to a prompt goes.
fn answer(prompt: &std::path::Path, ending: &str) -> PathBuf {
    prompt.to_str().unwrap().replace(".prompt.md", ending).into()
}

#[test]
fn prompts_go_out_and_answers_come_in() {
    let project = project(3);
    let output = run(&project);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("answers are awaited: ./desk/index.csv lists the prompts"), "{}", said(&output));
    assert!(said(&output).contains("3 units wait for an answer"), "{}", said(&output));
    let prompts = files(&project, ".prompt.md");
    assert_eq!(prompts.len(), 3);
    let text = fs_err::read_to_string(&prompts[0]).unwrap();
    assert!(text.contains("Please repair part number 0") && text.contains("JSON Schema"), "{text}");
    let index = fs_err::read_to_string(project.path("desk/index.csv")).unwrap();
    assert_eq!(index.lines().next(), Some("prompt,answer,session,rubric,replicate"));
    assert_eq!(index.lines().count(), 4);
    assert!(index.contains(",session-001,mood,1"), "{index}");

    fs_err::write(answer(&prompts[0], ".answer.json"), r#"{"label": "glad"}"#).unwrap();
    fs_err::write(answer(&prompts[1], ".answer.txt"), "Sad\nIt did not work.\n").unwrap();
    fs_err::write(answer(&prompts[2], ".answer.txt"), "").unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(2), "an empty file is no answer yet: {}", said(&output));
    assert!(said(&output).contains("1 units wait"), "{}", said(&output));

    fs_err::write(answer(&prompts[2], ".answer.md"), "```json\n{\"label\": \"sad\"}\n```").unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let ratings = fs_err::read_to_string(project.run_folder().join("ratings.csv")).unwrap();
    let labels: Vec<&str> = ratings.lines().skip(1).map(|row| row.split(',').nth(2).unwrap()).collect();
    assert_eq!(labels, ["glad", "sad", "sad"]);
    assert_eq!(fs_err::read_to_string(project.path("desk/index.csv")).unwrap(), index, "no prompt is listed twice");
}

#[test]
fn a_wrong_answer_is_named_as_often_as_needed_and_stays_as_it_is() {
    let project = project(1);
    run(&project);
    let prompt = files(&project, ".prompt.md").remove(0);
    let file = answer(&prompt, ".answer.json");
    for (wrong, reason) in [
        (r#"{"label": "merry"}"#, "it must be one of"),
        (r#"{"label": "glad""#, "no complete JSON object"),
        (r#"{"label": "glad", "label": "sad"}"#, "occurs twice"),
    ] {
        fs_err::write(&file, wrong).unwrap();
        let output = run(&project);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(said(&output).contains(name) && said(&output).contains(reason), "{}", said(&output));
        assert_eq!(fs_err::read_to_string(&file).unwrap(), wrong);
        assert!(fs_err::read_to_string(answer(&prompt, ".wrong.txt")).unwrap().contains(reason));
    }
    fs_err::write(answer(&prompt, ".answer.txt"), "glad").unwrap();
    assert!(said(&run(&project)).contains("both answer: leave one"));

    fs_err::remove_file(&file).unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(files(&project, ".wrong.txt").is_empty(), "nothing is wrong any more");
}

#[test]
fn a_changed_rubric_makes_new_prompts_and_leaves_the_old_answers() {
    let project = project(1);
    run(&project);
    let old = files(&project, ".prompt.md").remove(0);
    fs_err::write(answer(&old, ".answer.txt"), "glad").unwrap();
    let rubric = fs_err::read_to_string(project.path("rubrics/mood.yaml")).unwrap();
    fs_err::write(project.path("rubrics/mood.yaml"), rubric.replace("at the end?", "on the whole?")).unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(2), "an answer to another question is none: {}", said(&output));
    assert_eq!(files(&project, ".prompt.md").len(), 2);
    assert_eq!(fs_err::read_to_string(answer(&old, ".answer.txt")).unwrap(), "glad");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let project = project(1);
    fs_err::write(project.path("desk"), "a file").unwrap();
    let output = run(&project);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("desk"), "{}", said(&output));
}
