//! Anthropic Message Batches (providers.md 2).

use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::anthropic::Anthropic;
use super::batch::{BatchFrame, BatchPage, BatchState, BatchView, Raw, about, segment};
use super::errors;
use super::http::Answer;
use super::model::{CallError, Request};
use super::parcel::{Lines, Parcel};

const PATH: &str = "/v1/messages/batches";
/// Batches on a page of the list.
const PAGE: u32 = 100;

pub(super) const FRAME: BatchFrame = BatchFrame { open: br#"{"requests":["#, between: b",", close: b"]}" };

/// One request of a batch.
pub(super) fn request(id: &str, request: &Request) -> Vec<u8> {
    let mut bytes = format!(r#"{{"custom_id":"{id}","params":"#).into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes.push(b'}');
    bytes
}

/// Whether the server lists batches.
pub(super) async fn exists(judge: &Anthropic, model: &str) -> Result<bool, CallError> {
    let answer = judge.server.get(&format!("{PATH}?limit=1"), &judge.version()).await?;
    match answer.status {
        404 | 405 | 501 => Ok(false),
        _ => errors::checked(about(model, &judge.server), &answer).map(|_| true),
    }
}

/// Creates a batch. There are no labels: it is found again by its time, its size and the custom ids of its results.
pub(super) async fn create(judge: &Anthropic, model: &str, parcel: &Parcel) -> Result<BatchView, CallError> {
    let answer = judge.server.send_parcel(PATH, &judge.version(), "application/json", parcel, ("", "")).await?;
    view(&errors::checked(about(model, &judge.server), &answer)?, model)
}

/// How a batch stands.
pub(super) async fn look(judge: &Anthropic, model: &str, id: &str) -> Result<Option<BatchView>, CallError> {
    let answer = judge.server.get(&format!("{PATH}/{}", segment(id)), &judge.version()).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    view(&errors::checked(about(model, &judge.server), &answer)?, model).map(Some)
}

/// A page of batches.
pub(super) async fn list(judge: &Anthropic, model: &str, after: Option<&str>) -> Result<Option<BatchPage>, CallError> {
    let after = after.map_or_else(String::new, |after| format!("&after_id={}", segment(after)));
    let answer = judge.server.get(&format!("{PATH}?limit={PAGE}{after}"), &judge.version()).await?;
    if matches!(answer.status, 404 | 405 | 501) {
        return Ok(None);
    }
    let value = errors::checked(about(model, &judge.server), &answer)?;
    let batches = value["data"].as_array().into_iter().flatten();
    let batches = batches.map(|batch| view(batch, model)).collect::<Result<Vec<_>, _>>()?;
    let next = value["last_id"].as_str().filter(|_| value["has_more"] == true).map(str::to_owned);
    Ok(Some(BatchPage { batches, next }))
}

/// The results of a batch that ended.
pub(super) async fn results<'a>(judge: &'a Anthropic, model: &str, path: &str) -> Result<Option<Lines<'a>>, CallError> {
    match judge.server.lines(path, &judge.version()).await? {
        Ok(lines) => Ok(Some(lines)),
        Err(answer) if matches!(answer.status, 404 | 410) => Ok(None),
        Err(answer) => Err(errors::unexpected(about(model, &judge.server), &answer)),
    }
}

fn view(value: &Value, model: &str) -> Result<BatchView, CallError> {
    let Some(id) = value["id"].as_str() else {
        return Err(CallError::Transient { message: format!("{model} answered a batch without an id") });
    };
    let counts = &value["request_counts"];
    let count = |names: &[&str]| names.iter().map(|name| counts[*name].as_u64()).sum::<Option<u64>>();
    let has_ended = value["processing_status"] == "ended";
    let done = count(&["succeeded", "errored", "canceled", "expired"]);
    Ok(BatchView {
        id: id.to_owned(),
        label: None,
        created_at: value["created_at"].as_str().and_then(|at| at.parse().ok()),
        state: if has_ended { BatchState::Ended } else { BatchState::Working },
        requests: count(&["processing"]).zip(done).map(|(processing, done)| processing + done),
        // All counts but one stay 0 until the whole batch ends.
        done: done.filter(|_| has_ended),
        is_cancelled: !value["cancel_initiated_at"].is_null(),
        // The URL that the provider gives is not followed, lest the key go elsewhere.
        results: if has_ended { vec![format!("{PATH}/{}/results", segment(id))] } else { Vec::new() },
    })
}

/// A line of results: the custom id, and what became of its request.
pub(super) fn result(line: &[u8]) -> Option<(String, Raw)> {
    #[derive(Deserialize)]
    struct Line<'l> {
        custom_id: String,
        #[serde(borrow)]
        result: Outcome<'l>,
    }
    #[derive(Deserialize)]
    struct Outcome<'l> {
        #[serde(rename = "type")]
        kind: String,
        #[serde(borrow, default)]
        message: Option<&'l RawValue>,
        #[serde(borrow, default)]
        error: Option<&'l RawValue>,
    }
    let Line { custom_id, result } = serde_json::from_slice(line).ok()?;
    let answer = |body: &RawValue| {
        Raw::Answer(Answer { status: 200, headers: HeaderMap::new(), body: body.get().as_bytes().to_vec() })
    };
    let raw = match (result.kind.as_str(), result.message, result.error) {
        ("succeeded", Some(message), _) => answer(message),
        ("expired", ..) => Raw::Expired,
        ("canceled", ..) => Raw::Cancelled,
        // The error is nested twice, as the body of an answer with that error.
        (_, _, Some(error)) => answer(error),
        _ => return None,
    };
    Some((custom_id, raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_mean_nothing_before_the_end_and_results_are_fetched_from_the_server_that_was_asked() {
        let batch = |status: &str, succeeded: u64| {
            let counts = serde_json::json!({
                "processing": 3 - succeeded, "succeeded": succeeded, "errored": 0, "canceled": 0, "expired": 0,
            });
            serde_json::json!({
                "id": "msgbatch_1", "processing_status": status, "request_counts": counts, "cancel_initiated_at": null,
                "created_at": "2026-11-22T10:00:00Z", "results_url": "https://elsewhere.example/results",
            })
        };
        let working = view(&batch("in_progress", 0), "m").unwrap();
        assert_eq!((working.state, working.requests, working.done), (BatchState::Working, Some(3), None));
        assert!(working.results.is_empty() && working.created_at.is_some());
        let ended = view(&batch("ended", 3), "m").unwrap();
        assert_eq!((ended.state, ended.done), (BatchState::Ended, Some(3)));
        assert_eq!(ended.results, ["/v1/messages/batches/msgbatch_1/results"]);
        assert_eq!(view(&batch("canceling", 0), "m").unwrap().state, BatchState::Working);
    }

    #[test]
    fn a_result_is_what_a_direct_answer_would_have_been() {
        let body = |line: &str| match result(line.as_bytes()) {
            Some((id, Raw::Answer(answer))) => (id, answer.status, String::from_utf8(answer.body).unwrap()),
            _ => (String::new(), 0, String::new()),
        };
        // To the letter: a key given twice must not be lost before it is checked.
        let (id, status, message) = body(r#"{"custom_id":"a","result":{"type":"succeeded","message":{"x":1,"x":2}}}"#);
        assert_eq!((id.as_str(), status, message.as_str()), ("a", 200, r#"{"x":1,"x":2}"#));
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#;
        let line = format!(r#"{{"custom_id":"a","result":{{"type":"errored","error":{error}}}}}"#);
        assert_eq!(body(&line).2, error);
        let kind = |kind: &str| result(format!(r#"{{"custom_id":"a","result":{{"type":"{kind}"}}}}"#).as_bytes());
        assert!(
            matches!(kind("expired"), Some((_, Raw::Expired))) && matches!(kind("canceled"), Some((_, Raw::Cancelled)))
        );
        assert!(kind("succeeded").is_none() && result(br#"{"custom_id":"a","resu"#).is_none());
    }
}
