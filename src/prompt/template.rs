//! Loading and rendering a template.

use std::io::{self, Write};
use std::path::Path;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};

use crate::rubric::{OptionOrder, Rubric};

use super::error::PromptError;
use super::variables::{Extras, RubricValues};

/// Files of the templates inside the binary: path below the working folder, and text.
pub const BUILT_IN_FILES: [(&str, &str); 2] = [
    ("prompts/classify.md.j2", include_str!("../../prompts/classify.md.j2")),
    ("prompts/price.md.j2", include_str!("../../prompts/price.md.j2")),
];

/// Steps that rendering all three blocks may take; the built-in template takes some thousands.
pub(super) const FUEL: u64 = 1_000_000;

/// Bytes that one rendering may write.
pub(super) const MAX_PART_BYTES: usize = 16 << 20;

/// Calls inside calls: blocks, macros, includes.
const MAX_DEPTH: usize = 100;

/// An empty template...
const NOTHING: &str = "(nothing)";

/// ...which a copy of the template extends, so that its blocks are left out where they stand.
const OUTSIDE: &str = "(outside of blocks)";

/// A rendered prompt in the order of sending: what all share, the session, the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Instructions shared by all rubrics.
    pub system: String,
    /// The session between its markers; shared by all rubrics of a session.
    pub session: String,
    /// The rubric's question, scale and answer form.
    pub question: String,
}

/// A compiled template.
#[derive(Debug)]
pub struct Template {
    name: String,
    source: String,
    environment: Environment<'static>,
}

impl Template {
    /// Loads `folder/NAME`, else the built-in template of that name.
    ///
    /// # Errors
    /// When there is none, or it does not parse.
    pub fn load(name: &str, folder: &Path) -> Result<Self, PromptError> {
        let path = folder.join(name);
        if path.is_file() {
            return Self::parse(name, fs_err::read_to_string(&path)?);
        }
        let built_in = BUILT_IN_FILES.iter().find(|(known, _)| *known == name);
        let (_, source) = built_in.ok_or_else(|| PromptError::NotFound(path.display().to_string()))?;
        Self::parse(name, (*source).to_owned())
    }

    fn parse(name: &str, source: String) -> Result<Self, PromptError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_DEPTH);
        environment
            .add_template_owned(name.to_owned(), source.clone())
            .and_then(|()| environment.add_template(NOTHING, ""))
            .and_then(|()| environment.add_template_owned(OUTSIDE, format!("{{% extends {NOTHING:?} %}}{source}")))
            .map_err(|error| PromptError::explain(name, &source, &error))?;
        Ok(Self { name: name.to_owned(), source, environment })
    }

    /// Whether the template reads the variable `name`.
    #[must_use]
    pub fn reads(&self, name: &str) -> bool {
        let template = self.environment.get_template(&self.name);
        template.is_ok_and(|template| template.undeclared_variables(false).contains(name))
    }

    /// Renders the prompt of `rubric` for the text of a view between markers with `nonce`; each part loses the white space
    /// around it.
    ///
    /// # Errors
    /// When the template reads an undefined variable, lacks a block, or exceeds its fuel or size.
    pub fn render(&self, rubric: &Rubric, view: &str, nonce: &str, extras: &Extras) -> Result<Prompt, PromptError> {
        self.fill(&RubricValues::of(rubric, OptionOrder::Written), view, nonce, extras)
    }

    /// The same for a rubric whose values were made before.
    ///
    /// # Errors
    /// As [`Self::render`].
    pub fn fill(&self, rubric: &RubricValues, view: &str, nonce: &str, extras: &Extras) -> Result<Prompt, PromptError> {
        self.blocks(rubric.with(view, nonce, extras))
            .map_err(|error| PromptError::explain(&self.name, &self.source, root(&error)))
    }

    fn blocks(&self, variables: Value) -> Result<Prompt, minijinja::Error> {
        let template = self.environment.get_template(OUTSIDE)?;
        // What stands outside of the blocks goes first, so that top-level `set` and `macro` are known to them.
        let mut rendered = template.render_captured_to(variables, Bounded { inner: io::sink(), written: 0 })?;
        rendered.with_state_mut(|state| {
            let mut block = |name: &str| -> Result<String, minijinja::Error> {
                let mut part = Bounded { inner: Vec::new(), written: 0 };
                state.render_block_to_write(name, &mut part)?;
                let text = String::from_utf8(part.inner)
                    .map_err(|error| minijinja::Error::new(ErrorKind::BadSerialization, error.to_string()))?;
                Ok(text.trim().to_owned())
            };
            Ok(Prompt { system: block("system")?, session: block("session")?, question: block("question")? })
        })
    }
}

/// The error behind "could not render block" and the like.
fn root(error: &minijinja::Error) -> &minijinja::Error {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<minijinja::Error>());
    source.map_or(error, root)
}

/// A writer that takes no more than [`MAX_PART_BYTES`].
struct Bounded<W> {
    inner: W,
    written: usize,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.written + buffer.len() > MAX_PART_BYTES {
            return Err(io::Error::other("the output is too long"));
        }
        self.inner.write_all(buffer)?;
        self.written += buffer.len();
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn blocks(source: &str) -> Result<Prompt, PromptError> {
        let rubric = crate::rubric::load("work_mode", Path::new("/nowhere")).unwrap();
        Template::parse("t.j2", source.to_owned())?.render(&rubric, "<b> {{ 7 * 7 }} &", "c0de", &Extras::default())
    }

    #[test]
    fn session_text_is_neither_escaped_nor_run() {
        let prompt = blocks(
            "{% set x = 'a' %}{% block system %} {{ x }} {% endblock %}\
             {% block session %}{{ session.text }}{% endblock %}{% block question %}{{ rubric.labels | length }}{% endblock %}",
        );
        let expected =
            Prompt { system: "a".to_owned(), session: "<b> {{ 7 * 7 }} &".to_owned(), question: "9".to_owned() };
        assert_eq!(prompt.unwrap(), expected);
    }

    #[rstest]
    #[case(
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "ran longer than 1000000 steps"
    )]
    #[case("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion")]
    #[case("{{ 'x' * 99999999 }}", "ran longer than 1000000 steps")]
    #[case("\n{{ rubric.quest }}", "line 2: an undefined variable is read in `{{ rubric.quest }}`; prompts/README.md")]
    #[case(
        "\n{% block system %}\n{{ sesion }}{% endblock %}",
        "line 3: an undefined variable is read in `{{ sesion }}"
    )]
    #[case("{{ rubric.options[0].published }}", "an undefined variable")]
    #[case("{% include 'other.j2' %}", "cannot load others")]
    #[case("{% include 't.j2' %}", "recursion")]
    #[case("{% block system %}{% endblock %}", "must define the blocks `system`, `session` and `question`")]
    #[case("a\n{% if %}", "line 2: ")]
    fn a_faulty_template_says_why(#[case] source: &str, #[case] expected: &str) {
        let error = blocks(source).unwrap_err().to_string();
        assert!(error.starts_with("t.j2: ") && error.contains(expected), "{error}");
    }

    #[test]
    fn output_is_bounded_while_it_is_written() {
        let mut part = Bounded { inner: io::sink(), written: 0 };
        let chunk = vec![b'x'; 1 << 20];
        let written = (0..100).take_while(|_| part.write_all(&chunk).is_ok()).count();
        assert_eq!(written, MAX_PART_BYTES >> 20);
    }

    #[test]
    fn a_missing_template_names_its_path() {
        let error = Template::load("prompts/none.j2", Path::new("folder")).unwrap_err().to_string();
        assert!(error.starts_with("no prompt template at folder/prompts/none.j2"), "{error}");
    }

    #[test]
    fn a_file_of_the_working_folder_wins() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("prompts")).unwrap();
        let path = folder.path().join("prompts/classify.md.j2");
        fs_err::write(
            path,
            "{% block system %}mine{% endblock %}{% block session %}{% endblock %}{% block question %}{% endblock %}",
        )
        .unwrap();
        let template = Template::load("prompts/classify.md.j2", folder.path()).unwrap();
        let rubric = crate::rubric::load("outcome", folder.path()).unwrap();
        assert_eq!(template.render(&rubric, "", "", &Extras::default()).unwrap().system, "mine");
    }
}
