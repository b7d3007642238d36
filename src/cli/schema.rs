//! `assize schema`.

use crate::rubric::{self, AnswerSchema, Dialect};

use super::error::{CliResult, Exit};
use super::printer::Printer;
use super::settings::Settings;

/// Arguments of `assize schema`.
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// Name of a built-in rubric, or of a file in `rubrics/` of the working folder.
    rubric: String,
    /// Which form: the full schema that answers are checked against, or the part that a provider accepts.
    #[arg(long = "for", value_enum, default_value_t)]
    form: Form,
}

/// Forms of an answer schema.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Form {
    /// Bounds and all: what answers are checked against.
    #[default]
    Full,
    /// What Anthropic Messages accepts.
    Anthropic,
    /// What Chat Completions accept with `strict`.
    Openai,
}

/// Runs the command.
pub fn run(args: &SchemaArgs, settings: &Settings, printer: Printer) -> CliResult {
    let schema = AnswerSchema::of(&rubric::load(&args.rubric, &settings.folder)?);
    let value = match args.form {
        Form::Full => &schema.full,
        Form::Anthropic => schema.wire(Dialect::Anthropic),
        Form::Openai => schema.wire(Dialect::OpenAi),
    };
    printer.json(value)?;
    Ok(Exit::Done)
}
