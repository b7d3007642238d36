//! All checks of a run.

use crate::report::inputs::Inputs;
use crate::report::study::model::{Exhibit, Form, Panel};

use super::gradient::gradients;
use super::kind::{Kind, kind};
use super::pairs::{Pair, pair};
use super::repeats::repeats;

/// Names of judges as they are shown.
pub(super) type Names<'a> = &'a dyn Fn(&str) -> String;

/// The checks of a run; `names` says how a judge is called.
pub(in crate::report) fn build(inputs: &Inputs, names: Names<'_>) -> Vec<Exhibit> {
    let judges = &inputs.run.experiment.judges;
    let mut found = gradients(inputs, names);
    for (number, rubric) in inputs.rubrics.iter().enumerate() {
        for first in 0..judges.len() {
            for second in first + 1..judges.len() {
                let answered = |by: usize| inputs.table.answers.contains_key(&(number, by, 1));
                if !answered(first) || !answered(second) {
                    continue;
                }
                let Some((kind, turned)) = kind(inputs, &rubric.name, first, second) else { continue };
                let (base, other) = if turned { (second, first) } else { (first, second) };
                found.extend(pair(inputs, &Pair { number, base, other, kind }, names));
            }
        }
        found.extend(repeats(inputs, number, names));
    }
    found
}

/// An exhibit of a check.
pub(super) fn exhibit(id: String, title: &str, kind: Kind, form: Form, panels: Vec<Panel>) -> Exhibit {
    Exhibit {
        id,
        number: kind.number().to_owned(),
        title: title.to_owned(),
        caption: kind.caption().to_owned(),
        form,
        needs: Vec::new(),
        correction: None,
        panels,
        notes: Vec::new(),
    }
}
