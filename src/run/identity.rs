//! What makes a unit, a call and a run the same as before (design.md rule 12).

use serde::Serialize;

use crate::prompt::Prompt;
use crate::provider::{Params, Request};
use crate::rubric::OptionOrder;
use crate::sample::SampleSpec;
use crate::verdict::Fingerprint;
use crate::view::{CanarySpec, ViewSpec};

use super::record::RubricRecord;

/// BLAKE3 of a value's JSON.
pub(super) fn hash<T: Serialize>(value: &T) -> Fingerprint {
    // Only maps with keys that are not text fail to become JSON; there are none here.
    Fingerprint::of(&[&serde_json::to_vec(value).unwrap_or_default()])
}

/// BLAKE3 of a rendered prompt.
pub(super) fn prompt_hash(prompt: &Prompt) -> Fingerprint {
    Fingerprint::of(&[prompt.system.as_bytes(), prompt.session.as_bytes(), prompt.question.as_bytes()])
}

/// The part of a unit's identity that is the judge's.
#[derive(Debug, Clone, Copy)]
pub(super) struct JudgeIdentity<'a> {
    /// `provider/model`.
    pub(super) model: &'a str,
    /// BLAKE3 of the JSON of its parameters.
    pub(super) params: &'a Fingerprint,
    /// Who answers: the server's URL, or, inside this program, all that the answer is made from.
    pub(super) answers: &'a [u8],
}

/// Identity of a unit: the same whatever form of asking the model turned out to support. `prompt` is its
/// [`prompt_hash`], `schema` the [`hash`] of the full answer schema.
pub(super) fn unit(
    judge: JudgeIdentity<'_>,
    prompt: &Fingerprint,
    schema: &Fingerprint,
    replicate: u32,
) -> Fingerprint {
    Fingerprint::of(&[
        b"unit",
        judge.model.as_bytes(),
        judge.params.0.as_bytes(),
        prompt.0.as_bytes(),
        schema.0.as_bytes(),
        &replicate.to_le_bytes(),
        judge.answers,
    ])
}

/// Identity of a unit that is not asked, because the unit `needed` has no verdict.
pub(super) fn unmet(
    judge: JudgeIdentity<'_>,
    schema: &Fingerprint,
    replicate: u32,
    needed: &Fingerprint,
) -> Fingerprint {
    Fingerprint::of(&[
        b"unmet",
        judge.model.as_bytes(),
        judge.params.0.as_bytes(),
        schema.0.as_bytes(),
        &replicate.to_le_bytes(),
        needed.0.as_bytes(),
    ])
}

/// Identity of a call: the exact request without its key, and the replicate number.
pub(super) fn call(request: &Request, replicate: u32) -> Fingerprint {
    Fingerprint::of(&[b"call", &request.identity_bytes(), &replicate.to_le_bytes()])
}

/// What a run's identifier stands for: all that can change a verdict, and nothing that cannot.
#[derive(Debug, Serialize)]
pub(super) struct Frozen<'a> {
    pub(super) corpus: &'a str,
    pub(super) sample: Option<&'a SampleSpec>,
    pub(super) view: &'a ViewSpec,
    pub(super) rubrics: &'a [RubricRecord],
    /// The judges.
    pub(super) judges: Vec<FrozenJudge<'a>>,
}

/// A judge as the run's identifier knows it.
#[derive(Debug, Serialize)]
pub(super) struct FrozenJudge<'a> {
    pub(super) name: &'a str,
    pub(super) model: &'a str,
    /// See [`Access::source`](crate::provider::Access::source).
    pub(super) source: String,
    pub(super) params: &'a Params,
    pub(super) repeats: u32,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) rubrics: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) view: Option<&'a ViewSpec>,
    #[serde(skip_serializing_if = "OptionOrder::is_written")]
    pub(super) option_order: OptionOrder,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) canary: Option<&'a CanarySpec>,
}

/// The identifier of a run of the experiment `name`.
pub(super) fn run_id(name: &str, frozen: &Frozen<'_>) -> String {
    format!("{name}-{}", hash(frozen).short())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Form;

    #[test]
    fn every_part_of_a_unit_counts() {
        let params = hash(&Params::default());
        let hot = hash(&Params { temperature: Some(1.0), ..Params::default() });
        let prompt = |question: &str| {
            let (system, session) = ("You judge.".to_owned(), "A session.".to_owned());
            prompt_hash(&Prompt { system, session, question: question.to_owned() })
        };
        let schema = |text: &str| hash(&serde_json::json!({ "title": text }));
        let judge = JudgeIdentity { model: "openai/a", params: &params, answers: b"http://a" };
        let units = [
            unit(judge, &prompt("q"), &schema("s"), 1),
            unit(judge, &prompt("q"), &schema("s"), 2),
            unit(judge, &prompt("r"), &schema("s"), 1),
            unit(judge, &prompt("q"), &schema("t"), 1),
            unit(JudgeIdentity { model: "openai/b", ..judge }, &prompt("q"), &schema("s"), 1),
            unit(JudgeIdentity { params: &hot, ..judge }, &prompt("q"), &schema("s"), 1),
            unit(JudgeIdentity { answers: b"http://b", ..judge }, &prompt("q"), &schema("s"), 1),
        ];
        let distinct: std::collections::BTreeSet<_> = units.iter().collect();
        assert_eq!(distinct.len(), units.len());
    }

    #[test]
    fn a_call_is_its_bytes_and_replicate() {
        let request = |body: &[u8]| Request {
            server: "http://a".to_owned(),
            path: "/chat/completions",
            headers: Vec::new(),
            body: body.to_vec(),
            form: Form::Plain,
        };
        assert_eq!(call(&request(b"{}"), 1), call(&request(b"{}"), 1));
        assert_ne!(call(&request(b"{}"), 1), call(&request(b"{}"), 2));
        assert_ne!(call(&request(b"{}"), 1), call(&request(b"{ }"), 1));
    }
}
