//! Sessions written as ATIF trajectories, one file a session.

use std::path::Path;

use crate::corpus::{Corpus, SessionRow};
use crate::ingest::atif_document;

use super::error::CliError;

/// Writes `sessions` into `folder`, which is made when missing; files of the same name are replaced.
pub(super) fn write(corpus: &Corpus, sessions: &[SessionRow], folder: &Path) -> Result<(), CliError> {
    fs_err::create_dir_all(folder)?;
    for row in sessions {
        let document = atif_document(&corpus.session(&row.id)?)?;
        fs_err::write(folder.join(file_name(&row.id)), serde_json::to_vec_pretty(&document)?)?;
    }
    Ok(())
}

/// A name for the file of a session; ids with signs that a file name may not have get a part of their hash.
fn file_name(id: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !id.is_empty() && id.len() <= 100 && id.chars().all(plain) {
        return format!("{id}.json");
    }
    let start: String = id.chars().take(60).map(|letter| if plain(letter) { letter } else { '_' }).collect();
    format!("{start}-{}.json", &blake3::hash(id.as_bytes()).to_hex()[..12])
}
