//! The units of a run, in a fixed order: by session, rubric, judge and replicate; of units whose prompts begin alike the
//! first, and the others some sessions later.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::Arc;

use crate::corpus::{Corpus, SessionRow};
use crate::ledger::Place;
use crate::limit::TokenEstimator;
use crate::prompt::PromptError;
use crate::prompt::{Prompt, Template};
use crate::provider::{Ask, Form, Params, Provider, Request, Shared};
use crate::rubric::{self, AnswerSchema, Rubric};
use crate::sample::{self, SampleSpec};
use crate::session::{Scope, Session};
use crate::verdict::Reader;
use crate::view::{self, ViewSpec};

use super::error::RunError;
use super::identity::{self, JudgeIdentity};
use super::lead::Prefix;
use super::record::RubricRecord;

/// A rubric ready to be asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) rubric: Rubric,
    pub(super) schema: AnswerSchema,
    pub(super) reader: Reader,
    /// The one schema of all rubrics that share their beginning, where there are others.
    family: Option<AnswerSchema>,
}

impl Question {
    /// A question as `rubric` has it.
    pub(super) fn new(rubric: Rubric) -> Result<Self, RunError> {
        let invalid = |error| RunError::Schema { rubric: rubric.name.clone(), error };
        let reader = Reader::new(&rubric).map_err(invalid)?;
        Ok(Self { schema: AnswerSchema::of(&rubric), reader, family: None, rubric })
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
    /// The prompt for an empty session.
    blank: Prompt,
    /// Number of the sheets whose requests begin as this one's.
    family: usize,
}

impl Sheet {
    /// Loads the rubric `name` and its template, the files of `folder` first.
    pub(super) fn load(name: &str, folder: &Path) -> Result<Self, RunError> {
        let rubric = rubric::load(name, folder)?;
        if !rubric.needs.is_empty() {
            let needs = rubric.needs.join(", ");
            return Err(RunError::Selection(format!(
                "rubric {name} needs the verdicts of {needs}: this version of assize cannot pass them on"
            )));
        }
        let template = Template::load(&rubric.prompt, folder)?;
        // Shows a broken template at once.
        let blank = template.render(&rubric, "", "")?;
        Ok(Self { question: Arc::new(Question::new(rubric)?), template, blank, family: 0 })
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
        judge.provider.is_remote() && (self.question.family.is_some() || judge.repeats > 1)
    }

    /// The prompt for a view between markers with `nonce`.
    pub(super) fn prompt(&self, view: &str, nonce: &str) -> Result<Prompt, PromptError> {
        self.template.render(&self.question.rubric, view, nonce)
    }

    /// How the run's record names it.
    pub(super) fn record(&self) -> RubricRecord {
        let Question { rubric, schema, .. } = &*self.question;
        RubricRecord {
            name: rubric.name.clone(),
            version: rubric.version,
            hash: rubric.hash(),
            schema_hash: identity::hash(&schema.full).0,
            prompt_hash: identity::prompt_hash(&self.blank).0,
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
#[derive(Debug)]
pub(super) struct PlannedJudge {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) params: Params,
    pub(super) repeats: u32,
    pub(super) provider: Arc<Provider>,
    /// URL of its server, once known.
    pub(super) server: OnceCell<String>,
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
    id: String,
    person: Option<String>,
}

/// Chooses the sessions in scope, or a sample of them.
pub(super) fn choose(mut rows: Vec<SessionRow>, spec: Option<&SampleSpec>) -> Result<Chosen, RunError> {
    let mut chosen = Chosen::default();
    for row in rows.iter().filter(|row| !row.scope.counted()) {
        *chosen.out_of_scope.entry(row.scope).or_default() += 1;
    }
    rows.retain(|row| row.scope.counted());
    if let Some(spec) = spec {
        let drawn: BTreeMap<String, f64> =
            sample::draw(&rows, spec)?.into_iter().map(|drawn| (drawn.id, drawn.weight)).collect();
        rows.retain(|row| drawn.contains_key(&row.id));
        chosen.weights = drawn.into_iter().filter(|(_, weight)| (weight - 1.0).abs() > f64::EPSILON).collect();
    }
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let session = |row: SessionRow| ChosenSession { id: row.id, person: row.person };
    chosen.sessions = rows.into_iter().map(session).collect();
    Ok(chosen)
}

/// The units, made session by session.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) run: String,
    pub(super) corpus: Corpus,
    pub(super) sessions: std::vec::IntoIter<ChosenSession>,
    pub(super) view: ViewSpec,
    pub(super) sheets: Vec<Sheet>,
    /// The judges, in the order of their seats.
    pub(super) judges: Vec<PlannedJudge>,
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
        let session = Arc::new(self.corpus.session(&chosen.id)?);
        let view = view::render(&session, &self.view);
        let mut prefixes: HashMap<(usize, usize), Arc<Prefix>> = HashMap::new();
        let mut followers = Vec::new();
        for sheet in &self.sheets {
            let question = &sheet.question;
            let prompt = Arc::new(sheet.prompt(&view.text, &view.nonce)?);
            for (seat, judge) in self.judges.iter().enumerate() {
                let shared = sheet.is_shared(judge);
                let caches = shared && judge.caches(&prompt);
                for replicate in 1..=judge.repeats {
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
                    let identity = JudgeIdentity { model: &judge.model, params: &judge.params, answers: &answers };
                    let place = Place {
                        run: self.run.clone(),
                        session: chosen.id.clone(),
                        rubric: question.rubric.name.clone(),
                        judge: judge.name.clone(),
                        replicate,
                        unit: identity::unit(identity, &prompt, &question.schema, replicate),
                        person: chosen.person.clone(),
                    };
                    let (question, session, prompt) = (Arc::clone(question), Arc::clone(&session), Arc::clone(&prompt));
                    let begun = prefixes.contains_key(&(seat, sheet.family));
                    let prefix = caches.then(|| Arc::clone(prefixes.entry((seat, sheet.family)).or_default()));
                    let waits = begun && caches;
                    let unit = Unit { place, seat, question, session, prompt, request, shared, prefix };
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
