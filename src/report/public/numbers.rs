//! How rounded numbers are written for people.

use crate::report::figures::{count, decimal};
use crate::report::study::Unit;

use super::model::PublicNumber;

/// A rounded number in its unit, without the unit's name, and no digit more than it has.
pub(super) fn written(value: f64, unit: Unit) -> String {
    let signed = |text: String| if value > 0.0 { format!("+{text}") } else { text };
    match unit {
        Unit::Share => decimal(Some(value * 100.0), 0),
        Unit::Change => signed(decimal(Some(value * 100.0), 0)),
        Unit::Points => signed(decimal(Some(value * 100.0), 1)),
        Unit::Number if value >= 1_000.0 => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "above 1,000, and already whole"
            )]
            let whole = value.round() as u64;
            count(whole)
        }
        Unit::Number => format!("{value}").replacen('-', "−", 1),
    }
}

/// The interval of a number; nothing where it has none.
pub(super) fn interval(number: &PublicNumber, unit: Unit) -> String {
    match (number.low, number.high) {
        (Some(low), Some(high)) => format!("{} to {}", written(low, unit), written(high, unit)),
        _ => String::new(),
    }
}
