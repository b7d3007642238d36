//! Messages of the JSON tree of before 2025-07, which hold their parts, in the shape of the later ones.

use serde_json::{Value, json};

use super::record::{list, text};

/// A message with its parts. In the first versions all that is told of it but its role stood in `metadata`.
pub(super) fn message(mut value: Value) -> (Value, Vec<Value>) {
    let parts = list(&mut value, "parts");
    let Some(metadata) = value.get_mut("metadata").map(Value::take).filter(Value::is_object) else {
        return (value, parts);
    };
    let of_answer = |name: &str| metadata.pointer(&format!("/assistant/{name}"));
    let message = json!({
        "id": value["id"], "role": value["role"], "time": metadata["time"], "error": metadata["error"],
        "modelID": of_answer("modelID"), "tokens": of_answer("tokens"), "summary": of_answer("summary"),
        "path": of_answer("path"),
    });
    let part = |part: Value| match text(&part, "type") {
        Some("tool-invocation") => call(part, &metadata["tool"]),
        Some("file") => json!({"type": "file", "mime": part["mediaType"]}),
        _ => part,
    };
    (message, parts.into_iter().map(part).collect())
}

/// A call of a tool; `told` is what the message tells of each of its calls. A call that failed has its error as the result.
fn call(mut part: Value, told: &Value) -> Value {
    let mut call = part["toolInvocation"].take();
    let told = text(&call, "toolCallId").and_then(|id| told.get(id)).unwrap_or(&Value::Null);
    let failed = told.get("error") == Some(&Value::Bool(true));
    let (status, said) = match text(&call, "state") {
        Some("result") if failed => ("error", "error"),
        Some("result") => ("completed", "output"),
        _ => ("running", "output"),
    };
    let mut field = |name: &str| call.get_mut(name).map(Value::take);
    json!({
        "type": "tool", "callID": field("toolCallId"), "tool": field("toolName"),
        "state": {
            "status": status, "input": field("args"), said: field("result"), "metadata": told, "time": told["time"],
        },
    })
}
