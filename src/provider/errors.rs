//! What an error means, whatever the dialect and whoever serves it (providers.md 1.9, 3.5, 4, 7).

use std::time::Duration;

use serde_json::Value;

use super::headers;
use super::http::{Answer, Server};
use super::model::{CallError, Form};

/// Bytes of a provider's words that are kept.
const MAX_WORDS: usize = 2_048;

/// Types and codes after which no request can succeed: money, account, encryption key of the customer.
const FATAL: [&str; 14] = [
    "insufficient_quota",
    "billing_error",
    "billing_hard_limit_reached",
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
    "organization_on_hold",
    "cmek_key_disabled",
    "cmek_key_unreachable",
    "cmek_key_network_blocked",
    "cmek_context_unavailable",
    "invalid_api_key",
    // A LiteLLM proxy without a database, of every key that is not its master key.
    "no_db_connection",
];
/// The same, where only the message tells.
const FATAL_WORDS: [&str; 3] =
    ["reached your specified api usage limits", "credit balance is too low", "api key not valid"];
/// Words of messages about a model that a proxy does not know, where it says so with 400 (LiteLLM).
const UNKNOWN_MODEL_WORDS: [&str; 1] = ["invalid model name"];
/// Types and codes of prompts that a filter declined.
const REFUSED: [&str; 7] = [
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "invalid_prompt",
    "bio_policy",
    "cyber_policy",
    "misalignment_policy_violation",
];
/// Types and codes of prompts that do not fit.
const TOO_LONG: [&str; 3] = ["context_length_exceeded", "exceed_context_size_error", "request_too_large"];
/// The same, where only the message tells.
const TOO_LONG_WORDS: [&str; 6] = [
    "prompt is too long",
    "input is too long",
    "maximum context length",
    "exceed context limit",
    "context window",
    "context size",
];
/// A 429 for a request that is larger than the whole limit a minute: no wait makes it fit (OpenAI's words).
const NEVER_FITS_WORDS: [&str; 2] = ["request too large", "must be reduced in order to run"];
/// Words of messages about structured output.
const SCHEMA_WORDS: [&str; 8] = [
    "response_format",
    "json_schema",
    "output_config",
    "output_format",
    "structured output",
    "schema",
    "grammar",
    "requested parameters",
];
/// Words of messages about forced tools.
const TOOL_WORDS: [&str; 2] = ["tool_choice", "tool"];
/// Words of messages about JSON mode.
const OBJECT_WORDS: [&str; 3] = ["response_format", "json_object", "schema"];
/// Parameters of a judge, as providers call them.
const PARAMETERS: [&str; 6] =
    ["temperature", "effort", "reasoning_effort", "seed", "max_completion_tokens", "max_tokens"];

/// Which call failed, for messages that say what to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// `provider/model`.
    pub(super) model: &'a str,
    pub(super) server: &'a Server,
    pub(super) form: Form,
}

/// The JSON of a good answer, or what the error means.
///
/// Some servers answer 200 and put the error inside: all of them are looked into.
pub(super) fn checked(call: Call<'_>, answer: &Answer) -> Result<Value, CallError> {
    let value = serde_json::from_slice::<Value>(&answer.body).ok();
    if !(200..300).contains(&answer.status) {
        return Err(classify(call, answer, &Fault::read(value.as_ref(), &answer.body)));
    }
    let Some(value) = value else {
        let text = words(&String::from_utf8_lossy(&answer.body), 300);
        let message = format!("{} answered something else than JSON: {text:?}", call.model);
        return Err(CallError::Transient { message });
    };
    match error_inside(&value) {
        Some(error) => Err(classify(call, answer, &Fault::read(Some(error), &answer.body))),
        None => Ok(value),
    }
}

/// What an answer means that was to be a file of results.
pub(super) fn unexpected(call: Call<'_>, answer: &Answer) -> CallError {
    checked(call, answer).err().unwrap_or_else(|| CallError::Transient {
        message: format!("{} answered {} where results were to come", call.model, answer.status),
    })
}

/// The error object inside a body that came with status 200.
fn error_inside(value: &Value) -> Option<&Value> {
    let top = value.get(0).unwrap_or(value);
    if top["type"] == "error" || top["object"] == "error" || !top["error"].is_null() {
        return Some(top);
    }
    value["choices"].get(0).filter(|choice| !choice["error"].is_null())
}

/// What a provider said about a failure, from any of the bodies seen in the wild.
#[derive(Debug, Default)]
struct Fault {
    message: String,
    /// Whether the provider itself spoke, and not something before it.
    is_json: bool,
    /// Types and codes from every place that has one, in lower case.
    codes: Vec<String>,
    /// A status inside the body.
    status: Option<u16>,
    param: String,
    /// A wait inside the body (Gemini).
    retry_after: Option<Duration>,
    /// A quota that only tomorrow renews (Gemini).
    per_day: bool,
}

impl Fault {
    fn read(value: Option<&Value>, body: &[u8]) -> Self {
        let Some(value) = value else {
            return Self { message: words(&String::from_utf8_lossy(body), MAX_WORDS), ..Self::default() };
        };
        // Gemini wraps the object in an array; old vLLM has the fields at the top; FastAPI calls the message detail.
        let top = value.get(0).unwrap_or(value);
        let error = top.get("error").filter(|error| !error.is_null()).unwrap_or(top);
        let message = [error, &error["message"], &error["detail"], &top["message"]].into_iter().find_map(Value::as_str);
        let message = message.map_or_else(|| error.to_string(), str::to_owned);
        let places = [
            &error["code"],
            &error["type"],
            &error["status"],
            &error["details"]["error_code"],
            &error["innererror"]["code"],
        ];
        let codes = places.into_iter().filter_map(Value::as_str).map(str::to_lowercase).collect::<Vec<_>>();
        let status = places.into_iter().find_map(|place| {
            let number = place.as_u64().or_else(|| place.as_str()?.parse().ok())?;
            u16::try_from(number).ok().filter(|status| (400..600).contains(status))
        });
        let details = error["details"].as_array().map(Vec::as_slice).unwrap_or_default();
        let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str());
        let delay = delay.or_else(|| message.split_once("Please retry in ")?.1.split_whitespace().next());
        Self {
            retry_after: delay.and_then(|delay| headers::duration(delay.trim_end_matches('.'))),
            per_day: details.iter().any(|detail| detail["violations"].to_string().contains("PerDay")),
            param: error["param"].as_str().unwrap_or_default().to_owned(),
            message: words(&message, MAX_WORDS),
            is_json: true,
            codes,
            status,
        }
    }

    fn is(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }

    fn says(&self, words: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        words.iter().any(|word| message.contains(word) || self.param.contains(word))
    }

    /// The judge's parameter that the server does not take.
    fn parameter(&self) -> Option<&'static str> {
        let named = |name: &&str| {
            let is_letter = |c: char| c.is_alphanumeric() || c == '_';
            self.param == *name || self.message.split(|c: char| !is_letter(c)).any(|word| word == *name)
        };
        PARAMETERS.into_iter().find(named)
    }

    /// The status that counts: the one inside where the outer one says that all is well.
    fn status(&self, outer: u16) -> u16 {
        if outer >= 300 {
            return outer;
        }
        self.status.unwrap_or_else(|| match () {
            () if self.is(&["rate_limit_error", "rate_limit_exceeded", "throttling_error"]) => 429,
            () if self.is(&["overloaded_error"]) => 529,
            () if self.is(&["authentication_error"]) => 401,
            () if self.is(&["permission_error"]) => 403,
            () if self.is(&["not_found_error"]) => 404,
            () if self.is(&["invalid_request_error"]) => 400,
            () => 500,
        })
    }
}

/// What `fault` means for the call, the unit and the run.
fn classify(call: Call<'_>, answer: &Answer, fault: &Fault) -> CallError {
    let status = fault.status(answer.status);
    let vendor = call.server.vendor;
    let codes = if fault.codes.is_empty() { String::new() } else { format!(" ({})", fault.codes.join(", ")) };
    let words = if fault.message.is_empty() { String::new() } else { format!(": {}", fault.message) };
    let message = format!("{} answered {status}{codes}{words}", call.model);
    let fatal = |advice: String| CallError::Fatal { message: format!("{message}; {advice}") };
    let unfit = |advice: String| CallError::Unfit { message: format!("{message}; {advice}") };
    let retry_after = headers::retry_after(&answer.headers).or(fault.retry_after);
    let is_client_error = (400..500).contains(&status) && !matches!(status, 408 | 409 | 429);

    match status {
        300..=399 => {
            return fatal(format!(
                "redirects are not followed, lest the key go elsewhere: set {} to the final address",
                vendor.url_variable
            ));
        }
        401 if !call.server.has_key() => {
            return fatal(format!("{} is not set: put a key of this server there", vendor.key_variable));
        }
        401 => return fatal(format!("the key in {} was refused: put a valid one there", vendor.key_variable)),
        402 => return fatal("see to the account's billing".to_owned()),
        _ => {}
    }
    if fault.per_day || fault.is(&FATAL) || fault.says(&FATAL_WORDS) {
        return fatal(format!("see to quota, billing and account of the key in {}", vendor.key_variable));
    }
    if is_client_error && (fault.is(&REFUSED) || status == 403 && fault.says(&["flagged"])) {
        return CallError::Refused { message };
    }
    if is_client_error && (status == 413 || fault.is(&TOO_LONG) || fault.says(&TOO_LONG_WORDS)) {
        return CallError::TooLong { message };
    }
    if status == 429 && fault.says(&NEVER_FITS_WORDS) {
        return CallError::TooLong { message };
    }
    if form_is_unsupported(call.form, status, fault) {
        return CallError::FormUnsupported { form: call.form, message };
    }
    if let (400 | 422, Some(name)) = (status, fault.parameter()) {
        return unfit(format!("change or leave out {name} in the judge's params"));
    }
    let should_retry = headers::should_retry(&answer.headers);
    match status {
        // Firewalls decline single texts with a page of their own; that is no reason to stop the run.
        403 if !fault.is_json => CallError::Rejected { message },
        403 => unfit(format!("the key in {} may not use this model", vendor.key_variable)),
        _ if status == 404 || fault.is(&["model_not_found"]) || fault.says(&UNKNOWN_MODEL_WORDS) => {
            unfit(format!("check the model's name and {} ({})", vendor.url_variable, call.server.url))
        }
        429 if should_retry == Some(false) => unfit("the provider says that trying again will not help".to_owned()),
        429 => CallError::RateLimited { retry_after, limits: Box::new(headers::limits(&answer.headers)), message },
        _ if should_retry == Some(false) || is_client_error && should_retry.is_none() => {
            CallError::Rejected { message }
        }
        503 | 529 => CallError::Overloaded { retry_after, message },
        // Overload dressed as something else, and servers that say how long they need.
        _ if fault.says(&["overloaded"]) || retry_after.is_some() => CallError::Overloaded { retry_after, message },
        _ => CallError::Transient { message },
    }
}

/// Whether the server takes the question but not this way of asking.
fn form_is_unsupported(form: Form, status: u16, fault: &Fault) -> bool {
    // llama.cpp's Python server refuses json_schema with 500, routers find no model that has it with 404.
    if !matches!(status, 400 | 404 | 422 | 500 | 501) || fault.says(&["effort"]) {
        return false;
    }
    match form {
        Form::JsonSchema => fault.is(&["invalid_json_schema"]) || fault.says(&SCHEMA_WORDS),
        Form::ForcedTool => fault.says(&TOOL_WORDS),
        Form::JsonObject => fault.says(&OBJECT_WORDS),
        Form::Plain => false,
    }
}

/// At most `max` bytes of `text`, with white space of any length as one blank.
fn words(text: &str, max: usize) -> String {
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.len() > max {
        let end = (0..=max).rev().find(|&end| words.is_char_boundary(end)).unwrap_or(0);
        words.truncate(end);
        words.push('…');
    }
    words
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};
    use rstest::rstest;
    use secrecy::SecretString;

    use super::super::{anthropic, openai};
    use super::*;

    /// The name of the error that an answer makes, in a form of asking.
    fn class(form: Form, status: u16, headers: HeaderMap, body: &str) -> (&'static str, CallError) {
        let key = SecretString::from("a key");
        let url = "https://api.anthropic.com";
        let server = Server::new(&anthropic::VENDOR, "anthropic/m", url, Some(&key), Duration::from_secs(1)).unwrap();
        let call = Call { model: "anthropic/m", server: &server, form };
        let error = checked(call, &Answer { status, headers, body: body.as_bytes().to_vec() }).unwrap_err();
        let name = match &error {
            CallError::RateLimited { .. } => "rate limited",
            CallError::Overloaded { .. } => "overloaded",
            CallError::Transient { .. } => "transient",
            CallError::FormUnsupported { .. } => "form",
            CallError::TooLong { .. } => "too long",
            CallError::Refused { .. } => "refused",
            CallError::Pending { .. } => "pending",
            CallError::Rejected { .. } => "rejected",
            CallError::Unfit { .. } => "unfit",
            CallError::Fatal { .. } => "fatal",
        };
        (name, error)
    }

    #[rstest]
    // Money and account, whatever the status.
    #[case(
        429,
        r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":null}}"#,
        "fatal"
    )]
    #[case(429, r#"{"error":{"message":"quota","type":"x","code":"insufficient_quota"}}"#, "fatal")]
    #[case(
        400,
        r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#,
        "fatal"
    )]
    #[case(400, r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=x. Call `/v1/models`","type":"invalid_request_error","param":null,"code":"400"}}"#, "unfit")]
    #[case(429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"cap","details":{"error_code":"enforced_spend_limit_reached"}}}"#, "fatal")]
    #[case(429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"ramp_limit_exceeded"}}}"#, "rate limited")]
    #[case(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}"#, "fatal")]
    #[case(
        400,
        r#"[{"error":{"code":400,"message":"API key not valid. Please pass one.","status":"INVALID_ARGUMENT"}}]"#,
        "fatal"
    )]
    #[case(401, r#"{"error":{"message":"no"}}"#, "fatal")]
    #[case(429, r#"{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested 34500. The input or output tokens must be reduced in order to run successfully.","type":"tokens","code":"rate_limit_exceeded"}}"#, "too long")]
    #[case(402, r#"{"error":{"code":402,"message":"no credit"}}"#, "fatal")]
    #[case(403, r#"{"type":"error","error":{"type":"permission_error","message":"m"}}"#, "unfit")]
    #[case(403, r#"{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["x"]}}}"#, "refused")]
    #[case(403, "<html>Forbidden</html>", "rejected")]
    #[case(404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: m"}}"#, "unfit")]
    #[case(
        400,
        r#"{"error":{"message":"The model does not exist","type":"invalid_request_error","code":"model_not_found"}}"#,
        "unfit"
    )]
    // Waiting.
    #[case(429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#, "rate limited")]
    #[case(
        429,
        r#"{"error":{"message":"litellm.RateLimitError","type":"throttling_error","code":"429"}}"#,
        "rate limited"
    )]
    #[case(529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "overloaded")]
    #[case(500, r#"{"type":"error","error":{"type":"api_error","message":"Overloaded"}}"#, "overloaded")]
    #[case(503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, "overloaded")]
    #[case(500, r#"{"type":"error","error":{"type":"api_error","message":"Internal"}}"#, "transient")]
    #[case(502, "<html><body>Bad Gateway</body></html>", "transient")]
    #[case(504, "", "transient")]
    #[case(408, "", "transient")]
    #[case(409, r#"{"type":"error","error":{"type":"conflict_error","message":"m"}}"#, "transient")]
    // The prompt.
    #[case(
        400,
        r#"{"error":{"message":"too many","type":"invalid_request_error","code":"context_length_exceeded"}}"#,
        "too long"
    )]
    #[case(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 1000001 tokens > 1000000 maximum"}}"#, "too long")]
    #[case(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 199000 + 4096 > 200000"}}"#, "too long")]
    #[case(400, r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#, "too long")]
    #[case(413, "<html>Request Entity Too Large</html>", "too long")]
    #[case(400, r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400}}"#, "refused")]
    #[case(
        400,
        r#"{"error":{"message":"m","code":"x","innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        "refused"
    )]
    // The judge's parameters.
    #[case(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"temperature: Extra inputs are not permitted"}}"#, "unfit")]
    #[case(400, r#"{"error":{"message":"Unsupported value","type":"invalid_request_error","param":"reasoning_effort","code":"unsupported_value"}}"#, "unfit")]
    #[case(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"output_config.effort: not supported by this model"}}"#, "unfit")]
    // Anything else about this request.
    #[case(
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages: at least one"}}"#,
        "rejected"
    )]
    #[case(418, "{}", "rejected")]
    // All is well, says the status.
    #[case(200, r#"{"error":{"code":502,"message":"Provider returned error","metadata":{}}}"#, "transient")]
    #[case(200, r#"{"error":{"code":429,"message":"slow down"}}"#, "rate limited")]
    #[case(200, r#"{"error":"out of memory"}"#, "transient")]
    #[case(200, r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#, "overloaded")]
    #[case(200, r#"{"choices":[{"finish_reason":"error","error":{"code":503,"message":"m"}}]}"#, "overloaded")]
    #[case(200, "Ollama is running", "transient")]
    #[case(200, r#"{"content":[{"type":"te"#, "transient")]
    // Redirects.
    #[case(302, "", "fatal")]
    fn bodies_seen_in_the_wild(#[case] status: u16, #[case] body: &str, #[case] expected: &str) {
        let (name, error) = class(Form::Plain, status, HeaderMap::new(), body);
        assert_eq!(name, expected, "{error}");
    }

    #[rstest]
    #[case(Form::JsonSchema, 400, "output_config.format: Extra inputs are not permitted", "form")]
    #[case(Form::JsonSchema, 400, "The compiled grammar is too large", "form")]
    #[case(Form::JsonSchema, 400, "Invalid schema for response_format 'x'", "form")]
    #[case(Form::JsonSchema, 500, "body.response_format.type: Input should be 'text' or 'json_object'", "form")]
    #[case(Form::JsonSchema, 404, "No endpoints found that can handle the requested parameters.", "form")]
    #[case(Form::JsonSchema, 404, "model: no such model", "unfit")]
    #[case(Form::JsonSchema, 400, "output_config.effort: not supported", "unfit")]
    #[case(Form::JsonSchema, 500, "internal error", "transient")]
    #[case(Form::ForcedTool, 400, "tool_choice: this model does not take a forced tool", "form")]
    #[case(Form::JsonObject, 400, "response_format: json_object is not supported", "form")]
    #[case(Form::Plain, 400, "response_format is not supported", "rejected")]
    fn forms_that_a_server_does_not_take(
        #[case] form: Form,
        #[case] status: u16,
        #[case] message: &str,
        #[case] expected: &str,
    ) {
        let body = serde_json::json!({"error": {"message": message, "type": "invalid_request_error"}}).to_string();
        let (name, error) = class(form, status, HeaderMap::new(), &body);
        assert_eq!(name, expected, "{error}");
    }

    #[test]
    fn gemini_tells_the_wait_in_the_body_and_a_daily_quota_is_not_waited_for() {
        let body = |more: &str| {
            format!(
                r#"[{{"error":{{"code":429,"message":"Quota. Please retry in 12.5s.","status":"RESOURCE_EXHAUSTED"{more}}}}}]"#
            )
        };
        let wait = |body: &str| match class(Form::Plain, 429, HeaderMap::new(), body).1 {
            CallError::RateLimited { retry_after, .. } => retry_after,
            other => panic!("{other}"),
        };
        assert_eq!(wait(&body("")), Some(Duration::from_millis(12_500)));
        let info = r#","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38s"}]"#;
        assert_eq!(wait(&body(info)), Some(Duration::from_secs(38)));
        let daily = r#","details":[{"violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]}]"#;
        assert_eq!(class(Form::Plain, 429, HeaderMap::new(), &body(daily)).0, "fatal");
    }

    #[test]
    fn the_provider_has_the_last_word_on_trying_again() {
        let says = |retry| HeaderMap::from_iter([(reqwest::header::HeaderName::from_static("x-should-retry"), retry)]);
        let (yes, no) = (HeaderValue::from_static("true"), HeaderValue::from_static("false"));
        assert_eq!(class(Form::Plain, 429, says(no.clone()), "{}").0, "unfit");
        assert_eq!(class(Form::Plain, 500, says(no), "{}").0, "rejected");
        assert_eq!(class(Form::Plain, 400, says(yes), "{}").0, "transient");
    }

    #[test]
    fn words_are_kept_to_two_kilobytes_at_a_character() {
        let (_, error) = class(Form::Plain, 502, HeaderMap::new(), &"ä€".repeat(5_000));
        let text = error.to_string();
        assert!(text.len() < MAX_WORDS + 100 && text.ends_with('…'), "{}", text.len());
    }

    #[test]
    fn messages_name_what_to_look_at() {
        let server = |key| {
            Server::new(&openai::VENDOR, "openai/m", "http://localhost:1/v1/", key, Duration::from_secs(1)).unwrap()
        };
        let message = |server: &Server, status| {
            let call = Call { model: "openai/m", server, form: Form::Plain };
            checked(call, &Answer { status, ..Answer::default() }).unwrap_err().to_string()
        };
        let key = SecretString::from("a key");
        let expected = "openai/m answered 401; OPENAI_API_KEY is not set: put a key of this server there";
        assert_eq!(message(&server(None), 401), expected);
        let expected = "openai/m answered 401; the key in OPENAI_API_KEY was refused: put a valid one there";
        assert_eq!(message(&server(Some(&key)), 401), expected);
        let expected = "openai/m answered 404; check the model's name and OPENAI_BASE_URL (http://localhost:1/v1)";
        assert_eq!(message(&server(None), 404), expected);
    }
}
