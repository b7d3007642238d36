//! `assize report --public` and `--check-public`: a report that may be shared, and the proof that it may.

use std::path::{Path, PathBuf};

use crate::corpus::Corpus;
use crate::report::{self, Breach, Floors, Inputs, Leaks, Report, Vocabulary};
use crate::rubric::{self, Rubric};
use crate::run;

use super::error::{CliError, CliResult, Exit};
use super::printer::{Format, Printer, table};
use super::report::RESULTS;
use super::settings::Settings;

/// Folder of a public report inside its run's.
const PUBLIC: &str = "public";

/// Writes what of `report` may be shared, and holds what was written against the sessions.
pub(super) fn publish(
    inputs: &Inputs,
    report: &Report,
    (floors, own): (Floors, &Path),
    (into, format): (Option<&PathBuf>, Format),
    printer: Printer,
) -> CliResult {
    let folder = into.cloned().unwrap_or_else(|| own.join(PUBLIC));
    if folder.join("run.json").exists() {
        return Err(CliError::new(format!("{} is the folder of a run, which is not to be shared", folder.display()))
            .hint("give a folder of its own: --into DIR"));
    }
    let public = report::publish(inputs, report, floors)?;
    let page = report::write_public(&public, &folder)?;
    match format {
        Format::Json => printer.json(&public)?,
        Format::Table | Format::Csv => {
            let cells = || public.tables.iter().flat_map(|table| &table.panels).flat_map(|panel| &panel.cells);
            let withheld = cells().filter(|cell| cell.withheld.is_some()).count();
            let line = format!(
                "public report: {} tables, {} cells, {withheld} of them withheld (below {} sessions or {} persons, or to protect such cells)",
                public.tables.len(),
                cells().count(),
                public.floors.sessions,
                public.floors.persons
            );
            printer.out(&format!(
                "{line}\ncheck it: assize report --check-public {} {}",
                folder.display(),
                report.run.id
            ))?;
            printer.out(&format!("\nreport: {}", page.display()))?;
        }
    }
    Ok(Exit::Done)
}

/// What a public report is checked against.
struct Against {
    rubrics: Vec<Rubric>,
    corpus: Option<Corpus>,
    names: Vec<String>,
}

/// Checks the file or folder `given` as a public report; `target` is the run or corpus that it was made from.
pub(super) fn check(
    given: &Path,
    target: Option<&str>,
    format: Format,
    settings: &Settings,
    printer: Printer,
) -> CliResult {
    let files = read(given)?;
    let against = target.map(|target| against(target, settings)).transpose()?;
    let vocabulary = Vocabulary::of(against.as_ref().map_or(&[], |against| &against.rubrics))?;
    let mut breaches = report::check(&files, &vocabulary)?;
    let mut said = format!("{} files", files.len());
    if let Some(Against { corpus: Some(corpus), names, .. }) = &against {
        let mut leaks = Leaks::of(&files, &vocabulary)?;
        for name in names {
            leaks.name("the name of a run or corpus", name);
        }
        let rows = corpus.rows()?;
        for row in &rows {
            leaks.row(row);
            leaks.session(&corpus.session(&row.id)?);
        }
        let (found, hidden) = leaks.finish();
        breaches.extend(found);
        said = format!("{said}, held against the text and names of {} sessions", rows.len());
        if hidden > 0 {
            said = format!("{said}; {hidden} names are words that every report says, and cannot be told from them");
        }
    } else {
        said = format!("{said}, by structure alone: name the run or corpus to hold them against its sessions");
    }
    breaches.sort();
    breaches.dedup();
    show(&breaches, &said, format, printer)?;
    Ok(if breaches.is_empty() { Exit::Done } else { Exit::GateFailed })
}

fn show(breaches: &[Breach], said: &str, format: Format, printer: Printer) -> Result<(), CliError> {
    let rows: Vec<Vec<String>> =
        breaches.iter().map(|one| vec![one.file.clone(), one.place.clone(), one.what.clone()]).collect();
    match format {
        Format::Json => {
            let proven = breaches.is_empty();
            printer
                .json(&serde_json::json!({"version": 1, "proven": proven, "checked": said, "breaches": breaches}))?;
        }
        Format::Csv => printer.out(super::printer::csv(&["file", "place", "what"], &rows)?.trim_end())?,
        Format::Table if breaches.is_empty() => printer.out(&format!("public: nothing found in {said}"))?,
        Format::Table => {
            printer.out(&table(&["file", "place", "what"], &rows))?;
            printer.out(&format!("\nnot public: {} breaches in {said}", breaches.len()))?;
        }
    }
    Ok(())
}

/// The files of a public report: one, or all below a folder, named from it.
fn read(given: &Path) -> Result<Vec<(String, String)>, CliError> {
    let mut files = Vec::new();
    if given.is_dir() {
        let mut folders = vec![given.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(given).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                    files.push((name, path));
                }
            }
        }
        files.sort();
    } else {
        files.push((given.file_name().unwrap_or_default().to_string_lossy().into_owned(), given.to_owned()));
    }
    if files.is_empty() {
        return Err(
            CliError::new(format!("{} holds no file", given.display())).hint("give the folder of a public report")
        );
    }
    // What is no text cannot be a part of the report; it is told as such, not skipped.
    files
        .into_iter()
        .map(|(name, path)| Ok((name, String::from_utf8_lossy(&fs_err::read(path)?).into_owned())))
        .collect()
}

/// The run `target`, or the corpus in the folder `target`.
fn against(target: &str, settings: &Settings) -> Result<Against, CliError> {
    let folder = settings.folder.join(target);
    if folder.join("corpus.sqlite").exists() {
        let corpus = Corpus::open(&folder)?;
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        return Ok(Against { rubrics: Vec::new(), corpus: Some(corpus), names: name.into_iter().collect() });
    }
    let (_, record) = run::find(&settings.folder.join(RESULTS), target)?;
    let rubrics = record.rubrics.iter().map(|rubric| rubric::load(&rubric.name, &settings.folder));
    let corpus = Corpus::open(&settings.folder.join(&record.experiment.corpus))?;
    let names = vec![record.id.clone(), record.experiment.name.clone(), record.corpus_hash.clone()];
    Ok(Against { rubrics: rubrics.collect::<Result<_, _>>()?, corpus: Some(corpus), names })
}
