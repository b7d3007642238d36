//! The slope of verified success by expertise (Table A1), when outcome, level and controls are all as a judge says.
//!
//! Predict-then-debias (Kluger and others 2025): the slope in gold, and the judge's slope on the other sessions less that on the
//! sessions with gold, which counts by as much as makes the variance least. Errors are summed by person.

use std::collections::BTreeMap;

use assize::simulate::Question as Q;
use assize::stats::Influence;
use assize::stats::regression::{Linear, LinearSample};

use crate::figures::{Ending, Seen, ended, goal};
use crate::numbers::{Number, Source};

/// Points of a hundred per level.
const POINTS: f64 = 100.0;

/// How a column of Table A1 is called, its slope in points, and what stands beside the level in it.
const COLUMNS: [(&str, f64, Controls); 3] = [
    ("column 1: no controls", 4.26, Controls::None),
    ("column 2: within work mode x value band", 5.07, Controls::Tasks),
    ("column 5: and month, occupation of the work, software occupation, side by side", 3.79, Controls::All),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Controls {
    None,
    Tasks,
    All,
}

/// Sessions as one rater sees them: outcome and level, the cell in each control, and the person.
#[derive(Default)]
struct Rows<'a> {
    outcomes: Vec<f64>,
    levels: Vec<f64>,
    effects: Vec<Vec<u32>>,
    persons: Vec<&'a str>,
}

/// Position of the value's band (docs/task-value.md).
pub fn band(dollars: f64) -> u32 {
    [200.0, 1_000.0, 5_000.0].iter().map(|least| u32::from(dollars >= *least)).sum()
}

/// Cells of a session in the controls: work mode by value band, month, occupation of the work, and whether the person's
/// occupation is software, another one, or not told.
pub fn cells(seen: &Seen, dollars: f64) -> Option<Vec<u32>> {
    let position = |question: Q| {
        let label = seen.label(question)?;
        u32::try_from(question.labels().iter().position(|known| *known == label)?).ok()
    };
    let month = seen.month.replace('-', "").parse::<u32>().ok()?;
    let user = match seen.label(Q::OccupationUser)? {
        "computer_mathematical" => 0,
        "unclear" => 1,
        _ => 2,
    };
    Some(vec![position(Q::WorkMode)? * 4 + band(dollars), month - 202_500, position(Q::OccupationWork)?, user])
}

impl<'a> Rows<'a> {
    /// Puts a session in, unless it has no clear goal or no level, or a part has no verdict.
    fn put(&mut self, seen: &'a Seen, dollars: Option<f64>, controls: Controls) {
        let verified = goal(seen).filter(|goal| *goal).and_then(|_| ended(seen, Ending::Verified));
        let level = seen.label(Q::Expertise).and_then(|level| level.parse::<f64>().ok());
        let cells = match controls {
            Controls::None => Some(Vec::new()),
            Controls::Tasks => dollars.and_then(|dollars| cells(seen, dollars)).map(|cells| cells[..1].to_vec()),
            Controls::All => dollars.and_then(|dollars| cells(seen, dollars)),
        };
        if let (Some(verified), Some(level), Some(cells)) = (verified, level, cells) {
            self.outcomes.push(f64::from(u8::from(verified)));
            self.levels.push(level);
            self.effects.resize(cells.len(), Vec::new());
            self.effects.iter_mut().zip(cells).for_each(|(effect, cell)| effect.push(cell));
            self.persons.push(&seen.person);
        }
    }

    fn slope(&self) -> Option<Influence> {
        let columns = [self.levels.clone()];
        let sample =
            LinearSample { outcomes: &self.outcomes, columns: &columns, effects: &self.effects, weights: None };
        Linear::fit(sample).ok()?.coefficients.into_iter().next()
    }
}

/// The slopes planted, raw and corrected.
pub fn slopes(source: &Source<'_>, judged: &BTreeMap<String, Seen>) -> Vec<Number> {
    let one = |(name, published, controls): (&str, f64, Controls)| {
        let mut sides: [Rows<'_>; 5] = Default::default();
        let [planted, all, others, on_gold, gold] = &mut sides;
        for (id, seen) in source.truth {
            planted.put(seen, source.planted[id][2], controls);
            let said = source.judged.get(id).and_then(|said| said[2]);
            all.put(&judged[id], said, controls);
            if let Some(seen) = source.gold.get(id) {
                gold.put(seen, source.planted[id][2], controls);
                on_gold.put(&judged[id], said, controls);
            } else {
                others.put(&judged[id], said, controls);
            }
        }
        let value = |rows: &Rows<'_>| rows.slope().map_or(f64::NAN, |slope| POINTS * slope.value);
        Number {
            name: format!("verified success per level, points; {name}"),
            published: (published, "stated"),
            planted: value(planted),
            raw: value(all),
            corrected: debiased(gold, on_gold, others).map(|ends| ends.map(|end| POINTS * end)),
            gold: gold.outcomes.len(),
        }
    };
    COLUMNS.into_iter().map(one).collect()
}

/// The debiased slope with its 95 % interval.
fn debiased(gold: &Rows<'_>, on_gold: &Rows<'_>, others: &Rows<'_>) -> Option<[f64; 3]> {
    let (truth, on_gold_slope, others_slope) = (gold.slope()?, on_gold.slope()?, others.slope()?);
    // By person: the pull on the slope in gold, and on the judge's slope there less that elsewhere.
    let mut pulls: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for (rows, slope, at, sign) in
        [(gold, &truth, 0, 1.0), (on_gold, &on_gold_slope, 1, 1.0), (others, &others_slope, 1, -1.0)]
    {
        for (person, pull) in rows.persons.iter().zip(&slope.by_item) {
            pulls.entry(person).or_default()[at] += sign * pull.unwrap_or_default();
        }
    }
    let sum = |of: &dyn Fn(&[f64; 2]) -> f64| pulls.values().map(of).sum::<f64>();
    let factor = sum(&|pull| pull[0] * pull[1]) / sum(&|pull| pull[1] * pull[1]);
    let value = truth.value - factor * (on_gold_slope.value - others_slope.value);
    let persons = pulls.len() as f64;
    let error = (persons / (persons - 1.0) * sum(&|pull| (pull[0] - factor * pull[1]).powi(2))).sqrt();
    Some([value, value - 1.96 * error, value + 1.96 * error])
}
