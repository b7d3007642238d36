//! What `assize agree` can print instead of coefficients: calibration, label sets, test-retest, bias, the alternative annotator test.

use std::path::PathBuf;

use clap::ValueEnum;

use crate::agreement::{StatedOptions, alternative_annotator, bias, calibration, label_sets, retest};
use crate::gold::Probabilities;
use crate::report::reliability_diagram;
use crate::stats::AlternativeTest;
use crate::stats::conformal::Score;

use super::agree::Request;
use super::agree_input::InputArgs;
use super::agree_shown::{each, show};
use super::error::{CliError, CliResult};
use super::printer::{Format, Printer};
use super::settings::Settings;

/// What goes with coefficients only.
const ALONE: [&str; 5] = ["min", "multi_label", "weight", "strata", "consensus"];

/// Arguments of the analyses.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Instead of coefficients")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own, and the parser lets one through")]
pub struct AnalysisArgs {
    /// Whether judges are as sure as they are right: Brier score, calibration error, reliability diagram, recalibration.
    #[arg(long, group = "analysis", conflicts_with_all = ALONE)]
    calibration: bool,
    /// Label sets that hold the true label as often as --coverage says, whatever the judge.
    #[arg(long, group = "analysis", conflicts_with_all = ALONE, value_name = "SCORE")]
    conformal: Option<ScoreName>,
    /// How far a judge that was asked again says the same, and how right it is over all repeats.
    #[arg(long, group = "analysis", conflicts_with_all = ALONE)]
    test_retest: bool,
    /// What moves judges besides the answers: position, length, order of options, own answers.
    #[arg(long, group = "analysis", conflicts_with_all = ALONE)]
    bias: bool,
    /// Whether a judge may stand in for people: the alternative annotator test (exit code 0 passes, 1 fails, 2 cannot tell).
    #[arg(long, group = "analysis", conflicts_with_all = ALONE)]
    alternative_annotator: bool,
    /// Bins of the reliability diagram.
    #[arg(long, default_value_t = 10, requires = "calibration", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    bins: u16,
    /// Write the reliability diagram to this file.
    #[arg(long, requires = "calibration", value_name = "FILE.svg")]
    diagram: Option<PathBuf>,
    /// The coverage of label sets.
    #[arg(long, default_value_t = 0.9, requires = "conformal", value_name = "SHARE", value_parser = coverage)]
    coverage: f64,
    /// Probabilities of all labels (`item,rater,label,probability`), where judges give more than a confidence.
    #[arg(long, value_name = "FILE.csv", conflicts_with_all = ["test_retest", "bias", "alternative_annotator"])]
    probabilities: Option<PathBuf>,
    /// Fit on the labels of this split and measure on the others, instead of cross-fitting.
    #[arg(long, value_name = "SPLIT", conflicts_with_all = ["test_retest", "bias", "alternative_annotator"])]
    fit: Option<String>,
    /// How much a person's cost lets the judge fall behind: 0.2 against experts, 0.1 against a crowd.
    #[arg(long, default_value_t = 0.2, requires = "alternative_annotator", value_name = "SHARE", value_parser = epsilon)]
    epsilon: f64,
}

/// How odd a label is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScoreName {
    /// One less its probability: the smallest sets.
    Lac,
    /// The probability of all labels at least as probable: sets that adapt to the item.
    Aps,
}

fn coverage(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("a share above 0 and below 1, such as 0.9".to_owned()),
    }
}

fn epsilon(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("a share from 0 to below 1, such as 0.2".to_owned()),
    }
}

impl AnalysisArgs {
    /// Whether any analysis is asked for.
    pub fn is_any(&self) -> bool {
        self.calibration || self.conformal.is_some() || self.test_retest || self.bias || self.alternative_annotator
    }

    /// Whether what raters say or were shown beside their labels is needed.
    pub fn beside(&self) -> bool {
        self.calibration || self.conformal.is_some() || self.bias
    }

    /// Runs the analysis that was asked for.
    pub fn run(
        &self,
        request: &Request<'_>,
        input: &InputArgs,
        format: Format,
        settings: &Settings,
        printer: Printer,
    ) -> CliResult {
        let options = &request.options;
        let confidence = options.resampling.confidence;
        let stated = self.stated(input)?;
        if self.calibration {
            let reports = each(request, input, settings, printer, |judges, gold, rubric, declared| {
                calibration(judges, gold, rubric, declared, options, (&stated, self.bins.into()))
            })?;
            if let Some(path) = &self.diagram {
                fs_err::write(settings.folder.join(path), reliability_diagram(&reports)?)?;
                printer.say(&format!("diagram: {}", path.display()));
            }
            return show(&reports, format, printer);
        }
        if let Some(score) = self.conformal {
            let score = match score {
                ScoreName::Lac => Score::LeastAmbiguous,
                ScoreName::Aps => Score::Adaptive,
            };
            let reports = each(request, input, settings, printer, |judges, gold, rubric, declared| {
                label_sets(judges, gold, rubric, declared, options, (&stated, score, self.coverage))
            })?;
            return show(&reports, format, printer);
        }
        if self.alternative_annotator {
            let test = AlternativeTest { epsilon: self.epsilon, confidence, ..AlternativeTest::default() };
            let reports = each(request, input, settings, printer, |judges, gold, rubric, declared| {
                alternative_annotator(judges, gold, rubric, declared, options, test)
            })?;
            return show(&reports, format, printer);
        }
        if self.bias {
            let reports = each(request, input, settings, printer, |judges, gold, rubric, declared| {
                bias(judges, gold, rubric, declared, options)
            })?;
            return show(&reports, format, printer);
        }
        let reports = each(request, input, settings, printer, |judges, gold, rubric, declared| {
            retest(judges, gold, rubric, declared, options)
        })?;
        show(&reports, format, printer)
    }

    fn stated(&self, input: &InputArgs) -> Result<StatedOptions, CliError> {
        let read = |path: &PathBuf| Probabilities::read(path, &input.columns());
        let probabilities = self.probabilities.as_ref().map(read).transpose()?;
        Ok(StatedOptions { probabilities, split: self.fit.clone() })
    }
}
