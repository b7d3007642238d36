//! Why agreement cannot be measured.

use crate::gold::GoldError;

/// Why agreement cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum AgreementError {
    /// The ratings are wrong.
    #[error(transparent)]
    Gold(#[from] GoldError),
    /// There is nobody to agree with.
    #[error("{source_file}: only one rater ({rater}); agreement needs two")]
    OneRater {
        /// The file.
        source_file: String,
        /// The rater.
        rater: String,
    },
    /// There is no label at all.
    #[error("{source_file}: no label is left to measure agreement on")]
    NoLabels {
        /// The file.
        source_file: String,
    },
    /// Ordered measures need an order.
    #[error(
        "the {level} level needs an order, and the labels are not numbers ({labels}); declare it with --categories or --rubric"
    )]
    NoOrder {
        /// The level asked for.
        level: &'static str,
        /// The labels.
        labels: String,
    },
    /// Answers that no coefficient compares as a whole.
    #[error(
        "the answers to {rubric} are of the kind {kind} and cannot be compared as a whole; what is computed from them can \
         (shares of decisions, for example)"
    )]
    NotComparable {
        /// The rubric.
        rubric: String,
        /// The kind of its answers.
        kind: &'static str,
    },
    /// So many labels are not a scale.
    #[error("{0} different labels are no scale (at most {1}); is this the right column?")]
    TooManyCategories(usize, usize),
    /// A declared category occurs twice, or none is declared.
    #[error("the declared categories are not a scale: {0}")]
    BadCategories(String),
    /// One item in two clusters.
    #[error("item {item} is in two clusters: {first} and {second}")]
    TwoClusters {
        /// The item.
        item: String,
        /// The first cluster.
        first: String,
        /// The other.
        second: String,
    },
    /// One item with two weights.
    #[error("item {item} has two weights: {first} and {second}; a weight belongs to the item, not to the rater")]
    TwoWeights {
        /// The item.
        item: String,
        /// The first weight.
        first: f64,
        /// The other.
        second: f64,
    },
    /// Weights were asked for and an item has none.
    #[error("item {0} has no weight; fill the column, or leave out --weight")]
    NoWeight(String),
    /// A coefficient that is not known at this level.
    #[error("there is no coefficient {name} at {level} level; known are: {known}")]
    UnknownCoefficient {
        /// The coefficient asked for.
        name: String,
        /// The level.
        level: &'static str,
        /// Those there are.
        known: String,
    },
    /// One item in two strata.
    #[error("item {item} is in two strata: {first} and {second}")]
    TwoStrata {
        /// The item.
        item: String,
        /// The first stratum.
        first: String,
        /// The other.
        second: String,
    },
    /// Strata were asked for and an item has none.
    #[error("item {0} has no stratum; fill the column, or leave out --strata")]
    NoStratum(String),
    /// Items of one cluster in several strata.
    #[error("the cluster of item {0} lies in several strata; use --by item, or strata that hold whole clusters")]
    TornCluster(String),
    /// Strata and a bootstrap.
    #[error(
        "the bootstrap, like the jackknife, does not draw within strata; leave out --bootstrap, --replicates and --se jackknife, or --strata"
    )]
    StrataBootstrap,
    /// Clusters were asked for and there are none.
    #[error("there are no clusters to resample: the ratings have no cluster column, or it is empty")]
    NoClusters,
    /// A reference that did not rate.
    #[error("no rater is named {0}; the raters are: {1}")]
    NoReference(String, String),
    /// A person that did not rate.
    #[error("--people names {0}, who rated nothing; the raters are: {1}")]
    NoPerson(String, String),
    /// Nothing to hold judges against.
    #[error(
        "no reference to hold judges against: no rater is named gold or consensus; name one with --reference (the raters are: {0})"
    )]
    NoReferenceAtAll(String),
    /// Nobody to hold against references.
    #[error("there is no judge: all raters are references, people, or of the label file ({0})")]
    NoJudge(String),
    /// No judge says how sure it is.
    #[error(
        "no rating of a judge has a confidence: fill a column `confidence` (the probability from 0 to 1 that the judge gives its label), name a \
         file of all labels' probabilities with --probabilities, or let the run's rubric ask for it (`confidence: true` under `answer`)"
    )]
    NoConfidence,
    /// Too few people to leave one out.
    #[error("leaving one person out needs two people, and {} known; name people with --people, or bring their labels with --gold", people(.0))]
    FewPeople(Vec<String>),
    /// Nothing is known of what judges were shown.
    #[error("the ratings do not say what judges were shown; diagnostics need\n  {}", .0.join("\n  "))]
    NothingShown(Vec<String>),
    /// No judge was asked twice.
    #[error("no judge has a second replicate: ask for repeats in the experiment, or fill a `replicate` column")]
    NoReplicates,
    /// No split of that name.
    #[error("no label of {reference} has the split {split}; there are: {known}")]
    NoSplit {
        /// The reference.
        reference: String,
        /// The split asked for.
        split: String,
        /// Those there are.
        known: String,
    },
    /// Fewer than two judges to compare.
    #[error("nothing to compare: {0}")]
    NothingToCompare(String),
    /// A judge and a rater of the label file of the same name.
    #[error("{0} is both a judge of the run and a rater of the label file; rename one")]
    SameName(String),
    /// A gate that cannot be read.
    #[error("{0:?} is not a gate: write NAME=THRESHOLD, such as kappa=0.6")]
    BadGate(String),
    /// A gate on something that is not there.
    #[error("no gate can be set on {name} here; known are: {known}")]
    NoSuchCoefficient {
        /// The coefficient asked for.
        name: String,
        /// Those there are.
        known: String,
    },
}

/// How many people are known, and who.
fn people(names: &[String]) -> String {
    match names {
        [] => "none is".to_owned(),
        names => format!("only {} is", names.join(", ")),
    }
}
