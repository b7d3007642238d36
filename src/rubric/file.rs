//! Reading and checking rubric files; a file of the working folder wins over the built-in one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::form;
use super::model::Rubric;

/// Names of the rubrics inside the binary that give a label to every session.
pub const BUILT_IN: [&str; 8] = [
    "work_mode",
    "expertise",
    "outcome",
    "success_signal",
    "failure_signal",
    "occupation_user",
    "occupation_work",
    "codebase_context",
];

/// Files of all rubrics inside the binary: path below the working folder, and text.
pub const BUILT_IN_FILES: [(&str, &str); 11] = [
    ("rubrics/work_mode.yaml", include_str!("../../rubrics/work_mode.yaml")),
    ("rubrics/expertise.yaml", include_str!("../../rubrics/expertise.yaml")),
    ("rubrics/outcome.yaml", include_str!("../../rubrics/outcome.yaml")),
    ("rubrics/success_signal.yaml", include_str!("../../rubrics/success_signal.yaml")),
    ("rubrics/failure_signal.yaml", include_str!("../../rubrics/failure_signal.yaml")),
    ("rubrics/occupation_user.yaml", include_str!("../../rubrics/occupation_user.yaml")),
    ("rubrics/occupation_work.yaml", include_str!("../../rubrics/occupation_work.yaml")),
    ("rubrics/codebase_context.yaml", include_str!("../../rubrics/codebase_context.yaml")),
    ("rubrics/decisions.yaml", include_str!("../../rubrics/decisions.yaml")),
    ("rubrics/task_posting.yaml", include_str!("../../rubrics/task_posting.yaml")),
    ("rubrics/task_value.yaml", include_str!("../../rubrics/task_value.yaml")),
];

/// Why a rubric cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RubricError {
    /// No such file and no built-in rubric of that name.
    #[error("no rubric named {name}: neither {path} nor a built-in one ({built_in}){suggestion}")]
    NotFound {
        /// The name asked for.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
        /// The built-in names.
        built_in: String,
        /// `; did you mean X?` where a name is close.
        suggestion: String,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// The file is not a rubric.
    #[error("{path}: {message}")]
    Invalid {
        /// The file, or `built-in NAME`.
        path: String,
        /// What is wrong and what to do.
        message: String,
    },
}

/// Loads the rubric `name` from `folder/rubrics/NAME.yaml`, else the built-in one, and checks it.
///
/// Whether its prompt template exists is told by [`Template::load`](crate::prompt::Template::load).
///
/// # Errors
/// When there is none, or it has unknown keys, duplicate or empty ids, or asks for what this version cannot do.
pub fn load(name: &str, folder: &Path) -> Result<Rubric, RubricError> {
    let path = folder.join("rubrics").join(format!("{name}.yaml"));
    // A name is a file name, never a way out of the folder.
    let is_name = name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-'));
    if is_name && path.is_file() {
        return parse(name, &path.display().to_string(), &fs_err::read_to_string(&path)?);
    }
    let names = BUILT_IN_FILES.map(|(file, _)| name_of(file));
    let built_in = names.iter().zip(BUILT_IN_FILES).find(|(known, _)| **known == name);
    let Some((_, (_, text))) = built_in else {
        let suggestion = did_you_mean(name, &names);
        return Err(RubricError::NotFound { name: name.to_owned(), path, built_in: names.join(", "), suggestion });
    };
    parse(name, &format!("built-in {name}"), text)
}

/// The rubric in the built-in `file`.
fn name_of(file: &'static str) -> &'static str {
    file.strip_prefix("rubrics/").and_then(|file| file.strip_suffix(".yaml")).unwrap_or(file)
}

fn parse(name: &str, path: &str, text: &str) -> Result<Rubric, RubricError> {
    let invalid = |message: String| RubricError::Invalid { path: path.to_owned(), message };
    let rubric: Rubric = serde_saphyr::from_str(text).map_err(|error| invalid(explain(&error)))?;
    check(&rubric, name).map_err(invalid)?;
    Ok(rubric)
}

/// What is wrong with the YAML, with its line, and what may have been meant.
fn explain(error: &serde_saphyr::Error) -> String {
    let error = error.without_snippet();
    let line = error.location().map_or_else(String::new, |location| format!("line {}: ", location.line()));
    let known = |expected: &[&str]| expected.join(", ");
    match error {
        serde_saphyr::Error::SerdeUnknownField { field, expected, .. } => {
            format!(
                "{line}unknown key `{field}`{}; known keys here: {}",
                did_you_mean(field, expected),
                known(expected)
            )
        }
        serde_saphyr::Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!(
                "{line}unknown value `{variant}`{}; this version knows: {}",
                did_you_mean(variant, expected),
                known(expected)
            )
        }
        serde_saphyr::Error::SerdeMissingField { field, .. } => format!("{line}the key `{field}` is missing"),
        other => other.to_string(),
    }
}

/// `; did you mean X?` for the closest known name, where one is close.
fn did_you_mean(word: &str, known: &[&str]) -> String {
    let closeness = |name: &&&str| strsim::jaro_winkler(word, name);
    let closest = known.iter().max_by(|a, b| closeness(a).total_cmp(&closeness(b)));
    closest.filter(|name| closeness(name) > 0.75).map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn check(rubric: &Rubric, name: &str) -> Result<(), String> {
    if rubric.name != name {
        return Err(format!("the rubric is named `{}`; the name must be the file's: `{name}`", rubric.name));
    }
    let answer = &rubric.answer;
    let (number, text) = (answer.number.as_ref(), answer.text.as_ref());
    form::check(answer.kind.as_str(), number, text, answer.list.as_ref(), answer.object.as_ref())?;
    if !answer.kind.has_labels() {
        let kind = answer.kind.as_str();
        if answer.confidence {
            return Err(format!(
                "answer.confidence is the probability that a label is right, and the kind is {kind}, which is a value; leave it out, \
                 or ask a question of kind choice or scale"
            ));
        }
        if !answer.options.is_empty() {
            return Err(format!("answer.options are labels, and the kind is {kind}; leave them out"));
        }
        if answer.abstain.is_some() {
            return Err(format!(
                "answer.abstain is a label, and the kind is {kind}; leave it out, and say in the guidance what to answer \
                 where there is nothing to say"
            ));
        }
    } else if answer.options.len() < 2 {
        return Err(format!(
            "answer.options has {} entries; a question needs at least two",
            rubric.answer.options.len()
        ));
    }
    let mut ids = BTreeSet::new();
    for id in rubric.labels().into_iter().chain(rubric.abstain_id()) {
        if id.trim().is_empty() || id.trim() != id {
            return Err(format!("the id `{id}` in answer is empty or begins or ends with a blank"));
        }
        // Labels are matched without regard to letter case, so that two such ids could not be told apart.
        if !ids.insert(id.to_lowercase()) {
            return Err(format!("the id `{id}` occurs twice in answer (letter case does not count); ids must differ"));
        }
    }
    for option in &rubric.answer.options {
        if option.published.is_some_and(|published| !(0.0..=100.0).contains(&published.percent)) {
            return Err(format!("the published percent of `{}` is not between 0 and 100", option.id));
        }
    }
    if rubric.view != "default" {
        return Err(format!("view `{}` is unknown; this version has only `default`", rubric.view));
    }
    check_needs(rubric)
}

/// Names must be rubrics' names; whether there are such rubrics, and no circle, is told where all of them are known.
fn check_needs(rubric: &Rubric) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for need in &rubric.needs {
        if *need == rubric.name {
            return Err(format!("`needs` names the rubric itself ({need}); leave it out"));
        }
        if !known.insert(need) {
            return Err(format!("`needs` names {need} twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const SOUND: &str = "\
name: mood
version: 1
title: Mood
question: How is it?
answer:
  kind: choice
  options:
    - {id: good, title: Good, definition: It is good.}
    - {id: bad, title: Bad, definition: It is bad.}
  abstain: {id: unclear, when: Nothing is said.}
prompt: prompts/classify.md.j2
";

    fn error(text: &str) -> String {
        parse("mood", "rubrics/mood.yaml", text).unwrap_err().to_string()
    }

    #[test]
    fn built_in_rubrics_are_sound() {
        for name in BUILT_IN_FILES.map(|(file, _)| name_of(file)) {
            let rubric = load(name, Path::new("/nowhere")).unwrap();
            assert_eq!(rubric.name, name);
        }
    }

    #[test]
    fn a_file_of_the_working_folder_wins() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::create_dir(folder.path().join("rubrics")).unwrap();
        fs_err::write(folder.path().join("rubrics/outcome.yaml"), SOUND.replace("name: mood", "name: outcome"))
            .unwrap();
        assert_eq!(load("outcome", folder.path()).unwrap().title, "Mood");
    }

    #[test]
    fn an_unknown_name_lists_what_there_is() {
        let error = load("work_mod", Path::new("x")).unwrap_err().to_string();
        let expected = "no rubric named work_mod: neither x/rubrics/work_mod.yaml nor a built-in one \
            (work_mode, expertise, outcome, success_signal, failure_signal, occupation_user, occupation_work, \
            codebase_context, decisions, task_posting, task_value); did you mean `work_mode`?";
        assert_eq!(error, expected);
        assert!(matches!(load("../rubrics/outcome", Path::new(".")), Err(RubricError::NotFound { .. })));
    }

    #[rstest]
    #[case(
        "title: Mood",
        "titel: Mood",
        "line 3: unknown key `titel`; did you mean `title`?; known keys here: name, version"
    )]
    #[case(
        "definition: It is bad",
        "definitoin: It is bad",
        "line 9: unknown key `definitoin`; did you mean `definition`?"
    )]
    #[case(
        "kind: choice",
        "kind: numbr",
        "line 6: unknown value `numbr`; did you mean `number`?; this version knows: choice, scale"
    )]
    #[case("kind: choice", "kind: number", "the kind is number, and answer.number with its bounds is missing")]
    #[case("kind: choice", "kind: choice\n  text: {max_chars: 9}", "answer.text belongs to the kind text")]
    #[case("question: How is it?\n", "", "the key `question` is missing")]
    #[case("id: bad", "id: Good", "the id `Good` occurs twice in answer")]
    #[case("id: unclear", "id: bad", "the id `bad` occurs twice in answer")]
    #[case("id: bad", "id: ''", "the id `` in answer is empty")]
    #[case("name: mood", "name: mode", "the rubric is named `mode`; the name must be the file's: `mood`")]
    #[case("    - {id: bad, title: Bad, definition: It is bad.}\n", "", "answer.options has 1 entries")]
    #[case("version: 1", "version: 1\nversion: 2", "version")]
    #[case("version: 1", "version: 1\nview: short", "view `short` is unknown")]
    #[case("version: 1", "version: 1\nneeds: [mood]", "`needs` names the rubric itself")]
    #[case("version: 1", "version: 1\nneeds: [a, b, a]", "`needs` names a twice")]
    #[case("title: Bad", "title: Bad, published: {percent: 101, known: stated}", "published percent of `bad`")]
    fn a_fault_is_named(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        assert!(SOUND.contains(from));
        let error = error(&SOUND.replacen(from, to, 1));
        assert!(error.starts_with("rubrics/mood.yaml: ") && error.contains(expected), "{error}");
    }

    const VALUE: &str = "\
name: mood
version: 1
title: Mood
question: How is it?
answer:
  kind: list
  list:
    max_items: 3
    items:
      - {name: turn, definition: Where., number: {minimum: 1, maximum: 9, whole: true}}
      - {name: by, definition: Who., choice: [{id: user, definition: The person.}, {id: agent, definition: It.}]}
      - {name: what, definition: What., text: {max_chars: 80}}
prompt: prompts/classify.md.j2
";

    #[rstest]
    #[case("max_items: 3", "max_item: 3", "unknown key `max_item`; did you mean `max_items`?")]
    #[case("max_items: 3", "max_items: 0", "max_items is 0")]
    #[case(
        "minimum: 1, maximum: 9",
        "minimum: 9, maximum: 1",
        "answer.list, field turn: minimum 9 is not below maximum 1"
    )]
    #[case("minimum: 1,", "minimum: 1.5,", "whole numbers need whole bounds")]
    #[case("maximum: 9", "maximum: .nan", "is not below maximum")]
    #[case("maximum: 9", "maxmum: 9", "unknown key `maxmum`; did you mean `maximum`?")]
    #[case("name: by", "name: Turn", "`Turn` occurs twice")]
    #[case("{id: agent,", "{id: User,", "field by: `User` occurs twice")]
    #[case("text: {max_chars: 80}", "text: {max_chars: 0}", "field what: max_chars is 0")]
    #[case(", text: {max_chars: 80}", "", "field what: give exactly one of choice, number, text and texts")]
    #[case("kind: list", "kind: list\n  options: [{id: a, title: A, definition: A}]", "answer.options are labels")]
    #[case("kind: list", "kind: list\n  abstain: {id: unclear, when: never}", "answer.abstain is a label")]
    #[case("kind: list", "kind: object", "answer.list belongs to the kind list")]
    #[case(
        "kind: list",
        "kind: list\n  confidence: true",
        "answer.confidence is the probability that a label is right, and the kind is list"
    )]
    fn a_fault_of_a_form_is_named(#[case] from: &str, #[case] to: &str, #[case] expected: &str) {
        assert!(VALUE.contains(from));
        parse("mood", "rubrics/mood.yaml", VALUE).unwrap();
        let error = error(&VALUE.replacen(from, to, 1));
        assert!(error.contains(expected), "{error}");
    }
}
