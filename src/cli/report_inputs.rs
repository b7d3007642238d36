//! What reports are made from: a run that is there, or one made now from a folder of sessions.

use std::path::{Path, PathBuf};

use crate::corpus::{self, BuildOptions, Corpus, Salt};
use crate::gold::{Columns, Ratings, Shape, read};
use crate::limit::LimitSpec;
use crate::report::{Floors, Inputs, TableBuilder};
use crate::rubric::{self, BUILT_IN};
use crate::run::{self, Experiment, Interrupts, JudgeSpec, Mode, Order, RunState, Selection};
use crate::view::ViewSpec;

use super::error::{CliError, Exit};
use super::job::all_failed;
use super::printer::Printer;
use super::progress::Progress;
use super::report::RESULTS;
use super::report_agreement::Raters;
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
        judges: vec![JudgeSpec::of(job.judge)],
        limits: LimitSpec::default(),
        calibration: None,
        holdout: false,
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

/// What a report of a run is asked to be like.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked<'a> {
    /// Labels of other raters; those of the experiment where not given.
    pub(super) gold: Option<&'a Path>,
    /// The rater whose labels count as the truth.
    pub(super) reference: Option<&'a str>,
    /// The least that cells of breakdowns must hold.
    pub(super) floors: Floors,
}

/// Loads the run `run`, its corpus, rubrics and verdicts, and the agreement with other raters. Verdicts and sessions pass by
/// one by one: only the table of the study stays in memory, and the verdicts that agreement is computed from.
pub(super) fn load_run(run: &str, asked: Asked<'_>, settings: &Settings) -> Result<Inputs, CliError> {
    let results = settings.folder.join(RESULTS);
    let (_, record) = run::find(&results, run)?;
    if record.experiment.holdout {
        return Err(CliError::new(format!("run {} priced postings held out, and no sessions", record.id))
            .hint(format!("assize estimate {} --task-value", record.id)));
    }
    let corpus = Corpus::open(&settings.folder.join(&record.experiment.corpus))?;
    let names = record.rubrics.iter().map(|rubric| &rubric.name);
    let rubrics = names.map(|name| rubric::load(name, &settings.folder)).collect::<Result<Vec<_>, _>>()?;
    let gold: Option<PathBuf> = asked.gold.map(Path::to_owned).or_else(|| record.experiment.gold.clone());
    let gold = gold.map(|path| labels(&path, settings)).transpose()?;
    let mut raters = Raters::of(&corpus, gold.as_ref(), &record.experiment)?;
    let mut table = TableBuilder::new(&rubrics, record.experiment.judges.iter().map(JudgeSpec::name), gold.as_ref());
    let run = run::stream(&results, &record.id, |verdict| {
        table.verdict(&verdict)?;
        raters.keep(&verdict);
        Ok::<(), CliError>(())
    })?;
    corpus.each_row(|row| table.session(&row))?;
    let table = table.finish(&run.weights, asked.reference)?;
    let agreement = raters.agreement(&rubrics)?;
    Ok(Inputs { run, table, rubrics, gold, agreement, floors: asked.floors })
}
