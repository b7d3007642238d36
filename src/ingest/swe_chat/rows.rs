//! Rows of a table: a CSV file, or a Parquet file where the program is built with the feature `parquet`.

use std::collections::BTreeMap;
use std::path::Path;

/// One row: the value of every column that has one.
pub(super) type Row = BTreeMap<String, String>;

/// The rows of the table at `path`.
///
/// # Errors
/// Why it cannot be read, without its path.
pub(super) fn rows(path: &Path) -> Result<Vec<Row>, String> {
    if path.extension().is_some_and(|extension| extension == "parquet") { parquet(path) } else { csv(path) }
}

fn csv(path: &Path) -> Result<Vec<Row>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let columns = reader.headers().map_err(|error| error.to_string())?.clone();
    let row = |record: Result<csv::StringRecord, csv::Error>| {
        let record = record.map_err(|error| error.to_string())?;
        let cells = columns.iter().zip(&record).filter(|(_, value)| !value.is_empty());
        Ok(cells.map(|(column, value)| (column.to_owned(), value.to_owned())).collect())
    };
    reader.records().map(row).collect()
}

#[cfg(feature = "parquet")]
fn parquet(path: &Path) -> Result<Vec<Row>, String> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let file = fs_err::File::open(path).map_err(|error| super::super::read::plain(&error))?;
    let reader = SerializedFileReader::new(file.into_file()).map_err(|error| error.to_string())?;
    let rows = reader.get_row_iter(None).map_err(|error| error.to_string())?;
    let text = |field: &Field| match field {
        Field::Null => None,
        // A missing number, as data frames write it.
        Field::Double(number) if number.is_nan() => None,
        Field::Float(number) if number.is_nan() => None,
        Field::Str(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    };
    let row = |row: Result<parquet::record::Row, parquet::errors::ParquetError>| {
        let row = row.map_err(|error| error.to_string())?;
        Ok(row.get_column_iter().filter_map(|(column, field)| Some((column.clone(), text(field)?))).collect())
    };
    rows.map(row).collect()
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &Path) -> Result<Vec<Row>, String> {
    Err("a Parquet table, which this build does not read: build assize with `--features parquet`, or write the table as \
         CSV beside it under the same name"
        .to_owned())
}
