//! `mode: batch`: the same calls through the batch APIs of both providers, and nothing lost or bought twice.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod batches;
#[expect(dead_code, reason = "the server here is another one")]
mod project;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use batches::{Entry, Fate, Provider, Trick};
use project::{Project, said, wait_until};
use rstest::rstest;
use serde_json::{Value, json};

const ANTHROPIC: &str = "anthropic/tiny";
const OPENAI: &str = "openai/tiny";
/// 100 tokens in and 5 out cost 0.01 and 0.005 dollars, and half of it in a batch.
const PRICES: &str = "openai:\n  tiny: &tiny {price: {input: 100, output: 1000}, batch: 0.5, source: made up, date: 2026-01-01}\n\
     anthropic:\n  tiny: *tiny\n";
const CALL_COSTS: u64 = 7_500;

fn glad(_: &Entry) -> Fate {
    Fate::Says(r#"{"label": "glad"}"#.to_owned())
}

fn experiment(project: &Project, model: &str, more: &str) {
    let text = format!("name: trial\ncorpus: datasets/made\nrubrics: [mood]\njudges: [{{model: {model}}}]\n{more}\n");
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    fs_err::write(project.path("models.yaml"), PRICES).unwrap();
}

/// A project of `sessions` sessions whose one judge is asked in batches.
fn project(sessions: usize, model: &str, more: &str) -> Project {
    let project = Project::with_sessions(sessions);
    experiment(&project, model, &format!("mode: batch\n{more}"));
    project
}

fn assize(project: &Project, provider: &Provider, args: &[&str]) -> Command {
    let mut command = project.assize(args, Some(&format!("{}/v1", provider.host)));
    command.env("ANTHROPIC_BASE_URL", &provider.host).env("ANTHROPIC_API_KEY", "sk-secret-of-the-test");
    command
}

fn run(project: &Project, provider: &Provider, more: &[&str]) -> Output {
    assize(project, provider, &[&["run", "experiment.yaml"], more].concat()).output().unwrap()
}

/// A run that goes on while the test does.
fn begin(project: &Project, provider: &Provider) -> Child {
    assize(project, provider, &["run", "experiment.yaml"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Ends a run as a power failure would.
fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn done(output: &Output) -> String {
    let text = said(output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    text
}

fn record(project: &Project) -> Value {
    serde_json::from_str(&fs_err::read_to_string(project.run_folder().join("run.json")).unwrap()).unwrap()
}

/// The kind of verdict of each session, with the number of calls behind it.
fn kinds(project: &Project) -> BTreeMap<usize, (String, usize)> {
    let verdicts = fs_err::read_to_string(project.run_folder().join("verdicts.jsonl")).unwrap();
    let kind = |line: &str| {
        let verdict: Value = serde_json::from_str(line).unwrap();
        let session = verdict["session"].as_str().unwrap().rsplit('-').next().unwrap().parse().unwrap();
        let kind = verdict["outcome"]["none"]["kind"].as_str().unwrap_or("label").to_owned();
        (session, (kind, verdict["calls"].as_array().unwrap().len()))
    };
    verdicts.lines().map(kind).collect()
}

/// No call is in two batches that were worked on.
fn nothing_twice(provider: &Provider) {
    let mut ids = provider.ids();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "a call was bought twice");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn the_whole_way_with_every_fate(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let project = project(14, model, "limits: {max_retries: 2}");
    let fates = |entry: &Entry| match (entry.session(), entry.batch) {
        (1, 0) => Fate::Says(r#"{"label": "furious"}"#.to_owned()),
        (2, 0) => Fate::Cut,
        (3, 0) => Fate::Refused,
        (4, 0) | (9, _) => Fate::Expired,
        (5, 0) => Fate::Cancelled,
        (6, 0) => Fate::Missing,
        (7, 0) => Fate::Error(500, "api_error", "Internal server error"),
        (8, _) => Fate::Error(400, "invalid_request_error", "messages: something about this one"),
        (10, _) => Fate::Says("nothing".to_owned()),
        _ => glad(entry),
    };
    let provider = Provider::start(fates).await;
    let text = done(&run(&project, &provider, &["--max-no-verdict", "1"]));
    let mut expected: BTreeMap<usize, (String, usize)> = (0..14).map(|n| (n, ("label".to_owned(), 1))).collect();
    for asked_again in [1, 2, 3] {
        expected.get_mut(&asked_again).unwrap().1 = 2;
    }
    for (session, kind, calls) in [(8, "failed", 0), (9, "failed", 0), (10, "invalid", 2)] {
        expected.insert(session, (kind.to_owned(), calls));
    }
    assert_eq!(kinds(&project), expected, "{text}");
    // All at first; then the second tries, and 4, 5, 6, 7 and 9 once more; then 9 for the last time.
    assert_eq!(provider.sizes(), [14, 9, 1], "{text}");
    for words in [
        "14 calls is created",
        "2 calls of batch batch_0 expired",
        "brought no result for 1 of its 14 calls",
        "answers to mood that are cut off are asked for once more",
        "refusals to judge by mood are asked once more",
        "answers to mood that cannot be used are asked for again",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let record = record(&project);
    let calls = 9 + 2 * 4 - 1;
    assert_eq!(record["paid"]["calls"], calls, "{record}");
    assert_eq!(record["paid"]["micro_dollars"], calls * CALL_COSTS, "half price");
    let status = done(&assize(&project, &provider, &["status"]).output().unwrap());
    assert!(status.contains("done"), "{status}");

    // The direct way asks in the same words, and so finds its answers: only what failed is asked.
    experiment(&project, model, "");
    let direct = run(&project, &provider, &["--max-no-verdict", "1"]);
    assert!(provider.state().direct <= 4 && provider.state().direct > 0, "{}", said(&direct));
}

/// A `batches.yaml` with these limits.
fn limits(requests: usize, bytes: usize) -> String {
    let limits = format!("{{requests: {requests}, bytes: {bytes}, source: ours, date: 2026-01-01}}");
    format!("anthropic: {limits}\nopenai: {limits}\n")
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_split_at_the_provider_s_limits(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let by_count = project(12, model, "");
    fs_err::write(by_count.path("batches.yaml"), limits(5, 100_000_000)).unwrap();
    let provider = Provider::start(glad).await;
    done(&run(&by_count, &provider, &[]));
    assert_eq!(provider.sizes(), [5, 5, 2]);
    nothing_twice(&provider);

    let bytes: usize = provider.state().batches[0].entries[0].body.to_string().len();
    let by_bytes = project(12, model, "");
    // Three and a half requests with what stands around them.
    fs_err::write(by_bytes.path("batches.yaml"), limits(1_000, bytes * 7 / 2 + 600)).unwrap();
    let provider = Provider::start(glad).await;
    done(&run(&by_bytes, &provider, &[]));
    assert!(provider.sizes().iter().all(|size| *size <= 3), "{:?}", provider.sizes());
    assert_eq!(provider.ids().len(), 12);

    fs_err::write(by_bytes.path("batches.yaml"), limits(1_000, 300)).unwrap();
    fs_err::remove_dir_all(by_bytes.path("results")).unwrap();
    let output = run(&by_bytes, &provider, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(kinds(&by_bytes).values().all(|(kind, _)| kind == "too_long"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn batches_that_end_one_after_another_lose_nothing(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let project = project(8, model, "");
    fs_err::write(project.path("batches.yaml"), limits(5, 100_000_000)).unwrap();
    let provider = Provider::start(glad).await;
    provider.state().looks = 1;
    let text = done(&run(&project, &provider, &[]));
    assert_eq!(kinds(&project), (0..8).map(|n| (n, ("label".to_owned(), 1))).collect(), "{text}");
    assert_eq!((provider.sizes(), record(&project)["paid"]["calls"].as_u64()), (vec![5, 3], Some(8)), "{text}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn looking_survives_what_servers_do(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let project = project(6, model, "");
    let tricks = |kind: &str, nth: usize| match (kind, nth) {
        ("look", 0) => Some(Trick::Instead(429, "retry-after: 1", r#"{"error": {"type": "rate_limit_error"}}"#)),
        ("look", 1) => Some(Trick::Instead(500, "a: b", "oops")),
        ("look", 2) => Some(Trick::Instead(404, "a: b", r#"{"error": {"type": "not_found_error"}}"#)),
        ("look", 3) => Some(Trick::Unanswered),
        ("results", 0) => Some(Trick::Instead(503, "a: b", "busy")),
        ("results", 1) => Some(Trick::Half),
        ("results", 2) => Some(Trick::Before(
            r#"{"custom_id": "another", "result": {"type": "expired"}, "error": {"code": "batch_expired"}}"#,
        )),
        _ => None,
    };
    let provider = Provider::tricky(glad, tricks).await;
    provider.state().looks = 1;
    let start = std::time::Instant::now();
    let text = done(&run(&project, &provider, &[]));
    assert!(start.elapsed().as_secs() < 30);
    assert_eq!((provider.sizes(), record(&project)["paid"]["calls"].as_u64()), (vec![6], Some(6)), "{text}");
    assert!(text.contains("1 results that nobody asked for, such as another"), "{text}");
    assert_eq!(provider.asked("results"), 3);
}

/// Where a run is killed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Point {
    /// When the requests have been uploaded, or are about to be.
    Upload,
    /// When the batch is created, and its id is not told yet.
    Created,
    Looking,
    /// When half of the results have come.
    Half,
    /// In the second batch, for second tries.
    Second,
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_run_killed_at_any_point_goes_on_without_loss(
    #[values(ANTHROPIC, OPENAI)] model: &str,
    #[values(Point::Upload, Point::Created, Point::Looking, Point::Half, Point::Second)] point: Point,
) {
    let project = project(40, model, "");
    let is_messages = model == ANTHROPIC;
    let fates = |entry: &Entry| match (entry.session() % 4, entry.batch) {
        (1, 0) => Fate::Says("nothing".to_owned()),
        _ => glad(entry),
    };
    let tricks = move |kind: &str, nth: usize| match (point, kind, nth) {
        (Point::Upload, "create", 0) if is_messages => Some(Trick::Instead(503, "retry-after: 60", "busy")),
        (Point::Upload, "upload", 0) | (Point::Created, "create", 0) | (Point::Half, "results", 0) => {
            Some(Trick::Stall)
        }
        _ => None,
    };
    let provider = Provider::tricky(fates, tricks).await;
    let stays = matches!(point, Point::Looking | Point::Second);
    provider.state().looks = if point == Point::Looking { 1_000 } else { 0 };
    let child = begin(&project, &provider);
    wait_until("the point", || match point {
        Point::Upload => provider.asked("upload") + usize::from(is_messages) * provider.asked("create") > 0,
        Point::Created => provider.asked("create") > 0,
        Point::Looking => provider.asked("look") > 0,
        Point::Half => provider.asked("results") > 0,
        Point::Second => provider.sizes().len() == 2,
    });
    if point == Point::Half {
        std::thread::sleep(Duration::from_millis(300));
    }
    kill(child);
    if stays || point == Point::Created {
        let status = done(&assize(&project, &provider, &["status"]).output().unwrap());
        assert!(status.contains("in batch"), "{status}");
    }
    for batch in &mut provider.state().batches {
        batch.looks = 0;
    }
    provider.state().looks = 0;
    let output = assize(&project, &provider, &["resume"]).output().unwrap();
    let text = done(&output);
    assert_eq!(kinds(&project).values().filter(|(kind, _)| kind == "label").count(), 40, "{text}");
    assert_eq!(provider.sizes(), [40, 10], "{text}");
    nothing_twice(&provider);
    assert_eq!(record(&project)["paid"]["calls"], 50, "{text}");
    let again = done(&run(&project, &provider, &[]));
    assert_eq!(provider.sizes(), [40, 10], "{again}");
}

/// A number below `bound` that nobody chose: hash maps are seeded by chance.
fn any_below(bound: u64) -> u64 {
    RandomState::new().hash_one(bound) % bound
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nothing_is_lost_or_bought_twice(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let project = project(30, model, "");
    fs_err::write(project.path("batches.yaml"), limits(7, 100_000_000)).unwrap();
    let fates = |entry: &Entry| match (entry.session() % 3, entry.body.to_string().contains("cannot be used")) {
        (0, false) => Fate::Says("nothing".to_owned()),
        _ => glad(entry),
    };
    let provider = Provider::start(fates).await;
    for _ in 0..14 {
        let child = begin(&project, &provider);
        std::thread::sleep(Duration::from_millis(15 + any_below(120)));
        kill(child);
    }
    let text = done(&run(&project, &provider, &[]));
    assert_eq!(kinds(&project).values().filter(|(kind, _)| kind == "label").count(), 30, "{text}");
    nothing_twice(&provider);
    assert_eq!((provider.ids().len(), record(&project)["paid"]["calls"].as_u64()), (40, Some(40)), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_only_looks_like_ours_is_not_taken_for_it() {
    let project = project(8, ANTHROPIC, "");
    let tricks = |kind: &str, nth: usize| {
        ((kind, nth) == ("create", 0)).then_some(Trick::Instead(503, "retry-after: 60", "busy"))
    };
    let provider = Provider::tricky(glad, tricks).await;
    let child = begin(&project, &provider);
    wait_until("the creation", || provider.asked("create") > 0);
    kill(child);
    // Another program of the same workspace made a batch of the same size at the same time.
    let session = "repair part number 1 of".to_owned();
    let entries = (0..8).map(|n| Entry { batch: 0, custom_id: format!("theirs-{n}"), body: json!({"text": session}) });
    let created = batches::now();
    let theirs = batches::Stored {
        id: "batch_theirs".to_owned(),
        created,
        label: Value::Null,
        entries: entries.collect(),
        looks: 0,
        failed: None,
    };
    provider.state().batches.push(theirs);
    let text = done(&run(&project, &provider, &[]));
    assert!(text.contains("batch batch_theirs holds no call of ours"), "{text}");
    assert_eq!((provider.sizes(), record(&project)["paid"]["calls"].as_u64()), (vec![8, 8], Some(8)), "{text}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_creation_without_an_answer_is_looked_for_before_it_is_repeated(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let project = project(5, model, "");
    let tricks = |kind: &str, nth: usize| ((kind, nth) == ("create", 0)).then_some(Trick::Unanswered);
    let provider = Provider::tricky(glad, tricks).await;
    let text = done(&run(&project, &provider, &[]));
    assert_eq!(provider.sizes(), [5], "{text}");

    let tricks = |kind: &str, nth: usize| ((kind, nth) == ("create", 0)).then_some(Trick::Unheard);
    let provider = Provider::tricky(glad, tricks).await;
    let text = done(&run(&project, &provider, &[]));
    assert_eq!(provider.sizes(), [5], "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_the_batch_there_and_two_processes_do_not_meet() {
    let project = project(5, ANTHROPIC, "");
    let provider = Provider::start(glad).await;
    provider.state().looks = 1_000;
    let child = assize(&project, &provider, &["run", "experiment.yaml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a look", || provider.asked("look") > 0);
    let second = run(&project, &provider, &[]);
    assert_eq!(second.status.code(), Some(3));
    assert!(said(&second).contains("another run is writing"), "{}", said(&second));

    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("in batch batch_0 of anthropic/tiny since"), "{text}");
    assert!(text.contains("to go on: assize run experiment.yaml"), "{text}");
    let status = assize(&project, &provider, &["status", "trial", "--format", "json"]).output().unwrap();
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["batches"][0]["id"], &status["batches"][0]["waiting"]), (&json!("batch_0"), &json!(5)));

    // The direct way does not buy what is in a batch.
    experiment(&project, ANTHROPIC, "");
    let direct = run(&project, &provider, &[]);
    assert_eq!((direct.status.code(), provider.state().direct), (Some(2), 0), "{}", said(&direct));
    assert!(said(&direct).contains("5 units wait for an answer"), "{}", said(&direct));

    provider.state().batches[0].looks = 0;
    experiment(&project, ANTHROPIC, "mode: batch");
    done(&run(&project, &provider, &[]));
    assert_eq!(provider.sizes(), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_run_that_cannot_be_resumed_are_not_lost() {
    let project = project(5, OPENAI, "");
    let provider = Provider::start(glad).await;
    provider.state().looks = 1_000;
    let child = begin(&project, &provider);
    wait_until("a look", || provider.asked("look") > 0);
    kill(child);
    provider.state().batches[0].looks = 0;
    // Another run of the same project, with another name and another judge.
    let text = fs_err::read_to_string(project.path("experiment.yaml")).unwrap();
    fs_err::write(project.path("experiment.yaml"), text.replace("name: trial", "name: other")).unwrap();
    let text = done(&run(&project, &provider, &[]));
    assert_eq!(provider.sizes(), [5], "{text}");
    let status = done(&assize(&project, &provider, &["status", "trial"]).output().unwrap());
    assert!(status.contains("this run paid for 5 calls"), "{status}");
    let status = done(&assize(&project, &provider, &["status", "other"]).output().unwrap());
    assert!(!status.contains("paid"), "{status}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_gone_is_bought_anew_only_by_consent(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let project = project(5, model, "");
    let provider = Provider::start(glad).await;
    provider.state().looks = 1_000;
    let child = begin(&project, &provider);
    wait_until("a look", || provider.asked("look") > 0);
    kill(child);
    provider.state().batches.clear();
    provider.state().looks = 0;
    let output = run(&project, &provider, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("is not known to") && text.contains("--forget-batches"), "{text}");
    assert!(provider.sizes().is_empty());
    let output = assize(&project, &provider, &["resume", "trial", "--forget-batches"]).output().unwrap();
    let text = done(&output);
    assert!(text.contains("bought anew"), "{text}");
    assert_eq!(provider.sizes(), [5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_not_wait_for_a_model_that_is_given_up() {
    let project = project(5, OPENAI, "");
    let text = fs_err::read_to_string(project.path("experiment.yaml")).unwrap();
    let both = text.replace("{model: openai/tiny}", "{model: openai/tiny}, {model: anthropic/tiny}");
    fs_err::write(project.path("experiment.yaml"), both).unwrap();
    let provider = Provider::start(glad).await;
    provider.state().looks = 1_000;
    let mut child = begin(&project, &provider);
    wait_until("two batches", || provider.sizes().len() == 2);
    // One is gone, which is believed after some looks; the other ends after that.
    provider.state().batches.remove(0);
    provider.state().batches[0].looks = 6;
    wait_until("the end", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(3));
    assert_eq!(kinds(&project), (0..5).map(|n| (n, ("label".to_owned(), 1))).collect());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_holds_and_is_used_as_far_as_it_goes() {
    let project = project(60, OPENAI, "budget: 0.2");
    let models = PRICES.replace("input: 100", "input: 10").replace("output: 1000", "output: 100");
    let text = fs_err::read_to_string(project.path("experiment.yaml")).unwrap();
    let text = text.replace("openai/tiny}", "openai/tiny, params: {max_output_tokens: 10}}");
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    fs_err::write(project.path("models.yaml"), models).unwrap();
    let provider = Provider::start(glad).await;
    let output = run(&project, &provider, &[]);
    let text = said(&output);
    let (sizes, paid) = (provider.sizes(), record(&project)["paid"]["micro_dollars"].as_u64().unwrap());
    // A call costs 0.00075 and may cost some 0.02: a first batch is what fits, and what it leaves goes into the next.
    assert!(sizes.len() > 1 && sizes[0] < 60, "{sizes:?} {text}");
    assert_eq!(sizes.iter().sum::<usize>(), 60, "{text}");
    assert!(paid == 60 * 750 && output.status.code() == Some(0), "{text}");

    fs_err::remove_dir_all(project.path("results")).unwrap();
    let output = run(&project, &provider, &["--budget", "0.03"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("the budget is used up"), "{text}");
    assert!(record(&project)["paid"]["micro_dollars"].as_u64().unwrap() <= 30_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_full_gets_smaller_batches() {
    let project = project(12, OPENAI, "");
    let provider = Provider::start(glad).await;
    provider.state().at_most = Some((4, "token_limit_exceeded"));
    let text = done(&run(&project, &provider, &[]));
    let sizes = provider.sizes();
    assert_eq!(&sizes[..3], [12, 6, 6], "{text}");
    assert!(sizes[3..].iter().all(|size| *size <= 4) && sizes[3..].iter().sum::<usize>() == 12, "{sizes:?} {text}");
    assert!(text.contains("its calls go in smaller batches"), "{text}");

    let refused = batched(3);
    provider.state().at_most = Some((0, "model_mismatch"));
    let output = run(&refused, &provider, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("model_mismatch: too much"), "{}", said(&output));
}

fn batched(sessions: usize) -> Project {
    project(sessions, OPENAI, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_in_batches_is_said_before_anything_is_sent() {
    let provider = Provider::tricky(glad, |kind, _| match kind {
        "list" => Some(Trick::Instead(404, "a: b", r#"{"detail":"Not Found"}"#)),
        "look" => Some(Trick::Instead(404, "a: b", r#"{"detail":"Not Found: /v1/batches"}"#)),
        _ => None,
    })
    .await;
    for model in ["exec/cat", "manual/prompts", "baseline/rules"] {
        let project = project(2, model, "");
        let output = run(&project, &provider, &[]);
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains("cannot be asked in batches"), "{}", said(&output));
        assert!(!project.path("results").exists());
    }
    let project = batched(2);
    let output = run(&project, &provider, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("has no batches"), "{}", said(&output));
    assert_eq!((provider.asked("upload"), provider.asked("create")), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_form_of_asking_is_tried_where_one_is_refused_and_an_estimate_is_at_half_the_price() {
    let project = project(6, OPENAI, "");
    let fates = |entry: &Entry| match entry.body["response_format"]["type"].as_str() {
        Some("json_schema") => Fate::Error(400, "invalid_request_error", "response_format is not supported"),
        _ => glad(entry),
    };
    let provider = Provider::start(fates).await;
    let cost = |project: &Project| {
        let output = assize(project, &provider, &["run", "experiment.yaml", "--estimate", "--format", "json"]);
        let output = { output }.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let estimate: Value = serde_json::from_slice(&output.stdout).unwrap();
        estimate["expected"]["micro_dollars"].as_f64().unwrap()
    };
    let by_batch = cost(&project);
    let table = said(&assize(&project, &provider, &["run", "experiment.yaml", "--estimate"]).output().unwrap());
    assert!(table.contains("at the price of batches"), "{table}");
    experiment(&project, OPENAI, "");
    assert!((cost(&project) / by_batch - 2.0).abs() < 1e-3);
    experiment(&project, OPENAI, "mode: batch");
    let text = done(&run(&project, &provider, &[]));
    assert_eq!(provider.sizes(), [6, 6], "{text}");
    assert_eq!(kinds(&project).values().filter(|(kind, calls)| kind == "label" && *calls == 1).count(), 6);
}

/// Enough units for a trial before the first batch.
const MANY: usize = 100;

/// Calls that came directly.
fn direct(provider: &Provider) -> usize {
    provider.state().direct
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn before_many_calls_are_sent_one_is_asked_directly(#[values(ANTHROPIC, OPENAI)] model: &str) {
    let sound = project(MANY, model, "");
    let provider = Provider::start(glad).await;
    let text = done(&run(&sound, &provider, &[]));
    assert_eq!((direct(&provider), provider.sizes()), (1, vec![MANY - 1]), "{text}");
    let paid = (MANY as u64 - 1) * CALL_COSTS + 2 * CALL_COSTS;
    assert_eq!(record(&sound)["paid"]["micro_dollars"], paid, "the first at the full price");
    assert!(text.contains(&format!("{MANY} labels")) || kinds(&sound).len() == MANY, "{text}");

    let few = project(MANY - 1, model, "");
    let provider = Provider::start(glad).await;
    done(&run(&few, &provider, &[]));
    assert_eq!((direct(&provider), provider.sizes()), (0, vec![MANY - 1]));
}

#[rstest]
#[case::refused(|_: &Entry| Fate::Error(400, "invalid_request_error", "no"), 3)]
#[case::unusable(|_: &Entry| Fate::Says("nothing".to_owned()), 6)]
#[case::cut(|_: &Entry| Fate::Cut, 6)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_every_call_costs_three_sessions_and_no_batch(
    #[case] fate: fn(&Entry) -> Fate,
    #[case] calls: usize,
) {
    let project = project(MANY, OPENAI, "");
    let provider = Provider::start(fate).await;
    let output = run(&project, &provider, &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert_eq!((direct(&provider), provider.sizes()), (calls, Vec::new()), "{text}");
    assert!(text.contains("mood: the first sessions were asked directly and none has a verdict"), "{text}");
    // Whoever has read that and insists gets the batch.
    let again = run(&project, &provider, &["--max-no-verdict", "1"]);
    assert!(provider.sizes().first().is_some_and(|size| *size >= MANY - 3), "{}", said(&again));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_odd_session_at_the_front_does_not_stop_a_batch() {
    let project = project(MANY, OPENAI, "");
    let fates = |entry: &Entry| match entry.session() {
        0 | 1 => Fate::Says("nothing".to_owned()),
        _ => glad(entry),
    };
    let provider = Provider::start(fates).await;
    let text = done(&run(&project, &provider, &["--max-no-verdict", "1"]));
    assert_eq!((direct(&provider), provider.sizes()), (5, vec![MANY - 3]), "{text}");
}

/// A prompt so short that a batch is full by its requests before it is by its bytes.
const SHORT: &str = "{% block system %}Label the session.{% endblock %}{% block session %}{{ session.text }}{% endblock %}\
     {% block question %}{{ rubric.question }} {{ rubric.labels | join(\", \") }}{% endblock %}";

/// Takes one to four minutes each, and up to 1.5 GB: `cargo test --release --test batch -- --ignored`.
#[rstest]
#[case(ANTHROPIC, 100_000)]
#[case(OPENAI, 50_000)]
#[ignore = "takes minutes"]
#[tokio::test(flavor = "multi_thread")]
async fn batches_are_split_at_the_real_number_of_requests(#[case] model: &str, #[case] most: usize) {
    let project = project(most + 3, model, "");
    fs_err::create_dir(project.path("prompts")).unwrap();
    fs_err::write(project.path("prompts/classify.md.j2"), SHORT).unwrap();
    let provider = Provider::start(glad).await;
    done(&run(&project, &provider, &[]));
    // One went ahead directly.
    assert_eq!(provider.sizes(), [most, 2]);
    nothing_twice(&provider);
}
