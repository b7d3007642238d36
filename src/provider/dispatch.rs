//! One judge model, whatever its dialect.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::HeaderMap;
use secrecy::SecretString;

use super::anthropic::{self, Anthropic};
use super::batch::BatchLimits;
use super::catalogue::{self, Entry, Price};
use super::errors::Call;
use super::exec::{Command, Exec};
use super::http::{Answer, Server};
use super::manual::Manual;
use super::model::{Ask, CallError, Form, Params, Reply, Request, Stop, TokenCounts};
use super::openai::{self, OpenAi};
use super::replay::{self, Replay};
use super::rules;

/// What a model may be, for messages.
const KNOWN: &str = "anthropic/MODEL, openai/MODEL (any compatible server), exec/COMMAND, manual/FOLDER, replay/FILE or \
                     baseline/rules";

/// Keys, base URLs and the folder for replay files; filled by the CLI from the environment.
#[derive(Debug, Clone)]
pub struct Access {
    /// Anthropic key.
    pub anthropic_key: Option<SecretString>,
    /// Anthropic base URL, without `/v1`.
    pub anthropic_base_url: String,
    /// `OpenAI` key; local servers need none.
    pub openai_key: Option<SecretString>,
    /// `OpenAI` base URL, with `/v1`.
    pub openai_base_url: String,
    /// Total time of one attempt, body included.
    pub timeout: Duration,
    /// Folder that replay files, programs and folders of prompts are relative to, and that may hold a `models.yaml`.
    pub folder: PathBuf,
    /// Where programs are searched, as in `PATH`.
    pub search_path: OsString,
}

impl Access {
    /// The Anthropic base URL; those who know other clients write it with `/v1`.
    pub(super) fn anthropic_url(&self) -> &str {
        self.anthropic_base_url.trim().trim_end_matches('/').trim_end_matches("/v1")
    }

    /// Who answers for `model` as far as its name does not tell: the server's URL, the content of the replay file, or
    /// the version of the rules, or the content of a program. Needs no key; empty where [`Provider::new`] would fail anyway.
    #[must_use]
    pub fn source(&self, model: &str) -> String {
        match model.split_once('/') {
            Some(("anthropic", _)) => self.anthropic_url().to_owned(),
            Some(("openai", _)) => self.openai_base_url.trim().trim_end_matches('/').to_owned(),
            Some(("replay", file)) => {
                Replay::read(&self.folder.join(file)).map(|replay| replay.hash).unwrap_or_default()
            }
            Some(("baseline", "rules")) => format!("rules {}", rules::VERSION),
            Some(("exec", command)) => {
                Command::find(command, &self.folder, &self.search_path).map(|command| command.hash).unwrap_or_default()
            }
            _ => String::new(),
        }
    }
}

/// Why a judge cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The model is not `provider/model` of a known provider, or does not take a parameter.
    #[error("{model}: {message}")]
    Model {
        /// The model as written.
        model: String,
        /// What is wrong and what is known.
        message: String,
    },
    /// A key is not set.
    #[error("{model} needs a key: {variable} is not set; set it, or judge with baseline/rules, which needs none")]
    MissingKey {
        /// The model.
        model: String,
        /// The environment variable.
        variable: &'static str,
    },
    /// A file cannot be read or a client cannot be made.
    #[error("{0}")]
    Setup(String),
}

/// A model with its parameters.
#[derive(Debug)]
pub struct Provider {
    pub(super) model: String,
    pub(super) judge: Judge,
    /// What the batch API takes, where it is asked in batches.
    pub(super) batch: Option<BatchLimits>,
    price: Option<Price>,
    cache_minimum: Option<u64>,
    max_output_tokens: u32,
}

#[derive(Debug)]
pub(super) enum Judge {
    Anthropic(Box<Anthropic>),
    OpenAi(Box<OpenAi>),
    Exec(Box<Exec>),
    Manual(Manual),
    Replay(Replay),
    Rules(rules::Memory),
}

impl Provider {
    /// The provider for `model` (`anthropic/...`, `openai/...`, `exec/COMMAND`, `manual/FOLDER`, `replay/FILE`,
    /// `baseline/rules`).
    ///
    /// A key is needed at the vendor's own servers only; others say so themselves, with status 401.
    ///
    /// # Errors
    /// When the model is unknown, its key is missing, its file or program cannot be used, or a parameter is known not to
    /// be taken.
    pub fn new(model: &str, params: &Params, access: &Access) -> Result<Self, ProviderError> {
        let wrong = |message: String| ProviderError::Model { model: model.to_owned(), message };
        let (provider, name) = model
            .split_once('/')
            .filter(|(_, name)| !name.trim().is_empty())
            .ok_or_else(|| wrong(format!("not a model: write {KNOWN}")))?;
        if !params.env.is_empty() && provider != "exec" {
            return Err(wrong("passes no environment variables on (params.env): only exec/COMMAND does".to_owned()));
        }
        let server = |vendor, url: &str, key: &Option<SecretString>| {
            Server::new(vendor, model, url, key.as_ref(), access.timeout)
        };
        let entry = || -> Result<Option<Entry>, ProviderError> {
            let entry = catalogue::entry(provider, name, &access.folder)?;
            check(params, entry.as_ref()).map_err(wrong)?;
            Ok(entry)
        };
        let (judge, entry) = match (provider, name) {
            ("anthropic", _) => {
                if params.seed.is_some() {
                    return Err(wrong("takes no seed: leave it out of params".to_owned()));
                }
                let entry = entry()?;
                let server = server(&anthropic::VENDOR, access.anthropic_url(), &access.anthropic_key)?;
                (Judge::Anthropic(Box::new(Anthropic::new(server, name, params, entry.as_ref()))), entry)
            }
            ("openai", _) => {
                let entry = entry()?;
                let server = server(&openai::VENDOR, &access.openai_base_url, &access.openai_key)?;
                (Judge::OpenAi(Box::new(OpenAi::new(server, name, params, entry.as_ref()))), entry)
            }
            ("exec", command) => {
                check_untuned(params).map_err(wrong)?;
                let command = Command::find(command, &access.folder, &access.search_path).map_err(wrong)?;
                (Judge::Exec(Box::new(Exec::new(model, command, &params.env, access.timeout))), None)
            }
            ("manual", folder) => {
                check_untuned(params).map_err(wrong)?;
                (Judge::Manual(Manual::new(access.folder.join(folder))), None)
            }
            ("replay", file) => (Judge::Replay(Replay::read(&access.folder.join(file))?), None),
            ("baseline", "rules") => (Judge::Rules(rules::Memory::default()), None),
            _ => return Err(wrong(format!("unknown provider: write {KNOWN}"))),
        };
        Ok(Self {
            model: model.to_owned(),
            judge,
            batch: None,
            cache_minimum: entry.as_ref().and_then(|entry| entry.cache_minimum),
            price: entry.and_then(|entry| entry.price()),
            max_output_tokens: params.max_output_tokens,
        })
    }

    /// Whether `model` is answered inside this program, at the cost of its own computing time.
    #[must_use]
    pub fn computes(model: &str) -> bool {
        matches!(model.split_once('/'), Some(("baseline" | "replay", _)))
    }

    /// Whether calls leave this process and are answered at once: other judges need no limits, keys or retries.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self.judge, Judge::Anthropic(_) | Judge::OpenAi(_) | Judge::Exec(_))
    }

    /// Whether its calls stand in the ledger beside the verdicts. Rules are no model and have none: the same features give the same
    /// answer, at once.
    #[must_use]
    pub fn keeps_calls(&self) -> bool {
        !matches!(self.judge, Judge::Rules(_))
    }

    /// Whether the prompt is a part of what it answers to `rubric`: the rules measure the session instead.
    #[must_use]
    pub fn reads_prompt(&self, rubric: &str) -> bool {
        !matches!(self.judge, Judge::Rules(_)) || rules::reads_prompt(rubric)
    }

    /// Base URL of its server; the model itself for programs and judges inside this program.
    #[must_use]
    pub fn server(&self) -> &str {
        match &self.judge {
            Judge::Anthropic(judge) => &judge.server.url,
            Judge::OpenAi(judge) => &judge.server.url,
            Judge::Exec(_) | Judge::Manual(_) | Judge::Replay(_) | Judge::Rules(_) => &self.model,
        }
    }

    /// The ways it can be asked for JSON, best first.
    #[must_use]
    pub fn forms(&self) -> &'static [Form] {
        match &self.judge {
            Judge::Anthropic(judge) => judge.forms(),
            Judge::OpenAi(judge) => judge.forms(),
            Judge::Exec(_) | Judge::Manual(_) | Judge::Replay(_) | Judge::Rules(_) => &[Form::Plain],
        }
    }

    /// List price of the model; none where it is not known, and for local judges, which have none.
    #[must_use]
    pub fn price(&self) -> Option<&Price> {
        self.price.as_ref()
    }

    /// Cost of a call in millionths of a dollar at list price, that of batches where it is asked so; none where it is not
    /// known, as with programs and people, and 0 for judges inside this one.
    #[must_use]
    pub fn micro_dollars(&self, tokens: &TokenCounts) -> Option<u64> {
        match self.judge {
            Judge::Replay(_) | Judge::Rules(_) => Some(0),
            _ if self.batch.is_some() => self.price.as_ref()?.batch_micro_dollars(tokens),
            _ => self.price.as_ref()?.micro_dollars(tokens),
        }
    }

    /// The most that a call with a prompt of `input` tokens can cost, in millionths of a dollar at list price; none where it
    /// is not known, 0 for local judges.
    #[must_use]
    pub fn most_micro_dollars(&self, input: u64) -> Option<u64> {
        let output = u64::from(self.max_output_tokens);
        let most = |price: &Price| match self.batch {
            Some(_) => price.most_batch_micro_dollars(input, output),
            None => Some(price.most_micro_dollars(input, output)),
        };
        if self.is_remote() { self.price.as_ref().and_then(most) } else { Some(0) }
    }

    /// Tokens below which the provider keeps no prompt in its cache; none where it is not known.
    #[must_use]
    pub fn cache_minimum(&self) -> Option<u64> {
        self.cache_minimum
    }

    /// The exact request for `ask`; pure.
    #[must_use]
    pub fn request(&self, ask: &Ask<'_>, form: Form) -> Request {
        let local = |path, body| Request { server: String::new(), path, headers: Vec::new(), body, form: Form::Plain };
        match &self.judge {
            Judge::Anthropic(judge) => judge.request(ask, form),
            Judge::OpenAi(judge) => judge.request(ask, form),
            Judge::Exec(judge) => judge.request(ask),
            Judge::Manual(manual) => local("manual", manual.request(ask)),
            Judge::Replay(replay) => local("replay", replay.request(ask)),
            Judge::Rules(memory) => local("rules", rules::request(ask, memory)),
        }
    }

    /// Sends `request` once.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn send(&self, request: &Request) -> Result<Reply, CallError> {
        let answer = match &self.judge {
            Judge::Anthropic(judge) => judge.server.post(request).await?,
            Judge::OpenAi(judge) => judge.server.post(request).await?,
            Judge::Exec(judge) => local(judge.send(&request.body).await?),
            Judge::Manual(manual) => local(manual.answer(&request.body)?),
            Judge::Replay(replay) => local(replay.answer(&request.body)?),
            Judge::Rules(_) => {
                let answer = rules::answer(&request.body).map_err(|message| CallError::Rejected { message })?;
                local(answer.into_bytes())
            }
        };
        self.read(request, answer)
    }

    /// Reads a response body that the ledger kept, as [`Self::send`] would have.
    ///
    /// What came in headers is gone: request id and limits are empty.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn read_body(&self, request: &Request, body: &[u8]) -> Result<Reply, CallError> {
        self.read(request, local(body.to_vec()))
    }

    fn read(&self, request: &Request, answer: Answer) -> Result<Reply, CallError> {
        self.read_in_form(request.form, answer)
    }

    /// Reads the answer to a request made in `form`.
    pub(super) fn read_in_form(&self, form: Form, answer: Answer) -> Result<Reply, CallError> {
        let call = |server| Call { model: &self.model, server, form };
        match &self.judge {
            Judge::Anthropic(judge) => Anthropic::read(call(&judge.server), answer),
            Judge::OpenAi(judge) => OpenAi::read(call(&judge.server), answer),
            Judge::Exec(judge) => judge.read(&answer.body),
            Judge::Replay(_) => Replay::reply(&answer.body),
            Judge::Manual(_) | Judge::Rules(_) => {
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                Ok(replay::local(text, Stop::End, &answer.body))
            }
        }
    }
}

/// Names of the output cap, whatever the dialect.
const CAPS: [&str; 3] = ["max_tokens", "max_completion_tokens", "max_output_tokens"];

impl Request {
    /// The same question with twice the room for the answer.
    #[must_use]
    pub fn roomier(mut self) -> Self {
        if let Ok(serde_json::Value::Object(mut body)) = serde_json::from_slice(&self.body) {
            for cap in CAPS {
                if let Some(value) = body.get_mut(cap)
                    && let Some(tokens) = value.as_u64()
                {
                    *value = tokens.saturating_mul(2).into();
                }
            }
            self.body = serde_json::Value::Object(body).to_string().into_bytes();
        }
        self
    }
}

/// An answer without status line and headers of its own.
fn local(body: Vec<u8>) -> Answer {
    Answer { status: 200, headers: HeaderMap::new(), body }
}

/// Refuses parameters that a program, a person or a tool would never hear of.
fn check_untuned(params: &Params) -> Result<(), String> {
    match (params.temperature, &params.effort, params.seed) {
        (None, None, None) => Ok(()),
        _ => {
            Err("takes no temperature, effort or seed: leave them out of params, and give a program its own arguments"
                .to_owned())
        }
    }
}

/// Whether the parameters make sense and are not known to be refused.
fn check(params: &Params, entry: Option<&Entry>) -> Result<(), String> {
    if params.max_output_tokens == 0 {
        return Err("max_output_tokens is 0: nothing could be answered".to_owned());
    }
    match params.temperature {
        Some(temperature) if !(0.0..=2.0).contains(&temperature) => {
            Err(format!("temperature {temperature} is not between 0 and 2"))
        }
        Some(_) if entry.is_some_and(|entry| entry.temperature == Some(false)) => {
            Err("takes no temperature: leave it out of params, and measure noise with repeats".to_owned())
        }
        _ => Ok(()),
    }
}
