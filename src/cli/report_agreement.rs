//! Agreement of a run's judges with other raters, from verdicts that pass by one by one.

use std::collections::{BTreeSet, HashMap};

use crate::agreement::{AgreementReport, Declared, Options, ratings_of_verdicts, report, report_of_verdicts};
use crate::corpus::Corpus;
use crate::gold::{Known, Ratings};
use crate::rubric::Rubric;
use crate::run::Experiment;
use crate::verdict::{Fingerprint, Outcome, Verdict};

use super::error::CliError;

/// Verdicts that stand beside those of other raters, without what agreement does not read.
pub(super) struct Raters {
    gold: Option<Ratings>,
    persons: HashMap<String, String>,
    /// Rubrics that the label file is about, or that several judges answer.
    compared: BTreeSet<String>,
    verdicts: Vec<Verdict>,
}

impl Raters {
    /// For the sessions of `corpus` and the labels of `gold`.
    pub(super) fn of(corpus: &Corpus, gold: Option<&Ratings>, experiment: &Experiment) -> Result<Self, CliError> {
        let many_judges = |rubric: &str| experiment.judges.iter().filter(|judge| judge.answers(rubric)).count() > 1;
        let names = experiment.rubrics.iter();
        let compared: BTreeSet<String> = names.clone().filter(|name| many_judges(name)).cloned().collect();
        let mut raters = Self { gold: None, persons: HashMap::new(), compared, verdicts: Vec::new() };
        if gold.is_none() && raters.compared.is_empty() {
            return Ok(raters);
        }
        let mut known = Vec::new();
        corpus.each_row(|row| {
            known.extend(gold.map(|_| Known { id: row.id.clone(), file: Some(row.file) }));
            raters.persons.extend(row.person.map(|person| (row.id, person)));
        })?;
        let mut joined = gold.map(|gold| gold.join(&known)).transpose()?.map(|joined| joined.ratings);
        // Judges and raters must agree on what a cluster is: the person, where the corpus tells persons apart.
        if let Some(ratings) = joined.as_mut().filter(|_| !raters.persons.is_empty()) {
            let person = |session: &str| raters.persons.get(session).cloned();
            ratings.rows.iter_mut().for_each(|row| row.cluster = person(&row.item));
            ratings.missing.iter_mut().for_each(|row| row.cluster = person(&row.item));
        }
        let is_covered = |name: &&String| {
            joined.as_ref().is_some_and(|gold| {
                gold.rows.iter().any(|row| row.rubric.as_ref().is_none_or(|rubric| rubric == *name))
            })
        };
        raters.compared.extend(names.filter(is_covered).cloned());
        raters.gold = joined;
        Ok(raters)
    }

    /// Keeps `verdict` where agreement needs it.
    pub(super) fn keep(&mut self, verdict: Verdict) {
        if !self.compared.contains(&verdict.rubric) {
            return;
        }
        let outcome = match verdict.outcome {
            Outcome::Label { label, confidence, .. } => {
                Outcome::Label { label, confidence, reason: None, evidence: Vec::new() }
            }
            Outcome::Value { value, .. } => Outcome::Value { value, reason: None, evidence: Vec::new() },
            Outcome::None { kind, .. } => Outcome::None { kind, detail: String::new() },
        };
        let (unit, calls) = (Fingerprint(String::new()), Vec::new());
        self.verdicts.push(Verdict { unit, outcome, calls, ..verdict });
    }

    /// The agreement on every rubric that has several raters.
    pub(super) fn agreement(self, rubrics: &[Rubric]) -> Result<Vec<AgreementReport>, CliError> {
        let person = |session: &str| self.persons.get(session).cloned();
        let mut agreement = Vec::new();
        // Texts, lists and objects cannot be compared as a whole; the report says so in their sections.
        for rubric in rubrics.iter().filter(|rubric| rubric.level().is_some()) {
            let of_gold = self.gold.as_ref().map(|gold| gold.of_rubric(&rubric.name));
            if let Some(of_gold) = of_gold.filter(|of_gold| !of_gold.rows.is_empty()) {
                agreement.push(report_of_verdicts(&self.verdicts, &of_gold, rubric, person, &Options::default())?);
            } else if self.compared.contains(&rubric.name) {
                let judges = ratings_of_verdicts(&self.verdicts, &rubric.name, person);
                let declared = Declared::of_rubric(rubric)?;
                agreement.push(report(&judges, Some(&rubric.name), &declared, &Options::default())?);
            }
        }
        Ok(agreement)
    }
}
