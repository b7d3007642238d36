//! The shared data beside the project: real sessions, label sets, reference numbers. Never copied into it.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#![expect(clippy::disallowed_methods, reason = "the place of the shared data is given in the environment")]

use std::path::{Path, PathBuf};

/// A folder of the shared data (`ASSIZE_SHARED`, else `../shared`); says that the test is skipped where there is none.
pub fn folder(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ASSIZE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
        .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {}", folder.display());
    None
}
