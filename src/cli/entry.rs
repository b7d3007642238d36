//! From arguments to one command to an exit code.

use std::process::ExitCode;

use clap::Parser;

use super::args::{Args, Command};
use super::error::{CliResult, Exit};
use super::printer::Printer;
use super::settings::Settings;
use super::{
    agree, compare, completions, demo, doctor, estimate, export, ingest, init, log, man, report, resume, run, sample,
    schema, sessions, show, simulate, status,
};

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Nothing is left to do when the message itself cannot be printed.
            let _ = error.print();
            return if error.use_stderr() { Exit::CouldNotRun.into() } else { Exit::Done.into() };
        }
    };
    let printer = Printer::new(args.quiet);
    let settings = Settings::from_environment();
    let logged = log::start(args.log.as_deref(), &settings).and_then(|log| {
        let done = dispatch(&args, &settings, printer);
        if let Some(lost) = log.finish() {
            printer.say(&lost);
        }
        done
    });
    match logged {
        Ok(exit) => exit.into(),
        Err(error) => {
            printer.error(&error.message, error.hint.as_deref());
            error.exit.into()
        }
    }
}

fn dispatch(args: &Args, settings: &Settings, printer: Printer) -> CliResult {
    match &args.command {
        Command::Demo(args) => demo::run(args, settings, printer),
        Command::Init(args) => init::run(args, settings, printer),
        Command::Ingest(args) => ingest::run(args, settings, printer),
        Command::Sessions(args) => sessions::run(args, settings, printer),
        Command::Show(args) => show::run(args, settings, printer),
        Command::Sample(args) => sample::run(args, settings, printer),
        Command::Run(args) => run::run(args, settings, printer),
        Command::Resume(args) => resume::run(args, settings, printer),
        Command::Status(args) => status::run(args, settings, printer),
        Command::Export(args) => export::run(args, settings, printer),
        Command::Agree(args) => agree::run(args, settings, printer),
        Command::Compare(args) => compare::run(args, settings, printer),
        Command::Estimate(args) => estimate::run(args, settings, printer),
        Command::Report(args) => report::run(args, settings, printer),
        Command::Simulate(args) => simulate::run(args, settings, printer),
        Command::Schema(args) => schema::run(args, settings, printer),
        Command::Doctor(args) => doctor::run(args, settings, printer),
        Command::Completions(args) => completions::run(args, settings, printer),
        Command::Man(args) => man::run(args, settings, printer),
    }
}
