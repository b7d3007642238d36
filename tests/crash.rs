//! `kill -9` at any moment: no recorded answer is bought again, and the verdicts are those of an undisturbed run.
#![expect(clippy::unwrap_used, reason = "a broken fixture fails the test")]

mod project;

use std::hash::{BuildHasher, RandomState};
use std::process::Stdio;
use std::time::Duration;

use project::{Fake, Project, label, said, wait_until};

const CONCURRENCY: usize = 4;
/// Requests after which a run is killed, each time counted anew; and up to as many milliseconds later, by chance.
const KILLS: [(usize, u64); 8] = [(0, 30), (1, 3), (9, 20), (5, 0), (3, 9), (1, 40), (7, 15), (2, 25)];

#[tokio::test(flavor = "multi_thread")]
async fn killed_runs_buy_nothing_twice() {
    killed(200, &KILLS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: 64 kills"]
async fn runs_killed_again_and_again_buy_nothing_twice() {
    killed(900, &KILLS.repeat(8)).await;
}

/// A number below `bound` that nobody chose: hash maps are seeded by chance.
fn any_below(bound: u64) -> u64 {
    RandomState::new().hash_one(bound) % bound.max(1)
}

/// Runs `sessions` sessions undisturbed and, in another folder, killed at `kills`, and compares.
async fn killed(sessions: usize, kills: &[(usize, u64)]) {
    let latency = Duration::from_millis(20);
    let limits = format!("concurrency: {CONCURRENCY}");

    let calm = Project::with_sessions(sessions);
    calm.experiment("openai/tiny", &limits);
    let undisturbed = Fake::start(latency, label).await;
    let output = calm.run(&undisturbed.url(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(undisturbed.asked(), sessions);

    let hard = Project::with_sessions(sessions);
    hard.experiment("openai/tiny", &limits);
    let fake = Fake::start(latency, label).await;
    let answers = || {
        // A run that was killed at once may not have made its ledger.
        let ledger = rusqlite::Connection::open(hard.path("results/ledger.sqlite")).ok();
        let count = ledger.and_then(|ledger| ledger.query_row("SELECT count(*) FROM calls", [], |row| row.get(0)).ok());
        usize::try_from(count.unwrap_or(0_i64)).unwrap()
    };
    for &(kill, more) in kills {
        let before = fake.asked();
        let mut child = hard
            .assize(&["run", "experiment.yaml"], Some(&fake.url()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until("the run to get going", || fake.asked() >= before + kill);
        std::thread::sleep(Duration::from_millis(any_below(more)));
        // SIGKILL on Unix: no handler, no destructor, no flush.
        child.kill().unwrap();
        child.wait().unwrap();
        let lost = fake.asked() - answers();
        assert!(lost <= CONCURRENCY * kills.len(), "{lost} answers lost");
    }
    let (asked, held) = (fake.asked(), answers());
    assert!(held > 0 && held < sessions, "the kills came while the run worked: {held} answers held");
    assert!(asked <= held + CONCURRENCY * kills.len(), "at most the calls in flight are lost: {asked} for {held}");

    let output = hard.run(&fake.url(), &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fake.asked() - asked, sessions - held, "the rerun buys what is missing, and nothing else");
    // The servers differ in their port, and a unit's fingerprint names its server.
    let fingerprint = regex::Regex::new("[0-9a-f]{64}").unwrap();
    for file in ["verdicts.jsonl", "ratings.csv"] {
        let files =
            [calm.run_folder().join(file), hard.run_folder().join(file)].map(|path| fs_err::read(path).unwrap());
        let [calm, hard] =
            files.map(|text| fingerprint.replace_all(&String::from_utf8(text).unwrap(), "-").into_owned());
        assert_eq!(calm, hard, "{file}");
    }
    assert_eq!(answers(), sessions);
    assert_eq!(hard.run(&fake.url(), &[]).status.code(), Some(0));
    assert_eq!(fake.asked(), asked + sessions - held, "all is recorded");
}
