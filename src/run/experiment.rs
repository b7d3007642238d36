//! Experiment files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::limit::LimitSpec;
use crate::postings::PostingsSpec;
use crate::provider::Params;
use crate::rubric::OptionOrder;
use crate::sample::SampleSpec;
use crate::view::{CanarySpec, ViewSpec};

use super::budget;
use super::identity::hash;

/// Experiments inside the binary: path below the working folder, and text.
pub const BUILT_IN_FILES: [(&str, &str); 12] = [
    ("experiments/baseline.yaml", include_str!("../../experiments/baseline.yaml")),
    ("experiments/study.yaml", include_str!("../../experiments/study.yaml")),
    ("experiments/decisions.yaml", include_str!("../../experiments/decisions.yaml")),
    ("experiments/task-value.yaml", include_str!("../../experiments/task-value.yaml")),
    ("experiments/local.yaml", include_str!("../../experiments/local.yaml")),
    ("experiments/anthropic.yaml", include_str!("../../experiments/anthropic.yaml")),
    ("experiments/first-prompt.yaml", include_str!("../../experiments/first-prompt.yaml")),
    ("experiments/truncation.yaml", include_str!("../../experiments/truncation.yaml")),
    ("experiments/test-retest.yaml", include_str!("../../experiments/test-retest.yaml")),
    ("experiments/option-order.yaml", include_str!("../../experiments/option-order.yaml")),
    ("experiments/two-families.yaml", include_str!("../../experiments/two-families.yaml")),
    ("experiments/canary.yaml", include_str!("../../experiments/canary.yaml")),
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
    /// Priced postings that rubrics about task value show to the judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<PostingsSpec>,
    /// Whether the postings held out are priced in place of sessions; `assize run --holdout` says so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub holdout: bool,
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
    /// The rubrics that it answers; all of the experiment's where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rubrics: Vec<String>,
    /// How much of a session it is shown; as the experiment says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<ViewSpec>,
    /// In which order it reads a rubric's labels.
    #[serde(default, skip_serializing_if = "OptionOrder::is_written")]
    pub option_order: OptionOrder,
    /// A text put into the sessions it is shown that tries to talk it into a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanarySpec>,
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
    /// A judge with the parameters of its model, asked once about every rubric.
    #[must_use]
    pub fn of(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            name: None,
            params: Params::default(),
            repeats: 1,
            rubrics: Vec::new(),
            view: None,
            option_order: OptionOrder::Written,
            canary: None,
        }
    }

    /// Whether it is asked otherwise than the experiment's other judges.
    fn is_varied(&self) -> bool {
        self.view.is_some() || !self.option_order.is_written() || self.canary.is_some()
    }

    /// Name in tables.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.model)
    }

    /// Whether it is asked about `rubric`.
    #[must_use]
    pub fn answers(&self, rubric: &str) -> bool {
        self.rubrics.is_empty() || self.rubrics.iter().any(|own| own == rubric)
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
        if self.is_varied() && self.model.starts_with("baseline/") {
            return Err(format!(
                "judge {name}: {} looks at what was measured and not at the prompt: view, option_order and canary would change nothing",
                self.model
            ));
        }
        if self.canary.as_ref().is_some_and(|canary| canary.labels.is_empty()) {
            return Err(format!("judge {name}: canary.labels is empty: name the label it argues for, by rubric"));
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

    /// Judges answer rubrics of the experiment only, and every rubric has a judge.
    fn check_rubrics_of_judges(&self) -> Result<(), String> {
        for judge in &self.judges {
            if let Some(name) = judge.rubrics.iter().find(|name| !self.rubrics.contains(name)) {
                let known = self.rubrics.join(", ");
                return Err(format!("judge {}: rubrics names {name}; the experiment has {known}", judge.name()));
            }
            if let Some(twice) = first_twice(judge.rubrics.iter()) {
                return Err(format!("judge {}: rubric {twice} is named twice", judge.name()));
            }
        }
        match self.rubrics.iter().find(|rubric| !self.judges.iter().any(|judge| judge.answers(rubric))) {
            Some(rubric) => Err(format!("no judge answers {rubric}: add it to the rubrics of one")),
            None => Ok(()),
        }
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
        self.check_rubrics_of_judges()?;
        let what =
            |judge: &JudgeSpec| hash(&(&judge.model, &judge.params, &judge.view, judge.option_order, &judge.canary));
        let twice = |rubric: &String| {
            let asked = || self.judges.iter().filter(|judge| judge.answers(rubric));
            let twice = first_twice(asked().map(what))?;
            Some(asked().filter(|judge| what(judge) == twice).map(JudgeSpec::name).collect())
        };
        if let Some(names) = self.rubrics.iter().find_map(twice) {
            let names: Vec<&str> = names;
            return Err(format!(
                "judges {} are one model, asked the same way: use repeats to ask it again",
                names.join(" and ")
            ));
        }
        self.judges.iter().try_for_each(JudgeSpec::check)?;
        if self.holdout && self.calibration.is_none() {
            return Err("nothing is held out: the experiment has no `calibration` (docs/task-value.md)".to_owned());
        }
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
            whole("calibration.per_tier", self.calibration.as_ref().map(|spec| spec.per_tier as u64)),
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
    #[case(
        "[{model: baseline/rules}]",
        "[{model: openai/a, rubrics: [work_mod]}]",
        "rubrics names work_mod; the experiment has work_mode"
    )]
    #[case(
        "rubrics: [work_mode]\njudges: [{model: baseline/rules}]",
        "rubrics: [work_mode, outcome]\njudges: [{model: openai/a, rubrics: [outcome]}]",
        "no judge answers work_mode"
    )]
    #[case("name: mine", "name: ../mine", "cannot name a folder")]
    #[case("name: mine", "limits: {concurrency: 0}\nname: mine", "limits.concurrency is 0")]
    #[case("name: mine", "limits: {concurrency: 18446744073709551615}\nname: mine", "give at most 10000")]
    #[case("name: mine", "limits: {requests_per_minute: 0}\nname: mine", "limits.requests_per_minute is 0")]
    #[case("name: mine", "limits: {requests_per_minute: -5}\nname: mine", "requests_per_minute: -5")]
    #[case("name: mine", "limits: {input_tokens_per_minute: 0}\nname: mine", "limits.input_tokens_per_minute is 0")]
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
