//! The Anthropic Messages dialect (providers.md 1).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

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
        let mut body = Map::new();
        body.insert("model".into(), json!(self.model));
        body.insert("max_tokens".into(), json!(self.params.max_output_tokens));
        if let Some(temperature) = self.params.temperature {
            body.insert("temperature".into(), json!(temperature));
        }
        if !ask.prompt.system.is_empty() {
            body.insert("system".into(), json!(ask.prompt.system));
        }
        body.insert("messages".into(), messages(ask, form));
        let mut output = Map::new();
        if let Some(effort) = &self.params.effort {
            output.insert("effort".into(), json!(effort));
        }
        if form == Form::JsonSchema {
            let schema = schema(ask).wire(Dialect::Anthropic);
            output.insert("format".into(), json!({"type": "json_schema", "schema": schema}));
        }
        if !output.is_empty() {
            body.insert("output_config".into(), Value::Object(output));
        }
        if form == Form::ForcedTool {
            let schema = schema(ask).wire(Dialect::Anthropic);
            let tool = json!({"name": TOOL, "description": "Gives the answer.", "input_schema": schema});
            body.insert("tools".into(), json!([tool]));
            let choice = json!({"type": "tool", "name": TOOL, "disable_parallel_tool_use": true});
            body.insert("tool_choice".into(), choice);
        }
        Request {
            server: self.server.url.clone(),
            path: "/v1/messages",
            headers: self.version().to_vec(),
            body: Value::Object(body).to_string().into_bytes(),
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

/// One turn of the user; when asking again the bad answer and what is wrong with it follow.
fn messages(ask: &Ask<'_>, form: Form) -> Value {
    let block = |text: &str| json!({"type": "text", "text": text});
    let mut first = vec![block(&ask.prompt.session), block(&question(ask, form))];
    if ask.shared != Shared::Nothing {
        first[0]["cache_control"] = json!({"type": "ephemeral"});
    }
    match ask.again {
        None => json!([{"role": "user", "content": first}]),
        // Empty blocks are refused: the correction then joins the question.
        Some((answer, error)) if answer.trim().is_empty() => {
            first.push(block(&correction(error)));
            json!([{"role": "user", "content": first}])
        }
        Some((answer, error)) => json!([
            {"role": "user", "content": first},
            {"role": "assistant", "content": [block(answer)]},
            {"role": "user", "content": [block(&correction(error))]},
        ]),
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
