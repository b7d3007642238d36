//! The Anthropic Messages dialect (providers.md 1).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::rubric::{AnswerSchema, Dialect};

use super::catalogue::Entry;
use super::errors::{self, Call};
use super::headers;
use super::http::{Answer, Server, Vendor};
use super::model::{Ask, CallError, Form, Params, Reply, Request, Shared, Stop, TokenCounts, correction};

pub(super) const VENDOR: Vendor = Vendor {
    host: "api.anthropic.com",
    key_variable: "ANTHROPIC_API_KEY",
    url_variable: "ANTHROPIC_BASE_URL",
    key_header: "x-api-key",
    key_prefix: "",
};

const FORMS: [Form; 3] = [Form::JsonSchema, Form::ForcedTool, Form::Plain];
/// Name of the tool that is forced.
const TOOL: &str = "answer";

/// A model behind the Messages API.
#[derive(Debug)]
pub(super) struct Anthropic {
    pub(super) server: Server,
    model: String,
    params: Params,
    forms: &'static [Form],
}

impl Anthropic {
    pub(super) fn new(server: Server, model: &str, params: &Params, entry: Option<&Entry>) -> Self {
        let first = entry.and_then(|entry| entry.first_form);
        let start = FORMS.iter().position(|form| Some(*form) == first).unwrap_or(0);
        Self { server, model: model.to_owned(), params: params.clone(), forms: &FORMS[start..] }
    }

    pub(super) fn forms(&self) -> &'static [Form] {
        self.forms
    }

    /// The header with the API version.
    pub(super) fn version(&self) -> [(&'static str, &'static str); 1] {
        [("anthropic-version", if self.params.temperature.is_some() { "2023-06-01" } else { "2026-10-21" })]
    }

    /// The request: the session first and the question last, so that the rubrics of a session share a prefix, which ends at
    /// the one cache breakpoint.
    ///
    /// The version that knows sampling parameters is asked for only where one is set (providers.md 1.1).
    pub(super) fn request(&self, ask: &Ask<'_>, form: Form) -> Request {
        let question = question(ask, form);
        let wire = || schema(ask).wire(Dialect::Anthropic);
        let format = (form == Form::JsonSchema).then(|| Format { kind: "json_schema", schema: wire() });
        let effort = self.params.effort.as_deref();
        let forced = form == Form::ForcedTool;
        let body = Body {
            model: &self.model,
            max_tokens: self.params.max_output_tokens,
            temperature: self.params.temperature,
            system: Some(ask.prompt.system.as_str()).filter(|system| !system.is_empty()),
            messages: messages(ask, &question),
            output_config: (effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format }),
            tools: forced.then(|| json!([{"name": TOOL, "description": "Gives the answer.", "input_schema": wire()}])),
            tool_choice: forced.then(|| json!({"type": "tool", "name": TOOL, "disable_parallel_tool_use": true})),
        };
        Request {
            server: self.server.url.clone(),
            path: "/v1/messages",
            headers: self.version().to_vec(),
            // Only maps with keys that are not text fail to become JSON; there are none here.
            body: serde_json::to_vec(&body).unwrap_or_default(),
            form,
        }
    }

    /// Reads an answer: the stop reason first, then the content (providers.md 1.7, 7).
    pub(super) fn read(call: Call<'_>, answer: Answer) -> Result<Reply, CallError> {
        let value = errors::checked(call, &answer)?;
        let Some(content) = value["content"].as_array() else {
            let message = format!("{} answered without content", call.model);
            return Err(CallError::Transient { message });
        };
        let blocks = |kind: &'static str| content.iter().filter(move |block| block["type"] == kind);
        let text = blocks("text").filter_map(|block| block["text"].as_str()).collect::<String>();
        let (text, stop) = match value["stop_reason"].as_str() {
            Some("refusal") => (refusal(&value["stop_details"]), Stop::Refused),
            Some("max_tokens" | "model_context_window_exceeded") => (text, Stop::Cut),
            Some("tool_use") if call.form == Form::ForcedTool => {
                let mut inputs = blocks("tool_use").map(|block| &block["input"]);
                match inputs.next() {
                    Some(first) if inputs.all(|other| other == first) => (first_input(&answer.body), Stop::End),
                    // No text, so that neither of the answers can be taken for the one.
                    Some(_) => (String::new(), Stop::Other("tool calls that disagree".to_owned())),
                    None => (text, Stop::End),
                }
            }
            Some("end_turn" | "stop_sequence") => (text, Stop::End),
            Some(other) => (text, Stop::Other(other.to_owned())),
            None => (text, Stop::Other("no stop reason".to_owned())),
        };
        let usage = &value["usage"];
        Ok(Reply {
            text,
            stop,
            tokens: TokenCounts {
                input: usage["input_tokens"].as_u64(),
                output: usage["output_tokens"].as_u64(),
                cache_read: usage["cache_read_input_tokens"].as_u64(),
                cache_write: usage["cache_creation_input_tokens"].as_u64(),
            },
            model: value["model"].as_str().map(str::to_owned),
            request_id: headers::request_id(&answer.headers),
            limits: headers::limits(&answer.headers),
            body: answer.body,
        })
    }
}

/// The schema of the answer, the same for all rubrics that share a prefix: a changed one would empty the cache.
fn schema<'a>(ask: &Ask<'a>) -> &'a AnswerSchema {
    match ask.shared {
        Shared::Rubrics(family) => family,
        Shared::Nothing | Shared::Replicates => ask.schema,
    }
}

/// The question, which names the key of the label where the schema has one for each rubric.
fn question(ask: &Ask<'_>, form: Form) -> String {
    match (ask.shared, form) {
        (Shared::Rubrics(_), Form::JsonSchema | Form::ForcedTool) => format!(
            "{}\n\nThe key of the label is `{}` in this answer; leave out the keys of other questions.",
            ask.question(form),
            ask.rubric.name
        ),
        _ => ask.question(form).into_owned(),
    }
}

/// The body of a request, its keys in the order of sending. Most of it is borrowed: a session is long.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'a str>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'a Value,
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
struct Block<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<CacheControl>,
}

#[derive(Serialize)]
struct CacheControl {
    #[serde(rename = "type")]
    kind: &'static str,
}

/// One turn of the user; when asking again the bad answer and what is wrong with it follow.
fn messages<'a>(ask: &Ask<'a>, question: &'a str) -> Vec<Turn<'a>> {
    let block = |text: Cow<'a, str>| Block { kind: "text", text, cache_control: None };
    let user = |content| Turn { role: "user", content };
    let is_shared = ask.shared != Shared::Nothing;
    let cache_control = is_shared.then_some(CacheControl { kind: "ephemeral" });
    let session = Block { cache_control, ..block(ask.prompt.session.as_str().into()) };
    let mut first = vec![session, block(question.into())];
    match ask.again {
        None => vec![user(first)],
        // Empty blocks are refused: the correction then joins the question.
        Some((answer, error)) if answer.trim().is_empty() => {
            first.push(block(correction(error).into()));
            vec![user(first)]
        }
        Some((answer, error)) => vec![
            user(first),
            Turn { role: "assistant", content: vec![block(answer.into())] },
            user(vec![block(correction(error).into())]),
        ],
    }
}

/// The input of the first tool call to the letter: a key given twice must not be lost before it is checked.
fn first_input(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Message<'b> {
        #[serde(borrow)]
        content: Vec<Block<'b>>,
    }
    #[derive(Deserialize)]
    struct Block<'b> {
        #[serde(borrow)]
        input: Option<&'b RawValue>,
    }
    let message = serde_json::from_slice::<Message<'_>>(body).ok();
    let input = message.and_then(|message| message.content.into_iter().find_map(|block| block.input));
    input.map(|input| input.get().to_owned()).unwrap_or_default()
}

/// The provider's explanation of a refusal, as far as it gives one. Text written before it does not count.
fn refusal(details: &Value) -> String {
    let parts = [details["category"].as_str(), details["explanation"].as_str()];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}
