//! What a server can do, found out by asking it: its models, its headers, and the forms of asking that it takes.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;

use crate::prompt::Prompt;
use crate::rubric::{Answer, AnswerKind, AnswerSchema, Rubric};
use crate::session::{Format, Session};

use super::dispatch::{Access, Provider, ProviderError};
use super::errors::{self, Call};
use super::headers;
use super::http::{Server, Vendor};
use super::model::{Ask, CallError, Form, LimitHints, Params, Shared};
use super::{anthropic, openai};

/// A word that no model says unless it is bound to.
const UNLIKELY: &str = "zq7";
/// Output tokens of a probe, thinking included.
const PROBE_TOKENS: u32 = 256;

/// A vendor's server as the environment names it.
#[derive(Debug)]
pub struct Site {
    /// `anthropic` or `openai`, as models begin.
    pub provider: &'static str,
    /// Base URL without credentials.
    pub url: String,
    /// Environment variable of the base URL, and whether the URL differs from the vendor's own.
    pub url_variable: (&'static str, bool),
    /// Environment variable of the key, and whether it is set.
    pub key_variable: (&'static str, bool),
    /// Why it cannot be asked, or the server.
    server: Result<Server, ProviderError>,
}

/// What a server said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its models; none where it lists none.
    pub models: Option<Vec<String>>,
    /// Limits told in headers.
    pub limits: LimitHints,
    /// How far its clock is ahead of `now`, in seconds; none where it tells no time.
    pub clock_ahead: Option<i64>,
}

/// What a form of asking came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "form_is", rename_all = "snake_case")]
pub enum Probed {
    /// The answer has the form, although nothing but the form asked for it.
    Enforced,
    /// The answer has the form, which the prompt asked for too.
    Followed,
    /// The server took the form, and the answer does not have it.
    Ignored {
        /// The beginning of the answer.
        answer: String,
    },
    /// The server refused the form.
    Refused {
        /// Its words.
        message: String,
    },
    /// Nothing is known: the call failed for another reason.
    Failed {
        /// What happened.
        message: String,
    },
}

impl Probed {
    /// Whether judges may be asked so.
    #[must_use]
    pub fn works(&self) -> bool {
        matches!(self, Self::Enforced | Self::Followed)
    }
}

impl Access {
    /// The servers that models may be asked at, each with its key or without.
    #[must_use]
    pub fn sites(&self) -> Vec<Site> {
        let site = |provider, vendor: &'static Vendor, url: &str, key: Option<&SecretString>| {
            let server = Server::new(vendor, provider, url, key, self.timeout);
            let is_own = match &server {
                Ok(server) => server.is_at_any(&[vendor.host]),
                Err(error) => matches!(error, ProviderError::MissingKey { .. }),
            };
            Site {
                provider,
                url: match &server {
                    Ok(server) => server.url.clone(),
                    Err(_) if is_own => format!("https://{}", vendor.host),
                    // Not repeated here: it may hold credentials.
                    Err(_) => format!("what {} says", vendor.url_variable),
                },
                url_variable: (vendor.url_variable, !is_own),
                key_variable: (vendor.key_variable, key.is_some()),
                server,
            }
        };
        vec![
            site("anthropic", &anthropic::VENDOR, self.anthropic_url(), self.anthropic_key.as_ref()),
            site("openai", &openai::VENDOR, &self.openai_base_url, self.openai_key.as_ref()),
        ]
    }
}

impl Site {
    /// Whether anything is set up for it: a key, or a base URL of its own.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.key_variable.1 || self.url_variable.1
    }

    /// Asks for the list of models, which costs nothing. `now` is the time here.
    ///
    /// # Errors
    /// What is wrong with the set-up, the way, the certificate or the key. A server without such a list is no error.
    pub async fn ask(&self, now: Timestamp) -> Result<Told, String> {
        let server = self.server.as_ref().map_err(ToString::to_string)?;
        let (path, headers) = match self.provider {
            "anthropic" => ("/v1/models?limit=1000", &[("anthropic-version", "2023-06-01")][..]),
            _ => ("/models", &[][..]),
        };
        let answer = server.get(path, headers).await.map_err(|error| error.to_string())?;
        let told = |models| Told {
            models,
            limits: headers::limits(&answer.headers),
            clock_ahead: clock_ahead(&answer.headers, now),
        };
        // Reachable, and nothing said against the key: servers that list no models are good ones all the same.
        if matches!(answer.status, 404 | 405 | 501) {
            return Ok(told(None));
        }
        let call = Call { model: self.provider, server, form: Form::Plain };
        let value = errors::checked(call, &answer).map_err(|error| error.to_string())?;
        let models = value["data"].as_array().or_else(|| value["models"].as_array()).map(|models| {
            models
                .iter()
                .filter_map(|model| model["id"].as_str().or(model["name"].as_str()))
                .map(str::to_owned)
                .collect()
        });
        Ok(told(models))
    }
}

fn clock_ahead(headers: &HeaderMap, now: Timestamp) -> Option<i64> {
    let date = headers.get("date")?.to_str().ok()?;
    let there = rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
    Some(there.as_second() - now.as_second())
}

impl Provider {
    /// Parameters for [`Self::probe`]: those of a judge with little room to answer, so that a probe costs little.
    #[must_use]
    pub fn probe_params(params: &Params) -> Params {
        Params { max_output_tokens: params.max_output_tokens.min(PROBE_TOKENS), ..params.clone() }
    }

    /// Sends one tiny request in `form`, and says what the form is worth there. This may cost a fraction of a cent.
    pub async fn probe(&self, form: Form) -> Probed {
        let rubric = rubric();
        let schema = AnswerSchema::new(json!({
            "type": "object",
            "properties": {"label": {"type": "string", "enum": [UNLIKELY]}},
            "required": ["label"],
            "additionalProperties": false,
        }));
        let prompt = Prompt {
            system: String::new(),
            session: "A person greets you.".to_owned(),
            question: "Answer with the JSON object {\"label\": \"hello\"}, unless a schema demands another label."
                .to_owned(),
        };
        let session = Arc::new(Session::new("probe".to_owned(), "probe".to_owned(), Format::AssizeJsonl));
        let ask = Ask {
            session: &session,
            rubric: &rubric,
            prompt: &prompt,
            schema: &schema,
            replicate: 1,
            again: None,
            shared: Shared::Nothing,
        };
        match self.send(&self.request(&ask, form)).await {
            Ok(reply) => match (reply.text.contains(UNLIKELY), form) {
                (true, Form::JsonSchema | Form::ForcedTool) => Probed::Enforced,
                (true, Form::JsonObject | Form::Plain) => Probed::Followed,
                (false, _) => Probed::Ignored { answer: reply.text.chars().take(80).collect() },
            },
            Err(CallError::FormUnsupported { message, .. }) => Probed::Refused { message },
            Err(error) => Probed::Failed { message: error.to_string() },
        }
    }
}

/// A rubric that gives a probe its name, and nothing else.
fn rubric() -> Rubric {
    Rubric::new("probe", Answer::new(AnswerKind::Choice))
}
