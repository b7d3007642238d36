//! Tool calls of the simulated agent, with results that fit.

use serde_json::{Value, json};

use crate::session::count_words;

use super::question::MODES;
use super::random::Random;
use super::world::Project;

/// One block of an agent message.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// Thinking.
    Think(String),
    /// Visible text.
    Say(String),
    /// A tool call and what came back.
    Act(Call),
}

/// A tool call and what came back.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    /// Tool name.
    pub(super) tool: &'static str,
    /// Input.
    pub(super) input: Value,
    /// Result text.
    pub(super) result: String,
    /// Whether the result is marked as an error.
    pub(super) error: bool,
}

impl Call {
    /// A call that went well.
    fn done(tool: &'static str, input: Value, result: String) -> Self {
        Self { tool, input, result, error: false }
    }

    /// Words of the strings of its input, but for nested ones.
    pub(super) fn words(&self) -> u64 {
        self.input.as_object().into_iter().flatten().filter_map(|(_, value)| value.as_str()).map(count_words).sum()
    }
}

const TOOLS: [&str; 8] = ["Read", "Grep", "Glob", "Edit", "Write", "Bash", "WebFetch", "TodoWrite"];

/// How often each tool is used, by work mode in the order of the planted labels. No mode has a tool to itself.
const HABITS: [[f64; 8]; 9] = [
    [28.0, 16.0, 4.0, 20.0, 2.0, 26.0, 1.0, 3.0],
    [24.0, 10.0, 6.0, 26.0, 12.0, 16.0, 2.0, 4.0],
    [18.0, 6.0, 4.0, 14.0, 4.0, 48.0, 3.0, 3.0],
    [30.0, 6.0, 6.0, 22.0, 20.0, 6.0, 8.0, 2.0],
    [44.0, 26.0, 12.0, 1.0, 1.0, 12.0, 3.0, 1.0],
    [38.0, 18.0, 12.0, 4.0, 8.0, 8.0, 8.0, 4.0],
    [26.0, 8.0, 6.0, 24.0, 12.0, 16.0, 4.0, 4.0],
    [22.0, 4.0, 4.0, 8.0, 14.0, 44.0, 2.0, 2.0],
    [28.0, 12.0, 6.0, 16.0, 12.0, 24.0, 0.5, 1.5],
];

/// Where a session takes place, and what may happen there.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The project.
    pub(super) project: &'a Project,
    /// Its folder.
    pub(super) folder: String,
    /// Position of the codebase context.
    pub(super) codebase: usize,
    /// Whether anything is written.
    pub(super) writes: bool,
    /// Whether texts are kept short.
    pub(super) brief: bool,
}

/// Positions of codebase contexts.
const CREATE_NEW: usize = 2;
const NO_CODEBASE: usize = 3;

impl Place<'_> {
    /// A file to write: of the code, a new one, or one that is no code.
    fn target(&self, random: &mut Random) -> String {
        let folder = &self.folder;
        match self.codebase {
            CREATE_NEW => format!("{folder}/new/part_{}.py", 1 + random.below(4)),
            NO_CODEBASE => format!("/home/shared/papers/{}", random.pick(&self.project.papers).replace(".csv", ".md")),
            _ => format!("{folder}/{}", random.pick(&self.project.files)),
        }
    }

    /// How often `tool` is used by `mode` in this place.
    fn habit(&self, mode: usize, tool: usize) -> f64 {
        let fits = match TOOLS[tool] {
            "Edit" => self.writes && !matches!(self.codebase, CREATE_NEW | NO_CODEBASE),
            "Write" => self.writes,
            "Read" | "Grep" | "Glob" => self.codebase != NO_CODEBASE,
            _ => true,
        };
        if fits { HABITS[mode][tool] } else { 0.0 }
    }

    fn lines(&self, from: usize, more: usize, random: &mut Random) -> usize {
        if self.brief { 2 + random.below(3) } else { from + random.below(more) }
    }
}

/// A tool call that fits the work in `place`.
pub(super) fn call(mode: usize, place: &Place<'_>, random: &mut Random) -> Call {
    let habits: [f64; 8] = std::array::from_fn(|tool| place.habit(mode, tool));
    let (project, folder) = (place.project, &place.folder);
    let symbol = *random.pick(&project.symbols);
    match TOOLS[random.weighted(&habits)] {
        "Read" => read(place, random),
        "Edit" | "Write" => edit(place, random),
        "Grep" => {
            let hits: Vec<String> = (0..=random.below(if place.brief { 2 } else { 6 }))
                .map(|_| format!("{}:{}: {symbol}", random.pick(&project.files), 1 + random.below(300)))
                .collect();
            Call::done("Grep", json!({"pattern": symbol, "path": folder}), hits.join("\n"))
        }
        "Glob" => {
            let files = project.files.map(|file| format!("{folder}/{file}")).join("\n");
            Call::done("Glob", json!({"pattern": "**/*"}), files)
        }
        "Bash" => bash(mode, place, random),
        "WebFetch" => Call::done(
            "WebFetch",
            json!({"url": "https://docs.example.org/guide", "prompt": "How is this meant to be used?"}),
            "The guide describes the options and their defaults.".to_owned(),
        ),
        _ => Call::done(
            "TodoWrite",
            json!({"todos": [{"content": "Look at it", "status": "completed"}, {"content": format!("Change {symbol}"), "status": "in_progress"}]}),
            "Todos have been modified successfully.".to_owned(),
        ),
    }
}

/// A source file read.
pub(super) fn read(place: &Place<'_>, random: &mut Random) -> Call {
    let path = format!("{}/{}", place.folder, random.pick(&place.project.files));
    let symbol = *random.pick(&place.project.symbols);
    let lines = place.lines(6, 30, random);
    Call::done("Read", json!({"file_path": path}), numbered(&code(symbol, lines, random)))
}

/// The project's instructions to agents read, which say `remark`.
pub(super) fn instructions(place: &Place<'_>, remark: &str) -> Call {
    let text = format!("# {}\n\n{remark}", place.project.name);
    Call::done("Read", json!({"file_path": format!("{}/CLAUDE.md", place.folder)}), numbered(&text))
}

/// Lines written.
pub(super) fn edit(place: &Place<'_>, random: &mut Random) -> Call {
    let path = place.target(random);
    let symbol = *random.pick(&place.project.symbols);
    if matches!(place.codebase, CREATE_NEW | NO_CODEBASE) {
        let lines = place.lines(10, 40, random);
        let content = code(symbol, lines, random);
        let result = format!("File created successfully at: {path}");
        return Call::done("Write", json!({"file_path": path, "content": content}), result);
    }
    let (before, after) = (place.lines(2, 6, random), place.lines(3, 14, random));
    let (old, new) = (code(symbol, before, random), code(symbol, before + after, random));
    let result = format!("The file {path} has been updated.");
    Call::done("Edit", json!({"file_path": path, "old_string": old, "new_string": new}), result)
}

fn bash(mode: usize, place: &Place<'_>, random: &mut Random) -> Call {
    let choice = match MODES[mode] {
        _ if place.codebase == NO_CODEBASE => 2,
        "operate" => random.weighted(&[5.0, 2.0, 1.0]),
        "analyze" => random.weighted(&[0.5, 1.0, 5.0]),
        _ => random.weighted(&[1.0, 3.0, 1.0]),
    };
    match choice {
        0 => shell(random.pick::<&str>(&place.project.operations), "done", false),
        1 => shell(
            "git status --short && git log --oneline | head -3",
            " M src\n4be1c02 Tidy up\n91aa3d7 Add a case",
            false,
        ),
        _ => shell(
            &format!("python3 scratch.py {}", random.pick(&place.project.papers)),
            &format!("rows {}\nmean {:.2}", 200 + random.below(9_000), random.unit() * 40.0),
            false,
        ),
    }
}

/// A run of the project's tests, with what its runner prints.
pub(super) fn tests(project: &Project, pass: bool, random: &mut Random) -> Call {
    let count = 12 + random.below(140);
    let failed = if pass { 0 } else { 1 + random.below(3) };
    let passed = count - failed;
    let runner = project.tests.split(' ').next().unwrap_or_default();
    let counts = match (runner, pass) {
        ("cargo", true) => format!("test result: ok. {passed} passed; 0 failed; 0 ignored"),
        ("cargo", false) => format!("test result: FAILED. {passed} passed; {failed} failed; 0 ignored"),
        ("npm", true) => format!("Tests:       {passed} passed, {passed} total"),
        ("npm", false) => format!("Tests:       {failed} failed, {passed} passed, {count} total"),
        ("pytest", true) => format!("{passed} passed in 1.31s"),
        ("pytest", false) => format!("{failed} failed, {passed} passed in 1.31s"),
        ("go", true) => "ok  \thub/internal/route\t0.314s".to_owned(),
        ("go", false) => "--- FAIL: TestClaim (0.31s)\nFAIL\thub/internal/route\t0.314s".to_owned(),
        (_, true) => format!("100% tests passed, 0 tests failed out of {count}"),
        (_, false) => format!("{}% tests passed, {failed} tests failed out of {count}", passed * 100 / count),
    };
    if pass {
        return shell(project.tests, &counts, false);
    }
    shell(project.tests, &format!("{}\n{counts}", random.pick(&project.errors)), true)
}

/// A commit of the work.
pub(super) fn commit(subject: &str, random: &mut Random) -> Call {
    let command = format!("git add -A && git commit -m \"{subject}\"");
    let (hash, lines) = (&random.uuid()[..7], 3 + random.below(90));
    shell(&command, &format!("[main {hash}] {subject}\n 2 files changed, {lines} insertions(+)"), false)
}

/// A shell command.
pub(super) fn shell(command: &str, result: &str, error: bool) -> Call {
    Call { tool: "Bash", input: json!({"command": command}), result: result.to_owned(), error }
}

/// Lines that look like code about `symbol`.
fn code(symbol: &str, lines: usize, random: &mut Random) -> String {
    const LINES: [&str; 8] = [
        "let value = previous.get(key)",
        "if value is missing then return early",
        "for item in items: total = total + item.amount",
        "// keep the order of the input",
        "return check(total, limit)",
        "log.debug(state)",
        "next = advance(state, event)",
        "assert total >= 0",
    ];
    let mut text = vec![format!("def {symbol}(state, items):")];
    text.extend((1..lines).map(|_| format!("    {}", random.pick(&LINES))));
    text.join("\n")
}

fn numbered(text: &str) -> String {
    let lines = (1..).zip(text.lines()).map(|(number, line)| format!("{number:>6}\t{line}"));
    lines.collect::<Vec<String>>().join("\n")
}
