//! What comes out: one analysis of a run, and its forms as HTML, Markdown, CSV and JSON.
//!
//! [`build`] is pure: the same [`Inputs`] give the same [`Report`], and the same report gives the same bytes in every
//! form. The JSON form is the [`Report`] itself.

mod agreement;
mod analysis;
mod charts;
mod csv;
mod error;
mod figures;
mod html;
mod inputs;
mod markdown;
mod measures;
mod model;
mod public;
mod sessions;
mod shares;
mod study;
mod summary;
mod values;
mod write;

pub use analysis::build;
pub use charts::reliability_diagram;
pub use csv::tables;
pub use error::ReportError;
pub use html::html;
pub use inputs::{Floors, Inputs};
pub use markdown::markdown;
pub use model::{
    AgreementSection, Correction, JudgeFacts, JudgeShares, LabelFacts, MeasureRow, PairSection, RaterFacts, RaterKind,
    ReferenceFacts, Relation, Report, RubricSection, RunFacts, SampleFacts, ShareRow, ValueRow,
};
pub use public::{
    Breach, Hidden, LEAST, Leaks, PublicCell, PublicJudge, PublicNumber, PublicPanel, PublicReport, PublicSample,
    PublicTable, Rounding, Vocabulary, check, files, publish, write as write_public,
};
pub use sessions::{NumberColumn, StudyTable, TableBuilder};
pub use study::{Cell, Exhibit, Form, Need, Panel, PublishedNumber, Study, Unit, Withheld};
pub use summary::{Summary, summary};
pub use write::write;
