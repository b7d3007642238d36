//! Joining ratings with sessions: an item is a session id, or the session's file with or without `.gz`.

use std::collections::{BTreeMap, BTreeSet};

use super::error::{GoldError, Problem};
use super::model::{Missing, Rating, Ratings};

/// A session that ratings may speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Session id.
    pub id: String,
    /// Its file below the ingested root.
    pub file: Option<String>,
}

/// Ratings whose items are session ids, and what did not match.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Join {
    /// The ratings that matched; `item` is now the session id.
    pub ratings: Ratings,
    /// Items that are no known session, sorted.
    pub unmatched: BTreeSet<String>,
    /// Known sessions without any rating.
    pub unrated: usize,
}

impl Ratings {
    /// Keeps what speaks of a known session, under the session's id.
    ///
    /// # Errors
    /// When nothing matches, when a name fits several sessions, or when one rater's rows under two names turn out to be
    /// of one session.
    pub fn join(&self, known: &[Known]) -> Result<Join, GoldError> {
        // A list in order takes a fraction of the room of a map, and corpora are large beside label files.
        let mut names: Vec<(&str, &str)> = Vec::new();
        for Known { id, file } in known {
            let file = file.as_deref().map(plain);
            names.extend([Some(id.as_str()), file].into_iter().flatten().map(|name| (name, id.as_str())));
        }
        names.sort_unstable();
        names.dedup();
        let of_name = |item: &str| -> Vec<&str> {
            let from = names.partition_point(|(name, _)| *name < item);
            names[from..].iter().take_while(|(name, _)| *name == item).map(|(_, id)| *id).collect()
        };
        let find = |item: &str| match of_name(item) {
            none if none.is_empty() => of_name(plain(item)),
            ids => ids,
        };
        let mut join =
            Join { ratings: Ratings { rows: Vec::new(), missing: Vec::new(), ..self.clone() }, ..Join::default() };
        let (mut problems, mut origin) = (Vec::new(), BTreeMap::new());
        for row in &self.rows {
            match find(&row.item).as_slice() {
                [] => {
                    join.unmatched.insert(row.item.clone());
                }
                [id] => {
                    let key = ((*id).to_owned(), row.rater.as_str(), row.rubric.as_deref(), row.replicate.unwrap_or(1));
                    if let Some((line, item)) = origin.insert(key, (row.line, row.item.as_str())) {
                        let message = format!(
                            "{} rated session {id} twice: as {item:?} on line {line} and as {:?}",
                            row.rater, row.item
                        );
                        problems.push(Problem::new(row.line, message));
                    }
                    join.ratings.rows.push(Rating { item: (*id).to_owned(), ..row.clone() });
                }
                ids => {
                    let message = format!(
                        "{:?} is the file of {} sessions; use one of their ids: {}",
                        row.item,
                        ids.len(),
                        ids.join(", ")
                    );
                    problems.push(Problem::new(row.line, message));
                }
            }
        }
        GoldError::of(&self.source, problems, "every row must speak of one session, once")?;
        for missing in &self.missing {
            if let [id] = find(&missing.item).as_slice() {
                join.ratings.missing.push(Missing { item: (*id).to_owned(), ..missing.clone() });
            }
        }
        let rated: BTreeSet<&str> = join.ratings.rows.iter().map(|row| row.item.as_str()).collect();
        join.unrated = known.iter().filter(|session| !rated.contains(session.id.as_str())).count();
        match self.rows.first() {
            Some(first) if join.ratings.rows.is_empty() => Err(GoldError::NoMatch {
                source_file: self.source.clone(),
                items: join.unmatched.len(),
                first: first.item.clone(),
            }),
            _ => Ok(join),
        }
    }
}

/// A file name without `.gz` and a leading `./`.
fn plain(file: &str) -> &str {
    let file = file.strip_suffix(".gz").unwrap_or(file);
    file.strip_prefix("./").unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(items: &[&str]) -> Ratings {
        let row = |(at, item): (usize, &&str)| Rating {
            item: (*item).to_owned(),
            rater: "ann".to_owned(),
            label: "fix".to_owned(),
            line: at as u64 + 2,
            ..Rating::default()
        };
        Ratings {
            rows: items.iter().enumerate().map(row).collect(),
            source: "gold.csv".to_owned(),
            ..Ratings::default()
        }
    }

    fn known() -> Vec<Known> {
        [("id-1", "a/one.jsonl.gz"), ("id-2", "a/two.jsonl"), ("id-3", "both.jsonl"), ("id-4", "both.jsonl")]
            .map(|(id, file)| Known { id: id.to_owned(), file: Some(file.to_owned()) })
            .to_vec()
    }

    #[test]
    fn ids_and_files_with_or_without_gz_are_sessions() {
        let join = rated(&["id-1", "a/two.jsonl.gz", "elsewhere"]).join(&known()).unwrap();
        assert_eq!(join.ratings.rows.iter().map(|row| row.item.as_str()).collect::<Vec<_>>(), ["id-1", "id-2"]);
        assert_eq!(join.unmatched, BTreeSet::from(["elsewhere".to_owned()]));
        assert_eq!(join.unrated, 2);
        assert_eq!(rated(&["./a/one.jsonl"]).join(&known()).unwrap().ratings.rows[0].item, "id-1");
    }

    #[test]
    fn joins_refuse_what_is_not_one_to_one() {
        let message = |items: &[&str]| rated(items).join(&known()).unwrap_err().to_string();
        assert!(message(&["id-1", "a/one.jsonl"]).contains("gold.csv:3: ann rated session id-1 twice"));
        assert!(message(&["both.jsonl"]).contains("is the file of 2 sessions; use one of their ids: id-3, id-4"));
        assert_eq!(message(&["x", "y"]), "gold.csv: none of its 2 items is a known session (first: \"x\")");
    }
}
