//! Numbers of the study in which no judge takes part.

use std::collections::BTreeMap;

use assize::corpus::SessionRow;
use assize::simulate::Question;
use assize::stats::Design;
use assize::stats::regression::{Linear, LinearSample};

use crate::figures::Seen;
use crate::slopes::cells;

/// A number that is measured on sessions.
pub struct Measured {
    /// What it is.
    pub name: String,
    /// Published, and how that is known.
    pub published: (f64, &'static str),
    /// Planted.
    pub planted: f64,
    /// Measured, with a 95 % interval where it is a mean.
    pub found: (f64, Option<(f64, f64)>),
    /// What it rests on.
    pub n: usize,
}

type Records = [BTreeMap<String, String>];

/// Everything that is measured.
pub fn all(
    rows: &[SessionRow],
    truth: &BTreeMap<String, Seen>,
    full: &[SessionRow],
    planted: &Records,
) -> Vec<Measured> {
    let mut all = persons(rows, truth);
    all.extend(paces(full, planted));
    all.extend(gradients(full, planted));
    all
}

/// How many sessions persons have.
fn persons(rows: &[SessionRow], truth: &BTreeMap<String, Seen>) -> Vec<Measured> {
    let count = |names: &mut dyn Iterator<Item = String>| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        names.for_each(|name| *counts.entry(name).or_default() += 1);
        counts.into_values().collect::<Vec<usize>>()
    };
    let planted = count(&mut truth.values().map(|seen| seen.person.clone()));
    let found = count(&mut rows.iter().filter_map(|row| row.person.clone()));
    let over = |counts: &[usize], least: usize| {
        100.0 * counts.iter().filter(|count| **count > least).count() as f64 / counts.len() as f64
    };
    let all = 234_751.0;
    let persons = |(least, published): (usize, f64)| Measured {
        name: format!("persons with more than {least} sessions, percent"),
        published: (100.0 * published / all, "derived"),
        planted: over(&planted, least),
        found: (over(&found, least), None),
        n: found.len(),
    };
    [(1, 73_066.0), (5, 6_382.0), (10, 1_413.0)].into_iter().map(persons).collect()
}

/// Actions and words per prompt by planted expertise, as geometric means.
fn paces(full: &[SessionRow], planted: &Records) -> Vec<Measured> {
    let planted: BTreeMap<&str, &BTreeMap<String, String>> =
        planted.iter().map(|row| (row["item"].as_str(), row)).collect();
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap_or(0.0);
    let mut all = Vec::new();
    let actions = ("actions", "actions per prompt", [("1", 4.9), ("5", 11.7)]);
    let words = ("words", "output words per prompt", [("1", 607.0), ("5", 3_200.0)]);
    for (column, what, levels) in [actions, words] {
        for (level, published) in levels {
            let of_level = || full.iter().filter(|row| planted[row.id.as_str()]["expertise"] == level);
            let log = |count: f64, prompts: f64| (count.max(1.0) / prompts).ln();
            let aims = of_level().map(|row| {
                let aim = planted[row.id.as_str()];
                log(number(aim, column), number(aim, "prompts"))
            });
            let found = of_level().map(|row| {
                let count = if column == "actions" { row.measures.actions } else { row.measures.output_words };
                log(count as f64, row.measures.prompts as f64)
            });
            let found: Vec<f64> = found.collect();
            let (mean, half) = interval(&found);
            all.push(Measured {
                name: format!("{what}, expertise {level}"),
                published: (published, "figure"),
                planted: interval(&aims.collect::<Vec<f64>>()).0.exp(),
                found: (mean.exp(), Some(((mean - half).exp(), (mean + half).exp()))),
                n: found.len(),
            });
        }
    }
    all
}

/// How many percent more actions and words per prompt a level more means among sessions that are equal in work mode by value band,
/// month, occupation of the work and software occupation, with errors by person.
fn gradients(full: &[SessionRow], planted: &Records) -> Vec<Measured> {
    let planted: BTreeMap<&str, &BTreeMap<String, String>> =
        planted.iter().map(|row| (row["item"].as_str(), row)).collect();
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap_or(0.0);
    let (mut levels, mut effects, mut persons) = (Vec::new(), vec![Vec::new(); 4], Vec::new());
    let mut counts: [[Vec<f64>; 2]; 2] = Default::default();
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    for row in full {
        let aim = planted[row.id.as_str()];
        let labels = Question::ALL.map(|question| Some(aim[question.rubric()].clone()));
        let seen = Seen { person: aim["cluster"].clone(), month: aim["month"].clone(), wrote_code: false, labels };
        let (Ok(level), Some(cells)) = (aim["expertise"].parse::<f64>(), cells(&seen, number(aim, "task_value")))
        else {
            continue;
        };
        levels.push(level);
        effects.iter_mut().zip(cells).for_each(|(effect, cell)| effect.push(cell));
        let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
        persons.push(*names.entry(aim["cluster"].as_str()).or_insert(next));
        let found = [row.measures.actions, row.measures.output_words].map(|count| count as f64);
        let aims = [number(aim, "actions"), number(aim, "words")];
        let log = |count: f64, prompts: f64| (count.max(1.0) / prompts).ln();
        for (at, [planted, measured]) in counts.iter_mut().enumerate() {
            planted.push(log(aims[at], number(aim, "prompts")));
            measured.push(log(found[at], row.measures.prompts as f64));
        }
    }
    let columns = [levels];
    let percent = |log: f64| 100.0 * (log.exp() - 1.0);
    let fit = |outcomes: &[f64]| {
        let sample = LinearSample { outcomes, columns: &columns, effects: &effects, weights: None };
        let fit = Linear::fit(sample).ok()?;
        let error = fit.standard_errors(Design { clusters: Some(&persons), strata: None }).ok()?.first()?.se;
        Some((fit.coefficients.first()?.value, error))
    };
    let one = |([planted, measured], (what, published)): (&[Vec<f64>; 2], (&str, f64))| {
        let ((planted, _), (slope, error)) = (fit(planted)?, fit(measured)?);
        Some(Measured {
            name: format!("{what} per prompt, percent more per level, sessions being equal"),
            published: (published, "stated"),
            planted: percent(planted),
            found: (percent(slope), Some((percent(slope - 1.96 * error), percent(slope + 1.96 * error)))),
            n: measured.len(),
        })
    };
    counts.iter().zip([("actions", 9.0), ("output words", 13.0)]).filter_map(one).collect()
}

/// Mean, and half the width of its normal interval.
fn interval(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, 1.96 * (variance / n).sqrt())
}
