//! A simulation as a whole: its sessions, its label files, its README, and its folder.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use rayon::prelude::*;

use crate::gold::Rating;
use crate::rubric::Rubric;

use super::confusion::{NO_VERDICTS, RATERS};
use super::dialogue::script;
use super::plan::{Detail, Planned, SimulateError, SimulateSpec, plan};
use super::question::Question;
use super::random::Random;
use super::raters::{GOLD, PLANTED, planted, ratings};
use super::records::{file, jsonl};
use super::{files, judge};

/// How the README of every simulation begins.
const HEADING: &str =
    "# Synthetic sessions\n\nEverything in this folder is synthetic: made by `assize simulate`, version ";

/// Whether `folder`, or a folder around it, was written by [`Simulation::write`]: what is read from there is synthetic and
/// must be called so.
#[must_use]
pub fn is_simulated(folder: &Path) -> bool {
    let whole = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let says_so =
        |folder: &Path| fs_err::read(folder.join("README.md")).is_ok_and(|text| text.starts_with(HEADING.as_bytes()));
    whole.ancestors().any(says_so)
}

/// Sessions with planted labels, and what simulated raters and a simulated judge say about them.
#[derive(Debug, Clone)]
pub struct Simulation {
    spec: SimulateSpec,
    rubrics: Vec<Rubric>,
    planned: Vec<Planned>,
}

impl Simulation {
    /// Plans `spec`. `rubrics` are those that the simulated judge answers; the simulator plants labels of all that it knows.
    ///
    /// # Errors
    /// When a count is out of range, or the labels of a rubric are not those that the simulator acts out.
    pub fn new(spec: SimulateSpec, rubrics: &[Rubric]) -> Result<Self, SimulateError> {
        Ok(Self { spec, planned: plan(spec, rubrics)?, rubrics: rubrics.to_vec() })
    }

    /// What is planted, in the order of planning.
    #[must_use]
    pub fn planned(&self) -> &[Planned] {
        &self.planned
    }

    /// The planted labels, by rater `planted`.
    pub fn truth(&self) -> impl Iterator<Item = Rating> {
        self.planned.iter().flat_map(|one| planted(one, PLANTED))
    }

    /// The labels of `simulated-a` and `simulated-b` for every session.
    pub fn ratings(&self) -> impl Iterator<Item = Rating> {
        (0..).zip(&self.planned).flat_map(|(index, one)| ratings(one, self.spec.seed, index))
    }

    /// The labels of both raters, and what they settled on as rater `gold`, for a random part of the sessions.
    pub fn gold(&self) -> impl Iterator<Item = Rating> {
        let of = move |index: usize| {
            let one = &self.planned[index];
            ratings(one, self.spec.seed, index).into_iter().chain(planted(one, GOLD))
        };
        self.labelled().into_iter().flat_map(of)
    }

    /// The answers of the simulated judge to the rubrics, as lines of a replay file.
    pub fn answers(&self) -> impl Iterator<Item = String> {
        let of = move |one| self.rubrics.iter().filter_map(move |rubric| judge::line(one, rubric, self.spec.seed));
        self.planned.iter().flat_map(of)
    }

    /// The file of session number `index`, relative to the simulation's folder, and its content.
    #[must_use]
    pub fn session(&self, index: usize) -> Option<(String, String)> {
        let planned = self.planned.get(index)?;
        let SimulateSpec { seed, detail, .. } = self.spec;
        Some((file(planned), jsonl(planned, &script(planned, seed, detail), seed)))
    }

    /// Writes sessions, label files and `README.md` into `folder`. The same simulation may be written again over itself.
    ///
    /// # Errors
    /// When the folder holds anything else, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), SimulateError> {
        let readme = self.readme();
        if folder.exists() && fs_err::read_dir(folder)?.next().is_some() {
            let same = fs_err::read_to_string(folder.join("README.md")).is_ok_and(|text| text == readme);
            if !same {
                return Err(SimulateError::Occupied(folder.to_owned()));
            }
        }
        fs_err::create_dir_all(folder)?;
        fs_err::write(folder.join("README.md"), readme)?;
        (0..self.planned.len()).into_par_iter().filter_map(|index| self.session(index)).try_for_each(
            |(file, content)| {
                let path = folder.join(file);
                if let Some(parent) = path.parent() {
                    fs_err::create_dir_all(parent)?;
                }
                fs_err::write(path, content)
            },
        )?;
        files::model(&folder.join("model.csv"))?;
        files::planted(&folder.join("planted.csv"), &self.planned, self.spec.detail)?;
        files::ratings(&folder.join("truth.csv"), self.truth())?;
        if self.spec.gold.is_none() {
            return files::ratings(&folder.join("ratings.csv"), self.ratings());
        }
        files::ratings(&folder.join("gold.csv"), self.gold())?;
        files::confusion(&folder.join("confusion.csv"))?;
        files::lines(&folder.join("replay.jsonl"), self.answers())
    }

    /// Positions of the sessions with gold, in order.
    fn labelled(&self) -> BTreeSet<usize> {
        let mut random = Random::of(self.spec.seed, "gold", 0);
        let mut chosen = BTreeSet::new();
        // Floyd's way to draw without replacement.
        let sessions = self.planned.len();
        for last in sessions - self.spec.gold.unwrap_or(0).min(sessions)..sessions {
            let drawn = random.below(last + 1);
            if !chosen.insert(drawn) {
                chosen.insert(last);
            }
        }
        chosen
    }

    /// What the folder holds, and how it was made.
    fn readme(&self) -> String {
        let SimulateSpec { sessions, seed, detail, gold, .. } = self.spec;
        let persons = self.persons();
        let detail = match detail {
            Detail::Short => {
                "They are short: labels, lines and evidence are acted out, numbers of prompts, actions and words are not."
            }
            Detail::Full => {
                "Prompts, actions and words are as many as in the study, geometric means by expertise among them."
            }
        };
        let mut text = format!(
            "{HEADING}{}, with seed {seed}. There are {sessions} sessions of {persons} invented persons. {detail} No person \
             wrote or rated any of it, and no model did; nothing here says anything about real sessions.\n\n\
             - `projects/`: sessions in the layout of Claude Code.\n\
             - `planted.csv`: one row a session: month, planted labels, value of the task, decisions.\n\
             - `truth.csv`: the planted labels, one row each; rater `planted`.\n\
             - `model.csv`: every number that they are drawn with, and whether it is published or our own.\n",
            env!("CARGO_PKG_VERSION")
        );
        let [first, second] = RATERS.map(|(rater, error)| format!("`{rater}` ({:.0} % wrong)", error * 100.0));
        // Writing to a string cannot fail.
        let _ = match gold {
            None => writeln!(
                text,
                "- `ratings.csv`: two simulated raters, {first} and {second}, who give the planted label or a wrong one."
            ),
            Some(gold) => writeln!(
                text,
                "- `gold.csv`: labels of {gold} sessions drawn at random, by two simulated raters, {first} and {second}, and \
                 `gold`, what they settled on, which is the planted label. Nobody labelled anything.\n\
                 - `replay.jsonl`: a simulated judge for the model `replay/replay.jsonl`; it errs as `confusion.csv` says, and \
                 does not answer in {} of calls.",
                NO_VERDICTS.map(|(kind, percent)| format!("{percent} % ({kind})")).join(", ")
            ),
        };
        text.push_str("\nMonths are those of the study, October 2025 to April 2026.\n\n| rubric | label | sessions |\n| --- | --- | ---: |\n");
        for question in Question::ALL {
            for label in question.labels() {
                let count = self.planned.iter().filter(|one| one.planted.label(question) == *label).count();
                let _ = writeln!(text, "| {} | {label} | {count} |", question.rubric());
            }
        }
        text
    }

    /// Number of persons.
    #[must_use]
    pub fn persons(&self) -> usize {
        self.planned.iter().map(|one| one.person).collect::<BTreeSet<_>>().len()
    }
}
