//! Where agents on this machine keep their sessions.

use std::path::{Path, PathBuf};

use super::settings::AgentFolders;

/// A place where an agent keeps sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The agent.
    pub agent: &'static str,
    /// The folder.
    pub folder: PathBuf,
    /// What to ingest: the folder, or those in it that hold sessions; none where it is not there.
    pub paths: Vec<PathBuf>,
}

/// Every place, in the order of the agents.
pub(super) fn places(agents: &AgentFolders) -> Vec<Place> {
    let below = |agent, root: &Option<PathBuf>, names: &[&str]| -> Vec<Place> {
        let folders = root.iter().flat_map(|root| names.iter().map(|name| root.join(name)));
        folders.map(|folder| Place { agent, paths: existing(&folder), folder }).collect()
    };
    let gemini = agents.gemini.iter().map(|root| {
        let folder = root.join("tmp");
        Place { agent: "Gemini CLI", paths: chats(&folder), folder: folder.join("*").join("chats") }
    });
    let gemini: Vec<Place> = gemini.collect();
    [
        below("Claude Code", &agents.claude, &["projects"]),
        below("Codex", &agents.codex, &["sessions", "archived_sessions"]),
        gemini,
        below("Copilot CLI", &agents.copilot, &["session-state", "history-session-state"]),
        below("OpenCode", &agents.opencode, &[""]),
    ]
    .concat()
}

fn existing(folder: &Path) -> Vec<PathBuf> {
    if folder.is_dir() { vec![folder.to_owned()] } else { Vec::new() }
}

/// The folders of chats, one a project.
fn chats(folder: &Path) -> Vec<PathBuf> {
    let projects = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let mut chats: Vec<PathBuf> =
        projects.map(|project| project.path().join("chats")).filter(|chats| chats.is_dir()).collect();
    chats.sort();
    chats
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_are_there_are_told_from_those_that_are_not() {
        let home = tempfile::tempdir().unwrap();
        let root = |name: &str| Some(home.path().join(name));
        for folder in [".claude/projects", ".gemini/tmp/1/chats", ".gemini/tmp/2/logs", "data/opencode"] {
            fs_err::create_dir_all(home.path().join(folder)).unwrap();
        }
        let agents = AgentFolders {
            claude: root(".claude"),
            codex: root(".codex"),
            gemini: root(".gemini"),
            copilot: None,
            opencode: root("data/opencode"),
        };
        let places = places(&agents);
        let found: Vec<_> = places.iter().map(|place| (place.agent, place.paths.len())).collect();
        assert_eq!(found, [("Claude Code", 1), ("Codex", 0), ("Codex", 0), ("Gemini CLI", 1), ("OpenCode", 1)]);
        assert!(places[3].paths[0].ends_with("1/chats"));
    }
}
