//! A program asked and read like any other model.

use std::ffi::OsString;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::rubric::Dialect;

use super::super::model::{Ask, CallError, Form, LimitHints, Reply, Request, correction};
use super::command::Command;
use super::envelope::{self, Opened};
use super::process::Job;

/// In an argument, the answer's JSON Schema.
const SCHEMA: &str = "{schema}";
/// The same as a file of the folder that the program runs in.
const SCHEMA_FILE: &str = "schema.json";
/// What assize itself is set up with: passed on only where the judge's `env` names it, since a program that finds a key
/// may quietly use it instead of its own login.
const OWN_VARIABLES: [&str; 4] = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"];

/// A program as a judge.
#[derive(Debug)]
pub(in super::super) struct Exec {
    model: String,
    command: Command,
    withheld: Vec<&'static str>,
    timeout: Duration,
}

/// What a request asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    /// What comes to the program's stdin.
    input: String,
    schema: Value,
}

impl Exec {
    /// The judge `model` that runs `command`, with the variables of `env` passed on to it.
    pub(in super::super) fn new(model: &str, command: Command, env: &[String], timeout: Duration) -> Self {
        let withheld = OWN_VARIABLES.into_iter().filter(|name| !env.iter().any(|passed| passed == name)).collect();
        Self { model: model.to_owned(), command, withheld, timeout }
    }

    /// The request: the whole prompt as one text, with the schema and, when asking again, the bad answer below it.
    pub(in super::super) fn request(&self, ask: &Ask<'_>) -> Request {
        let mut parts = vec![ask.prompt.system.clone(), ask.prompt.session.clone(), ask.question(Form::Plain).into()];
        if let Some((answer, error)) = ask.again {
            parts.push(format!("Your answer so far was:\n{answer}"));
            parts.push(correction(error));
        }
        parts.retain(|part| !part.trim().is_empty());
        let wanted = Wanted { input: parts.join("\n\n"), schema: ask.schema.wire(Dialect::OpenAi).clone() };
        Request {
            server: format!("exec {}", self.command.hash),
            path: "exec",
            headers: Vec::new(),
            body: serde_json::json!(wanted).to_string().into_bytes(),
            form: Form::Plain,
        }
    }

    /// Runs the program once, in an empty folder of its own; what it printed.
    pub(in super::super) async fn send(&self, request: &[u8]) -> Result<Vec<u8>, CallError> {
        let rejected = |error: String| CallError::Rejected { message: format!("{}: {error}", self.model) };
        let wanted: Wanted = serde_json::from_slice(request).map_err(|error| rejected(error.to_string()))?;
        let schema = wanted.schema.to_string();
        // A coding agent must find neither the project nor its instructions.
        let folder = tempfile::tempdir().map_err(|error| rejected(error.to_string()))?;
        fs_err::write(folder.path().join(SCHEMA_FILE), &schema).map_err(|error| rejected(error.to_string()))?;
        let fill = |word: &OsString| match word.to_str() {
            Some(text) => OsString::from(text.replace(SCHEMA, &schema)),
            None => word.clone(),
        };
        let arguments: Vec<OsString> = self.command.arguments.iter().map(fill).collect();
        let job = Job {
            program: &self.command.program,
            arguments: &arguments,
            folder: folder.path(),
            withheld: &self.withheld,
            input: wanted.input.as_bytes(),
            timeout: self.timeout,
            model: &self.model,
        };
        job.run().await
    }

    /// Reads what the program printed.
    pub(in super::super) fn read(&self, body: &[u8]) -> Result<Reply, CallError> {
        let Opened { text, stop, tokens, model } = envelope::open(&String::from_utf8_lossy(body))
            .map_err(|error| CallError::Transient { message: format!("{} failed: {error}", self.model) })?;
        let (request_id, limits) = (None, LimitHints::default());
        Ok(Reply { text, stop, tokens, model, request_id, limits, body: body.to_vec() })
    }
}
