//! A simulated judge as a replay file: the planted label or value through a planted error, and now and then no verdict.

use serde_json::{Map, Value, json};

use crate::rubric::{ReasonKind, Rubric};

use super::confusion::{NO_VERDICTS, row};
use super::plan::Planned;
use super::question::Question;
use super::random::Random;
use super::value::value;

/// Why the judge says what it says.
const REASON: &str = "Synthetic: what is planted, through a planted error.";

/// The line of the replay file that answers `rubric` for `planned`; none where the simulator plants nothing for it.
pub(super) fn line(planned: &Planned, rubric: &Rubric, seed: u64) -> Option<String> {
    let mut random = Random::of(seed, &format!("judge {}", rubric.name), &planned.id);
    let question = Question::ALL.into_iter().find(|question| question.rubric() == rubric.name);
    let said = match question {
        Some(question) => {
            let label = random.weighted(&row(question, planned.planted.position(question)));
            json!(question.labels()[label])
        }
        None => value(planned, &rubric.name, &mut random)?,
    };
    let mut line = json!({"session": planned.id, "rubric": rubric.name});
    let mut draw = random.unit() * 100.0;
    let kind = NO_VERDICTS.iter().find(|(_, percent)| {
        draw -= percent;
        draw < 0.0
    });
    let (key, value) = match kind.map(|(kind, _)| *kind) {
        Some("refused") => ("stop", json!("refused")),
        Some("truncated") => ("stop", json!("cut")),
        Some(_) => ("text", json!("Several labels would fit this session.")),
        None => ("answer", answer(rubric, said)),
    };
    line[key] = value;
    Some(line.to_string())
}

/// The answer as `rubric` asks for it.
fn answer(rubric: &Rubric, said: Value) -> Value {
    let mut answer = Map::new();
    if rubric.answer.reason != ReasonKind::None {
        answer.insert("reason".to_owned(), json!(REASON));
    }
    if rubric.answer.evidence {
        answer.insert("evidence".to_owned(), json!([]));
    }
    answer.insert(rubric.answer.kind.answer_key().to_owned(), said);
    Value::Object(answer)
}
