//! What stands in a report besides the study's exhibits, as exhibits: shares, no-verdicts, agreement, measures.

use crate::report::figures::words;
use crate::report::inputs::Inputs;
use crate::report::model::{Relation, Report, ValueRow};
use crate::report::sessions::{Answer, StudyTable};
use crate::report::study::{Cell, Exhibit, Form, Panel, PublishedNumber, Unit, label_shares, persons, share_cell};
use crate::report::values::SHARE_OF;

/// Name of the rater whose labels count as the truth.
pub(super) const REFERENCE: &str = "reference";

/// What is said of prices wherever they stand.
const PRICES: &str = "What the answers come to. Task value is an order: prices tell larger work from smaller and how that changes, never dollars.";

fn exhibit(id: String, number: &str, (title, caption): (&str, &str), form: Form, panel: Panel) -> Exhibit {
    Exhibit {
        id,
        number: number.to_owned(),
        title: title.to_owned(),
        caption: caption.to_owned(),
        form,
        needs: Vec::new(),
        correction: None,
        panels: vec![panel],
        notes: Vec::new(),
    }
}

fn panel(id: &str, title: &str, unit: Unit, cells: Vec<Cell>) -> Panel {
    Panel { id: id.to_owned(), title: title.to_owned(), unit, cells }
}

/// Shares by label, one exhibit a rubric and judge: the judge's name, and the exhibit.
pub(super) fn shares(inputs: &Inputs, report: &Report) -> Vec<(String, Exhibit)> {
    let table = &inputs.table;
    let all: Vec<usize> = (0..table.len()).collect();
    let mut found = Vec::new();
    for (number, rubric) in inputs.rubrics.iter().enumerate().filter(|(_, rubric)| rubric.answer.kind.has_labels()) {
        for (by, judge) in report.judges.iter().enumerate() {
            let Some(column) = table.answers.get(&(number, by, 1)) else { continue };
            let gold = table.gold.get(&number).map(|gold| (&gold.labels, gold.weights.as_deref()));
            let shares = label_shares(table, rubric, column, gold, &all, 0);
            let cell = |(option, share): (&crate::rubric::AnswerOption, _)| {
                let published = option.published.map(|published| PublishedNumber {
                    value: published.percent / 100.0,
                    known: published.known,
                    note: None,
                });
                Cell { published, ..share_cell((&option.id, &option.title), ("share", "share of sessions"), share) }
            };
            let cells = rubric.answer.options.iter().zip(shares).map(cell).collect();
            let text = (rubric.title.as_str(), "Share of sessions by label, among those that have one.");
            let panel = panel("labels", "Share of sessions", Unit::Share, cells);
            found.push((
                judge.name.clone(),
                exhibit(format!("shares_{}", rubric.name), "Shares", text, Form::Bars, panel),
            ));
        }
    }
    found
}

/// What answers come to that are no labels, one exhibit a rubric and judge. Who decides stands in Figure 2 and not here.
pub(super) fn values(inputs: &Inputs, report: &Report) -> Vec<(String, Exhibit)> {
    let table = &inputs.table;
    let mut found = Vec::new();
    for (number, rubric) in inputs.rubrics.iter().enumerate() {
        for (by, judge) in report.judges.iter().enumerate() {
            let section = report.rubrics.iter().find(|section| section.name == rubric.name);
            let own = section.and_then(|section| section.judges.iter().find(|one| one.judge == judge.name));
            let (Some(own), Some(column)) = (own, table.answers.get(&(number, by, 1))) else { continue };
            let answered = || (0..table.len()).filter(|at| column.get(*at) == Answer::Value);
            let sessions = answered().count();
            let rows = own.values.iter().filter(|row| !row.name.starts_with(SHARE_OF) && row.estimate.value.is_some());
            let cell = |row: &ValueRow| Cell {
                // A share of items rests on more items than sessions, and on no more sessions than items.
                sessions: Some(sessions.min(row.estimate.n) as u64),
                persons: persons(table, answered()),
                raw: Some(row.estimate.clone()),
                ..Cell::new(("all", "of all answers"), (&row.name, &row.name))
            };
            let cells: Vec<Cell> = rows.map(cell).collect();
            if cells.is_empty() {
                continue;
            }
            let is_priced = rubric.needs.iter().any(|need| need == "task_posting");
            let caption = if is_priced { PRICES } else { "What the answers come to." };
            let panel = panel("numbers", "Numbers", Unit::Number, cells);
            let text = (rubric.title.as_str(), caption);
            found.push((
                judge.name.clone(),
                exhibit(format!("values_{}", rubric.name), "Values", text, Form::Table, panel),
            ));
        }
    }
    found
}

/// Shares of sessions without a verdict, one exhibit a judge.
pub(super) fn no_verdicts(inputs: &Inputs, report: &Report) -> Vec<(String, Exhibit)> {
    let table = &inputs.table;
    let of_judge = |(by, judge): (usize, &crate::report::model::JudgeFacts)| {
        let cell = |(number, rubric): (usize, &crate::rubric::Rubric)| {
            let column = table.answers.get(&(number, by, 1))?;
            let rows = |wanted: bool| {
                let answer = move |at: &usize| match column.get(*at) {
                    Answer::None(_) => wanted,
                    Answer::Label(_) | Answer::Value => !wanted,
                    Answer::NotJudged => false,
                };
                (0..table.len()).filter(answer)
            };
            let section = report.rubrics.iter().find(|section| section.name == rubric.name)?;
            let shares = section.judges.iter().find(|shares| shares.judge == judge.name)?;
            let (without, with) = (rows(true).count() as u64, rows(false).count() as u64);
            Some(Cell {
                sessions: Some(without + with),
                persons: persons(table, rows(true).chain(rows(false))),
                count: Some(without),
                count_persons: persons(table, rows(true)),
                others_persons: persons(table, rows(false)),
                raw: Some(shares.no_verdict_rate.clone()),
                ..Cell::new((&rubric.name, &rubric.title), ("no_verdict", "sessions without a verdict"))
            })
        };
        let cells: Vec<Cell> = inputs.rubrics.iter().enumerate().filter_map(cell).collect();
        let text = ("No verdict", "Share of judged sessions without a verdict, abstentions among them.");
        let panel = panel("rates", "Sessions without a verdict", Unit::Share, cells);
        (judge.name.clone(), exhibit("no_verdicts".to_owned(), "Table", text, Form::Table, panel))
    };
    report.judges.iter().enumerate().map(of_judge).filter(|(_, exhibit)| !exhibit.panels[0].cells.is_empty()).collect()
}

/// Agreement of judges with the reference and with each other, one exhibit a rubric. `shown` names a judge.
pub(super) fn agreement(inputs: &Inputs, report: &Report, shown: &dyn Fn(&str) -> Option<String>) -> Vec<Exhibit> {
    let table = &inputs.table;
    let mut found = Vec::new();
    for (number, rubric) in inputs.rubrics.iter().enumerate() {
        let Some(section) =
            report.rubrics.iter().find_map(|one| one.agreement.as_ref().filter(|_| one.name == rubric.name))
        else {
            continue;
        };
        let gold = table.gold.get(&number);
        let name = |rater: &str| match gold {
            Some(gold) if gold.rater == rater => Some(REFERENCE.to_owned()),
            _ => shown(rater),
        };
        let has = |rater: &str, at: usize| match gold {
            Some(gold) if gold.rater == rater => gold.labels.label(at).is_some(),
            _ => rated(table, report, (number, rater), at),
        };
        let mut cells = Vec::new();
        for pair in section.pairs.iter().filter(|pair| pair.relation != Relation::References) {
            let [Some(first), Some(second)] = [&pair.raters[0], &pair.raters[1]].map(|rater| name(rater)) else {
                continue;
            };
            let both = || (0..table.len()).filter(|at| pair.raters.iter().all(|rater| has(rater, *at)));
            let group = format!("{first} with {second}");
            for one in pair.coefficients.iter().filter(|one| one.value.is_some()) {
                cells.push(Cell {
                    sessions: Some(both().count() as u64),
                    persons: persons(table, both()),
                    raw: Some(crate::stats::Estimate {
                        value: one.value,
                        low: one.low,
                        high: one.high,
                        n: one.n,
                        method: String::new(),
                        undefined: None,
                    }),
                    ..Cell::new((&group, &group), (&one.name, &words(&one.name)))
                });
            }
        }
        if !cells.is_empty() {
            let text = (rubric.title.as_str(), "Agreement of judges with the reference and with each other.");
            let panel = panel("pairs", "Coefficients of agreement", Unit::Number, cells);
            found.push(exhibit(format!("agreement_{}", rubric.name), "Agreement", text, Form::Table, panel));
        }
    }
    found
}

/// Whether a judge answered about session `at`.
fn rated(table: &StudyTable, report: &Report, (number, judge): (usize, &str), at: usize) -> bool {
    let by = report.judges.iter().position(|one| one.name == judge);
    let column = by.and_then(|by| table.answers.get(&(number, by, 1)));
    column.is_some_and(|column| matches!(column.get(at), Answer::Label(_) | Answer::Value))
}

/// Means and medians of what was measured.
pub(super) fn measures(inputs: &Inputs, report: &Report) -> Exhibit {
    let table = &inputs.table;
    let found = || (0..table.len()).filter(|at| table.facts[*at].in_corpus);
    let mut cells = Vec::new();
    for row in &report.measures {
        for (which, title, estimate) in [("mean", "mean", &row.mean), ("median", "median", &row.median)] {
            cells.push(Cell {
                sessions: Some(estimate.n as u64),
                persons: persons(table, found()),
                raw: Some(estimate.clone()),
                ..Cell::new((&row.name, &row.title), (which, title))
            });
        }
    }
    let text = ("Measures of the sessions", "Measured without a judge.");
    exhibit("measures".to_owned(), "Table", text, Form::Table, panel("amounts", "Amounts", Unit::Number, cells))
}
