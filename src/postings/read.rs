//! Reading postings from CSV, with the study's filters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::model::{Posting, PostingsError, TIERS, tier};

/// Fewest characters of a description (report.md 7).
const DESCRIPTION_CHARS: usize = 50;

/// Synthetic postings inside the binary, for where the working folder has no file of that path.
const BUILT_IN: (&str, &str) =
    ("datasets/synthetic-postings/postings.csv", include_str!("../../datasets/synthetic-postings/postings.csv"));

/// Columns that must be there.
const COLUMNS: [&str; 5] = ["id", "title", "description", "price", "type"];

/// Why a posting is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Drop {
    /// Paid by the hour, or in a way that the file does not tell.
    NotFixedPrice,
    /// The price is not a number.
    PriceUnreadable,
    /// Below $10 or above $50,000.
    PriceOutOfRange,
    /// Under 50 characters.
    DescriptionTooShort,
    /// No title.
    NoTitle,
}

impl Drop {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotFixedPrice => "not of fixed price",
            Self::PriceUnreadable => "with an unreadable price",
            Self::PriceOutOfRange => "below $10 or above $50,000",
            Self::DescriptionTooShort => "described in under 50 characters",
            Self::NoTitle => "without a title",
        }
    }
}

/// The postings of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Postings {
    /// The file as named.
    pub file: PathBuf,
    /// Rows.
    pub rows: usize,
    /// Rows dropped, by reason.
    pub dropped: BTreeMap<Drop, usize>,
    /// Those that passed, by tier, in the order of the file.
    pub tiers: [Vec<Posting>; 4],
}

impl Postings {
    /// What was kept and what was dropped, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let kept: usize = self.tiers.iter().map(Vec::len).sum();
        let tiers =
            TIERS.iter().zip(&self.tiers).map(|(tier, postings)| format!("{} of ${}", postings.len(), tier.name));
        let tiers: Vec<String> = tiers.collect();
        let dropped = self.dropped.iter().map(|(why, count)| format!("{count} {}", why.words()));
        let dropped: Vec<String> = dropped.collect();
        let dropped = if dropped.is_empty() { String::new() } else { format!("; dropped: {}", dropped.join(", ")) };
        format!("{kept} of {} postings pass the filters ({}){dropped}", self.rows, tiers.join(", "))
    }
}

/// Reads the postings in `folder/FILE`: columns `id`, `title`, `description`, `price` (US dollars), `type` (`fixed`, or
/// anything else), and `skills` (with semicolons between) where there is one; others are not looked at.
///
/// # Errors
/// When the file cannot be read or parsed, lacks a column, or has an id twice or none.
pub fn read(folder: &Path, file: &Path) -> Result<Postings, PostingsError> {
    let invalid = |message: String| PostingsError::Invalid { file: file.to_owned(), message };
    let text = match fs_err::read(folder.join(file)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file == Path::new(BUILT_IN.0) => {
            BUILT_IN.1.into()
        }
        text => text?,
    };
    let mut reader = csv::Reader::from_reader(text.as_slice());
    let header = reader.headers().map_err(|error| invalid(error.to_string()))?.clone();
    let at = |name: &str| header.iter().position(|column| column.trim().eq_ignore_ascii_case(name));
    let missing: Vec<&str> = COLUMNS.into_iter().filter(|name| at(name).is_none()).collect();
    if !missing.is_empty() {
        return Err(invalid(format!("the columns {} are missing; docs/task-value.md lists all", missing.join(", "))));
    }
    let (places, skills) = (COLUMNS.map(|name| at(name).unwrap_or_default()), at("skills"));
    let mut postings = Postings { file: file.to_owned(), rows: 0, dropped: BTreeMap::new(), tiers: Default::default() };
    let mut ids = BTreeSet::new();
    for row in reader.records() {
        let row = row.map_err(|error| invalid(error.to_string()))?;
        let cell = |place: usize| row.get(place).unwrap_or_default().trim();
        let [id, title, description, price, kind] = places.map(cell);
        postings.rows += 1;
        if id.is_empty() || !ids.insert(id.to_owned()) {
            let line = row.position().map_or(0, csv::Position::line);
            return Err(invalid(format!("line {line}: the id `{id}` is empty or occurs twice")));
        }
        match sift(title, description, price, kind) {
            Err(why) => *postings.dropped.entry(why).or_default() += 1,
            Ok((price, tier)) => postings.tiers[tier].push(Posting {
                id: id.to_owned(),
                title: title.to_owned(),
                description: description.to_owned(),
                skills: skills
                    .map(cell)
                    .unwrap_or_default()
                    .split(';')
                    .map(str::trim)
                    .filter(|skill| !skill.is_empty())
                    .map(str::to_owned)
                    .collect(),
                price,
            }),
        }
    }
    Ok(postings)
}

/// The price and its tier, or the first filter that a posting does not pass.
fn sift(title: &str, description: &str, price: &str, kind: &str) -> Result<(f64, usize), Drop> {
    if !kind.eq_ignore_ascii_case("fixed") {
        return Err(Drop::NotFixedPrice);
    }
    let price: f64 = price.parse().map_err(|_| Drop::PriceUnreadable)?;
    let tier = tier(price).ok_or(Drop::PriceOutOfRange)?;
    if title.is_empty() {
        return Err(Drop::NoTitle);
    }
    if description.chars().count() < DESCRIPTION_CHARS {
        return Err(Drop::DescriptionTooShort);
    }
    Ok((price, tier))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "A description that is long enough to be told from a bare heading.";

    fn read_text(text: &str) -> Result<Postings, PostingsError> {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("p.csv"), text).unwrap();
        read(folder.path(), Path::new("p.csv"))
    }

    #[test]
    fn every_row_is_kept_in_its_tier_or_dropped_for_a_reason() {
        let text = format!(
            "id,title,description,skills,price,type,posted_at\n\
             1,A,{LONG},rust; sql,200,fixed,2025-01-01\n2,B,{LONG},,50000,Fixed,\n3,C,{LONG},,9,fixed,\n\
             4,D,too short,,50,fixed,\n5,E,{LONG},,50,hourly,\n6,F,{LONG},,about 50,fixed,\n7,,{LONG},,50,fixed,\n"
        );
        let postings = read_text(&text).unwrap();
        assert_eq!(postings.tiers[1][0].skills, ["rust", "sql"]);
        assert_eq!(postings.tiers.each_ref().map(Vec::len), [0, 1, 0, 1]);
        let each = [
            Drop::NotFixedPrice,
            Drop::PriceUnreadable,
            Drop::PriceOutOfRange,
            Drop::DescriptionTooShort,
            Drop::NoTitle,
        ];
        assert_eq!(postings.dropped, each.map(|why| (why, 1)).into());
        assert!(postings.summary().starts_with("2 of 7 postings pass the filters"), "{}", postings.summary());
    }

    #[test]
    fn a_missing_column_and_a_double_id_are_errors() {
        let error = read_text("id,title,price\n").unwrap_err().to_string();
        assert!(error.contains("the columns description, type are missing"), "{error}");
        let error = read_text(&format!("id,title,description,price,type\n1,A,{LONG},50,fixed\n1,B,{LONG},50,fixed\n"));
        assert!(error.unwrap_err().to_string().contains("line 3: the id `1`"));
    }
}
