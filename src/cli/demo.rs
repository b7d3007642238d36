//! `assize demo`.

use std::path::Path;

use crate::corpus::Salt;
use crate::report;
use crate::simulate::{Detail, SimulateSpec};

use super::error::{CliResult, Exit};
use super::printer::{Format, Printer};
use super::report::{RESULTS, SYNTHETIC, print};
use super::report_inputs::{Asked, FolderRun, judge_folder, load_run};
use super::settings::Settings;
use super::simulate;

/// What the demo simulates: enough for every table, little enough to end in seconds.
const SPEC: SimulateSpec =
    SimulateSpec { sessions: 120, persons: Some(30), seed: 20_260_617, detail: Detail::Full, gold: None };

/// The simulated rater whose labels count as the truth.
const REFERENCE: &str = "simulated-a";

/// Arguments of `assize demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// How the summary is printed; `json` prints the whole report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command. Everything it writes lies below `results/`.
pub fn run(args: &DemoArgs, settings: &Settings, printer: Printer) -> CliResult {
    // Another version may simulate otherwise, and a simulation is never written over another.
    let folder = Path::new(RESULTS).join("demo").join(env!("CARGO_PKG_VERSION"));
    let sessions = folder.join("sessions");
    printer
        .say("writing synthetic sessions, reading them back, judging them by rules, comparing with simulated raters");
    simulate::write(SPEC, &sessions, settings)?;
    let job = FolderRun {
        sessions: &sessions.join("projects"),
        name: "demo",
        corpus: &folder.join("corpus"),
        judge: "baseline/rules",
        data_label: Some(SYNTHETIC),
        // Invented persons need no secret key; a fixed one gives the same report everywhere.
        salt: Salt::fixed([0; 32]),
    };
    let run = judge_folder(&job, settings, printer)?;
    let ratings = sessions.join("ratings.csv");
    let asked = Asked { gold: Some(&ratings), reference: Some(REFERENCE), ..Asked::default() };
    let inputs = load_run(&run, asked, settings)?;
    let report = report::build(&inputs)?;
    let page = report::write(&report, &Path::new(RESULTS).join(&report.run.id))?;
    print(&report, &page, args.format, printer)?;
    Ok(Exit::Done)
}
