//! `assize estimate --derived`.

use std::path::Path;

use crate::estimate::{DerivedReports, estimate_derived};

use super::error::{CliResult, Exit};
use super::estimate::{EstimateArgs, file, options};
use super::estimate_derived_table;
use super::estimate_input::Loaded;
use super::printer::{Format, Printer};

/// Runs the command.
pub(super) fn run(args: &EstimateArgs, gold: &Path, loaded: &Loaded, printer: Printer) -> CliResult {
    let (verdicts, shares) = loaded.verdicts(&loaded.parts())?;
    let source = loaded.source(&verdicts, args.reference.as_deref());
    let all = estimate_derived(&source, &loaded.asked(), &shares, &options(args))?;
    let (run, gold, notes) = (loaded.run.id.clone(), file(gold), loaded.notes());
    let all = DerivedReports { run, gold, notes, ..all };
    match args.format {
        Format::Json => printer.json(&all)?,
        Format::Csv => printer.out(&estimate_derived_table::csv(&all)?)?,
        Format::Table => printer.out(&estimate_derived_table::text(&all))?,
    }
    Ok(match all.inconclusive() {
        None => Exit::Done,
        Some(why) => {
            printer.say(&format!("inconclusive: {why}"));
            Exit::Inconclusive
        }
    })
}
