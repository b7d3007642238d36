//! Means of what is no label: shares of decisions, and the value of tasks.

use std::collections::BTreeMap;

use assize::stats::estimate::{Form, Numbers, power_tuned};
use assize::verdict::Verdict;
use serde_json::Value;

use crate::figures::Seen;

/// Shares of the person in planning and execution decisions in percent, and dollars; none where there is no verdict.
pub type Said = [Option<f64>; 3];

/// A mean, or the growth of one.
pub struct Number {
    /// What it is.
    pub name: String,
    /// Published, and how that is known.
    pub published: (f64, &'static str),
    /// Planted.
    pub planted: f64,
    /// Raw and corrected with a 95 % interval; none where gold is too little.
    pub raw: f64,
    /// See `raw`.
    pub corrected: Option<[f64; 3]>,
    /// Sessions with gold.
    pub gold: usize,
}

impl Number {
    /// Whether the corrected interval holds what is planted; none where there is none.
    pub fn is_held(&self) -> Option<bool> {
        self.corrected.map(|[_, low, high]| (low..=high).contains(&self.planted))
    }
}

/// What is planted, from a row of `planted.csv`.
pub fn planted(row: &BTreeMap<String, String>) -> Said {
    let number = |column: &str| row[column].parse::<f64>().ok();
    let share = |kind: &str| Some(100.0 * (1.0 - number(&format!("{kind}_by_agent"))? / number(kind)?));
    [share("planning"), share("execution"), number("task_value")]
}

/// Puts the answer of `verdict` into its place, if it has one.
pub fn put(said: &mut Said, verdict: &Verdict) {
    let Some(value) = verdict.outcome.value() else { return };
    match verdict.rubric.as_str() {
        "task_value" => said[2] = value.as_f64(),
        "decisions" => {
            for (at, kind) in ["planning", "execution"].into_iter().enumerate() {
                let of_kind = || value.as_array().into_iter().flatten().filter(|item| item["type"] == kind);
                let by_user = of_kind().filter(|item: &&Value| item["by"] == "user").count();
                let all = of_kind().count();
                said[at] = (all > 0).then(|| 100.0 * by_user as f64 / all as f64);
            }
        }
        _ => {}
    }
}

/// What every number is made from, by session.
pub struct Source<'a> {
    pub truth: &'a BTreeMap<String, Seen>,
    pub planted: &'a BTreeMap<String, Said>,
    pub judged: &'a BTreeMap<String, Said>,
    pub gold: &'a BTreeMap<String, Seen>,
}

/// Mean of what is planted, raw mean, corrected mean with its error, and sessions with gold.
type Mean = (f64, f64, Option<(f64, f64)>, usize);

impl Source<'_> {
    fn mean(&self, at: usize, kept: &dyn Fn(&Seen) -> bool) -> Mean {
        let ids: Vec<&String> = self.truth.iter().filter(|(_, seen)| kept(seen)).map(|(id, _)| id).collect();
        let judged: Vec<Option<f64>> = ids.iter().map(|id| self.judged.get(*id).and_then(|said| said[at])).collect();
        let truth = ids.iter().filter_map(|id| self.planted[*id][at]);
        let gold: Vec<Option<f64>> =
            ids.iter().map(|id| self.planted[*id][at].filter(|_| self.gold.contains_key(*id))).collect();
        let with_gold = gold.iter().zip(&judged).filter(|(gold, judged)| gold.is_some() && judged.is_some()).count();
        let mut persons: BTreeMap<&str, u32> = BTreeMap::new();
        let clusters: Vec<u32> = (ids.iter())
            .map(|id| {
                let next = u32::try_from(persons.len()).unwrap_or(u32::MAX);
                *persons.entry(&self.truth[*id].person).or_insert(next)
            })
            .collect();
        let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
        let (exact, raw) = (mean(truth.collect()), mean(judged.iter().flatten().copied().collect()));
        let weights = vec![1.0; ids.len()];
        let numbers = Numbers { judged, gold, weights: &weights, gold_weights: None, clusters: Some(&clusters) };
        let corrected = power_tuned(&numbers, Form::Wald).ok().map(|(mean, _)| (mean.value(), mean.error.se));
        (exact, raw, corrected, with_gold)
    }

    /// Shares of decisions.
    pub fn decisions(&self) -> Vec<Number> {
        let one = |(at, kind, published): (usize, &str, f64)| {
            let (planted, raw, corrected, gold) = self.mean(at, &|_| true);
            let corrected = corrected.map(|(mean, se)| [mean, mean - 1.96 * se, mean + 1.96 * se]);
            let name = format!("person's share of {kind} decisions, mean");
            Number { name, published: (published, "stated"), planted, raw, corrected, gold }
        };
        [(0, "planning", 70.0), (1, "execution", 20.0)].into_iter().map(one).collect()
    }

    /// Growth of the mean value from October to April.
    pub fn growth(&self) -> Vec<Number> {
        let modes = [
            ("all", 27.0, "stated"),
            ("build", 43.0, "stated"),
            ("operate", 34.0, "stated"),
            ("fix", 32.0, "stated"),
            ("communicate", 2.0, "figure"),
        ];
        let one = |(mode, published, known): (&str, f64, &'static str)| {
            let of = |month: &str| {
                // By the planted mode: the share of sessions in the wrong mode is another error than that of the price.
                let is =
                    |seen: &Seen| seen.month == month && (mode == "all" || seen.labels[0].as_deref() == Some(mode));
                self.mean(2, &is)
            };
            let (first, last) = (of("2025-10"), of("2026-04"));
            let grown = |from: f64, to: f64| 100.0 * (to / from - 1.0);
            let corrected = first.2.zip(last.2).map(|((from, from_se), (to, to_se))| {
                // Two months share few persons: their errors are taken as independent, on the scale of logarithms.
                let error = 1.96 * ((from_se / from).powi(2) + (to_se / to).powi(2)).sqrt();
                [to, to * (-error).exp(), to * error.exp()].map(|to| grown(from, to))
            });
            Number {
                name: format!("growth of the mean value, October to April, {mode}"),
                published: (published, known),
                planted: grown(first.0, last.0),
                raw: grown(first.1, last.1),
                corrected,
                gold: first.3 + last.3,
            }
        };
        modes.into_iter().map(one).collect()
    }
}
