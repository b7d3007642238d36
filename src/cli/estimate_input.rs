//! What `assize estimate` reads: a run, its corpus and rubrics, and gold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::corpus::{Corpus, SessionRow};
use crate::estimate::{DerivedMeasure, EstimateError, Shares, Source, add_decision_shares};
use crate::gold::{Columns, Join, Known, Shape, read};
use crate::rubric::{self, Rubric};
use crate::run::{self, RunRecord};
use crate::verdict::{Outcome, Verdict};

use super::error::CliError;
use super::report::RESULTS;
use super::settings::Settings;

/// A run with its gold.
pub(super) struct Loaded {
    pub run: RunRecord,
    results: PathBuf,
    rows: Vec<SessionRow>,
    rubrics: Vec<Rubric>,
    gold: Join,
    judge: Option<String>,
    one_rubric: bool,
}

impl Loaded {
    /// Reads all of it but the verdicts; `rubric` and `judge` choose one where they are given.
    pub fn read(
        run: &str,
        gold: &Path,
        rubric: Option<&str>,
        judge: Option<&str>,
        settings: &Settings,
    ) -> Result<Self, CliError> {
        let (results, run) = run::find(&settings.folder.join(RESULTS), run)?;
        let names: Vec<&str> = run.rubrics.iter().map(|rubric| rubric.name.as_str()).collect();
        if let Some(name) = rubric.filter(|name| !names.contains(name)) {
            return Err(CliError::new(format!("run {} has no rubric {name}", run.id))
                .hint(format!("it has: {}", names.join(", "))));
        }
        let chosen = names.into_iter().filter(|name| rubric.is_none_or(|asked| asked == *name));
        let rubrics = chosen.map(|name| rubric::load(name, &settings.folder)).collect::<Result<Vec<_>, _>>()?;
        let mut rows = Vec::new();
        Corpus::open(&settings.folder.join(&run.experiment.corpus))?.each_row(|mut row| {
            // Half of a row is words about evidence, of which only the kinds count here.
            for item in &mut row.evidence.items {
                (item.excerpt, item.detail) = (String::new(), None);
            }
            rows.push(row);
        })?;
        let known: Vec<Known> =
            rows.iter().map(|row| Known { id: row.id.clone(), file: Some(row.file.clone()) }).collect();
        let gold = read(&settings.folder.join(gold), &Columns::default(), &Shape::Long)?.join(&known)?;
        let loaded =
            Self { run, results, rows, rubrics, gold, judge: judge.map(str::to_owned), one_rubric: rubric.is_some() };
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

    /// The verdicts on `rubrics`, bare, and the shares of decisions that the judges' lists come to. All rubrics at once would take
    /// as many times the memory as there are.
    pub fn verdicts(&self, rubrics: &[&str]) -> Result<(Vec<Verdict>, Shares), CliError> {
        let (mut verdicts, mut shares) = (Vec::new(), Shares::new());
        run::stream_on(Some(rubrics), &self.results, &self.run.id, |verdict| {
            add_decision_shares(&mut shares, &verdict)?;
            let mut verdict = verdict.bare();
            if let Outcome::Value { value, .. } = &mut verdict.outcome {
                // Lists and objects are long, and nothing reads them after this.
                *value = Value::Null;
            }
            verdicts.push(verdict);
            Ok::<(), CliError>(())
        })?;
        Ok((verdicts, shares))
    }

    /// Those rubrics of the run that derived measures are made of; all, where there are none of these.
    pub fn parts(&self) -> Vec<&str> {
        let needed: BTreeSet<&str> = DerivedMeasure::ALL.iter().flat_map(|measure| measure.needs()).copied().collect();
        let all = || self.run.rubrics.iter().map(|rubric| rubric.name.as_str());
        let parts: Vec<&str> = all().filter(|name| needed.contains(name)).collect();
        if parts.is_empty() { all().collect() } else { parts }
    }

    /// What estimates are made from.
    pub fn source<'a>(&'a self, verdicts: &'a [Verdict], reference: Option<&'a str>) -> Source<'a> {
        let (rows, weights) = (&self.rows, &self.run.weights);
        Source { verdicts, rows, sessions: self.run.sessions, weights, gold: &self.gold.ratings, reference }
    }

    /// Every rubric that gold is about, with every judge asked for.
    fn pairs(&self) -> Result<Vec<(&Rubric, &str)>, CliError> {
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

    /// What `one` says of every rubric and judge, with the verdicts of one rubric at a time.
    pub fn each_pair<T>(
        &self,
        reference: Option<&str>,
        one: impl Fn(&Source<'_>, &Rubric, &str) -> Result<T, EstimateError>,
    ) -> Result<Vec<T>, CliError> {
        let mut all = Vec::new();
        for of_rubric in self.pairs()?.chunk_by(|a, b| a.0.name == b.0.name) {
            let rubrics: Vec<&str> = of_rubric.iter().map(|(rubric, _)| rubric.name.as_str()).take(1).collect();
            let (verdicts, _) = self.verdicts(&rubrics)?;
            let source = self.source(&verdicts, reference);
            for (rubric, judge) in of_rubric {
                all.push(one(&source, rubric, judge)?);
            }
        }
        Ok(all)
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
