//! Our own form: JSON Lines, one session a line, as lossless as the corpus (docs/formats.md, "assize-session").

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::{LineState, Lines, read_values};
use super::person::mask_file;
use super::read::{BadFile, Tally};
use crate::session::Session;

/// What `format` says on every line.
const NAME: &str = "assize-session";

/// Why a session is left out whose id came before.
const AGAIN: &str = "session id of another session";

/// The version written, and the highest that is read.
const VERSION: u64 = 1;

/// One line.
#[derive(Serialize)]
struct Written<'s> {
    format: &'static str,
    version: u64,
    session: &'s Session,
}

/// A line as it is read; what is wrong with the session is told apart from what is wrong with the line.
#[derive(Deserialize)]
struct Line {
    format: String,
    version: u64,
    session: Value,
}

/// One session as one line of JSON, without a line feed: `{"format":"assize-session","version":1,"session":{...}}`.
///
/// # Errors
/// When the session cannot be written as JSON.
pub fn session_line(session: &Session) -> serde_json::Result<String> {
    serde_json::to_string(&Written { format: NAME, version: VERSION, session })
}

/// Whether a file that begins with `head` is of this form, by the first keys of one of its lines: the first may be damaged.
pub(super) fn recognises(head: &str) -> bool {
    if memchr::memmem::find(head.as_bytes(), NAME.as_bytes()).is_none() {
        return false;
    }
    let start = format!(r#"{{"format":"{NAME}""#);
    let begins = |line: &str| line.chars().filter(|letter| !letter.is_whitespace()).take(64).collect::<String>();
    head.lines().any(|line| begins(line).starts_with(&start))
}

/// Reads the files of one group. A line that is not a session of this form is skipped, counted and located; of sessions with
/// one id the first stays, and the others are counted.
pub(super) fn read(files: &[(PathBuf, String)], tally: &mut Tally) -> Vec<Session> {
    let mut sessions = Vec::new();
    for (path, name) in files {
        let name = &mask_file(name, None);
        let mut bad: Vec<(String, u64)> = Vec::new();
        let mut work = || -> std::io::Result<()> {
            let mut lines = Lines::of_sessions(path)?;
            while let Some(line) = lines.next()? {
                tally.lines += 1;
                let mut values = Vec::new();
                let state = read_values(&line, |value: Value| values.push(value));
                if state == LineState::Bad {
                    bad.push((line.reason().to_owned(), line.number));
                }
                for value in values {
                    match session(value) {
                        Ok(session) => sessions.push(session),
                        Err(reason) => bad.push((reason, line.number)),
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = work() {
            let reason = format!("cannot be read to its end: {error}");
            tally.bad.push(BadFile { file: name.clone(), lines: Vec::new(), reason });
        }
        for (reason, line) in bad {
            match tally.bad.iter_mut().find(|bad| bad.file == *name && bad.reason == reason) {
                Some(bad) => bad.lines.push(line),
                None => tally.bad.push(BadFile { file: name.clone(), lines: vec![line], reason }),
            }
        }
    }
    sessions.sort_by(|one, other| one.id.cmp(&other.id));
    let all = sessions.len();
    sessions.dedup_by(|other, first| other.id == first.id);
    if sessions.len() < all {
        *tally.dropped.entry(AGAIN.to_owned()).or_default() += (all - sessions.len()) as u64;
    }
    sessions
}

fn session(value: Value) -> Result<Session, String> {
    let line: Line = serde_json::from_value(value).map_err(|error| format!("not a line of {NAME}: {error}"))?;
    if line.format != NAME {
        return Err(format!("not a line of {NAME}"));
    }
    if line.version > VERSION {
        return Err(format!("{NAME} version {}, this program reads up to {VERSION}: update assize", line.version));
    }
    let session = serde_json::from_value(line.session).map_err(|error| format!("not a session: {error}"))?;
    promised(&session).map_or(Ok(session), |broken| Err(format!("not a session: {broken}")))
}

/// What of the promises of the model a session breaks, which everything that points at a turn or a call rests on; none where
/// it keeps them.
fn promised(session: &Session) -> Option<&'static str> {
    let mut ids = HashSet::new();
    if session.turns.iter().zip(1..).any(|(turn, number)| turn.number != number) {
        Some("its turns are not numbered 1, 2, 3 and so on; number them in order")
    } else if !session.actions().all(|action| ids.insert(&action.id)) {
        Some("two of its actions have one id; give each an id of its own")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::{
        Action, ActionStatus, Attribution, Branch, Format, Losses, Note, PromptKind, Recorder, Reply, ReplyKind, Scope,
        Step, TokenUsage, Turn,
    };

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn step() -> impl Strategy<Value = Step> {
        let status = prop::sample::select(vec![
            ActionStatus::Done,
            ActionStatus::Error,
            ActionStatus::Refused,
            ActionStatus::Missing,
        ]);
        let action = (any::<String>(), any::<String>(), value(), any::<String>(), status).prop_map(
            |(id, tool, input, result, status)| {
                let reply =
                    (result.len() % 2 == 1).then(|| Reply { kind: ReplyKind::PlanRefused, text: result.clone() });
                Step::Act(Action { result, status, reply, ..Action::new(id, tool, input) })
            },
        );
        prop_oneof![
            any::<String>().prop_map(Step::Say),
            any::<String>().prop_map(Step::Think),
            Just(Step::Note(Note::Interrupted)),
            any::<String>().prop_map(|text| Step::Note(Note::Compacted(text))),
            any::<String>().prop_map(|text| Step::Note(Note::HumanShell(text))),
            action,
        ]
    }

    fn recorder() -> impl Strategy<Value = Recorder> {
        let names = || prop::collection::vec(any::<String>(), 0..3);
        (any::<Option<String>>(), any::<Option<String>>(), names(), names(), any::<Option<[u64; 5]>>()).prop_map(
            |(agent, branch, checkpoints, files_touched, lines)| {
                let attribution =
                    lines.map(|[agent_lines, human_added, human_modified, human_removed, total_committed]| {
                        Attribution { agent_lines, human_added, human_modified, human_removed, total_committed }
                    });
                let agent_percentage = None;
                Recorder {
                    agent,
                    branch,
                    commits: checkpoints.clone(),
                    checkpoints,
                    files_touched,
                    attribution,
                    agent_percentage,
                }
            },
        )
    }

    fn sessions() -> impl Strategy<Value = Session> {
        let turn = (any::<u32>(), any::<String>(), any::<Option<String>>(), prop::collection::vec(step(), 0..4));
        let turn = turn.prop_map(|(number, prompt, at, steps)| Turn {
            steps,
            ended_at: at.clone(),
            model_calls: u64::from(number),
            tokens: TokenUsage { output: u64::from(number), ..TokenUsage::default() },
            ..Turn::new(number, PromptKind::Queued, prompt, at)
        });
        let parts = (any::<[u64; 4]>(), prop::collection::btree_map(any::<String>(), any::<u64>(), 0..3));
        let names = (any::<String>(), any::<Option<String>>(), prop::collection::vec(any::<String>(), 0..3));
        let steps = (prop::collection::vec(step(), 0..3), prop::collection::vec(turn, 0..3));
        (names, parts, steps, prop::option::of(recorder())).prop_map(
            |(
                (name, optional, list),
                ([input, output, cache_read, cache_write], counts),
                (preamble, turns),
                recorder,
            )| {
                let mut session = Session {
                    id: name.clone(),
                    file: name.clone(),
                    format: Format::SpecstoryMd,
                    person: optional.clone(),
                    project: optional.clone(),
                    entrypoint: optional.clone(),
                    scope: Scope::Interactive,
                    scope_rule: name,
                    started_at: optional.clone(),
                    ended_at: optional.clone(),
                    agent_versions: list.clone(),
                    models: list.clone(),
                    permission_modes: list,
                    slug: optional,
                    preamble,
                    dead_branches: turns.iter().map(|turn| Branch { after: 1, turns: vec![turn.clone()] }).collect(),
                    turns,
                    tokens: TokenUsage { input, output, cache_read, cache_write },
                    model_calls: cache_read,
                    subagent_actions: input,
                    losses: Losses { bad_lines: vec![output], excluded_prompts: counts, ..Losses::default() },
                    recorder,
                };
                let turns = session.turns.iter_mut().zip(1..).map(|(turn, number)| {
                    turn.number = number;
                    &mut turn.steps
                });
                let steps = [&mut session.preamble].into_iter().chain(turns).flatten();
                for (at, step) in steps.enumerate() {
                    if let Step::Act(action) = step {
                        action.id.insert_str(0, &format!("{at} "));
                    }
                }
                session
            },
        )
    }

    fn read_text(text: &str) -> (Vec<Session>, Tally) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.jsonl");
        fs_err::write(&path, text).unwrap();
        let mut tally = Tally::default();
        (read(&[(path, "sessions.jsonl".to_owned())], &mut tally), tally)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn what_is_written_is_read_the_same(session in sessions()) {
            let line = session_line(&session).unwrap();
            prop_assert!(recognises(&line) && !line.contains('\n'));
            let (read, tally) = read_text(&line);
            prop_assert_eq!(tally.bad, vec![]);
            prop_assert_eq!(read, vec![session]);
        }
    }

    #[test]
    fn a_session_that_breaks_a_promise_is_refused_and_an_id_is_read_once() {
        let call = |id: &str| Step::Act(Action::new(id.to_owned(), "Bash".to_owned(), Value::Null));
        let session = |numbers: &[u32], calls: &[&str]| {
            let turn = |number: &u32| Turn::new(*number, PromptKind::Typed, "weave".to_owned(), None);
            Session {
                preamble: calls.iter().map(|id| call(id)).collect(),
                turns: numbers.iter().map(turn).collect(),
                ..Session::new("a".to_owned(), String::new(), Format::ClaudeCode)
            }
        };
        let lines =
            [session(&[1, 2], &["x", "y"]), session(&[1, 3], &[]), session(&[1], &["x", "x"]), session(&[1], &[])];
        let (sessions, tally) = read_text(&lines.map(|session| session_line(&session).unwrap()).join("\n"));
        assert_eq!(sessions.iter().map(|session| session.turns.len()).collect::<Vec<_>>(), [2]);
        assert_eq!(tally.dropped, [(AGAIN.to_owned(), 1)].into());
        let bad: Vec<_> = tally.bad.iter().map(|bad| (bad.lines.as_slice(), bad.reason.as_str())).collect();
        assert!(bad[0].0 == [2] && bad[0].1.contains("not numbered"), "{bad:?}");
        assert!(bad[1].0 == [3] && bad[1].1.contains("have one id"), "{bad:?}");
    }

    #[test]
    fn lines_that_are_no_session_are_named() {
        let newer = r#"{"format":"assize-session","version":2,"session":{}}"#;
        let empty = r#"{"format":"assize-session","version":1,"session":{}}"#;
        let (sessions, tally) = read_text(&format!("{newer}\n{empty}\n{{\"a\":1}}\n{empty}\nhalf {{\n"));
        assert_eq!((sessions.len(), tally.lines), (0, 5));
        let bad: Vec<_> = tally.bad.iter().map(|bad| (bad.lines.clone(), bad.reason.as_str())).collect();
        assert!(bad[0].1.contains("version 2") && bad[0].0 == [1], "{bad:?}");
        assert!(bad[1].1.contains("missing field") && bad[1].0 == [2, 4], "{bad:?}");
        assert_eq!((bad[2].0.as_slice(), bad[3].0.as_slice()), ([3].as_slice(), [5].as_slice()));
    }
}
