//! What an action ran and what it edited, whatever the tools of its agent are called.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::model::Action;
use super::{patch, script};

/// One file that an action edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit<'a> {
    /// Path as recorded; empty where the input has none.
    pub path: Cow<'a, str>,
    change: Change<'a>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Change<'a> {
    /// One text in place of another.
    Replace(Cow<'a, str>, Cow<'a, str>),
    /// A whole text; what it replaced is not in the log.
    Write(&'a str),
}

impl Edit<'_> {
    /// Whether it wrote a file as a whole: one that is new, or in place of all that stood there.
    #[must_use]
    pub fn is_whole_file(&self) -> bool {
        match &self.change {
            Change::Replace(old, _) => old.is_empty(),
            Change::Write(_) => true,
        }
    }

    /// Lines added and removed: a shortest line diff of the two texts, or every line of a written text.
    #[must_use]
    pub fn lines(&self) -> (u64, u64) {
        match &self.change {
            Change::Replace(old, new) => line_diff(old, new),
            Change::Write(text) => (text.lines().count() as u64, 0),
        }
    }
}

impl Action {
    /// The shell command it ran, where it ran one; several commands of one script stand one below the other.
    #[must_use]
    pub fn command(&self) -> Option<Cow<'_, str>> {
        if let Value::String(script) = &self.input {
            let commands: Vec<String> = script::calls(script).into_iter().filter_map(|call| call.command).collect();
            return (!commands.is_empty()).then(|| Cow::Owned(commands.join("\n")));
        }
        if self.tool.contains("edit") {
            return None;
        }
        let recorded = ["command", "cmd"].iter().find_map(|key| field(&self.input, key))?;
        match recorded {
            Value::String(command) => Some(Cow::Borrowed(command)),
            // A shell and its option before the command itself.
            Value::Array(words) => {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                match words.as_slice() {
                    [_, "-c" | "-lc" | "-Command", command] => Some(Cow::Borrowed(command)),
                    words => Some(Cow::Owned(words.join(" "))),
                }
            }
            _ => None,
        }
    }

    /// The files it edited, told by the shape of its input as far as possible, since tool names move between versions.
    #[must_use]
    pub fn edits(&self) -> Vec<Edit<'_>> {
        let input = &self.input;
        let path = || match ["file_path", "notebook_path", "path", "filePath"].iter().find_map(|key| text(input, key)) {
            Some(path) => Cow::Borrowed(path),
            None => Cow::Borrowed(""),
        };
        let one = |change| vec![Edit { path: path(), change }];
        if let Some(edits) = field(input, "edits").and_then(Value::as_array) {
            return edits.iter().map(|edit| Edit { path: path(), change: replaced(edit) }).collect();
        }
        if let Some(patch) = self.patch() {
            let edit = |file: patch::File| Edit {
                path: Cow::Owned(file.path),
                change: Change::Replace(Cow::Owned(file.old), Cow::Owned(file.new)),
            };
            return patch::files(&patch).into_iter().map(edit).collect();
        }
        match self.tool.as_str() {
            _ if NEW.iter().any(|key| field(input, key).is_some()) => one(replaced(input)),
            "Write" | "write_file" | "write" => one(Change::Write(text(input, "content").unwrap_or_default())),
            "create" => one(Change::Write(text(input, "file_text").unwrap_or_default())),
            "NotebookEdit" => one(Change::Write(text(input, "new_source").unwrap_or_default())),
            "Edit" | "MultiEdit" => one(replaced(input)),
            _ => Vec::new(),
        }
    }

    /// The patch it applied, by the tool of that name, by a script, or by a command that calls it.
    fn patch(&self) -> Option<Cow<'_, str>> {
        let written = match &self.input {
            Value::String(input) => Cow::Borrowed(input.as_str()),
            input => match ["input", "patch", "patchText"].iter().find_map(|key| text(input, key)) {
                Some(patch) => Cow::Borrowed(patch),
                None => self.command()?,
            },
        };
        let applied = matches!(self.tool.as_str(), "apply_patch" | "patch") || written.contains("apply_patch");
        if !applied || !written.contains(patch::BEGIN) {
            return None;
        }
        Some(written)
    }
}

/// A field of an input. Inputs have few fields: going through them is faster than hashing the key.
pub(super) fn field<'v>(input: &'v Value, key: &str) -> Option<&'v Value> {
    input.as_object()?.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    field(value, key).and_then(Value::as_str)
}

/// What the agents call a text that is replaced, and the one in its place.
const OLD: [&str; 3] = ["old_string", "old_str", "oldString"];
const NEW: [&str; 3] = ["new_string", "new_str", "newString"];

fn replaced(value: &Value) -> Change<'_> {
    let any = |keys: [&str; 3]| keys.iter().find_map(|key| text(value, key)).unwrap_or_default();
    Change::Replace(any(OLD).into(), any(NEW).into())
}

/// Lines added and removed between two texts: a shortest line diff (Myers 1986, "An O(ND) difference algorithm").
fn line_diff(old: &str, new: &str) -> (u64, u64) {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // What both begin and end with is common in some shortest diff; an edit changes little of a long text.
    let begin = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[begin..], &new[begin..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    if old.is_empty() || new.is_empty() {
        return (new.len() as u64, old.len() as u64);
    }
    let mut numbers = HashMap::new();
    let mut number = |line| {
        let next = numbers.len();
        *numbers.entry(line).or_insert(next)
    };
    let old: Vec<usize> = old.iter().copied().map(&mut number).collect();
    let new: Vec<usize> = new.iter().copied().map(&mut number).collect();
    // A line that only one side has is always an edit; leaving it out keeps the rest short.
    let shared = |side: &[usize], other: &[usize]| {
        let known: HashSet<usize> = other.iter().copied().collect();
        side.iter().copied().filter(|line| known.contains(line)).collect::<Vec<_>>()
    };
    let common = common_lines(&shared(&old, &new), &shared(&new, &old));
    ((new.len() - common) as u64, (old.len() - common) as u64)
}

/// Longest edit script that is looked for: beyond it, time grows with its square and a session could stop an ingest.
const LONGEST_SCRIPT: usize = 10_000;

/// Length of the longest common subsequence, through the length of the shortest edit script. Beyond [`LONGEST_SCRIPT`] the
/// order of lines is left out of account, so that moved lines count as common.
fn common_lines(old: &[usize], new: &[usize]) -> usize {
    let total = old.len() + new.len();
    // Furthest position in `old` on each diagonal, shifted so that diagonal 0 is in the middle.
    let longest = total.min(LONGEST_SCRIPT);
    let mut furthest = vec![0_usize; 2 * longest + 3];
    let middle = longest + 1;
    for distance in 0..=longest {
        for diagonal in (middle - distance..=middle + distance).step_by(2) {
            let down = diagonal == middle - distance
                || (diagonal != middle + distance && furthest[diagonal - 1] < furthest[diagonal + 1]);
            let mut x = if down { furthest[diagonal + 1] } else { furthest[diagonal - 1] + 1 };
            // Off the grid on this diagonal: nothing to follow.
            if x + middle < diagonal {
                continue;
            }
            let mut y = x + middle - diagonal;
            while x < old.len() && y < new.len() && old[x] == new[y] {
                x += 1;
                y += 1;
            }
            furthest[diagonal] = x;
            if x >= old.len() && y >= new.len() {
                return (total - distance) / 2;
            }
        }
    }
    let mut left: HashMap<usize, usize> = HashMap::new();
    for line in old {
        *left.entry(*line).or_default() += 1;
    }
    let mut take = |line: &usize| left.get_mut(line).filter(|count| **count > 0).map(|count| *count -= 1).is_some();
    new.iter().filter(|line| take(line)).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::super::model::ActionStatus;
    use super::*;

    fn action(tool: &str, input: Value) -> Action {
        Action { status: ActionStatus::Done, ..Action::new("t1".to_owned(), tool.to_owned(), input) }
    }

    #[test]
    fn diff_counts_only_changed_lines() {
        assert_eq!(line_diff("a\nb\nc", "a\nx\nc\nd"), (2, 1));
        assert_eq!(line_diff("", "a\nb\n"), (2, 0));
        assert_eq!(line_diff("a\nb", "b\na"), (1, 1));
        assert_eq!(line_diff("same", "same"), (0, 0));
    }

    #[test]
    fn long_texts_are_compared_in_linear_time() {
        let lines: Vec<String> = (0..300_000).map(|line| (line % 7).to_string()).collect();
        let whole = lines.join("\n");
        assert_eq!(line_diff(&whole, &whole), (0, 0));
        assert_eq!(line_diff(&whole, &format!("{whole}\nend")), (1, 0));
        assert_eq!(line_diff(&format!("begin\n{whole}"), &whole), (0, 1));
        assert_eq!(line_diff(&whole, &whole.replacen("\n3\n", "\nthree\n", 1)), (1, 1));
    }

    #[test]
    fn texts_turned_upside_down_do_not_stop_the_ingest() {
        let lines: Vec<String> = (0..50_000).map(|line| line.to_string()).collect();
        let turned: Vec<String> = lines.iter().rev().cloned().collect();
        assert_eq!(line_diff(&lines.join("\n"), &turned.join("\n")), (0, 0));
        assert_eq!(line_diff(&lines.join("\n"), ""), (0, 50_000));
    }

    #[test]
    fn edits_are_told_by_their_input() {
        let edit = json!({"file_path": "f", "old_string": "a\nb", "new_string": "a\nc"});
        assert_eq!(lines(&action("Edit", edit.clone())), (1, 1));
        assert_eq!(lines(&action("MultiEdit", json!({"edits": [edit, edit]}))), (2, 2));
        assert_eq!(lines(&action("Write", json!({"content": "a\nb\n"}))), (2, 0));
        assert_eq!(lines(&action("NotebookEdit", json!({"new_source": "x"}))), (1, 0));
        assert_eq!(lines(&action("Read", json!({"content": "a"}))), (0, 0));
    }

    /// Lines added and removed by all edits of an action.
    fn lines(action: &Action) -> (u64, u64) {
        action.edits().iter().map(Edit::lines).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }

    #[rstest]
    #[case("Bash", json!({"command": "ls"}), Some("ls"))]
    #[case("exec_command", json!({"cmd": "cargo test", "workdir": "/w"}), Some("cargo test"))]
    #[case("shell", json!({"command": ["bash", "-lc", "go test ./..."]}), Some("go test ./..."))]
    #[case("local_shell", json!({"command": ["git", "status"]}), Some("git status"))]
    #[case("exec", json!("const r = await tools.exec_command({cmd:\"say \\\"hi\\\"\"}); await tools.exec_command({\"workdir\":\"/w\",\"cmd\":\"ls\"})"), Some("say \"hi\"\nls"))]
    #[case("exec", json!("await tools.exec_command({cmd:\"a\"}); await tools.exec_command({\"cmd\":\"b\"})"), Some("a\nb"))]
    #[case("str_replace_editor", json!({"command": "view", "path": "a"}), None)]
    #[case("Read", json!({"file_path": "a"}), None)]
    fn commands_of_every_agent(#[case] tool: &str, #[case] input: Value, #[case] expected: Option<&str>) {
        assert_eq!(action(tool, input).command().as_deref(), expected);
    }

    #[rstest]
    #[case("apply_patch", json!("*** Begin Patch\n*** Update File: a\n@@\n-x\n-same\n+y\n+same\n+z\n*** End Patch"), (2, 1))]
    #[case("apply_patch", json!({"input": "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch"}), (1, 0))]
    #[case("exec", json!("const p = \"*** Begin Patch\\n*** Update File: a\\n-x\\n*** End Patch\"; await tools.apply_patch(p)"), (0, 1))]
    #[case("shell", json!({"command": ["apply_patch", "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch"]}), (1, 0))]
    #[case("exec_command", json!({"cmd": "grep -r '*** Begin Patch' docs"}), (0, 0))]
    #[case("create", json!({"path": "a", "file_text": "x\ny"}), (2, 0))]
    #[case("replace", json!({"file_path": "a", "old_string": "x", "new_string": "y"}), (1, 1))]
    #[case("edit", json!({"path": "a", "old_str": "x", "new_str": "y"}), (1, 1))]
    #[case("edit", json!({"filePath": "a", "oldString": "x", "newString": "y\nz"}), (2, 1))]
    #[case("multiedit", json!({"filePath": "a", "edits": [{"oldString": "x", "newString": "y"}]}), (1, 1))]
    #[case("write", json!({"filePath": "a", "content": "x\ny"}), (2, 0))]
    #[case("patch", json!({"patchText": "*** Begin Patch\n*** Add File: a\n+x\n*** End Patch"}), (1, 0))]
    fn edits_of_every_agent(#[case] tool: &str, #[case] input: Value, #[case] expected: (u64, u64)) {
        assert_eq!(lines(&action(tool, input)), expected);
    }

    fn longest_common(old: &[usize], new: &[usize]) -> usize {
        let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
        for (i, a) in old.iter().enumerate() {
            for (j, b) in new.iter().enumerate() {
                table[i + 1][j + 1] = if a == b { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
            }
        }
        table[old.len()][new.len()]
    }

    proptest! {
        #[test]
        fn diff_is_the_shortest(old in prop::collection::vec(0_usize..5, 0..30), new in prop::collection::vec(0_usize..5, 0..30)) {
            let common = longest_common(&old, &new);
            prop_assert_eq!(common_lines(&old, &new), common);
            let text = |side: &[usize]| side.iter().map(usize::to_string).collect::<Vec<_>>().join("\n");
            let expected = ((new.len() - common) as u64, (old.len() - common) as u64);
            prop_assert_eq!(line_diff(&text(&old), &text(&new)), expected);
        }
    }
}
