//! One execution of an experiment, from the file to the files.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::corpus::{Corpus, IngestReport};
use crate::ledger::{Entry, Ledger, LedgerError, Paid, Writer};
use crate::limit::{Budget, Limits, TokenEstimator};
use crate::postings::{self, Posting};
use crate::prompt::{Examples, Need};
use crate::provider::{Access, Provider};
use crate::rubric::Rubric;
use crate::verdict::NoVerdict;

use super::batch::{self, Office, Post, Restored};
use super::budget;
use super::clock;
use super::engine::{self, Ending, Floor, PATIENCE, Policy};
use super::error::RunError;
use super::event::{EVENTS_VERSION, Event};
use super::experiment::{Experiment, JudgeSpec, Mode};
use super::folder;
use super::identity::{self, Frozen, FrozenJudge};
use super::load;
use super::memory::Memory;
use super::plan::{self, Chosen, ChosenSession, PlannedJudge, Sheet, Supply};
use super::record::{RunRecord, RunState};
use super::seat::{Line, Seat, Supplier};
use super::showing::Showing;
use super::stage::{self, sources};
use super::stages::{self, Stages, Waiting};
use super::stop::{Interrupts, Signals, Stage};
use super::store::Store;
use super::totals;
use super::trace;
use super::trial;

/// What is to be run, and where.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The experiment.
    pub experiment: &'a Experiment,
    /// The working folder: paths of the experiment are relative to it, and its rubrics and prompts win.
    pub folder: &'a Path,
    /// Where the ledger and the run's folder are.
    pub results: &'a Path,
    /// Keys and base URLs; the timeout is the experiment's.
    pub access: &'a Access,
    /// The part of the run to do now.
    pub selection: &'a Selection,
    /// The run to go on with; refused where the order would make another one.
    pub resumes: Option<&'a RunRecord>,
    /// Whether to listen to the person's interrupts.
    pub interrupts: Interrupts,
    /// Whether the calls of batches that a provider no longer knows are bought anew.
    pub forget_batches: bool,
}

/// A part of a run. The run stays the same one, and is done when every part is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The first sessions only.
    pub limit: Option<usize>,
    /// These judges only; all where empty.
    pub judges: Vec<String>,
    /// These rubrics only; all where empty.
    pub rubrics: Vec<String>,
}

/// Runs an experiment, or goes on with it: what the ledger holds is not asked again.
///
/// Everything that happens is told to `on_event`. The record returned, and the files in `results/RUN`, hold what the
/// ledger holds at the end, also when the person stopped the run (state [`RunState::Interrupted`]).
///
/// # Errors
/// When something cannot be read or written, or a model cannot be used any further. What was committed is kept.
pub fn execute(order: Order<'_>, on_event: &mut (dyn FnMut(&Event) + Send)) -> Result<RunRecord, RunError> {
    // Waiting for others is done best by one thread; judges inside this program need all cores.
    let mut runtime = if order.experiment.judges.iter().any(|judge| Provider::computes(&judge.model)) {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = runtime.enable_all().build()?;
    let result = runtime.block_on(execute_in_runtime(order, on_event));
    // After a second interrupt the planning thread may still read a session; it is not waited for.
    runtime.shutdown_background();
    result
}

async fn execute_in_runtime(
    order: Order<'_>,
    on_event: &mut (dyn FnMut(&Event) + Send),
) -> Result<RunRecord, RunError> {
    let on_event = &mut |event: &Event| {
        trace::event(event);
        on_event(event);
    };
    let mut signals = Signals::new(order.interrupts)?;
    let mut prepared = Prepared::new(order)?;
    let folder = folder::prepare(order.results, &prepared.record.id)?;
    let path = folder::ledger(order.results);
    let mut ledger = Writer::open(&path)?;
    let before = match ledger.ledger().run(&prepared.record.id)? {
        Some(text) => Some(load::parse(&text, &prepared.record.id, &path)?),
        None => None,
    };
    if let Some(before) = &before {
        prepared.record.started_at.clone_from(&before.started_at);
    }
    ledger.charge(&prepared.record.id);
    let counts = ledger.ledger().counts(&prepared.record.id)?;
    let reached = counts.iter().filter(|count| count.kind != NoVerdict::Stopped.as_str());
    let held: u64 = reached.map(|count| count.units).sum();
    on_event(&Event::Planned {
        version: EVENTS_VERSION,
        run: prepared.record.id.clone(),
        units: prepared.units,
        recorded: held.min(prepared.units),
        lost_calls: ledger.forget_intents()?,
    });
    let restored = Restored::all(ledger.ledger())?;
    let by_batch = order.experiment.mode == Mode::Batch;
    let mut tried = None;
    if by_batch && held == 0 && restored.is_empty() && prepared.units >= trial::MANY {
        let ending;
        (ledger, ending) = trial::run(order, ledger, &mut signals, on_event).await?;
        tried = Some(ending);
    }
    if let Some(budget) = &prepared.budget {
        budget::charge(budget, ledger.ledger().paid(&prepared.record.id)?, &prepared.record.id)?;
    }
    let Prepared { mut record, stages, seats, budget, calibration, .. } = prepared;
    if let Some(summary) = calibration {
        on_event(&Event::Calibrated { summary });
    }
    let waiting = Arc::clone(&stages.waiting);
    let (store, end) = Store::start(ledger);
    let limits = &order.experiment.limits;
    let policy = Policy { max_retries: limits.max_retries, patience: PATIENCE };
    let begun = store.commit(entry(&record)?).await;
    let mut memory = Memory::read(order.results)?;
    let (watched, remembered) = memory.recall(&seats, order.access);
    remembered.iter().for_each(&mut *on_event);
    let (floor, events) = Floor::new(seats, store, policy);
    if begun.is_err() {
        // The ledger's thread failed, and says why at its end; nothing is to be sent any more.
        floor.raise(Stage::Drain);
    }
    if by_batch || !restored.is_empty() {
        // Nobody else has set it.
        let _ = floor.post.set(Post::new(by_batch, restored.iter().flat_map(Restored::under_way)));
    }
    let before_batches = tried.as_ref().map_or(0, |tried| tried.sent);
    let mut ending = match tried.filter(Ending::is_final) {
        Some(ending) => {
            drop(floor);
            Ending { sent: 0, ..ending }
        }
        None if by_batch => {
            let access = Access { timeout: Duration::from_secs(limits.timeout_seconds), ..order.access.clone() };
            let (run, disk, forgets) = (record.id.clone(), folder.clone(), order.forget_batches);
            let (budget, own) = (budget.clone(), Arc::clone(&floor));
            let office = async move { Office::new(own, &run, disk, access, budget, forgets, restored).await };
            batch::drive(floor, events, stages, office, &mut signals, on_event).await
        }
        None => engine::drive(floor, events, stages, &mut signals, on_event).await,
    };
    ending.sent += before_batches;
    for (rubric, units) in stages::waiting(&waiting) {
        on_event(&Event::Waiting { rubric, units });
    }
    let ended = end.await.map_err(|_| RunError::Fault("the ledger's thread panicked".to_owned()))?;
    let mut ledger = ended.map_err(|error| kept(error, &path, &record.id))?;
    memory.keep(&watched, &clock::now())?;
    finish(&mut record, &mut ledger, before.as_ref(), &path)?;
    folder::write(&folder, ledger.ledger(), &record)?;
    if let Some(error) = ending.error {
        return Err(error);
    }
    if !ending.given_up.is_empty() && !ending.interrupted {
        let kept = record.totals.iter().map(|(_, totals)| totals.answered()).sum();
        return Err(RunError::Stopped { given_up: ending.given_up, kept });
    }
    if let Some((budget, short_of)) = budget.and_then(|budget| budget.short_of().map(|short| (budget, short))) {
        let (budget, paid) = (budget.cap(), record.paid.micro_dollars);
        on_event(&Event::OverBudget { run: record.id.clone(), budget, paid, short_of });
    }
    on_event(&Event::Finished {
        run: record.id.clone(),
        labels: record.totals.iter().map(|(_, totals)| totals.labels).sum(),
        no_verdicts: record.totals.iter().map(|(_, totals)| totals.without_label()).sum(),
        calls_sent: ending.sent,
        interrupted: ending.interrupted,
    });
    Ok(record)
}

/// Brings the record up to what the ledger holds, and commits it.
fn finish(
    record: &mut RunRecord,
    ledger: &mut Writer,
    before: Option<&RunRecord>,
    path: &Path,
) -> Result<(), RunError> {
    record.totals = totals::by_judge(&totals::of_ledger(ledger.ledger(), record)?);
    record.paid = ledger.ledger().paid(&record.id)?;
    let decided: u64 = record.totals.iter().map(|(_, totals)| totals.decided()).sum();
    record.state = if decided == record.units { RunState::Done } else { RunState::Interrupted };
    match before {
        // Nothing changed, so that the same command leaves the same bytes.
        Some(before)
            if before.state == record.state && before.totals == record.totals && before.paid == record.paid =>
        {
            record.updated_at.clone_from(&before.updated_at);
        }
        _ => record.updated_at = clock::now(),
    }
    ledger.commit(&[entry(record)?]).map_err(|error| kept(error, path, &record.id))
}

/// A failure of the ledger during a run, with what it holds of it.
fn kept(error: LedgerError, path: &Path, run: &str) -> RunError {
    let held = Ledger::open(path).and_then(|ledger| ledger.counts(run));
    let kept = held.ok().map(|counts| counts.iter().map(|count| count.units).sum());
    RunError::Store { error, kept }
}

fn entry(record: &RunRecord) -> Result<Entry, RunError> {
    let text = serde_json::to_string(record).map_err(|error| RunError::Fault(error.to_string()))?;
    Ok(Entry::Run { id: record.id.clone(), record: text })
}

/// All that is made before anything is written.
pub(super) struct Prepared {
    pub(super) record: RunRecord,
    pub(super) stages: Stages,
    /// The judges, in the order of their seats.
    pub(super) judges: Vec<PlannedJudge>,
    pub(super) seats: Vec<Seat<Provider>>,
    pub(super) budget: Option<Arc<Budget>>,
    /// What was read of priced postings, in words.
    calibration: Option<String>,
    /// Units that this execution asks for.
    pub(super) units: u64,
}

impl Prepared {
    pub(super) fn new(order: Order<'_>) -> Result<Self, RunError> {
        let experiment = order.experiment;
        check(order)?;
        let calibration =
            experiment.calibration.as_ref().map(|spec| postings::choose(spec, order.folder)).transpose()?;
        let sheets = sheets(experiment, order.folder, calibration.as_ref())?;
        let rubrics: Vec<_> = sheets.iter().map(|(_, sheet)| sheet.record()).collect();
        let Stock { supply, chosen, sessions_in_corpus, ingest, corpus_hash } = match &calibration {
            Some(calibration) if experiment.holdout => Stock::of_holdout(calibration),
            _ => Stock::of_corpus(experiment, order.folder)?,
        };
        let judges = experiment.judges.iter().map(|judge| FrozenJudge {
            name: judge.name(),
            model: &judge.model,
            source: order.access.source(&judge.model),
            params: &judge.params,
            repeats: judge.repeats,
            rubrics: &judge.rubrics,
            view: judge.view.as_ref(),
            option_order: judge.option_order,
            canary: judge.canary.as_ref(),
        });
        let frozen = Frozen {
            corpus: &corpus_hash,
            sample: experiment.sample.as_ref(),
            view: &experiment.view,
            rubrics: &rubrics,
            judges: judges.collect(),
        };
        let planned = |judge: &JudgeSpec, (_, sheet): &(usize, Sheet)| {
            u64::from(judge.repeats) * u64::from(judge.answers(&sheet.question.rubric.name))
        };
        let units_a_session: u64 =
            experiment.judges.iter().flat_map(|judge| sheets.iter().map(move |sheet| planned(judge, sheet))).sum();
        let name = format!("{}{}", experiment.name, if experiment.holdout { "-holdout" } else { "" });
        let now = clock::now();
        let record = RunRecord {
            version: 1,
            id: identity::run_id(&name, &frozen),
            state: RunState::Running,
            started_at: now.clone(),
            updated_at: now,
            assize: env!("CARGO_PKG_VERSION").to_owned(),
            experiment: experiment.clone(),
            ingest,
            corpus_hash,
            rubrics,
            sessions_in_corpus,
            out_of_scope: chosen.out_of_scope,
            sessions: chosen.sessions.len() as u64,
            units: chosen.sessions.len() as u64 * units_a_session,
            weights: chosen.weights,
            totals: Vec::new(),
            paid: Paid::default(),
        };
        if record.sessions == 0 {
            if experiment.holdout {
                let none = "no posting is held out: per_tier takes all of them".to_owned();
                return Err(RunError::Selection(none));
            }
            return Err(RunError::Selection(format!(
                "no session of {} can be judged: none of its {sessions_in_corpus} is in scope (`assize sessions {0}` says why)",
                experiment.corpus.display()
            )));
        }
        if let Some(before) = order.resumes.filter(|before| before.id != record.id) {
            return Err(changed(before, &record));
        }
        let Selection { limit, judges, rubrics } = order.selection;
        let judges: Vec<&JudgeSpec> = experiment.judges.iter().filter(|judge| wanted(judges, judge.name())).collect();
        let (seats, budget) = seats(order, &judges)?;
        let sheets: Vec<(usize, Sheet)> =
            sheets.into_iter().filter(|(_, sheet)| wanted(rubrics, &sheet.question.rubric.name)).collect();
        let planned = |(judge, seat): (&&JudgeSpec, &Seat<Provider>)| -> Result<PlannedJudge, RunError> {
            let asked = sheets.iter().map(|(_, sheet)| &sheet.question.rubric);
            let sources = |rubric: &Rubric| Ok((rubric.name.clone(), sources(&experiment.judges, judge, rubric)?));
            let sources =
                asked.filter(|rubric| judge.answers(&rubric.name)).map(sources).collect::<Result<_, String>>();
            Ok(PlannedJudge {
                name: judge.name().to_owned(),
                model: judge.model.clone(),
                params_hash: identity::hash(&judge.params),
                params: judge.params.clone(),
                repeats: judge.repeats,
                showing: Showing::of(judge, &experiment.view),
                provider: Arc::clone(&seat.judge),
                server: OnceCell::new(),
                sources: sources.map_err(RunError::Selection)?,
            })
        };
        let judges: Vec<PlannedJudge> = judges.iter().zip(&seats).map(planned).collect::<Result<_, _>>()?;
        let mut sessions = chosen.sessions;
        sessions.truncate(limit.unwrap_or(usize::MAX));
        let stages = Stages {
            run: record.id.clone(),
            supply,
            sessions,
            sheets: Stages::sort(sheets),
            judges: judges.clone(),
            ledger: folder::ledger(order.results),
            stand_ins: None,
            concurrency: experiment.limits.concurrency,
            waiting: Waiting::default(),
        };
        let units = stages.sessions.len() as u64 * stages.units_a_session();
        let calibration = calibration.map(|chosen| chosen.summary);
        Ok(Self { record, stages, judges, seats, budget, calibration, units })
    }
}

/// The sheets of an experiment, each with its stage.
fn sheets(
    experiment: &Experiment,
    folder: &Path,
    calibration: Option<&postings::Chosen>,
) -> Result<Vec<(usize, Sheet)>, RunError> {
    let examples = calibration.map(examples);
    let load = |name: &String| Sheet::load(name, folder, examples.as_ref());
    let mut sheets = experiment.rubrics.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    if calibration.is_some() && !sheets.iter().any(Sheet::is_calibrated) {
        return Err(RunError::Selection(
            "calibration: no rubric of the experiment shows priced postings to the judge; task_value does".to_owned(),
        ));
    }
    Sheet::relate(&mut sheets);
    let rubrics: Vec<&Rubric> = sheets.iter().map(|sheet| &sheet.question.rubric).collect();
    let stages = stage::of_rubrics(&rubrics).map_err(RunError::Selection)?;
    experiment.judges.iter().try_for_each(|judge| Showing::check(judge, &rubrics)).map_err(RunError::Selection)?;
    Ok(stages.into_iter().zip(sheets).filter(|(_, sheet)| !experiment.holdout || sheet.is_calibrated()).collect())
}

/// The chosen postings as prompts show them.
pub(super) fn examples(chosen: &postings::Chosen) -> Examples {
    Examples::new(&chosen.examples.iter().map(Posting::example).collect::<Vec<_>>())
}

/// What is judged: the sessions of a corpus, or postings held out.
struct Stock {
    supply: Supply,
    chosen: Chosen,
    sessions_in_corpus: u64,
    ingest: IngestReport,
    corpus_hash: String,
}

impl Stock {
    fn of_corpus(experiment: &Experiment, folder: &Path) -> Result<Self, RunError> {
        let corpus = Corpus::open(&folder.join(&experiment.corpus))?;
        let (chosen, all) = plan::choose(&corpus, experiment.sample.as_ref())?;
        Ok(Self {
            sessions_in_corpus: all as u64,
            chosen,
            ingest: corpus.report()?,
            corpus_hash: corpus.content_hash()?,
            supply: Supply::Corpus(Arc::new(corpus)),
        })
    }

    /// Postings in the place of sessions. The judge is not told their prices.
    fn of_holdout(calibration: &postings::Chosen) -> Self {
        let posting = |posting: &Posting| {
            let Posting { id, title, description, skills, .. } = posting;
            let answer = serde_json::json!({"title": title, "description": description, "skills": skills});
            (id.clone(), Need { answer, reason: None })
        };
        let postings: BTreeMap<String, Need> = calibration.holdout.iter().map(posting).collect();
        let session = |id: &String| ChosenSession { id: id.clone(), person: None };
        Self {
            sessions_in_corpus: postings.len() as u64,
            chosen: Chosen { sessions: postings.keys().map(session).collect(), ..Chosen::default() },
            ingest: IngestReport::default(),
            corpus_hash: identity::hash(&postings).0,
            supply: Supply::Holdout(Arc::new(postings)),
        }
    }
}

/// Checks what must hold before any file is opened.
fn check(order: Order<'_>) -> Result<(), RunError> {
    let experiment = order.experiment;
    // An experiment made by a program was not read from a file, and is held to the same rules.
    experiment.check().map_err(RunError::Selection)?;
    if let Some(gold) = &experiment.gold
        && !order.folder.join(gold).is_file()
    {
        return Err(RunError::Selection(format!("gold: there is no file {}", gold.display())));
    }
    let judges: Vec<&str> = experiment.judges.iter().map(JudgeSpec::name).collect();
    let rubrics: Vec<&str> = experiment.rubrics.iter().map(String::as_str).collect();
    let asked = [("judge", &order.selection.judges, judges), ("rubric", &order.selection.rubrics, rubrics)];
    for (what, names, known) in asked {
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(RunError::Selection(format!(
                "the experiment has no {what} {name}; it has {}",
                known.join(", ")
            )));
        }
    }
    Ok(())
}

/// Why a run cannot be resumed: what is not as it was when it began.
fn changed(before: &RunRecord, now: &RunRecord) -> RunError {
    let mut what = Vec::new();
    if before.corpus_hash != now.corpus_hash {
        what.push(format!("the corpus {}", now.experiment.corpus.display()));
    }
    let changed = before.rubrics.iter().zip(&now.rubrics).filter(|(before, now)| before != now);
    what.extend(changed.map(|(rubric, _)| format!("the rubric or prompt of {}", rubric.name)));
    if what.is_empty() {
        what.push("who answers for its judges (a base URL, a replay file, the rules)".to_owned());
    }
    RunError::Selection(format!(
        "run {} cannot be resumed: {} changed since it began; `assize run EXPERIMENT` makes a new run, and what stayed \
         the same is not asked again",
        before.id,
        what.join(" and ")
    ))
}

/// Whether `name` is selected by `names`.
fn wanted(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|wanted| wanted == name)
}

/// The seats of the judges, and the budget that they share.
type Seated = (Vec<Seat<Provider>>, Option<Arc<Budget>>);

/// `judges` seated: those of one model share its limits, those of one provider its breaker, and all share the budget.
fn seats(order: Order<'_>, judges: &[&JudgeSpec]) -> Result<Seated, RunError> {
    let limits = &order.experiment.limits;
    let access = Access { timeout: Duration::from_secs(limits.timeout_seconds), ..order.access.clone() };
    let is_batch = order.experiment.mode == Mode::Batch;
    let provider = |spec: &&JudgeSpec| {
        let provider = Provider::new(&spec.model, &spec.params, &access)?;
        if is_batch { provider.batched(&access.folder) } else { Ok(provider) }.map(Arc::new)
    };
    let providers = judges.iter().map(provider).collect::<Result<Vec<_>, _>>()?;
    let models = judges.iter().map(|spec| spec.model.as_str());
    let budget = budget::of(order.experiment, models.zip(providers.iter().map(AsRef::as_ref)))?;
    let mut seats: Vec<Seat<Provider>> = Vec::new();
    for (spec, judge) in judges.iter().zip(providers) {
        let fresh = || {
            let told = judge.is_remote().then(|| Limits::new(limits));
            let supplier = seats.iter().map(|seat| &seat.line.supplier).find(|known| known.name == judge.server());
            let supplier = supplier.map_or_else(|| Arc::new(Supplier::new(judge.server())), Arc::clone);
            Arc::new(Line::new(limits.concurrency, told).of(supplier).within(budget.clone()))
        };
        let known = seats.iter().find(|seat| seat.model == spec.model);
        let line = known.map_or_else(fresh, |seat| Arc::clone(&seat.line));
        let estimator = TokenEstimator::new(spec.params.max_output_tokens);
        seats.push(Seat { name: spec.name().to_owned(), model: spec.model.clone(), judge, estimator, line });
    }
    Ok((seats, budget))
}
