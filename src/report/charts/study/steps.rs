//! Points with whiskers over levels or bands, joined by lines: Figures 5 and A2.

use crate::report::charts::theme::{Align, Axis, Ink, draw_sized, series_mark};
use crate::report::error::ReportError;
use crate::report::study::{Cell, Panel};

use super::frame::{Place, above, absent, below, cell, ends, grid, groups, measures, published, span, upright};

const SIZE: (i32, i32) = (340, 262);
const LEFT: i32 = 50;
const TOP: i32 = 10;
const BOTTOM: i32 = 214;
/// Pixels between the series of one group.
const STEP: i32 = 9;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    let right = SIZE.0 - 8;
    let (levels, series) = (groups(panel), measures(panel));
    let count = i32::try_from(levels.len()).unwrap_or(1).clamp(1, 50);
    let middle = i32::try_from(series.len()).unwrap_or(1) - 1;
    let axis = Axis { data: span(panel), pixels: (BOTTOM, TOP) };
    let about = "Marks with lines are estimates and 95 % intervals by group; joined lines are adjusted rates where there are any; \
                 short bars across are the published numbers. The table below holds the numbers.";
    let x = |level: i32, offset: i32| LEFT + (right - LEFT) * (2 * level + 1) / (2 * count) + offset;
    draw_sized(&place.id, &place.title, about, SIZE, |canvas| {
        grid(canvas, axis, (LEFT, right), panel.unit)?;
        for (number, (level, _)) in (0_i32..).zip(&levels) {
            canvas.text(level, (x(number, 0), BOTTOM + 16), Align::Middle, Ink::Text, 12)?;
        }
        canvas.text(&below(&levels), (i32::midpoint(LEFT, right), BOTTOM + 38), Align::Middle, Ink::Quiet, 48)?;
        let own =
            |level: &str| series.iter().filter_map(|(measure, _)| cell(panel, level, measure)).collect::<Vec<_>>();
        for (number, (level, _)) in (0_i32..).zip(&levels) {
            let words: Vec<_> = own(level).into_iter().map(absent).collect();
            if let Some(Some(why)) = words.first().filter(|_| words.iter().all(Option::is_some)) {
                canvas.text(why, (x(number, 0), above(BOTTOM, number)), Align::Middle, Ink::Quiet, 10)?;
            }
        }
        let offset = |number: usize| (i32::try_from(number).unwrap_or(0) * 2 - middle) * STEP / 2;
        let adjusted = |cell: &Cell| cell.adjusted.as_ref().and_then(|one| one.value);
        // Lines first, so that none covers a mark.
        for (number, (measure, _)) in series.iter().enumerate() {
            let mut before = None;
            for (at, (level, _)) in (0_i32..).zip(&levels) {
                let own = cell(panel, level, measure);
                let value = own.and_then(|own| adjusted(own).or_else(|| own.best()));
                let point = value.map(|value| (x(at, offset(number)), axis.at(value)));
                if let (Some(before), Some(point)) = (before, point) {
                    canvas.line(before, point, Ink::Soft(number), 3)?;
                }
                before = point;
            }
        }
        for (number, (measure, _)) in series.iter().enumerate() {
            for (at, (level, _)) in (0_i32..).zip(&levels) {
                let Some(own) = cell(panel, level, measure) else { continue };
                let x = x(at, offset(number));
                // The adjusted rate is the mark where it is all there is, as in the study; a corrected one says more, and the line
                // goes on through the adjusted ones.
                match adjusted(own).filter(|_| own.corrected.is_none()) {
                    Some(adjusted) => {
                        if let Some(published) = published(own) {
                            let y = axis.at(published);
                            canvas.line((x - 7, y), (x + 7, y), Ink::Text, 2)?;
                        }
                        if let Some((low, high)) = ends(own) {
                            canvas.line((x, axis.at(low)), (x, axis.at(high)), Ink::Series(number), 2)?;
                        }
                        canvas.mark((x, axis.at(adjusted)), Ink::Series(number), series_mark(number))?;
                    }
                    None => upright(canvas, own, axis, x, number)?,
                }
            }
        }
        Ok(())
    })
}
