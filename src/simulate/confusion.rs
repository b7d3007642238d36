//! Planted errors: what a simulated judge says of each planted label, how often, and what its no-verdicts are. All of it is
//! ours, and lopsided on purpose, so that the judge's own shares are visibly wrong.

use super::question::{NO_OCCUPATION, Question, SOFTWARE};

/// Percent of each label that the judge gives, by planted label; both in the order of [`Question::labels`].
const WORK_MODE: [[f64; 9]; 9] = [
    [76.0, 16.0, 5.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0],
    [4.0, 90.0, 2.0, 0.0, 0.0, 2.0, 2.0, 0.0, 0.0],
    [6.0, 14.0, 78.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0],
    [0.0, 6.0, 2.0, 80.0, 2.0, 6.0, 0.0, 4.0, 0.0],
    [5.0, 2.0, 3.0, 2.0, 78.0, 6.0, 0.0, 4.0, 0.0],
    [0.0, 18.0, 2.0, 4.0, 8.0, 68.0, 0.0, 0.0, 0.0],
    [2.0, 24.0, 4.0, 2.0, 0.0, 2.0, 66.0, 0.0, 0.0],
    [0.0, 10.0, 2.0, 6.0, 6.0, 0.0, 0.0, 76.0, 0.0],
    [14.0, 12.0, 4.0, 0.0, 2.0, 0.0, 0.0, 0.0, 68.0],
];

/// Experts are taken for more than they are, and so are beginners; where nothing shows, a level is often invented.
const EXPERTISE: [[f64; 6]; 6] = [
    [62.0, 30.0, 7.0, 0.0, 0.0, 1.0],
    [2.0, 66.0, 28.0, 3.0, 0.0, 1.0],
    [0.0, 5.0, 64.0, 30.0, 0.0, 1.0],
    [0.0, 0.0, 8.0, 74.0, 17.0, 1.0],
    [0.0, 0.0, 1.0, 14.0, 84.0, 1.0],
    [0.0, 10.0, 30.0, 10.0, 0.0, 50.0],
];

/// The judge is too friendly.
const OUTCOME: [[f64; 4]; 4] =
    [[95.0, 4.0, 0.5, 0.5], [30.0, 66.0, 3.0, 1.0], [10.0, 22.0, 67.0, 1.0], [26.0, 6.0, 1.0, 67.0]];

const SUCCESS_SIGNAL: [[f64; 6]; 6] = [
    [78.0, 16.0, 6.0, 0.0, 0.0, 0.0],
    [4.0, 68.0, 22.0, 6.0, 0.0, 0.0],
    [0.0, 3.0, 70.0, 20.0, 7.0, 0.0],
    [0.0, 0.0, 7.0, 73.0, 18.0, 2.0],
    [0.0, 0.0, 2.0, 8.0, 78.0, 12.0],
    [0.0, 0.0, 0.0, 2.0, 12.0, 86.0],
];

/// Trouble is overlooked more often than imagined.
const FAILURE_SIGNAL: [[f64; 6]; 6] = [
    [92.0, 6.0, 2.0, 0.0, 0.0, 0.0],
    [18.0, 74.0, 7.0, 1.0, 0.0, 0.0],
    [4.0, 18.0, 72.0, 6.0, 0.0, 0.0],
    [0.0, 4.0, 17.0, 75.0, 4.0, 0.0],
    [0.0, 0.0, 4.0, 18.0, 72.0, 6.0],
    [0.0, 0.0, 0.0, 3.0, 18.0, 79.0],
];

const CODEBASE_CONTEXT: [[f64; 4]; 4] =
    [[93.0, 3.0, 3.0, 1.0], [14.0, 80.0, 0.0, 6.0], [26.0, 0.0, 72.0, 2.0], [4.0, 13.0, 4.0, 79.0]];

/// Positions of two occupations that are seen where they are not.
const BUSINESS: usize = 1;
const MEDIA: usize = 8;

/// How often the judge gives each label where `planted` is planted, in percent; 0 beyond the question's labels.
pub(super) fn row(question: Question, planted: usize) -> [f64; 24] {
    let mut row = [0.0; 24];
    let mut copy = |from: &[f64]| row[..from.len()].copy_from_slice(from);
    match question {
        Question::WorkMode => copy(&WORK_MODE[planted]),
        Question::Expertise => copy(&EXPERTISE[planted]),
        Question::Outcome => copy(&OUTCOME[planted]),
        Question::SuccessSignal => copy(&SUCCESS_SIGNAL[planted]),
        Question::FailureSignal => copy(&FAILURE_SIGNAL[planted]),
        Question::CodebaseContext => copy(&CODEBASE_CONTEXT[planted]),
        // Whoever uses a coding agent is taken for a programmer too easily.
        Question::OccupationUser => {
            let given = match planted {
                SOFTWARE => [(SOFTWARE, 92.0), (BUSINESS, 2.0), (NO_OCCUPATION, 6.0)],
                NO_OCCUPATION => [(NO_OCCUPATION, 62.0), (SOFTWARE, 32.0), (BUSINESS, 6.0)],
                _ => [(planted, 76.0), (SOFTWARE, 18.0), (NO_OCCUPATION, 6.0)],
            };
            for (label, percent) in given {
                row[label] += percent;
            }
        }
        Question::OccupationWork => {
            let given = match planted {
                SOFTWARE => [(SOFTWARE, 96.0), (MEDIA, 3.0), (BUSINESS, 1.0)],
                _ => [(planted, 72.0), (SOFTWARE, 22.0), (MEDIA, 6.0)],
            };
            for (label, percent) in given {
                row[label] += percent;
            }
        }
    }
    row
}

/// Decisions that the judge ascribes to the other side, in percent: those of the person and of the agent, for planning and for
/// execution.
pub(super) const BY_OTHER: [[f64; 2]; 2] = [[20.0, 5.0], [30.0, 4.0]];

/// How many times as high as planted the judge's prices are in the geometric mean, and the spread of their logarithm. The bias is
/// that of the study's holdout.
pub(super) const PRICE: [f64; 2] = [0.66, 0.5];

/// How the judge fails to answer, and how often, in percent of its calls.
pub(super) const NO_VERDICTS: [(&str, f64); 3] = [("refused", 0.8), ("truncated", 0.4), ("invalid", 0.6)];

/// Names of the simulated raters, and how often each errs.
pub(super) const RATERS: [(&str, f64); 2] = [("simulated-a", 0.08), ("simulated-b", 0.14)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_mostly_right() {
        for question in Question::ALL {
            for planted in 0..question.labels().len() {
                let row = row(question, planted);
                assert!((row.iter().sum::<f64>() - 100.0).abs() < 1e-9, "{} {planted}", question.rubric());
                assert!(row[question.labels().len()..].iter().all(|percent| *percent == 0.0));
                assert!(row[planted] >= 50.0 && row[planted] < 100.0);
            }
        }
    }
}
