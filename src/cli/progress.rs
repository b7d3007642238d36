//! What a person sees while a run works: a bar on a terminal, plain lines elsewhere, or events as JSON lines.

use std::io;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::run::{BatchStage, Event};

use super::printer::Printer;
use super::summary::dollars;
use super::tally::Tally;

/// Time between two plain lines.
const PAUSE: Duration = Duration::from_secs(5);

/// Follows the events of a run.
#[derive(Debug)]
pub struct Progress {
    printer: Printer,
    display: Display,
    tally: Tally,
    failure: Option<io::Error>,
}

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines(Instant),
    Json,
}

impl Progress {
    /// Shows events in the way that fits: as JSON lines on stdout where `json`, else on stderr.
    pub fn new(printer: Printer, json: bool) -> Self {
        let display = if json {
            Display::Json
        } else if printer.shows_progress() {
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len} units{msg}");
            let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            Display::Bar(bar)
        } else {
            Display::Lines(Instant::now())
        };
        Self { printer, display, tally: Tally::new(), failure: None }
    }

    /// Takes in one event and shows what it changes.
    pub fn on(&mut self, event: &Event) {
        self.tally.count(event);
        if matches!(self.display, Display::Json) {
            if let Err(error) = self.printer.json_line(event) {
                // Paid work goes on; the command fails at its end.
                self.failure.get_or_insert(error);
            }
            return;
        }
        match event {
            Event::Planned { run, units, recorded, lost_calls, .. } => {
                self.say(&format!("run {run}: {units} units, {recorded} of them recorded before"));
                if *lost_calls > 0 {
                    let calls = if *lost_calls == 1 { "call was" } else { "calls were" };
                    self.say(&format!(
                        "{lost_calls} {calls} under way when an earlier run broke off; what came of it is lost"
                    ));
                }
            }
            Event::Verdict { .. } => self.advance(),
            Event::Batch { model, batch, calls, stage } => {
                self.say(&format!("{model}: batch {batch} of {calls} calls {}", words(stage)));
            }
            Event::Calibrated { summary } => self.say(&format!("calibration: {summary}")),
            Event::Waiting { rubric, units } => {
                self.say(&format!(
                    "{rubric}: {units} units wait for verdicts that they need and that are not there yet"
                ));
            }
            Event::Warning { judge, message, .. } => self.say(&format!("{judge}: {message}")),
            Event::GivenUp { judges, message, goes_on: true } => {
                self.say(&format!("{} asked no more, the others go on: {message}", judges.join(", ")));
            }
            Event::Draining { in_flight } => {
                self.say(&format!("stopping; {in_flight} calls under way are awaited (Ctrl-C again quits at once)"));
            }
            Event::OverBudget { budget, paid, short_of, .. } => {
                let [budget, paid, next] = [*budget, *paid, *short_of].map(dollars);
                self.say(&format!(
                    "the budget is used up: of {budget} this run has paid {paid}, and the next call may cost up to {next}"
                ));
            }
            // Where nobody is left to ask, the error that ends the command says why.
            Event::Answered { .. } | Event::GivenUp { .. } | Event::Finished { .. } => (),
        }
    }

    fn advance(&mut self) {
        let (done, units) = self.tally.units();
        match &mut self.display {
            Display::Bar(bar) => {
                bar.set_length(units);
                bar.set_position(done);
                bar.set_message(self.tally.text());
            }
            Display::Lines(last) if last.elapsed() >= PAUSE => {
                *last = Instant::now();
                self.printer.say(&format!("{done}/{units} units{}", self.tally.text()));
            }
            Display::Lines(_) | Display::Json => (),
        }
    }

    fn say(&self, text: &str) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| self.printer.say(text)),
            Display::Lines(_) => self.printer.say(text),
            Display::Json => (),
        }
    }

    /// Ends the display, and gives what it counted.
    ///
    /// # Errors
    /// When an event could not be printed.
    pub fn finish(self) -> io::Result<Tally> {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
        self.failure.map_or(Ok(self.tally), Err)
    }
}

/// What there is to say about a batch.
fn words(stage: &BatchStage) -> String {
    match stage {
        BatchStage::Created => {
            "is created; it may take a day, and goes on without this command (Ctrl-C leaves it there)".to_owned()
        }
        BatchStage::PickedUp => "is gone on with".to_owned(),
        BatchStage::Working { done: None } => "is worked on".to_owned(),
        BatchStage::Working { done: Some(done) } => format!("is worked on: {done} done"),
        BatchStage::Read { answered, again, failed } => {
            let counts = [(answered, "answered"), (again, "to be asked again"), (failed, "failed")];
            let counts = counts.iter().filter(|(count, _)| **count > 0);
            let counts: Vec<String> = counts.map(|(count, what)| format!("{count} {what}")).collect();
            format!("is read: {}", counts.join(", "))
        }
    }
}
