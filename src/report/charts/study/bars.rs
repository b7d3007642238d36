//! Bars from the left, one a group, with intervals and published marks: Figures 1 and A1.

use crate::report::charts::theme::{Align, Axis, Ink, draw_sized};
use crate::report::error::ReportError;
use crate::report::study::Panel;

use super::frame::{Place, absent, along, span, step, tick};

const WIDTH: i32 = 380;
const LEFT: i32 = 14;
const TOP: i32 = 4;
const ROW: i32 = 42;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    let rows = i32::try_from(panel.cells.len()).unwrap_or(0).min(200);
    let bottom = TOP + ROW * rows;
    let axis = Axis { data: span(panel), pixels: (LEFT, WIDTH - 22) };
    let about = "Bars are what the judge said; marks with lines are the best estimate and its 95 % interval; upright bars are the \
                 published shares. The table below holds the numbers.";
    draw_sized(&place.id, &place.title, about, (WIDTH, bottom + 26), |canvas| {
        let step = step(axis.data.1 - axis.data.0);
        let mut value = axis.data.0;
        while value <= axis.data.1 + step / 1e3 {
            let x = axis.at(value);
            canvas.line((x, TOP), (x, bottom), Ink::Grid, 1)?;
            canvas.text(&tick(value, panel.unit), (x, bottom + 14), Align::Middle, Ink::Quiet, 8)?;
            value += step;
        }
        for (row, cell) in (0_i32..).zip(&panel.cells) {
            // The name stands above its bar, so that the bars keep the whole width of a phone.
            let y = TOP + ROW * row + ROW - 13;
            canvas.text(&cell.group_title, (LEFT, y - 20), Align::Start, Ink::Text, 50)?;
            if let Some(why) = absent(cell) {
                canvas.text(why, (LEFT + 8, y), Align::Start, Ink::Quiet, 12)?;
                continue;
            }
            if let Some(raw) = cell.raw.as_ref().and_then(|raw| raw.value) {
                canvas.area([(axis.at(0.0), y - 9), (axis.at(raw), y + 9)], Ink::Soft(0))?;
            }
            along(canvas, cell, axis, y, 0)?;
        }
        Ok(())
    })
}
