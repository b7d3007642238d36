//! `assize simulate`: planted shares, planted errors, and files in the real layout.
#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use assize::gold::Rating;
use assize::ingest;
use assize::rubric::{self, BUILT_IN, Rubric};
use assize::session::{Measures, Scope, Session};
use assize::simulate::{Detail, Planned, Question, SimulateError, SimulateSpec, Simulation};
use assize::stats::Design;
use assize::stats::regression::{Linear, LinearSample};
use proptest::prelude::*;
use serde_json::Value;

fn rubrics() -> Vec<Rubric> {
    let nowhere = std::path::Path::new("/nowhere");
    BUILT_IN.iter().map(|name| rubric::load(name, nowhere).unwrap()).collect()
}

fn spec(sessions: usize, seed: u64) -> SimulateSpec {
    SimulateSpec { sessions, persons: None, seed, detail: Detail::Full, gold: None }
}

fn simulation(sessions: usize, persons: usize, seed: u64) -> Simulation {
    Simulation::new(SimulateSpec { persons: Some(persons), ..spec(sessions, seed) }, &rubrics()).unwrap()
}

fn records(simulation: &Simulation, index: usize) -> Vec<Value> {
    let (_, text) = simulation.session(index).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

type Label<'a> = &'a dyn Fn(Question) -> &'static str;

/// What is asked of a session, and what is published of it by level; 0 where nothing is.
type ByLevel = (&'static str, fn(Label<'_>) -> bool, [f64; 5]);

/// Percent of the sessions for which `holds`, among those in the `base`, and the standard error of as many independent ones.
fn percent_of(
    simulation: &Simulation,
    base: impl Fn(&Planned, Label<'_>) -> bool,
    holds: impl Fn(&Planned, Label<'_>) -> bool,
) -> (f64, f64) {
    let (mut all, mut with) = (0, 0);
    for one in simulation.planned() {
        let label = |question: Question| one.planted.label(question);
        if base(one, &label) {
            all += 1;
            with += u32::from(holds(one, &label));
        }
    }
    let rate = f64::from(with) / f64::from(all);
    (100.0 * rate, 100.0 * (rate * (1.0 - rate) / f64::from(all)).sqrt())
}

/// Asserts that a planted percentage is the published one, within three standard errors and what a figure can be read to.
fn near((found, error): (f64, f64), published: f64, what: &str) {
    assert!((found - published).abs() < 3.0 * error + 0.5, "{what}: {found} ({error}), published {published}");
}

fn goal(of: Label<'_>) -> bool {
    of(Question::Outcome) != "no_clear_goal"
}

fn trouble(of: Label<'_>) -> bool {
    goal(of) && matches!(of(Question::FailureSignal), "3" | "4" | "5")
}

fn succeeded(of: Label<'_>) -> bool {
    of(Question::Outcome) == "succeeded"
}

fn verified(of: Label<'_>) -> bool {
    succeeded(of) && matches!(of(Question::SuccessSignal), "4" | "5")
}

fn partial(of: Label<'_>) -> bool {
    of(Question::Outcome) != "failed"
}

#[test]
fn planted_shares_are_the_published_ones() {
    let simulation = Simulation::new(spec(40_000, 11), &[]).unwrap();
    let share = |question: Question, label: &str| percent_of(&simulation, |_, _| true, |_, of| of(question) == label);
    let modes =
        [("fix", 26.0), ("build", 25.0), ("operate", 17.0), ("communicate", 10.0), ("understand", 7.0), ("plan", 7.0)];
    for (mode, published) in modes {
        near(share(Question::WorkMode, mode), published, mode);
    }
    let by_month = [("fix", "2025-10", 33.0), ("fix", "2026-04", 19.0), ("operate", "2026-04", 21.0)];
    for (mode, month, published) in by_month {
        let of_month = |one: &Planned, _: Label<'_>| one.start.to_string().starts_with(month);
        let share = percent_of(&simulation, of_month, |_, of| of(Question::WorkMode) == mode);
        near(share, published, &format!("{mode} in {month}"));
    }
    near(share(Question::Outcome, "no_clear_goal"), 7.7, "no clear goal");
    near(share(Question::OccupationUser, "unclear"), 30.0, "occupation unclear");
    near(share(Question::Expertise, "unclear"), 3.0, "expertise unclear");
    for (level, published) in ["1", "2", "3", "4", "5"].into_iter().zip([1.6, 20.5, 26.8, 40.8, 10.1]) {
        let told = |_: &Planned, of: Label<'_>| goal(of) && of(Question::Expertise) != "unclear";
        near(percent_of(&simulation, told, |_, of| of(Question::Expertise) == level), published, level);
    }
    // By work mode the contexts are ours, and make up the published ones to a point and a half.
    for (context, published) in
        [("modify_existing", 48.0), ("explore", 17.0), ("create_new", 14.0), ("no_codebase", 20.0)]
    {
        let (found, _) = share(Question::CodebaseContext, context);
        assert!((found - published).abs() < 2.0, "{context}: {found}");
    }
}

#[test]
fn planted_rates_by_expertise_are_the_published_ones() {
    let simulation = Simulation::new(spec(40_000, 11), &[]).unwrap();
    // Table A2 and Figure 5; what is not published is not asked for.
    let all: [ByLevel; 3] = [
        ("verified", verified, [13.2, 20.9, 28.0, 29.3, 34.7]),
        ("judged", succeeded, [39.0, 0.0, 0.0, 0.0, 65.0]),
        ("at least partial", partial, [77.0, 0.0, 91.5, 91.5, 91.0]),
    ];
    let in_trouble: [ByLevel; 4] = [
        ("verified", verified, [4.0, 0.0, 0.0, 0.0, 15.0]),
        ("judged", succeeded, [10.0, 0.0, 0.0, 0.0, 27.0]),
        ("at least partial", partial, [60.0, 80.5, 80.5, 80.5, 80.0]),
        (
            "verified failure",
            |of| !partial(of) && matches!(of(Question::FailureSignal), "4" | "5"),
            [30.0, 0.0, 0.0, 0.0, 18.0],
        ),
    ];
    for (at, level) in ["1", "2", "3", "4", "5"].into_iter().enumerate() {
        for (base, rates) in [(goal as fn(Label<'_>) -> bool, &all[..]), (trouble, &in_trouble[..])] {
            for (what, holds, published) in rates.iter().filter(|(_, _, published)| published[at] > 0.0) {
                let of_level = |_: &Planned, of: Label<'_>| base(of) && of(Question::Expertise) == level;
                near(
                    percent_of(&simulation, of_level, |_, of| holds(of)),
                    published[at],
                    &format!("{what} at {level}"),
                );
            }
        }
        let of_level = |_: &Planned, of: Label<'_>| trouble(of) && of(Question::Expertise) == level;
        let abandoned = percent_of(&simulation, of_level, |one, of| !partial(of) && !one.planted.writes);
        near(abandoned, [19.0, 6.0, 6.0, 6.0, 7.0][at], &format!("abandoned at {level}"));
    }
    // Figure A1: what the signals say of success.
    for (question, level, published) in [
        (Question::SuccessSignal, "5", 90.0),
        (Question::SuccessSignal, "1", 13.0),
        (Question::FailureSignal, "1", 85.0),
        (Question::FailureSignal, "5", 3.0),
    ] {
        let given = percent_of(&simulation, |_, of| goal(of) && of(question) == level, |_, of| succeeded(of));
        near(given, published, &format!("{question:?} {level}"));
    }
}

#[test]
fn planted_rates_by_occupation_are_the_published_ones() {
    let simulation = Simulation::new(spec(40_000, 14), &[]).unwrap();
    // Figure 6.
    let groups = [
        ("computer_mathematical", [34.0, 60.0, 94.0]),
        ("management", [37.0, 55.0, 95.0]),
        ("legal", [33.0, 57.0, 95.0]),
        ("business_financial", [29.0, 54.0, 93.0]),
        ("healthcare_practitioners", [28.0, 56.0, 93.0]),
        ("arts_design_media", [28.0, 53.0, 92.0]),
        ("sales", [28.0, 58.0, 92.0]),
        ("architecture_engineering", [27.0, 54.0, 93.0]),
        ("education_library", [27.0, 52.0, 92.0]),
        ("life_physical_social_science", [27.0, 54.0, 94.0]),
    ];
    for (group, published) in groups {
        let code =
            |one: &Planned, of: Label<'_>| goal(of) && one.planted.writes && of(Question::OccupationUser) == group;
        for (holds, published) in [verified, succeeded, partial].into_iter().zip(published) {
            near(percent_of(&simulation, code, |_, of| holds(of)), published, group);
        }
    }
    let software = |of: Label<'_>| of(Question::OccupationUser) == "computer_mathematical";
    let others = |of: Label<'_>| !software(of) && of(Question::OccupationUser) != "unclear";
    let rate = |base: &dyn Fn(&Planned, Label<'_>) -> bool| percent_of(&simulation, base, |_, of| verified(of));
    near(rate(&|_, of| goal(of) && software(of)), 30.0, "software");
    near(rate(&|_, of| goal(of) && others(of)), 26.0, "others");
    near(rate(&|one, of| goal(of) && one.planted.writes && others(of)), 29.0, "others with code");
}

/// The slope of `outcome` by level where sessions are equal in the first `held` of: work mode by value band, month, occupation of
/// the work, software occupation; and its standard error by person.
fn slope(simulation: &Simulation, outcome: impl Fn(&Planned, Label<'_>) -> Option<f64>, held: usize) -> (f64, f64) {
    let (mut outcomes, mut levels, mut persons) = (Vec::new(), Vec::new(), Vec::new());
    let mut effects = vec![Vec::new(); held];
    for one in simulation.planned() {
        let label = |question: Question| one.planted.label(question);
        let position = |question: Question| {
            u32::try_from(question.labels().iter().position(|known| *known == label(question)).unwrap()).unwrap()
        };
        let (Some(outcome), Ok(level)) = (outcome(one, &label), label(Question::Expertise).parse::<f64>()) else {
            continue;
        };
        let band = [200, 1_000, 5_000].iter().map(|least| u32::from(one.planted.dollars >= *least)).sum::<u32>();
        let user = match label(Question::OccupationUser) {
            "computer_mathematical" => 0,
            "unclear" => 1,
            _ => 2,
        };
        let month = one.start.to_string()[5..7].parse().unwrap();
        let cells = [position(Question::WorkMode) * 4 + band, month, position(Question::OccupationWork), user];
        effects.iter_mut().zip(cells).for_each(|(effect, cell)| effect.push(cell));
        outcomes.push(outcome);
        levels.push(level);
        persons.push(u32::try_from(one.person).unwrap());
    }
    let columns = [levels];
    let sample = LinearSample { outcomes: &outcomes, columns: &columns, effects: &effects, weights: None };
    let fit = Linear::fit(sample).unwrap();
    let error = fit.standard_errors(Design { clusters: Some(&persons), strata: None }).unwrap()[0].se;
    (fit.coefficients[0].value, error)
}

#[test]
fn planted_slopes_move_with_what_is_held_equal_as_the_published_ones_do() {
    let simulation = Simulation::new(spec(80_000, 17), &[]).unwrap();
    let success = |_: &Planned, of: Label<'_>| goal(of).then(|| f64::from(u8::from(verified(of))));
    let [raw, tasks, months, all] = [0, 1, 2, 4].map(|held| slope(&simulation, success, held));
    // Table A1, columns 1, 2, 3: as published. Column 5 falls as the study's does, but by less: docs/recovery.md says why.
    for ((found, error), published) in [raw, tasks, months].into_iter().zip([4.26, 5.07, 4.43]) {
        assert!((100.0 * found - published).abs() < 300.0 * error, "{found} ({error}), published {published}");
    }
    assert!(all.0 > 0.0379 - 3.0 * all.1 && all.0 < 0.0379 + 3.0 * all.1, "{all:?}");
    assert!(tasks.0 - raw.0 > 0.004 && tasks.0 - all.0 > 0.007, "{raw:?} {tasks:?} {all:?}");
    // The text: 9 % more actions and 13 % more words a level, of 19 and 40 % where nothing is held equal.
    let pace = |of: fn(&Planned) -> usize| {
        move |one: &Planned, _: Label<'_>| Some((of(one).max(1) as f64 / f64::from(one.planted.prompts)).ln())
    };
    for (of, published, least) in [(actions as fn(&Planned) -> usize, 1.09_f64, 0.16), (words, 1.13, 0.30)] {
        let (found, error) = slope(&simulation, pace(of), 4);
        assert!((found - published.ln()).abs() < 3.0 * error, "{found} ({error}), published {published}");
        assert!(slope(&simulation, pace(of), 0).0 > least);
    }
}

fn actions(one: &Planned) -> usize {
    one.planted.actions
}

fn words(one: &Planned) -> usize {
    one.planted.words
}

#[test]
fn planted_paces_by_expertise_are_the_published_ones() {
    let simulation = Simulation::new(spec(40_000, 18), &[]).unwrap();
    for (of, level, published) in [
        (actions as fn(&Planned) -> usize, "1", 4.9_f64),
        (actions, "5", 11.7),
        (words, "1", 607.0),
        (words, "5", 3_200.0),
    ] {
        let of_level = simulation.planned().iter().filter(|one| one.planted.label(Question::Expertise) == level);
        let logs: Vec<f64> =
            of_level.map(|one| (of(one).max(1) as f64 / f64::from(one.planted.prompts)).ln()).collect();
        let n = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / n;
        let error = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / n / n).sqrt();
        // Whole actions of a session are a little fewer in the geometric mean.
        assert!((mean - published.ln()).abs() < 3.0 * error + 0.02, "{level}: {} ({error})", mean.exp());
    }
}

#[test]
fn shares_of_decisions_and_values_grow_as_published() {
    let simulation = Simulation::new(spec(40_000, 12), &[]).unwrap();
    let mean = |of: &dyn Fn(&Planned) -> Option<f64>| {
        let all: Vec<f64> = simulation.planned().iter().filter_map(of).collect();
        all.iter().sum::<f64>() / all.len() as f64
    };
    let by_agent =
        |kind: usize| mean(&|one| Some(f64::from(one.planted.by_agent[kind]) / f64::from(one.planted.decisions[kind])));
    assert!((by_agent(0) - 0.30).abs() < 0.02 && (by_agent(1) - 0.80).abs() < 0.02, "{} {}", by_agent(0), by_agent(1));
    let dollars = |mode: &'static str, month: &'static str| {
        mean(&|one| {
            let is = one.start.to_string().starts_with(month)
                && (mode.is_empty() || one.planted.label(Question::WorkMode) == mode);
            is.then_some(f64::from(one.planted.dollars))
        })
    };
    let growth = |mode| 100.0 * (dollars(mode, "2026-04") / dollars(mode, "2025-10") - 1.0);
    // Three standard errors over seeds: prices drawn evenly give the growth to 1.5 points, by mode to 3; independent ones gave it to 3
    // and 5 to 8.
    let modes = [
        ("", 27.0, 5.0),
        ("build", 43.0, 10.0),
        ("operate", 34.0, 10.0),
        ("fix", 32.0, 10.0),
        ("communicate", 2.0, 10.0),
    ];
    for (mode, published, within) in modes {
        assert!((growth(mode) - published).abs() < within, "{mode}: {}", growth(mode));
    }
}

#[test]
fn raters_err_at_their_rate_and_gold_is_what_is_planted() {
    let simulation = Simulation::new(SimulateSpec { gold: Some(400), ..spec(3_000, 5) }, &rubrics()).unwrap();
    let truth: Vec<Rating> = simulation.truth().collect();
    let truth: HashMap<(&str, &str), &str> =
        truth.iter().map(|row| ((row.item.as_str(), row.rubric.as_deref().unwrap()), row.label.as_str())).collect();
    let wrong = |rows: Vec<Rating>| {
        let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
        for row in &rows {
            let planted = truth[&(row.item.as_str(), row.rubric.as_deref().unwrap())];
            *wrong.entry(row.rater.clone()).or_default() += usize::from(row.label != planted);
            assert_eq!(row.note.as_deref(), Some("synthetic"));
        }
        (wrong, rows.len())
    };
    let (all, rows) = wrong(simulation.ratings().collect());
    assert_eq!(rows, 3_000 * 8 * 2);
    for (rater, error) in [("simulated-a", 0.08), ("simulated-b", 0.14)] {
        let rate = all[rater] as f64 / 24_000.0;
        assert!((rate - error).abs() < 0.012, "{rater}: {rate}");
    }
    let (gold, rows) = wrong(simulation.gold().collect());
    assert_eq!((rows, gold["gold"]), (400 * 8 * 3, 0));
    assert_eq!(simulation.gold().map(|row| row.item).collect::<BTreeSet<_>>().len(), 400);
}

#[test]
fn the_simulated_judge_errs_as_planted_and_fails_to_answer_in_several_ways() {
    let simulation = Simulation::new(SimulateSpec { gold: Some(1), ..spec(4_000, 6) }, &rubrics()).unwrap();
    let planted: HashMap<&str, &str> =
        simulation.planned().iter().map(|one| (one.id.as_str(), one.planted.label(Question::Outcome))).collect();
    let mut said: BTreeMap<String, usize> = BTreeMap::new();
    let mut partial = 0;
    for line in simulation.answers() {
        let line: Value = serde_json::from_str(&line).unwrap();
        if line["rubric"] != "outcome" || planted[line["session"].as_str().unwrap()] != "partially_succeeded" {
            continue;
        }
        partial += 1;
        let label = line["answer"]["label"].as_str().or(line["stop"].as_str()).unwrap_or("text");
        *said.entry(label.to_owned()).or_default() += 1;
    }
    assert_eq!(simulation.answers().count(), 4_000 * BUILT_IN.len());
    let percent = |label: &str| 100.0 * *said.get(label).unwrap_or(&0) as f64 / f64::from(partial);
    assert!((percent("succeeded") - 30.0 * 0.982).abs() < 5.0 && (percent("failed") - 3.0).abs() < 2.0, "{said:?}");
    assert!(["refused", "cut", "text"].iter().all(|kind| said.contains_key(*kind)), "{said:?}");
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
fn prompts_actions_and_words_are_near_the_published_figures() {
    let folder = tempfile::tempdir().unwrap();
    let simulation = Simulation::new(spec(500, 21), &[]).unwrap();
    simulation.write(folder.path()).unwrap();
    let survey = ingest::survey(&[folder.path().join("projects")]).unwrap();
    let sessions = survey.groups.iter().flat_map(|group| ingest::read(group, &[7; 32]).sessions);
    let level: HashMap<&str, &str> =
        simulation.planned().iter().map(|one| (one.id.as_str(), one.planted.label(Question::Expertise))).collect();
    let (mut prompts, mut all) = (0, 0_u64);
    let mut logs: BTreeMap<&str, Vec<[f64; 2]>> = BTreeMap::new();
    for session in sessions {
        let measures = Measures::of(&session);
        prompts += measures.prompts;
        all += 1;
        let per_prompt = |count: u64| (count.max(1) as f64 / measures.prompts as f64).ln();
        logs.entry(level[session.id.as_str()])
            .or_default()
            .push([per_prompt(measures.actions), per_prompt(measures.output_words)]);
    }
    let mean = prompts as f64 / all as f64;
    assert!((3.5..4.5).contains(&mean), "prompts {mean}");
    let geometric = |level: &str, which: usize| {
        let logs = &logs[level];
        (logs.iter().map(|log| log[which]).sum::<f64>() / logs.len() as f64).exp()
    };
    assert!((9.3..15.0).contains(&geometric("5", 0)), "{}", geometric("5", 0));
    assert!((2_500.0..4_100.0).contains(&geometric("5", 1)), "{}", geometric("5", 1));
    assert!(geometric("2", 0) < geometric("3", 0) && geometric("3", 0) < geometric("5", 0));
    assert!(geometric("2", 1) < geometric("3", 1) && geometric("3", 1) < geometric("5", 1));
}

#[test]
fn labels_that_do_not_fit_are_errors() {
    let with = |change: &dyn Fn(&mut Vec<Rubric>)| {
        let mut rubrics = rubrics();
        change(&mut rubrics);
        Simulation::new(spec(5, 1), &rubrics).unwrap_err()
    };
    let renamed = with(&|rubrics| rubrics[0].answer.options[0].id = "repair".to_owned());
    assert!(matches!(renamed, SimulateError::Label { label, .. } if label == "repair"));
    let missing = with(&|rubrics| drop(rubrics[2].answer.options.remove(0)));
    assert!(matches!(missing, SimulateError::Label { label, .. } if label == "succeeded"));
    let abstains = with(&|rubrics| rubrics[1].answer.abstain = None);
    assert!(matches!(abstains, SimulateError::Label { label, .. } if label == "unclear"));
    let none = Simulation::new(SimulateSpec { persons: Some(2), ..spec(1, 1) }, &rubrics());
    assert!(matches!(none.unwrap_err(), SimulateError::Counts { .. }));
    for gold in [0, 6] {
        let none = Simulation::new(SimulateSpec { gold: Some(gold), ..spec(5, 1) }, &rubrics());
        assert!(matches!(none.unwrap_err(), SimulateError::Gold { .. }));
    }
}

#[test]
fn a_folder_is_written_once_and_again_but_never_over_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let first = simulation(12, 4, 2);
    first.write(&out).unwrap();
    let read = |name: &str| fs_err::read_to_string(out.join(name)).unwrap();
    assert!(
        read("README.md").contains("synthetic")
            && read("truth.csv").starts_with("item,rater,label,rubric,cluster,note\n")
    );
    assert_eq!(read("ratings.csv").lines().count(), 1 + 12 * 8 * 2);
    assert_eq!(read("planted.csv").lines().count(), 1 + 12);
    assert!(read("model.csv").contains("no clear goal,1,7.7,stated\n"));
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
        let measures = Measures::of(session);
        assert_eq!(measures.prompts, u64::from(simulation.planned()[index].planted.prompts));
        assert_eq!(measures.lines_added > 0, simulation.planned()[index].planted.writes);
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
    assize(&arguments).success().stdout(predicates::str::contains("8 synthetic sessions of "));
    assert_eq!(fs_err::read_dir(folder.path().join("made/projects")).unwrap().count().min(2), 2);
    assize(&["simulate", "--sessions", "8", "--seed", "2", "--out", "made"])
        .code(3)
        .stderr(predicates::str::contains("choose another folder"));
    assize(&["simulate", "--sessions", "0", "--seed", "2", "--out", "none"]).code(3);
    let short = ["simulate", "--sessions", "20", "--seed", "1", "--out", "short", "--detail", "short", "--gold", "5"];
    assize(&short).success().stdout(predicates::str::contains("simulated raters on 5 sessions"));
    let read = |name: &str| fs_err::read_to_string(folder.path().join("short").join(name)).unwrap();
    assert_eq!(read("gold.csv").lines().count(), 1 + 5 * 8 * 3);
    assert_eq!(read("replay.jsonl").lines().count(), 20 * 11);
    assert!(
        read("README.md").contains("Nobody labelled anything")
            && read("confusion.csv").contains("outcome,failed,succeeded,10")
    );
    assize(&["simulate", "--sessions", "5", "--seed", "2", "--out", "more", "--gold", "6"])
        .code(3)
        .stderr(predicates::str::contains("cannot label 6 of 5 sessions"));
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
        prop_assert!(first.ratings().eq(again.ratings()));
        prop_assert!(simulation(sessions, 2, seed.wrapping_add(1)).session(0) != first.session(0));
    }
}
