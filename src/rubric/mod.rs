//! Rubrics: a question with its answer scale, definitions, tie-breaks and prompt template.

mod file;
mod form;
mod model;
mod schema;
mod value_schema;

pub use file::{BUILT_IN, BUILT_IN_FILES, RubricError, load};
pub use form::{Field, FieldOption, ListForm, NumberForm, ObjectForm, TextForm, TextsForm};
pub use model::{
    Abstain, Answer, AnswerKind, AnswerOption, Level, OptionOrder, Published, PublishedKind, ReasonKind, Rubric,
};
pub use schema::{AnswerSchema, Dialect, MAX_EVIDENCE};
