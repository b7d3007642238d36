//! A fake of both providers' batch APIs on loopback: it keeps what it is given, and misbehaves as told.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken fixture fails the test")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one request of a batch.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It is answered with this text.
    Says(String),
    Cut,
    Refused,
    /// It brings an error: status, type and message.
    Error(u16, &'static str, &'static str),
    Expired,
    Cancelled,
    /// It has no result.
    Missing,
}

/// One request of a batch.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Number of its batch, from 0.
    pub batch: usize,
    pub custom_id: String,
    pub body: Value,
}

impl Entry {
    /// The number of the synthetic session that is asked about.
    pub fn session(&self) -> usize {
        let text = self.body.to_string();
        let number = text.split("repair part number ").nth(1).unwrap().split(' ').next().unwrap();
        number.parse().unwrap()
    }
}

/// What goes wrong with one HTTP request.
#[derive(Debug, Clone)]
pub enum Trick {
    /// This answer instead of doing anything: status, header line, body.
    Instead(u16, &'static str, &'static str),
    /// The connection breaks before anything is done.
    Unheard,
    /// It is done, and the connection breaks before the answer.
    Unanswered,
    /// The answer breaks off half-way.
    Half,
    /// The answer stalls half-way.
    Stall,
    /// These lines are put in front of the results.
    Before(&'static str),
}

/// A batch as the fake keeps it.
#[derive(Debug, Clone)]
pub struct Stored {
    pub id: String,
    pub created: i64,
    pub label: Value,
    pub entries: Vec<Entry>,
    /// Looks until it ends.
    pub looks: usize,
    /// Why it was not begun.
    pub failed: Option<&'static str>,
}

type Fates = dyn Fn(&Entry) -> Fate + Send + Sync;
/// The trick for the nth request, from 0, of a kind such as `create`, `look`, `results`, `list`, `file`.
type Tricks = dyn Fn(&str, usize) -> Option<Trick> + Send + Sync;

pub struct State {
    pub batches: Vec<Stored>,
    files: HashMap<String, String>,
    /// Requests by kind.
    pub asked: HashMap<String, usize>,
    /// Looks that the first batch takes until it ends; the nth takes n times as many.
    pub looks: usize,
    /// Direct calls.
    pub direct: usize,
    /// Why batches of more than so many requests are not begun.
    pub at_most: Option<(usize, &'static str)>,
    fates: Arc<Fates>,
    tricks: Arc<Tricks>,
}

/// The fake.
pub struct Provider {
    pub host: String,
    state: Arc<Mutex<State>>,
}

/// What every answer of the fake takes in tokens.
pub const TOKENS: (u64, u64) = (100, 5);

impl Provider {
    pub async fn start(fates: impl Fn(&Entry) -> Fate + Send + Sync + 'static) -> Self {
        Self::tricky(fates, |_, _| None).await
    }

    #[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
    pub async fn tricky(
        fates: impl Fn(&Entry) -> Fate + Send + Sync + 'static,
        tricks: impl Fn(&str, usize) -> Option<Trick> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            batches: Vec::new(),
            files: HashMap::new(),
            asked: HashMap::new(),
            looks: 0,
            direct: 0,
            at_most: None,
            fates: Arc::new(fates),
            tricks: Arc::new(tricks),
        };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { host, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Requests of a kind so far.
    pub fn asked(&self, kind: &str) -> usize {
        self.state().asked.get(kind).copied().unwrap_or(0)
    }

    /// Custom ids of all batches, in their order.
    pub fn ids(&self) -> Vec<String> {
        let state = self.state();
        state.batches.iter().flat_map(|batch| batch.entries.iter().map(|entry| entry.custom_id.clone())).collect()
    }

    /// Sizes of all batches.
    pub fn sizes(&self) -> Vec<usize> {
        self.state().batches.iter().map(|batch| batch.entries.len()).collect()
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    while let Some((line, body)) = read(&mut stream).await {
        let (trick, answer) = {
            let mut state = state.lock().unwrap();
            let kind = kind(&line);
            let nth = state.asked.get(kind).copied().unwrap_or(0);
            state.asked.insert(kind.to_owned(), nth + 1);
            let trick = (state.tricks)(kind, nth);
            match trick {
                Some(Trick::Instead(status, header, body)) => (None, (status, header, body.to_owned())),
                Some(Trick::Unheard) => return,
                trick => {
                    let (status, text) = state.answer(&line, &body);
                    (trick, (status, "x-made-up: 1", text))
                }
            }
        };
        let (status, header, mut text) = answer;
        if let Some(Trick::Before(lines)) = trick {
            text = format!("{lines}\n{text}");
        }
        let head = format!("HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {}\r\n\r\n", text.len());
        match trick {
            Some(Trick::Unanswered) => return,
            Some(Trick::Half | Trick::Stall) => {
                let _ = stream.write_all(format!("{head}{}", &text[..text.len() / 2]).as_bytes()).await;
                if matches!(trick, Some(Trick::Stall)) {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
                return;
            }
            _ => {
                if stream.write_all(format!("{head}{text}").as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn kind(line: &str) -> &'static str {
    let path = line.split(' ').nth(1).unwrap().split('?').next().unwrap();
    match (line.starts_with("POST"), path) {
        (true, "/v1/messages/batches" | "/v1/batches") => "create",
        (false, "/v1/messages/batches" | "/v1/batches") => "list",
        (true, "/v1/files") => "upload",
        (true, _) => "direct",
        (false, path) if path.ends_with("/results") || path.ends_with("/content") => "results",
        _ => "look",
    }
}

impl State {
    fn answer(&mut self, line: &str, body: &[u8]) -> (u16, String) {
        let path = line.split(' ').nth(1).unwrap().split('?').next().unwrap().to_owned();
        let parts: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let done = |value: Value| (200, value.to_string());
        match (kind(line), parts.as_slice()) {
            ("upload", _) => {
                let text = String::from_utf8(body.to_vec()).unwrap();
                assert!(text.contains("name=\"purpose\"\r\n\r\nbatch\r\n"), "{text}");
                let file = text.split("content-type: application/jsonl\r\n\r\n").nth(1).unwrap();
                let file = file.rsplit_once("\r\n--assize-").unwrap().0;
                let id = format!("file-{}", self.files.len());
                self.files.insert(id.clone(), file.to_owned());
                done(json!({"id": id, "object": "file"}))
            }
            ("create", ["messages", ..]) => {
                let body: Value = serde_json::from_slice(body).unwrap();
                let entries = body["requests"].as_array().unwrap().clone();
                done(self.create(
                    entries.into_iter().map(|mut entry| (entry["custom_id"].take(), entry["params"].take())),
                    Value::Null,
                ))
            }
            ("create", _) => {
                let body: Value = serde_json::from_slice(body).unwrap();
                assert_eq!(body["endpoint"], "/v1/chat/completions");
                let file = self.files[body["input_file_id"].as_str().unwrap()].clone();
                let lines: Vec<Value> = file.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                let entries = lines.into_iter().map(|mut entry| {
                    assert_eq!((&entry["method"], &entry["url"]), (&json!("POST"), &json!("/v1/chat/completions")));
                    (entry["custom_id"].take(), entry["body"].take())
                });
                done(self.create(entries.collect::<Vec<_>>().into_iter(), body["metadata"].clone()))
            }
            ("list", [.., api]) => {
                let is_messages = path.contains("messages") && *api == "batches";
                let shown: Vec<Value> = self.batches.iter().rev().map(|batch| self.view(batch, is_messages)).collect();
                done(json!({"data": shown, "has_more": false, "first_id": null, "last_id": null}))
            }
            ("look", ["messages", "batches", id] | ["batches", id]) => {
                let Some(place) = self.batches.iter().position(|batch| batch.id == *id) else {
                    return (
                        404,
                        json!({"error": {"type": "not_found_error", "message": "No batch found"}}).to_string(),
                    );
                };
                let shown = self.view(&self.batches[place], path.contains("messages"));
                self.batches[place].looks = self.batches[place].looks.saturating_sub(1);
                done(shown)
            }
            ("results", ["messages", "batches", id, _]) => self.results(id, &|_| true, true),
            ("results", ["files", file, _]) => {
                let good = file.starts_with("out-");
                let wanted = move |fate: &Fate| good == matches!(fate, Fate::Says(_) | Fate::Cut | Fate::Refused);
                self.results(&file[4..], &wanted, false)
            }
            ("direct", [api, ..]) => {
                self.direct += 1;
                let entry =
                    Entry { batch: usize::MAX, custom_id: String::new(), body: serde_json::from_slice(body).unwrap() };
                match (self.fates)(&entry) {
                    fate @ (Fate::Says(_) | Fate::Cut | Fate::Refused) => done(completion(&fate, *api == "messages")),
                    _ => (400, json!({"error": {"type": "invalid_request_error", "message": "no"}}).to_string()),
                }
            }
            _ => (404, json!({"error": {"message": "no such page"}}).to_string()),
        }
    }

    fn create(&mut self, entries: impl Iterator<Item = (Value, Value)>, label: Value) -> Value {
        let number = self.batches.len();
        let entry = |(id, body): (Value, Value)| {
            let custom_id = id.as_str().unwrap().to_owned();
            assert!(custom_id.len() <= 64 && custom_id.chars().all(|c| c.is_ascii_alphanumeric()), "{custom_id}");
            assert!(body["stream"].is_null());
            Entry { batch: number, custom_id, body }
        };
        let entries: Vec<Entry> = entries.map(entry).collect();
        let failed = self.at_most.filter(|(most, _)| entries.len() > *most).map(|(_, code)| code);
        let id = format!("batch_{number}");
        let created = now();
        let looks = self.looks * (number + 1);
        self.batches.push(Stored { id, created, label, entries, looks, failed });
        self.view(&self.batches[number], self.batches[number].label.is_null())
    }

    fn view(&self, batch: &Stored, is_messages: bool) -> Value {
        let (n, has_ended) = (batch.entries.len(), batch.looks == 0);
        if is_messages {
            let at = jiff::Timestamp::from_second(batch.created).unwrap().to_string();
            let count = if has_ended { n } else { 0 };
            return json!({
                "id": batch.id, "type": "message_batch", "created_at": at, "cancel_initiated_at": null,
                "processing_status": if has_ended { "ended" } else { "in_progress" },
                "request_counts": {"processing": n - count, "succeeded": count, "errored": 0, "canceled": 0, "expired": 0},
                "results_url": "http://elsewhere.invalid/results",
            });
        }
        let status = match (batch.failed, has_ended) {
            (Some(_), _) => "failed",
            (None, true) => "completed",
            (None, false) => "in_progress",
        };
        let errors = batch.failed.map(|code| json!({"data": [{"code": code, "message": "too much", "line": null}]}));
        let is = |good: bool| {
            let good_of = |entry: &Entry| matches!((self.fates)(entry), Fate::Says(_) | Fate::Cut | Fate::Refused);
            has_ended && batch.entries.iter().any(|entry| good_of(entry) == good)
        };
        json!({
            "id": batch.id, "object": "batch", "status": status, "created_at": batch.created, "errors": errors,
            "metadata": batch.label, "request_counts": {"total": n, "completed": if has_ended { n } else { 0 }, "failed": 0},
            "output_file_id": is(true).then(|| format!("out-{}", batch.id)),
            "error_file_id": is(false).then(|| format!("err-{}", batch.id)),
        })
    }

    /// Results, the last request first.
    fn results(&self, id: &str, wanted: &dyn Fn(&Fate) -> bool, is_messages: bool) -> (u16, String) {
        let Some(batch) = self.batches.iter().find(|batch| batch.id == id) else {
            return (404, json!({"error": {"message": "No file found"}}).to_string());
        };
        let lines = batch.entries.iter().rev().filter_map(|entry| {
            let fate = (self.fates)(entry);
            wanted(&fate).then(|| result(&entry.custom_id, &fate, is_messages)).flatten()
        });
        (200, lines.map(|line| line.to_string() + "\n").collect())
    }
}

fn result(id: &str, fate: &Fate, is_messages: bool) -> Option<Value> {
    if is_messages {
        let result = match fate {
            Fate::Missing => return None,
            Fate::Expired => json!({"type": "expired"}),
            Fate::Cancelled => json!({"type": "canceled"}),
            Fate::Error(_, kind, message) => json!({"type": "errored", "error":
                {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}}),
            fate => json!({"type": "succeeded", "message": completion(fate, true)}),
        };
        return Some(json!({"custom_id": id, "result": result}));
    }
    let (response, error) = match fate {
        Fate::Missing => return None,
        Fate::Expired => (Value::Null, json!({"code": "batch_expired", "message": "too late"})),
        Fate::Cancelled => (Value::Null, json!({"code": "batch_cancelled", "message": "cancelled"})),
        Fate::Error(status, kind, message) => {
            let body = json!({"error": {"type": kind, "message": message, "code": null, "param": null}});
            (json!({"status_code": status, "request_id": "req_1", "body": body}), Value::Null)
        }
        fate => (json!({"status_code": 200, "request_id": "req_1", "body": completion(fate, false)}), Value::Null),
    };
    Some(json!({"id": "batch_req_1", "custom_id": id, "response": response, "error": error}))
}

fn completion(fate: &Fate, is_messages: bool) -> Value {
    let (text, stop) = match fate {
        Fate::Says(text) => (text.clone(), ["end_turn", "stop"]),
        Fate::Cut => ("{\"lab".to_owned(), ["max_tokens", "length"]),
        Fate::Refused => ("No.".to_owned(), ["refusal", "content_filter"]),
        other => panic!("{other:?} is no answer"),
    };
    let (input, output) = TOKENS;
    if is_messages {
        return json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "tiny-2026", "stop_reason": stop[0],
            "content": [{"type": "text", "text": text}], "usage": {"input_tokens": input, "output_tokens": output},
        });
    }
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "tiny-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": stop[1]}],
        "usage": {"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output},
    })
}

/// Seconds since 1970.
pub fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}

/// The first line and the body of the next request.
async fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 65_536]);
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            assert!(!head.to_lowercase().contains("transfer-encoding"), "a length is told: {head}");
            if bytes.len() - end - 4 >= length.unwrap_or(0) {
                return Some((head.lines().next().unwrap().to_owned(), bytes[end + 4..].to_vec()));
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
