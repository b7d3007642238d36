//! Ratings of judges and other raters side by side: coefficients, confusion, gates.

mod alternative;
mod bias;
mod calibration;
mod compare;
mod consensus;
mod error;
mod gate;
mod label_sets;
mod model;
mod multi_label;
mod pair;
mod people;
mod rated;
mod report;
mod retest;
mod scale;
mod set_alpha;
mod sides;
mod stated;
mod verdicts;

pub use alternative::{AlternativeOf, AlternativePerson, AlternativeReport, alternative_annotator};
pub use bias::{Bias, BiasReport, bias};
pub use calibration::{Calibration, CalibrationMap, CalibrationReport, calibration};
pub use compare::{Bounds, CompareOptions, Comparison, Comparisons, Side, compare};
pub use consensus::{ConsensusItem, ConsensusRater, ConsensusReport, Model, consensus};
pub use error::AgreementError;
pub use gate::{Decision, Gate, GateResult, decide};
pub use label_sets::{ConformalReport, LabelSetOf, LabelSets, label_sets};
pub use model::{
    AgreementReport, Ceiling, Confusion, LabelScore, PairAgreement, RaterDetail, Role, ScaleOrigin, SightOf,
};
pub use multi_label::multi_label_report;
pub use report::{Formula, Options, Resampling, Selection, report, side_by_side};
pub use retest::{Retest, RetestAgainst, RetestReport, retest};
pub use scale::{Declared, level_name};
pub use stated::StatedOptions;
pub use verdicts::RatedVerdicts;
