//! Agreement of a run's judges with other raters, from verdicts that pass by one by one.

use std::collections::{BTreeSet, HashMap};

use crate::agreement::{AgreementReport, Declared, Options, RatedVerdicts, report, side_by_side};
use crate::corpus::Corpus;
use crate::gold::{Known, Ratings};
use crate::rubric::Rubric;
use crate::run::Experiment;
use crate::verdict::Verdict;

use super::error::CliError;

/// Verdicts that stand beside those of other raters.
pub(super) struct Raters {
    gold: Option<Ratings>,
    persons: HashMap<String, String>,
    /// Rubrics that the label file is about, or that several judges answer.
    compared: BTreeSet<String>,
    verdicts: RatedVerdicts,
}

impl Raters {
    /// For the sessions of `corpus` and the labels of `gold`.
    pub(super) fn of(corpus: &Corpus, gold: Option<&Ratings>, experiment: &Experiment) -> Result<Self, CliError> {
        let many_judges = |rubric: &str| experiment.judges.iter().filter(|judge| judge.answers(rubric)).count() > 1;
        let names = experiment.rubrics.iter();
        let compared: BTreeSet<String> = names.clone().filter(|name| many_judges(name)).cloned().collect();
        let mut raters = Self { gold: None, persons: HashMap::new(), compared, verdicts: RatedVerdicts::default() };
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
    pub(super) fn keep(&mut self, verdict: &Verdict) {
        if self.compared.contains(&verdict.rubric) {
            self.verdicts.keep(verdict);
        }
    }

    /// The agreement on every rubric that has several raters.
    pub(super) fn agreement(self, rubrics: &[Rubric]) -> Result<Vec<AgreementReport>, CliError> {
        let judges = |rubric: &str| self.verdicts.ratings(rubric, |session| self.persons.get(session).cloned());
        let mut agreement = Vec::new();
        // Texts, lists and objects cannot be compared as a whole; the report says so in their sections.
        for rubric in rubrics.iter().filter(|rubric| rubric.level().is_some()) {
            let (name, options) = (rubric.name.as_str(), Options::default());
            let of_gold = self.gold.as_ref().map(|gold| gold.of_rubric(name));
            if let Some(of_gold) = of_gold.filter(|of_gold| !of_gold.rows.is_empty()) {
                let declared = Declared::of_rubric(rubric)?;
                agreement.push(side_by_side(&judges(name), &of_gold, Some(name), &declared, &options)?);
            } else if self.compared.contains(name) {
                let declared = Declared::of_rubric(rubric)?;
                agreement.push(report(&judges(name), Some(name), &declared, &options)?);
            }
        }
        Ok(agreement)
    }
}
