//! What a llama.cpp server (the Python one, 0.3.36) with a model of random weights answered: its shapes, with words of our own.

use assize::provider::{CallError, Form, Reply, Stop};
use assize::rubric::{ReasonKind, Rubric};
use assize::verdict::{Outcome, Reader, Repair};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::question::{LOCAL, Question, answered};

fn said(text: &str, finish: &str) -> Value {
    json!({
        "id": "chatcmpl-0", "object": "chat.completion", "created": 1_795_398_817, "model": "tiny.gguf",
        "choices": [{"index": 0, "message": {"content": text, "role": "assistant"}, "logprobs": null, "finish_reason": finish}],
        "usage": {"prompt_tokens": 24, "completion_tokens": 100, "total_tokens": 124}
    })
}

async fn answer(text: &str, finish: &str) -> Reply {
    answered(LOCAL, Form::JsonObject, ResponseTemplate::new(200).set_body_json(said(text, finish))).await.unwrap()
}

/// The rubric of the other tests, with a reason and the turns.
fn reader() -> Reader {
    let Rubric { mut answer, .. } = Question::new().rubric;
    answer.reason = ReasonKind::Short;
    answer.evidence = true;
    Reader::new(&Rubric { answer, ..Question::new().rubric }).unwrap()
}

#[tokio::test]
async fn a_schema_that_its_validation_refuses_is_asked_for_in_another_form() {
    let message = "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input \
                   should be 'text' or 'json_object'\", 'input': 'json_schema'}\n\n  File \"app.py\", line 376";
    let body = json!({"error": {"message": message, "type": "internal_server_error", "param": null, "code": null}});
    let error = answered(LOCAL, Form::JsonSchema, ResponseTemplate::new(500).set_body_json(body)).await.unwrap_err();
    assert!(matches!(error, CallError::FormUnsupported { form: Form::JsonSchema, .. }), "{error:?}");
}

#[tokio::test]
async fn a_prompt_beyond_its_context_is_too_long() {
    let message = "This model's maximum context length is 4096 tokens. However, you requested 9030 tokens (9020 in the messages, \
                   10 in the completion). Please reduce the length of the messages or completion.";
    let error = json!({"message": message, "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"});
    let answer = ResponseTemplate::new(400).set_body_json(json!({ "error": error }));
    let error = answered(LOCAL, Form::JsonObject, answer).await.unwrap_err();
    assert!(matches!(error, CallError::TooLong { .. }), "{error:?}");
}

#[tokio::test]
async fn raw_control_characters_inside_strings_are_escaped_and_said() {
    let reply =
        answer("{\"label\": \"fix\" , \"reason\": \"7D\u{1f}M\u{17}c\u{16}e\u{0c}\n𤤑\", \"evidence\":[7]}", "stop")
            .await;
    let reading = reader().read(&reply.text).unwrap();
    assert_eq!(reading.repairs, [Repair::ControlCharacters].into());
    let Outcome::Label { label, reason, evidence, .. } = reading.outcome else { unreachable!("a label was given") };
    assert_eq!((label.as_str(), evidence), ("fix", vec![7]));
    assert_eq!(reason.unwrap(), "7D\u{1f}M\u{17}c\u{16}e\u{0c}\n𤤑");
}

#[tokio::test]
async fn bounds_that_its_grammar_does_not_know_are_held_here() {
    for (turns, words) in [
        ("[74568114545812]", "`evidence[0]` is 74568114545812; it must be at most"),
        ("[-51]", "`evidence[0]` is -51; it must be at least 1"),
        ("[6e3344697943094961]", "number out of range"),
    ] {
        let reply = answer(&format!(r#"{{"label": "fix", "reason": "r", "evidence": {turns}}}"#), "stop").await;
        let error = reader().read(&reply.text).unwrap_err().error;
        assert!(error.contains(words), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_runs_into_the_cap_inside_a_string_is_cut_and_never_closed() {
    let reply = answer("{\"n\":9 , \"s\": \"NcuDZ5\u{6c7}IO5\u{17}c\u{1f}@", "length").await;
    assert_eq!(reply.stop, Stop::Cut);
    assert_eq!((reply.tokens.input, reply.tokens.output), (Some(24), Some(100)));
}
