//! Whether an experiment could run here: keys, servers, models, forms of asking, files and ledger, without judging anything.

use std::path::Path;

use serde::Serialize;

use crate::corpus::Corpus;
use crate::gold::{self, Columns, Shape};
use crate::ledger::{Ledger, LedgerError};
use crate::postings;
use crate::provider::{Access, Form, Params, Probed, Provider, Site, Told};

use super::clock;
use super::error::RunError;
use super::execute::examples;
use super::experiment::Experiment;
use super::folder;
use super::memory::Memory;
use super::plan::Sheet;

/// Seconds that two clocks may differ without a word.
const SKEW: i64 = 5;

/// What is to be examined.
#[derive(Debug)]
pub struct Checkup<'a> {
    /// The experiment's file.
    pub experiment: Option<&'a Path>,
    /// Further models, `provider/model`.
    pub models: &'a [String],
    /// The working folder.
    pub folder: &'a Path,
    /// Where the ledger is.
    pub results: &'a Path,
    /// Keys and base URLs.
    pub access: &'a Access,
    /// Whether to send one tiny request for each form of asking, which may cost.
    pub probe: bool,
}

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing, and nothing that keeps a run from its work.
    Note,
    /// A run that needs it would not work.
    Failed,
}

/// One thing examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The server, model or file.
    pub subject: String,
    /// What of it.
    pub what: &'static str,
    /// How it is.
    pub status: Status,
    /// What was found, and what to do.
    pub detail: String,
}

/// Examines everything in turn; nothing that is wrong keeps the rest from being looked at.
///
/// # Errors
/// When no runtime can be made, or what was found out cannot be remembered.
pub fn checkup(order: &Checkup<'_>) -> Result<Vec<Check>, RunError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(Findings::default().examine(order))
}

#[derive(Debug, Default)]
struct Findings {
    checks: Vec<Check>,
    /// Models that servers list, by provider.
    listed: Vec<(&'static str, Vec<String>)>,
}

impl Findings {
    fn add(&mut self, subject: impl Into<String>, what: &'static str, status: Status, detail: impl Into<String>) {
        self.checks.push(Check { subject: subject.into(), what, status, detail: detail.into() });
    }

    /// Adds a result: its words, or its error.
    fn result<E: std::fmt::Display>(&mut self, subject: &str, what: &'static str, result: Result<String, E>) {
        match result {
            Ok(detail) => self.add(subject, what, Status::Ok, detail),
            Err(error) => self.add(subject, what, Status::Failed, error.to_string()),
        }
    }

    async fn examine(mut self, order: &Checkup<'_>) -> Result<Vec<Check>, RunError> {
        let system = format!("{} on {} {}", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
        self.add("assize", "version", Status::Ok, system);
        let sites = order.access.sites();
        for site in &sites {
            self.site(site).await;
        }
        if !sites.iter().any(Site::is_set_up) {
            let detail = "none is set: baseline/rules, exec/COMMAND, manual/FOLDER and replay/FILE judge without";
            self.add("keys", "set up", Status::Note, detail);
        }
        let mut models: Vec<(String, Params)> = Vec::new();
        if let Some(path) = order.experiment {
            let subject = path.display().to_string();
            match Experiment::read(path) {
                Err(error) => self.add(subject, "experiment", Status::Failed, error.to_string()),
                Ok(experiment) => {
                    self.add(subject, "experiment", Status::Ok, format!("{} judges", experiment.judges.len()));
                    self.files(&experiment, order.folder);
                    models.extend(experiment.judges.into_iter().map(|judge| (judge.model, judge.params)));
                }
            }
        }
        models.extend(order.models.iter().map(|model| (model.clone(), Params::default())));
        let mut memory = Memory::read(order.results)?;
        let mut is_new = false;
        for (model, params) in &models {
            is_new |= self.model(model, params, order, &mut memory).await;
        }
        if is_new {
            fs_err::create_dir_all(order.results)?;
            memory.write()?;
        }
        self.ledger(&folder::ledger(order.results));
        Ok(self.checks)
    }

    /// A server as the environment names it.
    async fn site(&mut self, site: &Site) {
        let ((key, has_key), (url, has_url)) = (site.key_variable, site.url_variable);
        let set = |is_set: bool| if is_set { "is set" } else { "is not set" };
        let detail = format!("{key} {}, {url} {}", set(has_key), set(has_url));
        let subject = site.url.as_str();
        if !site.is_set_up() {
            let detail = format!("{detail}: {}/... cannot be asked", site.provider);
            return self.add(subject, "keys", Status::Note, detail);
        }
        self.add(subject, "keys", Status::Ok, detail);
        let now = clock::timestamp();
        match site.ask(now).await {
            Err(error) => self.add(subject, "answers", Status::Failed, error),
            Ok(Told { models, limits, clock_ahead }) => {
                let detail = match &models {
                    Some(models) => format!("reachable, lists {} models", models.len()),
                    None => "reachable, lists no models; whether the key is good is not known".to_owned(),
                };
                self.add(subject, "answers", Status::Ok, detail);
                self.listed.extend(models.map(|models| (site.provider, models)));
                let told = [
                    ("requests", limits.requests.limit),
                    ("input tokens", limits.input_tokens.limit),
                    ("output tokens", limits.output_tokens.limit),
                ];
                let told = told.iter().filter_map(|(what, limit)| Some(format!("{} {what}", (*limit)?)));
                let told: Vec<String> = told.collect();
                if !told.is_empty() {
                    self.add(subject, "limits", Status::Ok, format!("{} a minute, as it tells", told.join(", ")));
                }
                if let Some(ahead) = clock_ahead.filter(|ahead| ahead.abs() > SKEW) {
                    let detail = format!("its clock is {ahead} s ahead of this machine's; waits do not depend on it");
                    self.add(subject, "clock", Status::Note, detail);
                }
            }
        }
    }

    /// Corpus, rubrics and gold of an experiment.
    fn files(&mut self, experiment: &Experiment, folder: &Path) {
        let corpus = Corpus::open(&folder.join(&experiment.corpus)).and_then(|corpus| corpus.units());
        let counted = corpus.map(|units| {
            let counted = units.iter().filter(|unit| unit.scope.counted()).count();
            format!("{} sessions, {counted} in scope", units.len())
        });
        self.result(&experiment.corpus.display().to_string(), "corpus", counted);
        let ratings = experiment.gold.as_ref().map(|path| {
            let ratings = gold::read(&folder.join(path), &Columns::default(), &Shape::Long);
            let detail = ratings.as_ref().map(|ratings| format!("{} labels", ratings.rows.len()));
            self.result(&path.display().to_string(), "gold", detail.map_err(ToString::to_string));
            (path, ratings)
        });
        let shown = experiment.calibration.as_ref().and_then(|spec| {
            let chosen = postings::choose(spec, folder);
            let detail = chosen.as_ref().map(|chosen| chosen.summary.clone()).map_err(ToString::to_string);
            self.result(&spec.file.display().to_string(), "calibration", detail);
            chosen.ok().as_ref().map(examples)
        });
        for name in &experiment.rubrics {
            let sheet = Sheet::load(name, folder, shown.as_ref()).map(|sheet| {
                let record = sheet.record();
                (sheet, record)
            });
            let version = sheet.as_ref().map(|(_, record)| format!("version {}", record.version));
            self.result(name, "rubric", version.map_err(ToString::to_string));
            if let (Ok((sheet, _)), Some((path, Ok(ratings)))) = (&sheet, &ratings) {
                let rubric = &sheet.question.rubric;
                let known = rubric.labels().into_iter().chain(rubric.abstain_id()).map(str::to_owned);
                let known: Vec<String> = known.collect();
                let labels = ratings.of_rubric(name);
                let detail = labels.check_labels(&known).map(|()| format!("{} labels of {name}", labels.rows.len()));
                self.result(&path.display().to_string(), "gold labels", detail);
            }
        }
    }

    /// A model: whether it can be asked, its price, and, when asked to, its forms. Whether the memory changed.
    async fn model(&mut self, model: &str, params: &Params, order: &Checkup<'_>, memory: &mut Memory) -> bool {
        let provider = match Provider::new(model, &Provider::probe_params(params), order.access) {
            Ok(provider) => provider,
            Err(error) => {
                self.add(model, "judge", Status::Failed, error.to_string());
                return false;
            }
        };
        let forms = provider.forms();
        match provider.price() {
            Some(price) => {
                self.add(model, "price", Status::Ok, format!("known as of {} ({})", price.date, price.source));
            }
            None if forms.len() > 1 => {
                let detail = "not known: its cost is shown as unknown; models.yaml in this folder can say it";
                self.add(model, "price", Status::Note, detail);
            }
            None => self.add(model, "judge", Status::Ok, "can be asked"),
        }
        let server = order.access.source(model);
        if let Some(known) = memory.of(&server, model) {
            let (form, at) = (known.form.as_str(), &known.learned_at);
            self.add(model, "remembered", Status::Note, format!("asked as {form}: better forms were refused at {at}"));
        }
        if !order.probe || !provider.is_remote() {
            self.is_listed(model);
            return false;
        }
        let mut best = None;
        for form in forms {
            let probed = provider.probe(*form).await;
            if probed.works() {
                best.get_or_insert(*form);
            }
            self.form(model, *form, probed);
        }
        match best {
            None => {
                self.add(model, "forms", Status::Failed, "no form of asking works");
                false
            }
            Some(best) if Some(&best) == forms.first() => memory.forget(&server, model),
            Some(best) => memory.learn(&server, model, best, &clock::now()),
        }
    }

    fn form(&mut self, model: &str, form: Form, probed: Probed) {
        let (status, detail) = match probed {
            Probed::Enforced => (Status::Ok, "enforced".to_owned()),
            Probed::Followed => (Status::Ok, "followed".to_owned()),
            Probed::Ignored { answer } => (Status::Note, format!("taken and ignored: it answered {answer:?}")),
            Probed::Refused { message } => (Status::Note, format!("refused: {message}")),
            Probed::Failed { message } => (Status::Note, format!("not known: {message}")),
        };
        self.add(model, form.as_str(), status, detail);
    }

    /// Whether the server's list of models has `model`; an alias of a dated name counts.
    fn is_listed(&mut self, model: &str) {
        let Some((provider, name)) = model.split_once('/') else { return };
        let Some((_, models)) = self.listed.iter().find(|(listed, _)| *listed == provider) else { return };
        let has = |listed: &String| listed == name || listed.contains('*') || listed.starts_with(&format!("{name}-"));
        if models.iter().any(has) {
            return self.add(model, "listed", Status::Ok, "the server lists it");
        }
        let near = models.iter().min_by_key(|listed| strsim::damerau_levenshtein(listed, name));
        let near = near.map_or_else(String::new, |near| format!("; the nearest is {provider}/{near}"));
        self.add(model, "listed", Status::Failed, format!("the server does not list it{near}"));
    }

    /// The ledger's health.
    fn ledger(&mut self, path: &Path) {
        let subject = path.display().to_string();
        let health = Ledger::open(path).and_then(|ledger| {
            ledger.check()?;
            Ok((ledger.runs()?.len(), ledger.open_intents()?))
        });
        match health {
            Err(LedgerError::NotFound(_)) => {
                self.add(subject, "ledger", Status::Note, "none yet; the first run makes it");
            }
            Err(error) => self.add(subject, "ledger", Status::Failed, error.to_string()),
            Ok((runs, 0)) => self.add(subject, "ledger", Status::Ok, format!("healthy, {runs} runs")),
            Ok((runs, open)) => {
                let detail = format!("healthy, {runs} runs; {open} calls are under way, or were when a run was killed");
                self.add(subject, "ledger", Status::Note, detail);
            }
        }
    }
}
