//! `assize simulate`.

use std::path::{Path, PathBuf};

use crate::rubric::{self, BUILT_IN};
use crate::simulate::{Detail, SimulateSpec, Simulation};

use super::error::{CliError, CliResult, Exit};
use super::printer::Printer;
use super::settings::Settings;

/// Rubrics without labels that the simulated judge answers.
const VALUES: [&str; 3] = ["decisions", "task_posting", "task_value"];

/// Arguments of `assize simulate`.
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    /// Sessions to write.
    #[arg(long, value_name = "N")]
    sessions: usize,
    /// Seed: the same seed gives the same bytes.
    #[arg(long, value_name = "S")]
    seed: u64,
    /// Folder to write to; it must be empty, or hold the same simulation.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Persons that the sessions are spread over; as many as in the study where absent.
    #[arg(long, value_name = "P")]
    persons: Option<usize>,
    /// How much a session holds: as much as in the study, or as little as shows its labels.
    #[arg(long, value_enum, default_value_t)]
    detail: DetailName,
    /// Label N sessions by simulated raters, and write a judge with planted confusion that can be replayed.
    #[arg(long, value_name = "N")]
    gold: Option<usize>,
}

/// How much a session holds.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum DetailName {
    /// A few kilobytes a session.
    Short,
    /// As many prompts, actions and words as in the study.
    #[default]
    Full,
}

/// Runs the command.
pub fn run(args: &SimulateArgs, settings: &Settings, printer: Printer) -> CliResult {
    let detail = match args.detail {
        DetailName::Short => Detail::Short,
        DetailName::Full => Detail::Full,
    };
    let SimulateArgs { sessions, seed, persons, gold, .. } = *args;
    let simulation = write(SimulateSpec { sessions, persons, seed, detail, gold }, &args.out, settings)?;
    let (persons, folder) = (simulation.persons(), args.out.display());
    let labels = match gold {
        None => "two simulated raters: ratings.csv".to_owned(),
        Some(gold) => {
            format!("simulated raters on {gold} sessions: gold.csv; a simulated judge: {}", replay(&args.out))
        }
    };
    printer.out(&format!(
        "{sessions} synthetic sessions of {persons} invented persons in {folder}\nplanted labels: truth.csv; {labels}"
    ))?;
    Ok(Exit::Done)
}

/// The name of the simulated judge in an experiment.
fn replay(folder: &Path) -> String {
    format!("replay/{}", folder.join("replay.jsonl").display())
}

/// Simulates `spec` with the rubrics of the working folder, else the built-in ones, into `folder`.
pub(super) fn write(spec: SimulateSpec, folder: &Path, settings: &Settings) -> Result<Simulation, CliError> {
    let rubrics = BUILT_IN
        .iter()
        .chain(&VALUES)
        .map(|name| rubric::load(name, &settings.folder))
        .collect::<Result<Vec<_>, _>>()?;
    let simulation = Simulation::new(spec, &rubrics)?;
    simulation.write(folder)?;
    Ok(simulation)
}
