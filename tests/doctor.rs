//! `assize doctor`, and what a server was found to take: said, remembered, and not tried again.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "this server lists models, unlike the project's own")]
mod project;

use std::process::Output;
use std::sync::{Arc, Mutex};

use project::{Project, completion, said};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// What a server answers to a form of asking (`json_schema`, `json_object`, `tools` or `plain`), given the label that only the
/// schema names, where the server was given one.
type Manner = fn(&str, Option<&str>) -> ResponseTemplate;

struct Server {
    server: MockServer,
    /// Types of `response_format` that were asked for.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Self {
        Self::in_the_manner_of(llama_cpp).await
    }

    async fn in_the_manner_of(manner: Manner) -> Self {
        let server = MockServer::start().await;
        let list = json!({"object": "list", "data": [{"id": "tiny", "object": "model"}, {"id": "dated-2026-01-02"}]});
        let models = ResponseTemplate::new(200)
            .insert_header("x-ratelimit-limit-requests", "60")
            .insert_header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
            .set_body_json(list);
        Mock::given(method("GET")).and(path("/v1/models")).respond_with(models).mount(&server).await;
        let asked = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&asked);
        let answer = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let format = &body["response_format"];
            let kind = format["type"].as_str().unwrap_or(if body["tools"].is_array() { "tools" } else { "plain" });
            note.lock().unwrap().push(kind.to_owned());
            let schemas =
                [&format["json_schema"]["schema"], &format["schema"], &body["tools"][0]["function"]["parameters"]];
            let label = |schema: &&Value| schema["properties"]["label"]["enum"][0].as_str().map(str::to_owned);
            manner(kind, schemas.iter().find_map(label).as_deref())
        };
        Mock::given(method("POST")).and(path("/v1/chat/completions")).respond_with(answer).mount(&server).await;
        Self { server, asked }
    }

    fn url(&self) -> String {
        format!("{}/v1", self.server.uri())
    }

    /// What was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn obeyed(label: Option<&str>) -> ResponseTemplate {
    label.map_or_else(ignored, |label| completion(&json!({"label": label}).to_string()))
}

fn ignored() -> ResponseTemplate {
    completion("Hello!")
}

fn called(label: Option<&str>) -> ResponseTemplate {
    let arguments = json!({"label": label}).to_string();
    let call = json!({"id": "c", "type": "function", "function": {"name": "answer", "arguments": arguments}});
    ResponseTemplate::new(200).set_body_json(json!({
        "choices": [{"message": {"role": "assistant", "content": null, "tool_calls": [call]}, "finish_reason": "tool_calls"}]
    }))
}

fn refused(status: u16, error: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({"error": error}))
}

/// llama.cpp's Python server refuses `json_schema` with 500, and obeys `json_object` with a schema.
fn llama_cpp(kind: &str, label: Option<&str>) -> ResponseTemplate {
    match kind {
        "json_schema" => {
            let words = "[{'loc': ('body', 'response_format', 'type'), 'msg': \"unexpected value\"}]";
            refused(500, &json!({"message": words}))
        }
        "json_object" => obeyed(label),
        _ => ignored(),
    }
}

/// vLLM binds by `json_schema` and by a forced function, and takes JSON mode without looking at the schema beside it.
fn vllm(kind: &str, label: Option<&str>) -> ResponseTemplate {
    match kind {
        "json_schema" => obeyed(label),
        "tools" => called(label),
        "json_object" => completion("{\"greeting\": \"hello\"}"),
        _ => ignored(),
    }
}

/// Ollama binds by `json_schema`, and knows no forced function.
fn ollama(kind: &str, label: Option<&str>) -> ResponseTemplate {
    match kind {
        "json_schema" => obeyed(label),
        "json_object" => completion("{}"),
        _ => ignored(),
    }
}

/// OpenRouter finds no back end with structured output, says some errors inside a 200, and passes functions on.
fn openrouter(kind: &str, label: Option<&str>) -> ResponseTemplate {
    let none = "No endpoints found that can handle the requested parameters.";
    match kind {
        "json_schema" => refused(404, &json!({"code": 404, "message": none})),
        "json_object" => ResponseTemplate::new(200)
            .set_body_json(json!({"error": {"code": 400, "message": "response_format is not supported"}})),
        "tools" => called(label),
        _ => ignored(),
    }
}

/// A LiteLLM proxy that drops what a model does not know.
fn dropping(_: &str, _: Option<&str>) -> ResponseTemplate {
    ignored()
}

#[rstest::rstest]
#[case::vllm(vllm, &[("json_schema", "enforced"), ("json_object", "taken and ignored"), ("forced_tool", "enforced")], 0)]
#[case::ollama(ollama, &[("json_schema", "enforced"), ("json_object", "taken and ignored"), ("forced_tool", "taken and ignored")], 0)]
#[case::openrouter(openrouter, &[("json_schema", "refused"), ("json_object", "refused"), ("forced_tool", "enforced")], 0)]
#[case::dropping(dropping, &[("json_schema", "taken and ignored"), ("json_object", "taken and ignored"), ("plain", "taken and ignored")], 1)]
#[tokio::test(flavor = "multi_thread")]
async fn what_well_known_servers_take_is_found_out(
    #[case] manner: Manner,
    #[case] expected: &[(&str, &str)],
    #[case] code: i32,
) {
    let server = Server::in_the_manner_of(manner).await;
    let project = Project::with_sessions(1);
    let output = doctor(&project, &["--model", "openai/tiny", "--probe"], Some(&server.url()));
    for (form, finding) in expected {
        assert!(has_row(&output, &["openai/tiny", form, finding]), "{form}: {}", said(&output));
    }
    assert_eq!(output.status.code(), Some(code), "{}", said(&output));
}

fn doctor(project: &Project, args: &[&str], url: Option<&str>) -> Output {
    project.assize(&[&["doctor"], args].concat(), url).output().unwrap()
}

/// The row of the table that has all of `words`.
fn has_row(output: &Output, words: &[&str]) -> bool {
    String::from_utf8_lossy(&output.stdout).lines().any(|line| words.iter().all(|word| line.contains(word)))
}

#[test]
fn without_any_key_it_says_what_judges_without() {
    let project = Project::with_sessions(1);
    let output = doctor(&project, &[], None);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(has_row(&output, &["keys", "note", "baseline/rules, exec/COMMAND, manual/FOLDER"]), "{}", said(&output));
    assert!(has_row(&output, &["https://api.anthropic.com", "ANTHROPIC_API_KEY is not set"]), "{}", said(&output));
    assert!(has_row(&output, &["ledger.sqlite", "none yet"]), "{}", said(&output));

    let output = doctor(&project, &["--format", "json", "--model", "openai/gpt-6-sol"], None);
    assert_eq!(output.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["version"], &told["failed"]), (&json!(1), &json!(1)));
    let failed = told["checks"].as_array().unwrap().iter().find(|check| check["status"] == "failed").unwrap();
    assert_eq!(failed["subject"], "openai/gpt-6-sol");
    assert!(failed["detail"].as_str().unwrap().contains("OPENAI_API_KEY is not set"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_described_and_asked_for_its_forms_only_when_told_to() {
    let server = Server::start().await;
    let project = Project::with_sessions(1);
    let url = server.url();
    let output = doctor(&project, &["--model", "openai/tiny", "--model", "openai/dated"], Some(&url));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(has_row(&output, &["answers", "ok", "reachable, lists 2 models"]), "{}", said(&output));
    assert!(has_row(&output, &["limits", "60 requests a minute"]), "{}", said(&output));
    assert!(has_row(&output, &["clock", "note", "its clock is -"]), "{}", said(&output));
    assert!(has_row(&output, &["openai/tiny", "price", "not known"]), "{}", said(&output));
    assert!(has_row(&output, &["openai/dated", "listed", "ok"]), "an alias of a dated name: {}", said(&output));
    assert!(!said(&output).contains("sk-secret"), "{}", said(&output));
    assert_eq!(server.asked(), Vec::<String>::new());

    let output = doctor(&project, &["--model", "openai/tinny"], Some(&url));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(has_row(&output, &["FAILED", "the nearest is openai/tiny"]), "{}", said(&output));

    let output = doctor(&project, &["--model", "openai/tiny", "--probe"], Some(&url));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("may charge for"), "{}", said(&output));
    assert_eq!(server.asked(), ["json_schema", "json_object", "tools", "plain"]);
    assert!(has_row(&output, &["json_schema", "note", "refused"]), "{}", said(&output));
    assert!(has_row(&output, &["json_object", "ok", "followed"]), "{}", said(&output));
    assert!(has_row(&output, &["plain", "note", "taken and ignored: it answered \"Hello!\""]), "{}", said(&output));

    project.experiment("openai/tiny", "max_retries: 0");
    let output = project.run(&url, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(server.asked(), ["json_object"], "what the doctor found is not tried again");
    assert!(said(&output).contains("refused better forms than json_object"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_learns_the_next_one_knows_of_that_server_only() {
    let server = Server::start().await;
    let project = Project::with_sessions(1);
    project.experiment("openai/tiny", "max_retries: 0");
    let output = project.run(&server.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(server.asked(), ["json_schema", "json_object"]);
    let memory = fs_err::read_to_string(project.path("results/servers.json")).unwrap();
    assert!(memory.contains(&server.url()) && memory.contains("json_object") && !memory.contains("sk-secret"));

    let text = fs_err::read_to_string(project.path("experiment.yaml")).unwrap();
    let twice = text.replace("{model: openai/tiny}", "{model: openai/tiny, repeats: 2}");
    fs_err::write(project.path("experiment.yaml"), twice).unwrap();
    let output = project.run(&server.url(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(server.asked(), ["json_object"]);

    let other = Server::start().await;
    project.run(&other.url(), &[]);
    assert_eq!(other.asked().first().map(String::as_str), Some("json_schema"), "nothing is known of another server");

    fs_err::write(project.path("results/servers.json"), "{").unwrap();
    let output = project.run(&server.url(), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("servers.json") && said(&output).contains("delete it"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_and_a_server_that_is_not_there_are_failures() {
    let server = MockServer::start().await;
    let refusal = ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "who are you?"}}));
    Mock::given(method("GET")).respond_with(refusal).mount(&server).await;
    let project = Project::with_sessions(1);
    let output = doctor(&project, &[], Some(&format!("{}/v1", server.uri())));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(has_row(&output, &["answers", "FAILED", "the key in OPENAI_API_KEY was refused"]), "{}", said(&output));

    let output = doctor(&project, &[], Some("http://127.0.0.1:9/v1"));
    assert!(has_row(&output, &["answers", "FAILED", "cannot reach http://127.0.0.1:9/v1"]), "{}", said(&output));
    let output = doctor(&project, &[], Some("http://person:word@127.0.0.1:9/v1"));
    assert!(has_row(&output, &["answers", "FAILED", "holds credentials"]), "{}", said(&output));
    assert!(!said(&output).contains("word@"), "{}", said(&output));
}

#[test]
fn an_experiment_and_the_ledger_are_examined_whole_whatever_is_wrong_with_a_part() {
    let project = Project::with_sessions(2);
    project.experiment("baseline/rules", "max_retries: 0");
    let output = doctor(&project, &["experiment.yaml"], None);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(has_row(&output, &["datasets/made", "corpus", "ok", "2 sessions, 2 in scope"]), "{}", said(&output));

    let text = fs_err::read_to_string(project.path("experiment.yaml")).unwrap();
    let wrong = text
        .replace("datasets/made", "datasets/lost")
        .replace("[mood]", "[mood, moood]")
        .replace("baseline/rules", "exec/no-such-program-anywhere");
    fs_err::write(project.path("wrong.yaml"), format!("{wrong}gold: gold.csv\n")).unwrap();
    fs_err::write(project.path("gold.csv"), "item,rater,label,rubric\nsession-000,ann,gald,mood\n").unwrap();
    fs_err::create_dir_all(project.path("results")).unwrap();
    fs_err::write(project.path("results/ledger.sqlite"), "no database, and long enough for a header".repeat(9))
        .unwrap();
    let output = doctor(&project, &["wrong.yaml"], None);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for words in [
        ["datasets/lost", "FAILED", "corpus"],
        ["moood", "FAILED", "no rubric"],
        ["gold.csv", "FAILED", "gald"],
        ["exec/no-such-program-anywhere", "FAILED", "PATH"],
        ["ledger.sqlite", "FAILED", "ledger"],
    ] {
        assert!(has_row(&output, &words), "{words:?}: {}", said(&output));
    }
    let output = doctor(&project, &["absent.yaml"], None);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(has_row(&output, &["absent.yaml", "FAILED", "there is no experiment"]), "{}", said(&output));
}
