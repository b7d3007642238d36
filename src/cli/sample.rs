//! `assize sample`.

use std::path::PathBuf;

use crate::corpus::Corpus;
use crate::sample::{self, SampleSpec};

use super::error::{CliResult, Exit};
use super::printer::{Format, Printer, csv, table};
use super::settings::Settings;

/// Arguments of `assize sample`.
#[derive(Debug, clap::Args)]
pub struct SampleArgs {
    /// Folder of the corpus.
    corpus: PathBuf,
    /// How many sessions; with --cluster, about how many.
    #[arg(short)]
    n: usize,
    /// Seed: the same seed draws the same sessions on every machine.
    #[arg(long)]
    seed: u64,
    /// Columns to stratify by: month, person, project, scope.
    #[arg(long, value_delimiter = ',')]
    strata: Vec<String>,
    /// Draw whole clusters by this column, such as person.
    #[arg(long)]
    cluster: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Prints the sessions drawn and their inclusion weights; an experiment's `sample:` draws the same ones.
pub fn run(args: &SampleArgs, settings: &Settings, printer: Printer) -> CliResult {
    let spec = SampleSpec { n: args.n, seed: args.seed, strata: args.strata.clone(), cluster: args.cluster.clone() };
    let mut units = Corpus::open(&settings.folder.join(&args.corpus))?.units()?;
    units.retain(|unit| unit.scope.counted());
    let drawn = sample::draw(&units, &spec)?;
    let cells = |drawn: &[sample::Drawn]| -> Vec<Vec<String>> {
        drawn.iter().map(|unit| vec![unit.id.clone(), format!("{:.6}", unit.weight)]).collect()
    };
    match args.format {
        Format::Json => printer.json(&serde_json::json!({ "version": 1, "sample": spec, "sessions": drawn }))?,
        Format::Csv => {
            printer.out(&csv(&["session", "weight"], &cells(&drawn))?)?;
        }
        Format::Table => {
            printer.out(&table(&["session", "weight"], &cells(&drawn)))?;
            printer.say(&format!("{} of {} sessions in scope", drawn.len(), units.len()));
        }
    }
    Ok(Exit::Done)
}
