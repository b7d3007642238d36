//! The health of a ledger.

use super::error::LedgerError;
use super::open::Ledger;

impl Ledger {
    /// Reads the whole file and checks its structure (SQLite's `quick_check`).
    ///
    /// # Errors
    /// What is damaged first.
    pub fn check(&self) -> Result<(), LedgerError> {
        let found: String =
            self.sql(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)))?;
        if found == "ok" { Ok(()) } else { Err(LedgerError::damaged(&self.path, &found)) }
    }
}
