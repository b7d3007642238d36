//! `assize run`.

use std::path::PathBuf;

use crate::run::{Experiment, Selection};

use super::error::CliResult;
use super::forecast::foretell;
use super::job::{Job, JobArgs, perform, quoted};
use super::printer::Printer;
use super::settings::Settings;

/// Arguments of `assize run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The experiment file; `experiments/baseline.yaml`, `local.yaml` and `anthropic.yaml` are built in.
    experiment: PathBuf,
    /// Print calls, tokens and dollars with a range, and send nothing.
    #[arg(long)]
    estimate: bool,
    /// Judge the first N sessions only; the rest of the same run may follow later.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    limit: Option<usize>,
    /// Ask this judge of the experiment only; may be repeated.
    #[arg(long, value_name = "NAME")]
    judge: Vec<String>,
    /// Ask this rubric of the experiment only; may be repeated.
    #[arg(long, value_name = "NAME")]
    rubric: Vec<String>,
    /// Folder of the ledger and of the runs' folders.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// Price the postings held out of `calibration` instead of sessions; `assize estimate RUN --task-value` says how well.
    #[arg(long)]
    holdout: bool,
    #[command(flatten)]
    job: JobArgs,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("nothing would be judged; give at least 1".to_owned()),
        Ok(limit) => Ok(limit),
        Err(_) => Err("not a whole number".to_owned()),
    }
}

/// Runs the experiment, or goes on with it, and prints what it has come to.
pub fn run(args: &RunArgs, settings: &Settings, printer: Printer) -> CliResult {
    let experiment = Experiment::read(&args.experiment)?;
    let experiment = Experiment { holdout: args.holdout || experiment.holdout, ..experiment };
    let job = Job {
        experiment: &experiment,
        results: &args.results,
        selection: &Selection { limit: args.limit, judges: args.judge.clone(), rubrics: args.rubric.clone() },
        resumes: None,
        again: &command(args),
    };
    let act = if args.estimate { foretell } else { perform };
    act(&job, &args.job, settings, printer)
}

/// The command that goes on with the run.
fn command(args: &RunArgs) -> String {
    let mut words = vec!["assize run".to_owned(), quoted(&args.experiment.display().to_string())];
    let results = args.results.display().to_string();
    if results != "results" {
        words.extend(["--results".to_owned(), quoted(&results)]);
    }
    words.extend(args.holdout.then(|| "--holdout".to_owned()));
    for (flag, names) in [("--judge", &args.judge), ("--rubric", &args.rubric)] {
        words.extend(names.iter().flat_map(|name| [flag.to_owned(), quoted(name)]));
    }
    words.join(" ")
}
