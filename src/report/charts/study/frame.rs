//! What the charts of the study share: names, axes, the way a cell is drawn.

use crate::report::charts::theme::{Align, Axis, Canvas, Ink, Mark, series_mark};
use crate::report::error::ReportError;
use crate::report::figures::{count, decimal, quantity};
use crate::report::study::{Cell, Panel, Unit};

/// A chart's name inside the page, and its title.
pub(super) struct Place {
    pub id: String,
    pub title: String,
}

/// Names and titles of a panel's measures, in their order.
pub(super) fn measures(panel: &Panel) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for cell in &panel.cells {
        if !found.iter().any(|(id, _)| *id == cell.measure) {
            found.push((&cell.measure, &cell.measure_title));
        }
    }
    found
}

/// Names and titles of a panel's groups, in their order.
pub(super) fn groups(panel: &Panel) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for cell in &panel.cells {
        if !found.iter().any(|(id, _)| *id == cell.group) {
            found.push((&cell.group, &cell.group_title));
        }
    }
    found
}

/// The cell of a group and measure.
pub(super) fn cell<'a>(panel: &'a Panel, group: &str, measure: &str) -> Option<&'a Cell> {
    panel.cells.iter().find(|cell| cell.group == group && cell.measure == measure)
}

/// The interval that is drawn: that of the number drawn.
pub(super) fn ends(cell: &Cell) -> Option<(f64, f64)> {
    let corrected = cell.corrected.as_ref().filter(|value| value.value.is_some());
    match corrected {
        Some(value) => value.low.zip(value.high),
        None => cell.raw.as_ref().and_then(|raw| raw.low.zip(raw.high)),
    }
}

/// What was published, where a number of ours stands beside it: a mark alone would say that something was compared.
pub(super) fn published(cell: &Cell) -> Option<f64> {
    cell.published.as_ref().map(|one| one.value).filter(|_| cell.best().is_some())
}

/// Why a cell has no number, in the words of the chart.
pub(super) fn absent(cell: &Cell) -> Option<&'static str> {
    match cell.sessions {
        _ if cell.withheld.is_some() => Some("withheld"),
        Some(0) if cell.best().is_none() => Some("no session"),
        _ => None,
    }
}

/// The height of such words above an axis at `bottom`: those of neighbours stand above each other.
pub(super) fn above(bottom: i32, number: i32) -> i32 {
    bottom - 11 - 16 * (number % 2)
}

/// A round step that cuts `span` into about five.
pub(super) fn step(span: f64) -> f64 {
    let power = 10_f64.powf((span / 5.0).log10().floor());
    let wanted = span / 5.0 / power;
    power * [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|round| wanted <= *round).unwrap_or(10.0)
}

/// The range of everything drawn in `panel`, from 0 or below, to a round end.
pub(super) fn span(panel: &Panel) -> (f64, f64) {
    let numbers = panel.cells.iter().flat_map(|cell| {
        let ends = ends(cell).map_or([None, None], |(low, high)| [Some(low), Some(high)]);
        let raw = cell.raw.as_ref().and_then(|raw| raw.value);
        let own = [cell.best(), raw, published(cell), cell.adjusted.as_ref().and_then(|one| one.value)];
        ends.into_iter().chain(own).flatten()
    });
    // Adjusted rates of a linear model can lie beyond 0 and 1.
    let most = |share: bool, end: f64| if share { end.clamp(0.0, 1.0) } else { end };
    let is_share = panel.unit == Unit::Share;
    let (low, high) = numbers.fold((0.0_f64, 0.0_f64), |(low, high), n| (low.min(n), high.max(n)));
    let (low, high) = (most(is_share, low), most(is_share, high.max(if is_share { 0.05 } else { 1e-6 })));
    let step = step(high - low);
    ((low / step).floor() * step, (high / step).ceil() * step)
}

/// An axis number: `20 %`, `1,000`.
pub(super) fn tick(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Share => format!("{} %", decimal(Some(value * 100.0), 0)),
        Unit::Number if value.abs() >= 10_000.0 => format!("{}k", decimal(Some(value / 1_000.0), 0)),
        Unit::Number if value >= 1_000.0 => {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between the two, and rounded")]
            let whole = value.round() as u64;
            count(whole)
        }
        Unit::Number => decimal(Some(value), usize::from(value.fract().abs() > 1e-9)),
        Unit::Change | Unit::Points => format!("{} %", quantity(Some(value), Unit::Change, 0)),
    }
}

/// What the groups below a chart are, where they are named by numbers or bands.
pub(super) fn below(groups: &[(&str, &str)]) -> String {
    match (groups.first(), groups.last()) {
        (Some((first, low)), Some((last, high))) if first.parse::<u32>().is_ok() => {
            format!("level of expertise: {first} {low} to {last} {high}")
        }
        _ => "agent's share of decisions (%)".to_owned(),
    }
}

/// Lines across the chart with their numbers on the left; `x` are its ends.
pub(super) fn grid(canvas: &Canvas<'_>, axis: Axis, x: (i32, i32), unit: Unit) -> Result<(), ReportError> {
    let step = step(axis.data.1 - axis.data.0);
    let mut value = axis.data.0;
    while value <= axis.data.1 + step / 1e3 {
        let y = axis.at(value);
        let ink = if value.abs() < step / 1e3 { Ink::Quiet } else { Ink::Grid };
        canvas.line((x.0, y), (x.1, y), ink, 1)?;
        canvas.text(&tick(value, unit), (x.0 - 7, y), Align::End, Ink::Quiet, 9)?;
        value += step;
    }
    Ok(())
}

/// The raw number where it is drawn as a ring: beside a corrected one, or where gold is too thin to correct it.
fn ring(cell: &Cell) -> Option<f64> {
    cell.corrected.as_ref().and_then(|_| cell.raw.as_ref()?.value)
}

/// The number that is drawn as a mark: the corrected one, or the raw one where nothing is there to correct by.
fn mark(cell: &Cell) -> Option<f64> {
    match &cell.corrected {
        Some(corrected) => corrected.value,
        None => cell.best(),
    }
}

/// A cell as a mark with its interval at `x`, upright; the raw number is a ring where there is a corrected one, and what was
/// published is a bar across.
pub(super) fn upright(canvas: &Canvas<'_>, cell: &Cell, axis: Axis, x: i32, series: usize) -> Result<(), ReportError> {
    if let Some(published) = published(cell) {
        let y = axis.at(published);
        canvas.line((x - 7, y), (x + 7, y), Ink::Text, 2)?;
    }
    if let Some((low, high)) = ends(cell) {
        canvas.line((x, axis.at(low)), (x, axis.at(high)), Ink::Series(series), 2)?;
    }
    if let Some(raw) = ring(cell) {
        canvas.ring((x, axis.at(raw)), Ink::Series(series))?;
    }
    if let Some(value) = mark(cell) {
        canvas.mark((x, axis.at(value)), Ink::Series(series), series_mark(series))?;
    }
    Ok(())
}

/// The same along a row at height `y`.
pub(super) fn along(canvas: &Canvas<'_>, cell: &Cell, axis: Axis, y: i32, series: usize) -> Result<(), ReportError> {
    if let Some(published) = published(cell) {
        canvas.mark((axis.at(published), y), Ink::Text, Mark::Bar)?;
    }
    if let Some((low, high)) = ends(cell) {
        canvas.line((axis.at(low), y), (axis.at(high), y), Ink::Series(series), 2)?;
    }
    if let Some(raw) = ring(cell) {
        canvas.ring((axis.at(raw), y), Ink::Series(series))?;
    }
    if let Some(value) = mark(cell) {
        canvas.mark((axis.at(value), y), Ink::Series(series), series_mark(series))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Cell, absent, published, step, tick};
    use crate::report::study::{PublishedNumber, Unit, Withheld};
    use crate::rubric::PublishedKind;
    use crate::stats::Estimate;

    #[test]
    fn a_published_mark_needs_a_number_beside_it_and_its_want_is_said() {
        let known = Some(PublishedNumber { value: 0.13, known: PublishedKind::Stated, note: None });
        let bare = Cell { published: known, ..Cell::new(("1", "one"), ("rate", "rate")) };
        let raw = Estimate { value: Some(0.2), low: None, high: None, n: 9, method: String::new(), undefined: None };
        let full = Cell { sessions: Some(9), raw: Some(raw), ..bare.clone() };
        assert_eq!((published(&full), absent(&full)), (Some(0.13), None));
        let empty = Cell { sessions: Some(0), ..bare.clone() };
        assert_eq!((published(&empty), absent(&empty)), (None, Some("no session")));
        let hidden = Cell { withheld: Some(Withheld::TooFewSessions), ..bare };
        assert_eq!((published(&hidden), absent(&hidden)), (None, Some("withheld")));
    }

    #[test]
    fn ticks_are_written_as_numbers_are() {
        let ticks = [0.5, 20.0, 1_000.0, 20_000.0].map(|value| tick(value, Unit::Number));
        assert_eq!(ticks, ["0.5", "20", "1,000", "20k"]);
    }

    #[test]
    fn steps_are_round() {
        let steps = [0.35, 1.0, 12.0, 47.0, 3_000.0].map(step);
        for (found, expected) in steps.into_iter().zip([0.1, 0.2, 2.5, 10.0, 1_000.0]) {
            assert!((found - expected).abs() < 1e-9 * expected, "{found} {expected}");
        }
    }
}
