//! `assize agree`.

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::agreement::{AgreementReport, AgreementReports, Decision, Gate, Options, decide};
use crate::rubric::Level;

use super::agree_input::{InputArgs, reports};
use super::agree_options::{CoefficientArgs, gated};
use super::agree_table;
use super::error::{CliResult, Exit};
use super::printer::{Format, Printer};
use super::settings::Settings;

/// Arguments of `assize agree`.
#[derive(Debug, clap::Args)]
pub struct AgreeArgs {
    /// A CSV file of ratings (`item,rater,label`), or a run: its id, the start of it, or its folder.
    source: PathBuf,
    /// Labels of other raters, to hold a run's judges against.
    #[arg(long, value_name = "GOLD.csv")]
    gold: Option<PathBuf>,
    /// Only this rubric; its labels are the declared categories.
    #[arg(long, value_name = "NAME")]
    rubric: Option<String>,
    /// The categories, in scale order, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B,...")]
    categories: Option<Vec<String>>,
    /// Level of measurement; the rubric's, or nominal.
    #[arg(long)]
    level: Option<LevelName>,
    /// A rater the others are held against; `gold` and `consensus` are without being named.
    #[arg(long, value_name = "RATER")]
    reference: Vec<String>,
    /// A gate such as `kappa=0.6`: passes, fails or is inconclusive by the interval (exit code 0, 1, 2).
    #[arg(long, value_name = "NAME=THRESHOLD")]
    min: Vec<Gate>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    coefficients: CoefficientArgs,
    #[command(flatten)]
    input: InputArgs,
}

/// Level of measurement.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum LevelName {
    /// Unordered labels.
    Nominal,
    /// Ordered labels.
    Ordinal,
    /// Numbers with meaningful differences.
    Interval,
    /// Numbers with meaningful ratios.
    Ratio,
}

/// Runs the command.
pub fn run(args: &AgreeArgs, settings: &Settings, printer: Printer) -> CliResult {
    let mut reports = reports(&args.request(), &args.input, settings)?;
    let mut worst = Decision::Pass;
    for report in &mut reports {
        worst = worst.max(decide(report, &args.min)?);
    }
    match args.format {
        Format::Table => {
            let texts: Vec<String> = reports.iter().map(agree_table::text).collect();
            printer.out(&texts.join("\n\n"))?;
        }
        Format::Csv => {
            printer.out(&agree_table::csv(&reports)?)?;
            reports.iter().filter_map(agree_table::gates).for_each(|gates| printer.say(&gates));
        }
        Format::Json => print_json(reports, printer)?,
    }
    Ok(match worst {
        Decision::Pass => Exit::Done,
        Decision::Inconclusive => Exit::Inconclusive,
        Decision::Fail => Exit::GateFailed,
    })
}

/// One report as itself, several under their rubrics.
fn print_json(mut reports: Vec<AgreementReport>, printer: Printer) -> std::io::Result<()> {
    if reports.len() == 1 {
        return reports.pop().map_or(Ok(()), |report| printer.json(&report));
    }
    let named = reports.into_iter().map(|report| (report.rubric.clone().unwrap_or_default(), report));
    printer.json(&AgreementReports { version: 1, rubrics: named.collect() })
}

/// What is asked for, in the library's terms.
pub(super) struct Request<'a> {
    pub source: &'a Path,
    pub gold: Option<&'a Path>,
    pub rubric: Option<&'a str>,
    pub categories: Option<&'a [String]>,
    pub level: Option<Level>,
    pub options: Options,
}

impl AgreeArgs {
    fn request(&self) -> Request<'_> {
        let level = self.level.map(|level| match level {
            LevelName::Nominal => Level::Nominal,
            LevelName::Ordinal => Level::Ordinal,
            LevelName::Interval => Level::Interval,
            LevelName::Ratio => Level::Ratio,
        });
        Request {
            source: &self.source,
            gold: self.gold.as_deref(),
            rubric: self.rubric.as_deref(),
            categories: self.categories.as_deref(),
            level,
            options: Options {
                references: self.reference.clone(),
                resampling: self.coefficients.resampling(),
                coefficients: self.coefficients.selection(self.format),
                also: gated(&self.min),
                weighted: self.input.is_weighted(),
                ..Options::default()
            },
        }
    }
}
