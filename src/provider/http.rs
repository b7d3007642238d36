//! One attempt of one request over HTTP: no hidden retries, no redirects, bounded in time and size.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};

use super::dispatch::ProviderError;
use super::model::{CallError, Request};

/// Bytes of a response body beyond which it is not an answer to a judge's question.
pub(super) const MAX_BODY: usize = 20 * 1024 * 1024;
/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(10);
/// Keys at least this long are masked wherever a server echoes them; shorter ones are the dummies of local servers.
const SECRET_LENGTH: usize = 16;

/// How a vendor's server is set up, for requests and for messages about them.
#[derive(Debug)]
pub(super) struct Vendor {
    /// Host that the vendor's own servers have; elsewhere the key is optional.
    pub(super) host: &'static str,
    /// Environment variable of the key.
    pub(super) key_variable: &'static str,
    /// Environment variable of the base URL.
    pub(super) url_variable: &'static str,
    /// Header that carries the key.
    pub(super) key_header: &'static str,
    /// What comes before the key in that header.
    pub(super) key_prefix: &'static str,
}

/// A server with its key. The key is in no `Debug` output and no error.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) vendor: &'static Vendor,
    pub(super) client: Client,
    /// Base URL without credentials, query and trailing slash.
    pub(super) url: String,
    host: String,
    key: Option<(SecretString, HeaderValue)>,
    pub(super) timeout: Duration,
}

/// A response, whatever its status.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Server {
    /// The server of `vendor` at `base_url` for `model`.
    pub(super) fn new(
        vendor: &'static Vendor,
        model: &str,
        base_url: &str,
        key: Option<&SecretString>,
        timeout: Duration,
    ) -> Result<Self, ProviderError> {
        let mut url = Url::parse(base_url.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                setup(format!(
                    "{} is not a http or https URL: write it like http://127.0.0.1:8000/v1",
                    vendor.url_variable
                ))
            })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(setup(format!(
                "{} holds credentials: put the key into {}",
                vendor.url_variable, vendor.key_variable
            )));
        }
        url.set_query(None);
        url.set_fragment(None);
        let host = url.host_str().unwrap_or_default().to_owned();
        let key = match key {
            Some(key) => Some((key.clone(), key_header(vendor, key)?)),
            None if host == vendor.host => {
                return Err(ProviderError::MissingKey { model: model.to_owned(), variable: vendor.key_variable });
            }
            None => None,
        };
        let mut client = Client::builder()
            .user_agent(concat!("assize/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .connect_timeout(CONNECT.min(timeout));
        if matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| setup(format!("no HTTP client: {}", causes(&error))))?;
        Ok(Self { vendor, client, url: url.as_str().trim_end_matches('/').to_owned(), host, key, timeout })
    }

    /// Whether the server is in one of `domains`.
    pub(super) fn is_at_any(&self, domains: &[&str]) -> bool {
        let below = |rest: &str| rest.is_empty() || rest.ends_with('.');
        domains.iter().any(|domain| self.host.strip_suffix(domain).is_some_and(below))
    }

    /// Whether a key is sent.
    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    /// Sends `request` once and reads the whole answer.
    pub(super) async fn post(&self, request: &Request) -> Result<Answer, CallError> {
        let sending = self
            .client
            .post(format!("{}{}", self.url, request.path))
            .header(CONTENT_TYPE, "application/json")
            .body(request.body.clone());
        self.exchange(sending, &request.headers).await
    }

    /// Asks for what is at `path` once and reads the whole answer.
    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Answer, CallError> {
        self.exchange(self.client.get(format!("{}{path}", self.url)), headers).await
    }

    async fn exchange(&self, sending: RequestBuilder, headers: &[(&str, &str)]) -> Result<Answer, CallError> {
        self.whole(self.begin(sending.timeout(self.timeout), headers).await?).await
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn begin(
        &self,
        sending: RequestBuilder,
        headers: &[(&str, &str)],
    ) -> Result<reqwest::Response, CallError> {
        let mut sending = sending.header(ACCEPT, "application/json");
        for (name, value) in headers {
            sending = sending.header(*name, *value);
        }
        if self.host != self.vendor.host {
            // A proxy must not retry behind our back (providers.md 7.31); servers that are no proxy ignore this.
            sending = sending.header("x-litellm-num-retries", "0");
        }
        if let Some((_, header)) = &self.key {
            sending = sending.header(HeaderName::from_static(self.vendor.key_header), header);
        }
        sending.send().await.map_err(|error| self.failed(&error))
    }

    /// Reads the rest of an answer.
    pub(super) async fn whole(&self, mut response: reqwest::Response) -> Result<Answer, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                let message = format!("the answer from {} is larger than {} MB", self.url, MAX_BODY / (1024 * 1024));
                return Err(CallError::Transient { message });
            }
            body.extend_from_slice(&chunk);
        }
        let body = self.without_key(body);
        Ok(Answer { status: response.status().as_u16(), headers: std::mem::take(response.headers_mut()), body })
    }

    /// `body` with the key masked, should the server have echoed it.
    pub(super) fn without_key(&self, body: Vec<u8>) -> Vec<u8> {
        let Some((key, _)) = &self.key else { return body };
        let key = key.expose_secret();
        match std::str::from_utf8(&body) {
            Ok(text) if key.len() >= SECRET_LENGTH && text.contains(key) => text.replace(key, "[key]").into_bytes(),
            _ => body,
        }
    }

    /// What happened when no whole answer came.
    pub(super) fn failed(&self, error: &reqwest::Error) -> CallError {
        let (url, variable) = (&self.url, self.vendor.url_variable);
        let causes = causes(error);
        let message = if error.is_timeout() && !error.is_connect() {
            format!("no whole answer from {url} within {} s", self.timeout.as_secs_f64())
        } else if causes.contains("certificate") {
            format!("cannot trust {url} ({variable}): {causes}; check the system's certificates (ca-certificates)")
        } else if error.is_connect() {
            format!("cannot reach {url}: {causes}; check that the server is up and that {variable} is right")
        } else {
            format!("the connection to {url} broke: {causes}")
        };
        CallError::Transient { message }
    }
}

/// The header value that carries `key`; marked as sensitive, so that nothing prints it.
fn key_header(vendor: &Vendor, key: &SecretString) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(&format!("{}{}", vendor.key_prefix, key.expose_secret())).map_err(|_| {
        setup(format!("{} holds characters that no key has, such as a line break", vendor.key_variable))
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn setup(message: String) -> ProviderError {
    ProviderError::Setup(message)
}

/// The causes of `error`, innermost last, without the first, which only repeats the URL.
fn causes(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    causes.dedup();
    if causes.is_empty() { "no reason given".to_owned() } else { causes.join(": ") }
}
