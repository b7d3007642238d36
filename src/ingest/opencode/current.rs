//! Messages of OpenCode 2, whose parts are inside, in the shape of the older tables.

use serde_json::{Value, json};

use super::record::{list, text};

/// A message `data` of type `kind` with its parts. The type becomes the role; `sent` is when a prompt was sent (ms since
/// 1970), where that is known: the message itself tells when it was delivered.
pub(super) fn message(mut data: Value, kind: &str, sent: Option<i64>) -> (Value, Vec<Value>) {
    let parts = match kind {
        "user" => prompt(&mut data),
        "assistant" => answer(&mut data),
        _ => Vec::new(),
    };
    data["role"] = Value::from(kind);
    data["sent"] = sent.into();
    (data, parts)
}

/// A text that the person wrote, and the files with it.
fn prompt(data: &mut Value) -> Vec<Value> {
    let mut parts = vec![json!({"type": "text", "text": data["text"].take()})];
    for file in list(data, "files") {
        parts.push(json!({"type": "file", "mime": file["mime"]}));
    }
    parts
}

/// One step of the agent.
fn answer(data: &mut Value) -> Vec<Value> {
    data["modelID"] = data.pointer("/model/id").cloned().unwrap_or_default();
    if data["error"].is_object() {
        data["error"] = json!({"name": data["error"]["type"], "data": {"message": data["error"]["message"]}});
    } else {
        // What comes before the next step was sent while the agent worked.
        data["goes_on"] = (text(data, "finish") == Some("tool-calls")).into();
    }
    list(data, "content")
        .into_iter()
        .map(|item| if text(&item, "type") == Some("tool") { call(item) } else { item })
        .collect()
}

/// A call of a tool.
fn call(mut item: Value) -> Value {
    let mut state = item["state"].take();
    let said = |content: &Value| text(content, "text").map(ToOwned::to_owned);
    let mut output: Vec<_> = list(&mut state, "content").iter().filter_map(said).collect();
    let status = state.get("status").cloned().unwrap_or_default();
    if status == "error" {
        output.extend(state.pointer("/error/message").and_then(Value::as_str).map(ToOwned::to_owned));
    }
    let said = if status == "error" { "error" } else { "output" };
    let output = output.join("\n");
    let mut field = |name: &str| state.get_mut(name).map(Value::take);
    let time = |name: &str| item.pointer(&format!("/time/{name}"));
    json!({
        "type": "tool", "callID": item["id"], "tool": item["name"],
        "state": {
            "status": status, "input": field("input"), said: output,
            "metadata": field("metadata").or_else(|| field("structured")),
            "time": {"start": time("ran").or_else(|| time("created")), "end": time("completed")},
        },
    })
}
