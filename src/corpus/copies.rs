//! Copies that the heads of their files do not show: groups of files whose sessions turned out to have records in common.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::Connection;

use super::changes::{Changes, Job};
use super::previous::{Old, sessions};
use super::sources::{PathKey, each_read, numbers};
use super::store::CorpusError;
use super::write::Writer;
use crate::ingest::Sets;

/// Groups that have to be read again in one go.
pub(super) struct Copies<'c> {
    changes: &'c Changes,
    writer: &'c Writer,
    /// The number of the first group that this ingest read.
    first: i64,
    sharing: Vec<Vec<i64>>,
    /// The files of each of these groups.
    files: HashMap<i64, Vec<PathKey>>,
}

impl<'c> Copies<'c> {
    /// Looks for them in what is written by now; groups from number `first` on were read by this ingest.
    pub fn find(changes: &'c Changes, writer: &'c Writer, first: i64) -> Result<Self, CorpusError> {
        let connection = writer.connection()?;
        let sharing = sharing(connection).map_err(|error| writer.fail(&error))?;
        let mut files: HashMap<i64, Vec<PathKey>> =
            sharing.iter().flatten().map(|group| (*group, Vec::new())).collect();
        if !files.is_empty() {
            let read = each_read(connection, |key, group| {
                if let Some(files) = files.get_mut(&group) {
                    files.push(key);
                }
            });
            read.map_err(|error| writer.fail(&error))?;
        }
        Ok(Self { changes, writer, first, sharing, files })
    }

    /// What is to be read, with sessions that it may not replace; their stored groups are taken out of the corpus.
    pub fn jobs(&self) -> impl Iterator<Item = Result<(Job, Vec<Old>), CorpusError>> {
        self.sharing.iter().filter_map(|groups| self.job(groups).transpose())
    }

    /// None where none of the files is there any more.
    fn job(&self, groups: &[i64]) -> Result<Option<(Job, Vec<Old>)>, CorpusError> {
        let (connection, fail) = (self.writer.connection()?, |error| self.writer.fail(&error));
        let files: Vec<PathKey> = groups.iter().filter_map(|group| self.files.get(group)).flatten().copied().collect();
        let Some(job) = self.changes.job_of(&files, groups)? else { return Ok(None) };
        // What only the corpus before has: sessions of groups that were not read now, and those that stayed as they were.
        let only_there = format!("(grp < {} OR kept)", self.first);
        let old =
            if job.absent.is_empty() { Vec::new() } else { sessions(connection, groups, &only_there).map_err(fail)? };
        self.writer.remove_groups(groups)?;
        Ok(Some((job, old)))
    }
}

/// Records that are looked at in one go, 16 bytes each.
const AT_ONCE: i64 = 2 << 20;

/// Groups of Claude Code's files, since only it copies records from one session to another.
const GROUPS: &str = "FROM origins WHERE grp IN (SELECT grp FROM sources WHERE kind = 'claude-code')";

/// The sets of groups that share records, directly or through others; each in order, none of one group.
fn sharing(connection: &Connection) -> rusqlite::Result<Vec<Vec<i64>>> {
    let pairs = pairs(connection)?;
    let mut groups: Vec<i64> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
    groups.sort_unstable();
    groups.dedup();
    let place = |group| u32::try_from(groups.partition_point(|other| *other < group)).unwrap_or(u32::MAX);
    let mut sets = Sets::new(place(i64::MAX));
    for (one, other) in pairs {
        sets.join(place(one), place(other));
    }
    let mut sharing: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for group in &groups {
        sharing.entry(sets.first(place(*group))).or_default().push(*group);
    }
    Ok(sharing.into_values().collect())
}

/// Pairs of groups that share a record.
fn pairs(connection: &Connection) -> rusqlite::Result<BTreeSet<(i64, i64)>> {
    let count = format!("SELECT IFNULL(SUM(LENGTH(records)) / 8, 0) {GROUPS}");
    let all: i64 = connection.query_row(&count, [], |row| row.get(0))?;
    let parts = (all / AT_ONCE + 1).unsigned_abs();
    let (mut query, mut pairs) = (connection.prepare(&format!("SELECT records, grp {GROUPS}"))?, BTreeSet::new());
    for part in 0..parts {
        let mut records = Vec::new();
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let group: i64 = row.get(1)?;
            let numbers = numbers(row.get_ref(0)?.as_blob()?);
            records.extend(numbers.filter(|record| record % parts == part).map(|record| (record, group)));
        }
        records.sort_unstable();
        let same = |pair: &&[(u64, i64)]| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1;
        pairs.extend(records.windows(2).filter(same).map(|pair| (pair[0].1, pair[1].1)));
    }
    Ok(pairs)
}
