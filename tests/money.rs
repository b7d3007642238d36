//! What a run would cost, what it may cost, and what it saves: estimate, budget and prompt cache, against fake servers on
//! loopback.
#![expect(clippy::unwrap_used, reason = "a helper that cannot do its part fails the test")]

#[expect(dead_code, reason = "these tests write experiments of their own")]
mod project;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use project::{Fake, Project, label, said};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// 100 tokens in and 5 out, as the fake server reports them, cost 0.01 and 0.005 dollars.
const PRICES: &str = "openai:\n  tiny: {price: {input: 100, output: 1000}, source: made up, date: 2026-01-01}\nanthropic:\n  \
     tiny: {price: {input: 1, output: 5, cache_read: 0.1, cache_write: 1.25}, source: made up, date: 2026-01-01}\n";
const CALL_COSTS: usize = 15_000;

fn experiment(project: &Project, text: &str) {
    let text = format!("name: trial\ncorpus: datasets/made\n{text}\n");
    fs_err::write(project.path("experiment.yaml"), text).unwrap();
    fs_err::write(project.path("models.yaml"), PRICES).unwrap();
}

fn estimate(project: &Project) -> Value {
    let output = project.assize(&["run", "experiment.yaml", "--estimate", "--format", "json"], None).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn record(project: &Project) -> Value {
    serde_json::from_str(&fs_err::read_to_string(project.run_folder().join("run.json")).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_estimate_sends_and_writes_nothing_and_leaves_out_what_the_ledger_holds() {
    let project = Project::with_sessions(30);
    let judges = "judges: [{model: openai/tiny, params: {max_output_tokens: 400}}, {model: baseline/rules}]";
    experiment(&project, &format!("rubrics: [mood]\n{judges}"));
    let before = estimate(&project);
    assert!(!project.path("results").exists());
    let cell = &before["cells"][0];
    assert_eq!((&cell["units"], &cell["recorded"], &cell["low"]["calls"]), (&json!(30), &json!(0), &json!(30)));
    assert_eq!(cell["high"]["output_tokens"].as_u64().unwrap() / cell["high"]["calls"].as_u64().unwrap(), 400);
    let cost = |estimate: &Value, end: &str| estimate[end]["micro_dollars"].as_u64().unwrap();
    assert!(cost(&before, "low") < cost(&before, "expected") && cost(&before, "expected") < cost(&before, "high"));
    assert_eq!(before["cells"][1]["high"]["micro_dollars"], 0, "the rules cost nothing");

    let fake = Fake::start(Duration::ZERO, label).await;
    assert_eq!(project.run(&fake.url(), &["--limit", "25", "--judge", "openai/tiny"]).status.code(), Some(0));
    let args = ["run", "experiment.yaml", "--estimate", "--format", "json"];
    let after = project.assize(&args, Some(&fake.url())).output().unwrap();
    let after: Value = serde_json::from_slice(&after.stdout).unwrap();
    let cell = &after["cells"][0];
    assert_eq!((&cell["recorded"], &cell["learned_from"], &cell["low"]["calls"]), (&json!(25), &json!(25), &json!(5)));
    // Every answer had 5 tokens in 100 of prompt: learned, 5 calls cost 0.075, give or take the 5 % of the tokenizer.
    assert_eq!(cell["expected"]["output_tokens"], 25);
    assert!((74_000..76_000).contains(&cost(&after, "expected")), "{after}");
    assert_eq!(fake.asked(), 25, "nothing was sent");

    let table = project.assize(&["run", "experiment.yaml", "--estimate", "--budget", "0.01"], Some(&fake.url()));
    let table = said(&{ table }.output().unwrap());
    assert!(table.contains("in all") && table.contains("is less than what is expected"), "{table}");
}

#[test]
fn an_unknown_price_is_said_and_no_budget_can_be_kept_with_it() {
    let project = Project::with_sessions(2);
    experiment(&project, "rubrics: [mood]\njudges: [{model: anthropic/of-tomorrow}]");
    let table = said(&project.assize(&["run", "experiment.yaml", "--estimate"], None).output().unwrap());
    assert!(table.contains("unknown") && table.contains("models.yaml"), "{table}");
    assert_eq!(estimate(&project)["expected"]["micro_dollars"], Value::Null);
    let output = project
        .assize(&["run", "experiment.yaml", "--budget", "5"], None)
        .env("ANTHROPIC_API_KEY", "sk-secret-of-the-test")
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("the price of anthropic/of-tomorrow is not known") && text.contains("models.yaml"), "{text}");
    assert!(!project.path("results").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_is_never_exceeded_and_the_run_goes_on_with_more() {
    let project = Project::with_sessions(90);
    experiment(
        &project,
        "rubrics: [mood]\njudges: [{model: openai/tiny, params: {max_output_tokens: 10}}]\nbudget: 1\nlimits: {concurrency: 8}",
    );
    let fake = Fake::start(Duration::from_millis(10), label).await;
    let output = project.run(&fake.url(), &[]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("the budget is used up: of $1.00 this run has paid $0."), "{text}");
    assert!(text.contains("to go on: assize run experiment.yaml --budget USD, with more dollars"), "{text}");
    let stopped = record(&project);
    let spent = fake.asked() * CALL_COSTS;
    assert_eq!((&stopped["paid"]["micro_dollars"], &stopped["state"]), (&json!(spent), &json!("interrupted")));
    assert_eq!(stopped["totals"][0][1]["no_verdicts"]["stopped"], 90 - fake.asked());
    // A prompt of at most 10,000 bytes may have 5,000 tokens: 0.50, and 0.01 for the answer.
    assert!((1_000_000 - 510_000..=1_000_000).contains(&spent), "{spent}");

    let before = fake.asked();
    assert_eq!(project.run(&fake.url(), &[]).status.code(), Some(2), "what was paid before counts");
    assert_eq!(fake.asked(), before);
    let output = project.assize(&["resume", "trial", "--budget", "3"], Some(&fake.url())).output().unwrap();
    assert_eq!((output.status.code(), fake.asked()), (Some(0), 90), "{}", said(&output));
    let status = said(&project.assize(&["status", "trial"], None).output().unwrap());
    assert!(status.contains("this run paid for 90 calls: $1.35"), "{status}");
    let all = said(&project.assize(&["status"], None).output().unwrap());
    assert!(all.contains("paid") && all.contains("$1.35"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twice_the_room_is_reserved_for_before_it_is_asked_for() {
    let cut = || {
        let message = json!({"role": "assistant", "content": "{\"lab"});
        ResponseTemplate::new(200).set_body_json(json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny-2026",
            "choices": [{"index": 0, "message": message, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
        }))
    };
    let project = |budget: f64| {
        let project = Project::with_sessions(1);
        let judges = "judges: [{model: openai/tiny, params: {max_output_tokens: 10}}]";
        experiment(&project, &format!("rubrics: [mood]\n{judges}\nbudget: {budget}\nlimits: {{max_retries: 0}}"));
        project
    };
    let fake = Fake::start(Duration::ZERO, move |_| cut()).await;
    let output = project(0.001).run(&fake.url(), &["--format", "json"]);
    let events = String::from_utf8(output.stdout).unwrap();
    let over = events.lines().find(|line| line.contains("over_budget")).unwrap();
    let most = serde_json::from_str::<Value>(over).unwrap()["short_of"].as_u64().unwrap();
    assert_eq!(fake.asked(), 0);
    // What the first answer really cost is small beside what it might have.
    for (times, asked) in [(1.7, 1), (2.3, 2)] {
        let before = fake.asked();
        let output = project(most as f64 * 1e-6 * times).run(&fake.url(), &[]);
        let text = said(&output);
        assert_eq!((output.status.code(), fake.asked() - before), (Some(2), asked), "{text}");
        assert_eq!(text.contains("the budget is used up"), asked == 1, "{text}");
    }
}

/// A fake Messages API with a prompt cache: what is before the breakpoint, the schema included, can be read by requests
/// that come after the first answer.
struct Caching {
    server: MockServer,
    bodies: Arc<Mutex<Vec<Value>>>,
}

impl Caching {
    async fn start(latency: Duration) -> Self {
        let server = MockServer::start().await;
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&bodies);
        let cached: Mutex<HashMap<String, Instant>> = Mutex::default();
        let respond = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let first = &body["messages"][0]["content"][0];
            let prefix = format!("{}{}{}", body["output_config"], body["system"], first["text"]);
            let now = Instant::now();
            let (read, write) = match cached.lock().unwrap().get(&prefix) {
                _ if first["cache_control"].is_null() => (0, 0),
                Some(ready) if *ready <= now => (1_000, 0),
                _ => (0, 1_000),
            };
            if write > 0 {
                cached.lock().unwrap().entry(prefix).or_insert(now + latency);
            }
            let schema = &body["output_config"]["format"]["schema"];
            let keys = schema["properties"].as_object().unwrap().keys();
            let answer: serde_json::Map<String, Value> = keys.map(|key| (key.clone(), json!("glad"))).collect();
            seen.lock().unwrap().push(body.clone());
            let answer = json!({
                "id": "msg_1", "type": "message", "role": "assistant", "model": "tiny-2026", "stop_reason": "end_turn",
                "content": [{"type": "text", "text": Value::Object(answer).to_string()}],
                "usage": {"input_tokens": 100, "output_tokens": 5, "cache_read_input_tokens": read,
                          "cache_creation_input_tokens": write},
            });
            ResponseTemplate::new(200).set_body_json(answer).set_delay(latency)
        };
        Mock::given(method("POST")).and(path("/v1/messages")).respond_with(respond).mount(&server).await;
        Self { server, bodies }
    }

    fn run(&self, project: &Project, more: &[&str]) -> std::process::Output {
        let args = [&["run", "experiment.yaml"], more].concat();
        let mut command = project.assize(&args, None);
        command.env("ANTHROPIC_BASE_URL", self.server.uri()).env("ANTHROPIC_API_KEY", "sk-secret-of-the-test");
        command.output().unwrap()
    }
}

fn more_rubrics(project: &Project) {
    let mood = fs_err::read_to_string(project.path("rubrics/mood.yaml")).unwrap();
    for (name, question) in [("start", "How does the person feel at the start?"), ("tone", "Which tone is it?")] {
        let rubric = mood.replace("name: mood", &format!("name: {name}"));
        let rubric = rubric.replace("How does the person feel at the end?", question);
        fs_err::write(project.path(format!("rubrics/{name}.yaml")), rubric).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rubrics_of_a_session_share_the_prompt_cache() {
    let project = Project::with_sessions(8);
    more_rubrics(&project);
    let rest = "judges: [{model: anthropic/tiny}]\nlimits: {concurrency: 6}";
    experiment(&project, &format!("rubrics: [mood, start, tone]\n{rest}"));
    let fake = Caching::start(Duration::from_millis(40)).await;
    let output = fake.run(&project, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let record = record(&project);
    let totals = &record["totals"][0][1];
    assert_eq!(
        (&totals["labels"], &totals["cache_write_tokens"], &totals["cache_read_tokens"]),
        (&json!(24), &json!(8_000), &json!(16_000))
    );
    // 24 x (100 + 5 x 5) + 8 x 1,250 + 16 x 100.
    assert_eq!((&totals["micro_dollars"], &record["paid"]["micro_dollars"]), (&json!(14_600), &json!(14_600)));
    assert!(said(&output).contains("from cache"), "{}", said(&output));

    let bodies = fake.bodies.lock().unwrap().clone();
    let format = &bodies[0]["output_config"]["format"];
    let keys: Vec<&String> = format["schema"]["properties"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["mood", "start", "tone"]);
    for body in &bodies {
        assert_eq!(&body["output_config"]["format"], format, "a changed schema would empty the cache");
        let content = body["messages"][0]["content"].as_array().unwrap();
        assert_eq!(content[0]["cache_control"], json!({"type": "ephemeral"}));
        assert!(
            content[1]["cache_control"].is_null()
                && content[1]["text"].as_str().unwrap().contains("The key of the label is `")
        );
    }

    // A part of the run asks in the same way, and what is known stays known.
    let again = fake.run(&project, &["--rubric", "tone"]);
    assert_eq!((again.status.code(), fake.bodies.lock().unwrap().len()), (Some(0), 24));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_asked_about_once_is_not_written_to_the_cache_and_repeats_are() {
    let project = Project::with_sessions(3);
    experiment(&project, "rubrics: [mood]\njudges: [{model: anthropic/tiny}]");
    let fake = Caching::start(Duration::from_millis(20)).await;
    let output = fake.run(&project, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(fake.bodies.lock().unwrap().iter().all(|body| !body.to_string().contains("cache_control")));

    let project = Project::with_sessions(3);
    experiment(&project, "rubrics: [mood]\njudges: [{model: anthropic/tiny, repeats: 3}]");
    assert_eq!(fake.run(&project, &[]).status.code(), Some(0));
    let totals = &record(&project)["totals"][0][1];
    assert_eq!((&totals["labels"], &totals["cache_read_tokens"]), (&json!(9), &json!(6_000)));
    let schema = &fake.bodies.lock().unwrap()[3]["output_config"]["format"]["schema"]["properties"];
    assert!(schema["label"]["enum"].is_array(), "one rubric keeps its own schema: {schema}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeats_are_data_and_parameters_are_recorded_as_sent() {
    let project = Project::with_sessions(2);
    let judges = "judges: [{model: openai/tiny, name: panel, repeats: 3, params: {seed: 7, temperature: 0.5}}]";
    experiment(&project, &format!("rubrics: [mood]\n{judges}"));
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&bodies);
    let fake = Fake::start(Duration::ZERO, move |body| {
        seen.lock().unwrap().push(serde_json::from_str::<Value>(body).unwrap());
        label(body)
    })
    .await;
    assert_eq!(project.run(&fake.url(), &[]).status.code(), Some(0));
    let bodies = bodies.lock().unwrap().clone();
    assert_eq!(bodies.len(), 6, "each replicate is asked on its own");
    let record = record(&project);
    let params = &record["experiment"]["judges"][0]["params"];
    for body in &bodies {
        assert_eq!((&body["seed"], &body["temperature"]), (&params["seed"], &params["temperature"]));
        assert_eq!((&body["seed"], &body["max_tokens"]), (&json!(7), &params["max_output_tokens"]));
    }
    let ratings = fs_err::read_to_string(project.run_folder().join("ratings.csv")).unwrap();
    let replicates: Vec<&str> = ratings.lines().skip(1).map(|row| row.split(',').nth(5).unwrap()).collect();
    assert_eq!(replicates, ["1", "2", "3", "1", "2", "3"]);
    let exported = project.assize(&["export", "trial", "--format", "csv"], None).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&exported.stdout), ratings);
}
