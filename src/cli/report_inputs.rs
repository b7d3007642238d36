//! What reports are made from: a run that is there, or one made now from a folder of sessions.

use std::path::{Path, PathBuf};

use crate::agreement::{Declared, Options, ratings_of_verdicts, report, report_of_verdicts};
use crate::corpus::{self, BuildOptions, Corpus, Salt};
use crate::gold::{Columns, Known, Ratings, Shape, read};
use crate::limit::LimitSpec;
use crate::provider::Params;
use crate::report::Inputs;
use crate::rubric::{self, BUILT_IN};
use crate::run::{self, Experiment, Interrupts, JudgeSpec, Mode, Order, RunState, Selection};
use crate::view::ViewSpec;

use super::error::{CliError, Exit};
use super::job::all_failed;
use super::printer::Printer;
use super::progress::Progress;
use super::report::RESULTS;
use super::settings::Settings;

/// A folder of sessions to read and judge.
#[derive(Debug)]
pub(super) struct FolderRun<'a> {
    /// The session files' folder.
    pub(super) sessions: &'a Path,
    /// Name of the experiment.
    pub(super) name: &'a str,
    /// Folder of the corpus, relative to the working folder.
    pub(super) corpus: &'a Path,
    /// The judge's model.
    pub(super) judge: &'a str,
    /// What the data is, where it must be said.
    pub(super) data_label: Option<&'a str>,
    /// Key for the pseudonyms of persons.
    pub(super) salt: Salt,
}

/// Reads the folder of sessions into a corpus and runs the built-in rubrics over it; returns the run's id.
pub(super) fn judge_folder(job: &FolderRun<'_>, settings: &Settings, printer: Printer) -> Result<String, CliError> {
    // The report is about this folder, whatever was in the corpus before.
    let options = BuildOptions { fresh: true, ..BuildOptions::quiet(job.salt.clone()) };
    corpus::build(&[job.sessions.to_owned()], &settings.folder.join(job.corpus), &options)?;
    let experiment = Experiment {
        mode: Mode::Direct,
        budget: None,
        name: job.name.to_owned(),
        corpus: job.corpus.to_owned(),
        sample: None,
        view: ViewSpec::default(),
        rubrics: BUILT_IN.map(str::to_owned).to_vec(),
        judges: vec![JudgeSpec { model: job.judge.to_owned(), name: None, params: Params::default(), repeats: 1 }],
        limits: LimitSpec::default(),
        gold: None,
        data_label: job.data_label.map(str::to_owned),
    };
    let order = Order {
        experiment: &experiment,
        folder: &settings.folder,
        results: &settings.folder.join(RESULTS),
        access: &settings.access(),
        selection: &Selection::default(),
        resumes: None,
        interrupts: Interrupts::Listen,
        forget_batches: false,
    };
    let mut progress = Progress::new(printer, false);
    let result = run::execute(order, &mut |event| progress.on(event));
    let shown = progress.finish();
    let record = result?;
    let tally = shown?;
    if record.state != RunState::Done {
        let stopped = CliError::new(format!("run {} was stopped", record.id)).hint("the same command goes on with it");
        return Err(stopped.exit(Exit::Interrupted));
    }
    if let Some(judge) = record.failed_judge() {
        return Err(all_failed(&record, judge, &tally));
    }
    Ok(record.id)
}

/// Reads a label file in long form.
pub(super) fn labels(path: &Path, settings: &Settings) -> Result<Ratings, CliError> {
    Ok(read(&settings.folder.join(path), &Columns::default(), &Shape::Long)?)
}

/// Loads the run `run`, its corpus, rubrics and verdicts, and the agreement with the labels in `gold`, or in the
/// experiment's own gold file.
pub(super) fn load_run(run: &str, gold: Option<&Path>, settings: &Settings) -> Result<Inputs, CliError> {
    let (run, verdicts) = run::load(&settings.folder.join(RESULTS), run)?;
    let rows = Corpus::open(&settings.folder.join(&run.experiment.corpus))?.rows()?;
    let names = run.rubrics.iter().map(|rubric| &rubric.name);
    let rubrics = names.map(|name| rubric::load(name, &settings.folder)).collect::<Result<Vec<_>, _>>()?;
    let gold: Option<PathBuf> = gold.map(Path::to_owned).or_else(|| run.experiment.gold.clone());
    let gold = gold.map(|path| labels(&path, settings)).transpose()?;
    let known: Vec<Known> = rows.iter().map(|row| Known { id: row.id.clone(), file: Some(row.file.clone()) }).collect();
    let mut joined = gold.as_ref().map(|gold| gold.join(&known)).transpose()?;
    let persons: std::collections::HashMap<&str, Option<&String>> =
        rows.iter().map(|row| (row.id.as_str(), row.person.as_ref())).collect();
    let person = |session: &str| persons.get(session).copied().flatten().cloned();
    // Judges and raters must agree on what a cluster is: the person, where the corpus tells persons apart.
    if rows.iter().any(|row| row.person.is_some()) {
        for ratings in joined.iter_mut().map(|joined| &mut joined.ratings) {
            ratings.rows.iter_mut().for_each(|row| row.cluster = person(&row.item));
            ratings.missing.iter_mut().for_each(|row| row.cluster = person(&row.item));
        }
    }
    let mut agreement = Vec::new();
    for rubric in &rubrics {
        let of_gold = joined.as_ref().map(|joined| joined.ratings.of_rubric(&rubric.name));
        if let Some(of_gold) = of_gold.filter(|of_gold| !of_gold.rows.is_empty()) {
            agreement.push(report_of_verdicts(&verdicts, &of_gold, rubric, person, &Options::default())?);
        } else if run.experiment.judges.len() > 1 {
            let judges = ratings_of_verdicts(&verdicts, &rubric.name, person);
            let declared = Declared::of_rubric(rubric);
            agreement.push(report(&judges, Some(&rubric.name), &declared, &Options::default())?);
        }
    }
    Ok(Inputs { run, rows, verdicts, rubrics, gold, agreement })
}
