//! Lines over months with their names at the end: Figure 4.

use crate::report::charts::theme::{Align, Axis, Ink, draw_sized, series_mark};
use crate::report::error::ReportError;
use crate::report::figures::{quantity, words};
use crate::report::study::{Cell, Panel};

use super::frame::{Place, cell, grid, groups, measures, span};

const SIZE: (i32, i32) = (400, 330);
const LEFT: i32 = 50;
const RIGHT: i32 = 262;
const TOP: i32 = 10;
const BOTTOM: i32 = 290;
/// Least distance of two names.
const APART: i32 = 16;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    let (months, series) = (groups(panel), measures(panel));
    let last = i32::try_from(months.len()).unwrap_or(1).max(2) - 1;
    // Intervals of nine lines would cover each other: they stand in the table.
    let values =
        panel.cells.iter().flat_map(|cell| [cell.best(), cell.published.as_ref().map(|one| one.value)]).flatten();
    let bare = Panel { cells: panel.cells.iter().map(Cell::without_ends).collect(), ..panel.clone() };
    let axis = Axis { data: if values.count() > 0 { span(&bare) } else { (0.0, 1.0) }, pixels: (BOTTOM, TOP) };
    let about = "Lines are shares or changes by month, with their names at the end; short bars in ink are the published numbers. The \
                 table below holds the numbers and their intervals.";
    draw_sized(&place.id, &place.title, about, SIZE, |canvas| {
        grid(canvas, axis, (LEFT, RIGHT), panel.unit)?;
        let x = |month: i32| LEFT + (RIGHT - LEFT) * month / last;
        let every = (months.len().div_ceil(4)).max(1);
        for (number, (month, _)) in (0_i32..).zip(&months).step_by(every) {
            canvas.text(month, (x(number), BOTTOM + 16), Align::Middle, Ink::Quiet, 9)?;
        }
        let mut names = Vec::new();
        for (number, (measure, _)) in series.iter().enumerate() {
            let mut before: Option<(i32, i32)> = None;
            let mut end = None;
            for (month, (group, _)) in (0_i32..).zip(&months) {
                let own = cell(panel, group, measure);
                let point = own.and_then(Cell::best).map(|value| (x(month), axis.at(value), value));
                if let Some((x, y, value)) = point {
                    if let Some(before) = before {
                        canvas.line(before, (x, y), Ink::Series(number), 2)?;
                    }
                    end = Some((y, value));
                }
                // A month that is withheld breaks the line.
                before = point.map(|(x, y, _)| (x, y));
                if let Some((x, y)) = before.filter(|_| months.len() < 16) {
                    canvas.mark((x, y), Ink::Series(number), series_mark(number))?;
                }
                if let Some(published) = own.and_then(|cell| cell.published.as_ref()) {
                    let y = axis.at(published.value);
                    canvas.line((x(month) - 6, y), (x(month) + 6, y), Ink::Text, 3)?;
                }
            }
            names.extend(end.map(|(y, value)| (y, number, words(measure), value)));
        }
        for ((y, number, title, value), at) in
            names.iter().zip(spread(&names.iter().map(|name| name.0).collect::<Vec<_>>()))
        {
            canvas.line((RIGHT + 3, *y), (RIGHT + 16, at), Ink::Series(*number), 1)?;
            canvas.mark((RIGHT + 22, at), Ink::Series(*number), series_mark(*number))?;
            let text = format!("{} {title}", quantity(Some(*value), panel.unit, 0));
            canvas.text(&text, (RIGHT + 32, at), Align::Start, Ink::Text, 15)?;
        }
        Ok(())
    })
}

/// Heights near `wanted` that are at least [`APART`], in the order of `wanted`.
fn spread(wanted: &[i32]) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| (wanted[*at], *at));
    let mut placed = vec![0; wanted.len()];
    let mut lowest = i32::MIN / 2;
    for at in &order {
        placed[*at] = wanted[*at].max(lowest + APART).max(TOP);
        lowest = placed[*at];
    }
    // What went past the bottom moves up again.
    let mut highest = BOTTOM + APART;
    for at in order.iter().rev() {
        placed[*at] = placed[*at].min(highest - APART);
        highest = placed[*at];
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::{APART, BOTTOM, TOP, spread};

    #[test]
    fn names_do_not_cover_each_other() {
        let placed = spread(&[100, 101, 99, 290, 290]);
        let mut sorted = placed.clone();
        sorted.sort_unstable();
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= APART), "{placed:?}");
        assert!(placed.iter().all(|y| (TOP..=BOTTOM).contains(y)) && placed[2] < placed[0] && placed[0] < placed[1]);
    }
}
