//! Requests, to the last byte.

use assize::provider::{Access, Ask, Form, Params, Provider};
use rstest::rstest;
use serde_json::{Value, json};

use super::question::{CLAUDE, KEY, LOCAL, NOWHERE, Question, access, provider};

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
