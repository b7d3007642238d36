//! Whether a file is a public report: structure, words, numbers. What the sessions themselves say is looked for in `leaks`.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::report::error::ReportError;

use super::forms::{COLUMNS, carried_in, files, json};
use super::model::{PublicCell, PublicNumber, PublicPanel, PublicReport, PublicTable};
use super::vocabulary::Vocabulary;
use super::{forms, rules};

/// What must not be in a public report, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Breach {
    /// The file.
    pub file: String,
    /// The line, or the place inside the data.
    pub place: String,
    /// What is there.
    pub what: String,
}

impl Breach {
    pub(super) fn new(file: &str, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), place: place.into(), what: what.into() }
    }
}

/// Things that never stand in a public report, whatever else it is: long hexadecimal numbers, paths, addresses.
static TRACES: LazyLock<Result<Vec<(&'static str, Regex)>, regex::Error>> = LazyLock::new(|| {
    let traces = [
        ("a hexadecimal id", r"\b(?:[0-9]+[a-f]|[a-f]+[0-9])[0-9a-f]{5,}(?:-[0-9a-f]{4,})*\b"),
        ("a path", r"(?:^|[\s>\x22'(`|])(?:/(?:home|Users|root|tmp|work|var|mnt|opt)/|[A-Za-z]:\\\\?)[^\s<>\x22']+"),
        ("an address", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}"),
    ];
    traces.into_iter().map(|(name, pattern)| Ok((name, Regex::new(pattern)?))).collect()
});

/// What is wrong with the files of a public report: name and text of each. All of one report are held against each other.
///
/// # Errors
/// When forms cannot be drawn again, which is an error in assize.
pub fn check(given: &[(String, String)], vocabulary: &Vocabulary) -> Result<Vec<Breach>, ReportError> {
    let mut breaches = Vec::new();
    let mut first: Option<PublicReport> = None;
    for (file, text) in given.iter().filter(|(file, _)| ending(file) != "csv") {
        let Some(report) = read(file, text, &mut breaches) else { continue };
        rules::check(file, &report, vocabulary, &mut breaches);
        redraw(file, text, &report, &mut breaches)?;
        if first.as_ref().is_some_and(|first| *first != report) {
            breaches.push(Breach::new(file, "data", "not the numbers of the other files beside it"));
        }
        first.get_or_insert(report);
    }
    let drawn = first.as_ref().filter(|report| report.assize == env!("CARGO_PKG_VERSION")).map(files).transpose()?;
    for (file, text) in given.iter().filter(|(file, _)| ending(file) == "csv") {
        csv(file, text, vocabulary, &mut breaches);
        let own = drawn.as_ref().map(|drawn| drawn.iter().find(|(name, _)| base(name) == base(file)));
        match own {
            Some(Some((_, expected))) => differences(file, text, expected, &mut breaches),
            Some(None) => breaches.push(Breach::new(file, "file", "the report beside it has no such table")),
            None => {}
        }
    }
    for (file, text) in given {
        traces(file, text, &mut breaches);
    }
    breaches.sort();
    breaches.dedup();
    Ok(breaches)
}

/// The ending of a file's name.
pub(super) fn ending(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, ending)| ending)
}

/// The name of a file without its folders.
fn base(file: &str) -> &str {
    file.rsplit(['/', '\\']).next().unwrap_or(file)
}

/// The report that a file is or carries.
fn read(file: &str, text: &str, breaches: &mut Vec<Breach>) -> Option<PublicReport> {
    let data = match ending(file) {
        "json" => Some(text),
        "html" | "md" => carried_in(text),
        _ => {
            breaches.push(Breach::new(
                file,
                "file",
                "no part of a public report: those are .html, .md, .json and .csv",
            ));
            return None;
        }
    };
    let Some(data) = data else {
        breaches.push(Breach::new(
            file,
            "file",
            "not a public report: it carries no public data (assize report --public)",
        ));
        return None;
    };
    let mut reader = serde_json::Deserializer::from_str(data);
    match PublicReport::deserialize(&mut reader).and_then(|report| reader.end().map(|()| report)) {
        Ok(report) => Some(report),
        Err(error) => {
            let place = if ending(file) == "json" { format!("line {}", error.line()) } else { "data".to_owned() };
            breaches.push(Breach::new(file, place, format!("not the data of a public report: {error}")));
            None
        }
    }
}

/// Holds a form against the same one drawn anew from the report it carries.
fn redraw(file: &str, text: &str, report: &PublicReport, breaches: &mut Vec<Breach>) -> Result<(), ReportError> {
    if report.assize != env!("CARGO_PKG_VERSION") {
        let what =
            format!("drawn by another version of assize, which must check it (this is {})", env!("CARGO_PKG_VERSION"));
        breaches.push(Breach::new(file, "assize", what));
        return Ok(());
    }
    let expected = match ending(file) {
        "json" => json(report)?,
        "html" => forms::html(report)?,
        _ => forms::markdown(report)?,
    };
    differences(file, text, &expected, breaches);
    Ok(())
}

/// Lines of `text` that are not in `expected` where they should be.
fn differences(file: &str, text: &str, expected: &str, breaches: &mut Vec<Breach>) {
    if text == expected {
        return;
    }
    let (own, wanted): (Vec<&str>, Vec<&str>) = (text.split('\n').collect(), expected.split('\n').collect());
    let same = own.iter().zip(&wanted).take_while(|(own, wanted)| own == wanted).count();
    let after = own.iter().rev().zip(wanted.iter().rev()).take_while(|(own, wanted)| own == wanted).count();
    let last = own.len().saturating_sub(after).max(same + 1).min(own.len());
    for (at, line) in own.iter().enumerate().take(last).skip(same).take(5) {
        let shown: String = line.trim().chars().take(160).collect();
        breaches.push(Breach::new(
            file,
            format!("line {}", at + 1),
            format!("not what the report's numbers give: {shown}"),
        ));
    }
    if same >= own.len() {
        breaches.push(Breach::new(file, format!("line {}", own.len()), "ends before the report does"));
    }
}

fn traces(file: &str, text: &str, breaches: &mut Vec<Breach>) {
    let Ok(traces) = TRACES.as_ref() else { return };
    for (number, line) in text.split('\n').enumerate() {
        for (name, trace) in traces {
            // What the report carries inside is one line and was read already; its place is told there.
            if let Some(found) = trace.find(line) {
                let found: String = found.as_str().trim().chars().take(80).collect();
                breaches.push(Breach::new(file, format!("line {}", number + 1), format!("{name}: {found}")));
            }
        }
    }
}

/// One row of a CSV.
#[derive(Deserialize)]
struct Row {
    data: Option<String>,
    min_sessions: u64,
    min_persons: u64,
    judge: Option<String>,
    panel: String,
    unit: crate::report::study::Unit,
    group: String,
    group_title: String,
    measure: String,
    measure_title: String,
    sessions: Option<u64>,
    persons: Option<u64>,
    count: Option<u64>,
    withheld: Option<super::Hidden>,
    published: Option<f64>,
    published_known: Option<crate::rubric::PublishedKind>,
    raw: Option<f64>,
    raw_low: Option<f64>,
    raw_high: Option<f64>,
    corrected: Option<f64>,
    corrected_low: Option<f64>,
    corrected_high: Option<f64>,
    adjusted: Option<f64>,
    adjusted_low: Option<f64>,
    adjusted_high: Option<f64>,
}

/// A CSV on its own: its columns, and its rows as the tables they are.
fn csv(file: &str, text: &str, vocabulary: &Vocabulary, breaches: &mut Vec<Breach>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().map(|headers| headers.iter().map(str::to_owned).collect::<Vec<_>>());
    if !columns.is_ok_and(|columns| columns == COLUMNS) {
        breaches.push(Breach::new(file, "line 1", "not the columns of a public table"));
        return;
    }
    let id = base(file).trim_end_matches(".csv").to_owned();
    if !vocabulary.has(&id) {
        breaches.push(Breach::new(file, "file", format!("not the name of a public table: {id}")));
    }
    let mut tables: Vec<PublicTable> = Vec::new();
    let mut floors = None;
    for (row, number) in reader.deserialize::<Row>().zip(2..) {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                breaches.push(Breach::new(
                    file,
                    format!("line {number}"),
                    format!("not a row of a public table: {error}"),
                ));
                continue;
            }
        };
        if row.data.as_deref().is_some_and(|data| data != super::publish::SYNTHETIC) {
            breaches.push(Breach::new(file, format!("line {number}"), "unknown data label"));
        }
        floors = Some(crate::report::inputs::Floors { sessions: row.min_sessions, persons: row.min_persons });
        place(&id, row, &mut tables);
    }
    let Some(floors) = floors else { return };
    rules::floors(file, floors, breaches);
    for table in &tables {
        rules::table(file, &format!("{}/", table.judge.as_deref().unwrap_or("-")), table, floors, vocabulary, breaches);
    }
}

/// Puts a row where it belongs.
fn place(id: &str, row: Row, tables: &mut Vec<PublicTable>) {
    let number = |value: Option<f64>, low, high| value.map(|value| PublicNumber { value, low, high });
    let cell = PublicCell {
        group: row.group,
        group_title: row.group_title,
        measure: row.measure,
        measure_title: row.measure_title,
        sessions: row.sessions,
        persons: row.persons,
        count: row.count,
        published: row.published,
        published_known: row.published_known,
        raw: number(row.raw, row.raw_low, row.raw_high),
        corrected: number(row.corrected, row.corrected_low, row.corrected_high),
        adjusted: number(row.adjusted, row.adjusted_low, row.adjusted_high),
        withheld: row.withheld,
    };
    let at = tables.iter().position(|table| table.judge == row.judge).unwrap_or_else(|| {
        tables.push(PublicTable {
            id: id.to_owned(),
            judge: row.judge,
            number: "Table".to_owned(),
            title: "Rates".to_owned(),
            caption: "Measured without a judge.".to_owned(),
            form: crate::report::study::Form::Table,
            panels: Vec::new(),
        });
        tables.len() - 1
    });
    let panels = &mut tables[at].panels;
    let panel = panels.iter().position(|panel| panel.id == row.panel).unwrap_or_else(|| {
        let (id, title, unit) = (row.panel, "Rates".to_owned(), row.unit);
        panels.push(PublicPanel { id, title, unit, cells: Vec::new() });
        panels.len() - 1
    });
    panels[panel].cells.push(cell);
}
