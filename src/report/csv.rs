//! The report's numbers as CSV tables, unrounded (docs/formats.md).

use serde::Serialize;

use crate::rubric::PublishedKind;
use crate::stats::Estimate;

use super::error::ReportError;
use super::model::Report;

/// The tables of `report`: file name and content. Every row begins with what the data is, such as `synthetic`.
///
/// # Errors
/// When a row cannot be written, which is an error in assize.
pub fn tables(report: &Report) -> Result<Vec<(String, String)>, ReportError> {
    let mut tables: Vec<(String, String)> = [
        ("shares.csv", shares(report)?),
        ("no_verdicts.csv", no_verdicts(report)?),
        ("agreement.csv", agreement(report)?),
        ("confusion.csv", confusion(report)?),
        ("label_scores.csv", label_scores(report)?),
        ("judges.csv", judges(report)?),
        ("measures.csv", measures(report)?),
    ]
    .map(|(name, table)| (name.to_owned(), table))
    .into();
    if report.rubrics.iter().flat_map(|rubric| &rubric.judges).any(|judge| !judge.values.is_empty()) {
        tables.push(("values.csv".to_owned(), values(report)?));
    }
    tables.extend(exhibits(report)?);
    Ok(tables)
}

/// One table an exhibit, all judges in it.
fn exhibits(report: &Report) -> Result<Vec<(String, String)>, ReportError> {
    let mut ids: Vec<&str> = Vec::new();
    let of_study = report.study.iter().flat_map(|study| &study.exhibits);
    of_study.chain(&report.checks).filter(|exhibit| !exhibit.panels.is_empty()).for_each(|exhibit| {
        if !ids.contains(&exhibit.id.as_str()) {
            ids.push(&exhibit.id);
        }
    });
    ids.iter().map(|id| Ok((format!("{id}.csv"), exhibit(report, id)?))).collect()
}

const EXHIBIT: [&str; 35] = [
    "data",
    "judge",
    "judge_note",
    "panel",
    "unit",
    "group",
    "group_title",
    "measure",
    "sessions",
    "persons",
    "count",
    "count_persons",
    "no_verdict",
    "withheld",
    "published",
    "published_known",
    "published_note",
    "raw",
    "raw_low",
    "raw_high",
    "raw_n",
    "raw_method",
    "corrected",
    "corrected_low",
    "corrected_high",
    "corrected_method",
    "corrected_undefined",
    "adjusted",
    "adjusted_low",
    "adjusted_high",
    "adjusted_n",
    "adjusted_method",
    "worst_low",
    "worst_high",
    "extra",
];

fn exhibit(report: &Report, id: &str) -> Result<String, ReportError> {
    let of_study = report.study.iter().flat_map(|study| {
        let exhibits = study.exhibits.iter().filter(|exhibit| exhibit.id == id);
        exhibits.flat_map(|exhibit| &exhibit.panels).map(move |panel| (study.judge.as_str(), panel))
    });
    // Checks name their judges in groups and measures.
    let of_checks = report.checks.iter().filter(|exhibit| exhibit.id == id).flat_map(|exhibit| &exhibit.panels);
    let rows = of_study.chain(of_checks.map(|panel| ("*", panel))).flat_map(|(judge, panel)| {
        panel.cells.iter().map(move |cell| {
            let raw = cell.raw.as_ref();
            let corrected = cell.corrected.as_ref();
            let adjusted = cell.adjusted.as_ref();
            let published = cell.published.as_ref();
            let extra: Vec<String> = cell.extra.iter().map(|(name, value)| format!("{name}={value}")).collect();
            (
                (data(report), judge, tag(report, judge), &panel.id, panel.unit),
                (&cell.group, &cell.group_title, &cell.measure),
                (cell.sessions, cell.persons, cell.count, cell.count_persons, cell.no_verdict, cell.withheld),
                (
                    published.map(|one| one.value),
                    published.map(|one| known(one.known)),
                    published.map(|one| one.note.as_deref().unwrap_or_default()),
                ),
                (
                    raw.and_then(|one| one.value),
                    raw.and_then(|one| one.low),
                    raw.and_then(|one| one.high),
                    raw.map(|one| one.n),
                    raw.map(|one| one.method.as_str()),
                ),
                (
                    corrected.and_then(|one| one.value),
                    corrected.and_then(|one| one.low),
                    corrected.and_then(|one| one.high),
                    corrected.map(|one| one.method.as_str()),
                    corrected.and_then(|one| one.undefined),
                ),
                (
                    adjusted.and_then(|one| one.value),
                    adjusted.and_then(|one| one.low),
                    adjusted.and_then(|one| one.high),
                    adjusted.map(|one| one.n),
                    adjusted.map(|one| one.method.as_str()),
                ),
                (cell.worst.map(|ends| ends.0), cell.worst.map(|ends| ends.1), extra.join("; ")),
            )
        })
    });
    table(&EXHIBIT, rows)
}

/// Writes `rows` under `header`; absent values are empty cells.
pub(super) fn table<R: Serialize>(header: &[&str], rows: impl Iterator<Item = R>) -> Result<String, ReportError> {
    let draw = |error: &dyn std::fmt::Display| ReportError::Draw(error.to_string());
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).map_err(|e| draw(&e))?;
    for row in rows {
        writer.serialize(row).map_err(|e| draw(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| draw(&e))?;
    String::from_utf8(bytes).map_err(|e| draw(&e))
}

fn data(report: &Report) -> &str {
    report.data_label.as_deref().unwrap_or_default()
}

/// The columns of an estimate.
fn columns(estimate: &Estimate) -> (Option<f64>, Option<f64>, Option<f64>, usize, &str) {
    (estimate.value, estimate.low, estimate.high, estimate.n, &estimate.method)
}

fn shares(report: &Report) -> Result<String, ReportError> {
    let header = [
        "data",
        "rubric",
        "judge",
        "judge_note",
        "label",
        "count",
        "share",
        "low",
        "high",
        "n",
        "method",
        "corrected",
        "corrected_low",
        "corrected_high",
        "corrected_method",
        "reference",
        "worst_low",
        "worst_high",
        "published",
        "published_known",
    ];
    let rows = report.rubrics.iter().flat_map(|rubric| {
        rubric.judges.iter().flat_map(move |judge| {
            judge.shares.iter().zip(&rubric.labels).map(move |(row, label)| {
                let published = label.published.map(|published| published.percent / 100.0);
                let known = label.published.map(|published| known(published.known));
                (
                    (data(report), &rubric.name, &judge.judge, tag(report, &judge.judge), &row.label, row.count),
                    columns(&row.share),
                    (
                        row.corrected.as_ref().and_then(|one| one.value),
                        row.corrected.as_ref().and_then(|one| one.low),
                        row.corrected.as_ref().and_then(|one| one.high),
                        judge.correction.as_ref().map(|one| one.method.as_str()),
                        judge.correction.as_ref().map(|one| one.rater.as_str()),
                    ),
                    (row.worst_low, row.worst_high, published, known),
                )
            })
        })
    });
    table(&header, rows)
}

fn values(report: &Report) -> Result<String, ReportError> {
    let header =
        ["data", "rubric", "judge", "judge_note", "number", "unit", "value", "low", "high", "n", "method", "undefined"];
    let rows = report.rubrics.iter().flat_map(|rubric| {
        rubric.judges.iter().flat_map(move |judge| {
            judge.values.iter().map(move |row| {
                let who = (data(report), &rubric.name, &judge.judge, tag(report, &judge.judge));
                (who, &row.name, &row.unit, columns(&row.estimate), row.estimate.undefined)
            })
        })
    });
    table(&header, rows)
}

fn no_verdicts(report: &Report) -> Result<String, ReportError> {
    let header = ["data", "rubric", "judge", "judge_note", "kind", "count", "planned"];
    let rows = report.rubrics.iter().flat_map(|rubric| {
        rubric.judges.iter().flat_map(move |judge| {
            let kinds = judge.no_verdicts.iter().map(|(kind, count)| (kind.as_str(), *count));
            kinds.chain([("not_judged", judge.not_judged)]).map(move |(kind, count)| {
                (data(report), &rubric.name, &judge.judge, tag(report, &judge.judge), kind, count, judge.planned)
            })
        })
    });
    table(&header, rows)
}

fn agreement(report: &Report) -> Result<String, ReportError> {
    let header =
        ["data", "rubric", "first", "second", "coefficient", "value", "se", "low", "high", "n", "method", "undefined"];
    let all = pairs(report).flat_map(|(rubric, pair)| {
        pair.coefficients.iter().map(move |one| (rubric, pair.raters[0].as_str(), pair.raters[1].as_str(), one))
    });
    let whole = report.rubrics.iter().filter_map(|rubric| Some((rubric.name.as_str(), rubric.agreement.as_ref()?)));
    let whole = whole.flat_map(|(rubric, section)| section.coefficients.iter().map(move |one| (rubric, "*", "*", one)));
    let rows = whole.chain(all).map(|(rubric, first, second, one)| {
        let numbers = (one.value, one.se, one.low, one.high, one.n, &one.method, one.undefined);
        ((data(report), rubric, first, second, &one.name), numbers)
    });
    table(&header, rows)
}

fn confusion(report: &Report) -> Result<String, ReportError> {
    let rows = pairs(report).flat_map(|(rubric, pair)| {
        let labels = &pair.confusion.labels;
        labels.iter().zip(&pair.confusion.counts).flat_map(move |(first, counts)| {
            labels.iter().zip(counts).map(move |(second, count)| {
                (data(report), rubric, &pair.raters[0], &pair.raters[1], first, second, count)
            })
        })
    });
    table(&["data", "rubric", "first", "second", "first_label", "second_label", "count"], rows)
}

fn label_scores(report: &Report) -> Result<String, ReportError> {
    let header = ["data", "rubric", "first", "second", "label", "support", "predicted", "precision", "recall", "f1"];
    let rows = pairs(report).flat_map(|(rubric, pair)| {
        pair.labels.iter().map(move |score| {
            let numbers = (score.support, score.predicted, score.precision, score.recall, score.f1);
            ((data(report), rubric, &pair.raters[0], &pair.raters[1], &score.label), numbers)
        })
    });
    table(&header, rows)
}

fn judges(report: &Report) -> Result<String, ReportError> {
    let header = [
        "data",
        "judge",
        "judge_note",
        "model",
        "labels",
        "calls",
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "output_tokens",
        "calls_without_tokens",
        "micro_dollars",
    ];
    let rows = report.judges.iter().map(|judge| {
        let totals = &judge.totals;
        let cached = (totals.cache_read_tokens, totals.cache_write_tokens);
        let tokens = (totals.calls, totals.input_tokens, cached, totals.output_tokens, totals.calls_without_tokens);
        (
            (data(report), &judge.name, tag(report, &judge.name), &judge.model, totals.labels),
            tokens,
            totals.micro_dollars,
        )
    });
    table(&header, rows)
}

fn measures(report: &Report) -> Result<String, ReportError> {
    let header = [
        "data",
        "measure",
        "definition",
        "mean",
        "mean_low",
        "mean_high",
        "mean_n",
        "mean_method",
        "median",
        "median_low",
        "median_high",
        "median_n",
        "median_method",
        "published",
    ];
    let rows = report.measures.iter().map(|row| {
        ((data(report), &row.name, &row.definition), columns(&row.mean), columns(&row.median), &row.published)
    });
    table(&header, rows)
}

fn pairs(report: &Report) -> impl Iterator<Item = (&str, &super::model::PairSection)> {
    report.rubrics.iter().flat_map(|rubric| {
        rubric
            .agreement
            .iter()
            .flat_map(move |section| section.pairs.iter().map(move |pair| (rubric.name.as_str(), pair)))
    })
}

fn tag<'a>(report: &'a Report, name: &str) -> &'a str {
    report.tags.get(name).map_or("", String::as_str)
}

fn known(kind: PublishedKind) -> &'static str {
    match kind {
        PublishedKind::Stated => "stated",
        PublishedKind::ReadOffFigure => "read_off_figure",
        PublishedKind::Derived => "derived",
    }
}
