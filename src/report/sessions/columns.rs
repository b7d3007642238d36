//! Answers as small integers, one column a rubric, judge and replicate.

use crate::verdict::NoVerdict;

/// Codes from here on are kinds of no-verdict, in the order of [`NoVerdict::ALL`].
const FIRST_KIND: u16 = 65_000;

/// The judge has no verdict on the session at all.
const NOT_JUDGED: u16 = u16::MAX;

/// An answer that is no label but a value, which is kept elsewhere.
const VALUE: u16 = u16::MAX - 1;

/// What a column says of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Answer {
    /// A label, by its position in the rubric's scale.
    Label(usize),
    /// A number, text, list or object.
    Value,
    /// No verdict.
    None(NoVerdict),
    /// The run did not come to it.
    NotJudged,
}

/// One answer a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::report) struct Column(Vec<u16>);

impl Column {
    /// What it says of session `at`.
    pub(in crate::report) fn get(&self, at: usize) -> Answer {
        match self.0.get(at).copied().unwrap_or(NOT_JUDGED) {
            NOT_JUDGED => Answer::NotJudged,
            VALUE => Answer::Value,
            kind @ FIRST_KIND.. => {
                NoVerdict::ALL.get(usize::from(kind - FIRST_KIND)).map_or(Answer::NotJudged, |kind| Answer::None(*kind))
            }
            label => Answer::Label(usize::from(label)),
        }
    }

    /// The label of session `at`, where there is one.
    pub(in crate::report) fn label(&self, at: usize) -> Option<usize> {
        match self.get(at) {
            Answer::Label(label) => Some(label),
            _ => None,
        }
    }

    /// Says `answer` of session `at`; whether nothing was said of it before.
    pub(super) fn set(&mut self, at: usize, answer: Answer) -> bool {
        let code = match answer {
            Answer::Label(label) => u16::try_from(label).unwrap_or(FIRST_KIND - 1).min(FIRST_KIND - 1),
            Answer::Value => VALUE,
            Answer::None(kind) => {
                let kind = NoVerdict::ALL.iter().position(|known| *known == kind).unwrap_or_default();
                FIRST_KIND + u16::try_from(kind).unwrap_or_default()
            }
            Answer::NotJudged => NOT_JUDGED,
        };
        if self.0.len() <= at {
            self.0.resize(at + 1, NOT_JUDGED);
        }
        let is_new = self.0[at] == NOT_JUDGED;
        self.0[at] = code;
        is_new
    }

    /// The column with its sessions in another order: `order` has the old position of every new one.
    pub(super) fn reordered(&self, order: &[usize]) -> Self {
        Self(order.iter().map(|at| self.0.get(*at).copied().unwrap_or(NOT_JUDGED)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_comes_back_and_is_said_once() {
        let mut column = Column::default();
        let answers = [Answer::Label(0), Answer::Label(22), Answer::Value].into_iter();
        let answers: Vec<Answer> = answers.chain(NoVerdict::ALL.map(Answer::None)).collect();
        for (at, answer) in answers.iter().enumerate() {
            assert!(column.set(at + 1, *answer) && !column.set(at + 1, *answer));
            assert_eq!(column.get(at + 1), *answer);
        }
        assert_eq!((column.get(0), column.get(99)), (Answer::NotJudged, Answer::NotJudged));
        assert_eq!(column.reordered(&[2, 0]).get(0), Answer::Label(22));
    }
}
