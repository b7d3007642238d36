//! `assize estimate`.

use std::path::{Path, PathBuf};

use crate::estimate::{
    EstimateReports, Method, Options, PlanOptions, Plans, VERSION, estimate as estimate_one, plan as plan_one,
};

use super::agree_options::confidence;
use super::error::{CliError, CliResult, Exit};
use super::estimate_derived;
use super::estimate_input::Loaded;
use super::estimate_method::MethodName;
use super::estimate_table;
use super::printer::{Format, Printer};
use super::settings::Settings;
use super::task_value;

/// Arguments of `assize estimate`.
#[derive(Debug, clap::Args)]
pub struct EstimateArgs {
    /// A run: its id, a unique beginning of it, or its folder.
    run: String,
    /// Labels by people for some of the run's sessions.
    #[arg(long, value_name = "GOLD.csv", required_unless_present = "task_value")]
    gold: Option<PathBuf>,
    /// Compare the prices of a run with `--holdout` with those that the postings carried, by tier.
    #[arg(long, conflicts_with_all = ["gold", "reference", "method", "by", "strata", "plan", "derived"])]
    task_value: bool,
    /// The rater whose labels are gold; one named `gold` or `consensus`, or the only one, is without being named.
    #[arg(long, value_name = "RATER")]
    pub(super) reference: Option<String>,
    /// Only this rubric.
    #[arg(long, value_name = "NAME")]
    rubric: Option<String>,
    /// Only this judge.
    #[arg(long, value_name = "JUDGE")]
    judge: Option<String>,
    /// How to correct; the first one counts, others stand beside it.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,...")]
    method: Vec<MethodName>,
    /// Groups of sessions: month, person, project, scope, or a column of `assize sessions`; with the differences between them.
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    /// Strata for `stratified-ppi`: a column as for --by.
    #[arg(long, value_name = "COLUMN")]
    strata: Option<String>,
    /// Confidence of the intervals.
    #[arg(long, default_value_t = 0.95, value_parser = confidence)]
    confidence: f64,
    /// The study's derived measures instead: rates raw and corrected, and machine evidence beside verified success.
    #[arg(long, conflicts_with_all = ["plan", "rubric"])]
    derived: bool,
    /// Plan labels instead: how many reach a half-width, and which to give next, with the gold there is as pilot.
    #[arg(long)]
    plan: bool,
    /// Half-width to plan for.
    #[arg(long, default_value_t = 0.05, requires = "plan")]
    half_width: f64,
    /// How many labels are to be given next.
    #[arg(long, default_value_t = 50, requires = "plan", value_name = "N")]
    labels: usize,
    /// The label whose share is to gain most by them; all where not given.
    #[arg(long, requires = "plan", value_name = "LABEL")]
    cell: Option<String>,
    /// Plan also for showing that kappa is above this.
    #[arg(long, requires = "plan", value_name = "KAPPA", allow_negative_numbers = true)]
    above: Option<f64>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// Runs the command.
pub fn run(args: &EstimateArgs, settings: &Settings, printer: Printer) -> CliResult {
    let Some(gold) = args.gold.as_deref().filter(|_| !args.task_value) else {
        return task_value::run(&args.run, args.judge.as_deref(), args.format, settings, printer);
    };
    let loaded = Loaded::read(&args.run, gold, args.rubric.as_deref(), args.judge.as_deref(), settings)?;
    match (args.plan, args.derived) {
        (true, _) => plan(args, gold, &loaded, printer),
        (_, true) => estimate_derived::run(args, gold, &loaded, printer),
        _ => corrected(args, gold, &loaded, printer),
    }
}

pub(super) fn options(args: &EstimateArgs) -> Options {
    let own = Options::default();
    let methods = args.method.iter().map(|name| Method::from(*name)).collect::<Vec<_>>();
    let methods = if methods.is_empty() { own.methods } else { methods };
    Options { methods, by: args.by.clone(), strata: args.strata.clone(), confidence: args.confidence }
}

fn corrected(args: &EstimateArgs, gold: &Path, loaded: &Loaded, printer: Printer) -> CliResult {
    let options = options(args);
    let reports = loaded
        .each_pair(args.reference.as_deref(), |source, rubric, judge| estimate_one(source, rubric, judge, &options))?;
    let (run, gold, confidence, notes) = (loaded.run.id.clone(), file(gold), args.confidence, loaded.notes());
    let all = EstimateReports { version: VERSION, run, gold, confidence, notes, reports };
    match args.format {
        Format::Json => printer.json(&all)?,
        Format::Csv => printer.out(&estimate_table::csv(&all)?)?,
        Format::Table => printer.out(&estimate_table::text(&all))?,
    }
    let why = all.reports.iter().find_map(|report| Some((report, report.inconclusive.as_ref()?)));
    Ok(match why {
        None => Exit::Done,
        Some((report, why)) => {
            printer.say(&format!("inconclusive: {} by {}: {why}", report.rubric, report.judge));
            Exit::Inconclusive
        }
    })
}

fn plan(args: &EstimateArgs, gold: &Path, loaded: &Loaded, printer: Printer) -> CliResult {
    let (half_width, confidence, labels) = (args.half_width, args.confidence, args.labels);
    let (cell, by, above) = (args.cell.clone(), args.by.clone(), args.above);
    let options = PlanOptions { half_width, confidence, labels, cell, above, by };
    let judges = loaded.judges();
    let plans = loaded.each_pair(args.reference.as_deref(), |source, rubric, judge| {
        plan_one(source, rubric, judge, &judges, &options)
    })?;
    let (run, gold) = (loaded.run.id.clone(), file(gold));
    let all = Plans { version: VERSION, run, gold, half_width, confidence, plans };
    match args.format {
        Format::Json => printer.json(&all)?,
        Format::Csv => return Err(CliError::new("a plan has several tables").hint("use --format json or table")),
        Format::Table => printer.out(&estimate_table::plans(&all))?,
    }
    Ok(Exit::Done)
}

pub(super) fn file(path: &Path) -> String {
    path.display().to_string()
}
