//! The arguments, exactly as typed.

use clap::{Parser, Subcommand};

use super::agree::AgreeArgs;
use super::compare::CompareArgs;
use super::completions::CompletionsArgs;
use super::demo::DemoArgs;
use super::doctor::DoctorArgs;
use super::estimate::EstimateArgs;
use super::export::ExportArgs;
use super::ingest::IngestArgs;
use super::init::InitArgs;
use super::man::ManArgs;
use super::report::ReportArgs;
use super::resume::ResumeArgs;
use super::run::RunArgs;
use super::sample::SampleArgs;
use super::schema::SchemaArgs;
use super::sessions::SessionsArgs;
use super::show::ShowArgs;
use super::simulate::SimulateArgs;
use super::status::StatusArgs;

/// Puts LLM judges to work on coding-agent sessions, and puts the judges themselves on the scale.
#[derive(Debug, Parser)]
#[command(name = "assize", version, propagate_version = true)]
pub struct Args {
    /// Print results and errors only.
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Log to stderr: a level (error, warn, info, debug, trace) or target=level; wins over `ASSIZE_LOG`. Prompts, answers and
    /// keys are in no log.
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of the house.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole way on bundled synthetic data, no key needed; ends with a report.
    Demo(DemoArgs),
    /// Copy the built-in experiments, rubrics and prompts into this folder, to be changed; files that are there stay.
    Init(InitArgs),
    /// Read session files into a corpus.
    Ingest(IngestArgs),
    /// List the sessions of a corpus: measures, evidence, scope.
    Sessions(SessionsArgs),
    /// Show one session, or the exact prompt that a rubric sends for it.
    Show(ShowArgs),
    /// Choose sessions of a corpus, with inclusion weights.
    Sample(SampleArgs),
    /// Run an experiment; the same command again resumes it.
    Run(RunArgs),
    /// Go on with a run by the experiment that it was begun with.
    Resume(ResumeArgs),
    /// Say how runs stand, from the ledger alone.
    Status(StatusArgs),
    /// Write the verdicts of a run.
    Export(ExportArgs),
    /// Measure agreement between raters: people, judges, gold.
    Agree(Box<AgreeArgs>),
    /// Hold judges, rubric versions or views against the same reference and test their difference.
    Compare(Box<CompareArgs>),
    /// Estimate the shares of labels, raw and corrected for the judge's errors as measured on gold; or plan labels.
    Estimate(Box<EstimateArgs>),
    /// Report on a run, or on a folder of sessions: HTML, Markdown, CSV.
    Report(ReportArgs),
    /// Write synthetic sessions with planted labels, and simulated raters.
    Simulate(SimulateArgs),
    /// Print the answer schema of a rubric, in full or as a provider accepts it.
    Schema(SchemaArgs),
    /// Say whether keys, servers, models, files and the ledger are fit for a run.
    Doctor(DoctorArgs),
    /// Print shell completions.
    Completions(CompletionsArgs),
    /// Print the manual page.
    Man(ManArgs),
}
