//! One judge's answers on all rubrics beside gold.

use std::collections::BTreeMap;

use crate::estimate::{DecisionShares, DerivedMeasure, Measured, Part, SessionParts, Standing};
use crate::report::inputs::{Floors, Inputs};
use crate::report::sessions::{Answer, Column, NumberColumn, StudyTable};
use crate::rubric::Rubric;
use crate::verdict::NoVerdict;

use super::model::{Cell, Need};
use super::sample::{Mark, Share, rate};

/// What exhibits are made from.
pub(super) struct Source<'a> {
    pub table: &'a StudyTable,
    pub rubrics: &'a [Rubric],
    pub floors: Floors,
    /// Sessions of the run that no verdict names.
    pub not_reached: u64,
    /// The judge whose answers count on each rubric.
    answered_by: Vec<Option<usize>>,
    judge: usize,
    /// All judged sessions.
    pub all: Vec<usize>,
}

/// A yes-or-no measure by judge and gold.
pub(super) struct Marks<'a> {
    judge: Vec<Mark>,
    gold: Option<(Vec<Mark>, Option<&'a [f64]>)>,
}

impl<'a> Source<'a> {
    pub(super) fn of(inputs: &'a Inputs, judge: usize) -> Self {
        let (table, rubrics) = (&inputs.table, inputs.rubrics.as_slice());
        let judges = inputs.run.experiment.judges.len();
        // Other judges stand in where this one was not asked, such as one that prices for one that writes postings.
        let answers = |rubric: usize| {
            let own = |by: &usize| table.answers.contains_key(&(rubric, *by, 1));
            std::iter::once(judge).chain(0..judges).find(own)
        };
        Self {
            table,
            rubrics,
            floors: inputs.floors,
            not_reached: inputs.run.sessions.saturating_sub(table.len() as u64),
            answered_by: (0..rubrics.len()).map(answers).collect(),
            judge,
            all: (0..table.len()).collect(),
        }
    }

    /// The rubric, with its position, where the run has answers to it.
    pub(super) fn rubric(&self, name: &str) -> Option<(usize, &'a Rubric)> {
        let number = self.rubrics.iter().position(|rubric| rubric.name == name)?;
        self.answered_by[number].map(|_| (number, &self.rubrics[number]))
    }

    /// The judge's answers to a rubric.
    pub(super) fn column(&self, name: &str) -> Option<&'a Column> {
        let (number, _) = self.rubric(name)?;
        self.table.answers.get(&(number, self.answered_by[number]?, 1))
    }

    /// Gold on a rubric, with its weights.
    pub(super) fn gold(&self, name: &str) -> Option<(&'a Column, Option<&'a [f64]>)> {
        let gold = self.table.gold.get(&self.rubric(name)?.0)?;
        Some((&gold.labels, gold.weights.as_deref()))
    }

    /// Numbers that the judge gave, or the one that stands in for it.
    pub(super) fn numbers(&self, column: NumberColumn) -> Option<&'a [Option<f64>]> {
        let judges = std::iter::once(self.judge).chain(0..=self.answered_by.iter().flatten().copied().max()?);
        let mut found = judges.filter_map(|judge| self.table.numbers.get(&(judge, column)));
        found.next().map(Vec::as_slice)
    }

    /// Prices of the sessions' work in US dollars.
    pub(super) fn task_values(&self) -> Option<&'a [Option<f64>]> {
        self.numbers(NumberColumn::Answer(self.rubric("task_value")?.0))
    }

    /// Rubrics among `names` that the run lacks.
    pub(super) fn needs(&self, names: &[(&str, &str)]) -> Vec<Need> {
        let lacking = names.iter().filter(|(name, _)| self.column(name).is_none());
        lacking.map(|(name, purpose)| Need { rubric: (*name).to_owned(), purpose: (*purpose).to_owned() }).collect()
    }

    /// Marks of `measure` by judge and gold, `among` the sessions of which another measure holds; none where a rubric is lacking.
    pub(super) fn marks(&self, measure: DerivedMeasure, among: Option<DerivedMeasure>) -> Option<Marks<'a>> {
        let needs: Vec<&str> = among.iter().flat_map(|base| base.needs()).chain(measure.needs()).copied().collect();
        let shares = || {
            let (planning, execution) =
                (self.numbers(NumberColumn::PlanningByUser)?, self.numbers(NumberColumn::ExecutionByUser)?);
            Some((planning, execution))
        };
        let shares = if needs.contains(&"decisions") { Some(shares()?) } else { None };
        let labelled: Vec<&str> = needs.into_iter().filter(|name| *name != "decisions").collect();
        let columns = |get: &dyn Fn(&str) -> Option<&'a Column>| {
            let one = |name: &&'static str| Some((*name, self.rubric(name)?.1, get(name)?));
            let names = DerivedMeasure::ALL.iter().flat_map(|known| known.needs());
            let names: std::collections::BTreeSet<&'static str> =
                names.copied().filter(|name| labelled.contains(name)).collect();
            names.iter().map(one).collect::<Option<Vec<_>>>()
        };
        let by = |columns: Vec<(&'static str, &Rubric, &Column)>| -> Vec<Mark> {
            let one = |at: usize| {
                let mut answers = BTreeMap::new();
                for (name, rubric, column) in &columns {
                    match column.get(at) {
                        Answer::Label(label) => {
                            answers.insert(*name, Part::Label(rubric.answer.options[label].id.as_str()));
                        }
                        Answer::None(NoVerdict::Abstained) => {
                            answers.insert(*name, Part::Abstained);
                        }
                        _ => {}
                    }
                }
                let facts = &self.table.facts[at];
                let shares = shares.map(|(planning, execution)| DecisionShares {
                    planning_user: planning[at],
                    execution_user: execution[at],
                });
                let measured = facts.in_corpus.then(|| Measured {
                    lines_added: u64::from(facts.lines_added),
                    lines_removed: u64::from(facts.lines_removed),
                    machine_success: facts.machine_success,
                });
                let parts = SessionParts { answers, measured, shares };
                let standing = measure.of(&parts)?;
                Some(match among {
                    Some(base) => standing.among(base.of(&parts)?),
                    None => standing,
                })
            };
            (0..self.table.len()).map(one).collect()
        };
        let judge = by(columns(&|name| self.column(name))?);
        let weights = || self.gold(labelled.first()?)?.1;
        let gold = if labelled.is_empty() { None } else { columns(&|name| Some(self.gold(name)?.0)) };
        Some(Marks { judge, gold: gold.map(|columns| (by(columns), weights())) })
    }

    /// Marks of labels: yes where one of `ids` was given, no where another was; none where the rubric has none of them.
    pub(super) fn label_marks(&self, name: &str, ids: &[&str]) -> Option<Marks<'a>> {
        let (_, rubric) = self.rubric(name)?;
        let wanted: Vec<bool> = rubric.answer.options.iter().map(|option| ids.contains(&option.id.as_str())).collect();
        if !wanted.contains(&true) {
            return None;
        }
        let by = |column: &Column| -> Vec<Mark> {
            let yes = |label: usize| if wanted[label] { Standing::Yes } else { Standing::No };
            (0..self.table.len()).map(|at| column.label(at).map(yes)).collect()
        };
        let gold = self.gold(name).map(|(column, weights)| (by(column), weights));
        Some(Marks { judge: by(self.column(name)?), gold })
    }

    /// The rate of `marks` over `rows`.
    pub(super) fn rate(&self, marks: &Marks<'_>, rows: &[usize]) -> Share {
        let gold = marks.gold.as_ref().map(|(gold, weights)| (gold.as_slice(), *weights));
        let not_reached = if rows.len() == self.table.len() { self.not_reached } else { 0 };
        rate(self.table, &marks.judge, gold, rows, not_reached)
    }

    /// Whose labels the rubrics `names` are corrected by, or why they are not.
    pub(super) fn correction(&self, names: &[&str]) -> Option<String> {
        let known: Vec<usize> = names.iter().filter_map(|name| Some(self.rubric(name)?.0)).collect();
        if known.is_empty() {
            return None;
        }
        let rater = |at: &usize| self.table.gold.get(at).map(|gold| gold.rater.as_str());
        let with: Vec<&str> =
            known.iter().filter(|at| rater(at).is_some()).map(|at| self.rubrics[*at].name.as_str()).collect();
        let by = known.iter().find_map(rater).unwrap_or_default();
        Some(if with.is_empty() {
            match known.iter().find_map(|at| self.table.no_gold.get(at)) {
                Some(why) => format!("uncorrected: {why}"),
                None => "uncorrected: no labels of other raters".to_owned(),
            }
        } else if with.len() == known.len() {
            format!("corrected by PPI++ with the labels of {by} taken as the truth")
        } else {
            let with = with.join(" and ");
            format!(
                "what rests on {with} alone is corrected by PPI++ with the labels of {by} taken as the truth; all else is uncorrected"
            )
        })
    }
}

impl Marks<'_> {
    /// 1 for yes, 0 for no, none outside the base and where unknown.
    pub(super) fn outcomes(&self) -> Vec<Option<f64>> {
        let one = |mark: &Mark| match mark {
            Some(Standing::Yes) => Some(1.0),
            Some(Standing::No) => Some(0.0),
            Some(Standing::Outside) | None => None,
        };
        self.judge.iter().map(one).collect()
    }
}

/// A cell with the numbers of a share.
pub(in crate::report) fn cell(group: (&str, &str), measure: (&str, &str), share: Share) -> Cell {
    Cell {
        sessions: Some(share.sessions),
        persons: share.persons,
        count: Some(share.count),
        count_persons: share.count_persons,
        others_persons: share.others_persons,
        no_verdict: Some(share.no_verdict),
        raw: Some(share.raw),
        corrected: share.corrected,
        worst: share.worst,
        ..Cell::new(group, measure)
    }
}
