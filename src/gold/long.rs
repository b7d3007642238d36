//! Long form: one row a label.

use std::collections::BTreeSet;
use std::io::Read;

use csv::StringRecord;

use crate::verdict::NoVerdict;

use super::columns::Columns;
use super::error::{GoldError, Problem, did_you_mean};
use super::model::{Missing, Outline, Rating, Ratings};
use super::source::Table;

/// Where the columns stand.
struct Places {
    item: usize,
    rater: usize,
    label: usize,
    rubric: Option<usize>,
    cluster: Option<usize>,
    weight: Option<usize>,
    stratum: Option<usize>,
    replicate: Option<usize>,
    split: Option<usize>,
    blind: Option<usize>,
    note: Option<usize>,
    at: Option<usize>,
    no_verdict: Option<usize>,
    confidence: Option<usize>,
    shown: Option<usize>,
    lengths: Option<usize>,
    own: Option<usize>,
}

/// What stands between the options, or the lengths, of one cell.
const BETWEEN: char = '|';

/// Reads all rows, or those on the rubric `only` and those that name none.
///
/// # Errors
/// When a column is missing or rows are wrong.
pub(super) fn read<R: Read>(table: &mut Table<R>, columns: &Columns, only: Option<&str>) -> Result<Ratings, GoldError> {
    let mut beside = |name: &str| if columns.beside { table.optional(None, name) } else { Ok(None) };
    let [confidence, shown] = [beside("confidence")?, beside("shown")?];
    let [lengths, own] = [beside("lengths")?, beside("own")?];
    let places = Places {
        confidence,
        shown,
        lengths,
        own,
        item: table.required(columns.item.as_ref(), "item")?,
        rater: table.required(columns.rater.as_ref(), "rater")?,
        label: table.required(columns.label.as_ref(), "label")?,
        rubric: table.optional(columns.rubric.as_ref(), "rubric")?,
        cluster: table.optional(columns.cluster.as_ref(), "cluster")?,
        weight: table.optional(columns.weight.as_ref(), "weight")?,
        stratum: columns.stratum.as_ref().map(|name| table.required(Some(name), "stratum")).transpose()?,
        replicate: table.optional(columns.replicate.as_ref(), "replicate")?,
        split: table.optional(None, "split")?,
        blind: table.optional(None, "blind")?,
        note: table.optional(None, "note")?,
        at: table.optional(None, "at")?,
        no_verdict: table.optional(None, "no_verdict")?,
    };
    let mut ratings = Ratings { source: table.path.display().to_string(), ..Ratings::default() };
    let mut problems = Vec::new();
    let other = |record: &StringRecord| match (only, places.rubric.and_then(|at| record.get(at))) {
        (Some(only), Some(rubric)) => !rubric.is_empty() && rubric != only,
        _ => false,
    };
    table.rows(|line, record| {
        if other(record) {
            return;
        }
        match row(&places, line, record) {
            Ok((rating, None)) => ratings.rows.push(rating),
            Ok((rating, Some(kind))) => ratings.missing.push(Missing {
                item: rating.item,
                rater: rating.rater,
                rubric: rating.rubric,
                cluster: rating.cluster,
                replicate: rating.replicate,
                kind,
            }),
            Err(message) => problems.push(Problem::new(line, message)),
        }
    })?;
    GoldError::of(&ratings.source, problems, "correct these rows; nothing was read")?;
    Ok(ratings)
}

/// Reads which items and rubrics a file is about, and nothing else of it.
///
/// # Errors
/// When the column of items is missing.
pub(super) fn outline<R: Read>(table: &mut Table<R>, columns: &Columns) -> Result<Outline, GoldError> {
    let item = table.required(columns.item.as_ref(), "item")?;
    let rubric = table.optional(columns.rubric.as_ref(), "rubric")?;
    let mut outline = Outline::default();
    let put = |set: &mut BTreeSet<String>, name: &str| {
        if !name.is_empty() && !set.contains(name) {
            set.insert(name.to_owned());
        }
    };
    table.rows(|_, record| {
        put(&mut outline.items, record.get(item).unwrap_or_default());
        put(&mut outline.rubrics, rubric.and_then(|at| record.get(at)).unwrap_or_default());
    })?;
    Ok(outline)
}

fn row(places: &Places, line: u64, record: &StringRecord) -> Result<(Rating, Option<NoVerdict>), String> {
    let cell = |at: usize| record.get(at).unwrap_or_default();
    let filled = |at: usize, name: &str| match cell(at) {
        "" => Err(format!("the {name} is empty")),
        text => Ok(text.to_owned()),
    };
    let given = |at: Option<usize>| at.map(cell).filter(|text| !text.is_empty());
    let text = |at: Option<usize>| given(at).map(str::to_owned);
    let kind = given(places.no_verdict).map(no_verdict).transpose()?;
    let label = match kind {
        None => filled(places.label, "label")?,
        Some(kind) if cell(places.label).is_empty() => kind.as_str().to_owned(),
        Some(kind) => return Err(format!("both a label and the no-verdict {}", kind.as_str())),
    };
    let shown: Vec<String> = parts(given(places.shown)).map(str::to_owned).collect();
    let lengths = parts(given(places.lengths)).map(length).collect::<Result<Vec<f64>, _>>()?;
    if !lengths.is_empty() && lengths.len() != shown.len() {
        return Err(format!("{} lengths for {} options shown", lengths.len(), shown.len()));
    }
    if kind.is_none() && !shown.is_empty() && !shown.contains(&label) {
        return Err(format!("the label {label:?} is not among the options shown ({})", shown.join(", ")));
    }
    let rating = Rating {
        confidence: given(places.confidence).map(probability).transpose()?,
        own: text(places.own),
        shown,
        lengths,
        item: filled(places.item, "item")?,
        rater: filled(places.rater, "rater")?,
        label,
        rubric: places.rubric.map(|at| filled(at, "rubric")).transpose()?,
        cluster: text(places.cluster),
        weight: given(places.weight).map(weight).transpose()?,
        stratum: text(places.stratum),
        replicate: given(places.replicate).map(replicate).transpose()?,
        split: text(places.split),
        blind: given(places.blind).map(truth).transpose()?,
        note: text(places.note),
        at: text(places.at),
        line,
    };
    Ok((rating, kind))
}

pub(super) fn weight(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(weight) if weight.is_finite() && weight > 0.0 => Ok(weight),
        _ => Err(format!("the weight {text:?} is not a finite number above 0")),
    }
}

fn parts(cell: Option<&str>) -> impl Iterator<Item = &str> {
    cell.into_iter().flat_map(|text| text.split(BETWEEN)).map(str::trim)
}

/// A probability as it stands in a cell.
pub(super) fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("{text:?} is not a probability from 0 to 1")),
    }
}

fn length(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(length) if length.is_finite() && length >= 0.0 => Ok(length),
        _ => Err(format!("the length {text:?} is not a number of 0 or above")),
    }
}

fn replicate(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("the replicate {text:?} is not 1, 2, 3, ..."))
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("blind is {text:?}, which is neither true nor false")),
    }
}

fn no_verdict(text: &str) -> Result<NoVerdict, String> {
    let kinds = || NoVerdict::ALL.into_iter();
    kinds()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("unknown no-verdict {text:?}{}", did_you_mean(text, kinds().map(NoVerdict::as_str))))
}
