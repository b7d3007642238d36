//! `assize doctor`.

use std::path::PathBuf;
use std::time::Duration;

use crate::provider::Access;
use crate::run::{self, Check, Checkup, Status};

use super::error::{CliResult, Exit};
use super::printer::{Format, Printer, csv, table};
use super::settings::Settings;

/// Longest time for one answer of a server.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Arguments of `assize doctor`.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// An experiment file to examine too: its corpus, rubrics, gold and judges.
    experiment: Option<PathBuf>,
    /// A model to examine, `provider/model`; may be repeated.
    #[arg(long, value_name = "MODEL")]
    model: Vec<String>,
    /// Send each judge one tiny request for every form of asking; this may cost a little.
    #[arg(long)]
    probe: bool,
    /// Folder of the ledger.
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Examines, and prints one row for each thing; fails where something would keep a run from its work.
pub fn run(args: &DoctorArgs, settings: &Settings, printer: Printer) -> CliResult {
    if args.probe {
        printer.say("each judge gets one tiny request for every form of asking, which its provider may charge for");
    }
    let checks = run::checkup(&Checkup {
        experiment: args.experiment.as_deref(),
        models: &args.model,
        folder: &settings.folder,
        results: &args.results,
        access: &Access { timeout: TIMEOUT, ..settings.access() },
        probe: args.probe,
    })?;
    let failed = checks.iter().filter(|check| check.status == Status::Failed).count();
    let header = ["subject", "what", "status", "detail"];
    let rows: Vec<Vec<String>> = checks.iter().map(row).collect();
    match args.format {
        Format::Json => {
            printer.json(&serde_json::json!({"version": 1, "failed": failed, "checks": checks}))?;
        }
        Format::Csv => printer.out(&csv(&header, &rows)?)?,
        Format::Table => printer.out(&table(&header, &rows))?,
    }
    if failed == 0 {
        return Ok(Exit::Done);
    }
    printer.say(&format!("{failed} of {} things would keep a run from its work", checks.len()));
    Ok(Exit::GateFailed)
}

fn row(check: &Check) -> Vec<String> {
    let status = match check.status {
        Status::Ok => "ok",
        Status::Note => "note",
        Status::Failed => "FAILED",
    };
    vec![check.subject.clone(), check.what.to_owned(), status.to_owned(), check.detail.clone()]
}
