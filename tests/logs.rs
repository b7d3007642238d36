//! What a run logs: enough to follow every call, and never a prompt, an answer, a provider's words or a key.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "the server here answers in its own way")]
mod project;

use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use project::{Fake, Project, completion, said};
use serde_json::json;
use wiremock::ResponseTemplate;

/// Words of the transcript, the prompt, the answers, a provider's message and the key.
const SECRETS: [&str; 6] = [
    "repair part number",
    "How does the person feel",
    "canary-of-the-answer",
    "canary-of-the-bad-answer",
    "canary-of-the-provider",
    "sk-secret-of-the-test",
];

/// A server that fails with an echo of the question, then answers what cannot be used, then well.
async fn unsteady() -> Fake {
    let asked = AtomicUsize::new(0);
    Fake::start(Duration::ZERO, move |body| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => {
            let message = format!("canary-of-the-provider {body} sk-secret-of-the-test");
            ResponseTemplate::new(500).set_body_json(json!({"error": {"message": message}}))
        }
        1 => completion(r#"{"label": "canary-of-the-bad-answer"}"#),
        _ => completion(r#"{"label": "glad", "reason": "canary-of-the-answer"}"#),
    })
    .await
}

fn project() -> Project {
    let project = Project::with_sessions(2);
    let path = project.path("rubrics/mood.yaml");
    let rubric =
        fs_err::read_to_string(&path).unwrap().replace("  kind: choice\n", "  kind: choice\n  reason: short\n");
    fs_err::write(path, rubric).unwrap();
    project.experiment("openai/tiny", "concurrency: 1");
    project
}

fn logged(project: &Project, fake: &Fake, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let args = [&["run", "experiment.yaml", "--quiet"], args].concat();
    project.assize(&args, Some(&fake.url())).env_remove("ASSIZE_LOG").envs(variables.iter().copied()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_can_be_followed_and_no_words_are_logged() {
    let (project, fake) = (project(), unsteady().await);
    let output = logged(&project, &fake, &[], &[("ASSIZE_LOG", "trace")]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let log = String::from_utf8(output.stderr).unwrap();
    for secret in SECRETS {
        assert!(!log.contains(secret), "{secret} is logged: {log}");
    }
    for word in [
        "gen_ai.provider.name=\"openai\"",
        "gen_ai.request.model=\"tiny\"",
        "gen_ai.response.model=\"tiny-2026\"",
        "gen_ai.usage.input_tokens=100",
        "gen_ai.usage.output_tokens=5",
        "kind=\"failed\"",
        "kind=\"unusable\"",
        "assize.attempts=2",
        "planned",
        "finished",
    ] {
        assert!(log.contains(word), "{word} is not logged: {log}");
    }
    assert!(log.lines().all(|line| line.contains("assize::")), "only what assize says: {log}");
    let held = fs_err::read_to_string(project.run_folder().join("verdicts.jsonl")).unwrap();
    assert!(held.contains("canary-of-the-answer"), "the words are where they belong: {held}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flag_wins_nothing_is_logged_unasked_and_a_wrong_filter_is_refused() {
    let (project, fake) = (project(), unsteady().await);
    let output = logged(&project, &fake, &["--log", "error"], &[("ASSIZE_LOG", "trace")]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{}", said(&output));
    let output = logged(&project, &fake, &[], &[]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{}", said(&output));
    let output = logged(&project, &fake, &["--log", "assize=loud"], &[]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("--log or ASSIZE_LOG"), "{}", said(&output));
}

#[cfg(feature = "otel")]
#[tokio::test(flavor = "multi_thread")]
async fn spans_reach_a_collector_under_the_names_of_the_convention() {
    let collector = wiremock::MockServer::start().await;
    let answer = ResponseTemplate::new(200);
    wiremock::Mock::given(wiremock::matchers::path("/v1/traces")).respond_with(answer).mount(&collector).await;
    let (project, fake) = (project(), unsteady().await);
    let output = logged(&project, &fake, &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.uri())]);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{}", said(&output));
    let requests = collector.received_requests().await.unwrap();
    let sent: String = requests.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    for word in
        ["chat tiny", "gen_ai.provider.name", "gen_ai.request.model", "gen_ai.usage.input_tokens", "assize.judge"]
    {
        assert!(sent.contains(word), "{word} is not sent: {sent}");
    }
    for secret in SECRETS {
        assert!(!sent.contains(secret), "{secret} is sent: {sent}");
    }
}
