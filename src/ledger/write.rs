//! Writing: everything of one commit in one transaction.

use std::fmt;

use rusqlite::{Transaction, params};

use crate::verdict::NoVerdict;

use super::batch;
use super::error::LedgerError;
use super::model::{Call, Decision, Entry, Place};
use super::open::Writer;

/// zstd level of response bodies: small JSON, written once.
const LEVEL: i32 = 3;

/// Compresses bodies, with one context for all: making one costs more than a body.
pub(super) struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// A packer for response bodies.
    pub(super) fn new() -> std::io::Result<Self> {
        zstd::bulk::Compressor::new(LEVEL).map(Self)
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Packer")
    }
}

impl Writer {
    /// Writes `entries` in one transaction: all of them, or, on an error, none.
    ///
    /// They survive a crash of the program; answers, verdicts and runs also one of the machine.
    ///
    /// # Errors
    /// When the disk is full or the file cannot be written.
    pub fn commit(&mut self, entries: &[Entry]) -> Result<(), LedgerError> {
        let path = self.ledger.path.clone();
        self.write(entries).map_err(|error| LedgerError::from_sqlite(&path, &error))
    }

    fn write(&mut self, entries: &[Entry]) -> rusqlite::Result<()> {
        // An intent lost with the machine's power costs nothing: it only counts calls that were under way.
        let durable = !entries.iter().all(|entry| matches!(entry, Entry::Intent(_) | Entry::Withdrawn(_)));
        if durable != self.durable {
            let synchronous = if durable { "FULL" } else { "NORMAL" };
            self.ledger.connection.pragma_update(None, "synchronous", synchronous)?;
            self.durable = durable;
        }
        let transaction = self.ledger.connection.transaction()?;
        for entry in entries {
            put(&transaction, &mut self.packer, entry, self.payer.as_deref())?;
        }
        transaction.commit()
    }
}

impl Writer {
    /// Forgets the calls that were under way when the last writer ended, and says how many those were.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub fn forget_intents(&mut self) -> Result<u64, LedgerError> {
        self.ledger.sql(|connection| connection.execute("DELETE FROM intents", [])).map(|lost| lost as u64)
    }
}

fn put(transaction: &Transaction<'_>, packer: &mut Packer, entry: &Entry, payer: Option<&str>) -> rusqlite::Result<()> {
    match entry {
        Entry::Intent(intent) => transaction
            .prepare_cached(
                "INSERT INTO intents (fingerprint, model, sent_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (fingerprint) DO UPDATE SET sent_at = excluded.sent_at",
            )?
            .execute(params![intent.fingerprint.0, intent.model, intent.sent_at])
            .map(drop),
        Entry::Withdrawn(fingerprint) => withdraw(transaction, &fingerprint.0),
        Entry::Call(call) => put_call(transaction, packer, call, payer),
        Entry::Verdict { place, decision, decided_at } => {
            put_decision(transaction, place, decision, decided_at)?;
            put_place(transaction, place)
        }
        Entry::Batch(entry) => batch::put(transaction, packer, entry),
        Entry::Run { id, record } => transaction
            .prepare_cached(
                "INSERT INTO runs (id, record) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            )?
            .execute(params![id, record])
            .map(drop),
    }
}

fn withdraw(transaction: &Transaction<'_>, fingerprint: &str) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM intents WHERE fingerprint = ?1")?.execute([fingerprint]).map(drop)
}

pub(super) fn put_call(
    transaction: &Transaction<'_>,
    packer: &mut Packer,
    call: &Call,
    payer: Option<&str>,
) -> rusqlite::Result<()> {
    let body = packer.0.compress(&call.body).map_err(unstorable)?;
    let count = |tokens: Option<u64>| tokens.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX));
    transaction
        .prepare_cached(
            "INSERT INTO calls (fingerprint, model, form, replicate, body, stop, input_tokens, output_tokens,
               cache_read, cache_write, micro_dollars, answered_by, request_id, sent_at, answered_at, attempts,
               run)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
             ON CONFLICT (fingerprint) DO NOTHING",
        )?
        .execute(params![
            call.fingerprint.0,
            call.model,
            call.form,
            call.replicate,
            body,
            call.stop,
            count(call.input_tokens),
            count(call.output_tokens),
            count(call.cache_read),
            count(call.cache_write),
            count(call.micro_dollars),
            call.answered_by,
            call.request_id,
            call.sent_at,
            call.answered_at,
            call.attempts,
            payer,
        ])?;
    withdraw(transaction, &call.fingerprint.0)
}

fn put_decision(
    transaction: &Transaction<'_>,
    place: &Place,
    decision: &Decision,
    decided_at: &str,
) -> rusqlite::Result<()> {
    let none = decision.outcome.no_verdict();
    transaction
        .prepare_cached(
            "INSERT INTO verdicts (unit, kind, final, outcome, repairs, calls, decided_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (unit) DO UPDATE SET kind = excluded.kind, final = excluded.final, outcome = excluded.outcome,
               repairs = excluded.repairs, calls = excluded.calls, decided_at = excluded.decided_at
             WHERE verdicts.final = 0",
        )?
        .execute(params![
            place.unit.0,
            none.map_or(if decision.outcome.value().is_some() { "value" } else { "label" }, NoVerdict::as_str),
            !none.is_some_and(NoVerdict::is_retryable),
            json(&decision.outcome)?,
            json(&decision.repairs)?,
            json(&decision.calls)?,
            decided_at,
        ])
        .map(drop)
}

fn put_place(transaction: &Transaction<'_>, place: &Place) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO run_units (run, session, rubric, judge, replicate, unit, person)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (run, session, rubric, judge, replicate) DO UPDATE SET unit = excluded.unit,
               person = excluded.person WHERE unit <> excluded.unit OR person IS NOT excluded.person",
        )?
        .execute(params![
            place.run,
            place.session,
            place.rubric,
            place.judge,
            place.replicate,
            place.unit.0,
            place.person
        ])
        .map(drop)
}

fn json<T: serde::Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(unstorable)
}

fn unstorable(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
