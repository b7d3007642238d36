//! Boxes with whiskers and a dot, on a logarithmic scale: Figure 3.

use crate::report::charts::theme::{Align, Axis, Ink, Mark, draw_sized};
use crate::report::error::ReportError;
use crate::report::study::{Cell, Panel, Unit};

use super::frame::{Place, above, absent, below, cell, groups, published, tick};

const SIZE: (i32, i32) = (340, 262);
const LEFT: i32 = 52;
const TOP: i32 = 10;
const BOTTOM: i32 = 206;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    let right = SIZE.0 - 8;
    let levels = groups(panel);
    let count = i32::try_from(levels.len()).unwrap_or(1).clamp(1, 50);
    let values = panel.cells.iter().flat_map(|cell| [cell.best(), published(cell)]);
    let positive: Vec<f64> = values.flatten().filter(|value| *value > 0.0).collect();
    let low = positive.iter().copied().fold(f64::INFINITY, f64::min).log10().floor();
    let high = positive.iter().copied().fold(0.0, f64::max).log10().ceil();
    let axis = Axis { data: (low, high.max(low + 1.0)), pixels: (BOTTOM, TOP) };
    let at = |value: f64| axis.at(value.max(f64::MIN_POSITIVE).log10());
    let about = "Boxes hold the middle half, split at the median; whiskers are the 5th and 95th percentile; dots are geometric \
                 means, short bars across those published. The scale is logarithmic. The table below holds the numbers.";
    draw_sized(&place.id, &place.title, about, SIZE, |canvas| {
        let mut power = axis.data.0;
        while power <= axis.data.1 + 1e-9 {
            let y = axis.at(power);
            canvas.line((LEFT, y), (right, y), Ink::Grid, 1)?;
            canvas.text(&tick(10_f64.powf(power), Unit::Number), (LEFT - 7, y), Align::End, Ink::Quiet, 9)?;
            power += 1.0;
        }
        for (number, (level, _)) in (0_i32..).zip(&levels) {
            let x = LEFT + (right - LEFT) * (2 * number + 1) / (2 * count);
            let value = |measure: &str| cell(panel, level, measure).and_then(Cell::best);
            canvas.text(level, (x, BOTTOM + 16), Align::Middle, Ink::Text, 12)?;
            if let (Some(p05), Some(p25), Some(median), Some(p75), Some(p95)) =
                (value("p05"), value("p25"), value("median"), value("p75"), value("p95"))
            {
                canvas.line((x, at(p05)), (x, at(p95)), Ink::Series(0), 1)?;
                canvas.line((x - 5, at(p05)), (x + 5, at(p05)), Ink::Series(0), 1)?;
                canvas.line((x - 5, at(p95)), (x + 5, at(p95)), Ink::Series(0), 1)?;
                canvas.area([(x - 15, at(p75)), (x + 15, at(p25))], Ink::Soft(0))?;
                canvas.line((x - 15, at(median)), (x + 15, at(median)), Ink::Series(0), 2)?;
            }
            let Some(own) = cell(panel, level, "geometric_mean") else { continue };
            if let Some(why) = absent(own) {
                canvas.text(why, (x, above(BOTTOM, number)), Align::Middle, Ink::Quiet, 10)?;
            }
            if let Some(published) = published(own) {
                let y = at(published);
                canvas.line((x - 18, y), (x + 18, y), Ink::Text, 3)?;
            }
            if let Some(mean) = own.best() {
                canvas.mark((x, at(mean)), Ink::Series(1), Mark::Dot)?;
            }
        }
        canvas.text(&below(&levels), (i32::midpoint(LEFT, right), BOTTOM + 40), Align::Middle, Ink::Quiet, 48)
    })
}
