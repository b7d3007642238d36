//! What an execution would ask, and what that would cost, before anything is sent.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;

use crate::ledger::{Ledger, LedgerError, Lengths};
use crate::provider::{Access, Form, Provider, Request};

use super::error::RunError;
use super::estimate_cost::{Amounts, Assumed, Sketch, Start, learned};
use super::execute::{Order, Prepared};
use super::experiment::{Experiment, Mode};
use super::folder;
use super::identity;
use super::plan::Unit;
use super::stages::Stages;

/// Sessions beyond which a part of them, evenly spaced by id, stands for all.
const MOST_SESSIONS: usize = 2_000;
/// Units of the ledger whose answers are looked at.
const MOST_UNITS: u32 = 10_000;

/// What one judge would be asked on one rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EstimateCell {
    /// Judge name.
    pub judge: String,
    /// Rubric name.
    pub rubric: String,
    /// Units.
    pub units: u64,
    /// Units that the ledger holds an answer to.
    pub recorded: u64,
    /// Earlier calls that the length of answers is learned from; 0 where nothing is known.
    pub learned_from: u64,
    /// As little as is likely.
    pub low: Amounts,
    /// As expected.
    pub expected: Amounts,
    /// As much as is likely.
    pub high: Amounts,
}

/// What an execution would ask, and what that would cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Version of this form.
    pub version: u32,
    /// The run that it would be.
    pub run: String,
    /// How the judges would be asked; in batches, prices are those of batches.
    pub mode: Mode,
    /// Sessions judged.
    pub sessions: u64,
    /// Sessions whose prompts were rendered; the others are taken to be like them.
    pub rendered_sessions: u64,
    /// What the run paid so far, in millionths of a dollar.
    pub paid_micro_dollars: u64,
    /// By judge and rubric.
    pub cells: Vec<EstimateCell>,
    /// As little as is likely, in all.
    pub low: Amounts,
    /// As expected, in all.
    pub expected: Amounts,
    /// As much as is likely, in all.
    pub high: Amounts,
}

/// Estimates what [`execute`](super::execute()) would send for `order`. Sends and writes nothing, and needs no key.
///
/// # Errors
/// When something cannot be read, or a model is not one.
pub fn estimate(order: Order<'_>) -> Result<Estimate, RunError> {
    let experiment = Experiment { budget: None, ..order.experiment.clone() };
    let key = |key: &Option<SecretString>| Some(key.clone().unwrap_or_else(|| SecretString::from("none")));
    let access = Access {
        anthropic_key: key(&order.access.anthropic_key),
        openai_key: key(&order.access.openai_key),
        ..order.access.clone()
    };
    let Prepared { record, stages, judges, .. } =
        Prepared::new(Order { experiment: &experiment, access: &access, ..order })?;
    let ledger = match Ledger::open(&folder::ledger(order.results)) {
        Ok(ledger) => Some(ledger),
        Err(LedgerError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let sessions = stages.sessions.len();
    let step = sessions.div_ceil(MOST_SESSIONS).max(1);
    let chosen: Vec<_> = stages.sessions.iter().step_by(step).cloned().collect();
    let rendered = chosen.len();
    let stages = Stages { sessions: chosen, stand_ins: Some(stages.all_stand_ins(order.folder)?), ..stages };
    let scale = sessions as f64 / rendered.max(1) as f64;

    let mut columns = Vec::new();
    for (seat, judge) in judges.iter().enumerate() {
        for rubric in stages.rubrics().filter(|rubric| judge.sources.contains_key(*rubric)) {
            let lengths = ledger.as_ref().map(|ledger| ledger.lengths(&judge.model, rubric, MOST_UNITS)).transpose()?;
            columns.push(Column {
                seat,
                judge: judge.name.clone(),
                rubric: rubric.to_owned(),
                provider: Arc::clone(&judge.provider),
                max_output_tokens: judge.params.max_output_tokens,
                units: sessions as u64 * u64::from(judge.repeats),
                lengths: lengths.unwrap_or_default(),
                recorded: 0,
                seen: (0, 0),
                sketches: Vec::new(),
            });
        }
    }
    for unit in stages.flatten() {
        let unit = unit?;
        if unit.unmet.is_some() {
            continue;
        }
        let own = |column: &&mut Column| column.seat == unit.seat && column.rubric == unit.place.rubric;
        if let Some(column) = columns.iter_mut().find(own) {
            column.take(&unit, ledger.as_ref())?;
        }
    }
    let cells: Vec<EstimateCell> = columns.iter().map(|column| column.cell(&columns, scale)).collect();
    let total = |which: fn(&EstimateCell) -> &Amounts| cells.iter().map(which).fold(Amounts::NOTHING, Amounts::plus);
    let (low, expected, high) = (total(|cell| &cell.low), total(|cell| &cell.expected), total(|cell| &cell.high));
    Ok(Estimate {
        version: 1,
        paid_micro_dollars: ledger.map_or(Ok(0), |ledger| ledger.paid(&record.id).map(|paid| paid.micro_dollars))?,
        run: record.id,
        mode: experiment.mode,
        sessions: sessions as u64,
        rendered_sessions: rendered as u64,
        cells,
        low,
        expected,
        high,
    })
}

/// What is found out of one judge and rubric.
struct Column {
    seat: usize,
    judge: String,
    rubric: String,
    provider: Arc<Provider>,
    max_output_tokens: u32,
    units: u64,
    lengths: Lengths,
    recorded: u64,
    /// Input tokens of earlier calls, and the bytes of their requests.
    seen: (u64, u64),
    sketches: Vec<Sketch>,
}

impl Column {
    /// Takes in a unit: it is recorded, or its request would be sent.
    fn take(&mut self, unit: &Unit, ledger: Option<&Ledger>) -> Result<(), RunError> {
        let form = self.provider.forms().first().copied().unwrap_or(Form::Plain);
        let request = || unit.request.clone().unwrap_or_else(|| self.provider.request(&unit.ask(), form));
        let Some(ledger) = ledger else {
            self.send(unit, &request());
            return Ok(());
        };
        let request = request();
        let call = identity::call(&request, unit.place.replicate);
        let decided = ledger.decision(&unit.place.unit)?;
        if let Some(tokens) = ledger.input_tokens(&call)? {
            self.seen = (self.seen.0 + tokens, self.seen.1 + request.body.len() as u64);
            self.recorded += 1;
        } else if decided.is_some() {
            self.recorded += 1;
        } else {
            self.send(unit, &request);
        }
        Ok(())
    }

    fn send(&mut self, unit: &Unit, request: &Request) {
        let escaped = |text: &str| serde_json::to_string(text).map_or(text.len(), |text| text.len());
        let cached = self.provider.price().is_some_and(crate::provider::Price::has_cache);
        let (beginning, start) = match unit.prefix.as_ref().filter(|_| cached) {
            Some(prefix) => {
                let beginning = escaped(&unit.prompt.system) + escaped(&unit.prompt.session);
                (beginning.min(request.body.len()), if prefix.is_first() { Start::Writes } else { Start::Reads })
            }
            None => (0, Start::Plain),
        };
        self.sketches.push(Sketch { beginning, rest: request.body.len() - beginning, start });
    }

    /// The estimate; what other columns of the judge saw is learned from too.
    fn cell(&self, columns: &[Self], scale: f64) -> EstimateCell {
        let own = columns.iter().filter(|column| column.seat == self.seat);
        let seen = own.fold((0, 0), |sum, column| (sum.0 + column.seen.0, sum.1 + column.seen.1));
        let assumed = Assumed::range(seen, &self.lengths, self.max_output_tokens);
        let amounts = |assumed: Assumed| {
            if !self.provider.is_remote() {
                return Amounts { calls: scaled(self.sketches.len() as u64, scale), ..Amounts::NOTHING };
            }
            assumed.amounts(&self.sketches, scale, |tokens| self.provider.micro_dollars(tokens))
        };
        let [low, expected, high] = match (assumed, self.provider.batch_limits()) {
            // Caching is best effort in batches: it may come, and is not reckoned with.
            ([low, expected, high], Some(_)) => [low, expected.without_hits(), high],
            (assumed, None) => assumed,
        }
        .map(amounts);
        EstimateCell {
            judge: self.judge.clone(),
            rubric: self.rubric.clone(),
            units: self.units,
            recorded: scaled(self.recorded, scale).min(self.units),
            learned_from: learned(&self.lengths),
            low,
            expected,
            high,
        }
    }
}

/// `count` of the sessions rendered, for all of them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn scaled(count: u64, scale: f64) -> u64 {
    (count as f64 * scale).round() as u64
}
