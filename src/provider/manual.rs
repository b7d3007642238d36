//! `manual/FOLDER`: prompts written out as files and answers read back, for people and other tools (docs/judges.md).

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::verdict::{Fingerprint, Reader};

use super::model::{Ask, CallError, Form};

/// Endings of an answer's file, after the prompt's name.
const ANSWERS: [&str; 3] = [".answer.json", ".answer.txt", ".answer.md"];
/// List of all prompts.
const INDEX: &str = "index.csv";
/// Longest part of a file's name that a session's or a rubric's name gives.
const NAME_LENGTH: usize = 60;
/// Bytes of an answer's file beyond which it is none.
const MAX_ANSWER: u64 = 1024 * 1024;

/// A folder of prompts and answers.
#[derive(Debug)]
pub(super) struct Manual {
    folder: PathBuf,
    /// Readers of answers by rubric: a wrong answer must be found before it counts as one.
    readers: Mutex<BTreeMap<String, Arc<Reader>>>,
    /// Held while a prompt and its line in the index are written.
    index: Mutex<()>,
}

/// What a request asks for.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    session: String,
    rubric: String,
    replicate: u32,
    prompt: String,
    schema: Value,
}

impl Manual {
    /// The judge that answers in `folder`, which need not be there yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, readers: Mutex::default(), index: Mutex::default() }
    }

    /// The request: the whole prompt as one text.
    pub(super) fn request(&self, ask: &Ask<'_>) -> Vec<u8> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if !readers.contains_key(&ask.rubric.name)
            && let Ok(reader) = Reader::new(ask.rubric)
        {
            readers.insert(ask.rubric.name.clone(), Arc::new(reader));
        }
        let question = ask.question(Form::Plain);
        let parts = [ask.prompt.system.as_str(), ask.prompt.session.as_str(), &question];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
        let wanted = Wanted {
            session: ask.session.id.clone(),
            rubric: ask.rubric.name.clone(),
            replicate: ask.replicate,
            prompt: parts.join("\n\n"),
            schema: ask.schema.full.clone(),
        };
        json!(wanted).to_string().into_bytes()
    }

    /// The answer to `request`, as JSON; where there is none that can be used, its prompt is in the folder.
    pub(super) fn answer(&self, request: &[u8]) -> Result<Vec<u8>, CallError> {
        let failed = |error: &dyn std::fmt::Display| {
            let message = format!("{}: {error}; see to it and run the same command again", self.folder.display());
            CallError::Fatal { message }
        };
        let wanted: Wanted = serde_json::from_slice(request).map_err(|error| failed(&error))?;
        let name = name(&wanted, request);
        self.write_prompt(&name, &wanted).map_err(|error| failed(&error))?;
        let reasons = self.folder.join(format!("{name}.wrong.txt"));
        let outcome = match self.find(&name) {
            Ok(None) => {
                let message = format!(
                    "answers are awaited: {} lists the prompts; write each answer beside its prompt, under the name given \
                     there, and run the same command again",
                    self.folder.join(INDEX).display()
                );
                return Err(CallError::Pending { message });
            }
            Ok(Some(path)) => self.read(&path, &wanted).map_err(|reason| format!("{}: {reason}", path.display())),
            Err(reason) => Err(reason),
        };
        match outcome {
            Ok(answer) => match fs_err::remove_file(&reasons) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&error)),
                _ => Ok(answer),
            },
            Err(reason) => {
                fs_err::write(&reasons, format!("{reason}\n")).map_err(|error| failed(&error))?;
                let message = format!("{reason}; correct it and run the same command again");
                Err(CallError::Pending { message })
            }
        }
    }

    /// The answer's file, where there is one that is not empty.
    fn find(&self, name: &str) -> Result<Option<PathBuf>, String> {
        let mut found = Vec::new();
        for path in ANSWERS.map(|ending| self.folder.join(format!("{name}{ending}"))) {
            match fs_err::metadata(&path) {
                Ok(data) if data.len() > 0 => found.push(path),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        match found.as_slice() {
            [] | [_] => Ok(found.pop()),
            [first, second, ..] => Err(format!("{} and {} both answer: leave one", first.display(), second.display())),
        }
    }

    /// Reads and checks an answer; as JSON, whatever it was.
    fn read(&self, path: &Path, wanted: &Wanted) -> Result<Vec<u8>, String> {
        let size = fs_err::metadata(path).map_err(|error| error.to_string())?.len();
        if size > MAX_ANSWER {
            return Err(format!("it has {size} bytes; an answer has at most {MAX_ANSWER}"));
        }
        let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
        let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let text = if text.contains('{') { text } else { from_lines(&text, &wanted.schema) };
        let reader = self.readers.lock().unwrap_or_else(PoisonError::into_inner).get(&wanted.rubric).cloned();
        let reader = reader.ok_or_else(|| format!("answers to {} cannot be checked", wanted.rubric))?;
        reader.read(&text).map_err(|error| error.to_string())?;
        Ok(text.into_bytes())
    }

    /// Writes a prompt that is not there yet, whole or not at all, and its line in the index. Nothing is overwritten.
    fn write_prompt(&self, name: &str, wanted: &Wanted) -> io::Result<()> {
        let _one_at_a_time = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.folder.join(format!("{name}.prompt.md"));
        if path.exists() {
            return Ok(());
        }
        fs_err::create_dir_all(&self.folder)?;
        let index = self.folder.join(INDEX);
        let is_new = !index.exists();
        let mut rows = csv::Writer::from_writer(OpenOptions::new().create(true).append(true).open(index)?);
        if is_new {
            rows.write_record(["prompt", "answer", "session", "rubric", "replicate"])?;
        }
        let files = [format!("{name}.prompt.md"), format!("{name}{}", ANSWERS[0])];
        let replicate = wanted.replicate.to_string();
        rows.write_record([&files[0], &files[1], &wanted.session, &wanted.rubric, &replicate])?;
        rows.flush()?;
        let beside = path.with_extension("tmp");
        let mut file = File::create(&beside)?;
        write!(
            file,
            "{}\n\n---\nWrite the answer into {} in this folder: the JSON object, or (into {name}{}) the label alone on the \
             first line, with the reason below it.\n",
            wanted.prompt, files[1], ANSWERS[1]
        )?;
        file.sync_all()?;
        fs_err::rename(&beside, &path)
    }
}

/// The answer of a person who wrote the label on the first line and, perhaps, a reason below it.
fn from_lines(text: &str, schema: &Value) -> String {
    let text = text.trim_start_matches('\u{feff}').trim();
    let (label, reason) = text.split_once('\n').unwrap_or((text, ""));
    let parts = [("reason", json!(reason.trim())), ("evidence", json!([])), ("label", json!(label.trim()))];
    let asked = |(key, _): &(&str, Value)| schema["properties"].get(key).is_some();
    let answer: Map<String, Value> =
        parts.into_iter().filter(asked).map(|(key, value)| (key.to_owned(), value)).collect();
    Value::Object(answer).to_string()
}

/// The beginning of the names of a request's files: the same as long as the prompt is, and safe on every system.
fn name(wanted: &Wanted, request: &[u8]) -> String {
    let safe = |name: &str| -> String {
        let allowed = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' };
        name.chars().take(NAME_LENGTH).map(allowed).collect()
    };
    let hash = Fingerprint::of(&[request]);
    format!("{}.{}.{}.{}", safe(&wanted.session), safe(&wanted.rubric), wanted.replicate, hash.short())
}
