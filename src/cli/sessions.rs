//! `assize sessions`.

use std::path::{Path, PathBuf};

use crate::corpus::{Corpus, SessionRow};
use crate::ingest::session_line;

use super::error::{CliResult, Exit};
use super::printer::{Printer, table};
use super::settings::Settings;
use super::{trajectories, turns};

/// Columns of the table; CSV and JSON have all of them.
const SHOWN: [&str; 17] = [
    "id",
    "person",
    "project",
    "scope",
    "started_at",
    "prompts",
    "actions",
    "subagent_actions",
    "lines_added",
    "lines_removed",
    "interrupts",
    "tests_passed",
    "tests_failed",
    "commits",
    "affirmations",
    "rejections",
    "machine_success",
];

/// Columns of the table of sessions that are not counted.
const EXCLUDED: [&str; 7] = ["id", "scope", "scope_rule", "started_at", "prompts", "actions", "file"];

/// How sessions are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum SessionsFormat {
    /// A table for people.
    #[default]
    Table,
    /// Comma-separated values.
    Csv,
    /// JSON, versioned.
    Json,
    /// The whole sessions, one a line, in a form that `assize ingest` reads again.
    Jsonl,
    /// The whole sessions as ATIF trajectories, one file a session in the folder --out, which `assize ingest` reads again.
    Atif,
}

/// Arguments of `assize sessions`.
#[derive(Debug, clap::Args)]
pub struct SessionsArgs {
    /// Folder of the corpus, such as datasets/mine.
    #[arg(value_name = "CORPUS")]
    corpus: PathBuf,
    /// Leave out sessions that the study does not count: headless, driven by an SDK, in a third-party editor.
    #[arg(long)]
    counted: bool,
    /// Only sessions that the study does not count, with the rule that decided.
    #[arg(long, conflicts_with = "counted")]
    excluded: bool,
    /// One row a turn instead of one a session: its measures, with turn 0 for what is in no turn.
    #[arg(long)]
    turns: bool,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: SessionsFormat,
    /// Folder for the files of --format atif, made when missing; files of the same name are replaced.
    #[arg(long, value_name = "FOLDER", required_if_eq("format", "atif"))]
    out: Option<PathBuf>,
}

/// What `--format json` prints.
#[derive(serde::Serialize)]
struct Listing {
    version: u32,
    content_hash: String,
    sessions: Vec<SessionRow>,
}

/// Runs the command.
pub fn run(args: &SessionsArgs, settings: &Settings, printer: Printer) -> CliResult {
    let corpus = Corpus::open(&settings.folder.join(&args.corpus))?;
    let mut sessions = corpus.rows()?;
    let all = sessions.len();
    sessions.retain(|row| if row.scope.counted() { !args.excluded } else { !args.counted });
    if args.turns {
        return turns::print(&corpus, &sessions, args.format, printer);
    }
    match args.format {
        SessionsFormat::Json => {
            printer.json(&Listing { version: 1, content_hash: corpus.content_hash()?, sessions })?;
        }
        SessionsFormat::Csv => printer.out(&csv(&sessions)?)?,
        SessionsFormat::Jsonl => {
            for row in &sessions {
                printer.out(&session_line(&corpus.session(&row.id)?)?)?;
            }
        }
        SessionsFormat::Atif => {
            let folder = settings.folder.join(args.out.as_deref().unwrap_or(Path::new(".")));
            trajectories::write(&corpus, &sessions, &folder)?;
            printer.say(&format!("{} trajectories: {}", sessions.len(), folder.display()));
        }
        SessionsFormat::Table => {
            printer.say(&format!("{} of {all} sessions", sessions.len()));
            let shown: &[&str] = if args.excluded { &EXCLUDED } else { &SHOWN };
            let rows: Vec<_> = sessions.iter().map(|row| cells(row, shown)).collect();
            let header: Vec<_> = shown.iter().map(|name| name.trim_end_matches("_at")).collect();
            printer.out(&table(&header, &rows))?;
        }
    }
    Ok(Exit::Done)
}

fn cells(row: &SessionRow, shown: &[&str]) -> Vec<String> {
    let columns = row.columns();
    let cell = |name: &&str| {
        let value = columns.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str());
        let value = if *name == "started_at" { value.map(|time| time.get(..10).unwrap_or(time)) } else { value };
        value.filter(|value| !value.is_empty()).unwrap_or("-").to_owned()
    };
    shown.iter().map(cell).collect()
}

fn csv(sessions: &[SessionRow]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(SessionRow::column_names())?;
    for row in sessions {
        writer.write_record(row.columns().iter().map(|(_, value)| value))?;
    }
    writer.flush()?;
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}
