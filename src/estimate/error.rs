//! Why nothing can be estimated.

use crate::gold::GoldError;

use super::decisions::NotDecisions;

/// Why nothing can be estimated.
#[derive(Debug, thiserror::Error)]
pub enum EstimateError {
    /// A list of decisions holds something else.
    #[error(
        "judge {judge} on session {session}: {error}; the rubric in the working folder is another one than `decisions`"
    )]
    NotDecisions {
        /// The judge.
        judge: String,
        /// The session.
        session: String,
        /// What it holds.
        error: NotDecisions,
    },
    /// The labels are wrong.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// Several raters, and none is the reference.
    #[error("the label file has several raters of {rubric} ({raters}); name the one to correct by with --reference")]
    ManyRaters {
        /// The rubric.
        rubric: String,
        /// The raters.
        raters: String,
    },
    /// No rater of that name.
    #[error("no rater of {rubric} in the label file is named {name}; there are: {raters}")]
    NoRater {
        /// The rubric.
        rubric: String,
        /// The name asked for.
        name: String,
        /// The raters.
        raters: String,
    },
    /// Only some gold labels have a weight.
    #[error("{with} of {all} gold labels of {rubric} have a weight; fill the column, or leave it out")]
    SomeWeights {
        /// The rubric.
        rubric: String,
        /// Labels with a weight.
        with: usize,
        /// Labels.
        all: usize,
    },
    /// No column of that name.
    #[error("sessions have no column {name}; known are: {known}")]
    NoColumn {
        /// The name asked for.
        name: String,
        /// The columns.
        known: String,
    },
    /// A verdict of a holdout that holds no price.
    #[error(
        "{judge} on {posting}: no price of a posting held out; is this the run of `assize run --holdout`, and the same file?"
    )]
    NoPrice {
        /// The judge.
        judge: String,
        /// The posting.
        posting: String,
    },
    /// Shares are shares of labels.
    #[error("the answers to {rubric} are of the kind {kind}: there are no labels whose shares could be corrected")]
    NoLabels {
        /// The rubric.
        rubric: String,
        /// The kind of its answers.
        kind: &'static str,
    },
    /// No label of that name.
    #[error("{rubric} has no label {label}; it has: {known}")]
    NoLabel {
        /// The name asked for.
        label: String,
        /// The rubric.
        rubric: String,
        /// Its labels.
        known: String,
    },
    /// Too many groups for a table.
    #[error("{column} has {groups} values; at most {most} groups can be shown")]
    TooManyGroups {
        /// The column.
        column: String,
        /// Its values.
        groups: usize,
        /// The most.
        most: usize,
    },
    /// An estimator needs strata.
    #[error("stratified_ppi needs --strata COLUMN")]
    NoStrata,
    /// A half-width that is none.
    #[error("the half-width {0} is not between 0 and 0.5")]
    HalfWidth(f64),
    /// A kappa that none is above.
    #[error("no kappa is above {0}: name a value from -1 to below 1")]
    Above(f64),
    /// A judge whose verdict is not on the rubric's scale.
    #[error("{judge} gave session {session} the label {label:?}, which {rubric} does not have")]
    UnknownLabel {
        /// The judge.
        judge: String,
        /// The session.
        session: String,
        /// The label.
        label: String,
        /// The rubric.
        rubric: String,
    },
    /// A judge was never asked for a part of a derived measure.
    #[error("{judge} has no verdicts on {missing}, which {measure} is made of; run that rubric too")]
    NoPart {
        /// The measure.
        measure: &'static str,
        /// The judge.
        judge: String,
        /// The rubric.
        missing: String,
    },
    /// A label that the definition of a derived measure does not know.
    #[error("{measure} cannot read the label {given}; it knows {known}")]
    PartLabel {
        /// The measure.
        measure: &'static str,
        /// The label, who gave it to what, and the rubric.
        given: String,
        /// The labels it knows.
        known: String,
    },
    /// The parts of a derived measure stand for different numbers of sessions.
    #[error("the label file gives the parts of {measure} different weights for {item}; give all its rows the same")]
    PartWeights {
        /// The measure.
        measure: &'static str,
        /// The item.
        item: String,
    },
    /// Gold has none of a derived measure's parts.
    #[error("no rater of the label file has all that {measure} is made of ({parts}); name the rubric in every row")]
    NoGoldPart {
        /// The measure.
        measure: &'static str,
        /// Its rubrics.
        parts: String,
    },
}
