//! Requests to the last byte, answers of every kind, and servers that misbehave. No network but loopback.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io;
use std::time::{Duration, Instant};

use assize::prompt::Prompt;
use assize::provider::{
    Access, Ask, CallError, Form, Params, Provider, ProviderError, Reply, Shared, Stop, TokenCounts,
};
use assize::rubric::{Answer, AnswerKind, AnswerOption, AnswerSchema, Rubric};
use assize::session::{Format, Scope, Session};
use rstest::rstest;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const KEY: &str = "sk-synthetic-0123456789-abcdef";
const CLAUDE: &str = "anthropic/claude-sonnet-5-5";
const LOCAL: &str = "openai/local-model";
const LABEL: &str = r#"{"label":"fix"}"#;
/// Where nobody listens; for tests that send nothing.
const NOWHERE: &str = "http://localhost:1";

/// Everything that a question needs.
struct Question {
    session: Session,
    rubric: Rubric,
    prompt: Prompt,
    schema: AnswerSchema,
}

impl Question {
    fn new() -> Self {
        let option = |id: &str| AnswerOption {
            id: id.to_owned(),
            title: id.to_owned(),
            definition: "d".to_owned(),
            includes: vec![],
            excludes: vec![],
            published: None,
        };
        Self {
            session: Session {
                scope: Scope::Interactive,
                scope_rule: "test".to_owned(),
                ..Session::new("s1".to_owned(), "s1.jsonl".to_owned(), Format::ClaudeCode)
            },
            rubric: Rubric {
                name: "work mode".to_owned(),
                version: 1,
                title: "Work mode".to_owned(),
                question: "Which?".to_owned(),
                answer: Answer { options: vec![option("fix"), option("build")], ..Answer::new(AnswerKind::Choice) },
                published_base: None,
                guidance: vec![],
                tie_breaks: vec![],
                prompt: "p".to_owned(),
                view: "default".to_owned(),
                needs: vec![],
            },
            prompt: Prompt {
                system: "You label sessions.".to_owned(),
                session: "<session nonce=\"7\">\nuser: \"fix\" the tests\n</session>".to_owned(),
                question: "Which kind of work?".to_owned(),
            },
            schema: AnswerSchema {
                full: json!({
                    "type": "object",
                    "properties": {"label": {"type": "string", "enum": ["fix", "build"]}},
                    "required": ["label"],
                    "additionalProperties": false
                }),
            },
        }
    }

    fn ask(&self) -> Ask<'_> {
        let Self { session, rubric, prompt, schema } = self;
        Ask { session, rubric, prompt, schema, replicate: 1, again: None, shared: Shared::Nothing }
    }
}

fn access(url: &str) -> Access {
    Access {
        anthropic_key: Some(SecretString::from(KEY)),
        anthropic_base_url: url.to_owned(),
        openai_key: Some(SecretString::from(KEY)),
        openai_base_url: format!("{url}/v1"),
        timeout: Duration::from_secs(5),
        folder: "/nonexistent".into(),
        search_path: "/nonexistent".into(),
    }
}

fn provider(model: &str, url: &str) -> Provider {
    Provider::new(model, &Params::default(), &access(url)).unwrap()
}

/// Asks once, in `form`.
async fn ask(provider: &Provider, form: Form) -> Result<Reply, CallError> {
    let question = Question::new();
    let request = provider.request(&question.ask(), form);
    let sent = provider.send(&request).await;
    if let Ok(reply) = &sent {
        // A body out of the ledger reads the same, but for what came in headers.
        let again = provider.read_body(&request, &reply.body).unwrap();
        assert_eq!(again, Reply { request_id: None, limits: again.limits, ..reply.clone() });
    }
    sent
}

/// What `model` makes of one answer.
async fn answered(model: &str, form: Form, answer: ResponseTemplate) -> Result<Reply, CallError> {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    ask(&provider(model, &server.uri()), form).await
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

fn message(content: &Value, stop: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5-20260928",
        "content": content, "stop_reason": stop, "stop_sequence": null, "stop_details": null,
        "usage": {"input_tokens": 120, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2100,
                  "output_tokens": 88, "server_tool_use": null}
    })
}

fn completion(message: &Value, finish: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "local-model-7b",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}],
        "usage": {"prompt_tokens": 2220, "completion_tokens": 88, "total_tokens": 2308,
                  "prompt_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 100}}
    })
}

// Requests, to the last byte.

#[rstest]
#[case(CLAUDE, Form::JsonSchema)]
#[case(CLAUDE, Form::ForcedTool)]
#[case(CLAUDE, Form::Plain)]
#[case("openai/gpt-6-sol", Form::JsonSchema)]
#[case("openai/gpt-6-sol", Form::JsonObject)]
#[case("openai/gpt-6-sol", Form::ForcedTool)]
#[case("openai/gpt-6-sol", Form::Plain)]
fn request_bytes(#[case] model: &str, #[case] form: Form) {
    let access = Access { openai_base_url: "https://api.openai.com/v1".into(), ..access("https://api.anthropic.com") };
    let provider = Provider::new(model, &Params::default(), &access).unwrap();
    let question = Question::new();
    let name = format!("{}_{form:?}", model.split('/').next().unwrap()).to_lowercase();
    let text = |ask: &Ask<'_>| String::from_utf8(provider.request(ask, form).identity_bytes()).unwrap();
    insta::assert_snapshot!(name.clone(), text(&question.ask()));
    let again = Some((r#"{"label":"mend"}"#, "label: \"mend\" is not one of fix, build"));
    insta::assert_snapshot!(format!("{name}_again"), text(&Ask { again, ..question.ask() }));
}

#[test]
fn parameters_are_sent_only_where_set_and_the_version_follows_the_temperature() {
    let question = Question::new();
    let params =
        Params { temperature: Some(0.0), effort: Some("low".to_owned()), max_output_tokens: 100, ..Params::default() };
    let claude = Provider::new("anthropic/claude-opus-4-6", &params, &access(NOWHERE)).unwrap();
    let request = claude.request(&question.ask(), Form::JsonSchema);
    assert_eq!(request.headers, [("anthropic-version", "2023-06-01")]);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!((&body["temperature"], &body["output_config"]["effort"]), (&json!(0.0), &json!("low")));

    let params = Params { seed: Some(7), ..params };
    let local = Provider::new(LOCAL, &params, &access(NOWHERE)).unwrap();
    let body: Value = serde_json::from_slice(&local.request(&question.ask(), Form::Plain).body).unwrap();
    let sent = ["temperature", "reasoning_effort", "seed", "max_tokens"].map(|name| body[name].clone());
    assert_eq!(sent, [json!(0.0), json!("low"), json!(7), json!(100)]);
    // Compatible servers drop the new name of the cap silently, and are bound by a schema in JSON mode.
    assert!(body.get("max_completion_tokens").is_none());
    let body: Value = serde_json::from_slice(&local.request(&question.ask(), Form::JsonObject).body).unwrap();
    assert_eq!(body["response_format"], json!({"type": "json_object", "schema": question.schema.full}));
}

#[rstest]
#[case(CLAUDE, NOWHERE, "max_tokens")]
#[case(LOCAL, NOWHERE, "max_tokens")]
// The server decides how the cap is called, not the model; nothing is sent.
#[case(LOCAL, "https://api.openai.com", "max_completion_tokens")]
fn more_room_is_the_same_question_with_twice_the_cap(#[case] model: &str, #[case] url: &str, #[case] cap: &str) {
    let question = Question::new();
    let request = provider(model, url).request(&question.ask(), Form::JsonSchema);
    let mut body: Value = serde_json::from_slice(&request.body).unwrap();
    let tokens = body[cap].as_u64().unwrap();
    body[cap] = json!(tokens * 2);
    let roomier: Value = serde_json::from_slice(&request.clone().roomier().body).unwrap();
    assert_eq!(roomier, body);
}

#[test]
fn an_empty_answer_is_corrected_without_an_empty_block() {
    let question = Question::new();
    let again = Ask { again: Some((" ", "there is no JSON object")), ..question.ask() };
    let request = provider(CLAUDE, NOWHERE).request(&again, Form::JsonSchema);
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["messages"].as_array().unwrap().len(), 1);
    assert!(body["messages"][0]["content"][2]["text"].as_str().unwrap().contains("there is no JSON object"));
}

#[test]
fn another_server_is_another_judge_and_the_key_is_nowhere() {
    let question = Question::new();
    let identity = |url: &str| provider(CLAUDE, url).request(&question.ask(), Form::Plain).identity_bytes();
    assert_ne!(identity("http://localhost:1"), identity("http://localhost:2"));
    assert_eq!(identity("http://localhost:1"), identity("http://localhost:1/v1/"));
    assert!(!String::from_utf8(identity(NOWHERE)).unwrap().contains(KEY));
    assert!(!format!("{:?} {:?}", provider(CLAUDE, NOWHERE), access(NOWHERE)).contains(KEY));
}

#[test]
fn forms_start_where_the_catalogue_says() {
    let forms = |model| provider(model, NOWHERE).forms();
    assert_eq!(forms(CLAUDE), [Form::JsonSchema, Form::ForcedTool, Form::Plain]);
    assert_eq!(forms("anthropic/claude-opus-4-1"), [Form::ForcedTool, Form::Plain]);
    assert_eq!(forms(LOCAL), [Form::JsonSchema, Form::JsonObject, Form::ForcedTool, Form::Plain]);
}

// Good answers.

#[tokio::test]
async fn anthropic_answers_in_text_after_thinking() {
    let server = MockServer::start().await;
    let content = json!([
        {"type": "thinking", "thinking": "{\"label\":\"build\"}", "signature": "x"},
        {"type": "something_new", "text": "ignored"},
        {"type": "text", "text": LABEL}
    ]);
    let answer = ok(&message(&content, "end_turn"))
        .insert_header("request-id", "req_7")
        .insert_header("anthropic-ratelimit-requests-limit", "1000");
    Mock::given(path("/v1/messages"))
        .and(header("x-api-key", KEY))
        .and(header("anthropic-version", "2026-10-21"))
        .and(header("content-type", "application/json"))
        .and(body_partial_json(json!({"max_tokens": 4096})))
        .respond_with(answer)
        .mount(&server)
        .await;
    let provider = provider(CLAUDE, &server.uri());
    let reply = ask(&provider, Form::JsonSchema).await.unwrap();
    assert_eq!((reply.text.as_str(), &reply.stop), (LABEL, &Stop::End));
    let tokens = TokenCounts { input: Some(120), output: Some(88), cache_read: Some(2_100), cache_write: Some(0) };
    assert_eq!(reply.tokens, tokens);
    // 120 x 2 + 88 x 10 + 2,100 x 0.1.
    assert_eq!(provider.micro_dollars(&tokens), Some(240 + 880 + 210));
    assert_eq!(reply.model.as_deref(), Some("claude-sonnet-5-5-20260928"));
    assert_eq!(reply.request_id.as_deref(), Some("req_7"));
    assert_eq!(reply.limits.requests.limit, Some(1_000));
}

#[rstest]
#[case::one(&["fix"], Stop::End, LABEL)]
#[case::twice_the_same(&["fix", "fix"], Stop::End, LABEL)]
#[case::two_that_disagree(&["fix", "build"], Stop::Other("tool calls that disagree".to_owned()), "")]
#[tokio::test]
async fn forced_tools(#[case] labels: &[&str], #[case] stop: Stop, #[case] text: &str) {
    let call = |label: &&str| json!({"type": "tool_use", "id": "t", "name": "answer", "input": {"label": label}});
    let mut content = vec![json!({"type": "text", "text": "I will answer."})];
    content.extend(labels.iter().map(call));
    let reply = answered(CLAUDE, Form::ForcedTool, ok(&message(&json!(content), "tool_use"))).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), (text, stop));
}

#[tokio::test]
async fn a_key_given_twice_reaches_the_reader() {
    let body = r#"{"content":[{"type":"tool_use","input":{"label":"fix","label":"build"}}],"stop_reason":"tool_use"}"#;
    let reply = answered(CLAUDE, Form::ForcedTool, ResponseTemplate::new(200).set_body_string(body)).await.unwrap();
    assert_eq!(reply.text, r#"{"label":"fix","label":"build"}"#);
}

#[rstest]
#[case(Form::JsonSchema)]
#[case(Form::JsonObject)]
#[case(Form::Plain)]
#[tokio::test]
async fn openai_answers_in_content(#[case] form: Form) {
    let server = MockServer::start().await;
    let answer = ok(&completion(&json!({"role": "assistant", "content": LABEL, "refusal": null}), &json!("stop")))
        .insert_header("x-request-id", "req_8")
        .insert_header("x-ratelimit-remaining-tokens", "1,500");
    Mock::given(path("/v1/chat/completions"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(header("x-litellm-num-retries", "0"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let provider = provider(LOCAL, &server.uri());
    let reply = ask(&provider, form).await.unwrap();
    assert_eq!((reply.text.as_str(), &reply.stop), (LABEL, &Stop::End));
    let tokens = TokenCounts { input: Some(120), output: Some(88), cache_read: Some(2_000), cache_write: Some(100) };
    assert_eq!(reply.tokens, tokens);
    assert_eq!(provider.micro_dollars(&tokens), None, "the price of an unknown model is not known");
    assert_eq!(reply.request_id.as_deref(), Some("req_8"));
    assert_eq!(reply.limits.input_tokens.remaining, Some(1_500));
}

#[rstest]
#[case::one(&["fix"], "tool_calls", Stop::End, r#"{"label":"fix"}"#)]
#[case::said_to_be_done(&["fix"], "stop", Stop::End, r#"{"label":"fix"}"#)]
#[case::twice_the_same(&["fix", "fix"], "tool_calls", Stop::End, r#"{"label":"fix"}"#)]
#[case::two_that_disagree(&["fix", "build"], "tool_calls", Stop::Other("tool calls that disagree".to_owned()), "")]
#[case::none(&[], "stop", Stop::End, "words")]
#[case::cut(&["fi"], "length", Stop::Cut, r#"{"label":"fi"}"#)]
#[tokio::test]
async fn openai_forced_tools(#[case] labels: &[&str], #[case] finish: &str, #[case] stop: Stop, #[case] text: &str) {
    let call = |label| {
        let arguments = json!({"label": label}).to_string();
        json!({"id": "call_1", "type": "function", "function": {"name": "answer", "arguments": arguments}})
    };
    let calls: Vec<Value> = labels.iter().map(call).collect();
    let content = if labels.is_empty() { json!("words") } else { json!(null) };
    let body = completion(&json!({"role": "assistant", "content": content, "tool_calls": calls}), &json!(finish));
    let reply = answered(LOCAL, Form::ForcedTool, ok(&body)).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), (text, stop));
}

#[tokio::test]
async fn missing_usage_is_unknown_and_not_zero() {
    for (model, mut body) in [
        (CLAUDE, message(&json!([{"type": "text", "text": LABEL}]), "end_turn")),
        (LOCAL, completion(&json!({"content": LABEL}), &json!("stop"))),
    ] {
        for usage in [json!({"prompt_tokens_details": null, "input_tokens": null}), Value::Null] {
            body["usage"] = usage;
            let reply = answered(model, Form::Plain, ok(&body)).await.unwrap();
            assert_eq!((reply.text.as_str(), reply.tokens), (LABEL, TokenCounts::default()));
        }
        body.as_object_mut().unwrap().remove("usage");
        assert_eq!(answered(model, Form::Plain, ok(&body)).await.unwrap().tokens, TokenCounts::default());
    }
}

// Answers that are none.

#[rstest]
#[case::cut(&json!([{"type": "text", "text": "{\"label\":\"fi"}]), "max_tokens", Stop::Cut)]
#[case::cut_by_the_window(&json!([{"type": "text", "text": "{"}]), "model_context_window_exceeded", Stop::Cut)]
#[case::empty(&json!([]), "end_turn", Stop::End)]
#[case::unknown(&json!([]), "pause_turn", Stop::Other("pause_turn".to_owned()))]
#[case::unasked(&json!([{"type": "tool_use", "input": {}}]), "tool_use", Stop::Other("tool_use".to_owned()))]
#[tokio::test]
async fn anthropic_stops(#[case] content: &Value, #[case] reason: &str, #[case] stop: Stop) {
    let reply = answered(CLAUDE, Form::JsonSchema, ok(&message(content, reason))).await.unwrap();
    assert_eq!(reply.stop, stop);
}

#[tokio::test]
async fn anthropic_refusal_keeps_the_explanation_and_not_the_text() {
    let mut body = message(&json!([{"type": "text", "text": LABEL}]), "refusal");
    body["stop_details"] = json!({"type": "refusal", "category": "cyber", "explanation": "It looks like an attack."});
    let reply = answered(CLAUDE, Form::JsonSchema, ok(&body)).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), ("cyber: It looks like an attack.", Stop::Refused));
}

#[rstest]
#[case::cut(&json!({"content": null}), &json!("length"), Stop::Cut, "")]
#[case::refused(&json!({"content": null, "refusal": "No."}), &json!("stop"), Stop::Refused, "No.")]
#[case::filtered(&json!({"content": ""}), &json!("content_filter"), Stop::Refused, "")]
#[case::parts(&json!({"content": [{"type": "text", "text": LABEL}]}), &json!("stop"), Stop::End, LABEL)]
#[case::unknown(&json!({"content": LABEL}), &json!("tool_calls"), Stop::Other("tool_calls".to_owned()), LABEL)]
#[case::none(&json!({"content": LABEL}), &json!(null), Stop::Other("no finish reason".to_owned()), LABEL)]
#[tokio::test]
async fn openai_stops(#[case] message: &Value, #[case] finish: &Value, #[case] stop: Stop, #[case] text: &str) {
    let reply = answered(LOCAL, Form::JsonSchema, ok(&completion(message, finish))).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.stop), (text, stop));
}

#[rstest]
#[case(CLAUDE, json!({"type": "message"}), "answered without content")]
#[case(LOCAL, json!({"choices": []}), "answered without choices")]
#[tokio::test]
async fn answers_without_an_answer(#[case] model: &str, #[case] body: Value, #[case] expected: &str) {
    let error = answered(model, Form::Plain, ok(&body)).await.unwrap_err();
    assert!(matches!(&error, CallError::Transient { message } if message.contains(expected)), "{error}");
}

// Keys, models, waits.

#[rstest]
#[case(CLAUDE, "ANTHROPIC_API_KEY")]
#[case(LOCAL, "OPENAI_API_KEY")]
#[tokio::test]
async fn a_refused_key_is_named_by_its_variable_and_never_shown(#[case] model: &str, #[case] variable: &str) {
    let words = format!("Incorrect API key provided: {KEY}.");
    let body = json!({"error": {"type": "authentication_error", "message": words}});
    let error = answered(model, Form::Plain, ResponseTemplate::new(401).set_body_json(body)).await.unwrap_err();
    let CallError::Fatal { message } = &error else { panic!("{error:?}") };
    assert!(message.contains(&format!("the key in {variable} was refused")), "{message}");
    assert!(message.contains("provided: [key]") && !format!("{error:?}").contains(KEY), "{message}");
}

#[tokio::test]
async fn an_answer_that_echoes_the_key_is_kept_without_it() {
    let body = completion(&json!({"content": format!("your key is {KEY}")}), &json!("stop"));
    let reply = answered(LOCAL, Form::Plain, ok(&body)).await.unwrap();
    assert_eq!(reply.text, "your key is [key]");
    assert!(!String::from_utf8(reply.body).unwrap().contains(KEY));
}

#[rstest]
#[case(CLAUDE, "ANTHROPIC_API_KEY")]
#[case("openai/gpt-6-sol", "OPENAI_API_KEY")]
fn a_missing_key_is_an_error_before_anything_is_sent(#[case] model: &str, #[case] variable: &str) {
    let mut access = access("https://api.anthropic.com");
    access.openai_base_url = "https://api.openai.com/v1".to_owned();
    (access.anthropic_key, access.openai_key) = (None, None);
    let error = Provider::new(model, &Params::default(), &access).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{model} needs a key: {variable} is not set; ")), "{error}");
    // Local servers need none.
    (access.anthropic_base_url, access.openai_base_url) = (NOWHERE.to_owned(), NOWHERE.to_owned());
    assert!(Provider::new(model, &Params::default(), &access).is_ok());
}

#[tokio::test]
async fn an_unknown_model_stops_the_run() {
    let body = json!({"type": "error", "error": {"type": "not_found_error", "message": "model: claude-sonnet-5-5"}});
    let error = answered(CLAUDE, Form::Plain, ResponseTemplate::new(404).set_body_json(body)).await.unwrap_err();
    let CallError::Fatal { message } = &error else { panic!("{error:?}") };
    assert!(message.contains("check the model's name and ANTHROPIC_BASE_URL (http://127.0.0.1:"), "{message}");
}

#[rstest]
#[case::seconds(&[("retry-after", "3")], Some(3_000))]
#[case::milliseconds(&[("retry-after", "3"), ("retry-after-ms", "250")], Some(250))]
#[case::none(&[], None)]
#[tokio::test]
async fn rate_limits(#[case] headers: &[(&str, &str)], #[case] millis: Option<u64>) {
    let mut answer = ResponseTemplate::new(429)
        .set_body_json(json!({"error": {"type": "rate_limit_error", "message": "slow down"}}))
        .insert_header("anthropic-ratelimit-requests-limit", "50");
    for (name, value) in headers {
        answer = answer.insert_header(*name, *value);
    }
    let error = answered(CLAUDE, Form::Plain, answer).await.unwrap_err();
    let CallError::RateLimited { retry_after, limits, .. } = error else { panic!("{error:?}") };
    assert_eq!(retry_after, millis.map(Duration::from_millis));
    assert_eq!(limits.requests.limit, Some(50));
}

#[rstest]
#[case(429, r#"{"error":{"message":"q","type":"insufficient_quota","code":"insufficient_quota"}}"#, "Fatal")]
#[case(529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "Overloaded")]
#[case(500, r#"{"error":{"message":"oops"}}"#, "Transient")]
#[case(502, "<html>Bad Gateway</html>", "Transient")]
#[tokio::test]
async fn failures_of_the_provider(#[case] status: u16, #[case] body: &str, #[case] expected: &str) {
    let error = answered(LOCAL, Form::Plain, ResponseTemplate::new(status).set_body_string(body)).await.unwrap_err();
    assert!(format!("{error:?}").starts_with(expected), "{error:?}");
}

#[rstest]
#[case(CLAUDE, Form::JsonSchema, "output_config.format: Extra inputs are not permitted")]
#[case(CLAUDE, Form::ForcedTool, "tool_choice: forced tools are not supported by this model")]
#[case(LOCAL, Form::JsonSchema, "response_format.type: Input should be 'text' or 'json_object'")]
#[case(LOCAL, Form::JsonObject, "response_format is not supported")]
#[tokio::test]
async fn a_form_that_the_server_does_not_take(#[case] model: &str, #[case] form: Form, #[case] words: &str) {
    let body = json!({"error": {"type": "invalid_request_error", "message": words, "param": null, "code": 400}});
    let error = answered(model, form, ResponseTemplate::new(400).set_body_json(body)).await.unwrap_err();
    assert!(matches!(&error, CallError::FormUnsupported { form: refused, .. } if *refused == form), "{error:?}");
}

// Servers that misbehave.

#[tokio::test]
async fn redirects_are_not_followed_with_the_key() {
    let elsewhere = MockServer::start().await;
    for verb in ["POST", "GET"] {
        Mock::given(method(verb)).respond_with(ResponseTemplate::new(200)).expect(0).mount(&elsewhere).await;
    }
    for status in [301, 302, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let error = answered(CLAUDE, Form::Plain, answer).await.unwrap_err();
        assert!(matches!(&error, CallError::Fatal { message } if message.contains("ANTHROPIC_BASE_URL")), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_twice_behind_our_back() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).expect(1).mount(&server).await;
    ask(&provider(CLAUDE, &server.uri()), Form::Plain).await.unwrap_err();
}

#[rstest]
#[case(CLAUDE, "ANTHROPIC_BASE_URL")]
#[case(LOCAL, "OPENAI_BASE_URL")]
#[tokio::test]
async fn a_server_that_is_down_is_named(#[case] model: &str, #[case] variable: &str) {
    let url = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = ask(&provider(model, &url), Form::Plain).await.unwrap_err();
    let CallError::Transient { message } = &error else { panic!("{error:?}") };
    assert!(message.contains(&format!("cannot reach {url}")) && message.contains("refused"), "{message}");
    assert!(message.contains(&format!("check that the server is up and that {variable} is right")), "{message}");
}

/// What `model` makes of a server that serves one connection as told.
async fn against<F>(model: &str, timeout: Duration, serve: impl FnOnce(TcpStream) -> F) -> CallError
where
    F: Future<Output = io::Result<()>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let provider = Provider::new(model, &Params::default(), &Access { timeout, ..access(&url) }).unwrap();
    let serving = async {
        let (mut stream, _) = listener.accept().await?;
        stream.read_exact(&mut [0; 64]).await?;
        serve(stream).await
    };
    let (reply, _) = tokio::join!(ask(&provider, Form::Plain), serving);
    reply.unwrap_err()
}

#[tokio::test]
async fn a_dropped_connection_may_pass() {
    let error = against(LOCAL, Duration::from_secs(5), |mut stream| async move { stream.shutdown().await }).await;
    assert!(matches!(&error, CallError::Transient { message } if message.contains("broke")), "{error:?}");
}

#[tokio::test]
async fn half_a_body_may_pass() {
    let error = against(CLAUDE, Duration::from_secs(5), |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"type\":\"mess").await?;
        stream.shutdown().await
    })
    .await;
    assert!(matches!(&error, CallError::Transient { message } if message.contains("broke")), "{error:?}");
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_after_the_total_time() {
    let start = Instant::now();
    let error = against(CLAUDE, Duration::from_millis(300), |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await?;
        loop {
            stream.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(matches!(&error, CallError::Transient { message } if message.contains("within 0.3 s")), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_body_of_50_megabytes_is_not_read_to_the_end() {
    let answer = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 50 * 1024 * 1024]);
    let error = answered(LOCAL, Form::Plain, answer).await.unwrap_err();
    assert!(matches!(&error, CallError::Transient { message } if message.contains("larger than 20 MB")), "{error:?}");
}

// What cannot be made.

#[rstest]
#[case("claude", "not a model: write anthropic/MODEL")]
#[case("anthropic/", "not a model")]
#[case("azure/gpt", "unknown provider: write anthropic/MODEL")]
#[case("baseline/else", "unknown provider")]
#[case("anthropic/claude-sonnet-5-5", "takes no temperature")]
#[case("openai/gpt-6.2-sol", "takes no temperature")]
fn models_that_cannot_be_made(#[case] model: &str, #[case] expected: &str) {
    let params = Params { temperature: Some(0.0), ..Params::default() };
    let error = Provider::new(model, &params, &access(NOWHERE)).unwrap_err();
    assert!(matches!(error, ProviderError::Model { .. }));
    let error = error.to_string();
    assert!(error.starts_with(model) && error.contains(expected), "{error}");
}

#[rstest]
#[case(&Params { temperature: Some(f64::NAN), ..Params::default() }, "not between 0 and 2")]
#[case(&Params { max_output_tokens: 0, ..Params::default() }, "max_output_tokens is 0")]
#[case(&Params { seed: Some(1), ..Params::default() }, "takes no seed")]
fn parameters_that_make_no_sense(#[case] params: &Params, #[case] expected: &str) {
    let error = Provider::new("anthropic/m", params, &access(NOWHERE)).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case("localhost:8000", "ANTHROPIC_BASE_URL is not a http or https URL")]
#[case("file:///etc", "ANTHROPIC_BASE_URL is not")]
#[case("http://me:secret@localhost", "ANTHROPIC_BASE_URL holds credentials")]
fn base_urls_that_cannot_be(#[case] url: &str, #[case] expected: &str) {
    let error = Provider::new(CLAUDE, &Params::default(), &access(url)).unwrap_err().to_string();
    assert!(error.contains(expected) && !error.contains("secret"), "{error}");
}

#[test]
fn a_key_with_a_line_break_is_named_and_not_shown() {
    let access = Access { openai_key: Some(SecretString::from("sk-one\nsk-two")), ..access(NOWHERE) };
    let error = Provider::new(LOCAL, &Params::default(), &access).unwrap_err().to_string();
    assert!(error.contains("OPENAI_API_KEY") && !error.contains("sk-"), "{error}");
}

// Replay and rules.

fn replay(lines: &str) -> Result<Provider, ProviderError> {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("answers.jsonl"), lines).unwrap();
    let access = Access { folder: folder.path().to_owned(), ..access(NOWHERE) };
    Provider::new("replay/answers.jsonl", &Params::default(), &access)
}

#[tokio::test]
async fn replay_answers_out_of_a_file() {
    let provider = replay(concat!(
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"answer\":{\"label\":\"fix\"}}\n\n",
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"replicate\":2,\"text\":\"build, I think\"}\n",
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"replicate\":3,\"stop\":\"refused\",\"text\":\"No.\"}\n",
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"replicate\":4,\"stop\":\"cut\"}\n",
    ))
    .unwrap();
    assert!(!provider.is_remote());
    assert_eq!(provider.micro_dollars(&TokenCounts::default()), Some(0));
    let question = Question::new();
    let expected =
        [(1, LABEL, Stop::End), (2, "build, I think", Stop::End), (3, "No.", Stop::Refused), (4, "", Stop::Cut)];
    for (replicate, text, stop) in expected {
        let request = provider.request(&Ask { replicate, ..question.ask() }, Form::Plain);
        let reply = provider.send(&request).await.unwrap();
        assert_eq!((reply.text.as_str(), &reply.stop), (text, &stop));
        assert_eq!(provider.read_body(&request, &reply.body).unwrap(), reply);
    }
}

#[tokio::test]
async fn replay_without_a_line_is_no_answer() {
    let provider = replay("{\"session\":\"s2\",\"rubric\":\"work mode\",\"answer\":{\"label\":\"fix\"}}\n").unwrap();
    let error = ask(&provider, Form::Plain).await.unwrap_err();
    let CallError::Rejected { message } = error else { panic!("{error:?}") };
    assert!(message.ends_with("answers.jsonl: no answer for session s1, rubric work mode, replicate 1"), "{message}");
}

#[test]
fn a_changed_replay_file_is_another_judge() {
    let line = "{\"session\":\"s1\",\"rubric\":\"r\",\"answer\":{\"label\":\"fix\"}}\n";
    let question = Question::new();
    let identity = |lines: &str| replay(lines).unwrap().request(&question.ask(), Form::Plain).identity_bytes();
    assert_eq!(identity(line), identity(line));
    assert_ne!(identity(line), identity(&line.replace("fix", "build")));
}

#[rstest]
#[case::twice(
    "{\"session\":\"s\",\"rubric\":\"r\",\"text\":\"a\"}\n\n{\"session\":\"s\",\"rubric\":\"r\",\"text\":\"a\"}",
    ":3: session s, rubric r is answered on line 1 too"
)]
#[case::nothing("{\"session\":\"s\",\"rubric\":\"r\"}", ":1: give either answer or text")]
#[case::both("{\"session\":\"s\",\"rubric\":\"r\",\"text\":\"a\",\"answer\":1}", ":1: give either answer or text")]
#[case::unknown_key("{\"session\":\"s\",\"rubrik\":\"r\"}", ":1: unknown field `rubrik`")]
#[case::not_json("\u{0}\u{0}", ":1: expected value")]
fn replay_files_that_cannot_be_used(#[case] lines: &str, #[case] expected: &str) {
    let error = replay(lines).unwrap_err().to_string();
    assert!(error.contains(&format!("answers.jsonl{expected}")), "{error}");
}

#[test]
fn a_missing_replay_file_is_named() {
    let error = Provider::new("replay/none.jsonl", &Params::default(), &access(NOWHERE)).unwrap_err();
    assert!(error.to_string().contains("none.jsonl"), "{error}");
}

#[tokio::test]
async fn rules_answer_in_this_process() {
    let provider = provider("baseline/rules", NOWHERE);
    assert!(!provider.is_remote() && provider.price().is_none());
    let mut question = Question::new();
    let unknown = ask(&provider, Form::Plain).await.unwrap_err();
    assert!(matches!(&unknown, CallError::Rejected { message } if message.contains("no rules for the rubric")));
    question.rubric.name = "work_mode".to_owned();
    let request = provider.request(&question.ask(), Form::Plain);
    assert_eq!(provider.send(&request).await.unwrap().stop, Stop::End);
}

// A server that others wrote.

/// Runs where `ASSIZE_MOCKLLM` holds the address of a `mockllm --strict`, such as `http://127.0.0.1:8399`.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the address of a server outside the tests")]
async fn mockllm_accepts_every_form() {
    let Ok(url) = std::env::var("ASSIZE_MOCKLLM") else {
        println!("skipped: ASSIZE_MOCKLLM is not set");
        return;
    };
    for model in [CLAUDE, LOCAL] {
        let provider = provider(model, &url);
        for &form in provider.forms() {
            let reply = ask(&provider, form).await.unwrap();
            println!("{model} {form:?}: {:?} {:?} {}", reply.stop, reply.tokens, reply.text);
            assert_eq!(reply.stop, Stop::End);
            assert!(reply.tokens.input.is_some() && reply.tokens.output.is_some());
            if form == Form::JsonSchema || form == Form::ForcedTool {
                let answer: Value = serde_json::from_str(&reply.text).unwrap();
                assert!(["fix", "build"].contains(&answer["label"].as_str().unwrap()), "{model} {form:?}: {answer}");
            }
        }
    }
}
