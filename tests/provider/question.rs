//! One question with all that it needs, and answers as the two dialects have them.

use std::sync::Arc;
use std::time::Duration;

use assize::prompt::Prompt;
use assize::provider::{Access, Ask, CallError, Form, Params, Provider, Reply, Shared};
use assize::rubric::{Answer, AnswerKind, AnswerOption, AnswerSchema, Rubric};
use assize::session::{Format, Scope, Session};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

pub const KEY: &str = "sk-synthetic-0123456789-abcdef";
pub const CLAUDE: &str = "anthropic/claude-sonnet-5-5";
pub const LOCAL: &str = "openai/local-model";
pub const LABEL: &str = r#"{"label":"fix"}"#;
/// Where nobody listens; for tests that send nothing.
pub const NOWHERE: &str = "http://localhost:1";

/// Everything that a question needs.
pub struct Question {
    pub session: Arc<Session>,
    pub rubric: Rubric,
    pub prompt: Prompt,
    pub schema: AnswerSchema,
}

impl Question {
    pub fn new() -> Self {
        let options = ["fix", "build"].map(|id| AnswerOption::new(id, "d")).to_vec();
        let answer = Answer { options, ..Answer::new(AnswerKind::Choice) };
        Self {
            session: Arc::new(Session {
                scope: Scope::Interactive,
                scope_rule: "test".to_owned(),
                ..Session::new("s1".to_owned(), "s1.jsonl".to_owned(), Format::ClaudeCode)
            }),
            rubric: Rubric {
                title: "Work mode".to_owned(),
                question: "Which?".to_owned(),
                prompt: "p".to_owned(),
                ..Rubric::new("work mode", answer)
            },
            prompt: Prompt {
                system: "You label sessions.".to_owned(),
                session: "<session nonce=\"7\">\nuser: \"fix\" the tests\n</session>".to_owned(),
                question: "Which kind of work?".to_owned(),
            },
            schema: AnswerSchema::new(json!({
                "type": "object",
                "properties": {"label": {"type": "string", "enum": ["fix", "build"]}},
                "required": ["label"],
                "additionalProperties": false
            })),
        }
    }

    pub fn ask(&self) -> Ask<'_> {
        let Self { session, rubric, prompt, schema } = self;
        Ask { session, rubric, prompt, schema, replicate: 1, again: None, shared: Shared::Nothing }
    }
}

pub fn access(url: &str) -> Access {
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

pub fn provider(model: &str, url: &str) -> Provider {
    Provider::new(model, &Params::default(), &access(url)).unwrap()
}

/// Asks once, in `form`.
pub async fn ask(provider: &Provider, form: Form) -> Result<Reply, CallError> {
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
pub async fn answered(model: &str, form: Form, answer: ResponseTemplate) -> Result<Reply, CallError> {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    ask(&provider(model, &server.uri()), form).await
}

pub fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

pub fn message(content: &Value, stop: &str) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-5-5-20260928",
        "content": content, "stop_reason": stop, "stop_sequence": null, "stop_details": null,
        "usage": {"input_tokens": 120, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 2100,
                  "output_tokens": 88, "server_tool_use": null}
    })
}

pub fn completion(message: &Value, finish: &Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "local-model-7b",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}],
        "usage": {"prompt_tokens": 2220, "completion_tokens": 88, "total_tokens": 2308,
                  "prompt_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 100}}
    })
}
