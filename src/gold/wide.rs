//! Wide form: one row an item, one column per rater.

use std::io::Read;

use super::columns::Columns;
use super::error::{GoldError, Problem};
use super::long::weight;
use super::model::{Rating, Ratings};
use super::source::Table;

/// Reads all rows; an empty cell is an item that the rater did not rate.
///
/// # Errors
/// When a column is missing or rows are wrong.
pub(super) fn read<R: Read>(table: &mut Table<R>, columns: &Columns, raters: &[String]) -> Result<Ratings, GoldError> {
    let item = table.required(columns.item.as_ref(), "item")?;
    let rubric = table.optional(columns.rubric.as_ref(), "rubric")?;
    let cluster = table.optional(columns.cluster.as_ref(), "cluster")?;
    let weighted = table.optional(columns.weight.as_ref(), "weight")?;
    let stratum = columns.stratum.as_ref().map(|name| table.required(Some(name), "stratum")).transpose()?;
    let mut places = Vec::new();
    for rater in raters {
        places.push((rater, table.required(Some(rater), "rater")?));
    }
    let mut ratings = Ratings { source: table.path.display().to_string(), ..Ratings::default() };
    let mut problems = Vec::new();
    table.rows(|line, record| {
        let given = |at: usize| record.get(at).filter(|text| !text.is_empty());
        let Some(name) = given(item) else {
            problems.push(Problem::new(line, "the item is empty".to_owned()));
            return;
        };
        let weight = weighted.and_then(given).map(weight).transpose().unwrap_or_else(|message| {
            problems.push(Problem::new(line, message));
            None
        });
        for (rater, place) in &places {
            if let Some(label) = given(*place).filter(|text| !text.trim().is_empty()) {
                ratings.rows.push(Rating {
                    item: name.to_owned(),
                    rater: (*rater).clone(),
                    label: label.to_owned(),
                    rubric: rubric.and_then(given).map(str::to_owned),
                    cluster: cluster.and_then(given).map(str::to_owned),
                    weight,
                    stratum: stratum.and_then(given).map(str::to_owned),
                    line,
                    ..Rating::default()
                });
            }
        }
    })?;
    GoldError::of(&ratings.source, problems, "correct these rows; nothing was read")?;
    Ok(ratings)
}
