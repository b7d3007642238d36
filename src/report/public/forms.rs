//! The forms of a public report: one page, one text, one JSON document, one CSV a table. Each is drawn from the report alone, and
//! page and text carry it along, so that they can be drawn again and compared.

use std::path::{Path, PathBuf};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Value, context};

use crate::report::charts;
use crate::report::csv::table;
use crate::report::error::ReportError;
use crate::report::figures::{environment, render};
use crate::report::markdown::write_escaped;
use crate::report::study::{Cell, Exhibit, Panel, PublishedNumber, Unit};
use crate::stats::Estimate;

use super::model::{PublicCell, PublicNumber, PublicReport, PublicTable};
use super::numbers::{interval, written};

/// What stands before and after the report inside a page or text.
const CARRIED: (&str, &str) = ("<!-- assize public report ", " -->");

/// Columns of every CSV.
pub(super) const COLUMNS: [&str; 25] = [
    "data",
    "min_sessions",
    "min_persons",
    "judge",
    "panel",
    "unit",
    "group",
    "group_title",
    "measure",
    "measure_title",
    "sessions",
    "persons",
    "count",
    "withheld",
    "published",
    "published_known",
    "raw",
    "raw_low",
    "raw_high",
    "corrected",
    "corrected_low",
    "corrected_high",
    "adjusted",
    "adjusted_low",
    "adjusted_high",
];

/// The files of `report`: name and content.
///
/// # Errors
/// When a template or chart fails, which is an error in assize.
pub fn files(report: &PublicReport) -> Result<Vec<(String, String)>, ReportError> {
    let mut files = vec![
        ("report.html".to_owned(), html(report)?),
        ("report.md".to_owned(), markdown(report)?),
        ("report.json".to_owned(), json(report)?),
    ];
    let mut ids: Vec<&str> = report.tables.iter().map(|table| table.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        files.push((format!("tables/{id}.csv"), csv(report, id)?));
    }
    Ok(files)
}

/// Writes the files of `report` into `folder`; returns the path of the page.
///
/// # Errors
/// When a file cannot be written. Everything is drawn first, so that an error in drawing changes no file.
pub fn write(report: &PublicReport, folder: &Path) -> Result<PathBuf, ReportError> {
    let files = files(report)?;
    fs_err::create_dir_all(folder.join("tables"))?;
    for (name, text) in files {
        fs_err::write(folder.join(name), text)?;
    }
    Ok(folder.join("report.html"))
}

/// The report as JSON.
pub(super) fn json(report: &PublicReport) -> Result<String, ReportError> {
    let text = serde_json::to_string_pretty(report).map_err(|error| ReportError::Draw(error.to_string()))?;
    Ok(text + "\n")
}

/// The report inside a comment, which no text in it can close.
fn carried(report: &PublicReport) -> Result<String, ReportError> {
    let text = serde_json::to_string(report).map_err(|error| ReportError::Draw(error.to_string()))?;
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace("--", "-\\u002d");
    Ok(format!("{}{text}{}", CARRIED.0, CARRIED.1))
}

/// The report that a page or text carries, as JSON; none where it carries none, or several.
pub(super) fn carried_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(CARRIED.0)?;
    let (json, rest) = rest.split_once(CARRIED.1)?;
    (!rest.contains(CARRIED.0)).then_some(json)
}

/// The page.
pub(super) fn html(report: &PublicReport) -> Result<String, ReportError> {
    let mut drawn = Vec::new();
    for (number, table) in report.tables.iter().enumerate() {
        let panels = charts::panels(&exhibit(table), &format!("table-{number}"))?;
        let shown = |one: charts::Drawn| context! { title => one.title, svg => Value::from_safe_string(one.svg), series => one.series };
        drawn.push(panels.into_iter().map(shown).collect::<Vec<Value>>());
    }
    let style = Value::from_safe_string(include_str!("../assets/report.css").to_owned());
    let carried = Value::from_safe_string(carried(report)?);
    let context = context! { report => Value::from(Serde(report)), charts => drawn, style, carried };
    let mut environment = environment(|| AutoEscape::Html)?;
    filters(&mut environment);
    render(environment, include_str!("../assets/public.html.j2"), context)
}

/// The text.
pub(super) fn markdown(report: &PublicReport) -> Result<String, ReportError> {
    let mut environment = environment(|| AutoEscape::Custom("markdown".into()))?;
    filters(&mut environment);
    environment.set_formatter(write_escaped);
    let carried = Value::from_safe_string(carried(report)?);
    let context = context! { report => Value::from(Serde(report)), carried };
    render(environment, include_str!("../assets/public.md.j2"), context)
}

fn filters(environment: &mut minijinja::Environment<'_>) {
    environment.add_filter("written", |value: f64, unit: Serde<Unit>| written(value, unit.0));
    environment.add_filter("interval", |number: Serde<PublicNumber>, unit: Serde<Unit>| interval(&number.0, unit.0));
}

/// The CSV of all tables named `id`.
pub(super) fn csv(report: &PublicReport, id: &str) -> Result<String, ReportError> {
    let own = report.tables.iter().filter(|table| table.id == id);
    let cells = own.flat_map(|table| {
        table.panels.iter().flat_map(move |panel| panel.cells.iter().map(move |cell| (table, panel, cell)))
    });
    let ends = |number: Option<PublicNumber>| {
        (number.map(|one| one.value), number.and_then(|one| one.low), number.and_then(|one| one.high))
    };
    let rows = cells.map(|(table, panel, cell)| {
        (
            (report.data_label.as_deref(), report.floors.sessions, report.floors.persons, table.judge.as_deref()),
            (&panel.id, panel.unit, &cell.group, &cell.group_title, &cell.measure, &cell.measure_title),
            (cell.sessions, cell.persons, cell.count, cell.withheld, cell.published, cell.published_known),
            (ends(cell.raw), ends(cell.corrected), ends(cell.adjusted)),
        )
    });
    table(&COLUMNS, rows)
}

/// A table as charts take it.
fn exhibit(table: &PublicTable) -> Exhibit {
    let panels = table.panels.iter().map(|panel| Panel {
        id: panel.id.clone(),
        title: panel.title.clone(),
        unit: panel.unit,
        cells: panel.cells.iter().map(cell).collect(),
    });
    Exhibit {
        id: table.id.clone(),
        number: table.number.clone(),
        title: table.title.clone(),
        caption: String::new(),
        form: table.form,
        needs: Vec::new(),
        correction: None,
        panels: panels.collect(),
        notes: Vec::new(),
    }
}

fn cell(cell: &PublicCell) -> Cell {
    let n = cell.sessions.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
    let estimate = |number: PublicNumber| Estimate {
        value: Some(number.value),
        low: number.low,
        high: number.high,
        n,
        method: String::new(),
        undefined: None,
    };
    let corrected = cell.corrected.map(|number| crate::estimate::Value {
        value: Some(number.value),
        low: number.low,
        high: number.high,
        ..crate::estimate::Value::default()
    });
    let known = cell.published.zip(cell.published_known);
    Cell {
        published: known.map(|(value, known)| PublishedNumber { value, known, note: None }),
        raw: cell.raw.map(estimate),
        corrected,
        adjusted: cell.adjusted.map(estimate),
        ..Cell::new((&cell.group, &cell.group_title), (&cell.measure, &cell.measure_title))
    }
}
