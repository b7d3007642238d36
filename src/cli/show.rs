//! `assize show`.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use crate::corpus::Corpus;
use crate::postings::Posting;
use crate::prompt::{Examples, Extras, Template};
use crate::rubric::{self, Rubric};
use crate::run::stand_ins;
use crate::session::{Evidence, Losses, Measures, Session};
use crate::view::{self, ViewSpec};

use super::error::{CliError, CliResult, Exit};
use super::printer::Printer;
use super::settings::Settings;

/// Arguments of `assize show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Folder of the corpus.
    corpus: PathBuf,
    /// The session: its id, the beginning of its id, or its file.
    session: String,
    /// Show the exact prompt that this rubric sends: its three parts on stdout, each ended by a line feed.
    #[arg(long)]
    rubric: Option<String>,
    /// Text for people, or JSON.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// Forms of output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Text for people.
    #[default]
    Text,
    /// One JSON document, versioned.
    Json,
}

/// Runs the command.
pub fn run(args: &ShowArgs, settings: &Settings, printer: Printer) -> CliResult {
    let session = Corpus::open(&settings.folder.join(&args.corpus))?.session(&args.session)?;
    match &args.rubric {
        Some(name) => show_prompt(&session, name, args.format, settings, printer),
        None => show_session(&session, args.format, printer),
    }
}

fn show_prompt(session: &Session, name: &str, form: Form, settings: &Settings, printer: Printer) -> CliResult {
    let rubric = rubric::load(name, &settings.folder)?;
    let template = Template::load(&rubric.prompt, &settings.folder)?;
    let spec = ViewSpec::default();
    let view = view::render(session, &spec);
    let extras = extras(&rubric, &template, settings, printer)?;
    let prompt = template.render(&rubric, &view.text, &view.nonce, &extras)?;
    if form == Form::Json {
        printer.json(&json!({
            "version": 1,
            "session": session.id,
            "rubric": {"name": rubric.name, "version": rubric.version, "hash": rubric.hash()},
            "view": {"spec": spec, "cut_messages": view.cut_turns, "cut_whole": view.cut_whole},
            "prompt": {"system": prompt.system, "session": prompt.session, "question": prompt.question},
        }))?;
        return Ok(Exit::Done);
    }
    // Headings go to stderr, so that stdout holds nothing but the prompt.
    for (part, text) in [("system", &prompt.system), ("session", &prompt.session), ("question", &prompt.question)] {
        printer.say(&format!("--- {part}: {} characters ---", text.chars().count()));
        printer.out(text)?;
    }
    Ok(Exit::Done)
}

/// What a run puts into the prompt beside the session: here something of the same form stands in for it, and that is said.
fn extras(rubric: &Rubric, template: &Template, settings: &Settings, printer: Printer) -> Result<Extras, CliError> {
    for need in &rubric.needs {
        printer.say(&format!("the answer to {need} stands in here for the one that a run puts there"));
    }
    let x = || "x".to_owned();
    let shown = template.reads("calibration").then(|| {
        printer.say("one posting stands in here for those that an experiment names under `calibration`");
        let posting = Posting { id: String::new(), title: x(), description: x(), skills: vec![x()], price: 10.0 };
        Examples::new(&[posting.example()])
    });
    Ok(Extras { needs: stand_ins(rubric, &settings.folder)?, calibration: shown })
}

fn show_session(session: &Session, form: Form, printer: Printer) -> CliResult {
    let (measures, evidence) = (Measures::of(session), Evidence::of(session));
    if form == Form::Json {
        printer.json(&json!({"version": 1, "session": session, "measures": measures, "evidence": evidence}))?;
        return Ok(Exit::Done);
    }
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut rows = vec![
        ("session".to_owned(), session.id.clone()),
        ("file".to_owned(), session.file.clone()),
        ("project".to_owned(), known(&session.project)),
        ("person".to_owned(), known(&session.person)),
        ("from".to_owned(), known(&session.started_at)),
        ("to".to_owned(), known(&session.ended_at)),
        ("models".to_owned(), session.models.join(", ")),
        ("scope".to_owned(), format!("{}: {}", word(session.scope)?, session.scope_rule)),
    ];
    rows.extend(
        json!(measures).as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.to_string())),
    );
    rows.extend(losses(&session.losses));
    for item in &evidence.items {
        rows.push((format!("turn {}", item.turn), format!("{}: {}", word(item.kind)?, item.excerpt)));
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in rows {
        printer.out(format!("{name:width$}  {value}").trim_end())?;
    }
    printer.out(&format!("\n{}", view::transcript(session, &ViewSpec::default()).trim_end()))?;
    Ok(Exit::Done)
}

/// What reading the session lost or left out, as far as it lost anything.
fn losses(losses: &Losses) -> impl Iterator<Item = (String, String)> {
    let counts = [
        ("unreadable_lines", losses.bad_lines.len() as u64),
        ("unfinished_files", losses.unfinished_files),
        ("repaired_lines", losses.repaired_lines),
        ("duplicate_records", losses.duplicate_records),
        ("abandoned_records", losses.abandoned_records),
        ("unknown_records", losses.unknown_records.values().sum()),
    ];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name.to_owned(), count.to_string()))
}

/// The name of a value in files.
fn word(value: impl Serialize) -> Result<String, CliError> {
    Ok(serde_json::to_value(value)?.as_str().unwrap_or_default().to_owned())
}
