//! Which column holds what.

/// Names of columns; where none is given the usual name is looked for (`item`, `rater`, `label`, ...).
///
/// A column that was named must exist. Of the usual ones only item, rater and label must.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// What was rated.
    pub item: Option<String>,
    /// Who rated; not used in wide form.
    pub rater: Option<String>,
    /// The label; not used in wide form.
    pub label: Option<String>,
    /// The rubric.
    pub rubric: Option<String>,
    /// The unit of clustering.
    pub cluster: Option<String>,
    /// The sampling weight.
    pub weight: Option<String>,
    /// The stratum; read only where it is named.
    pub stratum: Option<String>,
    /// The replicate number.
    pub replicate: Option<String>,
    /// Whether what a rater says or was shown beside its label is read too: `confidence`, `shown`, `lengths`, `own`.
    pub beside: bool,
}

/// Long form, or one column per rater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// One row a label.
    Long,
    /// One row an item, one column per rater; an empty cell is an item that the rater did not rate.
    Wide {
        /// The raters' columns.
        raters: Vec<String>,
    },
}
