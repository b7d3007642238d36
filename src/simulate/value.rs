//! Answers of the simulated judge that are no labels: decisions, the posting, and its price.

use serde_json::{Value, json};

use super::confusion::{BY_OTHER, PRICE};
use super::plan::Planned;
use super::question::Question;
use super::random::Random;

/// Kinds of decisions, in the order of the planted counts.
const KINDS: [&str; 2] = ["planning", "execution"];
/// Who makes them.
const WHO: [&str; 2] = ["user", "agent"];

/// The value that the judge answers to `rubric`, before its frame; none where the simulator plants nothing for it.
pub(super) fn value(planned: &Planned, rubric: &str, random: &mut Random) -> Option<Value> {
    match rubric {
        "decisions" => Some(decisions(planned, random)),
        "task_posting" => Some(posting(planned)),
        "task_value" => Some(json!(price(planned, random))),
        _ => None,
    }
}

/// As many decisions as are planted, some of them ascribed to the wrong side.
fn decisions(planned: &Planned, random: &mut Random) -> Value {
    let truth = &planned.planted;
    let mut all = Vec::new();
    for (kind, name) in KINDS.iter().enumerate() {
        for number in 0..truth.decisions[kind] {
            let by_agent = number < truth.by_agent[kind];
            let taken_for_other = random.chance(BY_OTHER[kind][usize::from(by_agent)] / 100.0);
            let by = WHO[usize::from(by_agent != taken_for_other)];
            all.push(json!({"turn": 1, "type": name, "by": by, "what": "synthetic"}));
        }
    }
    Value::Array(all)
}

fn posting(planned: &Planned) -> Value {
    let mode = planned.planted.label(Question::WorkMode);
    json!({
        "title": format!("Synthetic posting of {mode} work"),
        "description": format!("Synthetic. This stands for a piece of {mode} work of session {}.", planned.id),
        "skills": ["synthetic", mode, "code"],
    })
}

/// The planted price through a planted error.
fn price(planned: &Planned, random: &mut Random) -> f64 {
    let [bias, spread] = PRICE;
    let error = bias * (spread * random.normal()).exp();
    (f64::from(planned.planted.dollars) * error).round().clamp(10.0, 50_000.0)
}
