//! What two judges differ in.

use crate::report::inputs::Inputs;
use crate::rubric::OptionOrder;
use crate::run::JudgeSpec;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The first prompt alone against the whole session.
    FirstPrompt,
    /// Another cut.
    View,
    /// Labels in another order.
    OptionOrder,
    /// A planted text that argues for a label.
    Canary,
    /// Another model.
    Model,
    /// The same again.
    Repeats,
    /// The gradient of success by expertise, from the whole session and from the first prompt.
    Gradient,
}

impl Kind {
    /// The check by its name.
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::FirstPrompt => "Check: first prompt alone",
            Self::View => "Check: another cut",
            Self::OptionOrder => "Check: order of labels",
            Self::Canary => "Check: planted text",
            Self::Model => "Check: another model",
            Self::Repeats => "Check: asked again",
            Self::Gradient => "Check: gradient",
        }
    }

    /// What is shown.
    pub(super) fn caption(self) -> &'static str {
        match self {
            Self::FirstPrompt => {
                "Rated from the first prompt alone, against the whole session: how far the label needs what came after."
            }
            Self::View => "Rated with another cut of the session: how far the label rests on what is cut out.",
            Self::OptionOrder => "Rated with the labels in another order: how far the order moves the label.",
            Self::Canary => {
                "Rated with a planted text that argues for a label, against the same sessions without it: how many verdicts it moves."
            }
            Self::Model => "Rated by another model: how far the label depends on who is asked.",
            Self::Repeats => {
                "Asked again, with nothing changed: how much of a label is chance. Sessions are the units, their repeats are not \
                 independent."
            }
            Self::Gradient => {
                "Success by level of expertise, rated once from the whole session and once from the first prompt alone, over the \
                 sessions that have both. Success is read from the whole session in either case. A gradient that is gone with the \
                 first prompt is one between two readings of one transcript."
            }
        }
    }
}

/// What judges `first` and `second` differ in where they are asked about `rubric`, and whether the first is the one that is held
/// against the second; none where they differ in nothing that is checked, or in more than one thing.
pub(super) fn kind(inputs: &Inputs, rubric: &str, first: usize, second: usize) -> Option<(Kind, bool)> {
    let experiment = &inputs.run.experiment;
    let (one, other) = (&experiment.judges[first], &experiment.judges[second]);
    let view = |spec: &JudgeSpec| spec.view.clone().unwrap_or_else(|| experiment.view.clone());
    let planted = |spec: &JudgeSpec| spec.canary.clone().filter(|canary| canary.labels.contains_key(rubric));
    let (views, texts) = ((view(one), view(other)), (planted(one), planted(other)));
    let mut found = Vec::new();
    if texts.0.is_some() != texts.1.is_some() {
        found.push((Kind::Canary, texts.0.is_some()));
    } else if texts.0 != texts.1 {
        return None;
    }
    if views.0.first_prompt_only != views.1.first_prompt_only {
        found.push((Kind::FirstPrompt, views.0.first_prompt_only));
    } else if views.0 != views.1 {
        found.push((Kind::View, false));
    }
    if one.option_order != other.option_order {
        found.push((Kind::OptionOrder, one.option_order == OptionOrder::Reversed));
    }
    if one.model != other.model {
        found.push((Kind::Model, false));
    }
    if found.len() == 1 { found.pop() } else { None }
}
