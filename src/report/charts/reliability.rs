//! How often judges are right beside how sure they are: a reliability diagram, as a file of its own.

use crate::agreement::{Calibration, CalibrationReport};
use crate::report::error::ReportError;
use crate::report::figures::decimal;
use crate::stats::calibration::Bin;

use super::theme::{Align, Axis, Canvas, Ink, Mark, WIDTH, draw};

const LEFT: i32 = 200;
const RIGHT: i32 = WIDTH - 160;
/// Pixels of the square of one judge, and of one judge with heading and axis.
const SIDE: i32 = RIGHT - LEFT;
const PANEL: i32 = SIDE + 90;

/// Values of the page's variables where the diagram stands alone, in light and dark.
const STYLE: &str = "<style>svg{--ink:#1c1c1c;--quiet:#5f5f5f;--rule:#d6d6d6;--series-1:#2563a8;background:#fff;font:13.5px sans-serif}\
                     @media (prefers-color-scheme:dark){svg{--ink:#ececec;--quiet:#a9a9a9;--rule:#444;--series-1:#7fb3ea;background:#161616}}</style>";

/// Draws one diagram per judge and reference of all reports, below each other.
///
/// # Errors
/// When the chart cannot be drawn.
pub fn reliability_diagram(reports: &[CalibrationReport]) -> Result<String, ReportError> {
    let panels: Vec<(&CalibrationReport, &Calibration)> =
        reports.iter().flat_map(|report| report.judges.iter().map(move |of| (report, of))).collect();
    let height = PANEL * i32::try_from(panels.len()).unwrap_or(i32::MAX).clamp(1, 1_000);
    let about = "Dots are the share of right labels in bins of stated confidence with 95 % intervals; on the diagonal a judge is as \
                 sure as it is right. Numbers are items.";
    let svg = draw("reliability", "Reliability diagram", about, height, |canvas| {
        for (at, (report, of)) in (0_i32..).zip(&panels) {
            let rubric = report.rubric.as_deref().map_or_else(String::new, |rubric| format!("{rubric}: "));
            let title = format!("{rubric}{} held against {}", of.judge, of.reference);
            panel(canvas, at * PANEL + 40, &title, of.diagram.iter().flat_map(|diagram| &diagram.bins))?;
        }
        Ok(())
    })?;
    Ok(svg.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1).replacen(
        '\n',
        &format!("\n{STYLE}\n"),
        1,
    ))
}

fn panel<'a>(
    canvas: &Canvas<'_>,
    top: i32,
    title: &str,
    bins: impl Iterator<Item = &'a Bin>,
) -> Result<(), ReportError> {
    let across = Axis { data: (0.0, 1.0), pixels: (LEFT, RIGHT) };
    let up = Axis { data: (0.0, 1.0), pixels: (top + SIDE, top) };
    canvas.text(title, (LEFT, top - 22), Align::Start, Ink::Text, 70)?;
    for tick in [0.0, 0.2, 0.4, 0.6, 0.8, 1.0] {
        canvas.line((LEFT, up.at(tick)), (RIGHT, up.at(tick)), Ink::Grid, 1)?;
        canvas.line((across.at(tick), top), (across.at(tick), top + SIDE), Ink::Grid, 1)?;
        canvas.text(&decimal(Some(tick), 1), (LEFT - 10, up.at(tick)), Align::End, Ink::Quiet, 8)?;
        canvas.text(&decimal(Some(tick), 1), (across.at(tick), top + SIDE + 14), Align::Middle, Ink::Quiet, 8)?;
    }
    canvas.line((LEFT, top + SIDE), (RIGHT, top), Ink::Quiet, 1)?;
    canvas.text("right", (LEFT - 44, top + SIDE / 2), Align::End, Ink::Quiet, 12)?;
    canvas.text("stated confidence", (i32::midpoint(LEFT, RIGHT), top + SIDE + 34), Align::Middle, Ink::Quiet, 30)?;
    for bin in bins {
        let (Some(stated), Some(seen)) = (bin.confidence, bin.accuracy) else { continue };
        let at = (across.at(stated), up.at(seen));
        if let Some((low, high)) = bin.interval {
            canvas.line((at.0, up.at(low)), (at.0, up.at(high)), Ink::Series(0), 2)?;
        }
        canvas.mark(at, Ink::Series(0), Mark::Dot)?;
        canvas.text(&bin.n.to_string(), (at.0 + 9, at.1 + 12), Align::Start, Ink::Quiet, 8)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::calibration::Reliability;

    #[test]
    fn a_diagram_stands_alone_and_its_names_are_escaped() {
        let diagram = Reliability::of(&[0.95, 0.95, 0.6], &[true, false, true], 10).ok();
        let of = Calibration {
            judge: "</svg><script>".to_owned(),
            reference: "gold".to_owned(),
            n: 3,
            without_confidence: 0,
            numbers: Vec::new(),
            brier: None,
            diagram,
            fitted: String::new(),
            maps: Vec::new(),
            undefined: None,
        };
        let report = CalibrationReport {
            version: 1,
            rubric: Some("work_mode".to_owned()),
            categories: Vec::new(),
            confidence: 0.95,
            judges: vec![of],
            notes: Vec::new(),
        };
        let svg = reliability_diagram(&[report]).unwrap();
        assert!(svg.starts_with("<svg xmlns=") && svg.contains("--series-1:") && !svg.contains("<script"), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 2, "{svg}");
    }
}
