//! The engine with scripted models, in paused time.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::ledger::{Ledger, Place, Writer};
use crate::limit::{LimitSpec, Limits, TokenEstimator};
use crate::prompt::Prompt;
use crate::provider::{Ask, CallError, Form, LimitHints, Reply, Request, Stop as Ending, TokenCounts};
use crate::rubric::Rubric;
use crate::session::{Format, Scope, Session};
use crate::verdict::{Fingerprint, NoVerdict, Outcome, Reader, Reading, Repair, Unreadable, Verdict};

use super::call::{self, Failure, Halt, Making};
use super::engine::{self, Floor, GivenUp, PATIENCE, Policy};
use super::error::RunError;
use super::event::Event;
use super::feed::Divide;
use super::plan::{Question, Unit};
use super::seat::{Judge, Line, Seat, Supplier};
use super::stop::{Interrupts, Signals};
use super::store::Store;

/// What a scripted model does: given the session asked about, the form, whether it is asked again, and how often the
/// same request came before.
type Script = dyn Fn(&str, Form, bool, usize) -> Result<Reply, CallError> + Send + Sync;

struct Scripted {
    script: Arc<Script>,
    latency: Duration,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    /// When each request came, and what it was.
    sent: Mutex<Vec<(Instant, String)>>,
    seen: Mutex<HashMap<String, usize>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Judge for Scripted {
    fn is_remote(&self) -> bool {
        true
    }
    fn forms(&self) -> &'static [Form] {
        &[Form::JsonSchema, Form::JsonObject]
    }
    fn request(&self, ask: &Ask<'_>, form: Form) -> Request {
        let body = format!("{}|{form:?}|{}", ask.session.id, ask.again.map_or("", |(_, error)| error));
        let (server, headers) = ("http://model".to_owned(), Vec::new());
        Request { server, path: "/judge", headers, body: body.into_bytes(), form }
    }
    async fn send(&self, request: &Request) -> Result<Reply, CallError> {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let nth = {
            let mut seen = self.log.seen.lock().unwrap();
            let count = seen.entry(body.clone()).or_default();
            *count += 1;
            *count - 1
        };
        self.log.sent.lock().unwrap().push((Instant::now(), body.clone()));
        self.log.most.fetch_max(self.log.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(self.latency).await;
        self.log.now.fetch_sub(1, Ordering::SeqCst);
        let parts: Vec<&str> = body.split('|').collect();
        (self.script)(parts[0], request.form, !parts[2].is_empty(), nth)
    }
    fn read_body(&self, _: &Request, body: &[u8]) -> Result<Reply, CallError> {
        Ok(reply(std::str::from_utf8(body).unwrap()))
    }
    fn micro_dollars(&self, _: &TokenCounts) -> Option<u64> {
        None
    }
    fn most_micro_dollars(&self, _: u64) -> Option<u64> {
        None
    }
    fn read(&self, _: &Reader, text: &str) -> Result<Reading, Unreadable> {
        match text.strip_prefix("label ") {
            Some(label) => {
                let outcome =
                    Outcome::Label { label: label.to_owned(), reason: None, evidence: Vec::new(), confidence: None };
                Ok(Reading { outcome, repairs: [].into() })
            }
            None => Err(Unreadable { error: format!("{text} is no label") }),
        }
    }
}

fn reply(text: &str) -> Reply {
    Reply {
        text: text.to_owned(),
        stop: match text {
            "no" => Ending::Refused,
            "cut" => Ending::Cut,
            _ => Ending::End,
        },
        tokens: TokenCounts { input: Some(10), output: Some(2), ..TokenCounts::default() },
        model: Some("scripted-1".to_owned()),
        request_id: None,
        limits: LimitHints::default(),
        body: text.as_bytes().to_vec(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what a script returns")]
fn good() -> Result<Reply, CallError> {
    Ok(reply("label glad"))
}

fn told_to_wait(seconds: u64) -> CallError {
    told_to_wait_millis(seconds * 1_000)
}

fn told_to_wait_millis(millis: u64) -> CallError {
    CallError::RateLimited {
        retry_after: Some(Duration::from_millis(millis)),
        limits: Box::default(),
        message: "429".to_owned(),
    }
}

fn broken() -> CallError {
    CallError::Transient { message: "connection dropped".to_owned() }
}

const RUBRIC: &str = "
name: mood
version: 1
title: Mood
question: How does the person feel?
answer:
  kind: choice
  options:
    - {id: glad, title: Glad, definition: Says so.}
    - {id: sad, title: Sad, definition: Says so.}
prompt: prompts/classify.md.j2
";

fn unit(question: &Arc<Question>, session: &str) -> Unit {
    let place = Place {
        run: "r".to_owned(),
        session: session.to_owned(),
        rubric: "mood".to_owned(),
        judge: "scripted".to_owned(),
        replicate: 1,
        unit: Fingerprint::of(&[session.as_bytes()]),
        person: None,
    };
    let session = Session {
        scope: Scope::Interactive,
        ..Session::new(session.to_owned(), "s.jsonl".to_owned(), Format::ClaudeCode)
    };
    let prompt = Prompt { system: String::new(), session: String::new(), question: String::new() };
    let (question, session, prompt) = (Arc::clone(question), Arc::new(session), Arc::new(prompt));
    Unit { place, seat: 0, question, session, prompt, request: None, shared: false, prefix: None, unmet: None }
}

/// A plan made of units.
type Listed = Box<dyn Iterator<Item = Result<Unit, RunError>> + Send>;

fn listed<I>(units: I) -> Listed
where
    I: IntoIterator<Item = Result<Unit, RunError>>,
    I::IntoIter: Send + 'static,
{
    Box::new(units.into_iter())
}

impl Divide for Listed {
    fn divide(&mut self, seats: &[usize], first: Unit) -> Self {
        let rest = std::mem::replace(self, listed([]));
        let (theirs, ours): (Vec<_>, Vec<_>) =
            rest.partition(|unit| unit.as_ref().is_ok_and(|unit| seats.contains(&unit.seat)));
        *self = listed(ours);
        listed(std::iter::once(Ok(first)).chain(theirs))
    }
}

struct Trial {
    concurrency: usize,
    max_retries: u32,
    patience: Duration,
    latency: Duration,
    sessions: usize,
}

const TRIAL: Trial =
    Trial { concurrency: 4, max_retries: 3, patience: PATIENCE, latency: Duration::from_millis(50), sessions: 6 };

struct Outcomes {
    verdicts: Vec<Verdict>,
    warnings: Vec<String>,
    ending: engine::Ending,
    log: Arc<Log>,
    seconds: f64,
}

impl Outcomes {
    fn kinds(&self) -> Vec<Option<NoVerdict>> {
        self.verdicts.iter().map(|verdict| verdict.outcome.no_verdict()).collect()
    }
    /// The judges that were given up first, and why.
    fn given_up(&self) -> Option<(String, String)> {
        self.ending.given_up.first().map(|first| (first.judges.join(" "), first.message.clone()))
    }
    fn requests(&self) -> usize {
        self.log.sent.lock().unwrap().len()
    }
}

impl Trial {
    /// Runs sessions `s0`, `s1`, ... with a ledger in `folder`; verdicts by session.
    async fn run(
        &self,
        folder: &Path,
        script: impl Fn(&str, Form, bool, usize) -> Result<Reply, CallError> + Send + Sync + 'static,
    ) -> Outcomes {
        let log = Arc::new(Log::default());
        let spec = LimitSpec { concurrency: self.concurrency, ..LimitSpec::default() };
        let seat = Seat {
            name: "scripted".to_owned(),
            model: "openai/scripted".to_owned(),
            judge: Arc::new(Scripted { script: Arc::new(script), latency: self.latency, log: Arc::clone(&log) }),
            estimator: TokenEstimator::new(100),
            line: Arc::new(Line::new(self.concurrency, Some(Limits::new(&spec)))),
        };
        let (store, end) = Store::start(Writer::open(&folder.join("ledger.sqlite")).unwrap());
        let policy = Policy { max_retries: self.max_retries, patience: self.patience };
        let (floor, events) = Floor::new(vec![seat], store, policy);
        let question = Arc::new(Question::new(serde_saphyr::from_str::<Rubric>(RUBRIC).unwrap()).unwrap());
        let plan: Vec<_> = (0..self.sessions).map(|n| Ok(unit(&question, &format!("s{n}")))).collect();
        let start = Instant::now();
        let (mut verdicts, mut warnings) = (Vec::new(), Vec::new());
        let mut signals = Signals::new(Interrupts::Ignore).unwrap();
        let mut on_event = |event: &Event| match event {
            Event::Verdict { verdict, .. } => verdicts.push(verdict.clone()),
            Event::Warning { message, .. } => warnings.push(message.clone()),
            _ => (),
        };
        let ending = engine::drive(floor, events, [listed(plan)], &mut signals, &mut on_event).await;
        let seconds = start.elapsed().as_secs_f64();
        end.await.unwrap().unwrap();
        verdicts.sort_by(|a, b| a.session.cmp(&b.session));
        Outcomes { verdicts, warnings, ending, log, seconds }
    }
}

/// A trial as usual, in a folder that nothing else needs.
async fn folder_of_its_own(
    script: impl Fn(&str, Form, bool, usize) -> Result<Reply, CallError> + Send + Sync + 'static,
) -> Outcomes {
    TRIAL.run(folder().path(), script).await
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A seat with a model that answers everything, and what it was asked.
fn willing() -> (Seat<Scripted>, Arc<Log>) {
    seated(|_, _, _, _| good())
}

/// A seat with a scripted model, and what it was asked.
fn seated(
    script: impl Fn(&str, Form, bool, usize) -> Result<Reply, CallError> + Send + Sync + 'static,
) -> (Seat<Scripted>, Arc<Log>) {
    let log = Arc::new(Log::default());
    let judge = Arc::new(Scripted { script: Arc::new(script), latency: TRIAL.latency, log: Arc::clone(&log) });
    let line = Arc::new(Line::new(4, Some(Limits::new(&LimitSpec::default()))));
    let (name, model) = ("scripted".to_owned(), "openai/scripted".to_owned());
    (Seat { name, model, judge, estimator: TokenEstimator::new(100), line }, log)
}

#[tokio::test(start_paused = true)]
async fn every_unit_is_asked_once_within_the_concurrency_and_never_again() {
    let folder = folder();
    let trial = Trial { sessions: 40, ..TRIAL };
    let first = trial.run(folder.path(), |_, _, _, _| good()).await;
    assert_eq!((first.verdicts.len(), first.requests(), first.ending.sent), (40, 40, 40));
    // In paused time a wait for the ledger's thread looks like idleness, so that fewer may overlap.
    assert!(first.log.most.load(Ordering::SeqCst) <= 4);

    let second = trial.run(folder.path(), |_, _, _, _| unreachable!("nothing is sent")).await;
    assert_eq!((second.requests(), second.ending.sent), (0, 0));
    assert_eq!(second.verdicts, first.verdicts);
    assert_eq!(Ledger::open(&folder.path().join("ledger.sqlite")).unwrap().open_intents().unwrap(), 0);
}

#[tokio::test]
async fn the_concurrency_told_is_used() {
    let folder = folder();
    let trial = Trial { sessions: 60, latency: Duration::from_millis(20), ..TRIAL };
    let outcomes = trial.run(folder.path(), |_, _, _, _| good()).await;
    assert_eq!(outcomes.log.most.load(Ordering::SeqCst), 4);
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429s_uses_up_no_retry_and_holds_all_workers() {
    let folder = folder();
    let trial = Trial { max_retries: 0, ..TRIAL };
    let outcomes = trial.run(folder.path(), |_, _, _, nth| if nth < 10 { Err(told_to_wait(7)) } else { good() }).await;
    assert_eq!(outcomes.kinds(), [None; 6]);
    assert!(outcomes.seconds >= 70.0, "ten waits of 7 s took {} s", outcomes.seconds);
    assert_eq!(outcomes.warnings, ["rate limited: 429; all its calls slow down"], "said once");
    let sent = outcomes.log.sent.lock().unwrap();
    let waves = sent.windows(2).filter(|pair| pair[1].0 - pair[0].0 > Duration::from_secs(5)).count();
    assert!(waves >= 10, "requests come in waves after each wait, not one by one: {waves}");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_only_says_wait_ends_the_run() {
    let folder = folder();
    let outcomes = TRIAL.run(folder.path(), |_, _, _, _| Err(told_to_wait(60))).await;
    assert!(outcomes.verdicts.is_empty(), "nothing is decided, so that a rerun asks again");
    let (judges, message) = outcomes.given_up().unwrap();
    assert_eq!(judges, "scripted");
    assert!(message.contains("429; no answer for"), "{message}");
    assert!((800.0..1_000.0).contains(&outcomes.seconds), "{}", outcomes.seconds);
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_a_year_is_not_begun() {
    let folder = folder();
    let outcomes = TRIAL.run(folder.path(), |_, _, _, _| Err(told_to_wait(31_536_000))).await;
    assert!(outcomes.verdicts.is_empty() && outcomes.seconds < 10.0, "{}", outcomes.seconds);
    assert_eq!(outcomes.given_up().unwrap().1, "rate limited: 429; 31536000 s to wait");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_alone_is_told_to_wait_does_not_hold_up_the_run_for_ever() {
    let script = |session: &str, _, _, _| if session == "s0" { Err(told_to_wait(1)) } else { good() };
    let (seat, log) = seated(script);
    let folder = folder();
    let (store, end) = Store::start(Writer::open(&folder.path().join("ledger.sqlite")).unwrap());
    let (floor, _events) = Floor::new(vec![seat], store, Policy { max_retries: 0, patience: PATIENCE });
    let request = |session: &str| Request {
        server: "http://model".to_owned(),
        path: "/judge",
        headers: Vec::new(),
        body: format!("{session}|JsonSchema|").into_bytes(),
        form: Form::JsonSchema,
    };
    let (one, other) = (request("s0"), request("s1"));
    let start = Instant::now();
    // The ledger has no part in it: its thread would not keep up with paused time.
    let refused = async {
        let failure = call::send(&floor, &floor.seats[0], &one, Making::Plain).await.unwrap_err();
        (failure, start.elapsed())
    };
    let answered = async {
        loop {
            call::send(&floor, &floor.seats[0], &other, Making::Plain).await.unwrap();
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
    };
    let (failure, took) = tokio::select! {
        refused = refused => refused,
        () = answered => unreachable!("it goes on for ever"),
    };
    assert!(
        matches!(&failure, Failure::Halt(Halt::None(NoVerdict::Failed, why)) if why.contains("429")),
        "{failure:?}"
    );
    assert!((PATIENCE..PATIENCE * 2).contains(&took), "{took:?}: to be asked again by a rerun");
    assert!(log.sent.lock().unwrap().iter().filter(|(_, body)| body.starts_with("s1")).count() > 50);
    assert!(floor.stop.stage() == super::stop::Stage::Go, "the run goes on");
    drop(floor);
    end.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_overload_that_wants_longer_than_our_patience_ends_the_run() {
    let folder = folder();
    let closed = || CallError::Overloaded { retry_after: Some(Duration::from_secs(7_200)), message: "503".to_owned() };
    let outcomes = TRIAL.run(folder.path(), move |_, _, _, _| Err(closed())).await;
    assert!(outcomes.verdicts.is_empty() && outcomes.seconds < 10.0, "{}", outcomes.seconds);
    assert_eq!(outcomes.given_up().unwrap().1, "overloaded: 503; 7200 s to wait");
}

#[tokio::test(start_paused = true)]
async fn what_passes_is_tried_again_and_no_retries_means_none() {
    let flaky = |_: &str, _, _, nth| match nth {
        0 => Err(broken()),
        1 => Err(CallError::Overloaded { retry_after: Some(Duration::from_secs(30)), message: "529".to_owned() }),
        _ => good(),
    };
    let patient = folder();
    let outcomes = TRIAL.run(patient.path(), flaky).await;
    assert_eq!((outcomes.kinds(), outcomes.requests()), (vec![None; 6], 18));
    assert!(outcomes.seconds >= 30.0);

    let hasty = folder();
    let trial = Trial { max_retries: 0, ..TRIAL };
    let outcomes = trial.run(hasty.path(), flaky).await;
    assert_eq!((outcomes.kinds(), outcomes.requests()), (vec![Some(NoVerdict::Failed); 6], 6));
    let again = trial.run(hasty.path(), |_, _, _, _| good()).await;
    assert_eq!((again.kinds(), again.requests()), (vec![None; 6], 6), "what failed is asked again by a rerun");
}

#[tokio::test(start_paused = true)]
async fn an_outage_ends_the_run_instead_of_using_up_its_units() {
    let folder = folder();
    let trial = Trial { sessions: 500, ..TRIAL };
    let outcomes = trial
        .run(folder.path(), |session, _, _, _| match session {
            "s0" | "s1" | "s2" | "s3" => good(),
            _ => Err(broken()),
        })
        .await;
    let (_, message) = outcomes.given_up().unwrap();
    assert!(
        message.contains("requests failed in a row, over 9") && message.ends_with("connection dropped"),
        "{message}"
    );
    let failed = outcomes.kinds().iter().filter(|kind| kind.is_some()).count();
    assert!(failed <= trial.concurrency, "only those that failed before the circuit opened: {failed}");
    assert!((900.0..1_000.0).contains(&outcomes.seconds), "{}", outcomes.seconds);
    assert!(outcomes.requests() < 100, "one at a time tries: {}", outcomes.requests());
    assert_eq!(outcomes.warnings.len(), 1, "{:?}", outcomes.warnings);

    let never = folder_of_its_own(|_, _, _, _| Err(broken())).await;
    assert!(never.given_up().is_some() && never.seconds < 130.0, "never there: {} s", never.seconds);
}

#[tokio::test(start_paused = true)]
async fn a_short_outage_costs_no_unit() {
    let folder = folder();
    let start = Instant::now();
    let script = move |_: &str, _, _, _| {
        if (10.0..200.0).contains(&start.elapsed().as_secs_f64()) { Err(broken()) } else { good() }
    };
    let trial = Trial { sessions: 60, latency: Duration::from_secs(2), max_retries: 1, ..TRIAL };
    let outcomes = trial.run(folder.path(), script).await;
    let failed = outcomes.kinds().iter().filter(|kind| kind.is_some()).count();
    assert_eq!((outcomes.given_up(), outcomes.verdicts.len()), (None, 60));
    assert!(failed <= 6, "only those that failed before the circuit opened: {failed}");
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_requests_fail_more_often_than_not_ends() {
    let folder = folder();
    let trial = Trial { sessions: 2_000, latency: Duration::from_millis(1), ..TRIAL };
    let outcomes = trial.run(folder.path(), |_, _, _, nth| if nth < 2 { Err(broken()) } else { good() }).await;
    let (_, message) = outcomes.given_up().unwrap();
    assert!(message.contains(" requests had to be repeated for "), "{message}");
    assert!(outcomes.requests() < 600, "{}", outcomes.requests());
}

#[tokio::test(start_paused = true)]
async fn an_unusable_answer_is_asked_for_once_more_with_its_error() {
    let folder = folder();
    let outcomes = TRIAL
        .run(folder.path(), |session, _, again, _| match (session, again) {
            ("s0" | "s2", false) | ("s1", _) => Ok(reply("gibberish")),
            ("s2", true) => Ok(reply("cut")),
            _ => good(),
        })
        .await;
    let kinds = outcomes.kinds();
    assert_eq!(kinds[..4], [None, Some(NoVerdict::Invalid), Some(NoVerdict::Truncated), None]);
    let first = &outcomes.verdicts[0];
    assert!(first.repairs.contains(&Repair::AskedAgain) && first.calls.len() == 2);
    assert!(outcomes.verdicts[3].repairs.is_empty() && outcomes.verdicts[3].calls.len() == 1);
    let sent = outcomes.log.sent.lock().unwrap();
    assert!(sent.iter().any(|(_, body)| body == "s0|JsonSchema|gibberish is no label"), "the error is shown");
    assert_eq!(sent.len(), 9);
}

#[tokio::test(start_paused = true)]
async fn kinds_of_no_verdict_are_kept_apart_and_final_ones_are_not_asked_again() {
    let script = |session: &str, _, _, _| match session {
        "s0" => Ok(reply("no")),
        "s1" => Ok(reply("cut")),
        "s2" => Err(CallError::TooLong { message: "200k".to_owned() }),
        "s3" => Err(CallError::Refused { message: "filter".to_owned() }),
        "s4" => Err(CallError::Rejected { message: "400".to_owned() }),
        _ => good(),
    };
    let folder = folder();
    let outcomes = TRIAL.run(folder.path(), script).await;
    let expected =
        [NoVerdict::Refused, NoVerdict::Truncated, NoVerdict::TooLong, NoVerdict::Refused, NoVerdict::Failed];
    assert_eq!(outcomes.kinds()[..5], expected.map(Some));
    let calls = outcomes.verdicts.iter().map(|verdict| verdict.calls.len()).collect::<Vec<_>>();
    assert_eq!(calls, [2, 2, 0, 0, 0, 1], "what was refused or cut off is asked once more");
    let again = TRIAL.run(folder.path(), script).await;
    assert_eq!(again.requests(), 1, "only the failed unit is asked again");
}

#[tokio::test(start_paused = true)]
async fn a_form_that_is_not_supported_is_ruled_out_for_the_run() {
    let script = |_: &str, form, _, _| match form {
        Form::JsonSchema => Err(CallError::FormUnsupported { form, message: "no schemas here".to_owned() }),
        _ => good(),
    };
    let folder = folder();
    let trial = Trial { concurrency: 1, ..TRIAL };
    let outcomes = trial.run(folder.path(), script).await;
    assert_eq!((outcomes.kinds(), outcomes.requests()), (vec![None; 6], 7));
    assert_eq!(trial.run(folder.path(), script).await.requests(), 0, "a verdict is known whatever its form was");
}

#[tokio::test(start_paused = true)]
async fn a_fatal_error_stops_the_run_and_keeps_what_was_committed() {
    let folder = folder();
    let trial = Trial { sessions: 200, ..TRIAL };
    let outcomes = trial
        .run(folder.path(), |session, _, _, _| match session {
            "s50" => Err(CallError::Fatal { message: "key refused".to_owned() }),
            _ => good(),
        })
        .await;
    let kept = outcomes.verdicts.len();
    assert!((47..60).contains(&kept), "{kept}");
    assert_eq!(outcomes.given_up(), Some(("scripted".to_owned(), "key refused".to_owned())));
    let again = trial.run(folder.path(), |_, _, _, _| good()).await;
    assert_eq!((again.verdicts.len(), again.requests()), (200, 200 - kept));
}

#[tokio::test(start_paused = true)]
async fn the_same_question_asked_at_once_is_bought_once() {
    let folder = folder();
    let (seat, log) = willing();
    let (store, end) = Store::start(Writer::open(&folder.path().join("ledger.sqlite")).unwrap());
    let (floor, events) = Floor::new(vec![seat], store, Policy { max_retries: 0, patience: PATIENCE });
    let question = Arc::new(Question::new(serde_saphyr::from_str::<Rubric>(RUBRIC).unwrap()).unwrap());
    let copies = (0..4).map(move |n| {
        let mut unit = unit(&question, "s0");
        unit.place.session = format!("copy {n}");
        Ok(unit)
    });
    let mut verdicts = 0;
    let mut on_event = |event: &Event| verdicts += usize::from(matches!(event, Event::Verdict { .. }));
    engine::drive(floor, events, [listed(copies)], &mut Signals::default(), &mut on_event).await;
    end.await.unwrap().unwrap();
    assert_eq!((verdicts, log.sent.lock().unwrap().len()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_ends_the_run_and_the_rest_is_asked_by_the_next() {
    let folder = folder();
    let path = folder.path().join("ledger.sqlite");
    let ledger = Writer::open(&path).unwrap();
    ledger.allow_no_more_pages();
    let (seat, _) = willing();
    let (store, end) = Store::start(ledger);
    let (floor, events) = Floor::new(vec![seat], store, Policy { max_retries: 0, patience: PATIENCE });
    let question = Arc::new(Question::new(serde_saphyr::from_str::<Rubric>(RUBRIC).unwrap()).unwrap());
    let plan: Vec<_> = (0..2_000).map(|n| Ok(unit(&question, &format!("s{n}")))).collect();
    let mut told = 0_u64;
    let mut on_event = |event: &Event| told += u64::from(matches!(event, Event::Verdict { .. }));
    engine::drive(floor, events, [listed(plan)], &mut Signals::default(), &mut on_event).await;
    let error = end.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    let held: u64 = Ledger::open(&path).unwrap().counts("r").unwrap().iter().map(|count| count.units).sum();
    assert!(held >= told && held < 2_000, "all {told} verdicts told are held: {held}");

    let again = Trial { sessions: 2_000, ..TRIAL }.run(folder.path(), |_, _, _, _| good()).await;
    assert_eq!(again.verdicts.len(), 2_000);
    assert!(again.requests() as u64 <= 2_000 - held);
}

#[tokio::test]
async fn answers_under_way_are_kept_when_another_row_of_the_ledger_is_damaged() {
    let folder = folder();
    let path = folder.path().join("ledger.sqlite");
    // Only s3 is decided; its row is then damaged.
    let trial = Trial { sessions: 4, max_retries: 0, ..TRIAL };
    trial.run(folder.path(), |session, _, _, _| if session == "s3" { good() } else { Err(broken()) }).await;
    let ledger = Writer::open(&path).unwrap();
    ledger.damage_final_verdicts();

    let (seat, log) = willing();
    let (store, end) = Store::start(ledger);
    let (floor, events) = Floor::new(vec![seat], store, Policy { max_retries: 0, patience: PATIENCE });
    let question = Arc::new(Question::new(serde_saphyr::from_str::<Rubric>(RUBRIC).unwrap()).unwrap());
    // One after the other, so that the first are under way when the damaged one is looked up.
    let plan = (0..4).map(move |n| {
        std::thread::sleep(TRIAL.latency / 5);
        Ok(unit(&question, &format!("s{n}")))
    });
    engine::drive(floor, events, [listed(plan)], &mut Signals::default(), &mut |_: &Event| ()).await;
    let error = end.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("is damaged"), "{error}");
    let held = Writer::open(&path).unwrap().answers();
    let asked = log.sent.lock().unwrap().len();
    assert!(asked > 0 && held == 1 + asked, "{asked} were sent, {held} are held");
}

type AnyScript = Box<Script>;

/// Runs sessions with three models, of which the first two are one provider's; verdicts of each, and how it ended.
async fn three(scripts: [AnyScript; 3]) -> ([usize; 3], Vec<GivenUp>) {
    let folder = folder();
    let suppliers = [Arc::new(Supplier::new("http://one")), Arc::new(Supplier::new("http://two"))];
    let seats = scripts.into_iter().enumerate().map(|(number, script)| {
        let (mut seat, _) = seated(script);
        seat.name = format!("judge {number}");
        let line = Line::new(4, Some(Limits::new(&LimitSpec::default()))).of(Arc::clone(&suppliers[number / 2]));
        Seat { line: Arc::new(line), ..seat }
    });
    let (store, end) = Store::start(Writer::open(&folder.path().join("ledger.sqlite")).unwrap());
    let (floor, events) = Floor::new(seats.collect(), store, Policy { max_retries: 1, patience: PATIENCE });
    let question = Arc::new(Question::new(serde_saphyr::from_str::<Rubric>(RUBRIC).unwrap()).unwrap());
    let plan: Vec<_> = (0..300)
        .map(|number| {
            let (session, seat) = (format!("s{}", number / 3), number % 3);
            let mut unit = unit(&question, &session);
            unit.seat = seat;
            unit.place.judge = format!("judge {seat}");
            unit.place.unit = Fingerprint::of(&[session.as_bytes(), &[u8::try_from(seat).unwrap()]]);
            // What is sent tells the models apart, as their names do in real requests.
            unit.place.replicate = u32::try_from(seat).unwrap() + 1;
            Ok(unit)
        })
        .collect();
    let mut decided = [0; 3];
    let mut on_event = |event: &Event| {
        if let Event::Verdict { verdict, .. } = event
            && verdict.outcome.label().is_some()
        {
            decided[verdict.replicate as usize - 1] += 1;
        }
    };
    let ending = engine::drive(floor, events, [listed(plan)], &mut Signals::default(), &mut on_event).await;
    end.await.unwrap().unwrap();
    (decided, ending.given_up)
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_a_provider_stops_all_of_its_models_and_no_others() {
    let down = || -> AnyScript { Box::new(|session, _, _, _| if session == "s0" { good() } else { Err(broken()) }) };
    let (decided, given_up) = three([down(), down(), Box::new(|_, _, _, _| good())]).await;
    assert_eq!(decided[2], 100, "the other provider's model goes on to its end");
    assert!(decided[0] <= 1 && decided[1] <= 1, "{decided:?}");
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    assert_eq!(given_up[0].judges, ["judge 0", "judge 1"]);
    assert!(given_up[0].message.contains("requests failed in a row"), "{}", given_up[0].message);
}

/// In real time: planning and the ledger have threads of their own, which paused time would not wait for.
#[tokio::test]
async fn a_provider_that_does_not_answer_holds_up_no_other() {
    let answered = Arc::new(AtomicUsize::new(0));
    let (seen, count) = (Arc::clone(&answered), Arc::clone(&answered));
    // Neither of the first provider's models says anything before the other provider's has said all.
    let mute = |seen: Arc<AtomicUsize>| -> AnyScript {
        Box::new(
            move |_, _, _, _| if seen.load(Ordering::SeqCst) < 100 { Err(told_to_wait_millis(20)) } else { good() },
        )
    };
    let talker = move |_: &str, _, _, _| {
        count.fetch_add(1, Ordering::SeqCst);
        good()
    };
    let run = three([mute(Arc::clone(&seen)), mute(seen), Box::new(talker)]);
    let (decided, given_up) = tokio::time::timeout(Duration::from_secs(60), run).await.expect("it is held up");
    assert_eq!((decided, given_up, answered.load(Ordering::SeqCst)), ([100, 100, 100], Vec::new(), 100));
}

#[tokio::test(start_paused = true)]
async fn a_bad_model_does_not_stop_its_neighbours() {
    let unknown = || CallError::Unfit { message: "404: no such model".to_owned() };
    let (decided, given_up) = three([
        Box::new(move |_, _, _, _| Err(unknown())),
        Box::new(|_, _, _, _| good()),
        Box::new(|_, _, _, _| good()),
    ])
    .await;
    assert_eq!(decided, [0, 100, 100]);
    let message = "404: no such model".to_owned();
    assert_eq!(given_up, [GivenUp { judges: vec!["judge 0".to_owned()], message }]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_stops_all_models_of_its_provider() {
    let refused = || CallError::Fatal { message: "401".to_owned() };
    let (decided, given_up) = three([
        Box::new(|_, _, _, _| good()),
        Box::new(move |session, _, _, _| if session == "s9" { Err(refused()) } else { good() }),
        Box::new(|_, _, _, _| good()),
    ])
    .await;
    assert!(decided[0] < 60 && decided[1] < 30 && decided[2] == 100, "{decided:?}");
    assert_eq!(given_up[0].judges, ["judge 0", "judge 1"]);
}
