//! `assize compare`.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::agreement::{CompareOptions, Comparisons, Options, Selection, compare};
use crate::gold::Ratings;
use crate::stats::{Adjustment, Verdict};

use super::agree::Request;
use super::agree_input::{InputArgs, declared, of_rubric};
use super::agree_options::CoefficientArgs;
use super::agree_shown::by_rubric;
use super::compare_input::{all_pairs, load};
use super::compare_table;
use super::error::{CliResult, Exit};
use super::printer::{Format, Printer};
use super::scale_args::ScaleArgs;
use super::settings::Settings;

/// Arguments of `assize compare`.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// One or two runs (id, the start of it, or folder) or CSV files of ratings; of two, judges of the same name are paired.
    #[arg(required = true, num_args = 1..=2, value_name = "RUN | RATINGS.csv")]
    sources: Vec<PathBuf>,
    /// Labels that the judges are held against: `gold` or `consensus`, else each rater of the file.
    #[arg(long, value_name = "GOLD.csv")]
    gold: Option<PathBuf>,
    /// Only these judges; all pairs of them are compared.
    #[arg(long, value_delimiter = ',', value_name = "A,B,...")]
    judges: Vec<String>,
    #[command(flatten)]
    scale: ScaleArgs,
    /// The rater that judges are held against.
    #[arg(long, value_name = "RATER")]
    reference: Vec<String>,
    /// The largest difference that does not matter: prints whether judges are equivalent (exit code 0), different (1) or neither can be said (2).
    #[arg(long, value_name = "DIFFERENCE", value_parser = margin)]
    margin: Option<f64>,
    /// How p-values of many comparisons are adjusted.
    #[arg(long, value_enum, default_value = "holm")]
    adjust: AdjustmentName,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    coefficients: CoefficientArgs,
    #[command(flatten)]
    input: InputArgs,
}

/// How p-values of one family are adjusted.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum AdjustmentName {
    /// The chance of any false finding.
    Holm,
    /// The share of false findings.
    Bh,
    /// The same under any dependence.
    By,
}

fn margin(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(margin) if margin > 0.0 && margin <= 2.0 => Ok(margin),
        _ => Err("a number above 0, such as 0.05".to_owned()),
    }
}

/// Runs the command.
pub fn run(args: &CompareArgs, settings: &Settings, printer: Printer) -> CliResult {
    let loaded = load(&args.sources, args.gold.as_deref(), &args.input, settings)?;
    let request = args.request();
    let mut reports = Vec::new();
    for name in loaded.comparable(&request, settings, printer)? {
        let name = name.as_deref();
        let declared = declared(&request, name.filter(|_| loaded.is_run || args.scale.rubric().is_some()), settings)?;
        let gold = loaded.gold_of(name);
        let mut judges = loaded.judges_of(name);
        args.keep(&mut judges);
        let asked = CompareOptions {
            options: request.options.clone(),
            pairs: if args.judges.is_empty() { loaded.pairs_of(&judges) } else { all_pairs(&args.judges) },
            margin: args.margin,
            adjustment: match args.adjust {
                AdjustmentName::Holm => Adjustment::Holm,
                AdjustmentName::Bh => Adjustment::BenjaminiHochberg,
                AdjustmentName::By => Adjustment::BenjaminiYekutieli,
            },
        };
        let mut report = compare(&judges, &gold, name, &declared, &asked).map_err(|error| of_rubric(name, error))?;
        report.notes.extend(loaded.notes.iter().cloned());
        reports.push(report);
    }
    match args.format {
        Format::Table => printer.out(&reports.iter().map(compare_table::text).collect::<Vec<_>>().join("\n\n"))?,
        Format::Csv => printer.out(&compare_table::csv(&reports)?)?,
        Format::Json => by_rubric(&reports, |report| report.rubric.as_deref(), printer)?,
    }
    let nothing = reports.iter().all(Comparisons::is_empty);
    Ok(match reports.iter().filter_map(|report| report.worst(args.margin)).max() {
        Some(Verdict::Different) => Exit::GateFailed,
        Some(Verdict::Inconclusive) => Exit::Inconclusive,
        _ if nothing => Exit::Inconclusive,
        _ => Exit::Done,
    })
}

impl CompareArgs {
    fn request(&self) -> Request<'_> {
        let selection = match self.coefficients.selection(Format::Table) {
            Selection::Usual => Selection::First,
            asked => asked,
        };
        Request {
            source: &self.sources[0],
            gold: self.gold.as_deref(),
            scale: &self.scale,
            options: Options {
                references: self.reference.clone(),
                resampling: self.coefficients.resampling(),
                coefficients: selection,
                weighted: self.input.is_weighted(),
                stratified: self.input.is_stratified(),
                ..Options::default()
            },
        }
    }

    /// Keeps the judges asked for, and references among the ratings.
    fn keep(&self, ratings: &mut Ratings) {
        let reference =
            |rater: &String| matches!(rater.as_str(), "gold" | "consensus") || self.reference.contains(rater);
        let kept = |rater: &String| self.judges.is_empty() || self.judges.contains(rater) || reference(rater);
        ratings.rows.retain(|row| kept(&row.rater));
        ratings.missing.retain(|row| kept(&row.rater));
    }
}
