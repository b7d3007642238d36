//! The JSON that some command-line models wrap their answer in (providers.md 5): answer, stop and tokens taken out.

use serde_json::Value;

use super::super::model::{Stop, TokenCounts};

/// What a program printed, without its wrapping.
#[derive(Debug, PartialEq)]
pub(super) struct Opened {
    pub(super) text: String,
    pub(super) stop: Stop,
    pub(super) tokens: TokenCounts,
    pub(super) model: Option<String>,
}

/// Opens `output` where it is one of the known wrappings; anything else is the answer itself.
///
/// # Errors
/// The program's own words where the wrapping says that it failed.
pub(super) fn open(output: &str) -> Result<Opened, String> {
    let value: Value = serde_json::from_str(output.trim()).unwrap_or_default();
    if value["type"] == "result" && value["subtype"].is_string() {
        return claude(&value);
    }
    if value["stats"].is_object() || value["response"].is_string() {
        return gemini(&value);
    }
    if let Some(log) = value.get(0).filter(|log| log["response"].is_string()) {
        return Ok(llm(log));
    }
    Ok(Opened { text: output.to_owned(), stop: Stop::End, tokens: TokenCounts::default(), model: None })
}

/// `claude -p --output-format json`.
fn claude(value: &Value) -> Result<Opened, String> {
    if value["is_error"] == true || value["subtype"] != "success" {
        let words = [&value["errors"], &value["result"], &value["terminal_reason"]];
        let words: Vec<String> = words.into_iter().filter(|word| !word.is_null()).map(Value::to_string).collect();
        return Err(format!("{}: {}", value["subtype"].as_str().unwrap_or_default(), words.join(", ")));
    }
    let usage = &value["usage"];
    let mut models = value["modelUsage"].as_object().into_iter().flat_map(serde_json::Map::keys);
    Ok(Opened {
        text: match &value["structured_output"] {
            Value::Null => value["result"].as_str().unwrap_or_default().to_owned(),
            answer => answer.to_string(),
        },
        stop: match value["stop_reason"].as_str() {
            Some("refusal") => Stop::Refused,
            Some("max_tokens" | "model_context_window_exceeded") => Stop::Cut,
            _ => Stop::End,
        },
        tokens: TokenCounts {
            input: usage["input_tokens"].as_u64(),
            output: usage["output_tokens"].as_u64(),
            cache_read: usage["cache_read_input_tokens"].as_u64(),
            cache_write: usage["cache_creation_input_tokens"].as_u64(),
        },
        // With several models at work, none of them alone gave the answer.
        model: models.next().filter(|_| models.next().is_none()).cloned(),
    })
}

/// `gemini -p --output-format json`.
fn gemini(value: &Value) -> Result<Opened, String> {
    if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
        return Err(error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned));
    }
    let models = value["stats"]["models"].as_object();
    let count = |name: &str| {
        let counts = models?.values().map(|model| model["tokens"][name].as_u64());
        counts.sum::<Option<u64>>()
    };
    let cached = count("cached");
    let thoughts = count("thoughts").unwrap_or_default();
    Ok(Opened {
        text: value["response"].as_str().unwrap_or_default().to_owned(),
        stop: Stop::End,
        tokens: TokenCounts {
            input: count("prompt").map(|all| all.saturating_sub(cached.unwrap_or_default())),
            output: count("candidates").map(|answer| answer + thoughts),
            cache_read: cached,
            cache_write: None,
        },
        model: models.filter(|models| models.len() == 1).and_then(|models| models.keys().next().cloned()),
    })
}

/// `llm --json`: the first of its log entries.
fn llm(log: &Value) -> Opened {
    Opened {
        text: log["response"].as_str().unwrap_or_default().to_owned(),
        stop: Stop::End,
        tokens: TokenCounts {
            input: log["input_tokens"].as_u64(),
            output: log["output_tokens"].as_u64(),
            ..TokenCounts::default()
        },
        model: log["model"].as_str().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_wrapping_stays_as_it_is() {
        for text in ["{\"label\": \"glad\"}", "Here it is:\n```json\n{}\n```", "", "[1]"] {
            assert_eq!(open(text).unwrap().text, text);
        }
    }

    #[test]
    fn claude_gives_answer_tokens_and_model() {
        let opened = open(
            r#"{"type":"result","subtype":"success","is_error":false,"result":"words","structured_output":{"label":"glad"},
            "usage":{"input_tokens":3,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":11},
            "modelUsage":{"made-up-1":{"inputTokens":3}}}"#,
        )
        .unwrap();
        let tokens = TokenCounts { input: Some(3), output: Some(11), cache_read: Some(7), cache_write: Some(5) };
        let text = r#"{"label":"glad"}"#.to_owned();
        assert_eq!(opened, Opened { text, stop: Stop::End, tokens, model: Some("made-up-1".to_owned()) });
        let failed = r#"{"type":"result","subtype":"error_max_turns","is_error":true,"errors":["too many turns"]}"#;
        assert_eq!(open(failed).unwrap_err(), r#"error_max_turns: ["too many turns"]"#);
    }

    #[test]
    fn gemini_counts_thoughts_as_output_and_cached_tokens_apart() {
        let opened = open(
            r#"{"session_id":"s","response":"{\"label\":\"sad\"}",
            "stats":{"models":{"made-up-2":{"tokens":{"prompt":100,"candidates":20,"cached":40,"thoughts":5}}}}}"#,
        )
        .unwrap();
        let tokens = TokenCounts { input: Some(60), output: Some(25), cache_read: Some(40), cache_write: None };
        assert_eq!((opened.text.as_str(), opened.tokens), (r#"{"label":"sad"}"#, tokens));
        let failed = r#"{"session_id":"s","stats":{},"error":{"type":"T","message":"no quota","code":1}}"#;
        assert_eq!(open(failed).unwrap_err(), "no quota");
    }

    #[test]
    fn llm_prints_a_list_of_log_entries() {
        let opened = open(r#"[{"model":"made-up-3","response":"glad","input_tokens":9,"output_tokens":1}]"#).unwrap();
        assert_eq!((opened.text.as_str(), opened.tokens.input), ("glad", Some(9)));
    }
}
