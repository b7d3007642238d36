//! Calibration and label sets as text for people, and as CSV.

use crate::agreement::{Calibration, CalibrationMap, CalibrationReport, ConformalReport, LabelSetOf, LabelSets};
use crate::stats::calibration::{Bin, Reliability};
use crate::stats::conformal::Score;

use super::agree_shown::{Shown, decimal, ends, exact};
use super::agree_table::numbers;
use super::error::Exit;
use super::printer::table;

/// Label sets listed before the rest is only counted.
const SETS: usize = 20;

/// Characters of a bar of the reliability diagram.
const BAR: usize = 40;

impl Shown for CalibrationReport {
    const HEADER: &'static [&'static str] =
        &["judge", "reference", "above", "up_to", "n", "confidence", "accuracy", "low", "high"];

    fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    fn text(&self) -> String {
        let mut blocks: Vec<String> = self.judges.iter().map(|of| calibration(self, of)).collect();
        blocks.extend(self.notes.iter().map(|note| format!("note: {note}")));
        blocks.join("\n\n")
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let of_bin = |of: &Calibration, bin: &Bin| {
            let (low, high) = bin.interval.unzip();
            let edges = [bin.above.to_string(), bin.up_to.to_string(), bin.n.to_string()];
            let numbers = [bin.confidence, bin.accuracy, low, high].map(exact);
            [vec![of.judge.clone(), of.reference.clone()], edges.to_vec(), numbers.to_vec()].concat()
        };
        let bins = |of: &'_ Calibration| {
            let bins = of.diagram.iter().flat_map(|diagram| &diagram.bins);
            bins.map(|bin| of_bin(of, bin)).collect::<Vec<_>>()
        };
        self.judges.iter().flat_map(bins).collect()
    }

    fn exit(&self) -> Exit {
        if self.judges.iter().any(|of| of.undefined.is_none()) { Exit::Done } else { Exit::Inconclusive }
    }
}

fn calibration(report: &CalibrationReport, of: &Calibration) -> String {
    let rubric = report.rubric.as_deref().unwrap_or("calibration");
    let without = match of.without_confidence {
        0 => String::new(),
        n => format!("; {n} more have no confidence"),
    };
    let mut blocks = vec![
        format!("{rubric}: {} held against {} on {} items with a confidence{without}", of.judge, of.reference, of.n),
        numbers(report.confidence, &of.numbers),
    ];
    if let Some(brier) = of.brier {
        blocks.push(format!(
            "Brier score {:.4} = reliability {:.4} - resolution {:.4} + uncertainty {:.4} + within bins {:.4}",
            brier.score, brier.reliability, brier.resolution, brier.uncertainty, brier.within
        ));
    }
    blocks.extend(of.diagram.as_ref().map(diagram));
    let row = |map: &CalibrationMap| {
        let number = |name: &str| {
            let of = map.numbers.iter().find(|number| number.name == name);
            of.map_or("-".to_owned(), |of| format!("{} {}", decimal(of.value), ends(of.low.zip(of.high))))
        };
        let parameters: Vec<String> = map.parameters.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
        let words = match (map.undefined, map.knots.len()) {
            (Some(why), _) => format!("undefined: {}", why.as_str()),
            (None, 0) => parameters.join(", "),
            (None, knots) => format!("{knots} knots: --format json"),
        };
        vec![map.map.as_str().to_owned(), number("brier_score"), number("expected_calibration_error"), words]
    };
    let rows: Vec<Vec<String>> = of.maps.iter().map(row).collect();
    let header = ["confidence", "brier score", "expected calibration error", "fitted on all"];
    blocks.push(format!("Recalibration, {}\n{}", of.fitted, table(&header, &rows)));
    blocks.join("\n\n")
}

/// The diagram in characters: `#` up to the share that was right, `|` where it would be if the judge were calibrated.
fn diagram(of: &Reliability) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 40 characters")]
    let place = |share: f64| (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
    let bar = |(stated, seen): (f64, f64)| {
        let (stated, seen) = (place(stated), place(seen));
        let cell = |at: usize| match at {
            at if at == stated => '|',
            at if at < seen => '#',
            _ => ' ',
        };
        (0..=BAR).map(cell).collect::<String>().trim_end().to_owned()
    };
    let row = |bin: &Bin| {
        let edges = format!("{:.2} to {:.2}", bin.above, bin.up_to);
        let numbers = [bin.n.to_string(), decimal(bin.confidence), decimal(bin.accuracy), ends(bin.interval)];
        let drawn = bin.confidence.zip(bin.accuracy).map_or_else(String::new, bar);
        [vec![edges], numbers.to_vec(), vec![drawn]].concat()
    };
    let rows: Vec<Vec<String>> = of.bins.iter().filter(|bin| bin.n > 0).map(row).collect();
    let header = ["bin", "n", "confidence", "right", "95 % interval", "# right, | as sure as it says"];
    format!("Reliability diagram; bins without items are left out\n{}", table(&header, &rows))
}

impl Shown for ConformalReport {
    const HEADER: &'static [&'static str] = &["judge", "reference", "item", "label", "labels", "size", "truth"];

    fn rubric(&self) -> Option<&str> {
        self.rubric.as_deref()
    }

    fn text(&self) -> String {
        let mut blocks: Vec<String> = self.judges.iter().map(|of| sets(self, of)).collect();
        blocks.extend(self.notes.iter().map(|note| format!("note: {note}")));
        blocks.join("\n\n")
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |of: &LabelSets, item: &LabelSetOf| {
            let truth = item.truth.clone().unwrap_or_default();
            let whose = [of.judge.clone(), of.reference.clone(), item.item.clone(), item.label.clone()];
            [whose.to_vec(), vec![item.labels.join("|"), item.labels.len().to_string(), truth]].concat()
        };
        let all = |of: &'_ LabelSets| of.items.iter().map(|item| row(of, item)).collect::<Vec<_>>();
        self.judges.iter().flat_map(all).collect()
    }

    fn exit(&self) -> Exit {
        if self.judges.iter().any(|of| of.undefined.is_none()) { Exit::Done } else { Exit::Inconclusive }
    }
}

fn sets(report: &ConformalReport, of: &LabelSets) -> String {
    let score = match report.score {
        Score::LeastAmbiguous => "LAC",
        Score::Adaptive => "APS",
    };
    let threshold = match (of.undefined, of.threshold) {
        (Some(why), _) => format!("undefined: {}", why.as_str()),
        (None, Some(threshold)) => format!("threshold {threshold:.4}"),
        (None, None) => "no threshold: sets hold all labels".to_owned(),
    };
    let heading = format!(
        "{}: {score} label sets of {} for a coverage of {} by {} on {} items; {threshold}",
        report.rubric.as_deref().unwrap_or("label sets"),
        of.judge,
        report.coverage,
        of.reference,
        of.n
    );
    let rows: Vec<Vec<String>> = (of.items.iter().take(SETS))
        .map(|item| {
            let truth = item.truth.clone().unwrap_or_else(|| "-".to_owned());
            vec![item.item.clone(), item.label.clone(), item.labels.join(" "), truth]
        })
        .collect();
    let mut blocks = vec![
        heading,
        format!("On items held out ({})\n{}", of.fitted, numbers(report.confidence, &of.numbers)),
        format!("Coverage by true label\n{}", numbers(report.confidence, &of.coverage_by_label)),
        format!("Sets\n{}", table(&["item", "judged as", "not ruled out", "truth"], &rows)),
    ];
    if of.items.len() > SETS {
        blocks.push(format!("... and {} more items; --format csv has them all", of.items.len() - SETS));
    }
    blocks.join("\n\n")
}
