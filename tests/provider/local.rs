//! Judges inside this program: replayed answers and rules.

use assize::provider::{Access, Ask, CallError, Form, Params, Provider, ProviderError, Stop, TokenCounts};
use rstest::rstest;

use super::question::{LABEL, NOWHERE, Question, access, ask, provider};

fn replay(lines: &str) -> Result<Provider, ProviderError> {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("answers.jsonl"), lines).unwrap();
    let access = Access { folder: folder.path().to_owned(), ..access(NOWHERE) };
    Provider::new("replay/answers.jsonl", &Params::default(), &access)
}

#[tokio::test]
async fn replay_answers_out_of_a_file() {
    let provider = replay(concat!(
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"answer\":{\"label\":\"fix\"}}\n\n",
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"replicate\":2,\"text\":\"build, I think\"}\n",
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"replicate\":3,\"stop\":\"refused\",\"text\":\"No.\"}\n",
        "{\"session\":\"s1\",\"rubric\":\"work mode\",\"replicate\":4,\"stop\":\"cut\"}\n",
    ))
    .unwrap();
    assert!(!provider.is_remote());
    assert_eq!(provider.micro_dollars(&TokenCounts::default()), Some(0));
    let question = Question::new();
    let expected =
        [(1, LABEL, Stop::End), (2, "build, I think", Stop::End), (3, "No.", Stop::Refused), (4, "", Stop::Cut)];
    for (replicate, text, stop) in expected {
        let request = provider.request(&Ask { replicate, ..question.ask() }, Form::Plain);
        let reply = provider.send(&request).await.unwrap();
        assert_eq!((reply.text.as_str(), &reply.stop), (text, &stop));
        assert_eq!(provider.read_body(&request, &reply.body).unwrap(), reply);
    }
}

#[tokio::test]
async fn replay_without_a_line_is_no_answer() {
    let provider = replay("{\"session\":\"s2\",\"rubric\":\"work mode\",\"answer\":{\"label\":\"fix\"}}\n").unwrap();
    let error = ask(&provider, Form::Plain).await.unwrap_err();
    let CallError::Rejected { message } = error else { panic!("{error:?}") };
    assert!(message.ends_with("answers.jsonl: no answer for session s1, rubric work mode, replicate 1"), "{message}");
}

#[test]
fn a_changed_replay_file_is_another_judge() {
    let line = "{\"session\":\"s1\",\"rubric\":\"r\",\"answer\":{\"label\":\"fix\"}}\n";
    let question = Question::new();
    let identity = |lines: &str| replay(lines).unwrap().request(&question.ask(), Form::Plain).identity_bytes();
    assert_eq!(identity(line), identity(line));
    assert_ne!(identity(line), identity(&line.replace("fix", "build")));
}

#[rstest]
#[case::twice(
    "{\"session\":\"s\",\"rubric\":\"r\",\"text\":\"a\"}\n\n{\"session\":\"s\",\"rubric\":\"r\",\"text\":\"a\"}",
    ":3: session s, rubric r is answered on line 1 too"
)]
#[case::nothing("{\"session\":\"s\",\"rubric\":\"r\"}", ":1: give either answer or text")]
#[case::both("{\"session\":\"s\",\"rubric\":\"r\",\"text\":\"a\",\"answer\":1}", ":1: give either answer or text")]
#[case::unknown_key("{\"session\":\"s\",\"rubrik\":\"r\"}", ":1: unknown field `rubrik`")]
#[case::not_json("\u{0}\u{0}", ":1: expected value")]
fn replay_files_that_cannot_be_used(#[case] lines: &str, #[case] expected: &str) {
    let error = replay(lines).unwrap_err().to_string();
    assert!(error.contains(&format!("answers.jsonl{expected}")), "{error}");
}

#[test]
fn a_missing_replay_file_is_named() {
    let error = Provider::new("replay/none.jsonl", &Params::default(), &access(NOWHERE)).unwrap_err();
    assert!(error.to_string().contains("none.jsonl"), "{error}");
}

#[tokio::test]
async fn rules_answer_in_this_process() {
    let provider = provider("baseline/rules", NOWHERE);
    assert!(!provider.is_remote() && provider.price().is_none());
    let mut question = Question::new();
    let unknown = ask(&provider, Form::Plain).await.unwrap_err();
    assert!(matches!(&unknown, CallError::Rejected { message } if message.contains("no rules for the rubric")));
    question.rubric.name = "work_mode".to_owned();
    let request = provider.request(&question.ask(), Form::Plain);
    assert_eq!(provider.send(&request).await.unwrap().stop, Stop::End);
}
