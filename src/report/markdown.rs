//! The report as Markdown.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Output, State, Value, context};

use super::error::ReportError;
use super::figures::{environment, render};
use super::model::Report;

/// Writes `report` as Markdown. Everything that is not the template's own is escaped.
///
/// # Errors
/// When the template fails, which is an error in assize.
pub fn markdown(report: &Report) -> Result<String, ReportError> {
    let mut environment = environment(|| AutoEscape::Custom("markdown".into()))?;
    environment.set_formatter(write_escaped);
    let context = context! { report => Value::from(Serde(report)) };
    render(environment, include_str!("assets/report.md.j2"), context)
}

pub(super) fn write_escaped(
    out: &mut Output<'_>,
    _: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), minijinja::Error> {
    let text = value.to_string();
    let text = if value.is_safe() { text } else { escape(&text) };
    out.write_str(&text).map_err(minijinja::Error::from)
}

/// Escapes what Markdown or HTML inside it would act on; line feeds become spaces, so that table rows stay whole.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '|' | '[' | ']' | '#' => {
                escaped.push('\\');
                escaped.push(character);
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_breaks_a_table_or_becomes_markup() {
        assert_eq!(escape("a|b\n<script>"), "a\\|b &lt;script&gt;");
        assert_eq!(escape("[x](y) `z`"), "\\[x\\](y) \\`z\\`");
        assert_eq!(escape("work_mode 0.5"), "work_mode 0.5");
    }
}
