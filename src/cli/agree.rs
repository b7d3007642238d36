//! `assize agree`.

use std::path::{Path, PathBuf};

use crate::agreement::{Decision, Gate, Options, decide};

use super::agree_analysis::AnalysisArgs;
use super::agree_consensus::{self, ModelName};
use super::agree_input::{InputArgs, reports};
use super::agree_options::{CoefficientArgs, gated};
use super::agree_shown::by_rubric;
use super::agree_table;
use super::error::{CliResult, Exit};
use super::printer::{Format, Printer};
use super::scale_args::ScaleArgs;
use super::settings::Settings;

/// Arguments of `assize agree`.
#[derive(Debug, clap::Args)]
pub struct AgreeArgs {
    /// A CSV file of ratings (`item,rater,label`), or a run: its id, the start of it, or its folder.
    source: PathBuf,
    /// Labels of other raters, to hold a run's judges against.
    #[arg(long, value_name = "GOLD.csv")]
    gold: Option<PathBuf>,
    #[command(flatten)]
    scale: ScaleArgs,
    /// A rater the others are held against; `gold` and `consensus` are without being named.
    #[arg(long, value_name = "RATER")]
    reference: Vec<String>,
    /// Raters who are people: their agreement with each other is the ceiling of judges; the label file's raters where not given.
    #[arg(long, value_delimiter = ',', value_name = "A,B,...")]
    people: Vec<String>,
    /// Print the consensus of the raters by an annotator model instead: labels of references are held.
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["min", "multi_label", "weight", "strata"])]
    consensus: Option<ModelName>,
    /// A gate such as `kappa=0.6`: passes, fails or is inconclusive by the interval (exit code 0, 1, 2).
    #[arg(long, value_name = "NAME=THRESHOLD")]
    min: Vec<Gate>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    analysis: AnalysisArgs,
    #[command(flatten)]
    coefficients: CoefficientArgs,
    #[command(flatten)]
    input: InputArgs,
}

/// Runs the command.
pub fn run(args: &AgreeArgs, settings: &Settings, printer: Printer) -> CliResult {
    if let Some(model) = args.consensus {
        return agree_consensus::run(&args.request(), &args.input, model, args.format, settings, printer);
    }
    if args.analysis.is_any() {
        let input = args.input.beside(args.analysis.beside());
        return args.analysis.run(&args.request(), &input, args.format, settings, printer);
    }
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
        Format::Json => by_rubric(&reports, |report| report.rubric.as_deref(), printer)?,
    }
    Ok(match worst {
        Decision::Pass => Exit::Done,
        Decision::Inconclusive => Exit::Inconclusive,
        Decision::Fail => Exit::GateFailed,
    })
}

/// What is asked for, in the library's terms.
pub(super) struct Request<'a> {
    pub source: &'a Path,
    pub gold: Option<&'a Path>,
    pub scale: &'a ScaleArgs,
    pub options: Options,
}

impl AgreeArgs {
    fn request(&self) -> Request<'_> {
        Request {
            source: &self.source,
            gold: self.gold.as_deref(),
            scale: &self.scale,
            options: Options {
                references: self.reference.clone(),
                resampling: self.coefficients.resampling(),
                coefficients: self.coefficients.selection(self.format),
                also: gated(&self.min),
                weighted: self.input.is_weighted(),
                stratified: self.input.is_stratified(),
                people: self.people.clone(),
                ..Options::default()
            },
        }
    }
}
