//! `OpenAI` files and batches (providers.md 3.7), as compatible servers speak them that have any.

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::batch::{BatchFrame, BatchPage, BatchState, BatchView, Raw, about, segment};
use super::errors;
use super::http::Answer;
use super::model::{CallError, Form, Request};
use super::openai::OpenAi;
use super::parcel::{Lines, Parcel};

const PATH: &str = "/batches";
/// Where the requests of a batch go; their URL must be the same.
const ENDPOINT: &str = "/v1/chat/completions";
/// Batches on a page of the list.
const PAGE: u32 = 100;
/// Key of our label in the batch's metadata.
const LABEL: &str = "assize";
/// A batch that nobody has.
const NOBODYS: &str = "batch_0";
/// Codes of batches that are refused for what is in the queue already.
const TOO_MUCH: [&str; 2] = ["token_limit_exceeded", "request_limit_exceeded"];

pub(super) const FRAME: BatchFrame = BatchFrame { open: b"", between: b"\n", close: b"\n" };

/// One request of a batch.
pub(super) fn request(id: &str, request: &Request) -> Vec<u8> {
    let mut bytes = format!(r#"{{"custom_id":"{id}","method":"POST","url":"{ENDPOINT}","body":"#).into_bytes();
    bytes.extend_from_slice(&request.body);
    bytes.push(b'}');
    bytes
}

/// Whether the server has batches. Some list none, and name what they do not find.
pub(super) async fn exists(judge: &OpenAi, model: &str) -> Result<bool, CallError> {
    let listed = judge.server.get(&format!("{PATH}?limit=1"), &[]).await?;
    if !matches!(listed.status, 404 | 405 | 501) {
        return errors::checked(about(model, &judge.server), &listed).map(|_| true);
    }
    let one = judge.server.get(&format!("{PATH}/{NOBODYS}"), &[]).await?;
    let words = String::from_utf8_lossy(&one.body).to_lowercase();
    Ok(one.status == 404 && words.replace(PATH, "").contains("batch"))
}

/// Uploads the requests and creates a batch of them.
pub(super) async fn create(judge: &OpenAi, model: &str, label: &str, parcel: &Parcel) -> Result<BatchView, CallError> {
    let call = about(model, &judge.server);
    let boundary = format!("assize-{label}");
    let before = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--{boundary}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"assize-{label}.jsonl\"\r\n\
         content-type: application/jsonl\r\n\r\n"
    );
    let after = format!("\r\n--{boundary}--\r\n");
    let kind = format!("multipart/form-data; boundary={boundary}");
    let uploaded = judge.server.send_parcel("/files", &[], &kind, parcel, (&before, &after)).await?;
    let file = errors::checked(call, &uploaded)?;
    let Some(file) = file["id"].as_str() else {
        return Err(CallError::Transient { message: format!("{model} took a file and gave it no id") });
    };
    let body = json!({
        "input_file_id": file, "endpoint": ENDPOINT, "completion_window": "24h", "metadata": {LABEL: label},
    });
    let order = Request {
        server: judge.server.url.clone(),
        path: PATH,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
        form: Form::Plain,
    };
    view(&errors::checked(call, &judge.server.post(&order).await?)?, model)
}

/// How a batch stands.
pub(super) async fn look(judge: &OpenAi, model: &str, id: &str) -> Result<Option<BatchView>, CallError> {
    let answer = judge.server.get(&format!("{PATH}/{}", segment(id)), &[]).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    view(&batch(model, judge, &answer)?, model).map(Some)
}

/// A page of batches.
pub(super) async fn list(judge: &OpenAi, model: &str, after: Option<&str>) -> Result<Option<BatchPage>, CallError> {
    let after = after.map_or_else(String::new, |after| format!("&after={}", segment(after)));
    let answer = judge.server.get(&format!("{PATH}?limit={PAGE}{after}"), &[]).await?;
    if matches!(answer.status, 404 | 405 | 501) {
        return Ok(None);
    }
    let value = errors::checked(about(model, &judge.server), &answer)?;
    let batches = value["data"].as_array().into_iter().flatten();
    let batches = batches.map(|batch| view(batch, model)).collect::<Result<Vec<_>, _>>()?;
    let last = batches.last().map(|batch| batch.id.clone());
    let next = value["last_id"].as_str().map(str::to_owned).or(last).filter(|_| value["has_more"] == true);
    Ok(Some(BatchPage { batches, next }))
}

/// One file of results.
pub(super) async fn results<'a>(judge: &'a OpenAi, model: &str, path: &str) -> Result<Option<Lines<'a>>, CallError> {
    match judge.server.lines(path, &[]).await? {
        Ok(lines) => Ok(Some(lines)),
        Err(answer) if matches!(answer.status, 404 | 410) => Ok(None),
        Err(answer) => Err(errors::unexpected(about(model, &judge.server), &answer)),
    }
}

/// The batch in an answer. One that failed holds its errors in a place of its own, and is no failed call.
fn batch(model: &str, judge: &OpenAi, answer: &Answer) -> Result<Value, CallError> {
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(value) if answer.status == 200 && value["id"].is_string() => Ok(value),
        _ => errors::checked(about(model, &judge.server), answer),
    }
}

fn view(value: &Value, model: &str) -> Result<BatchView, CallError> {
    let Some(id) = value["id"].as_str() else {
        return Err(CallError::Transient { message: format!("{model} answered a batch without an id") });
    };
    let state = match value["status"].as_str() {
        Some("completed" | "expired" | "cancelled") => BatchState::Ended,
        Some("failed") => failed(&value["errors"]["data"]),
        _ => BatchState::Working,
    };
    let counts = &value["request_counts"];
    // The file with errors too: a batch of which every request failed has no other (providers.md 7.22).
    let files = ["output_file_id", "error_file_id"].map(|name| value[name].as_str());
    let results = files.into_iter().flatten().map(|file| format!("/files/{}/content", segment(file)));
    Ok(BatchView {
        id: id.to_owned(),
        label: value["metadata"][LABEL].as_str().map(str::to_owned),
        created_at: value["created_at"].as_i64().and_then(|at| Timestamp::from_second(at).ok()),
        requests: counts["total"].as_u64().filter(|total| *total > 0),
        done: counts["completed"].as_u64().zip(counts["failed"].as_u64()).map(|(done, failed)| done + failed),
        is_cancelled: matches!(value["status"].as_str(), Some("cancelling" | "cancelled")),
        results: if state == BatchState::Ended { results.collect() } else { Vec::new() },
        state,
    })
}

/// Why a batch was not begun.
fn failed(errors: &Value) -> BatchState {
    let errors = errors.as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let is_too_much = errors.iter().any(|error| TOO_MUCH.contains(&word(error, "code").as_str()));
    let message = match errors {
        [] => "no reason given".to_owned(),
        [first, rest @ ..] => {
            let line = first["line"].as_u64().map_or_else(String::new, |line| format!(" in line {line}"));
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            format!("{}{line}: {}{more}", word(first, "code"), word(first, "message"))
        }
    };
    BatchState::Failed { message, is_too_much }
}

/// A line of results: the custom id, and what became of its request.
pub(super) fn result(line: &[u8]) -> Option<(String, Raw)> {
    #[derive(Deserialize)]
    struct Line<'l> {
        custom_id: String,
        #[serde(borrow, default)]
        response: Option<Response<'l>>,
        #[serde(borrow, default)]
        error: Option<&'l RawValue>,
    }
    #[derive(Deserialize)]
    struct Response<'l> {
        status_code: u16,
        #[serde(default)]
        request_id: Option<String>,
        #[serde(borrow)]
        body: &'l RawValue,
    }
    let Line { custom_id, response, error } = serde_json::from_slice(line).ok()?;
    let error = error.map(|error| serde_json::from_str::<Value>(error.get()).unwrap_or_default());
    let raw = match (error.as_ref().and_then(|error| error["code"].as_str()), response) {
        (Some("batch_expired"), _) => Raw::Expired,
        (Some("batch_cancelled"), _) => Raw::Cancelled,
        (_, Some(Response { status_code, request_id, body })) => {
            let mut headers = HeaderMap::new();
            if let Some(id) = request_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
                headers.insert("x-request-id", id);
            }
            Raw::Answer(Answer { status: status_code, headers, body: body.get().as_bytes().to_vec() })
        }
        (_, None) => {
            let body = json!({"error": error?}).to_string().into_bytes();
            Raw::Answer(Answer { status: 500, headers: HeaderMap::new(), body })
        }
    };
    Some((custom_id, raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read_and_a_batch_that_was_not_begun_says_why() {
        let batch = |status: &str, more: Value| {
            let mut batch = json!({
                "id": "batch_1", "status": status, "created_at": 1_793_000_000, "metadata": {"assize": "k"},
                "request_counts": {"total": 3, "completed": 1, "failed": 1}, "output_file_id": null, "error_file_id": "e",
            });
            batch["errors"] = more;
            view(&batch, "m").unwrap()
        };
        let ended = batch("expired", Value::Null);
        assert_eq!((ended.state, ended.done, ended.label.as_deref()), (BatchState::Ended, Some(2), Some("k")));
        assert_eq!(ended.results, ["/files/e/content"]);
        for status in ["validating", "in_progress", "finalizing", "cancelling", "of tomorrow"] {
            assert_eq!(batch(status, Value::Null).state, BatchState::Working, "{status}");
        }
        let errors = json!({"data": [{"code": "token_limit_exceeded", "message": "Enqueued.", "line": null}]});
        let message = "token_limit_exceeded: Enqueued.".to_owned();
        assert_eq!(batch("failed", errors).state, BatchState::Failed { message, is_too_much: true });
        let one = json!({"code": "invalid_json_line", "message": "Bad.", "line": 4});
        let message = "invalid_json_line in line 4: Bad. and 1 more".to_owned();
        let failed = BatchState::Failed { message, is_too_much: false };
        assert_eq!(batch("failed", json!({"data": [one, one]})).state, failed);
    }

    #[test]
    fn a_result_is_what_a_direct_answer_would_have_been() {
        let read = |response: &str, error: &str| {
            result(format!(r#"{{"id":"b","custom_id":"a","response":{response},"error":{error}}}"#).as_bytes())
        };
        let Some((_, Raw::Answer(answer))) =
            read(r#"{"status_code":429,"request_id":"r","body":{"error":{}}}"#, "null")
        else {
            unreachable!()
        };
        assert_eq!((answer.status, answer.body.as_slice()), (429, br#"{"error":{}}"#.as_slice()));
        assert_eq!(answer.headers["x-request-id"], "r");
        assert!(matches!(read("null", r#"{"code":"batch_expired"}"#), Some((_, Raw::Expired))));
        assert!(matches!(read("null", r#"{"code":"batch_cancelled"}"#), Some((_, Raw::Cancelled))));
        let Some((_, Raw::Answer(answer))) = read("null", r#"{"code":"odd","message":"m"}"#) else { unreachable!() };
        assert_eq!(
            (answer.status, answer.body.as_slice()),
            (500, br#"{"error":{"code":"odd","message":"m"}}"#.as_slice())
        );
        assert!(read("null", "null").is_none());
    }
}
