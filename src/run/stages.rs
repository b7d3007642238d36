//! The stages of a run, each with its plan: what needs no other verdict first.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::prompt::Need;

use super::error::RunError;
use super::plan::{ChosenSession, Plan, PlannedJudge, Sheet, Supply};
use super::stage;

/// Units that wait for verdicts of earlier stages, by rubric.
pub(super) type Waiting = Arc<Mutex<BTreeMap<String, u64>>>;

/// The plans of a run, one a stage. A plan reads the verdicts of earlier stages when its first unit is made.
#[derive(Debug)]
pub(super) struct Stages {
    pub(super) run: String,
    pub(super) supply: Supply,
    pub(super) sessions: Vec<ChosenSession>,
    /// The sheets of each stage.
    pub(super) sheets: VecDeque<Vec<Sheet>>,
    /// The judges, in the order of their seats.
    pub(super) judges: Vec<PlannedJudge>,
    /// Where the ledger is.
    pub(super) ledger: PathBuf,
    /// What stands for verdicts that are not known, by rubric; none where units wait for them.
    pub(super) stand_ins: Option<BTreeMap<String, Need>>,
    /// Calls under way at once of one model.
    pub(super) concurrency: usize,
    pub(super) waiting: Waiting,
}

impl Stages {
    /// `sheets` by the stage of each.
    pub(super) fn sort(sheets: Vec<(usize, Sheet)>) -> VecDeque<Vec<Sheet>> {
        let mut stages: BTreeMap<usize, Vec<Sheet>> = BTreeMap::new();
        for (stage, sheet) in sheets {
            stages.entry(stage).or_default().push(sheet);
        }
        stages.into_values().collect()
    }

    /// Names of the rubrics of all stages, in the order of the stages.
    pub(super) fn rubrics(&self) -> impl Iterator<Item = &str> {
        self.sheets.iter().flatten().map(|sheet| sheet.question.rubric.name.as_str())
    }

    /// Verdicts in all on one session.
    pub(super) fn units_a_session(&self) -> u64 {
        units_a_session(self.sheets.iter().flatten(), &self.judges)
    }

    /// What stands for the verdicts that any rubric needs.
    ///
    /// # Errors
    /// When a needed rubric cannot be read.
    pub(super) fn all_stand_ins(&self, folder: &Path) -> Result<BTreeMap<String, Need>, RunError> {
        let mut all = BTreeMap::new();
        for sheet in self.sheets.iter().flatten() {
            all.extend(stage::stand_ins(&sheet.question.rubric, folder)?);
        }
        Ok(all)
    }
}

impl Iterator for Stages {
    type Item = Plan;

    fn next(&mut self) -> Option<Plan> {
        let sheets = self.sheets.pop_front()?;
        let units = usize::try_from(units_a_session(sheets.iter(), &self.judges)).unwrap_or(usize::MAX);
        Some(Plan {
            run: self.run.clone(),
            supply: self.supply.clone(),
            sessions: self.sessions.clone().into_iter(),
            sheets: sheets.into(),
            judges: self.judges.clone(),
            ledger: self.ledger.clone(),
            stand_ins: self.stand_ins.clone(),
            earlier: None,
            waiting: Arc::clone(&self.waiting),
            ready: VecDeque::new(),
            followers: VecDeque::new(),
            ahead: (2 * self.concurrency).div_ceil(units.max(1)).max(1),
        })
    }
}

fn units_a_session<'a>(sheets: impl Iterator<Item = &'a Sheet>, judges: &[PlannedJudge]) -> u64 {
    let of = |sheet: &Sheet| {
        let asked = judges.iter().filter(|judge| judge.sources.contains_key(&sheet.question.rubric.name));
        asked.map(|judge| u64::from(judge.repeats)).sum::<u64>()
    };
    sheets.map(of).sum()
}

/// The rubrics of which units wait, and how many.
pub(super) fn waiting(waiting: &Waiting) -> BTreeMap<String, u64> {
    std::mem::take(&mut waiting.lock().unwrap_or_else(PoisonError::into_inner))
}
