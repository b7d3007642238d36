//! One session for one id, whatever the order in which files were read.

use super::job::holds;
use super::list::List;
use super::sources::unpack;
use super::store::CorpusError;
use super::totals::from_json;
use super::write::{Facts, Stored, Writer};
use crate::session::Format;

/// Lets sessions into a corpus. Of sessions with one id from files that share nothing else, the one in the fullest format
/// stays, of those the one with the first file name, and of those the one with the lowest content hash; the others are
/// counted with their group.
#[derive(Debug)]
pub(super) struct Admission<'w> {
    /// The corpus.
    pub writer: &'w Writer,
    /// Tells the groups of which no file is there.
    pub list: &'w List,
}

/// The session of an id that is in the corpus by now.
struct Rival {
    group: i64,
    /// Fullness of the format, file name and content hash: the lowest stays.
    rank: (u8, String, String),
    records: Vec<u64>,
    fixed: bool,
}

impl Admission<'_> {
    /// Adds a session that was read, with its records, sorted. One whose files are gone gives way only to one that holds
    /// all that it has.
    pub fn add(&self, stored: &Stored, group: i64, facts: &Facts, records: &[u64]) -> Result<(), CorpusError> {
        let row = &stored.row;
        if let Some(rival) = self.rival(&row.id)? {
            let wins = if rival.group == group {
                false
            } else if rival.fixed {
                holds(records, &rival.records)
            } else {
                (row.format.fullness(), row.file.clone(), row.content_hash.clone()) < rival.rank
            };
            if !self.settle(&row.id, wins, group, rival.group)? {
                return Ok(());
            }
        }
        self.writer.add(stored)?;
        self.writer.add_origin(&row.id, group, facts, records)
    }

    /// Keeps a session that cannot be read again, unless another one of its id holds all that it has.
    pub fn keep(&self, id: &str, records: &[u64], group: i64) -> Result<(), CorpusError> {
        if let Some(rival) = self.rival(id)? {
            let wins = !rival.fixed && !holds(&rival.records, records);
            if !self.settle(id, wins, group, rival.group)? {
                return Ok(());
            }
        }
        self.writer.keep(id, group)
    }

    /// Counts the one that does not stay with its group, and removes it where it is the rival.
    fn settle(&self, id: &str, wins: bool, group: i64, rival: i64) -> Result<bool, CorpusError> {
        let update = "UPDATE groups SET shadowed = shadowed + 1 WHERE grp = ?";
        let update = self.writer.connection()?.prepare_cached(update);
        let loser = if wins { rival } else { group };
        update.and_then(|mut update| update.execute([loser])).map_err(|error| self.writer.fail(&error))?;
        if wins {
            self.writer.remove(id)?;
        }
        Ok(wins)
    }

    fn rival(&self, id: &str) -> Result<Option<Rival>, CorpusError> {
        let query =
            "SELECT grp, format, file, content_hash, records, kept FROM sessions JOIN origins USING (id) WHERE id = ?";
        let read = |row: &rusqlite::Row<'_>| {
            let format: Format = from_json(&format!("\"{}\"", row.get::<_, String>(1)?))?;
            let rank = (format.fullness(), row.get(2)?, row.get(3)?);
            let (records, fixed) = (unpack(&row.get::<_, Vec<u8>>(4)?), row.get(5)?);
            Ok(Rival { group: row.get(0)?, rank, records, fixed })
        };
        let query = self.writer.connection()?.prepare_cached(query);
        let rival = query.and_then(|mut query| query.query_map([id], read)?.next().transpose());
        let Some(mut rival) = rival.map_err(|error| self.writer.fail(&error))? else { return Ok(None) };
        rival.fixed = rival.fixed || self.list.is_fixed(rival.group)?;
        Ok(Some(rival))
    }
}
