//! The units of a run, in a fixed order: by session, rubric, judge and replicate; of units whose prompts begin alike the
//! first, and the others some sessions later.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use crate::corpus::{Corpus, SessionUnit};
use crate::ledger::Place;
use crate::limit::TokenEstimator;
use crate::prompt::{Examples, Extras, Need, Prompt, PromptError, RubricValues, Template};
use crate::provider::{Ask, Form, Params, Provider, Request, Shared};
use crate::rubric::{self, AnswerSchema, OptionOrder, Rubric};
use crate::sample::{self, SampleSpec};
use crate::session::{Format, Scope, Session};
use crate::verdict::{Fingerprint, Reader};
use crate::view::View;

use super::error::RunError;
use super::feed::Divide;
use super::identity::{self, JudgeIdentity};
use super::lead::Prefix;
use super::record::RubricRecord;
use super::showing::{Seen, Showing};
use super::stage::{self, Earlier, Received, Source, Unmet};
use super::stages::Waiting;

/// A rubric ready to be asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) rubric: Rubric,
    pub(super) schema: AnswerSchema,
    /// BLAKE3 of the full schema.
    schema_hash: Fingerprint,
    pub(super) reader: Reader,
    /// The one schema of all rubrics that share their beginning, where there are others.
    family: Option<AnswerSchema>,
}

impl Question {
    /// A question as `rubric` has it.
    pub(super) fn new(rubric: Rubric) -> Result<Self, RunError> {
        let invalid = |error| RunError::Schema { rubric: rubric.name.clone(), error };
        let reader = Reader::new(&rubric).map_err(invalid)?;
        let schema = AnswerSchema::of(&rubric);
        Ok(Self { schema_hash: identity::hash(&schema.full), schema, reader, family: None, rubric })
    }
}

impl Question {
    /// What a request has in common with others, where it has anything.
    fn shared(&self, shared: bool) -> Shared<'_> {
        match &self.family {
            _ if !shared => Shared::Nothing,
            Some(family) => Shared::Rubrics(family),
            None => Shared::Replicates,
        }
    }
}

/// A question with the template of its prompt.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) question: Arc<Question>,
    template: Template,
    values: RubricValues,
    /// The same with the labels the other way round.
    reversed: RubricValues,
    /// The prompt for an empty session, with its hash.
    blank: Arc<Prompt>,
    blank_hash: Fingerprint,
    /// Number of the sheets whose requests begin as this one's.
    family: usize,
    /// What the prompt receives of the experiment, whatever the session.
    calibration: Option<Examples>,
}

impl Sheet {
    /// Loads the rubric `name` and its template, the files of `folder` first. `calibration` are the experiment's examples.
    pub(super) fn load(name: &str, folder: &Path, calibration: Option<&Examples>) -> Result<Self, RunError> {
        let rubric = rubric::load(name, folder)?;
        let template = Template::load(&rubric.prompt, folder)?;
        if template.reads("calibration") && calibration.is_none() {
            return Err(RunError::Selection(format!(
                "rubric {name} shows priced postings to the judge, and the experiment names none: add \
                 `calibration: {{file: POSTINGS.csv, per_tier: 50, seed: 1}}` (docs/task-value.md)"
            )));
        }
        // A broken template shows at once.
        let extras = Extras { needs: stage::stand_ins(&rubric, folder)?, calibration: calibration.cloned() };
        let values = RubricValues::of(&rubric, OptionOrder::Written);
        let reversed = RubricValues::of(&rubric, OptionOrder::Reversed);
        let blank = Arc::new(template.fill(&values, "", "", &extras)?);
        let blank_hash = identity::prompt_hash(&blank);
        let question = Arc::new(Question::new(rubric)?);
        Ok(Self { question, template, values, reversed, blank, blank_hash, family: 0, calibration: extras.calibration })
    }

    /// Whether its prompt shows the experiment's examples.
    pub(super) fn is_calibrated(&self) -> bool {
        self.template.reads("calibration")
    }

    /// Finds out which of all sheets of an experiment can share a provider's cache: those with the same text before the
    /// question, and answers that fit one schema. It does not depend on the part of a run that is done now, so that every
    /// part asks in the same way.
    pub(super) fn relate(sheets: &mut [Self]) {
        let mut families: Vec<Vec<usize>> = Vec::new();
        for (number, sheet) in sheets.iter().enumerate() {
            let alike = |family: &&mut Vec<usize>| {
                let first = &sheets[family[0]];
                let beginning = |sheet: &Self| (sheet.blank.system.clone(), sheet.blank.session.clone());
                let members = family.iter().chain([&number]).map(|member| sheets[*member].named_schema());
                beginning(first) == beginning(sheet) && AnswerSchema::of_family(&members.collect::<Vec<_>>()).is_some()
            };
            match families.iter_mut().find(alike) {
                Some(family) => family.push(number),
                None => families.push(vec![number]),
            }
        }
        for (family, members) in families.into_iter().enumerate() {
            let schemas: Vec<_> = members.iter().map(|member| sheets[*member].named_schema()).collect();
            let schema = AnswerSchema::of_family(&schemas).filter(|_| members.len() > 1);
            let names: Vec<String> = schemas.iter().map(|(name, _)| (*name).to_owned()).collect();
            for member in members {
                let sheet = &mut sheets[member];
                sheet.family = family;
                // Nobody else holds a question before the plan is made.
                if let Some(question) = Arc::get_mut(&mut sheet.question).filter(|_| schema.is_some()) {
                    let own = &question.rubric.name;
                    question.reader.relate(names.iter().filter(|name| *name != own).cloned());
                    question.family.clone_from(&schema);
                }
            }
        }
    }

    fn named_schema(&self) -> (&str, &AnswerSchema) {
        (&self.question.rubric.name, &self.question.schema)
    }

    /// Whether requests of `judge` begin as others of the run.
    pub(super) fn is_shared(&self, judge: &PlannedJudge) -> bool {
        let alone = judge.showing.canary.is_some() && judge.repeats == 1;
        judge.provider.is_remote() && !alone && (self.question.family.is_some() || judge.repeats > 1)
    }

    /// The prompt for a session as it is shown, with labels in `order` and the verdicts that the rubric needs.
    fn prompt(&self, view: &View, order: OptionOrder, extras: Extras) -> Result<Prompt, PromptError> {
        let extras = Extras { calibration: self.calibration.clone(), ..extras };
        let values = if order.is_written() { &self.values } else { &self.reversed };
        self.template.fill(values, &view.text, &view.nonce, &extras)
    }

    /// The prompt of what is not asked, or not asked in words, with its hash.
    fn unasked(&self) -> (Fingerprint, Arc<Prompt>) {
        (self.blank_hash.clone(), Arc::clone(&self.blank))
    }

    /// How the run's record names it.
    pub(super) fn record(&self) -> RubricRecord {
        let Question { rubric, schema_hash, .. } = &*self.question;
        RubricRecord {
            name: rubric.name.clone(),
            version: rubric.version,
            hash: rubric.hash(),
            schema_hash: schema_hash.0.clone(),
            prompt_hash: self.blank_hash.0.clone(),
        }
    }
}

/// One thing to be judged.
#[derive(Debug)]
pub(super) struct Unit {
    /// Where its verdict goes.
    pub(super) place: Place,
    /// Number of the judge.
    pub(super) seat: usize,
    pub(super) question: Arc<Question>,
    pub(super) session: Arc<Session>,
    pub(super) prompt: Arc<Prompt>,
    /// The request of a judge inside this program, which the unit's identity is made from: what it measures is
    /// measured once.
    pub(super) request: Option<Request>,
    /// Whether its request begins as others do.
    pub(super) shared: bool,
    /// The beginning of its prompt, where others wait for it to be cached.
    pub(super) prefix: Option<Arc<Prefix>>,
    /// Why it is not asked: its prompt would be that of an empty session.
    pub(super) unmet: Option<Unmet>,
}

impl Unit {
    /// What is asked at first.
    pub(super) fn ask(&self) -> Ask<'_> {
        Ask {
            session: &self.session,
            rubric: &self.question.rubric,
            prompt: &self.prompt,
            schema: &self.question.schema,
            replicate: self.place.replicate,
            again: None,
            shared: self.question.shared(self.shared),
        }
    }
}

/// A judge as the plan sees it.
#[derive(Debug, Clone)]
pub(super) struct PlannedJudge {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) params: Params,
    /// BLAKE3 of the parameters.
    pub(super) params_hash: Fingerprint,
    pub(super) repeats: u32,
    pub(super) provider: Arc<Provider>,
    /// URL of its server, once known.
    pub(super) server: OnceCell<String>,
    /// How it is shown sessions and labels.
    pub(super) showing: Showing,
    /// Where it finds what each rubric needs that it answers.
    pub(super) sources: BTreeMap<String, Vec<Source>>,
}

impl PlannedJudge {
    /// See [`JudgeIdentity::answers`] and [`Unit::request`].
    fn answers(&self, ask: &Ask<'_>) -> (Vec<u8>, Option<Request>) {
        let request = || self.provider.request(ask, self.provider.forms().first().copied().unwrap_or(Form::Plain));
        if self.provider.is_remote() {
            return (self.server.get_or_init(|| request().server).clone().into_bytes(), None);
        }
        let request = request();
        (request.identity_bytes(), Some(request))
    }

    /// Whether the provider may keep the beginning of `prompt` in a cache.
    pub(super) fn caches(&self, prompt: &Prompt) -> bool {
        let tokens = TokenEstimator::new(0).expect(prompt.system.len() + prompt.session.len()).input_tokens;
        self.provider.is_remote() && self.provider.cache_minimum().is_none_or(|minimum| tokens >= minimum)
    }
}

/// Sessions chosen from a corpus.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Those to be judged, sorted by id.
    pub(super) sessions: Vec<ChosenSession>,
    /// Inclusion weights that are not 1.
    pub(super) weights: BTreeMap<String, f64>,
    /// Sessions that fall out by scope.
    pub(super) out_of_scope: BTreeMap<Scope, u64>,
}

/// What the plan keeps of a session until its turn comes.
#[derive(Debug, Clone)]
pub(super) struct ChosenSession {
    pub(super) id: String,
    pub(super) person: Option<String>,
}

/// Chooses the sessions of `corpus` in scope, or a sample of them; and how many there are in all.
pub(super) fn choose(corpus: &Corpus, spec: Option<&SampleSpec>) -> Result<(Chosen, usize), RunError> {
    let mut chosen = Chosen::default();
    let mut units = corpus.units()?;
    let all = units.len();
    for unit in units.iter().filter(|unit| !unit.scope.counted()) {
        *chosen.out_of_scope.entry(unit.scope).or_default() += 1;
    }
    units.retain(|unit| unit.scope.counted());
    if let Some(spec) = spec {
        let drawn: BTreeMap<String, f64> =
            sample::draw(&units, spec)?.into_iter().map(|drawn| (drawn.id, drawn.weight)).collect();
        units.retain(|unit| drawn.contains_key(&unit.id));
        chosen.weights = drawn.into_iter().filter(|(_, weight)| (weight - 1.0).abs() > f64::EPSILON).collect();
    }
    let session = |unit: SessionUnit| ChosenSession { id: unit.id, person: unit.person };
    chosen.sessions = units.into_iter().map(session).collect();
    Ok((chosen, all))
}

/// Where sessions come from.
#[derive(Debug, Clone)]
pub(super) enum Supply {
    /// A corpus.
    Corpus(Arc<Corpus>),
    /// Postings held out, by id, each in the place of a needed verdict; their sessions are empty.
    Holdout(Arc<BTreeMap<String, Need>>),
}

impl Supply {
    fn session(&self, id: &str) -> Result<Session, RunError> {
        match self {
            Self::Corpus(corpus) => Ok(corpus.session(id)?),
            Self::Holdout(_) => Ok(Session::new(id.to_owned(), String::new(), Format::AssizeJsonl)),
        }
    }
}

/// The units, made session by session.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) run: String,
    pub(super) supply: Supply,
    pub(super) sessions: std::vec::IntoIter<ChosenSession>,
    pub(super) sheets: Arc<[Sheet]>,
    /// The judges, in the order of their seats.
    pub(super) judges: Vec<PlannedJudge>,
    /// Where the ledger is.
    pub(super) ledger: PathBuf,
    /// See [`Stages::stand_ins`](super::stages::Stages).
    pub(super) stand_ins: Option<BTreeMap<String, Need>>,
    /// The verdicts of earlier stages, once they are read.
    pub(super) earlier: Option<Earlier>,
    /// Units that could not be made yet.
    pub(super) waiting: Waiting,
    pub(super) ready: VecDeque<Unit>,
    /// Units, by session, that wait until the first of their kind is under way.
    pub(super) followers: VecDeque<Vec<Unit>>,
    /// Sessions whose first units go ahead of the followers of an earlier one, so that hardly a worker has to wait.
    pub(super) ahead: usize,
}

impl Plan {
    /// Begins anew, with those of `sessions` whose id is `wanted`.
    pub(super) fn restart(&mut self, sessions: &[ChosenSession], wanted: impl Fn(&str) -> bool) {
        let again: Vec<_> = sessions.iter().filter(|session| wanted(&session.id)).cloned().collect();
        self.sessions = again.into_iter();
    }

    /// Makes the units of one session.
    fn prepare(&mut self, chosen: &ChosenSession) -> Result<(), RunError> {
        let session = Arc::new(self.supply.session(&chosen.id)?);
        let mut views: Vec<(Seen<'_>, View)> = Vec::new();
        if self.earlier.is_none() && self.sheets.iter().any(|sheet| !sheet.question.rubric.needs.is_empty()) {
            self.earlier = Some(match (&self.supply, &self.stand_ins) {
                (Supply::Holdout(postings), _) => Earlier::given(postings),
                (Supply::Corpus(_), None) => Earlier::open(&self.run, &self.ledger)?,
                (Supply::Corpus(_), Some(some)) => Earlier::open(&self.run, &self.ledger)?.with_stand_ins(some.clone()),
            });
        }
        let mut prefixes: HashMap<(usize, usize), Arc<Prefix>> = HashMap::new();
        let mut followers = Vec::new();
        for sheet in &*self.sheets {
            let question = &sheet.question;
            let mut common: Vec<(Seen<'_>, OptionOrder, (Fingerprint, Arc<Prompt>))> = Vec::new();
            for (seat, judge) in self.judges.iter().enumerate() {
                let Some(sources) = judge.sources.get(&question.rubric.name) else { continue };
                let shared = sheet.is_shared(judge);
                let (seen, order) = (judge.showing.seen(&question.rubric.name), judge.showing.order);
                // Writing what nobody reads would take longer than all that the rules do.
                let at = judge.provider.reads_prompt(&question.rubric.name).then(|| {
                    views.iter().position(|(known, _)| *known == seen).unwrap_or_else(|| {
                        views.push((seen.clone(), seen.render(&session)));
                        views.len() - 1
                    })
                });
                let view = at.map(|at| &views[at].1);
                for replicate in 1..=judge.repeats {
                    let received = match &self.earlier {
                        Some(earlier) => earlier.receive(&chosen.id, sources, replicate)?,
                        None => Received::All(Extras::default()),
                    };
                    let made = |view, extras| -> Result<_, PromptError> {
                        let prompt = Arc::new(sheet.prompt(view, order, extras)?);
                        Ok((identity::prompt_hash(&prompt), prompt))
                    };
                    let ((prompt_hash, prompt), unmet) = match (received, view) {
                        (Received::Waiting, _) => {
                            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                            *waiting.entry(question.rubric.name.clone()).or_default() += 1;
                            continue;
                        }
                        (Received::Unmet(unmet), _) => (sheet.unasked(), Some(unmet)),
                        (Received::All(_), None) => (sheet.unasked(), None),
                        (Received::All(extras), Some(view)) if sources.is_empty() => {
                            let known = common.iter().find(|(known, of, _)| *known == seen && *of == order);
                            if let Some((_, _, prompt)) = known {
                                (prompt.clone(), None)
                            } else {
                                let prompt = made(view, extras)?;
                                common.push((seen.clone(), order, prompt.clone()));
                                (prompt, None)
                            }
                        }
                        (Received::All(extras), Some(view)) => (made(view, extras)?, None),
                    };
                    let caches = shared && unmet.is_none() && judge.caches(&prompt);
                    let ask = Ask {
                        session: &session,
                        rubric: &question.rubric,
                        prompt: &prompt,
                        schema: &question.schema,
                        replicate,
                        again: None,
                        shared: question.shared(shared),
                    };
                    let (answers, request) = judge.answers(&ask);
                    let identity = JudgeIdentity { model: &judge.model, params: &judge.params_hash, answers: &answers };
                    let place = Place {
                        run: self.run.clone(),
                        session: chosen.id.clone(),
                        rubric: question.rubric.name.clone(),
                        judge: judge.name.clone(),
                        replicate,
                        unit: match &unmet {
                            None => identity::unit(identity, &prompt_hash, &question.schema_hash, replicate),
                            Some(unmet) => identity::unmet(identity, &question.schema_hash, replicate, &unmet.unit),
                        },
                        person: chosen.person.clone(),
                    };
                    let (question, session, prompt) = (Arc::clone(question), Arc::clone(&session), Arc::clone(&prompt));
                    let begun = prefixes.contains_key(&(seat, sheet.family));
                    let prefix = caches.then(|| Arc::clone(prefixes.entry((seat, sheet.family)).or_default()));
                    let waits = begun && caches;
                    let unit = Unit { place, seat, question, session, prompt, request, shared, prefix, unmet };
                    if waits { followers.push(unit) } else { self.ready.push_back(unit) }
                }
            }
        }
        if !followers.is_empty() {
            self.followers.push_back(followers);
        }
        Ok(())
    }
}

impl Divide for Plan {
    fn divide(&mut self, seats: &[usize], first: Unit) -> Self {
        let is_theirs = |unit: &Unit| seats.contains(&unit.seat);
        let (theirs, ours): (Vec<Unit>, Vec<Unit>) = self.ready.drain(..).partition(is_theirs);
        self.ready = ours.into();
        let part = |units: Vec<Unit>| -> (Vec<Unit>, Vec<Unit>) { units.into_iter().partition(is_theirs) };
        let (followers, rest) = self.followers.drain(..).map(part).unzip();
        self.followers = rest;
        let mut judges = self.judges.clone();
        for (seat, (theirs, ours)) in judges.iter_mut().zip(&mut self.judges).enumerate() {
            let other = if seats.contains(&seat) { ours } else { theirs };
            other.sources.clear();
        }
        Self {
            run: self.run.clone(),
            supply: self.supply.clone(),
            sessions: self.sessions.clone(),
            sheets: Arc::clone(&self.sheets),
            judges,
            ledger: self.ledger.clone(),
            stand_ins: self.stand_ins.clone(),
            earlier: None,
            waiting: Arc::clone(&self.waiting),
            ready: std::iter::once(first).chain(theirs).collect(),
            followers,
            ahead: self.ahead,
        }
    }
}

impl Iterator for Plan {
    type Item = Result<Unit, RunError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() {
            let session = self.sessions.next();
            if let Some(Err(error)) = session.as_ref().map(|session| self.prepare(session)) {
                return Some(Err(error));
            }
            match self.followers.pop_front() {
                Some(followers) if session.is_none() || self.followers.len() >= self.ahead => {
                    self.ready.extend(followers);
                }
                Some(followers) => self.followers.push_front(followers),
                None if session.is_none() => return None,
                None => (),
            }
        }
        self.ready.pop_front().map(Ok)
    }
}
