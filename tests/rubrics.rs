//! The built-in rubrics as a judge sees them, `assize schema`, and the worked example of docs/adding-a-rubric.md.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends with the first surprise")]

use std::path::Path;

use assert_cmd::Command;
use assize::prompt::{Extras, Prompt, Template};
use assize::rubric::{self, BUILT_IN};
use assize::session::{Action, ActionStatus, Format, Note, PromptKind, Scope, Session, Step, Turn};
use assize::verdict::Reader;
use assize::view::{self, ViewSpec};
use predicates::prelude::*;
use serde_json::{Value, json};

fn session() -> Session {
    let act = |tool: &str, input: Value, result: &str, status| {
        Step::Act(Action { result: result.to_owned(), status, ..Action::new("1".to_owned(), tool.to_owned(), input) })
    };
    let turn = |number, kind, prompt: &str, steps| Turn { steps, ..Turn::new(number, kind, prompt.to_owned(), None) };
    Session {
        scope: Scope::Interactive,
        turns: vec![
            turn(
                1,
                PromptKind::Typed,
                "The CSV reader drops the last row when the file has no final newline.",
                vec![
                    Step::Say("I will reproduce it first.".to_owned()),
                    act("Bash", json!({"command": "cargo test csv"}), "test last_row ... FAILED", ActionStatus::Error),
                    act(
                        "Edit",
                        json!({"file_path": "src/csv.rs", "new_string": "self.flush_row();"}),
                        "",
                        ActionStatus::Done,
                    ),
                    Step::Note(Note::Interrupted),
                ],
            ),
            turn(
                2,
                PromptKind::Queued,
                "Mind quoted fields: a newline inside quotes must not end the row.",
                vec![
                    act("Bash", json!({"command": "cargo test csv"}), "12 passed", ActionStatus::Done),
                    Step::Say("Both cases pass now.".to_owned()),
                ],
            ),
        ],
        ..Session::new("small".to_owned(), "small.jsonl".to_owned(), Format::ClaudeCode)
    }
}

fn prompt(rubric: &str, folder: &Path) -> Prompt {
    let rubric = rubric::load(rubric, folder).unwrap();
    let view = view::render(&session(), &ViewSpec::default());
    Template::load(&rubric.prompt, folder)
        .unwrap()
        .render(&rubric, &view.text, &view.nonce, &Extras::default())
        .unwrap()
}

#[test]
fn prompts_of_the_built_in_rubrics() {
    let nowhere = Path::new("/nowhere");
    let first = prompt(BUILT_IN[0], nowhere);
    insta::assert_snapshot!("prompt_system", first.system);
    insta::assert_snapshot!("prompt_session", first.session);
    for name in BUILT_IN {
        let prompt = prompt(name, nowhere);
        insta::assert_snapshot!(format!("prompt_question_{name}"), prompt.question);
        // What comes first is shared by all rubrics, so that providers can cache it.
        assert_eq!((&prompt.system, &prompt.session), (&first.system, &first.session));
    }
}

#[test]
fn no_published_share_reaches_a_judge() {
    for name in BUILT_IN {
        let rubric = rubric::load(name, Path::new("/nowhere")).unwrap();
        let prompt = prompt(name, Path::new("/nowhere"));
        let text = [prompt.system, prompt.session, prompt.question].concat();
        for published in rubric.answer.options.iter().filter_map(|option| option.published) {
            assert!(!text.contains(&format!("{}%", published.percent)) && !text.contains("published"), "{name}");
        }
    }
}

#[test]
fn the_hash_follows_content_and_not_layout() {
    let rubric = rubric::load("outcome", Path::new("/nowhere")).unwrap();
    let mut changed = rubric.clone();
    changed.tie_breaks.pop();
    assert_eq!(rubric.hash(), rubric.clone().hash());
    assert_eq!(rubric.hash().len(), 64);
    assert_ne!(rubric.hash(), changed.hash());
}

#[test]
fn published_shares_of_the_whole_scale_sum_to_a_hundred() {
    for name in ["work_mode", "expertise"] {
        let rubric = rubric::load(name, Path::new("/nowhere")).unwrap();
        let sum: f64 = rubric.answer.options.iter().map(|option| option.published.unwrap().percent).sum();
        assert!((sum - 100.0).abs() < 0.5, "{name}: {sum}");
    }
}

#[test]
fn every_built_in_rubric_has_a_card() {
    let page = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rubrics.md")).unwrap();
    let cards: Vec<&str> = page.split("\n## ").skip(1).collect();
    let heading = |card: &&str| card.lines().next().and_then(|line| line.split('`').nth(1)).map(str::to_owned);
    let names: Vec<String> = cards.iter().filter_map(heading).collect();
    assert_eq!(names, BUILT_IN, "one card each, in the order of the rubrics");
    for card in cards.iter().filter(|card| heading(card).is_some()) {
        for part in ["Source", "Stated", "Ours", "Contradictions and gaps", "What was learned", "baseline/rules"] {
            assert!(card.contains(&format!("- **{part}**")), "no {part} in the card {:?}", heading(card));
        }
    }
}

#[test]
fn both_occupation_rubrics_have_the_same_groups() {
    let load = |name| rubric::load(name, Path::new("/nowhere")).unwrap();
    let (user, work) = (load("occupation_user"), load("occupation_work"));
    assert_eq!((user.labels(), user.labels().len()), (work.labels(), 23));
    assert_eq!((user.abstain_id(), work.abstain_id()), (Some("unclear"), None));
    assert_eq!(load("success_signal").labels(), ["none", "1", "2", "3", "4", "5"]);
    assert_eq!(load("failure_signal").labels(), ["none", "1", "2", "3", "4", "5"]);
    for name in ["success_signal", "failure_signal", "codebase_context"] {
        assert_eq!(load(name).abstain_id(), None, "{name}");
    }
}

fn assize(folder: &Path, args: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("assize").unwrap().current_dir(folder).args(args).assert()
}

#[test]
fn a_rubric_that_cannot_be_used_ends_with_code_3_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    assize(folder.path(), &["schema", "work_mod"])
        .code(3)
        .stderr(predicate::str::contains("did you mean `work_mode`?"));
    fs_err::create_dir(folder.path().join("rubrics")).unwrap();
    fs_err::write(folder.path().join("rubrics/mood.yaml"), "name: mood\nversoin: 1\n").unwrap();
    assize(folder.path(), &["schema", "mood"])
        .code(3)
        .stdout("")
        .stderr(predicate::str::contains("rubrics/mood.yaml: line 2: unknown key `versoin`; did you mean `version`?"));
}

/// The fenced block of docs/adding-a-rubric.md that follows the line `marker`.
fn example(marker: &str) -> String {
    let docs = fs_err::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/adding-a-rubric.md")).unwrap();
    let after = docs.split_once(marker).unwrap_or_else(|| panic!("{marker} is missing")).1;
    let block = after.split_once("```").unwrap().1.split_once('\n').unwrap().1;
    block.split_once("```").unwrap().0.to_owned()
}

#[test]
fn the_worked_example_works() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join("rubrics")).unwrap();
    fs_err::write(folder.path().join("rubrics/pushback.yaml"), example("`rubrics/pushback.yaml`:")).unwrap();
    let output = assize(folder.path(), &["schema", "pushback", "--for", "anthropic"]).success();
    assert_eq!(
        String::from_utf8_lossy(&output.get_output().stdout),
        example("assize schema pushback --for anthropic` prints")
    );
    let question = prompt("pushback", folder.path()).question;
    assert!(question.contains(example("The judge then reads").trim()), "{question}");
    let rubric = rubric::load("pushback", folder.path()).unwrap();
    let answer = example("A judge may answer");
    let reading = Reader::new(&rubric).unwrap().read(&answer).unwrap();
    assert_eq!(reading.outcome.label(), Some("once"));
}

/// What `assize show --rubric` says about a faulty rubric or template in the working folder.
fn fault(rubric: &str, template: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["raw", "rubrics", "prompts"] {
        fs_err::create_dir(path(name)).unwrap();
    }
    let record = r#"{"type":"user","uuid":"u1","sessionId":"s1","message":{"role":"user","content":"hi"}}"#;
    fs_err::write(path("raw/s1.jsonl"), record).unwrap();
    fs_err::write(path("rubrics/mood.yaml"), rubric).unwrap();
    fs_err::write(path("prompts/mood.j2"), template).unwrap();
    let assize = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("assize").unwrap();
        command.current_dir(folder.path()).args(arguments).output().unwrap()
    };
    assert!(assize(&["ingest", "raw", "--into", "own"]).status.success());
    let shown = assize(&["show", "own", "s1", "--rubric", "mood"]);
    assert_eq!(shown.status.code(), Some(3));
    assert!(shown.stdout.is_empty(), "nothing that looks like a prompt is printed");
    String::from_utf8(shown.stderr).unwrap()
}

#[test]
fn a_faulty_rubric_or_template_says_what_to_do_next() {
    let sound = "name: mood\nversion: 1\ntitle: Mood\nquestion: How?\nanswer:\n  kind: choice\n  options:\n    \
        - {id: glad, title: Glad, definition: It worked.}\n    - {id: sad, title: Sad, definition: It did not.}\n\
        prompt: prompts/mood.j2\n";
    let blocks = "{% block session %}{% endblock %}{% block question %}{% endblock %}";
    let looped = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let template = format!("{blocks}{{% block system %}}x{{% endblock %}}");
    for (rubric, template, said) in [
        (sound.replace("title: Mood", "titel: Mood"), template.clone(), "unknown key `titel`; did you mean `title`?"),
        (sound.replace("id: sad", "id: Glad"), template.clone(), "the id `Glad` occurs twice"),
        (sound.replace("mood.j2", "gone.j2"), template.clone(), "prompts/gone.j2, and none built in under that name"),
        (sound.to_owned(), format!("{blocks}{{% block system %}}{looped}{{% endblock %}}"), "does a loop never end?"),
        (
            sound.to_owned(),
            format!("{blocks}\n{{% block system %}}{{{{ sesion.text }}}}{{% endblock %}}"),
            "line 2: an undefined variable is read in",
        ),
    ] {
        let error = fault(&rubric, &template);
        assert!(error.starts_with("error: ") && error.contains(said), "{error}");
    }
}
