//! Reading calls, verdicts and runs.

use rusqlite::types::Type;
use rusqlite::{Error, OptionalExtension, Row};
use serde::de::DeserializeOwned;

use crate::verdict::{Fingerprint, Outcome, Verdict};

use super::error::LedgerError;
use super::model::{Decision, LabelCount, Lengths, Paid, StoredCall, Usage};
use super::open::Ledger;

impl Ledger {
    /// The answer to a call, where it was ever answered.
    ///
    /// # Errors
    /// When the file cannot be read or the stored body is damaged.
    pub fn call(&self, fingerprint: &Fingerprint) -> Result<Option<StoredCall>, LedgerError> {
        let body: Option<Vec<u8>> = self.sql(|connection| {
            connection
                .prepare_cached("SELECT body FROM calls WHERE fingerprint = ?1")?
                .query_row([&fingerprint.0], |row| row.get(0))
                .optional()
        })?;
        body.map(|body| zstd::decode_all(body.as_slice()))
            .transpose()
            .map(|body| body.map(|body| StoredCall { body }))
            .map_err(|error| LedgerError::damaged(&self.path, format!("call {}: {error}", fingerprint.0)))
    }

    /// The decision on a unit, where there is one that stands.
    ///
    /// # Errors
    /// When the file cannot be read or holds what this version cannot read.
    pub fn decision(&self, unit: &Fingerprint) -> Result<Option<Decision>, LedgerError> {
        let texts = self.sql(|connection| {
            connection
                .prepare_cached("SELECT outcome, repairs, calls FROM verdicts WHERE unit = ?1 AND final = 1")?
                .query_row([&unit.0], |row| Ok([row.get::<_, String>(0)?, row.get(1)?, row.get(2)?]))
                .optional()
        })?;
        texts.map(|texts| self.decoded(&texts)).transpose()
    }

    /// What a run has on `session`, `rubric`, `judge` and `replicate`: the unit and its outcome, where there is one.
    ///
    /// # Errors
    /// When the file cannot be read or holds what this version cannot read.
    pub fn outcome(
        &self,
        run: &str,
        session: &str,
        rubric: &str,
        judge: &str,
        replicate: u32,
    ) -> Result<Option<(Fingerprint, Outcome)>, LedgerError> {
        let found = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT unit, outcome FROM run_units JOIN verdicts USING (unit)
                     WHERE run = ?1 AND session = ?2 AND rubric = ?3 AND judge = ?4 AND replicate = ?5",
                )?
                .query_row(rusqlite::params![run, session, rubric, judge, replicate], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
                })
                .optional()
        })?;
        found.map(|(unit, outcome)| Ok((Fingerprint(unit), self.json(&outcome)?))).transpose()
    }

    fn decoded(&self, [outcome, repairs, calls]: &[String; 3]) -> Result<Decision, LedgerError> {
        Ok(Decision { outcome: self.json(outcome)?, repairs: self.json(repairs)?, calls: self.json(calls)? })
    }

    fn json<T: DeserializeOwned>(&self, text: &str) -> Result<T, LedgerError> {
        serde_json::from_str(text).map_err(|error| LedgerError::damaged(&self.path, format!("{text}: {error}")))
    }

    /// Calls that were begun and neither answered nor given up: under way now, or lost when a run was killed.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn open_intents(&self) -> Result<u64, LedgerError> {
        self.sql(|connection| connection.query_row("SELECT count(*) FROM intents", [], |row| count(row, 0)))
    }

    /// The record of a run, JSON.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn run(&self, id: &str) -> Result<Option<String>, LedgerError> {
        self.sql(|connection| {
            connection.query_row("SELECT record FROM runs WHERE id = ?1", [id], |row| row.get(0)).optional()
        })
    }

    /// Identifiers of all runs, sorted.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self) -> Result<Vec<String>, LedgerError> {
        self.sql(|connection| {
            connection.prepare("SELECT id FROM runs ORDER BY id")?.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Hands every verdict of a run, with the person's pseudonym, to `each`: by session, rubric, judge and replicate.
    ///
    /// # Errors
    /// When the file cannot be read, holds what this version cannot read, or `each` fails.
    pub fn verdicts<E: From<LedgerError>>(
        &self,
        run: &str,
        each: impl FnMut(Verdict, Option<String>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.verdicts_on(None, run, each)
    }

    /// As [`Self::verdicts`], but only those on `rubrics` where they are given: others are not read at all.
    ///
    /// # Errors
    /// As [`Self::verdicts`].
    pub fn verdicts_on<E: From<LedgerError>>(
        &self,
        rubrics: Option<&[&str]>,
        run: &str,
        mut each: impl FnMut(Verdict, Option<String>) -> Result<(), E>,
    ) -> Result<(), E> {
        // A list of text always becomes JSON.
        let rubrics = rubrics.map(|rubrics| serde_json::to_string(rubrics).unwrap_or_default());
        let sqlite = |error: &rusqlite::Error| LedgerError::from_sqlite(&self.path, error);
        let mut statement = self
            .connection
            .prepare(
                "SELECT session, rubric, judge, replicate, unit, person, outcome, repairs, calls
                 FROM run_units JOIN verdicts USING (unit)
                 WHERE run = ?1 AND (?2 IS NULL OR rubric IN (SELECT value FROM json_each(?2)))
                 ORDER BY session, rubric, judge, replicate",
            )
            .map_err(|error| sqlite(&error))?;
        let mut rows = statement.query(rusqlite::params![run, rubrics]).map_err(|error| sqlite(&error))?;
        while let Some(row) = rows.next().map_err(|error| sqlite(&error))? {
            let (place, person, texts) = place(row).map_err(|error| sqlite(&error))?;
            let (session, rubric, judge, replicate, unit) = place;
            let Decision { outcome, repairs, calls } = self.decoded(&texts)?;
            let verdict = Verdict { session, rubric, judge, replicate, unit, outcome, repairs, calls };
            each(verdict, person)?;
        }
        Ok(())
    }

    /// How many units of a run ended in which way, by judge, rubric and kind.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn counts(&self, run: &str) -> Result<Vec<LabelCount>, LedgerError> {
        self.sql(|connection| {
            connection
                .prepare(
                    "SELECT judge, rubric, kind, count(*) FROM run_units JOIN verdicts USING (unit) WHERE run = ?1
                     GROUP BY judge, rubric, kind ORDER BY judge, rubric, kind",
                )?
                .query_map([run], |row| {
                    Ok(LabelCount { judge: row.get(0)?, rubric: row.get(1)?, kind: row.get(2)?, units: count(row, 3)? })
                })?
                .collect()
        })
    }

    /// Calls and tokens behind the verdicts of a run, by judge and rubric; a call that several units share counts once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn usage(&self, run: &str) -> Result<Vec<Usage>, LedgerError> {
        self.sql(|connection| {
            connection
                .prepare(
                    "WITH used AS (
                       SELECT DISTINCT judge, rubric, each.value AS fingerprint
                       FROM run_units JOIN verdicts USING (unit), json_each(verdicts.calls) AS each WHERE run = ?1)
                     SELECT judge, rubric, model, count(*), sum(input_tokens IS NULL OR output_tokens IS NULL),
                       ifnull(sum(input_tokens), 0), ifnull(sum(output_tokens), 0), ifnull(sum(cache_read), 0),
                       ifnull(sum(cache_write), 0), iif(count(micro_dollars) = count(*), sum(micro_dollars), NULL),
                       json_group_array(DISTINCT answered_by) FILTER (WHERE answered_by IS NOT NULL), sum(attempts)
                     FROM used JOIN calls USING (fingerprint)
                     GROUP BY judge, rubric, model ORDER BY judge, rubric, model",
                )?
                .query_map([run], |row| {
                    let answered_by: String = row.get(10)?;
                    Ok(Usage {
                        judge: row.get(0)?,
                        rubric: row.get(1)?,
                        model: row.get(2)?,
                        calls: count(row, 3)?,
                        calls_without_tokens: count(row, 4)?,
                        input_tokens: count(row, 5)?,
                        output_tokens: count(row, 6)?,
                        cache_read: count(row, 7)?,
                        cache_write: count(row, 8)?,
                        requests: count(row, 11)?,
                        micro_dollars: row.get::<_, Option<i64>>(9)?.map(i64::unsigned_abs),
                        answered_by: serde_json::from_str(&answered_by)
                            .map_err(|error| Error::FromSqlConversionFailure(10, Type::Text, Box::new(error)))?,
                    })
                })?
                .collect()
        })
    }
}

impl Ledger {
    /// What `run` itself paid for.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn paid(&self, run: &str) -> Result<Paid, LedgerError> {
        self.sql(|connection| {
            connection.query_row(
                "SELECT count(*), ifnull(sum(attempts), 0), ifnull(sum(micro_dollars), 0), count(*) - count(micro_dollars)
                 FROM calls WHERE run = ?1",
                [run],
                |row| {
                    Ok(Paid {
                        calls: count(row, 0)?,
                        requests: count(row, 1)?,
                        micro_dollars: count(row, 2)?,
                        calls_without_cost: count(row, 3)?,
                    })
                },
            )
        })
    }

    /// How long the answers of `model` (`provider/model`) to `rubric` were: of at most `most` units.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn lengths(&self, model: &str, rubric: &str, most: u32) -> Result<Lengths, LedgerError> {
        self.sql(|connection| {
            let mut statement = connection.prepare_cached(
                "WITH units AS (
                   SELECT DISTINCT unit, verdicts.calls AS behind FROM run_units JOIN verdicts USING (unit)
                   WHERE rubric = ?2 AND final = 1 AND EXISTS (
                     SELECT 1 FROM json_each(verdicts.calls) AS each JOIN calls ON fingerprint = each.value
                     WHERE model = ?1) LIMIT ?3)
                 SELECT unit, output_tokens FROM units, json_each(behind) AS each JOIN calls ON fingerprint = each.value
                 ORDER BY output_tokens",
            )?;
            let mut rows = statement.query(rusqlite::params![model, rubric, most])?;
            let (mut units, mut lengths) = (std::collections::BTreeSet::new(), Lengths::default());
            while let Some(row) = rows.next()? {
                units.insert(row.get::<_, String>(0)?);
                lengths.calls += 1;
                lengths.output_tokens.extend(row.get::<_, Option<i64>>(1)?.map(i64::unsigned_abs));
            }
            lengths.units = units.len() as u64;
            Ok(lengths)
        })
    }

    /// All input tokens of a call, cached ones included, where it was answered and they are known.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn input_tokens(&self, call: &Fingerprint) -> Result<Option<u64>, LedgerError> {
        let tokens = self.sql(|connection| {
            connection
                .prepare_cached(
                    "SELECT input_tokens + ifnull(cache_read, 0) + ifnull(cache_write, 0) FROM calls
                     WHERE fingerprint = ?1",
                )?
                .query_row([&call.0], |row| row.get::<_, Option<i64>>(0))
                .optional()
        })?;
        Ok(tokens.flatten().map(i64::unsigned_abs))
    }
}

/// Session, rubric, judge, replicate and unit.
type PlaceRow = (String, String, String, u32, Fingerprint);

/// Where a unit is used, the person, and the JSON texts of its decision.
fn place(row: &Row<'_>) -> rusqlite::Result<(PlaceRow, Option<String>, [String; 3])> {
    let place = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, Fingerprint(row.get(4)?));
    Ok((place, row.get(5)?, [row.get(6)?, row.get(7)?, row.get(8)?]))
}

/// A count; `SQLite` has signed integers only.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(i64::unsigned_abs)
}
