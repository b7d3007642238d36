//! What goes to a provider and what comes back, whatever the dialect.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::prompt::Prompt;
use crate::rubric::{AnswerSchema, Rubric};
use crate::session::Session;

/// Parameters of a judge, sent only where set: several servers reject keys they do not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Sampling temperature. Absent by default: current Claude models reject it (providers.md 1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Cap on output tokens, thinking included.
    #[serde(default = "default_max_output_tokens")]
    pub max_output_tokens: u32,
    /// Effort, in the provider's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// Seed, where the provider has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Environment variables with keys that a program (`exec/...`) is given; all others of assize's own are withheld.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
}

fn default_max_output_tokens() -> u32 {
    4_096
}

impl Default for Params {
    fn default() -> Self {
        Self {
            temperature: None,
            max_output_tokens: default_max_output_tokens(),
            effort: None,
            seed: None,
            env: Vec::new(),
        }
    }
}

/// One question to a model.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The session in question, for judges that measure instead of read.
    pub session: &'a Arc<Session>,
    /// The rubric.
    pub rubric: &'a Rubric,
    /// The rendered prompt.
    pub prompt: &'a Prompt,
    /// The schema of the answer.
    pub schema: &'a AnswerSchema,
    /// Replicate number, from 1.
    pub replicate: u32,
    /// The answer that could not be used and the error to show, when asking again.
    pub again: Option<(&'a str, &'a str)>,
    /// What other requests of the run have in common with this one.
    pub shared: Shared<'a>,
}

/// What other requests of a run have in common with one: a provider that keeps beginnings of prompts in a cache is told so.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Shared<'a> {
    /// Nothing: the session is asked about once.
    #[default]
    Nothing,
    /// Replicates: all of it.
    Replicates,
    /// Other rubrics: the system text and the session. A provider that caches them only where the answer schema is the same
    /// (providers.md 1.8) gets this one, which is that of all of them ([`AnswerSchema::of_family`]).
    Rubrics(&'a AnswerSchema),
}

/// How the answer's form is asked for; a provider falls back along its own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The provider's structured output with a JSON Schema.
    JsonSchema,
    /// A forced tool call whose input is the answer (Anthropic).
    ForcedTool,
    /// JSON mode with the schema beside it (`OpenAI`-compatible servers).
    JsonObject,
    /// The schema in the prompt only.
    Plain,
}

impl Form {
    /// The form of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::JsonSchema, Self::ForcedTool, Self::JsonObject, Self::Plain]
            .into_iter()
            .find(|form| form.as_str() == name)
    }

    /// The name in files and messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonSchema => "json_schema",
            Self::ForcedTool => "forced_tool",
            Self::JsonObject => "json_object",
            Self::Plain => "plain",
        }
    }
}

impl Ask<'_> {
    /// The question, with the answer schema below it where `form` does not carry it.
    pub(super) fn question(&self, form: Form) -> Cow<'_, str> {
        match form {
            Form::JsonSchema | Form::ForcedTool => Cow::Borrowed(&self.prompt.question),
            Form::JsonObject | Form::Plain => Cow::Owned(format!(
                "{}\n\nAnswer with one JSON object and nothing else. It has to fit this JSON Schema:\n{}",
                self.prompt.question, self.schema.full
            )),
        }
    }
}

/// What a model is told about an answer that could not be used.
pub(super) fn correction(error: &str) -> String {
    format!("That answer cannot be used: {error}\nAnswer the question again, with one JSON object and nothing else.")
}

/// The exact bytes of one request. The key is not in them; it is added as a header when they are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Base URL without credentials; empty for local judges. The same model name at two servers is two judges.
    pub server: String,
    /// Path below the base URL, or a word for local judges.
    pub path: &'static str,
    /// Headers that change the answer, such as the API version.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: Vec<u8>,
    /// The form that was asked for.
    pub form: Form,
}

impl Request {
    /// Everything that identifies the request (design.md rule 12): server, path, headers and body, not the key.
    #[must_use]
    pub fn identity_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("POST {}{}\n", self.server, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(format!("{name}: {value}\n").as_bytes());
        }
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Token counts as the provider reports them; absent ones are unknown, not zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Input tokens, cached ones excluded.
    pub input: Option<u64>,
    /// Output tokens, thinking included.
    pub output: Option<u64>,
    /// Input tokens read from cache.
    pub cache_read: Option<u64>,
    /// Input tokens written to cache.
    pub cache_write: Option<u64>,
}

/// Why the model stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It was done.
    End,
    /// It ran into the output cap or the context window.
    Cut,
    /// It, or a filter, declined.
    Refused,
    /// Anything else, in the provider's word.
    Other(String),
}

/// One window of a rate limit as told in headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WindowHint {
    /// Units per minute.
    pub limit: Option<u64>,
    /// Units left now.
    pub remaining: Option<u64>,
    /// Time until the window is full again; not until the next request fits.
    pub reset: Option<Duration>,
}

/// Limits as told in response headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitHints {
    /// Requests.
    pub requests: WindowHint,
    /// Input tokens, or all tokens where the provider does not split them.
    pub input_tokens: WindowHint,
    /// Output tokens.
    pub output_tokens: WindowHint,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer text; the tool input as JSON where a tool was forced; the provider's explanation on refusal.
    pub text: String,
    /// Why the model stopped.
    pub stop: Stop,
    /// Tokens.
    pub tokens: TokenCounts,
    /// The model that answered, as reported.
    pub model: Option<String>,
    /// The provider's request id.
    pub request_id: Option<String>,
    /// Limits told in headers.
    pub limits: LimitHints,
    /// The whole response body.
    pub body: Vec<u8>,
}

/// Why a call brought no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Too many requests or tokens: all workers of this model wait.
    #[error("rate limited: {message}")]
    RateLimited {
        /// The provider's wish, where it has one.
        retry_after: Option<Duration>,
        /// Limits told in headers.
        limits: Box<LimitHints>,
        /// The provider's words.
        message: String,
    },
    /// The provider is overloaded (529, 503): wait, without blaming the limits.
    #[error("overloaded: {message}")]
    Overloaded {
        /// The provider's wish, where it has one.
        retry_after: Option<Duration>,
        /// The provider's words.
        message: String,
    },
    /// Anything that may pass: 5xx, timeout, dropped connection, unreadable body.
    #[error("{message}")]
    Transient {
        /// What happened.
        message: String,
    },
    /// The server does not take this form of asking: fall back to the next.
    #[error("{form:?} not supported: {message}")]
    FormUnsupported {
        /// The form that was refused.
        form: Form,
        /// The provider's words.
        message: String,
    },
    /// The prompt does not fit the model: no verdict, kind `too_long`.
    #[error("prompt too long: {message}")]
    TooLong {
        /// The provider's words.
        message: String,
    },
    /// The prompt was declined by a filter before the model saw it: no verdict, kind `refused`.
    #[error("declined: {message}")]
    Refused {
        /// The provider's words.
        message: String,
    },
    /// The answer has still to be written by others: nothing is decided yet.
    #[error("{message}")]
    Pending {
        /// What is awaited, or what is wrong with what was written, and what to do.
        message: String,
    },
    /// This request can never succeed; the run goes on.
    #[error("{message}")]
    Rejected {
        /// The provider's words.
        message: String,
    },
    /// No request to this model can succeed: it is unknown, the key has no access to it, or it does not take a parameter. It is
    /// asked no more; other models are.
    #[error("{message}")]
    Unfit {
        /// What happened, and to which model or parameter.
        message: String,
    },
    /// No request to this provider can succeed: missing or refused key, no money. None of its models is asked any more.
    #[error("{message}")]
    Fatal {
        /// What happened, and to which key or URL.
        message: String,
    },
}
