//! Batches of requests, whatever the dialect: what goes in, how they stand, and what comes back.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::dispatch::{Judge, Provider, ProviderError};
use super::errors::Call;
use super::http::{Answer, Server};
use super::model::{CallError, Form, Reply, Request};
use super::parcel::{Lines, Parcel};
use super::{anthropic_batch, openai_batch};

/// The limits inside the binary.
const BUILT_IN: &str = include_str!("batches.yaml");

/// What a provider's batch API takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchLimits {
    /// Requests in one batch.
    pub requests: u64,
    /// Bytes of one batch as it is sent.
    pub bytes: u64,
    /// Days from its creation for which the results of a batch are kept; none where it is not known.
    #[serde(default)]
    pub results_days: Option<u32>,
    /// Where the numbers are from.
    pub source: String,
    /// When they were read there.
    pub date: String,
}

/// What stands around and between the requests of one batch as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct BatchFrame {
    /// Before the first.
    pub open: &'static [u8],
    /// Between two.
    pub between: &'static [u8],
    /// After the last.
    pub close: &'static [u8],
}

/// How a batch stands at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchState {
    /// It is worked on.
    Working,
    /// Nothing more is to come; there are results of all or some of its requests.
    Ended,
    /// It was not begun, for the reason given; nothing is billed.
    Failed {
        /// The provider's words.
        message: String,
        /// Whether it would be taken when less of the model is in its queue.
        is_too_much: bool,
    },
}

/// A batch as the provider shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchView {
    /// The provider's id.
    pub id: String,
    /// The label that it was created with; none where the provider keeps none.
    pub label: Option<String>,
    /// When it was created, by the provider's clock.
    pub created_at: Option<Timestamp>,
    /// How it stands.
    pub state: BatchState,
    /// Its requests, where told.
    pub requests: Option<u64>,
    /// Requests that are done, where told before the end.
    pub done: Option<u64>,
    /// Whether somebody cancelled it.
    pub is_cancelled: bool,
    /// Paths of its results below the base URL.
    pub results: Vec<String>,
}

/// Some of the provider's batches, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchPage {
    /// The batches.
    pub batches: Vec<BatchView>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

/// What became of one request of a batch.
#[derive(Debug)]
pub enum BatchResult {
    /// It was answered.
    Answered(Box<Reply>),
    /// It brought an error, as one sent directly would have; it is not billed.
    Error(CallError),
    /// The batch ran out of time before its turn came; it is not billed.
    Expired,
    /// The batch was cancelled before its turn came; it is not billed.
    Cancelled,
}

/// The custom id of a result, and what became of the request.
pub type Identified = (String, BatchResult);

/// What is known of the batch API of `provider`.
fn limits(provider: &str, folder: &Path) -> Result<Option<BatchLimits>, ProviderError> {
    let path = folder.join("batches.yaml");
    let own = match fs_err::read_to_string(&path) {
        Ok(text) => parse(&text, &path.display().to_string())?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
        Err(error) => return Err(ProviderError::Setup(error.to_string())),
    };
    match own.get(provider) {
        Some(limits) => Ok(Some(limits.clone())),
        None => Ok(parse(BUILT_IN, "built-in batches.yaml")?.remove(provider)),
    }
}

fn parse(text: &str, name: &str) -> Result<BTreeMap<String, BatchLimits>, ProviderError> {
    let all: BTreeMap<String, BatchLimits> =
        serde_saphyr::from_str(text).map_err(|error| ProviderError::Setup(format!("{name}: {error}")))?;
    match all.iter().find(|(_, limits)| limits.requests == 0 || limits.bytes == 0) {
        Some((provider, _)) => {
            Err(ProviderError::Setup(format!("{name}: {provider}: a batch of nothing; give at least 1")))
        }
        None => Ok(all),
    }
}

impl Provider {
    /// The same model, asked in batches and at their price. The files of `folder` win.
    ///
    /// # Errors
    /// When the provider has no batches.
    pub fn batched(mut self, folder: &Path) -> Result<Self, ProviderError> {
        let provider = self.model.split('/').next().unwrap_or_default();
        let limits = match self.judge {
            Judge::Anthropic(_) | Judge::OpenAi(_) => limits(provider, folder)?,
            Judge::Exec(_) | Judge::Manual(_) | Judge::Replay(_) | Judge::Rules(_) => None,
        };
        let Some(limits) = limits else {
            let message =
                "cannot be asked in batches, only anthropic/... and openai/... can: leave out `mode: batch`, or \
                           put this judge into an experiment of its own"
                    .to_owned();
            return Err(ProviderError::Model { model: self.model, message });
        };
        self.batch = Some(limits);
        Ok(self)
    }

    /// What the batch API takes; none of a judge that is asked directly.
    #[must_use]
    pub fn batch_limits(&self) -> Option<&BatchLimits> {
        self.batch.as_ref()
    }

    /// What stands around and between the requests of a batch.
    #[must_use]
    pub fn batch_frame(&self) -> BatchFrame {
        match &self.judge {
            Judge::Anthropic(_) => anthropic_batch::FRAME,
            _ => openai_batch::FRAME,
        }
    }

    /// `request` as one of a batch. `id` has at most 64 letters, digits, `-` and `_`.
    #[must_use]
    pub fn batch_request(&self, id: &str, request: &Request) -> Vec<u8> {
        match &self.judge {
            Judge::Anthropic(_) => anthropic_batch::request(id, request),
            _ => openai_batch::request(id, request),
        }
    }

    /// Whether the server has batches at all: false only where it says so. Costs nothing.
    ///
    /// # Errors
    /// When the server cannot be asked, or refuses the key.
    pub async fn has_batches(&self) -> Result<bool, CallError> {
        match &self.judge {
            Judge::Anthropic(judge) => anthropic_batch::exists(judge, &self.model).await,
            Judge::OpenAi(judge) => openai_batch::exists(judge, &self.model).await,
            _ => Ok(false),
        }
    }

    /// Whether the provider keeps the label of a batch; where it does not, a batch is found again by its time and size.
    #[must_use]
    pub fn labels_batches(&self) -> bool {
        matches!(self.judge, Judge::OpenAi(_))
    }

    /// Creates a batch of the requests in `parcel`, labelled `label` where the provider keeps labels.
    ///
    /// # Errors
    /// See [`CallError`]. After errors that may pass nobody knows whether it was created.
    pub async fn create_batch(&self, label: &str, parcel: &Parcel) -> Result<BatchView, CallError> {
        match &self.judge {
            Judge::Anthropic(judge) => anthropic_batch::create(judge, &self.model, parcel).await,
            Judge::OpenAi(judge) => openai_batch::create(judge, &self.model, label, parcel).await,
            _ => Err(self.no_batches()),
        }
    }

    /// How the batch `id` stands; none where the server does not know it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn batch(&self, id: &str) -> Result<Option<BatchView>, CallError> {
        match &self.judge {
            Judge::Anthropic(judge) => anthropic_batch::look(judge, &self.model, id).await,
            Judge::OpenAi(judge) => openai_batch::look(judge, &self.model, id).await,
            _ => Err(self.no_batches()),
        }
    }

    /// Batches, the newest first, from `after` on; none where the server lists none.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn batches(&self, after: Option<&str>) -> Result<Option<BatchPage>, CallError> {
        match &self.judge {
            Judge::Anthropic(judge) => anthropic_batch::list(judge, &self.model, after).await,
            Judge::OpenAi(judge) => openai_batch::list(judge, &self.model, after).await,
            _ => Err(self.no_batches()),
        }
    }

    /// The results at `path` of [`BatchView::results`], line by line; none where the server has them no more.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn batch_results(&self, path: &str) -> Result<Option<Lines<'_>>, CallError> {
        match &self.judge {
            Judge::Anthropic(judge) => anthropic_batch::results(judge, &self.model, path).await,
            Judge::OpenAi(judge) => openai_batch::results(judge, &self.model, path).await,
            _ => Err(self.no_batches()),
        }
    }

    /// Reads one line of results; `form_of` tells the form that the request of a custom id was made in.
    ///
    /// # Errors
    /// When the line is not a result, as where the file broke off.
    pub fn batch_result(&self, line: &[u8], form_of: impl Fn(&str) -> Option<Form>) -> Result<Identified, CallError> {
        let result = match &self.judge {
            Judge::Anthropic(_) => anthropic_batch::result(line),
            _ => openai_batch::result(line),
        };
        let Some((id, raw)) = result else {
            let words: String = String::from_utf8_lossy(line).chars().take(200).collect();
            return Err(CallError::Transient {
                message: format!("{} answered a result that is none: {words:?}", self.model),
            });
        };
        let form = form_of(&id).unwrap_or(Form::Plain);
        let result = match raw {
            Raw::Answer(answer) => match self.read_in_form(form, answer) {
                Ok(reply) => BatchResult::Answered(Box::new(reply)),
                Err(error) => BatchResult::Error(error),
            },
            Raw::Expired => BatchResult::Expired,
            Raw::Cancelled => BatchResult::Cancelled,
        };
        Ok((id, result))
    }

    fn no_batches(&self) -> CallError {
        CallError::Fatal { message: format!("{} has no batches", self.model) }
    }
}

/// A result before it is read as an answer.
pub(super) enum Raw {
    /// An answer or an error, as it would have come directly.
    Answer(Answer),
    Expired,
    Cancelled,
}

/// A call about a batch, for messages.
pub(super) fn about<'a>(model: &'a str, server: &'a Server) -> Call<'a> {
    Call { model, server, form: Form::Plain }
}

/// `id` as a part of a path: ids that providers give need no escaping, and others must not lead elsewhere.
pub(super) fn segment(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | ':')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_data_with_source_and_date_and_the_working_folder_wins() {
        let folder = tempfile::tempdir().unwrap();
        for provider in ["anthropic", "openai"] {
            let limits = limits(provider, folder.path()).unwrap().unwrap();
            assert!(!limits.source.is_empty() && limits.date.parse::<jiff::civil::Date>().is_ok());
        }
        let write = |text: &str| fs_err::write(folder.path().join("batches.yaml"), text).unwrap();
        write("openai: {requests: 7, bytes: 900, source: ours, date: 2026-11-01}\n");
        assert_eq!(limits("openai", folder.path()).unwrap().unwrap().requests, 7);
        assert_eq!(limits("anthropic", folder.path()).unwrap().unwrap().requests, 100_000);
        write("openai: {requests: 0, bytes: 900, source: ours, date: 2026-11-01}\n");
        let error = limits("openai", folder.path()).unwrap_err().to_string();
        assert!(error.contains("batches.yaml: openai: a batch of nothing"), "{error}");
    }

    #[test]
    fn an_id_stays_one_segment_of_a_path() {
        assert_eq!(segment("batch_68aZ-1"), "batch_68aZ-1");
        assert_eq!(segment("../x?y#z/1"), "..xyz1");
    }
}
