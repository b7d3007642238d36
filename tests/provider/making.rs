//! Models, parameters and addresses that cannot be.

use assize::provider::{Access, Params, Provider, ProviderError};
use rstest::rstest;
use secrecy::SecretString;

use super::question::{CLAUDE, LOCAL, NOWHERE, access};

#[rstest]
#[case("claude", "not a model: write anthropic/MODEL")]
#[case("anthropic/", "not a model")]
#[case("azure/gpt", "unknown provider: write anthropic/MODEL")]
#[case("baseline/else", "unknown provider")]
#[case("anthropic/claude-sonnet-5-5", "takes no temperature")]
#[case("openai/gpt-6.2-sol", "takes no temperature")]
fn models_that_cannot_be_made(#[case] model: &str, #[case] expected: &str) {
    let params = Params { temperature: Some(0.0), ..Params::default() };
    let error = Provider::new(model, &params, &access(NOWHERE)).unwrap_err();
    assert!(matches!(error, ProviderError::Model { .. }));
    let error = error.to_string();
    assert!(error.starts_with(model) && error.contains(expected), "{error}");
}

#[rstest]
#[case(&Params { temperature: Some(f64::NAN), ..Params::default() }, "not between 0 and 2")]
#[case(&Params { max_output_tokens: 0, ..Params::default() }, "max_output_tokens is 0")]
#[case(&Params { seed: Some(1), ..Params::default() }, "takes no seed")]
fn parameters_that_make_no_sense(#[case] params: &Params, #[case] expected: &str) {
    let error = Provider::new("anthropic/m", params, &access(NOWHERE)).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[rstest]
#[case("localhost:8000", "ANTHROPIC_BASE_URL is not a http or https URL")]
#[case("file:///etc", "ANTHROPIC_BASE_URL is not")]
#[case("http://me:secret@localhost", "ANTHROPIC_BASE_URL holds credentials")]
fn base_urls_that_cannot_be(#[case] url: &str, #[case] expected: &str) {
    let error = Provider::new(CLAUDE, &Params::default(), &access(url)).unwrap_err().to_string();
    assert!(error.contains(expected) && !error.contains("secret"), "{error}");
}

#[test]
fn a_key_with_a_line_break_is_named_and_not_shown() {
    let access = Access { openai_key: Some(SecretString::from("sk-one\nsk-two")), ..access(NOWHERE) };
    let error = Provider::new(LOCAL, &Params::default(), &access).unwrap_err().to_string();
    assert!(error.contains("OPENAI_API_KEY") && !error.contains("sk-"), "{error}");
}
