//! How numbers and names are written, the same in every form for people.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

use super::error::ReportError;
use super::study::Unit;

/// What stands where a number does not exist.
const NONE: &str = "–";

/// A template environment: strict, with `escape` for everything, and with the filters that numbers are written by.
pub(super) fn environment(escape: fn() -> AutoEscape) -> Result<Environment<'static>, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(move |_| escape());
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(|error| drawing(&error))?);
    environment.add_filter("percent", |share: Option<f64>| decimal(share.map(|share| share * 100.0), 1));
    environment.add_filter("decimal", |value: Option<f64>, digits: Option<usize>| decimal(value, digits.unwrap_or(2)));
    environment.add_filter("percent_range", |low: Option<f64>, high: Option<f64>| {
        range(low.map(|end| end * 100.0), high.map(|end| end * 100.0), 1)
    });
    environment.add_filter("range", |low: Option<f64>, high: Option<f64>, digits: Option<usize>| {
        range(low, high, digits.unwrap_or(2))
    });
    environment.add_filter("quantity", |value: Option<f64>, unit: Serde<Unit>| quantity(value, unit.0, 1));
    environment.add_filter("quantity_range", |low: Option<f64>, high: Option<f64>, unit: Serde<Unit>| {
        match (low, high) {
            (Some(_), Some(_)) => format!("{} to {}", quantity(low, unit.0, 1), quantity(high, unit.0, 1)),
            _ => NONE.to_owned(),
        }
    });
    environment.add_filter("sentence", |text: String| sentence(&text));
    environment.add_filter("count", count);
    environment.add_filter("dollars", |micro: u64| dollars(micro));
    environment.add_filter("words", |name: String| words(&name));
    Ok(environment)
}

/// Renders `template` with `context`.
pub(super) fn render(
    mut environment: Environment<'_>,
    template: &'static str,
    context: Value,
) -> Result<String, ReportError> {
    environment.add_template("report", template).map_err(|error| drawing(&error))?;
    environment.get_template("report").and_then(|page| page.render(context)).map_err(|error| drawing(&error))
}

fn drawing(error: &minijinja::Error) -> ReportError {
    ReportError::Draw(format!("{error:#}"))
}

/// A number with `digits` decimals; a dash where there is none; no negative zero.
pub(super) fn decimal(value: Option<f64>, digits: usize) -> String {
    let Some(value) = value else { return NONE.to_owned() };
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// A number in its unit, without the unit's name: percent for shares and changes, percentage points for differences of shares,
/// where one decimal more is shown. Changes and differences carry their sign.
pub(super) fn quantity(value: Option<f64>, unit: Unit, digits: usize) -> String {
    let Some(number) = value else { return NONE.to_owned() };
    let signed = |text: String| if text.starts_with('−') || number <= 0.0 { text } else { format!("+{text}") };
    match unit {
        Unit::Share => decimal(Some(number * 100.0), digits),
        Unit::Number if number.abs() >= 1_000.0 => count(whole(number)),
        // Coefficients and other small numbers say nothing in one decimal.
        Unit::Number if number.abs() <= 1.0 => decimal(value, digits.max(2)),
        Unit::Number => decimal(value, digits.max(1)),
        Unit::Change => signed(decimal(Some(number * 100.0), digits)),
        Unit::Points => signed(decimal(Some(number * 100.0), digits + 1)),
    }
}

/// `text` with a capital letter at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The nearest whole number, none below 0.
fn whole(number: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and held at 0")]
    let whole = number.round().max(0.0) as u64;
    whole
}

/// An interval; a dash where there is none.
pub(super) fn range(low: Option<f64>, high: Option<f64>, digits: usize) -> String {
    match (low, high) {
        (Some(_), Some(_)) => format!("{} to {}", decimal(low, digits), decimal(high, digits)),
        _ => NONE.to_owned(),
    }
}

/// A whole number with commas between thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Millionths of a dollar as dollars.
fn dollars(micro: u64) -> String {
    let (whole, rest) = (micro / 1_000_000, micro % 1_000_000);
    match whole {
        0 if rest > 0 => format!("${whole}.{rest:06}"),
        _ => format!("${}.{:02}", count(whole), rest / 10_000),
    }
}

/// A snake-case name as words.
pub(super) fn words(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

#[cfg(test)]
mod tests {
    use super::{count, decimal, dollars, range};

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(count(398_198), "398,198");
        assert_eq!(count(12), "12");
        assert_eq!(decimal(Some(-0.001), 2), "0.00");
        assert_eq!(decimal(Some(-0.25), 2), "−0.25");
        assert_eq!(decimal(None, 2), "–");
        assert_eq!(range(Some(0.1), None, 2), "–");
        assert_eq!(dollars(12_345_678), "$12.34");
        assert_eq!(dollars(420), "$0.000420");
        assert_eq!(dollars(0), "$0.00");
    }
}
