//! `assize ingest`.

use std::path::PathBuf;

use indicatif::ProgressBar;

use crate::corpus::{BuildOptions, Salt, build, dry_run};
use crate::session;

use super::error::{CliError, CliResult, Exit};
use super::ingest_report::{describe, rows};
use super::installed::places;
use super::printer::{Format, Printer, csv};
use super::settings::Settings;

/// Arguments of `assize ingest`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(
    long_about = "Read session files into a corpus.\n\nReads the sessions of Claude Code, Codex, Copilot CLI, Gemini CLI and OpenCode, SpecStory Markdown, ATIF trajectories, checkpoints of the Entire recorder (a checkout, or a git repository) and sessions printed by `assize sessions`, plain or compressed with gzip, told by content. Secrets, e-mail addresses and home-folder names are masked before anything is stored; persons appear as keyed pseudonyms.\n\nA second ingest into the same folder opens only files that are new or changed. Sessions whose files are gone stay, since agents delete old ones; other paths than last time add to the corpus. The report is about the whole corpus. --fresh forgets what is there and reads everything again."
)]
pub struct IngestArgs {
    /// Files, folders or glob patterns, such as ~/.claude/projects.
    #[arg(required_unless_present = "installed", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder of the corpus, such as datasets/mine.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Also read where agents on this machine keep their sessions, and say which places are there.
    #[arg(long)]
    installed: bool,
    /// Read only sessions of this format; other files are counted as left out.
    #[arg(long, value_enum, default_value_t)]
    source: Source,
    /// Forget the corpus that is there, with sessions whose files are gone, and read everything again.
    #[arg(long)]
    fresh: bool,
    /// Read everything and report, but write nothing.
    #[arg(long)]
    dry_run: bool,
    /// End with exit code 1 when anything could not be read, kept or understood, and say what.
    #[arg(long)]
    strict: bool,
    /// File with the key for pseudonyms of persons [default: .salt beside FOLDER, made when missing].
    #[arg(long, value_name = "FILE")]
    salt: Option<PathBuf>,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Whose sessions are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Source {
    /// All that are known.
    #[default]
    Auto,
    /// Claude Code JSONL.
    ClaudeCode,
    /// Codex rollouts.
    Codex,
    /// Copilot CLI events.
    CopilotCli,
    /// Gemini CLI chats.
    GeminiCli,
    /// OpenCode databases and trees.
    Opencode,
    /// SpecStory Markdown.
    Specstory,
    /// The Entire recorder's own short form.
    Entire,
    /// Trajectories of Harbor.
    Atif,
    /// Our own JSON Lines form.
    Assize,
}

impl Source {
    fn format(self) -> Option<session::Format> {
        match self {
            Self::Auto => None,
            Self::ClaudeCode => Some(session::Format::ClaudeCode),
            Self::Codex => Some(session::Format::CodexRollout),
            Self::CopilotCli => Some(session::Format::CopilotCli),
            Self::GeminiCli => Some(session::Format::GeminiCli),
            Self::Opencode => Some(session::Format::OpenCode),
            Self::Specstory => Some(session::Format::SpecstoryMd),
            Self::Entire => Some(session::Format::EntireTranscript),
            Self::Atif => Some(session::Format::Atif),
            Self::Assize => Some(session::Format::AssizeJsonl),
        }
    }
}

/// Runs the command.
pub fn run(args: &IngestArgs, settings: &Settings, printer: Printer) -> CliResult {
    let into = settings.folder.join(&args.into);
    let paths = paths(args, settings, printer)?;
    let bar = if printer.shows_progress() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let salt = settings.folder.join(args.salt.clone().unwrap_or_else(|| Salt::beside(&args.into)));
    let salt = Salt::read_or_new(&salt)?;
    let options = BuildOptions { salt, fresh: args.fresh, only: args.source.format(), progress: &progress };
    let report = if args.dry_run { dry_run(&paths, &into, &options) } else { build(&paths, &into, &options) };
    bar.finish_and_clear();
    let report = report?;
    match args.format {
        Format::Json => printer.json(&report)?,
        Format::Table => printer.out(&describe(&report))?,
        Format::Csv => printer.out(&csv(&["what", "count"], &rows(&report))?)?,
    }
    if !args.dry_run {
        printer.say(&format!("corpus: {}", into.join("corpus.sqlite").display()));
        let excluded = report.sessions - report.counted_sessions();
        if excluded > 0 {
            let list = format!("assize sessions {} --excluded", args.into.display());
            printer.say(&format!(
                "not counted: {excluded} sessions; `{list}` lists them, each with the rule that decided"
            ));
        }
    }
    let lost = report.lost();
    if args.strict && !lost.is_empty() {
        let lost: Vec<String> = lost.into_iter().map(|(what, count)| format!("{count} {what}")).collect();
        printer.say(&format!("--strict: lost {}", lost.join(", ")));
        return Ok(Exit::GateFailed);
    }
    Ok(Exit::Done)
}

/// What is read: the paths that were given and, where asked for, the places of agents that are there.
fn paths(args: &IngestArgs, settings: &Settings, printer: Printer) -> Result<Vec<PathBuf>, CliError> {
    let mut paths = args.paths.clone();
    if args.installed {
        for place in places(&settings.agents) {
            let state = if place.paths.is_empty() { "not there" } else { "found" };
            printer.say(&format!("{}: {} {state}", place.agent, place.folder.display()));
            paths.extend(place.paths);
        }
    }
    if paths.is_empty() {
        return Err(CliError::new("no agent keeps sessions in the usual places on this machine")
            .hint("name the folder of the sessions: assize ingest PATH --into FOLDER"));
    }
    Ok(paths)
}
