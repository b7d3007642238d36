//! What earlier runs learned of servers, in `results/servers.json`: a form of asking that was refused is not tried again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::provider::{Access, Form, Provider};

use super::error::RunError;
use super::event::{Event, Warned};
use super::seat::{Line, Seat};

/// Version of the file's form.
const VERSION: u32 = 1;

/// The file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    servers: BTreeMap<String, BTreeMap<String, Known>>,
}

/// What is known of one model of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    /// The best form that it was found to take.
    pub(super) form: Form,
    /// RFC 3339 time at which the better ones were refused.
    pub(super) learned_at: String,
}

/// The memory of a results folder.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    file: File,
}

/// A model whose forms are watched during a run.
#[derive(Debug)]
pub(super) struct Watched {
    server: String,
    model: String,
    forms: &'static [Form],
    line: Arc<Line>,
}

impl Memory {
    /// Reads the memory of the folder `results`; empty where there is none.
    ///
    /// # Errors
    /// When the file is there and is not one of ours.
    pub(super) fn read(results: &Path) -> Result<Self, RunError> {
        let path = results.join("servers.json");
        let file = match fs_err::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| error.to_string()).and_then(|file: File| {
                let message = || format!("it has version {}, this assize knows {VERSION}", file.version);
                if file.version == VERSION { Ok(file) } else { Err(message()) }
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Ok(File { version: VERSION, servers: BTreeMap::new() })
            }
            Err(error) => Err(error.to_string()),
        };
        let wrong = |message| {
            let path = path.display();
            RunError::Selection(format!("{path}: {message}; it only remembers what servers take: delete it"))
        };
        let file = file.map_err(wrong)?;
        Ok(Self { path, file })
    }

    /// What is known of `model` at the base URL `server`.
    pub(super) fn of(&self, server: &str, model: &str) -> Option<&Known> {
        self.file.servers.get(server)?.get(model)
    }

    /// Remembers that `form` is the best that `model` at `server` takes; false where that was known.
    pub(super) fn learn(&mut self, server: &str, model: &str, form: Form, now: &str) -> bool {
        if self.of(server, model).is_some_and(|known| known.form == form) {
            return false;
        }
        let models = self.file.servers.entry(server.to_owned()).or_default();
        models.insert(model.to_owned(), Known { form, learned_at: now.to_owned() });
        true
    }

    /// Forgets `model` at `server`, which takes the first form.
    pub(super) fn forget(&mut self, server: &str, model: &str) -> bool {
        self.file.servers.get_mut(server).is_some_and(|models| models.remove(model).is_some())
    }

    /// Rules out what `seats` were refused before; who is to be watched for more, and what to say of it.
    pub(super) fn recall(&self, seats: &[Seat<Provider>], access: &Access) -> (Vec<Watched>, Vec<Event>) {
        let (mut watched, mut events) = (Vec::new(), Vec::new());
        for seat in seats.iter().filter(|seat| seat.judge.forms().len() > 1) {
            let forms = seat.judge.forms();
            let server = access.source(&seat.model);
            if let Some(known) = self.of(&server, &seat.model)
                && let Some(place) = forms.iter().position(|form| *form == known.form).filter(|place| *place > 0)
            {
                seat.line.rule_out(forms[place - 1], forms);
                let message = format!(
                    "{server} refused better forms than {} on {}: they are not tried again (`assize doctor --model {} \
                     --probe` does)",
                    known.form.as_str(),
                    known.learned_at.get(..10).unwrap_or(&known.learned_at),
                    seat.model
                );
                events.push(Event::Warning { judge: seat.name.clone(), kind: Warned::Form, message });
            }
            watched.push(Watched { server, model: seat.model.clone(), forms, line: Arc::clone(&seat.line) });
        }
        (watched, events)
    }

    /// Remembers what was refused to those `watched` since.
    pub(super) fn keep(&mut self, watched: &[Watched], now: &str) -> Result<(), RunError> {
        let mut is_new = false;
        for Watched { server, model, forms, line } in watched {
            if let Some(form) = line.form(forms).filter(|form| Some(form) != forms.first()) {
                is_new |= self.learn(server, model, form, now);
            }
        }
        if is_new { self.write() } else { Ok(()) }
    }

    /// Writes the file, whole or not at all.
    pub(super) fn write(&self) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(&self.file).map_err(|error| RunError::Fault(error.to_string()))?;
        let beside = self.path.with_extension("tmp");
        fs_err::write(&beside, text + "\n")?;
        Ok(fs_err::rename(&beside, &self.path)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_of_one_server_is_kept_and_says_nothing_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::read(folder.path()).unwrap();
        assert!(memory.learn("http://a/v1", "openai/m", Form::JsonObject, "2026-01-02T03:04:05Z"));
        assert!(!memory.learn("http://a/v1", "openai/m", Form::JsonObject, "2026-01-03T03:04:05Z"));
        memory.write().unwrap();
        let mut memory = Memory::read(folder.path()).unwrap();
        let known = memory.of("http://a/v1", "openai/m").unwrap();
        assert_eq!((known.form, known.learned_at.as_str()), (Form::JsonObject, "2026-01-02T03:04:05Z"));
        assert_eq!(memory.of("http://b/v1", "openai/m"), None);
        assert_eq!(memory.of("http://a/v1", "openai/n"), None);
        assert!(memory.forget("http://a/v1", "openai/m") && !memory.forget("http://a/v1", "openai/m"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["{", r#"{"version":9,"servers":{}}"#, r#"{"version":1,"servers":{},"more":1}"#] {
            fs_err::write(folder.path().join("servers.json"), text).unwrap();
            let error = Memory::read(folder.path()).unwrap_err().to_string();
            assert!(error.contains("servers.json") && error.contains("delete it"), "{error}");
        }
    }
}
