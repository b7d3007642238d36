//! Lines over months with their names at the end: Figure 4.

use crate::report::charts::theme::{Align, Axis, Ink, draw_sized, series_mark};
use crate::report::error::ReportError;
use crate::report::figures::{quantity, words};
use crate::report::study::{Cell, Panel};

use super::frame::{Place, cell, grid, groups, measures, published, span};

const SIZE: (i32, i32) = (400, 330);
const LEFT: i32 = 66;
const RIGHT: i32 = 240;
const TOP: i32 = 10;
const BOTTOM: i32 = 290;
/// Height of a line of a name.
const APART: i32 = 16;
/// Letters that fit beside the chart.
const WIDE: usize = 15;

pub(super) fn draw(panel: &Panel, place: &Place) -> Result<String, ReportError> {
    let (months, series) = (groups(panel), measures(panel));
    let last = i32::try_from(months.len()).unwrap_or(1).max(2) - 1;
    // Intervals of nine lines would cover each other: they stand in the table.
    let values = panel.cells.iter().flat_map(|cell| [cell.best(), published(cell)]).flatten();
    let bare = Panel { cells: panel.cells.iter().map(Cell::without_ends).collect(), ..panel.clone() };
    let axis = Axis { data: if values.count() > 0 { span(&bare) } else { (0.0, 1.0) }, pixels: (BOTTOM, TOP) };
    let about = "Lines are shares or changes by month, with their names at the end; short bars with an edge of ink are the published \
                 numbers. The table below holds the numbers and their intervals.";
    draw_sized(&place.id, &place.title, about, SIZE, |canvas| {
        grid(canvas, axis, (LEFT, RIGHT), panel.unit)?;
        let x = |month: i32| LEFT + (RIGHT - LEFT) * month / last;
        let every = (months.len().div_ceil(3)).max(1);
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
                    end = Some((x, y, value));
                }
                // A month that is withheld breaks the line.
                before = point.map(|(x, y, _)| (x, y));
                if let Some((x, y)) = before.filter(|_| months.len() < 16) {
                    canvas.mark((x, y), Ink::Series(number), series_mark(number))?;
                }
                if let Some(published) = own.and_then(published) {
                    // In the colour of its line: several can stand in one month.
                    let (x, y) = (x(month), axis.at(published));
                    canvas.area([(x - 8, y - 3), (x + 8, y + 3)], Ink::Text)?;
                    canvas.area([(x - 6, y - 1), (x + 6, y + 1)], Ink::Series(number))?;
                }
            }
            // The number of an earlier month would be read as the last one's.
            let name = |x: i32, value: f64| match x {
                RIGHT => folded(&format!("{} {}", quantity(Some(value), panel.unit, 0), words(measure))),
                _ => folded(&words(measure)),
            };
            names.extend(end.map(|(x, y, value)| ((x, y), number, name(x, value))));
        }
        let wanted: Vec<(i32, i32)> = names.iter().map(|((_, y), _, name)| (*y, height(name))).collect();
        for (((x, y), number, name), at) in names.iter().zip(spread(&wanted)) {
            // From an earlier month it would look like a part of the line.
            if *x == RIGHT {
                canvas.line((RIGHT + 3, *y), (RIGHT + 16, at), Ink::Series(*number), 1)?;
            }
            canvas.mark((RIGHT + 22, at), Ink::Series(*number), series_mark(*number))?;
            let mut line = at - (height(name) - APART) / 2;
            for text in name {
                canvas.text(text, (RIGHT + 32, line), Align::Start, Ink::Text, WIDE + 1)?;
                line += APART;
            }
        }
        Ok(())
    })
}

/// `text` in lines of at most [`WIDE`] letters, as far as it has spaces.
fn folded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn height(name: &[String]) -> i32 {
    APART * i32::try_from(name.len()).unwrap_or(1)
}

/// Middles near those `wanted`, each with its height, so that no two names cover each other.
fn spread(wanted: &[(i32, i32)]) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| (wanted[*at].0, *at));
    let mut placed = vec![0; wanted.len()];
    let mut lowest = TOP - APART / 2;
    for at in &order {
        let (y, height) = wanted[*at];
        placed[*at] = y.max(lowest + height / 2);
        lowest = placed[*at] + height / 2;
    }
    // What went past the bottom moves up again.
    let mut highest = BOTTOM + APART / 2;
    for at in order.iter().rev() {
        let half = wanted[*at].1 / 2;
        placed[*at] = placed[*at].min(highest - half);
        highest = placed[*at] - half;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::{APART, BOTTOM, TOP, folded, spread};

    #[test]
    fn names_do_not_cover_each_other() {
        let wanted = [(100, APART), (101, 2 * APART), (99, APART), (290, APART), (290, 2 * APART)];
        let placed = spread(&wanted);
        let mut spans: Vec<(i32, i32)> =
            placed.iter().zip(wanted).map(|(y, (_, height))| (y - height / 2, y + height / 2)).collect();
        spans.sort_unstable();
        assert!(spans.windows(2).all(|pair| pair[1].0 >= pair[0].1), "{spans:?}");
        assert!(spans.iter().all(|span| span.0 >= TOP - APART / 2 && span.1 <= BOTTOM + APART / 2), "{spans:?}");
        assert!(placed[2] < placed[0] && placed[0] < placed[1]);
    }

    #[test]
    fn long_names_are_folded_and_never_cut() {
        assert_eq!(folded("15 writing and analysis"), ["15 writing and", "analysis"]);
        assert_eq!(folded("+46 communicate"), ["+46 communicate"]);
    }
}
