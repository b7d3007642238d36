//! The `OpenAI` Chat Completions dialect, as `OpenAI` and compatible servers speak it (providers.md 3, 4).

use serde_json::{Map, Value, json};

use crate::rubric::Dialect;

use super::catalogue::{Entry, OutputCap};
use super::errors::{self, Call};
use super::headers;
use super::http::{Answer, Server, Vendor};
use super::model::{Ask, CallError, Form, Params, Reply, Request, Shared, Stop, TokenCounts, correction};

pub(super) const VENDOR: Vendor = Vendor {
    host: "api.openai.com",
    key_variable: "OPENAI_API_KEY",
    url_variable: "OPENAI_BASE_URL",
    key_header: "authorization",
    key_prefix: "Bearer ",
};

const FORMS: [Form; 4] = [Form::JsonSchema, Form::JsonObject, Form::ForcedTool, Form::Plain];
/// Name of the tool that is forced.
const TOOL: &str = "answer";
/// Domains whose servers know `max_completion_tokens`; others drop it silently or refuse it (providers.md 4).
const OPENAI_DOMAINS: [&str; 2] = ["api.openai.com", "openai.azure.com"];
/// Longest name of a schema.
const NAME_LENGTH: usize = 64;

/// A model behind a Chat Completions API.
#[derive(Debug)]
pub(super) struct OpenAi {
    pub(super) server: Server,
    model: String,
    params: Params,
    forms: &'static [Form],
    cap: &'static str,
}

impl OpenAi {
    pub(super) fn new(server: Server, model: &str, params: &Params, entry: Option<&Entry>) -> Self {
        let first = entry.and_then(|entry| entry.first_form);
        let start = FORMS.iter().position(|form| Some(*form) == first).unwrap_or(0);
        let cap = match entry.and_then(|entry| entry.output_cap) {
            Some(OutputCap::MaxCompletionTokens) => "max_completion_tokens",
            None if server.is_at_any(&OPENAI_DOMAINS) => "max_completion_tokens",
            Some(OutputCap::MaxTokens) | None => "max_tokens",
        };
        Self { server, model: model.to_owned(), params: params.clone(), forms: &FORMS[start..], cap }
    }

    pub(super) fn forms(&self) -> &'static [Form] {
        self.forms
    }

    /// The request. Instructions go under the role `system`, which every server knows and `OpenAI` reads as `developer`.
    pub(super) fn request(&self, ask: &Ask<'_>, form: Form) -> Request {
        let mut body = Map::new();
        body.insert("model".into(), json!(self.model));
        body.insert("messages".into(), Value::Array(messages(ask, form)));
        body.insert(self.cap.into(), json!(self.params.max_output_tokens));
        if let Some(temperature) = self.params.temperature {
            body.insert("temperature".into(), json!(temperature));
        }
        if let Some(effort) = &self.params.effort {
            body.insert("reasoning_effort".into(), json!(effort));
        }
        if let Some(seed) = self.params.seed {
            body.insert("seed".into(), json!(seed));
        }
        let vendor = self.server.is_at_any(&OPENAI_DOMAINS);
        if vendor && ask.shared != Shared::Nothing {
            body.insert("prompt_cache_key".into(), json!(cache_key(ask)));
        }
        let format = match form {
            // The nested form only: llama.cpp takes a flat one and then ignores it (providers.md 7.34).
            Form::JsonSchema => {
                let schema = ask.schema.wire(Dialect::OpenAi);
                let name = schema_name(&ask.rubric.name);
                Some(json!({"type": "json_schema", "json_schema": {"name": name, "strict": true, "schema": schema}}))
            }
            // `OpenAI` itself refuses a schema here; llama.cpp and its like are bound by it.
            Form::JsonObject if vendor => Some(json!({"type": "json_object"})),
            Form::JsonObject => Some(json!({"type": "json_object", "schema": ask.schema.wire(Dialect::OpenAi)})),
            Form::ForcedTool | Form::Plain => None,
        };
        if let Some(format) = format {
            body.insert("response_format".into(), format);
            if self.server.is_at_any(&["openrouter.ai"]) {
                // Else a back end that does not know the field may be chosen, and the field dropped.
                body.insert("provider".into(), json!({"require_parameters": true}));
            }
        }
        if form == Form::ForcedTool {
            let schema = ask.schema.wire(Dialect::OpenAi);
            let function = json!({"name": TOOL, "description": "Gives the answer.", "parameters": schema});
            body.insert("tools".into(), json!([{"type": "function", "function": function}]));
            body.insert("tool_choice".into(), json!({"type": "function", "function": {"name": TOOL}}));
        }
        Request {
            server: self.server.url.clone(),
            path: "/chat/completions",
            headers: Vec::new(),
            // Only maps with keys that are not text fail to become JSON; there are none here.
            body: serde_json::to_vec(&body).unwrap_or_default(),
            form,
        }
    }

    /// Reads an answer: refusal and finish reason first, then the content (providers.md 3.2, 7).
    pub(super) fn read(call: Call<'_>, answer: Answer) -> Result<Reply, CallError> {
        let value = errors::checked(call, &answer)?;
        let Some(choice) = value["choices"].get(0) else {
            let message = format!("{} answered without choices", call.model);
            return Err(CallError::Transient { message });
        };
        let message = &choice["message"];
        let (text, disagree) =
            if call.form == Form::ForcedTool { given(message) } else { (content(&message["content"]), false) };
        let refusal = message["refusal"].as_str().filter(|refusal| !refusal.is_empty());
        let (text, stop) = match (refusal, choice["finish_reason"].as_str()) {
            (Some(refusal), _) => (refusal.to_owned(), Stop::Refused),
            (None, Some("content_filter")) => (text, Stop::Refused),
            (None, Some("length")) => (text, Stop::Cut),
            (None, _) if disagree => (text, Stop::Other("tool calls that disagree".to_owned())),
            (None, Some("tool_calls")) if call.form == Form::ForcedTool => (text, Stop::End),
            (None, Some("stop")) => (text, Stop::End),
            (None, Some(other)) => (text, Stop::Other(other.to_owned())),
            (None, None) => (text, Stop::Other("no finish reason".to_owned())),
        };
        Ok(Reply {
            text,
            stop,
            tokens: tokens(&value["usage"]),
            model: value["model"].as_str().map(str::to_owned),
            request_id: headers::request_id(&answer.headers),
            limits: headers::limits(&answer.headers),
            body: answer.body,
        })
    }
}

/// Instructions and one turn of the user as one string: some servers make several messages of an array.
fn messages(ask: &Ask<'_>, form: Form) -> Vec<Value> {
    let mut messages = Vec::new();
    if !ask.prompt.system.is_empty() {
        messages.push(json!({"role": "system", "content": ask.prompt.system}));
    }
    let question = format!("{}\n\n{}", ask.prompt.session, ask.question(form));
    messages.push(json!({"role": "user", "content": question}));
    if let Some((answer, error)) = ask.again {
        messages.push(json!({"role": "assistant", "content": answer}));
        messages.push(json!({"role": "user", "content": correction(error)}));
    }
    messages
}

/// Text of a content that is a string, null, or an array of parts.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// The arguments of the tool call that was forced, and whether several disagree; the content where there is none.
fn given(message: &Value) -> (String, bool) {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let mut arguments = calls.filter_map(|call| call["function"]["arguments"].as_str());
    match arguments.next() {
        None => (content(&message["content"]), false),
        Some(first) if arguments.all(|other| other == first) => (first.to_owned(), false),
        // No text, so that neither of the answers can be taken for the one.
        Some(_) => (String::new(), true),
    }
}

/// Prompt tokens include cached ones here: they are taken out, down to zero (providers.md 6.4).
fn tokens(usage: &Value) -> TokenCounts {
    let details = &usage["prompt_tokens_details"];
    let (read, write) = (details["cached_tokens"].as_u64(), details["cache_write_tokens"].as_u64());
    let cached = read.unwrap_or(0).saturating_add(write.unwrap_or(0));
    TokenCounts {
        input: usage["prompt_tokens"].as_u64().map(|all| all.saturating_sub(cached)),
        output: usage["completion_tokens"].as_u64(),
        cache_read: read,
        cache_write: write,
    }
}

/// Brings the requests about one session to one cache.
fn cache_key(ask: &Ask<'_>) -> String {
    let hash =
        blake3::Hasher::new().update(ask.prompt.system.as_bytes()).update(ask.prompt.session.as_bytes()).finalize();
    hash.to_hex().chars().take(16).collect()
}

/// `rubric` in the characters that a schema's name may have.
fn schema_name(rubric: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    rubric.chars().take(NAME_LENGTH).map(allowed).collect()
}
