//! What `assize compare` reads: one or two runs or files of ratings, and the label file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::gold::{Known, Ratings, Shape, read};
use crate::run;

use super::agree::Request;
use super::agree_input::{InputArgs, is_incomparable, no_rubric, sessions};
use super::error::CliError;
use super::printer::Printer;
use super::settings::Settings;

/// Judges of one or two sources, and the labels they are held against.
#[derive(Debug)]
pub(super) struct Loaded {
    judges: Ratings,
    gold: Option<Ratings>,
    /// Whether rubrics are those of a run, and so declare their labels.
    pub is_run: bool,
    /// Judges of the first source against judges of the second; empty with one source.
    pairs: Vec<[String; 2]>,
    /// What did not match.
    pub notes: Vec<String>,
    source: PathBuf,
}

/// Reads one or two sources, each a run or a CSV file, and the label file.
pub(super) fn load(
    sources: &[PathBuf],
    gold: Option<&Path>,
    input: &InputArgs,
    settings: &Settings,
) -> Result<Loaded, CliError> {
    let mut parts = sources.iter().map(|source| part(source, input, settings)).collect::<Result<Vec<_>, _>>()?;
    let is_run = parts.iter().all(|part| part.known.is_some());
    let pairs = tell_apart(&mut parts);
    let mut known: Vec<Known> = Vec::new();
    let mut judges = Ratings { source: sources[0].display().to_string(), ..Ratings::default() };
    for part in parts {
        let new: BTreeSet<String> = known.iter().map(|known| known.id.clone()).collect();
        known.extend(part.known.into_iter().flatten().filter(|session| !new.contains(&session.id)));
        judges.rows.extend(part.ratings.rows);
        judges.missing.extend(part.ratings.missing);
    }
    judges.check_duplicates()?;
    let mut notes = Vec::new();
    let mut gold = gold.map(|path| input.read(path)).transpose()?;
    if let Some(labels) = gold.as_mut().filter(|_| is_run) {
        let joined = labels.join(&known)?;
        if !joined.unmatched.is_empty() {
            notes.push(format!("{} items of the label file are not sessions of the runs", joined.unmatched.len()));
        }
        if joined.unrated > 0 {
            notes.push(format!("{} judged sessions have no label in the label file", joined.unrated));
        }
        *labels = joined.ratings;
    }
    Ok(Loaded { judges, gold, is_run, pairs, notes, source: sources[0].clone() })
}

struct Part {
    name: String,
    ratings: Ratings,
    known: Option<Vec<Known>>,
}

fn part(source: &Path, input: &InputArgs, settings: &Settings) -> Result<Part, CliError> {
    let results = settings.folder.join("results");
    let name =
        source.file_name().map_or_else(|| source.display().to_string(), |name| name.to_string_lossy().into_owned());
    if source.is_file() {
        return Ok(Part { name, ratings: input.read(source)?, known: None });
    }
    let known = [source.to_owned(), results.join(source)].into_iter().find(|folder| folder.is_dir());
    let folder = if let Some(folder) = known {
        folder
    } else {
        let (results, record) = run::find(&results, &source.to_string_lossy())?;
        results.join(record.id)
    };
    let file = folder.join("ratings.csv");
    if !file.exists() {
        return Err(CliError::new(format!("{} is a folder without ratings.csv, so not a run", folder.display()))
            .hint("name a run below results/, or a CSV file of ratings"));
    }
    let ratings = read(&file, &input.run_columns(), &Shape::Long)?;
    let missing = ratings.missing.iter().map(|missing| &missing.item);
    let items = ratings.rows.iter().map(|row| &row.item).chain(missing).cloned().collect();
    let known = Some(sessions(&folder, items, settings));
    Ok(Part { name, ratings, known })
}

/// Names judges of two sources apart where they have one name, and pairs them: like with like, else all with all.
fn tell_apart(parts: &mut [Part]) -> Vec<[String; 2]> {
    let [first, second] = parts else { return Vec::new() };
    let names = |part: &Part| part.ratings.raters().into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let (of_first, of_second) = (names(first), names(second));
    let shared: BTreeSet<String> = of_first.intersection(&of_second).cloned().collect();
    if shared.is_empty() {
        return of_first.iter().flat_map(|a| of_second.iter().map(|b| [a.clone(), b.clone()])).collect();
    }
    // Two runs of one name are told apart by their order.
    let marks = if first.name == second.name {
        ["1".to_owned(), "2".to_owned()]
    } else {
        [first.name.clone(), second.name.clone()]
    };
    for (part, mark) in [first, second].into_iter().zip(&marks) {
        let rename = |rater: &mut String| {
            if shared.contains(rater) {
                *rater = format!("{rater}@{mark}");
            }
        };
        part.ratings.rows.iter_mut().for_each(|row| rename(&mut row.rater));
        part.ratings.missing.iter_mut().for_each(|row| rename(&mut row.rater));
    }
    shared.iter().map(|name| [0, 1].map(|at| format!("{name}@{}", marks[at]))).collect()
}

/// All pairs of judges, in the order they were named.
pub(super) fn all_pairs(names: &[String]) -> Vec<[String; 2]> {
    let later = |at: usize| names[at + 1..].iter().map(move |second| [names[at].clone(), second.clone()]);
    (0..names.len()).flat_map(later).collect()
}

impl Loaded {
    /// As [`Self::rubrics`], without those of a run whose answers cannot be compared, which is said.
    pub fn comparable(
        &self,
        request: &Request<'_>,
        settings: &Settings,
        printer: Printer,
    ) -> Result<Vec<Option<String>>, CliError> {
        let mut names = self.rubrics(request.scale.rubric())?;
        if self.is_run && request.scale.rubric().is_none() {
            names.retain(|name| {
                let left_out = name.as_deref().filter(|name| is_incomparable(request, name, settings));
                if let Some(name) = left_out {
                    printer.say(&format!("{name} is left out: its answers cannot be compared as a whole"));
                }
                left_out.is_none()
            });
        }
        Ok(names)
    }

    /// The rubrics to compare on: none where the files name none.
    pub fn rubrics(&self, asked: Option<&str>) -> Result<Vec<Option<String>>, CliError> {
        let rubrics = self.judges.rubrics();
        if let Some(name) = asked.filter(|name| !rubrics.is_empty() && !rubrics.contains(name)) {
            return Err(no_rubric(&self.source, name, &rubrics));
        }
        let of_gold = self.gold.as_ref().map(Ratings::rubrics).unwrap_or_default();
        if self.gold.is_some() && of_gold.is_empty() && rubrics.len() > 1 && asked.is_none() {
            let listed = rubrics.into_iter().collect::<Vec<_>>().join("|");
            return Err(CliError::new("the label file names no rubric, and the judges have several")
                .hint(format!("say which one it is about: --rubric {listed}")));
        }
        let both: Vec<Option<String>> = (rubrics.iter())
            .filter(|name| of_gold.is_empty() || of_gold.contains(*name))
            .filter(|name| asked.is_none_or(|asked| asked == **name))
            .map(|name| Some((*name).to_owned()))
            .collect();
        match (rubrics.is_empty(), both.is_empty()) {
            (true, _) => Ok(vec![asked.map(str::to_owned)]),
            (false, false) => Ok(both),
            (false, true) => Err(CliError::new("the label file has no rubric of the judges")
                .hint(format!("they have: {}", rubrics.into_iter().collect::<Vec<_>>().join(", ")))),
        }
    }

    /// The pairs of judges of two sources that both are in `judges`.
    pub fn pairs_of(&self, judges: &Ratings) -> Vec<[String; 2]> {
        let present = judges.raters();
        let both = |pair: &&[String; 2]| pair.iter().all(|judge| present.contains(judge.as_str()));
        self.pairs.iter().filter(both).cloned().collect()
    }

    /// The judges' part on one rubric.
    pub fn judges_of(&self, rubric: Option<&str>) -> Ratings {
        rubric.map_or_else(|| self.judges.clone(), |name| self.judges.of_rubric(name))
    }

    /// The label file's part on one rubric; empty where there is no label file.
    pub fn gold_of(&self, rubric: Option<&str>) -> Ratings {
        let gold = self.gold.clone().unwrap_or_default();
        rubric.map_or_else(|| gold.clone(), |name| gold.of_rubric(name))
    }
}
