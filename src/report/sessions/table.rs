//! The table itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::verdict::NoVerdict;

use super::columns::Column;

/// Marks a person, month or tier that is not known.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// What was measured on one session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::report) struct Facts {
    /// Whether the corpus has the session; all else is unknown where it has not.
    pub in_corpus: bool,
    /// Whether nothing in its file says that it was interactive.
    pub unknown_scope: bool,
    /// Inclusion weight.
    pub weight: f64,
    /// Number of its person, from 0; [`UNKNOWN`] where not known.
    pub person: u32,
    /// Position of its month in the table's list; [`UNKNOWN`] where not known.
    pub month: u32,
    /// Position of the tier of its models in the table's list; [`UNKNOWN`] where not known.
    pub tier: u32,
    /// Human prompts.
    pub prompts: u32,
    /// Tool calls of the main chain.
    pub actions: u32,
    /// Answers of the model.
    pub model_calls: u32,
    /// Words of visible text, readable thinking and tool inputs.
    pub output_words: u32,
    /// Words of visible text.
    pub visible_words: u32,
    /// Words of the person's prompts.
    pub prompt_words: u32,
    /// Lines added by edits.
    pub lines_added: u32,
    /// Lines removed by edits.
    pub lines_removed: u32,
    /// Whether commits, pull requests or tests prove success; none where nothing decides.
    pub machine_success: Option<bool>,
}

/// Numbers that a judge gave of sessions, one column each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NumberColumn {
    /// The answer to a rubric that asks for a number, by the rubric's position.
    Answer(usize),
    /// The person's share of planning decisions, 0 to 1.
    PlanningByUser,
    /// The person's share of execution decisions, 0 to 1.
    ExecutionByUser,
    /// The person's share of all decisions, 0 to 1.
    DecisionsByUser,
}

/// Labels by the reference rater on one rubric.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::report) struct Gold {
    /// Who gave them.
    pub rater: String,
    /// The labels.
    pub labels: Column,
    /// How many sessions each label stands for, where the file says so.
    pub weights: Option<Vec<f64>>,
}

/// How many items a list has, and how many of them have each option; none without an answer.
pub(in crate::report) type ListCounts = Option<Box<[u16]>>;

/// The judged sessions of a run, sorted by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StudyTable {
    pub(in crate::report) ids: Vec<Box<str>>,
    pub(in crate::report) facts: Vec<Facts>,
    /// Months that occur, sorted.
    pub(in crate::report) months: Vec<String>,
    /// Tiers of models that occur, sorted.
    pub(in crate::report) tiers: Vec<String>,
    /// Distinct persons.
    pub(in crate::report) persons: usize,
    /// Verdicts read.
    pub(in crate::report) verdicts: u64,
    /// Answers by rubric, judge (positions in the experiment) and replicate.
    pub(in crate::report) answers: BTreeMap<(usize, usize, u32), Column>,
    /// Numbers by judge.
    pub(in crate::report) numbers: BTreeMap<(usize, NumberColumn), Vec<Option<f64>>>,
    /// Answers to rubrics that ask for a list, by rubric and judge: how many items, and then how many of them have each
    /// option of each field with options.
    pub(in crate::report) lists: BTreeMap<(usize, usize), Vec<ListCounts>>,
    /// Gold by rubric.
    pub(in crate::report) gold: BTreeMap<usize, Gold>,
    /// Why a rubric with labels of other raters has no gold, by rubric.
    pub(in crate::report) no_gold: BTreeMap<usize, String>,
    /// Names in the label file that are judged sessions.
    pub(in crate::report) matched_items: BTreeSet<String>,
    /// The first message of each kind that is the provider's or the program's own, by rubric and judge.
    pub(in crate::report) messages: BTreeMap<(usize, usize), BTreeMap<NoVerdict, String>>,
}

impl StudyTable {
    /// Judged sessions, those that the corpus no longer has among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether persons are told apart, so that they are what sessions share their error with.
    pub(in crate::report) fn by_person(&self) -> bool {
        self.persons > 1
    }

    /// What session `at` shares its error with: its person, or nothing but itself where persons are not told apart.
    pub(in crate::report) fn cluster(&self, at: usize) -> u32 {
        let person = self.facts[at].person;
        if self.by_person() && person != UNKNOWN {
            return person;
        }
        u32::try_from(self.persons + at).unwrap_or(UNKNOWN)
    }

    /// The person of session `at`, where known.
    pub(in crate::report) fn person(&self, at: usize) -> Option<u32> {
        Some(self.facts[at].person).filter(|person| *person != UNKNOWN)
    }

    /// The month of session `at`, where known.
    pub(in crate::report) fn month(&self, at: usize) -> Option<usize> {
        Some(self.facts[at].month as usize).filter(|month| *month < self.months.len())
    }

    /// The tier of the models of session `at`, where known.
    pub(in crate::report) fn tier(&self, at: usize) -> Option<usize> {
        Some(self.facts[at].tier as usize).filter(|tier| *tier < self.tiers.len())
    }

    /// Whether inclusion weights differ.
    pub(in crate::report) fn weighted(&self) -> bool {
        self.facts.windows(2).any(|pair| (pair[0].weight - pair[1].weight).abs() > 1e-12)
    }
}
