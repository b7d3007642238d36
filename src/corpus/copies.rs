//! Copies that the heads of their files do not show: groups of files whose sessions turned out to have records in common.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::changes::{Changes, Job};
use super::parts::Parts;
use super::previous::{Old, sessions};
use super::sources::{PathKey, each_read, numbers};
use super::store::CorpusError;
use super::write::Writer;
use crate::ingest::{IngestError, Sets, is_strong};

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
        let sharing = sharing(writer, first)?;
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

/// The sets of groups that share records, directly or through others; each in order, none of one group. Groups before
/// number `first` were compared with each other when they were read.
fn sharing(writer: &Writer, first: i64) -> Result<Vec<Vec<i64>>, CorpusError> {
    let mut new = Marks::none();
    let (mut count, mut last) = (0, 0);
    each_record(writer, first, |record, group| {
        new.add(record);
        (count, last) = (count + 1, last.max(group));
        Ok(())
    })?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut parts = Parts::for_records(count).map_err(|error| full(&error))?;
    each_record(writer, 0, |record, group| if new.may_hold(record) { parts.push(record, group) } else { Ok(()) })?;
    let mut sets = Sets::new(last.saturating_add(1));
    parts.each_pair(|one, other| sets.join(one, other)).map_err(|error| full(&error))?;
    let mut sharing: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for group in 0..=last {
        let first = sets.first(group);
        if first != group {
            sharing.entry(first).or_insert_with(|| vec![first.into()]).push(group.into());
        }
    }
    Ok(sharing.into_values().collect())
}

/// Hands the records of groups from number `first` on to `each`, with the group; only those of Claude Code's files, since
/// no other program copies records from one session to another, and none that equal each other by chance.
fn each_record(
    writer: &Writer,
    first: i64,
    mut each: impl FnMut(u64, u32) -> io::Result<()>,
) -> Result<(), CorpusError> {
    let (connection, fail) = (writer.connection()?, |error| writer.fail(&error));
    let query = "SELECT records, grp FROM origins WHERE grp >= ?
        AND grp IN (SELECT grp FROM sources WHERE kind = 'claude-code')";
    let mut query = connection.prepare(query).map_err(fail)?;
    let mut rows = query.query([first]).map_err(fail)?;
    while let Some(row) = rows.next().map_err(fail)? {
        let records = row.get_ref(0).and_then(|records| Ok(records.as_blob()?)).map_err(fail)?;
        let group = row.get(1).map_err(fail)?;
        // The last bit, which is now the same in all, would leave every other part empty.
        let mut records = numbers(records).filter(|record| is_strong(*record)).map(|record| record >> 1);
        records.try_for_each(|record| each(record, group)).map_err(|error| full(&error))?;
    }
    Ok(())
}

fn full(error: &io::Error) -> CorpusError {
    IngestError::Notes(error.to_string()).into()
}

/// Numbers, and some that were not put in: one bit stands for all with the same last bits.
struct Marks(Vec<u64>);

impl Marks {
    /// None yet, in 8 MB.
    fn none() -> Self {
        Self(vec![0; 1 << 20])
    }

    fn add(&mut self, number: u64) {
        let (word, bit) = self.place(number);
        self.0[word] |= bit;
    }

    fn may_hold(&self, number: u64) -> bool {
        let (word, bit) = self.place(number);
        self.0[word] & bit != 0
    }

    fn place(&self, number: u64) -> (usize, u64) {
        let word = number / 64 % self.0.len() as u64;
        (usize::try_from(word).unwrap_or_default(), 1 << (number % 64))
    }
}
