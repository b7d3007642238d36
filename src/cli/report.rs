//! `assize report`.

use std::path::{Path, PathBuf};

use crate::corpus::Salt;
use crate::report::{self, Floors, Report, summary};
use crate::simulate;

use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, table};
use super::report_inputs::{Asked, FolderRun, judge_folder, labels, load_run};
use super::report_public;
use super::settings::Settings;

/// Where runs appear.
pub(super) const RESULTS: &str = "results";

/// What data that we made is called wherever its numbers appear.
pub(super) const SYNTHETIC: &str = "synthetic";

/// Arguments of `assize report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// A run (its id, a unique beginning of it, or its folder), or a folder of session files to read, judge and report.
    #[arg(value_name = "RUN|PATH", required_unless_present = "check_public")]
    target: Option<String>,
    /// Write a report that may be shared instead: rounded numbers of large cells, nothing of any session.
    #[arg(long, conflicts_with = "check_public")]
    public: bool,
    /// Check that a file, or all files of a folder, are such a report; held against the sessions where a run or corpus is named.
    #[arg(long, value_name = "FILE")]
    check_public: Option<PathBuf>,
    /// Labels of other raters to compare with, as CSV.
    #[arg(long, value_name = "GOLD.csv")]
    gold: Option<PathBuf>,
    /// Judge for a folder of sessions, as `provider/model`.
    #[arg(long, value_name = "MODEL", default_value = "baseline/rules")]
    judge: String,
    /// The rater whose labels count as the truth that shares are corrected by; one named `gold` or `consensus`, or the only
    /// one, is without being named.
    #[arg(long, value_name = "RATER")]
    reference: Option<String>,
    /// Fewest persons that a cell of a breakdown must hold to be shown; not looked at where no person is known.
    #[arg(long, value_name = "N", default_value_t = Floors::default().persons)]
    min_persons: u64,
    /// Fewest sessions that a cell of a breakdown must hold to be shown.
    #[arg(long, value_name = "N", default_value_t = Floors::default().sessions)]
    min_sessions: u64,
    /// Folder to write to, instead of the run's own.
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// How the summary is printed; `json` prints the whole report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: &ReportArgs, settings: &Settings, printer: Printer) -> CliResult {
    if let Some(given) = &args.check_public {
        return report_public::check(given, args.target.as_deref(), args.format, settings, printer);
    }
    let Some(target) = &args.target else { return Err(CliError::new("no run or folder of sessions is named")) };
    let path = Path::new(target);
    // A label file that cannot be read must show before anything is judged, and perhaps paid for.
    args.gold.as_deref().map(|gold| labels(gold, settings)).transpose()?;
    let run = if is_folder_of_sessions(path) {
        let name = folder_name(path);
        let corpus = Path::new("datasets").join(&name);
        let salt = Salt::read_or_new(&Salt::beside(&corpus))?;
        let data_label = simulate::is_simulated(path).then_some(SYNTHETIC);
        let job = FolderRun { sessions: path, name: &name, corpus: &corpus, judge: &args.judge, data_label, salt };
        judge_folder(&job, settings, printer)?
    } else {
        target.clone()
    };
    let floors = Floors { persons: args.min_persons, sessions: args.min_sessions };
    let shown = if args.public { Floors::NONE } else { floors };
    let asked = Asked { gold: args.gold.as_deref(), reference: args.reference.as_deref(), floors: shown };
    let inputs = load_run(&run, asked, settings).map_err(|error| {
        let unknown = || format!("{run} is no folder, and as a run: {}", error.message);
        CliError { message: if path.exists() { error.message.clone() } else { unknown() }, ..error }
    })?;
    let report = report::build(&inputs)?;
    let own = if path.join("run.json").exists() { path.to_owned() } else { Path::new(RESULTS).join(&report.run.id) };
    if args.public {
        return report_public::publish(&inputs, &report, (floors, &own), (args.into.as_ref(), args.format), printer);
    }
    let folder = args.into.clone().unwrap_or(own);
    let page = report::write(&report, &folder)?;
    print(&report, &page, args.format, printer)?;
    Ok(Exit::Done)
}

/// Prints the summary of `report`, and where the page is.
pub(super) fn print(report: &Report, page: &Path, format: Format, printer: Printer) -> Result<(), CliError> {
    match format {
        Format::Json => printer.json(report)?,
        Format::Csv => printer.out(summary(report).csv()?.trim_end())?,
        Format::Table => {
            let summary = summary(report);
            printer.out(&format!("{}\n\n{}", summary.heading, table(&summary.header, &summary.rows)))?;
            for note in summary.notes {
                printer.out(&format!("\n{note}"))?;
            }
        }
    }
    match format {
        Format::Table => printer.out(&format!("\nreport: {}", page.display()))?,
        Format::Csv | Format::Json => printer.say(&format!("report: {}", page.display())),
    }
    Ok(())
}

/// Whether `path` is a folder that is not a run's.
fn is_folder_of_sessions(path: &Path) -> bool {
    path.is_dir() && !path.join("run.json").exists()
}

/// A name for the corpus and run of a folder of sessions: its last parts, as a person would say them.
fn folder_name(path: &Path) -> String {
    let parts: Vec<String> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let from = parts.len().saturating_sub(2);
    let name: String =
        parts[from..].join("-").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_lowercase();
    if name.is_empty() { "sessions".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::folder_name;

    #[test]
    fn folders_get_speaking_names() {
        assert_eq!(folder_name(Path::new("/home/x/.claude/projects")), "claude-projects");
        assert_eq!(folder_name(Path::new("sessions/")), "sessions");
        assert_eq!(folder_name(Path::new("/")), "sessions");
    }
}
