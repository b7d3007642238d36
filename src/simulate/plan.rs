//! What is planted: persons, times and labels of every session.

use std::time::Duration;

use jiff::Timestamp;

use crate::rubric::Rubric;

use super::draw::draw;
use super::even::Even;
use super::people::{self, Person};
use super::question::Question;
use super::random::Random;
use super::world::PROJECTS;

/// Start of the study's months, 2025-10-01T00:00:00Z.
const FIRST_SECOND: u64 = 1_759_276_800;
/// Days of October 2025 to April 2026.
const DAYS: [usize; 7] = [31, 30, 31, 31, 28, 31, 30];

/// How much a session holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// A few prompts and actions: enough for labels, lines and evidence, little enough for hundreds of thousands of sessions.
    Short,
    /// As many prompts, actions and words as the study found.
    #[default]
    Full,
}

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulateSpec {
    /// Sessions.
    pub sessions: usize,
    /// Persons they are spread over; as many as the study had for as many sessions where absent.
    pub persons: Option<usize>,
    /// Seed.
    pub seed: u64,
    /// How much a session holds.
    pub detail: Detail,
    /// Sessions with gold and a judge with planted confusion; neither where absent.
    pub gold: Option<usize>,
}

/// Why nothing can be simulated, or not written.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A count is 0, or there are more persons than sessions.
    #[error(
        "cannot simulate {sessions} sessions of {persons} persons: give at least one of each, and no more persons than sessions"
    )]
    Counts {
        /// Sessions asked for.
        sessions: usize,
        /// Persons asked for.
        persons: usize,
    },
    /// More gold than sessions, or none.
    #[error("cannot label {gold} of {sessions} sessions: give a number from 1 to {sessions}")]
    Gold {
        /// Sessions to be labelled.
        gold: usize,
        /// Sessions there are.
        sessions: usize,
    },
    /// A rubric has a label that the simulator cannot act out, or lacks one that it plants.
    #[error("the simulator and rubric {rubric} do not have the same labels: {label:?} is known to one of them only")]
    Label {
        /// The rubric.
        rubric: &'static str,
        /// The label.
        label: String,
    },
    /// The folder holds something else.
    #[error("{0} is not empty and holds no simulation of the same settings: choose another folder")]
    Occupied(std::path::PathBuf),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] std::io::Error),
    /// A label file cannot be written.
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// One session to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// Session id.
    pub id: String,
    /// Person, from 0.
    pub person: usize,
    /// Project, a position in the simulator's world.
    pub project: usize,
    /// Time of the first record.
    pub start: Timestamp,
    /// What is true of it.
    pub planted: Planted,
}

/// What is planted of a session beside its person and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planted {
    /// Positions of the labels, in the order of [`Question::ALL`].
    pub(super) labels: [u8; 8],
    /// Expertise from 0 to 4, also where it does not show.
    pub(super) level: u8,
    /// Price of the task in dollars.
    pub dollars: u32,
    /// Whether a line is written.
    pub writes: bool,
    /// Planning and execution decisions.
    pub decisions: [u8; 2],
    /// Those of them by the agent.
    pub by_agent: [u8; 2],
    /// Human prompts in full detail.
    pub prompts: u8,
    /// Actions in full detail.
    pub actions: usize,
    /// Output words in full detail; what is written comes near them.
    pub words: usize,
}

impl Planted {
    /// The planted label.
    #[must_use]
    pub fn label(&self, question: Question) -> &'static str {
        let position = self.position(question);
        question.labels().get(position).copied().unwrap_or_default()
    }

    /// Its position among the labels of the question.
    pub(super) fn position(&self, question: Question) -> usize {
        Question::ALL.iter().position(|known| *known == question).map_or(0, |at| usize::from(self.labels[at]))
    }

    /// Position of the work mode.
    pub(super) fn mode(&self) -> usize {
        self.position(Question::WorkMode)
    }
}

impl Planned {
    /// The person's home folder name.
    pub(super) fn person_name(&self) -> String {
        format!("p{:03}", self.person + 1)
    }

    /// `YYYY-MM` of the first record.
    pub(super) fn month(&self) -> String {
        self.start.strftime("%Y-%m").to_string()
    }
}

/// Plans all sessions of `spec`.
pub(super) fn plan(spec: SimulateSpec, rubrics: &[Rubric]) -> Result<Vec<Planned>, SimulateError> {
    let SimulateSpec { sessions, persons, seed, gold, .. } = spec;
    if let Some(persons) =
        Some(persons.unwrap_or(1)).filter(|persons| sessions == 0 || *persons == 0 || *persons > sessions)
    {
        return Err(SimulateError::Counts { sessions, persons });
    }
    if let Some(gold) = gold.filter(|gold| *gold == 0 || *gold > sessions) {
        return Err(SimulateError::Gold { gold, sessions });
    }
    for question in Question::ALL {
        if let Some(rubric) = rubrics.iter().find(|rubric| rubric.name == question.rubric()) {
            check(question, rubric)?;
        }
    }
    let persons = match persons {
        Some(persons) => people::given(sessions, persons, seed),
        None => people::study(sessions, seed),
    };
    let mut even = Even::of(seed);
    let known = persons.iter().max().map_or(0, |last| last + 1);
    let known: Vec<Person> = (0..known).map(|number| Person::of(seed, number, PROJECTS.len(), &mut even)).collect();
    let session = |(index, person): (usize, usize)| {
        let mut random = Random::of(seed, "plan", index);
        let own = &known[person];
        let mut day = even.below(("day", 0), DAYS.iter().sum());
        let time = FIRST_SECOND + day as u64 * 86_400 + 7 * 3_600 + random.below(14 * 3_600) as u64;
        let month = DAYS.iter().take_while(|days| day.checked_sub(**days).map(|left| day = left).is_some()).count();
        let milliseconds = Duration::from_millis(random.below(1_000) as u64);
        Planned {
            person,
            project: *random.pick(&own.projects),
            start: Timestamp::UNIX_EPOCH + Duration::from_secs(time) + milliseconds,
            id: random.uuid(),
            planted: draw(&mut random, &mut even, own, month),
        }
    };
    Ok(persons.into_iter().enumerate().map(session).collect())
}

/// An error where the labels of `rubric`, its abstention among them, are not those that are planted.
fn check(question: Question, rubric: &Rubric) -> Result<(), SimulateError> {
    let labels: Vec<&str> = rubric.labels().into_iter().chain(rubric.abstain_id()).collect();
    let known = question.labels();
    let strange = labels.iter().find(|label| !known.contains(label));
    match strange.or_else(|| known.iter().find(|label| !labels.contains(label))) {
        Some(label) => Err(SimulateError::Label { rubric: question.rubric(), label: (*label).to_owned() }),
        None => Ok(()),
    }
}
