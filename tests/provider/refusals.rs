//! What servers refuse: keys, models, too many requests, forms.

use std::time::Duration;

use assize::provider::{CallError, Form, Params, Provider};
use rstest::rstest;
use serde_json::json;
use wiremock::ResponseTemplate;

use super::question::{CLAUDE, KEY, LOCAL, NOWHERE, access, answered, completion, ok};

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
async fn an_unknown_model_is_unfit() {
    let body = json!({"type": "error", "error": {"type": "not_found_error", "message": "model: claude-sonnet-5-5"}});
    let error = answered(CLAUDE, Form::Plain, ResponseTemplate::new(404).set_body_json(body)).await.unwrap_err();
    let CallError::Unfit { message } = &error else { panic!("{error:?}") };
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
