//! Filling the table from streams.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use crate::corpus::SessionRow;
use crate::estimate::{DecisionCounts, EstimateError, reference_rater};
use crate::gold::Ratings;
use crate::rubric::{ListForm, Rubric};
use crate::session::Scope;
use crate::verdict::{NoVerdict, Outcome, Verdict};

use super::columns::{Answer, Column};
use super::table::{Facts, Gold, NumberColumn, StudyTable, UNKNOWN};
use super::tier::tier;
use crate::report::error::ReportError;

/// Makes a [`StudyTable`]: all verdicts first, then the rows of the corpus, each in any order.
#[derive(Debug)]
pub struct TableBuilder<'a> {
    rubrics: &'a [Rubric],
    judges: Vec<&'a str>,
    gold: Option<&'a Ratings>,
    /// Names of items in the label file, without the ending of compression.
    gold_items: BTreeSet<&'a str>,
    found: HashMap<Box<str>, usize>,
    persons: HashMap<String, u32>,
    months: BTreeMap<String, u32>,
    tiers: BTreeMap<String, u32>,
    /// The session of every item of the label file that is one.
    items: HashMap<&'a str, usize>,
    table: StudyTable,
}

/// A file is named with or without the ending of its compression.
fn plain(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

/// The shares of decisions in a list of them.
fn decisions(list: &Value) -> Vec<(NumberColumn, f64)> {
    let Ok(counts) = DecisionCounts::of(list) else { return Vec::new() };
    let columns = [
        (NumberColumn::PlanningByUser, counts.planning().user_share()),
        (NumberColumn::ExecutionByUser, counts.execution().user_share()),
        (NumberColumn::DecisionsByUser, counts.overall().user_share()),
    ];
    columns.into_iter().filter_map(|(column, share)| Some((column, share?))).collect()
}

/// How many items a list has, and how many of them have each option of each field with options.
fn list_counts(form: &ListForm, list: &Value) -> Box<[u16]> {
    let items = || list.as_array().into_iter().flatten();
    let short = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let options = form.items.iter().flat_map(|field| field.choice.iter().flatten().map(move |option| (field, option)));
    let of_option = options.map(|(field, option)| {
        short(items().filter(|item| item.get(&field.name).and_then(Value::as_str) == Some(option.id.as_str())).count())
    });
    std::iter::once(short(items().count())).chain(of_option).collect()
}

impl<'a> TableBuilder<'a> {
    /// For the rubrics and judges of a run, in the experiment's order, and the labels of other raters.
    #[must_use]
    pub fn new(rubrics: &'a [Rubric], judges: impl IntoIterator<Item = &'a str>, gold: Option<&'a Ratings>) -> Self {
        Self {
            rubrics,
            judges: judges.into_iter().collect(),
            gold,
            gold_items: gold.iter().flat_map(|gold| &gold.rows).map(|rating| plain(&rating.item)).collect(),
            found: HashMap::new(),
            persons: HashMap::new(),
            months: BTreeMap::new(),
            tiers: BTreeMap::new(),
            items: HashMap::new(),
            table: StudyTable::default(),
        }
    }

    /// Takes one verdict.
    ///
    /// # Errors
    /// When its label, rubric or judge is unknown, or its unit has a verdict already.
    pub fn verdict(&mut self, verdict: &Verdict) -> Result<(), ReportError> {
        let Verdict { session, rubric, judge, replicate, .. } = verdict;
        let no_rubric = || ReportError::NoRubric(rubric.clone());
        let number = self.rubrics.iter().position(|known| known.name == *rubric).ok_or_else(no_rubric)?;
        let by =
            self.judges.iter().position(|known| *known == judge).ok_or_else(|| ReportError::NoJudge(judge.clone()))?;
        let answer = match &verdict.outcome {
            Outcome::Label { label, .. } => {
                let mut options = self.rubrics[number].answer.options.iter();
                let position = options.position(|option| option.id == *label);
                Answer::Label(position.ok_or_else(|| ReportError::UnknownLabel {
                    judge: judge.clone(),
                    session: session.clone(),
                    rubric: rubric.clone(),
                    label: label.clone(),
                })?)
            }
            Outcome::Value { .. } => Answer::Value,
            Outcome::None { kind, detail } => {
                // Other kinds carry words about a session's content.
                if matches!(kind, NoVerdict::Failed | NoVerdict::TooLong | NoVerdict::Stopped) {
                    let line = || detail.lines().next().unwrap_or_default().chars().take(200).collect();
                    self.table.messages.entry((number, by)).or_default().entry(*kind).or_insert_with(line);
                }
                Answer::None(*kind)
            }
        };
        let at = self.row_of(session);
        self.table.verdicts += 1;
        if let Some(value) = verdict.outcome.value().filter(|_| *replicate == 1) {
            self.value(at, (number, by), value);
        }
        if self.table.answers.entry((number, by, *replicate)).or_default().set(at, answer) {
            return Ok(());
        }
        let (judge, session, rubric) = (judge.clone(), session.clone(), rubric.clone());
        Err(ReportError::Duplicate { judge, session, rubric, replicate: *replicate })
    }

    fn value(&mut self, at: usize, (rubric, judge): (usize, usize), value: &Value) {
        if let Some(number) = value.as_f64() {
            self.number(at, judge, NumberColumn::Answer(rubric), number);
        }
        let known = &self.rubrics[rubric];
        if let Some(form) = &known.answer.list {
            let lists = self.table.lists.entry((rubric, judge)).or_default();
            lists.resize(lists.len().max(at + 1), None);
            lists[at] = Some(list_counts(form, value));
        }
        if known.name == "decisions" {
            for (column, share) in decisions(value) {
                self.number(at, judge, column, share);
            }
        }
    }

    fn number(&mut self, at: usize, judge: usize, column: NumberColumn, value: f64) {
        let numbers = self.table.numbers.entry((judge, column)).or_default();
        numbers.resize(numbers.len().max(at + 1), None);
        numbers[at] = Some(value).filter(|value| value.is_finite());
    }

    fn row_of(&mut self, session: &str) -> usize {
        if let Some(at) = self.found.get(session) {
            return *at;
        }
        let at = self.found.len();
        self.found.insert(session.into(), at);
        self.table.facts.push(Facts {
            in_corpus: false,
            unknown_scope: false,
            weight: 1.0,
            person: UNKNOWN,
            month: UNKNOWN,
            tier: UNKNOWN,
            prompts: 0,
            actions: 0,
            model_calls: 0,
            output_words: 0,
            visible_words: 0,
            prompt_words: 0,
            lines_added: 0,
            lines_removed: 0,
            machine_success: None,
        });
        at
    }

    /// Takes one session of the corpus; those without a verdict are passed over.
    pub fn session(&mut self, row: &SessionRow) {
        let Some(at) = self.found.get(row.id.as_str()).copied() else { return };
        for name in [row.id.as_str(), plain(&row.file)] {
            if let Some(item) = self.gold_items.get(name) {
                self.items.insert(item, at);
            }
        }
        let next = u32::try_from(self.persons.len()).unwrap_or(UNKNOWN);
        let person = row.person.as_ref().map_or(UNKNOWN, |person| *self.persons.entry(person.clone()).or_insert(next));
        let month = row.started_at.as_deref().and_then(|time| time.get(..7));
        let next = u32::try_from(self.months.len()).unwrap_or(UNKNOWN);
        let month = month.map_or(UNKNOWN, |month| *self.months.entry(month.to_owned()).or_insert(next));
        let next = u32::try_from(self.tiers.len()).unwrap_or(UNKNOWN);
        let tier = tier(&row.models).map_or(UNKNOWN, |tier| *self.tiers.entry(tier).or_insert(next));
        let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let measures = &row.measures;
        self.table.facts[at] = Facts {
            in_corpus: true,
            unknown_scope: row.scope == Scope::Unknown,
            weight: 1.0,
            person,
            month,
            tier,
            prompts: short(measures.prompts),
            actions: short(measures.actions),
            model_calls: short(measures.model_calls),
            output_words: short(measures.output_words),
            visible_words: short(measures.visible_words),
            prompt_words: short(measures.prompt_words),
            lines_added: short(measures.lines_added),
            lines_removed: short(measures.lines_removed),
            machine_success: row.evidence.machine_success,
        };
    }

    /// The table, with inclusion weights that are not 1, by session, and with the labels of `reference`, or of the file's own
    /// reference rater, as gold.
    ///
    /// # Errors
    /// When gold has labels that its rubric does not have, or weights on some rows only.
    pub fn finish(
        mut self,
        weights: &BTreeMap<String, f64>,
        reference: Option<&str>,
    ) -> Result<StudyTable, ReportError> {
        for (session, weight) in weights {
            if let Some(at) = self.found.get(session.as_str()) {
                self.table.facts[*at].weight = *weight;
            }
        }
        for number in 0..self.rubrics.len() {
            self.take_gold(number, reference)?;
        }
        let mut names: Vec<(Box<str>, usize)> = self.found.into_iter().collect();
        names.sort_unstable();
        let order: Vec<usize> = names.iter().map(|(_, at)| *at).collect();
        let mut table = self.table;
        table.ids = names.into_iter().map(|(name, _)| name).collect();
        table.facts = order.iter().map(|at| table.facts[*at]).collect();
        // Persons, months and tiers are numbered anew, so that nothing depends on the order in which sessions came.
        let mut persons: HashMap<u32, u32> = HashMap::new();
        let [months, tiers] = [&self.months, &self.tiers].map(|known| known.values().copied().collect::<Vec<u32>>());
        let place = |known: &[u32], old: u32| {
            known.iter().position(|one| *one == old).and_then(|at| u32::try_from(at).ok()).unwrap_or(UNKNOWN)
        };
        for facts in &mut table.facts {
            if facts.person != UNKNOWN {
                let next = u32::try_from(persons.len()).unwrap_or(UNKNOWN);
                facts.person = *persons.entry(facts.person).or_insert(next);
            }
            facts.month = place(&months, facts.month);
            facts.tier = place(&tiers, facts.tier);
        }
        table.persons = persons.len();
        table.months = self.months.into_keys().collect();
        table.tiers = self.tiers.into_keys().collect();
        table.answers.values_mut().for_each(|column| *column = column.reordered(&order));
        for gold in table.gold.values_mut() {
            gold.labels = gold.labels.reordered(&order);
            if let Some(weights) = &mut gold.weights {
                *weights = order.iter().map(|at| weights[*at]).collect();
            }
        }
        for numbers in table.numbers.values_mut() {
            *numbers = order.iter().map(|at| numbers.get(*at).copied().flatten()).collect();
        }
        for lists in table.lists.values_mut() {
            *lists = order.iter().map(|at| lists.get_mut(*at).and_then(Option::take)).collect();
        }
        table.matched_items = self.items.keys().map(|item| (*item).to_owned()).collect();
        Ok(table)
    }

    fn take_gold(&mut self, number: usize, reference: Option<&str>) -> Result<(), ReportError> {
        let rubric = &self.rubrics[number];
        let Some(gold) = self.gold else { return Ok(()) };
        let part = gold.of_rubric(&rubric.name);
        if part.rows.is_empty() {
            return Ok(());
        }
        let rater = match reference_rater(&part, rubric, reference) {
            Ok(rater) => rater,
            Err(error @ (EstimateError::ManyRaters { .. } | EstimateError::NoRater { .. })) => {
                self.table.no_gold.insert(number, error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let rows = part.rows.iter().filter(|row| row.rater == rater && row.replicate.unwrap_or(1) == 1);
        let mut labels = Column::default();
        let mut weights = vec![1.0; self.table.facts.len()];
        let (mut given, mut weighted) = (0, 0);
        for row in rows.filter(|row| rubric.abstain_id() != Some(row.label.as_str())) {
            let position = rubric.answer.options.iter().position(|option| option.id == row.label);
            let position = position.ok_or_else(|| ReportError::UnknownLabel {
                judge: rater.clone(),
                session: row.item.clone(),
                rubric: rubric.name.clone(),
                label: row.label.clone(),
            })?;
            given += 1;
            weighted += usize::from(row.weight.is_some());
            if let Some(at) = self.items.get(plain(&row.item)) {
                labels.set(*at, Answer::Label(position));
                weights[*at] = row.weight.unwrap_or(1.0);
            }
        }
        if weighted > 0 && weighted < given {
            let rubric = rubric.name.clone();
            return Err(EstimateError::SomeWeights { rubric, with: weighted, all: given }.into());
        }
        let weights = Some(weights).filter(|_| weighted > 0);
        self.table.gold.insert(number, Gold { rater, labels, weights });
        Ok(())
    }
}
