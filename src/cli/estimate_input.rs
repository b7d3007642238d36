//! What `assize estimate` reads: a run, its corpus and rubrics, and gold.

use std::path::Path;

use crate::corpus::{Corpus, SessionRow};
use crate::estimate::{Shares, Source, decision_shares};
use crate::gold::{Columns, Join, Known, Shape, read};
use crate::rubric::{self, Rubric};
use crate::run::{self, RunRecord};
use crate::verdict::Verdict;

use super::error::CliError;
use super::report::RESULTS;
use super::settings::Settings;

/// A run with its gold.
pub(super) struct Loaded {
    pub run: RunRecord,
    verdicts: Vec<Verdict>,
    rows: Vec<SessionRow>,
    rubrics: Vec<Rubric>,
    gold: Join,
    judge: Option<String>,
    one_rubric: bool,
}

impl Loaded {
    /// Reads all of it; `rubric` and `judge` choose one where they are given.
    pub fn read(
        run: &str,
        gold: &Path,
        rubric: Option<&str>,
        judge: Option<&str>,
        settings: &Settings,
    ) -> Result<Self, CliError> {
        let (run, verdicts) = run::load(&settings.folder.join(RESULTS), run)?;
        let names: Vec<&str> = run.rubrics.iter().map(|rubric| rubric.name.as_str()).collect();
        if let Some(name) = rubric.filter(|name| !names.contains(name)) {
            return Err(CliError::new(format!("run {} has no rubric {name}", run.id))
                .hint(format!("it has: {}", names.join(", "))));
        }
        let chosen = names.into_iter().filter(|name| rubric.is_none_or(|asked| asked == *name));
        let rubrics = chosen.map(|name| rubric::load(name, &settings.folder)).collect::<Result<Vec<_>, _>>()?;
        let rows = Corpus::open(&settings.folder.join(&run.experiment.corpus))?.rows()?;
        let known: Vec<Known> =
            rows.iter().map(|row| Known { id: row.id.clone(), file: Some(row.file.clone()) }).collect();
        let gold = read(&settings.folder.join(gold), &Columns::default(), &Shape::Long)?.join(&known)?;
        let loaded =
            Self { run, verdicts, rows, rubrics, gold, judge: judge.map(str::to_owned), one_rubric: rubric.is_some() };
        match judge.filter(|judge| !loaded.judges().contains(judge)) {
            None => Ok(loaded),
            Some(judge) => Err(CliError::new(format!("run {} has no judge {judge}", loaded.run.id))
                .hint(format!("it has: {}", loaded.judges().join(", ")))),
        }
    }

    /// All judges of the run.
    pub fn judges(&self) -> Vec<&str> {
        self.run.totals.iter().map(|(judge, _)| judge.as_str()).collect()
    }

    /// What estimates are made from.
    pub fn source<'a>(&'a self, reference: Option<&'a str>) -> Source<'a> {
        let (verdicts, rows, weights) = (&self.verdicts, &self.rows, &self.run.weights);
        Source { verdicts, rows, sessions: self.run.sessions, weights, gold: &self.gold.ratings, reference }
    }

    /// The shares of decisions that the judges' lists come to.
    pub fn decision_shares(&self) -> Result<Shares, CliError> {
        Ok(decision_shares(&self.verdicts)?)
    }

    /// Every rubric that gold is about, with every judge asked for.
    pub fn pairs(&self) -> Result<Vec<(&Rubric, &str)>, CliError> {
        let covered = self.gold.ratings.rubrics();
        if covered.is_empty() && self.rubrics.len() > 1 {
            let names: Vec<&str> = self.rubrics.iter().map(|rubric| rubric.name.as_str()).collect();
            return Err(CliError::new("the label file names no rubric, and the run has several")
                .hint(format!("say which one it is about: --rubric {}", names.join("|"))));
        }
        let about = |rubric: &&Rubric| covered.is_empty() || covered.contains(rubric.name.as_str()) || self.one_rubric;
        let judges = self.asked();
        let pairs: Vec<(&Rubric, &str)> = (self.rubrics.iter().filter(about))
            .flat_map(|rubric| judges.iter().map(move |judge| (rubric, *judge)))
            .filter(|(rubric, judge)| self.answers(judge, &rubric.name))
            .collect();
        let none = || covered.iter().copied().collect::<Vec<_>>().join(", ");
        if pairs.is_empty() {
            return Err(CliError::new(format!("the label file has no rubric of run {}", self.run.id))
                .hint(format!("it is about: {}", none())));
        }
        Ok(pairs)
    }

    /// The judges asked for.
    pub fn asked(&self) -> Vec<&str> {
        self.judges().into_iter().filter(|judge| self.is_asked(judge)).collect()
    }

    /// Whether the experiment asks `judge` about `rubric`.
    fn answers(&self, judge: &str, rubric: &str) -> bool {
        self.run.experiment.judges.iter().any(|spec| spec.name() == judge && spec.answers(rubric))
    }

    fn is_asked(&self, judge: &str) -> bool {
        self.judge.as_deref().is_none_or(|asked| asked == judge)
    }

    /// What of the label file did not match, in words.
    pub fn notes(&self) -> Vec<String> {
        let unmatched: Vec<&str> = self.gold.unmatched.iter().map(String::as_str).take(3).collect();
        if unmatched.is_empty() {
            return Vec::new();
        }
        let (count, listed) = (self.gold.unmatched.len(), unmatched.join(", "));
        vec![format!("{count} items of the label file are not sessions of the corpus, such as {listed}")]
    }
}
