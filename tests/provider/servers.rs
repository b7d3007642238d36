//! Servers that misbehave, and one that others wrote.

use std::io;
use std::time::{Duration, Instant};

use assize::provider::{Access, CallError, Form, Params, Provider, Stop};
use rstest::rstest;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::question::{CLAUDE, LOCAL, access, answered, ask, provider};

#[tokio::test]
async fn redirects_are_not_followed_with_the_key() {
    let elsewhere = MockServer::start().await;
    for verb in ["POST", "GET"] {
        Mock::given(method(verb)).respond_with(ResponseTemplate::new(200)).expect(0).mount(&elsewhere).await;
    }
    for status in [301, 302, 307, 308] {
        let answer = ResponseTemplate::new(status).insert_header("location", elsewhere.uri());
        let error = answered(CLAUDE, Form::Plain, answer).await.unwrap_err();
        assert!(matches!(&error, CallError::Fatal { message } if message.contains("ANTHROPIC_BASE_URL")), "{error:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_twice_behind_our_back() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).expect(1).mount(&server).await;
    ask(&provider(CLAUDE, &server.uri()), Form::Plain).await.unwrap_err();
}

#[rstest]
#[case(CLAUDE, "ANTHROPIC_BASE_URL")]
#[case(LOCAL, "OPENAI_BASE_URL")]
#[tokio::test]
async fn a_server_that_is_down_is_named(#[case] model: &str, #[case] variable: &str) {
    let url = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let error = ask(&provider(model, &url), Form::Plain).await.unwrap_err();
    let CallError::Transient { message } = &error else { panic!("{error:?}") };
    assert!(message.contains(&format!("cannot reach {url}")) && message.contains("refused"), "{message}");
    assert!(message.contains(&format!("check that the server is up and that {variable} is right")), "{message}");
}

/// What `model` makes of a server that serves one connection as told.
async fn against<F>(model: &str, timeout: Duration, serve: impl FnOnce(TcpStream) -> F) -> CallError
where
    F: Future<Output = io::Result<()>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let provider = Provider::new(model, &Params::default(), &Access { timeout, ..access(&url) }).unwrap();
    let serving = async {
        let (mut stream, _) = listener.accept().await?;
        stream.read_exact(&mut [0; 64]).await?;
        serve(stream).await
    };
    let (reply, _) = tokio::join!(ask(&provider, Form::Plain), serving);
    reply.unwrap_err()
}

#[tokio::test]
async fn a_dropped_connection_may_pass() {
    let error = against(LOCAL, Duration::from_secs(5), |mut stream| async move { stream.shutdown().await }).await;
    assert!(matches!(&error, CallError::Transient { message } if message.contains("broke")), "{error:?}");
}

#[tokio::test]
async fn half_a_body_may_pass() {
    let error = against(CLAUDE, Duration::from_secs(5), |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"type\":\"mess").await?;
        stream.shutdown().await
    })
    .await;
    assert!(matches!(&error, CallError::Transient { message } if message.contains("broke")), "{error:?}");
}

#[tokio::test]
async fn a_body_that_trickles_is_given_up_after_the_total_time() {
    let start = Instant::now();
    let error = against(CLAUDE, Duration::from_millis(300), |mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n").await?;
        loop {
            stream.write_all(b" ").await?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(matches!(&error, CallError::Transient { message } if message.contains("within 0.3 s")), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn a_body_of_50_megabytes_is_not_read_to_the_end() {
    let answer = ResponseTemplate::new(200).set_body_bytes(vec![b' '; 50 * 1024 * 1024]);
    let error = answered(LOCAL, Form::Plain, answer).await.unwrap_err();
    assert!(matches!(&error, CallError::Transient { message } if message.contains("larger than 20 MB")), "{error:?}");
}

/// Runs where `ASSIZE_MOCKLLM` holds the address of a `mockllm --strict`, such as `http://127.0.0.1:8399`.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the address of a server outside the tests")]
async fn mockllm_accepts_every_form() {
    let Ok(url) = std::env::var("ASSIZE_MOCKLLM") else {
        println!("skipped: ASSIZE_MOCKLLM is not set");
        return;
    };
    for model in [CLAUDE, LOCAL] {
        let provider = provider(model, &url);
        for &form in provider.forms() {
            let reply = ask(&provider, form).await.unwrap();
            println!("{model} {form:?}: {:?} {:?} {}", reply.stop, reply.tokens, reply.text);
            assert_eq!(reply.stop, Stop::End);
            assert!(reply.tokens.input.is_some() && reply.tokens.output.is_some());
            if form == Form::JsonSchema || form == Form::ForcedTool {
                let answer: Value = serde_json::from_str(&reply.text).unwrap();
                assert!(["fix", "build"].contains(&answer["label"].as_str().unwrap()), "{model} {form:?}: {answer}");
            }
        }
    }
}
