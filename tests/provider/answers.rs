//! Good answers, and answers that are none.

use assize::provider::{CallError, Form, Stop, TokenCounts};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::matchers::{body_partial_json, header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::question::{CLAUDE, KEY, LABEL, LOCAL, answered, ask, completion, message, ok, provider};

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
