//! Rows of points with whiskers, the first row being the benchmark: Figure 6.

use crate::report::charts::theme::{Align, Axis, Ink, draw_sized};
use crate::report::error::ReportError;
use crate::report::study::Panel;

use super::frame::{Place, absent, along, cell, groups, measures, span, step, tick};

const WIDTH: i32 = 380;
const LEFT: i32 = 14;
const TOP: i32 = 4;
const STEP: i32 = 15;
/// Height of the name above its points.
const NAME: i32 = 26;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    let (rows, series) = (groups(panel), measures(panel));
    let count = i32::try_from(series.len()).unwrap_or(1).clamp(1, 20);
    let row = STEP * count + NAME + 8;
    let bottom = TOP + row * i32::try_from(rows.len()).unwrap_or(0).min(200);
    let axis = Axis { data: span(panel), pixels: (LEFT, WIDTH - 22) };
    let about = "Marks with lines are rates and 95 % intervals by occupation; upright lines carry the rates of the first row on; \
                 upright bars are the published rates. The table below holds the numbers.";
    draw_sized(&place.id, &place.title, about, (WIDTH, bottom + 26), |canvas| {
        let step = step(axis.data.1 - axis.data.0);
        let mut value = axis.data.0;
        while value <= axis.data.1 + step / 1e3 {
            let x = axis.at(value);
            canvas.line((x, TOP), (x, bottom), Ink::Grid, 1)?;
            canvas.text(&tick(value, panel.unit), (x, bottom + 14), Align::Middle, Ink::Quiet, 8)?;
            value += step;
        }
        for (number, (measure, _)) in series.iter().enumerate() {
            let benchmark = rows.first().and_then(|(first, _)| cell(panel, first, measure)?.best());
            if let Some(value) = benchmark {
                canvas.line((axis.at(value), TOP), (axis.at(value), bottom), Ink::Soft(number), 2)?;
            }
        }
        for (at, (group, title)) in (0_i32..).zip(&rows) {
            let top = TOP + row * at;
            if at > 0 {
                canvas.line((LEFT, top), (WIDTH - 22, top), Ink::Grid, 1)?;
            }
            canvas.text(title, (LEFT, top + NAME / 2 - 1), Align::Start, Ink::Text, 50)?;
            let own = series
                .iter()
                .enumerate()
                .filter_map(|(number, (measure, _))| Some((number, cell(panel, group, measure)?)));
            for (number, cell) in own {
                let y = top + NAME + STEP / 2 + STEP * i32::try_from(number).unwrap_or(0);
                match absent(cell) {
                    Some(why) => canvas.text(why, (LEFT + 8, y), Align::Start, Ink::Quiet, 12)?,
                    None => along(canvas, cell, axis, y, number)?,
                }
            }
        }
        Ok(())
    })
}
