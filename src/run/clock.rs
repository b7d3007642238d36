//! The one place in this room that reads the clock.

use jiff::{Timestamp, Unit};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the clock of the runs is read here only")]
pub(super) fn timestamp() -> Timestamp {
    Timestamp::now()
}

/// Now, RFC 3339 in UTC with whole milliseconds.
pub(super) fn now() -> String {
    let now = timestamp();
    now.round(Unit::Millisecond).unwrap_or(now).to_string()
}
