//! Opening a file of ratings and finding its columns.

use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::columns::{Columns, Shape};
use super::error::{GoldError, did_you_mean};
use super::model::{Outline, Ratings};
use super::{long, wide};

/// What a header of one column is taken apart by where commas are not.
const SEPARATORS: [(char, &str); 3] = [(';', "semicolons"), ('\t', "tabs"), ('|', "vertical bars")];

/// Reads the ratings in the CSV file at `path`, and checks everything that can be checked without a scale: columns, empty
/// cells, numbers, repetitions.
///
/// # Errors
/// When the file cannot be read, is not CSV, is empty, lacks a column, or has wrong rows; all of them with their lines.
pub fn read(path: &Path, columns: &Columns, shape: &Shape) -> Result<Ratings, GoldError> {
    read_part(path, |table| match shape {
        Shape::Long => long::read(table, columns, None),
        Shape::Wide { raters } => wide::read(table, columns, raters),
    })
}

/// As [`read`] in long form, but only the rows on the rubric `name` and those that name none: the others are passed over and not
/// looked at. So a file of any size is read rubric by rubric.
///
/// # Errors
/// As [`read`].
pub fn read_rubric(path: &Path, columns: &Columns, name: &str) -> Result<Ratings, GoldError> {
    read_part(path, |table| long::read(table, columns, Some(name)))
}

/// The items and rubrics of the file at `path`, in long form. Nothing else of it is checked.
///
/// # Errors
/// When the file cannot be read, is not CSV, or lacks the column of items.
pub fn outline(path: &Path, columns: &Columns) -> Result<Outline, GoldError> {
    long::outline(&mut Table::open(path, fs_err::File::open(path)?)?, columns)
}

fn read_part(
    path: &Path,
    part: impl FnOnce(&mut Table<fs_err::File>) -> Result<Ratings, GoldError>,
) -> Result<Ratings, GoldError> {
    let mut table = Table::open(path, fs_err::File::open(path)?)?;
    let mut ratings = part(&mut table)?;
    if ratings.rows.is_empty() && ratings.missing.is_empty() {
        return Err(GoldError::Empty(path.to_owned()));
    }
    ratings.unread_columns = table.unread();
    ratings.check_duplicates()?;
    Ok(ratings)
}

/// A CSV file with its header.
pub(super) struct Table<R> {
    pub path: PathBuf,
    reader: csv::Reader<R>,
    header: Vec<String>,
    used: Vec<bool>,
}

impl<R: std::io::Read> Table<R> {
    pub fn open(path: &Path, source: R) -> Result<Self, GoldError> {
        let mut reader = csv::ReaderBuilder::new().from_reader(source);
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect(),
            Err(error) => return Err(csv_error(path, &error)),
        };
        if header.is_empty() {
            return Err(GoldError::Empty(path.to_owned()));
        }
        if let [one] = header.as_slice()
            && let Some((_, separator)) = SEPARATORS.iter().find(|(separator, _)| one.contains(*separator))
        {
            return Err(GoldError::Separator { path: path.to_owned(), separator });
        }
        if let Some(column) =
            header.iter().enumerate().find_map(|(at, name)| header[..at].contains(name).then_some(name))
        {
            return Err(GoldError::DuplicateColumn { path: path.to_owned(), column: column.clone() });
        }
        let used = vec![false; header.len()];
        Ok(Self { path: path.to_owned(), reader, header, used })
    }

    /// The position of a column that may be missing only where it was not named.
    pub fn optional(&mut self, named: Option<&String>, usual: &str) -> Result<Option<usize>, GoldError> {
        match named {
            Some(name) => self.required(Some(name), usual).map(Some),
            None => Ok(self.find(usual)),
        }
    }

    /// The position of a column that must be there.
    pub fn required(&mut self, named: Option<&String>, usual: &str) -> Result<usize, GoldError> {
        let name = named.map_or(usual, String::as_str);
        self.find(name).ok_or_else(|| GoldError::NoColumn {
            path: self.path.clone(),
            column: name.to_owned(),
            guess: did_you_mean(name, self.header.iter().map(String::as_str)),
            columns: self.header.join(", "),
        })
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        let at = self.header.iter().position(|column| column == name)?;
        self.used[at] = true;
        Some(at)
    }

    fn unread(self) -> Vec<String> {
        self.header.into_iter().zip(self.used).filter(|(_, used)| !used).map(|(name, _)| name).collect()
    }

    /// Calls `each` with the line number and cells of every row.
    pub fn rows(&mut self, mut each: impl FnMut(u64, &StringRecord)) -> Result<(), GoldError> {
        let mut record = StringRecord::new();
        loop {
            match self.reader.read_record(&mut record) {
                Ok(true) => each(record.position().map_or(0, csv::Position::line), &record),
                Ok(false) => return Ok(()),
                Err(error) => return Err(csv_error(&self.path, &error)),
            }
        }
    }
}

fn csv_error(path: &Path, error: &csv::Error) -> GoldError {
    let path = path.to_owned();
    match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => {
            GoldError::Encoding { path, line: pos.as_ref().map_or(1, csv::Position::line) }
        }
        _ => GoldError::Csv { path, message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, columns: &Columns, shape: &Shape) -> Result<Ratings, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ratings.csv");
        fs_err::write(&path, text).unwrap();
        let prefix = format!("{}/", folder.path().display());
        read(&path, columns, shape).map_err(|error| error.to_string().replace(&prefix, ""))
    }

    fn long(text: &str) -> Result<Ratings, String> {
        read_text(text, &Columns::default(), &Shape::Long)
    }

    #[test]
    fn all_columns_of_the_long_form_are_read() {
        let text = "\u{feff}item,rater,label,rubric,cluster,weight,replicate,split,blind,note,at,mood\n\
                    s1,ann,fix,work_mode,p1,2.5,2,test,yes,\"a, b\",2026-01-02T03:04:05Z,fine\n";
        let ratings = long(text).unwrap();
        assert_eq!(ratings.unread_columns, ["mood"]);
        let row = &ratings.rows[0];
        assert_eq!([row.item.as_str(), &row.rater, &row.label], ["s1", "ann", "fix"]);
        assert_eq!([row.rubric.as_deref(), row.cluster.as_deref()], [Some("work_mode"), Some("p1")]);
        assert_eq!((row.weight, row.replicate, row.blind, row.line), (Some(2.5), Some(2), Some(true), 2));
        assert_eq!([row.split.as_deref(), row.note.as_deref()], [Some("test"), Some("a, b")]);
        assert_eq!(row.at.as_deref(), Some("2026-01-02T03:04:05Z"));
    }

    #[test]
    fn no_verdicts_are_kept_apart_from_labels() {
        let text = "item,rater,label,no_verdict\ns1,j,fix,\ns2,j,,refused\n";
        let ratings = long(text).unwrap();
        assert_eq!((ratings.rows.len(), ratings.missing.len()), (1, 1));
        assert_eq!(ratings.missing[0].kind, crate::verdict::NoVerdict::Refused);
        let error = long("item,rater,label,no_verdict\ns1,j,fix,refused\ns2,j,,refusd\n").unwrap_err();
        assert!(error.contains("ratings.csv:2: both a label and the no-verdict refused"), "{error}");
        assert!(error.contains("ratings.csv:3: unknown no-verdict \"refusd\"; did you mean \"refused\"?"), "{error}");
    }

    #[test]
    fn wrong_rows_are_named_by_line_all_at_once() {
        let text = "item,rater,label,weight,replicate,blind\n\
                    s1,ann,,,,\n,ann,fix,,,\ns2,,fix,,,\ns3,ann,fix,NaN,,\ns4,ann,fix,,0,\ns5,ann,fix,,,maybe\n";
        let error = long(text).unwrap_err();
        for expected in [
            ":2: the label is empty",
            ":3: the item is empty",
            ":4: the rater is empty",
            ":5: the weight \"NaN\" is not a finite number above 0",
            ":6: the replicate \"0\" is not 1, 2, 3, ...",
            ":7: blind is \"maybe\"",
        ] {
            assert!(error.contains(expected), "{expected} is not in {error}");
        }
    }

    #[test]
    fn repetitions_are_refused_and_replicates_are_not() {
        let error = long("item,rater,label\ns1,ann,fix\ns2,ann,fix\ns1,ann,build\n").unwrap_err();
        assert!(error.starts_with("ratings.csv:4: ann rated s1 twice, first on line 2"), "{error}");
        let error = long("item,rater,label,replicate\ns1,ann,fix,\ns1,ann,fix,1\n").unwrap_err();
        assert!(error.contains("twice"), "no replicate means the first: {error}");
        assert!(long("item,rater,label,replicate\ns1,ann,fix,1\ns1,ann,build,2\n").is_ok());
        assert!(long("item,rater,label,rubric\ns1,ann,fix,work_mode\ns1,ann,3,expertise\n").is_ok());
    }

    #[test]
    fn files_without_ratings_or_columns_are_refused() {
        assert_eq!(long("").unwrap_err(), "ratings.csv holds no ratings");
        assert_eq!(long("item,rater,label\n").unwrap_err(), "ratings.csv holds no ratings");
        assert_eq!(
            long("item,ratr,label\ns1,ann,fix\n").unwrap_err(),
            "ratings.csv: no column named \"rater\"; did you mean \"ratr\"?; its columns are: item, ratr, label"
        );
        assert_eq!(
            long("item,rater,label,label\ns1,ann,fix,fix\n").unwrap_err(),
            "ratings.csv: two columns are named \"label\""
        );
        let columns = Columns { cluster: Some("person".to_owned()), ..Columns::default() };
        let error = read_text("item,rater,label\ns1,ann,fix\n", &columns, &Shape::Long).unwrap_err();
        assert!(error.contains("no column named \"person\""), "{error}");
        let error = long("item,rater,label\ns1,ann\n").unwrap_err();
        assert!(error.contains("not readable as CSV") && error.contains("line: 2"), "{error}");
    }

    #[test]
    fn other_separators_and_encodings_are_named() {
        assert_eq!(
            long("item;rater;label\n1;ann;fix\n").unwrap_err(),
            "ratings.csv: columns are separated by semicolons; save it with commas"
        );
        assert!(long("item\trater\tlabel\n").unwrap_err().contains("by tabs"));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ratings.csv");
        let message = |bytes: Vec<u8>| {
            fs_err::write(&path, bytes).unwrap();
            read(&path, &Columns::default(), &Shape::Long).unwrap_err().to_string()
        };
        let wide = "\u{feff}item,rater,label\n1,ann,fix\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(message(wide).contains(":1: the text is not UTF-8 (UTF-16, Latin-1 ?); save it as UTF-8"));
        let latin = b"item,rater,label\n1,ann,caf\xe9\n".to_vec();
        assert!(message(latin).contains(":2: the text is not UTF-8"));
    }

    #[test]
    fn wide_files_give_one_row_per_filled_cell() {
        let columns = Columns { item: Some("id".to_owned()), ..Columns::default() };
        let shape = Shape::Wide { raters: vec!["ann".to_owned(), "bob".to_owned()] };
        let ratings = read_text("id,ann,bob,why\n1,fix,build,x\n2,,fix,y\n", &columns, &shape).unwrap();
        let rows: Vec<_> = ratings.rows.iter().map(|row| (row.item.as_str(), row.rater.as_str(), row.line)).collect();
        assert_eq!(rows, [("1", "ann", 2), ("1", "bob", 2), ("2", "bob", 3)]);
        assert_eq!(ratings.unread_columns, ["why"]);
        let error = read_text("id,ann,bob\n1,fix,build\n1,fix,fix\n", &columns, &shape).unwrap_err();
        assert!(error.contains(":3: ann rated 1 twice, first on line 2"), "{error}");
    }
}
