//! Calls handed to a provider in batches: what is under way there, until every result is read.

use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::verdict::Fingerprint;

use super::error::LedgerError;
use super::model::Call;
use super::open::Ledger;
use super::write::{Packer, put_call};

/// A batch of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Our own label of it.
    pub key: String,
    /// The run that pays.
    pub run: String,
    /// The model asked, `provider/model`.
    pub model: String,
    /// Base URL of the server.
    pub server: String,
    /// Calls in it.
    pub calls: u64,
    /// RFC 3339 time, before the first request for it.
    pub begun_at: String,
    /// The provider's id; none until it is known.
    pub id: Option<String>,
}

/// One call of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchCall {
    /// Fingerprint of the call, which is its custom id at the provider.
    pub call: Fingerprint,
    /// Judge name.
    pub judge: String,
    /// Rubric name.
    pub rubric: String,
    /// How JSON was asked for, in the provider room's word.
    pub form: String,
    /// Replicate number, from 1.
    pub replicate: u32,
    /// Whether it has twice the room, because an answer was cut off.
    pub roomier: bool,
    /// Requests sent for it, this one included.
    pub attempts: u32,
    /// The most that it can cost, in millionths of a dollar; none where the price is not known.
    pub micro_dollars: Option<u64>,
    /// Whether its result is read, whatever it was.
    pub has_result: bool,
}

/// Something to be written about a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchEntry {
    /// It is about to be created.
    Begun {
        /// The batch.
        batch: Batch,
        /// Its calls.
        calls: Vec<BatchCall>,
    },
    /// The provider calls it so; none where what was taken for it turned out to be another one.
    Id {
        /// Our label.
        key: String,
        /// The provider's id.
        id: Option<String>,
    },
    /// One of its calls was answered; the run of the batch pays for it.
    Answer {
        /// Our label.
        key: String,
        /// The call.
        call: Call,
    },
    /// One of its calls came back without an answer.
    NoAnswer {
        /// Our label.
        key: String,
        /// The call.
        call: Fingerprint,
    },
    /// Nothing more is to come of it.
    Closed {
        /// Our label.
        key: String,
        /// RFC 3339 time.
        at: String,
    },
}

/// Writes `entry`.
pub(super) fn put(transaction: &Transaction<'_>, packer: &mut Packer, entry: &BatchEntry) -> rusqlite::Result<()> {
    match entry {
        BatchEntry::Begun { batch, calls } => begin(transaction, batch, calls),
        BatchEntry::Id { key, id } => {
            transaction.prepare_cached("UPDATE batches SET id = ?2 WHERE key = ?1")?.execute(params![key, id]).map(drop)
        }
        BatchEntry::Answer { key, call } => {
            let run = transaction
                .prepare_cached("SELECT run FROM batches WHERE key = ?1")?
                .query_row([key], |row| row.get::<_, String>(0))
                .optional()?;
            put_call(transaction, packer, call, run.as_deref())?;
            read(transaction, key, &call.fingerprint)
        }
        BatchEntry::NoAnswer { key, call } => read(transaction, key, call),
        BatchEntry::Closed { key, at } => {
            transaction.prepare_cached("DELETE FROM batch_calls WHERE batch = ?1")?.execute([key])?;
            transaction.prepare_cached("UPDATE batches SET closed_at = ?2 WHERE key = ?1")?.execute([key, at]).map(drop)
        }
    }
}

fn begin(transaction: &Transaction<'_>, batch: &Batch, calls: &[BatchCall]) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO batches (key, run, model, server, calls, begun_at, id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            batch.key,
            batch.run,
            batch.model,
            batch.server,
            signed(batch.calls),
            batch.begun_at,
            batch.id
        ])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO batch_calls (batch, call, judge, rubric, form, replicate, roomier, attempts, micro_dollars, has_result)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for call in calls {
        statement.execute(params![
            batch.key,
            call.call.0,
            call.judge,
            call.rubric,
            call.form,
            call.replicate,
            call.roomier,
            call.attempts,
            call.micro_dollars.map(signed),
            call.has_result,
        ])?;
    }
    Ok(())
}

fn read(transaction: &Transaction<'_>, key: &str, call: &Fingerprint) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE batch_calls SET has_result = 1 WHERE batch = ?1 AND call = ?2")?
        .execute([key, &call.0])
        .map(drop)
}

/// `SQLite` has signed integers only.
fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Ledger {
    /// The batches that may still hold answers not read, the oldest first, each with its calls without a result.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_batches(&self) -> Result<Vec<(Batch, u64)>, LedgerError> {
        self.sql(|connection| {
            connection
                .prepare(
                    "SELECT key, run, model, server, calls, begun_at, id,
                       (SELECT count(*) FROM batch_calls WHERE batch = key AND has_result = 0)
                     FROM batches WHERE closed_at IS NULL ORDER BY begun_at, key",
                )?
                .query_map([], |row| Ok((batch(row)?, row.get::<_, i64>(7)?.unsigned_abs())))?
                .collect()
        })
    }

    /// Whether the provider's batch `id` is one that this ledger knows, open or closed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn knows_batch(&self, id: &str) -> Result<bool, LedgerError> {
        self.sql(|connection| {
            connection.query_row("SELECT EXISTS (SELECT 1 FROM batches WHERE id = ?1)", [id], |row| row.get(0))
        })
    }

    /// The calls of the batch `key`; none of one that is closed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn batch_calls(&self, key: &str) -> Result<Vec<BatchCall>, LedgerError> {
        self.sql(|connection| {
            connection
                .prepare(
                    "SELECT call, judge, rubric, form, replicate, roomier, attempts, micro_dollars, has_result
                     FROM batch_calls WHERE batch = ?1 ORDER BY call",
                )?
                .query_map([key], |row| {
                    Ok(BatchCall {
                        call: Fingerprint(row.get(0)?),
                        judge: row.get(1)?,
                        rubric: row.get(2)?,
                        form: row.get(3)?,
                        replicate: row.get(4)?,
                        roomier: row.get(5)?,
                        attempts: row.get(6)?,
                        micro_dollars: row.get::<_, Option<i64>>(7)?.map(i64::unsigned_abs),
                        has_result: row.get(8)?,
                    })
                })?
                .collect()
        })
    }
}

fn batch(row: &Row<'_>) -> rusqlite::Result<Batch> {
    Ok(Batch {
        key: row.get(0)?,
        run: row.get(1)?,
        model: row.get(2)?,
        server: row.get(3)?,
        calls: row.get::<_, i64>(4)?.unsigned_abs(),
        begun_at: row.get(5)?,
        id: row.get(6)?,
    })
}
