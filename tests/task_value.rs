//! Rubrics that need the verdicts of others, and what a run makes of them: stages, resumption, missing verdicts, the holdout.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "other commands' tests need more of it")]
mod project;

use std::time::Duration;

use project::{Fake, Project, completion, said};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const CHAIN: &str = "\
name: chain
corpus: datasets/made
rubrics: [task_value, task_posting]
judges:
  - {model: openai/writer, rubrics: [task_posting]}
  - {model: openai/pricer, rubrics: [task_value], repeats: 2}
calibration: {file: datasets/synthetic-postings/postings.csv, per_tier: 3, holdout_per_tier: 2, seed: 1}
limits: {concurrency: 4, max_retries: 0}
";

fn chain(project: &Project, text: &str) {
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
}

/// Which part of a machine the prompt is about; none for postings of the calibration file.
fn part(body: &str) -> Option<usize> {
    let (_, rest) = body.rsplit_once("part number ")?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn posting(number: usize) -> Value {
    json!({"value": {"title": format!("Repair of part number {number}"), "description": "Please repair it.", "skills": ["a", "b", "c"]}})
}

/// Writes postings and prices them at a hundred dollars a part; `written` says what becomes of a part's posting.
fn server(body: &str, written: impl Fn(usize) -> ResponseTemplate) -> ResponseTemplate {
    let number = part(body).unwrap_or(1);
    if body.contains("\"model\":\"writer\"") {
        return written(number);
    }
    // The pricing prompt holds the posting, and nothing of the transcript.
    assert!(body.contains("You price postings") && !body.contains("session-0"), "{body}");
    completion(&json!({"reason": "Like the others.", "value": 100 * (number + 1)}).to_string())
}

fn verdicts(project: &Project) -> Vec<Value> {
    let text = fs_err::read_to_string(project.run_folder().join("verdicts.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_needed_comes_first_and_goes_into_the_prompt() {
    let project = Project::with_sessions(5);
    chain(&project, CHAIN);
    let fake =
        Fake::start(Duration::ZERO, |body| server(body, |number| completion(&posting(number).to_string()))).await;
    let output = project.run(&fake.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // Five postings, and two prices each.
    assert_eq!(fake.asked(), 15, "{}", said(&output));
    assert!(said(&output).contains("440 of 456 postings pass the filters"), "{}", said(&output));
    for number in 0..5 {
        let session = format!("session-{number:03}");
        let prices: Vec<Value> = (verdicts(&project).iter())
            .filter(|of| of["session"] == session && of["rubric"] == "task_value")
            .map(|of| of["outcome"]["value"]["value"].clone())
            .collect();
        assert_eq!(prices, [json!(100 * (number + 1)), json!(100 * (number + 1))], "{session}");
    }
    let ratings = fs_err::read_to_string(project.run_folder().join("ratings.csv")).unwrap();
    assert!(ratings.contains("session-001,openai/pricer,200,task_value,"), "{ratings}");
    assert!(ratings.contains(r#""{""title"":""Repair of part number 1"""#), "{ratings}");

    let again = project.run(&fake.url(), &[]);
    assert_eq!((again.status.code(), fake.asked()), (Some(0), 15), "{}", said(&again));
    let status = said(&project.assize(&["status"], None).output().unwrap());
    assert!(status.contains("done"), "{status}");

    // Numbers are compared at ratio level; postings cannot be, and that is said.
    let gold = "item,rater,label,rubric\nsession-000,gold,100,task_value\nsession-001,gold,250,task_value\nsession-002,gold,300,task_value\nsession-000,gold,x,task_posting\n";
    fs_err::write(project.path("gold.csv"), gold).unwrap();
    let agree = project.assize(&["agree", "chain", "--gold", "gold.csv"], None).output().unwrap();
    let agree = said(&agree);
    assert!(agree.contains("ratio level") && agree.contains("krippendorff_alpha"), "{agree}");
    assert!(agree.contains("task_posting") && agree.contains("cannot be compared as a whole"), "{agree}");
    let alone = project.assize(&["agree", "chain", "--gold", "gold.csv", "--rubric", "task_posting"], None);
    let alone = { alone }.output().unwrap();
    assert_eq!(alone.status.code(), Some(3), "{}", said(&alone));

    let report = project.assize(&["report", "chain"], None).output().unwrap();
    assert_eq!(report.status.code(), Some(0), "{}", said(&report));
    let text = fs_err::read_to_string(project.run_folder().join("report.md")).unwrap();
    assert!(text.contains("geometric mean") && text.contains("task value is an order"), "{text}");
    let values = fs_err::read_to_string(project.run_folder().join("tables/values.csv")).unwrap();
    assert!(values.contains("task_value,openai/pricer,,median,US dollars,300.0,"), "{values}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_posting_there_is_no_price_and_it_is_said_why() {
    let project = Project::with_sessions(4);
    chain(&project, CHAIN);
    let broken = |number: usize| match number {
        1 => completion("I would rather not."),
        2 => ResponseTemplate::new(500),
        _ => completion(&posting(number).to_string()),
    };
    let fake = Fake::start(Duration::ZERO, move |body| server(body, broken)).await;
    let output = project.run(&fake.url(), &[]);
    let priced = |project: &Project, number: usize| -> Vec<Value> {
        let session = format!("session-{number:03}");
        let own = |of: &Value| of["session"] == session && of["rubric"] == "task_value";
        verdicts(project).into_iter().filter(own).map(|of| of["outcome"].clone()).collect()
    };
    for (number, kind) in [(1, "invalid"), (2, "failed")] {
        for outcome in priced(&project, number) {
            assert_eq!(outcome["none"]["kind"], kind, "{outcome} {}", said(&output));
            let detail = outcome["none"]["detail"].as_str().unwrap();
            assert!(
                detail.starts_with(&format!("not asked: openai/writer gave no verdict on task_posting ({kind})")),
                "{detail}"
            );
        }
    }
    // What failed is asked again, and what hangs on it too; what was invalid stays so.
    let asked = fake.asked();
    let mended =
        Fake::start(Duration::ZERO, |body| server(body, |number| completion(&posting(number).to_string()))).await;
    fs_err::write(project.path("experiment.yaml"), CHAIN).unwrap();
    let again = project.run(&fake.url(), &[]);
    assert_eq!(fake.asked(), asked + 1, "{}", said(&again));
    drop(mended);
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_wait_for_postings_that_are_not_there_yet() {
    let project = Project::with_sessions(3);
    chain(&project, CHAIN);
    let fake =
        Fake::start(Duration::ZERO, |body| server(body, |number| completion(&posting(number).to_string()))).await;
    let early = project.run(&fake.url(), &["--rubric", "task_value"]);
    assert_eq!(fake.asked(), 0, "{}", said(&early));
    assert!(said(&early).contains("task_value: 6 units wait for verdicts that they need"), "{}", said(&early));
    project.run(&fake.url(), &["--judge", "openai/writer"]);
    assert_eq!(fake.asked(), 3);
    let estimate = said(&project.run(&fake.url(), &["--estimate"]));
    assert!(estimate.contains("task_value"), "{estimate}");
    let late = project.run(&fake.url(), &["--rubric", "task_value"]);
    assert_eq!((late.status.code(), fake.asked()), (Some(0), 9), "{}", said(&late));
    assert!(said(&project.assize(&["status"], None).output().unwrap()).contains("done"));
}

#[test]
fn what_cannot_be_a_chain_is_refused_before_anything_is_sent() {
    let project = Project::with_sessions(1);
    let error = |text: &str| {
        chain(&project, text);
        let output = project.assize(&["run", "experiment.yaml"], Some("http://127.0.0.1:9/v1")).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        said(&output)
    };
    let alone = CHAIN
        .replace("[task_value, task_posting]", "[task_value]")
        .replace("  - {model: openai/writer, rubrics: [task_posting]}\n", "");
    assert!(error(&alone).contains("task_value needs the verdicts of task_posting, which is not among"));
    let two = CHAIN.replace(
        "  - {model: openai/pricer",
        "  - {model: openai/other, rubrics: [task_posting]}\n  - {model: openai/pricer",
    );
    assert!(
        error(&two)
            .contains("openai/writer and openai/other answer that: add task_posting to the rubrics of openai/pricer")
    );
    let bare = CHAIN.lines().filter(|line| !line.starts_with("calibration")).collect::<Vec<_>>().join("\n");
    assert!(error(&bare).contains("add `calibration: {file: POSTINGS.csv, per_tier: 50, seed: 1}`"));
    assert!(
        error(&CHAIN.replace("per_tier: 3", "per_tier: 300")).contains("110 postings of $10-200 passed the filters")
    );
    let needless = CHAIN
        .replace("[task_value, task_posting]", "[mood]")
        .replace("rubrics: [task_posting]", "rubrics: [mood]")
        .replace("rubrics: [task_value]", "rubrics: [mood]");
    assert!(error(&needless).contains("no rubric of the experiment shows priced postings"));
}

#[test]
fn the_rules_price_postings_held_out_and_the_scores_are_told() {
    let project = Project::with_sessions(2);
    chain(&project, &CHAIN.replace("openai/writer", "baseline/rules").replace("openai/pricer", "baseline/rules").replace(
        "  - {model: baseline/rules, rubrics: [task_posting]}\n  - {model: baseline/rules, rubrics: [task_value], repeats: 2}",
        "  - {model: baseline/rules}",
    ).replace("holdout_per_tier: 2", "holdout_per_tier: 30"));
    let run = project.assize(&["run", "experiment.yaml", "--holdout"], None).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert!(said(&run).contains("chain-holdout-"), "{}", said(&run));
    let scores =
        project.assize(&["estimate", "chain-holdout", "--task-value", "--format", "json"], None).output().unwrap();
    let scores: Value = serde_json::from_slice(&scores.stdout).unwrap_or_else(|_| panic!("{}", said(&scores)));
    let rows = scores["reports"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.iter().map(|row| row["n"].as_u64().unwrap()).collect::<Vec<_>>(), [120, 30, 30, 30, 30]);
    let log = rows[0]["scores"]["log_r2"]["value"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&log), "{log}");
    let table = said(&project.assize(&["estimate", "chain-holdout", "--task-value"], None).output().unwrap());
    assert!(table.contains("task value is an order") && table.contains("the postings are synthetic"), "{table}");
    // A run over sessions has no holdout to score.
    assert_eq!(project.assize(&["run", "experiment.yaml"], None).output().unwrap().status.code(), Some(0));
    let runs: Vec<String> = fs_err::read_dir(project.path("results"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("chain-") && !name.contains("holdout"))
        .collect();
    let wrong = project.assize(&["estimate", &runs[0], "--task-value"], None).output().unwrap();
    assert_eq!(wrong.status.code(), Some(3), "{}", said(&wrong));
    assert!(said(&wrong).contains("--holdout"), "{}", said(&wrong));
}

#[test]
fn decisions_are_listed_by_the_rules_and_divided_in_the_report() {
    let project = Project::with_sessions(3);
    let text = "name: who\ncorpus: datasets/made\nrubrics: [decisions]\njudges: [{model: baseline/rules}]\n";
    chain(&project, text);
    let run = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    let report = project.assize(&["report", "who"], None).output().unwrap();
    assert_eq!(report.status.code(), Some(0), "{}", said(&report));
    let text = fs_err::read_to_string(project.run_folder().join("report.md")).unwrap();
    assert!(text.contains("user's share of planning decisions in a session, mean"), "{text}");
    assert!(text.contains("sessions have no execution decision, and so no share of them"), "{text}");
}
