//! Ratings of judges and other raters side by side: coefficients, confusion, gates.

mod compare;
mod consensus;
mod error;
mod gate;
mod model;
mod multi_label;
mod pair;
mod people;
mod rated;
mod report;
mod scale;
mod verdicts;

pub use compare::{Bounds, CompareOptions, Comparison, Comparisons, Side, compare};
pub use consensus::{ConsensusItem, ConsensusRater, ConsensusReport, Model, consensus};
pub use error::AgreementError;
pub use gate::{Decision, Gate, GateResult, decide};
pub use model::{
    AgreementReport, AgreementReports, Ceiling, Confusion, LabelScore, PairAgreement, RaterDetail, Role, ScaleOrigin,
    SightOf,
};
pub use multi_label::multi_label_report;
pub use report::{Options, Resampling, Selection, report, side_by_side};
pub use scale::{Declared, level_name};
pub use verdicts::{ratings_of_verdicts, report_of_verdicts};
