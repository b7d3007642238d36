//! The charts of an exhibit.

use crate::report::error::ReportError;
use crate::report::study::{Exhibit, Form, Panel};

use super::frame::{Place, measures};
use super::{bars, boxes, dots, histogram, lines, steps};

/// Panels that are tables only: a handful of numbers beside the chart.
const BESIDE: [&str; 5] = ["mean", "gradient", "control", "software", "slope"];

/// One panel as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Drawn {
    /// Heading.
    pub title: String,
    /// The chart.
    pub svg: String,
    /// Titles of its series, in the order of their colours and marks; empty where there is one.
    pub series: Vec<String>,
}

/// Draws the panels of `exhibit` that have anything to draw. `scope` makes the names inside the page unique.
pub(in crate::report) fn panels(exhibit: &Exhibit, scope: &str) -> Result<Vec<Drawn>, ReportError> {
    let wanted = exhibit.panels.iter().filter(|panel| !BESIDE.contains(&panel.id.as_str()));
    let drawable = wanted.filter(|panel| panel.cells.iter().any(|cell| cell.best().is_some()));
    drawable.filter_map(|panel| draw(exhibit, panel, scope).transpose()).collect()
}

fn draw(exhibit: &Exhibit, panel: &Panel, scope: &str) -> Result<Option<Drawn>, ReportError> {
    let place = Place {
        id: format!("{scope}-{}-{}", exhibit.id, panel.id),
        title: format!("{}, {}: {}", exhibit.number, exhibit.title, panel.title),
    };
    let svg = match exhibit.form {
        Form::Bars => bars::draw(panel, &place)?,
        Form::Histogram => histogram::draw(panel, &place)?,
        Form::Boxes => boxes::draw(panel, &place)?,
        Form::Lines => lines::draw(panel, &place)?,
        Form::Steps => steps::draw(panel, &place)?,
        Form::Dots => dots::draw(panel, &place)?,
        Form::Table => return Ok(None),
    };
    let series = match exhibit.form {
        Form::Steps | Form::Dots => measures(panel).into_iter().map(|(_, title)| title.to_owned()).collect(),
        _ => Vec::new(),
    };
    Ok(Some(Drawn { title: panel.title.clone(), svg, series }))
}
