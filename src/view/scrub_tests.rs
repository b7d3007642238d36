//! Examples of the kinds in their surroundings; proofs that scrubbing is idempotent and takes time by the length of the text.
//!
//! The examples of each rule stand beside it, and are tested in `secrets_tests.rs`.

use proptest::prelude::*;
use serde_json::json;

use crate::session::{Action, Branch, Format, Losses, PromptKind, Reply, ReplyKind, Scope, TokenUsage, Turn};

use super::*;

fn scrub(text: &str) -> String {
    Scrubber::new().text(text, &mut ScrubCounts::new()).into_owned()
}

/// (kind, text, text with the secret masked). No literal is a whole key, so that scanners of the repository stay quiet.
fn examples() -> Vec<(&'static str, String, &'static str)> {
    let a24 = "a1B2c3D4e5F6g7H8i9J0k1L2";
    let a36 = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
    let base64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
    vec![
        ("anthropic-key", format!("key sk-ant-{}-{a24}.", "api03"), "key [secret:anthropic-key]."),
        ("openai-key", format!("OPENAI=sk-{}{a24}", "proj-"), "OPENAI=[secret:openai-key]"),
        ("openai-key", format!("`sk-{a24}`"), "`[secret:openai-key]`"),
        ("google-key", format!("?key=AIza{a36}"), "?key=[secret:google-key]"),
        ("huggingface-token", format!("hf_{a36}"), "[secret:huggingface-token]"),
        ("github-token", format!("x gho_{a36} y"), "x [secret:github-token] y"),
        ("github-token", format!("ghp_{a36}"), "[secret:github-token]"),
        ("github-token", format!("github_pat_{a36}"), "[secret:github-token]"),
        ("gitlab-token", format!("glpat-{a24}"), "[secret:gitlab-token]"),
        ("slack-token", format!("xoxb-{a24}"), "[secret:slack-token]"),
        ("stripe-key", format!("sk_{}_{a24}", "live"), "[secret:stripe-key]"),
        ("npm-token", format!("//registry/:_authToken: npm_{a36}"), "//registry/:_authToken: [secret:npm-token]"),
        ("pypi-token", format!("pypi-{a36}{a24}"), "[secret:pypi-token]"),
        ("groq-key", format!("gsk_{a36}{a24}"), "[secret:groq-key]"),
        ("aws-key", format!("id AKIA{}", "ABCDEFGHIJKLMNOP"), "id [secret:aws-key]"),
        (
            "aws-secret",
            format!(r#"{{"SecretAccessKey": "{a36}abcd"}}"#),
            r#"{"SecretAccessKey": "[secret:aws-secret]"}"#,
        ),
        ("azure-key", format!("AccountName=x;AccountKey={a36}=="), "AccountName=x;AccountKey=[secret:azure-key]"),
        ("jwt", format!("eyJ{a24}.eyJ{a24}.{a24}"), "[secret:jwt]"),
        ("url-password", "postgres://app:s3cr3t@db:5432/x".to_owned(), "postgres://[secret:url-password]@db:5432/x"),
        ("url-password", "redis://:pw@cache".to_owned(), "redis://[secret:url-password]@cache"),
        ("bearer-token", format!("Authorization: Bearer {a24}"), "Authorization: Bearer [secret:bearer-token]"),
        ("assignment", "DB_PASSWORD='tr0ub4dor&3x'".to_owned(), "DB_PASSWORD='[secret:assignment]'"),
        (
            "assignment",
            r#"\"client_secret\": \"9fZk2Lq8Xw\""#.to_owned(),
            r#"\"client_secret\": \"[secret:assignment]\""#,
        ),
        ("email", "mail ada.lovelace+x@mail.analytical.org!".to_owned(), "mail [email]!"),
        ("email", "1+ada@users.noreply.github.com".to_owned(), "[email]"),
        (
            "home-folder",
            "cd /home/ada/src && ls /Users/grace.h/x".to_owned(),
            "cd /home/[user]/src && ls /Users/[user]/x",
        ),
        ("home-folder", r"C:\Users\Ada L\x C:\\Users\\ada\\x".to_owned(), r"C:\Users\[user]\x C:\\Users\\[user]\\x"),
        (
            "home-folder",
            r#""a\n/home/ada/x" /mnt/c/Users/ada"#.to_owned(),
            r#""a\n/home/[user]/x" /mnt/c/Users/[user]"#,
        ),
        (
            "home-folder",
            "~/.claude/projects/-Users-ada-src-x/1.jsonl".to_owned(),
            "~/.claude/projects/-Users-[user]-src-x/1.jsonl",
        ),
        (
            "home-folder",
            r"projects/C--Users-ada\3c projects/-home-ada/*.jsonl /-mnt-c-Users-ada-x -Users-ada".to_owned(),
            r"projects/C--Users-[user]\3c projects/-home-[user]/*.jsonl /-mnt-c-Users-[user]-x -Users-[user]",
        ),
        (
            "home-folder",
            "cc -I/home/ada/inc ../../home/ada/x \u{1b}[32m/home/ada/y /var/home/ada/z file=%2Fhome%2Fada%2Fw \"-L/home/ada\" \\/home\\/ada\\/v"
                .to_owned(),
            "cc -I/home/[user]/inc ../../home/[user]/x \u{1b}[32m/home/[user]/y /var/home/[user]/z file=%2Fhome%2F[user]%2Fw \"-L/home/[user]\" \\/home\\/[user]\\/v",
        ),
        (
            "file-owner",
            "-rw-r--r--@  1 ada  staff  1 Jan x\ndrwxr-xr-x 5 ada-l ada-l 4096 Mar y\n-rw-r--r-- 1 root wheel 3 z"
                .to_owned(),
            "-rw-r--r--@  1 [user]  staff  1 Jan x\ndrwxr-xr-x 5 [user] [user] 4096 Mar y\n-rw-r--r-- 1 root wheel 3 z",
        ),
        (
            "private-key",
            format!("-----BEGIN RSA PRIVATE KEY-----\n{base64}\n{base64}\nabc=\n-----END RSA PRIVATE KEY-----\nrest"),
            "[secret:private-key]\nrest",
        ),
        (
            "private-key",
            format!(r#""private_key": "-----BEGIN PRIVATE KEY-----\n{base64}\n{base64}\n-----END PRIVATE KEY-----\n""#),
            r#""private_key": "[secret:private-key]\n""#,
        ),
        // As a file reader prints it, and cut off.
        (
            "private-key",
            format!("  1→-----BEGIN EC PRIVATE KEY-----\n  2→{base64}\n  3→{base64}"),
            "  1→[secret:private-key]",
        ),
    ]
}

/// Text that looks like a secret and is none.
const KEPT: &[(&str, &str)] = &[
    ("private-key", "grep -r 'BEGIN PRIVATE KEY' . # -----BEGIN PRIVATE KEY----- marks a key"),
    ("anthropic-key", "keys begin with sk-ant- and are long"),
    ("openai-key", "risk-adjusted task-management-for-everyone-2024 sk-loading-spinner-wrapper-element"),
    ("google-key", "AIza is the prefix"),
    ("huggingface-token", "hf_hub_download(repo)"),
    ("github-token", "ghp_ or gho_ tokens"),
    ("gitlab-token", "glpat-xxx"),
    ("slack-token", "https://hooks.slack.com/services/"),
    ("stripe-key", "sk_test_key"),
    ("npm-token", "npm_config_registry"),
    ("pypi-token", "pypi-publish"),
    ("sendgrid-key", "SG.1 dapiserver"),
    ("aws-key", "AKIA123 ASIAN"),
    ("aws-secret", "aws_secret_access_key = $SECRET"),
    ("azure-key", "sig=abc"),
    ("jwt", "eyJhbGciOiJIUzI1NiJ9 alone"),
    ("url-password", "https://user:${TOKEN}@host https://host:8080/@scope/x ssh://git@host:22/x"),
    ("bearer-token", "basic understanding, bearer authentication, Authorization: none"),
    (
        "assignment",
        "token = user.session.token1; password: string; max_tokens: 4096, api-key: logs/c7d2069e.jsonl, let secret = load_secret(path)",
    ),
    ("email", "git@github.com noreply@anthropic.com ada@example.com icon@2x.png react@18.2.0 @types/node @Test.java"),
    ("home-folder", "/home/runner/work src/home/page.rs /Users/Shared https://x.org/users/list pages/home/index.tsx"),
    ("home-folder", "the -home-page flag: x-home-page y and pre-Users-list"),
    ("file-owner", "-rw-r--r-- 1 root staff 1 x  drwxr-xr-x 2 runner docker 4096 y"),
];

#[test]
fn every_kind_is_masked() {
    for (kind, text, expected) in examples() {
        let mut counts = ScrubCounts::new();
        assert_eq!(Scrubber::new().text(&text, &mut counts), expected, "{kind}");
        assert!(counts.contains_key(kind), "{text} counted as {counts:?}");
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    for (kind, text) in KEPT {
        assert_eq!(scrub(text), *text, "{kind}");
    }
}

#[test]
fn keys_and_values_of_tool_inputs_are_scrubbed() {
    let mut input =
        json!({"env": {"api_key": "9fZk2Lq8Xw", "retries": 3}, "/home/ada/x": ["mail ada@analytical.org", null]});
    Scrubber::new().value(&mut input, &mut ScrubCounts::new());
    let expected =
        json!({"env": {"api_key": "[secret:assignment]", "retries": 3}, "/home/[user]/x": ["mail [email]", null]});
    assert_eq!(input, expected);
}

#[test]
fn no_field_of_a_tool_input_is_lost_when_names_become_equal() {
    let mut input = json!({"/home/ada/x": 1, "b": 2, "/home/grace/x": 3});
    Scrubber::new().value(&mut input, &mut ScrubCounts::new());
    assert_eq!(input.to_string(), r#"{"/home/[user]/x":1,"b":2,"/home/[user]/x (2)":3}"#);
}

#[test]
fn every_text_of_a_session_is_scrubbed() {
    let secret = || "in /home/lovelace/x".to_owned();
    let steps = || {
        let input = json!({ secret(): [secret()] });
        vec![
            Step::Say(secret()),
            Step::Think(secret()),
            Step::Note(Note::Compacted(secret())),
            Step::Note(Note::ApiError(secret())),
            Step::Note(Note::HumanShell(secret())),
            Step::Note(Note::PullRequest(secret())),
            Step::Note(Note::ServerTool(secret())),
            Step::Note(Note::Interrupted),
            Step::Act(Action {
                result: secret(),
                reply: Some(Reply { kind: ReplyKind::Refused, text: secret() }),
                ..Action::new("1".to_owned(), secret(), input)
            }),
        ]
    };
    let mut session = Session {
        id: "s".to_owned(),
        file: secret(),
        format: Format::ClaudeCode,
        person: None,
        project: Some(secret()),
        entrypoint: Some(secret()),
        scope: Scope::Interactive,
        scope_rule: secret(),
        started_at: None,
        ended_at: None,
        agent_versions: vec![secret()],
        models: vec![secret()],
        slug: Some(secret()),
        permission_modes: vec![secret()],
        preamble: steps(),
        turns: vec![Turn { steps: steps(), ..Turn::new(1, PromptKind::Typed, secret(), None) }],
        dead_branches: vec![Branch {
            after: 0,
            turns: vec![Turn { steps: steps(), ..Turn::new(1, PromptKind::Typed, secret(), None) }],
        }],
        tokens: TokenUsage::default(),
        model_calls: 0,
        subagent_actions: 0,
        losses: Losses {
            unknown_records: BTreeMap::from([(secret(), 1), ("in /home/[user]/x".to_owned(), 2)]),
            excluded_prompts: BTreeMap::from([(secret(), 1)]),
            ..Losses::default()
        },
        recorder: None,
    };
    Scrubber::new().session(&mut session, &mut ScrubCounts::new());
    assert!(!serde_json::to_string(&session).unwrap().contains("lovelace"), "{session:#?}");
    assert_eq!(session.losses.unknown_records["in /home/[user]/x"], 3, "counts of names that became equal are added");
}

/// Seconds for a fifth of a megabyte of `text` repeated; without optimisation, so only a wrong order of growth shows.
fn seconds(text: &str) -> u64 {
    let text = text.repeat(200_000 / text.len());
    let started = std::time::Instant::now();
    let _ = scrub(&text);
    started.elapsed().as_secs()
}

#[test]
fn time_grows_with_the_length_of_the_text_whatever_it_is() {
    let code = "fn main() { let total = items.iter().map(|item| item.price * 2).sum::<u64>(); } // ordinary code\n";
    let texts = [
        code,
        "a",
        "a@",
        "a@a.",
        "@",
        "/home/",
        "/home/a",
        " /home/ada",
        "session=",
        "cookie: session=",
        " -ua:b",
        "curl -w ",
        "mysql -p9 ",
        "redis-cli -h ",
        " --token ",
        "ma.gabcde.",
        "eyJ-",
        ".eyJ12345678",
        "eyJ12345678.",
        "://",
        "a://b:",
        "sk-",
        "sk-a",
        "token",
        "token ",
        "token=",
        "password=\"",
        "bearer ",
        "-----BEGIN PRIVATE KEY-----\n",
        "Aa: -----BEGIN PRIVATE KEY-----\n",
        "discord",
        "twilio-",
        "authorization",
        "authorization: ",
        "-rw-r--r-- ",
        "-----",
        "[user]",
        "«",
        "/9j/4AAQSkZJRgABAQ",
        "C:\\Users\\a ",
    ];
    for text in texts {
        let seconds = seconds(text);
        assert!(seconds < 30, "{text:?}: {seconds} s");
    }
}

proptest! {
    #[test]
    fn scrubbing_twice_changes_nothing(
        parts in prop::collection::vec(prop::sample::select(
            examples().into_iter().map(|example| example.1).chain(KEPT.iter().map(|kept| kept.1.to_owned())).collect::<Vec<_>>(),
        ), 0..6),
        noise in prop::collection::vec("[ -~\\n]{0,12}|\\PC{0,6}", 7),
    ) {
        let text: String = noise.iter().zip(parts.iter().map(String::as_str).chain(std::iter::repeat("")))
            .flat_map(|(noise, part)| [noise.as_str(), part]).collect();
        let once = scrub(&text);
        let mut counts = ScrubCounts::new();
        prop_assert_eq!(&Scrubber::new().text(&once, &mut counts), &once);
        prop_assert!(counts.is_empty());
    }
}
