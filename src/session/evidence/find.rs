//! Going through a session and collecting its evidence.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::model::{Detail, Evidence, EvidenceItem, EvidenceKind, Unrecovered};
use super::nested;
use super::reaction::reaction;
use super::shell::{Simple, done_tells, error_tells};
use super::tests_run::{outcome, without_colours};
use super::work::{Work, is_shortened, work};
use super::{builds, git};
use crate::session::model::{Action, ActionStatus, Note, Session, Step};
use crate::session::running::{Ended, Running};
use crate::session::script;

/// What every command of interest holds; it keeps the rest from being taken apart.
static OF_INTEREST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"test|spec|jest|mocha|tox|nox|ava|bats|pest|check|build|clippy|vet|install|tsc|make|compile|webpack|rollup|ninja|assemble",
        r"|package|verify|commit|push|pr |mr |pull-request|playwright|cypress|e2e|tarpaulin|llvm-cov|rustc|publish|cargo|tests|sbt|ginkgo|xcodebuild|jasmine|deploy",
    ))
    .ok()
});

/// Results that tell that the command itself never ran, or never ended by itself.
static DID_NOT_RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)command not found|not recognized as|timed out|no such file or directory|missing script|script not found|no rule to make target",
        r"|unknown (?:command|flag|option|task|target)|unexpected argument|unrecognized (?:argument|option|subcommand)|no \w+ targets? found|no tasks? |interrupted by user|aborted by user|cannot connect to the docker daemon",
        r"|(?:exit|exited with) code (?:5|12[4-7]|13\d|14\d)\b",
    ))
    .ok()
});

/// Results that tell that there was nothing to run.
static NOTHING_TO_RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\bno tests?\b|\b0 tests?\b|\b0 passed\b|\bcollected 0 items\b|nothing to be done|up[- ]to[- ]date")
        .ok()
});

fn is(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|regex| regex.is_match(text))
}

impl Evidence {
    /// Finds the evidence in `session`. Excerpts are taken as they are: scrub the session first.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let mut finder = Finder::default();
        finder.steps(&session.preamble, 0);
        for turn in &session.turns {
            finder.place += 1;
            if let Some(item) = reaction(turn) {
                finder.add(item);
            }
            finder.steps(&turn.steps, turn.number);
        }
        finder.end(session)
    }
}

/// What was found so far. A place is the number of a prompt or step in the session.
#[derive(Default)]
struct Finder<'s> {
    items: Vec<EvidenceItem>,
    /// Place of each item.
    places: Vec<usize>,
    place: usize,
    last_edit: Option<usize>,
    running: Running<'s>,
    /// Hashes of commits; none of them begins another one.
    commits: BTreeSet<String>,
    /// Commits whose hash nobody told, by message and whether they replace the one before.
    quiet: HashMap<(String, bool), usize>,
    opened: Vec<String>,
    merged: HashSet<String>,
}

impl<'s> Finder<'s> {
    fn add(&mut self, item: EvidenceItem) {
        self.items.push(item);
        self.places.push(self.place);
    }

    fn steps(&mut self, steps: &'s [Step], turn: u32) {
        for step in steps {
            self.place += 1;
            match step {
                Step::Act(action) => self.action(action, turn),
                Step::Note(Note::PullRequest(address)) => self.pull_request(address, address, turn),
                Step::Say(_) | Step::Think(_) | Step::Note(_) => {}
            }
        }
    }

    fn action(&mut self, action: &'s Action, turn: u32) {
        if action.status == ActionStatus::Done {
            if !action.edits().is_empty() {
                self.last_edit = Some(self.place);
            }
            self.forge_tool(action, turn);
        }
        if let Some(ended) = self.running.ended(action) {
            self.scripted_forge_tool(&ended, turn);
            let before = self.items.len();
            self.command(&ended, turn);
            if self.items.len() == before {
                self.running.keep(&ended);
            }
        }
    }

    /// A pull request made through a tool of a forge, not through a command.
    fn forge_tool(&mut self, action: &Action, turn: u32) {
        let Some(address) =
            Some(&action.result).filter(|_| action.tool.contains("pull_request")).and_then(|text| git::address(text))
        else {
            return;
        };
        if action.tool.contains("create_pull_request") {
            self.pull_request(address, address, turn);
        } else if action.tool.contains("merge_pull_request") {
            self.merge(Some(address), address, turn);
        }
    }

    /// A pull request made through a tool of a forge that a script called.
    fn scripted_forge_tool(&mut self, ended: &Ended<'_>, turn: u32) {
        let Value::String(script) = &ended.action.input else { return };
        if ended.status != ActionStatus::Done || !script.contains("pull_request(") {
            return;
        }
        let calls = script::calls(script);
        // Whatever else the script asked of the forge has addresses too.
        let mut of_forge = calls.iter().filter(|call| call.tool.contains("pull_request") || call.tool.contains("_pr"));
        let (Some(call), None) = (of_forge.next(), of_forge.next()) else { return };
        let Some(address) = script::address(&ended.output).filter(|text| git::address(text) == Some(text)) else {
            return;
        };
        if call.tool.contains("create_pull_request") {
            self.pull_request(&address, &address, turn);
        } else if call.tool.contains("merge_pull_request") {
            self.merge(Some(&address), &address, turn);
        }
    }

    fn command(&mut self, ended: &Ended<'_>, turn: u32) {
        let went = matches!(ended.status, ActionStatus::Done | ActionStatus::Error);
        let Some(command) = ended.action.command().filter(|command| went && is(&OF_INTEREST, command)) else { return };
        let commands = nested::commands(&command);
        let works: Vec<(usize, Work)> =
            commands.iter().enumerate().filter_map(|(at, command)| Some((at, work(&command.words)?))).collect();
        if works.is_empty() {
            return;
        }
        let output = without_colours(ended.output.clone());
        let certain = |status, at, tells: fn(&[Simple], usize) -> bool| {
            ended.certain && !ended.interrupted && ended.status == status && tells(&commands, at)
        };
        let run = |of_tests: bool| {
            let of = |work: &Work| matches!(work, Work::Run { tests, builds, .. } if if of_tests { *tests } else { *builds });
            let run: Vec<_> = works.iter().filter(|(_, work)| of(work)).collect();
            let (first, _) = run.first()?;
            let tells = |at: usize| !is_shortened(&commands[at].words) && certain(ActionStatus::Done, at, done_tells);
            let done = run.iter().all(|(at, _)| tells(*at));
            let failed = run.len() == 1 && certain(ActionStatus::Error, *first, error_tells);
            let mut tools: Vec<String> = Vec::new();
            for (_, work) in &run {
                if let Work::Run { tool, .. } = work
                    && !tools.contains(tool)
                {
                    tools.push(tool.clone());
                }
            }
            Some(Status { tools, done, failed })
        };
        if let Some(status) = run(true) {
            self.tests(&status, &output, turn);
        }
        if let Some(status) = run(false) {
            self.build(&status, &output, turn);
        }
        let mut lines = git::commits(&output, false).into_iter();
        let mut commits_left = works.iter().filter(|(_, work)| matches!(work, Work::Commit { .. })).count();
        // A log that stands before a commit tells of older ones.
        let log = commands.iter().position(shows_log).filter(|_| !git::not_committed(&output));
        let (mut shortened, mut counted) = (0, 0);
        for (at, work) in works {
            shortened += commands[counted..=at].iter().filter(|command| is_shortened(&command.words)).count();
            counted = at + 1;
            let ok = !is_shortened(&commands[at].words) || git::all_ok(&output, shortened);
            let done = ok && certain(ActionStatus::Done, at, done_tells);
            let written = || commands[at].words.join(" ");
            match work {
                Work::Commit { amend, message, .. } => {
                    let newest = commits_left;
                    commits_left -= 1;
                    let shown = log.is_some_and(|log| log > at);
                    let logged = || git::logged(&output, message.as_deref().filter(|_| shown)?, amend, newest);
                    match lines.next() {
                        Some((line, Detail::Commit { hash, branch, message, .. })) => {
                            self.commit(line, Detail::Commit { hash, branch, message, amend }, turn);
                        }
                        _ if let Some((line, detail)) = logged() => self.logged_commit(line, detail, turn),
                        _ if done => {
                            let line = message.clone().unwrap_or_else(written);
                            self.commit(&line, Detail::Commit { hash: None, branch: None, message, amend }, turn);
                        }
                        _ => {}
                    }
                }
                Work::Push => {
                    let pushes = git::pushes(&output);
                    let silent = pushes.is_empty() && done && !output.to_lowercase().contains("up-to-date");
                    for (line, detail) in pushes {
                        self.add(EvidenceItem::new(EvidenceKind::Push, turn, line, Some(detail)));
                    }
                    if silent {
                        self.add(EvidenceItem::new(EvidenceKind::Push, turn, &written(), None));
                    }
                }
                Work::OpenPullRequest if ended.status == ActionStatus::Done && !output.contains("already exists") => {
                    if let Some(address) = git::address(&output) {
                        self.pull_request(address, address, turn);
                    }
                }
                Work::MergePullRequest { which, later } => {
                    let said = output.contains("erged pull request");
                    if said || (done && !later && !output.contains("automatically merged")) {
                        self.merge(which.as_deref(), &written(), turn);
                    }
                }
                Work::OpenPullRequest | Work::Run { .. } => {}
            }
        }
    }

    /// A test run counts only when its output or its own status tells how it ended; one that was not built is a failed build.
    fn tests(&mut self, run: &Status, output: &str, turn: u32) {
        let outcome = outcome(output);
        let (kind, line) = if let Some(line) = outcome.bad {
            (EvidenceKind::TestsFailed, line)
        } else if let Some(line) = outcome.not_built {
            (EvidenceKind::BuildFailed, line)
        } else if run.failed && !is(&DID_NOT_RUN, output) {
            (EvidenceKind::TestsFailed, first_line(output))
        } else if let Some(line) = outcome.good {
            (EvidenceKind::TestsPassed, line)
        } else if run.done && !is(&NOTHING_TO_RUN, output) {
            (EvidenceKind::TestsPassed, "exit code 0")
        } else {
            return;
        };
        self.run(kind, run, line, turn, (outcome.passed, outcome.failed));
    }

    fn build(&mut self, run: &Status, output: &str, turn: u32) {
        let (kind, line) = if run.done {
            (EvidenceKind::BuildPassed, builds::passed(output).unwrap_or("exit code 0"))
        } else if run.failed && !is(&DID_NOT_RUN, output) {
            (EvidenceKind::BuildFailed, builds::failed(output).unwrap_or_else(|| first_line(output)))
        } else if let Some(line) = builds::failed(output) {
            (EvidenceKind::BuildFailed, line)
        } else if let Some(line) = builds::passed(output) {
            (EvidenceKind::BuildPassed, line)
        } else {
            return;
        };
        self.run(kind, run, line, turn, (None, None));
    }

    fn run(&mut self, kind: EvidenceKind, run: &Status, line: &str, turn: u32, counts: (Option<u64>, Option<u64>)) {
        let failed = matches!(kind, EvidenceKind::BuildFailed | EvidenceKind::TestsFailed);
        let tool = run.tool(line, failed);
        let excerpt = format!("{tool}: {line}");
        self.add(EvidenceItem::new(
            kind,
            turn,
            &excerpt,
            Some(Detail::Run { tool, passed: counts.0, failed: counts.1 }),
        ));
    }

    fn commit(&mut self, line: &str, detail: Detail, turn: u32) {
        let Detail::Commit { hash, message, amend, .. } = &detail else { return };
        match (hash, message) {
            // Output that is shown twice is one commit.
            (Some(hash), _) if !self.is_new_commit(hash) => return,
            (None, Some(message)) => {
                self.quiet.insert((message.clone(), *amend), self.items.len());
            }
            _ => {}
        }
        self.add(EvidenceItem::new(EvidenceKind::Commit, turn, line, Some(detail)));
    }

    /// A commit that the log tells of: an earlier one whose hash nobody told, or another one.
    fn logged_commit(&mut self, line: &str, detail: Detail, turn: u32) {
        let Detail::Commit { hash: Some(hash), message: Some(message), amend, .. } = &detail else { return };
        let key = (message.clone(), *amend);
        if self.quiet.contains_key(&key) && self.is_new_commit(hash) {
            if let Some(earlier) = self.quiet.remove(&key).and_then(|at| self.items.get_mut(at)) {
                earlier.detail = Some(detail);
            }
        } else {
            self.commit(line, detail, turn);
        }
    }

    /// Whether no commit of this hash was found yet; a short hash begins the full one.
    fn is_new_commit(&mut self, hash: &str) -> bool {
        let one = |known: &&String| known.starts_with(hash) || hash.starts_with(known.as_str());
        let own = hash.to_owned();
        let before = self.commits.range::<String, _>(..&own).next_back().filter(one);
        let known = before.or_else(|| self.commits.range::<String, _>(&own..).next().filter(one)).is_some();
        !known && self.commits.insert(own)
    }

    fn pull_request(&mut self, address: &str, excerpt: &str, turn: u32) {
        if self.opened.iter().all(|known| known != address) {
            self.opened.push(address.to_owned());
            let detail = Detail::PullRequest(address.to_owned());
            self.add(EvidenceItem::new(EvidenceKind::PullRequest, turn, excerpt, Some(detail)));
        }
    }

    fn merge(&mut self, which: Option<&str>, excerpt: &str, turn: u32) {
        let number = which.map(git::number);
        let address = number.and_then(|number| self.opened.iter().find(|address| git::number(address) == number));
        let detail = address.cloned().or_else(|| which.map(str::to_owned)).map(Detail::PullRequest);
        if number.is_none_or(|number| self.merged.insert(number.to_owned())) {
            self.add(EvidenceItem::new(EvidenceKind::PullRequestMerged, turn, excerpt, detail));
        }
    }

    fn end(mut self, session: &Session) -> Evidence {
        let unrecovered: Vec<EvidenceItem> =
            [self.unrecovered_tests(), self.unrecovered_build(), last_error(session)].into_iter().flatten().collect();
        let machine_success = self.machine_success(!unrecovered.is_empty());
        self.items.extend(unrecovered);
        Evidence { items: self.items, machine_success }
    }

    /// The last test run, where it failed.
    fn unrecovered_tests(&self) -> Option<EvidenceItem> {
        let tests = [EvidenceKind::TestsPassed, EvidenceKind::TestsFailed];
        let last = self.items.iter().rev().find(|item| tests.contains(&item.kind))?;
        (last.kind == EvidenceKind::TestsFailed).then(|| final_error(last, Unrecovered::Tests))
    }

    /// The last build, where it failed and no test run passed after it: tests that pass have been built.
    fn unrecovered_build(&self) -> Option<EvidenceItem> {
        let built = [EvidenceKind::BuildPassed, EvidenceKind::BuildFailed, EvidenceKind::TestsPassed];
        let last = self.items.iter().rev().find(|item| built.contains(&item.kind))?;
        (last.kind == EvidenceKind::BuildFailed).then(|| final_error(last, Unrecovered::Build))
    }

    fn machine_success(&self, error: bool) -> Option<bool> {
        let good = [
            EvidenceKind::TestsPassed,
            EvidenceKind::Commit,
            EvidenceKind::Push,
            EvidenceKind::PullRequest,
            EvidenceKind::PullRequestMerged,
        ];
        let last = |kinds: &[EvidenceKind]| {
            let at = self.items.iter().rposition(|item| kinds.contains(&item.kind))?;
            self.places.get(at).copied()
        };
        let (good, rejected) = (last(&good), last(&[EvidenceKind::Rejection]));
        if error || (rejected.is_some() && rejected > good) {
            return Some(false);
        }
        // What was edited in the same step was edited before the command ran.
        good.filter(|good| Some(*good) >= self.last_edit).map(|_| true)
    }
}

/// What the status of a line of commands tells about the one that runs tests or builds.
struct Status {
    /// The commands without their arguments, each once.
    tools: Vec<String>,
    done: bool,
    failed: bool,
}

impl Status {
    /// Which command `line` is about; of several that may have `failed`, each.
    fn tool(&self, line: &str, failed: bool) -> String {
        let vet = self.tools.iter().find(|tool| *tool == "go vet" && line.starts_with("vet: "));
        let all = || if failed { self.tools.join(" or ") } else { self.tools.first().cloned().unwrap_or_default() };
        vet.cloned().unwrap_or_else(all)
    }
}

fn shows_log(command: &Simple) -> bool {
    command.words.first().is_some_and(|head| head == "git") && command.words.iter().any(|word| word == "log")
}

fn final_error(item: &EvidenceItem, what: Unrecovered) -> EvidenceItem {
    let (kind, detail) = (EvidenceKind::FinalError, Some(Detail::Unrecovered(what)));
    EvidenceItem { kind, detail, ..item.clone() }
}

/// An error of the very last action that the agent did not get past.
fn last_error(session: &Session) -> Option<EvidenceItem> {
    let last = session.actions().last()?;
    let stopped = last.result.contains("[Request interrupted by user") || last.result.starts_with("aborted by user");
    let turn = session.turns.iter().rev().find(|turn| turn.steps.iter().any(|step| matches!(step, Step::Act(_))));
    let detail = Some(Detail::Unrecovered(Unrecovered::Action));
    let item = || EvidenceItem::new(EvidenceKind::FinalError, turn.map_or(0, |turn| turn.number), &last.result, detail);
    (last.status == ActionStatus::Error && !stopped).then(item)
}

/// The first line of an output that is more than the program's own heading.
fn first_line(output: &str) -> &str {
    let heading = |line: &&str| {
        ["Exit code", "Chunk ID", "Wall time", "Process exited", "Original token count", "Output:", "Script "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let mut lines = output.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.find(|line| !heading(line)).or_else(|| output.lines().next()).unwrap_or_default()
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
