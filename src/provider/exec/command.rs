//! The command line of a judge: split without a shell, found, and told apart from other programs of its name.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use fs_err::File;

use crate::verdict::Fingerprint;

/// A program with its arguments.
#[derive(Debug)]
pub(in super::super) struct Command {
    /// The program's file.
    pub(super) program: PathBuf,
    /// Its arguments; those that name files of the working folder as absolute paths.
    pub(super) arguments: Vec<OsString>,
    /// Identity: the words as written, and the content of every file among them.
    pub(in super::super) hash: String,
}

impl Command {
    /// Reads `text` as words in the quoting of a POSIX shell, and finds the program: below `folder` where its name holds
    /// a `/`, else in `search_path` as the system does.
    ///
    /// # Errors
    /// What is wrong with the words, or that the program is not there or not executable, and what to do.
    pub(in super::super) fn find(text: &str, folder: &Path, search_path: &OsStr) -> Result<Self, String> {
        let words = shlex::split(text).ok_or("a quote or backslash in the command is not closed: close it")?;
        let (name, rest) = words.split_first().ok_or("the command is empty: write exec/PROGRAM ARGUMENTS")?;
        let program = program(name, folder, search_path)?;
        let mut identity = vec![text.as_bytes().to_vec(), content(&program)?];
        let mut arguments = Vec::new();
        for word in rest {
            let file = folder.join(word);
            if file.is_file() {
                identity.push(content(&file)?);
                arguments.push(absolute(&file)?.into_os_string());
            } else {
                arguments.push(word.into());
            }
        }
        let parts: Vec<&[u8]> = identity.iter().map(Vec::as_slice).collect();
        Ok(Self { program, arguments, hash: Fingerprint::of(&parts).0 })
    }
}

/// The file of the program `name`.
fn program(name: &str, folder: &Path, search_path: &OsStr) -> Result<PathBuf, String> {
    if Path::new(name).components().count() > 1 {
        let path = absolute(&folder.join(name))?;
        if !path.is_file() {
            return Err(format!(
                "there is no program {}: check the path, or leave it out to search PATH",
                path.display()
            ));
        }
        return if is_executable(&path) {
            Ok(path)
        } else {
            Err(format!("{} is not executable: make it so (chmod +x), or name its interpreter first", path.display()))
        };
    }
    let with_suffix = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let places = std::env::split_paths(search_path).flat_map(|place| [place.join(name), place.join(&with_suffix)]);
    let mut found = places.filter(|path| path.is_file());
    found.find(|path| is_executable(path)).map_or_else(
        || {
            Err(format!(
                "there is no program {name} in the folders of PATH: install it, or write ./{name} for a file here"
            ))
        },
        |path| absolute(&path),
    )
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// BLAKE3 of a file.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    hasher.update_reader(file).map_err(|error| error.to_string())?;
    Ok(hasher.finalize().as_bytes().to_vec())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs_err::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn folder(mode: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("judge");
        fs_err::write(&script, "#!/bin/sh\ncat\n").unwrap();
        fs_err::set_permissions(&script, std::fs::Permissions::from_mode(mode)).unwrap();
        fs_err::write(folder.path().join("judge.py"), "print('{}')\n").unwrap();
        folder
    }

    fn find(text: &str, folder: &Path) -> Result<Command, String> {
        Command::find(text, folder, folder.as_os_str())
    }

    #[test]
    fn words_are_split_as_a_shell_would_and_nothing_is_run_by_one() {
        let folder = folder(0o755);
        let command = find(r#"judge -m 'two words' "a b" $HOME;rm *"#, folder.path()).unwrap();
        assert_eq!(command.program, folder.path().join("judge"));
        assert_eq!(command.arguments, ["-m", "two words", "a b", "$HOME;rm", "*"]);
        assert!(find("judge 'open", folder.path()).unwrap_err().contains("not closed"));
        assert!(find("  ", folder.path()).unwrap_err().contains("empty"));
    }

    #[test]
    fn the_content_of_the_program_and_of_its_script_is_part_of_the_judge() {
        let folder = folder(0o755);
        let hash = || find("./judge judge.py", folder.path()).unwrap().hash;
        let first = hash();
        assert_eq!(first, hash());
        fs_err::write(folder.path().join("judge.py"), "print('{ }')\n").unwrap();
        let second = hash();
        assert_ne!(first, second);
        fs_err::write(folder.path().join("judge"), "#!/bin/sh\ntac\n").unwrap();
        assert_ne!(second, hash());
    }

    #[test]
    fn files_of_the_working_folder_are_found_from_any_other() {
        let folder = folder(0o755);
        let command = find("judge judge.py", folder.path()).unwrap();
        assert_eq!(command.arguments, [folder.path().join("judge.py")]);
    }

    #[test]
    fn what_is_not_there_or_not_executable_is_named() {
        let folder = folder(0o644);
        assert!(find("nothing", folder.path()).unwrap_err().contains("no program nothing in the folders of PATH"));
        assert!(find("./nothing", folder.path()).unwrap_err().contains("there is no program"));
        assert!(find("./judge", folder.path()).unwrap_err().contains("is not executable: make it so (chmod +x)"));
    }
}
