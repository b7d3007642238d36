//! `assize simulate`: planted shares, planted errors, and files in the real layout.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assize::gold::Rating;
use assize::ingest;
use assize::rubric::{Answer, AnswerKind, AnswerOption, Published, PublishedKind, Rubric};
use assize::session::{Scope, Session};
use assize::simulate::{SimulateError, SimulateSpec, Simulation};
use proptest::prelude::*;
use serde_json::Value;

const MODES: [(&str, f64); 9] = [
    ("fix", 26.0),
    ("build", 25.0),
    ("operate", 17.0),
    ("communicate", 10.0),
    ("understand", 7.0),
    ("plan", 7.0),
    ("orchestrate", 3.0),
    ("analyze", 3.0),
    ("test", 2.0),
];
const LEVELS: [(&str, f64); 5] = [("1", 1.6), ("2", 20.5), ("3", 26.8), ("4", 40.8), ("5", 10.1)];
const OUTCOMES: [&str; 4] = ["succeeded", "partially_succeeded", "failed", "no_clear_goal"];

fn rubric(name: &str, labels: &[(&str, Option<f64>)]) -> Rubric {
    let option = |&(id, percent): &(&str, Option<f64>)| AnswerOption {
        id: id.to_owned(),
        title: id.to_owned(),
        definition: "d".to_owned(),
        includes: vec![],
        excludes: vec![],
        published: percent.map(|percent| Published { percent, known: PublishedKind::Stated }),
    };
    Rubric {
        name: name.to_owned(),
        version: 1,
        title: name.to_owned(),
        question: "?".to_owned(),
        answer: Answer { options: labels.iter().map(option).collect(), ..Answer::new(AnswerKind::Choice) },
        published_base: None,
        guidance: vec![],
        tie_breaks: vec![],
        prompt: "p".to_owned(),
        view: "default".to_owned(),
        needs: vec![],
    }
}

fn rubrics() -> Vec<Rubric> {
    vec![
        rubric("work_mode", &MODES.map(|(label, percent)| (label, Some(percent)))),
        rubric("expertise", &LEVELS.map(|(label, percent)| (label, Some(percent)))),
        rubric("outcome", &OUTCOMES.map(|label| (label, None))),
    ]
}

fn simulation(sessions: usize, persons: usize, seed: u64) -> Simulation {
    Simulation::new(SimulateSpec { sessions, persons, seed }, &rubrics()).unwrap()
}

fn records(simulation: &Simulation, index: usize) -> Vec<Value> {
    let (_, text) = simulation.session(index).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn count(rows: &[Rating], rubric: &str, label: &str) -> usize {
    rows.iter().filter(|row| row.rubric.as_deref() == Some(rubric) && row.label == label).count()
}

#[test]
fn planted_shares_are_the_published_ones_within_sampling_error() {
    let simulation = simulation(4_000, 900, 11);
    let near = |rubric: &str, label: &str, percent: f64| {
        let share = count(&simulation.truth, rubric, label) as f64 / 4_000.0;
        let p = percent / 100.0;
        // Four standard errors: one in sixteen thousand fails, and the seed is fixed.
        assert!((share - p).abs() < 4.0 * (p * (1.0 - p) / 4_000.0).sqrt(), "{rubric} {label}: {share}");
    };
    for (label, percent) in MODES {
        near("work_mode", label, percent);
    }
    // The published shares of levels sum to 99.8.
    for (label, percent) in LEVELS {
        near("expertise", label, percent / 0.998);
    }
    near("outcome", "no_clear_goal", 7.7);
}

#[test]
fn raters_err_at_their_rate_and_only_into_neighbours() {
    let simulation = simulation(3_000, 600, 5);
    let truth: HashMap<(&str, &str), &str> = simulation
        .truth
        .iter()
        .map(|row| ((row.item.as_str(), row.rubric.as_deref().unwrap()), row.label.as_str()))
        .collect();
    let mut wrong: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &simulation.ratings {
        let rubric = row.rubric.as_deref().unwrap();
        let planted = truth[&(row.item.as_str(), rubric)];
        if row.label != planted {
            *wrong.entry(&row.rater).or_default() += 1;
            if rubric == "expertise" {
                assert_eq!(row.label.parse::<i32>().unwrap().abs_diff(planted.parse::<i32>().unwrap()), 1);
            }
        }
    }
    for (rater, error) in [("simulated-a", 0.12), ("simulated-b", 0.20)] {
        let rate = wrong[rater] as f64 / 9_000.0;
        assert!((rate - error).abs() < 0.017, "{rater}: {rate}");
    }
    let raters: BTreeSet<&str> = simulation.ratings.iter().map(|row| row.rater.as_str()).collect();
    assert_eq!(raters, BTreeSet::from(["simulated-a", "simulated-b"]));
}

#[test]
fn months_are_those_of_the_study() {
    let simulation = simulation(800, 100, 3);
    let months: BTreeSet<String> =
        simulation.planned().iter().map(|planned| planned.start.to_string()[..7].to_owned()).collect();
    let expected = ["2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03", "2026-04"];
    assert_eq!(months.into_iter().collect::<Vec<_>>(), expected);
    let mut sessions: HashMap<usize, usize> = HashMap::new();
    simulation.planned().iter().for_each(|planned| *sessions.entry(planned.person).or_default() += 1);
    assert_eq!(sessions.len(), 100);
    assert!(sessions.values().filter(|&&count| count > 1).count() > 80);
}

#[test]
fn files_have_the_layout_of_claude_code() {
    let simulation = simulation(40, 8, 9);
    for index in 0..40 {
        let (file, _) = simulation.session(index).unwrap();
        let planned = &simulation.planned()[index];
        assert!(file.starts_with("projects/-home-p0") && file.ends_with(&format!("/{}.jsonl", planned.id)), "{file}");
        let mut seen = BTreeSet::new();
        let mut parent = Value::Null;
        let mut output: HashMap<String, u64> = HashMap::new();
        let mut calls = BTreeSet::new();
        for record in records(&simulation, index).iter().filter(|record| record["type"] != "file-history-snapshot") {
            assert_eq!(record["sessionId"], planned.id.as_str());
            assert_eq!(record["parentUuid"], parent, "the chain is whole");
            for key in ["uuid", "version", "cwd", "timestamp", "entrypoint"] {
                assert!(record[key].is_string(), "{key}");
            }
            parent = record["uuid"].clone();
            assert!(seen.insert(parent.to_string()), "uuids are unique");
            let message = &record["message"];
            if record["type"] == "assistant" {
                let tokens = message["usage"]["output_tokens"].as_u64().unwrap();
                let before = output.insert(message["id"].as_str().unwrap().to_owned(), tokens).unwrap_or(0);
                assert!(tokens > before, "usage grows from line to line of a message");
                assert_eq!(message["content"].as_array().unwrap().len(), 1);
                if message["content"][0]["type"] == "tool_use" {
                    calls.insert(message["content"][0]["id"].to_string());
                }
            } else if message["content"][0]["type"] == "tool_result" {
                assert!(calls.remove(&message["content"][0]["tool_use_id"].to_string()), "a result answers a call");
            }
        }
        assert!(calls.is_empty(), "every call has its result");
    }
}

#[test]
fn prompts_and_actions_are_near_the_published_figures_and_grow_with_expertise() {
    let simulation = simulation(200, 40, 21);
    let mut prompts = 0;
    let mut actions: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for index in 0..200 {
        let records = records(&simulation, index);
        let human =
            records.iter().filter(|record| record["type"] == "user" && record["message"]["content"].is_string());
        let human = human.count();
        let calls = records.iter().filter(|record| record["message"]["content"][0]["type"] == "tool_use").count();
        prompts += human;
        let sum = actions.entry(simulation.planned()[index].level).or_default();
        *sum = (sum.0 + calls, sum.1 + human);
    }
    let mean = f64::from(u32::try_from(prompts).unwrap()) / 200.0;
    assert!((3.5..5.0).contains(&mean), "prompts {mean}");
    let rate = |level: &str| actions[level].0 as f64 / actions[level].1 as f64;
    assert!(rate("2") < rate("3") && rate("3") < rate("5"), "{actions:?}");
    assert!((5.0..14.0).contains(&rate("4")), "{actions:?}");
}

#[test]
fn labels_that_do_not_fit_are_errors() {
    let spec = SimulateSpec { sessions: 5, persons: 2, seed: 1 };
    let with = |change: &dyn Fn(&mut Vec<Rubric>)| {
        let mut rubrics = rubrics();
        change(&mut rubrics);
        Simulation::new(spec, &rubrics).unwrap_err()
    };
    let renamed = with(&|rubrics| rubrics[0].answer.options[0].id = "repair".to_owned());
    assert!(matches!(renamed, SimulateError::Label { label, .. } if label == "repair"));
    let missing = with(&|rubrics| drop(rubrics[2].answer.options.remove(0)));
    assert!(matches!(missing, SimulateError::Label { label, .. } if label == "succeeded"));
    assert!(matches!(with(&|rubrics| rubrics[1].answer.options[0].published = None), SimulateError::NoShare { .. }));
    assert!(matches!(with(&|rubrics| drop(rubrics.remove(1))), SimulateError::NoRubric("expertise")));
    let none = Simulation::new(SimulateSpec { sessions: 1, persons: 2, seed: 1 }, &rubrics());
    assert!(matches!(none.unwrap_err(), SimulateError::Counts { .. }));
    // A rubric that counts the missing goal as an abstention has no such label, and none is planted.
    let mut three = rubrics();
    three[2].answer.options.pop();
    let simulation = Simulation::new(SimulateSpec { sessions: 400, persons: 9, seed: 1 }, &three).unwrap();
    assert_eq!(count(&simulation.truth, "outcome", "no_clear_goal"), 0);
    assert_eq!(count(&simulation.ratings, "outcome", "no_clear_goal"), 0);
}

#[test]
fn a_folder_is_written_once_and_again_but_never_over_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let first = simulation(12, 4, 2);
    first.write(&out).unwrap();
    let read = |name: &str| fs_err::read_to_string(out.join(name)).unwrap();
    assert!(
        read("README.md").contains("synthetic") && read("truth.csv").starts_with("item,rater,label,rubric,cluster\n")
    );
    assert_eq!(read("ratings.csv").lines().count(), 1 + 12 * 3 * 2);
    assert_eq!(read(&first.session(3).unwrap().0), first.session(3).unwrap().1);
    first.write(&out).unwrap();
    assert!(matches!(simulation(12, 4, 3).write(&out).unwrap_err(), SimulateError::Occupied(_)));
    fs_err::write(folder.path().join("own.txt"), "mine").unwrap();
    assert!(matches!(first.write(folder.path()).unwrap_err(), SimulateError::Occupied(_)));
}

#[test]
fn the_reader_finds_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let simulation = simulation(60, 12, 4);
    simulation.write(folder.path()).unwrap();
    let survey = ingest::survey(&[folder.path().join("projects")]).unwrap();
    let sessions: Vec<Session> =
        survey.groups.iter().flat_map(|group| ingest::read(group, &[7; 32]).sessions).collect();
    assert_eq!(sessions.len(), 60);
    let persons: BTreeSet<_> = sessions.iter().map(|session| session.person.clone().unwrap()).collect();
    assert_eq!(persons.len(), 12);
    for session in &sessions {
        let index = simulation.planned().iter().position(|planned| planned.id == session.id).unwrap();
        let records = records(&simulation, index);
        let human = records.iter().filter(|one| one["type"] == "user" && one["message"]["content"].is_string()).count();
        let calls = records.iter().filter(|one| one["message"]["content"][0]["type"] == "tool_use").count();
        assert_eq!((session.turns.len(), session.actions().count()), (human, calls), "{}", session.file);
        assert_eq!((session.scope, session.losses.bad_lines.len()), (Scope::Interactive, 0));
    }
}

#[test]
fn the_command_writes_what_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let assize = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("assize").unwrap();
        command.current_dir(folder.path()).args(arguments).assert()
    };
    let arguments = ["simulate", "--sessions", "8", "--seed", "1", "--out", "made"];
    assize(&arguments).success().stdout(predicates::str::contains("8 synthetic sessions of 2 invented persons"));
    assert_eq!(fs_err::read_dir(folder.path().join("made/projects")).unwrap().count().min(2), 2);
    assize(&["simulate", "--sessions", "8", "--seed", "2", "--out", "made"])
        .code(3)
        .stderr(predicates::str::contains("choose another folder"));
    assize(&["simulate", "--sessions", "0", "--seed", "2", "--out", "none"]).code(3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_sessions_differ(seed: u64, sessions in 2_usize..12) {
        let (first, again) = (simulation(sessions, 2, seed), simulation(sessions, 2, seed));
        let mut texts = BTreeSet::new();
        // Out of order, to show that sessions do not depend on each other.
        for index in (0..sessions).rev() {
            let session = first.session(index).unwrap();
            prop_assert_eq!(&session, &again.session(index).unwrap());
            prop_assert!(texts.insert(session.1));
        }
        prop_assert_eq!(&first.ratings, &again.ratings);
        prop_assert!(simulation(sessions, 2, seed.wrapping_add(1)).session(0) != first.session(0));
    }
}
