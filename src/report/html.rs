//! The report as one HTML file: no network, no script, light and dark.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Value, context};

use super::charts;
use super::error::ReportError;
use super::figures::{environment, render};
use super::model::Report;

/// Writes `report` as a self-contained page.
///
/// # Errors
/// When a template or chart fails, which is an error in assize.
pub fn html(report: &Report) -> Result<String, ReportError> {
    let mut figures = Vec::new();
    for rubric in &report.rubrics {
        let shares = charts::shares(report, rubric)?;
        let agreement = rubric.agreement.as_ref().map(|agreement| charts::forest(rubric, agreement)).transpose()?;
        let safe = Value::from_safe_string;
        figures.push(context! { shares => safe(shares), agreement => agreement.map(safe) });
    }
    let mut charts = Vec::new();
    for (number, study) in report.study.iter().enumerate() {
        let draw = |exhibit| charts::panels(exhibit, &format!("judge-{number}"));
        let drawn = study.exhibits.iter().map(draw).collect::<Result<Vec<_>, _>>()?;
        charts
            .push(drawn.into_iter().map(|panels| panels.into_iter().map(shown).collect()).collect::<Vec<Vec<Value>>>());
    }
    let mut checks = Vec::new();
    for (number, exhibit) in report.checks.iter().enumerate() {
        let drawn = charts::panels(exhibit, &format!("check-{number}"))?;
        checks.push(drawn.into_iter().map(shown).collect::<Vec<Value>>());
    }
    let frozen = serde_json::to_string_pretty(&report.run.experiment).map_err(|e| ReportError::Draw(e.to_string()))?;
    let style = Value::from_safe_string(include_str!("assets/report.css").to_owned());
    let report = Value::from(Serde(report));
    let context = context! { report, figures, charts, checks, frozen, style };
    render(environment(|| AutoEscape::Html)?, include_str!("assets/report.html.j2"), context)
}

/// A chart as the template takes it.
fn shown(drawn: charts::Drawn) -> Value {
    context! { title => drawn.title, svg => Value::from_safe_string(drawn.svg), series => drawn.series }
}
