//! The tables of a simulation: planted labels, ratings, gold, and the model itself.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use crate::gold::Rating;

use super::confusion::row;
use super::plan::{Detail, Planned, SimulateError};
use super::question::Question;
use super::study;

/// Writes `rows` in the long form of ratings.
pub(super) fn ratings(path: &Path, rows: impl Iterator<Item = Rating>) -> Result<(), SimulateError> {
    let mut writer = open(path)?;
    writer.write_record(["item", "rater", "label", "rubric", "cluster", "note"])?;
    for row in rows {
        let optional = |value: &Option<String>| value.clone().unwrap_or_default();
        let (rubric, cluster, note) = (optional(&row.rubric), optional(&row.cluster), optional(&row.note));
        writer.write_record([row.item, row.rater, row.label, rubric, cluster, note])?;
    }
    Ok(writer.flush()?)
}

/// Writes one row a session: month, labels, and what is planted beside labels.
pub(super) fn planted(path: &Path, sessions: &[Planned], detail: Detail) -> Result<(), SimulateError> {
    let mut writer = open(path)?;
    let labels = Question::ALL.map(Question::rubric);
    let rest = ["planning", "planning_by_agent", "execution", "execution_by_agent", "prompts", "actions", "words"];
    let head = ["item", "cluster", "month"].into_iter().chain(labels).chain(["task_value", "wrote_code"]).chain(rest);
    writer.write_record(head)?;
    for one in sessions {
        let planted = &one.planted;
        let labels = Question::ALL.map(|question| planted.label(question).to_owned());
        let [planning, execution] = planted.decisions;
        let [plans, executes] = planted.by_agent;
        let counts = [planning, plans, execution, executes].map(|count| count.to_string());
        // A short session has other numbers, which nobody planned.
        let paces = match detail {
            Detail::Full => [planted.prompts.to_string(), planted.actions.to_string(), planted.words.to_string()],
            Detail::Short => [const { String::new() }; 3],
        };
        let whole = [one.id.clone(), one.person_name(), one.month()].into_iter().chain(labels);
        let whole = whole.chain([planted.dollars.to_string(), u8::from(planted.writes).to_string()]);
        writer.write_record(whole.chain(counts).chain(paces))?;
    }
    Ok(writer.flush()?)
}

/// Writes every number of the model, and how it is known.
pub(super) fn model(path: &Path) -> Result<(), SimulateError> {
    let mut writer = open(path)?;
    writer.write_record(["quantity", "of", "value", "known"])?;
    for (what, values, known) in study::all() {
        for (index, (value, of)) in values.iter().zip(study::positions(what, values.len())).enumerate() {
            writer.write_record([what, &of, &value.to_string(), study::known(known, index)])?;
        }
    }
    Ok(writer.flush()?)
}

/// Writes how often the simulated judge says what of each planted label.
pub(super) fn confusion(path: &Path) -> Result<(), SimulateError> {
    let mut writer = open(path)?;
    writer.write_record(["rubric", "planted", "judged", "percent"])?;
    for question in Question::ALL {
        for (planted, label) in question.labels().iter().enumerate() {
            for (judged, percent) in question.labels().iter().zip(row(question, planted)) {
                if percent > 0.0 {
                    writer.write_record([question.rubric(), label, judged, &percent.to_string()])?;
                }
            }
        }
    }
    Ok(writer.flush()?)
}

/// Writes `lines`.
pub(super) fn lines(path: &Path, lines: impl Iterator<Item = String>) -> Result<(), SimulateError> {
    let mut file = BufWriter::new(fs_err::File::create(path)?);
    for line in lines {
        file.write_all(line.as_bytes())?;
        file.write_all(b"\n")?;
    }
    Ok(file.flush()?)
}

fn open(path: &Path) -> Result<csv::Writer<File>, SimulateError> {
    Ok(csv::Writer::from_writer(fs_err::File::create(path)?.into_parts().0))
}
