//! `assize ingest`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indicatif::ProgressBar;

use crate::corpus::{BuildOptions, IngestReport, Salt, build, dry_run};

use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, csv, table};
use super::settings::Settings;

/// Arguments of `assize ingest`.
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Read session files into a corpus.\n\nReads Claude Code JSONL, SpecStory Markdown, ATIF trajectories and sessions printed by `assize sessions --format jsonl`, plain or compressed with gzip, told by content. A corpus that is already there is replaced, whole and at once: it then holds the sessions below PATH and no others. Secrets, e-mail addresses and home-folder names are masked before anything is stored; persons appear as keyed pseudonyms."
)]
pub struct IngestArgs {
    /// Files, folders or glob patterns, such as ~/.claude/projects.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Folder of the corpus, such as datasets/mine.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
    /// Read everything again and forget the corpus that is there, with the sessions whose files are gone.
    #[arg(long)]
    fresh: bool,
    /// Read everything and report, but write nothing.
    #[arg(long)]
    dry_run: bool,
    /// End with exit code 1 when any line or file could not be read.
    #[arg(long)]
    strict: bool,
    /// File with the key for pseudonyms of persons [default: .salt beside FOLDER, made when missing].
    #[arg(long, value_name = "FILE")]
    salt: Option<PathBuf>,
    /// How to print the report.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
pub fn run(args: &IngestArgs, settings: &Settings, printer: Printer) -> CliResult {
    let into = settings.folder.join(&args.into);
    let bar = if printer.shows_progress() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let progress = |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    };
    let options = BuildOptions { salt: salt(args, settings)?, fresh: args.fresh, only: None, progress: &progress };
    let report = if args.dry_run { dry_run(&args.paths, &into, &options) } else { build(&args.paths, &into, &options) };
    bar.finish_and_clear();
    let report = report?;
    match args.format {
        Format::Json => printer.json(&report)?,
        Format::Table => printer.out(&describe(&report))?,
        Format::Csv => printer.out(&csv(&["what", "count"], &rows(&report))?)?,
    }
    if !args.dry_run {
        printer.say(&format!("corpus: {}", into.join("corpus.sqlite").display()));
    }
    Ok(if args.strict && report.lost_anything() { Exit::GateFailed } else { Exit::Done })
}

/// The key for pseudonyms; a dry run makes none that outlives it.
fn salt(args: &IngestArgs, settings: &Settings) -> Result<Salt, CliError> {
    let path = args.salt.clone().unwrap_or_else(|| Salt::beside(&args.into));
    let path = settings.folder.join(path);
    let salt = if args.dry_run && !path.exists() { Salt::random()? } else { Salt::read_or_new(&path)? };
    Ok(salt)
}

/// The totals: what, and how many.
fn totals(report: &IngestReport) -> Vec<[String; 2]> {
    let totals = [
        ("files", report.files),
        ("sessions", report.sessions),
        ("persons", report.persons),
        ("human prompts", report.prompts),
        ("tool calls", report.actions),
        ("files merged into another's session", report.merged_files),
        ("lines", report.lines),
        ("unreadable lines", report.bad_lines),
        ("repaired lines", report.repaired_lines),
        ("duplicate records", report.duplicate_records),
        ("records of rewound attempts", report.abandoned_records),
    ];
    totals.map(|(what, count)| [what.to_owned(), count.to_string()]).to_vec()
}

/// Everything that is counted by kind.
fn groups(report: &IngestReport) -> [(&'static str, &BTreeMap<String, u64>); 6] {
    [
        ("scope", &report.scopes),
        ("file without session", &report.skipped_files),
        ("file dropped", &report.dropped_files),
        ("not a human prompt", &report.excluded_prompts),
        ("unknown record", &report.unknown_records),
        ("masked", &report.scrubbed),
    ]
}

fn counts(report: &IngestReport) -> Vec<[String; 2]> {
    let grouped = groups(report).into_iter().flat_map(|(group, counts)| {
        counts.iter().map(move |(kind, count)| [format!("{group}: {kind}"), count.to_string()])
    });
    totals(report).into_iter().chain(grouped).collect()
}

fn rows(report: &IngestReport) -> Vec<Vec<String>> {
    counts(report).into_iter().map(Vec::from).collect()
}

fn describe(report: &IngestReport) -> String {
    let bad = report.bad_files.iter().map(|bad| {
        let lines = if bad.lines.is_empty() { String::new() } else { format!(":{}", ranges(&bad.lines)) };
        format!("{}{lines}: {}", bad.file, bad.reason)
    });
    std::iter::once(table(&["what", "count"], &rows(report))).chain(bad).collect::<Vec<_>>().join("\n")
}

/// Line numbers with neighbours drawn together: `3,7-9`.
fn ranges(lines: &[u64]) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for line in lines {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => ranges.push((*line, *line)),
        }
    }
    let text = |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn neighbouring_lines_are_drawn_together() {
        assert_eq!(ranges(&[3, 7, 8, 9, 12]), "3,7-9,12");
    }
}
