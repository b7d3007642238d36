//! Opening the ledger file: format version, lock, pragmas.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::File;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::LedgerError;
use super::write::Packer;

/// Steps from one format to the next, each with the format it leads to; a file's format is its `user_version`.
const MIGRATIONS: [(i64, &str); 3] =
    [(1, include_str!("schema-1.sql")), (2, include_str!("schema-2.sql")), (3, include_str!("schema-3.sql"))];
/// Newest format.
const FORMAT: i64 = 3;
/// How long one statement waits for another process.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pages of 4 KiB that the write-ahead log holds before they go into the file.
const WAL_PAGES: i64 = 4_000;

/// The part of a ledger that reading keeps in memory: the inner pages of its keys, which come in no order.
const INNER: u64 = 32;
/// KiB that are kept at least, `SQLite`'s own figure, and at most.
const KEPT: (u64, u64) = (2_048, 256 * 1_024);

/// A ledger open for reading.
#[derive(Debug)]
pub struct Ledger {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

/// A ledger open for writing: the only one in all processes, while it lives.
#[derive(Debug)]
pub struct Writer {
    pub(super) ledger: Ledger,
    pub(super) packer: Packer,
    pub(super) durable: bool,
    /// The run that pays for the calls written.
    pub(super) payer: Option<String>,
    _lock: File,
}

impl Ledger {
    /// Opens the ledger at `path` for reading; needs no lock.
    ///
    /// # Errors
    /// When there is none, or it is damaged or of a newer version.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        if !path.exists() {
            return Err(LedgerError::NotFound(path.to_owned()));
        }
        let ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        match ledger.format()? {
            // A run that was killed before it made its tables.
            0 if ledger.is_empty()? => Err(LedgerError::NotFound(path.to_owned())),
            0 => Err(ledger.foreign()),
            found if found > FORMAT => Err(ledger.newer(found)),
            found if found < FORMAT => Err(LedgerError::Other {
                path: path.to_owned(),
                message: format!("the ledger has the older format {found}; the next run brings it to format {FORMAT}"),
            }),
            _ => {
                let bytes = fs_err::metadata(path).map_or(0, |data| data.len());
                let kept = (bytes / INNER / 1_024).clamp(KEPT.0, KEPT.1).cast_signed();
                ledger.sql(|connection| connection.pragma_update(None, "cache_size", -kept))?;
                Ok(ledger)
            }
        }
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, LedgerError> {
        let connection =
            Connection::open_with_flags(path, flags).map_err(|error| LedgerError::from_sqlite(path, &error))?;
        connection
            .busy_timeout(PATIENCE)
            // Else a cached statement is prepared again each time it is used.
            .and_then(|()| connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true))
            .map_err(|error| LedgerError::from_sqlite(path, &error))?;
        Ok(Self { connection, path: path.to_owned() })
    }

    /// Runs `work`, naming the file in its error.
    pub(super) fn sql<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, LedgerError> {
        work(&self.connection).map_err(|error| LedgerError::from_sqlite(&self.path, &error))
    }

    fn format(&self) -> Result<i64, LedgerError> {
        self.sql(|connection| connection.query_row("PRAGMA user_version", [], |row| row.get(0)))
    }

    fn newer(&self, found: i64) -> LedgerError {
        LedgerError::Newer { path: self.path.clone(), found, known: FORMAT }
    }

    fn foreign(&self) -> LedgerError {
        LedgerError::damaged(&self.path, "it is the database of another program")
    }

    fn is_empty(&self) -> Result<bool, LedgerError> {
        let tables = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))
        };
        Ok(self.sql(tables)? == 0)
    }

    fn migrate(&mut self) -> Result<(), LedgerError> {
        let found = self.format()?;
        if found > FORMAT {
            return Err(self.newer(found));
        }
        if found == 0 && !self.is_empty()? {
            return Err(self.foreign());
        }
        for (format, sql) in MIGRATIONS.into_iter().filter(|(format, _)| *format > found) {
            let path = &self.path;
            let migrate = |connection: &mut Connection| {
                let transaction = connection.transaction()?;
                transaction.execute_batch(sql)?;
                transaction.pragma_update(None, "user_version", format)?;
                transaction.commit()
            };
            migrate(&mut self.connection).map_err(|error| LedgerError::from_sqlite(path, &error))?;
        }
        Ok(())
    }
}

impl Writer {
    /// Opens the ledger at `path` for writing, making or upgrading it where needed. Its folder must exist.
    ///
    /// # Errors
    /// When another run holds `PATH.lock`, or the file is damaged, of a newer version, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let lock = lock(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut ledger = Ledger::connect(path, flags)?;
        // The version is checked before anything is written, the journal mode included.
        let found = ledger.format()?;
        if found > FORMAT {
            return Err(ledger.newer(found));
        }
        ledger.sql(|connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            // Each row cost money: it must also survive a power failure.
            connection.pragma_update(None, "synchronous", "FULL")?;
            // Fingerprints come in no order: fewer pages are written twice.
            connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
            connection.pragma_update(None, "foreign_keys", true)
        })?;
        ledger.migrate()?;
        let packer = Packer::new().map_err(|error| LedgerError::Other {
            path: path.to_owned(),
            message: format!("no compressor: {error}"),
        })?;
        Ok(Self { ledger, packer, durable: true, payer: None, _lock: lock })
    }

    /// Writes the answered calls from now on as paid for by `run`.
    pub fn charge(&mut self, run: &str) {
        self.payer = Some(run.to_owned());
    }

    /// The ledger, for reading.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Breaks every final verdict, as a bad block of the disk would.
    #[cfg(test)]
    pub(crate) fn damage_final_verdicts(&self) {
        self.ledger.connection.execute("UPDATE verdicts SET outcome = '{' WHERE final = 1", []).unwrap();
    }

    /// Answered calls.
    #[cfg(test)]
    pub(crate) fn answers(&self) -> usize {
        self.ledger.connection.query_row("SELECT count(*) FROM calls", [], |row| row.get::<_, u32>(0)).unwrap() as usize
    }

    /// Makes every commit that needs a new page fail as on a full disk.
    #[cfg(test)]
    pub(crate) fn allow_no_more_pages(&self) {
        let pages: i64 = self.ledger.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        self.ledger.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    }
}

fn lock(ledger: &Path) -> Result<File, LedgerError> {
    let mut path = ledger.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let unwritable = |message: String| LedgerError::Unwritable { path: path.clone(), message };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| unwritable(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::InUse { ledger: ledger.to_owned(), lock: path }),
        Err(TryLockError::Error(error)) => Err(unwritable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_told_who_holds_the_ledger_and_readers_are_not_hindered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let first = Writer::open(&path).unwrap();
        let error = Writer::open(&path).unwrap_err();
        assert!(matches!(&error, LedgerError::InUse { lock, .. } if lock.ends_with("ledger.sqlite.lock")), "{error}");
        Ledger::open(&path).unwrap();
        drop(first);
        Writer::open(&path).unwrap();
    }

    #[test]
    fn a_newer_ledger_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 7).unwrap();
        let before = fs_err::read(&path).unwrap();
        for error in [Writer::open(&path).unwrap_err(), Ledger::open(&path).unwrap_err()] {
            assert!(error.to_string().contains("newer assize (format 7, this one knows 3)"), "{error}");
        }
        assert_eq!(fs_err::read(&path).unwrap(), before);
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        fs_err::write(&path, "this is not a database, and long enough to have a header of its own".repeat(20)).unwrap();
        assert!(matches!(Writer::open(&path), Err(LedgerError::Damaged { .. })));
        assert!(matches!(Ledger::open(&path), Err(LedgerError::Damaged { .. })));

        let other = folder.path().join("other.sqlite");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
        assert!(matches!(Writer::open(&other), Err(LedgerError::Damaged { .. })));
    }

    #[test]
    fn a_missing_ledger_and_a_bad_folder_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        assert_eq!(Ledger::open(&path).unwrap_err(), LedgerError::NotFound(path.clone()));
        fs_err::write(&path, "").unwrap();
        assert_eq!(Ledger::open(&path).unwrap_err(), LedgerError::NotFound(path), "killed before its tables were made");
        let below = folder.path().join("missing").join("ledger.sqlite");
        assert!(matches!(Writer::open(&below), Err(LedgerError::Unwritable { .. })));
    }
}
