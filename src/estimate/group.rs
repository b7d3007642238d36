//! Groups of sessions: by month, person, project, scope, or any column of the listing.

use std::collections::BTreeMap;

use crate::corpus::{SessionRow, SessionUnit};
use crate::sample::Unit;

use super::error::EstimateError;
use super::input::Judged;

/// The most groups that are shown.
const MOST: usize = 60;

/// What sessions without a value are called.
const UNKNOWN: &str = "unknown";

/// The value of `column` of every item.
///
/// # Errors
/// When sessions have no such column.
pub(super) fn values(judged: &Judged<'_>, column: &str) -> Result<Vec<String>, EstimateError> {
    let names = SessionRow::column_names();
    let is_unit = SessionUnit::COLUMNS.contains(&column);
    if !is_unit && !names.contains(&column) {
        let known = [SessionUnit::COLUMNS, &names].concat().join(", ");
        return Err(EstimateError::NoColumn { name: column.to_owned(), known });
    }
    let value = |row: &SessionRow| {
        let listed = || row.columns().into_iter().find(|(name, _)| *name == column).map(|(_, value)| value);
        if is_unit { SessionUnit::from(row).column(column) } else { listed() }
    };
    let of = |session: &&str| judged.rows.get(session).and_then(|row| value(row)).filter(|value| !value.is_empty());
    Ok(judged.sessions.iter().map(|session| of(session).unwrap_or_else(|| UNKNOWN.to_owned())).collect())
}

/// The groups of `column` in order of their names, each with its items.
///
/// # Errors
/// When there is no such column, or too many groups.
pub(super) fn groups(judged: &Judged<'_>, column: &str) -> Result<Vec<(String, Vec<bool>)>, EstimateError> {
    let values = values(judged, column)?;
    let mut groups: BTreeMap<&str, Vec<bool>> = BTreeMap::new();
    for (item, value) in values.iter().enumerate() {
        groups.entry(value).or_insert_with(|| vec![false; values.len()])[item] = true;
    }
    if groups.len() > MOST {
        let column = column.to_owned();
        return Err(EstimateError::TooManyGroups { column, groups: groups.len(), most: MOST });
    }
    Ok(groups.into_iter().map(|(name, items)| (name.to_owned(), items)).collect())
}

/// The stratum of every item, numbered in order of the values of `column`.
///
/// # Errors
/// When there is no such column.
pub(super) fn strata(judged: &Judged<'_>, column: &str) -> Result<Vec<u32>, EstimateError> {
    let values = values(judged, column)?;
    let mut numbers: BTreeMap<&str, u32> = values.iter().map(|value| (value.as_str(), 0)).collect();
    numbers.values_mut().zip(0..).for_each(|(number, at)| *number = at);
    Ok(values.iter().map(|value| numbers[value.as_str()]).collect())
}
