//! `assize sessions --turns`: the measures of every turn.

use serde::Serialize;

use crate::corpus::{Corpus, SessionRow};
use crate::session::{PromptKind, TurnMeasures};

use super::error::{CliError, CliResult, Exit};
use super::printer::{Printer, csv, table};
use super::sessions::SessionsFormat;

/// Columns of the table; CSV and JSON have all of them.
const SHOWN: [&str; 12] = [
    "session",
    "turn",
    "kind",
    "at",
    "actions",
    "successful_actions",
    "model_calls",
    "output_words",
    "lines_added",
    "lines_removed",
    "interrupts",
    "seconds",
];

/// What `--format json` prints.
#[derive(Serialize)]
struct Listing {
    version: u32,
    content_hash: String,
    turns: Vec<TurnRow>,
}

/// One turn of one session.
#[derive(Serialize)]
struct TurnRow {
    session: String,
    #[serde(flatten)]
    turn: TurnMeasures,
}

impl TurnRow {
    /// Name and value of every column; measures that a turn does not have are left out.
    fn columns(&self) -> Vec<(&'static str, String)> {
        let kind = match self.turn.kind {
            Some(PromptKind::Typed) => "typed",
            Some(PromptKind::PlanHandOff) => "plan-hand-off",
            Some(PromptKind::SlashCommand) => "slash-command",
            Some(PromptKind::Queued) => "queued",
            Some(PromptKind::Relayed) => "relayed",
            None => "",
        };
        let mut columns = vec![
            ("session", self.session.clone()),
            ("turn", self.turn.turn.to_string()),
            ("kind", kind.to_owned()),
            ("at", self.turn.at.clone().unwrap_or_default()),
        ];
        let measures = self.turn.measures.columns().into_iter();
        let of_turns = measures.filter(|(name, _)| !matches!(*name, "models" | "active_seconds"));
        columns.extend(of_turns.map(|(name, value)| (name, value.map(|value| value.to_string()).unwrap_or_default())));
        columns
    }
}

/// Prints the turns of `sessions`, measured on the stored transcripts.
pub(super) fn print(corpus: &Corpus, sessions: &[SessionRow], format: SessionsFormat, printer: Printer) -> CliResult {
    let mut turns = Vec::new();
    for row in sessions {
        let measured = TurnMeasures::all(&corpus.session(&row.id)?);
        turns.extend(measured.into_iter().map(|turn| TurnRow { session: row.id.clone(), turn }));
    }
    let rows =
        || turns.iter().map(|turn| turn.columns().into_iter().map(|(_, value)| value).collect()).collect::<Vec<_>>();
    let names: Vec<&str> = turns.first().map(TurnRow::columns).into_iter().flatten().map(|(name, _)| name).collect();
    match format {
        SessionsFormat::Json => printer.json(&Listing { version: 1, content_hash: corpus.content_hash()?, turns })?,
        SessionsFormat::Csv => printer.out(&csv(&names, &rows())?)?,
        SessionsFormat::Table => printer.out(&table(&SHOWN, &turns.iter().map(shown).collect::<Vec<_>>()))?,
        SessionsFormat::Jsonl | SessionsFormat::Atif => {
            return Err(
                CliError::new("--turns cannot be printed as jsonl or atif").hint("take --format json, csv or table")
            );
        }
    }
    Ok(Exit::Done)
}

fn shown(turn: &TurnRow) -> Vec<String> {
    let columns = turn.columns();
    let cell = |name: &&str| {
        let value = columns.iter().find(|(column, _)| column == name).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty()).unwrap_or("-").to_owned()
    };
    SHOWN.iter().map(cell).collect()
}
