//! Between assize and a server: certificates and proxies. No network but loopback.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

#[expect(dead_code, reason = "some servers here are other ones")]
mod project;

use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use project::{Fake, Project, completion, label, said};
use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

const KEY: &str = "sk-secret-of-the-test";
/// Variables that name proxies, in the spellings that are read.
const PROXIES: [&str; 8] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

/// Runs one session against `url` with the variables given, and none of the person's about proxies.
fn run(project: &Project, url: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = project.assize(&["run", "experiment.yaml"], Some(url));
    for name in PROXIES {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn project() -> Project {
    let project = Project::with_sessions(1);
    project.experiment("openai/tiny", "max_retries: 0, timeout_seconds: 20");
    project
}

/// A certificate for `name` by an authority of its own, whose certificate goes into `authority`.
fn certified(name: &str, authority: &Path) -> (Certificate, KeyPair) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    fs_err::write(authority, certificate.pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (certificate, key)
}

/// Answers one request over TLS after the other; the URL, and all that was heard.
#[expect(clippy::disallowed_methods, reason = "the server ends with the test's runtime")]
async fn serve_tls(certificate: &Certificate, key: &KeyPair) -> (String, Arc<Mutex<Vec<u8>>>) {
    let chain = vec![certificate.der().clone()];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = vec![0; 64 << 10];
            let Ok(count) = stream.read(&mut buffer).await else { continue };
            log.lock().unwrap().extend_from_slice(&buffer[..count]);
            let body = r#"{"choices":[{"message":{"content":"{\"label\":\"glad\"}"},"finish_reason":"stop"}]}"#;
            let start = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            let _ = stream.write_all(format!("{start}{body}").as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_a_server_whose_certificate_is_not_trusted_or_of_another_name() {
    let project = project();
    let authority = project.path("authority.pem");
    for (name, trusted, complaint) in [
        ("localhost", false, "UnknownIssuer"),
        ("elsewhere.example", true, "not valid for name"),
        ("localhost", true, ""),
    ] {
        let (certificate, key) = certified(name, &authority);
        let (url, heard) = serve_tls(&certificate, &key).await;
        let trust = authority.display().to_string();
        let variables = if trusted { vec![("SSL_CERT_FILE", trust.as_str())] } else { Vec::new() };
        let output = run(&project, &url, &variables);
        let text = said(&output);
        let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
        if complaint.is_empty() {
            assert_eq!(output.status.code(), Some(0), "{text}");
            assert!(heard.contains(KEY), "the key goes to who is trusted");
            continue;
        }
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains("cannot trust https://localhost") && text.contains(complaint), "{text}");
        assert!(text.contains("OPENAI_BASE_URL") && heard.is_empty(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_is_used_unless_the_server_is_excepted_or_on_this_machine() {
    let proxy = MockServer::start().await;
    Mock::given(matchers::method("POST")).respond_with(completion(r#"{"label": "glad"}"#)).mount(&proxy).await;
    let (far, through) = ("http://model.invalid/v1", proxy.uri());

    let used = project();
    let output = run(&used, far, &[("HTTP_PROXY", &through)]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let asked = proxy.received_requests().await.unwrap();
    assert_eq!((asked.len(), asked[0].headers["host"].to_str().unwrap()), (1, "model.invalid"));

    let excepted = project();
    let output = run(&excepted, far, &[("HTTP_PROXY", &through), ("NO_PROXY", "model.invalid")]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("cannot reach http://model.invalid/v1"), "{}", said(&output));

    let here = project();
    let fake = Fake::start(Duration::ZERO, label).await;
    let output = run(&here, &fake.url(), &[("HTTP_PROXY", &through), ("ALL_PROXY", &through)]);
    assert_eq!((output.status.code(), fake.asked()), (Some(0), 1), "{}", said(&output));
    assert_eq!(proxy.received_requests().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_for_https_sees_the_host_and_never_the_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let through = format!("http://{}", listener.local_addr().unwrap());
    let project = project();
    let proxy = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = vec![0; 64 << 10];
        let count = stream.read(&mut buffer).await.unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&buffer[..count]).into_owned()
    };
    let running = tokio::task::spawn_blocking(move || {
        let output = run(&project, "https://model.invalid/v1", &[("HTTPS_PROXY", &through)]);
        (output.status.code(), said(&output))
    });
    let (seen, ran) = tokio::join!(proxy, running);
    let (code, text) = ran.unwrap();
    assert!(seen.starts_with("CONNECT model.invalid:443 ") && !seen.contains(KEY), "{seen}");
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("cannot reach https://model.invalid/v1") && !text.contains(KEY), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_takes_no_key_elsewhere() {
    let elsewhere = Fake::start(Duration::ZERO, label).await;
    let there = elsewhere.url();
    let moved = move |_: &str| {
        ResponseTemplate::new(307).insert_header("location", format!("{there}/chat/completions").as_str())
    };
    let fake = Fake::start(Duration::ZERO, moved).await;
    let project = project();
    let output = run(&project, &fake.url(), &[]);
    let text = said(&output);
    assert_eq!((output.status.code(), elsewhere.asked()), (Some(3), 0), "{text}");
    assert!(text.contains("redirects are not followed") && text.contains("OPENAI_BASE_URL"), "{text}");
}
