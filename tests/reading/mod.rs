//! Reading files as the library does it, for the tests of readers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use assize::ingest::{Tally, read, survey};
use assize::session::Session;

/// The key under which persons get pseudonyms in tests.
pub const KEY: [u8; 32] = [7; 32];

/// All that some files come to.
#[derive(Debug, Default)]
pub struct Ingested {
    /// Sessions by id.
    pub sessions: Vec<Session>,
    /// What the readers counted.
    pub tally: Tally,
    /// Files that are no sessions, by reason.
    pub skipped: BTreeMap<String, u64>,
}

/// Reads a file or all files below a folder. Of sessions of one id the first counts, as in a corpus.
pub fn ingest(path: &Path) -> Ingested {
    let survey = survey(&[path.to_owned()]).unwrap();
    let mut ingested = Ingested { skipped: survey.skipped, ..Ingested::default() };
    ingested.tally.bad.extend(survey.bad);
    for group in &survey.groups {
        let reading = read(group, &KEY);
        ingested.sessions.extend(reading.sessions);
        let tally = &mut ingested.tally;
        tally.lines += reading.tally.lines;
        tally.merged_files += reading.tally.merged_files;
        tally.bad.extend(reading.tally.bad);
        for (reason, count) in reading.tally.dropped {
            *tally.dropped.entry(reason).or_default() += count;
        }
    }
    let mut ids = HashSet::new();
    let before = ingested.sessions.len();
    ingested.sessions.retain(|session| ids.insert(session.id.clone()));
    if ingested.sessions.len() < before {
        let again = (before - ingested.sessions.len()) as u64;
        ingested.tally.dropped.insert("session id of another session".to_owned(), again);
    }
    ingested.sessions.sort_by(|one, other| one.id.cmp(&other.id));
    ingested
}
