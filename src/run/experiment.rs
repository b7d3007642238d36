//! Experiment files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::limit::LimitSpec;
use crate::provider::Params;
use crate::sample::SampleSpec;
use crate::view::ViewSpec;

use super::budget;
use super::identity::hash;

/// Experiments inside the binary: path below the working folder, and text.
pub const BUILT_IN_FILES: [(&str, &str); 3] = [
    ("experiments/baseline.yaml", include_str!("../../experiments/baseline.yaml")),
    ("experiments/local.yaml", include_str!("../../experiments/local.yaml")),
    ("experiments/anthropic.yaml", include_str!("../../experiments/anthropic.yaml")),
];

/// Calls under way at once beyond which no server and no machine gains anything.
const MOST_CONCURRENT: usize = 10_000;

/// One YAML file that names corpus, sample, view, rubrics, judges, limits, budget and gold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Name; the run's folder begins with it.
    pub name: String,
    /// Folder of the corpus.
    pub corpus: PathBuf,
    /// Which sessions; all counted ones where absent.
    #[serde(default)]
    pub sample: Option<SampleSpec>,
    /// How much of a session is shown.
    #[serde(default)]
    pub view: ViewSpec,
    /// Rubric names.
    pub rubrics: Vec<String>,
    /// The judges.
    pub judges: Vec<JudgeSpec>,
    /// How the judges are asked.
    #[serde(default, skip_serializing_if = "Mode::is_direct")]
    pub mode: Mode,
    /// Limits of each model.
    #[serde(default)]
    pub limits: LimitSpec,
    /// Dollars that the run may cost in all, restarts included; no cap where absent.
    #[serde(default)]
    pub budget: Option<f64>,
    /// Gold labels to compare with in the report.
    #[serde(default)]
    pub gold: Option<PathBuf>,
    /// What the data is, where it must be said wherever its numbers appear: `synthetic`.
    #[serde(default)]
    pub data_label: Option<String>,
}

/// How judges are asked. It changes no request, so that a run may go on in another mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One call at a time, each answered at once.
    #[default]
    Direct,
    /// In batches that the provider answers within a day, at the price of batches.
    Batch,
}

impl Mode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
    fn is_direct(&self) -> bool {
        *self == Self::Direct
    }
}

/// One judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JudgeSpec {
    /// `provider/model`.
    pub model: String,
    /// Name in tables; the model where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Parameters.
    #[serde(default)]
    pub params: Params,
    /// Replicates of each unit.
    #[serde(default = "one")]
    pub repeats: u32,
}

fn one() -> u32 {
    1
}

/// Why an experiment cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    /// No such file and no built-in experiment of that path.
    #[error("there is no experiment {path}; built in are {built_in} (`assize init` copies them here, to be changed)")]
    NotFound {
        /// The path asked for.
        path: PathBuf,
        /// The built-in paths.
        built_in: String,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// The file is not an experiment.
    #[error("{path}: {message}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        message: String,
    },
}

impl JudgeSpec {
    /// Name in tables.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.model)
    }

    fn check(&self) -> Result<(), String> {
        let name = self.name();
        if name.trim().is_empty() {
            return Err("a judge has an empty name".to_owned());
        }
        if self.repeats == 0 {
            return Err(format!("judge {name}: repeats is 0; it would never be asked"));
        }
        if self.params.max_output_tokens == 0 {
            return Err(format!("judge {name}: params.max_output_tokens is 0; it could not answer"));
        }
        match self.params.temperature {
            Some(temperature) if !temperature.is_finite() || temperature < 0.0 => {
                Err(format!("judge {name}: params.temperature {temperature} is not a temperature"))
            }
            _ => Ok(()),
        }
    }
}

impl Experiment {
    /// Reads and checks the file at `path`; where there is none, the built-in experiment of that path.
    ///
    /// # Errors
    /// When it cannot be read, has unknown keys, names something twice, or has no rubrics, no judges or zero limits.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = match fs_err::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => built_in(path)?.to_owned(),
            Err(error) => return Err(error.into()),
        };
        Self::parse(&text).map_err(|message| ExperimentError::Invalid { path: path.to_owned(), message })
    }

    /// Reads and checks the text of an experiment file; the error says what is wrong and what to do.
    fn parse(text: &str) -> Result<Self, String> {
        let experiment: Self = serde_saphyr::from_str(text).map_err(|error| explain(&error))?;
        experiment.check()?;
        Ok(experiment)
    }

    /// Checks what the form of the file cannot.
    ///
    /// # Errors
    /// What is wrong and what to do.
    pub(super) fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if !self.name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !self.name.chars().all(plain) {
            return Err(format!(
                "name {:?} cannot name a folder: use letters, digits, '-', '_' and '.', beginning with a letter or digit",
                self.name
            ));
        }
        if self.rubrics.is_empty() {
            return Err("rubrics is empty: name at least one, such as work_mode".to_owned());
        }
        if self.judges.is_empty() {
            return Err("judges is empty: name at least one, such as {model: baseline/rules}".to_owned());
        }
        if let Some(twice) = first_twice(self.rubrics.iter()) {
            return Err(format!("rubric {twice} is named twice"));
        }
        if let Some(twice) = first_twice(self.judges.iter().map(JudgeSpec::name)) {
            return Err(format!("two judges are called {twice}: give each its own name, or use repeats"));
        }
        if let Some(twice) = first_twice(self.judges.iter().map(|judge| hash(&(&judge.model, &judge.params)))) {
            let same = |judge: &&JudgeSpec| hash(&(&judge.model, &judge.params)) == twice;
            let names: Vec<&str> = self.judges.iter().filter(same).map(JudgeSpec::name).collect();
            return Err(format!(
                "judges {} are one model with the same parameters: use repeats to ask it again",
                names.join(" and ")
            ));
        }
        self.judges.iter().try_for_each(JudgeSpec::check)?;
        self.budget.map_or(Ok(0), budget::micro_dollars)?;
        let limits = &self.limits;
        if limits.concurrency > MOST_CONCURRENT {
            return Err(format!("limits.concurrency is {}: give at most {MOST_CONCURRENT}", limits.concurrency));
        }
        let whole = |key: &'static str, value: Option<u64>| (key, value.unwrap_or(1));
        let counts = [
            whole("limits.concurrency", Some(limits.concurrency as u64)),
            whole("limits.requests_per_minute", limits.requests_per_minute.map(u64::from)),
            whole("limits.input_tokens_per_minute", limits.input_tokens_per_minute.map(u64::from)),
            whole("limits.output_tokens_per_minute", limits.output_tokens_per_minute.map(u64::from)),
            whole("limits.timeout_seconds", Some(limits.timeout_seconds)),
            whole("sample.n", self.sample.as_ref().map(|sample| sample.n as u64)),
            whole("view.turn_chars", Some(self.view.turn_chars as u64)),
            whole("view.total_chars", Some(self.view.total_chars as u64)),
        ];
        match counts.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => Err(format!("{key} is 0: nothing could be done; leave it out or give at least 1")),
            None => Ok(()),
        }
    }
}

/// The text of the built-in experiment that `path` names.
fn built_in(path: &Path) -> Result<&'static str, ExperimentError> {
    let below = path.strip_prefix(".").unwrap_or(path);
    let found = BUILT_IN_FILES.iter().find(|(known, _)| Path::new(known) == below);
    found.map(|(_, text)| *text).ok_or_else(|| ExperimentError::NotFound {
        path: path.to_owned(),
        built_in: BUILT_IN_FILES.map(|(known, _)| known).join(", "),
    })
}

fn first_twice<T: Ord + Clone>(items: impl Iterator<Item = T>) -> Option<T> {
    let mut seen = BTreeSet::new();
    items.into_iter().find(|item| !seen.insert(item.clone()))
}

/// The reader's message, with the nearest known key where one was misspelt.
fn explain(error: &serde_saphyr::Error) -> String {
    match error.without_snippet() {
        serde_saphyr::Error::SerdeUnknownField { field, expected, location } => {
            let near = expected.iter().map(|known| (strsim::damerau_levenshtein(field, known), known)).min();
            let hint = match near {
                Some((distance, known)) if distance <= field.len() / 3 => format!("did you mean {known}?"),
                _ => format!("known keys are {}", expected.join(", ")),
            };
            format!("line {}: unknown key {field}; {hint}", location.line())
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name: mine\ncorpus: datasets/mine\nrubrics: [work_mode]\njudges: [{model: baseline/rules}]\n";

    #[test]
    fn the_least_file_has_the_documented_defaults() {
        let experiment = Experiment::parse(GOOD).unwrap();
        assert_eq!(experiment.judges[0].name(), "baseline/rules");
        assert_eq!((experiment.judges[0].repeats, experiment.limits.concurrency), (1, 16));
        assert_eq!((experiment.view, experiment.mode), (ViewSpec::default(), Mode::Direct));
        assert_eq!(Experiment::parse(&format!("{GOOD}mode: batch\n")).unwrap().mode, Mode::Batch);
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_the_right_one() {
        let error = Experiment::parse(&GOOD.replace("corpus:", "corpsu:")).unwrap_err();
        assert_eq!(error, "line 2: unknown key corpsu; did you mean corpus?");
        let error = Experiment::parse(&format!("{GOOD}limits:\n  requests_per_minut: 5\n")).unwrap_err();
        assert_eq!(error, "line 6: unknown key requests_per_minut; did you mean requests_per_minute?");
        let error = Experiment::parse(&format!("{GOOD}colour: red\n")).unwrap_err();
        assert!(error.contains("known keys are name, corpus"), "{error}");
    }

    #[rstest::rstest]
    #[case("[work_mode]", "[]", "rubrics is empty")]
    #[case("[work_mode]", "[work_mode, work_mode]", "rubric work_mode is named twice")]
    #[case("[{model: baseline/rules}]", "[]", "judges is empty")]
    #[case(
        "[{model: baseline/rules}]",
        "[{model: openai/a, name: x}, {model: openai/b, name: x}]",
        "two judges are called x"
    )]
    #[case(
        "[{model: baseline/rules}]",
        "[{model: openai/a, name: x}, {model: openai/a, name: y}]",
        "judges x and y are one model"
    )]
    #[case("[{model: baseline/rules}]", "[{model: openai/a, repeats: 0}]", "repeats is 0")]
    #[case("[{model: baseline/rules}]", "[{model: openai/a, params: {temperature: -1}}]", "temperature")]
    #[case(
        "[{model: baseline/rules}]",
        "[{model: openai/a, params: {max_output_tokens: 0}}]",
        "max_output_tokens is 0"
    )]
    #[case("name: mine", "name: ../mine", "cannot name a folder")]
    #[case("name: mine", "limits: {concurrency: 0}\nname: mine", "limits.concurrency is 0")]
    #[case("name: mine", "limits: {concurrency: 18446744073709551615}\nname: mine", "give at most 10000")]
    #[case("name: mine", "limits: {requests_per_minute: 0}\nname: mine", "limits.requests_per_minute is 0")]
    #[case("name: mine", "limits: {max_retries: -1}\nname: mine", "max_retries: -1")]
    #[case("name: mine", "sample: {n: 0, seed: 1}\nname: mine", "sample.n is 0")]
    #[case("name: mine", "mode: batches\nname: mine", "batch")]
    #[case("name: mine", "budget: 0\nname: mine", "budget is 0")]
    #[case("name: mine", "budget: -3\nname: mine", "budget is -3")]
    #[case("name: mine\n", "", "missing field `name`")]
    fn what_cannot_work_is_refused(#[case] from: &str, #[case] to: &str, #[case] message: &str) {
        let error = Experiment::parse(&GOOD.replace(from, to)).unwrap_err();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn every_built_in_experiment_is_one_and_is_found_below_any_folder() {
        for (path, _) in BUILT_IN_FILES {
            // Tests run in the package's folder, where the files themselves lie: only their absence shows the built-in.
            let missing = Path::new("./experiments").join("no-such-file.yaml");
            assert!(matches!(Experiment::read(&missing), Err(ExperimentError::NotFound { .. })));
            let text = built_in(&Path::new(".").join(path)).unwrap();
            Experiment::parse(text).unwrap();
        }
    }

    #[test]
    fn no_retries_means_none() {
        let experiment = Experiment::parse(&format!("{GOOD}limits: {{max_retries: 0}}\n")).unwrap();
        assert_eq!(experiment.limits.max_retries, 0);
    }
}
