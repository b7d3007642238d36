//! How a judge is shown sessions and rubrics, where it is other than the experiment says.

use crate::rubric::{OptionOrder, Rubric};
use crate::session::Session;
use crate::view::{self, CanaryPlace, CanarySpec, CanaryWording, View, ViewSpec};

use super::experiment::JudgeSpec;

/// What a judge sees of a session and in which order it reads labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Showing {
    pub(super) view: ViewSpec,
    pub(super) order: OptionOrder,
    pub(super) canary: Option<CanarySpec>,
}

impl Showing {
    /// How `judge` is shown sessions; `view` is the experiment's.
    pub(super) fn of(judge: &JudgeSpec, view: &ViewSpec) -> Self {
        let view = judge.view.as_ref().unwrap_or(view).clone();
        Self { view, order: judge.option_order, canary: judge.canary.clone() }
    }

    /// Checks that a canary argues for labels that are there.
    ///
    /// # Errors
    /// What is wrong and what there is.
    pub(super) fn check(judge: &JudgeSpec, rubrics: &[&Rubric]) -> Result<(), String> {
        for (name, label) in judge.canary.iter().flat_map(|canary| &canary.labels) {
            let known = match rubrics.iter().find(|rubric| rubric.name == *name) {
                Some(rubric) if rubric.labels().contains(&label.as_str()) => continue,
                Some(rubric) => format!("{name} has the labels {}", rubric.labels().join(", ")),
                None => format!("the experiment has no rubric {name}"),
            };
            return Err(format!("judge {}: canary argues for {label} in {name}: {known}", judge.name()));
        }
        Ok(())
    }

    /// What tells sessions shown apart where `rubric` is asked about.
    pub(super) fn seen(&self, rubric: &str) -> Seen<'_> {
        let planted = |canary: &'_ CanarySpec| Some((canary.labels.get(rubric)?.clone(), canary.place, canary.wording));
        Seen { view: &self.view, planted: self.canary.as_ref().and_then(planted) }
    }
}

/// A way to show a session.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen<'a> {
    view: &'a ViewSpec,
    planted: Option<(String, CanaryPlace, CanaryWording)>,
}

impl Seen<'_> {
    /// `session` shown so.
    pub(super) fn render(&self, session: &Session) -> View {
        match &self.planted {
            None => view::render(session, self.view),
            Some((label, place, wording)) => view::render(&view::plant(session, label, *place, *wording), self.view),
        }
    }
}
