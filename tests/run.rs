//! `assize run`, `status` and `export`, against a fake server on loopback.

mod project;

use std::process::Stdio;
use std::time::Duration;

use project::{Fake, Project, completion, label, said, wait_until};
use serde_json::Value;
use wiremock::ResponseTemplate;

const QUICK: &str = "concurrency: 4, max_retries: 0";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_made_once_and_its_files_keep_their_bytes() {
    let project = Project::with_sessions(12);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, label).await;
    let output = project.run(&fake.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(fake.asked(), 12);

    let folder = project.run_folder();
    let files =
        || ["run.json", "verdicts.jsonl", "ratings.csv"].map(|name| fs_err::read_to_string(folder.join(name)).unwrap());
    let before = files();
    let record: Value = serde_json::from_str(&before[0]).unwrap();
    assert_eq!((&record["state"], &record["units"]), (&"done".into(), &12.into()));
    assert_eq!(record["totals"][0][1]["labels"], 12);
    assert_eq!(record["totals"][0][1]["input_tokens"], 1_200);
    assert_eq!(before[1].lines().count(), 12);
    assert!(
        before[2]
            .starts_with("item,rater,label,rubric,cluster,replicate,no_verdict,confidence\nsession-000,openai/tiny,")
    );

    let again = project.run(&fake.url(), &[]);
    assert_eq!((again.status.code(), fake.asked()), (Some(0), 12), "{}", said(&again));
    assert_eq!(files(), before);

    let everything: String = fs_err::read_dir(&folder)
        .unwrap()
        .map(|entry| fs_err::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let ledger = fs_err::read(project.path("results/ledger.sqlite")).unwrap();
    assert!(!everything.contains("sk-secret") && !String::from_utf8_lossy(&ledger).contains("sk-secret"));

    for (form, file) in [("jsonl", 1), ("csv", 2)] {
        let output = project.assize(&["export", "trial", "--format", form], None).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), before[file], "{}", said(&output));
    }
    let status = said(&project.assize(&["status"], None).output().unwrap());
    assert!(status.contains("trial-") && status.contains("done") && status.contains("12"), "{status}");
    let status = project.assize(&["status", "trial", "--format", "json"], None).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["cells"][0]["totals"]["labels"], 12);

    let results = project.path("results");
    let (record, verdicts) = assize::run::load(&results, "trial").unwrap();
    assert_eq!((record.totals[0].1.labels, verdicts.len()), (12, 12));
    let by_path = assize::run::load(&project.path("elsewhere"), &folder.display().to_string()).unwrap();
    assert_eq!(by_path.1, verdicts);
    let ratings = assize::run::ratings(&results, &record.id).unwrap();
    assert_eq!((ratings.rows.len(), ratings.missing.len(), ratings.rows[0].item.as_str()), (12, 0, "session-000"));
    let unknown = assize::run::load(&results, "other").unwrap_err().to_string();
    assert!(unknown.contains("no run \"other\"") && unknown.contains(&record.id), "{unknown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_run_is_a_part_of_the_same_run() {
    let project = Project::with_sessions(6);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, label).await;
    let output = project.run(&fake.url(), &["--limit", "2"]);
    assert_eq!((output.status.code(), fake.asked()), (Some(0), 2), "{}", said(&output));
    assert!(said(&output).contains("to go on: assize run experiment.yaml"), "{}", said(&output));
    assert_eq!(project.run(&fake.url(), &[]).status.code(), Some(0));
    assert_eq!(fake.asked(), 6);
    let runs =
        fs_err::read_dir(project.path("results")).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir());
    assert_eq!(runs.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_ends_the_run_with_one_message() {
    let project = Project::with_sessions(8);
    project.experiment("openai/tiny", QUICK);
    let refused = serde_json::json!({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}});
    let fake = Fake::start(Duration::ZERO, move |_| ResponseTemplate::new(401).set_body_json(&refused)).await;
    let output = project.run(&fake.url(), &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert_eq!(text.matches("error: ").count(), 1, "{text}");
    assert!(text.contains("0 verdicts are kept") && !text.contains("sk-secret"), "{text}");
    assert!(fake.asked() <= 4, "nothing is sent after the first refusal came back");

    let good = Fake::start(Duration::ZERO, label).await;
    assert_eq!(project.run(&good.url(), &[]).status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_no_label_and_the_rerun_asks_again() {
    let project = Project::with_sessions(3);
    project.experiment("openai/tiny", QUICK);
    // Nothing listens on the discard port.
    let output = project.run("http://127.0.0.1:9/v1", &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let verdicts = fs_err::read_to_string(project.run_folder().join("ratings.csv")).unwrap();
    assert_eq!(verdicts.matches(",failed,\n").count(), 3, "{verdicts}");
    let fake = Fake::start(Duration::ZERO, label).await;
    assert_eq!(project.run(&fake.url(), &[]).status.code(), Some(0));
    assert_eq!(fake.asked(), 3);
}

#[test]
fn a_missing_key_is_named_before_anything_is_done() {
    let project = Project::with_sessions(1);
    project.experiment("anthropic/claude-made-up", QUICK);
    let output = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("ANTHROPIC_API_KEY"), "{}", said(&output));
    assert!(!project.path("results").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_on_the_same_ledger_is_refused_and_the_first_goes_on() {
    let project = Project::with_sessions(4);
    project.experiment("openai/tiny", "concurrency: 1");
    let fake = Fake::start(Duration::from_millis(300), label).await;
    let mut first =
        project.assize(&["run", "experiment.yaml"], Some(&fake.url())).stderr(Stdio::null()).spawn().unwrap();
    wait_until("the first run", || fake.asked() > 0);
    let second = project.run(&fake.url(), &[]);
    assert_eq!(second.status.code(), Some(3), "{}", said(&second));
    assert!(said(&second).contains("ledger.sqlite.lock"), "{}", said(&second));
    let status = project.assize(&["status"], None).output().unwrap();
    assert!(said(&status).contains("running"), "{}", said(&status));
    assert!(first.wait().unwrap().success());
    assert_eq!(fake.asked(), 4);
}

#[test]
fn a_ledger_from_a_newer_version_is_left_alone() {
    let project = Project::with_sessions(1);
    project.experiment("baseline/rules", QUICK);
    fs_err::create_dir_all(project.path("results")).unwrap();
    let path = project.path("results/ledger.sqlite");
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs_err::read(&path).unwrap();
    let output = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("newer assize (format 99"), "{}", said(&output));
    assert_eq!(fs_err::read(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_results_folder_that_cannot_be_written_shows_before_any_call() {
    let project = Project::with_sessions(1);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, label).await;
    fs_err::write(project.path("a-file"), "").unwrap();
    let output = project.run(&fake.url(), &["--results", "a-file/results"]);
    assert_eq!((output.status.code(), fake.asked()), (Some(3), 0), "{}", said(&output));
    assert!(said(&output).contains("a-file/results"), "{}", said(&output));

    let locked = project.path("locked");
    fs_err::create_dir(&locked).unwrap();
    let mut permissions = fs_err::metadata(&locked).unwrap().permissions();
    permissions.set_readonly(true);
    fs_err::set_permissions(&locked, permissions).unwrap();
    if fs_err::write(locked.join("probe"), "").is_ok() {
        println!("skipped the read-only folder: this user may write everywhere");
        return;
    }
    let output = project.run(&fake.url(), &["--results", "locked"]);
    assert_eq!((output.status.code(), fake.asked()), (Some(3), 0), "{}", said(&output));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_drains_and_prints_the_command_that_goes_on() {
    let project = Project::with_sessions(30);
    project.experiment("openai/tiny", "concurrency: 2");
    let fake = Fake::start(Duration::from_millis(60), label).await;
    let child = project
        .assize(&["run", "experiment.yaml"], Some(&fake.url()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("some calls", || fake.asked() >= 5);
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert!(said(&output).contains("to go on: assize run experiment.yaml"), "{}", said(&output));
    let held = fs_err::read_to_string(project.run_folder().join("verdicts.jsonl")).unwrap().lines().count();
    assert_eq!(held, fake.asked(), "calls under way were awaited and kept");
    assert_eq!(project.run(&fake.url(), &[]).status.code(), Some(0));
    assert_eq!(fake.asked(), 30);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_quits_at_once_and_leaves_the_ledger_whole() {
    let project = Project::with_sessions(4);
    project.experiment("openai/tiny", "concurrency: 2");
    let slow = Fake::start(Duration::from_secs(120), label).await;
    let mut child =
        project.assize(&["run", "experiment.yaml"], Some(&slow.url())).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("calls under way", || slow.asked() >= 2);
    let interrupt = || std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt().success());
    std::thread::sleep(Duration::from_millis(300));
    assert!(interrupt().success());
    let mut status = None;
    wait_until("the end", || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(130));
    let fake = Fake::start(Duration::ZERO, label).await;
    let output = project.run(&fake.url(), &[]);
    assert_eq!((output.status.code(), fake.asked()), (Some(0), 4), "{}", said(&output));
    assert!(said(&output).contains("2 calls were under way"), "{}", said(&output));
    let again = said(&project.run(&fake.url(), &[]));
    assert!(!again.contains("were under way"), "told once: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_units_without_a_label_are_inconclusive() {
    let project = Project::with_sessions(4);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, |_| completion("I would rather not say.")).await;
    let output = project.run(&fake.url(), &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(fake.asked(), 8, "each is asked once more");
    assert!(said(&output).contains("invalid"), "{}", said(&output));
    assert_eq!(project.run(&fake.url(), &["--max-no-verdict", "1"]).status.code(), Some(0));
    assert_eq!(fake.asked(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_events_are_one_a_line_from_plan_to_summary() {
    let project = Project::with_sessions(3);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, label).await;
    let output = project.run(&fake.url(), &["--format", "json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!((names[0], names[names.len() - 2], names[names.len() - 1]), ("planned", "finished", "summary"));
    assert_eq!(names.iter().filter(|name| **name == "verdict").count(), 3);
    assert_eq!(events[names.len() - 1]["cells"][0]["totals"]["labels"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_decision_rests_on_the_clock_of_the_wall() {
    let project = Project::with_sessions(6);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, label).await;
    assert_eq!(project.run(&fake.url(), &["--limit", "2"]).status.code(), Some(0));
    // As if the clock had been set back by centuries since, or forward.
    for year in ["2999", "1971"] {
        let ledger = rusqlite::Connection::open(project.path("results/ledger.sqlite")).unwrap();
        let other = |column: &str| format!("'{year}' || substr({column}, 5)");
        ledger
            .execute_batch(&format!(
                "UPDATE calls SET sent_at = {}, answered_at = {};
                 UPDATE verdicts SET decided_at = {};
                 INSERT INTO intents VALUES ('lost in {year}', 'openai/tiny', '{year}-01-01T00:00:00Z');
                 UPDATE runs SET record = json_set(record, '$.started_at', '{year}-01-01T00:00:00Z',
                   '$.updated_at', '{year}-01-01T00:00:00Z');",
                other("sent_at"),
                other("answered_at"),
                other("decided_at"),
            ))
            .unwrap();
        drop(ledger);
        let limit = if year == "2999" { "4" } else { "6" };
        let output = project.run(&fake.url(), &["--limit", limit]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("1 call was under way when an earlier run broke off"), "{}", said(&output));
        assert_eq!(fake.asked().to_string(), limit, "only what was missing is asked");
    }
    let status = said(&project.assize(&["status"], None).output().unwrap());
    assert!(status.contains("trial-") && status.contains("done"), "{status}");
}

/// The shell lets no file grow beyond a limit: what a full disk or a quota does, as the system reports it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_grow_ends_the_run_and_the_next_one_goes_on() {
    let project = Project::with_sessions(400);
    project.experiment("openai/tiny", QUICK);
    let fake = Fake::start(Duration::ZERO, label).await;
    let assize = project.assize(&[], Some(&fake.url()));
    let script = "trap '' XFSZ; ulimit -f 400; exec \"$0\" run experiment.yaml";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).arg(assize.get_program()).current_dir(project.path(""));
    let output =
        shell.env("OPENAI_BASE_URL", fake.url()).env("OPENAI_API_KEY", "sk-secret-of-the-test").output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("ledger.sqlite") && text.contains("is the disk full"), "{text}");
    let held = {
        let ledger = rusqlite::Connection::open(project.path("results/ledger.sqlite")).unwrap();
        ledger.query_row("SELECT count(*) FROM calls", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let (held, asked) = (usize::try_from(held).unwrap(), fake.asked());
    assert!(held > 0 && asked < 400, "{held} held, {asked} asked");
    let output = project.run(&fake.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(fake.asked() - asked, 400 - held, "what is held is not asked again");
}

#[test]
fn a_misspelt_experiment_is_refused_with_the_right_key() {
    let project = Project::with_sessions(1);
    project.experiment("baseline/rules", "concurency: 4");
    let output = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let text = said(&output);
    assert!(text.contains("experiment.yaml") && text.contains("did you mean concurrency?"), "{text}");
    let output = project.assize(&["run", "missing.yaml"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(said(&output).contains("missing.yaml"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_fails_on_every_unit_is_not_hidden_by_one_that_always_answers() {
    let project = Project::with_sessions(3);
    let text = "name: trial\ncorpus: datasets/made\nrubrics: [work_mode]\nlimits: {max_retries: 0}\n\
                judges: [{model: baseline/rules}, {model: openai/tiny}]\n";
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    let output = project.run("http://127.0.0.1:9/v1", &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains("every call of openai/tiny failed; the last one: cannot reach http://127.0.0.1:9/v1"),
        "{text}"
    );
    // One that answers but is never to be used is inconclusive, however good the other is.
    let fake = Fake::start(Duration::ZERO, |_| completion("I would rather not say.")).await;
    let output = project.run(&fake.url(), &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("100.0 % of the units that openai/tiny judged"), "{}", said(&output));
    assert_eq!(project.run(&fake.url(), &["--max-no-verdict", "1"]).status.code(), Some(0));
}

#[test]
fn a_damaged_ledger_is_named_and_left_alone() {
    let project = Project::with_sessions(2);
    fs_err::write(project.path("experiment.yaml"), experiment_of("work_mode", "baseline/rules")).unwrap();
    assert_eq!(project.assize(&["run", "experiment.yaml"], None).output().unwrap().status.code(), Some(0));
    let path = project.path("results/ledger.sqlite");
    let whole = fs_err::read(&path).unwrap();
    for damage in [b"no database at all, ".repeat(300), whole[..whole.len() / 2].to_vec()] {
        fs_err::write(&path, &damage).unwrap();
        for command in [&["run", "experiment.yaml"][..], &["status"], &["resume"]] {
            let output = project.assize(command, None).output().unwrap();
            assert_eq!(output.status.code(), Some(3), "{}", said(&output));
            assert!(said(&output).contains("results/ledger.sqlite is not an assize ledger or is damaged"));
        }
        assert_eq!(fs_err::read(&path).unwrap(), damage);
    }
}

/// An experiment with one rubric and one judge.
fn experiment_of(rubric: &str, model: &str) -> String {
    format!("name: trial\ncorpus: datasets/made\nrubrics: [{rubric}]\njudges: [{{model: {model}}}]\n")
}

#[test]
fn what_an_experiment_names_must_be_there() {
    let project = Project::with_sessions(1);
    let good = experiment_of("mood", "baseline/rules");
    let cases = [
        (good.replace("datasets/made", "datasets/none"), "assize ingest PATH --into ./datasets/none"),
        (good.replace("mood", "work_mod"), "did you mean `work_mode`?"),
        (good.replace("baseline/rules", "opnai/gpt"), "unknown provider: write anthropic/MODEL"),
        (good.replace("baseline/rules", "gpt-5"), "not a model: write"),
        (good.replace("baseline/rules", "replay/none.jsonl"), "none.jsonl"),
        (format!("{good}gold: none.csv\n"), "there is no file none.csv"),
        (format!("{good}limits: {{concurrency: 0}}\n"), "limits.concurrency is 0"),
        (format!("{good}limits: {{concurrency: 99999999999999}}\n"), "at most 10000"),
    ];
    for (text, message) in cases {
        fs_err::write(project.path("experiment.yaml"), &text).unwrap();
        let output = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}{}", said(&output));
        assert!(said(&output).contains(message), "{message}: {}", said(&output));
        assert!(!project.path("results").exists(), "{message}: nothing is begun");
    }
    let output = project.assize(&["run", "experiment.yaml", "--limit", "0"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("--limit"), "{}", said(&output));
}

#[test]
fn a_corpus_without_a_session_in_scope_is_no_run() {
    let project = Project::with_sessions(1);
    fs_err::create_dir(project.path("machine")).unwrap();
    let session = fs_err::read_to_string(project.path("raw/session-000.jsonl")).unwrap();
    let session = session.replace("\"version\"", "\"entrypoint\":\"sdk-cli\",\"version\"");
    fs_err::write(project.path("machine/session-000.jsonl"), session).unwrap();
    let output = project.assize(&["ingest", "machine", "--into", "datasets/machine"], None).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let text = experiment_of("work_mode", "baseline/rules").replace("made", "machine");
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    let output = project.assize(&["run", "experiment.yaml"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("no session of datasets/machine can be judged"), "{}", said(&output));
}
