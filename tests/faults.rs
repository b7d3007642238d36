//! Every kind of fault a server can make, alone: on every attempt, and now and then; and the verdicts that come of it.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "the server here is another one")]
mod project;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use project::{Project, said};
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a faulty server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Overloaded,
    Error500,
    Drop,
    Stall,
    Truncated,
    Schema,
    Refusal,
    MaxTokens,
    DuplicateKey,
    Prose,
    Fence,
    InvalidJson,
    RateLimited,
}

/// A server that makes one kind of fault: on every attempt, or on the first attempt of every fiftieth question.
struct Faulty {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Faulty {
    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    async fn start(fault: Fault, sticky: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let seen = Arc::new(Mutex::new(HashMap::new()));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (count, seen) = (Arc::clone(&count), Arc::clone(&seen));
                tokio::spawn(serve(stream, move |body: &str| {
                    count.fetch_add(1, Ordering::SeqCst);
                    (sticky || is_faulty(&mut seen.lock().unwrap(), body)).then_some(fault)
                }));
            }
        });
        Self { url, asked }
    }
}

/// The first attempt of every fiftieth session, in the order of coming.
fn is_faulty(seen: &mut HashMap<String, usize>, body: &str) -> bool {
    let session = body.split("repair part number ").nth(1).unwrap_or_default().split(' ').next().unwrap_or_default();
    let is_new = !seen.contains_key(session);
    *seen.entry(session.to_owned()).or_default() += 1;
    is_new && seen.len() % 50 == 7
}

async fn serve(mut stream: TcpStream, fault_of: impl Fn(&str) -> Option<Fault>) {
    while let Some(body) = read(&mut stream).await {
        let fault = fault_of(&body);
        if !answer(&mut stream, fault).await {
            return;
        }
    }
}

/// The body of the next request.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16_384]);
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(body.to_owned());
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Answers one request; whether the connection stays open.
async fn answer(stream: &mut TcpStream, fault: Option<Fault>) -> bool {
    let good = r#"{"label": "glad"}"#;
    let said = |text: &str| completion(&json!({"role": "assistant", "content": text}), "stop");
    let (status, body) = match fault {
        Some(Fault::Overloaded) => (529, json!({"error": {"type": "overloaded_error", "message": "Overloaded"}})),
        Some(Fault::Error500) => (500, json!({"error": {"type": "server_error", "message": "Internal"}})),
        Some(Fault::RateLimited) => (429, json!({"error": {"type": "rate_limit_error", "message": "Slow down"}})),
        Some(Fault::Truncated) => (200, said(&good[..12])),
        Some(Fault::Schema) => (200, said(r#"{"label": "furious"}"#)),
        Some(Fault::Refusal) => {
            (200, completion(&json!({"role": "assistant", "content": null, "refusal": "No."}), "stop"))
        }
        Some(Fault::MaxTokens) => (200, completion(&json!({"role": "assistant", "content": &good[..12]}), "length")),
        Some(Fault::DuplicateKey) => (200, said(r#"{"label": "sad", "label": "glad"}"#)),
        Some(Fault::Prose) => (200, said(&format!("Here it is.\n\n{good}\n\nAnything {{else}}?"))),
        Some(Fault::Fence) => (200, said(&format!("```json\n{good}\n```"))),
        None | Some(Fault::InvalidJson | Fault::Drop | Fault::Stall) => (200, said(good)),
    };
    let mut body = body.to_string();
    if fault == Some(Fault::InvalidJson) {
        body.truncate(body.len() / 2);
    }
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    if matches!(fault, Some(Fault::Drop | Fault::Stall)) {
        stream.write_all(format!("{head}{}", &body[..body.len() / 2]).as_bytes()).await.unwrap();
        if fault == Some(Fault::Stall) {
            // A byte now and then defeats a timeout between reads.
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
        }
        return false;
    }
    stream.write_all(format!("{head}{body}").as_bytes()).await.is_ok()
}

fn completion(message: &Value, finish: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny-2026",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105},
    })
}

/// Runs the project's sessions; the kinds of verdict with their number, and the repairs of the first verdict.
fn run(project: &Project, url: &str, timeout_seconds: u32) -> (Vec<(String, usize)>, Value, String) {
    project.experiment("openai/tiny", &format!("concurrency: 4, max_retries: 2, timeout_seconds: {timeout_seconds}"));
    let output = project.run(url, &[]);
    let verdicts = fs_err::read_to_string(project.run_folder().join("verdicts.jsonl")).unwrap();
    let (mut kinds, mut repairs) = (HashMap::<String, usize>::new(), Value::Null);
    for line in verdicts.lines() {
        let verdict: Value = serde_json::from_str(line).unwrap();
        let kind = verdict["outcome"]["none"]["kind"].as_str().unwrap_or("label");
        *kinds.entry(kind.to_owned()).or_default() += 1;
        if repairs.is_null() {
            repairs = verdict["repairs"].clone();
        }
    }
    (kinds.into_iter().collect(), repairs, said(&output))
}

#[rstest]
#[case(Fault::Overloaded, "failed", json!([]), 9)]
#[case(Fault::Error500, "failed", json!([]), 9)]
#[case(Fault::Drop, "failed", json!([]), 9)]
#[case(Fault::Stall, "failed", json!([]), 9)]
#[case(Fault::InvalidJson, "failed", json!([]), 9)]
#[case(Fault::Truncated, "invalid", json!(["asked_again"]), 6)]
#[case(Fault::Schema, "invalid", json!(["asked_again"]), 6)]
#[case(Fault::DuplicateKey, "invalid", json!(["asked_again"]), 6)]
#[case(Fault::Refusal, "refused", json!(["asked_again"]), 6)]
#[case(Fault::MaxTokens, "truncated", json!(["asked_again"]), 6)]
#[case(Fault::Prose, "label", json!(["prose"]), 3)]
#[case(Fault::Fence, "label", json!(["fence"]), 3)]
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_on_every_attempt_ends_as(
    #[case] fault: Fault,
    #[case] kind: &str,
    #[case] repairs: Value,
    #[case] requests: usize,
) {
    let project = Project::with_sessions(3);
    let server = Faulty::start(fault, true).await;
    let (kinds, found, said) = run(&project, &server.url, 1);
    assert_eq!((kinds, found), (vec![(kind.to_owned(), 3)], repairs), "{said}");
    assert_eq!(server.asked.load(Ordering::SeqCst), requests, "{said}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_faults_in_a_hundred_cost_two_requests_and_no_label(
    #[values(
        Fault::Overloaded,
        Fault::Error500,
        Fault::Drop,
        Fault::Stall,
        Fault::InvalidJson,
        Fault::Truncated,
        Fault::Schema,
        Fault::DuplicateKey,
        Fault::Refusal,
        Fault::MaxTokens,
        Fault::RateLimited
    )]
    fault: Fault,
) {
    let project = Project::with_sessions(100);
    let server = Faulty::start(fault, false).await;
    let (kinds, _, said) = run(&project, &server.url, 3);
    assert_eq!(kinds, [("label".to_owned(), 100)], "{said}");
    assert_eq!(server.asked.load(Ordering::SeqCst), 102, "{said}");
}
