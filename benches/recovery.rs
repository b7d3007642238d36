//! The study's numbers through the whole program: simulated with planted truth, ingested, judged by a simulated judge with
//! planted confusion, corrected with simulated gold, and set beside what is published and what is planted.
//!
//! `just recovery` writes `docs/recovery.md`. Everything in it is synthetic.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a bench that cannot go on has failed, and says where it is"
)]

#[path = "recovery/figures.rs"]
mod figures;
#[path = "recovery/measured.rs"]
mod measured;
#[path = "recovery/numbers.rs"]
mod numbers;
#[path = "recovery/recover.rs"]
mod recover;
#[path = "recovery/slopes.rs"]
mod slopes;
#[path = "recovery/table.rs"]
mod table;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use assize::corpus::{Corpus, SessionRow};
use assize::run;
use assize::simulate::Question;
use figures::{Seen, figures};
use numbers::Said;
use recover::{JUDGE, planted, recover};
use table::{Line, page};

/// Sessions, of which so many have gold; and sessions in full detail for what is measured.
const SESSIONS: &str = "20000";
const GOLD: &str = "4000";
const FULL: &str = "2500";
const SEED: &str = "20260617";

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/recovery");
    // A session may have changed since: an old simulation is not one of this program.
    let _ = fs_err::remove_dir_all(&folder);
    fs_err::create_dir_all(&folder).unwrap();
    let started = Instant::now();
    let step = |arguments: &[&str]| {
        let own = Instant::now();
        let program = env!("CARGO_BIN_EXE_assize");
        let output = Command::new(program).current_dir(&folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        eprintln!("{:7.1} s  assize {}", own.elapsed().as_secs_f64(), arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    };
    step(&["simulate", "--sessions", SESSIONS, "--seed", SEED, "--out", "made", "--detail", "short", "--gold", GOLD]);
    step(&["ingest", "made/projects", "--into", "datasets/made"]);
    let rubrics = Question::ALL.map(Question::rubric).join(", ");
    fs_err::write(folder.join("postings.csv"), postings()).unwrap();
    let experiment = format!(
        "name: recovery\ncorpus: datasets/made\nrubrics: [{rubrics}, decisions, task_posting, task_value]\n\
         calibration: {{file: postings.csv, per_tier: 2, holdout_per_tier: 1, seed: 1}}\njudges: [{{model: replay/made/replay.jsonl, name: {JUDGE}}}]\ndata_label: synthetic\n"
    );
    fs_err::write(folder.join("recovery.yaml"), experiment).unwrap();
    step(&["run", "recovery.yaml"]);
    step(&["simulate", "--sessions", FULL, "--seed", SEED, "--out", "full"]);
    step(&["ingest", "full/projects", "--into", "datasets/full"]);

    // The folder is fresh, so that there is one run.
    let mut names = fs_err::read_dir(folder.join("results")).unwrap().map(|entry| entry.unwrap().file_name());
    let is_run =
        |name: std::ffi::OsString| name.to_str().filter(|name| name.starts_with("recovery-")).map(str::to_owned);
    let run = names.find_map(is_run).unwrap();
    let (_, verdicts) = run::load(&folder.join("results"), &run).unwrap();
    let rows = Corpus::open(&folder.join("datasets/made")).unwrap().rows().unwrap();
    let truth = planted_sessions(&folder.join("made/planted.csv"));
    let mut judged = by_corpus(&rows, &truth);
    let mut said: BTreeMap<String, Said> = BTreeMap::new();
    for verdict in &verdicts {
        let own = said.entry(verdict.session.clone()).or_default();
        numbers::put(own, verdict);
        let Some(at) = Question::ALL.iter().position(|question| question.rubric() == verdict.rubric) else { continue };
        let abstained = verdict.outcome.no_verdict() == Some(assize::verdict::NoVerdict::Abstained);
        let label = verdict.outcome.label().map(str::to_owned).or_else(|| abstained.then(|| "unclear".to_owned()));
        judged.get_mut(&verdict.session).unwrap().labels[at] = label;
    }
    let mut gold = by_corpus(&rows, &truth);
    for row in records(&folder.join("made/gold.csv")).into_iter().filter(|row| row["rater"] == "gold") {
        let at = Question::ALL.iter().position(|question| question.rubric() == row["rubric"]).unwrap();
        gold.get_mut(&row["item"]).unwrap().labels[at] = Some(row["label"].clone());
    }
    gold.retain(|_, seen| seen.labels.iter().all(Option::is_some));
    let mut lines = Vec::new();
    for figure in figures() {
        let (exact, base) = planted(&figure, truth.values());
        let row = recover(&figure, &judged, &gold, &rows).unwrap();
        lines.push(Line::new(&figure, exact, base, row));
    }
    eprintln!("{:7.1} s  in all", started.elapsed().as_secs_f64());
    let full = Corpus::open(&folder.join("datasets/full")).unwrap().rows().unwrap();
    let measured = measured::all(&rows, &truth, &full, &records(&folder.join("full/planted.csv")));
    let planted = records(&folder.join("made/planted.csv")).into_iter();
    let planted = planted.map(|row| (row["item"].clone(), numbers::planted(&row))).collect();
    let source = numbers::Source { truth: &truth, planted: &planted, judged: &said, gold: &gold };
    let numbers: Vec<_> =
        source.decisions().into_iter().chain(source.growth()).chain(slopes::slopes(&source, &judged)).collect();
    let text = page(&lines, &numbers, &measured, [SESSIONS, GOLD, FULL, SEED]);
    fs_err::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recovery.md"), text).unwrap();
}

/// Priced postings, without which no price is asked for. The simulated judge does not read them.
fn postings() -> String {
    let mut text = "id,title,description,skills,price,type,posted_at\n".to_owned();
    for (tier, price) in [100, 500, 2_000, 9_000].into_iter().enumerate() {
        for number in 0..3 {
            let about = "Synthetic. A posting that stands for work of this price and says nothing else about it.";
            let row = format!("{tier}-{number},Synthetic posting,{about},synthetic,{price},fixed,2025-03-01\n");
            text.push_str(&row);
        }
    }
    text
}

/// The rows of a CSV file by column name.
fn records(path: &Path) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

/// What is planted, by session.
fn planted_sessions(path: &Path) -> BTreeMap<String, Seen> {
    let seen = |row: BTreeMap<String, String>| {
        let labels = Question::ALL.map(|question| Some(row[question.rubric()].clone()));
        let (person, month) = (row["cluster"].clone(), row["month"].clone());
        (row["item"].clone(), Seen { person, month, wrote_code: row["wrote_code"] == "1", labels })
    };
    records(path).into_iter().map(seen).collect()
}

/// What the corpus says of every session, without a label.
fn by_corpus(rows: &[SessionRow], truth: &BTreeMap<String, Seen>) -> BTreeMap<String, Seen> {
    let seen = |row: &SessionRow| {
        let month = row.started_at.as_ref().map(|at| at[..7].to_owned()).unwrap();
        let person = truth[&row.id].person.clone();
        (row.id.clone(), Seen { person, month, wrote_code: row.measures.lines_added > 0, labels: [const { None }; 8] })
    };
    rows.iter().map(seen).collect()
}
