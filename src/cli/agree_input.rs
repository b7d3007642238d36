//! What `assize agree` reads: a file of ratings, or a run and its gold.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::agreement::{AgreementError, AgreementReport, Declared, multi_label_report, report, side_by_side};
use crate::corpus::Corpus;
use crate::gold::{Columns, Known, LabelRule, Outline, Ratings, Shape, outline, read, read_rubric};
use crate::rubric;
use crate::run;

use super::agree::Request;
use super::error::CliError;
use super::settings::Settings;

/// Arguments about the form of a file of ratings.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Form of the ratings")]
pub struct InputArgs {
    /// Column of items.
    #[arg(long, value_name = "COLUMN")]
    item: Option<String>,
    /// Column of raters.
    #[arg(long, value_name = "COLUMN")]
    rater: Option<String>,
    /// Column of labels.
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Column of rubrics.
    #[arg(long, value_name = "COLUMN")]
    rubric_column: Option<String>,
    /// Column of clusters, such as persons.
    #[arg(long, value_name = "COLUMN")]
    cluster: Option<String>,
    /// Column of sampling weights; items count by them.
    #[arg(long, value_name = "COLUMN", conflicts_with = "multi_label")]
    weight: Option<String>,
    /// Column of strata that items were drawn from separately; errors are centred within them.
    #[arg(long, value_name = "COLUMN", conflicts_with = "multi_label")]
    strata: Option<String>,
    /// Column of replicate numbers.
    #[arg(long, value_name = "COLUMN")]
    replicate: Option<String>,
    /// One column per rater, one row per item: the raters' columns, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B,...", conflicts_with_all = ["rater", "label"])]
    wide: Vec<String>,
    /// Cells hold several labels; agreement is measured label by label and averaged.
    #[arg(long)]
    multi_label: bool,
    /// What stands between the labels of one cell; line feeds where not given.
    #[arg(long, requires = "multi_label", value_name = "TEXT")]
    separator: Option<String>,
    /// A regular expression whose first group is the label, for labels typed by hand.
    #[arg(long, value_name = "REGEX")]
    label_key: Option<String>,
    /// A label to leave out, as typed or as key; may be given again.
    #[arg(long, value_name = "LABEL")]
    drop_label: Vec<String>,
    /// Whether confidence and what was shown are read too: asked for by what is done with them.
    #[arg(skip)]
    beside: bool,
}

/// The reports asked for, one per rubric.
pub fn reports(
    request: &Request<'_>,
    input: &InputArgs,
    settings: &Settings,
) -> Result<Vec<AgreementReport>, CliError> {
    let results = settings.folder.join("results");
    let folders = [request.source.to_owned(), results.join(request.source)];
    match folders.iter().find(|folder| folder.is_dir()) {
        Some(folder) => of_run(folder, request, input, settings),
        None if request.gold.is_some() => {
            let hint = "--gold goes with a run; ratings in one CSV file need no --gold";
            let found = run::find(&results, &request.source.to_string_lossy());
            let (results, record) = found.map_err(|error| CliError::from(error).hint(hint))?;
            of_run(&results.join(record.id), request, input, settings)
        }
        None => of_file(request, input, settings),
    }
}

fn of_file(request: &Request<'_>, input: &InputArgs, settings: &Settings) -> Result<Vec<AgreementReport>, CliError> {
    let rule = input.rule()?;
    let ratings = input.read(request.source)?;
    let rubrics = ratings.rubrics();
    if let Some(name) = request.scale.rubric().filter(|name| !rubrics.is_empty() && !rubrics.contains(name)) {
        return Err(no_rubric(request.source, name, &rubrics));
    }
    let names: Vec<Option<&str>> = match request.scale.rubric() {
        None if !rubrics.is_empty() => rubrics.into_iter().map(Some).collect(),
        name => vec![name],
    };
    let mut reports = Vec::new();
    for name in names {
        let mut part = name.map_or_else(|| ratings.clone(), |name| ratings.of_rubric(name));
        let declared = declared(request, request.scale.rubric(), settings)?;
        let report = if input.multi_label {
            let sets = rule.split(&part, declared.categories.as_deref()).map_err(|error| of_rubric(name, error))?;
            multi_label_report(&sets, name, declared.categories.as_deref(), &request.options)
        } else {
            let dropped = rule.apply(&mut part).map_err(|error| of_rubric(name, error))?;
            report(&part, name, &declared, &request.options).map(|mut report| {
                report
                    .notes
                    .extend(dropped.iter().map(|(label, n)| format!("the label {label:?} was left out {n} times")));
                report
            })
        };
        reports.push(report.map_err(|error| of_rubric(name, error))?);
    }
    Ok(reports)
}

fn of_run(
    folder: &Path,
    request: &Request<'_>,
    input: &InputArgs,
    settings: &Settings,
) -> Result<Vec<AgreementReport>, CliError> {
    let file = folder.join("ratings.csv");
    if !file.exists() {
        return Err(CliError::new(format!("{} is a folder without ratings.csv, so not a run", folder.display()))
            .hint("name a run below results/, or a CSV file of ratings"));
    }
    // Rubric by rubric: a large run's ratings are many times as large as the memory that one rubric takes.
    let Outline { items, rubrics } = outline(&file, &Columns::default())?;
    let rubrics: BTreeSet<&str> = rubrics.iter().map(String::as_str).collect();
    if let Some(name) = request.scale.rubric().filter(|name| !rubrics.contains(name)) {
        return Err(no_rubric(folder, name, &rubrics));
    }
    let gold = request.gold.map(|path| input.read(path)).transpose()?;
    let joined = gold.map(|gold| gold.join(&sessions(folder, items, settings))).transpose()?;
    if joined.as_ref().is_some_and(|joined| joined.ratings.rubrics().is_empty())
        && rubrics.len() > 1
        && request.scale.rubric().is_none()
    {
        return Err(CliError::new("the label file names no rubric, and the run has several").hint(format!(
            "say which one it is about: --rubric {}",
            rubrics.into_iter().collect::<Vec<_>>().join("|")
        )));
    }
    let mut reports = Vec::new();
    let mut left_out = Vec::new();
    for name in rubrics.iter().copied().filter(|name| request.scale.rubric().is_none_or(|asked| asked == *name)) {
        let declared = match declared(request, Some(name), settings) {
            // One rubric whose answers cannot be compared keeps nobody from the others.
            Err(error) if request.scale.rubric().is_none() && is_incomparable(request, name, settings) => {
                left_out.push(error.message);
                continue;
            }
            declared => declared?,
        };
        let of_gold = joined.as_ref().map(|joined| joined.ratings.of_rubric(name));
        if of_gold.as_ref().is_some_and(|gold| gold.rows.is_empty()) && request.scale.rubric().is_none() {
            continue;
        }
        let part = read_rubric(&file, &Columns::default(), name)?;
        let report = match &of_gold {
            Some(gold) => side_by_side(&part, gold, Some(name), &declared, &request.options),
            None => report(&part, Some(name), &declared, &request.options),
        };
        let mut report = report.map_err(|error| {
            let alone = request.gold.is_none() && matches!(error, AgreementError::OneRater { .. });
            let error = of_rubric(Some(name), error);
            if alone { error.hint("--gold GOLD.csv holds the judge against other raters") } else { error }
        })?;
        if let Some(joined) = &joined {
            if joined.unrated > 0 {
                report.notes.push(format!("{} judged sessions have no label in the label file", joined.unrated));
            }
            let unmatched: Vec<&str> = joined.unmatched.iter().map(String::as_str).take(3).collect();
            if !unmatched.is_empty() {
                let listed = unmatched.join(", ");
                report.notes.push(format!(
                    "{} items of the label file are not sessions of the run, such as {listed}",
                    joined.unmatched.len()
                ));
            }
        }
        reports.push(report);
    }
    if let Some(first) = reports.first_mut() {
        first.notes.append(&mut left_out);
    } else {
        if let Some(message) = left_out.into_iter().next() {
            return Err(CliError::new(message));
        }
        return Err(CliError::new(format!(
            "the label file has no rubric of the run ({})",
            rubrics.into_iter().collect::<Vec<_>>().join(", ")
        )));
    }
    Ok(reports)
}

/// The judged sessions `ids`; with their files where the run's corpus is at hand.
pub(super) fn sessions(folder: &Path, ids: BTreeSet<String>, settings: &Settings) -> Vec<Known> {
    let corpus = fs_err::read_to_string(folder.join("run.json"))
        .ok()
        .and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
        .and_then(|run| run.pointer("/experiment/corpus")?.as_str().map(|corpus| settings.folder.join(corpus)));
    let mut files = HashMap::new();
    if let Some(corpus) = corpus.and_then(|corpus| Corpus::open(&corpus).ok()) {
        // Without their files, sessions can still be named by their ids.
        let _ = corpus.each_row(|row| {
            files.insert(row.id, row.file);
        });
    }
    ids.into_iter().map(|id| Known { file: files.remove(&id), id }).collect()
}

/// Whether the answers to the rubric `name` cannot be compared, where the command line declares no scale of its own.
pub(super) fn is_incomparable(request: &Request<'_>, name: &str, settings: &Settings) -> bool {
    request.scale.categories().is_none()
        && rubric::load(name, &settings.folder).is_ok_and(|rubric| rubric.level().is_none())
}

/// What the command line or the rubric declares about the scale.
pub(super) fn declared(request: &Request<'_>, rubric: Option<&str>, settings: &Settings) -> Result<Declared, CliError> {
    let declared = match (request.scale.categories(), rubric) {
        (Some(categories), _) => Declared { categories: Some(categories.to_vec()), ..Declared::default() },
        (None, Some(name)) => Declared::of_rubric(&rubric::load(name, &settings.folder)?)?,
        (None, None) => Declared::default(),
    };
    let distances = request.scale.distances()?;
    Ok(Declared { level: request.scale.level().or(declared.level), distances, ..declared })
}

pub(super) fn of_rubric(name: Option<&str>, error: impl Into<AgreementError>) -> CliError {
    let error = CliError::from(error.into());
    match name {
        Some(name) => CliError { message: format!("{name}: {}", error.message), ..error },
        None => error,
    }
}

pub(super) fn no_rubric(path: &Path, name: &str, rubrics: &BTreeSet<&str>) -> CliError {
    let known: Vec<&str> = rubrics.iter().copied().collect();
    CliError::new(format!("{} has no ratings on {name}", path.display())).hint(format!("it has: {}", known.join(", ")))
}

impl InputArgs {
    /// Whether items are to count by their weights.
    pub fn is_weighted(&self) -> bool {
        self.weight.is_some()
    }

    /// Whether items were drawn from strata.
    pub fn is_stratified(&self) -> bool {
        self.strata.is_some()
    }

    /// The same form, with what raters say or were shown beside their labels where `beside` asks for it.
    pub(super) fn beside(&self, beside: bool) -> Self {
        Self { beside, ..self.clone() }
    }

    /// The columns of a file of this form.
    pub(super) fn columns(&self) -> Columns {
        Columns {
            item: self.item.clone(),
            rater: self.rater.clone(),
            label: self.label.clone(),
            rubric: self.rubric_column.clone(),
            cluster: self.cluster.clone(),
            weight: self.weight.clone(),
            stratum: self.strata.clone(),
            replicate: self.replicate.clone(),
            beside: self.beside,
        }
    }

    /// The columns of a run's own file.
    pub(super) fn run_columns(&self) -> Columns {
        Columns { beside: self.beside, ..Columns::default() }
    }

    /// How labels are cut out of what was typed.
    pub(super) fn rule(&self) -> Result<LabelRule, CliError> {
        Ok(LabelRule::new(self.label_key.as_deref(), self.separator.clone(), &self.drop_label)?)
    }

    /// Reads a file of this form.
    pub(super) fn read(&self, path: &Path) -> Result<Ratings, CliError> {
        let shape = if self.wide.is_empty() { Shape::Long } else { Shape::Wide { raters: self.wide.clone() } };
        Ok(read(path, &self.columns(), &shape)?)
    }
}
