//! What holds for every reader whatever happens to its files: nothing crashes, nothing counts twice, no other session is
//! lost, and every bad line is counted and located. The inputs of the conformance suite are the seeds.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail")]

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use assize::session::{Format, Session};
use proptest::prelude::*;
use proptest::sample::Index;
use reading::{Ingested, ingest};

/// Largest file that is used: one of the suite is large on purpose.
const MOST_BYTES: usize = 1 << 16;

/// A session that has nothing to do with the others, in whose file nothing happens.
const BYSTANDER: &str = concat!(
    r#"{"type":"user","uuid":"bystander-1","sessionId":"bystander-0","message":{"role":"user","content":"watch"}}"#,
    "\n",
    r#"{"type":"assistant","uuid":"bystander-2","sessionId":"bystander-0","message":{"id":"bystander-3","content":[{"type":"tool_use","id":"bystander-4","name":"Look","input":{}}]}}"#,
);

/// One case of the suite.
struct Seed {
    name: String,
    /// Files by their names below `input`.
    files: BTreeMap<String, Vec<u8>>,
    /// Names of those from which sessions are read, with the format.
    sessions: Vec<(String, Format)>,
}

static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut folders: Vec<PathBuf> = fs_err::read_dir(suite).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders.iter().map(|folder| seed(folder)).filter(|seed| !seed.sessions.is_empty()).collect()
});

fn seed(folder: &Path) -> Seed {
    let input = folder.join("input");
    let below = |path: &Path| path.strip_prefix(&input).unwrap().to_str().unwrap().to_owned();
    let entries = walkdir::WalkDir::new(&input).into_iter().map(Result::unwrap);
    let paths: Vec<PathBuf> =
        entries.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect();
    let files = paths.iter().map(|path| (below(path), fs_err::read(path).unwrap())).collect();
    let survey = assize::ingest::survey(std::slice::from_ref(&input)).unwrap();
    let of = |group: &assize::ingest::Group| group.files.iter().map(|file| (below(&file.0), group.format)).collect();
    let small = |(name, _): &(String, Format)| fs_err::metadata(input.join(name)).unwrap().len() < MOST_BYTES as u64;
    let sessions: Vec<Vec<(String, Format)>> = survey.groups.iter().map(of).collect();
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let plain = |(name, _): &(String, Format)| Path::new(name).extension().is_none_or(|end| end != "gz");
    Seed { name, files, sessions: sessions.into_iter().flatten().filter(|it| small(it) && plain(it)).collect() }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.name)
    }
}

impl Seed {
    /// Reads the files, some of them changed or added, beside the bystander.
    fn read(&self, changed: &[(&str, &[u8])]) -> Ingested {
        self.read_as(changed, ToOwned::to_owned)
    }

    /// The same with every file under the name that `rename` gives it.
    fn read_as(&self, changed: &[(&str, &[u8])], rename: impl Fn(&str) -> String) -> Ingested {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, bytes).unwrap();
        };
        write("bystander/bystander.jsonl", BYSTANDER.as_bytes());
        for (name, bytes) in &self.files {
            write(&rename(name), bytes);
        }
        for (name, bytes) in changed {
            write(name, bytes);
        }
        let mut read = ingest(folder.path());
        let at = read.sessions.iter().position(|session| session.id == "bystander-0");
        let bystander =
            read.sessions.remove(at.unwrap_or_else(|| unreachable!("{}: another session is lost", self.name)));
        assert_eq!((bystander.turns.len(), bystander.actions().count()), (1, 1), "{}", self.name);
        read
    }

    fn session_file(&self, which: Index) -> (&str, Format, &[u8]) {
        let (name, format) = which.get(&self.sessions);
        (name, *format, &self.files[name])
    }
}

fn any_seed() -> impl Strategy<Value = &'static Seed> {
    any::<Index>().prop_map(|which| which.get(&SEEDS))
}

/// What was asked and done in each session.
fn content(read: &Ingested) -> Vec<(String, Vec<String>, Vec<String>, u64)> {
    let of = |session: &Session| {
        let prompts = session.turns.iter().map(|turn| turn.prompt.clone()).collect();
        let actions = session.actions().map(|action| action.id.clone()).collect();
        (session.id.clone(), prompts, actions, session.subagent_actions)
    };
    read.sessions.iter().map(of).collect()
}

/// Prompts, and tool calls of agents and subagents, in all.
fn sums(read: &Ingested) -> (usize, u64) {
    let actions = |session: &Session| session.actions().count() as u64 + session.subagent_actions;
    (read.sessions.iter().map(|session| session.turns.len()).sum(), read.sessions.iter().map(actions).sum())
}

/// The most prompts and calls there may be when some of the files is missing: what was rewound may look as if it went on,
/// and a subagent without its session looks like one.
fn most(read: &Ingested, seed: &Seed) -> (usize, u64) {
    let (prompts, actions) = sums(read);
    let rewound: u64 = read.sessions.iter().map(|session| session.losses.abandoned_records).sum();
    let branches = read.sessions.iter().flat_map(|session| &session.dead_branches);
    let branches: usize = branches.map(|branch| branch.turns.len()).sum();
    (prompts + usize::try_from(rewound).unwrap() + branches + seed.sessions.len(), actions + rewound)
}

fn by_line(format: Format) -> bool {
    matches!(format, Format::ClaudeCode | Format::CodexRollout | Format::CopilotCli | Format::AssizeJsonl)
}

/// Every bad line by file.
fn bad_lines(read: &Ingested) -> BTreeSet<(String, u64)> {
    let bad = read.tally.bad.iter().flat_map(|bad| bad.lines.iter().map(|line| (bad.file.clone(), *line)));
    bad.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn folders_in_any_order_give_the_same(seed in any_seed(), order in any::<u64>()) {
        let folder = |name: &str| name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let place = |name: &str| {
            let hash = blake3::hash(format!("{order} {}", folder(name)).as_bytes());
            format!("{}/{name}", &hash.to_hex()[..6])
        };
        prop_assert_eq!(content(&seed.read_as(&[], place)), content(&seed.read(&[])), "{}", seed.name);
    }

    #[test]
    fn a_file_cut_anywhere_is_read_as_far_as_it_goes(seed in any_seed(), which in any::<Index>(), cut in any::<Index>()) {
        let (name, _, bytes) = seed.session_file(which);
        let read = seed.read(&[(name, &bytes[..cut.index(bytes.len())])]);
        let (prompts, actions) = sums(&read);
        let most = most(&seed.read(&[]), seed);
        prop_assert!(prompts <= most.0 && actions <= most.1, "{}: {prompts} {actions} of {most:?}", seed.name);
    }

    #[test]
    fn lines_written_twice_count_once(seed in any_seed(), which in any::<Index>(), again in prop::collection::vec(any::<Index>(), 1..6)) {
        let (name, format, bytes) = seed.session_file(which);
        prop_assume!(by_line(format));
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let again: BTreeSet<usize> = again.iter().map(|again| again.index(lines.len())).collect();
        let mut twice = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            twice.extend_from_slice(line);
            if again.contains(&at) {
                twice.push(b'\n');
                twice.extend_from_slice(line);
            }
        }
        prop_assert_eq!(content(&seed.read(&[(name, &twice)])), content(&seed.read(&[])), "{}", seed.name);
    }

    #[test]
    fn a_file_under_another_name_counts_once(seed in any_seed(), which in any::<Index>(), before in any::<bool>()) {
        let (name, _, bytes) = seed.session_file(which);
        let end = name.split_once('.').map_or("", |(_, end)| end);
        let copy = format!("{}/copy.{end}", if before { "0" } else { "z" });
        let (one, two) = (seed.read(&[]), seed.read(&[(&copy, bytes)]));
        prop_assert_eq!(sums(&two), sums(&one), "{}", seed.name);
        prop_assert_eq!(two.sessions.len(), one.sessions.len());
    }

    #[test]
    fn nuls_change_nothing(seed in any_seed(), which in any::<Index>(), at in any::<Index>(), nuls in 1_usize..40) {
        let (name, _, bytes) = seed.session_file(which);
        let at = at.index(bytes.len());
        let filled = [&bytes[..at], &vec![0; nuls], &bytes[at..]].concat();
        prop_assert_eq!(content(&seed.read(&[(name, &filled)])), content(&seed.read(&[])), "{} at {}", seed.name, at);
    }

    #[test]
    fn a_line_of_garbage_is_counted_and_located(seed in any_seed(), which in any::<Index>(), at in any::<Index>(), garbage in "[^\\s\"0-9][^\\n\\r]{0,20}") {
        let (name, format, bytes) = seed.session_file(which);
        let garbage = format!("{{{garbage}\n");
        prop_assume!(serde_json::from_str::<serde_json::Value>(&garbage).is_err());
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let at = at.index(lines.len());
        let with = [&lines[..at].concat(), garbage.as_bytes(), &lines[at..].concat()].concat();
        let (one, two) = (seed.read(&[]), seed.read(&[(name, &with)]));
        let (prompts, actions) = sums(&two);
        let most = most(&one, seed);
        prop_assert!(prompts <= most.0 && actions <= most.1, "{}", seed.name);
        if by_line(format) {
            prop_assert_eq!(content(&two), content(&one), "{}", seed.name);
            let line = at as u64 + 1;
            prop_assert!(bad_lines(&two).iter().any(|(_, bad)| *bad == line), "{}: line {line} is not told", seed.name);
            prop_assert_eq!(bad_lines(&two).len(), bad_lines(&one).len() + 1);
        } else if format != Format::SpecstoryMd && one.tally.bad.iter().all(|bad| bad.file != name) {
            let told = |read: &Ingested| read.tally.bad.len() as u64 + read.skipped.values().sum::<u64>();
            prop_assert!(told(&two) > told(&one), "{}: the damage is not told", seed.name);
        }
    }
}
