//! Upright bars over bins, with intervals and published marks: Figure 2.

use crate::report::charts::theme::{Align, Axis, Ink, draw_sized};
use crate::report::error::ReportError;
use crate::report::study::Panel;

use super::frame::{Place, ends, grid, published, span};

const SIZE: (i32, i32) = (340, 236);
const LEFT: i32 = 48;
const TOP: i32 = 10;
const BOTTOM: i32 = 184;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    // Half of the last number stands beyond the axis.
    let right = SIZE.0 - 17;
    let axis = Axis { data: span(panel), pixels: (BOTTOM, TOP) };
    let bins = i32::try_from(panel.cells.len()).unwrap_or(1).clamp(1, 100);
    let about = "Bars are shares of sessions by bin, lines their 95 % intervals, short bars across the published shares. The table \
                 below holds the numbers.";
    draw_sized(&place.id, &place.title, about, SIZE, |canvas| {
        grid(canvas, axis, (LEFT, right), panel.unit)?;
        let edge = |bin: i32| LEFT + (right - LEFT) * bin / bins;
        for (bin, cell) in (0_i32..).zip(&panel.cells) {
            let (from, to) = (edge(bin) + 2, edge(bin + 1) - 2);
            let middle = i32::midpoint(from, to);
            if let Some(value) = cell.best() {
                canvas.area([(from, axis.at(value)), (to, axis.at(0.0))], Ink::Soft(0))?;
                canvas.line((from, axis.at(value)), (to, axis.at(value)), Ink::Series(0), 2)?;
            }
            if let Some((low, high)) = ends(cell) {
                canvas.line((middle, axis.at(low)), (middle, axis.at(high)), Ink::Series(0), 2)?;
            }
            if let Some(published) = published(cell) {
                let y = axis.at(published);
                canvas.line((from - 1, y), (to + 1, y), Ink::Text, 3)?;
            }
        }
        for bin in (0..=bins).step_by(2) {
            let percent = 100 * bin / bins;
            canvas.text(&percent.to_string(), (edge(bin), BOTTOM + 15), Align::Middle, Ink::Quiet, 5)?;
        }
        canvas.text(
            "agent's share of decisions (%)",
            (i32::midpoint(LEFT, right), BOTTOM + 36),
            Align::Middle,
            Ink::Quiet,
            40,
        )
    })
}
