//! Ratings of judges and other raters side by side: coefficients, confusion, gates.

mod error;
mod gate;
mod model;
mod multi_label;
mod pair;
mod rated;
mod report;
mod scale;
mod verdicts;

pub use error::AgreementError;
pub use gate::{Decision, Gate, GateResult, decide};
pub use model::{
    AgreementReport, AgreementReports, Confusion, LabelScore, PairAgreement, RaterDetail, Role, ScaleOrigin,
};
pub use multi_label::multi_label_report;
pub use report::{Options, Resampling, Selection, report, side_by_side};
pub use scale::{Declared, level_name};
pub use verdicts::{ratings_of_verdicts, report_of_verdicts};
