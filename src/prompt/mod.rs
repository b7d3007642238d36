//! Prompts: minijinja templates, strict and bounded in fuel and size.

mod error;
mod template;
mod variables;

pub use error::PromptError;
pub use template::{BUILT_IN_FILES, Prompt, Template};
pub use variables::{Examples, Extras, Need, RubricValues};
